"""What the database keeps beside orders and matches, and all of it as it is read after a restart."""

from __future__ import annotations

from dataclasses import dataclass, field

from scripts.matcher.effects import Match
from scripts.matcher.live import LiveOrder, Status
from scripts.matcher.orders import SignedOrder


@dataclass(slots=True)
class Batch:
    """A settlement transaction. `hashes` are those of all versions with its nonce, `raw` is the last one."""

    id: int
    sender: str
    nonce: int
    hashes: list[str]
    raw: bytes
    matches: list[int]
    block: int | None = None
    gas_used: int | None = None
    final: bool = False


@dataclass
class Saved:
    """What was there before a restart.

    `orders` and `matches` are those that are not finished; `settled` are matches of transactions that may still
    lose their block, by number. `finished` tells the ends of orders that have not expired, `late` are ended ones that
    were filled after the block `final`; up to that one the chain was read for good (None: not yet).
    """

    orders: list[LiveOrder] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    settled: dict[int, Match] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    floors: dict[bytes, int] = field(default_factory=dict)
    finished: dict[bytes, tuple[Status, str, int, SignedOrder]] = field(default_factory=dict)
    late: list[LiveOrder] = field(default_factory=list)
    final: int | None = None
    next_sequence: int = 1
    next_match: int = 1
    next_batch: int = 1
