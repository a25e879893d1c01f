"""Somebody gets in just before somebody else's transaction: repayments, flags, permits."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.helpers.system import NO_LIMIT, STRANGER, TAKER, TRADER, WAD, System
from tests.helpers.worth import gain

CHAIN_ID = 31337


@pytest.fixture
def account(system: System) -> bytes:
    """To be taken over to the target health, a third of it."""
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", 1_740)
    return account


@pytest.mark.parametrize("fraction", ["whole", "exact"])
@pytest.mark.parametrize("who", [TRADER, STRANGER])
def test_a_repayment_of_one_unit_stops_nobody(
    system: System, account: bytes, fraction: str, who: int
) -> None:
    """The debtor, or a friend, repays one unit of debt in front of each takeover, so that its figures are
    stale.

    LIQ-1: sizes are clamped to the live account, and a taker who asked for a little more than its debt gets
    that.
    """
    evm, taker, friend = system.evm, system.evm.accounts[TAKER], system.evm.accounts[who]
    into = system.deposit(taker, "USDC", 100_000)
    with evm.isolation():
        planned, payment = system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value
    wanted = WAD if fraction == "whole" else planned
    system.fund("USDC", friend, 10)
    system.vault.repay(account, system["USDC"], 1, sender=friend)
    with gain(system, taker, prices={"WETH": 1_740}) as gained:
        taken, paid = system.vault.liquidate(account, into, wanted, 0, 0, payment + 10, sender=taker).value
    assert gained.dollars > 0
    assert planned - 10**12 < taken <= planned
    assert abs(paid - payment) < 10


def test_a_takers_limit_holds_against_whoever_was_faster(system: System, account: bytes) -> None:
    """Another taker gets in first, so that the second one would take over less, or pay more than he wants to.

    The second one is told so, by health or by his own limit; he never pays more than he said.
    """
    evm, taker = system.evm, system.evm.accounts[TAKER]
    into = system.deposit(taker, "USDC", 100_000)
    rival = system.deposit(evm.accounts[STRANGER], "USDC", 100_000)
    with evm.isolation():
        _, payment = system.vault.liquidate(account, into, WAD // 10, 0, 0, NO_LIMIT, sender=taker).value
    system.vault.liquidate(account, rival, WAD // 10, 0, 0, NO_LIMIT, sender=evm.accounts[STRANGER])
    with evm.reverts("Vault_PaymentAboveLimit", None, 1):
        system.vault.liquidate(account, into, WAD // 10, 0, 0, 1, sender=taker)
    system.vault.liquidate(account, rival, WAD, 0, 0, NO_LIMIT, sender=evm.accounts[STRANGER])
    with evm.reverts("LiquidationEngine_Healthy", account, None, None):
        system.vault.liquidate(account, into, WAD // 10, 0, 0, payment, sender=taker)


def test_mending_an_account_in_front_of_a_takeover_costs_what_it_mends(
    system: System, account: bytes
) -> None:
    """The debtor repays enough to be healthy in front of the takeover: that is what liquidation is for.

    LIQ-3: refused; and he is poorer by nothing, richer by nothing.
    """
    evm, trader, taker = system.evm, system.evm.accounts[TRADER], system.evm.accounts[TAKER]
    into = system.deposit(taker, "USDC", 100_000)
    system.fund("USDC", trader, 1_000)
    with gain(system, trader, prices={"WETH": 1_740}) as gained:
        system.vault.repay(account, system["USDC"], 400 * 10**6, sender=trader)
    with evm.reverts("LiquidationEngine_Healthy", account, None, None):
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert abs(gained.dollars) < 1e-5


def test_a_flag_in_front_of_a_flag_changes_nothing(system: System, account: bytes) -> None:
    """A rival flags first, so that the second flag reverts, or counts twice.

    LIQ-5: flagging again says the same again.
    """
    system.set_price("WETH", 1_400)
    system.liquidation.flag(account, sender=system.evm.accounts[STRANGER])
    told = system.pool("USDC").flagged(), system.backstop.flagged()
    system.liquidation.flag(account, sender=system.evm.accounts[TAKER])
    assert (system.pool("USDC").flagged(), system.backstop.flagged()) == told
    assert sum(told) > 0, "LIQ-5"


def test_one_unit_repaid_in_front_of_a_flag_or_a_write_off_stops_neither(system: System) -> None:
    """LIQ-5: a stranger's unit repaid, or added to what is held, leaves the shortfall where it is."""
    evm, stranger = system.evm, system.evm.accounts[STRANGER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", 1_400)
    system.fund("USDC", stranger, 1)
    system.fund("WETH", stranger, 1)
    system.vault.repay(account, system["USDC"], 1, sender=stranger)
    system.vault.deposit(account, system["WETH"], 1, sender=stranger)
    system.liquidation.flag(account)
    assert system.backstop.flagged() > 1_500 * 10**6, "LIQ-5"


def test_a_permit_in_front_of_its_deposit_is_no_hindrance(system: System) -> None:
    """A rival takes the permit out of the pending deposit and sends it to the token himself: its nonce is
    used.

    The allowance is there all the same, so the deposit goes on; and the rival can do nothing with it.
    """
    evm, trader, rival = system.evm, system.evm.accounts[TRADER], system.evm.accounts[STRANGER]
    dollars, vault = system.token("USDC"), system.vault
    amount = system.mint("USDC", trader, 1_000)
    key = evm.keys[evm.accounts.index(trader)]
    permit = signed_permit(system, key, trader, amount)
    dollars.permit(trader, vault.address, amount, *permit, sender=rival)
    with evm.reverts(None):
        dollars.permit(trader, vault.address, amount, *permit, sender=rival)
    with evm.reverts("TransferFromFailed"):
        vault.depositWithPermit(system.account(rival), dollars.address, amount, *permit, sender=rival)
    account = system.account(trader)
    vault.depositWithPermit(account, dollars.address, amount, *permit, sender=trader)
    assert system.balance(account, "USDC") == amount
    with evm.reverts("TransferFromFailed"):  # replayed: nothing is allowed any more
        vault.depositWithPermit(account, dollars.address, amount, *permit, sender=trader)


def signed_permit(system: System, key: str, owner: str, amount: int) -> tuple[int, int, bytes, bytes]:
    """ERC-2612: deadline, v, r, s."""
    dollars, deadline = system.token("USDC"), system.evm.now + 600
    domain = {
        "name": dollars.name(),
        "version": "1",
        "chainId": CHAIN_ID,
        "verifyingContract": dollars.address,
    }
    fields = {"owner": "address", "spender": "address", "value": "uint256", "nonce": "uint256"}
    types = {"Permit": [{"name": n, "type": t} for n, t in {**fields, "deadline": "uint256"}.items()]}
    message = {
        "owner": owner,
        "spender": system.vault.address,
        "value": amount,
        "nonce": dollars.nonces(owner),
        "deadline": deadline,
    }
    signature = Account.sign_message(encode_typed_data(domain, types, message), key)
    return deadline, signature.v, signature.r.to_bytes(32, "big"), signature.s.to_bytes(32, "big")
