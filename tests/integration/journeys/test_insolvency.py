"""Who pays when mending came too late: stakers first, lenders after them, within the line, and who is left
goes on.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.shortfalls import only_debts
from tests.helpers.system import (
    DAY,
    LENDER,
    NO_LIMIT,
    STAKER,
    STRANGER,
    TAKER,
    TRADER,
    WAD,
    System,
)

DOLLAR = 10**6


def resolve(system: System, account: bytes) -> Fraction:
    """A taker takes everything over; what he is worth more afterwards, in dollars."""
    taker = system.evm.accounts[TAKER]
    into = system.account(taker)
    if not system.vault.holdings(into)[0]:
        system.deposit(taker, "USDC", 300_000)
    before = system.assess(into)[0]
    system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    return Fraction(system.assess(into)[0] - before, WAD)


def test_a_small_loss_is_the_stakers(system: System) -> None:
    """A gap of a quarter: the account is 1,500 dollars short.

    SOLV-3: lenders lose nothing, the taker has the smallest premium, stakers pay both.
    """
    evm = system.evm
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", 1_400)
    staked, lent = system.backstop.totalAssets(), system.pool("USDC").totalAssets()
    equity, _, requirement, *_ = system.assess(account)
    earned = resolve(system, account)
    paid = Fraction(staked - system.backstop.totalAssets(), DOLLAR)
    assert float(earned) == pytest.approx(requirement / WAD / 10, rel=1e-5)
    assert float(paid) == pytest.approx((requirement // 10 - equity) / WAD, rel=1e-5)
    assert system.pool("USDC").totalAssets() >= lent, "SOLV-3"
    assert system.pool("USDC").domainOf(system.vault.address).writtenOff == 0


def test_a_large_loss_empties_the_backstop_and_the_rest_is_written_off(system: System) -> None:
    """A crash to a tenth: 135,000 dollars short, of which the backstop has 100,000, the taker's premium
    included.

    From the flag on both sorts of shares are worth what they will be worth, so who leaves in between pays his
    part; afterwards the line is lower for good, and the domain lends on. LIQ-5, SOLV-3, SOLV-4
    """
    evm, pool, vault = system.evm, system.pool("USDC"), system.vault
    lender, staker = evm.accounts[LENDER], evm.accounts[STAKER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 100, "USDC", 155_000)
    line = pool.domainOf(vault.address).line
    shares, staked = pool.balanceOf(lender), system.backstop.balanceOf(staker)
    before = pool.convertToAssets(shares)

    system.set_price("WETH", 200)
    system.liquidation.flag(account, sender=evm.accounts[STRANGER])
    assert system.backstop.convertToAssets(staked) == 0
    flagged = pool.convertToAssets(shares)
    assert float(before - flagged) == pytest.approx(35_000 * DOLLAR, rel=0.02)

    resolve(system, account)
    domain = pool.domainOf(vault.address)
    assert not vault.holdings(account)[0]
    assert system.backstop.totalAssets() <= 1
    assert float(domain.writtenOff) == pytest.approx(35_000 * DOLLAR, rel=0.02)
    assert pool.convertToAssets(shares) == pytest.approx(flagged, rel=1e-6), "LIQ-5"
    assert pool.flagged() == system.backstop.flagged() == 0

    # The domain lends on, up to what is left of its line.
    system.set_price("WETH", 2_000)
    pool.setLine(vault.address, domain.writtenOff + 20_000 * DOLLAR)
    borrower = evm.accounts[STRANGER]
    system.deposit(borrower, "WETH", 100)
    owed = pool.totalDebt()
    room = 20_000 * DOLLAR - owed
    with evm.reverts("LendingPool_LineExceeded"):
        vault.borrow(system.account(borrower), system["USDC"], room + 10, borrower, sender=borrower)
    vault.borrow(system.account(borrower), system["USDC"], room - 10, borrower, sender=borrower)
    assert pool.domainOf(vault.address).line == domain.writtenOff + 20_000 * DOLLAR < line
    # And a new staker starts with a fund of his own, not with the old stakers' part of it.
    newcomer = system.stake(1_000, evm.accounts[9])
    assert system.backstop.convertToAssets(newcomer) > 990 * DOLLAR


def test_a_debt_with_nothing_against_it_needs_no_taker(system: System) -> None:
    """An account that holds nothing but debt: a stranger without a cent has it written off.

    LIQ-5: the backstop pays what it can, lenders bear the rest, and there is no account left to flag.
    """
    evm, pool = system.evm, system.pool("USDC")
    account = only_debts(system, {"USDC": 140_000})
    lent, staked = pool.totalAssets(), system.backstop.totalAssets()
    system.liquidation.writeOff(account, sender=evm.accounts[STRANGER])
    assert not system.vault.holdings(account)[0], "LIQ-5"
    assert system.backstop.totalAssets() <= 1
    assert abs(lent - pool.totalAssets() - (140_000 * DOLLAR - staked)) < DOLLAR
    with evm.reverts("LiquidationEngine_Solvent"):
        system.liquidation.writeOff(account)


def test_worthless_collateral_is_the_stakers_to_sell(system: System) -> None:
    """Ether falls to next to nothing: a taker leaves it where it is and is paid for taking the debt.

    LIQ-5
    """
    evm, vault, taker = system.evm, system.vault, system.evm.accounts[TAKER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "DAI", 14_000)
    system.set_price("WETH", 0.0001)
    system.liquidation.flag(account)
    ether = 1 << system.assets["WETH"].id
    into = system.deposit(taker, "USDC", 100_000)
    tx = vault.liquidate(account, into, WAD, ether, 0, NO_LIMIT, sender=taker)
    assert tx.value[0] == WAD
    assert not vault.holdings(account)[0]
    assert system.balance(system.account(system.backstop.address), "WETH") == 10 * WAD
    assert system.pool("DAI").flagged() == 0


def test_stakers_sell_what_they_were_left_with(system: System) -> None:
    """Salvage and reserves are sold to anybody at the oracle's price less a discount, and the proceeds are
    theirs.
    """
    evm, buyer = system.evm, system.evm.accounts[STRANGER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", 1_400)
    taker = evm.accounts[TAKER]
    into = system.deposit(taker, "USDC", 300_000)
    ether = 1 << system.assets["WETH"].id
    system.vault.liquidate(account, into, WAD, ether, 0, NO_LIMIT, sender=taker)
    before = system.backstop.totalAssets()
    system.mint("USDC", buyer, 20_000)
    system.token("USDC").approve(system.backstop.address, 2**255, sender=buyer)
    with evm.reverts("Backstop_PaymentAboveLimit"):
        system.backstop.sell(system["WETH"], 10 * WAD, 13_000 * DOLLAR, sender=buyer)
    paid = system.backstop.sell(system["WETH"], 10 * WAD, 14_000 * DOLLAR, sender=buyer).value
    assert paid == pytest.approx(14_000 * 0.98 * DOLLAR, rel=1e-6)
    assert system.backstop.totalAssets() == before + paid
    assert system.weth.balanceOf(buyer) == 10 * WAD
    evm.warp(2 * DAY)
    with evm.reverts("Backstop_PriceNotFresh"):
        system.backstop.sell(system["WETH"], 1, 2**255, sender=buyer)


def test_an_old_loss_is_none_of_a_new_lenders(system: System) -> None:
    """He enters after a write-off and leaves with what he brought, and interest."""
    evm, pool, lender = system.evm, system.pool("USDC"), system.evm.accounts[STRANGER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 100, "USDC", 155_000)
    system.set_price("WETH", 100)
    resolve(system, account)
    system.set_price("WETH", 2_000)
    shares = system.lend("USDC", 10_000, lender)
    system.warp(DAY)
    assert pool.redeem(shares, lender, lender, sender=lender).value >= 10_000 * DOLLAR - 1
