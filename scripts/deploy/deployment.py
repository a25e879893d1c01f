"""What has been deployed, as contracts to call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.common.contract import Contract
from scripts.common.uniswap import Pool, Uniswap
from scripts.deploy.core import Core, OptionContracts, PerpContracts, VolatilityContracts
from scripts.deploy.deployer import Deployer
from scripts.deploy.record import Record
from scripts.deploy.world import World, mint
from scripts.markets import Market, Markets


@dataclass(frozen=True)
class Asset:
    """One listed asset; `underlying` is the number of what its price moves with, `feed` that one's feed."""

    symbol: str
    id: int
    decimals: int
    token: Contract
    pool: Contract | None
    underlying: int
    feed: Contract
    market: Market


@dataclass(frozen=True)
class Deployment:
    """The contracts of a domain. `assets` are in the vault's order, `feeds` by number of the underlying.

    `perps` are perpetual markets by symbol; `orders` settles their signed orders, `perp_lens` shows positions in
    them; both are None where there are none. `options` are option markets by symbol, `option_orders` settles theirs;
    `volatility` is there where an underlying has it.
    `uniswap` and `markets`, the pools to trade on, are local chains'. `compared` values were read back.
    """

    chain: Any
    configuration: Markets
    record: Record
    vault: Contract
    risk: Contract
    parameters: Contract
    liquidation: Contract
    backstop: Contract
    lens: Contract
    greeks_lens: Contract
    helper: Contract
    adapter: Contract
    wrapped_native: Contract
    assets: Sequence[Asset]
    feeds: dict[int, Contract]
    underlyings: dict[str, int]
    orders: Contract | None
    perp_lens: Contract | None
    perps: dict[str, PerpContracts]
    option_orders: Contract | None
    options: dict[str, OptionContracts]
    volatility: VolatilityContracts | None
    portfolio_mode: Contract
    uniswap: Uniswap | None
    markets: Sequence[Pool]
    sent: int
    compared: int
    _deployer: Deployer
    _world: World

    def __getitem__(self, symbol: str) -> Asset:
        return next(asset for asset in self.assets if asset.symbol == symbol)

    def mint(self, symbol: str, to: str, amount: int) -> None:
        """Gives `to` smallest units of a mock token. Local chains only."""
        mint(self._deployer, self.configuration, self._world, symbol, to, amount)


def assemble(deployer: Deployer, markets: Markets, world: World, core: Core, compared: int) -> Deployment:
    """The deployment from its parts."""
    assets = [
        Asset(
            symbol=market.symbol,
            id=core.asset_ids[market.symbol],
            decimals=market.decimals,
            token=world.tokens[market.symbol],
            pool=deployer.at(f"{market.symbol}.pool", "LendingPool") if market.pool else None,
            underlying=core.underlying_ids[market.underlying],
            feed=world.aggregators[market.underlying],
            market=market,
        )
        for market in markets.assets
    ]
    assert world.wrapped_native
    return Deployment(
        chain=deployer.chain,
        configuration=markets,
        record=deployer.record,
        vault=core.vault,
        risk=core.risk,
        parameters=core.parameters,
        liquidation=core.liquidation,
        backstop=core.backstop,
        lens=core.lens,
        greeks_lens=core.greeks_lens,
        helper=core.helper,
        adapter=core.adapter,
        wrapped_native=world.wrapped_native,
        assets=sorted(assets, key=lambda asset: asset.id),
        feeds={core.underlying_ids[name]: feed for name, feed in world.aggregators.items()},
        underlyings=dict(core.underlying_ids),
        orders=core.orders,
        perp_lens=core.perp_lens,
        perps=dict(core.perps),
        option_orders=core.option_orders,
        options=dict(core.options),
        volatility=core.volatility,
        portfolio_mode=core.portfolio_mode,
        uniswap=world.uniswap,
        markets=list(world.pools.values()),
        sent=deployer.sent,
        compared=compared,
        _deployer=deployer,
        _world=world,
    )
