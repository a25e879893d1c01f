"""Accounts as the chain has them, from a cache that follows it: margin, positions, nonces, who may sign.

What an order would need is reserved from the account's room beside what its other orders need. The chain judges
again at settlement; this keeps out what would fail there.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from scripts.common.rpc import ChainUnreachable
from scripts.common.units import WAD, format_usd
from scripts.matcher.engine import Engine
from scripts.matcher.live import BUY, SELL
from scripts.matcher.orders import Flag, Rejected, SignedOrder
from scripts.matcher.venue import Key, Market, Standing, Venue

KEPT = 50_000
CHUNK = 50
ROUNDS = 20
USED_SECONDS = 60


class Accounts:
    """Standings by (account, signer), read in `run`'s thread.

    Who is not known, or was read longer ago than `max_age` seconds, is waited for. `follow` reads those again that
    are in use, before they are that old, and those that have traded.
    """

    def __init__(
        self, venue: Venue, run: Callable[..., Awaitable[Any]], max_age: float, kept: int = KEPT
    ) -> None:
        self._venue, self._run, self._max_age, self._kept = venue, run, max_age, kept
        self._standings: OrderedDict[Key, Standing] = OrderedDict()
        self._used: dict[Key, float] = {}
        self._keys: dict[bytes, set[Key]] = {}
        self._traded: set[bytes] = set()
        self._reading: dict[Key, asyncio.Future[None]] = {}

    def fresh(self, key: Key, now: float) -> Standing | None:
        """The standing if it is young enough. `now` is of the monotonic clock."""
        standing = self._standings.get(key)
        if standing is None or now - standing.at > self._max_age:
            return None
        self._used[key] = now
        return standing

    def latest(self, key: Key) -> Standing | None:
        """The standing as it was last read."""
        return self._standings.get(key)

    async def follow(self) -> None:
        """Keeps standings in use young, for ever. While the chain does not answer they grow old."""
        while True:
            await asyncio.sleep(self._max_age / ROUNDS)
            now = time.monotonic()
            traded, self._traded = self._traded, set()
            wanted = [key for account in traded for key in self._keys.get(account, ())]
            for key, used in list(self._used.items()):
                standing = self._standings.get(key)
                if standing is None or now - used > USED_SECONDS:
                    del self._used[key]
                elif now - standing.at > self._max_age / 2:
                    wanted.append(key)
            with contextlib.suppress(ChainUnreachable):
                await self.read(wanted)

    async def read(self, keys: Iterable[Key]) -> None:
        """Reads standings; those that somebody reads already are waited for. Raises ChainUnreachable."""
        waiting = []
        mine: list[Key] = []
        for key in dict.fromkeys(keys):
            if key in self._reading:
                waiting.append(self._reading[key])
            else:
                mine.append(key)
        for start in range(0, len(mine), CHUNK):
            chunk = mine[start : start + CHUNK]
            reading: asyncio.Future[None] = asyncio.ensure_future(self._read(chunk))
            for key in chunk:
                self._reading[key] = reading
            waiting.append(reading)
        for reading in dict.fromkeys(waiting):
            await asyncio.shield(reading)

    async def accepts(self, questions: Sequence[tuple[bytes, bytes, bytes]]) -> list[bool]:
        """See Venue.accepts."""
        accepted: list[bool] = await self._run(self._venue.accepts, questions)
        return accepted

    def traded(self, account: bytes) -> None:
        """The account has another position now: it is read again soon."""
        self._traded.add(account)

    async def _read(self, keys: list[Key]) -> None:
        try:
            found = await self._run(self._venue.standings, keys)
            for key, standing in found.items():
                self._standings[key] = standing
                self._standings.move_to_end(key)
                self._keys.setdefault(key[0], set()).add(key)
            while len(self._standings) > self._kept:
                key, _ = self._standings.popitem(last=False)
                self._keys[key[0]].discard(key)
                if not self._keys[key[0]]:
                    del self._keys[key[0]]
        finally:
            for key in keys:
                self._reading.pop(key, None)


def require_authority(order: SignedOrder, standing: Standing, now: int) -> None:
    """The signer is the account's owner, or an operator. Raises Rejected."""
    if order.account[:20] != order.signer and standing.operator_until < now:
        raise Rejected(
            "not_authorised",
            "signer is neither the account's owner nor an operator whose approval lasts; expected one of them",
            "signer",
            "0x" + order.signer.hex(),
        )


def require_nonce(order: SignedOrder, standing: Standing, engine: Engine) -> None:
    """The nonce was not called off, and no other order here has it. Raises Rejected."""
    lowest = max(standing.lowest_nonce, engine.floors.get(order.account, 0))
    if order.nonce < lowest:
        raise Rejected(
            "nonce_too_low",
            f"nonce is {order.nonce}; expected at least {lowest}: those below were cancelled",
            "nonce",
            str(order.nonce),
        )
    if any(live.signed.nonce == order.nonce for live in engine.by_account.get(order.account, {}).values()):
        raise Rejected(
            "nonce_in_use",
            f"nonce is {order.nonce}, which an open order of the account has; expected another:"
            " when one is filled or cancelled on chain, the other can be filled no more",
            "nonce",
            str(order.nonce),
        )


def require_margin(
    order: SignedOrder, standing: Standing, engine: Engine, markets: dict[bytes, Market]
) -> None:
    """The account's room covers all its orders and this one; a reduce-only order has something to reduce. Raises Rejected."""
    if order.flags & Flag.REDUCE_ONLY:
        held = standing.positions.get(order.market, 0)
        # A stop order's position may be there when it wakes.
        if held * order.size >= 0 and not order.is_stop:
            raise Rejected(
                "nothing_to_reduce",
                f"sizeWad is {order.size} and reduce-only, and the account's position is {held}; expected a"
                " position on the other side",
                "sizeWad",
                str(order.size),
            )
        return
    needed = 0
    for market in markets.values():
        worst = 0
        for side in (BUY, SELL):
            total = engine.committed.get((order.account, market.address, side))
            size, quote = total if total else (0, 0)
            if market.address == order.market and (order.size > 0) == (side == BUY):
                size += abs(order.size)
                quote += abs(order.size) * order.price
            if not size:
                continue
            # What closes a position needs nothing.
            closing = min(size, max(-side * standing.positions.get(market.address, 0), 0))
            price = max(quote // size, market.mark) if side == SELL else quote // size
            worst = max(worst, (size - closing) * price // WAD * market.margin_share // WAD)
        needed += worst
    if needed > standing.room:
        raise Rejected(
            "insufficient_margin",
            f"the account's orders with this one need {format_usd(needed)} of margin, and it has"
            f" {format_usd(max(standing.room, 0))}; expected a smaller size, or more collateral",
            "sizeWad",
            str(order.size),
        )
