"""The engine against a naive book that sorts a list, by random sequences; the rules one by one."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scripts.matcher.amm import Amm
from scripts.matcher.effects import Match, Matched
from scripts.matcher.engine import NOT_ALL, POST_ONLY, SELF_TRADE, TOO_MANY, Engine
from scripts.matcher.live import BUY, SELL, LiveOrder, Status
from scripts.matcher.orders import Flag
from scripts.model.perp_amm import Curve
from tests.helpers.perp_matcher import MARKET, unsigned

NOW = 1_000
BLOCK = 7
MAX_MAKERS = 3


@dataclass
class Entry:
    """An order in the naive book."""

    hash: bytes
    owner: int
    side: int
    price: int
    left: int
    sequence: int


class Naive:
    """Price and time by sorting the whole list each time; incoming orders only."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.next = 1

    def place(
        self, hash_: bytes, owner: int, size: int, price: int, flags: int
    ) -> list[tuple[bytes, int, int]]:
        """(maker, size, price) of each fill."""
        side, left = (BUY if size > 0 else SELL), abs(size)
        others = sorted(
            (entry for entry in self.entries if entry.side == -side and side * (price - entry.price) >= 0),
            key=lambda entry: (side * entry.price, entry.sequence),
        )
        sequence, self.next = self.next, self.next + 1
        if flags & Flag.POST_ONLY and others:
            return []
        fills: list[tuple[Entry, int]] = []
        stopped = False
        for entry in others:
            if not left:
                break
            if entry.owner == owner:
                stopped = True
                break
            fills.append((entry, min(left, entry.left)))
            left -= fills[-1][1]
        if flags & Flag.FILL_OR_KILL and (left or len(fills) > MAX_MAKERS):
            return []
        for entry, filled in fills:
            entry.left -= filled
        self.entries = [entry for entry in self.entries if entry.left]
        if left and not stopped:
            self.entries.append(Entry(hash_, owner, side, price, left, sequence))
        return [(entry.hash, filled, entry.price) for entry, filled in fills]

    def cancel(self, hash_: bytes) -> None:
        """Takes an order out."""
        self.entries = [entry for entry in self.entries if entry.hash != hash_]

    def side(self, side: int) -> list[tuple[bytes, int]]:
        """(order, size) of a side, best and oldest first."""
        ranked = sorted(
            (entry for entry in self.entries if entry.side == side),
            key=lambda entry: (-side * entry.price, entry.sequence),
        )
        return [(entry.hash, entry.left) for entry in ranked]


def book_side(engine: Engine, side: int) -> list[tuple[bytes, int]]:
    """(order, size) of a side of the engine's book."""
    return [(order.hash, order.open) for order in engine.books[MARKET].orders() if order.side == side]


def check_book(engine: Engine, known: dict[bytes, LiveOrder]) -> None:
    """What holds at every moment: no crossed book, levels add up, nothing is promised twice, priority of time."""
    book = engine.books[MARKET]
    bid, ask = book.best(BUY), book.best(SELL)
    assert bid is None or ask is None or bid < ask
    for side in (BUY, SELL):
        orders = [order for order in book.orders() if order.side == side]
        ranks = [(-side * order.price, order.sequence) for order in orders]
        assert ranks == sorted(ranks)
        for price, size in book.depth(side, 1_000):
            assert (
                size
                == sum(order.open for order in orders if order.price == price)
                == book.size_at(side, price)
            )
    pending: dict[bytes, int] = {}
    for match in engine.matches.values():
        for order, leg in match.moves:
            pending[order.hash] = pending.get(order.hash, 0) + leg.size
    for order in known.values():
        assert order.pending == pending.get(order.hash, 0)
        assert order.filled + order.pending + order.open <= order.size
        assert (order.hash in book) == (order.open > 0)
        if order.end is None:
            assert order.open == order.size - order.filled - order.pending
    for (account, market, side), (size, quote) in engine.committed.items():
        mine = [
            order
            for order in known.values()
            if (order.account, order.market, order.side) == (account, market, side)
            and order.end is None
            and not order.has(Flag.REDUCE_ONLY)
        ]
        assert size == sum(order.size - order.filled for order in mine)
        assert quote == sum((order.size - order.filled) * order.price for order in mine)


class Incoming(RuleBasedStateMachine):
    """Placing and cancelling: the engine fills and rests exactly what the naive book does."""

    def __init__(self) -> None:
        super().__init__()
        self.engine, self.naive = Engine([MARKET], MAX_MAKERS), Naive()
        self.known: dict[bytes, LiveOrder] = {}
        self.nonce = 0

    @rule(
        owner=st.integers(1, 4),
        size=st.integers(-6, 6).filter(bool),
        price=st.integers(1, 6),
        flags=st.sampled_from([0, 0, 0, Flag.POST_ONLY, Flag.FILL_OR_KILL]),
    )
    def place(self, owner: int, size: int, price: int, flags: int) -> None:
        self.nonce += 1
        signed = unsigned(owner, size, price, nonce=self.nonce, flags=flags)
        self.known[signed.hash] = self.engine.place(signed, NOW)
        made = [effect.match for effect in self.engine.drain() if isinstance(effect, Matched)]
        fills = [(leg.maker.hash, leg.size, leg.price) for match in made for leg in match.legs]
        assert fills == self.naive.place(signed.hash, owner, size, price, flags)
        assert all(len(match.legs) <= MAX_MAKERS for match in made)
        assert sum(match.size for match in made) + self.known[signed.hash].open <= abs(size)

    @precondition(lambda self: self.naive.entries)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.naive.entries))
        assert self.engine.cancel(entry.hash, "by its owner")
        assert not self.engine.cancel(entry.hash, "again")
        self.naive.cancel(entry.hash)

    @invariant()
    def same(self) -> None:
        for side in (BUY, SELL):
            assert book_side(self.engine, side) == self.naive.side(side)
        check_book(self.engine, self.known)


class Settling(RuleBasedStateMachine):
    """Matches end in any order and way: nothing is lost, filled twice, or left crossed."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine([MARKET], MAX_MAKERS)
        self.known: dict[bytes, LiveOrder] = {}
        self.chain: dict[bytes, int] = {}
        self.settled: list[Match] = []
        self.nonce = 0

    @rule(
        owner=st.integers(1, 4),
        size=st.integers(-6, 6).filter(bool),
        price=st.integers(1, 6),
        flags=st.sampled_from([0, 0, 0, Flag.POST_ONLY, Flag.FILL_OR_KILL, Flag.REDUCE_ONLY]),
    )
    def place(self, owner: int, size: int, price: int, flags: int) -> None:
        self.nonce += 1
        signed = unsigned(owner, size, price, nonce=self.nonce, flags=flags, expiry=NOW + self.nonce)
        self.known[signed.hash] = self.engine.place(signed, NOW)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(list(self.known.values())))
        had_ended = order.end is not None
        assert self.engine.cancel(order.hash, "by its owner") is not had_ended
        assert order.end is not None and not order.open

    @precondition(lambda self: self.engine.matches)
    @rule(data=st.data(), short=st.booleans())
    def settle(self, data: st.DataObject, short: bool) -> None:
        match = data.draw(st.sampled_from(list(self.engine.matches.values())))
        flags = 0
        for order in match.orders:
            flags |= order.flags
        filled = [
            leg.size - (1 if short and flags & Flag.REDUCE_ONLY and leg.size > 1 else 0) for leg in match.legs
        ]
        for leg, size in zip(match.legs, filled, strict=True):
            for order in filter(None, (leg.maker, match.taker)):
                self.chain[order.hash] = self.chain.get(order.hash, 0) + size
        for order in match.orders:
            self.engine.fill(order.hash, self.chain[order.hash], BLOCK, NOW)
        self.engine.settle(match, filled, NOW)
        self.settled.append(match)

    @precondition(lambda self: self.engine.matches)
    @rule(data=st.data())
    def unwind(self, data: st.DataObject) -> None:
        match = data.draw(st.sampled_from(list(self.engine.matches.values())))
        offender = data.draw(st.sampled_from(match.orders))
        self.engine.unwind(match, {offender.hash: "no margin"}, NOW)
        assert offender.end is not None and not offender.open

    @precondition(lambda self: self.settled)
    @rule()
    def reorganise(self) -> None:
        match = self.settled.pop()
        for order, leg in match.moves:
            self.chain[order.hash] -= leg.filled or 0
        self.engine.unsettle(match, 1)
        for order in match.orders:
            self.engine.fill(order.hash, self.chain[order.hash], BLOCK, NOW)

    @invariant()
    def sound(self) -> None:
        check_book(self.engine, self.known)
        for order in self.known.values():
            assert order.filled == self.chain.get(order.hash, 0) <= order.size
        for match in self.engine.matches.values():
            assert not match.taker.has(Flag.POST_ONLY)
            for leg in match.legs:
                assert match.taker.side * (match.taker.price - leg.price) >= 0
                if leg.maker is None:
                    assert leg is match.rest is match.legs[-1]
                    continue
                assert leg.maker.owner != match.taker.owner and leg.maker.side == -match.taker.side
                assert leg.price == leg.maker.price


class WithAmm(Settling):
    """The same beside a virtual AMM whose index moves: it takes no more than its room, and nothing rests that it
    would take."""

    CURVE = Curve(100)

    def __init__(self) -> None:
        super().__init__()
        self.index, self.sold = 3, 0
        self.move(3, 0)

    @rule(index=st.integers(1, 6), sold=st.integers(-50, 50))
    def move(self, index: int, sold: int) -> None:
        self.engine.amms.now[MARKET] = Amm(b"amm".ljust(20), self.CURVE, index, sold, 50)
        self.engine.meet_amm(MARKET, NOW)
        for order in self.engine.books[MARKET].orders():
            amm = self.engine.amms.met_by(order, NOW)
            assert amm is None or not amm.fill(order.side, order.price, order.open)

    @precondition(lambda self: any(match.rest for match in self.engine.matches.values()))
    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        routed = [match for match in self.engine.matches.values() if match.rest]
        match = data.draw(st.sampled_from(routed))
        self.engine.amms.bar(match.taker, NOW)
        self.engine.unwind(match, {}, NOW)
        assert all(
            other.taker is not match.taker or other.rest is None or other.id < match.id
            for other in self.engine.matches.values()
        )

    @invariant()
    def under_way(self) -> None:
        rests = [(match.taker.side, match.rest) for match in self.engine.matches.values()]
        routed = sum(side * rest.size for side, rest in rests if rest)
        amm, now = self.engine.amms.of(MARKET), self.engine.amms.now[MARKET]
        assert amm and now and amm.sold == now.sold + routed


TestWithAmm = WithAmm.TestCase
TestWithAmm.settings = settings(max_examples=60, stateful_step_count=50)
TestIncoming = Incoming.TestCase
TestIncoming.settings = settings(max_examples=60, stateful_step_count=50)
TestSettling = Settling.TestCase
TestSettling.settings = settings(max_examples=80, stateful_step_count=50)


def place(
    engine: Engine, owner: int, size: int, price: int, flags: int = 0, expiry: int = 2_000
) -> LiveOrder:
    """Places an order that no other equals."""
    return engine.place(
        unsigned(owner, size, price, nonce=engine.next_sequence, flags=flags, expiry=expiry), NOW
    )


def test_a_taker_gets_the_makers_prices_best_and_oldest_first() -> None:
    engine = Engine([MARKET])
    first, second, cheap = place(engine, 1, -3, 12), place(engine, 2, -3, 12), place(engine, 3, -1, 11)
    place(engine, 4, 5, 20)
    (match,) = engine.matches.values()
    assert [(leg.maker, leg.size, leg.price) for leg in match.legs] == [
        (cheap, 1, 11),
        (first, 3, 12),
        (second, 1, 12),
    ]


def test_an_order_that_comes_back_stands_where_it_stood() -> None:
    engine = Engine([MARKET])
    first, second = place(engine, 1, -3, 12), place(engine, 2, -3, 12)
    taker = place(engine, 3, 3, 12)
    engine.unwind(next(iter(engine.matches.values())), {taker.hash: "no margin"}, NOW)
    assert book_side(engine, SELL) == [(first.hash, 3), (second.hash, 3)]
    assert (taker.end, taker.reason) == (Status.DROPPED, "no margin")


def test_a_younger_order_takes_from_one_that_comes_back() -> None:
    engine = Engine([MARKET])
    buyer = place(engine, 1, 2, 10)
    bad = place(engine, 2, -2, 10)
    seller = place(engine, 3, -2, 9)
    engine.unwind(next(iter(engine.matches.values())), {bad.hash: "no margin"}, NOW)
    (match,) = engine.matches.values()
    assert (match.taker, match.legs[0].maker, match.legs[0].price) == (seller, buyer, 10)


def test_a_post_only_order_that_was_there_in_between_is_taken_and_not_dropped() -> None:
    engine = Engine([MARKET])
    buyer, bad = place(engine, 1, 2, 10), place(engine, 2, -2, 10)
    maker = place(engine, 3, -2, 9, Flag.POST_ONLY)
    engine.unwind(next(iter(engine.matches.values())), {bad.hash: "no margin"}, NOW)
    (match,) = engine.matches.values()
    assert (match.taker, match.legs[0].maker, match.legs[0].price) == (buyer, maker, 9)


def test_flags_say_why_an_order_is_dropped() -> None:
    engine = Engine([MARKET], max_makers=2)
    for owner in (1, 2, 3):
        place(engine, owner, -1, 10)
    assert place(engine, 4, 1, 10, Flag.POST_ONLY).reason == POST_ONLY
    assert place(engine, 4, 4, 10, Flag.FILL_OR_KILL).reason == NOT_ALL
    assert place(engine, 4, 3, 10, Flag.FILL_OR_KILL).reason == TOO_MANY
    assert place(engine, 2, 2, 10).reason == SELF_TRADE
    assert len(engine.matches) == 1  # what the last one took before it met itself


def test_an_expired_order_is_not_matched() -> None:
    engine = Engine([MARKET])
    old = place(engine, 1, -1, 10, expiry=NOW - 1)
    taker = place(engine, 2, 1, 10)
    assert old.end is Status.EXPIRED and taker.open == 1 and not engine.matches


def test_expiry_ends_what_rests_and_forgets_what_cannot_come_again() -> None:
    engine = Engine([MARKET])
    order = place(engine, 1, -1, 10, expiry=NOW)
    assert engine.expire(NOW) == []
    assert engine.expire(NOW + 1) == [order.hash]
    assert order.status is Status.EXPIRED and order.hash not in engine.live
    engine.expire(NOW + 2)
    assert not engine.finished


def test_a_lower_nonce_is_called_off_now_and_later() -> None:
    engine = Engine([MARKET])
    low, high = place(engine, 1, -1, 10), place(engine, 1, -1, 11)
    assert engine.cancel_below(low.account, high.signed.nonce, "by its owner") == [low.hash]
    assert engine.floors[low.account] == high.signed.nonce and high.open == 1
