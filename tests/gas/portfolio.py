"""Gas of portfolio margin, a part of `tests.gas.measure`.

`pm_view_1`, `_8` and `_64`: judgement for liquidation, as a transaction, of an account that holds dollars and that many
options of two expiries on ether, calls and puts in turn, long and short, over the whole grid of 23 points with volatility
shocks and tails. The transaction itself and its calldata are about 23,000 of it.

`pm_view_mixed` judges one that holds ether and bitcoin, owes dollars, and is short a perpetual on each; `pm_view_mixed_8`
the same one with eight options besides. `pm_mode_switch` is a whole transaction that switches it to portfolio margin,
`pm_liquidate_one_scenario` one that takes over a part of it by named points, without options and with eight.
`option_trade_portfolio`: one fill of eight legs between two accounts that hold these eight series already, both margined
as portfolios and checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scripts.common import abi as codec
from scripts.model.scenarios import GRID_POINTS, LOWER_END, UPPER_BEGIN, Named
from tests.helpers.option_market import USUAL, OptionBench
from tests.helpers.perp_market import PerpBench
from tests.helpers.system import DAY, NO_LIMIT, WAD, System

MAINTENANCE = 1
INDEX, OPTIONS_INDEX = 9, 12  # accounts that hold nothing else
ACCOUNT, OTHER, TAKER = 27, 28, 29
GRID = (350_000, 3_000, 300)  # as scripts/markets/weth.yaml has it
VIEWS = (1, 8, 64)
LEGS = 8


def portfolio_figures(system: System, figures: dict[str, int]) -> None:
    """Puts gas by operation into `figures`, each right behind its transaction, on markets of its own."""
    prices = {"WETH": 2_000, "WBTC": 40_000}
    for symbol, dollars in prices.items():
        system.set_price(symbol, dollars)
        system.parameters.setGrid(system.assets[symbol].underlying, GRID, 0)
    owner, taker = system.evm.accounts[ACCOUNT], system.evm.accounts[TAKER]
    account = system.deposit(owner, "WETH", 10, INDEX)
    system.deposit(owner, "WBTC", 1, INDEX)
    other = system.deposit(system.evm.accounts[OTHER], "USDC", 1_000_000, INDEX)
    perps = [PerpBench.deploy(system, symbol=symbol) for symbol in prices]
    for market, size, dollars in zip(perps, (5 * WAD, WAD // 2), prices.values(), strict=True):
        market.fill(other, account, size, dollars * WAD)
    system.borrow(owner, "USDC", 30_000, INDEX)
    into = system.deposit(taker, "USDC", 200_000, INDEX)
    system.warp(DAY)
    figures["pm_mode_switch"] = _switch(system, owner, INDEX)
    system.warp(DAY)
    figures["pm_view_mixed"] = _view(system, account)
    with _taken_over(system, perps, account, other, into) as gas:
        figures["pm_liquidate_one_scenario"] = gas

    options = OptionBench.deploy(system, USUAL)
    options.fill(account, other, WAD // 10, dict.fromkeys(_series(options, LEGS), 1))
    options.warp(DAY)
    figures["pm_view_mixed_8"] = _view(system, account)
    with _taken_over(system, perps, account, other, into) as gas:
        figures["pm_liquidate_one_scenario_8"] = gas
    _option_figures(system, options, figures)


def _option_figures(system: System, options: OptionBench, figures: dict[str, int]) -> None:
    held = {}
    other = options.trader(OTHER, 10_000_000, OPTIONS_INDEX)
    for position, count in enumerate(VIEWS):
        owner = ACCOUNT - 1 - position
        held[count] = account = options.trader(owner, 100_000, OPTIONS_INDEX)
        ids = _series(options, count)
        for first in range(0, count, LEGS):
            legs = {one: 1 - number // 2 % 2 * 2 for number, one in enumerate(ids[first : first + LEGS])}
            options.fill(account, other, WAD, legs)
        _switch(system, system.evm.accounts[owner], OPTIONS_INDEX)
    options.warp(DAY)
    for count, account in held.items():
        figures[f"pm_view_{count}"] = _view(system, account)

    ids = _series(options, LEGS)
    maker = options.trader(OTHER, 1_000_000, OPTIONS_INDEX + 1)
    _switch(system, system.evm.accounts[OTHER], OPTIONS_INDEX + 1)
    options.fill(held[LEGS], maker, WAD, dict.fromkeys(ids, 1))
    options.warp(DAY)
    tx = options.fill(held[LEGS], maker, WAD, dict.fromkeys(ids, 1))
    figures["option_trade_portfolio"] = tx.gas_used


def _series(options: OptionBench, count: int) -> list[int]:
    """Series of two expiries, ascending ids: calls and puts in turn, strikes around the index."""
    days = (7, 30) if count > 1 else (30,)
    each = count // len(days)
    return [
        options.series(day, 2_000 + 50 * (number // 2 - each // 4), number % 2 == 0)
        for day in days
        for number in range(each)
    ]


def _switch(system: System, owner: str, index: int) -> int:
    """The owner switches an account to portfolio margin; gas of it."""
    enabled = codec.encode([{"type": "bool"}], (True,))
    account = system.account(owner, index)
    return int(system.vault.callInstrument(account, system.portfolio_mode, enabled, sender=owner).gas_used)


def _view(system: System, account: bytes) -> int:
    """Gas of a judgement for liquidation as a transaction."""
    holdings, instruments, _ = system.vault.holdings(account)
    data = system.risk.assess.encode(account, holdings, instruments, MAINTENANCE, False)
    sender = system.evm.accounts[0]
    return int(system.evm.transact(sender, system.risk.address, data, 0, None, bytes).gas_used)


@contextmanager
def _taken_over(
    system: System, perps: list[PerpBench], account: bytes, other: bytes, into: bytes
) -> Iterator[int]:
    """A part of the account is taken over by its worst points after it borrowed more and prices fell; gas of it. Afterwards
    the chain is as it was."""
    start = system.evm.snapshot()
    owner, taker = system.evm.accounts[ACCOUNT], system.evm.accounts[TAKER]
    system.borrow(owner, "USDC", 14_000, INDEX)
    system.warp(DAY)
    system.set_price("WETH", 1_100)
    system.set_price("WBTC", 22_000)
    for market in perps:
        market.settle(other)
        market.settle(account)
    holdings, instruments, _ = system.vault.holdings(account)
    netted, _, _ = system.risk.scenarios(account, holdings, instruments, MAINTENANCE)
    pairs = {}
    for one in netted:
        changes = list(one.changesWad)
        lower = min(range(LOWER_END + 1), key=changes.__getitem__)
        pairs[one.underlying] = (lower, min(range(UPPER_BEGIN, GRID_POINTS), key=changes.__getitem__))
    tx = system.vault.liquidateByScenario(
        account, into, WAD // 20, Named(pairs).word(), NO_LIMIT, sender=taker
    )
    yield int(tx.gas_used)
    system.evm.revert(start)
