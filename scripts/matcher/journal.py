"""Group commit: what happens while one transaction is written goes into the next one, together.

    journal.append(effects)          # in order; returns at once
    await journal.durable()          # all that was appended so far is on disk

The database is written in a thread of its own, so matching goes on meanwhile. `committed` is called in the event
loop with each group, in order, after it is on disk: whatever is told to anybody is told from there. A group that
cannot be written ends the matcher: memory would be ahead of what a restart finds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from scripts.matcher.effects import Effect
from scripts.matcher.saved import Batch
from scripts.matcher.store import Store

# Market, side, price and size of a level that moved.
Change = tuple[bytes, int, int, int]


@dataclass
class Group:
    """What one transaction writes. `told` are levels that clients hear of afterwards."""

    effects: list[Effect] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    told: list[Change] = field(default_factory=list)
    done: asyncio.Future[None] | None = None

    def __bool__(self) -> bool:
        return bool(self.effects or self.batches or self.told)


class Journal:
    """Writes groups to a store. `run` must be running."""

    def __init__(self, store: Store, committed: Callable[[Group], None]) -> None:
        self._store, self._committed = store, committed
        self._next, self._writing = Group(), Group()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "matcher-journal")
        self.groups = self.rows = 0
        self.failure: BaseException | None = None

    def append(
        self, effects: Sequence[Effect] = (), batches: Sequence[Batch] = (), told: Sequence[Change] = ()
    ) -> None:
        """Adds to the group that is written next."""
        if self.failure:
            raise self.failure
        self._next.effects += effects
        self._next.batches += [replace(batch, hashes=list(batch.hashes)) for batch in batches]
        self._next.told += told
        if self._next:
            self._wake.set()

    async def durable(self) -> None:
        """Returns when everything appended so far is on disk. Raises DatabaseError."""
        if self.failure:
            raise self.failure
        group = self._next or self._writing
        if not group:
            return
        if group.done is None:
            group.done = asyncio.get_running_loop().create_future()
        await asyncio.shield(group.done)

    async def run(self) -> None:
        """Writes until cancelled; what is left then is written first. Raises DatabaseError."""
        try:
            while True:
                await self._wake.wait()
                await self._flush()
        except asyncio.CancelledError:
            if self._next and not self.failure:
                await self._flush()
            raise
        finally:
            self._thread.shutdown(wait=True)

    async def _flush(self) -> None:
        self._wake.clear()
        group, self._next = self._next, Group()
        self._writing = group
        if not group:
            return
        loop = asyncio.get_running_loop()
        ending: asyncio.CancelledError | None = None
        try:
            if group.effects or group.batches:
                written = loop.run_in_executor(self._thread, self._store.write, group.effects, group.batches)
                try:
                    await asyncio.shield(written)
                except asyncio.CancelledError as error:
                    ending = error
                    await written
        except BaseException as error:
            self.failure = error
            for waiting in (group.done, self._next.done):
                if waiting is not None and not waiting.done():
                    waiting.set_exception(error)
                    waiting.exception()  # that nobody waits for it any more is no error of its own
            raise
        self._finish(group)
        if ending is not None:
            raise ending

    def _finish(self, group: Group) -> None:
        self.groups += 1
        self.rows += len(group.effects)
        self._writing = Group()
        if group.done is not None and not group.done.done():
            group.done.set_result(None)
        self._committed(group)
