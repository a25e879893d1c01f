"""A trader of perpetuals who uses nothing but commands: a matcher, orders, a book, a keeper for his stop order."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scripts.anvil import AnvilProcess
from scripts.chain import people
from scripts.common.anvil import free_port
from scripts.common.chain import connect
from scripts.deploy import deploy
from scripts.matcher.orders import FIELDS

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

SECONDS = 60


@dataclass
class Shell:
    """Runs commands on a chain of one's own, with a matcher beside it."""

    environment: dict[str, str]
    folder: Path
    matcher: subprocess.Popen[bytes] | None = None

    def start_matcher(self) -> None:
        """`keel matcher`, where it was before."""
        port = self.environment["KEEL_MATCHER"].rpartition(":")[2]
        database = self.environment["KEEL_KEEPER_ORDERS"]
        command = [sys.executable, "-m", "scripts.cli", "matcher", "--port", port, "--database", database]
        with (self.folder / "matcher.log").open("ab") as log:
            self.matcher = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", int(port))).close()
                return
            except OSError:
                assert time.monotonic() < deadline and self.matcher.poll() is None, self.log
                time.sleep(0.05)

    def stop_matcher(self) -> None:
        """Ctrl-C."""
        assert self.matcher is not None
        self.matcher.terminate()
        assert self.matcher.wait(SECONDS) == 0, self.log

    @property
    def log(self) -> str:
        """What the matcher said."""
        return (self.folder / "matcher.log").read_text()

    def keel(self, *arguments: str, sender: int | None = None) -> dict[str, Any]:
        """What a command says as JSON."""
        who = () if sender is None else ("--from", str(sender))
        command = [sys.executable, "-m", "scripts.cli", *arguments, *who, "--json"]
        ended = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=SECONDS)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        data: dict[str, Any] = json.loads(ended.stdout)["data"]
        return data

    def order(self, hash_: str, sender: int) -> dict[str, Any]:
        """An order of a sender's account as the matcher lists it."""
        listed = self.keel("perp", "order", "list", "--all", sender=sender)["orders"]
        return next(order for order in listed if order["hash"] == hash_)

    def size(self, sender: int) -> Decimal:
        """A sender's position in the market of ether."""
        return sum(
            (Decimal(perp["size"]) for perp in self.keel("perp", "positions", sender=sender)["perps"]),
            Decimal(),
        )

    def until_filled(self, hash_: str, sender: int) -> None:
        """Waits for the settlement of an order."""
        deadline = time.monotonic() + SECONDS
        while (order := self.order(hash_, sender))["status"] != "filled":
            assert time.monotonic() < deadline, order


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A local chain as `keel up` leaves it, and `keel matcher`."""
    folder = tmp_path_factory.mktemp("shell")
    port = free_port()
    with AnvilProcess() as node:
        chain = connect(node.url, chain_id=31337)
        deployment = deploy(chain, folder=folder)
        people.move_in(deployment)
        people.open_perps(deployment)
        chain.warp(600)
        chain.close()
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("KEEL_KEEPER")
        }
        for name in ("KEEL_PRIVATE_KEY", "KEEL_ACCOUNT"):
            environment.pop(name, None)
        environment |= {
            "NETWORK": node.url,
            "KEEL_DEPLOYMENTS": str(folder),
            "KEEL_MATCHER": f"http://127.0.0.1:{port}",
            "KEEL_KEEPER_DATABASE": f"sqlite:///{folder / 'keeper.db'}",
            "KEEL_KEEPER_ORDERS": f"sqlite:///{folder / 'matcher.db'}",
            "KEEL_KEEPER_RPC": node.url,
        }
        shell = Shell(environment, folder)
        shell.start_matcher()
        try:
            yield shell
        finally:
            shell.stop_matcher()


def test_orders_from_placing_to_a_stop_that_the_amm_fills(shell: Shell) -> None:
    trader, other = 2, 3
    for sender in (trader, other):
        shell.keel("deposit", "20000 USDC", "--yes", sender=sender)
    placed = shell.keel(
        "perp", "order", "place", "buy", "2", "ETH", "--limit", "1995", "--yes", sender=trader
    )
    book = shell.keel("perp", "book", "ETH")
    assert [(level["price"], level["size"]) for level in book["matcher"]["bids"]] == [("1995", "2")]
    # Somebody sells into it.
    sold = shell.keel("perp", "order", "place", "sell", "2", "ETH", "--limit", "1995", "--yes", sender=other)
    shell.until_filled(placed["hash"], trader)
    shell.until_filled(sold["hash"], other)
    assert (shell.size(trader), shell.size(other)) == (2, -2)
    # What nobody offers is the virtual AMM's.
    taken = shell.keel("perp", "open", "--long", "ETH", "--size", "1", "--via", "matcher", "--slippage", "2%",
                       "--yes", sender=trader)  # fmt: skip
    assert taken["status"] == "filled" and shell.size(trader) == 3

    # While no matcher runs, a keeper wakes the stop order for its tip, and the AMM fills it.
    stop = (
        "perp",
        "order",
        "place",
        "sell",
        "3",
        "ETH",
        "--stop",
        "1900",
        "--limit",
        "1700",
        "--tip",
        "20",
        "--reduce-only",
    )
    waiting = shell.keel(*stop, "--yes", sender=trader)
    assert waiting["status"] == "waiting"
    shell.stop_matcher()
    shell.keel("oracle", "set", "ETH", "1850", "--market", "--yes")
    shell.keel("keeper", "--once")
    assert shell.size(trader) == 0
    shell.start_matcher()
    shell.until_filled(waiting["hash"], trader)
    assert shell.size(trader) == 0

    # Called off on chain, without the matcher, by its file; then by number.
    late = shell.keel("perp", "order", "place", "buy", "1", "ETH", "--limit", "1500", "--yes", sender=trader)
    file = shell.folder / "order.json"
    file.write_text(json.dumps({"data": late}))
    assert set(late["order"]) == {name for name, *_ in FIELDS}
    shell.keel("perp", "order", "cancel", "--file", str(file), "--matcher", "http://127.0.0.1:9", "--yes",
               sender=trader)  # fmt: skip
    deadline = time.monotonic() + SECONDS
    while shell.order(late["hash"], trader)["status"] != "cancelled":
        assert time.monotonic() < deadline
    nonce = int(late["order"]["nonce"]) + 10**9
    shell.keel("perp", "order", "cancel", "--below", str(nonce), "--yes", sender=trader)
    assert int(shell.keel("perp", "order", "place", "buy", "1", "ETH", "--limit", "1500", "--dry-run",
                          sender=trader)["order"]["nonce"]) >= nonce  # fmt: skip
