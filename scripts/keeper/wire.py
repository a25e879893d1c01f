"""The way out: signed transactions to nodes or a private relay, and what has become of them, by web3.

Each request goes through the keeper's nodes, whose answers have a deadline and which stand in for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import Web3Exception, Web3RPCError
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from scripts.common.answers import data_of
from scripts.common.contract import RawLog
from scripts.common.errors import KeelError
from scripts.common.rpc import HalfAnswer, Rpc, RpcError
from scripts.keeper.fees import Fees, Market
from scripts.keeper.nodes import Nodes
from scripts.keeper.types import Block

KNOWN = ("already known", "known transaction", "already imported", "already exists")
TOO_LOW = ("nonce too low", "nonce is too low", "old nonce", "already been used")
TAKEN = ("replacement", "fee too low to replace")
POOR = ("insufficient funds", "insufficient balance")


class Rejected(KeelError):
    """A node refused a transaction: it is not on its way.

    `nonce_used`: a mined transaction has its nonce. `nonce_taken`: one that waits has it, and pays as much.
    """

    def __init__(self, text: str) -> None:
        super().__init__(f"the node refused the transaction: {text}")
        lower = text.lower()
        self.nonce_used = any(sign in lower for sign in TOO_LOW)
        self.nonce_taken = any(sign in lower for sign in TAKEN)
        self.is_poor = any(sign in lower for sign in POOR)


@dataclass(frozen=True)
class Receipt:
    """What a mined transaction did; `gas_price` in wei, `logs` as Tx wants them."""

    hash: str
    succeeded: bool
    block: int
    gas_used: int
    gas_price: int
    logs: list[RawLog]


@dataclass(frozen=True)
class Found:
    """A transaction's receipt if it is mined, and whether the node has it, mined or waiting."""

    receipt: Receipt | None
    is_known: bool


class NodesProvider(JSONBaseProvider):
    """A web3 provider over nodes (or a single one); unreachable ones raise as everywhere in the keeper."""

    def __init__(self, nodes: Nodes | Rpc) -> None:
        super().__init__()
        self._nodes = nodes

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """One request; errors as web3 wants them."""
        try:
            return {"jsonrpc": "2.0", "id": 1, "result": self._nodes(method, *params)}
        except RpcError as error:
            answer = {"code": error.code, "message": error.text or "no reason given", "data": error.data}
            return {"jsonrpc": "2.0", "id": 1, "error": answer}  # type: ignore[typeddict-item]


class Wire:
    """Sends for one key. `relay` gets transactions before the nodes do, if there is one; `tip` in wei, None: as
    the node suggests."""

    def __init__(
        self,
        nodes: Nodes,
        chain_id: int,
        signer: LocalAccount,
        relay: Rpc | None = None,
        tip: int | None = None,
    ) -> None:
        self.nodes, self.chain_id, self._signer, self._tip = nodes, chain_id, signer, tip
        self.address = signer.address
        self.web3 = Web3(NodesProvider(nodes))
        self.relay = Web3(NodesProvider(relay)) if relay else None

    def counts(self) -> tuple[int, int]:
        """Transactions of this key that are mined, and those with the ones that wait. Raises KeelError."""
        mined, waiting = self.nodes.ask_all(
            [("eth_getTransactionCount", [self.address, block]) for block in ("latest", "pending")],
            lambda answers: (int(answers[0], 16), int(answers[1], 16)),
        )
        return mined, max(mined, waiting)

    def market(self, block: Block) -> Market:
        """What gas costs after `block`."""
        if block.base_fee is None:
            return Market(None, self._ask(lambda: int(self.web3.eth.gas_price)))
        if self._tip is not None:
            return Market(block.base_fee, self._tip)
        return Market(block.base_fee, self._ask(lambda: self.web3.eth.max_priority_fee))

    def balance(self) -> int:
        """Native tokens of this key, in wei."""
        return self._ask(lambda: int(self.web3.eth.get_balance(self.address)))

    def sign(self, nonce: int, to: str, data: bytes, gas: int, fees: Fees) -> tuple[str, str]:
        """A signed transaction and its hash, both in hex. Nothing is sent."""
        transaction: dict[str, Any] = {
            "chainId": self.chain_id,
            "nonce": nonce,
            "to": to,
            "value": 0,
            "data": data,
            "gas": gas,
            **fees.fields(),
        }
        signed = self._signer.sign_transaction(transaction)
        return "0x" + bytes(signed.raw_transaction).hex(), "0x" + bytes(signed.hash).hex()

    def send(self, raw: str, private: bool = False) -> None:
        """Sends a signed transaction. Raises Rejected; ChainUnreachable where it is unknown whether it went out."""
        web3 = self.relay if private and self.relay else self.web3
        try:
            web3.eth.send_raw_transaction(HexBytes(raw))
        except Web3RPCError as error:
            text = _text(error)
            if not any(sign in text.lower() for sign in KNOWN):
                raise Rejected(text) from error
        except (Web3Exception, ValueError, TypeError) as error:
            raise HalfAnswer(f"an answer to eth_sendRawTransaction is none: {error}") from error

    def look(self, hashes: Sequence[str]) -> dict[str, Found | HalfAnswer]:
        """What has become of transactions, all in one round trip; where a node does not say, that."""
        calls: list[tuple[str, list[Any]]] = [
            (method, [hash_])
            for hash_ in hashes
            for method in ("eth_getTransactionReceipt", "eth_getTransactionByHash")
        ]
        answers = self.nodes.batch(calls) if calls else []
        return {
            hash_: _found(hash_, answers[2 * number], answers[2 * number + 1])
            for number, hash_ in enumerate(hashes)
        }

    def estimate(self, to: str, data: bytes) -> int:
        """Gas of a transaction on top of those that wait. Raises RpcError where it reverts."""
        request = {"from": self.address, "to": to, "data": "0x" + data.hex()}
        return self.nodes.ask("eth_estimateGas", [request, "pending"], lambda answer: int(answer, 16))

    def reverts(self, to: str, data: bytes) -> str:
        """Why a transaction would revert at the latest block; nothing if it would not."""
        request = {"from": self.address, "to": to, "data": "0x" + data.hex()}
        try:
            self.nodes("eth_call", request, "latest")
        except RpcError as error:
            return error.text or "no reason given"
        return ""

    def _ask(self, question: Any) -> int:
        try:
            return int(question())
        except (Web3Exception, ValueError, TypeError) as error:
            raise HalfAnswer(f"half an answer: {error}") from error


def _found(hash_: str, receipt: Any, transaction: Any) -> Found | HalfAnswer:
    for answer in (receipt, transaction):
        if not isinstance(answer, dict | None):
            return HalfAnswer(f"no answer to what became of {hash_}: {answer}")
    if not receipt or receipt.get("blockNumber") is None:
        return Found(None, transaction is not None)
    try:
        logs: list[RawLog] = [
            (log["address"], [data_of(topic) for topic in log["topics"]], data_of(log["data"]))
            for log in receipt["logs"]
        ]
        return Found(
            Receipt(
                hash_,
                int(receipt["status"], 16) == 1,
                int(receipt["blockNumber"], 16),
                int(receipt["gasUsed"], 16),
                int(receipt.get("effectiveGasPrice") or "0x0", 16),
                logs,
            ),
            True,
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        return HalfAnswer(f"half a receipt of {hash_}: {error}")


def _text(error: Web3RPCError) -> str:
    answer = error.rpc_response or {}
    message = answer.get("error", {})
    return str(message.get("message") if isinstance(message, dict) else message) or str(error)
