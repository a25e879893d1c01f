"""Takers inside an open batch: somebody else's, and one's own with accounts that are half-way somewhere."""

from __future__ import annotations

import pytest

from scripts.common.contract import Contract
from tests.helpers.system import NO_LIMIT, STRANGER, TAKER, TRADER, WAD, AssetSpec, System
from tests.helpers.worth import gain

BEFORE, AFTER = 0, 1


@pytest.fixture
def token(system: System) -> Contract:
    """An asset whose transfers call back."""
    token = system.evm.deploy("ReentrantToken", "Reentrant", "BAD", 18)
    system.add(AssetSpec("BAD", 18, 10, borrowable=False), token)
    return token


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
def test_nobody_takes_over_in_the_middle_of_the_owners_batch(
    system: System, token: Contract, moment: int
) -> None:
    """The owner moves his collateral from one token to another in a batch; in the middle he is without any. A
    taker who is called by the token that moves takes him over in that moment.

    LIQ-3: nobody enters an open batch.
    """
    evm, vault = system.evm, system.vault
    trader, taker = evm.accounts[TRADER], evm.accounts[TAKER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 12_000)
    system.fund("BAD", trader, 2_000)
    into = system.deposit(taker, "USDC", 100_000)
    vault.setOperator(into, token.address, 2**40, sender=taker)
    take = vault.liquidate.encode(account, into, WAD, 0, 0, NO_LIMIT)
    token.arm(vault.address, take, moment, False)
    out = vault.withdraw.encode(account, system["WETH"], 10 * WAD, trader)
    enter = vault.deposit.encode(account, token.address, 2_000 * WAD)
    with gain(system, taker) as gained:
        vault.execute([out, enter], sender=trader)
    assert token.calls() == 1
    assert not token.succeeded(), "LIQ-3"
    assert evm.dictionary.error(token.result())[0] == "Vault_Locked"
    assert gained.dollars == 0
    assert system.balance(account, "BAD") == 2_000 * WAD


def test_who_may_act_for_an_account_does_not_ruin_it_and_take_it_over(system: System) -> None:
    """An operator empties an account in a batch and takes it over in the same batch, before anybody looks.

    LIQ-3, SOLV-1: an account whose check is pending is not taken over; and on its own the withdrawal is
    refused.
    """
    evm, vault = system.evm, system.vault
    trader, operator = evm.accounts[TRADER], evm.accounts[STRANGER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 12_000)
    vault.setOperator(account, operator, 2**40, sender=trader)
    into = system.deposit(operator, "USDC", 100_000)
    out = vault.withdraw.encode(account, system["WETH"], 4 * WAD, operator)
    take = vault.liquidate.encode(account, into, WAD, 0, 0, NO_LIMIT)
    back = vault.deposit.encode(account, system["WETH"], 4 * WAD)
    system.weth.approve(vault.address, 2**255, sender=operator)
    for calls in ([out, take], [out, take, back]):
        with evm.reverts("Vault_CheckPending", account):
            vault.execute(calls, sender=operator)


def test_an_account_is_not_taken_over_and_emptied_in_one_batch(system: System) -> None:
    """The owner of a troubled account takes part of it over into a second one and withdraws from the first
    what the payment has freed, before it is judged.

    SOLV-1: the end of the batch judges every account that it touched, by what it began with: it is no less
    healthy for it, at the initial and at the maintenance requirement.
    """
    evm, vault, owner = system.evm, system.vault, system.evm.accounts[TRADER]
    account = system.leveraged(owner, "WETH", 10, "USDC", 15_500)
    into = system.deposit(owner, "USDC", 100_000, index=1)
    system.set_price("WETH", 1_740)
    take = vault.liquidate.encode(account, into, WAD, 0, 0, NO_LIMIT)
    before, most = system.health(account), 0
    for tenths in range(1, 20):
        out = vault.withdraw.encode(account, system["WETH"], tenths * WAD // 10, owner)
        with evm.isolation():
            try:
                vault.execute([take, out], sender=owner)
            except evm.Reverted as refusal:
                assert refusal.name == "Vault_BelowInitialRequirement", "SOLV-1"
                break
            assert system.health(account) >= before, "SOLV-1"
            most = tenths
    assert 0 < most < 5


def test_a_taker_does_not_hand_his_trouble_on_unseen(system: System) -> None:
    """A taker takes over more than he can carry and moves it to a third account in the same batch.

    SOLV-1: each account that holds it at the end must cover it.
    """
    evm, vault = system.evm, system.vault
    taker = evm.accounts[TAKER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 100, "USDC", 155_000)
    into = system.deposit(taker, "USDC", 1_000)
    system.set_price("WETH", 1_700)
    take = vault.liquidate.encode(account, into, WAD, 0, 0, NO_LIMIT)
    with evm.reverts("Vault_BelowInitialRequirement", into, None, None):
        vault.execute([take], sender=taker)
    third = system.account(taker, 1)
    move = vault.transfer.encode(into, third, system["WETH"], 10 * WAD)
    with evm.reverts("Vault_BelowInitialRequirement", into, None, None):
        vault.execute([take, move], sender=taker)


def test_an_account_taken_over_into_a_troubled_one_is_no_way_out(system: System) -> None:
    """The owner of two troubled accounts takes the one over into the other, so that both are new."""
    evm, vault, owner = system.evm, system.vault, system.evm.accounts[TRADER]
    first = system.leveraged(owner, "WETH", 10, "USDC", 15_500)
    second = system.leveraged(owner, "WETH", 10, "USDC", 15_500, index=1)
    system.set_price("WETH", 1_740)
    with evm.reverts("Vault_BelowInitialRequirement", second, None, None):
        vault.liquidate(first, second, WAD, 0, 0, NO_LIMIT, sender=owner)
    with evm.reverts("Vault_SameAccount", first):
        vault.liquidate(first, first, WAD, 0, 0, NO_LIMIT, sender=owner)
