"""AdaptiveRateModel against 60-digit decimals: the curve, the level that moves, its speed and its limits."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.model.pool import WAD, YEAR
from tests.helpers.evm import Contract, PyrevmBackend
from tests.helpers.pool_bench import UNIT, PoolBench

TARGET, INITIAL = 90 * WAD // 100, 4 * WAD // 100
LEAST, MOST = WAD // 1000, 2 * WAD
SPEED, STEEPNESS = 50 * WAD, 4 * WAD
DAY = 86_400


@pytest.fixture(scope="module")
def deployed_model(session_evm: PyrevmBackend) -> Contract:
    return session_evm.deploy("AdaptiveRateModel", TARGET, INITIAL, LEAST, MOST, SPEED, STEEPNESS)


@pytest.fixture
def model(deployed_model: Contract, evm: PyrevmBackend) -> Contract:
    return deployed_model


@pytest.fixture
def pool(evm: PyrevmBackend) -> str:
    """The model keeps its memory by caller; any address will do."""
    return evm.accounts[3]


def error_of(utilisation: int) -> Decimal:
    """Distance from target, scaled to [-1, 1]."""
    span = WAD - TARGET if utilisation > TARGET else TARGET
    return Decimal(utilisation - TARGET) / Decimal(span)


def level_after(level: Decimal, utilisation: int, elapsed: int) -> Decimal:
    """Rate at target a time later; a yearly share."""
    exponent = Decimal(SPEED) / WAD * error_of(utilisation) * elapsed / YEAR
    grown = level * exponent.exp()
    return min(max(grown, Decimal(LEAST) / WAD), Decimal(MOST) / WAD)


def curve(level: Decimal, utilisation: int) -> Decimal:
    """Rate at a utilisation; a yearly share."""
    error, steep = error_of(utilisation), Decimal(STEEPNESS) / WAD
    slope = steep - 1 if error > 0 else 1 - 1 / steep
    return level * (1 + error * slope)


def is_down_to(actual: int, per_year: Decimal) -> bool:
    """Whether `actual` is the yearly share, in whole units a second: cut off, two units off at most."""
    exact = per_year * WAD / YEAR
    slack = exact * Decimal("1e-13")
    return exact - 2 - slack <= actual <= exact + slack


def test_first_answer_is_the_curve_at_the_initial_level(model: Contract, pool: str) -> None:
    for utilisation, per_year in ((0, INITIAL // 4), (TARGET, INITIAL), (WAD, 4 * INITIAL)):
        expected = model.rate(pool, utilisation, 10**9)
        assert expected == pytest.approx(per_year // YEAR, abs=1)
    assert model.rateAtTarget(pool) == INITIAL
    assert model.update(WAD, 10**9, sender=pool).value == 4 * INITIAL // YEAR
    assert model.rateAtTarget(pool) == INITIAL, "time before the first call does not count"


@given(steps=st.lists(st.tuples(st.integers(0, WAD), st.integers(0, 60 * DAY)), min_size=1, max_size=10))
def test_follows_the_decimals(
    evm: PyrevmBackend, model: Contract, pool: str, steps: list[tuple[int, int]]
) -> None:
    """The level moves by the utilisation since the last call, the answer is the curve as it then stands."""
    with evm.isolation(), localcontext() as context:
        context.prec = 60
        level, last = Decimal(INITIAL) / WAD, None
        for utilisation, elapsed in steps:
            if last is not None:
                level = level_after(level, last, elapsed)
            last = utilisation
            promised = model.rate(pool, utilisation, elapsed)
            answer = model.update(utilisation, elapsed, sender=pool).value
            assert answer == promised, "the view is what update answers"
            assert is_down_to(answer, curve(level, utilisation))
            kept = Decimal(model.rateAtTarget(pool)) / WAD
            assert abs(kept - level) <= level * Decimal("1e-13") + Decimal("1e-15")
            level = kept


def test_doubles_in_five_days_of_full_utilisation(model: Contract, pool: str) -> None:
    model.update(WAD, 0, sender=pool)
    model.update(WAD, 5 * DAY, sender=pool)
    assert model.rateAtTarget(pool) == pytest.approx(2 * INITIAL, rel=0.02)


def test_rests_at_target(model: Contract, pool: str) -> None:
    model.update(TARGET, 0, sender=pool)
    model.update(TARGET, 1_000 * DAY, sender=pool)
    assert model.rateAtTarget(pool) == INITIAL


def test_does_not_depend_on_how_often_it_is_asked(model: Contract, evm: PyrevmBackend) -> None:
    """Poking it every minute leads where one call a day leads."""
    often, seldom = evm.accounts[4:6]
    for pool in (often, seldom):
        model.update(95 * WAD // 100, 0, sender=pool)
    for _ in range(1_440):
        model.update(95 * WAD // 100, 60, sender=often)
    model.update(95 * WAD // 100, DAY, sender=seldom)
    assert model.rateAtTarget(often) == pytest.approx(model.rateAtTarget(seldom), rel=1e-12)


def test_utilisation_of_the_moment_moves_no_level(model: Contract, evm: PyrevmBackend) -> None:
    """Who empties the pool for the length of a call gets the curve's answer for it; the level stays."""
    honest, tricked = evm.accounts[4:6]
    for pool in (honest, tricked):
        model.update(TARGET // 2, 0, sender=pool)
    model.update(WAD, 30 * DAY, sender=tricked)
    model.update(TARGET // 2, 0, sender=tricked)
    model.update(TARGET // 2, 30 * DAY, sender=honest)
    assert model.rateAtTarget(tricked) == model.rateAtTarget(honest) < INITIAL


def test_level_stays_within_its_limits(model: Contract, pool: str) -> None:
    model.update(WAD, 0, sender=pool)
    for elapsed in (365 * DAY, 2**32, 2**256 - 1):
        model.update(WAD, elapsed, sender=pool)
        assert model.rateAtTarget(pool) == MOST
    model.update(0, 0, sender=pool)
    for elapsed in (365 * DAY, 2**32, 2**256 - 1):
        model.update(0, elapsed, sender=pool)
        assert model.rateAtTarget(pool) == LEAST


def test_pools_do_not_share_memory(model: Contract, evm: PyrevmBackend) -> None:
    one, other = evm.accounts[4:6]
    model.update(WAD, 0, sender=one)
    model.update(WAD, 100 * DAY, sender=one)
    assert model.rateAtTarget(one) == MOST
    assert model.rateAtTarget(other) == INITIAL


def test_utilisation_beyond_one_counts_as_one(model: Contract, pool: str) -> None:
    assert model.rate(pool, 2**256 - 1, 0) == model.rate(pool, WAD, 0)
    model.update(2**256 - 1, 0, sender=pool)
    model.update(WAD, 5 * DAY, sender=pool)
    assert model.rateAtTarget(pool) == pytest.approx(2 * INITIAL, rel=0.02)


@given(one=st.integers(0, WAD), other=st.integers(0, WAD))
def test_never_falls_as_utilisation_rises(model: Contract, pool: str, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert model.rate(pool, low, 0) <= model.rate(pool, high, 0)


@pytest.mark.parametrize(
    ("position", "value"),
    [
        (0, WAD // 100 - 1),
        (0, 99 * WAD // 100 + 1),
        (1, LEAST - 1),
        (1, MOST + 1),
        (2, WAD // 10_000 - 1),
        (2, MOST + 1),
        (3, 5 * WAD + 1),
        (4, 200 * WAD + 1),
        (5, WAD - 1),
        (5, 10 * WAD + 1),
    ],
)
def test_parameters_are_bounded(evm: PyrevmBackend, position: int, value: int) -> None:
    arguments = [TARGET, INITIAL, LEAST, MOST, SPEED, STEEPNESS]
    arguments[position] = value
    with evm.reverts("RateModel_OutOfRange"):
        evm.deploy("AdaptiveRateModel", *arguments)


@pytest.mark.parametrize("target", [WAD // 100, 99 * WAD // 100])
def test_extreme_parameters_do_not_overflow(evm: PyrevmBackend, pool: str, target: int) -> None:
    model = evm.deploy("AdaptiveRateModel", target, 5 * WAD, 5 * WAD, 5 * WAD, 200 * WAD, 10 * WAD)
    for utilisation in (0, target, WAD):
        model.update(utilisation, 2**256 - 1, sender=pool)
    assert model.update(WAD, 2**256 - 1, sender=pool).value == 50 * WAD // YEAR
    assert model.update(0, 0, sender=pool).value == pytest.approx(WAD // 2 // YEAR, abs=1)


def test_drives_a_pool(evm: PyrevmBackend, model: Contract) -> None:
    """End to end: at full utilisation the pool's rate climbs, and falls when the debt is repaid."""
    bench = PoolBench(evm)
    bench.pool.setRateModel(model)
    bench.deposit(1_000 * UNIT)
    bench.borrow(1_000 * UNIT)
    start = bench.pool.ratePerSecond()
    assert start == 4 * INITIAL // YEAR
    evm.warp(5 * DAY)
    bench.pool.accrue()
    assert bench.pool.ratePerSecond() == pytest.approx(2 * start, rel=0.02)
    bench.repay(950 * UNIT)
    evm.warp(5 * DAY)
    bench.pool.accrue()
    assert bench.pool.ratePerSecond() < start
