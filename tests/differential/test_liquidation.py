"""LiquidationEngine.plan against the reference model, to the last unit, over random accounts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from scripts.common.units import WAD
from scripts.model import liquidation as model
from tests.helpers.backend import Backend
from tests.helpers.evm import Reverted
from tests.helpers.takeover import Asset, Bench, weighed

MAX_AMOUNT = 2**111


@pytest.fixture(scope="module")
def bench(session_evm: Backend) -> Bench:
    return Bench.deploy(session_evm)


@st.composite
def domains(draw: st.DrawFn) -> model.Domain:
    least, start, most = sorted(draw(st.integers(1_000, 500_000)) for _ in range(3))
    full = draw(st.integers(most + 1, 990_000))
    ppm = WAD // 10**6
    return model.Domain(
        draw(st.integers(1_010_000, 2_000_000)) * ppm,
        least * ppm,
        start * ppm,
        most * ppm,
        full * ppm,
        draw(amounts(100_000)) * WAD,
        draw(st.sampled_from([0, 100_000, 500_000])) * ppm,
        draw(st.sampled_from([0, 0, 0, 3_600])),
    )


@st.composite
def amounts(draw: st.DrawFn, most: int = MAX_AMOUNT) -> int:
    """Any magnitude is as likely as any other."""
    return min(most, draw(st.integers(0, 2 ** draw(st.integers(1, most.bit_length())))) + 1)


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, Any]:
    """What is held is worth anything; debts follow from a health that is drawn, from below 0 to above 1."""
    ids = sorted(draw(st.sets(st.integers(0, 127), min_size=1, max_size=5)))
    if draw(st.booleans()):
        ids = [0, *(i for i in ids if i != 0)]
    shocks = st.integers(0, 600_000).map(lambda ppm: ppm * 10**12)
    assets: list[Asset] = []
    debts: list[Asset] = []
    for id_ in ids:
        price = draw(st.sampled_from([WAD, 2_000 * WAD, 10**30, 40_000 * 10**28, 10**36, 10**9, 3 * 10**17]))
        depth = draw(st.sampled_from([0, 0, 10**7 * WAD, 10**4 * WAD]))
        asset = Asset(id_, 0, price, draw(shocks), draw(shocks), depth)
        if draw(st.booleans()):
            assets.append(asset.of(draw(amounts())))
        else:
            debts.append(asset)
    worth = sum(a.position.value for a in assets)
    instruments = draw(st.lists(st.tuples(st.integers(-1_000, 1_000), st.integers(0, 1_000)), max_size=3))
    scale = max(worth, WAD) // 2_000
    held = [model.Instrument(value * scale, requirement * scale) for value, requirement in instruments]
    worth += sum(i.value for i in held)
    required = sum(a.position.requirement for a in assets) + sum(i.requirement for i in held)
    health = draw(st.one_of(st.integers(100, 1_010), st.integers(-500, 100)))
    for asset in debts:
        # worth - debt = health * (required + up * debt), each debt its part of it
        debt = (1_000 * worth - health * required) * WAD // (1_000 * WAD + health * asset.up) // len(debts)
        assets.append(asset.of(-max(1, min(debt * WAD // asset.price, MAX_AMOUNT))))
    assets.sort(key=lambda a: a.id)
    return {
        "assets": assets,
        "instruments": held,
        "settlement": next((a for a in assets if a.id == 0), Asset(0, 0, 10**30, WAD // 100, WAD // 100)),
        "uncertainty": draw(st.one_of(st.just(0), st.integers(0, max(1, abs(worth) // 100)))),
        "cover": draw(st.one_of(st.just(0), st.just(2**110), amounts(2**100))),
        "fresh": draw(st.sampled_from([True, True, True, False])),
        "sequencer_up_for": draw(st.sampled_from([model.NEVER_DOWN] * 8 + [0, 10, 3_600])),
    }


fractions = st.one_of(st.just(WAD), st.just(2**256 - 1), st.integers(0, WAD), st.integers(0, 1_000))


@settings(max_examples=1_200, suppress_health_check=list(HealthCheck))
@given(accounts(), domains(), fractions, st.data())
def test_plan_is_the_reference_models_to_the_last_unit(
    bench: Bench, account: dict[str, Any], domain: model.Domain, fraction: int, data: st.DataObject
) -> None:
    assets, instruments = account.pop("assets"), account.pop("instruments")
    excluded, left = frozenset(), frozenset()
    if data.draw(st.booleans()):
        excluded = frozenset(data.draw(st.sets(st.sampled_from([a.id for a in assets]), max_size=2)))
    if instruments and data.draw(st.booleans()):
        left = frozenset(data.draw(st.sets(st.integers(0, len(instruments) - 1), max_size=1)))
    weighed_account = weighed(assets, instruments, **account)
    assume(weighed_account.equity + weighed_account.uncertainty < weighed_account.requirement)
    bench.set_domain(domain)
    try:
        expected: model.Plan | str = model.plan(weighed_account, domain, fraction, excluded, left)
    except model.Refused as refusal:
        expected = str(refusal)
    note(f"expected: {expected}")
    try:
        got: model.Plan | str = bench.plan(
            assets,
            instruments,
            fraction=fraction,
            excluded_assets=excluded,
            excluded_instruments=left,
            **account,
        )
    except Reverted as revert:
        got = revert.name
    assert got == expected
