"""What the matcher shows is on disk, and is not older than what it has shown before."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from scripts.matcher.api import create_app
from scripts.matcher.effects import Effect, Moved, Stage
from scripts.matcher.options import Options, Settlement
from scripts.matcher.paper import PaperVenue
from scripts.matcher.service import Matcher
from tests.helpers.perp_matcher import WAD, Trader

MOMENT = 0.05


class SlowDisk:
    """Stops at the group that has a settlement, until it is let go on."""

    def __init__(self, matcher: Matcher) -> None:
        self._write = matcher.store.write
        self.stopped, self.goes_on = threading.Event(), threading.Event()
        matcher.store.write = self.write  # type: ignore[method-assign]

    def write(self, effects: Sequence[Effect], *batches: Any) -> None:
        if any(isinstance(effect, Moved) and effect.stage is Stage.SETTLED for effect in effects):
            self.stopped.set()
            assert self.goes_on.wait(10)
        self._write(effects, *batches)


def test_a_fill_that_is_not_on_disk_yet_is_waited_for(tmp_path: Path) -> None:
    async def run() -> None:
        options = Options(
            database=f"sqlite:///{tmp_path / 'matcher.db'}",
            settlement=Settlement(poll_seconds=0.01, rest_seconds=0.001),
        )
        matcher = Matcher(options, PaperVenue(tmp_path / "chain.db"))
        disk = SlowDisk(matcher)
        await matcher.start()
        try:
            transport = httpx.ASGITransport(create_app(matcher))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                orders = [Trader(21).order(sizeWad=str(-WAD)), Trader(22).order(sizeWad=str(2 * WAD))]
                placed = await matcher.place(orders, "client")
                assert await asyncio.to_thread(disk.stopped.wait, 10)
                paths = ["/status", *(f"/orders/{result['hash']}" for result in placed)]
                asked = [asyncio.ensure_future(client.get(path)) for path in paths]
                await asyncio.sleep(MOMENT)
                assert not any(answer.done() for answer in asked)
                disk.goes_on.set()
                status, *shown = [answer.json() for answer in await asyncio.gather(*asked)]
                assert status["unsettledMatches"] == 0
                assert [(order["filled"], order["status"]) for order in shown] == [
                    (str(WAD), "filled"),
                    (str(WAD), "open"),
                ]
        finally:
            disk.goes_on.set()
            await matcher.stop()

    asyncio.run(run())
