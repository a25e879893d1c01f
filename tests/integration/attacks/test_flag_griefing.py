"""Flags as a weapon: against lenders who want to leave, and against those who flag."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.evm import Backend
from tests.helpers.system import (
    LENDER,
    NO_LIMIT,
    STAKER,
    STRANGER,
    TAKER,
    TRADER,
    USDC,
    WAD,
    WETH,
    System,
)
from tests.helpers.worth import gain

DUST = Fraction(1, 1_000)


def ruined(system: System, price: float = 1_400, owner: int = TRADER) -> bytes:
    account = system.leveraged(system.evm.accounts[owner], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", price)
    return account


def test_the_solvent_cannot_be_flagged(system: System) -> None:
    """Somebody flags an account that is in trouble but not ruined, to have lenders leave at a discount."""
    account = ruined(system, 1_560)
    assert 0 < system.health(account) < 0.1
    with system.evm.reverts("LiquidationEngine_Solvent", account, None):
        system.liquidation.flag(account)


def test_flagging_again_and_again_does_not_add_up(system: System) -> None:
    """The same account flagged many times, at many prices: the last one counts, once."""
    account = ruined(system)
    system.liquidation.flag(account)
    flagged = system.backstop.flagged(), system.pool("USDC").flagged()
    for price in (1_300, 1_200, 1_350, 1_400):
        system.set_price("WETH", price)
        system.liquidation.flag(account)
    assert (system.backstop.flagged(), system.pool("USDC").flagged()) == flagged


def test_a_flag_outlives_its_reason_for_as_long_as_nobody_minds(system: System) -> None:
    """The attacker flags at the bottom of a dip and hopes that stakers leave at the price net of it.

    Anybody takes the flag off once the account is solvent, and the price is what it was.
    """
    evm, staker = system.evm, system.evm.accounts[STAKER]
    account = ruined(system)
    shares = system.backstop.balanceOf(staker)
    before = system.backstop.convertToAssets(shares)
    system.liquidation.flag(account, sender=evm.accounts[STRANGER])
    assert system.backstop.convertToAssets(shares) < before
    with evm.reverts("LiquidationEngine_StillInsolvent", account, None):
        system.liquidation.unflag(account)
    system.set_price("WETH", 1_900)
    system.liquidation.unflag(account, sender=staker)
    assert system.backstop.convertToAssets(shares) == before
    with evm.reverts("LiquidationEngine_NotFlagged", account):
        system.liquidation.unflag(account)


def test_a_ruin_made_on_purpose_costs_its_maker_more_than_it_brings(system: System) -> None:
    """The attacker is a lender and ruins an account of his own, so that others who leave now leave him their
    part.

    The flag is for the loss that he made and no more, so he can only win what he has lost before.
    """
    evm, attacker = system.evm, system.evm.accounts[STRANGER]
    system.lend("USDC", 100_000, attacker)
    system.backstop.requestExit(1, sender=evm.accounts[STAKER])
    pool, lender = system.pool("USDC"), evm.accounts[LENDER]
    with gain(system, attacker, prices={"WETH": 1_000}) as gained:
        system.set_price("WETH", 2_000)
        account = system.leveraged(attacker, "WETH", 10, "USDC", 15_500)
        paid = 10 * 1_000 - 15_500 + 15_500  # the ether at its price; `leveraged` minted it
        system.set_price("WETH", 1_000)
        system.liquidation.flag(account)
        pool.withdraw(1_000_000 * 10**6, lender, lender, sender=lender)
    assert gained.dollars - paid <= DUST


def test_flags_never_exceed_what_the_domain_owes(evm: Backend) -> None:
    """Several ruins flagged, one of them repaid by others: no more is held back than can be lost.

    Anybody may lower what is flagged beyond the domain's debt, and take the flag off who is solvent.
    """
    system = System.deploy(evm, (USDC, WETH), stake=500)
    first, second = ruined(system, 2_000), ruined(system, 100, STRANGER)
    for account in (first, second):
        system.liquidation.flag(account)
    pool = system.pool("USDC")
    assert 28_000 * 10**6 < pool.flagged() <= pool.totalDebt()
    amount = system.fund("USDC", evm.accounts[TAKER], 15_600)
    system.vault.repay(first, system["USDC"], amount, sender=evm.accounts[TAKER])
    assert pool.flagged() > pool.totalDebt()
    room = pool.totalDebt() - pool.flaggedOf(system.vault.address, second)
    pool.flagShortfall(system.vault.address, first, room, sender=evm.accounts[LENDER])
    assert pool.flagged() <= pool.totalDebt()
    with evm.reverts("LendingPool_NotLiquidationEngine", evm.accounts[LENDER]):
        pool.flagShortfall(system.vault.address, second, 0, sender=evm.accounts[LENDER])
    system.liquidation.unflag(first, sender=evm.accounts[LENDER])
    assert pool.flagged() == pool.flaggedOf(system.vault.address, second)


@pytest.mark.parametrize("lie", [3_000, 10_000])
def test_a_lying_source_does_not_take_a_flag_off(two_sources: System, lie: float) -> None:
    """A lender pays for a lie upwards, has the flag taken off while the band is wide, and leaves at the full
    price.

    LIQ-5, ORA-1: while prices are not fresh only the worst edge clears an account.
    """
    system, evm = two_sources, two_sources.evm
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    for say in (system.set_price, system.set_second_price):
        say("WETH", 1_400)
    system.liquidation.flag(account)
    system.set_second_price("WETH", lie)
    with evm.reverts("LiquidationEngine_StillInsolvent", account, None):
        system.liquidation.unflag(account, sender=evm.accounts[LENDER])
    system.set_second_price("WETH", 1_400)
    system.set_price("WETH", lie)
    with evm.reverts("LiquidationEngine_StillInsolvent", account, None):
        system.liquidation.unflag(account, sender=evm.accounts[LENDER])


@pytest.mark.parametrize("liar", ["primary", "secondary"])
def test_a_lying_source_does_not_flag_the_solvent(two_sources: System, liar: str) -> None:
    """A lender pays for a lie downwards, so that the others leave at a discount. ORA-1"""
    system, evm = two_sources, two_sources.evm
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    (system.set_price if liar == "primary" else system.set_second_price)("WETH", 100)
    with evm.reverts("LiquidationEngine_Solvent", account, None):
        system.liquidation.flag(account)


def test_the_engine_alone_flags(system: System) -> None:
    """Somebody tells pool and backstop directly."""
    evm, stranger = system.evm, system.evm.accounts[STRANGER]
    account = ruined(system, 2_000)
    with evm.reverts("LendingPool_NotLiquidationEngine", stranger):
        system.pool("USDC").flagShortfall(system.vault.address, account, 10**9, sender=stranger)
    with evm.reverts("LendingPool_NotDomain", stranger):
        system.pool("USDC").flagShortfall(stranger, account, 10**9, sender=stranger)
    with evm.reverts("Backstop_NotLiquidationEngine", stranger):
        system.backstop.flagShortfall(account, 10**9, sender=stranger)
    with evm.reverts("LiquidationEngine_NotVault", stranger):
        system.liquidation.resolved(account, sender=stranger)


def test_a_flag_does_not_stop_its_resolution(system: System) -> None:
    """Money that one ruin is expected to cost is not spent on another, and each is resolved with its own."""
    evm, taker = system.evm, system.evm.accounts[TAKER]
    first, second = ruined(system, 2_000), ruined(system, 1_400, STRANGER)
    into = system.deposit(taker, "USDC", 100_000)
    for account in (first, second):
        system.liquidation.flag(account)
    for account in (second, first):
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert system.backstop.flagged() == system.pool("USDC").flagged() == 0
    assert not system.liquidation.isFlagged(first)
    evm.mine()
