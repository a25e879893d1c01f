"""LIQ-1 to LIQ-4 as properties of `plan`: any account, any fraction, amounts down to single units."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from scripts.common.units import WAD
from scripts.model import liquidation as model
from tests.helpers.backend import Backend
from tests.helpers.evm import Reverted
from tests.helpers.takeover import DOMAIN as USUAL
from tests.helpers.takeover import (
    Asset,
    Bench,
    after,
    premium_base,
    required,
    worth,
)

PERCENT = WAD // 100
# Without dust rules, so that small accounts are taken in slices too.
DOMAIN = replace(USUAL, minimum_debt=0)
USDC = Asset(0, 0, 10**30, 15 * PERCENT // 10, 15 * PERCENT // 10)
# Settlement assets of 6, 18 and 27 decimals: a whole unit of the first hides roundings of a wei.
SETTLEMENTS = [
    USDC,
    Asset(0, 0, WAD, 15 * PERCENT // 10, 15 * PERCENT // 10),
    Asset(0, 0, 10**9, 15 * PERCENT // 10, 15 * PERCENT // 10),
]
COLLATERALS = [
    Asset(1, 0, 2_000 * WAD, 12 * PERCENT, 12 * PERCENT),
    Asset(2, 0, 40_000 * 10**28, 12 * PERCENT, 12 * PERCENT),
    Asset(3, 0, WAD, 2 * PERCENT, 2 * PERCENT),
    Asset(4, 0, 10**18 * WAD, 30 * PERCENT, 30 * PERCENT),  # no decimals: one unit is a dollar
    Asset(5, 0, 10**9, 25 * PERCENT, 25 * PERCENT),  # 27 decimals
]
slow = settings(max_examples=400, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def bench(session_evm: Backend) -> Bench:
    bench = Bench.deploy(session_evm)
    bench.set_domain(DOMAIN)
    return bench


@st.composite
def troubled(draw: st.DrawFn, least_units: int = 1, depth: bool = True, cash: Asset = USDC) -> list[Asset]:
    """A solvent account whose equity is between the smallest premium and the requirement."""
    held = draw(st.lists(st.sampled_from(COLLATERALS), min_size=1, max_size=2, unique=True))
    owed = draw(st.sampled_from([cash, cash, cash, *(a for a in COLLATERALS if a not in held)]))
    size = draw(st.integers(0, 24))  # values from a few wei to a billion dollars
    assets = []
    for asset in held:
        units = draw(st.integers(1, 999)) * 10**size * WAD // asset.price
        depth_value = draw(st.sampled_from([0, 0, 10**6 * WAD])) if depth else 0
        concentrated = Asset(asset.id, 0, asset.price, asset.down, asset.up, depth_value)
        assets.append(concentrated.of(max(least_units, units)))
    if owed.id != 0 and draw(st.booleans()):
        assets.append(cash.of(1 + draw(st.integers(1, 999)) * 10**size * WAD // cash.price))
    health = Fraction(draw(st.integers(100, 1_000)), 1_000)
    value, needed = worth(assets), required(assets)
    debt = (value - health * needed) / (1 + health * Fraction(owed.up, WAD))
    assets.append(owed.of(-max(least_units, int(debt * WAD / owed.price))))
    assets.sort(key=lambda a: a.id)
    equity, base = worth(assets), premium_base(assets)
    assume(equity < required(assets) and equity * WAD >= DOMAIN.premium_min * base and equity > 0)
    return assets


fractions = st.one_of(
    st.just(WAD),
    st.integers(1, 9).map(lambda n: n * WAD // 10),
    st.builds(lambda size, n: min(WAD, n * 10**size), st.integers(0, 17), st.integers(1, 99)),
)


def take(bench: Bench, assets: list[Asset], fraction: int, cash: Asset = USDC, **more: object) -> model.Plan:
    plan = bench.plan(assets, fraction=fraction, settlement=cash.of(_cash(assets)), **more)
    note(f"{assets}\n{plan}")
    return plan


def _cash(assets: list[Asset]) -> int:
    return next((a.amount for a in assets if a.id == 0), 0)


@slow
@given(st.sampled_from(SETTLEMENTS), st.data(), fractions)
def test_health_never_falls(bench: Bench, cash: Asset, data: st.DataObject, fraction: int) -> None:
    """LIQ-1 to the wei, whatever rounds: no tolerance."""
    assets = data.draw(troubled(cash=cash))
    plan = take(bench, assets, fraction, cash)
    left = after(assets, plan, cash)
    assert worth(left) * required(assets) >= worth(assets) * required(left), "LIQ-1"


def test_health_does_not_fall_by_the_risk_engines_own_rounding(bench: Bench) -> None:
    """LIQ-1: an account of a few wei, found by search, where the requirement of what is left rounds up."""
    assets = [
        Asset(0, 80_906, 1_097_883_051_241_282_305, 15 * PERCENT // 10, 15 * PERCENT // 10),
        Asset(1, 378_248, WAD // 3, 10 * PERCENT),
        Asset(2, -600_858, WAD // 3, up=12 * PERCENT),
    ]
    left = after(assets, bench.plan(assets), assets[0])
    assert worth(left) * required(assets) >= worth(assets) * required(left), "LIQ-1"


@slow
@given(troubled(), fractions, st.sets(st.integers(0, 5), min_size=1, max_size=2))
def test_health_never_falls_when_something_stays_behind(
    bench: Bench, assets: list[Asset], fraction: int, excluded: set[int]
) -> None:
    """LIQ-1 with exclusions: a takeover that would lower health is refused."""
    assume(excluded & {a.id for a in assets})
    try:
        plan = take(bench, assets, fraction, excluded_assets=sorted(excluded))
    except Reverted as revert:
        assert revert.name in (
            "LiquidationEngine_NothingToTake",
            "LiquidationEngine_HealthWouldFall",
        )
        return
    left = after(assets, plan, USDC)
    assert worth(left) * required(assets) >= worth(assets) * required(left), "LIQ-1"
    kept = {a.id: a.amount for a in left}
    for asset in assets:
        if asset.id in excluded and asset.id != 0:
            assert kept[asset.id] == asset.amount


@slow
@given(troubled(least_units=1_000), st.lists(fractions, min_size=2, max_size=4))
def test_steps_never_pay_takers_more_than_the_first_premium(
    bench: Bench, assets: list[Asset], steps: list[int]
) -> None:
    """LIQ-2: what takers earn in all steps is at most the first step's premium on the requirement that all
    they took over had before the first step."""
    rate = None
    first = {a.id: Fraction(a.position.requirement, a.amount) for a in assets if a.id != 0 or a.amount < 0}
    earned = allowed = Fraction(0)
    for step in steps:
        equity, needed = worth(assets), required(assets)
        if equity >= needed or equity * WAD < DOMAIN.premium_min * premium_base(assets):
            break
        plan = take(bench, assets, step)
        base = premium_base(assets)
        if rate is None:
            rate = Fraction(model.premium(min(WAD, equity * WAD // base) if base else WAD, DOMAIN), WAD)
        for asset, moved in zip(assets, plan.moved, strict=True):
            earned += Fraction(moved * asset.price, WAD)
            allowed += rate * first.get(asset.id, 0) * moved
        earned -= Fraction(plan.payment * USDC.price, WAD)
        assets = after(assets, plan, USDC)
        assert earned <= allowed, "LIQ-2"


@slow
@given(troubled(least_units=10**6, depth=False), st.integers(1, 10), st.integers(1, 10))
def test_two_steps_never_pay_more_than_one_of_the_same_size(
    bench: Bench, assets: list[Asset], first: int, second: int
) -> None:
    """LIQ-2: the same fraction in one step and in two; amounts round to a unit each time."""
    first, second = first * WAD // 20, second * WAD // 20
    both = WAD - (WAD - first) * (WAD - second) // WAD
    at_once = take(bench, assets, both)
    assume(at_once.fraction == both)
    one = take(bench, assets, first)
    between = after(assets, one, USDC)
    assume(worth(between) < required(between))
    two = take(bench, between, second)
    assume(one.fraction == first and two.fraction == second)
    price = {a.id: Fraction(a.price, WAD) for a in [USDC, *COLLATERALS]}

    def earned(before: list[Asset], plan: model.Plan) -> Fraction:
        moved = sum(m * price[a.id] for a, m in zip(before, plan.moved, strict=True))
        return moved - plan.payment * price[0]

    # A unit more or less of an asset brings its premium, and settlement tokens come whole.
    tolerance = sum(3 * price[a.id] for a in assets) + 3 * price[0]
    assert earned(assets, one) + earned(between, two) <= earned(assets, at_once) + tolerance, "LIQ-2"


@slow
@given(troubled(), st.integers(0, 10**6), fractions)
def test_an_account_that_is_healthy_at_its_favourable_edge_is_refused(
    bench: Bench, assets: list[Asset], extra: int, fraction: int
) -> None:
    """LIQ-3"""
    missing = required(assets) - worth(assets)
    with pytest.raises(Reverted, match="LiquidationEngine_Healthy"):
        take(bench, assets, fraction, uncertainty=missing + extra)
    assert take(bench, assets, WAD, uncertainty=missing - 1).fraction > 0


@slow
@given(troubled(), fractions, st.integers(0, 5))
def test_the_owner_of_a_solvent_account_gains_nothing_from_taking_it_over(
    bench: Bench, assets: list[Asset], fraction: int, tenth: int
) -> None:
    """LIQ-4: from the smallest premium up only the taker pays, and the backstop's share leaves both."""
    share = tenth * WAD // 10
    bench.set_domain(replace(DOMAIN, backstop_share=share))
    try:
        plan = take(bench, assets, fraction, cover=2**100)
    finally:
        bench.set_domain(DOMAIN)
    assert plan.top_up == 0 and not any(plan.write_offs) and plan.backstop_fee >= 0, "LIQ-4"
    rate = model.premium(
        min(WAD, worth(assets) * WAD // premium_base(assets)) if premium_base(assets) else WAD, DOMAIN
    )
    if share and rate > DOMAIN.premium_min:
        assert plan.backstop_fee > 0, "LIQ-4"


@slow
@given(troubled(), st.integers(1, 10**9))
def test_a_slice_is_never_free(bench: Bench, assets: list[Asset], fraction: int) -> None:
    """ROUND-1: the smallest fraction costs at least a settlement token's smallest unit."""
    assert take(bench, assets, fraction).payment >= 1
