"""Relations between parameters, as RiskParameters holds them on chain, found before anything is sent.

Each is named with the file and field to change. The contract remains the judge; a test holds both to the same
verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from scripts.common.units import WAD, format_share
from scripts.markets.fields import PPM
from scripts.markets.schema import Domain, Grid, Market, Price, Shocks, Tier, Volatility

# ParameterBounds.sol: part of a maintenance shock left for gaps, and the least tolerance of two sources.
GAP_SHARE = 250_000
MIN_TOLERANCE = 1_000
THOUSAND = 1_000
# DynamicShocks.sol
MAX_MAINTENANCE = 500_000

Report = Callable[[str, str, str], None]
"""Takes a symbol (or the domain's name), a field, and what is wrong and would be right."""


def check_market(market: Market, domain: Domain, underlyings: Mapping[str, Market], report: Report) -> None:
    """One market beside its underlying and the domain."""
    if market.price and market.shocks:
        _check_price(market, market.price, report)
        _check_shocks(market, market.price, market.shocks, domain, report)
    if market.grid:
        _check_grid(market, market.grid, report)
    if market.volatility:
        _check_volatility(market, market.volatility, report)
    owner = underlyings[market.underlying]
    assert owner.shocks is not None
    collateral = market.collateral
    band, shock = collateral.basis_band.value, collateral.basis_shock.value
    if 2 * band > shock:
        report(
            market.symbol,
            "collateral.basis_shock",
            f"{_show(shock)} is below twice the basis band; write at least {_show(2 * band)}",
        )
    unwinding, premium = collateral.unwinding.value, domain.liquidation.premium_min.value
    least = min(owner.shocks.maintenance_down.value, owner.shocks.maintenance_up.value)
    if premium * (least + shock + unwinding) < unwinding * PPM:
        most = premium * (least + shock) // (PPM - premium)
        report(
            market.symbol,
            "collateral.unwinding",
            f"{_show(unwinding)} is more than the smallest premium pays for ({_show(premium)} of a"
            f" requirement of {_show(least + shock + unwinding)}); write at most {_show(most)},"
            " or raise premium_min",
        )
    depth = collateral.depth.value
    if 0 < depth < 10_000:
        report(
            market.symbol,
            "collateral.depth",
            f"{depth} USD is below 10,000 USD; write more, or 0 USD for none",
        )
    if market.pool and market.caps.debt.value > market.pool.line.value:
        report(market.symbol, "caps.debt", "is above pool.line, which is the most the pool lends; lower it")
    if not market.pool and market.caps.debt.value:
        report(market.symbol, "caps.debt", "is not zero, but there is no pool to borrow from; add pool")


def check_domain(domain: Domain, markets: Mapping[str, Market], report: Report) -> None:
    """The domain alone, and its settlement asset."""
    liquidation = domain.liquidation
    ladder = ("premium_min", "premium_start", "premium_max")
    for smaller, larger in pairwise(ladder):
        low, high = (getattr(liquidation, name).value for name in (smaller, larger))
        if low > high:
            report(domain.name, f"liquidation.{smaller}", f"{_show(low)} is above {larger}, {_show(high)}")
    most, full = liquidation.premium_max.value, liquidation.premium_full_health.value
    if most >= full:
        report(
            domain.name,
            "liquidation.premium_max",
            f"{_show(most)} is not below premium_full_health, {_show(full)};"
            " no premium may eat all that is left",
        )
    for field in ("settlement", "wrapped_native"):
        symbol = getattr(domain, field)
        if symbol not in markets:
            report(domain.name, field, f"{symbol} has no market; there are {', '.join(markets)}")
    settlement = markets[domain.settlement]
    if settlement.collateral.tier.value != Tier.CROSS:
        report(settlement.symbol, "collateral.tier", "is not cross, as the settlement asset's must be")


def _check_price(market: Market, price: Price, report: Report) -> None:
    if price.least.value >= price.most.value:
        report(market.symbol, "price.least", "is not below price.most; exchange them")
    if price.second_source and price.tolerance.value < MIN_TOLERANCE:
        report(
            market.symbol,
            "price.tolerance",
            f"{_show(price.tolerance.value)} is too close for two sources to agree;"
            f" write at least {_show(MIN_TOLERANCE)}",
        )


def _check_shocks(market: Market, price: Price, shocks: Shocks, domain: Domain, report: Report) -> None:
    band = 2 * price.half_width.value + price.tolerance.value
    needed = -(-band * PPM // (PPM - GAP_SHARE))
    target = domain.liquidation.target_health.value
    for side in ("down", "up"):
        initial = getattr(shocks, f"initial_{side}").value
        maintenance = getattr(shocks, f"maintenance_{side}").value
        if maintenance < needed:
            report(
                market.symbol,
                f"shocks.maintenance_{side}",
                f"{_show(maintenance)} does not cover two half-widths, the tolerance and a quarter for gaps;"
                f" write at least {_show(needed)}",
            )
        restored = -(-target * maintenance // PPM)
        if initial < restored:
            report(
                market.symbol,
                f"shocks.initial_{side}",
                f"{_show(initial)} is below what a takeover restores ({_show(target)} of maintenance);"
                f" write at least {_show(restored)}",
            )
        room = (
            market.local.price * (PPM - maintenance) // PPM >= price.least.value
            if side == "down"
            else market.local.price * (PPM + maintenance) // PPM <= price.most.value
        )
        if not room:
            report(
                market.symbol,
                f"price.{'least' if side == 'down' else 'most'}",
                "leaves no room for a maintenance shock from local.price; widen it",
            )


def _check_volatility(market: Market, volatility: Volatility, report: Report) -> None:
    surface, realised, shocks = volatility.surface, volatility.realised, volatility.shocks
    if not market.price or not market.shocks:
        report(market.symbol, "volatility", "stands where no price does; put it into the file with the price")
    if not market.grid:
        report(market.symbol, "volatility", "needs a grid of scenarios; add grid")
    ordered = (
        ("surface.min_interval", surface.min_interval, "surface.heartbeat", surface.heartbeat),
        (
            "surface.least_volatility",
            surface.least_volatility,
            "surface.most_volatility",
            surface.most_volatility,
        ),
        ("realised.longest", realised.longest, "realised.memory", realised.memory),
        ("realised.least_return", realised.least_return, "realised.max_return", realised.max_return),
        ("shocks.initial.floor", shocks.initial.floor, "shocks.initial.cap", shocks.initial.cap),
        (
            "shocks.maintenance.floor",
            shocks.maintenance.floor,
            "shocks.maintenance.cap",
            shocks.maintenance.cap,
        ),
    )
    for small, low, large, high in ordered:
        if low.value > high.value:
            report(market.symbol, f"volatility.{small}", f"is above volatility.{large}; exchange them")
    if shocks.maintenance.cap.value > MAX_MAINTENANCE:
        report(
            market.symbol,
            "volatility.shocks.maintenance.cap",
            f"{_show(shocks.maintenance.cap.value)} is more than a maintenance shock may follow to;"
            f" write at most {_show(MAX_MAINTENANCE)}",
        )


def _check_grid(market: Market, grid: Grid, report: Report) -> None:
    if not market.price:
        report(market.symbol, "grid", "stands where no price does; put it into the file with the price")
    most = THOUSAND * THOUSAND // grid.tail_multiple.value
    if grid.tail_damping.value > most:
        report(
            market.symbol,
            "grid.tail_damping",
            f"{_show(grid.tail_damping.value * THOUSAND)} lets a tail count for more than the shock itself;"
            f" write at most {_show(most * THOUSAND)}",
        )


def settlement_name(domain: Domain, underlyings: Mapping[str, Market]) -> str:
    """Name of the underlying that the settlement asset has by itself; empty if it has another's."""
    return next((name for name, one in underlyings.items() if one.symbol == domain.settlement), "")


def check_fees(symbol: str, fees: Any, report: Report) -> None:
    """The fees of a perpetual or an option market go somewhere."""
    if fees.account.value == "backstop" and fees.backstop_share.value != WAD:
        report(
            symbol,
            "fees.backstop_share",
            f"{format_share(fees.backstop_share.value)} leaves a rest that no account gets; write 100%,"
            " or an account",
        )


def _show(ppm: int) -> str:
    return format_share(ppm * WAD // PPM)
