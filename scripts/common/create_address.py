"""Addresses of contracts before they exist."""

from __future__ import annotations

import rlp
from eth_utils import keccak, to_checksum_address


def created_address(sender: str, nonce: int) -> str:
    """Address of the contract that `sender` creates in its transaction number `nonce` (CREATE)."""
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:])
