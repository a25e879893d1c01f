"""Tokens with the habits that break protocols, through deposit, borrow, repay and takeover.

Each goes the same way: lenders supply it, a trader borrows it, repays, is taken over and leaves. What stands
at the end is SOLV-2, and that a takeover needs no transfer of the token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scripts.common.contract import Contract
from tests.helpers.system import (
    LENDER,
    NO_LIMIT,
    OWNER,
    STRANGER,
    TAKER,
    TRADER,
    WAD,
    AssetSpec,
    System,
)

PRICE = 10


def hostile(system: System) -> Contract:
    return system.evm.deploy("HostileToken", "Hostile", "BAD", 18)


KINDS: dict[str, Callable[[System], tuple[Contract, int]]] = {
    "plain": lambda system: (hostile(system), 18),
    "returns nothing": lambda system: (system.evm.deploy("NonReturningToken", "Bad", "BAD", 18), 18),
    "no decimals": lambda system: (system.evm.deploy("MockERC20", "Bad", "BAD", 0), 0),
    "27 decimals": lambda system: (system.evm.deploy("MockERC20", "Bad", "BAD", 27), 27),
    "calls back": lambda system: (system.evm.deploy("ReentrantToken", "Bad", "BAD", 18), 18),
    "blocks holders": lambda system: (system.evm.deploy("BlockingToken", "Bad", "BAD", 18), 18),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def bad(system: System, request: pytest.FixtureRequest) -> AssetSpec:
    """The token as a borrowable asset at ten dollars."""
    token, decimals = request.param(system)
    return system.add(AssetSpec("BAD", decimals, PRICE, liquidity=100_000), token).spec


def accounts(system: System) -> list[bytes]:
    """All that were ever used."""
    owners = [*system.evm.accounts[:10], system.backstop.address]
    return [system.account(owner) for owner in owners]


def check(system: System) -> None:
    """SOLV-2, and for the pool SOLV-3: cash is there."""
    system.check_custody(accounts(system))
    for asset in system.assets.values():
        assert asset.token.balanceOf(asset.pool.address) >= asset.pool.cash(), "SOLV-3"


def test_owed_repaid_and_taken_over(system: System, bad: AssetSpec) -> None:
    """A short of it: borrowed, partly repaid by a stranger, taken over at a higher price, closed by its
    owner.
    """
    evm, vault = system.evm, system.vault
    trader, taker, stranger = (evm.accounts[n] for n in (TRADER, TAKER, STRANGER))
    account = system.leveraged(trader, "USDC", 25_000, "BAD", 2_000)
    check(system)
    one = system.fund("BAD", stranger, 1)
    vault.repay(account, system["BAD"], one, sender=stranger)
    assert abs(system.balance(account, "BAD") + 1_999 * one) <= max(2, one // 10**6)
    system.set_price("BAD", 11.2)
    into = system.deposit(taker, "USDC", 100_000)
    tx = vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert tx.value[0] > 0
    assert not tx.events("Transfer", system.token("BAD"))
    check(system)
    for who, where in ((trader, account), (taker, into)):
        system.fund("BAD", who, 2_100)
        vault.repay(where, system["BAD"], 2**120, sender=who)
        vault.withdraw(where, system["USDC"], 2**256 - 1, who, sender=who)
    check(system)
    lender = evm.accounts[LENDER]
    pool = system.pool("BAD")
    assert pool.redeem(pool.balanceOf(lender), lender, lender, sender=lender).value >= 100_000 * one


def test_held_and_taken_over(system: System, bad: AssetSpec) -> None:
    """A long of it: deposited, taken over at a lower price, ruined, written off."""
    evm, vault = system.evm, system.vault
    trader, taker = evm.accounts[TRADER], evm.accounts[TAKER]
    account = system.leveraged(trader, "BAD", 2_000, "USDC", 15_500)
    into = system.deposit(taker, "USDC", 100_000)
    system.set_price("BAD", 8.7)
    vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    check(system)
    system.set_price("BAD", 4)
    system.liquidation.flag(account)
    vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert not vault.holdings(account)[0]
    vault.withdraw(into, system["BAD"], 2**256 - 1, taker, sender=taker)
    check(system)


@pytest.mark.parametrize("fee", [1, 100_000, 999_999])
def test_a_fee_on_transfer_is_the_payers(system: System, fee: int) -> None:
    """The token keeps a part of each transfer: what is credited is what arrived, and nobody else pays.

    SOLV-2
    """
    token = hostile(system)
    system.add(AssetSpec("BAD", 18, PRICE, borrowable=False), token)
    evm, vault, trader = system.evm, system.vault, system.evm.accounts[TRADER]
    token.setFee(fee * WAD // 10**6)
    arrived = 1_000 * WAD - 1_000 * WAD * fee // 10**6
    account = system.account(trader)
    system.fund("BAD", trader, 2_000)
    vault.deposit(account, token.address, 1_000 * WAD, sender=trader)
    assert system.balance(account, "BAD") == arrived == vault.assetInfo(token.address)[2]
    with evm.reverts("Vault_InsufficientBalance"):
        vault.withdraw(account, token.address, arrived + 1, trader, sender=trader)
    vault.withdraw(account, token.address, 2**256 - 1, trader, sender=trader)
    check_without_pool(system, "BAD")


def check_without_pool(system: System, symbol: str) -> None:
    held = system.token(symbol).balanceOf(system.vault.address)
    assert held >= sum(max(0, system.balance(account, symbol)) for account in accounts(system)), "SOLV-2"


def test_a_pool_refuses_a_fee_on_transfer(system: System) -> None:
    """A token begins to take a fee: lenders and repayments that fall short are refused, not booked in full.

    SOLV-3; with the fee gone everything goes on.
    """
    token = hostile(system)
    system.add(AssetSpec("BAD", 18, PRICE, liquidity=100_000), token)
    evm, trader = system.evm, system.evm.accounts[TRADER]
    account = system.leveraged(trader, "USDC", 25_000, "BAD", 2_000)
    system.fund("BAD", trader, 10_000)
    pool = system.pool("BAD")
    token.approve(pool.address, 2**255, sender=trader)
    token.setFee(WAD // 100)
    for call in (
        lambda: pool.deposit(WAD, trader, sender=trader),
        lambda: system.vault.repay(account, token.address, WAD, sender=trader),
        lambda: system.vault.deposit(account, token.address, WAD, sender=trader),
    ):
        with evm.reverts("LendingPool_TransferShort"):
            call()
    token.setFee(0)
    system.vault.repay(account, token.address, 2**120, sender=trader)
    assert system.balance(account, "BAD") == 0
    assert token.balanceOf(pool.address) >= pool.cash(), "SOLV-3"


def test_a_token_that_refuses_moves_nothing_in_the_books(system: System) -> None:
    """It returns false and moves nothing: nothing is booked that did not happen; takeovers go on."""
    token = hostile(system)
    system.add(AssetSpec("BAD", 18, PRICE, liquidity=100_000), token)
    evm, vault, trader, taker = (
        system.evm,
        system.vault,
        system.evm.accounts[TRADER],
        system.evm.accounts[TAKER],
    )
    account = system.leveraged(trader, "BAD", 2_000, "USDC", 15_500)
    into = system.deposit(taker, "USDC", 100_000)
    token.setRefusing(True)
    with evm.reverts("TransferFromFailed"):
        vault.deposit(account, token.address, WAD, sender=trader)
    with evm.reverts("TransferFailed"):
        vault.withdraw(account, token.address, WAD, trader, sender=trader)
    system.set_price("BAD", 8.7)
    assert vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value[0] > 0
    check(system)


@pytest.mark.parametrize("side", ["held", "owed"])
def test_a_token_that_blocks_the_holder_stops_no_takeover(system: System, side: str) -> None:
    """The token's issuer blocks the debtor, the taker, even both: nothing has to be sent to anybody.

    LIQ-5; and when the block is the owner's alone he still withdraws, to somebody else.
    """
    token = system.evm.deploy("BlockingToken", "Bad", "BAD", 18)
    system.add(AssetSpec("BAD", 18, PRICE, liquidity=100_000), token)
    evm, vault, trader, taker = (
        system.evm,
        system.vault,
        system.evm.accounts[TRADER],
        system.evm.accounts[TAKER],
    )
    if side == "held":
        account = system.leveraged(trader, "BAD", 2_000, "USDC", 15_500)
    else:
        account = system.leveraged(trader, "USDC", 25_000, "BAD", 2_000)
    into = system.deposit(taker, "USDC", 100_000)
    for who in (trader, taker):
        token.setBlocked(who, True)
    system.set_price("BAD", 8.7 if side == "held" else 11.2)
    assert vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value[0] > 0
    if side == "owed":
        return
    own = system.account(trader, 1)
    with evm.reverts("TransferFailed"):
        vault.withdraw(into, token.address, WAD, taker, sender=taker)
    friend = evm.accounts[STRANGER]
    vault.withdraw(into, token.address, WAD, friend, sender=taker)
    assert token.balanceOf(friend) == WAD
    assert not vault.holdings(own)[0]


def test_calls_from_within_a_transfer_do_nothing(system: System) -> None:
    """Every transfer of the token calls the vault and the pool, which are in the middle of something.

    SOLV-2, SOLV-3; the list of doors is in test_reentrancy.py.
    """
    token = hostile(system)
    system.add(AssetSpec("BAD", 18, PRICE, liquidity=100_000), token)
    evm, vault, trader = system.evm, system.vault, system.evm.accounts[TRADER]
    owner = evm.accounts[OWNER]
    account = system.account(trader)
    hooks: list[Any] = [
        (vault.address, vault.deposit.encode(account, token.address, 1)),
        (system.pool("BAD").address, system.pool("BAD").deposit.encode(1, owner)),
        (system.pool("BAD").address, system.pool("BAD").accrue.encode()),
    ]
    for after in (False, True):
        token.setHooks(hooks, after)
        system.deposit(trader, "BAD", 100)
        assert not token.hookSucceeded(0)
        vault.withdraw(account, token.address, 10 * WAD, trader, sender=trader)
        assert not token.hookSucceeded(0)
    assert system.balance(account, "BAD") == 180 * WAD
    check(system)
