"""A matcher in a process of its own, on paper instead of a chain; it can be killed and started again.

with MatcherProcess(folder) as matcher:
    httpx.post(matcher.url + "/orders", ...)
    matcher.kill(); matcher.start()
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from scripts.common.anvil import free_port

START_SECONDS = 30


class MatcherProcess:
    """Runs `run_matcher` with a PaperVenue whose file, like the database, is in `folder`.

    `disk_seconds` is how long a disk takes to write a group: what is told before it is written is then likely lost.
    """

    def __init__(
        self, folder: Path, paper: dict[str, Any] | None = None, disk_seconds: float = 0.0, **options: Any
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket = f"ws://127.0.0.1:{self.port}/ws"
        self.chain_file = folder / "chain.db"
        self._paper, self._disk_seconds = paper or {}, disk_seconds
        self._options = {
            "database": f"sqlite:///{folder / 'matcher.db'}",
            "port": self.port,
            "settlement": {"poll_seconds": 0.05, "rest_seconds": 0.01},
            **options,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        settings = json.dumps(
            {
                "options": self._options,
                "paper": self._paper,
                "chain": str(self.chain_file),
                "disk_seconds": self._disk_seconds,
            }
        )
        with (self.folder / "matcher.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.helpers.matcher_process", settings], stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                httpx.get(self.url + "/status", timeout=2)
            except httpx.HTTPError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError((self.folder / "matcher.log").read_text())

    def kill(self) -> None:
        """Ends it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Asks it to end; its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(START_SECONDS)

    def __enter__(self) -> MatcherProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.end()


def main() -> int:
    """The process."""
    from scripts.common.errors import run_script
    from scripts.matcher.options import Options
    from scripts.matcher.paper import PaperVenue
    from scripts.matcher.service import run_matcher
    from scripts.matcher.store import Store

    settings = json.loads(sys.argv[1])
    write = Store.write

    def slow_write(store: Store, *arguments: Any) -> None:
        time.sleep(settings["disk_seconds"])
        write(store, *arguments)

    Store.write = slow_write  # type: ignore[method-assign]
    venue = PaperVenue(Path(settings["chain"]), **settings["paper"])
    return run_script("matcher", lambda: run_matcher(Options(**settings["options"]), venue))


if __name__ == "__main__":
    sys.exit(main())
