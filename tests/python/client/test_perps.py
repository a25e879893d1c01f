"""Perpetual markets of a deployed domain: by name, how they are called, where their parameters walk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.client.domain import account_id
from scripts.client.perps import parameters_target, shape_target, trade_data
from scripts.common.contract import Reverted
from scripts.common.errors import KeelError
from scripts.common.units import WAD
from tests.helpers.crash import CrashChain

pytestmark = pytest.mark.anvil

DAY = 86_400


@pytest.fixture(scope="module")
def world() -> Iterator[CrashChain]:
    with CrashChain() as made:
        yield made


def test_the_client_knows_markets_by_name(world: CrashChain) -> None:
    domain = world.domain
    assert list(domain.perps) == ["ETH-PERP", "BTC-PERP"]
    assert domain.perp("btc-perp") == domain.perp("BTC") == domain.perps["BTC-PERP"]
    perp = domain.perp("ETH")
    assert domain.vault.instrumentAt(perp.instrument) == perp.market.address
    assert perp.underlying == domain.underlyings["ETH"] == perp.market.underlying()
    assert perp.amm.market() == perp.market.address and perp.market.orders() == domain.orders.address
    with pytest.raises(KeelError, match='no perpetual market "DOGE" is listed; there are ETH-PERP, BTC-PERP'):
        domain.perp("DOGE")


def test_a_trade_is_bounded_by_its_limit(world: CrashChain) -> None:
    domain, perp = world.domain, world.domain.perp("ETH")
    owner, usdc, liquidity = world.chain.accounts[5], domain.settlement.token, 10**12
    sender = world.chain.accounts[0]
    usdc.mint(sender, liquidity, sender=sender)
    usdc.approve(perp.amm, liquidity, sender=sender)
    perp.amm.deposit(liquidity, sender, sender=sender)
    account = account_id(owner)
    usdc.mint(owner, 10**10, sender=sender)
    usdc.approve(domain.vault, 10**10, sender=owner)
    domain.vault.deposit(account, usdc, 10**10, sender=owner)

    def trade(size: int, limit: int | None) -> None:
        data = trade_data(perp.amm.address, size, limit)
        domain.vault.callInstrument(account, perp.market, data, sender=owner)

    for size, worse in ((WAD, -1), (-WAD, 1)):
        quoted = perp.amm.quote(size)
        with pytest.raises(Reverted, match="PerpMarket_PriceLimit"):
            trade(size, quoted + worse)
        trade(size, quoted)
        trade(-size, None)
        assert perp.market.position(account).sizeWad == 0


def test_parameters_walk_to_what_was_set(world: CrashChain) -> None:
    chain, perp = world.chain, world.domain.perp("BTC")
    first, owner = world.domain.deployed_at, chain.accounts[0]
    assert (
        parameters_target(chain, perp.market, first) is None and shape_target(chain, perp.amm, first) is None
    )
    parameters, shape = list(perp.market.parameters()), list(perp.amm.shape())
    parameters[2], shape[0] = WAD // 2, 20_000 * WAD
    perp.market.setParameters(tuple(parameters), 2 * DAY, sender=owner)
    perp.amm.setShape(tuple(shape), 2 * DAY, sender=owner)
    chain.warp(DAY)
    assert list(parameters_target(chain, perp.market, first)) == parameters
    assert list(shape_target(chain, perp.amm, first)) == shape
    assert perp.market.parameters().haircutWad < WAD // 2 and perp.amm.shape().depthWad < 20_000 * WAD
    chain.warp(2 * DAY)
    assert (
        parameters_target(chain, perp.market, first) is None and shape_target(chain, perp.amm, first) is None
    )
