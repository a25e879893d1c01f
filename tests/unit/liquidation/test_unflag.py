"""LiquidationEngine.unflag: anybody, as soon as the account is solvent, and not through a doubtful price."""

from __future__ import annotations

import pytest

from scripts.common.units import WAD
from tests.helpers.shortfalls import insolvent, only_debts
from tests.helpers.system import DAY, LENDER, STRANGER, TAKER, System

DOLLAR = 10**6
NO_LIMIT = 2**255 - 1


@pytest.fixture
def flagged(system: System) -> bytes:
    account = insolvent(system, weth=1_000, price=1_400)
    system.liquidation.flag(account)
    return account


def unflag(system: System, account: bytes) -> None:
    tx = system.liquidation.unflag(account, sender=system.evm.accounts[STRANGER])
    assert tx.events("AccountUnflagged", system.liquidation)


def cleared(system: System, account: bytes) -> bool:
    return (
        not system.liquidation.isFlagged(account)
        and system.backstop.flagged() == 0
        and system.pool("USDC").flagged() == 0
    )


def test_an_account_without_flag_is_refused(system: System) -> None:
    account = insolvent(system)
    with system.evm.reverts("LiquidationEngine_NotFlagged", account):
        unflag(system, account)


def test_an_insolvent_account_keeps_its_flag(system: System, flagged: bytes) -> None:
    with system.evm.reverts("LiquidationEngine_StillInsolvent", flagged, None):
        unflag(system, flagged)


def test_anybody_unflags_after_a_recovery(system: System, flagged: bytes) -> None:
    """A flag by a price that came back hurts no lender for longer than anybody lets it."""
    system.set_price("WETH", 1_600)
    unflag(system, flagged)
    assert cleared(system, flagged)


def test_anybody_unflags_after_a_repayment(system: System, flagged: bytes) -> None:
    stranger = system.evm.accounts[STRANGER]
    system.fund("USDC", stranger, 200_000)
    system.vault.repay(flagged, system["USDC"], 200_000 * DOLLAR, sender=stranger)
    unflag(system, flagged)
    assert cleared(system, flagged)


def test_a_stale_price_unflags_only_at_its_worst_edge(system: System, flagged: bytes) -> None:
    """ORA-1: silence and lies widen the band; lenders do not leave through it."""
    system.set_price("WETH", 1_555)
    system.evm.warp(3 * DAY)
    equity, uncertainty, *_, status = system.assess(flagged)
    assert status == 2 and equity - uncertainty < 0 <= equity + uncertainty
    with system.evm.reverts("LiquidationEngine_StillInsolvent", flagged, equity - uncertainty):
        unflag(system, flagged)
    stranger = system.evm.accounts[STRANGER]
    system.fund("USDC", stranger, 1_000_000)
    system.vault.repay(flagged, system["USDC"], 1_000_000 * DOLLAR, sender=stranger)
    unflag(system, flagged)
    assert cleared(system, flagged)


def test_an_account_that_was_emptied_is_unflagged(system: System) -> None:
    account = only_debts(system, {"USDC": 200_000})
    system.liquidation.flag(account)
    stranger = system.evm.accounts[STRANGER]
    system.fund("USDC", stranger, 300_000)
    system.vault.repay(account, system["USDC"], 2**255, sender=stranger)
    assert system.vault.holdings(account)[0] == []
    unflag(system, account)
    assert cleared(system, account)


def test_a_takeover_of_a_recovered_account_leaves_the_flag_to_be_taken_off(
    system: System, flagged: bytes
) -> None:
    system.set_price("WETH", 1_700)
    taker = system.evm.accounts[TAKER]
    into = system.deposit(taker, "USDC", 500_000)
    system.vault.liquidate(flagged, into, WAD // 10, 0, 0, NO_LIMIT, sender=taker)
    assert system.liquidation.isFlagged(flagged)
    unflag(system, flagged)
    assert cleared(system, flagged)
    assert system.pool("USDC").balanceOf(system.evm.accounts[LENDER]) > 0
