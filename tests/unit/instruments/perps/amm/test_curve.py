"""AmmCurve: the contract is the exact curve, rounded against who trades (PERP-2)."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.common.contract import Contract
from scripts.model.perp_amm import MAX_DEPTH, WAD, Curve
from tests.helpers.evm import PyrevmBackend

depths = st.one_of(st.integers(10**6, 10**12), st.integers(WAD, 10**6 * WAD), st.integers(10**6, MAX_DEPTH))
indices = st.one_of(st.integers(1, 10**6), st.integers(WAD // 10**6, 10**6 * WAD), st.integers(1, 2**96 - 1))
spreads = st.one_of(st.just(0), st.integers(0, WAD // 10))
# Net amounts sold, in millionths of the depth; half of the depth either way is the limit.
millionths = st.one_of(st.integers(-500_000, 500_000), st.sampled_from((-500_000, 0, 500_000)))


@pytest.fixture(scope="module")
def curve(session_evm: PyrevmBackend) -> Contract:
    return session_evm.deploy("MockAmmCurve")


def shape(model: Curve) -> tuple[int, int, int]:
    return (model.depth, model.spread, model.skew_spread)


@given(depths, spreads, spreads, indices, millionths, millionths)
def test_the_price_is_the_exact_one_rounded_against_the_trader(
    curve: Contract, depth: int, spread: int, skew: int, index: int, before: int, after: int
) -> None:
    model = Curve(depth, spread, skew)
    sold = depth * before // 10**6
    size = depth * after // 10**6 - sold
    if size == 0:
        size = 1 if before <= 0 else -1
    price = curve.price(shape(model), sold, size, index)
    assert price == model.price(sold, size, index)
    cost = model.cost(sold, size, index)
    assert size * price >= cost, "PERP-2: never cheaper than the curve"
    assert size * price - cost < 3 * abs(size), "nor dearer than three roundings"


@given(depths, spreads, spreads, indices, st.lists(millionths, min_size=1, max_size=8))
def test_who_comes_back_to_where_he_began_has_paid(
    curve: Contract, depth: int, spread: int, skew: int, index: int, stations: list[int]
) -> None:
    model = Curve(depth, spread, skew)
    places = [depth * station // 10**6 for station in (*stations, stations[0])]
    paid, traded = 0, 0
    for here, there in pairwise(places):
        if here != there:
            paid += (there - here) * curve.price(shape(model), here, there - here, index)
            traded += abs(there - here)
    assert paid >= Fraction(traded * index * spread, WAD), "PERP-2: a round trip pays the spread at least"


@given(depths, spreads, spreads, indices, millionths, millionths, millionths)
def test_splitting_a_trade_saves_nothing(
    curve: Contract, depth: int, spread: int, skew: int, index: int, before: int, between: int, after: int
) -> None:
    model = Curve(depth, spread, skew)
    start, stop, end = (depth * station // 10**6 for station in sorted((before, between, after)))
    if start == stop or stop == end:
        return
    for first, middle, last in ((start, stop, end), (end, stop, start)):
        whole = (last - first) * curve.price(shape(model), first, last - first, index)
        parts = (middle - first) * curve.price(shape(model), first, middle - first, index)
        parts += (last - middle) * curve.price(shape(model), middle, last - middle, index)
        # But for the roundings of a single price.
        assert parts > whole - 3 * abs(last - first)


@given(depths, indices, millionths)
def test_closing_along_the_curve(curve: Contract, depth: int, index: int, place: int) -> None:
    model = Curve(depth)
    sold = depth * place // 10**6
    for up in (False, True):
        assert curve.closingValue(shape(model), sold, index, up) == model.closing_value(sold, index, up)
    assert model.closing_value(sold, index, up=False) <= -model.paid_in(sold, index)


@given(depths, millionths)
def test_the_premium_is_that_of_the_next_unit(curve: Contract, depth: int, place: int) -> None:
    model = Curve(depth)
    sold = depth * place // 10**6
    premium = curve.premiumWad(shape(model), sold)
    assert premium == model.premium(sold)
    assert (premium > 0) <= (sold > 0) and (premium < 0) <= (sold < 0)


def test_the_price_at_rest_is_the_index(curve: Contract) -> None:
    assert curve.price((1_000 * WAD, 0, 0), 0, 1, 2_000 * WAD) == 2_000 * WAD + 3  # one wei moves it by three
    assert curve.price((1_000 * WAD, 0, 0), 0, -1, 2_000 * WAD) == 2_000 * WAD - 2


def test_a_tenth_of_the_depth_costs_a_ninth_more(curve: Contract) -> None:
    # x / (X - x) = 100 / 900: by hand, 2,000 * 1,000 / 900.
    assert curve.price((1_000 * WAD, 0, 0), 0, 100 * WAD, 2_000 * WAD) == 2_222_222222222222222223
    assert curve.price((1_000 * WAD, 0, 0), 0, -100 * WAD, 2_000 * WAD) == 1_818_181818181818181818


def test_the_spread_grows_with_the_skew_for_who_makes_it_larger(curve: Contract) -> None:
    flat, skewed = (1_000 * WAD, WAD // 1_000, 0), (1_000 * WAD, WAD // 1_000, WAD // 10)
    at, size, index = 100 * WAD, 10 * WAD, 2_000 * WAD
    # On the way up k (q + q') / (2 X) of the index: a tenth of 10.5%. On the way back nothing.
    assert curve.price(skewed, at, size, index) - curve.price(flat, at, size, index) == 21 * WAD
    assert curve.price(skewed, at, -size, index) == curve.price(flat, at, -size, index)
