"""Giving tokens away to move a price: pools, backstop, share tokens, the vault's custody."""

from __future__ import annotations

import pytest

from scripts.common.contract import Contract
from tests.helpers.evm import Backend
from tests.helpers.system import DAY, GUARDIAN, OWNER, STRANGER, TAKER, TRADER, USDC, WAD, WETH, System
from tests.helpers.worth import gain, worth

VICTIMS_DEPOSIT = 10_000
GIFT = 1_000_000


@pytest.fixture
def fresh_pool(system: System) -> Contract:
    """A USDC pool that nobody has entered, with a fee on flash loans."""
    names = system.evm.accounts
    pool = system.evm.deploy(
        "LendingPool",
        *(system["USDC"], "Fresh", "FRESH", names[OWNER], names[GUARDIAN]),
        *(system.rate_model.address, system.backstop.address, 0),
    )
    pool.setFlashFee(WAD // 100)
    return pool


def test_tokens_sent_to_a_pool_do_not_inflate_its_share(system: System, fresh_pool: Contract) -> None:
    """One unit deposited, a fortune sent to the pool, and the next lender's deposit is to round down to
    nothing.

    ROUND-1. Cash is counted, not measured, so what is sent to the pool is nobody's.
    """
    attacker, victim = system.evm.accounts[STRANGER], system.evm.accounts[TAKER]
    pool, dollars = fresh_pool, system.token("USDC")
    gift = system.mint("USDC", attacker, GIFT)
    amount = system.mint("USDC", victim, VICTIMS_DEPOSIT)
    for who in (attacker, victim):
        dollars.approve(pool.address, 2**255, sender=who)
    pool.deposit(1, attacker, sender=attacker)
    dollars.transfer(pool.address, gift - 1, sender=attacker)
    pool.deposit(amount, victim, sender=victim)
    assert pool.convertToAssets(pool.balanceOf(victim)) >= amount - 1, "ROUND-1"
    pool.redeem(pool.balanceOf(attacker), attacker, attacker, sender=attacker)
    assert dollars.balanceOf(attacker) <= 1, "ROUND-1: what was given away is gone"


@pytest.mark.parametrize("loans", [100, 700])
def test_fees_paid_to_oneself_do_not_inflate_a_share(
    system: System, fresh_pool: Contract, loans: int
) -> None:
    """The only lender, with one unit, pays himself fees of flash loans until a share is worth a fortune
    beside it.

    ROUND-1. The virtual million of shares earns nearly all of them, and a share stays too small to round by.
    """
    evm, attacker, victim = system.evm, system.evm.accounts[STRANGER], system.evm.accounts[TAKER]
    pool, dollars = fresh_pool, system.token("USDC")
    system.mint("USDC", attacker, 1)
    system.mint("USDC", victim, 1)
    for who in (attacker, victim):
        dollars.approve(pool.address, 2**255, sender=who)
    before = dollars.balanceOf(attacker)
    pool.deposit(1, attacker, sender=attacker)
    borrower = evm.deploy("MockFlashBorrower")
    dollars.transfer(borrower.address, 10**5, sender=attacker)
    for _ in range(loans):
        pool.flashLoan(borrower.address, system["USDC"], pool.cash(), b"")
    paid = 10**5 - dollars.balanceOf(borrower.address)
    assert paid >= loans
    amount = pool.totalAssets() * 9 // 10
    pool.deposit(amount, victim, sender=victim)
    assert pool.convertToAssets(pool.balanceOf(victim)) >= amount - 1, "ROUND-1"
    pool.redeem(pool.balanceOf(attacker), attacker, attacker, sender=attacker)
    assert dollars.balanceOf(attacker) + 10**5 - paid < before, "ROUND-1"


def test_the_first_staker_does_not_inflate_the_backstops_share(session_evm: Backend, evm: Backend) -> None:
    """One unit staked, then a deposit straight into the backstop's account, which counts as its assets.

    ROUND-1. The virtual shares own half of such a gift from the first unit on, and the next staker loses at
    most a millionth of it.
    """
    system = System.deploy(evm, (USDC, WETH), stake=0)
    attacker, victim = evm.accounts[STRANGER], evm.accounts[TAKER]
    pot = system.account(system.backstop.address)
    gift = system.fund("USDC", attacker, GIFT)
    with evm.reverts("Vault_NotHeld", pot, system["USDC"]):
        system.vault.deposit(pot, system["USDC"], gift, sender=attacker)

    with gain(system, attacker) as gained:
        system.token("USDC").approve(system.backstop.address, 1, sender=attacker)
        system.backstop.deposit(1, attacker, sender=attacker)
        system.vault.deposit(pot, system["USDC"], gift - 1, sender=attacker)
        system.stake(VICTIMS_DEPOSIT, victim)
        left = worth(system, victim)
        system.backstop.requestExit(system.backstop.balanceOf(attacker), sender=attacker)
        system.warp(7 * DAY)
        shares = system.backstop.balanceOf(attacker)
        system.backstop.redeem(shares, attacker, attacker, sender=attacker)
    assert left > VICTIMS_DEPOSIT - GIFT / 10**6, "ROUND-1"
    assert gained.dollars < -GIFT // 3


def test_a_donated_share_token_is_worth_what_it_may_have_grown_by(system: System) -> None:
    """Collateral of share tokens, whose vault the attacker gives as much again as it holds: the rate doubles.

    SOLV-1 at an honest price. The rate that counts grows by a tenth a year at most, so nothing more can be
    borrowed in that block, and the gift is lost to the other holders.
    """
    evm, attacker = system.evm, system.evm.accounts[TRADER]
    shares = system.token("wstETH")
    account = system.deposit(attacker, "wstETH", 100)
    gift = system.fund("WETH", attacker, system.weth.balanceOf(shares.address) // WAD)
    system.borrow(attacker, "USDC", 150_000)
    with gain(system, attacker, prices={"WETH": 2_000}) as gained:
        system.weth.approve(shares.address, gift, sender=attacker)
        shares.donate(gift, sender=attacker)
        assert shares.convertToAssets(WAD) > 15 * WAD // 10
        with evm.reverts("Vault_BelowInitialRequirement", account, None, None):
            system.borrow(attacker, "USDC", 30_000)
    assert gained.dollars < 0
    source = evm.at("GrowthCappedRate", system.parameters.asset(system.assets["wstETH"].id)[2])
    assert source.rateWad() < WAD + 10**10, "SOLV-1"


def test_tokens_sent_to_the_vault_are_nobodys(system: System) -> None:
    """Custody is internal accounting: a gift changes no balance, no total, and cannot be taken out.

    SOLV-2
    """
    evm, attacker = system.evm, system.evm.accounts[STRANGER]
    account = system.deposit(attacker, "WETH", 1)
    total, equity = system.vault.assetInfo(system["WETH"])[2], system.assess(account)[0]
    gift = system.mint("WETH", attacker, 50)
    system.weth.transfer(system.vault.address, gift, sender=attacker)
    assert system.vault.assetInfo(system["WETH"])[2] == total
    assert system.assess(account)[0] == equity
    with evm.reverts("Vault_InsufficientBalance", system["WETH"], WAD + 1, WAD):
        system.vault.withdraw(account, system["WETH"], WAD + 1, attacker, sender=attacker)
    assert system.weth.balanceOf(system.vault.address) == total + gift, "SOLV-2"
