"""One transaction, step by step, as the node saw it: which instruction of which contract used how much gas.

The sum is exact: what the transaction was charged before its first instruction (its gas limit less the gas that the first
instruction finds), what instructions used, less refunds, is the gas of the receipt. Anything else is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scripts.common.errors import KeelError

TRACER = Path(__file__).with_name("tracer.js")
BASE_GAS = 21_000
CREATION_GAS = 32_000
CODE_BYTE_GAS = 200
# Of what a transaction used at most this part is refunded (EIP-3529).
REFUND_PART = 5

# Names of the kinds of work, in the order of tables.
STORAGE_COLD = "storage read cold"
STORAGE_WARM = "storage read warm"
STORAGE_WRITE = "storage write"
STORAGE_WRITE_WARM = "storage write again"
TRANSIENT = "transient storage"
CALLS = "calls"
MEMORY = "memory and copies"
HASHING = "hashing"
LOGS = "logs"
COMPUTE = "arithmetic and control"
CALLDATA = "calldata"
INTRINSIC = "intrinsic"
KINDS = (
    *(STORAGE_COLD, STORAGE_WARM, STORAGE_WRITE, STORAGE_WRITE_WARM, TRANSIENT, CALLS),
    *(MEMORY, HASHING, LOGS, COMPUTE, CALLDATA, INTRINSIC),
)

SLOAD, SSTORE = 0x54, 0x55
WARM_READ, WARM_WRITE = 100, 100
_FIXED = {
    **dict.fromkeys((0x5C, 0x5D), TRANSIENT),
    # BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH; creations and calls; SELFDESTRUCT
    **dict.fromkeys((0x31, 0x3B, 0x3C, 0x3F, 0xF0, 0xF1, 0xF2, 0xF4, 0xF5, 0xFA, 0xFF), CALLS),
    # MLOAD, MSTORE, MSTORE8, MCOPY; copies of calldata, code, return data
    **dict.fromkeys((0x51, 0x52, 0x53, 0x5E, 0x37, 0x39, 0x3E, 0xF3, 0xFD), MEMORY),
    0x20: HASHING,
    **dict.fromkeys(range(0xA0, 0xA5), LOGS),
    **dict.fromkeys((0x35, 0x36), CALLDATA),
}


class Node(Protocol):
    """A node's JSON-RPC."""

    def __call__(self, method: str, *params: Any) -> Any: ...


@dataclass(frozen=True)
class Step:
    """An instruction at one place and what it used, by itself, over all times that it ran."""

    pc: int
    op: int
    count: int
    gas: int
    precompile: bool

    @property
    def kind(self) -> str:
        """One of KINDS."""
        if self.precompile:
            return HASHING
        each = self.gas // self.count
        if self.op == SLOAD:
            return STORAGE_WARM if each <= WARM_READ else STORAGE_COLD
        if self.op == SSTORE:
            return STORAGE_WRITE_WARM if each <= WARM_WRITE else STORAGE_WRITE
        return _FIXED.get(self.op, COMPUTE)


@dataclass(frozen=True)
class Call:
    """A call that ran code; `code` is the address that the code is of, `gas` all that it and its own calls used."""

    parent: int
    code: str
    selector: str
    delegated: bool
    creation: bool
    gas: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Trace:
    """A transaction's gas; `charged` before the first instruction, of which `calldata` for its data."""

    hash: str
    gas_used: int
    charged: int
    calldata: int
    refund: int
    failed: int
    deposit: int
    calls: tuple[Call, ...]


def trace(node: Node, hash_: str) -> Trace:
    """Traces a transaction that was mined.

    Raises KeelError: no such transaction, or a node that cannot trace, or an account that does not add up.
    """
    receipt = node("eth_getTransactionReceipt", hash_)
    if not receipt:
        raise KeelError(f"no transaction {hash_} on this chain; expected the hash of one that was mined")
    sent = node("eth_getTransactionByHash", hash_)
    script = TRACER.read_text().split("{", 1)[1]
    answer = node("debug_traceTransaction", hash_, {"tracer": "{" + script})
    calls = tuple(_call(one) for one in answer["calls"])
    gas_used, limit = int(receipt["gasUsed"], 16), int(sent["gas"], 16)
    created = receipt.get("contractAddress")
    base = BASE_GAS + (CREATION_GAS if created else 0)
    charged = limit - int(answer["began"]) if calls else gas_used
    deposit = 0
    if created and receipt["status"] == "0x1":
        deposit = CODE_BYTE_GAS * (len(node("eth_getCode", created, receipt["blockNumber"])) // 2 - 1)
    spent = charged + int(answer["used"]) + deposit
    refund = spent - gas_used
    steps = sum(step.gas for call in calls for step in call.steps)
    if steps != int(answer["used"]) or not 0 <= refund <= spent // REFUND_PART:
        raise KeelError(
            f"{hash_} does not add up: {steps} of {answer['used']} gas attributed, {gas_used} in the receipt; "
            "the node's rules are not those of Cancun"
        )
    return Trace(hash_, gas_used, charged, charged - base, refund, int(answer["failed"]), deposit, calls)


def _call(one: dict[str, Any]) -> Call:
    kind = int(one["kind"])
    return Call(
        int(one["parent"]),
        str(one["code"]).lower(),
        str(one["selector"]).removeprefix("0x"),
        kind in (0xF2, 0xF4),
        kind in (0xF0, 0xF5),
        int(one["gas"]),
        tuple(_step(key, *value) for key, value in one["pcs"].items()),
    )


def _step(key: str, count: int, gas: int) -> Step:
    place, op, *rest = key.split(":")
    return Step(int(place), int(op), int(count), int(gas), rest == ["precompile"])
