"""Below its requirement an account trades with its own owner at a bad price, to leave the debt to the
lenders.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.exchange import Exchange
from tests.helpers.system import TRADER, WAD, System
from tests.helpers.worth import gain

ANY_LOSS = 10**6 * WAD
COLLUDING_FEE = 10_000
PRICE = 1_700


@pytest.fixture
def account(market: Exchange) -> bytes:
    """At a health below one."""
    return troubled(market.system)


def troubled(system: System, price: float = PRICE) -> bytes:
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", price)
    return account


@pytest.mark.parametrize("price", ["100", "850", "1500", "1600", "1640"])
def test_selling_to_oneself_below_the_oracle_is_refused(market: Exchange, account: bytes, price: str) -> None:
    """The owner makes a Uniswap pool of his own, with a price of his own, and sells the collateral into it.

    SOLV-1: below the initial requirement a swap must reduce risk, and may lose no more than the domain
    allows. With a loss below what the requirement falls by it would still reduce risk; then the domain's
    bound refuses it.
    """
    system, evm, owner = market.system, market.system.evm, market.system.evm.accounts[TRADER]
    colluding = market.uniswap.create_pool(
        system.token("WETH"), system.token("USDC"), COLLUDING_FEE, price, sender=owner
    )
    market.provide(owner, 1_000, colluding)
    order = ("WETH", "USDC", 3 * WAD)
    with gain(system, owner, prices={"WETH": PRICE}) as gained, evm.reverts(None) as refusal:
        market.trade(account, owner, *order, max_loss=ANY_LOSS, fee=COLLUDING_FEE)
    if price == "1640":
        assert refusal.error.name == "Vault_LossyReduction", "SOLV-1"
    else:
        assert refusal.error.name in ("Vault_BelowInitialRequirement", "Vault_LossyReduction"), "SOLV-1"
    assert gained.dollars == 0


def test_many_small_losses_never_cost_the_lenders(market: Exchange, account: bytes) -> None:
    """He sells at the worst price that the domain allows, a little at a time, until nothing is left to sell.

    SOLV-1: each step leaves the account at least as healthy as it was, so what he takes out is his own
    equity; in the end the debt is repaid.
    """
    system, owner = market.system, market.system.evm.accounts[TRADER]
    adapter = system.adapter
    fair = PRICE * 10**6
    adapter.setPrice(system["WETH"], system["USDC"], fair * 981 // 1_000)
    health = system.health(account)
    while system.balance(account, "USDC") < 0:
        order = (adapter.address, system["WETH"], system["USDC"], False, WAD // 2, 0, ANY_LOSS, b"")
        system.vault.swap(account, order, sender=owner)
        assert system.health(account) >= health * (1 - 1e-9), "SOLV-1"
        health = system.health(account)
    assert system.balance(account, "WETH") > 0


@pytest.mark.parametrize("price", [1_560, 1_540, 1_500])
def test_with_little_or_no_equity_nothing_may_be_lost(market: Exchange, price: float) -> None:
    """His equity is all but gone, or gone: every cent that a swap loses would be the lenders'.

    SOLV-1: with a little he may sell at the oracle's price or better; with none only who takes over may sell.
    """
    system, owner = market.system, market.system.evm.accounts[TRADER]
    account, adapter = troubled(system, price), system.adapter
    order = (adapter.address, system["WETH"], system["USDC"], False, WAD, 0, ANY_LOSS, b"")
    adapter.setPrice(system["WETH"], system["USDC"], price * 10**6 * 990 // 1_000)
    with system.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        system.vault.swap(account, order, sender=owner)
    if price == 1_560:
        adapter.setPrice(system["WETH"], system["USDC"], price * 10**6 * 1_001 // 1_000)
        system.vault.swap(account, order, sender=owner)


def test_a_detour_of_two_swaps_loses_no_more_than_one(market: Exchange, account: bytes) -> None:
    """Ether to bitcoin to dollars, with a loss within the bound on each leg: the first leg reduces no risk.

    SOLV-1
    """
    system, owner, adapter = market.system, market.system.evm.accounts[TRADER], market.system.adapter
    price = Fraction(PRICE, 40_000) * 981 / 1_000 * 10**8
    adapter.setPrice(system["WETH"], system["WBTC"], int(price))
    order = (adapter.address, system["WETH"], system["WBTC"], False, WAD, 0, ANY_LOSS, b"")
    with system.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        system.vault.swap(account, order, sender=owner)
