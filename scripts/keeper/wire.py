"""The way out: signed transactions to nodes or a private relay, and what has become of them, by web3.

Each request goes through the keeper's nodes, whose answers have a deadline and which stand in for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import TransactionNotFound, Web3Exception, Web3RPCError
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from scripts.common.errors import KeelError
from scripts.common.rpc import Rpc, RpcError
from scripts.keeper.fees import Fees, Market
from scripts.keeper.nodes import HalfAnswer, Nodes
from scripts.keeper.types import Block

KNOWN = ("already known", "known transaction", "already imported", "already exists")
TOO_LOW = ("nonce too low", "nonce is too low", "old nonce", "already been used")
TAKEN = ("underpriced", "replacement", "fee too low to replace")
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
        mined = self._ask(lambda: self.web3.eth.get_transaction_count(self.address, "latest"))
        return mined, max(
            mined, self._ask(lambda: self.web3.eth.get_transaction_count(self.address, "pending"))
        )

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

    def receipt(self, hashes: Iterable[str]) -> tuple[str, dict[str, Any]] | None:
        """Hash and receipt of the one that is mined, None if none is."""
        for hash_ in hashes:
            try:
                receipt = self.web3.eth.get_transaction_receipt(HexBytes(hash_))
            except TransactionNotFound:
                continue
            except (Web3Exception, ValueError, TypeError, KeyError) as error:
                raise HalfAnswer(f"half an answer to what became of {hash_}: {error}") from error
            if receipt.get("blockNumber") is not None:
                return hash_, dict(receipt)
        return None

    def knows(self, hash_: str) -> bool:
        """Whether the node has the transaction, mined or waiting."""
        try:
            return bool(self.web3.eth.get_transaction(HexBytes(hash_)))
        except TransactionNotFound:
            return False
        except (Web3Exception, ValueError, TypeError, KeyError) as error:
            raise HalfAnswer(f"half an answer to whether {hash_} is known: {error}") from error

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


def _text(error: Web3RPCError) -> str:
    answer = error.rpc_response or {}
    message = answer.get("error", {})
    return str(message.get("message") if isinstance(message, dict) else message) or str(error)
