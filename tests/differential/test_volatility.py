"""Volatility beside other arithmetic: raw SVI and Gatheral's minimum in floats, mpmath's logarithm, weighted means."""

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import log as exact_log
from mpmath import mp, mpf
from scipy.optimize import minimize_scalar

from scripts.model.logarithm import ln_wad
from scripts.model.volatility import ONE, RANGE_WAD, TO_WAD, WAD, YEAR, Formula, Realised, Smile, move

smiles = st.builds(
    Smile,
    level=st.integers(ONE // 20, ONE),
    slope=st.integers(-(10**9), 10**9),
    curvature=st.integers(10**7, 3 * 10**9),
    centre=st.integers(-2 * ONE, 12 * ONE),
    width=st.integers(10**7, 2 * ONE),
).filter(lambda smile: smile.is_shaped)


def svi(smile, log_strike, forward):
    """a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)) of log-moneyness k, as the literature writes it."""
    a, b, width = smile.level / ONE, smile.curvature / ONE, smile.width / ONE
    rho = smile.slope / smile.curvature
    m = smile.centre / ONE - log(forward)
    k = min(max(log_strike - log(forward), m - 2), m + 2)
    return a + b * (rho * (k - m) + sqrt((k - m) ** 2 + width**2))


@given(smile=smiles, offset=st.floats(-3, 3), forward=st.floats(0.01, 1e6))
def test_a_smile_is_raw_svi_whatever_the_forward(smile, offset, forward):
    log_strike = smile.centre / ONE + offset
    got = smile.variance(int(log_strike * WAD)) / WAD
    assert got == pytest.approx(svi(smile, log_strike, forward), rel=1e-9)


@given(smile=smiles)
def test_least_and_most_are_what_a_search_finds(smile):
    def at(x):
        return smile.variance(smile.centre * TO_WAD + int(x * WAD)) / WAD

    found = minimize_scalar(at, bounds=(-2, 2), method="bounded", options={"xatol": 1e-10}).fun
    assert smile.least / WAD <= found + 1e-12
    bottom = -smile.slope * smile.width / ONE / sqrt(smile.curvature**2 - smile.slope**2)
    if abs(bottom) < 2:
        assert smile.least / WAD == pytest.approx(at(bottom), abs=1e-9)
    assert smile.most / WAD == pytest.approx(max(at(-2), at(2)), abs=1e-12)


@given(before=smiles, after=smiles)
def test_the_bound_on_a_move_holds_at_every_strike_and_for_one_number_alone_it_is_tight(before, after):
    low = min(before.centre, after.centre) * TO_WAD - 3 * WAD
    high = max(before.centre, after.centre) * TO_WAD + 3 * WAD
    strikes = [low + (high - low) * step // 500 for step in range(501)]
    for smile in (before, after):
        strikes += [smile.centre * TO_WAD + x for x in (-RANGE_WAD, 0, RANGE_WAD)]
    largest = max(abs(before.variance(strike) - after.variance(strike)) for strike in strikes)
    assert largest <= move(before, after)
    assume(before.centre == after.centre and before.width == after.width)
    assert move(before, after) <= largest * 1.01 + WAD // 10**6


@given(number=st.integers(1, 10**40))
def test_the_logarithm_is_right_to_the_last_digits(number):
    mp.dps = 60
    assert abs(ln_wad(number) - exact_log(mpf(number) / WAD) * WAD) <= 2


@given(
    returns=st.lists(
        st.tuples(st.integers(60, 86_400), st.floats(-0.05, 0.05)),
        min_size=1,
        max_size=30,
    )
)
def test_the_estimate_is_the_weighted_mean_of_squares(returns):
    memory, first = 5 * 86_400, 0.5
    model = Realised(memory, 60, 10**14, WAD // 10, WAD // 2, ln_wad(2_000 * WAD), 0)
    now, price, variance = 0, 2_000.0, first
    for elapsed, size in returns:
        now, price = now + elapsed, price * exp(size)
        model = model.observe(int(price * WAD), now)
        weight = elapsed / (memory + elapsed)
        variance += weight * (size**2 / elapsed * YEAR - variance)
    assert model.variance / WAD == pytest.approx(variance, rel=1e-9)


def test_frequent_observations_forget_exponentially():
    """A day of minutes without any return leaves exp(-1) of the variance at a memory of a day."""
    model = Realised(86_400, 60, 10**14, WAD // 10, WAD, ln_wad(2_000 * WAD), 0)
    for minute in range(1, 1_441):
        model = model.observe(2_000 * WAD, 60 * minute)
    assert model.variance / WAD == pytest.approx(exp(-1), rel=1e-3)


@given(percent=st.integers(1, 900), multiple=st.integers(1, 12), hours=st.integers(1, 240))
def test_a_shock_is_so_many_standard_deviations(percent, multiple, hours):
    formula = Formula(multiple * WAD, hours * 3_600, 0, 10**9)
    exact = multiple * percent / 100 * np.sqrt(hours / 8_760) * 1e6
    assert exact - 1e-3 <= formula.shock(percent * WAD // 100) <= exact + 1.001
