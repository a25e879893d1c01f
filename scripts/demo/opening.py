"""Before the play: everything deployed at the first price of the path, and roles for Anvil's accounts."""

from __future__ import annotations

from scripts.common.chain import Chain
from scripts.common.errors import KeelError
from scripts.common.units import format_usd, to_decimal
from scripts.demo.actors import TRADERS
from scripts.demo.play import Cast
from scripts.demo.prices import PricePath
from scripts.demo.stage import Asset, Stage
from scripts.deploy import deploy
from scripts.markets import Markets

ETHER = "ETH"  # the underlying that follows the path

# The first account deploys and governs.
LENDER, STAKER, ARBITRAGEUR, KEEPER, FIRST_TRADER = range(1, 6)
ACCOUNTS = FIRST_TRADER + len(TRADERS)


def deploy_stage(chain: Chain, markets: Markets, path: PricePath) -> Stage:
    """Deploys all markets with ether at the path's first price. Raises KeelError."""
    deployment = deploy(chain, markets=markets, prices={ETHER: path.closes[0]})
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
    )


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
    return Cast(held[LENDER], held[STAKER], held[ARBITRAGEUR], held[KEEPER], held[FIRST_TRADER:])
