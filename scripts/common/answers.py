"""What nodes promise about their answers: each method's result is of the form that the JSON-RPC specification gives it.

Whoever asks a node (scripts/common/rpc.py) gets a result that keeps its method's promise, or HalfAnswer: callers
need not doubt digits, lengths and fields again. Values are another matter: a node that lies in due form is believed.
Source: https://ethereum.github.io/execution-apis.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from scripts.common.errors import KeelError

EXCERPT = 60
ADDRESS_BYTES, HASH_BYTES = 20, 32

_QUANTITY = re.compile("0x[0-9a-fA-F]{1,64}")
_DATA = re.compile("0x([0-9a-fA-F]{2})*")

Shape = Callable[[Any], bool]


class ChainUnreachable(KeelError):
    """Nobody listens there, or whoever does is no Ethereum node."""


class HalfAnswer(ChainUnreachable):
    """The node answered, but not all of what it was asked, or not in a form that can be trusted."""


def keeps_promise(method: str, params: Any, result: Any) -> bool:
    """Whether a result is what `method` promises, and about what was asked; what nothing is known of, is."""
    shape = _SHAPES.get(method)
    if shape is None:
        return True
    return shape(result) and _is_about(method, params, result)


def data_of(text: Any) -> bytes:
    """The bytes that a node wrote in hex. Raises HalfAnswer."""
    if not _is_data(text):
        raise HalfAnswer(f'the node gave "{excerpt(str(text))}"; expected bytes in hex')
    return bytes.fromhex(text[2:])


def excerpt(text: str) -> str:
    """The beginning of what may be long, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT]}..."


def _is_about(method: str, params: Any, result: Any) -> bool:
    if method == "eth_getBlockByNumber" and result is not None and str(params[0]).startswith("0x"):
        return int(result["number"], 16) == int(params[0], 16)
    if method == "eth_getTransactionReceipt" and result is not None:
        return bool(result["transactionHash"].lower() == params[0].lower())
    if method == "eth_simulateV1":
        blocks = params[0]["blockStateCalls"]
        return [len(block["calls"]) for block in result] == [len(block["calls"]) for block in blocks]
    return True


def _is_quantity(value: Any) -> bool:
    return isinstance(value, str) and _QUANTITY.fullmatch(value) is not None


def _is_data(value: Any) -> bool:
    return isinstance(value, str) and _DATA.fullmatch(value) is not None


def _bytes_of(length: int) -> Shape:
    return lambda value: _is_data(value) and len(value) == 2 + 2 * length


def _list_of(shape: Shape) -> Shape:
    return lambda value: isinstance(value, list) and all(shape(item) for item in value)


def _or_none(shape: Shape) -> Shape:
    return lambda value: value is None or shape(value)


def _record(fields: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    return lambda value: (
        isinstance(value, dict)
        and all(name in value and shape(value[name]) for name, shape in fields.items())
        and all(name not in value or shape(value[name]) for name, shape in (optional or {}).items())
    )


_is_address, _is_hash = _bytes_of(ADDRESS_BYTES), _bytes_of(HASH_BYTES)
_is_log = _record(
    {"address": _is_address, "topics": _list_of(_is_hash), "data": _is_data},
    {"blockNumber": _or_none(_is_quantity), "transactionHash": _or_none(_is_hash)},
)
_is_block = _record(
    {"timestamp": _is_quantity, "hash": _or_none(_is_hash), "number": _or_none(_is_quantity)},
    {
        "parentHash": _is_hash,
        "gasLimit": _is_quantity,
        "baseFeePerGas": _or_none(_is_quantity),
        "transactions": lambda value: isinstance(value, list),
    },
)
_is_receipt = _record(
    {
        "transactionHash": _is_hash,
        "blockNumber": _or_none(_is_quantity),
        "gasUsed": _is_quantity,
        "status": _is_quantity,
        "logs": _list_of(_is_log),
    },
    {"effectiveGasPrice": _or_none(_is_quantity), "contractAddress": _or_none(_is_address)},
)
_is_transaction = _record(
    {"from": _is_address, "input": _is_data, "value": _is_quantity, "gas": _is_quantity},
    {"to": _or_none(_is_address), "blockNumber": _or_none(_is_quantity)},
)
_is_simulated = _record(
    {"calls": _list_of(_record({"status": _is_quantity, "returnData": _is_data, "gasUsed": _is_quantity}))}
)
_SHAPES: dict[str, Shape] = {
    **dict.fromkeys(
        (
            "eth_chainId",
            "eth_blockNumber",
            "eth_getBalance",
            "eth_getTransactionCount",
            "eth_gasPrice",
            "eth_maxPriorityFeePerGas",
            "eth_estimateGas",
        ),
        _is_quantity,
    ),
    **dict.fromkeys(("eth_call", "eth_getCode"), _is_data),
    **dict.fromkeys(("eth_sendTransaction", "eth_sendRawTransaction"), _is_hash),
    "eth_accounts": _list_of(_is_address),
    "eth_getBlockByNumber": _or_none(_is_block),
    "eth_getLogs": _list_of(_is_log),
    "eth_getTransactionReceipt": _or_none(_is_receipt),
    "eth_getTransactionByHash": _or_none(_is_transaction),
    "eth_simulateV1": _list_of(_is_simulated),
    "debug_traceTransaction": _record({}, {"output": _or_none(_is_data)}),
}
