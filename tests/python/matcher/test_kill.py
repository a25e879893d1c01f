"""A matcher that is killed at random moments loses no acknowledged order and fills none twice."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from scripts.common.database import Database
from tests.helpers.matcher_kills import settled
from tests.helpers.matcher_process import MatcherProcess
from tests.helpers.perp_matcher import WAD, Trader
from tests.helpers.postgres import Postgres, running

pytestmark = pytest.mark.slow

KILLS = 2
CLIENTS = 2
BATCH = 5
EACH_LIFE = 30
WAIT_SECONDS = 0.15
PAUSE_SECONDS = 0.04
DISK_SECONDS = 0.05
QUIET_SECONDS = 30


class Client(threading.Thread):
    """Sends batches and counts acknowledgements; what was not acknowledged is sent again, as it was."""

    def __init__(self, matcher: MatcherProcess, number: int) -> None:
        super().__init__(daemon=True)
        self.matcher, self.number = matcher, number
        self.draw = random.Random(number)
        self.traders = [Trader(1_000 * number + index) for index in range(1, 6)]
        self.acknowledged: set[str] = set()
        self.cancelled: set[str] = set()
        self.stopping = threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            batch: list[dict[str, Any]] = []
            while not self.stopping.is_set():
                try:
                    with connect(self.matcher.socket, open_timeout=2) as socket:
                        while not self.stopping.is_set():
                            batch = batch or [self._order() for _ in range(BATCH)]
                            self._send(socket, batch)
                            batch = []
                            time.sleep(PAUSE_SECONDS)
                except (OSError, WebSocketException, TimeoutError):
                    time.sleep(0.02)
        except Exception as error:
            self.failure = error

    def _order(self) -> dict[str, Any]:
        side, distance = self.draw.choice((1, -1)), self.draw.randrange(-3, 4)
        self.nonce = getattr(self, "nonce", 0) + 1
        trader = self.draw.choice(self.traders)
        return trader.order(
            sizeWad=str(side * self.draw.randrange(1, 9) * WAD // 4),
            limitPriceWad=str((2_000 - side * distance) * WAD),
            nonce=self.nonce,
        )

    def _send(self, socket: Any, batch: list[dict[str, Any]]) -> None:
        socket.send(json.dumps({"id": 1, "op": "place", "orders": batch}))
        answer = json.loads(socket.recv(timeout=10))
        for order, result in zip(batch, answer["results"], strict=True):
            assert result["accepted"], result
            self.acknowledged.add(result["hash"])
            if result["status"] == "open" and self.draw.random() < 0.2:
                trader = next(t for t in self.traders if "0x" + t.account.hex() == order["account"])
                socket.send(json.dumps({"id": 2, "op": "cancel", "request": trader.cancel([result["hash"]])}))
                self.cancelled.update(json.loads(socket.recv(timeout=10))["cancelled"])


def orders_of(http: httpx.Client, account: str) -> Iterator[dict[str, Any]]:
    """All orders of an account."""
    page: dict[str, Any] = {"account": account, "limit": 500}
    while found := http.get("/orders", params=page).json()["orders"]:
        yield from found
        page["before"] = found[-1]["sequence"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'matcher.db'}"
    return request.getfixturevalue("postgres").database()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    yield from running()


def mined(file: Path) -> Counter[tuple[str, str, int]]:
    """Fills of the paper chain: (maker, taker, size)."""
    with sqlite3.connect(file) as chain:
        logs = [log for (text,) in chain.execute("SELECT logs FROM mined") for log in json.loads(text)]
    return Counter(tuple(values) for kind, *values in logs if kind == "filled")


def test_no_acknowledged_order_is_lost_and_none_is_filled_twice(tmp_path: Path, url: str) -> None:
    draw = random.Random(4)
    limits = {"open_orders_per_account": 5_000, "orders_per_second_per_account": 5_000}
    refused = [Trader(1_001).account.hex()]
    with MatcherProcess(
        tmp_path, paper={"refused": refused}, disk_seconds=DISK_SECONDS, limits=limits, database=url
    ) as matcher:
        clients = [Client(matcher, number) for number in range(1, CLIENTS + 1)]
        for client in clients:
            client.start()
        for life in range(1, KILLS + 2):
            deadline = time.monotonic() + QUIET_SECONDS
            while sum(len(client.acknowledged) for client in clients) < life * EACH_LIFE:
                assert time.monotonic() < deadline
                time.sleep(0.005)
            if life <= KILLS:
                time.sleep(draw.uniform(0, WAIT_SECONDS))
                matcher.kill()
                matcher.start()
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(20)
            assert client.failure is None, client.failure
        deadline = time.monotonic() + QUIET_SECONDS
        with httpx.Client(base_url=matcher.url, timeout=10) as http:
            while (status := http.get("/status").json())["unsettledMatches"] or status[
                "transactionsUnderWay"
            ]:
                assert time.monotonic() < deadline, status
                time.sleep(0.05)
            acknowledged = set().union(*(client.acknowledged for client in clients))
            assert len(acknowledged) >= (KILLS + 1) * EACH_LIFE
            accounts = ["0x" + trader.account.hex() for client in clients for trader in client.traders]
            shown = {order["hash"]: order for account in accounts for order in orders_of(http, account)}
        assert matcher.end() == 0

    assert acknowledged <= shown.keys()
    for client in clients:
        assert all(shown[hash_]["status"] == "cancelled" for hash_ in client.cancelled)
    fills = mined(matcher.chain_file)
    assert sum(fills.values()) > 20
    on_chain: Counter[str] = Counter()
    for (maker, taker, size), times in fills.items():
        on_chain["0x" + maker] += size * times
        on_chain["0x" + taker] += size * times
    for hash_, order in shown.items():
        assert int(order["filled"]) == on_chain[hash_] <= abs(int(order["sizeWad"]))
        assert int(order["pending"]) == 0
    # What the matcher has written down as settled is what the chain has mined, fill by fill.
    with closing(Database(url, "test")) as database:
        assert settled(database) == fills
        with database.transaction() as connection:
            query = "SELECT COUNT(*) FROM matcher_fills WHERE stage IN ('ready', 'sent')"
            assert connection.exec_driver_sql(query).scalar_one() == 0
    assert any(order["status"] == "dropped" for order in shown.values())
