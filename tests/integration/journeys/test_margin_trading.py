"""A trader on a real exchange: long and short, by plain calls to the helper and by batches of his own."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.evm import AnvilBackend
from tests.helpers.exchange import Exchange
from tests.helpers.system import OWNER, TRADER, WAD, System
from tests.helpers.worth import worth

pytestmark = pytest.mark.anvil

FOREVER = 2**40
PERCENT = WAD // 100
NOBODY = "0x" + "00" * 20
ALL = 2**256 - 1


@pytest.fixture
def trader(venue: Exchange, anvil: AnvilBackend) -> str:
    """With 20,000 dollars and ten ether in his wallet, and the helper as his operator."""
    system, trader = venue.system, anvil.accounts[TRADER]
    for symbol, whole in (("USDC", 20_000), ("WETH", 10)):
        system.mint(symbol, trader, whole)
        system.token(symbol).approve(system.helper.address, 2**255, sender=trader)
        system.token(symbol).approve(system.vault.address, 2**255, sender=trader)
    system.vault.setOperator(system.account(trader), system.helper.address, FOREVER, sender=trader)
    return trader


def order(
    venue: Exchange, sell: str, buy: str, amount: int, limit: int, max_loss: int = PERCENT
) -> tuple[object, ...]:
    """A trade as the helper takes it, with a hundredth to lose."""
    system = venue.system
    return (system[sell], system[buy], amount, limit, max_loss, venue.adapter.address, venue.route(sell, buy))


def move(venue: Exchange, price: int) -> None:
    """The feed, and the exchange with it."""
    system, arbitrageur = venue.system, venue.system.evm.accounts[OWNER]
    system.mint("WETH", arbitrageur, 2_000)
    system.mint("USDC", arbitrageur, 4_000_000)
    system.set_price("WETH", price)
    venue.pool.move_to(price, sender=arbitrageur)


def leverage(system: System, account: bytes, symbol: str, price: int) -> Fraction:
    """Value of the position over equity."""
    return Fraction(abs(system.balance(account, symbol)) * price, system.assess(account)[0])


def test_a_long_by_plain_calls(venue: Exchange, trader: str) -> None:
    """20,000 dollars, four times levered; ether rises by a tenth; closed: two fifths more, less fees and
    interest.
    """
    system, account = venue.system, venue.system.account(trader)
    margin = system.units("USDC", 20_000)
    amount = system.helper.amountFor(system["USDC"], margin, system["USDC"], 4 * WAD)
    assert amount == 4 * margin
    trade = order(venue, "USDC", "WETH", amount, 39 * WAD)
    bought = system.helper.open(account, system["USDC"], margin, trade, sender=trader).value
    assert system.balance(account, "WETH") == bought
    assert 3.9 < leverage(system, account, "WETH", 2_000) < 4.2
    assert system.health(account) > 1.15
    move(venue, 2_200)
    system.warp(30 * 86_400)
    system.helper.close(account, order(venue, "WETH", "USDC", 0, bought), trader, sender=trader)
    assert not system.vault.holdings(account)[0]
    end = worth(system, trader, prices={"WETH": 2_200}) - 10 * 2_200
    assert 26_500 < end < 28_000


def test_a_short_by_plain_calls(venue: Exchange, trader: str) -> None:
    """20,000 dollars against three times as much ether; ether falls by a tenth; closed: three tenths more,
    less the same.
    """
    system, account = venue.system, venue.system.account(trader)
    margin = system.units("USDC", 20_000)
    amount = system.helper.amountFor(system["USDC"], margin, system["WETH"], 3 * WAD)
    assert amount == 30 * WAD
    trade = order(venue, "WETH", "USDC", amount, 59_000 * 10**6)
    system.helper.open(account, system["USDC"], margin, trade, sender=trader)
    assert abs(system.balance(account, "WETH") + amount) < 10**13
    move(venue, 1_800)
    held = system.balance(account, "USDC")
    system.helper.close(account, order(venue, "USDC", "WETH", 0, held), trader, sender=trader)
    assert not system.vault.holdings(account)[0]
    end = worth(system, trader, prices={"WETH": 1_800}) - 10 * 1_800
    assert 25_000 < end < 26_000


def test_a_long_by_one_batch_with_ether_as_margin(venue: Exchange, trader: str) -> None:
    """Deposit ether, sell borrowed dollars for more: one transaction; and one to close and take everything
    home.
    """
    system, vault, account = venue.system, venue.system.vault, venue.system.account(trader)
    vault.execute(
        [
            vault.deposit.encode(account, system["WETH"], 10 * WAD),
            venue.swap(account, "USDC", "WETH", 50_000 * 10**6, 24 * WAD),
        ],
        sender=trader,
    )
    assert 3.3 < leverage(system, account, "WETH", 2_000) < 3.7
    debt = -system.balance(account, "USDC")
    vault.execute(
        [
            venue.swap(account, "WETH", "USDC", debt + 10**6, 26 * WAD, exact_out=True),
            vault.withdraw.encode(account, system["USDC"], ALL, trader),
            vault.withdraw.encode(account, system["WETH"], ALL, trader),
        ],
        sender=trader,
    )
    assert not vault.holdings(account)[0]
    left = worth(system, trader) - 20_000 - 10 * 2_000
    assert -600 < left < 0


def test_a_short_by_one_batch_that_is_turned_round(venue: Exchange, trader: str) -> None:
    """A short becomes a long in one transaction: the debt is bought back and more, with dollars borrowed for
    it.
    """
    system, vault, account = venue.system, venue.system.vault, venue.system.account(trader)
    vault.execute(
        [
            vault.deposit.encode(account, system["USDC"], 20_000 * 10**6),
            venue.swap(account, "WETH", "USDC", 20 * WAD),
        ],
        sender=trader,
    )
    assert system.balance(account, "WETH") < 0 < system.balance(account, "USDC")
    venue.trade(account, trader, "USDC", "WETH", 40 * WAD, 82_000 * 10**6, exact_out=True)
    assert system.balance(account, "WETH") > 19 * WAD
    assert system.balance(account, "USDC") < 0
    assert system.health(account) > 1.15


def test_too_much_leverage_is_refused_and_nothing_happens(venue: Exchange, trader: str) -> None:
    """SOLV-1: six times is more than the initial requirement allows; the margin is back in the wallet."""
    system, account = venue.system, venue.system.account(trader)
    margin = system.units("USDC", 20_000)
    trade = order(venue, "USDC", "WETH", 6 * margin, 0, 5 * PERCENT)
    with system.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        system.helper.open(account, system["USDC"], margin, trade, sender=trader)
    assert system.token("USDC").balanceOf(trader) == margin


def test_nobody_else_trades_through_the_helper(venue: Exchange, trader: str) -> None:
    """The helper may act for the account; a stranger may not have it do so."""
    system, account = venue.system, venue.system.account(trader)
    stranger = system.evm.accounts[5]
    trade = order(venue, "USDC", "WETH", 10**6, 0)
    with system.evm.reverts("MarginHelper_NotAuthorised", account, stranger):
        system.helper.open(account, NOBODY, 0, trade, sender=stranger)
    with system.evm.reverts("MarginHelper_NotAuthorised", account, stranger):
        system.helper.close(account, trade, stranger, sender=stranger)
