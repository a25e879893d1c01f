"""A market place on Anvil for tests: the perpetual contracts and a matcher that settles on them.

async with market_place(perps, tmp_path, settler=14) as place:
    taken = await place.post(account, 1, 2_000)     # signed and placed
    await place.settled()
    assert place.filled(taken) == WAD
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account

from scripts.common.chain import connect
from scripts.matcher.chain import ChainVenue
from scripts.matcher.live import Status
from scripts.matcher.options import Options
from scripts.matcher.service import Matcher
from tests.helpers.perp_orders import FIELDS, Order
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import WAD

SECONDS = 20
HOUR = 3_600


@dataclass
class Place:
    """The contracts and a running matcher."""

    perps: PerpTrading
    matcher: Matcher

    async def post(self, account: bytes, size: float, limit: float, **fields: Any) -> dict[str, Any]:
        """Signs and places an order."""
        (result,) = await self.matcher.place([self.json(self.order(account, size, limit, **fields))], "test")
        return result

    def order(self, account: bytes, size: float, limit: float, **fields: Any) -> Order:
        """An order that lives for an hour."""
        return self.perps.order(
            account, int(size * WAD), limit, **{"expiry": self.perps.evm.now + HOUR, **fields}
        )

    def json(self, order: Order, signature: bytes | None = None) -> dict[str, Any]:
        """As the API takes it."""
        fields, signed = self.perps.sign(order) if signature is None else (order.fields(), signature)
        shown = {
            name: "0x" + value.hex() if isinstance(value, bytes) else str(value)
            for (name, _), value in zip(FIELDS, fields, strict=True)
        }
        return shown | {"signature": "0x" + signed.hex()}

    def filled(self, result: dict[str, Any]) -> int:
        """What the chain has filled of an order."""
        signed = self.matcher.engine.signed(bytes.fromhex(result["hash"][2:]))
        assert signed is not None, f"{result} was never placed"
        return int(self.perps.orders.statusOf(signed.struct()[0]).filledWad)

    def end_of(self, result: dict[str, Any]) -> tuple[Status, str] | None:
        """Status and reason of an order that has ended."""
        end = self.matcher.engine.finished.get(bytes.fromhex(result["hash"][2:]))
        return end[:2] if end else None

    async def until(self, true: Callable[[], Any], what: str) -> None:
        """Waits until something is so."""
        for _ in range(SECONDS * 50):
            if self.matcher.failure is not None:
                raise self.matcher.failure
            if true():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{what} did not come about; trouble: {self.matcher.trouble!r}")

    async def settled(self) -> None:
        """Waits until nothing is under way, and that is on disk."""
        engine, pending = self.matcher.engine, self.matcher.pending
        await self.until(lambda: not engine.matches and not pending.unmined(), "settlement")
        await self.matcher.durable()


@asynccontextmanager
async def market_place(
    perps: PerpTrading,
    folder: Path,
    settler: int,
    with_amm: bool = False,
    node: str = "",
    answer_seconds: float = 30,
    **settlement: Any,
) -> AsyncIterator[Place]:
    """A matcher with its database in `folder`, which settles from the backend's account `settler`.

    `node` is the way to the backend's chain, if not its own address; it has `answer_seconds` for each answer.
    """
    evm: Any = perps.evm
    signer = Account.from_key(evm.keys[settler])
    chain = connect(node or evm.url, timeout=answer_seconds, account=signer)
    # With a connection of the matcher's own.
    venue = ChainVenue(
        chain,
        signer,
        orders=perps.orders,
        vault=perps.system.vault,
        lens=perps.system.lens,
        parameters=perps.system.parameters,
        markets={"ETH-PERP": perps.market},
        amms={"ETH-PERP": perps.amm} if with_amm else {},
    ).another()
    options = Options(
        database=f"sqlite:///{folder / 'matcher.db'}",
        settlement={
            "poll_seconds": 0.05,
            "rest_seconds": 0.01,
            "confirmations": 3,
            "resend_seconds": 1,
            **settlement,
        },
    )
    matcher = Matcher(options, venue)
    await matcher.start()
    try:
        yield Place(perps, matcher)
    finally:
        await matcher.stop()
