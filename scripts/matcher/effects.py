"""What happened in the engine, in order: what is written to the database first and told to clients then."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scripts.matcher.live import LiveOrder, Status

NO_ORDER = bytes(32)


class Stage(StrEnum):
    """Where a match stands."""

    READY = "ready"  # waits for the next settlement transaction
    SENT = "sent"  # in a transaction that was signed, and perhaps sent
    SETTLED = "settled"
    UNWOUND = "unwound"  # will not be settled; its orders went back or were dropped


@dataclass(slots=True)
class Leg:
    """One maker of a match, None: the virtual AMM, whose `price` is what it quoted then. `filled` is what was settled of
    `size`, None before."""

    maker: LiveOrder | None
    size: int
    price: int
    filled: int | None = None

    @property
    def hash(self) -> bytes:
        """The maker's order; zeros for the virtual AMM, which signs none."""
        return self.maker.hash if self.maker else NO_ORDER


@dataclass(slots=True)
class Match:
    """A taker and the makers it meets in one call of the settlement contract, the virtual AMM last. `at` is in unix
    seconds."""

    id: int
    taker: LiveOrder
    legs: list[Leg]
    at: int
    stage: Stage = Stage.READY
    batch: int | None = None
    reason: str = ""

    @property
    def size(self) -> int:
        """Sum of all legs."""
        return sum(leg.size for leg in self.legs)

    @property
    def orders(self) -> list[LiveOrder]:
        """The taker and all makers."""
        return [self.taker, *(leg.maker for leg in self.legs if leg.maker)]

    @property
    def moves(self) -> list[tuple[LiveOrder, Leg]]:
        """Each order with each leg that it is in."""
        return [(order, leg) for leg in self.legs for order in (leg.maker, self.taker) if order]

    @property
    def rest(self) -> Leg | None:
        """What the virtual AMM fills."""
        return self.legs[-1] if self.legs and self.legs[-1].maker is None else None


@dataclass(slots=True, frozen=True)
class Placed:
    """An order was accepted."""

    order: LiveOrder


@dataclass(slots=True, frozen=True)
class Changed:
    """An order's filled amount, trigger or end is another; the values at that time. `filled_at`: see LiveOrder."""

    hash: bytes
    filled: int
    filled_at: int
    armed: bool
    end: Status | None
    reason: str


@dataclass(slots=True, frozen=True)
class FilledLate:
    """The chain filled an order that memory has forgotten, or never knew; the amount as of the block `filled_at`."""

    hash: bytes
    filled: int
    filled_at: int


@dataclass(slots=True, frozen=True)
class Matched:
    """A match was made."""

    match: Match


@dataclass(slots=True, frozen=True)
class Moved:
    """A match reached another stage; `filled` is what was settled of each leg, where it was."""

    id: int
    market: bytes
    stage: Stage
    batch: int | None
    reason: str
    filled: tuple[int | None, ...]


@dataclass(slots=True, frozen=True)
class Floor:
    """The owner has called off all orders of the account with a nonce below `lowest`."""

    account: bytes
    lowest: int


@dataclass(slots=True, frozen=True)
class Final:
    """What the chain did up to this block stays, and is in the effects up to this one."""

    block: int


Effect = Placed | Changed | FilledLate | Matched | Moved | Floor | Final
