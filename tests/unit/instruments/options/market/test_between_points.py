"""What a portfolio of options may lose between two points of the grid, which margin does not look at.

As a function of the price an option's value is convex, and nowhere further below the chord over an interval than a quarter
of its length: a put or a call pays along two lines at expiry, and before it is worth a mean of such. Shorts lie above their
chords. So between two points a portfolio loses at most what it loses at one of them, and a quarter of their distance for each
unit of its longs. The distance is a third of the shock. Values are the model's, which the contract equals to the wei.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.model.options import Market, Series
from tests.helpers.option_market import PLAIN, TOKEN
from tests.helpers.system import WAD
from tests.helpers.volatility import SMILE

HOUR = 3_600
INDEX, SHOCK, STEPS = 2_000, 125, 3
"""The shock in thousandths."""
ROUNDING = WAD // 10**6
"""Of values, which are interpolated: a millionth of a dollar a unit."""
KINDS = [(strike, call) for strike in range(1_700, 2_350, 50) for call in (True, False)]

portfolios = st.dictionaries(st.sampled_from(KINDS), st.integers(-20, 20), min_size=1, max_size=6)


def losses(portfolio: dict[tuple[int, bool], int], seconds: int, places: list[int]) -> list[int]:
    """What it loses where the index moves by so many millionths, that long before expiry {USD}."""
    market = Market(PLAIN, TOKEN, 1_700_000_000)
    expiry = market.now + seconds
    market.smiles[expiry] = SMILE
    market.series = {
        number: Series(expiry, strike * WAD, call) for number, (strike, call) in enumerate(portfolio)
    }

    def worth(place: int) -> int:
        values = (market.value(number, INDEX * WAD, place * 10**12) for number in market.series)
        return sum(size * value for size, value in zip(portfolio.values(), values, strict=True))

    return [worth(0) - worth(place) for place in places]


@settings(max_examples=300)
@given(
    portfolio=portfolios,
    seconds=st.sampled_from([1, 60, HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR]),
    step=st.integers(-STEPS, STEPS - 1),
    share=st.integers(0, 1_000),
)
def test_between_two_points_a_long_loses_a_twelfth_of_the_shock_more(
    portfolio: dict[tuple[int, bool], int], seconds: int, step: int, share: int
) -> None:
    ends = [SHOCK * 1_000 * step // STEPS, SHOCK * 1_000 * (step + 1) // STEPS]
    at_left, at_right, between = losses(
        portfolio, seconds, [*ends, ends[0] + share * (ends[1] - ends[0]) // 1_000]
    )
    longs = sum(max(size, 0) for size in portfolio.values())
    more = longs * INDEX * WAD * (ends[1] - ends[0]) // (4 * 10**6)
    units = sum(map(abs, portfolio.values()))
    assert between <= max(at_left, at_right) + more + units * ROUNDING


def test_a_straddle_minutes_before_expiry_comes_near_that() -> None:
    """Halfway between two points, of which nothing at the points tells; a day before it is a third of that."""
    middle = SHOCK * 1_000 // (2 * STEPS)
    strike = (INDEX * (10**6 - middle)) // 10**6
    straddle = {(strike, True): 1, (strike, False): 1}
    ends = [-2 * middle, 0]
    *at_ends, between = losses(straddle, 60, [*ends, -middle])
    most = 2 * INDEX * WAD * 2 * middle // (4 * 10**6)
    assert 9 * most < 10 * (between - max(at_ends)) <= 10 * most
    *at_ends, between = losses(straddle, 24 * HOUR, [*ends, -middle])
    assert 0 < 3 * (between - max(at_ends)) < most
