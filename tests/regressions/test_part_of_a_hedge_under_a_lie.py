"""ORA-1: a second source lied downwards while somebody was short and below his maintenance requirement. The
account was priced at the low edge, which favoured it: it owed more of the underlying than it held. A taker
left the debt out, took the long leg alone, and paid for it at the liar's price: half of the account's equity
was his."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.evm import PyrevmBackend
from tests.helpers.system import NO_LIMIT, TAKER, TRADER, USDC, WAD, WETH, WSTETH, System

SPECS = (USDC, replace(WETH, tolerance=20_000), WSTETH)


@pytest.fixture
def system(evm: PyrevmBackend) -> System:
    system = System.deploy(evm, SPECS)
    system.deposit(evm.accounts[TAKER], "USDC", 1_000_000)
    return system


def short_with_a_long_leg(system: System) -> bytes:
    """10 WETH against 12 wstETH owed, and 12,800 dollars; ether has risen from 2,000 to 3,500."""
    trader = system.evm.accounts[TRADER]
    account = system.deposit(trader, "WETH", 10)
    system.deposit(trader, "USDC", 12_800)
    system.borrow(trader, "wstETH", 12)
    system.evm.mine()
    system.set_price("WETH", 3_500)
    system.set_second_price("WETH", 3_500)
    assert 0 < system.health(account) < 1
    return account


@pytest.mark.parametrize("lie", (2_600, 2_700, 2_800, 3_300))
def test_the_long_leg_alone_is_not_sold_at_the_liars_price(system: System, lie: int) -> None:
    """ORA-1"""
    account, taker = short_with_a_long_leg(system), system.evm.accounts[TAKER]
    system.set_second_price("WETH", lie)
    debt = 1 << system.assets["wstETH"].id
    takeover = (account, system.account(taker), WAD, debt, 0, NO_LIMIT)
    with system.evm.reverts("LiquidationEngine_PriceInDoubt", account):
        system.vault.liquidate(*takeover, sender=taker)


def test_the_whole_can_be_taken_and_after_the_timeout_any_part(system: System) -> None:
    """ORA-1: the lie holds up such a taker for five minutes, and others not at all."""
    account, taker = short_with_a_long_leg(system), system.evm.accounts[TAKER]
    into = system.account(taker)
    system.set_second_price("WETH", 2_800)
    with system.evm.isolation():
        fraction, _ = system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value
        assert fraction > 0
    system.risk.poke(system.assets["WETH"].underlying)
    system.warp(300)
    debt = 1 << system.assets["wstETH"].id
    fraction, _ = system.vault.liquidate(account, into, WAD // 10, debt, 0, NO_LIMIT, sender=taker).value
    assert fraction == WAD // 10
