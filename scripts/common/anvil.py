"""An Anvil that outlives the script that started it: for `make up`, wallets and other programs.

    node = start(port=8545, log=Path(".keel/anvil.log"), block_seconds=12)
    ...                                     # remember node.pid
    stop(node.pid)

One that ends with its script is scripts.anvil.AnvilProcess.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from scripts.common.errors import KeelError
from scripts.common.rpc import ChainUnreachable, Rpc
from scripts.setup.environment import SetupError, native_tool

CHAIN_ID = 31337
START_SECONDS = 20
STOP_SECONDS = 5
POLL_SECONDS = 0.02
STATES = "anvil-states"


@dataclass(frozen=True)
class Node:
    """A running Anvil."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        """Address for clients."""
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    """A port of this machine on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    *,
    log: Path,
    port: int | None = None,
    block_seconds: int | None = None,
    timestamp: int | None = None,
    accounts: int = 10,
    ether: int = 10_000,
    options: Sequence[str] = (),
) -> Node:
    """Starts Anvil (Cancun, chain id 31337) detached from this process and waits until it answers.

    Without `block_seconds` every transaction is mined at once. `timestamp` is the first block's, in unix
    seconds. Each of `accounts` has `ether`. What Anvil prints goes to `log`, states of old blocks into a folder
    beside it, which is emptied first and goes with `stop`. Raises KeelError: port taken, no answer.
    """
    port = port or free_port()
    _refuse_taken(port)
    log.parent.mkdir(parents=True, exist_ok=True)
    states = (log.parent / f"{STATES}-{port}").resolve()
    # A node that was killed leaves what it had there; nobody listens on its port any more.
    shutil.rmtree(states, ignore_errors=True)
    command = [
        *(_binary(), "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(CHAIN_ID)),
        *("--hardfork", "cancun", "--accounts", str(accounts), "--balance", str(ether)),
        *("--cache-path", str(states)),
        *(("--block-time", str(block_seconds)) if block_seconds else ()),
        *(("--timestamp", str(timestamp)) if timestamp is not None else ()),
        *options,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    rpc = Rpc(f"http://127.0.0.1:{port}", START_SECONDS)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(ChainUnreachable):
            rpc("eth_chainId")
            rpc.close()
            if process.poll() is None:  # else it was somebody else who answered
                return Node(process.pid, port)
        time.sleep(POLL_SECONDS)
    if process.poll() is None:
        process.kill()
    process.wait()
    lines = log.read_text(errors="replace").strip().splitlines()
    raise KeelError(
        f"Anvil did not start on port {port}: {lines[-1] if lines else 'no answer'}; all it said is in {log}"
    )


def is_running(pid: int) -> bool:
    """Whether a process of this id is there and is an Anvil; ids of ended processes are given to others."""
    _reap(pid)
    try:
        process = psutil.Process(pid)
        return bool(process.name() == "anvil" and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def stop(pid: int) -> bool:
    """Ends the Anvil of this process id and waits for its end; False if there is none."""
    if not is_running(pid):
        return False
    states = _states(pid)
    for ending in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, ending)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if not is_running(pid):
                if states is not None:
                    shutil.rmtree(states, ignore_errors=True)
                return True
            time.sleep(POLL_SECONDS)
    raise KeelError(f"Anvil (process {pid}) does not end; end it by hand")


def _states(pid: int) -> Path | None:
    """The folder of old states of one that `start` started."""
    with contextlib.suppress(psutil.Error, ValueError, IndexError):
        words = psutil.Process(pid).cmdline()
        folder = Path(words[words.index("--cache-path") + 1])
        return folder if folder.name.startswith(STATES) else None
    return None


def _binary() -> str:
    try:
        return str(native_tool("anvil"))
    except SetupError as error:
        raise KeelError(str(error)) from None


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise KeelError(
                f"port {port} of this machine is taken; end what listens there or choose another port"
            )


def _reap(pid: int) -> None:
    # A child that has ended stays a zombie until its parent asks.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
