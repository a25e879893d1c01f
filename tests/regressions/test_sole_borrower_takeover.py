"""A taker without capital could not take over the last borrower of the settlement asset.

A takeover of all of a small solvent account: the taker owes the account's debt and the payment, sells the
collateral and repays both in the same batch. The payment was not in the pool's books yet, so the pool refused
to be repaid more than the domain owed it (`LendingPool_PrincipalExceeded`). With other borrowers about nobody
noticed. Now tokens that arrive while payments of the operation are open are settled with them at its end.
"""

from __future__ import annotations

import pytest

from tests.helpers.system import NO_LIMIT, TAKER, TRADER, WAD, System

PRICE = 1_650


@pytest.fixture
def trouble(system: System) -> bytes:
    """Owes 150 dollars and nobody else owes any; too small to be taken over in part."""
    account = system.leveraged(system.evm.accounts[TRADER], amount=0.1, borrowed=150)
    system.set_price("WETH", PRICE)
    system.adapter.setPrice(system["WETH"], system["USDC"], PRICE * 10**6)
    return account


def sold(system: System, into: bytes) -> bytes:
    order = (system.adapter.address, system["WETH"], system["USDC"], False, WAD // 10, 0, WAD, b"")
    return system.vault.swap.encode(into, order)


def check_books(system: System, taker: str) -> None:
    """The domain owes nothing, and what the vault holds is what the accounts have."""
    trader, into = system.account(system.evm.accounts[TRADER]), system.account(taker)
    assert system.pool("USDC").domainOf(system.vault.address)[1] == 0
    backstop = system.account(system.backstop.address)
    owned = sum(system.balance(account, "USDC") for account in (trader, into, backstop))
    assert system.vault.assetInfo(system["USDC"])[2] == owned, "SOLV-2"
    assert system.token("USDC").balanceOf(system.vault.address) == owned, "SOLV-2"


def test_collateral_sold_in_the_batch_repays_debt_and_payment(system: System, trouble: bytes) -> None:
    taker = system.evm.accounts[TAKER]
    into = system.account(taker)
    take = system.vault.liquidate.encode(trouble, into, WAD, 0, 0, NO_LIMIT)
    leave = system.vault.withdraw.encode(into, system["USDC"], 2**256 - 1, taker)
    system.vault.execute([take, sold(system, into), leave], sender=taker)
    assert system.balance(trouble, "USDC") > 0
    assert system.token("USDC").balanceOf(taker) > 0
    check_books(system, taker)


@pytest.mark.parametrize("way", ["deposit", "repay"])
def test_tokens_from_outside_repay_debt_and_payment(system: System, trouble: bytes, way: str) -> None:
    taker = system.evm.accounts[TAKER]
    into, amount = system.account(taker), system.fund("USDC", taker, 1_000)
    take = system.vault.liquidate.encode(trouble, into, WAD, 0, 0, NO_LIMIT)
    bring = getattr(system.vault, way).encode(into, system["USDC"], amount)
    system.vault.execute([take, bring], sender=taker)
    assert system.balance(into, "WETH") == WAD // 10
    assert system.balance(into, "USDC") >= 0
    check_books(system, taker)


def test_a_pool_without_cash_is_no_hindrance(system: System, trouble: bytes) -> None:
    """What comes in pays what is open: nothing is drawn from the pool in between."""
    lender = system.evm.accounts[2]
    pool, taker = system.pool("USDC"), system.evm.accounts[TAKER]
    pool.withdraw(pool.cash(), lender, lender, sender=lender)
    into = system.account(taker)
    take = system.vault.liquidate.encode(trouble, into, WAD, 0, 0, NO_LIMIT)
    system.vault.execute([take, sold(system, into)], sender=taker)
    assert system.balance(trouble, "USDC") > 0
    check_books(system, taker)
