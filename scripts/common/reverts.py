"""Why a call or a transaction failed, from whatever a node has to say about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripts.common import abi as codec
from scripts.common.answers import data_of
from scripts.common.contract import Reverted
from scripts.common.errors import KeelError
from scripts.common.rpc import Rpc, RpcError


class RevertReader:
    """Turns a node's errors and failed transactions into Reverted, by the errors that `dictionary` knows."""

    def __init__(self, rpc: Rpc, dictionary: Callable[[], codec.Dictionary]) -> None:
        self._rpc, self._dictionary = rpc, dictionary

    def of_error(self, error: RpcError, where: str = "") -> KeelError:
        """The revert behind a node's error, or the error itself if there is none."""
        data = error.data
        if isinstance(data, dict):  # some nodes nest it
            data = data.get("data") or data.get("result")
        if isinstance(data, str) and data.removeprefix("Reverted ").startswith("0x"):
            return located(self._decoded(data_of(data.removeprefix("Reverted "))), where)
        if "revert" in error.text.lower():
            return located(self._decoded(b""), where)
        if "EVM error" in error.text:
            return located(Reverted("Halt", (error.text.split("EVM error")[1].strip(),), b""), where)
        return error

    def of_transaction(self, hash_: str, where: str = "") -> Reverted:
        """Why a mined transaction failed: from its trace, else by calling it again on the block before."""
        try:
            call = self.trace(hash_)
        except RpcError:
            return located(self._called_again(hash_), where)
        reason, data = str(call.get("error", "")), data_of(call.get("output") or "0x")
        if data or "revert" in reason:
            return located(self._decoded(data), where)
        return located(Reverted("Halt", (reason,), b""), where)

    def trace(self, hash_: str) -> dict[str, Any]:
        """The outermost call of a transaction:

        `output` and `error`. Raises RpcError if the node does not trace.
        """
        options = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}}
        return dict(self._rpc("debug_traceTransaction", hash_, options))

    def _called_again(self, hash_: str) -> Reverted:
        sent = self._rpc("eth_getTransactionByHash", hash_)
        request = {"from": sent["from"], "data": sent["input"], "value": sent["value"], "gas": sent["gas"]}
        if sent.get("to"):
            request["to"] = sent["to"]
        try:
            self._rpc("eth_call", request, hex(int(sent["blockNumber"], 16) - 1))
        except RpcError as error:
            explained = self.of_error(error)
            if isinstance(explained, Reverted):
                return explained
        return Reverted("Halt", (f"transaction {hash_} failed, and the node does not tell why",), b"")

    def _decoded(self, data: bytes) -> Reverted:
        try:
            return Reverted(*self._dictionary().error(data), data)
        except ValueError:  # a known selector with other data behind it
            return Reverted(f"0x{data[:4].hex()}", (data[4:],), data)


def located(error: Reverted, where: str) -> Reverted:
    """The error, with the function that was called unless it is known already."""
    error.where = error.where or where
    return error
