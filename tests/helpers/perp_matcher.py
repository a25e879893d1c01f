"""Orders for tests of the matcher: signed or not, and their typed data."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from coincurve import PrivateKey

from scripts.matcher.orders import Domain, Reader, SignedOrder, keccak

WAD = 10**18
MARKET = bytes.fromhex("22" * 20)
OTHER_MARKET = bytes.fromhex("33" * 20)
DOMAIN = Domain(31337, "0x" + "11" * 20)
# Long enough for a test; the matcher takes no order that lives for months.
FOREVER = int(time.time()) + 86_400


class Trader:
    """A key and the account 0 of its address."""

    def __init__(self, number: int, domain: Domain = DOMAIN) -> None:
        self.key = PrivateKey((number + 1).to_bytes(32, "big"))
        self.address = keccak(self.key.public_key.format(compressed=False)[1:])[12:]
        self.account = self.address + bytes(12)
        self._reader = Reader(domain)

    def fields(self, **changes: Any) -> dict[str, Any]:
        """An order's JSON without a signature."""
        return {
            "account": "0x" + self.account.hex(),
            "market": "0x" + MARKET.hex(),
            "signer": "0x" + self.address.hex(),
            "sizeWad": str(WAD),
            "limitPriceWad": str(2_000 * WAD),
            "triggerPriceWad": "0",
            "trigger": 0,
            "expiry": FOREVER,
            "nonce": 1,
            "flags": 0,
            "maxFeeWad": str(WAD // 100),
            "tip": "0",
        } | changes

    def order(self, **changes: Any) -> dict[str, Any]:
        """A signed order as JSON."""
        fields = self.fields(**changes)
        return fields | {"signature": self.sign(self._reader.order(fields | {"signature": "0x00"}).hash)}

    def cancel(self, orders: list[str], deadline: int = FOREVER) -> dict[str, Any]:
        """A signed cancellation of single orders."""
        return self._cancellation({"orders": orders}, deadline)

    def cancel_below(self, lowest: int, deadline: int = FOREVER) -> dict[str, Any]:
        """A signed cancellation of all orders with a lower nonce."""
        return self._cancellation({"lowest": lowest}, deadline)

    def sign(self, digest: bytes) -> str:
        """r, s, v in hex."""
        signature = self.key.sign_recoverable(digest, hasher=None)
        return "0x" + (signature[:64] + bytes((signature[64] + 27,))).hex()

    def _cancellation(self, what: Mapping[str, Any], deadline: int) -> dict[str, Any]:
        fields = {
            "account": "0x" + self.account.hex(),
            "signer": "0x" + self.address.hex(),
            "deadline": deadline,
            **what,
        }
        return fields | {"signature": self.sign(self._reader.cancel(fields | {"signature": "0x00"}).hash)}


def unsigned(
    owner: int,
    size: int,
    price: int,
    *,
    nonce: int = 0,
    flags: int = 0,
    expiry: int = FOREVER,
    index: int = 0,
) -> SignedOrder:
    """An order for the engine, which checks no signature; `owner` is the owner's number."""
    account = owner.to_bytes(20, "big") + index.to_bytes(12, "big")
    hash_ = keccak(repr((account, size, price, nonce, flags, expiry)).encode())
    values = (account, MARKET, account[:20], size, price, 0, 0, expiry, nonce, flags, WAD // 100, 0)
    return SignedOrder(
        *(hash_, values, b"", b"", account, MARKET, account[:20], size, price, 0, 0, expiry, nonce, flags)
    )
