"""The Anvil that `make up` leaves running: which process it is, so that `make down` ends exactly that one."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass

import psutil

from scripts.common import anvil
from scripts.common.errors import KeelError
from scripts.setup.environment import STATE, write_atomically

PORT = 8545
FILE = STATE / "chain.json"
LOG = STATE / "anvil.log"
# Every transaction of a batch on a local chain fits in a block.
OPTIONS = ("--gas-limit", "1000000000", "--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee")


@dataclass(frozen=True)
class LocalChain:
    """A running Anvil; `born` tells it from a later process with the same id."""

    pid: int
    port: int
    born: float

    @property
    def url(self) -> str:
        """Address for clients."""
        return f"http://127.0.0.1:{self.port}"


def running() -> LocalChain | None:
    """The chain that was started and has not ended."""
    try:
        chain = LocalChain(**json.loads(FILE.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return chain if _is_alive(chain) else None


def start(port: int = PORT, *, accounts: int = 10, block_seconds: int | None = None) -> LocalChain:
    """Starts one. Raises KeelError if one runs already or the port is taken."""
    there = running()
    if there:
        raise KeelError(f"a local chain runs already at {there.url}; end it with `make down`")
    node = anvil.start(log=LOG, port=port, accounts=accounts, block_seconds=block_seconds, options=OPTIONS)
    chain = LocalChain(node.pid, node.port, psutil.Process(node.pid).create_time())
    write_atomically(FILE, json.dumps(asdict(chain)) + "\n")
    return chain


def stop() -> LocalChain | None:
    """Ends the chain that was started; None if it has ended already. No other process is touched."""
    chain = running()
    if chain:
        anvil.stop(chain.pid)
    FILE.unlink(missing_ok=True)
    return chain


def _is_alive(chain: LocalChain) -> bool:
    with contextlib.suppress(psutil.Error):
        return anvil.is_running(chain.pid) and psutil.Process(chain.pid).create_time() == chain.born
    return False
