"""What the virtual AMM should quote and how signed orders should fill, in exact numbers: written from the rules.

The curve. With depth `X`, net amount sold `q` and index `i`, `F(q) = i q X / (X - q)` has been paid in along the curve. A
trade pays the difference, the constant spread on its size, and for the part that makes the skew larger the integral of
`k |q| / X`. Prices are WADs, rounded against who trades.

Fills. A taker meets makers one by one, each at the maker's price, as far as every order, its flags and the position of its
account allow.

Sizes and prices are integers with 18 decimals, quotes with 36. Knows no chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from fractions import Fraction
from math import ceil, floor

WAD = 10**18
MAX_DEPTH = 2**96


@dataclass(frozen=True)
class Curve:
    """A virtual AMM's shape. `depth` in units, spreads as shares of the index, all WADs."""

    depth: int
    spread: int = 0
    skew_spread: int = 0

    def paid_in(self, sold: int, index: int) -> Fraction:
        """`F(q)` {quote}: what all trades together have paid along the curve."""
        return Fraction(index * sold * self.depth, self.depth - sold)

    def spread_paid(self, sold: int, size: int, index: int) -> Fraction:
        """Both parts of a trade's spread {quote}."""
        constant = Fraction(abs(size) * index * self.spread, WAD)
        after = sold + size
        if sold * after < 0:  # through zero: the skew grows from there on
            growth = after**2
        else:
            growth = max(after**2 - sold**2, 0)
        return constant + Fraction(index * self.skew_spread * growth, 2 * self.depth * WAD)

    def cost(self, sold: int, size: int, index: int) -> Fraction:
        """What a trade should cost the taker {quote}, before rounding; negative when he receives."""
        along = self.paid_in(sold + size, index) - self.paid_in(sold, index)
        return along + self.spread_paid(sold, size, index)

    def price(self, sold: int, size: int, index: int) -> int:
        """The contract's price {quote per unit}: its three terms rounded one by one against the trader."""
        along = (self.paid_in(sold + size, index) - self.paid_in(sold, index)) / size
        constant = ceil(Fraction(index * self.spread, WAD))
        whole = self.spread_paid(sold, size, index) / abs(size)
        skew = ceil(whole - Fraction(index * self.spread, WAD))
        if size > 0:
            return ceil(along) + constant + skew
        return max(floor(along) - constant - skew, 0)

    def premium(self, sold: int) -> int:
        """Share by which the middle is above the index, as a WAD rounded down."""
        left = self.depth - sold
        return self.depth * self.depth * WAD // (left * left) - WAD

    def closing_value(self, sold: int, index: int, up: bool) -> int:
        """What the maker gets for closing its whole position along the curve {quote}."""
        exact = -self.paid_in(sold, index)
        return ceil(exact) if up else floor(exact)


class Flag(IntFlag):
    """What an order asks for beside size and price."""

    REDUCE_ONLY = 1
    POST_ONLY = 2
    FILL_OR_KILL = 4


NO_FLAGS = Flag(0)


@dataclass
class Order:
    """An order as far as its fills go; `size` is signed, `filled` counts towards its magnitude. It wakes at or above
    `wakes_above`, at or below `wakes_below`."""

    account: bytes
    size: int
    limit: int
    flags: Flag = NO_FLAGS
    expiry: int = 2**64
    nonce: int = 0
    wakes_above: int = 0
    wakes_below: int = 2**256
    filled: int = 0

    @property
    def number(self) -> tuple[bytes, int]:
        """Its account and nonce, which are for one order."""
        return self.account, self.nonce

    @property
    def left(self) -> int:
        """What may still be filled."""
        return abs(self.size) - self.filled

    @property
    def sign(self) -> int:
        """1 for a buyer, -1 for a seller."""
        return 1 if self.size > 0 else -1


@dataclass(frozen=True)
class Amm:
    """A virtual AMM as a maker: its account, its curve, and the most that it sells or buys in all."""

    account: bytes
    curve: Curve
    most: int


@dataclass(frozen=True)
class Fill:
    """`size` is the taker's, signed."""

    maker: bytes
    size: int
    price: int


class Refused(Exception):
    """The match may not be."""


@dataclass
class Book:
    """Sizes of accounts, moved by fills, at a time and an index. An account's owner is its first 20 bytes."""

    now: int = 0
    index: int = 0
    sizes: dict[bytes, int] = field(default_factory=dict)
    lowest_nonces: dict[bytes, int] = field(default_factory=dict)
    filled_nonces: set[tuple[bytes, int]] = field(default_factory=set)
    cancelled_nonces: set[tuple[bytes, int]] = field(default_factory=set)

    def is_alive(self, order: Order) -> bool:
        """Whether an order may be filled at all now, its rest and its account's position aside."""
        return (
            order.number not in self.cancelled_nonces
            and self.now <= order.expiry
            and order.nonce >= self.lowest_nonces.get(order.account, 0)
            and order.wakes_above <= self.index <= order.wakes_below
        )

    def room(self, order: Order) -> int:
        """How much of an order its rest, its nonce and its account's position allow."""
        if order.number in self.filled_nonces:
            return 0
        if Flag.REDUCE_ONLY not in order.flags:
            return order.left
        return min(order.left, max(-order.sign * self.sizes.get(order.account, 0), 0))

    def match(
        self,
        taker: Order,
        makers: Sequence[Order],
        sizes: Sequence[int],
        amm: Amm | None = None,
        rest: int = 0,
    ) -> list[Fill]:
        """Fills as the contract makes them, margin aside, the last one by the AMM if it fills; raises Refused and changes
        nothing where it reverts."""
        orders = (taker, *makers)
        before = dict(self.sizes), [order.filled for order in orders], set(self.filled_nonces)
        try:
            return self._match(taker, makers, sizes, amm, rest)
        except Refused:
            self.sizes, _, self.filled_nonces = before
            for order, filled in zip(orders, before[1], strict=True):
                order.filled = filled
            raise

    def _match(
        self, taker: Order, makers: Sequence[Order], sizes: Sequence[int], amm: Amm | None, rest: int
    ) -> list[Fill]:
        if Flag.POST_ONLY in taker.flags:
            raise Refused("a post-only order takes nothing")
        if not all(self.is_alive(order) for order in (taker, *makers)):
            raise Refused("an order is cancelled, expired or asleep")
        room = self.room(taker)
        fills = []
        for maker, wanted in zip(makers, sizes, strict=True):
            if maker.sign == taker.sign:
                raise Refused("both on one side")
            if taker.sign * (taker.limit - maker.limit) < 0:
                raise Refused("the prices do not cross")
            if maker.account[:20] == taker.account[:20]:
                raise Refused("a trade with oneself")
            size = min(wanted, room, self.room(maker))
            if Flag.FILL_OR_KILL in maker.flags and size != abs(maker.size):
                raise Refused("the maker wanted all or nothing")
            if size == 0:
                continue
            room -= size
            for order in (taker, maker):
                self._fill(order, size)
                self.sizes[order.account] = self.sizes.get(order.account, 0) + order.sign * size
            fills.append(Fill(maker.account, taker.sign * size, maker.limit))
        size = min(rest, room)
        if amm and size:
            fills.append(self._fill_rest(taker, amm, taker.sign * size))
        if not fills:
            raise Refused("nothing to fill")
        if Flag.FILL_OR_KILL in taker.flags and sum(abs(fill.size) for fill in fills) != abs(taker.size):
            raise Refused("the taker wanted all or nothing")
        return fills

    def _fill(self, order: Order, size: int) -> None:
        order.filled += size
        if not order.left:
            self.filled_nonces.add(order.number)

    def _fill_rest(self, taker: Order, amm: Amm, size: int) -> Fill:
        sold = -self.sizes.get(amm.account, 0)
        if abs(sold + size) > max(amm.most, abs(sold)):
            raise Refused("beyond the AMM's skew")
        price = amm.curve.price(sold, size, self.index)
        if taker.sign * (taker.limit - price) < 0:
            raise Refused("the AMM's price is beyond the taker's limit")
        self._fill(taker, abs(size))
        self.sizes[taker.account] = self.sizes.get(taker.account, 0) + size
        self.sizes[amm.account] = -sold - size
        return Fill(amm.account, size, price)
