"""An order as the matcher carries it: what was signed, and how much of it is where."""

from __future__ import annotations

from enum import StrEnum

from scripts.matcher.orders import SignedOrder

OWNER_BYTES = 20
BUY, SELL = 1, -1


class Status(StrEnum):
    """Where an order stands."""

    OPEN = "open"  # in the book, as a whole or with what is left of it
    WAITING = "waiting"  # a stop order whose trigger has not been reached
    MATCHED = "matched"  # nothing is left to match, fills wait for settlement
    FILLED = "filled"  # settled as a whole
    CANCELLED = "cancelled"  # by its owner, here or on chain
    EXPIRED = "expired"
    DROPPED = "dropped"  # could not be matched or settled; the reason says why


ENDED = frozenset((Status.FILLED, Status.CANCELLED, Status.EXPIRED, Status.DROPPED))


class LiveOrder:
    """A signed order with its place in time and its amounts, all positive {units, 18 decimals}.

    `filled` is what the chain says, last after the block `filled_at` (0: never); `pending` is what is matched and not
    settled; `open` is the rest, which may rest in the book. `sequence` is its place in time; `end` is a status of
    ENDED, or None while it lives.
    """

    __slots__ = (
        "account",
        "armed",
        "end",
        "expiry",
        "filled",
        "filled_at",
        "flags",
        "hash",
        "market",
        "open",
        "owner",
        "pending",
        "price",
        "reason",
        "sequence",
        "side",
        "signed",
        "size",
    )

    def __init__(self, signed: SignedOrder, sequence: int) -> None:
        self.signed = signed
        self.hash = signed.hash
        self.account = signed.account
        self.owner = signed.account[:OWNER_BYTES]
        self.market = signed.market
        self.side = BUY if signed.size > 0 else SELL
        self.size = abs(signed.size)
        self.price = signed.price
        self.expiry = signed.expiry
        self.flags = signed.flags
        self.sequence = sequence
        self.filled = 0
        self.filled_at = 0
        self.pending = 0
        self.open = self.size
        self.armed = not signed.is_stop
        self.end: Status | None = None
        self.reason = ""

    @property
    def status(self) -> Status:
        """See Status."""
        if self.end is not None:
            return self.end
        if not self.armed:
            return Status.WAITING
        return Status.OPEN if self.open else Status.MATCHED

    def has(self, flag: int) -> bool:
        """Whether the order was signed with this one of `Flag`."""
        return bool(self.flags & flag)

    def recount(self) -> None:
        """Brings `open` up to date after `filled` or `pending` changed; an ended order has nothing open."""
        left = self.size - self.filled - self.pending
        self.open = left if left > 0 and self.end is None else 0

    def shown(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            **self.signed.wire(),
            "hash": "0x" + self.hash.hex(),
            "status": self.status,
            "reason": self.reason,
            "filled": str(self.filled),
            "pending": str(self.pending),
            "open": str(self.open),
            "sequence": self.sequence,
        }
