"""A market's virtual AMM as one more maker: what it sells and buys at which price. Pure; the chain's answer counts.

    amm = Amm(address, curve, index, sold, most)
    amm.edge(BUY)                      # where its price begins
    amm.part(BUY, 2_001 * WAD, left)   # how much of `left` is worth taking there

All amounts are WADs; `side` is the taker's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property

from scripts.common.units import WAD
from scripts.matcher.effects import Match
from scripts.matcher.live import BUY, SELL, LiveOrder
from scripts.matcher.orders import Flag
from scripts.model.perp_amm import Curve

ACCOUNT_INDEX = bytes(12)
# Less than this part of what an order has left is not worth a settlement.
LEAST_PART = 20
# Seconds after which an order that an AMM refused again and again is tried once more.
LONGEST_BAR = 256


@dataclass(frozen=True)
class Amm:
    """`sold` is the net amount that it has sold, at most `most` either way on the way up."""

    address: bytes
    curve: Curve
    index: int
    sold: int
    most: int

    @property
    def account(self) -> bytes:
        """Its margin account."""
        return self.address + ACCOUNT_INDEX

    def after(self, size: int) -> Amm:
        """The same after it has sold `size` (negative: bought)."""
        return replace(self, sold=self.sold + size) if size else self

    def price(self, size: int) -> int:
        """Price of a trade of this signed size, as the contract quotes it."""
        return self.curve.price(self.sold, size, self.index)

    def edge(self, side: int) -> int:
        """Price of the first of what it trades."""
        return self._edges[side]

    def fill(self, side: int, limit: int, left: int) -> int:
        """How much of `left` it takes within a limit: all if the price of all is within it, else as `part`."""
        if side * (limit - self.edge(side)) < 0:
            return 0
        if left <= self._room(side) and side * (limit - self.price(side * left)) >= 0:
            return left
        return self.part(side, limit, left)

    def part(self, side: int, price: int, left: int) -> int:
        """The most of `left` of which no unit is worse than `price`; none where that is hardly anything."""
        if side * (price - self.edge(side)) < 0:
            return 0
        low, high = 0, min(left, self._room(side))
        while low < high:
            middle = (low + high + 1) // 2
            if side * (price - self._marginal(side, self.sold + side * middle)) >= 0:
                low = middle
            else:
                high = middle - 1
        return low if low * LEAST_PART >= left else 0

    # --- internal ---

    @cached_property
    def _edges(self) -> dict[int, int]:
        return {side: self._marginal(side, self.sold) for side in (BUY, SELL)}

    def _room(self, side: int) -> int:
        return max(self.most - side * self.sold, 0)

    def _marginal(self, side: int, sold: int) -> int:
        """Price of one more unit after `sold`, rounded against who trades."""
        depth, left = self.curve.depth, self.curve.depth - sold
        along, beyond = divmod(self.index * depth * depth, left * left)
        spread = -(-self.index * self.curve.spread // WAD)
        if side * sold > 0:
            spread -= -self.index * self.curve.skew_spread * abs(sold) // (depth * WAD)
        return along + bool(beyond) + spread if side == BUY else max(along - spread, 0)


class Amms:
    """The virtual AMMs of all markets, and what is under way to them. `now` are those of the latest block, by market; None
    where one does not trade."""

    def __init__(self) -> None:
        self.now: dict[bytes, Amm | None] = {}
        # What unsettled matches take, signed as their takers' sizes.
        self._routed: defaultdict[bytes, int] = defaultdict(int)
        # Orders that were refused: how often, and until when (unix seconds) they are not tried again.
        self._barred: dict[bytes, tuple[int, int]] = {}

    def of(self, market: bytes) -> Amm | None:
        """A market's as it will be when all that is matched is settled."""
        amm = self.now.get(market)
        return None if amm is None else amm.after(self._routed[market])

    def met_by(self, live: LiveOrder, now: int) -> Amm | None:
        """The one from which an order may take."""
        if live.has(Flag.POST_ONLY) or self._barred.get(live.hash, (0, 0))[1] > now:
            return None
        return self.of(live.market)

    def route(self, match: Match, sign: int) -> None:
        """What a match takes is under way (sign 1), or is not any more (-1)."""
        if match.rest:
            self._routed[match.taker.market] += sign * match.taker.side * match.rest.size

    def bar(self, live: LiveOrder, now: int) -> None:
        """An AMM did not take the order: it is tried again later, each time twice as late."""
        count = self._barred.get(live.hash, (0, 0))[0]
        self._barred[live.hash] = (count + 1, now + min(2**count, LONGEST_BAR))

    def forget(self, live: LiveOrder) -> None:
        """The order has ended."""
        self._barred.pop(live.hash, None)
