"""A primary that lies upwards could force the takeover of a healthy short, against an honest second source.

While sources disagree liquidation counts at the favourable edge, for a short the lower one, moved inwards by
the primary's half-width. That is a share of the primary's price: an answer five thousand times too high moved
the lower edge by twenty-five times the honest price, and the requirement was counted there. Now it moves by
no more than the half-width of the price that has this lower edge, and so does the price that a taker pays.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.helpers.evm import Backend
from tests.helpers.system import NO_LIMIT, TAKER, TRADER, USDC, WAD, WETH, System

HONEST = 2_000
INTEREST = Fraction(1, 10**6)  # of the block or two in between


@pytest.fixture
def system(evm: Backend) -> System:
    return System.deploy(evm, (USDC, replace(WETH, tolerance=20_000)))


@pytest.mark.parametrize("lie", [2_100, 4_000, 20_000, 10**7])
def test_a_healthy_short_stays_where_it_is(system: System, lie: int) -> None:
    """LIQ-3, ORA-1"""
    account = system.leveraged(system.evm.accounts[TRADER], "USDC", 25_000, "WETH", 10)
    taker = system.evm.accounts[TAKER]
    into = system.deposit(taker, "USDC", 100_000)
    system.set_price("WETH", lie)
    with system.evm.reverts("LiquidationEngine_Healthy", account, None, None):
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)


@pytest.mark.parametrize("lie", [2_500, 4_000, 20_000, 10**7])
def test_the_exchange_price_is_a_half_width_from_the_honest_one(system: System, lie: int) -> None:
    """ORA-1: a short is weighed at the honest price and a half-width, not at one that follows the lie."""
    account = system.leveraged(system.evm.accounts[TRADER], "USDC", 25_000, "WETH", 10)
    system.set_price("WETH", lie)
    equity, uncertainty, requirement, debt, *_ = system.assess(account)
    highest = Fraction(HONEST) / (1 - Fraction(WETH.half_width, 10**6))
    assert 10 * HONEST * WAD < debt < 10 * highest * WAD * (1 + INTEREST)
    assert equity + uncertainty >= (25_000 - 10 * HONEST * (1 + INTEREST)) * WAD
    assert requirement < 25_000 * WAD // 50 + Fraction(122, 1_000) * debt
