"""A lender: in, a year of interest, a loan that is all out, a flash loan's fee, out again."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.system import LENDER, STRANGER, TRADER, WAD, YEAR, System


def test_a_year_of_lending(system: System) -> None:
    """SOLV-3: what lenders have grows by what borrowers owe more, less the reserve's tenth, to the unit or
    two.
    """
    evm, pool, dollars = system.evm, system.pool("USDC"), system.token("USDC")
    lender, borrower = evm.accounts[STRANGER], evm.accounts[TRADER]
    shares = system.lend("USDC", 1_000_000, lender)
    assert pool.convertToAssets(shares) == 10**12
    system.leveraged(borrower, "WETH", 2_000, "USDC", 3_000_000)
    assets, debt, reserve = pool.totalAssets(), pool.totalDebt(), pool.reserve()
    price = Fraction(int(pool.convertToAssets(WAD)), WAD)
    for _ in range(12):
        system.warp(YEAR // 12)
        pool.accrue()
    interest = pool.totalDebt() - debt
    assert interest > 50_000 * 10**6
    earned = pool.reserve() - reserve
    assert abs(earned - interest // 10) <= 12
    assert abs(pool.totalAssets() - assets - interest + earned) <= 1, "SOLV-3"
    assert Fraction(int(pool.convertToAssets(WAD)), WAD) > price

    # The reserve goes to the backstop, and is the stakers'.
    staked = system.backstop.totalAssets()
    system.backstop.collect(pool.address, sender=lender)
    assert system.backstop.totalAssets() - staked == earned + reserve

    got = pool.redeem(shares, lender, lender, sender=lender).value
    assert dollars.balanceOf(lender) == got
    assert got / 10**12 == pytest.approx(1 + 0.9 * interest / (6_000_000 * 10**6), rel=1e-6)


def test_when_all_is_lent_out_a_lender_waits_and_earns_for_it(system: System) -> None:
    """The pool has no cash: the rate is at its highest, and the first repayment lets him out."""
    evm, pool = system.evm, system.pool("USDC")
    lender, borrower = evm.accounts[LENDER], evm.accounts[TRADER]
    system.deposit(borrower, "WETH", 4_000)
    system.vault.borrow(system.account(borrower), system["USDC"], pool.cash(), borrower, sender=borrower)
    assert pool.maxWithdraw(lender) == 0
    with evm.reverts("LendingPool_InsufficientCash", 1, 0):
        pool.withdraw(1, lender, lender, sender=lender)
    assert pool.utilisationWad() == WAD
    assert pool.ratePerSecond() * YEAR > 59 * WAD // 100
    system.warp(YEAR // 365)
    before = pool.convertToAssets(pool.balanceOf(lender))
    assert before > 5_000_000 * 10**6 * (1 + 0.9 * 0.59 / 366)
    system.token("USDC").approve(system.vault.address, 2**255, sender=borrower)
    system.vault.repay(system.account(borrower), system["USDC"], 10**12, sender=borrower)
    assert pool.maxWithdraw(lender) == 10**12
    pool.withdraw(10**12, lender, lender, sender=lender)


def test_shares_are_money_elsewhere(system: System) -> None:
    """ERC-4626 and ERC-20: minted for somebody, transferred, redeemed by allowance, a flash loan's fee
    shared.
    """
    evm, pool, dollars = system.evm, system.pool("USDC"), system.token("USDC")
    lender, friend = evm.accounts[STRANGER], evm.accounts[LENDER]
    system.mint("USDC", lender, 10_000)
    dollars.approve(pool.address, 2**255, sender=lender)
    assets = pool.mint(10**15, lender, sender=lender).value
    assert pool.balanceOf(lender) == 10**15
    pool.setFlashFee(WAD // 1_000)
    receiver = evm.deploy("MockFlashBorrower")
    system.mint("USDC", receiver.address, 10_000)
    pool.flashLoan(receiver.address, dollars.address, 10**12, b"")
    assert dollars.balanceOf(receiver.address) == 9_000 * 10**6
    assert pool.convertToAssets(10**15) > assets
    pool.transfer(friend, 4 * 10**14, sender=lender)
    pool.approve(friend, 6 * 10**14, sender=lender)
    pool.redeem(6 * 10**14, friend, lender, sender=friend)
    assert pool.balanceOf(lender) == 0
