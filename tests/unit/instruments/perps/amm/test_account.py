"""The AMM's account is one like any other: settled, taken over, and its curve follows what it holds."""

from __future__ import annotations

import pytest

from tests.helpers.perp_trading import TOKEN, PerpTrading
from tests.helpers.system import NO_LIMIT, WAD

ETHER = WAD
TAKER = 12


@pytest.fixture
def fallen(perps: PerpTrading, trader: bytes) -> PerpTrading:
    """Short 1,500 bought from it at 2,353 on average, and the price rises to 2,700: below its maintenance requirement."""
    perps.trade(trader, 1_500 * ETHER)
    perps.system.warp(1)
    perps.system.set_price("WETH", 2_780)
    return perps


def test_it_is_taken_over_like_any_other(fallen: PerpTrading) -> None:
    perps, owner = fallen, fallen.evm.accounts[TAKER]
    into = perps.funded(owner, 5_000_000)
    health = perps.system.health(perps.amm_account)
    assert health < 1
    perps.system.vault.liquidate(perps.amm_account, into, WAD // 4, 0, 0, NO_LIMIT, sender=owner)
    taken = -perps.size(into)
    assert 0 < taken <= 375 * ETHER
    assert perps.system.health(perps.amm_account) >= health
    # What it has sold is what its account is short now: the curve has come down with it.
    sold = 1_500 * ETHER - taken
    assert perps.amm.depth()[0] == sold
    assert perps.amm.quote(-ETHER) == perps.curve.price(sold, -ETHER, 2_780 * WAD)


def test_the_taker_cannot_be_the_amm(fallen: PerpTrading) -> None:
    """Nobody acts for its account, so nothing is moved into it."""
    owner = fallen.evm.accounts[TAKER]
    victim = fallen.funded(owner, 1)
    with fallen.evm.reverts("Vault_NotAuthorised", fallen.amm_account, owner):
        fallen.system.vault.liquidate(victim, fallen.amm_account, WAD, 0, 0, NO_LIMIT, sender=owner)


def test_anybody_settles_it(perps: PerpTrading, trader: bytes) -> None:
    perps.trade(trader, 100 * ETHER)
    perps.system.set_price("WETH", 2_100)
    balance = perps.system.balance(perps.amm_account, "USDC")
    exit_ = perps.amm.edges()[1]
    perps.market.settle(perps.amm_account)
    paid = balance - perps.system.balance(perps.amm_account, "USDC")
    assert paid == pytest.approx(100 * 100 * TOKEN - perps.cost(trader) // 10**30 + 200_000 * TOKEN, rel=0.05)
    assert abs(perps.amm.edges()[1] - exit_) <= 1, "paying what was lost changes nothing for who leaves"


def test_its_profit_is_paid_to_who_leaves(perps: PerpTrading, trader: bytes, lp: str) -> None:
    """The trader has lost and paid; whoever leaves first has the AMM's claim settled on the way."""
    shares = perps.amm.balanceOf(lp)
    perps.leave(shares, lp)
    perps.trade(trader, 100 * ETHER)
    perps.system.set_price("WETH", 1_900)
    perps.trade(trader, -100 * ETHER)
    perps.market.settle(trader)
    assert perps.amm.redeem(shares, lp, lp, sender=lp).value > 1_000_000 * TOKEN
