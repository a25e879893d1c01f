"""Borrowing dust in every block, because an account that took on risk in a block is not taken over in it."""

from __future__ import annotations

import pytest

from tests.helpers.system import NO_LIMIT, STRANGER, TAKER, TRADER, WAD, System


@pytest.fixture
def into(system: System) -> bytes:
    return system.deposit(system.evm.accounts[TAKER], "USDC", 100_000)


def take(system: System, account: bytes, into: bytes) -> int:
    """The fraction that was taken over."""
    taker = system.evm.accounts[TAKER]
    return int(system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value[0])


def test_a_dust_borrow_in_every_block_shields_the_healthy_alone(system: System, into: bytes) -> None:
    """The debtor borrows one unit in every block while the price falls; each block he is out of reach.

    SOLV-1 takes the shield away before it is one: below the initial requirement nobody borrows, and the
    maintenance requirement lies further down.
    """
    evm, trader = system.evm, system.evm.accounts[TRADER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 15_000)
    shielded, price = True, 2_000
    while True:
        price -= 10
        evm.mine()
        system.set_price("WETH", price)
        try:
            system.vault.borrow(account, system["USDC"], 1, trader, sender=trader)
        except evm.Reverted as refusal:
            assert refusal.name == "Vault_BelowInitialRequirement", "SOLV-1"
            shielded = False
        equity, uncertainty, requirement, *_ = system.assess(account)
        if equity + uncertainty < requirement:
            break
        assert price > 1_500
    assert not shielded, "SOLV-1"
    assert take(system, account, into) > 0


def test_a_shield_ends_with_the_block(system: System, into: bytes) -> None:
    """He borrows right before the price that ruins him, in the same block.

    One block is all that it buys.
    """
    evm, trader = system.evm, system.evm.accounts[TRADER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 15_000)
    system.vault.borrow(account, system["USDC"], 1, trader, sender=trader)
    system.set_price("WETH", 1_650)
    with evm.reverts("Vault_RiskRaisedThisBlock", account):
        take(system, account, into)
    with evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        system.vault.borrow(account, system["USDC"], 1, trader, sender=trader)
    evm.mine()
    assert take(system, account, into) > 0


def test_a_dust_borrow_hidden_in_a_repayment_is_no_shield(system: System, into: bytes) -> None:
    """Below his requirement he repays a little and borrows one unit of it back, in one batch: risk fell, so
    it passes.

    It is let through as a reduction, and only who is covered is stamped.
    """
    trader = system.evm.accounts[TRADER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", 1_700)
    amount = system.fund("USDC", trader, 10)
    repay = system.vault.repay.encode(account, system["USDC"], amount)
    borrow = system.vault.borrow.encode(account, system["USDC"], 1, trader)
    system.vault.execute([repay, borrow], sender=trader)
    assert take(system, account, into) > 0


@pytest.mark.parametrize("way", ["deposit", "repay", "transfer"])
def test_a_stranger_shields_nobody(system: System, into: bytes, way: str) -> None:
    """A friend deposits, repays or transfers one unit in the block of the takeover."""
    trader, friend = system.evm.accounts[TRADER], system.evm.accounts[STRANGER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", 1_700)
    own = system.deposit(friend, "WETH", 1)
    system.fund("WETH", friend, 1)
    system.fund("USDC", friend, 1)
    if way == "deposit":
        system.vault.deposit(account, system["WETH"], 1, sender=friend)
    elif way == "repay":
        system.vault.repay(account, system["USDC"], 1, sender=friend)
    else:
        system.vault.transfer(own, account, system["WETH"], 1, sender=friend)
    assert take(system, account, into) > 0
