"""What options gain in scenarios of any kind and order, contract and model, to the wei."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scripts.model.scenarios import Grid
from tests.helpers.evm import Backend
from tests.helpers.option_market import USUAL, OptionBench
from tests.helpers.option_mirror import Mirror, packed
from tests.helpers.system import DAY, WAD, System

GRID = [
    (one.spot_shock, one.volatility_shock, one.weight)
    for one in Grid(15 * WAD // 100, 18 * WAD // 100, 35 * WAD // 100, 3_000, 300).points()
]
CENTRE = (0, 0, WAD)


@pytest.fixture(scope="module", params=[None, 2_100])
def held(session_evm: Backend, request: pytest.FixtureRequest) -> Iterator[tuple[Mirror, bytes]]:
    """An account with calls and puts of three expiries, one of which has passed, without a price or with one."""
    with session_evm.isolation():
        options = OptionBench.deploy(System.deploy(session_evm), USUAL)
        account, other = options.trader(3, 100_000), options.trader(4, 100_000)
        mirror = Mirror(options, [account, other])
        terms = [(1, 2_000, True), (7, 1_700, True), (7, 2_300, False), (30, 2_000, True), (30, 1_500, False)]
        legs = {mirror.series(*one): ratio for one, ratio in zip(terms, (1, -3, 2, -1, 1), strict=True)}
        assert mirror.fill(account, other, legs, WAD // 3 + 1)
        if request.param is None:
            mirror.warp(DAY + 60)
        else:
            mirror.expire(1, request.param, [])
        yield mirror, account


def report(mirror: Mirror, account: bytes, scenarios: list[tuple[int, int, int]], index: int) -> Any:
    """The market's report, where requirements are counted at `index`."""
    market, settlement = mirror.bench.market, mirror.bench.system.assets["USDC"].underlying
    ids, _ = market.underlyings()
    words = [[packed(*CENTRE)] * 2 if one == settlement else [packed(*s) for s in scenarios] for one in ids]
    prices = [[WAD if one == settlement else price for one in ids] for price in (mirror.index, index)]
    said = market.report(account, [word for part in words for word in part], *prices, False)
    changes = list(said.changesWad)
    return said, changes[2:] if ids[0] == settlement else changes[:-2]


shocks = st.sampled_from([-WAD, -WAD // 5, -WAD // 7, 0, WAD // 9, WAD // 5, 2 * WAD])
volatilities = st.sampled_from([-WAD // 3, 0, WAD // 4])
weights = st.sampled_from([0, 1, WAD // 3, WAD, WAD, WAD])


@settings(max_examples=60, deadline=None)
@given(
    scenarios=st.lists(st.tuples(shocks, volatilities, weights), max_size=23),
    index=st.sampled_from([2_000 * WAD, 1_950 * WAD, 1, 2_100 * WAD + 1]),
)
@example(scenarios=GRID, index=2_000 * WAD)
@example(scenarios=GRID[::-1], index=1_990 * WAD)
@example(scenarios=[GRID[0], GRID[22]], index=2_000 * WAD)
@example(scenarios=[CENTRE, CENTRE], index=2_000 * WAD)
@example(scenarios=[GRID[22]] * 3, index=2_000 * WAD)
def test_changes_are_the_models(
    held: tuple[Mirror, bytes], scenarios: list[tuple[int, int, int]], index: int
) -> None:
    mirror, account = held
    said, changes = report(mirror, account, scenarios, index)
    here = mirror.model.report(account, scenarios, mirror.index)
    required = mirror.model.report(account, scenarios, index)
    assert changes == required["changes"]
    assert (said.standaloneWad, said.addOnWad) == (required["standalone"], required["addOn"])
    assert (said.valueWad, said.creditWad) == (here["value"], here["credit"])
    assert here["exposure"] in said.exposuresWad
