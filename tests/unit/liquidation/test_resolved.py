"""LiquidationEngine.resolved: the vault says when a shortfall has been borne."""

from __future__ import annotations

import pytest

from scripts.common.units import WAD
from tests.helpers.shortfalls import insolvent
from tests.helpers.system import STRANGER, TAKER, System

DOLLAR = 10**6
NO_LIMIT = 2**255 - 1


def test_only_the_vault_resolves(system: System) -> None:
    account = insolvent(system)
    with system.evm.reverts("LiquidationEngine_NotVault", system.evm.accounts[STRANGER]):
        system.liquidation.resolved(account, sender=system.evm.accounts[STRANGER])


def test_a_takeover_clears_every_flag(system: System) -> None:
    """LIQ-5 ends where the loss is borne: share prices of exits do not change by the takeover."""
    account = insolvent(system, weth=1_000, price=1_400)
    system.liquidation.flag(account)
    pool = system.pool("USDC")
    exit_price = pool.convertToAssets(10**18)
    taker = system.evm.accounts[TAKER]
    into = system.deposit(taker, "USDC", 500_000)
    system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert not system.liquidation.isFlagged(account)
    assert pool.flagged() == 0 and system.backstop.flagged() == 0
    assert pool.convertToAssets(10**18) == pytest.approx(exit_price, rel=1e-9)
    assert system.vault.holdings(account)[0] == []


def test_a_takeover_without_flag_needs_none(system: System) -> None:
    account = insolvent(system)
    taker = system.evm.accounts[TAKER]
    into = system.deposit(taker, "USDC", 500_000)
    tx = system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert not tx.events("AccountUnflagged", system.liquidation)
