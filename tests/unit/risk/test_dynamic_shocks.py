"""DynamicShocks: shocks that follow volatility, the initial one at once, the maintenance one along its ramp (GOV-1)."""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from scripts.model.volatility import Formula, Side, least_maintenance, refreshed
from tests.helpers.evm import Reverted
from tests.helpers.risk_parameters import DAY, HOUR, SHOCKS, STRANGER, WAD, Stage, named, shocks

FRESH, DIVERGED, STALE, NONE = range(4)
INITIAL = Formula(3 * WAD, DAY, 150_000, 600_000)
MAINTENANCE = Formula(3 * WAD, 6 * HOUR, 80_000, 400_000)
RAMP, LEAST, INTERVAL = 2 * DAY, 50_000, 6 * HOUR
TARGET_HEALTH = 1_100_000
WHOLE = {"ramp": RAMP, "least_change": LEAST, "min_interval": INTERVAL}


def formula(one, **changes):
    values = {"multiple": one.multiple, "horizon": one.horizon, "floor": one.floor, "cap": one.cap}
    return tuple((values | changes).values())


def rule_of(initial=None, maintenance=None, **changes):
    """IDynamicShocks.Rule."""
    return (
        formula(INITIAL, **initial or {}),
        formula(MAINTENANCE, **maintenance or {}),
        *(WHOLE | changes).values(),
    )


@dataclass
class Bench:
    """The risk parameters' stage with shocks that follow a volatility that tests set."""

    evm: object
    stage: Stage
    volatility: object
    dynamic: object

    def set(self, percent, status=FRESH):
        self.volatility.set(percent * WAD // 100, status)

    def refresh(self):
        return self.dynamic.refresh(1, sender=self.evm.accounts[STRANGER])

    @property
    def here(self):
        return self.stage.parameters.shocks(1)

    @property
    def target(self):
        return self.stage.parameters.shocksTarget(1)

    @property
    def left(self):
        return max(self.stage.parameters.underlyingRamp(1)[1] - self.evm.now, 0)

    def expected(self, volatility):
        """The model's initial down and up, maintenance down and up."""
        here, target = self.here, self.target
        sides = [
            Side(
                getattr(target, f"initial{side}Ppm"),
                getattr(here, f"maintenance{side}Ppm"),
                getattr(target, f"maintenance{side}Ppm"),
            )
            for side in ("Down", "Up")
        ]
        wanted = (
            INITIAL.shock(volatility),
            max(MAINTENANCE.shock(volatility), least_maintenance(7_500, 20_000)),
        )
        return refreshed(*sides, self.left, wanted, RAMP, LEAST, TARGET_HEALTH)


@pytest.fixture(scope="module")
def deployed(session_evm):
    with session_evm.isolation():
        evm, stage = session_evm, Stage(session_evm)
        volatility = evm.deploy("MockVolatility")
        dynamic = evm.deploy("DynamicShocks", evm.accounts[0], stage.parameters, volatility)
        stage.parameters.setShockSetter(dynamic)
        dynamic.setRule(1, rule_of())
        yield Bench(evm, stage, volatility, dynamic)


@pytest.fixture
def bench(deployed, evm):
    return deployed


def test_shocks_are_what_the_formula_says(evm, bench):
    bench.set(100)
    tx = bench.refresh()
    # 3 standard deviations of a day and of six hours at 100% a year.
    initial, maintenance = (300 / sqrt(365 * days) * 10_000 for days in (1, 4))
    target = bench.target
    assert target.initialDownPpm == target.initialUpPpm
    assert target.maintenanceDownPpm == target.maintenanceUpPpm
    # The initial one is what a takeover restores at least.
    assert target.maintenanceDownPpm == 80_000 > maintenance
    assert target.initialDownPpm == pytest.approx(initial, abs=1.5)
    assert tx.events("ShocksRefreshed", bench.dynamic) == [
        {
            "underlying": 1,
            "volatilityWad": WAD,
            "initialPpm": target.initialDownPpm,
            "maintenancePpm": 80_000,
        }
    ]
    assert bench.dynamic.refreshedAt(1) == evm.now


def test_the_initial_shock_rises_at_once_and_the_maintenance_shock_walks(evm, bench):
    bench.set(200)
    bench.refresh()
    start, wanted = evm.now, MAINTENANCE.shock(2 * WAD)
    assert bench.here.initialDownPpm == INITIAL.shock(2 * WAD) == pytest.approx(6 / sqrt(365) * 10**6, abs=2)
    # GOV-1: from 12% to 15.7% over two days.
    assert bench.here.maintenanceDownPpm == 120_000 < wanted
    for part in range(5):
        assert bench.here.maintenanceDownPpm == 120_000 + (wanted - 120_000) * part // 4
        evm.warp(RAMP // 4)
    assert bench.stage.parameters.underlyingRamp(1) == (start, start + RAMP)


def test_both_fall_at_once(evm, bench):
    bench.set(0)
    bench.refresh()
    assert tuple(bench.here) == (150_000, 150_000, 80_000, 80_000)
    assert bench.left == 0


def test_floors_and_caps(evm, bench):
    bench.set(10_000)
    bench.refresh()
    assert (bench.target.initialDownPpm, bench.target.maintenanceDownPpm) == (600_000, 400_000)
    evm.warp(RAMP)
    bench.set(1)
    bench.refresh()
    assert (bench.target.initialDownPpm, bench.target.maintenanceDownPpm) == (150_000, 80_000)


def test_what_risk_parameters_ask_for_is_added(evm, bench):
    # The band needs (2 * 0.75% + 2%) / 75%; a takeover restores 110% of it.
    bench.stage.parameters.setAsset(1, bench.stage.asset(1, unwinding=1_000), 0)
    bench.dynamic.setRule(1, rule_of({"floor": 1_000}, {"floor": 1_000}))
    bench.set(0)
    bench.refresh()
    assert bench.here.maintenanceDownPpm == 46_667
    assert bench.here.initialDownPpm == -(-46_667 * 11 // 10)


def test_what_risk_parameters_refuse_is_refused(evm, bench):
    # At 4.7% the smallest premium would not pay for unwinding.
    bench.dynamic.setRule(1, rule_of({"floor": 1_000}, {"floor": 1_000}))
    bench.set(0)
    with evm.reverts("RiskParameters_PremiumBelowUnwinding"):
        bench.refresh()


def test_small_changes_are_left_alone(evm, bench):
    bench.set(100)
    bench.refresh()
    evm.warp(INTERVAL)
    before = bench.here
    bench.set(104)
    assert bench.dynamic.preview(1)[1] is False
    with evm.reverts("DynamicShocks_NothingToDo", 1):
        bench.refresh()
    bench.set(106)
    next_, due = bench.dynamic.preview(1)
    assert due
    bench.refresh()
    assert tuple(bench.target) == tuple(next_) != tuple(before)


def test_between_refreshes_lies_an_interval_unless_the_initial_shock_rises(evm, bench):
    bench.set(200)
    bench.refresh()
    bench.set(150)
    earliest = evm.now + INTERVAL
    assert bench.dynamic.preview(1)[1] is False
    with evm.reverts("DynamicShocks_TooEarly", 1, earliest):
        bench.refresh()
    bench.set(240)
    bench.refresh()
    bench.set(150)
    evm.warp(INTERVAL)
    bench.refresh()


def test_a_walk_is_neither_restarted_nor_held_up(evm, bench):
    bench.set(200)
    bench.refresh()
    end, first = evm.now + RAMP, bench.target.maintenanceDownPpm
    evm.warp(RAMP * 9 // 10)
    # A tenth of the walk is left: a target a little higher would begin two days anew.
    bench.set(211)
    bench.refresh()
    assert bench.target.initialDownPpm == INITIAL.shock(211 * WAD // 100)
    assert bench.target.maintenanceDownPpm == first
    assert bench.stage.parameters.underlyingRamp(1)[1] == end
    # One that is much higher goes on at least as fast.
    bench.set(400)
    bench.refresh()
    assert bench.target.maintenanceDownPpm == MAINTENANCE.shock(4 * WAD)
    evm.warp(RAMP // 10)
    assert bench.here.maintenanceDownPpm >= first - 1
    # A lower target that the walk has not reached yet does not put it off either.
    bench.set(320)
    evm.warp(INTERVAL)
    bench.refresh()
    assert bench.target.maintenanceDownPpm == MAINTENANCE.shock(4 * WAD)


def test_volatility_that_is_stale_or_unknown_changes_nothing(evm, bench):
    for status in (DIVERGED, STALE, NONE):
        bench.set(200, status)
        for call in (bench.refresh, lambda: bench.dynamic.preview(1)):
            with evm.reverts("DynamicShocks_VolatilityNotFresh", 1, status):
                call()
    assert tuple(bench.here) == shocks()


def test_the_role_can_be_taken_away(evm, bench):
    bench.stage.parameters.setShockSetter("0x" + "00" * 20)
    bench.set(200)
    with evm.reverts("OwnableUnauthorizedAccount", bench.dynamic):
        bench.refresh()


def test_rules_are_the_owners_and_can_end(evm, bench):
    stranger = evm.accounts[STRANGER]
    with evm.reverts("OwnableUnauthorizedAccount", stranger):
        bench.dynamic.setRule(1, rule_of(), sender=stranger)
    with evm.reverts("OwnableUnauthorizedAccount", stranger):
        bench.dynamic.removeRule(1, sender=stranger)
    tx = bench.dynamic.setRule(1, rule_of(ramp=3 * DAY))
    assert tx.events("RuleSet") == [{"underlying": 1, "oldRule": rule_of(), "newRule": rule_of(ramp=3 * DAY)}]
    assert bench.dynamic.rule(1) == rule_of(ramp=3 * DAY)
    bench.dynamic.removeRule(1)
    with evm.reverts("DynamicShocks_NoRule", 1):
        bench.refresh()


@pytest.mark.parametrize(
    ("changes", "name", "least", "most"),
    [
        ({"initial": {"multiple": WAD // 10 - 1}}, "multiple", WAD // 10, 20 * WAD),
        ({"maintenance": {"multiple": 20 * WAD + 1}}, "multiple", WAD // 10, 20 * WAD),
        ({"initial": {"horizon": 59}}, "horizon", 60, 30 * DAY),
        ({"initial": {"cap": 1_000_001}}, "cap", 1_000, 1_000_000),
        ({"maintenance": {"cap": 500_001}}, "cap", 1_000, 500_000),
        ({"maintenance": {"floor": 999}}, "floor", 1_000, MAINTENANCE.cap),
        ({"initial": {"floor": INITIAL.cap + 1}}, "floor", 1_000, INITIAL.cap),
        ({"ramp": DAY - 1}, "ramp", DAY, 180 * DAY),
        ({"ramp": 180 * DAY + 1}, "ramp", DAY, 180 * DAY),
        ({"least_change": 9_999}, "leastChange", 10_000, 500_000),
        ({"min_interval": 30 * DAY + 1}, "minInterval", 60, 30 * DAY),
    ],
)
def test_rules_are_bounded(evm, bench, changes, name, least, most):
    value = next(iter(changes.values()))
    value = next(iter(value.values())) if isinstance(value, dict) else value
    with evm.reverts("DynamicShocks_OutOfRange", named(name), value, least, most):
        bench.dynamic.setRule(1, rule_of(**changes))


class Weather(RuleBasedStateMachine):
    """Volatility that comes and goes, and anybody who refreshes whenever he likes."""

    bench: Bench

    @initialize()
    def begin(self):
        self.snapshot = self.bench.evm.snapshot()
        self.volatility = WAD
        self.bench.volatility.set(WAD, FRESH)
        self.seen = [(self.bench.evm.now, self.bench.here.maintenanceDownPpm)]

    def teardown(self):
        if hasattr(self, "snapshot"):
            self.bench.evm.revert(self.snapshot)

    @rule(percent=st.integers(1, 900))
    def turn(self, percent):
        self.volatility = percent * WAD // 100
        self.bench.volatility.set(self.volatility, FRESH)

    @rule(down=st.integers(90_000, 200_000), up=st.integers(90_000, 200_000), days=st.integers(1, 6))
    def govern(self, down, up, days):
        new = SHOCKS | {"maintenance_down": down, "maintenance_up": up}
        new |= {"initial_down": max(180_000, down * 6 // 5), "initial_up": max(180_000, up * 6 // 5)}
        self.bench.stage.parameters.setShocks(1, shocks(**new), days * DAY)
        self.look()

    @rule(seconds=st.one_of(st.integers(1, HOUR), st.integers(HOUR, 3 * DAY)))
    def wait(self, seconds):
        self.bench.evm.warp(seconds)
        self.look()

    @rule()
    def refresh(self):
        bench, now = self.bench, self.bench.evm.now
        before, target, left = bench.here, bench.target, bench.left
        expected = bench.expected(self.volatility)
        assert tuple(bench.dynamic.preview(1)[0]) == expected
        try:
            bench.refresh()
        except Reverted as error:
            assert error.name in ("DynamicShocks_NothingToDo", "DynamicShocks_TooEarly")
            assert tuple(bench.target) == tuple(target)
            return
        assert tuple(bench.target) == expected
        end = bench.stage.parameters.underlyingRamp(1)[1]
        for side in ("maintenanceDownPpm", "maintenanceUpPpm"):
            old, here, to = (getattr(one, side) for one in (before, bench.here, bench.target))
            # GOV-1: nothing rises at the call, and what rises has its whole ramp.
            assert here <= old
            old_to = getattr(target, side)
            if to > here and to != old_to:
                assert end >= now + RAMP
            if to > old and old_to > old:
                # Nobody holds a walk up: at no time is the new one below the old one.
                for part in range(1, 9):
                    when = now + left * part // 8
                    was = old + Fraction((old_to - old) * part, 8)
                    will = here + Fraction((to - here) * (when - now), end - now)
                    assert will >= was - 1
        self.look()

    def look(self):
        now, here = self.bench.evm.now, self.bench.here.maintenanceDownPpm
        for then, was in self.seen:
            # GOV-1: never faster than from nothing to the cap over the shortest ramp that anybody may name.
            assert here - was <= MAINTENANCE.cap * (now - then) // DAY + 1
        self.seen.append((now, here))


@pytest.mark.slow
def test_no_weather_and_no_refresh_raises_maintenance_faster_than_the_ramp(deployed, evm):
    class Case(Weather):
        bench = deployed

    run_state_machine_as_test(Case, settings=settings(max_examples=60, stateful_step_count=20))
