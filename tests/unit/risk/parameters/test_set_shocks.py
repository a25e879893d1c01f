"""RiskParameters.setShocks: what tightens walks (GOV-1), what loosens is there at once; relations hold."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.risk_parameters import DAY, HOUR, STRANGER, Stage, named, shocks

MAINTENANCE = {"maintenance_down": "maintenanceDownPpm", "maintenance_up": "maintenanceUpPpm"}


@pytest.mark.parametrize(("field", "name"), MAINTENANCE.items())
def test_a_rising_maintenance_shock_walks(evm, stage, parameters, field, name):
    start = evm.now
    tx = parameters.setShocks(1, shocks(**{field: 150_000}), 10 * DAY)
    assert parameters.underlyingRamp(1) == (start, start + 10 * DAY)
    assert tx.events("ShocksSet") == [
        {
            "underlying": 1,
            "oldShocks": shocks(),
            "newShocks": shocks(**{field: 150_000}),
            "rampEnd": start + 10 * DAY,
        }
    ]
    seen = []
    for day in range(12):
        seen.append(getattr(parameters.shocks(1), name))
        assert getattr(parameters.shocksTarget(1), name) == 150_000
        evm.warp(start + (day + 1) * DAY - evm.now)
    assert seen == [120_000 + 3_000 * min(day, 10) for day in range(12)]


@pytest.mark.parametrize(("field", "name"), MAINTENANCE.items())
def test_a_falling_maintenance_shock_is_there_at_once(evm, parameters, field, name):
    tx = parameters.setShocks(1, shocks(**{field: 100_000}), 0)
    assert getattr(parameters.shocks(1), name) == 100_000
    assert parameters.underlyingRamp(1) == (0, 0)
    assert tx.events("ShocksSet")[0]["rampEnd"] == 0


def test_initial_shocks_change_at_once_both_ways(parameters):
    for down, up in ((400_000, 900_000), (150_000, 140_000)):
        parameters.setShocks(1, shocks(initial_down=down, initial_up=up), 0)
        assert tuple(parameters.shocks(1)) == shocks(initial_down=down, initial_up=up)


def test_the_engine_walks_in_step(evm, stage, parameters):
    parameters.setShocks(1, shocks(maintenance_down=150_000), 10 * DAY)
    account, holding = bytes(32), (1 << 248) | 10**18
    for _ in range(4):
        stage.warp(3 * DAY + 1_234)
        now = parameters.shocks(1).maintenanceDownPpm
        requirement = stage.engine.assess(account, [holding], [], 1, False).requirement
        # value * (shock + basis 2% + unwinding 0.5% + value / depth)
        assert requirement == 2_000 * 10**12 * (now + 20_000 + 5_000 + 2_000)


def test_a_walk_needs_a_day_at_least_and_half_a_year_at_most(evm, parameters):
    tighter = shocks(maintenance_down=121_000)
    with evm.reverts("RiskParameters_RampTooShort", DAY - 1, DAY):
        parameters.setShocks(1, tighter, DAY - 1)
    with evm.reverts("RiskParameters_OutOfRange", named("rampDuration"), 180 * DAY + 1, DAY, 180 * DAY):
        parameters.setShocks(1, tighter, 180 * DAY + 1)
    parameters.setShocks(1, tighter, DAY)


def test_a_new_walk_begins_where_the_old_one_stands(evm, parameters):
    start = evm.now
    parameters.setShocks(1, shocks(maintenance_down=150_000), 10 * DAY)
    evm.warp(5 * DAY)
    parameters.setShocks(1, shocks(maintenance_down=155_000), 10 * DAY)
    assert parameters.shocks(1).maintenanceDownPpm == 135_000
    assert parameters.underlyingRamp(1) == (start + 5 * DAY, start + 15 * DAY)
    evm.warp(5 * DAY)
    assert parameters.shocks(1).maintenanceDownPpm == 145_000


def test_a_walk_never_ends_earlier_than_was_said(evm, parameters):
    start = evm.now
    parameters.setShocks(1, shocks(maintenance_down=150_000), 30 * DAY)
    evm.warp(15 * DAY)
    parameters.setShocks(1, shocks(maintenance_down=150_000, maintenance_up=125_000), DAY)
    assert parameters.underlyingRamp(1) == (start + 15 * DAY, start + 30 * DAY)
    assert parameters.shocks(1).maintenanceDownPpm == 135_000


def test_a_target_below_where_the_walk_stands_is_there_at_once(evm, parameters):
    parameters.setShocks(1, shocks(maintenance_down=150_000), 10 * DAY)
    evm.warp(5 * DAY)
    parameters.setShocks(1, shocks(maintenance_down=134_999), 0)
    assert parameters.shocks(1).maintenanceDownPpm == 134_999
    assert parameters.underlyingRamp(1) == (0, 0)


def test_a_nearer_target_is_walked_to(evm, parameters):
    parameters.setShocks(1, shocks(maintenance_down=150_000), 10 * DAY)
    evm.warp(5 * DAY)
    parameters.setShocks(1, shocks(maintenance_down=136_000), DAY)
    assert parameters.shocks(1).maintenanceDownPpm == 135_000
    assert parameters.shocksTarget(1).maintenanceDownPpm == 136_000


def test_a_walk_goes_on_when_only_something_else_changes(evm, parameters):
    start = evm.now
    parameters.setShocks(1, shocks(maintenance_down=150_000), 10 * DAY)
    evm.warp(5 * DAY)
    parameters.setShocks(1, shocks(maintenance_down=150_000, initial_up=200_000), 0)
    assert parameters.underlyingRamp(1) == (start + 5 * DAY, start + 10 * DAY)
    evm.warp(5 * DAY)
    assert parameters.shocks(1).maintenanceDownPpm == 150_000


def test_a_walk_that_has_ended_binds_relations_no_longer(evm, stage, parameters):
    # While maintenance walks from 6% to 12%, where it stands limits the half-width; afterwards it does not.
    parameters.setShocks(1, shocks(maintenance_down=60_000), 0)
    parameters.setShocks(1, shocks(), DAY)
    stage.warp(DAY // 2)
    with evm.reverts("RiskParameters_ShockTooSmall", 1, 90_000, 106_667):
        parameters.setFeed(1, stage.feed(1, half_width=30_000), 0)
    parameters.setFeed(1, stage.feed(1, half_width=22_000), 0)
    stage.warp(DAY // 2)
    parameters.setFeed(1, stage.feed(1, half_width=30_000), 0)


def test_relations_hold_at_both_ends(evm, stage, parameters):
    with evm.reverts("RiskParameters_InitialBelowMaintenance", 1, 180_000, 181_000):
        parameters.setShocks(1, shocks(maintenance_up=181_000), DAY)
    with evm.reverts("RiskParameters_InitialBelowTarget", 1, 180_000, 187_000):
        parameters.setShocks(1, shocks(maintenance_up=170_000), DAY)
    with evm.reverts("RiskParameters_ShockTooSmall", 1, 46_000, 46_667):
        parameters.setShocks(1, shocks(maintenance_down=46_000), 0)
    # From: a lower initial shock must suffice for the maintenance shock that is still in force.
    parameters.setShocks(1, shocks(maintenance_down=160_000), DAY)
    evm.warp(DAY)
    with evm.reverts("RiskParameters_InitialBelowTarget", 1, 175_000, 176_000):
        parameters.setShocks(1, shocks(initial_down=175_000, maintenance_down=160_000), 0)


def test_the_premium_still_pays_for_unwinding_every_asset(evm, stage, parameters):
    # 6% of (maintenance + basis 2% + unwinding 0.5%) >= 0.5% from maintenance 5.83...% on
    with evm.reverts("RiskParameters_PremiumBelowUnwinding", 1, 60_000, 5_000):
        parameters.setShocks(1, shocks(maintenance_up=58_333), 0)
    parameters.setShocks(1, shocks(maintenance_up=58_334), 0)


def test_only_the_owner_and_only_what_is_there(evm, parameters):
    with evm.reverts("OwnableUnauthorizedAccount"):
        parameters.setShocks(1, shocks(), 0, sender=evm.accounts[STRANGER])
    with evm.reverts("RiskParameters_UnknownUnderlying", 2):
        parameters.setShocks(2, shocks(), 0)


@settings(max_examples=50)
@given(
    target=st.integers(120_001, 163_636),
    duration=st.integers(DAY, 180 * DAY),
    share=st.fractions(0, 1),
)
def test_the_walk_is_the_straight_line_rounded_towards_its_start(evm, parameters, target, duration, share):
    with evm.isolation():
        parameters.setShocks(1, shocks(maintenance_down=target), duration)
        elapsed = int(duration * share)
        evm.warp(elapsed)
        exact = 120_000 + (target - 120_000) * Fraction(elapsed, duration)
        assert exact - 1 <= parameters.shocks(1).maintenanceDownPpm <= exact


def test_a_walk_stands_still_while_the_sequencer_is_down(evm):
    uptime = evm.deploy("MockSequencerFeed")
    evm.warp(DAY)
    stage = Stage(evm, sequencer=uptime.address)
    stage.parameters.setShocks(1, shocks(maintenance_down=150_000), 10 * DAY)
    evm.warp(5 * DAY)
    stage.engine.poke(1)
    uptime.setUp(False)
    evm.warp(20 * DAY)
    assert stage.parameters.shocks(1).maintenanceDownPpm == 135_000
    uptime.setUp(True)
    evm.warp(HOUR)
    assert stage.parameters.shocks(1).maintenanceDownPpm in (135_124, 135_125)


def test_loosening_beside_a_walk_needs_no_duration(evm, stage, parameters):
    start = evm.now
    parameters.setShocks(1, shocks(maintenance_down=150_000), 10 * DAY)
    parameters.setShocks(1, shocks(maintenance_down=150_000, maintenance_up=110_000), 0)
    assert parameters.underlyingRamp(1) == (start, start + 10 * DAY)
    assert parameters.shocks(1).maintenanceUpPpm == 110_000
