"""PERP-1: through any sequence of trades, funding, settlement, takeovers and deleveraging sizes add up to zero, costs and
cash to claims and fees, and the contract equals its model to the wei, after every step."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_market import USUAL, PerpBench
from tests.helpers.perp_mirror import Mirror
from tests.helpers.system import WAD, System

TRADERS = 5
WHO = st.integers(0, TRADERS - 1)
SIZE = st.one_of(
    st.integers(-12 * WAD, 12 * WAD),
    st.sampled_from([1, -1, 10 * WAD, -10 * WAD, 2**127, -(2**127), 0]),
)
STEP = st.one_of(
    st.tuples(st.just("trade"), WHO, SIZE),
    st.tuples(st.just("fill"), WHO, WHO, SIZE, st.integers(-100, 100), st.sampled_from([0, 0, 1, 5_000_000])),
    st.tuples(st.just("settle"), WHO, st.booleans()),
    st.tuples(st.just("close"), WHO),
    st.tuples(st.just("price"), st.integers(-45, 60)),
    st.tuples(st.just("warp"), st.sampled_from([1, 12, 600, 3_600, 28_800, 80_000])),
    st.tuples(st.just("premium"), st.integers(-(WAD // 40), WAD // 40)),
    st.tuples(st.just("poke")),
    st.tuples(st.just("take over"), WHO, st.sampled_from([WAD, WAD // 3])),
    st.tuples(st.just("collect")),
    st.tuples(st.just("deleverage"), st.integers(1, 3)),
)


@pytest.fixture(scope="module")
def perps(session_evm: PyrevmBackend) -> Iterator[PerpBench]:
    with session_evm.isolation():
        yield PerpBench.deploy(System.deploy(session_evm, stake=0), USUAL)


def act(mirror: Mirror, rich: bytes, step: tuple[Any, ...]) -> None:
    kind, *rest = step
    who = mirror.accounts
    if kind == "trade":
        mirror.trade(who[rest[0]], rest[1])
    elif kind == "fill":
        taker, maker, size, offset, tip = rest
        mirror.fill(who[taker], who[maker], size, mirror.dollars * (1_000 + offset) * WAD // 1_000, tip)
    elif kind == "settle":
        mirror.settle(who[rest[0]], rest[1])
    elif kind == "close":
        mirror.trade(who[rest[0]], -mirror.model.load(who[rest[0]]).size)
    elif kind == "price":
        mirror.set_price(max(300, min(9_000, mirror.dollars * (100 + rest[0]) // 100)))
    elif kind == "warp":
        mirror.warp(rest[0])
    elif kind == "premium":
        mirror.set_premium(rest[0])
    elif kind == "poke":
        mirror.poke()
    elif kind == "take over":
        event(f"taken over: {mirror.take_over(who[rest[0]], rich, rest[1])}")
    elif kind == "collect":
        mirror.collect_fees()
    else:
        mirror.deleverage(rest[0])


@settings(max_examples=40)
@given(
    steps=st.lists(STEP, min_size=5, max_size=30),
    margins=st.lists(st.integers(300, 20_000), min_size=TRADERS, max_size=TRADERS),
)
def test_books_balance_through_anything(
    perps: PerpBench, steps: list[tuple[Any, ...]], margins: list[int]
) -> None:
    with perps.evm.isolation():
        traders = [perps.trader(3, dollars, index) for index, dollars in enumerate(margins)]
        rich = perps.trader(4, 10_000_000)
        mirror = Mirror(perps, [*traders, rich])
        mirror.check()
        for step in steps:
            act(mirror, rich, step)
            mirror.check()


@settings(max_examples=25)
@given(
    sizes=st.lists(st.tuples(WHO, WHO, st.integers(1, 4 * WAD)), min_size=3, max_size=10),
    moves=st.lists(st.tuples(st.integers(-60, 90), WHO, st.integers(1, 3)), min_size=2, max_size=6),
)
def test_books_balance_through_crashes(
    perps: PerpBench, sizes: list[tuple[int, int, int]], moves: list[tuple[int, int, int]]
) -> None:
    """Thin margins and large moves: most of what happens is takeovers, deleveraging, and what is left of them."""
    with perps.evm.isolation():
        traders = [perps.trader(3, 3_000, index) for index in range(TRADERS)]
        rich = perps.trader(4, 10_000_000)
        mirror = Mirror(perps, [*traders, rich])
        for taker, maker, size in sizes:
            mirror.fill(traders[taker], traders[maker], size, mirror.mark)
        for move, settled, buckets in moves:
            mirror.set_price(max(300, min(9_000, mirror.dollars * (100 + move) // 100)))
            mirror.settle(traders[settled])
            mirror.check()
            for account in traders:
                before = mirror.model.open_interest
                mirror.take_over(account, rich)
                event(f"deleveraged: {mirror.model.open_interest < before}")
                mirror.check()
            mirror.deleverage(buckets)
            mirror.warp(3_600)
            mirror.settle(rich)
            mirror.check()
