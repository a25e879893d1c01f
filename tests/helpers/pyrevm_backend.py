"""The backend in this process: pyrevm, thousands of transactions a second.

Its limits: gas figures are not those of a chain (accounts and slots stay warm between transactions), and the
rules are those of the latest hardfork that it knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyrevm
from eth_utils import keccak

from scripts.common.contract import Tx
from tests.helpers.backend import ACCOUNT_WEI, GAS_LIMIT, START_TIME, Backend, as_address, as_bytes
from tests.helpers.expect import Reverted

CHAIN_ID = 31337
BLOCK_GAS_LIMIT = 10**9
CODE_SIZE_LIMIT = 24_576
PADDING = 33  # zero bytes that the EVM's analysis appends to code

# The EVM refuses senders with code: a call from a contract goes through this account.
IMPERSONATOR = "0x00000000000000000000000000496d706572736f"
# It also holds the native tokens that `set_balance` hands out and takes back.
BANK = "0x0000000000000000000000000000000042616e6b"


@dataclass(frozen=True)
class Snapshot:
    """A state to go back to."""

    checkpoint: Any
    number: int
    timestamp: int
    codes: int


class PyrevmBackend(Backend):
    """All transactions belong to one block until `mine` or `warp` begins the next; transient storage ends
    with each of them."""

    def __init__(self) -> None:
        super().__init__()
        self._number, self._timestamp = 1, START_TIME
        config = pyrevm.CfgEnv(chain_id=CHAIN_ID, limit_contract_code_size=CODE_SIZE_LIMIT)
        self._evm = pyrevm.EVM(env=pyrevm.Env(cfg=config, block=self._block()), gas_limit=BLOCK_GAS_LIMIT)
        for address in self.accounts:
            self._evm.set_balance(address, ACCOUNT_WEI)
        self._evm.set_balance(BANK, 2**250)
        self._snapshots: list[Snapshot] = []
        self._codes: list[tuple[str, bytes, bytes]] = []  # address, before, after

    def transact(
        self,
        sender: str,
        to: str | None,
        data: bytes,
        value: int,
        gas: int | None,
        decode: Callable[[bytes], Any],
    ) -> Tx:
        output = self._execute(sender, to, data, value, gas)
        result: Any = self._evm.result
        logs = [(log.address, list(log.data[0]), bytes(log.data[1])) for log in result.logs]
        if to is None:
            return Tx(self, result.gas_used, logs, lambda: output, None, self._number)
        return Tx(self, result.gas_used, logs, lambda: decode(output), None, self._number)

    def simulate(self, sender: str, to: str, data: bytes, value: int, gas: int | None) -> bytes:
        checkpoint = self._evm.snapshot()
        try:
            return self._execute(sender, to, data, value, gas)
        finally:
            self._evm.revert(checkpoint)

    @property
    def now(self) -> int:
        return self._timestamp

    @property
    def block_number(self) -> int:
        return self._number

    def warp(self, seconds: int) -> None:
        if seconds < 0:
            raise ValueError(f"cannot warp {seconds} seconds; time goes forward")
        self._set_block(self._number + 1, self._timestamp + seconds)

    def mine(self, count: int = 1) -> None:
        self._set_block(self._number + count, self._timestamp + count)

    def snapshot(self) -> Any:
        snapshot = Snapshot(self._evm.snapshot(), self._number, self._timestamp, len(self._codes))
        self._snapshots.append(snapshot)
        return snapshot

    def revert(self, snapshot: Any) -> None:
        if snapshot not in self._snapshots:
            raise ValueError(f"snapshot {snapshot} is not there: each can be gone back to once")
        del self._snapshots[self._snapshots.index(snapshot) :]
        # The EVM's journal knows nothing of replaced code: it is put back before, and where the journal then
        # drops the account and its stored copy shows through again, once more after.
        undone = self._codes[snapshot.codes :][::-1]
        del self._codes[snapshot.codes :]
        for address, before, _ in undone:
            self._put_code(address, before)
        self._evm.revert(snapshot.checkpoint)
        for address, before, after in undone:
            if self.code(address) == after:
                self._put_code(address, before)
        self._set_block(snapshot.number, snapshot.timestamp)

    def balance(self, address: Any) -> int:
        return int(self._evm.get_balance(as_address(address)))

    def nonce(self, address: Any) -> int:
        return int(self._evm.basic(as_address(address)).nonce)

    def set_balance(self, address: Any, wei: int) -> None:
        # By transfers, which the journal undoes; pyrevm's own set_balance would survive a revert.
        address = as_address(address)
        missing = wei - self.balance(address)
        if missing > 0:
            push_address_and_selfdestruct = b"\x73" + bytes.fromhex(address[2:]) + b"\xff"
            self._execute(BANK, None, push_address_and_selfdestruct, missing, None)
        elif missing < 0:
            self._execute(address, BANK, b"", -missing, None)

    def storage(self, address: Any, slot: int) -> int:
        return int(self._evm.storage(as_address(address), slot))

    def set_storage(self, address: Any, slot: int, word: int) -> None:
        self._evm.insert_account_storage(as_address(address), slot, word)

    def code(self, address: Any) -> bytes:
        address = as_address(address)
        code = bytes(self._evm.get_code(address) or b"")
        hash_ = bytes(self._evm.basic(address).code_hash or b"")
        if len(code) >= PADDING and keccak(code) != hash_ and keccak(code[:-PADDING]) == hash_:
            return code[:-PADDING]
        return code

    def set_code(self, address: Any, code: str | bytes) -> None:
        address, code = as_address(address), as_bytes(code)
        self._codes.append((address, self.code(address), code))
        self._put_code(address, code)

    def _block(self) -> Any:
        return pyrevm.BlockEnv(
            number=self._number, timestamp=self._timestamp, gas_limit=BLOCK_GAS_LIMIT, basefee=0
        )

    def _set_block(self, number: int, timestamp: int) -> None:
        if (number, timestamp) != (self._number, self._timestamp):
            self._number, self._timestamp = number, timestamp
            self._evm.set_block_env(self._block())

    def _put_code(self, address: str, code: bytes) -> None:
        balance = self._evm.get_balance(address)
        self._evm.insert_account_info(
            address, pyrevm.AccountInfo(nonce=self._evm.basic(address).nonce, code=code)
        )
        self._evm.set_balance(address, balance)

    def _execute(self, sender: str, to: str | None, data: bytes, value: int, gas: int | None) -> Any:
        self._evm.reset_transient_storage()
        gas = gas or GAS_LIMIT
        try:
            if to is None:
                return self._evm.deploy(sender, data, value, gas)
            return self._evm.message_call(sender, to, data, value, gas)
        except RuntimeError as error:
            text = str(error)
            if "RejectCallerWithCode" in text and to is not None:
                return self._impersonate(sender, to, data, value, gas)
            raise self._failure(text) from None

    def _impersonate(self, sender: str, to: str, data: bytes, value: int, gas: int) -> bytes:
        code = self.code(sender)
        stash = "0x" + keccak(bytes.fromhex(sender[2:]))[-20:].hex()
        self._put_code(stash, code)
        self._put_code(sender, _impersonating_code(stash))
        try:
            message = bytes(12) + bytes.fromhex(to[2:]) + value.to_bytes(32, "big") + data
            return self._evm.message_call(IMPERSONATOR, sender, message, 0, gas)
        except RuntimeError as error:
            raise self._failure(str(error)) from None
        finally:
            self._put_code(sender, code)

    def _failure(self, text: str) -> Exception:
        reverted = re.match(r"Revert \{ gas_used: \d+, output: 0x([0-9a-f]*) \}", text)
        if reverted:
            return self.reverted(bytes.fromhex(reverted[1]))
        halted = re.match(r"Halt \{ reason: (.*), gas_used: \d+ \}", text)
        if halted:
            return Reverted("Halt", (halted[1],), b"")
        return RuntimeError(f"the EVM refused the transaction: {text[:200]}")


def _impersonating_code(stash: str) -> bytes:
    """Code that calls whatever the impersonator says, and for anybody else runs the code kept at `stash`.

    The impersonator's calldata is a target (32 bytes), a value (32 bytes) and the calldata for the target.
    """
    call, finish, success = "3c", "51", "5c"  # jump destinations
    return bytes.fromhex(
        f"3373{IMPERSONATOR[2:]}1460{call}57"  # caller == impersonator: go to call
        f"365f5f37"  # copy the calldata
        f"5f5f365f73{stash[2:]}5af4"  # delegate to the stash
        f"60{finish}56"
        f"5b604036038060405f37"  # call: copy the calldata from 64 on
        f"5f5f915f6020355f355af1"  # call(gas, target, value, 0, size, 0, 0)
        f"5b3d5f5f3e"  # finish: copy the return data
        f"60{success}573d5ffd"  # revert with it
        f"5b3d5ff3"  # success: return it
    )
