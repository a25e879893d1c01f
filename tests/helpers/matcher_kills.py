"""A matcher on paper that loses power at a chosen moment, as often as one likes, in one process.

What a kill leaves behind is what the database and the chain have. These change when a group is written and when a
transaction is sent, so a kill before or after each of these is every kill there is:

    for cut in cuts(Run(folder, url).go(steps)):    # the moments of a run without a cut
        Run(other_folder, other_url, cut).go(steps)

Steps are coroutines that take the run. When the power goes the steps of the chain that are next happen while the
matcher is down, if `chain_goes_on`; then another matcher starts on what is left, and the interrupted step is done again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.common.database import Database
from scripts.common.errors import KeelError
from scripts.matcher.options import Options, Settlement
from scripts.matcher.paper import PaperVenue
from scripts.matcher.service import Matcher

CONFIRMATIONS = 4
WAIT_SECONDS = 10.0
WRITE, SEND = "write", "send"
BEFORE, AFTER = "before", "after"


class PowerCut(KeelError):
    """Nothing of this life happens any more."""


@dataclass(frozen=True)
class Cut:
    """The power goes before or after the `number`-th (from 1) thing of this kind in a life."""

    kind: str
    number: int
    when: str

    def __str__(self) -> str:
        return f"{self.when} {self.kind} {self.number}"


def cuts(counts: Counter[str]) -> Iterator[Cut]:
    """All moments of a run in which so much was written and sent."""
    for kind, count in counts.items():
        for number in range(1, count + 1):
            yield from (Cut(kind, number, when) for when in (BEFORE, AFTER))


class Life:
    """The power of one life of the matcher: counts what changes what is kept, and goes at the cut."""

    def __init__(self, cut: Cut | None) -> None:
        self.cut, self.counts, self.is_over = cut, Counter[str](), False

    def around(self, kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with the power there or not before and after it."""

        def run(*arguments: Any) -> Any:
            self.counts[kind] += 1
            number = self.counts[kind]
            self._pass(Cut(kind, number, BEFORE))
            result = function(*arguments)
            self._pass(Cut(kind, number, AFTER))
            return result

        return run

    def _pass(self, here: Cut) -> None:
        self.is_over = self.is_over or here == self.cut
        if self.is_over:
            raise PowerCut(str(here))


@dataclass
class Step:
    """What is done; `on_chain`: by others, once, whether the matcher is there or not."""

    do: Callable[[Run], Awaitable[None]]
    on_chain: bool = False


@dataclass
class Run:
    """One go through all steps. `acknowledged` and `cancelled` are hashes, `refused` codes of refusals."""

    folder: Path
    url: str
    cut: Cut | None = None
    chain_goes_on: bool = False
    paper: dict[str, Any] = field(default_factory=dict)
    matcher: Matcher | None = None
    lives: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chain = PaperVenue(self.folder / "chain.db", **self.paper)

    def go(self, steps: Sequence[Step], check: Callable[[Run], Awaitable[None]] | None = None) -> Run:
        """All steps, then `check` on a matcher that has been started anew."""
        asyncio.run(self._go(steps, check))
        return self

    async def place(self, orders: Sequence[dict[str, Any]]) -> None:
        """Places orders one request each, as clients do that go on until they are told."""
        assert self.matcher is not None
        for order in orders:
            (result,) = await self._powered(self.matcher.place([order], "client"))
            if result["accepted"]:
                self.acknowledged.add(result["hash"])
            else:
                self.refused.append(result["error"]["code"])

    async def cancel(self, request: dict[str, Any]) -> None:
        """Cancels orders."""
        assert self.matcher is not None
        self.cancelled |= set(await self._powered(self.matcher.cancel(request, "client")))

    async def quiet(self) -> None:
        """Waits until the matcher has taken in the whole chain and has nothing left to settle, all on disk."""
        matcher = self.matcher
        assert matcher is not None

        async def wait() -> None:
            async with asyncio.timeout(WAIT_SECONDS):
                while True:
                    head, at = self.chain.head(), matcher.follower.head
                    is_idle = not matcher.engine.matches and not matcher.pending.unmined()
                    if at and (at.number, at.hash) == (head.number, head.hash) and is_idle:
                        await matcher.durable()
                        return
                    await asyncio.sleep(0.002)

        await self._powered(wait())

    # --- internal ---

    async def _go(self, steps: Sequence[Step], check: Callable[[Run], Awaitable[None]] | None) -> None:
        left = list(steps)
        while left:
            try:
                await self._start(self.cut if self.lives < 2 else None)
                while left:
                    await left[0].do(self)
                    left.pop(0)
            except PowerCut:
                if self.chain_goes_on:
                    await self._next_on_chain(left)
            finally:
                await self._stop()
        await self._start(None)
        try:
            await self.quiet()
            if check is not None:
                await check(self)
        finally:
            await self._stop()

    async def _next_on_chain(self, left: list[Step]) -> None:
        """What others do next comes while the matcher is down."""
        for step in left:
            if step.on_chain:
                left.remove(step)
                await step.do(self)
                return

    async def _start(self, cut: Cut | None) -> None:
        self.lives += 1
        life = Life(cut)
        venue = PaperVenue(self.folder / "chain.db", **self.paper)
        venue.send = life.around(SEND, venue.send)  # type: ignore[method-assign]
        options = Options(
            database=self.url,
            settlement=Settlement(poll_seconds=0.002, rest_seconds=0.001, confirmations=CONFIRMATIONS),
        )
        self.matcher = Matcher(options, venue)
        self.matcher.store.write = life.around(WRITE, self.matcher.store.write)  # type: ignore[method-assign]
        self._life = life
        await self._powered(self.matcher.start())

    async def _stop(self) -> None:
        if self.matcher is not None:
            self._life.is_over = self._life.is_over or self._life.cut is not None
            await self.matcher.stop()
            if self.matcher.failure is not None and not isinstance(self.matcher.failure, PowerCut):
                raise self.matcher.failure
            self.counts = self._life.counts if self.lives == 1 else self.counts
            self.matcher = None

    async def _powered(self, work: Coroutine[Any, Any, Any]) -> Any:
        """The work, or PowerCut as soon as there is no power. Raises what ended the matcher."""
        assert self.matcher is not None
        doing = asyncio.ensure_future(work)
        while not (doing.done() or self._life.is_over or self.matcher.failure):
            await asyncio.wait({doing}, timeout=0.005)
        if doing.done():
            return doing.result()
        doing.cancel()
        with contextlib.suppress(asyncio.CancelledError, PowerCut):
            await doing
        raise self.matcher.failure or PowerCut(str(self._life.cut))


def settled(database: Database) -> Counter[tuple[str, str, int]]:
    """What the matcher has written down as settled: (maker, taker, size)."""
    with database.transaction() as connection:
        rows = connection.exec_driver_sql(
            "SELECT maker, taker, filled FROM matcher_fills WHERE stage = 'settled' AND filled <> '0'"
        ).all()
    return Counter((bytes(maker).hex(), bytes(taker).hex(), int(filled)) for maker, taker, filled in rows)
