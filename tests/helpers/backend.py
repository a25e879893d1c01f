"""What both backends have in common; see tests/helpers/evm.py for the overview."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from eth_keys import keys

from scripts.artifacts import artifacts
from scripts.common import abi as codec
from scripts.common.contract import Contract, Tx
from tests.helpers.expect import ExpectRevert, Reverted

MNEMONIC = "test test test test test test test test test test test junk"
ACCOUNTS = 30
START_TIME = 1_700_000_000
ACCOUNT_WEI = 10**24
GAS_LIMIT = 100_000_000


@cache
def test_accounts() -> list[tuple[str, str]]:
    """(address, private key) of the accounts that Anvil too derives from the public test mnemonic."""
    from eth_account.hdaccount import key_from_seed, seed_from_mnemonic

    seed = seed_from_mnemonic(MNEMONIC, "")
    secrets = [key_from_seed(seed, f"m/44'/60'/0'/0/{index}") for index in range(ACCOUNTS)]
    return [
        (keys.PrivateKey(secret).public_key.to_checksum_address(), "0x" + secret.hex()) for secret in secrets
    ]


class Backend(ABC):
    """A chain with funded accounts, on which contracts are deployed by name and called."""

    Reverted = Reverted

    def __init__(self) -> None:
        self.accounts = [address for address, _ in test_accounts()]
        self.keys = [key for _, key in test_accounts()]
        self.dictionary = codec.Dictionary()
        for artifact in artifacts():
            self.dictionary.learn(artifact.abi)

    # Contracts

    def deploy(self, name: str, *args: Any, sender: Any = None, value: int = 0) -> Contract:
        """Deploys the compiled contract called `name` with the constructor's arguments."""
        artifact = artifacts().get(name)
        return self._deploy(name, artifact.abi, artifact.creation_code(), args, sender, value)

    def deploy_raw(
        self, abi: list[dict[str, Any]], bytecode: str | bytes, *args: Any, sender: Any = None, value: int = 0
    ) -> Contract:
        """Deploys bytecode from elsewhere; its errors and events are known from then on."""
        self.dictionary.learn(abi)
        code = bytes.fromhex(bytecode.removeprefix("0x")) if isinstance(bytecode, str) else bytecode
        return self._deploy("contract", abi, code, args, sender, value)

    def at(self, name: str | list[dict[str, Any]], address: Any) -> Contract:
        """The contract at `address`, with the ABI of the compiled contract `name` or with an ABI."""
        address = getattr(address, "address", address)
        if isinstance(name, str):
            return Contract(self, name, address, artifacts().get(name).abi)
        self.dictionary.learn(name)
        return Contract(self, "contract", address, name)

    def reverts(self, name: str | None = None, *args: Any) -> ExpectRevert:
        """Context manager: the body must revert with the error `name`, and these arguments if any are given.

        None matches anything, as the name or as an argument; "" is a revert without data.
        """
        return ExpectRevert(self, name, args)

    @contextlib.contextmanager
    def isolation(self) -> Iterator[None]:
        """Undoes all that happens in its body."""
        snapshot = self.snapshot()
        try:
            yield
        finally:
            self.revert(snapshot)

    # What the backends differ in

    @abstractmethod
    def transact(
        self,
        sender: str,
        to: str | None,
        data: bytes,
        value: int,
        gas: int | None,
        decode: Callable[[bytes], Any],
    ) -> Tx:
        """Executes a transaction; for `to` None its value is the new contract's address. Raises Reverted."""

    @abstractmethod
    def simulate(self, sender: str, to: str, data: bytes, value: int, gas: int | None) -> bytes:
        """The return data of a call that changes nothing. Raises Reverted."""

    @property
    @abstractmethod
    def now(self) -> int:
        """Time of the latest block, in seconds."""

    @property
    @abstractmethod
    def block_number(self) -> int:
        """Number of the latest block."""

    @abstractmethod
    def warp(self, seconds: int) -> None:
        """Mines a block that many seconds after the latest."""

    @abstractmethod
    def mine(self, count: int = 1) -> None:
        """Mines blocks, one second apart."""

    @abstractmethod
    def snapshot(self) -> Any:
        """Remembers the state; `revert` goes back to it once, and forgets it and all that came later."""

    @abstractmethod
    def revert(self, snapshot: Any) -> None:
        """Goes back to `snapshot`."""

    @abstractmethod
    def balance(self, address: Any) -> int:
        """Native tokens of an account, in wei."""

    @abstractmethod
    def nonce(self, address: Any) -> int:
        """Number of an account's next transaction, from which the address of its next contract follows."""

    @abstractmethod
    def set_balance(self, address: Any, wei: int) -> None:
        """Sets the native tokens of an account."""

    @abstractmethod
    def storage(self, address: Any, slot: int) -> int:
        """The word in a storage slot."""

    @abstractmethod
    def set_storage(self, address: Any, slot: int, word: int) -> None:
        """Writes the word in a storage slot."""

    @abstractmethod
    def code(self, address: Any) -> bytes:
        """The runtime code at an address."""

    @abstractmethod
    def set_code(self, address: Any, code: str | bytes) -> None:
        """Replaces the runtime code at an address."""

    # Shared by the backends

    def sender(self, sender: Any) -> str:
        """The address of a sender: an address, a contract, or by default the first account."""
        return self.accounts[0] if sender is None else _address(sender)

    def reverted(self, data: bytes) -> Exception:
        """The exception for revert data."""
        return self.Reverted(*self.dictionary.error(data), data)

    def _deploy(
        self,
        label: str,
        abi: list[dict[str, Any]],
        code: bytes,
        args: tuple[Any, ...],
        sender: Any,
        value: int,
    ) -> Contract:
        inputs: list[dict[str, Any]] = next(
            (entry["inputs"] for entry in abi if entry["type"] == "constructor"), []
        )
        try:
            data = code + codec.encode(inputs, args)
        except TypeError as error:
            raise TypeError(f"{label}'s constructor: {error}") from None
        created = self.transact(self.sender(sender), None, data, value, None, bytes)
        return Contract(self, label, created.value, abi)


def _address(account: Any) -> str:
    return str(getattr(account, "address", account))


def as_address(account: Any) -> str:
    """The checksum address of an address or a contract."""
    return codec.checksum(_address(account))


def as_bytes(code: str | bytes) -> bytes:
    """Bytes of hex, with or without 0x, or of bytes."""
    return bytes.fromhex(code.removeprefix("0x")) if isinstance(code, str) else code
