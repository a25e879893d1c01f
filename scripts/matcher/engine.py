"""Matching: what an order does when it comes, and what becomes of it. Pure: time and chain come as arguments.

    engine = Engine(markets, max_makers=20)
    live = engine.place(signed, now)        # matched at once as far as the book allows, the rest rests
    engine.cancel(hash, reason)
    engine.fill(hash, filled, block)        # the chain has told how much of an order is filled
    engine.settle(match, filled)            # it has told what became of a match
    engine.unwind(match, {hash: reason})    # the chain refuses: offenders are dropped, the others go back
    effects = engine.drain()                # all that happened, in order

At most `size` of an order is ever filled, matched and open together (PERP-3's part here): `LiveOrder.recount`.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence

from scripts.matcher.amm import Amms
from scripts.matcher.book import Book
from scripts.matcher.effects import (
    Changed,
    Effect,
    FilledLate,
    Final,
    Floor,
    Leg,
    Match,
    Matched,
    Moved,
    Placed,
    Stage,
)
from scripts.matcher.live import BUY, SELL, LiveOrder, Status
from scripts.matcher.orders import Flag, SignedOrder, Trigger
from scripts.matcher.saved import Saved

SELF_TRADE = "it met an order of the same owner"
POST_ONLY = "it would have taken at once, and is post-only"
NOT_ALL = "not all of it can be filled at once, and it is fill-or-kill"
TOO_MANY = "more makers than one settlement takes, and it is fill-or-kill"
NO_ROOM = "its account's position allows no more of a reduce-only order"


class Engine:
    """Books of several markets and everything that is not finished.

    `live` are orders that may still be filled, `matches` those that are not settled, `finished` tells the end of
    orders that cannot come back (status, reason, expiry). Up to the block `final` the chain is settled; `recent` are
    orders that it filled later: the block, and the order if memory still has it.
    """

    def __init__(self, markets: Iterable[bytes], max_makers: int = 20) -> None:
        self.books: dict[bytes, Book] = {market: Book() for market in markets}
        self.live: dict[bytes, LiveOrder] = {}
        self.matches: dict[int, Match] = {}
        self.finished: dict[bytes, tuple[Status, str, int, SignedOrder]] = {}
        self.floors: dict[bytes, int] = {}
        self.final: int | None = None
        self.recent: dict[bytes, tuple[int, LiveOrder | None]] = {}
        self.by_account: defaultdict[bytes, dict[bytes, LiveOrder]] = defaultdict(dict)
        # (account, market, side): size and quote {size * price} that may still be filled and need margin.
        self.committed: defaultdict[tuple[bytes, bytes, int], list[int]] = defaultdict(lambda: [0, 0])
        # Placed orders that the chain was not asked about: somebody may have submitted them before.
        self.unasked: deque[bytes] = deque()
        self.next_sequence = 1
        self.next_match = 1
        self.amms = Amms()
        self._max_makers = max_makers
        self._waiting: dict[bytes, dict[bytes, LiveOrder]] = {market: {} for market in self.books}
        self._expiries: list[tuple[int, bytes]] = []
        self._effects: list[Effect] = []

    # --- orders ---

    def place(self, signed: SignedOrder, now: int) -> LiveOrder:
        """Accepts an order that is not known yet. It may end at once; its status tells."""
        live = LiveOrder(signed, self.next_sequence)
        self.next_sequence += 1
        self._effects.append(Placed(live))
        self.unasked.append(live.hash)
        self._adopt(live)
        if live.armed:
            self._enter(live, now)
        else:
            self._waiting[live.market][live.hash] = live
        return live

    def cancel(self, hash_: bytes, reason: str, status: Status = Status.CANCELLED) -> bool:
        """Ends an order; what is matched already may still be settled. False if it has ended."""
        live = self.live.get(hash_)
        if live is None or live.end is not None:
            return False
        self._end(live, status, reason)
        return True

    def cancel_below(self, account: bytes, lowest: int, reason: str) -> list[bytes]:
        """Ends all orders of the account with a lower nonce, now and in future; their hashes."""
        if lowest > self.floors.get(account, 0):
            self.floors[account] = lowest
            self._effects.append(Floor(account, lowest))
        orders = [
            live
            for live in self.by_account.get(account, {}).values()
            if live.signed.nonce < lowest and live.end is None
        ]
        for live in orders:
            self._end(live, Status.CANCELLED, reason)
        return [live.hash for live in orders]

    def expire(self, now: int) -> list[bytes]:
        """Ends what the chain would refuse as expired at `now`; their hashes."""
        ended = []
        while self._expiries and self._expiries[0][0] < now:
            _, hash_ = heapq.heappop(self._expiries)
            live = self.live.get(hash_)
            if live is not None and live.end is None:
                self._end(live, Status.EXPIRED, "")
                ended.append(hash_)
            if live is None:
                self.finished.pop(hash_, None)
        return ended

    def trigger(self, market: bytes, price: int, now: int) -> list[bytes]:
        """Wakes the stop orders that this index price reaches, oldest first; their hashes."""
        woken = [
            live
            for live in self._waiting[market].values()
            if (price >= live.signed.trigger_price) == (live.signed.trigger == Trigger.AT_OR_ABOVE)
            or price == live.signed.trigger_price
        ]
        for live in sorted(woken, key=lambda order: order.sequence):
            self._waiting[market].pop(live.hash, None)
            live.armed = True
            self._changed(live)
            self._enter(live, now)
        return [live.hash for live in woken]

    def meet_amm(self, market: bytes, now: int) -> None:
        """Fills resting orders whose price the market's virtual AMM has reached, best first."""
        for side in (BUY, SELL):
            amm, book = self.amms.of(market), self.books[market]
            if amm is None:
                return
            for live in list(book.crossing(-side, amm.edge(side))):
                met = self.amms.met_by(live, now)
                if live.hash in book and live.expiry >= now and met and met.fill(side, live.price, live.open):
                    book.remove(live)
                    self._enter(live, now)

    # --- settlement ---

    def send(self, matches: Sequence[Match], batch: int) -> None:
        """The matches are in a transaction that is about to be sent."""
        for match in matches:
            match.stage, match.batch = Stage.SENT, batch
            self._moved(match)

    def hold(self, match: Match) -> None:
        """The match waits for the next transaction again."""
        match.stage, match.batch = Stage.READY, None
        self._moved(match)

    def settle(self, match: Match, filled: Sequence[int], now: int) -> None:
        """The chain has settled a match with these sizes; the filled amounts of its orders are told by `fill`."""
        match.stage = Stage.SETTLED
        for leg, size in zip(match.legs, filled, strict=True):
            leg.filled = size
            if size < leg.size:
                for order in filter(None, (match.taker, leg.maker)):
                    if order.has(Flag.REDUCE_ONLY) and order.end is None and order.filled < order.size:
                        self._end(order, Status.DROPPED, NO_ROOM)
        self.matches.pop(match.id, None)
        self._moved(match)
        self._release(match)
        self._return(match.orders, now)

    def unwind(self, match: Match, offenders: Mapping[bytes, str], now: int) -> None:
        """The match will not be settled: `offenders` (hash to reason) are dropped, the others go back."""
        match.stage = Stage.UNWOUND
        match.reason = "; ".join(dict.fromkeys(offenders.values()))
        self.matches.pop(match.id, None)
        self._moved(match)
        for order in match.orders:
            if order.hash in offenders and order.end is None:
                self._end(order, Status.DROPPED, offenders[order.hash])
        self._release(match)
        self._return(match.orders, now)

    def fill(self, hash_: bytes, filled: int, block: int, now: int) -> None:
        """How much of an order is filled, by the chain at this block or later.

        It may have ended before: whoever has an order may submit it. It is less than before after a reorganisation.
        """
        order = self.known(hash_)
        self.recent[hash_] = (block, order)
        if order is None:
            self._effects.append(FilledLate(hash_, filled, block))
        elif (order.filled, order.filled_at) != (filled, block):
            order.filled_at = block
            if order.end is Status.FILLED and filled < order.size:
                self._revive(order)
            self._move(order, filled=filled - order.filled)
            self._changed(order)
            self._return([order], now)

    def known(self, hash_: bytes) -> LiveOrder | None:
        """An order that may still be filled, or was filled a moment ago."""
        return self.live.get(hash_) or self.recent.get(hash_, (0, None))[1]

    def signed(self, hash_: bytes) -> SignedOrder | None:
        """What was signed, of an order that was placed here and has not expired."""
        order, end = self.known(hash_), self.finished.get(hash_)
        if order is not None:
            return order.signed
        return None if end is None else end[3]

    def finalise(self, block: int) -> None:
        """What the chain did up to this block stays."""
        if block == self.final:
            return
        self.final = block
        for hash_ in [hash_ for hash_, (at, _) in self.recent.items() if at <= block]:
            del self.recent[hash_]
        self._effects.append(Final(block))

    def unsettle(self, match: Match, batch: int) -> None:
        """A settled match lost its block: its transaction may come again, so it is as good as sent."""
        match.stage, match.batch = Stage.SENT, batch
        self.matches[match.id] = match
        for leg in match.legs:
            # What was called off since has gone elsewhere, so no more than was filled.
            leg.size, leg.filled = leg.size if leg.filled is None else leg.filled, None
            for order in filter(None, (leg.maker, match.taker)):
                if order.end is Status.FILLED:
                    self._revive(order)
                elif order.hash not in self.live:
                    self._adopt(order)
                self._move(order, pending=leg.size)
                self._changed(order)
        self.amms.route(match, 1)
        self._moved(match)

    def disarm(self, live: LiveOrder) -> None:
        """The chain says that the trigger is not reached: the stop order waits again."""
        if live.end is None and live.signed.is_stop and live.armed:
            self.books[live.market].remove(live)
            live.armed = False
            self._waiting[live.market][live.hash] = live
            self._changed(live)

    # --- after a restart ---

    def restore(self, saved: Saved) -> None:
        """Takes up what the database has."""
        self.floors.update(saved.floors)
        self.next_sequence, self.next_match = saved.next_sequence, saved.next_match
        for hash_, end in saved.finished.items():
            self.finished[hash_] = end
            heapq.heappush(self._expiries, (end[2], hash_))
        self.final = saved.final
        self.recent = {
            order.hash: (order.filled_at, order)
            for order in (*saved.orders, *saved.late)
            if saved.final is not None and order.filled_at > saved.final
        }
        restored = sorted(saved.orders, key=lambda order: order.sequence)
        for live in restored:
            self._adopt(live)
        for match in saved.matches:
            self.matches[match.id] = match
            self._hold(match)
        for live in restored:
            if live.end is None and not live.armed:
                self._waiting[live.market][live.hash] = live
            elif live.open:
                self.books[live.market].add(live)
            self._finish(live)

    def drain(self) -> list[Effect]:
        """All that happened since the last call, in order."""
        effects, self._effects = self._effects, []
        return effects

    # --- internal ---

    def _adopt(self, live: LiveOrder) -> None:
        self.live[live.hash] = live
        self.by_account[live.account][live.hash] = live
        if live.end is None:
            self._commit(live, live.size - live.filled)
        heapq.heappush(self._expiries, (live.expiry, live.hash))

    def _revive(self, order: LiveOrder) -> None:
        """It was filled, and is not after all."""
        order.end = None
        self.finished.pop(order.hash, None)
        if order.hash not in self.live:
            self._adopt(order)

    def _enter(self, live: LiveOrder, now: int) -> None:
        """Matches what is open of an order with those that came before it; the rest rests.

        Of two crossing orders the younger one takes. Younger ones are there when an order comes back from a failed
        settlement: they take in their turn, but those that may only make, which this one takes.

        The virtual AMM is a maker among the others, after those at the same price: it fills what it sells better than
        the next one, and of the rest what it sells within the limit.
        """
        book, left, rest = self.books[live.market], live.open, 0
        amm = self.amms.met_by(live, now)
        legs: list[Leg] = []
        displaced: list[LiveOrder] = []
        stale: list[LiveOrder] = []
        refusal = ""
        takes = not live.has(Flag.POST_ONLY)
        for maker in book.crossing(live.side, live.price):
            if maker.expiry < now:
                stale.append(maker)
            elif maker.sequence > live.sequence and not (takes and maker.has(Flag.POST_ONLY)):
                displaced.append(maker)
            elif not takes:
                refusal = POST_ONLY
                break
            else:
                if amm is not None and not displaced:
                    rest = amm.part(live.side, maker.price - live.side, left)
                if rest == left:
                    break
                if maker.owner == live.owner:
                    refusal = SELF_TRADE
                    break
                legs.append(Leg(maker, min(left - rest, maker.open), maker.price))
                left -= legs[-1].size
                if rest == left:
                    break
        if amm is not None and not displaced and not refusal and left > rest:
            rest = amm.fill(live.side, live.price, left)
        left -= rest
        for maker in stale:
            self._end(maker, Status.EXPIRED, "")
        if live.has(Flag.FILL_OR_KILL) and (left or len(legs) > self._max_makers):
            self._end(live, Status.DROPPED, refusal or (NOT_ALL if left else TOO_MANY))
            return
        groups = [legs[start : start + self._max_makers] for start in range(0, len(legs), self._max_makers)]
        if amm is not None and rest:
            groups = groups or [[]]
            groups[-1].append(Leg(None, rest, amm.price(live.side * rest)))
        for group in groups:
            self._match(live, group, now)
        if refusal:
            self._end(live, Status.DROPPED, refusal)
        elif live.open:
            for other in displaced:
                book.remove(other)
            book.add(live)
            for other in sorted(displaced, key=lambda order: order.sequence):
                self._enter(other, now)

    def _match(self, taker: LiveOrder, legs: list[Leg], now: int) -> None:
        match = Match(self.next_match, taker, legs, now)
        self.next_match += 1
        self.matches[match.id] = match
        self._hold(match)
        self._effects.append(Matched(match))

    def _hold(self, match: Match) -> None:
        """What is matched waits for settlement."""
        for order, leg in match.moves:
            self._move(order, pending=leg.size)
        self.amms.route(match, 1)

    def _release(self, match: Match) -> None:
        """It does not wait any more."""
        for order, leg in match.moves:
            self._move(order, pending=-leg.size)
        self.amms.route(match, -1)

    def _return(self, orders: Iterable[LiveOrder], now: int) -> None:
        """Puts back what is open again, oldest first, and finishes what is done."""
        back = {live.hash: live for live in orders}
        for live in sorted(back.values(), key=lambda order: order.sequence):
            self._finish(live)
            book = self.books[live.market]
            if live.open and live.armed and live.hash not in book and live.expiry >= now:
                self._enter(live, now)

    def _move(self, live: LiveOrder, *, pending: int = 0, filled: int = 0) -> None:
        before, was_left = live.open, live.size - live.filled
        live.pending += pending
        live.filled += filled
        live.recount()
        book = self.books[live.market]
        if live.hash in book and live.open != before:
            book.resize(live, before, live.open)
        if live.end is None:
            self._commit(live, live.size - live.filled - was_left)

    def _end(self, live: LiveOrder, status: Status, reason: str) -> None:
        self.books[live.market].remove(live)
        self._waiting[live.market].pop(live.hash, None)
        self._commit(live, live.filled - live.size)
        live.end, live.reason = status, reason
        live.recount()
        self._changed(live)
        self._finish(live)

    def _finish(self, live: LiveOrder) -> None:
        """Forgets an order of which nothing can be filled any more but its end."""
        if live.end is None and live.filled >= live.size:
            live.end = Status.FILLED
            live.recount()
            self._changed(live)
        if live.end is not None and live.pending == 0 and self.live.pop(live.hash, None) is not None:
            self.finished[live.hash] = (live.end, live.reason, live.expiry, live.signed)
            self.amms.forget(live)
            heapq.heappush(self._expiries, (live.expiry, live.hash))
            mine = self.by_account[live.account]
            mine.pop(live.hash, None)
            if not mine:
                del self.by_account[live.account]
                for side in (BUY, SELL):
                    self.committed.pop((live.account, live.market, side), None)

    def _commit(self, live: LiveOrder, size: int) -> None:
        if live.has(Flag.REDUCE_ONLY):
            return  # it needs no margin
        total = self.committed[(live.account, live.market, live.side)]
        total[0] += size
        total[1] += size * live.price

    def _changed(self, live: LiveOrder) -> None:
        self._effects.append(
            Changed(live.hash, live.filled, live.filled_at, live.armed, live.end, live.reason)
        )

    def _moved(self, match: Match) -> None:
        filled = tuple(leg.filled for leg in match.legs)
        self._effects.append(
            Moved(match.id, match.taker.market, match.stage, match.batch, match.reason, filled)
        )
