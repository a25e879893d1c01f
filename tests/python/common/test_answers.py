"""scripts/common/answers.py: what a node answers is what the method promises, or one clear error.

Regression: a matcher whose node's answers came damaged, but still as JSON, died of `ValueError: non-hexadecimal number
found in fromhex()`, and the keeper called it a defect of its own.
"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from scripts.common import abi as codec
from scripts.common.answers import ChainUnreachable, HalfAnswer, data_of, keeps_promise
from scripts.common.chain import connect
from scripts.common.reverts import RevertReader
from scripts.common.rpc import Rpc, RpcError
from tests.helpers.evm import AnvilBackend

ADDRESS, HASH, OTHER = "0x" + "a1" * 20, "0x" + "b2" * 32, "0x" + "c3" * 32
LOG = {"address": ADDRESS, "topics": [HASH, OTHER], "data": "0x" + "00" * 64, "blockNumber": "0x10"}
BLOCK = {"number": "0x10", "hash": HASH, "parentHash": OTHER, "timestamp": "0x65", "gasLimit": "0x1c9c380"}
RECEIPT = {
    "transactionHash": HASH,
    "blockNumber": "0x10",
    "gasUsed": "0x5208",
    "status": "0x1",
    "logs": [LOG],
    "effectiveGasPrice": "0x7",
    "contractAddress": None,
}
TRANSACTION = {"from": ADDRESS, "to": None, "input": "0x1234", "value": "0x0", "gas": "0x5208"}
SIMULATED = [{"calls": [{"status": "0x1", "returnData": "0x", "gasUsed": "0x1"}]}]
TWO_CALLS = {"blockStateCalls": [{"calls": [{}, {}]}]}

GOOD: list[tuple[str, list[Any], Any]] = [
    ("eth_chainId", [], "0x7a69"),
    ("eth_getTransactionCount", [ADDRESS, "latest"], "0x0"),
    ("eth_call", [{}, "latest"], "0x"),
    ("eth_call", [{}, "latest"], "0x00ff"),
    ("eth_sendRawTransaction", ["0x00"], HASH),
    ("eth_accounts", [], [ADDRESS]),
    ("eth_getBlockByNumber", ["0x10", False], BLOCK),
    ("eth_getBlockByNumber", ["latest", False], BLOCK | {"baseFeePerGas": "0x1", "transactions": []}),
    ("eth_getBlockByNumber", ["0x11", False], None),
    ("eth_getLogs", [{}], [LOG, LOG]),
    ("eth_getTransactionReceipt", [HASH], RECEIPT),
    ("eth_getTransactionReceipt", [HASH], None),
    ("eth_getTransactionByHash", [HASH], TRANSACTION),
    ("eth_simulateV1", [{"blockStateCalls": [{"calls": [{}]}]}, "latest"], SIMULATED),
    ("debug_traceTransaction", [HASH], {"error": "execution reverted"}),
    ("anvil_whatever", [], {"anything": ["at all"]}),
]
BAD: list[tuple[str, list[Any], Any]] = [
    ("eth_chainId", [], None),
    ("eth_chainId", [], 31_337),
    ("eth_chainId", [], "0x"),
    ("eth_chainId", [], "0x7g"),
    ("eth_chainId", [], "0x7_9"),
    ("eth_gasPrice", [], "0x" + "1" * 65),
    ("eth_call", [{}, "latest"], "0x0"),
    ("eth_call", [{}, "latest"], "00"),
    ("eth_call", [{}, "latest"], "0x0 "),
    ("eth_call", [{}, "latest"], "0x00\n"),
    ("eth_call", [{}, "latest"], None),
    ("eth_sendRawTransaction", ["0x00"], HASH[:-2]),
    ("eth_accounts", [], [ADDRESS, "0x"]),
    ("eth_accounts", [], {ADDRESS: 1}),
    ("eth_getBlockByNumber", ["0x11", False], BLOCK),
    ("eth_getBlockByNumber", ["latest", False], {**BLOCK, "baseFeePerGas": "none"}),
    ("eth_getLogs", [{}], None),
    ("eth_getLogs", [{}], [LOG, {**LOG, "topics": [HASH[:-1]]}]),
    ("eth_getTransactionReceipt", [OTHER], RECEIPT),
    ("eth_getTransactionReceipt", [HASH], {**RECEIPT, "logs": [{**LOG, "data": "0xzz"}]}),
    ("eth_simulateV1", [TWO_CALLS, "latest"], SIMULATED),
    ("debug_traceTransaction", [HASH], {"output": "0xq"}),
]


@pytest.mark.parametrize(("method", "params", "result"), GOOD)
def test_what_is_promised_is_taken(method: str, params: list[Any], result: Any) -> None:
    assert keeps_promise(method, params, result)


@pytest.mark.parametrize(("method", "params", "result"), BAD)
def test_what_is_not_promised_is_refused(method: str, params: list[Any], result: Any) -> None:
    assert not keeps_promise(method, params, result)


@pytest.mark.parametrize(
    ("method", "params", "result"),
    [good for good in GOOD if isinstance(good[2], dict) and good[0][:3] == "eth"],
)
def test_every_field_that_others_rely_on_is_looked_at(method: str, params: list[Any], result: Any) -> None:
    for name in result:
        if name in ("to", "contractAddress"):
            assert not keeps_promise(method, params, {**result, name: "0x12"})
        else:
            assert not keeps_promise(method, params, {**result, name: 12})


@pytest.fixture
def answering() -> tuple[Rpc, dict[str, Any]]:
    """A node whose answer is whatever it is told."""
    rpc, told = Rpc("http://127.0.0.1:1"), {}

    def post(body: bytes, deadline: float) -> tuple[int, bytes]:
        request = json.loads(body)
        if isinstance(request, dict):
            return 200, json.dumps({"id": request["id"], **told}).encode()
        return 200, json.dumps([{"id": call["id"], **told} for call in request]).encode()

    rpc._transport.post = post  # type: ignore[method-assign]
    return rpc, told


def test_both_ways_to_ask_refuse_it(answering: Any) -> None:
    rpc, told = answering
    told["result"] = "0xnothex"
    with pytest.raises(HalfAnswer, match='answered eth_call with "0xnothex", which is no such answer'):
        rpc("eth_call", {}, "latest")
    with pytest.raises(HalfAnswer, match="which is no such answer"):
        rpc.batch([("eth_call", [{}, "latest"])])
    told["result"] = "0x00"
    assert rpc("eth_call", {}, "latest") == "0x00"


def test_a_reverts_data_that_is_no_hex(answering: Any) -> None:
    rpc, told = answering
    told["error"] = {"code": 3, "message": "execution reverted", "data": "0xnothex"}
    with pytest.raises(RpcError) as caught:
        rpc("eth_call", {}, "latest")
    with pytest.raises(ChainUnreachable, match='gave "0xnothex"; expected bytes in hex'):
        RevertReader(rpc, codec.Dictionary).of_error(caught.value)


@pytest.mark.parametrize("text", ["0xabc", "abcd", 5, None, "0xAG", "0x12 34"])
def test_bytes_that_are_none(text: Any) -> None:
    with pytest.raises(HalfAnswer, match="expected bytes in hex"):
        data_of(text)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("uint256", bytes(31)),
        ("uint8", b"\x01" + bytes(31)),
        ("bool", bytes(31) + b"\x02"),
        ("string", (32).to_bytes(32) + (2).to_bytes(32) + b"\xff\xfe" + bytes(30)),
        ("bytes", (1 << 255).to_bytes(32)),
        ("uint256[]", (32).to_bytes(32) + (1 << 200).to_bytes(32)),
    ],
)
def test_data_that_does_not_decode_is_nobodys_defect(kind: str, data: bytes) -> None:
    with pytest.raises(ChainUnreachable, match="does not decode to"):
        codec.decode_result([{"type": kind}], data)


def damage(rpc: Rpc, seed: int) -> None:
    """From now on one byte of each answer is another one, of those that leave it JSON with its number."""
    post, draw = rpc._transport.post, random.Random(seed)

    def damaged(body: bytes, deadline: float) -> tuple[int, bytes]:
        status, content = post(body, deadline)
        number = _number(content)
        while True:
            changed = bytearray(content)
            changed[draw.randrange(len(content))] = draw.randrange(256)
            if _number(changed) == number:
                return status, bytes(changed)

    rpc._transport.post = damaged  # type: ignore[method-assign]


def _number(content: bytes | bytearray) -> Any:
    try:
        answer = json.loads(content)
    except ValueError:
        return None
    answer = answer[0] if isinstance(answer, list) else answer
    return answer.get("id")


@pytest.mark.anvil
def test_damaged_answers_of_a_real_node_are_answers_or_one_error(anvil: AnvilBackend) -> None:
    """Calls, blocks, receipts and logs end with a value or with an error that callers expect, never otherwise."""
    chain = connect(anvil.url)
    token = chain.deploy("MockERC20", "USD Coin", "USDC", 6)
    tx = token.mint(chain.accounts[1], 5 * 10**6)
    questions = [
        lambda: token.balanceOf(chain.accounts[1]),
        lambda: token.name(),
        lambda: chain.now,
        lambda: chain.code(token),
        lambda: chain.read_all([token.symbol.prepare()]),
        lambda: chain._tx(chain.rpc("eth_getTransactionReceipt", tx.hash), bytes).logs,
    ]
    damage(chain.rpc, seed=11)
    refused = 0
    for number in range(600):
        try:
            questions[number % len(questions)]()
        except (ChainUnreachable, RpcError):
            refused += 1
    assert 30 < refused < 570, "some are refused, some are believed"
