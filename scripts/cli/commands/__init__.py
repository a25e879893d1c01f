"""The commands, one file for those that belong together; `REGISTER` adds each to the app, in this order."""

from scripts.cli.commands import (
    account,
    balances,
    lending,
    liquidation,
    oracle,
    params,
    perp,
    services,
    status,
    trade,
    what_if,
)

REGISTER = tuple(
    group.register
    for group in (
        status,
        account,
        balances,
        trade,
        perp,
        what_if,
        lending,
        liquidation,
        oracle,
        params,
        services,
    )
)
