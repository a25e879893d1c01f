"""The matcher as a whole: engine, database, chain and API in one process, one thread that decides.

Everything that changes the engine runs in the event loop; the database and the chain are asked in threads. What
happened is written, then told: orders are acknowledged, levels and trades published, transactions sent only after
they are on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from scripts.common.errors import KeelError
from scripts.common.rpc import ChainUnreachable
from scripts.matcher.accounts import Accounts
from scripts.matcher.effects import Matched
from scripts.matcher.engine import Engine
from scripts.matcher.feed import Feed
from scripts.matcher.follower import Follower, Pending
from scripts.matcher.intake import Clock, Intake
from scripts.matcher.journal import Group, Journal
from scripts.matcher.live import ENDED, LiveOrder
from scripts.matcher.options import Options
from scripts.matcher.orders import Reader, Rejected
from scripts.matcher.saved import Saved
from scripts.matcher.settler import Settler
from scripts.matcher.store import Identity, Store
from scripts.matcher.venue import Market, Venue

DEPTH = 1_000
SWITCH_SECONDS = 0.0005
COLLECTIONS = (20_000, 50, 10_000)
Results = list[LiveOrder | dict[str, object] | Rejected]

log = structlog.get_logger("matcher")


class Matcher:
    """One market place. `start` and `stop` must be called in the same event loop."""

    def __init__(self, options: Options, venue: Venue) -> None:
        self.options, self.venue = options, venue
        self.reader = Reader(venue.domain)
        self.store = Store(
            options.database, Identity(venue.domain.chain_id, venue.genesis, venue.domain.contract)
        )
        try:
            listed = venue.markets()
            self.markets: dict[bytes, Market] = {market.address: market for market in listed}
            self.by_name = {market.name.lower(): market for market in listed}
            saved = self.store.load(self.reader, venue.head().timestamp)
            self._build(saved)
        except BaseException:
            self.store.close()
            raise
        self.trouble = ""
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: asyncio.Future[None] | None = None

    def _build(self, saved: Saved) -> None:
        options, venue = self.options, self.venue
        self.engine = Engine(self.markets, options.settlement.makers_per_match)
        self.engine.restore(saved)
        self.pending = Pending({batch.id: batch for batch in saved.batches}, saved.settled)
        self.feed = Feed(
            self.engine.books, {address: market.name for address, market in self.markets.items()}
        )
        self.journal = Journal(self.store, self._committed)
        self.clock = Clock()
        self._threads = [ThreadPoolExecutor(1, f"matcher-{name}") for name in ("accounts", "chain", "reads")]
        self.accounts = Accounts(venue.another(), self._runner(0), options.rules.margin_age_seconds)
        self.intake = Intake(
            *(self.reader, self.engine, self.accounts, self.clock, self.markets),
            *(options.rules, options.limits),
        )
        self.settler = Settler(
            *(venue, self._runner(1), self.engine, self.clock, self.pending, options.settlement),
            *(self._commit, saved.next_batch),
        )
        self.follower = Follower(
            *(venue, self._runner(1), self.engine, self.accounts, self.clock, self.markets, self.pending),
            *(self.settler.refuse, options.settlement.confirmations),
        )
        self.settler.follower = self.follower
        self._wake = asyncio.Event()

    # --- life ---

    async def start(self) -> None:
        """Catches up with the chain, then works until `stop`. Raises KeelError."""
        self._failure = asyncio.get_running_loop().create_future()
        self._spawn(self.journal.run())
        await self.follower.start()
        await self._commit()
        self._spawn(self._follow())
        self._spawn(self.accounts.follow())
        log.info(
            "started",
            database=self.store.shown,
            orders=len(self.engine.live),
            matches=len(self.engine.matches),
            unfinished_transactions=len(self.pending.batches),
        )

    async def stop(self) -> None:
        """Ends all work; what was accepted is on disk."""
        for task in reversed(self._tasks):  # the journal last
            await _end(task)
        for thread in self._threads:
            thread.shutdown(wait=True, cancel_futures=True)
        self.store.close()

    async def failed(self) -> None:
        """Returns never; raises what ended a part without which the matcher cannot go on."""
        assert self._failure is not None
        await asyncio.shield(self._failure)

    @property
    def failure(self) -> BaseException | None:
        """What `failed` raises, if it does."""
        return self._failure.exception() if self._failure is not None and self._failure.done() else None

    # --- what clients ask ---

    async def place(self, raws: Sequence[object], connection: Hashable) -> list[dict[str, object]]:
        """What became of each order, after it is on disk."""
        return await self.acknowledge(await self.enter(raws, connection))

    async def enter(self, raws: Sequence[object], connection: Hashable) -> Results:
        """What became of each order; nobody may be told before `acknowledge`."""
        try:
            return await self.intake.place(raws, connection)
        finally:
            self._append()

    async def acknowledge(self, results: Results) -> list[dict[str, object]]:
        """Results as clients see them, after what they say is on disk."""
        shown = [_shown(result) for result in results]
        await self.journal.durable()
        return shown

    async def cancel(self, raw: object, connection: Hashable) -> list[str]:
        """Hashes of the orders that a signed request has ended, after that is on disk. Raises Rejected."""
        ended = await self.intake.cancel(raw, connection)
        await self._commit()
        return ended

    async def read(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs a question to the database beside the event loop."""
        return await self._runner(2)(function, *arguments)

    async def durable(self) -> None:
        """Returns when all that has happened so far is on disk: what was read of it may be told. Raises DatabaseError."""
        await self._commit()

    async def orders_of(self, account: bytes, limit: int, before: int | None) -> list[dict[str, object]]:
        """An account's orders, youngest first, with a sequence below `before`."""
        return await self._as_they_stand(self.store.orders_of, account, limit, before, self.reader)

    async def order(self, hash_: bytes) -> dict[str, object] | None:
        """One order, None if it was never accepted."""
        found = await self._as_they_stand(self.store.order, hash_, self.reader)
        return found[0] if found else None

    def market(self, name: object) -> Market:
        """A market by name, its underlying's will do, or by address. Raises Rejected."""
        text = str(name).lower()
        found = self.by_name.get(text) or self.by_name.get(f"{text}-perp")
        if found is None and text.startswith("0x"):
            with contextlib.suppress(ValueError):
                found = self.markets.get(bytes.fromhex(text[2:]))
        if found is None:
            names = ", ".join(market.name for market in self.markets.values())
            raise Rejected(
                "unknown_market", f"market is {str(name)[:66]!r}; expected one of {names}", "market", name
            )
        return self.markets[found.address]

    # --- internal ---

    async def _as_they_stand(
        self, question: Callable[..., list[dict[str, object]]], *arguments: Any
    ) -> list[dict[str, object]]:
        """Orders of the database with what is pending of them, which only memory knows.

        None is older than this call, nor newer than the disk: what was seen once is never taken back.
        """
        while True:
            await self._commit()
            rows = await self.read(question, *arguments)
            shown = []
            for row in rows:
                live = self.engine.live.get(bytes.fromhex(str(row["hash"])[2:]))
                if live is None and row["status"] not in ENDED:
                    break  # it ended while the database was read
                shown.append(row if live is None else live.shown())
            else:
                await self._commit()
                return shown

    def _runner(self, number: int) -> Callable[..., Any]:
        async def run(function: Callable[..., Any], *arguments: Any) -> Any:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads[number], function, *arguments)

        return run

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self._failure is None or self._failure.done():
            return
        self._failure.set_exception(task.exception() or RuntimeError("a part of the matcher ended"))

    def _append(self) -> None:
        self.journal.append(self.engine.drain(), self.pending.take_changed(), self.feed.changes())

    async def _commit(self) -> None:
        self._append()
        await self.journal.durable()

    def _committed(self, group: Group) -> None:
        self.feed.publish(group)
        if any(isinstance(effect, Matched) for effect in group.effects):
            self._wake.set()

    async def _follow(self) -> None:
        """Block after block: first what the chain says, then what is to be said to it."""
        poll, rest = self.options.settlement.poll_seconds, self.options.settlement.rest_seconds
        while True:
            await asyncio.sleep(rest)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), poll)
            self._wake.clear()
            try:
                await self.follower.tick()
                await self._commit()
                await self.settler.step()
                await self._commit()
                self.trouble = ""
            except ChainUnreachable as error:
                self._report(error)
                await asyncio.sleep(poll)
            except KeelError as error:
                if self.journal.failure:
                    raise
                self._report(error)
                await asyncio.sleep(poll)

    def _report(self, error: KeelError) -> None:
        self._append()
        if str(error) != self.trouble:
            log.error("the chain does not do what it should", error=str(error))
        self.trouble = str(error)


def run_matcher(options: Options, venue: Venue | None = None) -> int:
    """Runs a matcher until it is told to end (SIGINT, SIGTERM); the exit code. Raises KeelError.

    `venue` is what stands for the chain; None: the chain of the options, with the environment's account.
    """
    from scripts.matcher import logs
    from scripts.matcher.chain import open_venue
    from scripts.matcher.server import serve

    logs.configure(options.log_level)
    # Threads that wait for the database or the chain must not keep the event loop from going on, and looking
    # through all orders for cycles, of which they have none, takes longer than a client should wait.
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*COLLECTIONS)
    return asyncio.run(_run(options, venue or open_venue(options), serve))


async def _run(options: Options, venue: Venue, serve: Callable[..., Any]) -> int:
    matcher = Matcher(options, venue)
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    try:
        await matcher.start()
        async with serve(matcher):
            done, _ = await asyncio.wait(
                [asyncio.ensure_future(matcher.failed()), asyncio.ensure_future(ending.wait())],
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                task.result()
    finally:
        await matcher.stop()
    return 0


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, KeelError):
        await task


def _shown(result: LiveOrder | dict[str, object] | Rejected) -> dict[str, object]:
    if isinstance(result, Rejected):
        return {"accepted": False, "error": result.shown()}
    if isinstance(result, dict):
        return {"accepted": True, **result}
    return {
        "accepted": True,
        "hash": "0x" + result.hash.hex(),
        "status": result.status,
        "reason": result.reason,
        "sequence": result.sequence,
        "matchedWad": str(result.pending + result.filled),
        "openWad": str(result.open),
    }
