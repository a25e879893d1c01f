"""Encoding and decoding: Python values in, Python values out.

In: integers, booleans and strings as they are; addresses as hex or as anything with an `address`; bytes as
bytes or hex; structs as tuples, lists or dicts by field name. Out: checksum addresses, bytes, lists for
arrays, and tuples for structs, whose fields also have their names.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from eth_utils import keccak
from eth_utils import to_checksum_address as _to_checksum_address
from faster_eth_abi import decode as _decode
from faster_eth_abi import encode as _encode
from faster_eth_abi.exceptions import DecodingError, EncodingError

from scripts.common.answers import HalfAnswer, excerpt

Component = dict[str, Any]

PANICS = {
    0x01: "assertion failed",
    0x11: "overflow or underflow",
    0x12: "division by zero",
    0x21: "not a value of the enum",
    0x22: "corrupt byte array in storage",
    0x31: "pop of an empty array",
    0x32: "index out of bounds",
    0x41: "out of memory",
    0x51: "call of an uninitialised function pointer",
}


class Undecodable(HalfAnswer, ValueError):
    """Data that does not fit the types: whoever gave it is not what it was taken for, or answered nonsense."""


@cache
def checksum(address: str) -> str:
    """The address with the capitals of EIP-55."""
    return _to_checksum_address(address)


def type_of(component: Component) -> str:
    """The type as signatures spell it, structs as tuples: `(uint256,address)[]`."""
    kind = component["type"]
    if not kind.startswith("tuple"):
        return str(kind)
    inner = ",".join(type_of(field) for field in component["components"])
    return f"({inner}){kind[len('tuple') :]}"


def signature(entry: dict[str, Any]) -> str:
    """`name(type,type)` of a function, event or error of an ABI."""
    return f"{entry['name']}({','.join(type_of(component) for component in entry['inputs'])})"


def selector(entry: dict[str, Any]) -> bytes:
    """The first four bytes of a function's or error's calldata."""
    return keccak(text=signature(entry))[:4]


def topic(entry: dict[str, Any]) -> bytes:
    """The first topic of an event."""
    return keccak(text=signature(entry))


def encode(components: Sequence[Component], values: Sequence[Any]) -> bytes:
    """ABI encoding of `values`. Raises TypeError naming the argument that does not fit."""
    if len(values) != len(components):
        expected = ", ".join(_describe(component) for component in components) or "none"
        raise TypeError(f"{len(values)} arguments; expected {len(components)}: {expected}")
    adapted = [_adapt(component, value) for component, value in zip(components, values, strict=True)]
    try:
        return bytes(_encode([type_of(component) for component in components], adapted))
    except (EncodingError, OverflowError) as error:
        for component, value in zip(components, adapted, strict=True):
            try:
                _encode([type_of(component)], [value])
            except (EncodingError, OverflowError) as cause:
                raise TypeError(f"{_describe(component)} cannot be {value!r}: {cause}") from error
        raise


def decode(components: Sequence[Component], data: bytes) -> list[Any]:
    """The values in `data`. Raises Undecodable if the data does not fit the types."""
    try:
        values = _decode([type_of(component) for component in components], data)
    except (DecodingError, OverflowError, UnicodeDecodeError) as error:
        expected = ", ".join(_describe(component) for component in components)
        raise Undecodable(f"{excerpt(f'0x{data.hex()}')} does not decode to {expected}: {error}") from error
    return [_restore(component, value) for component, value in zip(components, values, strict=True)]


def decode_result(components: Sequence[Component], data: bytes) -> Any:
    """A function's return value: None, the one value, or a tuple of several."""
    if not components:
        return None
    values = decode(components, data)
    if len(values) == 1:
        return values[0]
    return _record(tuple(component.get("name", "") for component in components))(*values)


class Dictionary:
    """The errors and events of all ABIs that it was told about."""

    def __init__(self) -> None:
        self._errors: dict[bytes, dict[str, Any]] = {}
        self._events: dict[bytes, list[dict[str, Any]]] = {}

    def learn(self, abi: Iterable[dict[str, Any]]) -> None:
        """Adds the errors and events of `abi`."""
        for entry in abi:
            if entry["type"] == "error":
                self._errors.setdefault(selector(entry), entry)
            elif entry["type"] == "event" and not entry.get("anonymous"):
                same = self._events.setdefault(topic(entry), [])
                if _indexed(entry) not in [_indexed(other) for other in same]:
                    same.append(entry)

    def knows_error(self, name: str) -> bool:
        """Whether some ABI declares an error called `name`."""
        return any(entry["name"] == name for entry in self._errors.values())

    def error(self, data: bytes) -> tuple[str, tuple[Any, ...]]:
        """Name and arguments of revert data; ("", ()) if empty, the selector as name if unknown.

        The arguments of a declared error have their names as well.
        """
        if not data:
            return "", ()
        head, body = data[:4], data[4:]
        if head == bytes.fromhex("08c379a0"):
            return "Error", tuple(decode([{"type": "string"}], body))
        if head == bytes.fromhex("4e487b71"):
            return "Panic", tuple(decode([{"type": "uint256"}], body))
        entry = self._errors.get(head)
        if entry is None:
            return f"0x{head.hex()}", (body,)
        names = tuple(component.get("name", "") for component in entry["inputs"])
        return entry["name"], _record(names)(*decode(entry["inputs"], body))

    def event(self, topics: Sequence[bytes], data: bytes) -> tuple[str, dict[str, Any]]:
        """Name and arguments of a log; an unknown one has its first topic as name."""
        for entry in self._events.get(topics[0], ()) if topics else ():
            if sum(_indexed(entry)) == len(topics) - 1:
                return entry["name"], _event_arguments(entry, topics[1:], data)
        name = f"0x{topics[0].hex()}" if topics else ""
        return name, {"topics": list(topics), "data": data}


def _indexed(event: dict[str, Any]) -> tuple[bool, ...]:
    return tuple(component["indexed"] for component in event["inputs"])


def _event_arguments(event: dict[str, Any], topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
    plain = iter(decode([component for component in event["inputs"] if not component["indexed"]], data))
    hashes = iter(topics)
    arguments = {}
    for position, component in enumerate(event["inputs"]):
        if not component["indexed"]:
            value = next(plain)
        elif component["type"] in ("string", "bytes") or component["type"].startswith("tuple"):
            value = next(hashes)  # only the hash was logged
        elif component["type"].endswith("]"):
            value = next(hashes)
        else:
            value = decode([component], next(hashes))[0]
        arguments[component["name"] or str(position)] = value
    return arguments


def _describe(component: Component) -> str:
    return f"{type_of(component)} {component.get('name', '')}".strip()


def _element(component: Component) -> Component:
    return {**component, "type": component["type"][: component["type"].rindex("[")]}


def _adapt(component: Component, value: Any) -> Any:
    kind = component["type"]
    if kind.endswith("]"):
        element = _element(component)
        return [_adapt(element, item) for item in value]
    if kind == "tuple":
        fields = component["components"]
        if isinstance(value, dict):
            names = [field["name"] for field in fields]
            if set(names) != set(value):
                raise TypeError(f"{_describe(component)} has the fields {names}, not {list(value)}")
            value = [value[name] for name in names]
        if len(value) != len(fields):
            raise TypeError(f"{_describe(component)} has {len(fields)} fields, not {len(value)}")
        return tuple(_adapt(field, item) for field, item in zip(fields, value, strict=True))
    if kind == "address":
        return getattr(value, "address", value)
    if kind.startswith("bytes"):
        if isinstance(value, str):
            value = bytes.fromhex(value.removeprefix("0x"))
        elif isinstance(value, int) and kind != "bytes":
            value = value.to_bytes(int(kind[len("bytes") :]), "big")
        return value
    return value


def _restore(component: Component, value: Any) -> Any:
    kind = component["type"]
    if kind.endswith("]"):
        element = _element(component)
        return [_restore(element, item) for item in value]
    if kind == "tuple":
        fields = component["components"]
        record = _record(tuple(field["name"] for field in fields))
        return record(*(_restore(field, item) for field, item in zip(fields, value, strict=True)))
    if kind == "address":
        return checksum(value)
    return value


@cache
def _record(names: tuple[str, ...]) -> Any:
    return namedtuple("Record", names, rename=True)
