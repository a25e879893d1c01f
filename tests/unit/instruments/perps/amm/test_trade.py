"""VirtualAmm.trade: prices, the limit of the skew, and whom it refuses (PERP-2)."""

from __future__ import annotations

import pytest

from tests.helpers.perp_trading import SHAPE, PerpTrading
from tests.helpers.system import DAY, WAD

ETHER = WAD
LIMIT = SHAPE[0] * SHAPE[3] // 10**6  # a fifth of the depth


def test_the_price_is_the_curves(perps: PerpTrading, trader: bytes) -> None:
    sold = 0
    for size in (10 * ETHER, 1, -4 * ETHER, -7 * ETHER - 5, -100 * ETHER):
        price = perps.curve.price(sold, size, perps.index)
        assert perps.amm.quote(size) == price
        before = perps.cost(trader)
        perps.trade(trader, size)
        assert perps.cost(trader) - before == size * price
        sold += size
        assert perps.size(perps.amm_account) == -sold


def test_the_index_moves_every_price(perps: PerpTrading, trader: bytes) -> None:
    perps.trade(trader, 100 * ETHER)
    perps.system.set_price("WETH", 3_000)
    assert perps.amm.quote(ETHER) == perps.curve.price(100 * ETHER, ETHER, 3_000 * WAD)


def test_only_the_market_trades(perps: PerpTrading) -> None:
    stranger = perps.evm.accounts[5]
    with perps.evm.reverts("PerpMaker_NotMarket", stranger):
        perps.amm.trade(bytes(32), ETHER, 0, 2_000 * WAD, sender=stranger)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_skew_has_a_limit(perps: PerpTrading, trader: bytes, sign: int) -> None:
    with perps.evm.reverts("VirtualAmm_SkewLimit", sign * (LIMIT + 1), LIMIT):
        perps.amm.quote(sign * (LIMIT + 1))
    perps.amm.quote(sign * LIMIT)
    perps.trade(trader, sign * 100 * ETHER)
    with perps.evm.reverts("VirtualAmm_SkewLimit"):
        perps.amm.quote(sign * (LIMIT - 100 * ETHER + 1))
    # Through zero and as far on the other side.
    perps.amm.quote(-sign * (LIMIT + 100 * ETHER))


def test_the_limit_binds_on_the_way_up_only(perps: PerpTrading, trader: bytes) -> None:
    perps.trade(trader, 200 * ETHER)
    depth, spread, skew, _ = SHAPE
    perps.amm.setShape((depth, spread, skew, 10_000), DAY)  # a hundred ether at the most
    perps.system.warp(DAY)
    with perps.evm.reverts("VirtualAmm_SkewLimit", 200 * ETHER + 1, 100 * ETHER):
        perps.trade(trader, 1)
    perps.trade(trader, -ETHER)
    perps.trade(trader, -199 * ETHER)
    assert perps.size(trader) == 0


def test_no_quote_without_a_fresh_index(perps: PerpTrading, trader: bytes) -> None:
    perps.evm.warp(2 * DAY)
    with perps.evm.reverts("VirtualAmm_IndexNotFresh", 2):
        perps.amm.quote(ETHER)
    with perps.evm.reverts():
        perps.trade(trader, ETHER)


@pytest.mark.parametrize("size", [1, -1])
def test_one_wei(perps: PerpTrading, trader: bytes, size: int) -> None:
    perps.trade(trader, size)
    perps.trade(trader, -size)
    assert perps.size(trader) == 0
    assert perps.cost(trader) >= 2 * 2 * WAD, "PERP-2: the spread of both"


def test_the_account_of_the_amm_is_judged(perps: PerpTrading, trader: bytes, lp: str) -> None:
    """Zero liquidity: an AMM without deposits takes nobody's other side."""
    poor = PerpTrading.deploy(perps.system, liquidity=0)
    with perps.evm.reverts("Vault_BelowInitialRequirement", poor.amm_account, None, None):
        poor.trade(trader, ETHER)
    poor.provide(1_000)
    poor.trade(trader, ETHER)


def test_depth(perps: PerpTrading, trader: bytes) -> None:
    assert tuple(perps.amm.depth()) == (0, LIMIT, LIMIT, 2_000 * WAD, 0)
    perps.trade(trader, 500 * ETHER)
    sold, buyable, sellable, middle, premium = perps.amm.depth()
    assert (sold, buyable, sellable) == (500 * ETHER, LIMIT - 500 * ETHER, LIMIT + 500 * ETHER)
    assert premium == perps.curve.premium(500 * ETHER) == perps.amm.middlePremiumWad(-500 * ETHER)
    assert middle == 2_000 * (WAD + premium)
    perps.amm.quote(buyable)
    perps.amm.quote(-sellable)
    with perps.evm.reverts("VirtualAmm_SkewLimit"):
        perps.amm.quote(buyable + 1)
