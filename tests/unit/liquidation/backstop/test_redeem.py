"""Backstop.requestExit, cancelExit, redeem and withdraw: a request, a cooldown, a window that expires."""

from __future__ import annotations

import pytest

from tests.helpers.shortfalls import insolvent, only_debts
from tests.helpers.system import DAY, GUARDIAN, OWNER, STAKER, STRANGER, System

DOLLAR = 10**6
COOLDOWN, WINDOW = 7 * DAY, 2 * DAY


@pytest.fixture
def staker(system: System) -> str:
    return system.evm.accounts[STAKER]


@pytest.fixture
def shares(system: System, staker: str) -> int:
    return system.backstop.balanceOf(staker)


def request(system: System, staker: str, shares: int) -> None:
    system.backstop.requestExit(shares, sender=staker)


def open_window(system: System, staker: str, shares: int) -> None:
    request(system, staker, shares)
    system.warp(COOLDOWN)


def test_a_request_sets_its_window(system: System, staker: str, shares: int) -> None:
    tx = system.backstop.requestExit(shares, sender=staker)
    now = system.evm.now
    assert tuple(system.backstop.exitOf(staker)) == (shares, now + COOLDOWN, now + COOLDOWN + WINDOW)
    assert tx.events("ExitRequested", system.backstop)[0]["opensAt"] == now + COOLDOWN


def test_a_request_is_for_shares_that_are_there(system: System, staker: str, shares: int) -> None:
    with system.evm.reverts("ExitShares_Locked", staker, shares + 1, shares):
        request(system, staker, shares + 1)
    with system.evm.reverts("ExitShares_ZeroShares"):
        request(system, staker, 0)


def test_nobody_leaves_without_request(system: System, staker: str, shares: int) -> None:
    assert system.backstop.maxRedeem(staker) == 0 == system.backstop.maxWithdraw(staker)
    with system.evm.reverts("ExitShares_NotOpen", staker, shares, 0, 0, 0):
        system.backstop.redeem(shares, staker, staker, sender=staker)


def test_nobody_leaves_in_the_cooldown(system: System, staker: str, shares: int) -> None:
    request(system, staker, shares)
    system.warp(COOLDOWN - 1)
    assert system.backstop.maxRedeem(staker) == 0
    with system.evm.reverts("ExitShares_NotOpen", staker, 1, None, None, shares):
        system.backstop.redeem(1, staker, staker, sender=staker)


def test_nobody_leaves_after_the_window(system: System, staker: str, shares: int) -> None:
    open_window(system, staker, shares)
    system.warp(WINDOW + 1)
    assert system.backstop.maxRedeem(staker) == 0
    with system.evm.reverts("ExitShares_NotOpen"):
        system.backstop.redeem(1, staker, staker, sender=staker)


@pytest.mark.parametrize("late", [0, WINDOW])
def test_shares_leave_within_the_window(system: System, staker: str, shares: int, late: int) -> None:
    open_window(system, staker, shares)
    system.warp(late)
    stranger = system.evm.accounts[STRANGER]
    before = system.token("USDC").balanceOf(stranger)
    assets = system.backstop.maxWithdraw(staker)
    assert system.backstop.redeem(shares, stranger, staker, sender=staker).value == assets
    assert system.token("USDC").balanceOf(stranger) - before == assets
    assert assets == pytest.approx(100_000 * DOLLAR, abs=1)
    assert system.backstop.balanceOf(staker) == 0


def test_a_withdrawal_by_assets(system: System, staker: str, shares: int) -> None:
    open_window(system, staker, shares // 2)
    most = system.backstop.maxWithdraw(staker)
    with system.evm.reverts("ExitShares_NotOpen"):
        system.backstop.withdraw(most + 2, staker, staker, sender=staker)
    burnt = system.backstop.withdraw(most, staker, staker, sender=staker).value
    assert burnt <= shares // 2
    assert system.backstop.balanceOf(staker) == shares - burnt


def test_a_request_is_used_up(system: System, staker: str, shares: int) -> None:
    open_window(system, staker, shares // 2)
    system.backstop.redeem(shares // 4, staker, staker, sender=staker)
    assert system.backstop.maxRedeem(staker) == shares // 2 - shares // 4
    system.backstop.redeem(shares // 2 - shares // 4, staker, staker, sender=staker)
    with system.evm.reverts("ExitShares_NotOpen"):
        system.backstop.redeem(1, staker, staker, sender=staker)


def test_a_new_request_replaces_the_old_one(system: System, staker: str, shares: int) -> None:
    open_window(system, staker, shares)
    request(system, staker, shares // 2)
    assert system.backstop.maxRedeem(staker) == 0


def test_a_cancelled_request_is_none(system: System, staker: str, shares: int) -> None:
    open_window(system, staker, shares)
    system.backstop.cancelExit(sender=staker)
    assert system.backstop.maxRedeem(staker) == 0
    system.backstop.transfer(system.evm.accounts[STRANGER], shares, sender=staker)


def test_requested_shares_do_not_move(system: System, staker: str, shares: int) -> None:
    """Else shares would pass through one open window after another."""
    stranger = system.evm.accounts[STRANGER]
    request(system, staker, shares // 2)
    system.backstop.transfer(stranger, shares - shares // 2, sender=staker)
    with system.evm.reverts("ExitShares_Locked", staker, 1, 0):
        system.backstop.transfer(stranger, 1, sender=staker)
    system.backstop.approve(stranger, 1, sender=staker)
    with system.evm.reverts("ExitShares_Locked", staker, 1, 0):
        system.backstop.transferFrom(staker, stranger, 1, sender=stranger)
    system.warp(COOLDOWN + WINDOW + 1)
    system.backstop.transfer(stranger, 1, sender=staker)


def test_shares_that_come_in_do_not_leave_by_an_old_request(system: System, staker: str, shares: int) -> None:
    open_window(system, staker, shares // 2)
    system.backstop.redeem(shares // 2, staker, staker, sender=staker)
    stranger = system.evm.accounts[STRANGER]
    system.stake(1_000, stranger)
    system.backstop.transfer(staker, system.backstop.balanceOf(stranger), sender=stranger)
    assert system.backstop.maxRedeem(staker) == 0


def test_another_redeems_with_an_allowance_only(system: System, staker: str, shares: int) -> None:
    open_window(system, staker, shares)
    stranger = system.evm.accounts[STRANGER]
    with system.evm.reverts("InsufficientAllowance"):
        system.backstop.redeem(shares, stranger, staker, sender=stranger)
    system.backstop.approve(stranger, shares, sender=staker)
    system.backstop.redeem(shares, stranger, staker, sender=stranger)
    assert system.backstop.allowance(staker, stranger) == 0


def test_a_loss_in_the_cooldown_is_borne(system: System, staker: str, shares: int) -> None:
    """Shares stay slashable until they leave."""
    request(system, staker, shares)
    system.liquidation.writeOff(only_debts(system, {"USDC": 40_000}))
    system.warp(COOLDOWN)
    assert system.backstop.redeem(shares, staker, staker, sender=staker).value == pytest.approx(
        60_000 * DOLLAR, abs=10
    )


def test_a_staker_who_sees_a_loss_coming_does_not_escape_it(system: System, staker: str, shares: int) -> None:
    """LIQ-5: an open window helps nobody, once anybody has flagged."""
    open_window(system, staker, shares)
    account = insolvent(system, weth=1_000)  # short of 50,000
    system.liquidation.flag(account)
    flagged = system.backstop.flagged()
    got = system.backstop.redeem(shares, staker, staker, sender=staker).value
    assert got <= 100_000 * DOLLAR - flagged
    assert system.backstop.available() >= flagged


def test_a_flag_that_comes_off_is_nobodys_loss(system: System, staker: str, shares: int) -> None:
    account = insolvent(system, weth=1_000)
    system.liquidation.flag(account)
    system.set_price("WETH", 2_000)
    system.liquidation.unflag(account)
    open_window(system, staker, shares)
    assert system.backstop.maxWithdraw(staker) == pytest.approx(100_000 * DOLLAR, abs=1)


def test_shares_that_are_worth_nothing_are_not_burnt(system: System, staker: str, shares: int) -> None:
    open_window(system, staker, shares)
    system.liquidation.flag(insolvent(system, weth=3_000))
    assert system.backstop.flagged() == 100_000 * DOLLAR
    with system.evm.reverts("ExitShares_ZeroAssets"):
        system.backstop.redeem(shares // 2, staker, staker, sender=staker)


def test_stakers_leave_while_the_vault_is_paused(system: System, staker: str, shares: int) -> None:
    """EXIT-1"""
    open_window(system, staker, shares)
    system.vault.setPaused(True, sender=system.evm.accounts[GUARDIAN])
    assert system.backstop.redeem(shares, staker, staker, sender=staker).value > 0


def test_a_longer_cooldown_is_for_later_requests(system: System, staker: str, shares: int) -> None:
    request(system, staker, shares)
    system.backstop.setCooldown(60 * DAY, 14 * DAY, sender=system.evm.accounts[OWNER])
    system.warp(COOLDOWN)
    assert system.backstop.maxRedeem(staker) == shares
