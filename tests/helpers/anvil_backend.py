"""The backend on an Anvil process of its own, by raw JSON-RPC."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from scripts.anvil import AnvilProcess
from scripts.common.contract import Tx
from scripts.common.rpc import RpcError
from scripts.common.sending import NUDGE_SECONDS
from tests.helpers.backend import ACCOUNT_WEI, ACCOUNTS, GAS_LIMIT, START_TIME, Backend, as_address, as_bytes
from tests.helpers.expect import Reverted

RECEIPT_SECONDS = 30
AGAIN_SECONDS = 5


class AnvilBackend(Backend):
    """Every transaction is mined in a block of its own, one second after the one before."""

    def __init__(self, *options: str) -> None:
        super().__init__()
        self._process = AnvilProcess(
            *("--accounts", str(ACCOUNTS), "--balance", str(ACCOUNT_WEI // 10**18)),
            *("--timestamp", str(START_TIME), "--auto-impersonate", *options),
        )
        self.rpc = self._process.rpc
        self.url = self._process.url
        self.rpc("anvil_setBlockTimestampInterval", 1)

    def close(self) -> None:
        """Ends the Anvil process."""
        self._process.stop()

    def transact(
        self,
        sender: str,
        to: str | None,
        data: bytes,
        value: int,
        gas: int | None,
        decode: Callable[[bytes], Any],
    ) -> Tx:
        request = _request(sender, to, data, value, gas)
        receipt = self._send(request)
        number, hash_ = int(receipt["blockNumber"], 16), receipt["transactionHash"]
        if receipt["status"] != "0x1":
            raise self._failure(self._top_call(hash_))
        logs = [
            (
                log["address"],
                [bytes.fromhex(topic[2:]) for topic in log["topics"]],
                bytes.fromhex(log["data"][2:]),
            )
            for log in receipt["logs"]
        ]
        created = receipt["contractAddress"]
        if to is None:
            return Tx(self, int(receipt["gasUsed"], 16), logs, lambda: created, hash_, number)
        return Tx(self, int(receipt["gasUsed"], 16), logs, lambda: decode(self._output(hash_)), hash_, number)

    def simulate(self, sender: str, to: str, data: bytes, value: int, gas: int | None) -> bytes:
        try:
            return bytes.fromhex(self.rpc("eth_call", _request(sender, to, data, value, gas), "latest")[2:])
        except RpcError as error:
            if isinstance(error.data, str):
                raise self.reverted(bytes.fromhex(error.data[2:])) from None
            if "revert" in error.text:
                raise self.reverted(b"") from None
            if "EVM error" in error.text:
                raise Reverted("Halt", (error.text.split("EVM error")[1].strip(),), b"") from None
            raise

    @property
    def now(self) -> int:
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    @property
    def block_number(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def warp(self, seconds: int) -> None:
        self.rpc("evm_setNextBlockTimestamp", self.now + seconds)
        self.rpc("evm_mine")

    def mine(self, count: int = 1) -> None:
        self.rpc("anvil_mine", hex(count), hex(1))

    def snapshot(self) -> Any:
        return self.rpc("evm_snapshot")

    def revert(self, snapshot: Any) -> None:
        if not self.rpc("evm_revert", snapshot):
            raise ValueError(f"snapshot {snapshot} is not there: each can be gone back to once")

    def balance(self, address: Any) -> int:
        return int(self.rpc("eth_getBalance", as_address(address), "latest"), 16)

    def nonce(self, address: Any) -> int:
        return int(self.rpc("eth_getTransactionCount", as_address(address), "latest"), 16)

    def set_balance(self, address: Any, wei: int) -> None:
        self.rpc("anvil_setBalance", as_address(address), hex(wei))

    def storage(self, address: Any, slot: int) -> int:
        return int(self.rpc("eth_getStorageAt", as_address(address), hex(slot), "latest"), 16)

    def set_storage(self, address: Any, slot: int, word: int) -> None:
        self.rpc("anvil_setStorageAt", as_address(address), hex(slot), f"0x{word:064x}")

    def code(self, address: Any) -> bytes:
        return bytes.fromhex(self.rpc("eth_getCode", as_address(address), "latest")[2:])

    def set_code(self, address: Any, code: str | bytes) -> None:
        self.rpc("anvil_setCode", as_address(address), "0x" + as_bytes(code).hex())

    def _send(self, request: dict[str, Any]) -> dict[str, Any]:
        # Not `eth_sendTransactionSync`: an Anvil that mines by itself sometimes overlooks a transaction.
        hash_ = self.rpc("eth_sendTransaction", request)
        began = time.monotonic()
        nudge, again = began + NUDGE_SECONDS, began + AGAIN_SECONDS
        while time.monotonic() < began + RECEIPT_SECONDS:
            receipt = self.rpc("eth_getTransactionReceipt", hash_)
            if receipt:
                return dict(receipt)
            if time.monotonic() > nudge:
                nudge += NUDGE_SECONDS
                self.mine()
            if time.monotonic() > again:
                # Blocks come and it is in none: Anvil has lost it. Dropped first, so that it cannot be there twice.
                again += AGAIN_SECONDS
                self.rpc("anvil_dropTransaction", hash_)
                hash_ = self.rpc("eth_sendTransaction", request)
        raise TimeoutError(f"no receipt of transaction {hash_} after {RECEIPT_SECONDS} s")

    def _top_call(self, hash_: str) -> dict[str, Any]:
        options = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}}
        return dict(self.rpc("debug_traceTransaction", hash_, options))

    def _output(self, hash_: str) -> bytes:
        return bytes.fromhex(self._top_call(hash_).get("output", "0x")[2:])

    def _failure(self, call: dict[str, Any]) -> Exception:
        data = bytes.fromhex(call.get("output", "0x")[2:])
        reason = call.get("error", "")
        if data or "revert" in reason:
            return self.reverted(data)
        return Reverted("Halt", (reason,), b"")


def _request(sender: str, to: str | None, data: bytes, value: int, gas: int | None) -> dict[str, Any]:
    request = {
        "from": sender,
        "data": "0x" + data.hex(),
        "value": hex(value),
        "gas": hex(gas or GAS_LIMIT),
        "gasPrice": "0x0",
    }
    if to is not None:
        request["to"] = to
    return request
