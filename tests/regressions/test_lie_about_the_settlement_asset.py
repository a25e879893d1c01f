"""ORA-1: a second source said that a settlement token was worth twice what it was. The account held a few
cents of them, which favoured it, and those cents told the price at which the taker paid for everything else:
half. Now a payment counts at the edge that is against the taker while sources disagree, whatever the account
holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.evm import PyrevmBackend
from tests.helpers.system import DAI, NO_LIMIT, TAKER, TRADER, USDC, WAD, WETH, System

SPECS = (replace(USDC, tolerance=5_000), WETH, DAI)


@pytest.fixture
def system(evm: PyrevmBackend) -> System:
    system = System.deploy(evm, SPECS)
    system.deposit(evm.accounts[TAKER], "USDC", 1_000_000)
    return system


def payment(system: System, account: bytes) -> int:
    """What half of the account costs a taker in settlement tokens."""
    taker = system.evm.accounts[TAKER]
    takeover = (account, system.account(taker), WAD // 20, 0, 0, NO_LIMIT)
    fraction, paid = system.vault.liquidate.call(*takeover, sender=taker)
    assert fraction == WAD // 20
    return int(paid)


@pytest.mark.parametrize("cents", (0, 5, 50_000))
def test_tokens_that_are_said_to_be_dear_do_not_buy_more(system: System, cents: int) -> None:
    """ORA-1"""
    trader = system.evm.accounts[TRADER]
    account = system.deposit(trader, "WETH", 10)
    if cents:
        system.deposit(trader, "USDC", cents / 100)
    system.borrow(trader, "DAI", 15_000)
    system.evm.mine()
    system.set_price("WETH", 1_660 - cents // 1_000)
    assert 0.2 < system.health(account) < 0.9
    honest = payment(system, account)
    system.set_second_price("USDC", 2)
    assert payment(system, account) >= honest


def test_tokens_that_are_said_to_be_cheap_do_not_empty_the_backstop(system: System) -> None:
    """ORA-1: a top-up counts them at the upper edge."""
    trader, taker = system.evm.accounts[TRADER], system.evm.accounts[TAKER]
    account = system.deposit(trader, "WETH", 10)
    system.borrow(trader, "USDC", 100)
    system.borrow(trader, "DAI", 15_000)
    system.evm.mine()
    system.set_price("WETH", 1_300)
    takeover = (account, system.account(taker), WAD, 0, 0, NO_LIMIT)
    _, honest = system.vault.liquidate.call(*takeover, sender=taker)
    system.set_second_price("USDC", "0.5")
    _, lied = system.vault.liquidate.call(*takeover, sender=taker)
    assert honest < 0
    assert lied >= honest
