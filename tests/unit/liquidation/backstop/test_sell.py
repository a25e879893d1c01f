"""Backstop.collect and sell: reserves and salvage become settlement tokens, at a discount."""

from __future__ import annotations

import pytest

from scripts.common.units import WAD
from tests.helpers.system import DAY, OWNER, STRANGER, System

DOLLAR = 10**6
NO_LIMIT = 2**256 - 1


@pytest.fixture
def stocked(system: System) -> System:
    """The backstop's account holds ten WETH."""
    account = system.account(system.backstop.address)
    vault, owner = system.vault, system.backstop.address
    system.mint("WETH", owner, 10)
    system.token("WETH").approve(vault.address, 2**255, sender=owner)
    vault.deposit(account, system["WETH"], 10 * WAD, sender=owner)
    return system


def buyer(system: System, dollars: int = 100_000) -> str:
    stranger = system.evm.accounts[STRANGER]
    system.mint("USDC", stranger, dollars)
    system.token("USDC").approve(system.backstop.address, 2**255, sender=stranger)
    return stranger


def test_anybody_buys_at_the_price_less_the_discount(stocked: System) -> None:
    system, who = stocked, buyer(stocked)
    tx = system.backstop.sell(system["WETH"], WAD, NO_LIMIT, sender=who)
    assert tx.value == pytest.approx(1_960 * DOLLAR, abs=1) and tx.value >= 1_960 * DOLLAR
    assert system.token("WETH").balanceOf(who) == WAD
    assert system.backstop.available() == 100_000 * DOLLAR + tx.value
    assert tx.events("Sold", system.backstop)[0]["paid"] == tx.value


def test_the_settlement_asset_counts_at_its_own_price(stocked: System) -> None:
    stocked.set_price("USDC", 0.98)
    paid = stocked.backstop.sell(stocked["WETH"], WAD, NO_LIMIT, sender=buyer(stocked)).value
    assert paid == pytest.approx(2_000 * DOLLAR, abs=1)


def test_the_smallest_purchase_is_not_free(stocked: System) -> None:
    """ROUND-1"""
    assert stocked.backstop.sell(stocked["WETH"], 1, NO_LIMIT, sender=buyer(stocked)).value == 1


def test_the_buyers_limit_holds(stocked: System) -> None:
    price = stocked.backstop.sell.call(stocked["WETH"], WAD, NO_LIMIT, sender=buyer(stocked))
    with stocked.evm.reverts("Backstop_PaymentAboveLimit", price, price - 1):
        stocked.backstop.sell(stocked["WETH"], WAD, price - 1, sender=buyer(stocked))


def test_more_than_there_is_is_not_sold(stocked: System) -> None:
    with stocked.evm.reverts("Vault_InsufficientBalance"):
        stocked.backstop.sell(stocked["WETH"], 11 * WAD, NO_LIMIT, sender=buyer(stocked))


def test_settlement_tokens_are_not_for_sale(stocked: System) -> None:
    with stocked.evm.reverts("Backstop_SettlementAsset"):
        stocked.backstop.sell(stocked["USDC"], DOLLAR, NO_LIMIT, sender=buyer(stocked))


@pytest.mark.parametrize("symbol", ["WETH", "USDC"])
def test_nothing_is_sold_at_a_doubtful_price(stocked: System, symbol: str) -> None:
    stocked.evm.warp(2 * DAY)
    for other in stocked.assets:
        if stocked.assets[other].feed != stocked.assets[symbol].feed:
            stocked.set_price(other, stocked.assets[other].spec.price)
    with stocked.evm.reverts("Backstop_PriceNotFresh", stocked[symbol]):
        stocked.backstop.sell(stocked["WETH"], WAD, NO_LIMIT, sender=buyer(stocked))


def test_a_pools_reserve_is_collected(system: System) -> None:
    """In the settlement asset it raises the price of every share."""
    system.leveraged(system.evm.accounts[3], amount=1_000, borrowed=1_000_000)
    system.warp(30 * DAY)
    pool = system.pool("USDC")
    pool.accrue()
    reserve, price = pool.reserve(), system.backstop.convertToAssets(10**18)
    assert reserve > 0
    tx = system.backstop.collect(pool.address, sender=system.evm.accounts[STRANGER])
    assert tx.value >= reserve
    assert system.backstop.available() == 100_000 * DOLLAR + tx.value
    assert system.backstop.convertToAssets(10**18) > price


def test_a_reserve_in_another_asset_waits_for_a_buyer(system: System) -> None:
    account = system.account(system.backstop.address)
    system.leveraged(system.evm.accounts[3], "USDC", 1_000_000, "WETH", 200)
    system.warp(30 * DAY)
    amount = system.backstop.collect(system.pool("WETH").address).value
    assert amount > 0 and system.balance(account, "WETH") == amount
    system.backstop.sell(system["WETH"], amount, NO_LIMIT, sender=buyer(system))
    assert system.balance(account, "WETH") == 0


def test_a_reserve_that_was_sent_here_already_is_taken_in(system: System) -> None:
    """Anybody may have a pool send its reserve."""
    system.leveraged(system.evm.accounts[3], amount=1_000, borrowed=1_000_000)
    system.warp(30 * DAY)
    sent = system.pool("USDC").collectReserve().value
    assert sent > 0
    assert system.backstop.collect(system.pool("USDC").address).value == sent
    assert system.backstop.collect(system.pool("USDC").address).value == 0


def test_only_listed_pools_are_collected(system: System) -> None:
    evm = system.evm
    other = evm.deploy(
        "LendingPool",
        system["USDC"],
        "Other",
        "oUSDC",
        evm.accounts[OWNER],
        evm.accounts[OWNER],
        system.rate_model.address,
        system.backstop.address,
        WAD // 10,
    )
    with evm.reverts("Backstop_UnknownPool", other.address):
        system.backstop.collect(other.address)
