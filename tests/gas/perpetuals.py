"""Gas of perpetual swaps, a part of `tests.gas.measure`: whole transactions on Anvil, a day between steps.

Trades are with the virtual AMM, whose account is checked like the trader's. Accounts hold dollars; what is matched is new
orders of accounts that hold positions, signed by wallets without code. `order_match_10` is a taker against ten makers of
ten accounts, per fill. `perp_settle` pays a loss from the balance, to a market that has cash.
"""

from __future__ import annotations

from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import DAY, NO_LIMIT, WAD, System

MAKERS = 10
FIRST = 12
INDEX = 7  # accounts that hold nothing else
FEES = {"takerFeeWad": WAD // 2_000, "makerFeeWad": WAD // 5_000}


def perpetual_figures(system: System, figures: dict[str, int]) -> None:
    """Puts gas by operation into `figures`, on a market of its own."""
    system.set_price("WETH", 2_000)
    perps = PerpTrading.deploy(system, **FEES)
    _trades(perps, figures)
    _matches(perps, figures)
    _takeover(perps, figures)


def _trades(perps: PerpTrading, figures: dict[str, int]) -> None:
    account = perps.funded(perps.evm.accounts[FIRST - 1], 100_000, INDEX)
    perps.trade(perps.funded(perps.evm.accounts[FIRST - 2], 100_000, INDEX), WAD)  # the AMM has a position
    for name, size in (("perp_open", 10 * WAD), ("perp_increase", 5 * WAD)):
        perps.system.warp(DAY)
        figures[name] = perps.trade(account, size).gas_used
    perps.system.set_price("WETH", 1_995)
    perps.market.settle(account)  # the market's first cash
    perps.system.warp(DAY)
    perps.system.set_price("WETH", 1_990)
    figures["perp_settle"] = perps.market.settle(account).gas_used
    perps.system.warp(DAY)
    figures["perp_close"] = perps.trade(account, -15 * WAD).gas_used
    perps.system.set_price("WETH", 2_000)


def _matches(perps: PerpTrading, figures: dict[str, int]) -> None:
    owners = perps.evm.accounts[FIRST : FIRST + MAKERS + 1]
    accounts = [perps.funded(owner, 1_000_000, INDEX) for owner in owners]
    for count, name in ((MAKERS, ""), (1, "order_match_1"), (MAKERS, "order_match_10")):
        perps.system.warp(DAY)
        taker = perps.order(accounts[0], count * WAD, 2_000)
        makers = [perps.order(account, -WAD, 2_000) for account in accounts[1 : count + 1]]
        gas = perps.match(taker, makers).gas_used
        if name:
            figures[name] = gas // count


def _takeover(perps: PerpTrading, figures: dict[str, int]) -> None:
    owner, taker = perps.evm.accounts[25], perps.evm.accounts[26]
    account = perps.funded(owner, 5_000, INDEX)
    perps.trade(account, 10 * WAD)
    into = perps.funded(taker, 100_000, INDEX)
    perps.trade(into, WAD)
    perps.system.warp(DAY)
    perps.system.set_price("WETH", 1_700)
    tx = perps.system.vault.liquidate(account, into, WAD // 2, 0, 0, NO_LIMIT, sender=taker)
    figures["perp_liquidate"] = tx.gas_used
    perps.system.set_price("WETH", 2_000)
