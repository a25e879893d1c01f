"""PerpLens: what an account has in a market and where it would be taken over, and what the virtual AMM would do.

Liquidation prices are held against the vault's own judgement: the oracle is moved to the price, and health crosses one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.common.contract import Contract
from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import DAY, WAD, System

TRADER, OTHER = 10, 11
QUOTE = 10**36
DOLLAR = 10**6
# The feed's smallest step.
STEP = 10**10
OVERVIEW = ("position", "owed", "unsettled", "claims", "below", "above", "grace")


@dataclass
class Bench:
    """A market, its lens, a trader's account and another one with plenty."""

    perps: PerpTrading
    lens: Contract
    trader: bytes
    other: bytes

    def overview(self, account: bytes) -> dict[str, Any]:
        return dict(zip(OVERVIEW, self.lens.overview(self.perps.market.address, account), strict=True))

    def healthy_at(self, price: int) -> bool:
        """By the vault's own judgement after the oracle has moved; `price` in whole steps of the feed."""
        with self.perps.evm.isolation():
            self.perps.system.set_price("WETH", Decimal(price) / WAD)
            return bool(self.perps.system.lens.health(self.trader) >= WAD)


@pytest.fixture(scope="module")
def module_bench(session_evm: PyrevmBackend) -> Any:
    with session_evm.isolation():
        perps = PerpTrading.deploy(System.deploy(session_evm))
        lens = session_evm.deploy("PerpLens", perps.system.lens.address, 6)
        accounts = session_evm.accounts
        trader, other = perps.funded(accounts[TRADER], 10_000), perps.funded(accounts[OTHER], 10_000_000)
        yield Bench(perps, lens, trader, other)


@pytest.fixture
def bench(module_bench: Bench) -> Any:
    with module_bench.perps.evm.isolation():
        yield module_bench


def fill(bench: Bench, size: int, price: int = 2_000) -> None:
    """The trader buys from the other, or sells to him."""
    perps = bench.perps
    perps.match(perps.order(bench.trader, size, price), [perps.order(bench.other, -size, price)])


def long(bench: Bench) -> None:
    fill(bench, 20 * WAD)


def short(bench: Bench) -> None:
    fill(bench, -20 * WAD)


def long_with_spot_and_debt(bench: Bench) -> None:
    """Three of spot, dollars owed against them, and a long perpetual: everything falls together."""
    system, owner = bench.perps.system, bench.perps.evm.accounts[TRADER]
    system.deposit(owner, "WETH", 3)
    system.borrow(owner, "USDC", 12_000)
    fill(bench, 3 * WAD)


def hedged_too_much(bench: Bench) -> None:
    """Spot, and more than twice as much sold by perpetual, with another coin owed."""
    system, owner = bench.perps.system, bench.perps.evm.accounts[TRADER]
    system.deposit(owner, "WETH", 5)
    system.borrow(owner, "DAI", 3_000)
    fill(bench, -20 * WAD)


def long_against_owed_spot(bench: Bench) -> None:
    """The underlying itself is owed, and more than that is held by perpetual."""
    bench.perps.system.borrow(bench.perps.evm.accounts[TRADER], "WETH", 2)
    fill(bench, 12 * WAD)


def long_in_loss(bench: Bench) -> None:
    fill(bench, 20 * WAD, 2_100)


def check_edges(bench: Bench, seen: dict[str, Any]) -> None:
    """On both sides, at the two prices around the edge that the feed can tell. A long, too, has a price above: what is
    unsettled counts less than what is owed, and requirements grow with the notional."""
    for edge, outside in ((seen["below"], -1), (seen["above"], 1)):
        if edge and edge < 10**6 * WAD:
            first = edge // STEP * STEP if outside < 0 else -(-edge // STEP) * STEP
            assert not bench.healthy_at(first)
            assert bench.healthy_at(first - outside * STEP)


CASES = [
    (long, True),
    (short, False),
    (long_with_spot_and_debt, True),
    (hedged_too_much, False),
    (long_against_owed_spot, True),
    (long_in_loss, True),
]


@pytest.mark.parametrize(("prepare", "falls"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_health_crosses_one_at_the_liquidation_price(
    bench: Bench, prepare: Callable[[Bench], None], falls: bool
) -> None:
    prepare(bench)
    seen = bench.overview(bench.trader)
    assert seen["below" if falls else "above"]
    assert bench.healthy_at(2_000 * WAD)
    check_edges(bench, seen)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    spot=st.integers(0, 5),
    owed=st.integers(0, 6_000),
    size=st.integers(-12, 12).filter(bool),
    price=st.integers(1_950, 2_050),
)
def test_any_account_is_healthy_between_its_prices(
    module_bench: Bench, spot: int, owed: int, size: int, price: int
) -> None:
    bench = module_bench
    system, owner = bench.perps.system, bench.perps.evm.accounts[TRADER]
    with bench.perps.evm.isolation():
        if spot:
            system.deposit(owner, "WETH", spot)
        if owed:
            system.borrow(owner, "DAI", max(owed, 2_000))
        fill(bench, size * WAD, price)
        seen = bench.overview(bench.trader)
        check_edges(bench, seen)


def test_the_price_of_an_underlying_is_that_of_its_token(bench: Bench) -> None:
    long(bench)
    system = bench.perps.system
    lens = system.lens
    by_token = tuple(lens.liquidationPrice(bench.trader, system["WETH"]))
    assert tuple(lens.liquidationPriceIn(bench.trader, system.assets["WETH"].underlying)) == by_token
    seen = bench.overview(bench.trader)
    assert (seen["below"], seen["above"]) == by_token


def test_an_account_without_anything_has_no_prices(bench: Bench) -> None:
    seen = bench.overview(bench.perps.system.account(bench.perps.evm.accounts[TRADER], 7))
    assert seen == dict(zip(OVERVIEW, ((0,) * 6, 0, 0, 0, 0, 0, 0), strict=True))


@pytest.mark.parametrize("size", [20 * WAD, -20 * WAD])
def test_funding_owed_is_what_came_due_since_the_position_was_written(bench: Bench, size: int) -> None:
    fill(bench, size)
    market, before = bench.perps.market, bench.perps.cost(bench.trader)
    assert bench.overview(bench.trader)["owed"] == 0
    for _ in range(3):
        bench.perps.system.warp(DAY // 3)
        market.poke()
    owed = bench.overview(bench.trader)["owed"]
    assert owed == bench.perps.cost(bench.trader) - before
    # Interest of a hundredth of a percent each eight hours, paid by longs.
    assert abs(owed - size * 2_000 * WAD * 3 // 10_000) < QUOTE // 10**6
    assert market.fundingOwed(bench.other) == -owed
    market.settle(bench.trader)
    assert bench.overview(bench.trader)["owed"] == 0
    assert market.fundingOwed(bench.other) == -owed, "the other's is his own"


def test_negative_funding_and_a_sum_below_zero(bench: Bench) -> None:
    """Only the lowest bits of the index are kept with a position: they are enough when it goes below zero, too."""
    perps = bench.perps
    perps.trade(bench.other, -1_500 * WAD)
    fill(bench, WAD)
    before = perps.cost(bench.trader)
    perps.system.warp(3 * DAY)
    owed = bench.overview(bench.trader)["owed"]
    assert owed == perps.cost(bench.trader) - before < 0
    assert perps.market.state()[4] < 0


def test_unsettled_profit_and_claims(bench: Bench) -> None:
    long(bench)
    bench.perps.system.set_price("WETH", 2_100)
    seen = bench.overview(bench.trader)
    assert (seen["unsettled"], seen["claims"]) == (seen["position"][3] // 10**30, 0)
    assert seen["unsettled"] >= 2_000 * DOLLAR - DOLLAR
    bench.perps.market.settle(bench.trader)
    after = bench.overview(bench.trader)
    assert (after["unsettled"], after["claims"]) == (0, seen["unsettled"])
    bench.perps.market.settle(bench.other)
    assert bench.overview(bench.trader)["claims"] == seen["unsettled"], "allotted now"
    losing = bench.overview(bench.other)
    assert (losing["unsettled"], losing["claims"]) == (0, 0)


@pytest.mark.parametrize("sold", [0, 700 * WAD, -1_300 * WAD, 2_000 * WAD])
def test_depth_is_what_the_amm_would_do(bench: Bench, sold: int) -> None:
    perps = bench.perps
    if sold:
        perps.trade(bench.other, sold)
    asks, bids = bench.lens.depth(perps.amm.address, 8)
    _, buyable, sellable, middle, _ = perps.amm.depth()
    for levels, most, sign in ((asks, buyable, 1), (bids, sellable, -1)):
        assert len(levels) == (8 if most else 0)
        if not most:
            continue
        assert levels[-1][0] == most
        paid, before = 0, 0
        for size, price, step in levels:
            assert price == perps.curve.price(sold, sign * size, perps.index)
            assert abs(step * (size - before) - (size * price - paid)) < size - before
            assert (step - middle) * sign > 0
            paid, before = size * price, size
        steps = [level[2] * sign for level in levels]
        assert steps == sorted(steps), "nearest price first"
        with perps.evm.reverts("VirtualAmm_SkewLimit"):
            perps.amm.quote(sign * (most + 1))


def test_depth_wants_a_number_of_points_that_can_be(bench: Bench) -> None:
    for points in (0, 257):
        with bench.perps.evm.reverts("PerpLens_Points", points, 256):
            bench.lens.depth(bench.perps.amm.address, points)
    asks, bids = bench.lens.depth(bench.perps.amm.address, 256)
    assert (len(asks), len(bids)) == (256, 256)


def test_no_depth_without_a_fresh_index(bench: Bench) -> None:
    bench.perps.evm.warp(2 * DAY)
    with bench.perps.evm.reverts("VirtualAmm_IndexNotFresh"):
        bench.lens.depth(bench.perps.amm.address, 4)
