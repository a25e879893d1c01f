"""The console as people use it, in headless Chromium: lending, looking, wrong network, rejection, node down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = [pytest.mark.anvil, pytest.mark.slow]


@pytest.mark.parametrize(
    "name",
    ["lender", "wrong_network", "rejected", "lend_look", "websocket", "markets", "rpc_down", "backstop"],
)
def test_journey(journey: Callable[[str], None], name: str) -> None:
    """Each in a browser of its own, all on one chain, in this order: the markets and the backstop let time pass."""
    journey(name)
