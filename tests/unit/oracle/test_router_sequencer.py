"""OracleRouter with a sequencer: clocks count healthy time, and old prices open no debt after a restart."""

import pytest

from scripts.model.risk import DIVERGENCE_TIMEOUT
from tests.helpers.book import WAD, Domain
from tests.helpers.risk_bench import RiskBench

FRESH, DIVERGED, STALE, NONE = range(4)
HOUR, DAY = 3_600, 86_400
GRACE = 1_800
FOREVER = 2**256 - 1


@pytest.fixture
def sequencer(evm):
    return evm.deploy("MockSequencerFeed")


@pytest.fixture
def bench(evm, sequencer):
    evm.warp(HOUR)
    bench = RiskBench(evm, sequencer.address, Domain(grace_period=GRACE))
    bench.underlying(2_000, second=2_000, heartbeat=DAY)
    bench.underlying(1, heartbeat=DAY)
    bench.asset(1, decimals=6)
    bench.asset(0)
    bench.publish()
    return bench


ACCOUNT_IN_DEBT = [(0, -1_000 * 10**6), (1, WAD)]


def outage(evm, sequencer, seconds):
    sequencer.setUp(False)
    evm.warp(seconds)
    sequencer.setUp(True)


def test_a_chain_without_a_sequencer_is_always_up(evm):
    bench = RiskBench(evm)
    assert bench.engine.sequencerUpFor() == FOREVER
    assert bench.engine.clock() == evm.now


def test_up_for_counts_from_the_restart(bench, evm, sequencer):
    assert bench.engine.sequencerUpFor() == HOUR
    sequencer.setUp(False)
    assert bench.engine.sequencerUpFor() == 0
    evm.warp(100)
    assert bench.engine.sequencerUpFor() == 0
    sequencer.setUp(True)
    evm.warp(7)
    assert bench.engine.sequencerUpFor() == 7


def test_a_dead_sequencer_feed_is_a_sequencer_that_is_down(bench, sequencer):
    sequencer.setDead(True)
    assert bench.engine.sequencerUpFor() == 0
    assert bench.check(ACCOUNT_IN_DEBT).status == STALE


def test_the_clock_is_the_time_as_long_as_nothing_was_lost(bench, evm):
    evm.warp(DAY)
    assert bench.engine.clock() == evm.now


def test_the_clock_goes_on_from_its_last_touch_at_the_restart(bench, evm, sequencer):
    touched = evm.now
    evm.warp(500)
    sequencer.setUp(False)
    assert bench.engine.clock() == touched
    evm.warp(1_000)
    assert bench.engine.clock() == touched
    sequencer.setUp(True)
    assert bench.engine.clock() == touched
    evm.warp(60)
    assert bench.engine.clock() == touched + 60


def test_touched_just_before_an_outage_it_loses_the_outage_alone(bench, evm, sequencer):
    evm.warp(500)
    bench.engine.poke(1)
    before = evm.now
    outage(evm, sequencer, 1_000)
    assert bench.engine.clock() == before
    bench.engine.poke(1)
    evm.warp(40)
    assert bench.engine.clock() == before + 40
    outage(evm, sequencer, 7)
    bench.engine.poke(1)
    evm.warp(5)
    assert bench.engine.clock() == before + 5  # the 40 were not touched in
    assert bench.engine.clock() <= evm.now


def test_a_poke_while_down_books_nothing(bench, evm, sequencer):
    before = evm.now
    sequencer.setUp(False)
    evm.warp(100)
    bench.engine.poke(1)
    evm.warp(100)
    sequencer.setUp(True)
    assert bench.engine.clock() == before


def test_while_down_there_is_no_new_risk(bench, sequencer):
    assert bench.check(ACCOUNT_IN_DEBT).status == FRESH
    sequencer.setUp(False)
    assert bench.check(ACCOUNT_IN_DEBT).status == STALE


def test_after_the_restart_prices_from_before_it_open_no_debt(bench, evm, sequencer):
    outage(evm, sequencer, 60)
    evm.warp(10)
    assert bench.check(ACCOUNT_IN_DEBT).status == STALE
    bench.set_price(0, 1_500)
    assert bench.check(ACCOUNT_IN_DEBT).status == STALE
    bench.set_price(1, 1)
    assert bench.check(ACCOUNT_IN_DEBT).status in (FRESH, DIVERGED)
    assert bench.engine.band(1).status == FRESH


def test_after_the_grace_period_the_heartbeat_says_what_is_stale(bench, evm, sequencer):
    outage(evm, sequencer, 60)
    evm.warp(GRACE - 1)
    assert bench.check(ACCOUNT_IN_DEBT).status == STALE
    evm.warp(1)
    assert bench.check(ACCOUNT_IN_DEBT).status == FRESH


def test_a_timeout_counts_healthy_time_only(bench, evm, sequencer):
    """ORA-1: an outage does not run out the time in which a lie is waited for."""
    bench.set_second(0, 3_000)
    bench.poke(0)
    evm.warp(100)
    bench.poke(0)
    outage(evm, sequencer, DAY)
    evm.warp(DIVERGENCE_TIMEOUT - 101)
    bench.set_price(0, 2_000)
    high = bench.check(ACCOUNT_IN_DEBT, maintenance=True).equity
    evm.warp(1)
    assert bench.check(ACCOUNT_IN_DEBT, maintenance=True).equity == 1_000 * WAD < high


def test_a_ramp_counts_healthy_time_only(bench, evm, sequencer):
    """GOV-1: requirements do not rise while nobody can act."""
    start = bench.engine.clock()
    bench.underlyings[0].ramp_start, bench.underlyings[0].ramp_end = start, start + 1_000
    bench.underlyings[0].down_from = 0
    bench.publish()
    evm.warp(250)
    bench.engine.poke(1)
    quarter = bench.check([(1, WAD)], maintenance=True).requirement
    assert quarter == 2_000 * WAD * (120_000 // 4 + 2_000) // 10**6
    outage(evm, sequencer, 10_000)
    assert bench.check([(1, WAD)], maintenance=True).requirement == quarter
    evm.warp(750)
    bench.set_price(0, 2_000)
    assert bench.check([(1, WAD)], maintenance=True).requirement == 2_000 * WAD * 122_000 // 10**6
