"""OracleRouter, two sources: one that lies can only forbid new risk, and delay a takeover by five minutes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.model.risk import AGREEMENT_TIME, DIVERGENCE_TIMEOUT, SIGHTING_LIFE
from tests.helpers.book import WAD
from tests.helpers.risk_bench import RiskBench

FRESH, DIVERGED, STALE, NONE = range(4)
REVERT, BURN, SHORT = 1, 2, 3


def dollar(bench):
    bench.underlying(
        1, heartbeat=86_400, half_width=1_000, initial_down=20_000, initial_up=20_000, down=15_000, up=15_000
    )


@pytest.fixture
def bench(evm):
    """ETH at 2,000 with a second source, tolerance 2%, half-width 0.5%; and a dollar."""
    bench = RiskBench(evm)
    bench.underlying(2_000, second=2_000, tolerance=20_000, half_width=5_000, heartbeat=86_400)
    dollar(bench)
    bench.asset(1, decimals=6)
    bench.asset(0)
    bench.publish()
    return bench


# Both are healthy at 2,000; the first is not at 1,900.
LONG = [(0, -17_000 * 10**6), (1, 10 * WAD)]
SHORT_ETH = [(0, 23_500 * 10**6), (1, -10 * WAD)]


def is_healthy(bench, holdings):
    answer = bench.assess(holdings, maintenance=True)
    return answer.equity + answer.uncertainty >= answer.requirement


def edges(bench):
    return tuple(bench.engine.band(0)[1:3])


@pytest.mark.parametrize("second", [1_960, 2_040])
def test_within_the_tolerance_the_primary_is_the_price(bench, second):
    bench.set_second(0, second)
    assert bench.engine.band(0) == (2_000 * WAD, 1_990 * WAD, 2_010 * WAD, 10 * WAD, FRESH)


@pytest.mark.parametrize(
    ("second", "low", "high"),
    [("1959.99", "1959.99", 2_010), ("2040.01", 1_990, "2040.01"), (500, 500, 2_010), (9_000, 1_990, 9_000)],
)
def test_beyond_the_tolerance_the_band_contains_both(bench, second, low, high):
    bench.set_second(0, second)
    assert bench.engine.band(0).status == DIVERGED
    assert edges(bench) == tuple(int(float(edge) * 100) * WAD // 100 for edge in (low, high))


def test_a_second_price_inside_the_half_width_widens_nothing(evm):
    bench = RiskBench(evm)
    bench.underlying(2_000, second=2_009, tolerance=1_000, half_width=5_000)
    bench.publish()
    assert bench.engine.band(0) == (2_000 * WAD, 1_990 * WAD, 2_010 * WAD, 10 * WAD, DIVERGED)


def test_an_absurd_second_price_counts_up_to_the_bounds(evm):
    bench = RiskBench(evm)
    bench.underlying(2_000, second=2_000, min_price=100 * WAD, max_price=10_000 * WAD)
    bench.publish()
    bench.seconds[0].set(2**256 - 1)
    assert bench.engine.band(0).highWad == 10_000 * WAD
    bench.seconds[0].set(1)
    assert bench.engine.band(0).lowWad == 100 * WAD


@pytest.mark.parametrize("failure", [REVERT, BURN, SHORT])
def test_a_second_source_that_fails_is_silent(bench, failure):
    bench.set_second(0, 3_000)
    bench.seconds[0].setFailure(failure)
    assert bench.engine.band(0) == (2_000 * WAD, 1_990 * WAD, 2_010 * WAD, 10 * WAD, FRESH)


def test_silence_is_no_disagreement(bench):
    bench.set_second(0, 0)
    assert bench.engine.band(0).status == FRESH


def test_a_caller_short_of_gas_cannot_silence_a_second_source(bench, evm):
    bench.set_second(0, 3_000)
    for gas in range(60_000, 1_000_000, 20_000):
        try:
            answer = bench.engine.band.call(0, gas=gas)
        except evm.Reverted:
            continue
        assert answer.status == DIVERGED


def test_a_failing_source_costs_its_caller_its_full_gas(bench, evm):
    bench.seconds[0].setFailure(REVERT)
    with evm.reverts("RiskEngine_OutOfGas", bench.seconds[0]):
        bench.engine.band.call(0, gas=700_000)
    assert bench.engine.band.call(0, gas=800_000).status == FRESH


def test_without_a_primary_the_second_source_decides_nothing(bench):
    bench.kill(0)
    bench.set_second(0, 3_000)
    assert bench.engine.band(0) == (2_000 * WAD, 1_990 * WAD, 2_010 * WAD, 10 * WAD, NONE)


def test_a_stale_primary_that_is_disputed_is_stale_and_widened(bench, evm):
    bench.set_second(0, 2_300)
    evm.warp(86_401)
    band = bench.engine.band(0)
    assert (band.status, band.highWad) == (STALE, 2_300 * WAD)


# ORA-1: new risk


@pytest.mark.parametrize("lie", [1, 1_000, 1_950, 2_050, 4_000, 10**6])
def test_a_lying_second_source_opens_no_debt(bench, lie):
    """ORA-1: the lie forbids new risk, and never raises what an account may owe."""
    for holdings in (LONG, SHORT_ETH):
        honest = bench.assess(holdings)
        bench.set_second(0, lie)
        lied = bench.assess(holdings)
        assert lied.status == DIVERGED
        slack = lied.equity - lied.uncertainty - lied.requirement
        assert slack <= honest.equity - honest.uncertainty - honest.requirement
        bench.set_second(0, 2_000)


@pytest.mark.parametrize("lie", [1_000, 1_950, 2_050, 4_000])
def test_a_lying_primary_opens_no_debt(bench, lie):
    """ORA-1: judged at the lie the account is worth no more than at the truth."""
    for holdings in (LONG, SHORT_ETH):
        bench.set_price(0, 2_000)
        honest = bench.assess(holdings)
        bench.set_price(0, lie)
        lied = bench.assess(holdings)
        assert lied.status == DIVERGED
        slack = lied.equity - lied.uncertainty - lied.requirement
        assert slack <= honest.equity - honest.uncertainty - honest.requirement + 2 * 100 * WAD


def test_new_risk_is_never_left_to_the_primary_alone(bench, evm):
    bench.set_price(0, 4_000)
    bench.poke(0)
    evm.warp(DIVERGENCE_TIMEOUT + 1)
    bench.poke(0)
    answer = bench.assess(LONG)
    assert answer.status == DIVERGED
    at_the_second = 10 * 2_000 * WAD - 17_000 * WAD * 1_001 // 1_000
    assert 0 <= at_the_second - (answer.equity - answer.uncertainty) < 10**6


# ORA-1: takeovers


@pytest.mark.parametrize("lie", [500, 1_900])
def test_a_lying_primary_forces_no_takeover(bench, lie):
    """ORA-1: the favourable edge is the second source's, and requirements are counted at the lower price."""
    assert is_healthy(bench, LONG)
    bench.set_price(0, lie)
    assert is_healthy(bench, LONG)


@pytest.mark.parametrize("lie", [2_100, 9_000])
def test_a_lying_primary_forces_no_takeover_of_a_short(bench, lie):
    """ORA-1, upwards."""
    assert is_healthy(bench, SHORT_ETH)
    bench.set_price(0, lie)
    assert is_healthy(bench, SHORT_ETH)


def test_a_lie_upwards_does_not_force_a_hedged_account_by_its_requirement(evm):
    """ORA-1: long 100 and short 99 gain less by a higher price than their requirement does."""
    bench = RiskBench(evm)
    bench.underlying(2_000, second=2_000)
    dollar(bench)
    bench.asset(1, decimals=6)
    bench.asset(0)
    bench.asset(0, basis_shock=10_000)
    bench.publish()
    hedged = [(0, 53_000 * 10**6), (1, 100 * WAD), (2, -99 * WAD)]
    assert is_healthy(bench, hedged)
    for lie in (2_500, 1_500, 100_000):
        bench.set_second(0, lie)
        assert is_healthy(bench, hedged)
        bench.check(hedged, maintenance=True)
    bench.set_second(0, 2_000)
    for lie in (2_500, 1_500):
        bench.set_price(0, lie)
        assert is_healthy(bench, hedged)


def unhealthy_long(bench):
    bench.set_price(0, 1_900)
    bench.set_second(0, 1_900)
    assert not is_healthy(bench, LONG)
    return LONG


def test_a_lie_delays_a_takeover_by_the_timeout_and_no_more(bench, evm):
    """ORA-1: five minutes after anybody's poke the primary alone decides."""
    account = unhealthy_long(bench)
    bench.set_second(0, 2_400)
    assert is_healthy(bench, account)
    bench.poke(0)
    evm.warp(DIVERGENCE_TIMEOUT - 1)
    assert is_healthy(bench, account)
    evm.warp(1)
    assert not is_healthy(bench, account)
    evm.warp(SIGHTING_LIFE - DIVERGENCE_TIMEOUT)
    assert not is_healthy(bench, account)


def test_after_the_timeout_money_changes_hands_at_the_primary_price(bench, evm):
    account = unhealthy_long(bench)
    bench.set_second(0, 2_400)
    bench.poke(0)
    assert bench.assess(account, maintenance=True).equity == 10 * (24_000 - 95) * WAD // 10 - 17_000 * WAD
    evm.warp(DIVERGENCE_TIMEOUT)
    assert bench.assess(account, maintenance=True).equity == 10 * 1_900 * WAD - 17_000 * WAD


def test_one_agreeing_block_does_not_restart_the_clock(bench, evm):
    """ORA-1: the liar tells the truth for a block, just before the timeout."""
    account = unhealthy_long(bench)
    bench.set_second(0, 2_400)
    bench.poke(0)
    evm.warp(DIVERGENCE_TIMEOUT - 30)
    bench.set_second(0, 1_900)
    bench.poke(0)
    assert not is_healthy(bench, account)  # while he tells the truth the account can be taken over
    evm.warp(12)
    bench.set_second(0, 2_400)
    bench.poke(0)
    evm.warp(18)
    assert not is_healthy(bench, account)


def test_agreement_that_a_poke_interrupts_ends_nothing(bench, evm):
    bench.set_second(0, 2_400)
    bench.poke(0)
    since = bench.engine.priceRecord(0).divergedSince
    for _ in range(4):
        evm.warp(30)
        bench.set_second(0, 2_000)
        bench.poke(0)
        evm.warp(AGREEMENT_TIME - 1)
        bench.set_second(0, 2_400)
        bench.poke(0)
    assert bench.engine.priceRecord(0).divergedSince == since


def test_a_minute_of_agreement_ends_it(bench, evm):
    bench.set_second(0, 2_400)
    tx = bench.engine.poke(0)
    since = evm.now
    assert tx.events("DivergenceSeen") == [{"underlying": 0, "since": since}]
    evm.warp(100)
    bench.set_second(0, 2_000)
    assert bench.engine.poke(0).events("DivergenceEnded") == []
    evm.warp(AGREEMENT_TIME)
    assert bench.engine.poke(0).events("DivergenceEnded") == [{"underlying": 0}]
    assert bench.engine.priceRecord(0)[:3] == (0, 0, 0)


def test_the_timeout_cannot_be_armed_in_advance(bench, evm):
    """ORA-1: an old divergence that nobody ended is no divergence of now."""
    bench.set_second(0, 2_400)
    bench.poke(0)
    bench.set_second(0, 2_000)
    evm.warp(SIGHTING_LIFE + 1)
    bench.set_price(0, 1_500)  # now the primary lies
    assert is_healthy(bench, LONG)
    bench.poke(0)
    assert is_healthy(bench, LONG)
    assert bench.engine.priceRecord(0).divergedSince == evm.now


def test_a_borrower_disarms_an_old_divergence_by_two_pokes(bench, evm):
    bench.set_second(0, 2_400)
    bench.poke(0)
    bench.set_second(0, 2_000)
    bench.poke(0)
    evm.warp(AGREEMENT_TIME)
    bench.poke(0)
    evm.warp(DIVERGENCE_TIMEOUT)
    bench.set_price(0, 1_500)
    assert is_healthy(bench, LONG)


def test_a_divergence_stays_alive_by_pokes(bench, evm):
    account = unhealthy_long(bench)
    bench.set_second(0, 2_400)
    for _ in range(12):  # an hour
        bench.poke(0)
        evm.warp(DIVERGENCE_TIMEOUT)
        assert not is_healthy(bench, account)


def test_silence_neither_begins_nor_ends_a_divergence(bench, evm):
    bench.set_second(0, 2_400)
    bench.poke(0)
    record = bench.engine.priceRecord(0)
    bench.set_second(0, 0)
    evm.warp(AGREEMENT_TIME)
    bench.poke(0)
    assert bench.engine.priceRecord(0)[:3] == record[:3]


def test_a_disputed_price_is_not_recorded_as_good(bench, evm):
    evm.warp(5)
    bench.set_price(0, 1_000)
    bench.poke(0)
    assert bench.engine.priceRecord(0).priceWad == 2_000 * WAD


events = st.sampled_from(["agree", "lie up", "lie down", "silence", "kill", "revive"])


@given(steps=st.lists(st.tuples(events, st.integers(0, 400), st.booleans()), max_size=25))
def test_records_are_the_models(bench, evm, steps):
    with evm.isolation():
        sources = list(bench.sources)
        for event, wait, poked in steps:
            if event == "kill":
                bench.kill(0)
            elif event == "revive":
                bench.set_price(0, 2_000)
            else:
                bench.set_second(0, {"agree": 2_000, "lie up": 3_000, "lie down": 900, "silence": 0}[event])
            if poked:
                bench.poke(0)
            evm.warp(wait)
            bench.check(LONG, maintenance=True)
            bench.check(LONG)
        bench.sources = sources


@given(steps=st.lists(st.tuples(st.integers(1, 120), st.booleans()), min_size=1, max_size=60))
def test_no_pattern_of_lies_delays_by_more_than_the_timeout(bench, evm, steps):
    """ORA-1 against any liar who agrees and lies in turn, before a taker who pokes in every block.

    Between two moments at which the account can be taken over lies at most the timeout (and a block).
    """
    block = 12
    with evm.isolation():
        sources = list(bench.sources)
        account = unhealthy_long(bench)
        last = evm.now
        for blocks, lies in steps:
            bench.set_second(0, 2_400 if lies else 1_900)
            for _ in range(blocks % 40):
                bench.poke(0)
                if not is_healthy(bench, account):
                    last = evm.now
                assert evm.now - last <= DIVERGENCE_TIMEOUT + block
                evm.warp(block)
            bench.set_price(0, 1_900)
        bench.sources = sources
