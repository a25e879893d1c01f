"""How fast the matcher is: `make bench-matcher`, written to reports/matcher.json.

The matcher runs alone on one core (a process bound to it), with a database that commits to disk and a venue on
paper; this process sends from another core, over WebSockets, batches of orders that it signed before. Each order's
signature is checked, each is acknowledged after it is on disk. Orders come at a steady pace for the latencies, and
as fast as they are taken for the rate.

    orders_per_s    accepted into the book per second of the matcher, saturated
    match_p99_ms    from a batch's arrival at the matcher to each of its orders being matched, at `paced_orders_per_s`
    ack_p99_ms      from sending a batch to its acknowledgement here, on disk, at the same pace
    fills_per_tx_gas  gas of a settlement transaction of ten fills on Anvil, by fill
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
import orjson
import psutil
import typer
from coincurve import PrivateKey
from websockets.asyncio.client import ClientConnection, connect

from scripts.common.anvil import free_port
from scripts.common.errors import KeelError, run_script
from scripts.common.units import WAD
from scripts.matcher.orders import Reader, keccak
from scripts.matcher.paper import DOMAIN, PRICE
from scripts.setup.environment import ROOT, write_atomically

REPORT = ROOT / "reports" / "matcher.json"
MARKET = "0x" + "22" * 20
TRADERS, CONNECTIONS = 500, 8
BATCH = 20
START_SECONDS = 30
LIFE_SECONDS = 86_400
TICK = WAD // 2
CROSSING_SHARE = 0.2

Frame = tuple[bytes, int]


def signed_orders(count: int, seed: int) -> list[dict[str, Any]]:
    """Orders around the index, a fifth of which cross; each signed by one of the traders."""
    draw, reader = random.Random(seed), Reader(DOMAIN)
    keys = [PrivateKey((seed * TRADERS + number + 1).to_bytes(32, "big")) for number in range(TRADERS)]
    addresses = [keccak(key.public_key.format(compressed=False)[1:])[12:] for key in keys]
    expiry = str(int(time.time()) + LIFE_SECONDS)
    orders = []
    for number in range(count):
        trader = number % TRADERS
        side = draw.choice((1, -1))
        distance = draw.randrange(1, 200) * TICK * (1 if draw.random() < CROSSING_SHARE else -1)
        order: dict[str, Any] = {
            "account": "0x" + (addresses[trader] + bytes(12)).hex(),
            "market": MARKET,
            "signer": "0x" + addresses[trader].hex(),
            "sizeWad": str(side * draw.randrange(1, 100) * WAD // 100),
            "limitPriceWad": str(PRICE + side * distance),
            "triggerPriceWad": "0",
            "trigger": "0",
            "expiry": expiry,
            "nonce": str(number),
            "flags": "0",
            "maxFeeWad": str(WAD // 100),
            "tip": "0",
            "signature": "0x00",
        }
        signature = keys[trader].sign_recoverable(reader.order(order).hash, hasher=None)
        order["signature"] = "0x" + (signature[:64] + bytes((signature[64] + 27,))).hex()
        orders.append(order)
    return orders


def frames_of(orders: Sequence[dict[str, Any]]) -> list[Frame]:
    """Messages of BATCH orders each, with how many."""
    return [
        (
            orjson.dumps({"id": start, "op": "place", "orders": orders[start : start + BATCH]}),
            len(orders[start : start + BATCH]),
        )
        for start in range(0, len(orders), BATCH)
    ]


class PaperMatcher:
    """A matcher on paper in a process of its own, bound to one core if it is named."""

    def __init__(self, folder: Path, core: int | None = None, **limits: int) -> None:
        self.port = free_port()
        settings = {
            "options": {
                "database": f"sqlite:///{folder / 'matcher.db'}",
                "port": self.port,
                "log_level": "warning",
                "limits": {"open_orders_per_account": 100_000, "open_orders": 1_000_000, **limits},
            },
            "chain": str(folder / "chain.db"),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scripts.matcher.bench", "serve", json.dumps(settings)], cwd=ROOT
        )
        if core is not None:
            psutil.Process(self.process.pid).cpu_affinity([core])
        self.url = f"http://127.0.0.1:{self.port}"
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                httpx.get(self.url + "/status", timeout=2)
                return
            except httpx.HTTPError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise KeelError("the matcher on paper did not start; what it said is above") from None
                time.sleep(0.05)

    def cpu_seconds(self) -> float:
        """CPU time so far."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def quantile(self, share: str) -> float:
        """Of the matcher's own latencies, in seconds."""
        for line in httpx.get(self.url + "/metrics").text.splitlines():
            if line.startswith(f'matcher_match_seconds{{quantile="{share}"}}'):
                return float(line.split()[-1])
        raise KeelError("the matcher tells no latencies; were orders accepted?")

    def end(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait(START_SECONDS)


async def drive(port: int, frames: Sequence[Frame], rate: float | None) -> tuple[float, list[float], int]:
    """Sends frames over several connections at `rate` orders a second (None: as fast as they are answered).

    Returns seconds, the latency of each frame in seconds, and how many orders were accepted.
    """
    sockets = [await connect(f"ws://127.0.0.1:{port}/ws", compression=None) for _ in range(CONNECTIONS)]
    latencies: list[float] = []
    accepted = 0
    started = time.perf_counter()

    async def one(number: int, socket: ClientConnection) -> None:
        nonlocal accepted
        mine = list(range(number, len(frames), CONNECTIONS))
        due: dict[int, float] = {}
        window = asyncio.Semaphore(8)

        async def send() -> None:
            for index in mine:
                if rate is None:
                    await window.acquire()
                    due[index * BATCH] = time.perf_counter()
                else:
                    # From when it should have been sent: a late sender hides nothing.
                    at = started + index * BATCH / rate
                    await asyncio.sleep(max(at - time.perf_counter(), 0))
                    due[index * BATCH] = at
                await socket.send(frames[index][0], text=True)

        sending = asyncio.ensure_future(send())
        for _ in mine:
            answer = orjson.loads(await socket.recv())
            latencies.append(time.perf_counter() - due[answer["id"]])
            window.release()
            results = answer.get("results")
            if results is None:
                raise KeelError(f"the matcher refused a batch: {answer}")
            accepted += sum(result["accepted"] for result in results)
            refused = next((result for result in results if not result["accepted"]), None)
            if refused:
                raise KeelError(f"the matcher refused an order: {refused['error']['message']}")
        await sending

    await asyncio.gather(*(one(number, socket) for number, socket in enumerate(sockets)))
    seconds = time.perf_counter() - started
    for socket in sockets:
        await socket.close()
    return seconds, latencies, accepted


def measure(orders: int, pace: int) -> dict[str, Any]:
    """All figures but gas."""
    cores = sorted(os.sched_getaffinity(0))
    core = cores[-1] if len(cores) > 1 else None
    if core is not None:
        psutil.Process().cpu_affinity(cores[:-1])
    found: dict[str, Any] = {"orders": orders, "cores_of_the_matcher": 1, "batch": BATCH}
    for name, rate in (("saturated", None), ("paced", pace)):
        frames = frames_of(signed_orders(orders, 1 if rate else 2))
        with tempfile.TemporaryDirectory(prefix="keel-matcher-") as folder:
            matcher = PaperMatcher(Path(folder), core)
            try:
                before = matcher.cpu_seconds()
                seconds, latencies, accepted = asyncio.run(drive(matcher.port, frames, rate))
                if accepted != orders:
                    raise KeelError(f"{accepted} of {orders} orders were accepted; expected all")
                used = matcher.cpu_seconds() - before
                latencies.sort()
                if name == "saturated":
                    found["orders_per_s"] = round(orders / seconds)
                    found["cpu_us_per_order"] = round(used / orders * 1e6, 1)
                else:
                    found["paced_orders_per_s"] = round(orders / seconds)
                    found["paced_cpu_share"] = round(used / seconds, 2)
                    found["match_p50_ms"] = round(matcher.quantile("0.5") * 1e3, 2)
                    found["match_p99_ms"] = round(matcher.quantile("0.99") * 1e3, 2)
                    found["ack_p50_ms"] = round(latencies[len(latencies) // 2] * 1e3, 2)
                    found["ack_p99_ms"] = round(latencies[int(len(latencies) * 0.99)] * 1e3, 2)
            finally:
                matcher.end()
    return found


app = typer.Typer(add_completion=False)


@app.command()
def run(
    orders: Annotated[int, typer.Option(min=1_000)] = 60_000,
    pace: Annotated[int, typer.Option(min=100, help="Orders a second for the latencies")] = 5_000,
) -> None:
    """Measures, prints and writes the report."""

    def main() -> int:
        found = measure(orders, pace)
        try:
            known = json.loads(REPORT.read_text())
        except (OSError, ValueError):
            known = {}
        write_atomically(REPORT, json.dumps({**known, **found}, indent=2) + "\n")
        for name, value in found.items():
            typer.echo(f"{name:24} {value}")
        return 0

    raise typer.Exit(run_script("bench-matcher", main))


@app.command(hidden=True)
def serve(settings: str) -> None:
    """The matcher that is measured."""
    from scripts.matcher.options import Options
    from scripts.matcher.paper import PaperVenue
    from scripts.matcher.service import run_matcher

    given = json.loads(settings)
    profile = os.environ.get("KEEL_MATCHER_PROFILE")
    if profile:
        import cProfile

        cProfile.runctx(
            "run_matcher(options, venue)",
            {"run_matcher": run_matcher},
            {"options": Options(**given["options"]), "venue": PaperVenue(Path(given["chain"]))},
            profile,
        )
        return
    raise typer.Exit(
        run_script(
            "matcher", lambda: run_matcher(Options(**given["options"]), PaperVenue(Path(given["chain"])))
        )
    )


if __name__ == "__main__":
    app()
