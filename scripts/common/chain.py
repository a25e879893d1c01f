"""A chain for scripts: connect, deploy, call, send, in exact values and with errors of one line.

    chain = connect("http://127.0.0.1:8545")
    token = chain.deploy("MockERC20", "USD Coin", "USDC", 6)
    tx = token.mint(chain.accounts[1], 5 * 10**6)      # Tx: gas_used, logs, events("Transfer"), value
    token.balanceOf(chain.accounts[1])                  # views answer directly
    chain.send_all([token.mint.prepare(to, 1) for to in chain.accounts])   # one round trip, not twenty
    chain.read_all([token.balanceOf.prepare(to) for to in chain.accounts])

Accounts that the node holds (a local Anvil's) send through the node, others sign here
(scripts/common/accounts.py). Contracts and transactions are those of scripts/common/contract.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eth_account.signers.local import LocalAccount

from scripts.artifacts import ArtifactError, artifacts
from scripts.common import abi as codec
from scripts.common.accounts import NO_ACCOUNT, account_from_environment
from scripts.common.answers import data_of
from scripts.common.contract import Call, Contract, RawLog, Reverted, Tx
from scripts.common.errors import KeelError
from scripts.common.reverts import RevertReader, located
from scripts.common.rpc import Rpc, RpcError
from scripts.common.sending import NOBODY, Sender, request_of

RECEIPT_SECONDS = 300


class WrongChain(KeelError):
    """The node serves another chain than the one that was asked for."""


def connect(
    url: str,
    *,
    timeout: float = 30,
    chain_id: int | None = None,
    account: LocalAccount | None = None,
    receipt_seconds: float = RECEIPT_SECONDS,
    signs: bool = True,
) -> Chain:
    """The chain at an http or https address.

    `timeout` bounds every answer, `receipt_seconds` the wait for a block. `chain_id`, if given, must be the
    node's. `account` signs by default; None stands for the environment's account, or the node's first. Who only
    reads leaves that one closed with `signs=False`. Raises ChainUnreachable, ChainTimeout, WrongChain, or
    KeelError for an account that cannot be opened.
    """
    rpc = Rpc(url, timeout)
    actual = int(rpc("eth_chainId"), 16)
    if chain_id is not None and actual != chain_id:
        raise WrongChain(f"{rpc.shown} is chain {actual}; expected chain {chain_id}")
    signer = account or (account_from_environment() if signs else None)
    return Chain(rpc, actual, signer, receipt_seconds)


@dataclass(frozen=True)
class Simulated:
    """What a simulated call returned and took."""

    value: Any
    gas_used: int


class Chain:
    """A connection to one chain.

    `account` is the default sender's address, `accounts` those that can send.
    """

    def __init__(
        self,
        rpc: Rpc,
        chain_id: int,
        signer: LocalAccount | None = None,
        receipt_seconds: float = RECEIPT_SECONDS,
    ) -> None:
        self.rpc, self.chain_id = rpc, chain_id
        self.is_local = rpc.is_local
        self._reverts = RevertReader(rpc, lambda: self.dictionary)
        self._sender = Sender(rpc, chain_id, self._reverts, receipt_seconds)
        if signer is not None:
            self.add_signer(signer)

    # Accounts

    @property
    def accounts(self) -> list[str]:
        """Addresses that can send: signers first, then those that the node holds."""
        return self._sender.accounts

    @property
    def account(self) -> str:
        """The default sender. Raises KeelError if there is none."""
        if not self.accounts:
            raise KeelError(NO_ACCOUNT)
        return self.accounts[0]

    def add_signer(self, signer: LocalAccount) -> str:
        """Lets `signer` send, signing here; returns its address."""
        self._sender.add(signer)
        return signer.address

    def signer(self, address: str) -> LocalAccount | None:
        """The account of that address whose key is here; None where the node has it."""
        return self._sender.signer(address)

    def sender(self, sender: Any) -> str:
        """The checksum address of a sender: an address, anything with one, or None for the default.

        On a chain without accounts the default is the zero address, which can read and not send.
        """
        if sender is None:
            return next(iter(self.accounts), NOBODY)
        return _address(sender)

    # Contracts

    @cached_property
    def dictionary(self) -> codec.Dictionary:
        """Errors and events of all compiled contracts, and of those deployed or found here."""
        dictionary = codec.Dictionary()
        try:
            for artifact in artifacts():
                dictionary.learn(artifact.abi)
        except ArtifactError:
            pass  # nothing is built: reverts show their selectors
        return dictionary

    def deploy(self, name: str, *args: Any, sender: Any = None, value: int = 0) -> Contract:
        """Deploys the compiled contract called `name`. Raises Reverted, KeelError."""
        return self.deploy_tx(name, *args, sender=sender, value=value)[0]

    def deploy_tx(self, name: str, *args: Any, sender: Any = None, value: int = 0) -> tuple[Contract, Tx]:
        """As `deploy`, with the transaction."""
        try:
            artifact = artifacts().get(name)
            code = artifact.creation_code()
        except ArtifactError as error:
            raise KeelError(str(error)) from None
        return self._deploy(name, artifact.abi, code, args, sender, value)

    def deploy_raw(
        self,
        abi: list[dict[str, Any]],
        bytecode: str | bytes,
        *args: Any,
        sender: Any = None,
        value: int = 0,
    ) -> Contract:
        """Deploys bytecode from elsewhere; its errors and events are known from then on."""
        self.dictionary.learn(abi)
        code = bytes.fromhex(bytecode.removeprefix("0x")) if isinstance(bytecode, str) else bytecode
        return self._deploy("contract", abi, code, args, sender, value)[0]

    def at(self, name: str | list[dict[str, Any]], address: Any) -> Contract:
        """The contract at `address`, with the ABI of the compiled contract `name` or with an ABI."""
        if not isinstance(name, str):
            self.dictionary.learn(name)
            return Contract(self, "contract", _address(address), name)
        try:
            return Contract(self, name, _address(address), artifacts().get(name).abi)
        except ArtifactError as error:
            raise KeelError(str(error)) from None

    # Many at once

    def send_all(self, calls: Sequence[Call], *, one_block: bool = False) -> list[Tx]:
        """Sends transactions together and waits for all; raises Reverted for the first that failed, after the
        last.

        Senders must be accounts that the node holds. An Anvil spreads them over one or several blocks;
        `one_block` mines them in a single one, in this order.
        """
        receipts = self._sender.send_all(calls, one_block)
        failed: Reverted | None = None
        txs = []
        for call, receipt in zip(calls, receipts, strict=True):
            if receipt["status"] != "0x1":
                failed = failed or self._reverts.of_transaction(receipt["transactionHash"], call.label)
            else:
                txs.append(self._tx(receipt, call.decode))
        if failed:
            raise failed
        return txs

    def read_all(
        self, calls: Sequence[Call], *, allow_revert: bool = False, block: str = "latest"
    ) -> list[Any]:
        """The values of several calls in one round trip, at `block` ("pending", or a number in hex).

        Raises Reverted for the first that reverted; with `allow_revert` it stands in its value's place.
        """
        requests = [
            ("eth_call", [request_of(call.sender, call.to, call.data, call.value, None), block])
            for call in calls
        ]
        values: list[Any] = []
        for call, answer in zip(calls, self.rpc.batch(requests), strict=True):
            if isinstance(answer, RpcError):
                error = self._reverts.of_error(answer, call.label)
                if not (allow_revert and isinstance(error, Reverted)):
                    raise error
                values.append(error)
            else:
                values.append(call.decode(data_of(answer)))
        return values

    def simulate_all(self, calls: Sequence[Call]) -> list[Simulated]:
        """The calls one after another on top of the latest block, as if each had been sent; changes nothing.

        Reads among them see what those before them did. Raises Reverted for the first that fails, RpcError where
        the node has no eth_simulateV1.
        """
        requests = [request_of(call.sender, call.to, call.data, call.value, None) for call in calls]
        options = {"blockStateCalls": [{"calls": requests}], "validation": False}
        (block,) = self.rpc("eth_simulateV1", options, "latest")
        results = []
        for call, answer in zip(calls, block["calls"], strict=True):
            if answer["status"] != "0x1":
                error = {"message": "execution reverted", **(answer.get("error") or {})}
                # Some nodes have the revert's data beside the error, not in it.
                error["data"] = error.get("data") or answer.get("returnData")
                raise self._reverts.of_error(RpcError("eth_simulateV1", error), call.label)
            results.append(Simulated(call.decode(data_of(answer["returnData"])), int(answer["gasUsed"], 16)))
        return results

    # What contracts ask of a chain

    def transact(
        self,
        sender: str,
        to: str | None,
        data: bytes,
        value: int,
        gas: int | None,
        decode: Callable[[bytes], Any],
    ) -> Tx:
        """Sends a transaction and waits for its receipt.

        Raises Reverted, RpcError, ChainTimeout, KeelError.
        """
        receipt = self._sender.send(sender, to, data, value, gas)
        if receipt["status"] != "0x1":
            raise self._reverts.of_transaction(receipt["transactionHash"])
        return self._tx(receipt, decode, is_creation=to is None)

    def simulate(self, sender: str, to: str, data: bytes, value: int, gas: int | None) -> bytes:
        """The return data of a call that changes nothing. Raises Reverted, RpcError."""
        try:
            return data_of(self.rpc("eth_call", request_of(sender, to, data, value, gas), "latest"))
        except RpcError as error:
            raise self._reverts.of_error(error) from None

    def code(self, address: Any) -> bytes:
        """The runtime code at an address."""
        return data_of(self.rpc("eth_getCode", _address(address), "latest"))

    # State of the chain

    @property
    def now(self) -> int:
        """Time of the latest block, in seconds."""
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    @property
    def block_number(self) -> int:
        """Number of the latest block."""
        return int(self.rpc("eth_blockNumber"), 16)

    def balance(self, address: Any) -> int:
        """Native tokens of an account, in wei."""
        return int(self.rpc("eth_getBalance", _address(address), "latest"), 16)

    # Anvil only

    def set_balance(self, address: Any, wei: int) -> None:
        """Sets the native tokens of an account. Anvil only."""
        self.rpc("anvil_setBalance", _address(address), hex(wei))

    def set_next_time(self, timestamp: int) -> None:
        """Sets the time of the next block, not before the latest. Anvil only."""
        self.rpc("evm_setNextBlockTimestamp", timestamp)

    def warp(self, seconds: int) -> None:
        """Mines a block that many seconds after the latest. Anvil only."""
        self.set_next_time(self.now + seconds)
        self.rpc("evm_mine")

    def close(self) -> None:
        """Closes the connection; a later call opens it again."""
        self.rpc.close()

    # Internal

    def _deploy(
        self,
        label: str,
        abi: list[dict[str, Any]],
        code: bytes,
        args: tuple[Any, ...],
        sender: Any,
        value: int,
    ) -> tuple[Contract, Tx]:
        inputs: list[dict[str, Any]] = next(
            (entry["inputs"] for entry in abi if entry["type"] == "constructor"), []
        )
        try:
            data = code + codec.encode(inputs, args)
        except TypeError as error:
            raise TypeError(f"{label}'s constructor: {error}") from None
        try:
            tx = self.transact(self.sender(sender), None, data, value, None, bytes)
        except Reverted as error:
            raise located(error, f"{label}'s constructor") from None
        return Contract(self, label, tx.value, abi), tx

    def _tx(self, receipt: dict[str, Any], decode: Callable[[bytes], Any], is_creation: bool = False) -> Tx:
        logs: list[RawLog] = [
            (log["address"], [data_of(topic) for topic in log["topics"]], data_of(log["data"]))
            for log in receipt["logs"]
        ]
        hash_, created = receipt["transactionHash"], receipt.get("contractAddress")
        return Tx(
            self,
            int(receipt["gasUsed"], 16),
            logs,
            (lambda: created) if is_creation else (lambda: decode(self._output(hash_))),
            hash_,
            int(receipt["blockNumber"], 16),
        )

    def _output(self, hash_: str) -> bytes:
        try:
            return data_of(self._reverts.trace(hash_).get("output", "0x"))
        except RpcError:
            raise KeelError(
                f"{self.rpc.shown} does not tell what transaction {hash_} returned"
                " (no debug_traceTransaction); read its events"
            ) from None


def _address(account: Any) -> str:
    text = str(getattr(account, "address", account))
    try:
        return codec.checksum(text)
    except ValueError:
        raise KeelError(f'"{text}" is no address; expected 0x and 40 hex digits') from None
