"""PERP-1: through any sequence of trades, funding, settlement, takeovers and deleveraging sizes add up to zero, costs and
cash to claims and fees, and the contract equals its model to the wei, after every step."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_market import DOLLAR, USUAL, PerpBench
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
PART = st.one_of(
    st.integers(1, WAD // 4), st.integers(-WAD // 4, -1), st.sampled_from([1, -1, WAD // 10, WAD])
)
MATCH = st.tuples(
    st.just("fills"),
    WHO,
    st.lists(st.tuples(st.integers(1, TRADERS - 1), PART, st.integers(-20, 20)), min_size=2, max_size=4),
    PART,
)
# Underwater by a jump: the account, its side, the other side's accounts, how far beyond its margin {percent}, buckets after.
RUIN = st.tuples(
    st.just("ruin"),
    WHO,
    st.sampled_from([1, -1]),
    st.lists(WHO, min_size=1, max_size=3),
    st.integers(110, 190),
    st.integers(0, 3),
)
# A third each; `one_of` would count every kind of step as one.
ANYTHING = st.sampled_from([STEP, RUIN, MATCH]).flatmap(lambda kind: kind)
# How often each thing happened in all examples of a run; a test that never gets there says nothing.
happened: Counter[str] = Counter()


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
    elif kind == "fills":
        taker, makers, rest = rest
        fills = [
            (who[(taker + other) % TRADERS], size, mirror.dollars * (1_000 + offset) * WAD // 1_000)
            for other, size, offset in makers
        ]
        happened["matches of several"] += mirror.fill_many(who[taker], fills, rest) and len(makers) > 1
    elif kind == "ruin":
        ruin(mirror, rich, *rest)
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
        happened["takeovers"] += mirror.take_over(who[rest[0]], rich, rest[1])
    elif kind == "collect":
        mirror.collect_fees()
    else:
        mirror.deleverage(rest[0])


def ruin(
    mirror: Mirror, rich: bytes, loser: int, side: int, others: list[int], depth: int, buckets: int
) -> None:
    """An account takes all that its dollars carry, from others and from who is rich; the index jumps beyond its margin; it is
    taken over. The backstop is empty."""
    bench, accounts = mirror.bench, mirror.accounts
    account = accounts[loser]
    dollars = max(0, bench.balance(account)) // DOLLAR
    size = side * dollars * WAD * 3 // mirror.dollars
    if not size or mirror.model.load(account).size * side < 0:
        return
    fills = [(accounts[other], size // (len(others) + 1), mirror.mark) for other in others if other != loser]
    if not mirror.fill_many(account, [*fills, (rich, size // (len(others) + 1), mirror.mark)]):
        return
    happened["matches of several"] += bool(fills)
    held = abs(mirror.model.load(account).size)
    move = max(1, dollars * WAD * depth // 100 // held)
    mirror.set_price(max(300, min(20_000, mirror.dollars - side * move)))
    mirror.check()
    before = mirror.deleveraged, mirror.absorbed
    happened["ruins"] += 1
    happened["takeovers"] += mirror.take_over(account, rich)
    happened["deleveragings"] += mirror.deleveraged > before[0]
    happened["losses borne by others"] += mirror.absorbed > before[1]
    if buckets:
        mirror.deleverage(buckets)


@settings(max_examples=40)
@given(
    steps=st.lists(ANYTHING, min_size=5, max_size=30),
    margins=st.lists(st.integers(300, 20_000), min_size=TRADERS, max_size=TRADERS),
)
def books_balance_through_anything(
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


def test_books_balance_through_anything(perps: PerpBench) -> None:
    """PERP-1. Every kind of event is reached, many times."""
    happened.clear()
    books_balance_through_anything(perps)
    print("\nreached:", dict(happened))
    for kind in ("matches of several", "ruins", "takeovers", "losses borne by others", "deleveragings"):
        assert happened[kind] >= 10, f"{kind}: {happened[kind]} in the whole run"


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
