"""From a request to an order in the book, or to an error that says what was wrong.

Checks run from cheap to dear: fields, known already, rate, the market's rules, signature, account. What an order
meets is decided in one go after the last question to the chain was answered, so nothing changes in between.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from scripts.common.rpc import ChainUnreachable
from scripts.common.units import format_share
from scripts.matcher.accounts import Accounts, require_authority, require_margin, require_nonce
from scripts.matcher.engine import Engine
from scripts.matcher.limits import Buckets, Requests
from scripts.matcher.live import LiveOrder
from scripts.matcher.options import Limits, Rules
from scripts.matcher.orders import CancelRequest, Flag, Reader, Rejected, SignedOrder
from scripts.matcher.signatures import signer_of
from scripts.matcher.venue import Market

BY_OWNER = "cancelled by its owner"
# Orders that are placed before others get their turn: bounds how long anybody waits.
SLICE = 25
KEPT_TIMES = 500_000


@dataclass
class Clock:
    """Time as the chain has it: of its latest block, and what has passed since."""

    timestamp: int = 0
    seen: float = field(default_factory=time.monotonic)

    def follow(self, timestamp: int) -> None:
        """A block with this time has come."""
        if timestamp > self.now() or timestamp < self.timestamp - 1:
            self.timestamp, self.seen = timestamp, time.monotonic()

    def now(self) -> int:
        """Unix seconds."""
        return self.timestamp + int(time.monotonic() - self.seen)


class Intake:
    """Takes orders and cancellations. `markets` is kept up to date by whoever follows the chain."""

    def __init__(
        self,
        reader: Reader,
        engine: Engine,
        accounts: Accounts,
        clock: Clock,
        markets: dict[bytes, Market],
        rules: Rules,
        limits: Limits,
    ) -> None:
        self.markets = markets
        self._reader, self._engine, self._accounts, self._clock = reader, engine, accounts, clock
        self._rules, self._limits = rules, limits
        per_account, per_connection = (
            limits.orders_per_second_per_account,
            limits.orders_per_second_per_connection,
        )
        self._by_account = Buckets(per_account, per_account * limits.burst_seconds)
        self._by_connection = Buckets(per_connection, per_connection * limits.burst_seconds)
        self.requests = Requests(limits.requests_per_second_per_connection, limits.burst_seconds)
        self.accepted = 0
        self.rejected: Counter[str] = Counter()
        # From a request's arrival to each of its orders being matched, the latest ones.
        self.match_seconds: deque[float] = deque(maxlen=KEPT_TIMES)

    async def place(
        self, raws: Sequence[object], connection: Hashable
    ) -> list[LiveOrder | dict[str, object] | Rejected]:
        """What became of each order: the order, the end of one that is known and done, or why it is rejected."""
        arrived = time.perf_counter()
        results: list[LiveOrder | dict[str, object] | Rejected] = []
        for start in range(0, len(raws), SLICE):
            if start:
                await asyncio.sleep(0)
            results += await self._place(raws[start : start + SLICE], connection, arrived)
        return results

    async def cancel(self, raw: object, connection: Hashable) -> list[str]:
        """Hashes of the orders that ended. Raises Rejected."""
        try:
            request = self._reader.cancel(raw)
            await self._require_signed(request, connection)
        except Rejected as error:
            self.rejected[error.code] += 1
            raise
        ended = []
        if request.lowest is not None:
            ended = self._engine.cancel_below(request.account, request.lowest, BY_OWNER)
        for hash_ in request.orders:
            live = self._engine.live.get(hash_)
            if live is not None and live.account == request.account and self._engine.cancel(hash_, BY_OWNER):
                ended.append(hash_)
        return ["0x" + hash_.hex() for hash_ in ended]

    # --- internal ---

    async def _place(
        self, raws: Sequence[object], connection: Hashable, arrived: float
    ) -> list[LiveOrder | dict[str, object] | Rejected]:
        now, monotonic = self._clock.now(), time.monotonic()
        results: list[LiveOrder | dict[str, object] | Rejected | None] = [None] * len(raws)
        checked: list[tuple[int, SignedOrder, bool]] = []
        missing = []
        for number, raw in enumerate(raws):
            try:
                order = self._reader.order(raw)
                known = self._known(order.hash)
                if known is not None:
                    results[number] = known
                    continue
                self._limit(order.account, connection, monotonic)
                self._require_rules(order, now)
            except Rejected as error:
                results[number] = error
                continue
            is_signed = signer_of(order.hash, order.signature) == order.signer
            checked.append((number, order, is_signed))
            key = (order.account, order.signer)
            if self._accounts.fresh(key, monotonic) is None:
                missing.append(key)
        failure: Rejected | None = None
        refused: set[bytes] = set()
        try:
            if missing:
                await self._read(missing)
            refused = await self._contracts_refusals(checked)
        except Rejected as error:
            failure = error
        unread = set(missing) if failure else set()
        for number, order, is_signed in checked:
            try:
                if failure and ((order.account, order.signer) in unread or not is_signed):
                    raise failure
                results[number] = self._known(order.hash) or self._enter(order, is_signed, refused)
                self.match_seconds.append(time.perf_counter() - arrived)
            except Rejected as error:
                results[number] = error
        for result in results:
            if isinstance(result, Rejected):
                self.rejected[result.code] += 1
        return results  # type: ignore[return-value]

    def _enter(self, order: SignedOrder, is_signed: bool, refused: set[bytes]) -> LiveOrder:
        standing = self._accounts.latest((order.account, order.signer))
        if standing is None:
            raise Rejected("chain_unreachable", "the chain did not tell about the account; try again")
        if (order.hash in refused) if standing.signer_has_code else not is_signed:
            raise Rejected(
                "bad_signature",
                "signature is not the signer's over this order's EIP-712 hash"
                f" (0x{order.hash.hex()}); expected one of 65 bytes with low s and v 27 or 28, for this chain and"
                " settlement contract",
                "signature",
                "0x" + order.signature.hex(),
            )
        now = self._clock.now()
        require_authority(order, standing, now)
        require_nonce(order, standing, self._engine)
        mine = self._engine.by_account.get(order.account)
        if mine and len(mine) >= self._limits.open_orders_per_account:
            raise Rejected(
                "too_many_orders",
                f"the account has {len(mine)} open orders; expected at most {self._limits.open_orders_per_account}:"
                " cancel some",
            )
        if len(self._engine.live) >= self._limits.open_orders:
            raise Rejected("matcher_full", f"{self._limits.open_orders} orders are open; try again later")
        require_margin(order, standing, self._engine, self.markets)
        live = self._engine.place(order, now)
        self.accepted += 1
        return live

    def _known(self, hash_: bytes) -> LiveOrder | dict[str, object] | None:
        live = self._engine.live.get(hash_)
        if live is not None:
            return live
        end = self._engine.finished.get(hash_)
        if end is None:
            return None
        return {"hash": "0x" + hash_.hex(), "status": end[0], "reason": end[1]}

    def _limit(self, account: bytes, connection: Hashable, now: float) -> None:
        limits = self._limits
        if not self._by_connection.take(connection, now):
            raise Rejected(
                "rate_limited",
                f"more orders than {limits.orders_per_second_per_connection} a second came over this connection;"
                " send slower",
            )
        if not self._by_account.take(account, now):
            raise Rejected(
                "rate_limited",
                f"more orders than {limits.orders_per_second_per_account} a second came for this account; send slower",
            )

    def _require_rules(self, order: SignedOrder, now: int) -> None:
        market = self.markets.get(order.market)
        if market is None:
            names = ", ".join(f"{known.name} (0x{known.address.hex()})" for known in self.markets.values())
            raise Rejected(
                "unknown_market",
                f"market is 0x{order.market.hex()}; expected one of {names}",
                "market",
                "0x" + order.market.hex(),
            )
        rules = self._rules
        life = order.expiry - now
        if life < 0:
            raise Rejected(
                "expired",
                f"expiry is {order.expiry}, {-life} s ago; expected at least {now + rules.shortest_life_seconds}",
                "expiry",
                str(order.expiry),
            )
        if not rules.shortest_life_seconds <= life <= rules.longest_life_seconds:
            raise Rejected(
                "out_of_range",
                f"expiry is {order.expiry}, in {life} s; expected {rules.shortest_life_seconds} to"
                f" {rules.longest_life_seconds} s from now",
                "expiry",
                str(order.expiry),
            )
        if abs(order.size) < rules.least_size_wad:
            raise Rejected(
                "out_of_range",
                f"sizeWad is {order.size}; expected at least {rules.least_size_wad} units of 10^-18",
                "sizeWad",
                str(order.size),
            )
        least, most = market.mark // rules.price_factor, market.mark * rules.price_factor
        if not least <= order.price <= most:
            raise Rejected(
                "out_of_range",
                f"limitPriceWad is {order.price}; expected {least} to {most}, the mark being {market.mark}",
                "limitPriceWad",
                str(order.price),
            )
        fee = market.maker_fee if order.flags & Flag.POST_ONLY else max(market.taker_fee, market.maker_fee)
        max_fee = order.values[10]
        if max_fee < fee:
            raise Rejected(
                "fee_too_low",
                f"maxFeeWad is {max_fee}; expected at least {fee}: the fee is {format_share(fee)}",
                "maxFeeWad",
                str(max_fee),
            )
        if order.flags & Flag.POST_ONLY and order.flags & Flag.FILL_OR_KILL:
            raise Rejected(
                "out_of_range",
                f"flags is {order.flags}: post-only and fill-or-kill exclude each other; expected one of them",
                "flags",
                order.flags,
            )
        if order.is_stop and not order.trigger_price:
            raise Rejected(
                "out_of_range",
                f"triggerPriceWad is 0 with trigger {order.trigger}; expected a price above 0",
                "triggerPriceWad",
                "0",
            )

    async def _read(self, keys: list[tuple[bytes, bytes]]) -> None:
        try:
            await self._accounts.read(keys)
        except ChainUnreachable as error:
            raise Rejected(
                "chain_unreachable", f"the account cannot be checked: {error}; try again"
            ) from None

    async def _contracts_refusals(self, checked: list[tuple[int, SignedOrder, bool]]) -> set[bytes]:
        """Hashes of orders whose signers are contracts that do not accept the signature."""
        asked = []
        for _, order, _ in checked:
            standing = self._accounts.latest((order.account, order.signer))
            if standing is not None and standing.signer_has_code:
                asked.append(order)
        if not asked:
            return set()
        try:
            answers = await self._accounts.accepts([(o.signer, o.hash, o.signature) for o in asked])
        except ChainUnreachable as error:
            raise Rejected("chain_unreachable", f"the signer cannot be asked: {error}; try again") from None
        return {order.hash for order, accepted in zip(asked, answers, strict=True) if not accepted}

    async def _require_signed(self, request: CancelRequest, connection: Hashable) -> None:
        now = self._clock.now()
        self._limit(request.account, connection, time.monotonic())
        if request.deadline < now:
            raise Rejected(
                "expired",
                f"deadline is {request.deadline}, {now - request.deadline} s ago; expected a later one",
                "deadline",
                str(request.deadline),
            )
        key = (request.account, request.signer)
        if self._accounts.fresh(key, time.monotonic()) is None:
            await self._read([key])
        standing = self._accounts.latest(key)
        if standing is None:
            raise Rejected("chain_unreachable", "the chain did not tell about the account; try again")
        if standing.signer_has_code:
            try:
                (is_signed,) = await self._accounts.accepts(
                    [(request.signer, request.hash, request.signature)]
                )
            except ChainUnreachable as error:
                raise Rejected(
                    "chain_unreachable", f"the signer cannot be asked: {error}; try again"
                ) from None
        else:
            is_signed = signer_of(request.hash, request.signature) == request.signer
        if not is_signed:
            raise Rejected(
                "bad_signature",
                f"signature is not the signer's over this cancellation's EIP-712 hash (0x{request.hash.hex()});"
                " expected one of 65 bytes with low s and v 27 or 28",
                "signature",
                "0x" + request.signature.hex(),
            )
        if request.account[:20] != request.signer and standing.operator_until < now:
            raise Rejected(
                "not_authorised",
                "signer is neither the account's owner nor an operator whose approval lasts; expected one of them",
                "signer",
                "0x" + request.signer.hex(),
            )
