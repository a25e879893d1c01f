"""LiquidationEngine.plan, case by case. Figures are worked out by hand, in dollars.

The usual account: 10 ETH at 2,000 with a shock of 12%, owing USDC (no shock). `R` is 2,400; with a debt of
17,840 `E` is 2,160 and health 0.9, so the premium is 21.25%.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from scripts.common.units import WAD
from scripts.model import liquidation as model
from tests.helpers.backend import Backend
from tests.helpers.takeover import ACCOUNT, DOMAIN, Asset, Bench, after, required, worth

PERCENT = WAD // 100
DOLLAR = 10**6  # of USDC's smallest units
USDC = Asset(0, 0, 10**30)
ETH = Asset(1, 10 * WAD, 2_000 * WAD, 12 * PERCENT, 12 * PERCENT)
BTC = Asset(2, 10**8, 40_000 * 10**28, 12 * PERCENT, 12 * PERCENT)
DAI = Asset(3, 0, WAD)
NEVER = 2**256 - 1


@pytest.fixture(scope="module")
def deployed(session_evm: Backend) -> Bench:
    return Bench.deploy(session_evm)


@pytest.fixture
def bench(deployed: Bench, evm: Backend) -> Bench:
    return deployed


def owing(dollars: int | float) -> Asset:
    return USDC.of(-int(dollars * DOLLAR))


def usual(dollars: int | float = 17_840) -> list[Asset]:
    return [owing(dollars), ETH]


def near(amount: int, dollars: float | Fraction, units: int = 5) -> bool:
    """Settlement tokens: a taker's payment rounds up by a few units."""
    return abs(amount - dollars * DOLLAR) <= units


# --- size and premium ---


def test_a_slice_reaches_the_target_and_pays_its_premium(bench: Bench) -> None:
    plan = bench.plan(usual())
    # f = (1.15 - 0.9) / (1.15 - 0.2125)
    fraction = Fraction(25, 100) / Fraction(9375, 10_000)
    assert plan.fraction == int(fraction * WAD)
    assert plan.equity == 2_160 * WAD and plan.requirement == 2_400 * WAD
    assert near(plan.payment, fraction * (2_160 - Fraction(2125, 10_000) * 2_400))
    assert plan.moved == [
        -(-17_840 * DOLLAR * plan.fraction // WAD),
        10 * WAD * plan.fraction // WAD,
    ] or plan.moved == [-(17_840 * DOLLAR * plan.fraction // WAD + 1), 10 * WAD * plan.fraction // WAD]
    left = after(usual(), plan)
    assert worth(left) / required(left) == pytest.approx(1.15, abs=1e-8)
    assert (plan.backstop_fee, plan.top_up, plan.insolvent, plan.salvaged) == (0, 0, False, False)
    assert plan.write_offs == [] and plan.absorbs == []


def test_a_smaller_fraction_is_taken_as_asked(bench: Bench) -> None:
    plan = bench.plan(usual(), fraction=WAD // 10)
    assert plan.fraction == WAD // 10
    assert near(plan.payment, 165)
    assert plan.moved == [-1_784 * DOLLAR, WAD]


def test_a_fraction_above_one_is_clamped(bench: Bench) -> None:
    """A stale or careless size harms nobody."""
    assert bench.plan(usual(), fraction=NEVER).fraction == bench.plan(usual()).fraction


def test_a_repaid_unit_in_front_changes_a_slice_by_a_unit(bench: Bench) -> None:
    """The size is a share of what is there: a repayment of one unit in front does not stop a takeover."""
    before, now = (
        bench.plan(usual(), fraction=WAD // 4),
        bench.plan([USDC.of(-17_840 * DOLLAR + 1), ETH], fraction=WAD // 4),
    )
    assert abs(before.payment - now.payment) <= 1 and before.fraction == now.fraction


def test_payment_is_in_settlement_tokens_at_their_own_price(bench: Bench) -> None:
    cheap = replace(USDC, price=8 * 10**29)
    account = [cheap.of(-22_300 * DOLLAR), ETH]
    plan = bench.plan(account, fraction=WAD // 10)
    assert near(plan.payment, Fraction(165 * 10, 8))


def test_payment_of_an_account_without_settlement_tokens_asks_for_their_price(bench: Bench) -> None:
    account = [ETH, DAI.of(-17_840 * WAD)]
    plan = bench.plan(account, fraction=WAD // 10, settlement=replace(USDC, price=5 * 10**29))
    assert near(plan.payment, 330)


def test_settlement_tokens_held_earn_no_premium(bench: Bench) -> None:
    """Nobody unwinds them: else a first taker's payment would earn a second one a premium (LIQ-2)."""
    cash = Asset(0, 10_000 * DOLLAR, 10**30, down=2 * PERCENT)
    debt = DAI.of(-27_800 * WAD)
    # E = 2,200; R = 2,400 + 200; base 2,400; premium at 2,200 / 2,400
    plan = bench.plan([cash, ETH, debt], fraction=WAD // 10)
    premium = Fraction(model.premium(2_200 * WAD // 2_400, DOMAIN), WAD)
    assert near(plan.payment, 220 - premium * 240)


def test_premium_is_all_of_health_where_health_is_small(bench: Bench) -> None:
    # E = 480, R = 2,400, health 0.2
    plan = bench.plan(usual(19_520), fraction=WAD // 2)
    assert plan.payment <= 3 and plan.top_up == 0
    left = after(usual(19_520), plan)
    assert Fraction(worth(left), required(left)) >= Fraction(1, 5)
    assert worth(left) / required(left) == pytest.approx(0.2, abs=1e-6)


def test_concentration_only_helps(bench: Bench) -> None:
    """LIQ-1: the rest of a concentrated position needs less margin than its part of the whole."""
    large = replace(ETH, depth=200_000 * WAD)
    account = [owing(15_900), large]
    assert worth(account) < required(account)
    plan = bench.plan(account, fraction=WAD // 5)
    left = after(account, plan)
    assert required(left) * 5 < required(account) * 4


# --- refusals ---


def test_a_healthy_account_is_refused(bench: Bench) -> None:
    """LIQ-3"""
    with bench.evm.reverts("LiquidationEngine_Healthy", ACCOUNT, 2_400 * WAD, 2_400 * WAD):
        bench.plan(usual(17_600))
    assert bench.plan(usual(17_600.000001)).fraction > 0


def test_the_favourable_edge_decides(bench: Bench) -> None:
    """LIQ-3"""
    with bench.evm.reverts("LiquidationEngine_Healthy", ACCOUNT, 2_400 * WAD, 2_400 * WAD):
        bench.plan(usual(), uncertainty=240 * WAD)
    assert bench.plan(usual(), uncertainty=240 * WAD - 1).fraction > 0


def test_who_owes_nothing_is_never_taken_over(bench: Bench) -> None:
    """Not even if concentration asked for more margin than his assets are worth."""
    bench.risk.setUncapped(True)
    with bench.evm.reverts("LiquidationEngine_Healthy", ACCOUNT, 20_000 * WAD, 40_000 * WAD):
        bench.plan([replace(ETH, down=2 * WAD)])
    assert bench.plan([owing(1), replace(ETH, down=2 * WAD)]).fraction > 0


def test_nobody_is_taken_over_while_the_sequencer_is_down(bench: Bench) -> None:
    with bench.evm.reverts("LiquidationEngine_SequencerGrace", NEVER):
        bench.plan(usual(), sequencer_up_for=0)


def test_nobody_is_taken_over_in_the_grace_period(bench: Bench, evm: Backend) -> None:
    bench.set_domain(replace(DOMAIN, grace_period=3_600))
    with bench.evm.reverts("LiquidationEngine_SequencerGrace", evm.now + 1):
        bench.plan(usual(), sequencer_up_for=3_599)
    assert bench.plan(usual(), sequencer_up_for=3_600).fraction > 0


def test_nothing_is_not_taken(bench: Bench) -> None:
    with bench.evm.reverts("LiquidationEngine_NothingToTake", ACCOUNT):
        bench.plan(usual(), fraction=0)
    with bench.evm.reverts("LiquidationEngine_NothingToTake", ACCOUNT):
        bench.plan(usual(), excluded_assets=[0, 1])


def test_a_worthless_settlement_asset_prices_nothing(bench: Bench) -> None:
    with bench.evm.reverts("LiquidationEngine_SettlementUnpriced"):
        bench.plan([ETH, DAI.of(-17_840 * WAD)], settlement=replace(USDC, price=0))


# --- dust ---


SMALL = [owing(124.88), ETH.of(7 * WAD // 100)]


def test_rather_than_dust_everything_is_taken(bench: Bench) -> None:
    """The target would leave 89 of a debt of 124.88, less than 100."""
    plan = bench.plan(SMALL)
    assert plan.fraction == WAD
    assert plan.moved == [-124_880_000, 7 * WAD // 100]
    assert near(plan.payment, 15.12 - 0.2125 * 16.8)


def test_a_slice_that_leaves_the_minimum_debt_is_just_a_slice(bench: Bench) -> None:
    assert bench.plan(SMALL, fraction=WAD // 10).fraction == WAD // 10
    assert bench.plan(SMALL, fraction=WAD // 4).fraction == WAD


def test_a_small_debt_beside_a_large_instrument_is_no_dust(bench: Bench) -> None:
    """A trader of instruments who owes a little is not taken over whole because of it."""
    account, held = [owing(50), DAI.of(2_000 * WAD)], [model.Instrument(-100 * WAD, 2_000 * WAD)]
    plan = bench.plan(account, held)
    assert 0 < plan.fraction < WAD


def test_a_fraction_that_would_leave_dust_is_raised_to_the_most_where_that_leaves_none(bench: Bench) -> None:
    """Three tenths leave 73 of the debt; the most, 58%, pays for all of what is left of it."""
    bench.set_domain(replace(DOMAIN, target=2 * WAD))
    account = [owing(155), replace(DAI, amount=300 * WAD, down=51 * PERCENT)]
    plan = bench.plan(account, fraction=3 * WAD // 10)
    assert WAD // 2 < plan.fraction < 6 * WAD // 10
    assert all(a.amount > 0 for a in after(account, plan))


# --- exclusions ---


def test_what_is_excluded_stays_and_counts_nothing(bench: Bench) -> None:
    account = [owing(53_000), ETH, BTC]
    # E = 7,000 < R = 7,200; without ETH the slice is -13,000: nobody would take it
    with bench.evm.reverts("LiquidationEngine_NothingToTake", ACCOUNT):
        bench.plan(account, excluded_assets=[1])
    small = [owing(38_500), ETH.of(WAD), BTC]
    # E = 3,500, R = 5,040: health 0.694; slice without ETH: 1,500 of 4,800; premium 0.3409...
    premium = Fraction(model.premium(3_500 * WAD // 5_040, DOMAIN), WAD)
    with bench.evm.reverts("LiquidationEngine_NothingToTake", ACCOUNT):
        bench.plan(small, excluded_assets=[1])
    smaller = [owing(38_500), ETH.of(WAD // 10), BTC]
    # E = 1,700, R = 4,824: health 0.352, premium 0.352 takes all: 1,500 < 0.352 * 4,800
    with bench.evm.reverts("LiquidationEngine_NothingToTake", ACCOUNT):
        bench.plan(smaller, excluded_assets=[1])
    assert premium < 1


def test_an_asset_that_cannot_be_sold_stays_with_the_account(bench: Bench) -> None:
    """LIQ-1 with something left behind."""
    account = [owing(36_500), ETH.of(WAD // 2), BTC]
    # E = 4,500, R = 4,920; slice without ETH: 3,500 of 4,800
    plan = bench.plan(account, excluded_assets=[1], fraction=WAD // 10)
    premium = Fraction(model.premium(4_500 * WAD // 4_920, DOMAIN), WAD)
    assert plan.moved[1] == 0 and plan.moved[2] == 10**7
    assert near(plan.payment, 350 - premium * 480)
    left = after(account, plan)
    assert worth(left) * required(account) >= worth(account) * required(left)


def test_a_debt_may_stay_where_health_does_not_fall(bench: Bench) -> None:
    plan = bench.plan(usual(), excluded_assets=[0], fraction=WAD // 10)
    assert plan.moved == [0, WAD]
    assert near(plan.payment, 2_000 - 0.2125 * 240)


def test_a_takeover_that_lowers_health_is_refused(bench: Bench) -> None:
    """LIQ-1: dollars of one kind for dollars of another, at a premium, leave the risk where it was."""
    dollars = Asset(3, 20_000 * WAD, WAD, down=2 * PERCENT)
    cash = Asset(0, 0, 10**30, down=2 * PERCENT, up=2 * PERCENT)
    account = [dollars, Asset(4, -5 * WAD, 3_500 * WAD, up=12 * PERCENT)]
    # E = 2,500 - R = 400 + 2,100
    account = [dollars, account[1].of(-5 * WAD - WAD // 100)]
    assert worth(account) < required(account)
    with bench.evm.reverts("LiquidationEngine_HealthWouldFall", ACCOUNT, None, None):
        bench.plan(account, excluded_assets=[4], settlement=cash)
    assert bench.plan(account, settlement=cash).fraction > 0


def test_an_instrument_may_stay_behind(bench: Bench) -> None:
    account, held = usual(), [model.Instrument(-10 * WAD, 50 * WAD), model.Instrument(0, 10 * WAD)]
    plan = bench.plan(account, held, excluded_instruments=[1], fraction=WAD // 10)
    assert plan.fraction == WAD // 10
    # E = 2,150, R = 2,460; slice 2,450
    premium = Fraction(model.premium(2_150 * WAD // 2_460, DOMAIN), WAD)
    assert near(plan.payment, 215 - premium * 245)


def test_exclusions_name_instruments_by_their_ids(bench: Bench) -> None:
    """The instrument of id 5 is second in the account's list."""
    bench.vault.setInstrument(1, "0x" + "00" * 20)
    bench.vault.setInstrument(5, f"0x{0x1002:040x}")
    account, held = usual(), [model.Instrument(-10 * WAD, 50 * WAD), model.Instrument(0, 10 * WAD)]
    plan = bench.plan(account, held, excluded_instruments=[5], fraction=WAD // 10)
    premium = Fraction(model.premium(2_150 * WAD // 2_460, DOMAIN), WAD)
    assert near(plan.payment, 215 - premium * 245)


# --- who lost a hedge ---


def test_who_lost_a_hedge_is_left_alone_until_his_grace_ends(bench: Bench) -> None:
    account, held = usual(), [model.Instrument(0, 10 * WAD), model.Instrument(0, 10 * WAD)]
    until = bench.evm.now + 600
    bench.set_grace(until, number=1)
    with bench.evm.reverts("LiquidationEngine_HedgeGrace", ACCOUNT, until):
        bench.plan(account, held)
    bench.evm.warp(600)
    assert bench.plan(account, held).fraction > 0


def test_an_insolvent_account_has_no_grace_for_a_lost_hedge(bench: Bench) -> None:
    bench.set_grace(bench.evm.now + 600)
    assert bench.plan(usual(20_100), [model.Instrument(0, 0)]).insolvent


# --- the backstop's share ---


def test_the_backstops_share_comes_out_of_the_takers_premium(bench: Bench) -> None:
    """LIQ-4: the account gets what it would have got without it."""
    alone = bench.plan(usual(), fraction=WAD // 10)
    bench.set_domain(replace(DOMAIN, backstop_share=WAD // 5))
    shared = bench.plan(usual(), fraction=WAD // 10)
    assert shared.payment == alone.payment
    assert near(shared.backstop_fee, 0.2 * 0.2125 * 240)


def test_the_share_never_brings_the_taker_below_the_smallest_premium(bench: Bench) -> None:
    bench.set_domain(replace(DOMAIN, backstop_share=WAD // 2))
    # health 0.12: of a premium of 12% the taker keeps 10%
    plan = bench.plan(usual(19_712), fraction=WAD // 10)
    assert near(plan.backstop_fee, 0.02 * 240)
    # at 10% he keeps all
    assert bench.plan(usual(19_760), fraction=WAD // 10).backstop_fee == 0


# --- below the smallest premium ---


def test_below_the_smallest_premium_the_backstop_tops_up(bench: Bench) -> None:
    # E = 100 of the 240 that the taker is owed
    plan = bench.plan(usual(19_900), cover=10_000 * DOLLAR, fraction=1)
    assert (plan.fraction, plan.payment, plan.backstop_fee) == (WAD, 0, 0)
    assert near(plan.top_up, 140)
    assert not plan.insolvent and plan.write_offs == []


def test_the_taker_earns_as_much_on_either_side_of_the_smallest_premium(bench: Bench) -> None:
    """No jump that is worth waiting for, whatever the backstop's share."""
    bench.set_domain(replace(DOMAIN, backstop_share=WAD // 2))

    def earned(debt: float) -> float:
        plan = bench.plan(usual(debt), cover=10_000 * DOLLAR)
        return 20_000 - debt - (plan.payment + plan.backstop_fee - plan.top_up) / DOLLAR

    assert earned(19_759.99) == pytest.approx(earned(19_760.01), abs=0.02) == pytest.approx(240, abs=0.02)


def test_a_top_up_takes_no_more_than_the_backstop_has(bench: Bench) -> None:
    assert bench.plan(usual(19_900), cover=5 * DOLLAR).top_up == 5 * DOLLAR
    assert bench.plan(usual(19_900), cover=0).top_up == 0
    assert bench.plan(usual(19_900), cover=-1).top_up == 0


def test_a_top_up_leaves_what_other_shortfalls_are_promised(bench: Bench) -> None:
    """LIQ-5: flags of others are paid first, one's own is one's own."""
    bench.set_account(usual(19_900))
    bench.vault.setBackstop(100 * DOLLAR, 90 * DOLLAR, ACCOUNT, 20 * DOLLAR)
    assert bench.plan(usual(19_900), set_account=False).top_up == 30 * DOLLAR


def test_an_account_that_may_be_solvent_costs_no_lender(bench: Bench) -> None:
    # E = -100, but 50 at the favourable edge
    plan = bench.plan(usual(20_100), uncertainty=150 * WAD, cover=50 * DOLLAR)
    assert not plan.insolvent and plan.top_up == 50 * DOLLAR and plan.write_offs == []


def test_of_a_lost_account_nothing_but_assets_may_be_left(bench: Bench) -> None:
    with bench.evm.reverts("LiquidationEngine_MustTakeAll", ACCOUNT):
        bench.plan(usual(19_900), excluded_assets=[0])
    with bench.evm.reverts("LiquidationEngine_MustTakeAll", ACCOUNT):
        bench.plan(usual(19_900), [model.Instrument(0, WAD)], excluded_instruments=[0])


# --- insolvent ---


def test_the_backstop_pays_deficit_and_premium(bench: Bench) -> None:
    plan = bench.plan(usual(20_100), cover=10_000 * DOLLAR)
    assert plan.insolvent and plan.fraction == WAD and plan.payment == 0
    assert near(plan.top_up, 100 + 240)
    assert plan.write_offs == [0, 0]


def test_the_premium_is_never_lenders_money(bench: Bench) -> None:
    """They bear the deficit, never more; without a backstop the taker earns nothing."""
    plan = bench.plan(usual(20_100), cover=150 * DOLLAR)
    assert plan.top_up == 150 * DOLLAR and near(plan.write_offs[0], 100)
    plan = bench.plan(usual(20_100))
    assert plan.top_up == 0 and near(plan.write_offs[0], 100)
    assert plan.moved == [-20_100 * DOLLAR + plan.write_offs[0], 10 * WAD]


def test_lenders_bear_what_the_backstop_cannot(bench: Bench) -> None:
    """The backstop pays the premium of 240 first: without one nobody takes what is left."""
    plan = bench.plan(usual(20_100), cover=270 * DOLLAR)
    assert plan.top_up == 270 * DOLLAR
    assert near(plan.write_offs[0], 70)
    assert plan.moved == [-20_100 * DOLLAR + plan.write_offs[0], 10 * WAD]


def test_a_deficit_is_split_between_pools_and_losing_instruments(bench: Bench) -> None:
    # 20,000 held; 15,000 and 5,100 owed; 1,000 lost: a deficit of 1,100 in 21,100
    account = [owing(15_000), ETH, DAI.of(-5_100 * WAD)]
    held = [model.Instrument(-1_000 * WAD, 10 * WAD), model.Instrument(0, 0)]
    plan = bench.plan(account, held)
    assert plan.top_up == 0
    assert near(plan.write_offs[0], Fraction(1_100 * 15_000, 21_100))
    assert plan.write_offs[2] == 1_100 * 5_100 * WAD // 21_100
    assert plan.absorbs == [1_100 * 1_000 * WAD // 21_100, 0]


def test_without_any_requirement_only_the_deficit_is_taken(bench: Bench) -> None:
    """Debt against nothing, no shock: requirement zero, no premium."""
    plan = bench.plan([owing(100), DAI.of(40 * WAD)], cover=10 * DOLLAR)
    assert plan.top_up == 10 * DOLLAR and near(plan.write_offs[0], 50)


def test_what_is_left_of_a_lost_account_goes_to_the_backstop(bench: Bench) -> None:
    """The owner keeps nothing; the backstop pays what the asset is worth after its requirement."""
    account = [owing(60_100), ETH, BTC]
    plan = bench.plan(account, excluded_assets=[1], cover=10**6 * DOLLAR)
    assert plan.salvaged and plan.moved[1] == 0
    # deficit 100, 10% of BTC's 4,800, ETH for 20,000 - 2,400
    assert near(plan.top_up, 100 + 480 + 17_600)
    assert plan.write_offs == [0, 0, 0]


def test_the_backstop_buys_nothing_at_a_doubtful_price(bench: Bench) -> None:
    """ORA-1: a source that lies sells it nothing dear; what is left is still not the owner's."""
    plan = bench.plan([owing(60_100), ETH, BTC], excluded_assets=[1], cover=10**6 * DOLLAR, fresh=False)
    assert plan.salvaged and near(plan.top_up, 100 + 480)


def test_salvage_is_never_lenders_money(bench: Bench) -> None:
    """The backstop pays premium, deficit, and only then for what is left behind."""
    plan = bench.plan([owing(60_100), ETH, BTC], excluded_assets=[1], cover=540 * DOLLAR)
    assert plan.top_up == 540 * DOLLAR and near(plan.write_offs[0], 40)
    plan = bench.plan([owing(60_100), ETH, BTC], excluded_assets=[1], cover=600 * DOLLAR)
    assert plan.top_up == 600 * DOLLAR and plan.write_offs == [0, 0, 0]


def test_amounts_at_the_edge_of_what_a_vault_holds(bench: Bench) -> None:
    most = 2**111 - 1
    dear = Asset(1, most, 2**96, 12 * PERCENT, 12 * PERCENT)
    owed = Asset(0, -most, 2**96 * 9 // 10, up=12 * PERCENT)
    for fraction in (1, WAD // 3, WAD):
        plan = bench.plan([owed, dear], fraction=fraction)
        assert plan.payment > 0
    plan = bench.plan([replace(owed, price=2**97), dear], cover=most)
    assert plan.insolvent and 0 < plan.top_up <= most
