"""Somebody borrows a pool empty, so that accounts that owe to it cannot be taken over."""

from __future__ import annotations

import pytest

from tests.helpers.system import LENDER, NO_LIMIT, TAKER, TRADER, WAD, System
from tests.helpers.worth import gain


def exhaust(system: System, symbol: str) -> None:
    """Lenders leave with all the cash there is."""
    pool, lender = system.pool(symbol), system.evm.accounts[LENDER]
    pool.withdraw(pool.cash(), lender, lender, sender=lender)
    assert pool.cash() == 0


@pytest.mark.parametrize("capital", ["debt", "ether"])
def test_takeovers_go_on_without_a_token_leaving(system: System, capital: str) -> None:
    """All the dollars are lent out; the taker has none and pays for the takeover by owing more.

    LIQ-5: what he pays and what the account owes less are the same debt, so nothing is drawn and nothing
    moves.
    """
    evm, taker = system.evm, system.evm.accounts[TAKER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    into = system.deposit(taker, "WETH", 50)
    if capital == "debt":
        system.borrow(taker, "USDC", 1_000)
        evm.mine()
    exhaust(system, "USDC")
    system.set_price("WETH", 1_740)
    with gain(system, taker, prices={"WETH": 1_740}) as gained:
        tx = system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert 0 < tx.value[0] < WAD
    assert not tx.events("Transfer"), "no token leaves custody"
    assert gained.dollars > 0
    assert system.health(account) > 1


def test_the_debt_of_another_pool_without_cash_moves_as_debt(system: System) -> None:
    """The account owes DAI, of which the pool has none left; the taker pays in dollars that he has."""
    evm, taker = system.evm, system.evm.accounts[TAKER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "DAI", 15_000)
    exhaust(system, "DAI")
    system.set_price("WETH", 1_700)
    into = system.deposit(taker, "USDC", 100_000)
    tx = system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert not tx.events("Transfer")
    assert system.balance(into, "DAI") < 0 < system.balance(account, "USDC")
    assert system.health(account) > 1


def test_an_insolvent_account_of_an_exhausted_pool_is_resolved(system: System) -> None:
    """LIQ-5: covered, written off and taken over with not a token of cash in the pool."""
    evm, taker = system.evm, system.evm.accounts[TAKER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 100, "USDC", 155_000)
    into = system.deposit(taker, "WETH", 100)
    exhaust(system, "USDC")
    system.set_price("WETH", 500)  # 105,000 short: more than the backstop has
    system.liquidation.flag(account)
    system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert not system.vault.holdings(account)[0], "LIQ-5"
    assert system.pool("USDC").domainOf(system.vault.address).writtenOff > 4_000 * 10**6
    assert system.pool("USDC").flagged() == 0


def test_emptying_a_pool_is_no_shield_worth_its_price(system: System) -> None:
    """The debtor borrows the rest of the pool with other collateral, to be out of reach: he is not."""
    evm, debtor, taker = system.evm, system.evm.accounts[TRADER], system.evm.accounts[TAKER]
    account = system.leveraged(debtor, "WETH", 10, "USDC", 15_500)
    second = system.deposit(debtor, "WETH", 4_000, index=1)
    cash = system.pool("USDC").cash()
    system.vault.borrow(second, system["USDC"], cash, debtor, sender=debtor)
    into = system.deposit(taker, "WETH", 50)
    system.set_price("WETH", 1_740)
    assert system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value[0] > 0
    # The rate that he pays for it is the highest that the model has.
    assert system.pool("USDC").ratePerSecond() > 60 * WAD // 100 // (366 * 86_400)
    evm.mine()


def test_a_line_that_is_used_up_stops_no_takeover(system: System) -> None:
    """The domain may borrow no more: what a takeover moves is debt that it owes already.

    SOLV-4 and LIQ-5 at once.
    """
    evm, taker = system.evm, system.evm.accounts[TAKER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    into = system.deposit(taker, "WETH", 50)
    system.pool("USDC").setLine(system.vault.address, 1)
    system.vault.setCaps(system["USDC"], 1, 1)
    system.vault.setCaps(system["WETH"], 1, 1)
    system.set_price("WETH", 1_740)
    assert system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value[0] > 0
    with evm.reverts("LendingPool_LineExceeded"):
        system.vault.borrow(into, system["USDC"], 1, taker, sender=taker)


def test_a_paused_vault_still_takes_over(system: System) -> None:
    """The guardian has stopped new risk: a takeover is none, nor is selling at once what was taken over."""
    evm, taker = system.evm, system.evm.accounts[TAKER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", 1_740)
    system.vault.setPaused(True)
    into = system.account(taker)
    system.adapter.setPrice(system["WETH"], system["USDC"], 1_740 * 10**6)
    order = (system.adapter.address, system["WETH"], system["USDC"], False, WAD, 0, WAD, b"")
    calls = [
        system.vault.liquidate.encode(account, into, WAD // 10, 0, 0, NO_LIMIT),
        system.vault.swap.encode(into, order),
        system.vault.withdraw.encode(into, system["USDC"], 2**256 - 1, taker),
    ]
    system.vault.execute(calls, sender=taker)
    assert system.token("USDC").balanceOf(taker) > 0
