"""Perpetuals in the console, in headless Chromium, with a matcher: positions, orders, liquidity, and without it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.web.perps import PerpStack

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

STACK = PerpStack


@pytest.mark.parametrize(
    "name", ["perp_absent", "perp_trader", "perp_maker", "perp_stop", "perp_liquidity", "perp_look"]
)
def test_journey(journey: Callable[[str], None], name: str) -> None:
    """Each in a browser of its own, all on one chain, in this order: the first one starts the matcher."""
    journey(name)
