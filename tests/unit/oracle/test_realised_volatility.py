"""RealisedVolatility: what an observation does (VOL-1), how intervals weigh, and what choosing their times gains."""

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.model.volatility import YEAR, Realised, ln_wad
from tests.helpers.risk_parameters import DAY, HOUR, STRANGER, WAD, Stage, named

FRESH, DIVERGED, STALE, NONE = range(4)
PRICE = 2_000
UNIT = 10**8
PARAMETERS = {
    "memory": 10 * DAY,
    "longest": 6 * HOUR,
    "least_return": WAD // 100,
    "max_return": WAD // 20,
}
START = 36 * WAD // 100


def parameters(**changes):
    assert not changes.keys() - PARAMETERS.keys()
    return tuple((PARAMETERS | changes).values())


@pytest.fixture(scope="module")
def deployed(session_evm):
    with session_evm.isolation():
        stage = Stage(session_evm)
        realised = session_evm.deploy("RealisedVolatility", session_evm.accounts[0], stage.engine)
        realised.addUnderlying(1, parameters(), START)
        yield stage, realised


@pytest.fixture
def feed(deployed, evm):
    return deployed[0].feeds[1]


@pytest.fixture
def realised(deployed, evm):
    return deployed[1]


def mirror(realised, **changes):
    state = realised.estimate(1)
    return Realised(**PARAMETERS | changes, variance=state[0], ln_price=state[1], observed_at=state[2])


def step(evm, feed, realised, model, seconds, price):
    """Time passes, the feed prints, and whoever may pokes; the model after it."""
    evm.warp(seconds)
    feed.setAnswer(int(price * UNIT))
    wad = int(price * UNIT) * 10**10
    due = model.counts(wad, evm.now)
    assert realised.isDue(1) == due
    if not due:
        with evm.reverts():
            realised.poke(1)
        return model
    after = model.observe(wad, evm.now)
    tx = realised.poke(1, sender=evm.accounts[STRANGER])
    assert tx.value == after.variance
    assert tuple(realised.estimate(1)) == (after.variance, after.ln_price, after.observed_at)
    assert tx.events("Observed") == [
        {
            "underlying": 1,
            "returnWad": after.ln_price - model.ln_price,
            "elapsed": after.observed_at - model.observed_at,
            "varianceWad": after.variance,
        }
    ]
    return after


def test_an_observation_weighs_by_its_time(evm, feed, realised):
    # 2% after an hour: (240 h * 0.36 + 0.02^2 * 8760 h) / 241 h
    evm.warp(HOUR)
    feed.setAnswer(int(PRICE * exp(0.02) * UNIT))
    variance = realised.poke(1).value
    assert variance / WAD == pytest.approx((240 * 0.36 + 0.02**2 * 8_760) / 241, rel=1e-8)
    volatility, status = realised.volatility(1)
    assert status == FRESH
    assert volatility / WAD == pytest.approx(sqrt(variance / WAD), rel=1e-15)


def test_an_interval_longer_than_the_memory_weighs_a_half_with_its_mean_square(evm, feed, realised):
    # 4% after forty days count as 4% / sqrt(4) after ten.
    evm.warp(40 * DAY)
    feed.setAnswer(int(PRICE * exp(0.04) * UNIT))
    variance = realised.poke(1).value
    assert variance / WAD == pytest.approx((240 * 0.36 + 0.04**2 / 4 * 8_760) / 480, rel=1e-8)


@given(
    steps=st.lists(
        st.tuples(
            st.one_of(st.integers(1, 200), st.integers(200, 3 * HOUR), st.integers(HOUR, 30 * DAY)),
            st.one_of(st.floats(0.98, 1.02), st.floats(0.2, 5)),
        ),
        max_size=12,
    )
)
@settings(max_examples=60)
def test_any_path_is_the_models_to_the_last_digit(deployed, evm, steps):
    stage, realised = deployed
    with evm.isolation():
        model, price = mirror(realised), float(PRICE)
        rise = realised.largestRise(1)
        assert rise[0] == model.largest_rise
        for seconds, factor in steps:
            price = min(max(price * factor, 60), 90_000)
            before = model
            model = step(evm, stage.feeds[1], realised, model, seconds, price)
            # VOL-1, both ways, and for sigma.
            assert model.variance - before.variance <= rise[0]
            elapsed, memory = model.observed_at - before.observed_at, PARAMETERS["memory"]
            assert model.variance >= before.variance * max(memory / (memory + elapsed), 0.5) * (1 - 1e-12)
            assert model.volatility - before.volatility <= rise[1] + 1


def test_one_wild_print_is_bounded(evm, feed, realised):
    before = realised.estimate(1).varianceWad
    evm.warp(60)
    feed.setAnswer(90_000 * UNIT)
    realised.poke(1)
    rise = realised.estimate(1).varianceWad - before
    # VOL-1: 5% squared, a year over ten days.
    assert 0.0912 < rise / WAD <= 0.05**2 * 36.5 + 1e-15
    assert rise <= realised.largestRise(1)[0]
    assert realised.largestRise(1)[1] / WAD == pytest.approx(0.05 * sqrt(36.5))


# --- when it is refused ---


def test_at_most_once_a_minute(evm, feed, realised):
    evm.warp(59)
    feed.setAnswer(2_100 * UNIT)
    with evm.reverts("RealisedVolatility_TooEarly", 1, evm.now + 1):
        realised.poke(1)
    evm.warp(1)
    realised.poke(1)


def test_small_returns_count_only_after_the_longest_interval(evm, feed, realised):
    start = evm.now
    evm.warp(HOUR)
    feed.setAnswer(int(PRICE * 1.009 * UNIT))
    assert not realised.isDue(1)
    with evm.reverts("RealisedVolatility_TooSmall", 1, None, WAD // 100, start + 6 * HOUR):
        realised.poke(1)
    evm.warp(5 * HOUR - 1)
    feed.setAnswer(int(PRICE * 1.009 * UNIT))
    assert not realised.isDue(1)
    evm.warp(1)
    realised.poke(1)


def test_a_price_that_is_not_fresh_is_not_observed(deployed, evm, feed, realised):
    evm.warp(DAY)
    assert not realised.isDue(1)
    with evm.reverts("RealisedVolatility_PriceNotFresh", 1, STALE):
        realised.poke(1)
    feed.setDead(True)
    with evm.reverts("RealisedVolatility_PriceNotFresh", 1, NONE):
        realised.poke(1)
    assert realised.estimate(1).varianceWad == START
    assert realised.volatility(1)[1] == STALE
    feed.setDead(False)
    feed.setAnswer(PRICE * UNIT)
    realised.poke(1)
    assert realised.volatility(1)[1] == FRESH


def test_the_estimate_is_stale_after_twice_the_longest_interval(evm, realised):
    evm.warp(12 * HOUR)
    assert realised.volatility(1)[1] == FRESH
    evm.warp(1)
    assert realised.volatility(1)[1] == STALE
    assert realised.volatility(0) == (0, NONE)


def test_what_is_not_known(evm, realised):
    for function in (realised.poke, realised.isDue, realised.largestRise):
        with evm.reverts("RealisedVolatility_UnknownUnderlying", 0):
            function(0)
    with evm.reverts("RealisedVolatility_UnknownUnderlying", 0):
        realised.setParameters(0, parameters())
    with evm.reverts("RealisedVolatility_Known", 1):
        realised.addUnderlying(1, parameters(), START)


def test_who_governs(evm, realised):
    stranger = evm.accounts[STRANGER]
    with evm.reverts("OwnableUnauthorizedAccount", stranger):
        realised.addUnderlying(0, parameters(), START, sender=stranger)
    with evm.reverts("OwnableUnauthorizedAccount", stranger):
        realised.setParameters(1, parameters(), sender=stranger)
    tx = realised.setParameters(1, parameters(memory=DAY))
    assert tx.events("ParametersSet") == [
        {"underlying": 1, "oldParameters": parameters(), "newParameters": parameters(memory=DAY)}
    ]
    assert tuple(realised.parameters(1)) == parameters(memory=DAY)
    assert realised.estimate(1).varianceWad == START


@pytest.mark.parametrize(
    ("field", "name", "least", "most"),
    [
        ("memory", "memory", HOUR, 90 * DAY),
        ("longest", "longest", 60, 10 * DAY),
        ("least_return", "leastReturn", WAD // 10_000, WAD // 2),
        ("max_return", "maxReturn", WAD // 100, WAD // 2),
    ],
)
def test_parameters_are_bounded(evm, realised, field, name, least, most):
    for bad in (least - 1, most + 1):
        with evm.reverts("RealisedVolatility_OutOfRange", named(name), bad, least, most):
            realised.setParameters(1, parameters(**{field: bad}))


# --- wash prints, and times that somebody chose ---


def test_prints_within_the_least_return_do_not_pump_it(evm, feed, realised):
    """A feed that goes to and fro by 0.8%, within its own deviation threshold, and pokes whenever they count."""
    realised.setParameters(1, parameters(memory=DAY))
    bound = 0.01**2 * YEAR / (6 * HOUR)
    model, last = mirror(realised, memory=DAY), START
    for number in range(240):
        side = 1 if number % 2 else -1
        model = step(evm, feed, realised, model, 30 * 60, PRICE * exp(0.004 * side))
        # It falls towards what six-hourly returns are worth, whatever the prints between.
        assert model.variance <= max(last, bound * WAD)
        last = model.variance
    assert model.variance / WAD < max(bound, 0.05) < 0.36


def paths(seed, days, volatility):
    """Minutely prices of a day's walk without drift."""
    generator = np.random.default_rng(seed)
    minutes = days * 1_440
    steps = generator.normal(0, volatility / sqrt(365 * 1_440), minutes)
    return PRICE * np.exp(np.cumsum(steps - volatility**2 / (2 * 365 * 1_440))), generator


def mean_variance(policy, days=150, volatility=0.7, **changes):
    """Mean estimate over time, after the first days, of a poker with a policy: whether to poke this minute."""
    prices, generator = paths(7, days, volatility)
    settings_ = PARAMETERS | {"memory": 2 * DAY, "longest": 2 * HOUR} | changes
    model = Realised(
        **settings_, variance=int(volatility**2 * WAD), ln_price=ln_wad(PRICE * WAD), observed_at=0
    )
    total, count = 0.0, 0
    for minute, price in enumerate(prices, 1):
        wad, now = int(price * 10**8) * 10**10, minute * 60
        # Quick look before the exact one.
        size = abs(log(price) - model.ln_price / WAD)
        elapsed = now - model.observed_at
        may = size >= 0.99e-2 or elapsed >= settings_["longest"]
        if may and policy(size, elapsed, generator) and model.counts(wad, now):
            model = model.observe(wad, now)
        if minute > 10 * 1_440:
            total, count = total + model.variance / WAD, count + 1
    return total / count


# The spread of such a mean: variance of squared returns over 140 days of about 20 a day, some percent.
@pytest.mark.parametrize(
    "policy",
    [
        lambda size, elapsed, generator: True,
        lambda size, elapsed, generator: generator.random() < 0.02,
        lambda size, elapsed, generator: elapsed >= 2 * HOUR,
        lambda size, elapsed, generator: size >= 0.02 or elapsed >= 4 * HOUR,
    ],
    ids=["at once", "at random", "every two hours", "when it has moved by two percent"],
)
def test_whoever_chooses_the_times_finds_the_same(policy):
    found = mean_variance(policy)
    assert found == pytest.approx(0.49, rel=0.08)
