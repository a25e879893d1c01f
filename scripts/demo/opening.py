"""Before the play: everything deployed at the first price of the path, and roles for Anvil's accounts."""

from __future__ import annotations

from dataclasses import replace

from scripts.client.domain import Domain
from scripts.common.chain import Chain
from scripts.common.errors import KeelError
from scripts.common.units import WAD, format_usd, to_decimal
from scripts.demo.actors import TRADERS
from scripts.demo.options import OPTION_ACCOUNTS
from scripts.demo.perps import PERP_TRADERS
from scripts.demo.play import Cast
from scripts.demo.prices import PricePath
from scripts.demo.stage import Asset, Stage
from scripts.deploy import deploy
from scripts.keeper.perps import listed_perps
from scripts.markets import Markets

ETHER = "ETH"  # the underlying that follows the path

# The first account deploys and governs.
LENDER, STAKER, ARBITRAGEUR, KEEPER, FIRST_TRADER = range(1, 6)
FIRST_OF_PERPS = FIRST_TRADER + len(TRADERS)  # the LP, then traders
FIRST_OF_OPTIONS = FIRST_OF_PERPS + 1 + len(PERP_TRADERS)
ACCOUNTS = FIRST_OF_OPTIONS + OPTION_ACCOUNTS


def deploy_stage(chain: Chain, markets: Markets, path: PricePath) -> Stage:
    """Deploys all markets with ether at the path's first price. Raises KeelError."""
    markets = as_deep_in_dollars(markets, path)
    deployment = deploy(chain, markets=markets, prices={ETHER: path.closes[0]})
    domain = Domain(chain, deployment.record)
    assets = [
        Asset(asset.symbol, asset.id, asset.token, asset.decimals, asset.pool, asset.underlying)
        for asset in deployment.assets
        if asset.pool is not None
    ]
    return Stage(
        chain,
        deployment.vault,
        deployment.risk,
        deployment.parameters,
        deployment.liquidation,
        deployment.backstop,
        deployment.lens,
        deployment.adapter,
        assets,
        deployment.feeds,
        deployment.markets,
        deployment.mint,
        domain,
        listed_perps(domain),
    )


def as_deep_in_dollars(markets: Markets, path: PricePath) -> Markets:
    """Markets whose virtual AMMs on ether are as deep at the path's first price as at that of the market's file.

    Depth is in units: traders with the same dollars would move one market by much and another not at all.
    """
    local = markets.underlyings[ETHER].local.price
    perps = []
    for perp in markets.perps:
        if perp.underlying == ETHER:
            depth = perp.amm.depth
            units = int(depth.value * local / (path.closes[0] * WAD))
            amm = perp.amm.model_copy(update={"depth": depth.model_copy(update={"value": units})})
            perp = perp.model_copy(update={"amm": amm})
        perps.append(perp)
    return replace(markets, perps=tuple(perps))


def require_playable(path: PricePath, markets: Markets) -> None:
    """Raises KeelError where the feed of ether would refuse one of the path's prices."""
    price = markets.underlyings[ETHER].price
    assert price is not None
    low, high = to_decimal(price.least.value), to_decimal(price.most.value)
    for at, close in zip(path.times, path.closes, strict=True):
        if not low < close < high:
            raise KeelError(
                f"{path.name}: close {close.normalize():f} at {at} is outside of what the market's feed"
                f" accepts, {format_usd(price.least.value, 0)} to {format_usd(price.most.value, 0)}"
            )


def cast_of(chain: Chain) -> Cast:
    """Who is who among the chain's accounts."""
    held = chain.accounts
    return Cast(
        held[LENDER],
        held[STAKER],
        held[ARBITRAGEUR],
        held[KEEPER],
        held[FIRST_TRADER:FIRST_OF_PERPS],
        held[FIRST_OF_PERPS:FIRST_OF_OPTIONS],
        held[FIRST_OF_OPTIONS:ACCOUNTS],
    )
