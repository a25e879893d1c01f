"""The surface's rules as `scripts/risk` knows them: equal to the contract's, and how many updates lead somewhere."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from scripts.client.sentences import sentence
from scripts.common.units import WAD
from scripts.model.volatility import ONE, Smile, move
from scripts.risk.surface import PARTS, Limits, Refused, State, blend, refusal, step, updates_to
from tests.helpers.expect import Reverted
from tests.helpers.risk_parameters import DAY
from tests.helpers.volatility import PARAMETERS, SMILE, UNDERLYING, Desk

LIMITS = Limits(**PARAMETERS)
DRAWS = 300


def drawn(source: random.Random, near: Smile | None = None) -> Smile:
    """A smile that may break any rule, or one near another."""
    if near is not None:
        scale = 10 ** source.uniform(-4, -0.5)
        return Smile(
            near.level + round(source.uniform(-1, 1) * scale * ONE),
            near.slope + round(source.uniform(-1, 1) * scale * near.curvature),
            max(near.curvature + round(source.uniform(-1, 1) * scale * near.curvature), 0),
            near.centre + round(source.uniform(-1, 1) * scale * ONE),
            max(near.width + round(source.uniform(-1, 1) * scale * near.width), 0),
        )
    curvature = round(10 ** source.uniform(-3, 0.8) * ONE)
    return Smile(
        round(source.choice([source.uniform(-0.2, 1.5)] * 9 + [9.0]) * ONE),
        round(source.uniform(-1.05, 1.05) * curvature),
        curvature,
        SMILE.centre + round(source.uniform(-1, 1) * ONE),
        round(source.choice([0, 0.1, 0.5, 1.5]) * ONE),
    )


def state_of(desk: Desk) -> State:
    """As the contract tells it."""
    surface = desk.surface
    smiles = {
        expiry: Smile(*surface.slice(UNDERLYING, expiry)[0][1:]) for expiry in surface.expiries(UNDERLYING)
    }
    return State(LIMITS, smiles, *surface.lastUpdate(UNDERLYING), UNDERLYING)


def test_what_is_refused_is_what_the_contract_refuses(evm):
    """Random updates, one after another, that break any rule of time or shape: same answer, same sentence."""
    source, desk = random.Random(7), Desk(evm)
    reasons: set[str] = set()
    for number in range(DRAWS):
        evm.warp(source.choice([1, 59, 60, 300, 5_000]))
        state, now = state_of(desk), evm.now
        days = sorted(source.sample([-1, 1, 7, 30, 90, 365, 1_000, 1_200], source.choice([0, 1, 1, 2, 2, 3])))
        known = list(state.smiles)
        smiles = {desk.expiry(day): drawn(source) for day in days} if number % 3 == 0 or not known else {}
        smiles |= {
            one: drawn(source, state.smiles[one]) for one in known if number % 3 and source.random() < 0.5
        }
        smiles = dict(sorted(smiles.items()))
        made_at = now - source.choice([0, 0, 0, 60, 4_000, -5])
        expected = refusal(state, smiles, made_at, now)
        call = desk.signed(smiles, at=made_at)
        try:
            desk.surface.update.call(*call)
            told = ""
        except Reverted as error:
            told = sentence(error, None)
            reasons.add(error.name)
        assert expected == told
        if not told:
            desk.surface.update(*call)
    kinds = (
        "NotNewer",
        "FromTheFuture",
        "TooOld",
        "TooEarly",
        "Empty",
        "BadExpiry",
        "BadShape",
        "VarianceTooLow",
    )
    kinds += ("VarianceTooHigh", "WingsTooSteep", "CalendarArbitrage", "MoveTooLarge")
    assert reasons == {f"VolatilitySurface_{kind}" for kind in kinds}


def test_seventeen_expiries_are_too_many(evm):
    smiles = {evm.now + day * DAY: SMILE for day in range(1, 18)}
    assert "17 expiries" in refusal(State(LIMITS), smiles, evm.now, evm.now)


def test_a_step_goes_as_far_as_one_update_may():
    now = 1_900_000_000
    expiry = now + 30 * DAY
    target = replace(SMILE, level=SMILE.level + 3 * 10**9, centre=SMILE.centre + 10**9)
    state = State(LIMITS, {expiry: SMILE}, now - 100, now - 100)
    smiles = step(state, {expiry: target}, now, now)
    moved = move(SMILE, smiles[expiry])
    assert LIMITS.max_move * (1 - 1e-4) < moved <= LIMITS.max_move
    # A level by 0.3 and a centre that counts 0.13 for 0.1: about 0.313 at 0.05 each.
    count = updates_to(state, {expiry: target}, now, now)
    assert count == 7
    for _ in range(count - 1):
        state = replace(state, smiles=step(state, {expiry: target}, now, now))
        assert state.smiles[expiry] != target
    assert step(state, {expiry: target}, now, now) == {expiry: target}


def test_a_way_that_is_short_takes_one_update_and_none_when_there():
    now = 1_900_000_000
    near = replace(SMILE, level=SMILE.level + 10**6)
    state = State(LIMITS, {now + DAY: SMILE})
    assert updates_to(state, {now + DAY: near}, now, now) == 1
    assert updates_to(state, {now + DAY: SMILE}, now, now) == 0


def test_expiries_go_together_where_one_by_one_would_be_arbitrage():
    """Near end: volatility up a lot, far end a little; each at its own speed they would cross."""
    now = 1_900_000_000
    near, far = now + 90 * DAY, now + 91 * DAY

    def flat(variance: float) -> Smile:
        return Smile(round(variance * ONE), 0, 0, SMILE.centre, ONE)

    # The nearer one has little to go and would be there at once, above the further one.
    old = {near: flat(0.50), far: flat(0.50)}
    target = {near: flat(0.54), far: flat(0.75)}
    down = {near: flat(0.30), far: flat(0.47)}
    for goal in (target, down):
        state, count = State(LIMITS, old), updates_to(State(LIMITS, old), goal, now, now)
        assert count is not None
        for _ in range(count):
            smiles = step(state, goal, now, now)
            assert refusal(state, smiles, now, now) == ""
            state = replace(state, smiles={**state.smiles, **smiles})
        assert state.smiles == goal


def test_a_new_expiry_waits_until_its_neighbours_let_it_in():
    now = 1_900_000_000
    near, far, new = now + 90 * DAY, now + 92 * DAY, now + 91 * DAY

    def flat(variance: float) -> Smile:
        return Smile(round(variance * ONE), 0, 0, SMILE.centre, ONE)

    state = State(LIMITS, {near: flat(0.6), far: flat(0.6)})
    target = {near: flat(0.401), new: flat(0.41), far: flat(0.42)}
    first = step(state, target, now, now)
    assert new not in first
    assert updates_to(state, target, now, now) == 4


def test_what_no_update_can_bring_is_refused():
    now = 1_900_000_000
    flat = Smile(ONE // 1_000, 0, 0, SMILE.centre, ONE)
    with pytest.raises(Refused, match=r"falls to a variance of 0\.1% a year"):
        step(State(LIMITS), {now + DAY: flat}, now, now)
    with pytest.raises(Refused, match="no expiry"):
        step(State(LIMITS), {}, now, now)


def test_blends_begin_and_end_where_they_should():
    other = Smile(-5, 7, 11, -13, 17)
    assert blend(SMILE, other, 0) == SMILE
    assert blend(SMILE, other, PARTS) == other
    assert move(SMILE, blend(SMILE, other, PARTS // 2)) < 2 * WAD
