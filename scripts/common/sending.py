"""Transactions on their way: through the node or signed here, one or many, until they are mined."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from eth_account.signers.local import LocalAccount

from scripts.common import abi as codec
from scripts.common.accounts import NO_ACCOUNT
from scripts.common.contract import Call
from scripts.common.errors import KeelError
from scripts.common.reverts import RevertReader
from scripts.common.rpc import ChainTimeout, Rpc, RpcError

NOBODY = "0x0000000000000000000000000000000000000000"
LOCAL_GAS = 100_000_000
GAS_MARGIN_PERCENT = 25
LOCAL_POLL_SECONDS = 0.002
NUDGE_SECONDS = 1.0
REMOTE_POLL_SECONDS = 1.0

Receipt = dict[str, Any]


def request_of(sender: str, to: str | None, data: bytes, value: int, gas: int | None) -> dict[str, Any]:
    """The fields of a call or transaction as JSON-RPC wants them."""
    request = {"from": sender, "data": "0x" + data.hex(), "value": hex(value)}
    if gas is not None:
        request["gas"] = hex(gas)
    if to is not None:
        request["to"] = to
    return request


class Sender:
    """Sends for the accounts that the node holds, and for those whose key is here."""

    def __init__(self, rpc: Rpc, chain_id: int, reverts: RevertReader, receipt_seconds: float) -> None:
        self._rpc, self._chain_id, self._reverts = rpc, chain_id, reverts
        self._receipt_seconds = receipt_seconds
        self._held = [codec.checksum(address) for address in self._ask("eth_accounts", [])]
        self._signers: dict[str, LocalAccount] = {}

    @property
    def accounts(self) -> list[str]:
        """Addresses that can send: signers first, then those that the node holds."""
        return [*self._signers, *(address for address in self._held if address not in self._signers)]

    def add(self, signer: LocalAccount) -> None:
        """Signs for `signer` from now on."""
        self._signers[signer.address] = signer

    def signer(self, address: str) -> LocalAccount | None:
        """The account of that address whose key is here."""
        return self._signers.get(address)

    def send(self, sender: str, to: str | None, data: bytes, value: int, gas: int | None) -> Receipt:
        """Sends one transaction; its receipt. Raises Reverted (nothing was mined), RpcError, KeelError."""
        try:
            if sender in self._signers:
                return self._send_signed(self._signers[sender], to, data, value, gas)
            if sender in self._held:
                return self._send_held({**self._defaults, **request_of(sender, to, data, value, gas)})
        except RpcError as error:
            raise self._reverts.of_error(error) from None
        if sender == NOBODY:
            raise KeelError(NO_ACCOUNT)
        raise KeelError(f"cannot send from {sender}: neither the node nor the environment has its key")

    def send_all(self, calls: Sequence[Call], one_block: bool) -> list[Receipt]:
        """Sends several from accounts that the node holds; all receipts, in order, of failed ones too."""
        requests = [
            {**self._defaults, **request_of(call.sender, call.to, call.data, call.value, None)}
            for call in calls
        ]
        self._number(requests)
        if one_block:
            self._rpc("evm_setAutomine", False)
        try:
            hashes = self._rpc.batch([("eth_sendTransaction", [request]) for request in requests])
            if one_block:
                self._rpc("evm_mine")
        finally:
            if one_block:
                self._rpc("evm_setAutomine", True)
        for call, hash_ in zip(calls, hashes, strict=True):
            if isinstance(hash_, RpcError):
                raise self._reverts.of_error(hash_, call.label)
        return self._receipts(hashes)

    @cached_property
    def _defaults(self) -> dict[str, str]:
        """What a node's own account sends with, unless told otherwise."""
        if not self._rpc.is_local:
            return {}
        block = self._rpc("eth_getBlockByNumber", "latest", False)
        # A given limit spares Anvil the estimate, which executes all several times; a third of a block, so
        # that several fit in. Without a base fee its suggested tip would be more than its suggested fee.
        free = {"gasPrice": "0x0"} if int(block.get("baseFeePerGas", "0x1"), 16) == 0 else {}
        return {"gas": hex(min(int(block["gasLimit"], 16) // 3, LOCAL_GAS)), **free}

    def _number(self, requests: list[dict[str, Any]]) -> None:
        senders = list(dict.fromkeys(request["from"] for request in requests))
        foreign = [sender for sender in senders if sender not in self._held]
        if foreign:
            raise KeelError(f"cannot send together from {foreign[0]}: the node does not hold this account")
        counts = self._rpc.batch([("eth_getTransactionCount", [sender, "pending"]) for sender in senders])
        nonces = dict(zip(senders, (int(count, 16) for count in counts), strict=True))
        for request in requests:
            request["nonce"] = hex(nonces[request["from"]])
            nonces[request["from"]] += 1

    def _send_held(self, request: dict[str, Any]) -> Receipt:
        # Not `eth_sendTransactionSync`, which waits in vain for a transaction that the node overlooks.
        return self._receipts([self._rpc("eth_sendTransaction", request)])[0]

    def _send_signed(
        self, signer: LocalAccount, to: str | None, data: bytes, value: int, gas: int | None
    ) -> Receipt:
        if gas is None:
            request = request_of(signer.address, to, data, value, None)
            estimate = int(self._rpc("eth_estimateGas", request), 16)
            gas = estimate + estimate * GAS_MARGIN_PERCENT // 100
        transaction: dict[str, Any] = {
            "chainId": self._chain_id,
            "nonce": int(self._rpc("eth_getTransactionCount", signer.address, "pending"), 16),
            "gas": gas,
            "value": value,
            "data": data,
            **({"to": to} if to is not None else {}),
            **self._fees(),
        }
        raw = bytes(signer.sign_transaction(transaction).raw_transaction)
        return self._receipts([self._rpc("eth_sendRawTransaction", "0x" + raw.hex())])[0]

    def _fees(self) -> dict[str, int]:
        base = self._rpc("eth_getBlockByNumber", "latest", False).get("baseFeePerGas")
        if base is None:
            return {"gasPrice": int(self._rpc("eth_gasPrice"), 16)}
        tip = int(self._ask("eth_maxPriorityFeePerGas", "0x0"), 16)
        # Room for the base fee to double before the transaction is mined.
        return {"maxFeePerGas": 2 * int(base, 16) + tip, "maxPriorityFeePerGas": tip}

    def _ask(self, method: str, otherwise: Any) -> Any:
        try:
            return self._rpc(method)
        except RpcError:
            return otherwise

    def _receipts(self, hashes: list[str]) -> list[Receipt]:
        found: dict[str, Receipt] = {}
        began = time.monotonic()
        deadline, nudge = began + self._receipt_seconds, began + NUDGE_SECONDS
        while True:
            missing = [hash_ for hash_ in hashes if hash_ not in found]
            answers = self._rpc.batch([("eth_getTransactionReceipt", [hash_]) for hash_ in missing])
            for hash_, answer in zip(missing, answers, strict=True):
                # Some nodes answer "not found" with an error while they index the transaction.
                if isinstance(answer, dict) and answer.get("blockNumber"):
                    found[hash_] = answer
            if len(found) == len(set(hashes)):
                return [found[hash_] for hash_ in hashes]
            if self._rpc.is_local and time.monotonic() > nudge:
                nudge += NUDGE_SECONDS
                # An Anvil that mines by itself sometimes overlooks a transaction until the next one comes.
                if self._ask("anvil_getAutomine", False):
                    self._rpc("evm_mine")
            if time.monotonic() > deadline:
                still = next(hash_ for hash_ in hashes if hash_ not in found)
                raise ChainTimeout(
                    f"transaction {still} is in no block after {self._receipt_seconds:g} s;"
                    " it may still be mined: look for it before sending again"
                )
            time.sleep(LOCAL_POLL_SECONDS if self._rpc.is_local else REMOTE_POLL_SECONDS)
