"""Brings matches to the chain: many in one transaction, one transaction at a time, each written down before it is sent.

A transaction has one nonce, whatever becomes of the matcher: it is on disk before the first node sees it, and sent
again as it is (or with the same nonce and more of a fee) until it is mined. So nothing is filled twice, also by a
matcher that was killed in between. What the chain refuses is simulated first, then unwound: the order that the
refusal names is dropped with its reason, the others go back to their place in the book.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from scripts.matcher.effects import Match, Stage
from scripts.matcher.engine import Engine
from scripts.matcher.follower import ON_CHAIN, Follower, Pending
from scripts.matcher.intake import Clock
from scripts.matcher.options import Settlement
from scripts.matcher.orders import Flag
from scripts.matcher.saved import Batch
from scripts.matcher.venue import Refusal, Venue

RAISE_PERCENT = 15

log = structlog.get_logger("matcher")


class Settler:
    """Settles what the engine has matched. `commit` writes all that happened and returns when it is on disk."""

    def __init__(
        self,
        venue: Venue,
        run: Callable[..., Awaitable[Any]],
        engine: Engine,
        clock: Clock,
        pending: Pending,
        options: Settlement,
        commit: Callable[[], Awaitable[None]],
        next_batch: int,
    ) -> None:
        self.follower: Follower | None = None
        self.sent = self.unwound = 0
        self._venue, self._run, self._engine, self._clock = venue, run, engine, clock
        self._pending, self._options, self._commit, self._next_batch = pending, options, commit, next_batch
        self._tries: dict[int, int] = {}
        self._held: dict[int, int] = {}
        self._sent_at: dict[int, float] = {}
        self._lost_at: dict[int, int] = {}

    async def step(self) -> None:
        """Sends again what was sent and is in no block, or sends what is ready. Raises ChainUnreachable."""
        for batch in self._pending.batches.values():
            if batch.block is not None:  # should it lose the block, it is sent again at once
                self._sent_at.pop(batch.id, None)
        for batch in self._pending.unmined():
            await self._push(batch)
        if self._pending.unmined():
            return
        chosen = self._choose()
        if not chosen:
            return
        done = await self._run(self._venue.simulate, chosen)
        good = [match for match, settles in zip(chosen, done, strict=True) if settles]
        for match in chosen:
            if match in good:
                continue
            refusal = await self._run(self._venue.refusal, match)
            if refusal is None:  # another one of this transaction is in its way: it may go into the next one
                refusal = Refusal("it fails together with others", passing=True)
            elif refusal.nothing:
                await self._resync(match)
            self.refuse(match, refusal)
        good = [match for match in good if self._is_ready(match)]
        if good:
            await self._send(good)
        else:
            await self._commit()

    def refuse(self, match: Match, refusal: Refusal) -> None:
        """The chain does not settle a match: it waits if that may pass, else it is unwound."""
        tries = self._tries[match.id] = self._tries.get(match.id, 0) + 1
        if refusal.passing and tries < self._options.tries:
            self._held[match.id] = self._block()
            if match.stage is not Stage.READY:
                self._engine.hold(match)
            return
        is_amms = self._is_amms(match, refusal)
        is_dropped = not is_amms or match.taker.has(Flag.FILL_OR_KILL)
        offenders = self._offenders(match, refusal) if is_dropped else {}
        self._tries.pop(match.id, None)
        self._held.pop(match.id, None)
        self.unwound += 1
        log.info(
            "unwound",
            match=match.id,
            reason=refusal.reason,
            dropped=["0x" + hash_.hex() for hash_ in offenders],
        )
        if refusal.asleep:
            for order in match.orders:
                if order.hash in offenders:
                    self._engine.disarm(order)
            offenders = {}
        now = self._clock.now()
        if is_amms:
            self._engine.amms.bar(match.taker, now)
        self._engine.unwind(match, offenders, now)

    # --- internal ---

    def _is_amms(self, match: Match, refusal: Refusal) -> bool:
        """Whether it is the virtual AMM that does not trade, or not within the taker's limit: nobody's fault."""
        amm = self._engine.amms.of(match.taker.market)
        if match.rest is None:
            return False
        if refusal.price is not None and all(leg.price != refusal.price for leg in match.legs if leg.maker):
            return True
        return refusal.amm or (amm is not None and amm.account in refusal.accounts)

    def _offenders(self, match: Match, refusal: Refusal) -> dict[bytes, str]:
        """Whose fault it is. Nobody's is the taker's: something must change, or it would be matched again."""
        orders = match.orders
        found = [order for order in orders if order.hash in refusal.orders]
        if refusal.nothing:
            if any(order.end is not None or order.filled >= order.size for order in orders):
                return {}
            found = [order for order in orders if order.has(Flag.REDUCE_ONLY)]
        found = found or [order for order in orders if order.account in refusal.accounts]
        if refusal.price is not None:
            found = found or [leg.maker for leg in match.legs if leg.maker and leg.price == refusal.price]
        found = found or [match.taker]
        return {order.hash: refusal.reason for order in found}

    def _block(self) -> int:
        """The latest block that was looked at."""
        return self.follower.head.number if self.follower and self.follower.head else 0

    def _is_ready(self, match: Match) -> bool:
        return match.stage is Stage.READY and match.id in self._engine.matches

    def _choose(self) -> list[Match]:
        head = self._block()
        chosen: list[Match] = []
        fills = 0
        for match in self._engine.matches.values():
            if match.stage is not Stage.READY or self._held.get(match.id) == head:
                continue
            fills += len(match.legs)
            if chosen and fills > self._options.fills_per_transaction:
                break
            chosen.append(match)
            if len(chosen) == self._options.matches_per_transaction:
                break
        return chosen

    async def _send(self, matches: list[Match]) -> None:
        nonce = await self._run(self._venue.nonce, self._venue.sender)
        hash_, raw = await self._run(self._venue.sign, matches, nonce, 0)
        batch = Batch(
            self._next_batch, self._venue.sender, nonce, [hash_], raw, [match.id for match in matches]
        )
        self._next_batch += 1
        self._pending.batches[batch.id] = batch
        self._pending.changed.add(batch.id)
        self._engine.send(matches, batch.id)
        await self._commit()
        await self._push(batch)
        self.sent += 1

    async def _push(self, batch: Batch) -> None:
        """Sends a transaction that is on disk, unless that was a moment ago; with a higher fee if it was long ago."""
        now = time.monotonic()
        last = self._sent_at.get(batch.id)
        if last is not None and now - last < self._options.resend_seconds:
            return
        if await self._is_lost(batch):
            return
        if last is not None and batch.sender == self._venue.sender:
            matches = [self._engine.matches[n] for n in batch.matches if n in self._engine.matches]
            if len(matches) == len(batch.matches):
                raised = RAISE_PERCENT * len(batch.hashes)
                hash_, raw = await self._run(self._venue.sign, matches, batch.nonce, raised)
                if hash_ not in batch.hashes:
                    batch.hashes.append(hash_)
                    batch.raw = raw
                    self._pending.changed.add(batch.id)
                    await self._commit()
        self._sent_at[batch.id] = now
        await self._run(self._venue.send, batch.raw)

    async def _is_lost(self, batch: Batch) -> bool:
        """Whether another transaction has this one's nonce, deep enough in the chain: its matches are free again."""
        nonce: int = await self._run(self._venue.nonce, batch.sender)
        if nonce <= batch.nonce or await self._run(self._venue.receipt, tuple(batch.hashes)) is not None:
            self._lost_at.pop(batch.id, None)
            return nonce > batch.nonce  # mined: the follower will see it
        head = await self._run(self._venue.head)
        since = self._lost_at.setdefault(batch.id, head.number)
        if head.number - since < self._options.confirmations:
            return True
        log.warning("another transaction took a settlement's nonce", batch=batch.id, nonce=batch.nonce)
        for number in batch.matches:
            match = self._engine.matches.get(number)
            if match is not None and match.stage is Stage.SENT and match.batch == batch.id:
                self._engine.hold(match)
        self._pending.finish(batch)
        await self._commit()
        return True

    async def _resync(self, match: Match) -> None:
        orders = match.orders
        answers = await self._run(self._venue.filled, [order.signed for order in orders])
        for order, (filled, cancelled) in zip(orders, answers, strict=True):
            if cancelled:
                self._engine.cancel(order.hash, ON_CHAIN)
            if filled > order.filled:
                self._engine.fill(order.hash, filled, self._block(), self._clock.now())
