"""Values of options: near the formula, within their bounds, monotone, exact where they degenerate."""

import random

import mpmath as mp
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scripts.common.units import WAD
from scripts.model import black76
from scripts.model.black76_accuracy import PATH, STRIKES, TIMES, Option, draw, reference

DAY, YEAR = 86_400, 365 * 86_400


@pytest.fixture(scope="module")
def library(session_evm):
    return session_evm.deploy("MockBlack76")


def price(library, option):
    return library.price(option.forward, option[1:])[0]


def test_published_value(library):
    """Haug, The Complete Guide to Option Pricing Formulas (2nd ed.), 1.1.5: a forward and strike of 19, 28% and nine months;
    his 1.7011 is discounted at 10%."""
    option = Option(19 * WAD, 19 * WAD, 28 * WAD // 100, YEAR * 3 // 4, True)
    assert price(library, option) / WAD * float(mp.exp(-0.075)) == pytest.approx(1.7011, abs=5e-5)


@pytest.mark.parametrize("strikes", STRIKES.values(), ids=STRIKES)
@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_near_the_formula(library, times, strikes):
    mp.mp.dps = 40
    rng = random.Random(1)
    for _ in range(60):
        option = draw(rng, times, strikes)
        assert abs(price(library, option) - reference(option).value) < option.forward / 10**8


def test_greeks_are_near_the_formulas(library):
    mp.mp.dps = 40
    rng = random.Random(2)
    for _ in range(100):
        option = draw(rng, (60, 2 * YEAR), (0.2, 5.0))
        found, exact = library.greeks(option.forward, option[1:]), reference(option)
        forward, volatility = option.forward / WAD, option.volatility / WAD
        root = (option.seconds / YEAR) ** 0.5
        theta = forward * volatility / (2 * root * 365)
        assert abs(found.deltaWad / WAD - float(exact.delta)) < 2e-9
        assert abs(found.gammaWad / WAD - float(exact.gamma)) < 1e-7 / (forward * volatility * root)
        assert abs(found.vegaWad / WAD - float(exact.vega)) < 1e-7 * forward * root
        assert abs(found.thetaPerDayWad / WAD - float(exact.theta_per_day)) < 1e-7 * theta


places = st.floats(-6.6, 6.6) | st.integers(-26, 26).map(lambda quarters: quarters / 4)


@st.composite
def options(draw):
    """Any forward, volatility and time; strikes within a few deviations, often with d1 at a knot of the table."""
    forward = int(10 ** draw(st.floats(-2, 6)) * WAD)
    volatility = int(10 ** draw(st.floats(-1.3, 0.48)) * WAD)
    seconds = draw(st.integers(60, 2 * YEAR))
    v = volatility / WAD * (seconds / YEAR) ** 0.5
    log = draw(places) * v - v * v / 2
    ratio = min(max(2.718281828459045**-log, 0.2), 5.0)
    return Option(forward, int(forward * ratio), volatility, seconds, draw(st.booleans()))


steps = st.floats(-21, -1).map(lambda exponent: 10**exponent)
RISING = {"volatility": 10**16, "seconds": 10**16, "forward": 10**15, "strike": 10**15}


@settings(max_examples=400)
@given(option=options(), step=steps, name=st.sampled_from(sorted(RISING)))
def test_monotone(library, option, step, name):
    before = getattr(option, name)
    more = option._replace(**{name: before + max(1, int(before * step))})
    rise = price(library, more) - price(library, option)
    if (name == "strike") == option.is_call and name in ("forward", "strike"):
        rise = -rise
    assert rise >= -(1 + (option.forward + option.strike) // RISING[name])


@settings(max_examples=400)
@given(option=options())
@example(option=Option(2**120 - 1, 1, 2**96 - 1, 2**64 - 1, True))
@example(option=Option(1, 2**120 - 1, 2**96 - 1, 2**64 - 1, True))
@example(option=Option(1, 1, 1, 1, False))
@example(option=Option(10**18, 10**18 + 1, 0, 0, False))
def test_without_arbitrage(library, option):
    """Bounds and parity, to the wei."""
    call = price(library, option._replace(is_call=True))
    put = price(library, option._replace(is_call=False))
    assert max(option.forward - option.strike, 0) <= call <= option.forward
    assert max(option.strike - option.forward, 0) <= put <= option.strike
    assert call - put == option.forward - option.strike


@pytest.mark.parametrize(("volatility", "seconds"), [(0, YEAR), (WAD, 0), (0, 0)])
@pytest.mark.parametrize("strike", [1, 1_999 * WAD, 2_000 * WAD - 1, 2_000 * WAD, 2_000 * WAD + 1, 10**25])
def test_nothing_left_to_move(library, volatility, seconds, strike):
    forward = 2_000 * WAD
    call = Option(forward, strike, volatility, seconds, True)
    assert price(library, call) == max(forward - strike, 0)
    assert price(library, call._replace(is_call=False)) == max(strike - forward, 0)
    greeks = library.greeks(forward, call[1:])
    assert (greeks.gammaWad, greeks.vegaWad, greeks.thetaPerDayWad) == (0, 0, 0)
    if abs(strike - forward) > 10**6:
        assert abs(greeks.deltaWad - (WAD if forward > strike else 0)) <= 28  # 2**-55


def test_immense_volatility_is_worth_the_forward(library):
    option = Option(2_000 * WAD, 10_000 * WAD, 2**96 - 1, 2**64 - 1, True)
    assert price(library, option) == pytest.approx(2_000 * WAD, rel=1e-15)


@pytest.mark.parametrize("shocks", [[], [(0, 0)], [(-WAD, 0)], [(0, -WAD)]])
def test_small_grids(library, shocks):
    """No point, one, a spot of nothing (a wei is left), a volatility of nothing."""
    option = Option(2_000 * WAD, 1_900 * WAD, WAD, 30 * DAY, False)
    spots, volatilities = [spot for spot, _ in shocks], [volatility for _, volatility in shocks]
    ((values,), _) = library.values(option.forward, spots, volatilities, [option[1:]])
    assert values == [black76.value_at(black76.Point(*shock), *option) for shock in shocks]


def test_a_grid_moved_to_a_price_is_the_grid_around_it(library):
    """PM-3 for options: the value of a scenario is the value once prices are there, to the wei."""
    option = (2_100 * WAD, 7 * WAD // 10, 20 * DAY, True)
    for shock in (-WAD // 5, -WAD // 15, WAD // 7):
        ((there,), _) = library.values(2_000 * WAD, [shock], [0], [option])
        ((moved,), _) = library.values(2_000 * (WAD + shock), [0], [0], [option])
        assert there == moved


def test_document_tells_the_accuracy():
    """Every figure in the table keeps the promise that stands above it."""
    rows = [
        line
        for line in PATH.read_text().splitlines()
        if line.startswith(tuple(f"| {time}" for time in TIMES))
    ]
    figures = [float(cell) for row in rows for cell in row.split("|")[2:-1]]
    assert len(figures) == len(TIMES) * len(STRIKES)
    assert max(figures) < 1e-8
