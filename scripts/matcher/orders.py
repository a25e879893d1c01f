"""Signed orders: from JSON to exact values, and the EIP-712 hash that is signed (interfaces/IPerpOrders.sol).

    order = parse_order({"account": "0x...", "sizeWad": "-1500000000000000000", ..., "signature": "0x..."}, domain)
    order.hash                                   # what the signature is over

Integers are decimal strings or JSON integers, everything else is hex. An error names field and value, and says
what would be right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sha3 import keccak_256

from scripts.common import abi as codec
from scripts.common.errors import KeelError

NAME, VERSION = "Keel Perp Orders", "1"
WORD = 32
ACCOUNT_BYTES, ADDRESS_BYTES, SIGNATURE_BYTES = 32, 20, 65
MAX_SIGNATURE_BYTES = 4_096
MAX_SIZE, MAX_PRICE = 2**96, 2**97
MAX_UINT = 2**256 - 1
MAX_CANCELS = 100
_HEX = re.compile(r"0x[0-9a-fA-F]*")
_WHOLE = re.compile(r"-?[0-9]{1,78}", re.ASCII)


class Flag:
    """Bits of an order's `flags`; plain integers, which are looked at for every order."""

    REDUCE_ONLY = 1
    POST_ONLY = 2
    FILL_OR_KILL = 4
    ALL = 7


class Trigger(IntEnum):
    """When a stop order wakes."""

    NONE = 0
    AT_OR_ABOVE = 1
    AT_OR_BELOW = 2


# (name, Solidity type, least, most) in the order of the struct.
FIELDS: tuple[tuple[str, str, int, int], ...] = (
    ("account", "bytes32", 0, 0),
    ("market", "address", 0, 0),
    ("signer", "address", 0, 0),
    ("sizeWad", "int256", -MAX_SIZE, MAX_SIZE),
    ("limitPriceWad", "uint256", 1, MAX_PRICE),
    ("triggerPriceWad", "uint256", 0, MAX_PRICE),
    ("trigger", "uint256", 0, max(Trigger)),
    ("expiry", "uint256", 0, MAX_UINT),
    ("nonce", "uint256", 0, MAX_UINT),
    ("flags", "uint256", 0, Flag.ALL),
    ("maxFeeWad", "uint256", 0, MAX_UINT),
    ("tip", "uint256", 0, MAX_UINT),
)
NAMES = frozenset(name for name, *_ in FIELDS)
ORDER_TYPE = f"Order({','.join(f'{kind} {name}' for name, kind, *_ in FIELDS)})"
# Requests to the matcher alone; the contract has its own ways to cancel.
CANCEL_TYPE = "CancelOrders(bytes32 account,address signer,bytes32[] orders,uint256 deadline)"
CANCEL_BELOW_TYPE = "CancelBelow(bytes32 account,address signer,uint256 lowest,uint256 deadline)"


class Rejected(KeelError):
    """A request that is not accepted. `code` is for programs, `field` and `value` say what it was about."""

    def __init__(self, code: str, message: str, field: str = "", value: object = None) -> None:
        super().__init__(message)
        self.code, self.field, self.value = code, field, value

    def shown(self) -> dict[str, object]:
        """As the API shows it."""
        error: dict[str, object] = {"code": self.code, "message": str(self)}
        if self.field:
            error["field"] = self.field
            error["value"] = _excerpt(self.value)
        return error


def keccak(data: bytes) -> bytes:
    """Keccak-256, by the native library."""
    return bytes(keccak_256(data).digest())


@dataclass(frozen=True, slots=True)
class Domain:
    """What signatures are bound to: chain and settlement contract."""

    chain_id: int
    contract: str

    @property
    def separator(self) -> bytes:
        """EIP-712's domain separator."""
        kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        return keccak(
            keccak(kind.encode())
            + keccak(NAME.encode())
            + keccak(VERSION.encode())
            + self.chain_id.to_bytes(WORD, "big")
            + _padded(bytes.fromhex(self.contract[2:]))
        )


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """One order as it was signed.

    `values` are the struct's, addresses as 20 bytes, in the order of FIELDS; `packed` the same as EIP-712 encodes
    them.
    """

    hash: bytes
    values: tuple[Any, ...]
    packed: bytes
    signature: bytes
    account: bytes
    market: bytes
    signer: bytes
    size: int
    price: int
    trigger_price: int
    trigger: int
    expiry: int
    nonce: int
    flags: int

    @property
    def is_stop(self) -> bool:
        """Whether it waits for a trigger."""
        return self.trigger != Trigger.NONE

    def wire(self) -> dict[str, object]:
        """As JSON: what `parse_order` takes."""
        shown: dict[str, object] = {
            name: codec.checksum("0x" + value.hex())
            if kind == "address"
            else "0x" + value.hex()
            if kind == "bytes32"
            else str(value)
            for (name, kind, *_), value in zip(FIELDS, self.values, strict=True)
        }
        shown["signature"] = "0x" + self.signature.hex()
        return shown

    def struct(self) -> tuple[tuple[Any, ...], bytes]:
        """As the contract's SignedOrder."""
        return tuple(
            "0x" + value.hex() if kind == "address" else value
            for (_, kind, *_), value in zip(FIELDS, self.values, strict=True)
        ), self.signature


class Reader:
    """Reads requests for one domain."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self._prefix = b"\x19\x01" + domain.separator
        self._order_type = keccak(ORDER_TYPE.encode())
        self._cancel_type = keccak(CANCEL_TYPE.encode())
        self._cancel_below_type = keccak(CANCEL_BELOW_TYPE.encode())

    def order(self, raw: object) -> SignedOrder:
        """An order from decoded JSON. Raises Rejected."""
        if type(raw) is not dict:
            raise Rejected("malformed", f"an order is {_excerpt(raw)!r}; expected an object with {_all()}")
        values: list[Any] = []
        words: list[bytes] = []
        for name, kind, least, most in FIELDS:
            if name not in raw:
                raise Rejected(
                    "missing_field", f"{name} is missing; expected {_right(kind, least, most)}", name
                )
            value = raw[name]
            if kind == "bytes32":
                parsed: Any = parse_bytes(value, name, ACCOUNT_BYTES)
                words.append(parsed)
            elif kind == "address":
                parsed = parse_bytes(value, name, ADDRESS_BYTES)
                words.append(_padded(parsed))
            else:
                parsed = parse_integer(value, name, least, most)
                words.append(parsed.to_bytes(WORD, "big", signed=parsed < 0))
            values.append(parsed)
        signature = self._signature(raw)
        if len(raw) != len(FIELDS) + 1:
            extra = next(str(name) for name in raw if name not in NAMES and name != "signature")
            raise Rejected("unknown_field", f"{_excerpt(extra)!r} is no field of an order; expected {_all()}")
        if values[3] == 0:
            raise Rejected(
                "out_of_range", "sizeWad is 0; expected more (buys) or less (sells) than 0", "sizeWad", 0
            )
        return self._signed(tuple(values), b"".join(words), signature)

    def unpack(self, packed: bytes, signature: bytes) -> SignedOrder:
        """An order that was accepted before, from what the database keeps of it."""
        words = [packed[start : start + WORD] for start in range(0, len(packed), WORD)]
        values = tuple(
            word
            if kind == "bytes32"
            else word[WORD - ADDRESS_BYTES :]
            if kind == "address"
            else int.from_bytes(word, "big", signed=kind == "int256")
            for (_, kind, *_), word in zip(FIELDS, words, strict=True)
        )
        return self._signed(values, packed, signature)

    def cancel(self, raw: object) -> CancelRequest:
        """`{"account", "signer", "orders": [hashes] or "lowest", "deadline", "signature"}`. Raises Rejected."""
        if type(raw) is not dict:
            raise Rejected("malformed", f"a cancellation is {_excerpt(raw)!r}; expected an object")
        if ("orders" in raw) == ("lowest" in raw):
            raise Rejected(
                "malformed",
                'a cancellation names either "orders" or "lowest"; expected one of them',
                "orders",
            )
        for name in ("account", "signer", "deadline"):
            if name not in raw:
                raise Rejected("missing_field", f"{name} is missing; expected it as it was signed", name)
        allowed = {"account", "signer", "deadline", "orders", "lowest", "signature"}
        for name in raw:
            if name not in allowed:
                raise Rejected("unknown_field", f"{_excerpt(name)!r} is no field of a cancellation")
        account = parse_bytes(raw["account"], "account", ACCOUNT_BYTES)
        signer = parse_bytes(raw["signer"], "signer", ADDRESS_BYTES)
        deadline = parse_integer(raw["deadline"], "deadline", 0, MAX_UINT)
        hashes: tuple[bytes, ...] = ()
        lowest = None
        if "orders" in raw:
            listed = raw["orders"]
            if type(listed) is not list or not 0 < len(listed) <= MAX_CANCELS:
                raise Rejected(
                    "malformed",
                    f"orders is {_excerpt(listed)!r}; expected a list of 1 to {MAX_CANCELS} order hashes",
                    "orders",
                    listed,
                )
            hashes = tuple(parse_bytes(hash_, "orders", WORD) for hash_ in listed)
            kind, middle = self._cancel_type, keccak(b"".join(hashes))
        else:
            lowest = parse_integer(raw["lowest"], "lowest", 0, MAX_UINT)
            kind, middle = self._cancel_below_type, lowest.to_bytes(WORD, "big")
        struct = kind + account + _padded(signer) + middle + deadline.to_bytes(WORD, "big")
        digest = keccak(self._prefix + keccak(struct))
        return CancelRequest(digest, account, signer, hashes, lowest, deadline, self._signature(raw))

    def _signed(self, values: tuple[Any, ...], packed: bytes, signature: bytes) -> SignedOrder:
        account, market, signer, size, price, trigger_price, trigger, expiry, nonce, flags, *_ = values
        hash_ = keccak(self._prefix + keccak(self._order_type + packed))
        return SignedOrder(
            *(hash_, values, packed, signature, account, market, signer, size, price),
            *(trigger_price, trigger, expiry, nonce, flags),
        )

    def _signature(self, raw: dict[str, Any]) -> bytes:
        if "signature" not in raw:
            raise Rejected("missing_field", "signature is missing; expected 0x and 65 bytes", "signature")
        signature = parse_bytes(raw["signature"], "signature", None)
        if not 0 < len(signature) <= MAX_SIGNATURE_BYTES:
            raise Rejected(
                "bad_signature",
                f"signature has {len(signature)} bytes; expected {SIGNATURE_BYTES}, or at most"
                f" {MAX_SIGNATURE_BYTES} for a contract's",
                "signature",
                raw["signature"],
            )
        return signature


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """A signed wish that the matcher forget orders: those listed, or all with a nonce below `lowest`."""

    hash: bytes
    account: bytes
    signer: bytes
    orders: tuple[bytes, ...]
    lowest: int | None
    deadline: int
    signature: bytes


def parse_bytes(value: object, field: str, length: int | None) -> bytes:
    """Bytes from hex. Raises Rejected."""
    right = "0x and hex digits" if length is None else f"0x and {2 * length} hex digits"
    if type(value) is str and (length is None or len(value) == 2 + 2 * length) and _HEX.fullmatch(value):
        try:
            return bytes.fromhex(value[2:])
        except ValueError:  # an odd number of digits
            pass
    raise Rejected("bad_field", f"{field} is {_excerpt(value)!r}; expected {right}", field, value)


def parse_integer(value: object, field: str, least: int, most: int) -> int:
    """An integer within bounds from a decimal string or a JSON integer. Raises Rejected."""
    if type(value) is int:
        number = value
    elif type(value) is str and _WHOLE.fullmatch(value):
        number = int(value)
    else:
        raise Rejected(
            "bad_field",
            f'{field} is {_excerpt(value)!r}; expected an integer such as "1000000"',
            field,
            value,
        )
    if not least <= number <= most:
        raise Rejected("out_of_range", f"{field} is {number}; expected {_bounds(least, most)}", field, value)
    return number


def _padded(address: bytes) -> bytes:
    return b"\0" * (WORD - ADDRESS_BYTES) + address


def _bounds(least: int, most: int) -> str:
    shown = {MAX_SIZE: "2^96", -MAX_SIZE: "-2^96", MAX_PRICE: "2^97", MAX_UINT: "2^256 - 1"}
    return f"{shown.get(least, least)} to {shown.get(most, most)}"


def _right(kind: str, least: int, most: int) -> str:
    if kind == "bytes32":
        return f"0x and {2 * ACCOUNT_BYTES} hex digits"
    if kind == "address":
        return f"0x and {2 * ADDRESS_BYTES} hex digits"
    return f"an integer from {_bounds(least, most)}"


def _all() -> str:
    return ", ".join((*(name for name, *_ in FIELDS), "signature"))


def _excerpt(value: object) -> object:
    text = value if isinstance(value, str) else str(value)
    if len(text) > 80:
        return text[:77] + "..."
    return value if value is None or isinstance(value, str | int | bool) else text
