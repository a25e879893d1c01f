"""The table in NormalTable.sol: what the generator makes, near the distribution, smooth where segments meet."""

import mpmath as mp
import pytest

from scripts.model.black76 import LAST, ORIGIN, cdf, density
from scripts.model.normal_table import PATH, SEGMENTS, T_BITS, rewritten

UNIT = 2 ** (T_BITS + 2)


@pytest.fixture(scope="module")
def library(session_evm):
    return session_evm.deploy("MockBlack76")


def test_the_generator_makes_the_same_bytes():
    source = PATH.read_text()
    assert rewritten(source) == source


@pytest.mark.parametrize("segment", range(SEGMENTS))
def test_near_the_distribution_and_rising(library, segment):
    places = [(segment << T_BITS) + (2**T_BITS * step) // 16 for step in range(17)]
    found = [library.cdf(place) for place in places]
    assert found == sorted(set(found))
    for place, value in zip(places, found, strict=True):
        exact = mp.ncdf(mp.mpf(place - ORIGIN) / UNIT)
        assert abs(mp.mpf(value) / 2**128 - exact) < 1.5e-9


@pytest.mark.parametrize("segment", range(1, SEGMENTS))
def test_value_and_slope_meet_at_knots(library, segment):
    knot = segment << T_BITS
    # A place further on is a rise of the slope times 2^-46: less than 2^-47.
    assert abs(library.cdf(knot) - library.cdf(knot - 1)) < 2**128 // 2**46
    before, after = library.density(knot - 1), library.density(knot)
    assert abs(after - before) < 2**128 // 2**45
    expected = library.cdf(knot - 1) + (before >> T_BITS + 2)
    assert abs(library.cdf(knot) - expected) <= 2**128 // 2**56


@pytest.mark.parametrize("place", [-(2**200), -1, 0, LAST, LAST + 1, 2**200])
def test_outside_of_the_table_it_stays(library, place):
    inside = 0 if place <= 0 else LAST
    assert library.cdf(place) == cdf(inside) == library.cdf(inside)
    assert library.density(place) == (density(place) if place in (0, LAST) else 0)


def test_ends():
    assert cdf(0) == 0
    assert 2**128 - 2**128 // 2**54 < cdf(LAST) < 2**128
