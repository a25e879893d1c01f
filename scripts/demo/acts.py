"""What an act is: people who open positions, are read at every price point, and do something about it.

All acts are played at once, on one price path and against one keeper; each writes its own part of the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from scripts.common.contract import Call
from scripts.demo.result import DemoResult
from scripts.demo.stage import Stage

BLOCK_SECONDS = 12
HOUR = 3_600


class Watched(Protocol):
    """An account that the keeper watches. `health` is that of the last look; None where nothing is required."""

    id: bytes
    name: str
    is_open: bool
    health: float | None


@dataclass(frozen=True)
class Point:
    """A price point that is being played: seconds since the first one, and the price of ether."""

    seconds: int
    close: Decimal

    @property
    def hour(self) -> float:
        """Hours since the first point."""
        return self.seconds / HOUR


class Clock:
    """Time after a point's block, up to the next point."""

    def __init__(self, stage: Stage, now: int, end: int) -> None:
        self._chain, self._start, self._end = stage.chain, now, end
        self._waited = 0

    def wait(self, seconds: int) -> bool:
        """Lets the next block come `seconds` after the point; False if the next point comes before."""
        if seconds <= self._waited:
            return True
        at = self._start + seconds
        if at >= self._end and self._waited:
            return False
        self._waited = seconds
        self._chain.set_next_time(max(min(at, self._end - 1), self._chain.now + 1))
        return True


class Act(Protocol):
    """One part of the demonstration."""

    @property
    def accounts(self) -> Sequence[Watched]:
        """Accounts of the act, in the order of its tables."""

    def open(self) -> Iterator[None]:
        """Opens one position after the other; after each the pools go back to the price. Raises KeelError."""

    def calls(self) -> list[Call]:
        """What it reads at each point."""

    def see(self, point: Point, answers: Sequence[Any]) -> None:
        """The answers; everybody's health has been read."""

    def respond(self, point: Point, clock: Clock) -> None:
        """Owners do what they do, before the keeper."""

    def close(self) -> Iterator[None]:
        """What owners do at the end; after each step the keeper does his part, if there is one."""

    def write(self, result: DemoResult) -> None:
        """Reads from the chain what is left."""
