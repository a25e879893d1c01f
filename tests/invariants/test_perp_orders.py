"""Any sequence of signed orders, matches, cancellations, prices and times, against the reference model.

PERP-3   an order is never filled beyond its size, past its expiry, worse than its price, after its cancellation, or twice

What is said of every fill is judged by the events of the contract and the orders as they were signed, beside the model:
each match does what the model does, and reverts where the model refuses.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from scripts.common.contract import Tx
from scripts.model import perp_amm as model
from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_orders import AT_OR_ABOVE, AT_OR_BELOW, NO_TRIGGER, Order
from tests.helpers.perp_trading import NO_CONTRACT, NOBODY, PerpTrading
from tests.helpers.system import WAD, System

EXAMPLES = int(os.environ.get("KEEL_PERP_EXAMPLES", "100"))
STEPS = 40
OWNERS = (10, 11, 12)
PRICES = tuple(range(1_996, 2_005))

pytestmark = pytest.mark.slow

sizes = st.one_of(st.integers(1, 10), st.integers(1, 10 * WAD), st.sampled_from((WAD, 2 * WAD)))
prices = st.sampled_from(PRICES)
flags = st.sampled_from((0, 0, 0, 0, 1, 2, 4, 5, 6))
numbers = st.integers(0, 30)


@cache
def shared() -> tuple[PerpTrading, list[bytes]]:
    perps = PerpTrading.deploy(System.deploy(PyrevmBackend()))
    accounts = [perps.funded(perps.evm.accounts[owner], 10_000_000) for owner in OWNERS]
    accounts.append(perps.funded(perps.evm.accounts[OWNERS[0]], 10_000_000, index=1))
    return perps, accounts


class OrderMachine(RuleBasedStateMachine):
    """Three owners, one of them with two accounts."""

    def __init__(self) -> None:
        super().__init__()
        self.perps, self.accounts = shared()
        self.snapshot = self.perps.evm.snapshot()
        self.book = model.Book()
        self.orders: list[tuple[Order, model.Order]] = []
        self.filled: dict[bytes, int] = {}

    def teardown(self) -> None:
        self.perps.evm.revert(self.snapshot)

    # Helpers

    def pick(self, number: int) -> tuple[Order, model.Order]:
        """Among the orders, the latest ones more often."""
        return self.orders[-1 - number % len(self.orders)]

    def submit(self, taker: Order, makers: list[Order], wanted: list[int]) -> Tx:
        signed = [self.perps.sign(order) for order in (taker, *makers)]
        return self.perps.orders.matchOrders((signed[0], signed[1:], wanted, NOBODY, NO_CONTRACT, 0))

    def judge(self, tx: Tx, expected: list[model.Fill]) -> None:
        """Every fill the contract tells of, by what was signed."""
        by_hash = {order.hash(self.perps.orders): (order, other) for order, other in self.orders}
        told = tx.events("OrderFilled", self.perps.orders)
        for event in told:
            for hash_, size in (
                (bytes(event["takerHash"]), event["sizeWad"]),
                (bytes(event["makerHash"]), -event["sizeWad"]),
            ):
                order, other = by_hash[hash_]
                price = event["priceWad"]
                assert (size > 0) == (order.size > 0)
                assert price <= order.limit if size > 0 else price >= order.limit, (
                    "PERP-3: worse than its price"
                )
                assert self.perps.evm.now <= order.expiry, "PERP-3: past its expiry"
                assert not other.cancelled, "PERP-3: after its cancellation"
                self.filled[hash_] = self.filled.get(hash_, 0) + abs(size)
                assert self.filled[hash_] <= abs(order.size), "PERP-3: beyond its size"
        fills = [model.Fill(bytes(event["maker"]), event["sizeWad"], event["priceWad"]) for event in told]
        assert fills == expected

    # Steps

    @initialize()
    def begin(self) -> None:
        self.advance(0)

    def advance(self, seconds: int) -> None:
        self.perps.system.warp(seconds)
        self.book.now, self.book.index = self.perps.evm.now, self.perps.index

    @rule(terms=st.lists(st.tuples(st.integers(0, 3), st.sampled_from((1, -1)), sizes, prices), max_size=6))
    def place_plain_ones(self, terms: list[tuple[int, int, int, int]]) -> None:
        for who, side, size, price in terms:
            self.place_one(who, side * size, price)

    def place_one(self, who: int, size: int, price: int) -> None:
        order = self.perps.order(self.accounts[who], size, price)
        other = model.Order(order.account, order.size, order.limit, nonce=order.nonce)
        self.orders.append((order, other))

    @rule(
        who=st.integers(0, 3),
        side=st.sampled_from((1, -1)),
        size=sizes,
        price=prices,
        bits=flags,
        life=st.sampled_from((None, None, None, 0, 10, 100)),
        trigger=st.one_of(
            st.none(), st.none(), st.tuples(st.sampled_from((AT_OR_ABOVE, AT_OR_BELOW)), prices)
        ),
        again=st.one_of(st.none(), st.none(), numbers),
    )
    def place(
        self,
        who: int,
        side: int,
        size: int,
        price: int,
        bits: int,
        life: int | None,
        trigger: tuple[int, int] | None,
        again: int | None,
    ) -> None:
        fields: dict[str, Any] = {"flags": bits}
        extra: dict[str, Any] = {}
        if life is not None:
            fields["expiry"] = self.perps.evm.now + life
            extra["expiry"] = fields["expiry"]
        if trigger is not None:
            fields["trigger"], fields["trigger_price"] = trigger[0], trigger[1] * WAD
            extra["wakes_above" if trigger[0] == AT_OR_ABOVE else "wakes_below"] = trigger[1] * WAD
        else:
            fields["trigger"] = NO_TRIGGER
        order = self.perps.order(self.accounts[who], side * size, price, **fields)
        if again is not None and self.orders:
            order = order.but(nonce=self.pick(again)[0].nonce)
        if any(order == placed for placed, _ in self.orders):
            return
        other = model.Order(
            order.account, order.size, order.limit, model.Flag(bits), nonce=order.nonce, **extra
        )
        self.orders.append((order, other))

    def compatible(self, other: model.Order) -> list[tuple[Order, model.Order]]:
        """Orders that the taker's could meet, latest first."""
        return [
            pair
            for pair in reversed(self.orders)
            if pair[1].sign != other.sign
            and other.sign * (other.limit - pair[1].limit) >= 0
            and pair[0].account[:20] != other.account[:20]
            and self.book.is_alive(pair[1])
        ]

    @rule(
        taker=numbers,
        makers=st.lists(st.tuples(numbers, sizes), min_size=1, max_size=4),
        sensible=st.integers(0, 9),
    )
    def match(self, taker: int, makers: list[tuple[int, int]], sensible: int) -> None:
        """A match that can be, most times; any orders at all, sometimes."""
        if not self.orders:
            return
        candidates = self.orders[::-1]
        if sensible:
            candidates = [
                pair
                for pair in candidates
                if self.book.is_alive(pair[1])
                and model.Flag.POST_ONLY not in pair[1].flags
                and self.book.room(pair[1])
                and self.compatible(pair[1])
            ]
        if not candidates:
            return
        order, other = candidates[taker % len(candidates)]
        pool = self.compatible(other) if sensible else self.orders
        chosen = [pool[number % len(pool)] for number, _ in makers]
        wanted = [size for _, size in makers]
        try:
            expected = self.book.match(other, [pair[1] for pair in chosen], wanted)
        except model.Refused:
            with self.perps.evm.reverts():
                self.submit(order, [pair[0] for pair in chosen], wanted)
            return
        self.judge(self.submit(order, [pair[0] for pair in chosen], wanted), expected)

    @rule(number=numbers)
    def cancel(self, number: int) -> None:
        if not self.orders:
            return
        order, other = self.pick(number)
        if other.cancelled:
            with self.perps.evm.reverts("PerpOrders_Cancelled"):
                self.perps.orders.cancel(order.fields(), sender=order.signer)
            return
        self.perps.orders.cancel(order.fields(), sender=order.signer)
        other.cancelled = True

    @rule(number=numbers, unlikely=st.integers(0, 3))
    def cancel_below(self, number: int, unlikely: int) -> None:
        if not self.orders or unlikely:
            return
        order, _ = self.pick(number)
        if order.nonce <= self.book.lowest_nonces.get(order.account, 0):
            return
        self.perps.orders.cancelBelow(order.account, order.nonce, sender=order.signer)
        self.book.lowest_nonces[order.account] = order.nonce

    @rule(seconds=st.integers(0, 60), price=prices)
    def time_passes(self, seconds: int, price: int) -> None:
        self.perps.system.set_price("WETH", price)
        self.advance(seconds)

    @invariant()
    def contract_and_model_agree(self) -> None:
        for order, other in self.orders:
            assert self.perps.filled(order) == other.filled <= abs(order.size), "PERP-3"
        for account in self.accounts:
            assert self.perps.size(account) == self.book.sizes.get(account, 0)


TestPerpOrders = OrderMachine.TestCase
TestPerpOrders.settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
