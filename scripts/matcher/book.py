"""One market's order book: price first, then time. Pure: no clock, no chain, no files.

    book = Book()
    book.add(order)                              # rests with what is open of it
    for maker in book.crossing(BUY, price): ...  # whom such a taker meets, best first
    book.resize(maker, before)                   # its `open` has changed; at zero it leaves

An order keeps its place by `sequence`, wherever it comes back from. Prices are WADs, sizes positive integers
with 18 decimals.
"""

from __future__ import annotations

from collections.abc import Iterator

from sortedcontainers import SortedDict

from scripts.matcher.live import BUY, SELL, LiveOrder


class Level:
    """All orders at one price, oldest first; `size` is their sum."""

    __slots__ = ("orders", "size", "youngest")

    def __init__(self) -> None:
        self.orders: dict[bytes, LiveOrder] = {}
        self.size = 0
        self.youngest = -1

    def add(self, order: LiveOrder) -> None:
        """Puts an order into its place in time."""
        self.orders[order.hash] = order
        self.size += order.open
        if order.sequence > self.youngest:
            self.youngest = order.sequence
        else:  # it comes back: the rare case pays for keeping a plain dict
            self.orders = dict(sorted(self.orders.items(), key=lambda entry: entry[1].sequence))


class Book:
    """Resting orders of one market. `changed` collects (side, price) of levels that moved since it was drained."""

    def __init__(self) -> None:
        # Buyers' keys are negated prices: the best level is the first one on both sides.
        self._sides: dict[int, SortedDict] = {BUY: SortedDict(), SELL: SortedDict()}
        self._resting: dict[bytes, LiveOrder] = {}
        self.changed: set[tuple[int, int]] = set()

    def __contains__(self, hash_: bytes) -> bool:
        return hash_ in self._resting

    def __len__(self) -> int:
        return len(self._resting)

    def add(self, order: LiveOrder) -> None:
        """Rests an order. Raises ValueError if it rests already or nothing of it is open."""
        if order.hash in self._resting or order.open <= 0:
            raise ValueError(f"0x{order.hash.hex()} rests already, or nothing of it is open ({order.open})")
        key = -order.side * order.price
        levels = self._sides[order.side]
        level = levels.get(key)
        if level is None:
            level = levels[key] = Level()
        level.add(order)
        self._resting[order.hash] = order
        self.changed.add((order.side, order.price))

    def remove(self, order: LiveOrder) -> None:
        """Takes an order out, if it rests; before its `open` changes."""
        if order.hash in self._resting:
            self.resize(order, order.open, 0)

    def resize(self, order: LiveOrder, before: int, after: int) -> None:
        """Follows a resting order's `open` from `before` to `after`; at zero it leaves."""
        levels, key = self._sides[order.side], -order.side * order.price
        level: Level = levels[key]
        level.size += after - before
        if after == 0:
            del level.orders[order.hash]
            del self._resting[order.hash]
            if not level.orders:
                del levels[key]
        self.changed.add((order.side, order.price))

    def crossing(self, side: int, price: int) -> Iterator[LiveOrder]:
        """Resting orders that an incoming one of this side and limit meets, best price and oldest first.

        The book must not change between two of them but by the last one's leaving: collect them first.
        """
        limit = side * price  # a maker's key is side * its price, for the taker's side
        for key, level in self._sides[-side].items():
            if key > limit:
                return
            yield from level.orders.values()

    def best(self, side: int) -> int | None:
        """Best resting price of a side."""
        levels = self._sides[side]
        return -side * levels.peekitem(0)[0] if levels else None

    def depth(self, side: int, levels: int) -> list[tuple[int, int]]:
        """(price, size) of the best levels of a side."""
        found = self._sides[side]
        return [(-side * key, found[key].size) for key in found.islice(0, levels)]

    def size_at(self, side: int, price: int) -> int:
        """Sum of what rests at a price."""
        level = self._sides[side].get(-side * price)
        return level.size if level else 0

    def orders(self) -> Iterator[LiveOrder]:
        """All resting orders, by side, price and time."""
        for side in (BUY, SELL):
            for level in self._sides[side].values():
                yield from level.orders.values()
