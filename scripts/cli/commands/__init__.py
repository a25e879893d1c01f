"""The commands, one file for those that belong together; `REGISTER` adds each to the app, in this order."""

from scripts.cli.commands import account, balances, lending, status, trade, what_if

REGISTER = (
    status.register,
    account.register,
    balances.register,
    trade.register,
    what_if.register,
    lending.register,
)
