"""Lenders and stakers who see a loss coming and leave it to the others."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.evm import Backend
from tests.helpers.system import (
    DAI,
    DAY,
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

COOLDOWN, WINDOW = 7 * DAY, 2 * DAY


@pytest.fixture
def poor(evm: Backend) -> System:
    """A pool of 35,000 dollars and a backstop of a thousand, a part of each belonging to somebody else."""
    system = System.deploy(evm, (USDC, WETH, DAI), stake=500)
    lender = evm.accounts[LENDER]
    dollars = system.pool("USDC")
    dollars.withdraw(dollars.cash() - 20_000 * 10**6, lender, lender, sender=lender)
    system.lend("USDC", 15_000, evm.accounts[STRANGER])
    system.stake(500, evm.accounts[STRANGER])
    return system


def ruin(system: System, price: float = 1_400) -> bytes:
    """15,500 dollars owed against ten ether at 1,400: 1,500 short, 500 more than the backstop has."""
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", price)
    return account


def resolve(system: System, account: bytes) -> None:
    taker = system.evm.accounts[TAKER]
    into = system.deposit(taker, "USDC", 100_000)
    system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)


def test_a_lender_who_leaves_after_the_flag_takes_his_part_of_the_loss(poor: System) -> None:
    """The loss is known, nobody has taken the account over yet, and there is cash: he withdraws.

    LIQ-5: flagged in the block of the price, by anybody. He leaves at a price net of the loss, the one who
    stays is left with no less a share.
    """
    system, evm = poor, poor.evm
    pool, quick, patient = system.pool("USDC"), evm.accounts[STRANGER], evm.accounts[LENDER]
    account = ruin(system)
    system.liquidation.flag(account, sender=evm.accounts[TAKER])
    assert pool.flagged() >= 499 * 10**6, "LIQ-5"
    dollars = system.token("USDC")
    before = dollars.balanceOf(quick)
    pool.redeem(pool.balanceOf(quick), quick, quick, sender=quick)
    got = dollars.balanceOf(quick) - before
    resolve(system, account)
    assert not system.liquidation.isFlagged(account)
    left = pool.convertToAssets(pool.balanceOf(patient))
    assert abs(Fraction(left, got) - Fraction(4, 3)) < Fraction(1, 10**6), "LIQ-5: both bear the same"
    assert got < 14_790 * 10**6


def test_without_the_flag_he_would_have_left_it_to_the_other(poor: System) -> None:
    """What the flag prevents, so that the test before proves something: leaving in the same moment,
    unflagged.
    """
    system, evm = poor, poor.evm
    pool, quick, patient = system.pool("USDC"), evm.accounts[STRANGER], evm.accounts[LENDER]
    account = ruin(system)
    dollars = system.token("USDC")
    before = dollars.balanceOf(quick)
    pool.redeem(pool.balanceOf(quick), quick, quick, sender=quick)
    got = dollars.balanceOf(quick) - before
    resolve(system, account)
    assert got >= 15_000 * 10**6
    assert pool.convertToAssets(pool.balanceOf(patient)) < 19_501 * 10**6


def test_a_lender_who_enters_while_a_loss_is_flagged_buys_no_bargain(poor: System) -> None:
    """He buys shares at the net price and sells them when the flag is gone.

    LIQ-5: entries are at the gross price. If the loss comes he shares it, if it does not he has gained
    nothing.
    """
    system, evm = poor, poor.evm
    pool, newcomer = system.pool("USDC"), evm.accounts[8]
    account = ruin(system)
    system.liquidation.flag(account)
    system.lend("USDC", 10_000, newcomer)
    system.set_price("WETH", 2_000)
    system.liquidation.unflag(account)
    assert pool.convertToAssets(pool.balanceOf(newcomer)) <= 10_000 * 10**6


def test_a_staker_is_slashed_while_he_cools_down(poor: System) -> None:
    """He asks to leave while all is well; the loss comes before his window opens.

    LIQ-5: requested shares stay at risk to the last second.
    """
    system, evm = poor, poor.evm
    backstop, staker = system.backstop, evm.accounts[STAKER]
    shares = backstop.balanceOf(staker)
    backstop.requestExit(shares, sender=staker)
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.warp(backstop.exitOf(staker).opensAt - evm.now - 1)
    with evm.reverts("ExitShares_NotOpen"):
        backstop.redeem(shares, staker, staker, sender=staker)
    system.set_price("WETH", 1_400)
    resolve(system, account)
    system.warp(1)
    assert backstop.convertToAssets(shares) == 0
    with evm.reverts("ExitShares_ZeroAssets"):
        backstop.redeem(shares, staker, staker, sender=staker)


def test_a_staker_in_his_window_leaves_net_of_what_is_flagged(poor: System) -> None:
    """His window is open when the price falls; he is faster than any taker, but not than a flag.

    LIQ-5
    """
    system, evm = poor, poor.evm
    backstop, staker = system.backstop, evm.accounts[STAKER]
    shares = backstop.balanceOf(staker)
    backstop.requestExit(shares, sender=staker)
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.warp(COOLDOWN)
    system.set_price("WETH", 1_495)
    system.liquidation.flag(account)
    flagged = backstop.flagged()
    assert 500 * 10**6 < flagged < 1_000 * 10**6
    before = system.token("USDC").balanceOf(staker)
    backstop.redeem(shares, staker, staker, sender=staker)
    got = system.token("USDC").balanceOf(staker) - before
    assert abs(got - (1_000 * 10**6 - flagged) // 2) < 10**3, "LIQ-5"


def test_a_window_expires_and_a_request_is_used_once(poor: System) -> None:
    """He keeps a request open for ever, to be able to leave at any time; or leaves by one request with other
    shares.

    LIQ-5: after the window he waits anew, and what he asked for is locked until then.
    """
    system, evm = poor, poor.evm
    backstop, staker, friend = system.backstop, evm.accounts[STAKER], evm.accounts[TAKER]
    shares = backstop.balanceOf(staker)
    backstop.requestExit(shares, sender=staker)
    with evm.reverts("ExitShares_Locked", staker, 1, 0):
        backstop.transfer(friend, 1, sender=staker)
    system.warp(COOLDOWN)
    backstop.redeem(shares // 2, staker, staker, sender=staker)
    system.stake(500, staker)
    with evm.reverts("ExitShares_NotOpen"):
        backstop.redeem(shares, staker, staker, sender=staker)
    system.warp(WINDOW + 1)
    with evm.reverts("ExitShares_NotOpen"):
        backstop.redeem(1, staker, staker, sender=staker)
    backstop.requestExit(1, sender=staker)
    with evm.reverts("ExitShares_NotOpen"):
        backstop.redeem(1, staker, staker, sender=staker)


def test_nobody_leaves_one_pool_at_the_expense_of_another(poor: System) -> None:
    """The account owes two pools: each is flagged with its part, by the value owed, and bears its part.

    LIQ-5, SOLV-3
    """
    system, evm = poor, poor.evm
    trader = evm.accounts[TRADER]
    account = system.deposit(trader, "WETH", 10)
    system.borrow(trader, "USDC", 10_000)
    system.borrow(trader, "DAI", 5_000)
    evm.mine()
    system.set_price("WETH", 1_200)
    system.liquidation.flag(account)
    parts = {
        s: Fraction(system.pool(s).flagged(), 10 ** system.assets[s].spec.decimals) for s in ("USDC", "DAI")
    }
    assert parts["USDC"] / parts["DAI"] == pytest.approx(2, rel=1e-4), "LIQ-5"
    before = {s: system.pool(s).totalAssets() for s in parts}
    resolve(system, account)
    for symbol, part in parts.items():
        lost = Fraction(before[symbol] - system.pool(symbol).totalAssets(), system.units(symbol, 1))
        assert lost == pytest.approx(float(part), rel=1e-5), "SOLV-3"
        assert system.pool(symbol).flagged() == 0
