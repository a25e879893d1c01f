"""Backstop.deposit and mint: shares at the gross price; nobody steals from the next staker."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.shortfalls import insolvent
from tests.helpers.system import GUARDIAN, OWNER, STAKER, STRANGER, TAKER, System

DOLLAR = 10**6


@pytest.fixture(scope="module")
def unstaked(session_evm):
    return System.deploy(session_evm, stake=0)


@pytest.fixture
def fresh(unstaked: System, evm) -> System:
    return unstaked


def test_a_deposit_goes_to_the_vault_account(system: System) -> None:
    backstop, stranger = system.backstop, system.evm.accounts[STRANGER]
    expected = backstop.previewDeposit(500 * DOLLAR)
    assert system.stake(500, stranger) == expected == backstop.balanceOf(stranger)
    assert backstop.totalAssets() == 100_500 * DOLLAR
    assert system.balance(system.account(backstop.address), "USDC") == 100_500 * DOLLAR
    assert system.token("USDC").balanceOf(backstop.address) == 0


def test_a_mint_takes_what_it_said(system: System) -> None:
    backstop, stranger = system.backstop, system.evm.accounts[STRANGER]
    shares = 123 * 10**12 + 1
    assets = backstop.previewMint(shares)
    system.mint("USDC", stranger, 1_000)
    system.token("USDC").approve(backstop.address, 1_000 * DOLLAR, sender=stranger)
    assert backstop.mint(shares, stranger, sender=stranger).value == assets
    assert backstop.balanceOf(stranger) == shares
    assert system.token("USDC").balanceOf(stranger) == 1_000 * DOLLAR - assets


def test_nothing_mints_nothing(system: System) -> None:
    with system.evm.reverts("ExitShares_ZeroShares"):
        system.backstop.deposit(0, system.evm.accounts[STAKER], sender=system.evm.accounts[STAKER])


def test_a_donation_of_tokens_changes_nothing(system: System) -> None:
    price = system.backstop.convertToAssets(10**18)
    system.mint("USDC", system.backstop.address, 1_000_000)
    assert system.backstop.convertToAssets(10**18) == price


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    st.integers(1, 10**6),
    st.integers(0, 12).map(lambda n: 10**n),
    st.integers(0, 10).map(lambda n: 10**n),
)
def test_a_first_staker_cannot_take_from_the_next(
    unstaked: System, first: int, donated: int, second: int
) -> None:
    """ROUND-1: a first share, a gift that inflates it, a victim; the attacker loses what he takes."""
    system, evm = unstaked, unstaked.evm
    with evm.isolation():
        attacker, victim = evm.accounts[TAKER], evm.accounts[STRANGER]
        usdc = system.token("USDC")
        for who, amount in ((attacker, first + donated), (victim, second)):
            usdc.mint(who, amount)
            usdc.approve(system.backstop.address, amount, sender=who)
        system.backstop.deposit(first, attacker, sender=attacker)
        usdc.approve(system.vault.address, donated, sender=attacker)
        system.vault.deposit(system.account(system.backstop.address), usdc.address, donated, sender=attacker)
        try:
            system.backstop.deposit(second, victim, sender=victim)
        except Exception as error:
            assert "ExitShares_ZeroShares" in str(error)
            return
        mine = system.backstop.previewRedeem(system.backstop.balanceOf(attacker))
        assert mine <= first + donated
        theirs = system.backstop.previewRedeem(system.backstop.balanceOf(victim))
        assert second - theirs <= 1 + (first + donated) // 10**6


def test_an_entry_while_flagged_pays_the_full_price(system: System) -> None:
    """Who buys in after a flag does not profit when it comes off."""
    account = insolvent(system)
    before = system.backstop.previewDeposit(DOLLAR)
    system.liquidation.flag(account)
    assert system.backstop.previewDeposit(DOLLAR) == before
    assert system.backstop.previewMint(before) <= DOLLAR


def test_limits_of_an_entry(system: System, fresh: System) -> None:
    who = system.evm.accounts[STRANGER]
    info = system.vault.assetInfo(system["USDC"])
    assert system.backstop.maxDeposit(who) == info[3] - info[2]
    assert system.backstop.maxMint(who) == system.backstop.previewDeposit(info[3] - info[2])
    system.vault.setPaused(True, sender=system.evm.accounts[GUARDIAN])
    fresh.vault.setPaused(True, sender=fresh.evm.accounts[GUARDIAN])
    assert system.backstop.maxDeposit(who) == info[3] - info[2]
    assert fresh.backstop.maxDeposit(who) == 0 == fresh.backstop.maxMint(who)
    system.vault.setCaps(system["USDC"], 1, 1, sender=system.evm.accounts[OWNER])
    assert system.backstop.maxDeposit(who) == 0 == system.backstop.maxMint(who)


def test_what_the_limit_allows_goes_through(system: System) -> None:
    who = system.evm.accounts[STRANGER]
    system.vault.setCaps(system["USDC"], 150_000 * DOLLAR, 1, sender=system.evm.accounts[OWNER])
    most = system.backstop.maxDeposit(who)
    system.mint("USDC", who, 100_000)
    system.token("USDC").approve(system.backstop.address, 2**255, sender=who)
    with system.evm.reverts("Vault_SupplyCapExceeded"):
        system.backstop.deposit(most + 1, who, sender=who)
    system.backstop.deposit(most, who, sender=who)
    assert system.backstop.maxDeposit(who) == 0


def test_a_wiped_out_fund_starts_again(system: System) -> None:
    """All slashed: whoever comes next owns all but a billionth."""
    from tests.helpers.shortfalls import only_debts

    system.liquidation.writeOff(only_debts(system, {"USDC": 100_000}))
    assert system.backstop.totalAssets() == 0
    stranger = system.evm.accounts[STRANGER]
    system.stake(1_000, stranger)
    assert system.backstop.previewRedeem(system.backstop.balanceOf(stranger)) >= 999 * DOLLAR
    assert system.backstop.previewRedeem(system.backstop.balanceOf(system.evm.accounts[STAKER])) <= DOLLAR
