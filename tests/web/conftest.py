"""The console in a browser: a chain with everything deployed, the console's server, and headless Chromium.

A journey is a Node script in tests/web/journeys; it asks for what only this side can do (the methods of `Stack`
that start with `do_`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts.anvil import AnvilProcess
from scripts.chain import people
from scripts.common.chain import Chain, connect
from scripts.common.errors import KeelError
from scripts.console.build import main as build_console
from scripts.console.server import ConsoleServer
from scripts.console.settings import Settings
from scripts.deploy import Deployment, deploy
from scripts.setup.environment import ROOT

JOURNEYS = Path(__file__).parent / "journeys"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
JOURNEY_SECONDS = 150
WAIT_SECONDS = 25
# The first block's time is fixed, so that a node that is started anew has the same one.
GENESIS = 1_767_225_600
MISSING = "no Chromium is installed: `apt-get install chromium` on Debian, or name one by CHROMIUM=/path/to/chromium"


def chromium() -> str | None:
    """Path of the browser to use: CHROMIUM, or the first one on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


class Stack:
    """A chain, a deployment and a console that serves it.

    `matcher` is the address of the matcher that pages may ask, if any.
    """

    matcher: str | None = None

    def __init__(self, folder: Path) -> None:
        self._options = ("--timestamp", str(GENESIS))
        self.anvil = AnvilProcess(*self._options)
        self.chain: Chain = connect(self.anvil.url)
        self.deployment: Deployment = deploy(self.chain, folder=folder)
        people.move_in(self.deployment)
        self._state: Any = None
        self.server = ConsoleServer(Settings.ask(self.anvil.url, folder=folder, matcher=self.matcher), port=0)
        self.server.start()
        self._others: list[ConsoleServer] = []

    def close(self) -> None:
        """Ends server and chain."""
        for server in (self.server, *self._others):
            server.close()
        self.chain.close()
        self.anvil.stop()

    def settings(self, browser: str) -> dict[str, Any]:
        """What a journey is told."""
        return {
            "url": self.server.url,
            "rpc": self.anvil.url,
            "chainId": self.chain.chain_id,
            "chromium": browser,
            "timeout": WAIT_SECONDS,
            "others": [self.matcher] if self.matcher else [],
        }

    # What journeys ask for

    def do_open_websocket_console(self) -> str:
        """Address of a second console, which is told of blocks by a websocket."""
        websocket = self.anvil.url.replace("http:", "ws:")
        settings = replace(self.server.settings, websocket=websocket)
        self._others.append(ConsoleServer(settings, port=0))
        self._others[-1].start()
        return self._others[-1].url

    def do_stop_node(self) -> None:
        """Ends the node, keeping what it knows."""
        self._state = self.chain.rpc("anvil_dumpState")
        self.chain.close()
        self.anvil.stop()

    def do_start_node(self) -> None:
        """Starts the node anew on the same port with what it knew."""
        self.anvil = AnvilProcess(*self._options, port=self.anvil.port)
        self.chain.rpc("anvil_loadState", self._state)

    def do_start_other_chain(self) -> None:
        """Starts an empty chain with another first block on the same port."""
        self.anvil = AnvilProcess("--timestamp", str(GENESIS + 1), port=self.anvil.port)

    def do_stop_other(self) -> None:
        """Ends that one."""
        self.anvil.stop()

    def do_warp(self, seconds: int) -> None:
        """Lets time pass."""
        self.chain.warp(seconds)

    def do_mine(self) -> None:
        """One more block."""
        self.chain.rpc("evm_mine")

    def do_set_price(self, underlying: str, price: int) -> None:
        """Has the feed answer `price` whole dollars."""
        feed = self.deployment.feeds[self.deployment.underlyings[underlying]]
        feed.setAnswer(price * 10 ** feed.decimals())

    def do_lent(self, symbol: str, owner: str) -> str:
        """What an owner's pool shares are worth, in smallest units."""
        pool = next(asset.pool for asset in self.deployment.assets if asset.symbol == symbol)
        assert pool is not None
        return str(pool.convertToAssets(pool.balanceOf(owner)))

    def do_shares(self, symbol: str, owner: str) -> str:
        """An owner's pool shares, in smallest units."""
        pool = next(asset.pool for asset in self.deployment.assets if asset.symbol == symbol)
        assert pool is not None
        return str(pool.balanceOf(owner))

    def do_staked(self, owner: str) -> str:
        """An owner's shares of the backstop, in smallest units."""
        return str(self.deployment.backstop.balanceOf(owner))


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of the module's own, of the class that it names `STACK`, if it does."""
    if chromium() is None:
        pytest.skip(MISSING)
    build_console()
    built = getattr(request.module, "STACK", Stack)(tmp_path_factory.mktemp("deployments"))
    yield built
    built.close()


@pytest.fixture
def journey(stack: Stack) -> Callable[[str], None]:
    """Runs a journey by name; fails with what it said."""

    def run(name: str) -> None:
        browser = chromium()
        assert browser is not None
        environment = {**os.environ, "JOURNEY": json.dumps(stack.settings(browser))}
        process = subprocess.Popen(
            ["node", str(JOURNEYS / f"{name}.mjs")],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        alarm = threading.Timer(JOURNEY_SECONDS, process.kill)
        alarm.start()
        said: list[str] = []
        reader = threading.Thread(target=lambda: said.append(process.stderr.read()), daemon=True)
        reader.start()
        try:
            for line in process.stdout:
                _answer(stack, process, line)
            code = process.wait()
        finally:
            alarm.cancel()
            process.kill()
            reader.join(5)
        assert code == 0, f"journey {name} ended with {code}:\n{''.join(said)}"

    return run


def _answer(stack: Stack, process: subprocess.Popen, line: str) -> None:
    """Does what a journey asks for."""
    try:
        asked = json.loads(line)
    except ValueError:
        print(line, end="")
        return
    try:
        result = getattr(stack, f"do_{asked['ask']}")(*asked["args"])
        answer = {"result": result}
    except (KeelError, AttributeError, TypeError, StopIteration, RuntimeError) as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    process.stdin.write(json.dumps(answer) + "\n")
    process.stdin.flush()
