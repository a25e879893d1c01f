"""Signed orders on option markets, as OptionOrders takes them (interfaces/IOptionOrders.sol).

    order = OptionOrder(account, market, signer, legs=((call, 1), (put, 1)), units=2 * WAD, premium=150 * WAD, ...)
    document = order.document(chain_id, option_orders.address)       # EIP-712, for a wallet
    option_orders.matchOrders(match(signed(taker, key...), [signed(maker, key...)]))

Units and premiums are WADs: settlement tokens for one unit of the combination.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from scripts.common.contract import Contract

REDUCE_ONLY, POST_ONLY, FILL_OR_KILL = 1, 2, 4
# IOptionMarket.Action
FILLS, SETTLE = range(2)
MAX_LEGS, MAX_RATIO = 8, 100
# ISignedOrders.NonceState
NONCE_UNUSED = 0
TYPES = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
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
SignedOrder = tuple[tuple[Any, ...], bytes]


@dataclass(frozen=True)
class OptionOrder:
    """IOptionOrders.Order: `units` are bought, negative: sold; `premium` is the limit for one; `legs` are (series, ratio) by
    ascending series; `max_fee` is a share of the notional."""

    account: bytes
    market: str
    signer: str
    legs: tuple[tuple[int, int], ...]
    units: int
    premium: int
    expiry: int
    nonce: int
    max_fee: int
    flags: int = 0

    def fields(self) -> tuple[Any, ...]:
        """As the contract takes it."""
        return (
            *(self.account, self.market, self.signer, [tuple(leg) for leg in self.legs], self.units),
            *(self.premium, self.expiry, self.nonce, self.flags, self.max_fee),
        )

    def document(self, chain_id: int, contract: str) -> dict[str, Any]:
        """EIP-712's document of it."""
        names = [field["name"] for field in TYPES["Order"]]
        message = dict(zip(names, self.fields(), strict=True))
        message["legs"] = [{"series": series, "ratio": ratio} for series, ratio in self.legs]
        return {
            "types": TYPES,
            "primaryType": "Order",
            "domain": {
                "name": "Keel Option Orders",
                "version": "1",
                "chainId": chain_id,
                "verifyingContract": contract,
            },
            "message": message,
        }

    def signed(self, signer: LocalAccount, chain_id: int, contract: str) -> SignedOrder:
        """With a key's signature, as IOptionOrders.SignedOrder."""
        data = encode_typed_data(full_message=self.document(chain_id, contract))
        return self.fields(), bytes(signer.sign_message(data).signature)


def next_nonce(orders: Contract, account: bytes) -> int:
    """The lowest nonce with which the contract of signed orders has filled and cancelled nothing."""
    nonce = int(orders.lowestNonce(account))
    while orders.nonceState(account, nonce) != NONCE_UNUSED:
        nonce += 1
    return nonce


def timed_nonce(lowest: int, microseconds: int | None = None) -> int:
    """A nonce by time, so that older orders can be called off by number; `microseconds` since 1970, by default now.

    Each order has its own also where `lowest`, below which all are called off, is later than now.
    """
    now = time.time_ns() // 1_000 if microseconds is None else microseconds
    return now if now >= lowest else lowest + now


def match(taker: SignedOrder, makers: Sequence[SignedOrder], units: Sequence[int]) -> tuple[Any, ...]:
    """IOptionOrders.Match: of each maker at most so many units."""
    return taker, list(makers), list(units)
