"""Stop orders that are awake, and with whom they can be matched: what the chain says of orders that a source has."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from scripts.client.domain import Domain
from scripts.common.contract import Call, Reverted
from scripts.keeper.perps import Perp
from scripts.keeper.scan import Market
from scripts.keeper.stops import Resting, Source, address, is_awake, makers_for, match
from scripts.keeper.types import Status
from scripts.matcher.orders import SignedOrder

READ_SECONDS = 1.0
# Orders that the chain says are filled or called off are asked about again after so long: a block may be taken back.
ENDED_SECONDS = 60.0
OPEN = 0
PENDING = "pending"


class Triggers:
    """Orders of one source. `into` is the account that earns the tips."""

    def __init__(
        self, domain: Domain, perps: Mapping[str, Perp], source: Source | None, sender: str, into: bytes
    ) -> None:
        self._domain, self._perps, self._source = domain, perps, source
        self._sender, self._into = sender, into
        self._stops: dict[bytes, SignedOrder] = {}
        self._resting: list[SignedOrder] = []
        self._ended: dict[bytes, float] = {}
        self._read_at = -READ_SECONDS
        self.problems: list[str] = []

    def refresh(self) -> bool:
        """Reads the source again, once a second; whether it has stop orders that it did not have. Raises KeelError."""
        now = time.monotonic()
        if self._source is None or now - self._read_at < READ_SECONDS:
            return False
        self._read_at = now
        orders, self.problems = self._source.read()
        known = self._stops
        self._stops = {order.hash: order for order in orders if order.is_stop}
        self._resting = [order for order in orders if not order.is_stop]
        self._ended = {hash_: at for hash_, at in self._ended.items() if now - at < ENDED_SECONDS}
        return any(hash_ not in known for hash_ in self._stops)

    def awake(self, market: Market) -> list[SignedOrder]:
        """Stop orders whose trigger the prices of `market` have reached."""
        found = []
        for order in self._stops.values():
            perp = self._perps.get(address(order.market))
            if perp is None or order.hash in self._ended or order.expiry < market.block.timestamp:
                continue
            fresh = market.statuses[perp.underlying] is Status.FRESH
            if fresh and is_awake(order, market.prices[perp.underlying]):
                found.append(order)
        return found

    def open(self, stops: Sequence[SignedOrder]) -> list[SignedOrder]:
        """Those of which the chain says that something is left, and that they are awake."""
        orders = self._domain.orders
        if orders is None:
            return []
        found = []
        statuses = self._answers([orders.statusOf.prepare(stop.struct()[0]) for stop in stops])
        for stop, status in zip(stops, statuses, strict=True):
            if isinstance(status, Reverted):
                continue
            if status.state != OPEN or status.leftWad == 0:
                self._ended[stop.hash] = time.monotonic()
            elif status.awake:
                found.append(stop)
        return found

    def makers(self, stop: SignedOrder, without: Collection[bytes]) -> list[Resting]:
        """Resting orders that can fill it, with what is left of them."""
        orders = self._domain.orders
        whole = (Resting(order, abs(order.size)) for order in self._resting if order.hash not in self._ended)
        wanted = makers_for(stop, whole, without)
        if not wanted or orders is None:
            return []
        left = []
        statuses = self._answers([orders.statusOf.prepare(one.order.struct()[0]) for one in wanted])
        for one, status in zip(wanted, statuses, strict=True):
            if isinstance(status, Reverted):
                continue
            if status.leftWad == 0:
                self._ended[one.order.hash] = time.monotonic()
            left.append(Resting(one.order, status.leftWad))
        return makers_for(stop, left, without)

    def call(self, stop: SignedOrder, makers: Sequence[Resting]) -> Call:
        """The transaction that triggers an order: what makers leave, the virtual AMM fills."""
        assert self._domain.orders is not None
        perp = self._perps[address(stop.market)]
        amm = perp.amm.address if perp.amm else None
        call: Call = self._domain.orders.matchOrders.prepare(
            match(stop, makers, self._into, amm), sender=self._sender
        )
        return call

    def _answers(self, calls: Sequence[Call]) -> list[Any]:
        return self._domain.chain.read_all(calls, allow_revert=True, block=PENDING) if calls else []
