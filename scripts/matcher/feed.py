"""What subscribers are told: the book and its changes, trades, settlements; numbered without gaps by market.

Only what is on disk is told, so the feed has a book of its own, which follows the engine's a group behind. Whoever
misses a number, or sees another `session`, asks for the book again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson
from sortedcontainers import SortedDict

from scripts.common import abi as codec
from scripts.matcher.book import Book
from scripts.matcher.effects import Match, Matched, Moved, Stage
from scripts.matcher.journal import Change, Group
from scripts.matcher.live import BUY, SELL

SIDES = {BUY: "buy", SELL: "sell"}

Send = Callable[[bytes], None]


class _Shown:
    def __init__(self) -> None:
        self.sequence = 0
        self.sides: dict[int, SortedDict] = {BUY: SortedDict(), SELL: SortedDict()}
        self.subscribers: set[Send] = set()


class Feed:
    """Books as they are on disk, and whom to tell. `names` are markets' names by address."""

    def __init__(self, books: dict[bytes, Book], names: dict[bytes, str]) -> None:
        self.session = f"{time.time_ns():x}"
        self.names = names
        self._books = books
        self._markets = {market: _Shown() for market in books}
        for market, book in books.items():
            book.changed.clear()
            for order in book.orders():
                side = self._markets[market].sides[order.side]
                key = -order.side * order.price
                side[key] = side.get(key, 0) + order.open
        self.told = 0

    def changes(self) -> list[Change]:
        """What the books' levels are now, where they moved since the last call: to be written with the effects."""
        found: list[Change] = []
        for market, book in self._books.items():
            if book.changed:
                found += [(market, side, price, book.size_at(side, price)) for side, price in book.changed]
                book.changed.clear()
        return found

    def publish(self, group: Group) -> None:
        """Tells what a group has changed, after it is on disk."""
        levels: dict[bytes, dict[tuple[int, int], int]] = {}
        for market, side, price, size in group.told:
            levels.setdefault(market, {})[(side, price)] = size
        for market, moved in levels.items():
            shown = self._markets[market]
            for (side, price), size in moved.items():
                if size:
                    shown.sides[side][-side * price] = size
                else:
                    shown.sides[side].pop(-side * price, None)
            self._tell(
                market,
                "book",
                changes=[[SIDES[side], str(price), str(size)] for (side, price), size in moved.items()],
            )
        for effect in group.effects:
            if isinstance(effect, Matched):
                self._tell_trades(effect.match)
            elif isinstance(effect, Moved) and effect.stage in (Stage.SETTLED, Stage.UNWOUND):
                self._tell(
                    effect.market,
                    "settlement",
                    match=effect.id,
                    stage=effect.stage,
                    reason=effect.reason,
                    filledWad=[None if size is None else str(size) for size in effect.filled],
                )

    def book(self, market: bytes, levels: int) -> dict[str, Any]:
        """The best levels of both sides, best first: [price, size] as decimal strings."""
        shown = self._markets[market]
        return {
            "market": self.names[market],
            "address": codec.checksum("0x" + market.hex()),
            "session": self.session,
            "sequence": shown.sequence,
            "bids": _levels(shown.sides[BUY], BUY, levels),
            "asks": _levels(shown.sides[SELL], SELL, levels),
        }

    def subscribe(self, market: bytes, send: Send, levels: int) -> dict[str, Any]:
        """The book now; `send` gets everything after its sequence."""
        self._markets[market].subscribers.add(send)
        return self.book(market, levels)

    def unsubscribe(self, send: Send, market: bytes | None = None) -> None:
        """Ends a subscription, or all of `send`."""
        for address, shown in self._markets.items():
            if market in (None, address):
                shown.subscribers.discard(send)

    # --- internal ---

    def _tell_trades(self, match: Match) -> None:
        for position, leg in enumerate(match.legs):
            self._tell(
                match.taker.market,
                "trade",
                match=match.id,
                position=position,
                side=SIDES[match.taker.side],
                priceWad=str(leg.price),
                sizeWad=str(leg.size),
                taker="0x" + match.taker.hash.hex(),
                maker="0x" + leg.hash.hex(),
                at=match.at,
            )

    def _tell(self, market: bytes, kind: str, **fields: object) -> None:
        shown = self._markets[market]
        shown.sequence += 1
        if not shown.subscribers:
            return
        message = orjson.dumps(
            {
                "type": kind,
                "market": self.names[market],
                "sequence": shown.sequence,
                "session": self.session,
                **fields,
            }
        )
        self.told += len(shown.subscribers)
        for send in tuple(shown.subscribers):
            send(message)


def _levels(side: SortedDict, sign: int, count: int) -> list[list[str]]:
    return [[str(-sign * key), str(side[key])] for key in side.islice(0, count)]
