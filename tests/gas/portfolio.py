"""Gas of portfolio margin, a part of `tests.gas.measure`.

The account holds ether and bitcoin, owes dollars, and is short a perpetual on each: two underlyings and the settlement
asset, the grid for each. `pm_view_mixed` is its judgement for liquidation as a transaction;
`pm_mode_switch` a whole transaction that switches it to portfolio margin, `pm_liquidate_one_scenario` one that takes over
a part of it by named points.
"""

from __future__ import annotations

from scripts.common import abi as codec
from scripts.model.scenarios import GRID_POINTS, LOWER_END, UPPER_BEGIN, Named
from tests.helpers.perp_market import PerpBench
from tests.helpers.system import DAY, NO_LIMIT, WAD, System

MAINTENANCE = 1
INDEX = 9  # accounts that hold nothing else
ACCOUNT, OTHER, TAKER = 27, 28, 29


def portfolio_figures(system: System, figures: dict[str, int]) -> None:
    """Puts gas by operation into `figures`, on two markets of its own."""
    system.set_price("WETH", 2_000)
    system.set_price("WBTC", 40_000)
    vault, mode = system.vault, system.portfolio_mode
    owner, taker = system.evm.accounts[ACCOUNT], system.evm.accounts[TAKER]
    account = system.deposit(owner, "WETH", 10, INDEX)
    system.deposit(owner, "WBTC", 1, INDEX)
    other = system.deposit(system.evm.accounts[OTHER], "USDC", 1_000_000, INDEX)
    markets = [PerpBench.deploy(system, symbol=symbol) for symbol in ("WETH", "WBTC")]
    for market, size, price in zip(markets, (5 * WAD, WAD // 2), (2_000, 40_000), strict=True):
        market.fill(other, account, size, price * WAD)
    system.borrow(owner, "USDC", 30_000, INDEX)
    system.warp(DAY)
    enabled = codec.encode([{"type": "bool"}], (True,))
    figures["pm_mode_switch"] = vault.callInstrument(account, mode, enabled, sender=owner).gas_used

    system.warp(DAY)
    holdings, instruments, _ = vault.holdings(account)
    data = system.risk.assess.encode(account, holdings, instruments, MAINTENANCE, False)
    tx = system.evm.transact(system.evm.accounts[0], system.risk.address, data, 0, None, bytes)
    figures["pm_view_mixed"] = tx.gas_used

    system.borrow(owner, "USDC", 14_000, INDEX)
    into = system.deposit(taker, "USDC", 200_000, INDEX)
    system.warp(DAY)
    system.set_price("WETH", 1_100)
    system.set_price("WBTC", 22_000)
    for market in markets:
        market.settle(other)
        market.settle(account)
    holdings, instruments, _ = vault.holdings(account)
    netted, _, _ = system.risk.scenarios(account, holdings, instruments, MAINTENANCE)
    pairs = {}
    for one in netted:
        changes = list(one.changesWad)
        lower = min(range(LOWER_END + 1), key=changes.__getitem__)
        pairs[one.underlying] = (lower, min(range(UPPER_BEGIN, GRID_POINTS), key=changes.__getitem__))
    tx = vault.liquidateByScenario(account, into, WAD // 20, Named(pairs).word(), NO_LIMIT, sender=taker)
    figures["pm_liquidate_one_scenario"] = tx.gas_used
    system.set_price("WETH", 2_000)
    system.set_price("WBTC", 40_000)
