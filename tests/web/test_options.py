"""Options and portfolio margin in the console, in headless Chromium: chain, offers, margin mode, scenarios."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.web.options import OptionStack

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

STACK = OptionStack


@pytest.mark.parametrize(
    "name", ["option_trade", "margin_mode", "option_look", "mode_refused", "option_settle"]
)
def test_journey(journey: Callable[[str], None], name: str) -> None:
    """Each in a browser of its own, all on one chain, in this order: the last two move prices and time."""
    journey(name)
