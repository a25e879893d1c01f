"""A sandwich around a leveraged open on a real Uniswap v3: push the price, let him buy, sell into him."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.exchange import Exchange
from tests.helpers.system import STRANGER, TRADER, WAD
from tests.helpers.worth import gain, worth

SPENT = 80_000  # dollars, four times the trader's margin
CHEAT = 10**6


def rich(market: Exchange) -> str:
    """The attacker, with all the capital he needs."""
    attacker = market.system.evm.accounts[STRANGER]
    market.system.mint("WETH", attacker, 10_000)
    market.system.mint("USDC", attacker, 20_000_000)
    return attacker


def open_long(market: Exchange, max_loss: int, limit: int = 0) -> bytes:
    """20,000 dollars of margin and 60,000 borrowed buy ether."""
    system, trader = market.system, market.system.evm.accounts[TRADER]
    account = system.deposit(trader, "USDC", 20_000)
    order = ("USDC", "WETH", SPENT * 10**6, limit)
    market.trade(account, trader, *order, max_loss=max_loss)
    return account


@pytest.mark.parametrize("push", ["2100", "2400", "4000"])
def test_beyond_the_bound_the_trade_does_not_happen(market: Exchange, push: str) -> None:
    """The price is pushed by more than the trader lets a swap lose against the oracle.

    The trade is refused, the trader has lost nothing, and the attacker has only paid fees.
    """
    system, evm, attacker = market.system, market.system.evm, rich(market)
    with gain(system, attacker, prices={"WETH": 2_000}) as gained:
        market.pool.move_to(push, sender=attacker)
        with evm.reverts("Vault_SwapLoss", None, WAD // 100):
            open_long(market, WAD // 100)
        market.pool.move_to(2_000, sender=attacker)
    assert gained.dollars < 0


@pytest.mark.parametrize("percent", [1, 3])
def test_within_the_bound_the_trader_loses_the_bound_at_most(market: Exchange, percent: int) -> None:
    """The attacker pushes the price just so far that the swap still passes, and takes what there is to take.

    The trader loses at most `maxLossWad` of what he spends, the attacker gains less than that.
    """
    system, evm, attacker = market.system, market.system.evm, rich(market)
    trader = evm.accounts[TRADER]
    system.mint("USDC", trader, 20_000)
    before = worth(system, trader)
    with gain(system, attacker, prices={"WETH": 2_000}) as gained:
        market.pool.move_to(Fraction(2_000) * (100 + percent * 9 // 10) / 100, sender=attacker)
        open_long(market, percent * WAD // 100)
        market.pool.move_to(2_000, sender=attacker)
    lost = before - (worth(system, trader) - 20_000)  # `deposit` minted the margin a second time
    bound = Fraction(percent * SPENT, 100)
    assert 0 < lost <= bound
    assert gained.dollars <= lost


def test_a_limit_in_tokens_holds_where_the_oracle_is_not_asked(market: Exchange) -> None:
    """The trader switches the oracle's bound off and names the least that he wants to buy."""
    system, evm, attacker = market.system, market.system.evm, rich(market)
    market.pool.move_to(2_100, sender=attacker)
    least = 39 * WAD
    with evm.reverts("SwapAdapter_OutputTooSmall", None, least):
        open_long(market, CHEAT * WAD, least)
    assert system.balance(system.account(evm.accounts[TRADER]), "WETH") == 0


def test_without_any_bound_the_initial_requirement_is_one(market: Exchange) -> None:
    """A trader who gives no bound at all is robbed of his own margin at most, not of the lenders' money.

    SOLV-1: what he buys must cover the initial requirement at the oracle's price.
    """
    evm, attacker = market.system.evm, rich(market)
    market.pool.move_to(3_000, sender=attacker)
    with evm.reverts("Vault_BelowInitialRequirement", None, None, None):
        open_long(market, CHEAT * WAD)
