"""LiquidationEngine.writeOff: an account that holds nothing but debt is resolved without a taker."""

from __future__ import annotations

import pytest

from tests.helpers.shortfalls import calls, insolvent, only_debts, puppet
from tests.helpers.system import STRANGER, TAKER, TRADER, System

DOLLAR = 10**6


def write_off(system: System, account: bytes):
    return system.liquidation.writeOff(account, sender=system.evm.accounts[STRANGER])


def test_who_holds_anything_is_refused(system: System) -> None:
    account = insolvent(system)
    with system.evm.reverts("LiquidationEngine_HoldsAssets", account):
        write_off(system, account)


def test_who_holds_an_instrument_is_refused(system: System) -> None:
    account = only_debts(system, {"USDC": 1_000})
    instrument, trader = puppet(system), system.evm.accounts[TRADER]
    instrument.setPosition(account, (10**30, 0, 0), (10**30, 0, 0))
    held = [(system.vault.address, system.vault.setHeld.encode(account, True))]
    system.vault.callInstrument(account, instrument.address, calls(held), sender=trader)
    with system.evm.reverts("LiquidationEngine_HoldsAssets", account):
        write_off(system, account)


def test_who_owes_nothing_is_refused(system: System) -> None:
    account = system.account(system.evm.accounts[TAKER])
    with system.evm.reverts("LiquidationEngine_Solvent", account, 0):
        write_off(system, account)


def test_the_backstop_pays_settlement_debt(system: System) -> None:
    account = only_debts(system, {"USDC": 30_000})
    debt = -system.balance(account, "USDC")
    assets = system.pool("USDC").totalAssets()
    tx = write_off(system, account)
    assert tx.events("AccountWrittenOff", system.liquidation)[0]["covered"] == debt
    assert system.backstop.available() == 100_000 * DOLLAR - debt
    assert system.vault.holdings(account)[0] == []
    assert system.pool("USDC").totalAssets() == assets
    assert system.pool("USDC").domainOf(system.vault.address).writtenOff == 0


def test_lenders_bear_the_rest(system: System) -> None:
    """SOLV-4: for good, off the line."""
    account = only_debts(system, {"USDC": 130_000})
    system.warp(86_400)
    debt = -system.balance(account, "USDC")
    write_off(system, account)
    assert system.backstop.available() == 0
    assert system.vault.holdings(account)[0] == []
    lost = system.pool("USDC").domainOf(system.vault.address).writtenOff
    assert abs(lost - (debt - 100_000 * DOLLAR)) <= 2


def test_a_debt_in_another_asset_needs_a_taker_while_there_is_money(system: System) -> None:
    """Whom the backstop pays; else it would pay one pool and not the other."""
    account = only_debts(system, {"USDC": 130_000, "DAI": 50_000})
    with system.evm.reverts("LiquidationEngine_TakerNeeded", account, system["DAI"]):
        write_off(system, account)


def test_without_money_every_pool_bears_its_own(system: System) -> None:
    first = only_debts(system, {"USDC": 200_000})
    write_off(system, first)
    account = only_debts(system, {"USDC": 10_000, "DAI": 50_000, "WETH": 3}, index=1)
    write_off(system, account)
    assert system.vault.holdings(account)[0] == []
    lost = {s: system.pool(s).domainOf(system.vault.address).writtenOff for s in ("DAI", "WETH")}
    assert lost["DAI"] == pytest.approx(50_000 * 10**18, rel=1e-6)
    assert lost["WETH"] == pytest.approx(3 * 10**18, rel=1e-6)


def test_flags_end_with_it(system: System) -> None:
    account = only_debts(system, {"USDC": 130_000})
    system.liquidation.flag(account)
    assert system.pool("USDC").flagged() > 0
    write_off(system, account)
    assert system.pool("USDC").flagged() == 0 and system.backstop.flagged() == 0
    assert not system.liquidation.isFlagged(account)


def test_it_asks_for_no_price(system: System) -> None:
    """Who holds nothing but debt is insolvent at any price."""
    first = only_debts(system, {"USDC": 100_000})
    write_off(system, first)
    account = only_debts(system, {"WETH": 3}, index=1)
    system.assets["WETH"].feed.setAnswer(0)
    system.assets["USDC"].feed.setAnswer(0)
    write_off(system, account)
    assert system.vault.holdings(account)[0] == []


def test_money_that_others_are_promised_is_not_spent(system: System) -> None:
    first = only_debts(system, {"USDC": 90_000})
    system.liquidation.flag(first)
    promised = system.backstop.flagged()
    second = only_debts(system, {"USDC": 30_000}, index=1)
    write_off(system, second)
    assert system.backstop.available() == promised >= 90_000 * DOLLAR
