"""OracleRouter, rate sources: what a token is worth in its underlying, and what counts while nobody knows."""

import pytest

from tests.helpers.book import WAD
from tests.helpers.risk_bench import ACCOUNT, RiskBench, holding

FRESH, NONE = 0, 3
REVERT, BURN, SHORT = 1, 2, 3
WSTETH = 1


@pytest.fixture
def bench(evm):
    bench = RiskBench(evm)
    bench.underlying(2_000, half_width=0)
    bench.asset(0)
    bench.asset(0, rate="1.2", basis_band=0, unwinding=0)
    bench.publish()
    return bench


def silence(bench, how):
    if how == "zero":
        bench.set_rate(WSTETH, 0)
    else:
        bench.rate_sources[WSTETH].setFailure(how)
        bench.rates[WSTETH] = -bench.engine.lastRate(WSTETH)


SILENCES = ["zero", REVERT, BURN, SHORT]


def test_a_token_is_worth_its_rate_times_the_underlying(bench):
    assert bench.check([(WSTETH, WAD)]).equity == 2_400 * WAD


@pytest.mark.parametrize("how", SILENCES)
def test_held_without_a_rate_counts_for_nothing_in_new_risk(bench, how):
    silence(bench, how)
    answer = bench.check([(WSTETH, WAD)])
    assert (answer.equity, answer.requirement, answer.status) == (0, 0, FRESH)


@pytest.mark.parametrize("how", SILENCES)
def test_owed_without_a_rate_counts_at_the_last_good_one_and_forbids_new_risk(bench, how):
    silence(bench, how)
    answer = bench.check([(WSTETH, -WAD)])
    assert (answer.equity, answer.status) == (-2_400 * WAD, NONE)


@pytest.mark.parametrize("sign", [1, -1])
def test_for_liquidation_the_last_good_rate_counts(bench, sign):
    bench.set_rate(WSTETH, "1.25")
    bench.poke(0)
    silence(bench, "zero")
    answer = bench.check([(WSTETH, sign * WAD)], maintenance=True)
    assert (answer.equity, answer.status) == (sign * 2_500 * WAD, NONE)


def test_publishing_records_the_first_rate_and_poke_the_next(bench):
    assert bench.engine.lastRate(WSTETH) == 12 * WAD // 10
    bench.set_rate(WSTETH, "1.21")
    assert bench.engine.poke(0).events("RateRecorded") == [{"assetId": WSTETH, "rateWad": 121 * WAD // 100}]
    assert bench.engine.poke(0).logs == []
    assert bench.engine.lastRate(WSTETH) == 121 * WAD // 100


def test_poke_records_no_missing_rate(bench):
    silence(bench, "zero")
    bench.engine.poke(0)
    assert bench.engine.lastRate(WSTETH) == 12 * WAD // 10


def test_a_rate_that_was_never_known_counts_as_one(evm):
    bench = RiskBench(evm)
    bench.underlying(2_000)
    bench.asset(0, rate=0)
    bench.publish()
    assert bench.check([(0, -WAD)], maintenance=True).equity == -2_000 * WAD


@pytest.mark.parametrize(("rate", "known"), [(10**9, True), (10**9 + 1, False)])
def test_an_absurd_rate_is_none(bench, rate, known):
    bench.set_rate(WSTETH, rate)
    assert bench.check([(WSTETH, -1)]).status == (FRESH if known else NONE)


def test_a_caller_short_of_gas_cannot_silence_a_rate(bench, evm):
    words = [holding(WSTETH, WAD)]
    for gas in range(60_000, 1_000_000, 20_000):
        try:
            answer = bench.engine.assess.call(ACCOUNT, words, [], 0, False, gas=gas)
        except evm.Reverted:
            continue
        assert answer.equity == 2_400 * WAD


def test_poke_asks_only_for_rates_of_its_underlying(evm):
    bench = RiskBench(evm)
    bench.underlying(2_000)
    bench.underlying(1)
    bench.asset(1)
    bench.asset(0, rate="1.1")
    bench.publish()
    bench.set_rate(1, "1.2")
    bench.engine.poke(1)
    assert bench.engine.lastRate(1) == 11 * WAD // 10
