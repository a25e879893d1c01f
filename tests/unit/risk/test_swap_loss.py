"""RiskEngine.swapLoss: what a swap lost against the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.book import WAD, Domain
from tests.helpers.risk_bench import RiskBench

USDC, WETH, WSTETH = range(3)


@pytest.fixture
def bench(evm):
    bench = RiskBench(evm, domain=Domain(swap_loss=10_000))
    bench.underlying(1, half_width=1_000)
    bench.underlying(2_000, second=2_000, half_width=5_000, tolerance=20_000)
    bench.asset(0, decimals=6)
    bench.asset(1)
    bench.asset(1, rate="1.2")
    bench.publish()
    return bench


def loss(bench, asset_in, amount_in, asset_out, amount_out):
    return bench.engine.swapLoss(asset_in, amount_in, asset_out, amount_out)[0]


def test_loss_is_what_is_missing_of_what_was_spent(bench):
    assert loss(bench, USDC, 2_000 * 10**6, WETH, 99 * WAD // 100) == WAD // 100
    assert loss(bench, WETH, WAD, USDC, 1_900 * 10**6) == 5 * WAD // 100
    assert loss(bench, WETH, 12 * WAD // 10, WSTETH, WAD // 2) == WAD // 2


def test_a_fair_swap_and_a_gain_lose_nothing(bench):
    assert loss(bench, USDC, 2_000 * 10**6, WETH, WAD) == 0
    assert loss(bench, USDC, 2_000 * 10**6, WETH, 2 * WAD) == 0


def test_the_bound_is_the_domains(bench):
    assert bench.engine.swapLoss(USDC, 1, WETH, 1)[1] == WAD // 100


def test_nothing_spent_is_nothing_lost(bench):
    assert loss(bench, USDC, 0, WETH, 0) == 0


def test_nothing_bought_is_everything_lost(bench):
    assert loss(bench, USDC, 10**6, WETH, 0) == WAD


def test_while_sources_disagree_a_buy_counts_the_lower_price_and_a_sale_the_upper(bench):
    bench.set_second(1, 2_510)
    assert loss(bench, USDC, 2_000 * 10**6, WETH, WAD) == 0  # bought: 1,990 + 10
    assert loss(bench, WETH, WAD, USDC, 2_000 * 10**6) == WAD // 5  # spent: 2,510 - 10
    bench.set_second(1, 1_592)
    assert loss(bench, USDC, 2_000 * 10**6, WETH, WAD) == WAD // 5  # bought: 1,592 / 99.5%
    assert loss(bench, WETH, WAD, USDC, 2_000 * 10**6) == 0


@pytest.mark.parametrize(("asset_in", "asset_out"), [(USDC, WETH), (WETH, USDC)])
def test_a_side_without_a_price_loses_everything(bench, asset_in, asset_out):
    bench.kill(1)
    assert loss(bench, asset_in, 10**6, asset_out, 10**30) == WAD


def test_a_stale_price_still_measures(bench, evm):
    evm.warp(3_601)
    assert loss(bench, USDC, 2_000 * 10**6, WETH, WAD // 2) == WAD // 2


def test_an_unknown_asset_is_refused(bench, evm):
    with evm.reverts("RiskEngine_UnknownAsset", 3):
        bench.engine.swapLoss(USDC, 1, 3, 1)


@given(spent=st.integers(1, 2**100), bought=st.integers(0, 2**100))
def test_a_loss_is_rounded_up_and_at_most_everything(bench, spent, bought):
    value_in = spent * WAD // 10**6
    value_out = bought * 2_000
    got = loss(bench, USDC, spent, WETH, bought)
    assert 0 <= got <= WAD
    exact = max(0, value_in - value_out) * WAD
    assert got * value_in >= exact
    assert (got - 1) * value_in < exact or got == 0
