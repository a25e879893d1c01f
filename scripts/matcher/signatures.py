"""Whose signature it is, by libsecp256k1; contract wallets are asked on chain (ERC-1271) elsewhere."""

from __future__ import annotations

from coincurve import PublicKey

from scripts.common.accounts import CURVE_ORDER
from scripts.matcher.orders import SIGNATURE_BYTES, keccak

FIRST_V = 27
ERC1271_MAGIC = bytes.fromhex("1626ba7e")


def signer_of(digest: bytes, signature: bytes) -> bytes | None:
    """The 20 bytes of the address that signed; None if nobody can have: length, v, high s, no such point."""
    if len(signature) != SIGNATURE_BYTES:
        return None
    v = signature[64] - FIRST_V
    # A high s would be a second signature of the same order; the contract refuses it too.
    if v not in (0, 1) or int.from_bytes(signature[32:64], "big") > CURVE_ORDER // 2:
        return None
    try:
        key = PublicKey.from_signature_and_message(signature[:64] + bytes((v,)), digest, hasher=None)
    except Exception:  # the library's errors have no common heir: ValueError, and Exception itself
        return None
    return keccak(key.format(compressed=False)[1:])[12:]
