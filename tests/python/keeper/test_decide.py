"""Decisions as a pure function: no plan loses, none is below the minimum, nothing degenerate raises."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.common.units import WAD
from scripts.keeper import fees as pricing
from scripts.keeper.decide import (
    Bounds,
    Kind,
    Mode,
    Offer,
    Plan,
    Price,
    Refusal,
    Settings,
    Simulation,
    Situation,
    Trade,
    bound,
    decide,
    gas_cost,
)
from scripts.keeper.fees import Fees, Market
from scripts.keeper.types import Snapshot, Status

USDC, WETH, WBTC = 0, 1, 2
ACCOUNT = b"\x11" * 32
DOLLAR = 10**6
PRICES = {USDC: Price(WAD, DOLLAR), WETH: Price(2_000 * WAD, WAD), WBTC: Price(40_000 * WAD, 10**8)}
GWEI = 10**9


def snapshot(
    equity: int = 10 * WAD,
    requirement: int = 100 * WAD,
    holdings: tuple[tuple[int, int], ...] = ((USDC, -1_700 * DOLLAR), (WETH, WAD)),
    debt: int = 1_700 * WAD,
) -> Snapshot:
    return Snapshot(ACCOUNT, 7, holdings, (), equity, 0, requirement, debt, Status.FRESH, 1)


def offer(fraction: int = WAD, sold: int = 1_990 * DOLLAR, payment: int = 100 * DOLLAR) -> Offer:
    """A whole ether sold for `sold`, 1,700 dollars of debt taken over."""
    moved = ((USDC, -1_700 * DOLLAR), (WETH, WAD))
    return Offer(fraction, moved, payment, 0, 0, (Trade(WETH, WAD, sold, False, "route"),))


def situation(*offers: Offer, **fields: Any) -> Situation:
    values: dict[str, Any] = {
        "snapshot": snapshot(),
        "offers": offers,
        "prices": PRICES,
        "native": PRICES[WETH],
        "gas_price": GWEI,
        "symbol": "USDC",
        "decimals": 6,
    }
    return Situation(**values | fields)


# --- what single cases look like ---


def test_takes_what_is_sold_for_more_than_it_costs() -> None:
    plan = decide(situation(offer()), Settings(min_profit=DOLLAR))
    assert isinstance(plan, Plan)
    assert plan.kind is Kind.TAKE and plan.account == ACCOUNT and plan.seen_block == 7
    assert plan.gross == 190 * DOLLAR  # 1,990 - 1,700 - 100
    # Gas at a gwei and an ether of 2,000 dollars.
    assert plan.gas_cost == -(-plan.gas * 2_000 * GWEI * DOLLAR // WAD)


def test_takes_a_smaller_part_where_the_whole_moves_the_price() -> None:
    half = Offer(
        WAD // 2,
        ((USDC, -850 * DOLLAR), (WETH, WAD // 2)),
        50 * DOLLAR,
        0,
        0,
        (Trade(WETH, WAD // 2, 995 * DOLLAR, False, "route"),),
    )
    plan = decide(situation(offer(sold=1_820 * DOLLAR), half), Settings())
    assert isinstance(plan, Plan) and plan.offer is half


def test_says_by_how_much_it_does_not_pay() -> None:
    refusal = decide(situation(offer(sold=1_801 * DOLLAR)), Settings(min_profit=5 * DOLLAR))
    assert isinstance(refusal, Refusal) and refusal.why == "profit"
    assert "1 USDC less" in refusal.text and "5 USDC" in refusal.text


def test_leaves_the_healthy_alone() -> None:
    healthy = situation(offer(), snapshot=snapshot(equity=100 * WAD))
    result = decide(healthy, Settings())
    assert isinstance(result, Refusal) and result.why == "healthy"


def test_leaves_what_cannot_be_sold_to_inventory() -> None:
    unsellable = replace(offer(), trades=())
    refusal = decide(situation(unsellable), Settings())
    assert isinstance(refusal, Refusal) and refusal.why == "unsellable"
    plan = decide(situation(unsellable), Settings(mode=Mode.BOTH))
    assert isinstance(plan, Plan) and plan.mode is Mode.INVENTORY
    # Half a percent of 2,000 dollars is set aside for selling it.
    assert plan.gross == (2_000 - 10 - 1_700 - 100) * DOLLAR


def test_instruments_are_taken_in_inventory_mode_alone() -> None:
    with_instrument = replace(offer(), instruments=1)
    assert isinstance(decide(situation(with_instrument), Settings()), Refusal)
    plan = decide(situation(with_instrument), Settings(mode=Mode.INVENTORY))
    assert isinstance(plan, Plan) and plan.mode is Mode.INVENTORY


def test_gas_above_the_cap_waits() -> None:
    result = decide(situation(offer(), gas_price=5 * GWEI), Settings(max_gas_price=4 * GWEI))
    assert isinstance(result, Refusal) and result.why == "gas price"


@pytest.mark.parametrize("missing", ["native", "settlement"])
def test_gas_that_cannot_be_valued_is_not_free(missing: str) -> None:
    prices = {id_: price for id_, price in PRICES.items() if missing != "settlement" or id_ != USDC}
    native = None if missing == "native" else PRICES[WETH]
    result = decide(situation(offer(), prices=prices, native=native), Settings())
    assert isinstance(result, Refusal) and result.why == "no price"


INSOLVENT = snapshot(equity=-50 * WAD)
NOTHING_BUT_DEBT = snapshot(equity=-50 * WAD, holdings=((USDC, -50 * DOLLAR),), debt=50 * WAD)


def test_an_insolvent_account_is_taken_over_where_it_pays() -> None:
    plan = decide(situation(offer(), snapshot=INSOLVENT), Settings())
    assert isinstance(plan, Plan) and plan.kind is Kind.TAKE


def test_an_insolvent_account_that_does_not_pay_is_flagged_once() -> None:
    settings = Settings(most_for_cleaning=10 * DOLLAR)
    state = situation(offer(sold=1_000 * DOLLAR), snapshot=INSOLVENT)
    plan = decide(state, settings)
    assert isinstance(plan, Plan) and plan.kind is Kind.FLAG
    again = decide(replace(state, flag_due=False), settings)
    assert isinstance(again, Refusal) and again.why == "flagged"


def test_nothing_but_debt_is_written_off_and_flagged_where_that_needs_a_taker() -> None:
    settings = Settings(most_for_cleaning=10 * DOLLAR)
    state = situation(snapshot=NOTHING_BUT_DEBT)
    plan = decide(state, settings)
    assert isinstance(plan, Plan) and plan.kind is Kind.WRITE_OFF
    second = decide(replace(state, tried=frozenset({Kind.WRITE_OFF})), settings)
    assert isinstance(second, Plan) and second.kind is Kind.FLAG
    third = decide(replace(state, tried=frozenset({Kind.WRITE_OFF, Kind.FLAG})), settings)
    assert isinstance(third, Refusal)


def test_what_earns_nothing_costs_no_more_than_allowed() -> None:
    result = decide(situation(snapshot=NOTHING_BUT_DEBT), Settings(most_for_cleaning=1))
    assert isinstance(result, Refusal) and result.why == "cleaning cost"


# --- what holds for all of them ---

amounts = st.one_of(
    st.integers(0, 10**4), st.integers(0, 10**13), st.integers(0, 2**255), st.just(2**256 - 1)
)
signed = st.one_of(amounts, amounts.map(lambda amount: -amount))
prices = st.builds(Price, st.one_of(st.just(0), amounts), st.sampled_from([1, 10**6, 10**8, 10**18]))


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    moved = tuple((id_, draw(signed)) for id_ in draw(st.sets(st.integers(0, 3), max_size=4)))
    trades = tuple(
        Trade(id_, abs(amount) + (amount < 0), draw(amounts), amount < 0, "route", draw(st.integers(1, 3)))
        for id_, amount in moved
        if id_ != USDC and draw(st.booleans())
    )
    fraction = draw(st.one_of(st.integers(-1, 2 * WAD), st.just(WAD), amounts))
    return Offer(
        fraction,
        moved,
        draw(amounts),
        draw(amounts),
        draw(amounts),
        trades,
        instruments=draw(st.integers(0, 1)),
    )


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    holdings = tuple((id_, draw(signed)) for id_ in sorted(draw(st.sets(st.integers(0, 3)))))
    state = Snapshot(
        ACCOUNT,
        draw(amounts),
        holdings,
        draw(st.sampled_from([(), ("0x" + "11" * 20,)])),
        draw(signed),
        draw(amounts),
        draw(amounts),
        draw(amounts),
        draw(st.sampled_from(Status)),
        0,
    )
    return Situation(
        state,
        draw(st.lists(offers(), max_size=5)),
        draw(st.dictionaries(st.integers(0, 3), prices)),
        draw(st.one_of(st.none(), prices)),
        draw(amounts),
        "USDC",
        draw(st.integers(0, 18)),
        flag_due=draw(st.booleans()),
        tried=draw(st.frozensets(st.sampled_from([Kind.FLAG, Kind.WRITE_OFF]))),
    )


settings_ = st.builds(
    Settings,
    mode=st.sampled_from(Mode),
    min_profit=amounts,
    most_for_cleaning=amounts,
    tolerance=st.integers(0, WAD),
    unwinding=st.integers(0, WAD),
    max_gas_price=amounts,
)


def profit_of(plan: Plan, state: Situation, settings: Settings) -> Fraction:
    """What a takeover leaves before gas, by exact fractions and from the definition."""
    assert plan.offer
    offer_, unit = plan.offer, state.prices.get(USDC)
    total = Fraction(offer_.top_up - offer_.payment - offer_.fee)
    bought = {trade.asset: trade for trade in offer_.trades}
    for id_, amount in offer_.moved:
        if id_ == USDC or amount == 0:
            total += amount
        elif plan.mode is Mode.CAPITAL_FREE:
            total += bought[id_].settlement * (1 if amount > 0 else -1)
        else:
            assert unit
            price = state.prices[id_]
            worth = Fraction(amount * price.value * unit.unit, price.unit * unit.value)
            total += worth - abs(worth) * settings.unwinding / WAD
    return total


@given(situations(), settings_)
def test_a_plan_never_loses_and_never_earns_less_than_asked(state: Situation, settings: Settings) -> None:
    result = decide(state, settings)
    assert isinstance(result, Plan | Refusal)
    if isinstance(result, Refusal):
        assert result.why and result.text
        return
    assert state.snapshot.is_liquidatable
    assert state.gas_price <= settings.max_gas_price
    assert result.gas_cost == gas_cost(result.gas, state)
    if result.kind is Kind.TAKE:
        assert result.offer in state.offers
        assert 0 < result.offer.fraction <= WAD
        assert 0 < result.gross <= profit_of(result, state, settings)
        assert result.net >= settings.min_profit
        assert settings.mode in (result.mode, Mode.BOTH)
    else:
        assert state.snapshot.is_insolvent
        assert result.kind not in state.tried
        assert result.gas_cost <= settings.most_for_cleaning
        assert result.kind is Kind.FLAG or not any(amount > 0 for _, amount in state.snapshot.holdings)


@given(situations(), settings_)
def test_the_best_of_the_offers_is_taken(state: Situation, settings: Settings) -> None:
    best = decide(state, settings)
    if not isinstance(best, Plan) or best.kind is not Kind.TAKE:
        return
    for offer_ in state.offers:
        alone = decide(replace(state, offers=[offer_]), settings)
        if isinstance(alone, Plan) and alone.kind is Kind.TAKE:
            assert alone.net <= best.net


@given(situations(), settings_, st.integers(0, 10**30))
def test_more_premium_never_turns_a_plan_into_a_refusal(
    state: Situation, settings: Settings, more: int
) -> None:
    before = decide(state, settings)
    better = replace(state, offers=[replace(offer_, top_up=offer_.top_up + more) for offer_ in state.offers])
    after = decide(better, settings)
    if isinstance(before, Plan):
        assert isinstance(after, Plan)
        if before.kind is Kind.TAKE:
            assert after.kind is Kind.TAKE and after.net >= before.net + more


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.tuples(st.integers(0, 10**12), st.booleans()), max_size=4),
    st.integers(-(10**12), 10**12),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(0, WAD // 10),
)
def test_even_at_its_limits_a_takeover_leaves_the_minimum(
    payment: int,
    traded: list[tuple[int, bool]],
    moved: int,
    cost: int,
    minimum: int,
    tolerance: int,
) -> None:
    trades = tuple(Trade(1 + n, 1, amount, buy, "route") for n, (amount, buy) in enumerate(traded))
    plan = Plan(Kind.TAKE, ACCOUNT, 7, 1, 0, Mode.CAPITAL_FREE, 0, Offer(WAD, (), 0, 0, 0, trades))
    settings = Settings(min_profit=minimum, tolerance=tolerance)
    simulation = Simulation(payment, moved, tuple(amount for amount, _ in traded))
    result = bound(plan, simulation, cost, settings)
    earned = moved - payment + sum(-amount if buy else amount for amount, buy in traded)
    if isinstance(result, Refusal):
        assert earned <= 0 or earned - cost < minimum
        return
    assert isinstance(result, Bounds)
    worst = moved - result.max_payment
    for (amount, buy), limit in zip(traded, result.limits, strict=True):
        assert limit >= amount if buy else limit <= amount
        worst += -limit if buy else limit
    assert worst == result.worst_gross
    assert worst - cost >= minimum
    # Whatever gas comes to cost within what it may, the minimum is left.
    assert result.most_for_gas >= cost and worst - result.most_for_gas == minimum


# --- what gas pays ---

fees = st.builds(Market, st.one_of(st.none(), st.integers(0, 10**12)), st.integers(0, 10**11))


@given(fees, st.integers(0, 10**13))
def test_fees_pay_todays_price_and_never_more_than_they_may(market: Market, most: int) -> None:
    result = pricing.first(market, most)
    if result is None:
        assert market.price > most
    else:
        assert market.price <= result.max_fee <= most
        assert 0 <= result.tip <= result.max_fee


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.booleans(), fees, st.integers(0, 10**13))
def test_a_replacement_pays_a_tenth_more_or_is_none(
    fee: int, tip: int, legacy: bool, market: Market, most: int
) -> None:
    old = Fees(fee + tip, fee + tip if legacy else tip, legacy)
    new = pricing.bumped(old, market, most)
    if new is None:
        return
    assert new.max_fee <= most and new.tip <= new.max_fee
    assert new.max_fee * 10 > old.max_fee * 11 and new.tip * 10 > old.tip * 11
    assert new.max_fee >= market.price
