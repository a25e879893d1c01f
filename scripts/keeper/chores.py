"""What markets and the risk book need somebody for, as transactions that are due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scripts.common.contract import Call
from scripts.keeper.clocks import RETRY_SECONDS
from scripts.keeper.decide import Kind
from scripts.keeper.types import Block

PENDING = "pending"
# Upkeep: what counts towards its budget.
KINDS = (Kind.FUND, Kind.DELEVERAGE, Kind.SETTLE, Kind.OBSERVE, Kind.REFRESH, Kind.EXPIRE)


@dataclass(frozen=True)
class Chore:
    """A call that is due; `name` and `number` say of what, of one account if there is an `account`.

    `gain` is what the keeper itself is paid by it. `settles` is the number of accounts that pay by it what they owe.
    `fewer` makes the same of half of them, where all cost too much.
    """

    kind: Kind
    name: str
    number: int
    call: Call
    account: bytes | None = None
    gain: int = 0
    settles: int = 0
    fewer: Callable[[], Chore] | None = None


class Asked:
    """What was sent a moment ago is not sent again before it can be seen."""

    def __init__(self) -> None:
        self._at: dict[tuple[Kind, object], int] = {}

    def may(self, kind: Kind, key: object, block: Block) -> bool:
        """Whether it may be sent now; then it counts as sent."""
        asked = self._at.get((kind, key), -RETRY_SECONDS)
        # A chain that went back is not waited for.
        if abs(block.timestamp - asked) < RETRY_SECONDS:
            return False
        self._at[kind, key] = block.timestamp
        return True
