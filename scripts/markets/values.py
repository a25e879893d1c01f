"""Markets as the contracts take them: the tuples and arguments of constructors and setters."""

from __future__ import annotations

from math import isqrt
from typing import Any

from scripts.common.contract import Contract
from scripts.common.units import WAD
from scripts.markets.load import Markets
from scripts.markets.schema import AdaptiveRate, Domain, KinkRate, Market


def domain(settings: Domain) -> tuple[int, ...]:
    """IRiskParameters.Domain."""
    liquidation = settings.liquidation
    return (
        liquidation.target_health.value,
        liquidation.premium_min.value,
        liquidation.premium_start.value,
        liquidation.premium_max.value,
        liquidation.premium_full_health.value,
        liquidation.min_debt.value,
        liquidation.backstop_share.value,
        liquidation.swap_loss.value,
        liquidation.grace_period.value,
        liquidation.netting.value,
    )


def feed(markets: Markets, market: Market, aggregator: str, secondary: str, local: bool) -> tuple[Any, ...]:
    """IRiskParameters.Feed of the market's underlying."""
    price = market.price
    assert price
    return (
        aggregator,
        heartbeat(markets, market, local),
        price.half_width.value,
        price.volatility.value,
        secondary,
        price.tolerance.value,
        price.least.value,
        price.most.value,
    )


def shocks(market: Market) -> tuple[int, ...]:
    """IRiskParameters.Shocks of the market's underlying."""
    assert market.shocks
    return (
        market.shocks.initial_down.value,
        market.shocks.initial_up.value,
        market.shocks.maintenance_down.value,
        market.shocks.maintenance_up.value,
    )


def grid(market: Market) -> tuple[int, ...]:
    """IRiskParameters.Grid of the market's underlying."""
    assert market.grid
    return (
        market.grid.volatility_shock.value,
        market.grid.tail_multiple.value,
        market.grid.tail_damping.value,
    )


def asset(market: Market, underlying: int, rate_source: str) -> tuple[Any, ...]:
    """IRiskParameters.Asset."""
    collateral = market.collateral
    return (
        underlying,
        int(collateral.tier.value),
        rate_source,
        collateral.basis_shock.value,
        collateral.basis_band.value,
        collateral.unwinding.value,
        collateral.depth.value,
    )


def heartbeat(markets: Markets, market: Market, local: bool) -> int:
    """Seconds within which the feed of the market's underlying answers."""
    owner = markets.underlyings[market.underlying]
    assert owner.price
    return (local and owner.local.heartbeat) or owner.price.heartbeat.value


def rate_model(model: KinkRate | AdaptiveRate) -> tuple[str, tuple[int, ...]]:
    """Contract and constructor's arguments of a rate model."""
    if isinstance(model, KinkRate):
        return "KinkRateModel", (
            model.kink.value,
            model.at_zero.value,
            model.at_kink.value,
            model.at_full.value,
        )
    return "AdaptiveRateModel", (
        model.target.value,
        model.initial.value,
        model.least.value,
        model.most.value,
        model.speed.value,
        model.steepness.value,
    )


def min_liquidity(market: Market, quote: Market) -> int:
    """Uniswap's liquidity for a geometric mean of whole tokens: both have their decimals in it, half each."""
    assert market.price and market.price.second_source
    whole = market.price.second_source.min_liquidity.value
    doubled = market.decimals + quote.decimals
    return isqrt(whole * whole * 10**doubled)


def rate_query(market: Market, token: Contract) -> tuple[bytes, int]:
    """What a rate source asks the token, and the answer that means one."""
    source = market.rate_source
    assert source
    if source.function == "stEthPerToken":
        return token.stEthPerToken.encode(), 10**18
    return token.convertToAssets.encode(10**market.decimals), 10**market.decimals


def surface(market: Market, local: bool) -> tuple[int, ...]:
    """IVolatilitySurface.Parameters."""
    assert market.volatility
    of = market.volatility.surface
    return (
        (local and market.local.heartbeat) or of.heartbeat.value,
        of.min_interval.value,
        variance(of.least_volatility.value),
        variance(of.most_volatility.value),
        of.max_variance_move.value,
    )


def realised(market: Market) -> tuple[int, ...]:
    """IRealisedVolatility.Parameters."""
    assert market.volatility
    of = market.volatility.realised
    return of.memory.value, of.longest.value, of.least_return.value, of.max_return.value


def shock_rule(market: Market) -> tuple[Any, ...]:
    """IDynamicShocks.Rule."""
    assert market.volatility
    rule = market.volatility.shocks
    formulas = [
        (of.multiple.value, of.horizon.value, of.floor.value, of.cap.value)
        for of in (rule.initial, rule.maintenance)
    ]
    return *formulas, rule.ramp.value, rule.least_change.value, rule.min_interval.value


def variance(volatility: int) -> int:
    """Of a volatility, both WADs per year."""
    return volatility * volatility // WAD
