"""An Anvil process of one's own."""

from __future__ import annotations

import atexit
import socket
import subprocess
import tempfile
import time

from scripts.common.rpc import ChainUnreachable, Rpc
from scripts.setup.environment import native_tool

START_SECONDS = 20
RPC_SECONDS = 120
ATTEMPTS = 3


class AnvilProcess:
    """Anvil on a free port of this machine, ended by `stop`, at the end of a `with`, or with this process.

    Hardfork Cancun, chain id 31337, no base fee, a gas limit that no block reaches, accounts of the public
    test mnemonic. `options` are added to the command line. States of old blocks go to a temporary folder that
    ends with it.
    """

    def __init__(self, *options: str, port: int | None = None) -> None:
        for attempt in range(ATTEMPTS):
            self.port = port or _free_port()
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
            self._states = tempfile.TemporaryDirectory(prefix="anvil-", ignore_cleanup_errors=True)
            self._process = subprocess.Popen(
                [
                    *(str(native_tool("anvil")), "--port", str(self.port), "--cache-path", self._states.name),
                    *(*_DEFAULTS, *options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
            )
            atexit.register(self.stop)
            self.rpc = Rpc(self.url, RPC_SECONDS)
            if self._answers():
                return
            failure = self._failure()
            self.stop()
            # Another process may have taken the port in between: a free one is chosen again.
            if port is not None or attempt == ATTEMPTS - 1:
                raise RuntimeError(f"Anvil did not start on port {self.port}: {failure}")

    @property
    def url(self) -> str:
        """Address for other clients."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of Anvil itself."""
        return self._process.pid

    def stop(self) -> None:
        """Ends the process; doing so twice is harmless."""
        atexit.unregister(self.stop)
        self.rpc.close()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._errors.close()
        self._states.cleanup()

    def __enter__(self) -> AnvilProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.rpc("eth_chainId")
            except ChainUnreachable:
                self.rpc.close()
                time.sleep(0.02)
            else:
                return self._process.poll() is None
        return False

    def _failure(self) -> str:
        if self._process.poll() is None:
            return f"no answer within {START_SECONDS} s"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[0] if lines else f"exit code {self._process.returncode}"


_DEFAULTS = (
    *("--host", "127.0.0.1", "--quiet", "--chain-id", "31337", "--hardfork", "cancun"),
    *("--base-fee", "0", "--gas-price", "0", "--gas-limit", "1000000000", "--order", "fifo"),
    *("--disable-min-priority-fee", "--no-request-size-limit"),
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
