"""Signed orders in tests: their fields, EIP-712 hash and signatures.

order = Order(account, market, signer, size=3 * WAD, limit=2_000 * WAD, expiry=evm.now + 60)
signed = order.signed(key, orders)                   # what the contract takes: (order, signature)
orders.matchOrders((signed, [maker], [WAD], tip_to, amm, rest))
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils import keccak

REDUCE_ONLY, POST_ONLY, FILL_OR_KILL = 1, 2, 4
NO_TRIGGER, AT_OR_ABOVE, AT_OR_BELOW = range(3)
OPEN, FILLED, CANCELLED, EXPIRED = range(4)
FOREVER = 2**64
CHAIN_ID = 31337
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

FIELDS = (
    ("account", "bytes32"),
    ("market", "address"),
    ("signer", "address"),
    ("sizeWad", "int256"),
    ("limitPriceWad", "uint256"),
    ("triggerPriceWad", "uint256"),
    ("trigger", "uint256"),
    ("expiry", "uint256"),
    ("nonce", "uint256"),
    ("flags", "uint256"),
    ("maxFeeWad", "uint256"),
    ("tip", "uint256"),
)
TYPES = {"Order": [{"name": name, "type": kind} for name, kind in FIELDS]}


@dataclass(frozen=True)
class Order:
    """An order's fields in the contract's order; `size` signed, sizes, prices and fees as WADs, `tip` in tokens."""

    account: bytes
    market: str
    signer: str
    size: int
    limit: int
    trigger_price: int = 0
    trigger: int = NO_TRIGGER
    expiry: int = FOREVER
    nonce: int = 0
    flags: int = 0
    max_fee: int = 10**17
    tip: int = 0

    def fields(self) -> tuple[Any, ...]:
        """As the contract takes it."""
        return (
            *(self.account, self.market, self.signer, self.size, self.limit),
            *(self.trigger_price, self.trigger, self.expiry, self.nonce, self.flags, self.max_fee, self.tip),
        )

    def but(self, **changes: Any) -> Order:
        """The same order with other fields."""
        return replace(self, **changes)

    def message(self, orders: Any, chain_id: int = CHAIN_ID) -> SignableMessage:
        """The typed data."""
        domain = {
            "name": "Keel Perp Orders",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": getattr(orders, "address", orders),
        }
        values = dict(zip((name for name, _ in FIELDS), self.fields(), strict=True))
        return encode_typed_data(domain, TYPES, values)

    def hash(self, orders: Any, chain_id: int = CHAIN_ID) -> bytes:
        """What is signed."""
        message = self.message(orders, chain_id)
        return keccak(b"\x19\x01" + message.header + message.body)

    def signature(self, key: str, orders: Any, chain_id: int = CHAIN_ID) -> bytes:
        """ECDSA, 65 bytes, low s."""
        return bytes(Account.sign_message(self.message(orders, chain_id), key).signature)

    def signed(self, key: str, orders: Any, chain_id: int = CHAIN_ID) -> tuple[tuple[Any, ...], bytes]:
        """Order and signature as the contract takes them."""
        return self.fields(), self.signature(key, orders, chain_id)


def malleated(signature: bytes) -> bytes:
    """The other signature of the same message and key: s on the other half of the curve, v the other."""
    r, s, v = signature[:32], int.from_bytes(signature[32:64]), signature[64]
    return r + (CURVE_ORDER - s).to_bytes(32) + bytes([55 - v])


def compact(signature: bytes) -> bytes:
    """The 64 bytes of ERC-2098."""
    r, s, v = signature[:32], int.from_bytes(signature[32:64]), signature[64]
    return r + (s | (v - 27) << 255).to_bytes(32)
