"""A lying source took a flag off, or most of it, and lenders left at the full price.

While prices are not fresh only the worst edge was to clear an account. But the edge was taken from the
judgement for liquidation, where it lies a half-width below the favourable one: a second source that lied
upwards lifted it with the rest. Flagging once more did the same by halves, for the shortfall counts at that
judgement's price. Now the edge is that of the judgement for new risk, and while prices are not fresh a flag
only rises.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.evm import Backend
from tests.helpers.system import LENDER, TRADER, USDC, WETH, System

TRUTH = 1_300


@pytest.fixture
def system(evm: Backend) -> System:
    return System.deploy(evm, (USDC, replace(WETH, tolerance=20_000)), stake=500)


@pytest.fixture
def flagged(system: System) -> bytes:
    """2,500 dollars short, most of it the lenders'."""
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    say(system, TRUTH, TRUTH)
    system.liquidation.flag(account)
    return account


def say(system: System, primary: float, secondary: float) -> None:
    system.set_price("WETH", primary)
    system.set_second_price("WETH", secondary)


@pytest.mark.parametrize("lie", [1_600, 3_000, 10**6])
@pytest.mark.parametrize("liar", ["primary", "secondary"])
def test_a_lie_takes_no_flag_off(system: System, flagged: bytes, liar: str, lie: int) -> None:
    """LIQ-5, ORA-1"""
    say(system, *((lie, TRUTH) if liar == "primary" else (TRUTH, lie)))
    with system.evm.reverts("LiquidationEngine_StillInsolvent", flagged, None):
        system.liquidation.unflag(flagged, sender=system.evm.accounts[LENDER])


@pytest.mark.parametrize("liar", ["primary", "secondary"])
def test_a_lie_lowers_no_flag(system: System, flagged: bytes, liar: str) -> None:
    """LIQ-5, ORA-1: still insolvent at the favourable edge, but by much less."""
    before = system.pool("USDC").flagged(), system.backstop.flagged()
    say(system, *((1_535, TRUTH) if liar == "primary" else (TRUTH, 1_535)))
    system.liquidation.flag(flagged, sender=system.evm.accounts[LENDER])
    assert (system.pool("USDC").flagged(), system.backstop.flagged()) == before


def test_a_flag_follows_a_fresh_price_both_ways(system: System, flagged: bytes) -> None:
    """What is known again is believed again."""
    most = system.pool("USDC").flagged()
    say(system, 1_400, 1_400)
    system.liquidation.flag(flagged)
    less = system.pool("USDC").flagged()
    say(system, 1_200, 1_200)
    system.liquidation.flag(flagged)
    assert less < most < system.pool("USDC").flagged()


def test_a_flag_may_rise_while_prices_are_in_doubt(system: System, flagged: bytes) -> None:
    """LIQ-5: the account falls further, and one source is slow to follow."""
    before = system.pool("USDC").flagged()
    say(system, 1_000, 1_100)
    system.liquidation.flag(flagged)
    assert system.pool("USDC").flagged() > before
