"""RiskEngine.valueOf: what an amount is worth at the primary's price and at its edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.book import WAD
from tests.helpers.risk_bench import RiskBench

FRESH, DIVERGED, STALE, NONE = range(4)


@pytest.fixture
def bench(evm):
    bench = RiskBench(evm)
    bench.underlying(2_000, second=2_000, half_width=5_000, tolerance=20_000)
    bench.asset(0)
    bench.asset(0, decimals=6, rate="1.5", basis_band=10_000)
    bench.publish()
    return bench


def test_value_and_edges(bench):
    assert bench.engine.valueOf(0, 3 * WAD) == (6_000 * WAD, 5_970 * WAD, 6_030 * WAD, FRESH)


def test_a_wrapped_asset_has_its_rate_and_its_band(bench):
    value, low, high, status = bench.engine.valueOf(1, 10**6)
    assert (value, status) == (3_000 * WAD, FRESH)
    assert low == 3_000 * WAD * 995 * 99 // 100_000
    assert high == 3_000 * WAD * 1_005 * 101 // 100_000


def test_while_sources_disagree_the_edges_contain_both(bench):
    bench.set_second(0, 2_500)
    assert bench.engine.valueOf(0, WAD) == (2_000 * WAD, 1_990 * WAD, 2_500 * WAD, DIVERGED)


def test_a_silent_rate_is_no_price(bench):
    bench.set_rate(1, 0)
    assert bench.engine.valueOf(1, 10**6)[0::3] == (3_000 * WAD, NONE)


def test_without_a_price_the_last_good_one(bench):
    bench.kill(0)
    assert bench.engine.valueOf(0, WAD)[0::3] == (2_000 * WAD, NONE)


def test_an_unknown_asset_is_refused(bench, evm):
    with evm.reverts("RiskEngine_UnknownAsset", 2):
        bench.engine.valueOf(2, 1)


@given(amount=st.integers(0, 2**111), asset=st.integers(0, 1))
def test_edges_enclose_the_value(bench, amount, asset):
    value, low, high, _ = bench.engine.valueOf(asset, amount)
    assert low <= value <= high
