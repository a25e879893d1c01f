"""Follows the chain: blocks, prices, fills by anybody, cancellations, reorganisations; and the matcher's own
transactions until they are final.

The chain is the truth of what is filled. Events tell which orders were filled, in blocks that follow each other
without a gap; how much is the chain's own number, so that reading a block twice does no harm. What a tick found goes
into one group of the journal, with the block up to which nothing can change (`Engine.final`, behind the head by
`confirmations`). After a restart and after a reorganisation the blocks above that one are read again, and every order
that is open, or was filled in them, is asked about anew. So is one that was just placed: somebody may have
submitted it before.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from scripts.matcher.accounts import Accounts
from scripts.matcher.effects import NO_ORDER, Match, Stage
from scripts.matcher.engine import Engine
from scripts.matcher.intake import Clock
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
        """After a restart: what the chain did meanwhile. Raises ChainUnreachable."""
        while not await self.tick():
            pass

    async def tick(self) -> bool:
        """Takes in the blocks since the last time, at most MOST_BLOCKS; whether these were all.

        Raises ChainUnreachable; then nothing of it has happened.
        """
        latest = await self._run(self._venue.head)
        self._clock.follow(latest.timestamp)
        last = self.head
        if latest == last:
            self._engine.expire(self._clock.now())
            return True
        stands = last is not None and await self._stands(last, latest)
        final = self._final(latest)
        first = (last.number if stands and last is not None else final) + 1
        head = await self._page(first, latest)
        logs: list[Log] = []
        if first <= head.number:
            logs = await self._run(self._venue.logs, first, head.number)
        receipts = await self._receipts(head)
        lost = [batch for batch, receipt in receipts if _is_lost(batch, receipt)]
        filled = self._filled(logs)
        new = list(itertools.islice(self._engine.unasked, CHUNK))
        asked = filled | self._settled_in(lost) | {hash_ for hash_ in new if hash_ in self._engine.live}
        if not stands:
            asked |= {*self._engine.live, *self._engine.recent}
        amounts = await self._ask(sorted(asked))
        await self._read_markets()
        # From here on nothing waits: engine and journal go from one state of the chain to the next as a whole.
        if last is not None and not stands:
            self.reorganisations += 1
            log.warning("the chain was reorganised", block=head.number, was=last.number)
        for _ in new:
            self._engine.unasked.popleft()
        for batch in lost:
            self._unsettle(batch)
        self._cancel(logs)
        for hash_, (amount, cancelled) in amounts.items():
            self._fill(hash_, amount, head.number, hash_ in filled, may_fall=not stands)
            if cancelled:
                self._engine.cancel(hash_, ON_CHAIN)
        for batch, receipt in receipts:
            if receipt is not None and batch.block is None:
                self._settle(batch, receipt)
        for batch in list(self._pending.batches.values()):
            if batch.block is not None and head.number - batch.block >= self._confirmations:
                self._pending.finish(batch)
        self._engine.finalise(max(final, head.number - self._confirmations))
        self.head = head
        now = self._clock.now()
        self._engine.expire(now)
        if head != latest:
            return False
        for market in self._markets.values():
            if market.fresh:
                self._engine.trigger(market.address, market.index, now)
            self._engine.meet_amm(market.address, now)
        return True

    # --- internal ---

    async def _stands(self, last: Head, head: Head) -> bool:
        """Whether the last block that was looked at is still part of the chain."""
        if head.number < last.number:
            return False
        hash_: str | None = await self._run(self._venue.block_hash, last.number)
        return hash_ == last.hash

    def _final(self, latest: Head) -> int:
        """The block up to which everything was read for good; a first start begins a little before the latest."""
        final = self._engine.final
        if final is None or final > latest.number:  # a chain that was set back
            return max(latest.number - self._confirmations, -1)
        return final

    async def _page(self, first: int, latest: Head) -> Head:
        """The last block to read now."""
        number = first + MOST_BLOCKS - 1
        if number >= latest.number:
            return latest
        hash_ = await self._run(self._venue.block_hash, number)
        return Head(number, hash_ or "", latest.timestamp)

    async def _read_markets(self) -> None:
        for market in await self._run(self._venue.markets):
            self._markets[market.address] = market
            self._engine.amms.now[market.address] = market.amm

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

    def _settled_in(self, lost: Sequence[Batch]) -> set[bytes]:
        """Hashes of all orders that were settled in transactions which lost their block."""
        found = [self._pending.matches.get(number) for batch in lost for number in batch.matches]
        return {order.hash for match in found if match is not None for order in match.orders}

    def _unsettle(self, batch: Batch) -> None:
        log.warning("a settlement lost its block", batch=batch.id, block=batch.block)
        batch.block = batch.gas_used = None
        self._pending.changed.add(batch.id)
        for number in batch.matches:
            match = self._pending.matches.pop(number, None)
            if match is not None and match.stage is Stage.SETTLED:
                self._engine.unsettle(match, batch.id)

    @staticmethod
    def _filled(logs: Sequence[Log]) -> set[bytes]:
        """Hashes of all orders that were filled, whoever submitted them."""
        told = (hash_ for entry in logs if isinstance(entry, Filled) for hash_ in (entry.maker, entry.taker))
        return {hash_ for hash_ in told if hash_ != NO_ORDER}

    async def _ask(self, hashes: Sequence[bytes]) -> dict[bytes, tuple[int, bool]]:
        """What the chain says of orders that were placed here: what is filled, and whether they were cancelled."""
        orders = [order for order in map(self._engine.signed, hashes) if order is not None]
        found: dict[bytes, tuple[int, bool]] = {}
        for start in range(0, len(orders), CHUNK):
            chunk = orders[start : start + CHUNK]
            answers = await self._run(self._venue.filled, chunk)
            found |= zip((order.hash for order in chunk), answers, strict=True)
        return found

    def _cancel(self, logs: Sequence[Log]) -> None:
        for entry in logs:
            match entry:
                case Cancelled():
                    self._engine.cancel(entry.order, ON_CHAIN)
                case CancelledBelow():
                    self._engine.cancel_below(entry.account, entry.lowest, ON_CHAIN)

    def _fill(self, hash_: bytes, amount: int, block: int, was_told: bool, may_fall: bool) -> None:
        """`was_told`: an event says that it was filled; without one it is only written where it differs."""
        order = self._engine.known(hash_)
        if order is not None:
            if not may_fall:  # whichever node's answer comes last
                amount = max(amount, order.filled)
            if not was_told and amount == order.filled:
                return
            self._accounts.traded(order.account)
        self._engine.fill(hash_, amount, block, self._clock.now())

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
                    leg.hash,
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


def _is_lost(batch: Batch, receipt: Receipt | None) -> bool:
    """Whether the block in which it was settled is not part of the chain any more."""
    return batch.block is not None and (receipt is None or receipt.block != batch.block)
