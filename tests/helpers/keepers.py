"""Keepers in processes of their own, to race and to kill."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from scripts.common.contract import Reverted
from scripts.common.rpc import Rpc
from scripts.keeper.config import load_config
from scripts.keeper.run import run_keeper
from tests.helpers.crash import CrashChain

FAST = {
    "poll_seconds": 0.02,
    "sweep_seconds": 0.05,
    "tip_gwei": "1",
    "log_level": "info",
    "upkeep_budget": "0",
}
BLOCK_SECONDS = 0.1
PATIENCE = 30.0
_fork = multiprocessing.get_context("fork")


class KeeperProcess:
    """A keeper that began a moment ago; forked, so that it need not import anything first."""

    def __init__(self, world: CrashChain, signer: LocalAccount, name: str, **options: Any) -> None:
        self.database = world.folder / f"{name}.db"
        self.log = world.folder / f"{name}.log"
        settings = {
            **FAST,
            "rpc": (world.url,),
            "deployments": world.folder,
            "database": f"sqlite:///{self.database}",
            "worker": name,
            **options,
        }
        self._process = _fork.Process(target=_keep, args=(settings, signer, self.log), daemon=True)
        self._process.start()

    def has_begun(self) -> bool:
        """Whether it has opened everything and looks at the chain."""
        return self.log.exists() and "keeper  " in self.log.read_text()

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process.pid
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()

    def end(self, seconds: float = 20) -> int | None:
        """SIGTERM, and its exit code."""
        self._process.terminate()
        return self.wait(seconds)

    def wait(self, seconds: float) -> int | None:
        """Its exit code; None and an end by force if it has not ended by then."""
        self._process.join(seconds)
        code = self._process.exitcode
        if code is None:
            self.kill()
        return code

    def actions(self) -> list[dict[str, Any]]:
        """What its database says it did, oldest first."""
        connection = sqlite3.connect(self.database)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute("SELECT * FROM keel_actions ORDER BY id")]
        finally:
            connection.close()


def _keep(settings: dict[str, Any], signer: LocalAccount, log: Path) -> None:
    with log.open("a") as stream:
        try:
            code = run_keeper(load_config(environment={}, **settings), signer=signer, stream=stream)
        except Exception as error:
            print(f"ended by {type(error).__name__}: {error}", file=stream, flush=True)
            code = 1
        stream.flush()
    os._exit(code)


@contextmanager
def blocks(world: CrashChain, seconds: float = BLOCK_SECONDS) -> Iterator[None]:
    """Transactions wait for a block, and there is one every `seconds`."""
    rpc, ended = Rpc(world.url), threading.Event()
    rpc("evm_setAutomine", False)

    def mine() -> None:
        while not ended.wait(seconds):
            rpc("evm_mine")

    miner = threading.Thread(target=mine, daemon=True)
    miner.start()
    try:
        yield
    finally:
        ended.set()
        miner.join()
        rpc("evm_setAutomine", True)


def wait_until_begun(keepers: list[KeeperProcess]) -> None:
    """Until all look at the chain, so that none comes too late."""
    deadline = time.monotonic() + PATIENCE
    while not all(keeper.has_begun() for keeper in keepers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def transactions(world: CrashChain, sender: str) -> list[dict[str, Any]]:
    """Receipts of all mined transactions of one key."""
    chain, found = world.chain, []
    answers = chain.rpc.batch(
        [("eth_getBlockByNumber", [hex(number), True]) for number in range(chain.block_number + 1)]
    )
    for block in answers:
        for tx in block["transactions"]:
            if tx["from"].lower() == sender.lower():
                found.append(chain.rpc("eth_getTransactionReceipt", tx["hash"]))
    return found


def is_takeover(row: dict[str, Any]) -> bool:
    """Whether an action is one."""
    return bool(json.loads(row["plan"])["kind"] == "take over")


def wait_until(true: Callable[[], bool], seconds: float) -> None:
    """Waits until something is so. Raises AssertionError.

    A view that reverts is asked again: while it mines Anvil may answer with a block's state and the time before it.
    """
    deadline, is_so = time.monotonic() + seconds, False
    while not is_so:
        assert time.monotonic() < deadline
        with suppress(Reverted):
            is_so = true()
        time.sleep(0.05)
