"""Gas of option values, of which `python -m tests.gas.measure` takes the figures. By `gasleft` within the call.

`black76_eval` is one price by itself, the dearest of those listed. `black76_grid_8` and `black76_grid_64` are a value at
one of 23 points: 7 spots with 3 volatilities and two tails, half of the options of each of two expiries, what is prepared
included; the logarithm of a strike is known.
"""

from __future__ import annotations

from tests.helpers.backend import Backend
from tests.helpers.system import DAY, WAD

FORWARD = 2_000 * WAD
SPOTS = [WAD * part // 15 for part in range(-3, 4)]
TAIL, VOLATILITY = 2 * WAD // 5, WAD // 4
POINTS = (
    [(spot, volatility) for volatility in (-VOLATILITY, 0) for spot in SPOTS]
    + [(spot, VOLATILITY) for spot in SPOTS]
    + [(-TAIL, VOLATILITY), (TAIL, VOLATILITY)]
)
SINGLE = [
    (FORWARD * strike // 20, volatility * WAD // 100, seconds, is_call)
    for strike in (4, 19, 20, 21, 100)
    for volatility in (5, 50, 300)
    for seconds in (60, 30 * DAY, 730 * DAY)
    for is_call in (True, False)
]


def option_value_figures(evm: Backend) -> dict[str, int]:
    """Gas by kind of valuation."""
    library = evm.deploy("MockBlack76")
    figures = {"black76_eval": max(library.price(FORWARD, option)[1] for option in SINGLE)}
    spots, volatilities = [spot for spot, _ in POINTS], [volatility for _, volatility in POINTS]
    for count in (8, 64):
        _, gas = library.values(FORWARD, spots, volatilities, book(count))
        figures[f"black76_grid_{count}"] = -(-gas // (count * len(POINTS)))
    return figures


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
