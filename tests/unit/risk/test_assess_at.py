"""RiskEngine.assessAt: an account as it would be at another price of one underlying."""

import pytest

from tests.helpers.book import WAD
from tests.helpers.risk_bench import ACCOUNT, RiskBench, as_model, holding

FRESH, STALE = 0, 2


@pytest.fixture
def bench(evm):
    bench = RiskBench(evm)
    bench.underlying(1)
    bench.underlying(2_000, second=2_000)
    bench.asset(0, decimals=6)
    bench.asset(1, depth=10**6)
    bench.publish()
    return bench


HOLDINGS = [(0, -10_000 * 10**6), (1, 10 * WAD)]


def at(bench, price, maintenance, underlying=1):
    words = [holding(*each) for each in HOLDINGS]
    return bench.engine.assessAt(ACCOUNT, words, [], int(maintenance), underlying, price)


@pytest.mark.parametrize("price", [1, 1_500, 2_000, 90_000])
@pytest.mark.parametrize("maintenance", [False, True])
def test_it_is_the_assessment_at_that_price(bench, price, maintenance):
    assumed = at(bench, price * WAD, maintenance)
    bench.set_price(1, price)
    bench.set_second(1, price)
    assert tuple(assumed) == tuple(bench.assess(HOLDINGS, maintenance))
    bench.check(HOLDINGS, maintenance)


@pytest.mark.parametrize("maintenance", [False, True])
def test_what_the_sources_say_of_it_does_not_matter(bench, evm, maintenance):
    calm = as_model(at(bench, 1_800 * WAD, maintenance))
    bench.set_second(1, 5_000)
    assert as_model(at(bench, 1_800 * WAD, maintenance)) == calm
    bench.kill(1)
    assert as_model(at(bench, 1_800 * WAD, maintenance)) == calm


def test_the_other_prices_are_as_they_are(bench, evm):
    evm.warp(3_601)
    bench.set_price(1, 2_000)
    assert at(bench, 2_000 * WAD, False).status == STALE


def test_at_nothing_it_is_worth_nothing(bench):
    answer = at(bench, 0, True)
    assert answer.equity == -10_000 * WAD


def test_an_unknown_underlying_is_refused(bench, evm):
    with evm.reverts("RiskEngine_UnknownUnderlying", 2):
        at(bench, WAD, True, underlying=2)
