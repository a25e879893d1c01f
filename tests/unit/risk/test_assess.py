"""RiskEngine.assess: equity, uncertainty and requirement of tokens and debts."""

import pytest

from tests.helpers.book import ISOLATED, NONE, WAD, Domain
from tests.helpers.risk_bench import ACCOUNT, RiskBench, holding

FRESH, DIVERGED, STALE, NO_PRICE = range(4)
DAY = 86_400
USDC, WETH, WSTETH, WBTC = range(4)


@pytest.fixture
def bench(evm):
    """Dollars (6 decimals), ETH, wrapped staked ETH at 1.2 with a basis of its own, BTC (8 decimals)."""
    bench = RiskBench(evm)
    dollars = bench.underlying(
        1, half_width=1_000, initial_down=20_000, initial_up=20_000, down=10_000, up=10_000
    )
    ether = bench.underlying(2_000, half_width=5_000, down=120_000, up=130_000)
    bitcoin = bench.underlying(40_000, half_width=4_000, down=100_000, up=110_000)
    bench.asset(dollars, decimals=6, unwinding=0)
    bench.asset(ether)
    bench.asset(ether, rate="1.2", basis_shock=15_000, basis_band=3_000)
    bench.asset(bitcoin, decimals=8)
    bench.publish()
    return bench


def test_nothing_is_worth_nothing_and_needs_nothing(bench):
    for maintenance in (False, True):
        answer = bench.check([], maintenance)
        assert (answer.equity, answer.uncertainty, answer.requirement) == (0, 0, 0)
        assert answer.status == FRESH


def test_one_collateral_by_hand(bench):
    answer = bench.check([(WETH, 3 * WAD)])
    assert answer.equity == 6_000 * WAD
    assert answer.uncertainty == 30 * WAD
    assert answer.requirement == 6_000 * WAD * (180_000 + 2_000) // 10**6
    answer = bench.check([(WETH, 3 * WAD)], maintenance=True)
    assert answer.requirement == 6_000 * WAD * (120_000 + 2_000) // 10**6


def test_one_debt_by_hand(bench):
    answer = bench.check([(WBTC, -5 * 10**7)], maintenance=True)
    assert answer.equity == -20_000 * WAD
    assert answer.debt_value == 20_000 * WAD
    assert answer.requirement == 20_000 * WAD * (110_000 + 2_000) // 10**6


def test_held_values_round_down_and_owed_ones_up(evm):
    bench = RiskBench(evm)
    bench.underlying(1)
    bench.asset(0, decimals=27)
    bench.publish()
    assert bench.check([(0, 10**9 - 1)]).equity == 0
    assert bench.check([(0, -1)]).equity == -1


def test_a_wrapped_asset_has_its_basis_on_top(bench):
    answer = bench.check([(WSTETH, WAD)], maintenance=True)
    assert answer.equity == 2_400 * WAD
    assert answer.requirement == 2_400 * WAD * (120_000 + 15_000 + 2_000) // 10**6
    assert answer.uncertainty == 2_400 * WAD * (5_000 + 3_000) // 10**6


def test_edges_are_taken_once_per_underlying(bench):
    """Staked ether against ether owed: what is hedged is certain, but for the basis."""
    hedged = bench.check([(WETH, -12 * WAD), (WSTETH, 10 * WAD)])
    assert hedged.equity == 0
    assert hedged.uncertainty == 24_000 * WAD * 3_000 // 10**6
    half = bench.check([(WETH, -6 * WAD), (WSTETH, 10 * WAD)])
    assert half.uncertainty == 12_000 * WAD * 5_000 // 10**6 + 24_000 * WAD * 3_000 // 10**6
    other = bench.check([(WSTETH, 10 * WAD), (WBTC, -6 * 10**7)])
    assert other.uncertainty == 24_000 * WAD * (5_000 + 3_000 + 4_000) // 10**6


def test_a_requirement_of_standard_margin_does_not_net(bench):
    both = bench.check([(WETH, -12 * WAD), (WSTETH, 10 * WAD)], maintenance=True)
    assert both.requirement == 24_000 * WAD * (120_000 + 17_000 + 130_000 + 2_000) // 10**6


def test_the_requirement_of_what_is_held_is_at_most_its_value(evm):
    bench = RiskBench(evm)
    bench.underlying(10, down=999_000, initial_down=999_000)
    bench.asset(0, basis_shock=50_000)
    bench.publish()
    answer = bench.check([(0, WAD)], maintenance=True)
    assert answer.requirement == answer.equity == 10 * WAD
    assert bench.check([(0, -WAD)], maintenance=True).requirement > 0


def test_the_requirement_of_what_is_owed_has_no_such_bound(evm):
    bench = RiskBench(evm)
    bench.underlying(10, up=2_000_000, initial_up=2_000_000)
    bench.asset(0, unwinding=0)
    bench.publish()
    assert bench.check([(0, -WAD)], maintenance=True).requirement == 20 * WAD


def test_a_position_as_large_as_the_depth_has_a_shock_of_all_of_it(evm):
    bench = RiskBench(evm)
    bench.underlying(1, initial_down=0, down=0, initial_up=0, up=0)
    bench.asset(0, unwinding=0, depth=1_000)
    bench.publish()
    assert bench.check([(0, 250 * WAD)]).requirement == 250 * WAD // 4
    assert bench.check([(0, 1_000 * WAD)]).requirement == 1_000 * WAD
    assert bench.check([(0, 3_000 * WAD)]).requirement == 3_000 * WAD
    assert bench.check([(0, -3_000 * WAD)]).requirement == 9_000 * WAD


def test_new_risk_never_needs_less_than_liquidation_would(evm):
    """Where a ramp has taken the maintenance shock past the initial one."""
    bench = RiskBench(evm)
    bench.underlying(10, initial_down=100_000, initial_up=100_000, down=300_000, up=400_000)
    bench.asset(0, unwinding=0)
    bench.publish()
    assert bench.check([(0, WAD)]).requirement == 3 * WAD
    assert bench.check([(0, -WAD)]).requirement == 4 * WAD


def test_the_minimum_debt_walks_with_the_domain(evm):
    now = evm.now
    bench = RiskBench(evm, domain=Domain(now, now + 100, min_debt=1_000, min_debt_from=500))
    bench.underlying(1)
    bench.asset(0)
    bench.publish()
    for wait, minimum in ((0, 500), (50, 750), (50, 1_000), (50, 1_000)):
        evm.warp(wait)
        assert bench.assess([(0, WAD)]).minimumDebt == minimum * WAD


# Ramps


def test_a_maintenance_requirement_rises_along_its_ramp(evm):
    """GOV-1: shock, basis, unwinding and band, each on its way."""
    now = evm.now
    ramp = {"ramp_start": now, "ramp_end": now + 1_000}
    bench = RiskBench(evm)
    bench.underlying(100, half_width=20_000, half_width_from=10_000, down=200_000, down_from=100_000, **ramp)
    bench.asset(
        0,
        basis_shock=40_000,
        basis_shock_from=0,
        unwinding=8_000,
        unwinding_from=4_000,
        basis_band=2_000,
        basis_band_from=0,
        **ramp,
    )
    bench.publish()
    for wait, shock, band in ((0, 104_000, 10_000), (250, 140_000, 13_000), (750, 248_000, 22_000)):
        evm.warp(wait)
        answer = bench.check([(0, WAD)], maintenance=True)
        assert answer.requirement == 100 * WAD * shock // 10**6
        assert answer.uncertainty == 100 * WAD * band // 10**6


# Tiers


def test_custody_counts_for_nothing_in_new_risk_and_as_ever_in_liquidation(bench):
    """GOV-1: taking an asset's tier away liquidates nobody."""
    before = bench.check([(WETH, WAD)], maintenance=True)
    bench.assets[WETH].tier = NONE
    bench.publish()
    answer = bench.check([(WETH, WAD)])
    assert (answer.equity, answer.uncertainty, answer.requirement) == (0, 0, 0)
    assert bench.check([(WETH, WAD)], maintenance=True) == before


def test_a_debt_counts_whatever_the_tier(bench):
    bench.assets[WETH].tier = NONE
    bench.publish()
    assert bench.check([(WETH, -WAD)]).equity == -2_000 * WAD


@pytest.mark.parametrize(
    ("others", "counts"),
    [
        ([], True),
        ([(USDC, -(10**9))], True),
        ([(USDC, 10**9)], True),
        ([(WBTC, 1)], False),
        ([(WBTC, -1)], False),
        ([(WBTC, 0)], True),
    ],
)
def test_isolated_collateral_counts_beside_the_settlement_asset_alone(bench, others, counts):
    bench.assets[WETH].tier = ISOLATED
    bench.publish()
    with_it = bench.check([*others, (WETH, WAD)])
    without = bench.check(others)
    assert with_it.equity - without.equity == (2_000 * WAD if counts else 0)
    assert bench.check([*others, (WETH, WAD)], maintenance=True).equity > without.equity


def test_isolated_collateral_does_not_count_beside_an_instrument(bench, evm):
    bench.assets[WETH].tier = ISOLATED
    bench.publish()
    instrument = evm.deploy("MockScenarioInstrument", [], 0)
    instrument.setAnswers((0, 0, [], [], 0, 0, 0), (0, 0, [], [], 0, 0, 0))
    words = [holding(WETH, WAD)]
    assert bench.engine.assess(ACCOUNT, words, [instrument.address], 0, False).equity == 0
    assert bench.engine.assess(ACCOUNT, words, [instrument.address], 1, False).equity == 2_000 * WAD


# Prices that are missing


def test_a_dead_collateral_counts_for_nothing_in_new_risk_and_blocks_nothing(bench):
    bench.kill(1)
    answer = bench.check([(USDC, 10**9), (WETH, WAD)])
    assert (answer.equity, answer.status) == (1_000 * WAD, FRESH)


def test_a_dead_debt_counts_at_the_upper_edge_and_forbids_new_risk(bench, evm):
    bench.kill(1)
    evm.warp(3_600 + DAY)  # the heartbeat and a day: 0.5% and 5%
    answer = bench.check([(WETH, -WAD)])
    assert answer.status == NO_PRICE
    assert answer.worst == -2_000 * WAD * 1_055 // 1_000


def test_for_liquidation_a_dead_price_counts_in_the_accounts_favour(bench, evm):
    bench.kill(1)
    evm.warp(3_600 + DAY)
    held = bench.check([(WETH, WAD)], maintenance=True)
    owed = bench.check([(WETH, -WAD)], maintenance=True)
    assert held.favourable == 2_000 * WAD * 1_055 // 1_000
    assert owed.favourable == -2_000 * WAD * 945 // 1_000


@pytest.mark.parametrize("sign", [1, -1])
def test_one_wei_of_a_dead_token_shields_nobody_and_forces_nothing(bench, evm, sign):
    account = [(USDC, -17_000 * 10**6), (WBTC, 5 * 10**7)]
    before = bench.check(account, maintenance=True)
    bench.kill(1)
    evm.warp(400 * DAY)
    for underlying in (0, 2):
        bench.set_price(underlying, [1, 0, 40_000][underlying])
    after = bench.check([*account, (WETH, sign)], maintenance=True)
    for name in ("equity", "uncertainty", "requirement"):
        assert abs(getattr(after, name) - getattr(before, name)) <= 10**4


def test_a_stale_price_forbids_new_risk_and_counts(bench, evm):
    evm.warp(3_601)
    answer = bench.check([(WETH, WAD)])
    assert (answer.status, answer.equity) == (STALE, 2_000 * WAD)


def test_custody_with_a_stale_price_stands_in_nobodys_way(bench, evm):
    bench.assets[WBTC].tier = NONE
    bench.publish()
    evm.warp(3_601)
    bench.set_price(0, 1)
    bench.set_price(1, 2_000)
    assert bench.check([(USDC, -(10**9)), (WETH, WAD), (WBTC, 10**8)]).status == FRESH
    assert bench.check([(USDC, -(10**9)), (WETH, WAD), (WBTC, -1)]).status == STALE


# Assets that the book does not know


def test_an_unknown_asset_counts_for_nothing_where_it_is_held(bench):
    """A listed token that the book does not know yet must not stand in the way of a takeover."""
    for maintenance in (False, True):
        known = bench.check([(WETH, WAD)], maintenance)
        both = bench.check([(WETH, WAD), (77, 10**30)], maintenance)
        assert (both.equity, both.requirement) == (known.equity, known.requirement)


@pytest.mark.parametrize("requirement", [0, 1])
def test_an_unknown_asset_cannot_be_owed(bench, evm, requirement):
    with evm.reverts("RiskEngine_UnknownAsset", 77):
        bench.engine.assess(ACCOUNT, [holding(77, -1)], [], requirement, False)


def test_an_empty_balance_is_not_looked_at(bench):
    bench.kill(1)
    assert bench.check([(WETH, 0), (77, 0), (USDC, 10**6)]).status == FRESH


# Magnitudes


@pytest.mark.parametrize("decimals", [0, 18, 27])
@pytest.mark.parametrize("rate", [None, "0.000000001", 10**9])
def test_the_largest_amounts_at_the_largest_price_do_not_overflow(evm, decimals, rate):
    bench = RiskBench(evm)
    bench.underlying(1, max_price=2**96 - 1, up=2**24 - 1, initial_up=2**24 - 1)
    bench.asset(0, decimals=decimals, rate=rate, depth=1, basis_band=2**24 - 1, basis_shock=2**24 - 1)
    bench.publish()
    bench.set_price(0, (2**96 - 1) // 10**18)
    for amount in (2**111 - 1, 1 - 2**111):
        for maintenance in (False, True):
            bench.check([(0, amount)] * 3, maintenance)
