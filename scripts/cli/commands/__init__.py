"""The commands, one file for those that belong together; `REGISTER` adds each to the app, in this order."""

from scripts.cli.commands import (
    account,
    balances,
    lending,
    liquidation,
    option,
    oracle,
    params,
    perp,
    risk,
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
        option,
        risk,
        what_if,
        lending,
        liquidation,
        oracle,
        params,
        services,
    )
)
