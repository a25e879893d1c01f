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
from hypothesis import event, settings
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
        _, _, _, most = self.perps.amm.shape()
        curve = self.perps.curve
        self.amm = model.Amm(self.perps.amm_account, curve, curve.depth * most // 10**6)

    def teardown(self) -> None:
        self.perps.evm.revert(self.snapshot)

    # Helpers

    def pick(self, number: int) -> tuple[Order, model.Order]:
        """Among the orders, the latest ones more often."""
        return self.orders[-1 - number % len(self.orders)]

    def submit(self, taker: Order, makers: list[Order], wanted: list[int], rest: int | None) -> Tx:
        """`rest`: the most that the AMM fills; none: it is not named."""
        signed = [self.perps.sign(order) for order in (taker, *makers)]
        contract = NO_CONTRACT if rest is None else self.perps.amm.address
        return self.perps.orders.matchOrders(
            (signed[0], signed[1:], wanted, NOBODY, contract, 0 if rest is None else rest)
        )

    def judge(self, tx: Tx, expected: list[model.Fill]) -> None:
        """Every fill the contract tells of, by what was signed."""
        by_hash = {order.hash(self.perps.orders): (order, other) for order, other in self.orders}
        told = tx.events("OrderFilled", self.perps.orders)
        for fill in told:
            for hash_, size in (
                (bytes(fill["takerHash"]), fill["sizeWad"]),
                (bytes(fill["makerHash"]), -fill["sizeWad"]),
            ):
                if hash_ == NOBODY:
                    assert bytes(fill["maker"]) == self.perps.amm_account, "only the AMM signs nothing"
                    continue
                order, other = by_hash[hash_]
                price = fill["priceWad"]
                assert (size > 0) == (order.size > 0)
                assert price <= order.limit if size > 0 else price >= order.limit, (
                    "PERP-3: worse than its price"
                )
                assert self.perps.evm.now <= order.expiry, "PERP-3: past its expiry"
                assert other.number not in self.book.cancelled_nonces, "PERP-3: after its cancellation"
                self.filled[hash_] = self.filled.get(hash_, 0) + abs(size)
                assert self.filled[hash_] <= abs(order.size), "PERP-3: beyond its size"
        fills = [model.Fill(bytes(fill["maker"]), fill["sizeWad"], fill["priceWad"]) for fill in told]
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
        makers=st.lists(st.tuples(numbers, sizes), max_size=4),
        sensible=st.integers(0, 9),
        rest=st.one_of(st.none(), st.none(), sizes, st.just(2**256 - 1)),
    )
    def match(self, taker: int, makers: list[tuple[int, int]], sensible: int, rest: int | None) -> None:
        """A match that can be, most times; any orders at all, sometimes. The AMM may fill what is left."""
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
                and (self.compatible(pair[1]) or rest)
            ]
        if not candidates:
            return
        order, other = candidates[taker % len(candidates)]
        pool = self.compatible(other) if sensible else self.orders
        if not pool:
            makers = []
        chosen = [pool[number % len(pool)] for number, _ in makers]
        wanted = [size for _, size in makers]
        amm = None if rest is None else self.amm
        try:
            expected = self.book.match(other, [pair[1] for pair in chosen], wanted, amm, rest or 0)
        except model.Refused:
            with self.perps.evm.reverts():
                self.submit(order, [pair[0] for pair in chosen], wanted, rest)
            return
        self.judge(self.submit(order, [pair[0] for pair in chosen], wanted, rest), expected)

    @rule(
        who=st.integers(0, 3),
        size=sizes,
        side=st.sampled_from((1, -1)),
        part=sizes,
        makers=st.integers(0, 2),
        over=st.sampled_from((-1, 0, 0, 10 * WAD)),
    )
    def meet_the_amm(self, who: int, size: int, side: int, part: int, makers: int, over: int) -> None:
        """An order whose limit is about the AMM's price for what it is asked to fill."""
        rest = min(size, part)
        price = self.amm.curve.price(-self.book.sizes.get(self.amm.account, 0), side * rest, self.book.index)
        order = self.perps.order(self.accounts[who], side * size, 2_000).but(limit=price + side * over)
        other = model.Order(order.account, order.size, order.limit, nonce=order.nonce)
        chosen = self.compatible(other)[:makers]
        wanted = [abs(pair[0].size) for pair in chosen]
        self.orders.append((order, other))
        if not self.book.is_alive(other):
            return
        try:
            expected = self.book.match(other, [pair[1] for pair in chosen], wanted, self.amm, rest)
        except model.Refused as refused:
            event(f"refused: {refused}")
            with self.perps.evm.reverts():
                self.submit(order, [pair[0] for pair in chosen], wanted, rest)
            return
        event(f"the AMM fills, others: {len(expected) - 1}")
        self.judge(self.submit(order, [pair[0] for pair in chosen], wanted, rest), expected)

    @rule(number=numbers)
    def cancel(self, number: int) -> None:
        if not self.orders:
            return
        order, other = self.pick(number)
        for numbers, error in (
            (self.book.cancelled_nonces, "Cancelled"),
            (self.book.filled_nonces, "Filled"),
        ):
            if other.number in numbers:
                with self.perps.evm.reverts(f"SignedOrders_{error}"):
                    self.perps.orders.cancel(order.fields(), sender=order.signer)
                return
        self.perps.orders.cancel(order.fields(), sender=order.signer)
        self.book.cancelled_nonces.add(other.number)

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
            assert other.filled <= abs(order.size), "PERP-3"
            # Where another one with its nonce was filled, this one is told to be.
            told = abs(order.size) if other.number in self.book.filled_nonces else other.filled
            assert self.perps.filled(order) == told
        for account in (*self.accounts, self.amm.account):
            assert self.perps.size(account) == self.book.sizes.get(account, 0)


TestPerpOrders = OrderMachine.TestCase
TestPerpOrders.settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
