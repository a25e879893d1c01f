"""Gas of matching signed orders, a part of `tests.gas.measure`: whole transactions on Anvil, a day between steps.

Accounts hold positions in the market and have paid fees before; orders are new, as most are. Signers are wallets without
code. `order_match_10` is a taker against ten makers of ten accounts, per fill.
"""

from __future__ import annotations

from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import DAY, WAD

MAKERS = 10
FIRST = 10


def order_figures(perps: PerpTrading) -> dict[str, int]:
    """Gas of a match with one maker, and of a fill of a match with ten."""
    accounts = [
        perps.funded(perps.evm.accounts[FIRST + number], 1_000_000) for number in range(MAKERS + 1)
    ]
    figures: dict[str, int] = {}
    for count, name in ((MAKERS, ""), (1, "order_match_1"), (MAKERS, "order_match_10")):
        perps.system.warp(DAY)
        taker = perps.order(accounts[0], count * WAD, 2_000)
        makers = [perps.order(account, -WAD, 2_000) for account in accounts[1 : count + 1]]
        gas = perps.match(taker, makers).gas_used
        if name:
            figures[name] = gas // count
    return figures
