"""What the protocol stands on: tokens, feeds, Uniswap. Mocks on local chains, else what the files name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from scripts.common.contract import Contract
from scripts.common.sqrt_price import tick_spacing
from scripts.common.uniswap import CORE, NOBODY, PERIPHERY, Pool, Uniswap
from scripts.common.units import WAD
from scripts.deploy.deployer import Deployer, DeployError
from scripts.markets import Market, Markets

# A share token is given its rate by a deposit and a donation of this many whole tokens.
SEED = 1_000
LOWEST_FEE = 100


@dataclass
class World:
    """Tokens by symbol, feeds by name of the underlying, Uniswap's pools by symbols of base and quote."""

    tokens: dict[str, Contract] = field(default_factory=dict)
    aggregators: dict[str, Contract] = field(default_factory=dict)
    wrapped_native: Contract | None = None
    factory: Contract | None = None
    sequencer_feed: str = NOBODY
    uniswap: Uniswap | None = None
    pools: dict[tuple[str, str], Pool] = field(default_factory=dict)


def found(deployer: Deployer, markets: Markets, chain_id: int) -> World:
    """Takes the addresses that the files give for a chain. Raises DeployError naming file and field."""
    network = markets.domain.networks.get(chain_id)
    if network is None:
        raise _missing(markets, markets.domain.name, chain_id, "uniswap_factory")
    world = World()
    world.factory = deployer.use("uniswap.factory", "UniswapV3Factory", network.uniswap_factory, CORE)
    world.sequencer_feed = network.sequencer_feed or NOBODY
    for market in markets.assets:
        addresses = market.networks.get(chain_id)
        if addresses is None:
            raise _missing(
                markets, market.symbol, chain_id, "token" + (" and aggregator" if market.price else "")
            )
        world.tokens[market.symbol] = deployer.use(f"{market.symbol}.token", "MockERC20", addresses.token)
        if market.price:
            if addresses.aggregator is None:
                raise _missing(
                    markets, market.symbol, chain_id, "aggregator", f"networks.{chain_id}.aggregator"
                )
            world.aggregators[market.underlying] = deployer.use(
                f"{market.underlying}.aggregator", "MockAggregator", addresses.aggregator
            )
    world.wrapped_native = world.tokens[markets.domain.wrapped_native]
    return world


def made(deployer: Deployer, markets: Markets, prices: Mapping[str, Decimal]) -> World:
    """Deploys mocks; `prices` of underlyings in dollars go before those of the files."""
    world = World()
    for market in markets.assets:
        key = f"{market.symbol}.token"
        if market.symbol == markets.domain.wrapped_native:
            world.wrapped_native = world.tokens[market.symbol] = deployer.create(key, "MockWETH")
        elif not market.local.wraps:
            world.tokens[market.symbol] = deployer.create(
                key, "MockERC20", market.name, market.symbol, market.decimals
            )
    for market in markets.assets:
        if market.local.wraps:
            world.tokens[market.symbol] = _share_token(deployer, markets, market, world)
    for name, market in markets.underlyings.items():
        answer = int(price_of(markets, market.symbol, prices) * 10**market.local.feed_decimals)
        world.aggregators[name] = deployer.create(
            f"{name}.aggregator", "MockAggregator", market.local.feed_decimals, f"{name} / USD", answer
        )
    _make_uniswap(deployer, markets, world, prices)
    return world


def price_of(markets: Markets, symbol: str, prices: Mapping[str, Decimal]) -> Fraction:
    """Dollars for one whole token on a local chain."""
    market = markets[symbol]
    if market.local.wraps:
        return price_of(markets, market.local.wraps, prices) * rate_of(markets, market)
    if market.underlying in prices:
        return Fraction(prices[market.underlying])
    return Fraction(market.local.price, WAD)


def rate_of(markets: Markets, market: Market) -> Fraction:
    """Units of what it wraps for one token on a local chain."""
    assert market.local.wraps
    return Fraction(market.local.price, markets[market.local.wraps].local.price)


def mint(deployer: Deployer, markets: Markets, world: World, symbol: str, to: str, amount: int) -> None:
    """Gives `to` smallest units of a mock token; one that wraps another is paid for in it."""
    market, token, sender = markets[symbol], world.tokens[symbol], deployer.sender
    if not market.local.wraps:
        token.mint(to, amount, sender=sender)
        if world.wrapped_native is not None and token == world.wrapped_native:
            # Its tokens can be unwrapped like any other's.
            deployer.chain.set_balance(token.address, token.totalSupply())
        return
    base = world.tokens[market.local.wraps]
    needed = token.previewMint(amount)
    mint(deployer, markets, world, market.local.wraps, sender, needed)
    base.approve(token, needed, sender=sender)
    token.mint(amount, to, sender=sender)


def _share_token(deployer: Deployer, markets: Markets, market: Market, world: World) -> Contract:
    """A share of `wraps`, worth the ratio of both prices."""
    assert market.local.wraps
    base = world.tokens[market.local.wraps]
    token = deployer.create(
        f"{market.symbol}.token", "MockShareToken", base.address, market.name, market.symbol
    )
    shares = SEED * 10**market.decimals
    assets = int(shares * rate_of(markets, market))
    if assets < shares:
        raise DeployError(
            f"{markets.files[market.symbol].name}: local.price: is below that of {market.local.wraps}, which"
            " it wraps; a share is worth at least what was put in"
        )
    deployer.ensure(
        f"gave {market.symbol} its rate",
        # After the deposit alone each share is worth one.
        (token.totalSupply() > 0 and assets == shares) or base.balanceOf(token) > token.totalSupply(),
        lambda: _seed(token, base, shares, assets, deployer.sender),
    )
    return token


def _seed(token: Contract, base: Contract, shares: int, assets: int, sender: str) -> None:
    base.mint(sender, assets, sender=sender)
    base.approve(token, assets, sender=sender)
    if token.totalSupply() == 0:
        token.deposit(shares, sender, sender=sender)
    token.donate(assets - base.balanceOf(token), sender=sender)


def _make_uniswap(deployer: Deployer, markets: Markets, world: World, prices: Mapping[str, Decimal]) -> None:
    wrapped = world.wrapped_native
    factory = deployer.create("uniswap.factory", "UniswapV3Factory", package=CORE)
    periphery: list[Contract] = [
        deployer.create(f"uniswap.{key}", name, factory.address, wrapped, *more, package=PERIPHERY)
        for key, name, more in (
            ("router", "SwapRouter", ()),
            ("quoter", "QuoterV2", ()),
            ("positions", "NonfungiblePositionManager", (NOBODY,)),
        )
    ]
    # Uniswap's governance has added this one on public chains; the factory does not start with it.
    deployer.ensure(
        "allowed Uniswap pools with a fee of 0.01%",
        factory.feeAmountTickSpacing(LOWEST_FEE) != 0,
        lambda: factory.enableFeeAmount(LOWEST_FEE, tick_spacing(LOWEST_FEE), sender=deployer.sender),
    )
    world.factory = factory
    world.uniswap = Uniswap(deployer.chain, factory, *periphery)
    for market in markets.assets:
        if market.local.uniswap:
            quote = market.local.uniswap.quote
            world.pools[market.symbol, quote] = _make_pool(deployer, markets, world, market, prices)


def _make_pool(
    deployer: Deployer, markets: Markets, world: World, market: Market, prices: Mapping[str, Decimal]
) -> Pool:
    assert market.local.uniswap and world.uniswap and world.factory
    settings, uniswap, sender = market.local.uniswap, world.uniswap, deployer.sender
    quote_market = markets[settings.quote]
    base, quote = world.tokens[market.symbol], world.tokens[settings.quote]
    worth = {m.symbol: price_of(markets, m.symbol, prices) for m in (market, quote_market)}
    name = f"{market.symbol}/{settings.quote}"
    deployer.ensure(
        f"made the Uniswap pool {name}",
        world.factory.getPool(base, quote, settings.fee) != NOBODY,
        lambda: uniswap.create_pool(
            base, quote, settings.fee, worth[market.symbol] / worth[settings.quote], sender=sender
        ),
    )
    pool = uniswap.pool(base, quote, settings.fee)
    seconds = _window(markets, market)
    deployer.ensure(
        f"made room for {seconds} observations in {name}",
        pool.contract.slot0()[4] >= seconds,
        lambda: pool.grow_observations(seconds, sender=sender),
    )

    def add() -> Any:
        half = Fraction(settings.liquidity, 2 * WAD)
        amounts = []
        for side in (market, quote_market):
            amount = int(half / worth[side.symbol] * 10**side.decimals)
            mint(deployer, markets, world, side.symbol, sender, amount)
            amounts.append(amount)
        return pool.add_liquidity(*amounts, sender=sender)

    deployer.ensure(f"added liquidity to {name}", pool.contract.liquidity() > 0, add)
    return pool


def _window(markets: Markets, market: Market) -> int:
    """Observations that the asset's pool needs, one a second."""
    twap = market.price.second_source if market.price else None
    return twap.window.value if twap else 1


def _missing(markets: Markets, name: str, chain_id: int, what: str, place: str | None = None) -> DeployError:
    place = place or f"networks.{chain_id}"
    return DeployError(f"{markets.files[name].name}: {place}: is missing; add {what} of chain {chain_id}")
