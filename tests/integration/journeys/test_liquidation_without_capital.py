"""A taker with an empty wallet: take over, sell on Uniswap, repay, keep the premium, in one transaction."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.evm import AnvilBackend
from tests.helpers.exchange import Exchange
from tests.helpers.system import NO_LIMIT, OWNER, TAKER, TRADER, WAD, System

pytestmark = pytest.mark.anvil

ALL = 2**256 - 1


def crash(venue: Exchange, price: float, exchange: float | None = None) -> None:
    """The feed goes to the price; the exchange as well, or where it is said to be."""
    system, arbitrageur = venue.system, venue.system.evm.accounts[OWNER]
    system.mint("WETH", arbitrageur, 4_000)
    system.mint("USDC", arbitrageur, 8_000_000)
    venue.pool.move_to(Fraction(exchange or price), sender=arbitrageur)
    system.set_price("WETH", price)


def size(system: System, account: bytes) -> int:
    """The fraction that a takeover would take now."""
    holdings, instruments, _ = system.vault.holdings(account)
    return int(system.liquidation.plan((account, holdings, instruments, 0, WAD, 0, 0))[0])


def sell_and_leave(venue: Exchange, account: bytes) -> list[bytes]:
    """Takeover of all there is to take, sale of what will come, and the profit home.

    A block's interest makes the fraction a little larger than it is now; that little ether goes home as it
    is.
    """
    system, taker = venue.system, venue.system.evm.accounts[TAKER]
    into, vault = system.account(taker), venue.system.vault
    fraction = size(system, account)
    # A wei less, so that something is left where no second has passed.
    ether = system.balance(account, "WETH") * fraction // WAD - (fraction < WAD)
    calls = [
        vault.liquidate.encode(account, into, WAD, 0, 0, NO_LIMIT),
        venue.swap(into, "WETH", "USDC", ether, max_loss=WAD // 10),
        vault.withdraw.encode(into, system["USDC"], ALL, taker),
    ]
    if fraction < WAD:
        calls.append(vault.withdraw.encode(into, system["WETH"], ALL, taker))
    return calls


@pytest.mark.parametrize("price", [1_760, 1_700, 1_620])
def test_one_batch_mends_the_account_and_pays(venue: Exchange, anvil: AnvilBackend, price: float) -> None:
    """LIQ-1: afterwards the account is healthy; the taker has nothing in the vault and a profit at home."""
    system, taker = venue.system, anvil.accounts[TAKER]
    account = system.leveraged(anvil.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    crash(venue, price)
    assets = system.pool("USDC").totalAssets()
    assert system.health(account) < 1
    tx = system.vault.execute(sell_and_leave(venue, account), sender=taker)
    assert tx.events("Liquidated") and tx.events("Swapped")
    assert not system.vault.holdings(system.account(taker))[0]
    profit = system.token("USDC").balanceOf(taker)
    assert profit > 10 * 10**6
    assert system.health(account) > 1.1, "LIQ-1"
    assert system.pool("USDC").totalAssets() >= assets, "SOLV-3"


def test_an_account_is_emptied_where_the_rest_would_be_dust(venue: Exchange, anvil: AnvilBackend) -> None:
    """A debt of 150 dollars: all of it goes, and its owner keeps what is left of his equity in dollars."""
    system, taker, trader = venue.system, anvil.accounts[TAKER], anvil.accounts[TRADER]
    account = system.leveraged(trader, "WETH", 0.1, "USDC", 150)
    crash(venue, 1_650)
    system.vault.execute(sell_and_leave(venue, account), sender=taker)
    assert system.balance(account, "WETH") == 0 < system.balance(account, "USDC")
    system.vault.withdraw(account, system["USDC"], ALL, trader, sender=trader)
    assert system.token("USDC").balanceOf(taker) > 10**6


def test_the_exchange_is_ahead_of_the_oracle(venue: Exchange, anvil: AnvilBackend) -> None:
    """The exchange has fallen three hundredths further than the feed: the taker sells below the oracle's
    price, at his own risk, because he ends the batch with nothing that needs a bound.
    """
    system, taker = venue.system, anvil.accounts[TAKER]
    account = system.leveraged(anvil.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    crash(venue, 1_650, 1_640)
    system.vault.execute(sell_and_leave(venue, account), sender=taker)
    assert system.token("USDC").balanceOf(taker) > 0
    assert system.health(account) > 1


def test_a_sale_that_does_not_pay_undoes_the_takeover(venue: Exchange, anvil: AnvilBackend) -> None:
    """The exchange has fallen by more than the premium: the taker could not repay, so nothing happens."""
    system, taker = venue.system, anvil.accounts[TAKER]
    account = system.leveraged(anvil.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    crash(venue, 1_700, 1_560)
    before = system.vault.holdings(account)[0]
    calls = sell_and_leave(venue, account)
    with anvil.reverts("Vault_InsufficientBalance", system["USDC"], ALL, 0):
        system.vault.execute(calls, sender=taker)
    with anvil.reverts("Vault_BelowInitialRequirement", None, None, None):
        system.vault.execute(calls[:2], sender=taker)
    assert [word >> 248 for word in system.vault.holdings(account)[0]] == [word >> 248 for word in before]
    assert system.balance(account, "WETH") == 10 * WAD


def test_a_short_is_bought_back(venue: Exchange, anvil: AnvilBackend) -> None:
    """The other way round: the taker gets dollars and an ether debt, buys the ether, keeps the rest."""
    system, vault, taker = venue.system, venue.system.vault, anvil.accounts[TAKER]
    account = system.leveraged(anvil.accounts[TRADER], "USDC", 25_000, "WETH", 10)
    into = system.account(taker)
    crash(venue, 2_240)
    owed = -system.balance(account, "WETH") * size(system, account) // WAD + 10**13
    calls = [
        vault.liquidate.encode(account, into, WAD, 0, 0, NO_LIMIT),
        venue.swap(into, "USDC", "WETH", owed, 30_000 * 10**6, exact_out=True, max_loss=WAD // 10),
        vault.withdraw.encode(into, system["USDC"], ALL, taker),
        vault.withdraw.encode(into, system["WETH"], ALL, taker),
    ]
    vault.execute(calls, sender=taker)
    assert not vault.holdings(into)[0]
    assert system.token("USDC").balanceOf(taker) > 10 * 10**6
    assert system.health(account) > 1.1
