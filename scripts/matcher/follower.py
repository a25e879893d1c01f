"""Follows the chain: blocks, prices, fills by anybody, cancellations, reorganisations; and the matcher's own
transactions until they are final.

Settlement events are the truth. Amounts come from the chain's own numbers, never from what was hoped for: an event
tells what is left of an order, and after a reorganisation or a restart every open order is asked about anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from scripts.matcher.accounts import Accounts
from scripts.matcher.effects import Match, Stage
from scripts.matcher.engine import Engine
from scripts.matcher.intake import Clock
from scripts.matcher.live import Status
from scripts.matcher.saved import Batch
from scripts.matcher.venue import (
    Cancelled,
    CancelledBelow,
    Failed,
    Filled,
    Head,
    Log,
    Market,
    Receipt,
    Refusal,
    Venue,
)

ON_CHAIN = "cancelled on chain"
FAILED = Refusal("the settlement transaction failed as a whole", passing=True)
MOST_BLOCKS = 2_000
CHUNK = 500

log = structlog.get_logger("matcher")


@dataclass
class Pending:
    """Transactions of the matcher that are not final, and the matches in them that were settled."""

    batches: dict[int, Batch] = field(default_factory=dict)
    matches: dict[int, Match] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)

    def unmined(self) -> list[Batch]:
        """Those that are in no block."""
        return [batch for batch in self.batches.values() if batch.block is None and not batch.final]

    def finish(self, batch: Batch) -> None:
        """Nothing can happen to this one any more."""
        batch.final = True
        self.changed.add(batch.id)
        for number in batch.matches:
            self.matches.pop(number, None)

    def take_changed(self) -> list[Batch]:
        """Those that must be written; final ones are forgotten."""
        changed = [self.batches[number] for number in sorted(self.changed)]
        self.changed.clear()
        for batch in changed:
            if batch.final:
                del self.batches[batch.id]
        return changed


class Follower:
    """Brings engine and caches up to date with each block. `refused` is called for a match that a transaction left out."""

    def __init__(
        self,
        venue: Venue,
        run: Callable[..., Awaitable[Any]],
        engine: Engine,
        accounts: Accounts,
        clock: Clock,
        markets: dict[bytes, Market],
        pending: Pending,
        refused: Callable[[Match, Refusal], None],
        confirmations: int,
    ) -> None:
        self.head: Head | None = None
        self.reorganisations = 0
        self._venue, self._run, self._engine, self._accounts = venue, run, engine, accounts
        self._clock, self._markets, self._pending, self._refused = clock, markets, pending, refused
        self._confirmations = confirmations

    async def start(self) -> None:
        """After a restart: where the chain is, and what it did to open orders meanwhile."""
        head = await self._run(self._venue.head)
        self._clock.follow(head.timestamp)
        self._remember(head)
        await self._read_markets()
        await self._resync()

    async def tick(self) -> bool:
        """Looks at the chain once; whether there was a new block. Raises ChainUnreachable."""
        head = await self._run(self._venue.head)
        self._clock.follow(head.timestamp)
        last = self.head
        if last is not None and head == last:
            self._engine.expire(self._clock.now())
            return False
        reorganised = last is not None and not await self._stands(last, head)
        first = head.number if reorganised or last is None else last.number + 1
        first = max(first, head.number - MOST_BLOCKS)
        logs: list[Log] = []
        if not reorganised and first <= head.number:
            logs = await self._run(self._venue.logs, first, head.number)
        receipts = await self._receipts(head)
        amounts = await self._amounts(logs)
        await self._read_markets()
        # From here on nothing waits: the engine goes from one state of the chain to the next.
        if reorganised:
            self.reorganisations += 1
            log.warning("the chain was reorganised", block=head.number, was=last.number if last else None)
        self._unsettle(receipts)
        self._apply(logs, amounts)
        if reorganised:
            # Before anything is settled: until an amount is told it counts as matched, and cannot be matched again.
            await self._resync()
        for batch, receipt in receipts:
            if receipt is not None and batch.block is None:
                self._settle(batch, receipt)
        self._finalise(head)
        self._remember(head)
        now = self._clock.now()
        self._engine.expire(now)
        for market in self._markets.values():
            if market.fresh:
                self._engine.trigger(market.address, market.index, now)
        return True

    # --- internal ---

    async def _stands(self, last: Head, head: Head) -> bool:
        """Whether the last block that was looked at is still part of the chain."""
        if head.number < last.number:
            return False
        return await self._run(self._venue.block_hash, last.number) == last.hash

    async def _read_markets(self) -> None:
        for market in await self._run(self._venue.markets):
            self._markets[market.address] = market

    async def _receipts(self, head: Head) -> list[tuple[Batch, Receipt | None]]:
        found = []
        for batch in list(self._pending.batches.values()):
            receipt = await self._run(self._venue.receipt, tuple(batch.hashes))
            if receipt is not None and receipt.block > head.number:
                receipt = None  # younger than the logs: next time
                if batch.block is not None:
                    continue
            found.append((batch, receipt))
        return found

    def _unsettle(self, receipts: Sequence[tuple[Batch, Receipt | None]]) -> None:
        for batch, receipt in receipts:
            if batch.block is None or (receipt is not None and receipt.block == batch.block):
                continue
            log.warning("a settlement lost its block", batch=batch.id, block=batch.block)
            batch.block = batch.gas_used = None
            self._pending.changed.add(batch.id)
            for number in batch.matches:
                match = self._pending.matches.pop(number, None)
                if match is not None and match.stage is Stage.SETTLED:
                    self._engine.unsettle(match, batch.id)

    async def _amounts(self, logs: Sequence[Log]) -> dict[bytes, int]:
        """What is filled of the open orders that were filled."""
        filled = [entry for entry in logs if isinstance(entry, Filled)]
        hashes = dict.fromkeys(hash_ for entry in filled for hash_ in (entry.maker, entry.taker))
        return {
            hash_: amount
            for hash_, (amount, _) in await self._ask([h for h in hashes if h in self._engine.live])
        }

    async def _ask(self, hashes: Sequence[bytes]) -> list[tuple[bytes, tuple[int, bool]]]:
        found: list[tuple[bytes, tuple[int, bool]]] = []
        for start in range(0, len(hashes), CHUNK):
            chunk = hashes[start : start + CHUNK]
            found += zip(chunk, await self._run(self._venue.filled, chunk), strict=True)
        return found

    def _apply(self, logs: Sequence[Log], amounts: dict[bytes, int]) -> None:
        now = self._clock.now()
        for entry in logs:
            match entry:
                case Cancelled():
                    self._engine.cancel(entry.order, ON_CHAIN)
                case CancelledBelow():
                    self._engine.cancel_below(entry.account, entry.lowest, ON_CHAIN)
        for hash_, amount in amounts.items():
            live = self._engine.live.get(hash_)
            if live is not None:
                self._accounts.traded(live.account)
                # Without a reorganisation it never falls, whichever node's answer comes last.
                self._engine.sync(hash_, max(amount, live.filled), now)

    def _settle(self, batch: Batch, receipt: Receipt) -> None:
        """A transaction was mined: each of its matches was settled, or refused alone."""
        now = self._clock.now()
        batch.block, batch.gas_used = receipt.block, receipt.gas_used
        self._pending.changed.add(batch.id)
        failed = {entry.position: entry.refusal for entry in receipt.logs if isinstance(entry, Failed)}
        fills = [entry for entry in receipt.logs if isinstance(entry, Filled)]
        at = 0
        for position, number in enumerate(batch.matches):
            match = self._engine.matches.get(number)
            if match is None:
                continue
            if position in failed or not receipt.succeeded:
                self._refused(match, failed.get(position, FAILED))
                continue
            filled = [0] * len(match.legs)
            for leg_number, leg in enumerate(match.legs):
                if at < len(fills) and (fills[at].maker, fills[at].taker) == (
                    leg.maker.hash,
                    match.taker.hash,
                ):
                    filled[leg_number] = fills[at].size
                    at += 1
            self._pending.matches[number] = match
            self._engine.settle(match, filled, now)
        log.info(
            "settled",
            batch=batch.id,
            block=receipt.block,
            fills=len(fills),
            refused=len(failed),
            gas=receipt.gas_used,
            succeeded=receipt.succeeded,
        )

    def _finalise(self, head: Head) -> None:
        for batch in list(self._pending.batches.values()):
            if batch.block is not None and head.number - batch.block >= self._confirmations:
                self._pending.finish(batch)

    async def _resync(self) -> None:
        """Asks the chain about every open order."""
        for hash_, (filled, cancelled) in await self._ask(list(self._engine.live)):
            if cancelled:
                self._engine.cancel(hash_, ON_CHAIN, Status.CANCELLED)
            self._engine.sync(hash_, filled, self._clock.now())

    def _remember(self, head: Head) -> None:
        self.head = head
