"""Gas of options, of which `python -m tests.gas.measure` takes the figures. Values by `gasleft` within the call, the market
by whole transactions.

`black76_eval` is one price by itself, the dearest of those listed. `black76_grid_8` and `black76_grid_64` are a value at
one of 23 points: 7 spots with 3 volatilities and two tails, half of the options of each of two expiries; what is prepared,
and adding it up, included. The logarithm of a strike is known.

`option_trade`: one fill of eight legs between two accounts that hold these eight series already; both are checked (standard
margin). `option_liquidate_64`: a part of a solvent account with 64 positions goes to an account without;
`option_insolvent_64`: all of one, after 64 series were closed against the other side. `option_expire_64`: 64 positions are
settled at a price that is fixed.
"""

from __future__ import annotations

from tests.helpers.backend import Backend
from tests.helpers.option_market import USUAL, OptionBench
from tests.helpers.system import DAY, NO_LIMIT, WAD, System

FORWARD = 2_000 * WAD
SPOTS = [WAD * part // 15 for part in range(-3, 4)]
TAIL, VOLATILITY = 2 * WAD // 5, WAD // 4
# In the order of the risk engine's grid.
POINTS = [
    (-TAIL, VOLATILITY),
    *((spot, volatility) for spot in SPOTS for volatility in (-VOLATILITY, 0, VOLATILITY)),
    (TAIL, VOLATILITY),
]
SINGLE = [
    (FORWARD * strike // 20, volatility * WAD // 100, seconds, is_call)
    for strike in (4, 19, 20, 21, 100)
    for volatility in (5, 50, 300)
    for seconds in (60, 30 * DAY, 730 * DAY)
    for is_call in (True, False)
]
TRADERS, STAKES, INDEX, LEGS = (12, 13, 14), (90_000, 9_000_000, 10_000_000), 11, 8


def option_value_figures(evm: Backend, figures: dict[str, int]) -> None:
    """Puts gas by kind of valuation into `figures`."""
    library = evm.deploy("MockBlack76")
    figures["black76_eval"] = max(library.price(FORWARD, option)[1] for option in SINGLE)
    spots, volatilities = [spot for spot, _ in POINTS], [volatility for _, volatility in POINTS]
    for count in (8, 64):
        _, gas = library.values(FORWARD, spots, volatilities, book(count))
        figures[f"black76_grid_{count}"] = -(-gas // (count * len(POINTS)))


def book(count: int) -> list[tuple[int, int, int, bool]]:
    """Options of two expiries with strikes from 0.7 to 1.4 forwards and volatilities of 40% to 90%."""
    return [
        (
            FORWARD * (70 + 70 * number // count) // 100,
            WAD * (40 + 50 * (number * 7 % count) // count) // 100,
            (30 if number < count // 2 else 90) * DAY,
            number % 2 == 0,
        )
        for number in range(count)
    ]


def option_market_figures(system: System, figures: dict[str, int]) -> None:
    """Puts gas by operation into `figures`, on a market of its own."""
    system.set_price("WETH", 2_000)
    options = OptionBench.deploy(system, USUAL)
    ids = [options.series(7, strike, call) for strike in range(1_200, 2_800, 50) for call in (True, False)]
    many, other, taker = (
        options.trader(number, dollars, INDEX) for number, dollars in zip(TRADERS, STAKES, strict=True)
    )
    for first in range(0, len(ids), LEGS):
        legs = dict.fromkeys(ids[first : first + LEGS], 1)
        options.fill(many, other, -WAD, legs)
        if first == 0:
            options.warp(DAY)
            figures["option_trade"] = options.fill(many, other, -WAD, legs).gas_used
    for name, dollars in (("option_liquidate_64", 4_200), ("option_insolvent_64", 8_000)):
        options.warp(3_600)
        snapshot = system.evm.snapshot()
        options.set_index(dollars)
        tx = system.vault.liquidate(many, taker, WAD // 2, 0, 0, NO_LIMIT, sender=options.owner(taker))
        if (tx.value[0] == WAD) != (name == "option_insolvent_64"):
            raise AssertionError(f"{name}: {tx.value[0]} of 1e18 was taken over at {dollars} dollars")
        figures[name] = tx.gas_used
        system.evm.revert(snapshot)
    options.expire(7, 2_000, [])
    figures["option_expire_64"] = options.market.settleExpired(options.expiries[7], 0, [many]).gas_used
