"""Signed orders over combinations in tests: their fields, EIP-712 hash and signatures.

desk = OrderDesk.deploy(options)
order = desk.order(trader, WAD, 70, {call: 1})                     # buys a unit for at most 70 dollars
desk.match(order, [desk.order(maker, -WAD, 68, {call: 1})])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils import keccak

from scripts.common.contract import Contract, Tx
from tests.helpers.option_market import OptionBench
from tests.helpers.system import WAD

REDUCE_ONLY, POST_ONLY, FILL_OR_KILL = 1, 2, 4
OPEN, FILLED, CANCELLED, EXPIRED = range(4)
FOREVER = 2**64
CHAIN_ID = 31337
TYPES = {
    "Order": [
        {"name": "account", "type": "bytes32"},
        {"name": "market", "type": "address"},
        {"name": "signer", "type": "address"},
        {"name": "legs", "type": "Leg[]"},
        {"name": "unitsWad", "type": "int256"},
        {"name": "limitPremiumWad", "type": "int256"},
        {"name": "expiry", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "flags", "type": "uint256"},
        {"name": "maxFeeWad", "type": "uint256"},
    ],
    "Leg": [{"name": "series", "type": "uint256"}, {"name": "ratio", "type": "int256"}],
}


@dataclass(frozen=True)
class Order:
    """An order's fields in the contract's order; units signed, premiums and fees as WADs."""

    account: bytes
    market: str
    signer: str
    legs: tuple[tuple[int, int], ...]
    units: int
    limit: int
    expiry: int = FOREVER
    nonce: int = 0
    flags: int = 0
    max_fee: int = 10**17

    def fields(self) -> tuple[Any, ...]:
        """As the contract takes it."""
        return (
            *(self.account, self.market, self.signer, list(self.legs), self.units, self.limit),
            *(self.expiry, self.nonce, self.flags, self.max_fee),
        )

    def but(self, **changes: Any) -> Order:
        """The same order with other fields."""
        return replace(self, **changes)

    def message(self, orders: Any, chain_id: int = CHAIN_ID) -> SignableMessage:
        """The typed data."""
        domain = {
            "name": "Keel Option Orders",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": getattr(orders, "address", orders),
        }
        values = dict(zip((one["name"] for one in TYPES["Order"]), self.fields(), strict=True))
        values["legs"] = [{"series": series, "ratio": ratio} for series, ratio in self.legs]
        return encode_typed_data(domain, TYPES, values)

    def hash(self, orders: Any, chain_id: int = CHAIN_ID) -> bytes:
        """What is signed."""
        message = self.message(orders, chain_id)
        return keccak(b"\x19\x01" + message.header + message.body)

    def signed(self, key: str, orders: Any, chain_id: int = CHAIN_ID) -> tuple[tuple[Any, ...], bytes]:
        """Order and signature as the contract takes them."""
        signature = Account.sign_message(self.message(orders, chain_id), key).signature
        return self.fields(), bytes(signature)


@dataclass
class OrderDesk:
    """The orders contract of a market, and who signs."""

    options: OptionBench = field(repr=False)
    orders: Contract
    nonces: int = 0

    @classmethod
    def deploy(cls, options: OptionBench) -> OrderDesk:
        """Takes the place of the contract that brought fills."""
        orders = options.evm.deploy("OptionOrders", options.system.vault.address)
        options.market.setOrders(orders.address)
        return cls(options, orders)

    def order(
        self, account: bytes, units: int, limit: float, legs: Mapping[int, int], **fields: Any
    ) -> Order:
        """A new order, by its account's owner; `limit` in dollars."""
        self.nonces += 1
        signer = self.options.owner(account)
        values = {"market": self.options.market.address, "signer": signer, "nonce": self.nonces, **fields}
        return Order(account, legs=tuple(sorted(legs.items())), units=units, limit=int(limit * WAD), **values)

    def sign(self, order: Order) -> tuple[Any, ...]:
        """Order and signature of its signer."""
        evm = self.options.evm
        return order.signed(evm.keys[evm.accounts.index(order.signer)], self.orders)

    def pair(
        self, taker: Order, makers: Sequence[Order], units: Sequence[int] | None = None
    ) -> tuple[Any, ...]:
        """A match as the contract takes it; by default as much of each maker as there is."""
        units = [abs(maker.units) for maker in makers] if units is None else units
        return self.sign(taker), [self.sign(maker) for maker in makers], list(units)

    def match(self, taker: Order, makers: Sequence[Order], units: Sequence[int] | None = None) -> Tx:
        """Submits a match, as a stranger."""
        return self.orders.matchOrders(self.pair(taker, makers, units), sender=self.options.evm.accounts[9])

    def filled(self, order: Order) -> int:
        """How much of an order is filled."""
        return int(self.orders.statusOf(order.fields()).filledWad)
