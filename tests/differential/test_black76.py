"""Black76.sol against `scripts/model/black76.py`, to the wei: prices, Greeks, grids, and the table beneath them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.common.units import WAD
from scripts.model import black76
from scripts.model.black76 import Point
from tests.helpers.system import DAY

EXAMPLES = 300
MAX_PRICE, MAX_VOLATILITY, MAX_SECONDS = 2**120 - 1, 2**96 - 1, 2**64 - 1


def logarithmic(low, high):
    """Integers whose lengths are as likely as each other."""
    return st.floats(0, 1).map(lambda part: min(high, max(low, int(low * (high / low) ** part))))


prices = logarithmic(1, MAX_PRICE) | logarithmic(10**16, 10**24)
options = st.tuples(
    prices,
    st.sampled_from([0, 1]) | logarithmic(10**16, 10**19) | logarithmic(1, MAX_VOLATILITY),
    st.sampled_from([0, 1, 60]) | logarithmic(1, 10**8) | logarithmic(1, MAX_SECONDS),
    st.booleans(),
)
shocks = st.sampled_from([0, -WAD // 5, WAD // 5, WAD // 15]) | st.integers(-WAD, 3 * WAD)


@pytest.fixture(scope="module")
def library(session_evm):
    return session_evm.deploy("MockBlack76")


@settings(max_examples=EXAMPLES)
@given(forward=prices, option=options, near=st.none() | st.floats(-0.7, 0.7))
def test_price_and_greeks(library, forward, option, near):
    if near is not None:
        option = (min(MAX_PRICE, max(1, int(forward * 10**near))), *option[1:])
    assert library.price(forward, option)[0] == black76.price(forward, *option)
    assert tuple(library.greeks(forward, option)) == black76.greeks(forward, *option)


@settings(max_examples=EXAMPLES)
@given(place=st.integers(-(2**45), black76.LAST + 2**45))
def test_table(library, place):
    assert library.cdf(place) == black76.cdf(place)
    assert library.density(place) == black76.density(place)


@settings(max_examples=EXAMPLES // 4)
@given(
    forward=logarithmic(10**12, 2**118),
    points=st.lists(st.tuples(shocks, shocks), max_size=30),
    book=st.lists(options, max_size=4),
    sort=st.booleans(),
)
def test_grid(library, forward, points, book, sort):
    if sort:
        points.sort(key=lambda point: point[1])
    found, _ = library.values(forward, [spot for spot, _ in points], [up for _, up in points], book)
    assert found == [
        [black76.value_at(Point(*point), forward, *option) for point in points] for option in book
    ]


@settings(max_examples=EXAMPLES // 4)
@given(forward=logarithmic(10**16, 10**24), near=st.floats(-0.7, 0.7), sigma=logarithmic(5 * 10**16, 3 * WAD))
def test_single_price_and_grid_agree(library, forward, near, sigma):
    option = (int(forward * 10**near), sigma, 30 * DAY, True)
    ((value,),), _ = library.values(forward, [0], [0], [option])
    assert abs(library.price(forward, option)[0] - value) <= 1 + (forward + option[0]) // 10**18
