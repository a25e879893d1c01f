"""Networks that delay, drop, truncate and corrupt: between traders and the matcher, and between the matcher and its node."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from tests.helpers.evm import AnvilBackend
from tests.helpers.faulty import FAULTS, FaultyNetwork
from tests.helpers.matcher_place import market_place
from tests.helpers.matcher_process import MatcherProcess
from tests.helpers.perp_matcher import WAD, Trader
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import System

pytestmark = pytest.mark.slow

TAKER, MAKER, SETTLER = 10, 11, 14
ORDERS, ANSWER_SECONDS = 100, 0.8
ROUNDS, ENOUGH = 40, 4


@pytest.mark.anvil
def test_the_matchers_node_is_behind_a_network_that_fails(anvil: AnvilBackend, tmp_path: Path) -> None:
    """Every match is settled, and no order is filled more often than it says."""
    perps = PerpTrading.deploy(System.deploy(anvil))
    taker, maker = (perps.funded(anvil.accounts[role], 1_000_000) for role in (TAKER, MAKER))

    async def test() -> None:
        with FaultyNetwork(anvil.url, 3) as network:
            async with market_place(
                perps, tmp_path, SETTLER, node=network.url, answer_seconds=ANSWER_SECONDS
            ) as place:
                network.trouble = 0.3
                placed = []
                for number in range(ROUNDS):
                    if min(network.counts[fault] for fault in FAULTS) >= ENOUGH:
                        break
                    for account, size in ((maker, -1), (taker, 1)):
                        order = place.order(account, size, 2_000 + number % 3)
                        while True:
                            (result,) = await place.matcher.place([place.json(order)], "test")
                            if result["accepted"]:
                                break
                            assert result["error"]["code"] == "chain_unreachable", result
                            await asyncio.sleep(0.05)
                        placed.append(result)
                    await asyncio.sleep(0.3)
                network.trouble = 0.0
                await place.settled()
                assert min(network.counts[fault] for fault in FAULTS) >= ENOUGH, "the network was well"
                assert [place.filled(result) for result in placed] == [WAD] * len(placed)
                assert 2 * perps.size(taker) == len(placed) * WAD == -2 * perps.size(maker)

    asyncio.run(test())


def test_traders_are_behind_a_network_that_fails(tmp_path: Path) -> None:
    """Who is not told sends his order again: it is taken once, and ends as the books say."""
    matcher = MatcherProcess(tmp_path)
    matcher.start()
    try:
        with FaultyNetwork(matcher.url, 5) as network, httpx.Client(base_url=network.url) as http:
            network.trouble = 0.4
            told: dict[int, str] = {}
            for number in range(ORDERS):
                if min(network.counts[fault] for fault in FAULTS) >= ENOUGH:
                    break
                trader = Trader(number % 4)
                side = 1 if number % 2 else -1
                order = trader.order(sizeWad=str(side * WAD), nonce=number + 1)
                told[number] = _place(http, order)
            assert min(network.counts[fault] for fault in FAULTS) >= ENOUGH, "the network was well"
        with httpx.Client(base_url=matcher.url) as http:
            for hash_ in told.values():
                assert http.get(f"/orders/{hash_}").status_code == 200
            found = [
                order["hash"]
                for number in range(4)
                for order in http.get(
                    "/orders", params={"account": "0x" + Trader(number).account.hex(), "limit": 500}
                ).json()["orders"]
            ]
        assert sorted(found) == sorted(told.values()), "each order once, and none that nobody sent"
    finally:
        matcher.end()


def _place(http: httpx.Client, order: dict[str, object]) -> str:
    """Sends an order until an answer comes that can be read; its hash."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            answer = http.post("/orders", json={"orders": [order]}, timeout=ANSWER_SECONDS)
            (result,) = answer.json()["results"]
            if result["accepted"]:
                return str(result["hash"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            continue
    raise AssertionError(f"no answer for {order}")
