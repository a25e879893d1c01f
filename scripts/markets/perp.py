"""What stands in a file of kind perp: a perpetual market, its virtual AMM, and relations between their numbers.

Ranges are the contracts' own. Shares are WADs, those of the AMM parts per million; rates are WADs per 8 hours, sizes
WADs of the underlying, dollars whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from scripts.common.units import WAD, format_amount, format_share
from scripts.markets.fields import (
    PPM,
    Amount,
    Section,
    Setting,
    Size,
    Symbol,
    duration,
    per_8_hours,
    share,
    wad_share,
    whole_dollars,
)
from scripts.markets.relations import Report, check_fees, settlement_name
from scripts.markets.schema import Domain, Market

PPM_TO_WAD = WAD // PPM
# PerpMarket's least depth, and what a dollar's 18 decimals leave of 128 bits for the open interest.
MIN_DEPTH, MAX_DEPTH = 10_000, 70_000_000_000
MAX_OPEN_INTEREST = 10**20


class Margin(Section):
    """What positions require beside the shocks of the underlying, and how much may stand open."""

    unwinding: Setting[Annotated[int, wad_share("0%", "20%")]]
    depth: Setting[Annotated[int, whole_dollars(MIN_DEPTH, MAX_DEPTH)]]
    haircut: Setting[Annotated[int, wad_share("0%", "100%")]]
    open_interest: Setting[Annotated[int, whole_dollars(1, MAX_OPEN_INTEREST)]]


class Mark(Section):
    """How far the mark is from the index, how fast it gets there, and how far trades are from the mark."""

    max_premium: Setting[Annotated[int, wad_share("0%", "10%")]]
    premium_time: Setting[Annotated[int, duration("1 minute", "1 day")]]
    max_price_move: Setting[Annotated[int, wad_share("0.1%", "50%")]]


class Funding(Section):
    """What one side pays the other."""

    interest: Setting[Annotated[int, per_8_hours("0%", "1%")]]
    interest_band: Setting[Annotated[int, per_8_hours("0%", "1%")]]
    max_rate: Setting[Annotated[int, per_8_hours("0%", "5%")]]


class Fees(Section):
    """Shares of the notional, and who gets them: `account` is the first account of an address, of the domain's
    owner, or "backstop" where the backstop gets all."""

    taker: Setting[Annotated[int, wad_share("0%", "1%")]]
    maker: Setting[Annotated[int, wad_share("0%", "1%")]]
    backstop_share: Setting[Annotated[int, wad_share("0%", "100%")]]
    account: Setting[Annotated[str, Field(pattern=r"^(owner|backstop|0x[0-9a-fA-F]{40})$")]]


class Amm(Section):
    """The virtual AMM: its curve, and how its shareholders leave."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    symbol: Symbol
    depth: Setting[Size]
    spread: Setting[Annotated[int, share("0%", "10%")]]
    skew_spread: Setting[Annotated[int, share("0%", "10%")]]
    max_skew: Setting[Annotated[int, share("0%", "50%")]]
    cooldown: Setting[Annotated[int, duration("1 day", "60 days")]]
    window: Setting[Annotated[int, duration("1 hour", "14 days")]]


class PerpLocal(Section):
    """What local chains start with: deposits of an LP, and a trader on each side, with `margin` and a position."""

    liquidity: Amount
    margin: Amount = 0
    long: Size | None = None
    short: Size | None = None


class Perp(Section):
    """One perpetual market on an underlying of the domain."""

    kind: Literal["perp"]
    symbol: Symbol
    order: Annotated[int, Field(ge=0, le=10_000)]
    underlying: Symbol
    margin: Margin
    mark: Mark
    funding: Funding
    fees: Fees
    amm: Amm
    local: PerpLocal

    @property
    def parameters(self) -> tuple[int, ...]:
        """IPerpMarket.Parameters."""
        return (
            self.margin.unwinding.value,
            self.margin.depth.value * WAD,
            self.margin.haircut.value,
            self.margin.open_interest.value * WAD,
            self.mark.max_premium.value,
            self.mark.premium_time.value,
            self.funding.interest.value,
            self.funding.interest_band.value,
            self.funding.max_rate.value,
            self.mark.max_price_move.value,
            self.fees.taker.value,
            self.fees.maker.value,
            self.fees.backstop_share.value,
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """IVirtualAmm.ShapeParameters."""
        amm = self.amm
        return amm.depth.value, amm.spread.value, amm.skew_spread.value, amm.max_skew.value


def check_perp(perp: Perp, domain: Domain, underlyings: Mapping[str, Market], report: Report) -> None:
    """One perpetual market beside its underlying and the domain."""
    settlement = settlement_name(domain, underlyings)
    others = ", ".join(name for name in underlyings if name != settlement)
    if perp.underlying not in underlyings:
        report(
            perp.symbol,
            "underlying",
            f"no file gives the price of {perp.underlying}; choose one of {others}, or add a market",
        )
    if perp.underlying == settlement:
        report(
            perp.symbol, "underlying", f"{settlement} is what the contract settles in; choose one of {others}"
        )
    _check_margin(perp, domain, underlyings[perp.underlying], report)
    _check_prices(perp, report)
    check_fees(perp.symbol, perp.fees, report)
    _check_local(perp, report)


def _check_margin(perp: Perp, domain: Domain, owner: Market, report: Report) -> None:
    assert owner.shocks
    unwinding, premium = perp.margin.unwinding.value, domain.liquidation.premium_min.value
    least = min(owner.shocks.maintenance_down.value, owner.shocks.maintenance_up.value) * PPM_TO_WAD
    if premium * (least + unwinding) < unwinding * PPM:
        most = premium * least // (PPM - premium)
        report(
            perp.symbol,
            "margin.unwinding",
            f"{format_share(unwinding)} is more than the smallest premium pays for"
            f" ({format_share(premium * PPM_TO_WAD)} of a requirement of {format_share(least + unwinding)});"
            f" write at most {format_share(most)}, or raise premium_min",
        )
    if perp.margin.open_interest.value > perp.margin.depth.value:
        report(
            perp.symbol,
            "margin.open_interest",
            f"{perp.margin.open_interest.value:,} USD is above margin.depth, at which one position alone requires"
            f" all of its notional; write at most {perp.margin.depth.value:,} USD",
        )


def _check_prices(perp: Perp, report: Report) -> None:
    mark, funding, amm = perp.mark, perp.funding, perp.amm
    if mark.max_price_move.value <= amm.spread.value * PPM_TO_WAD:
        report(
            perp.symbol,
            "mark.max_price_move",
            f"{format_share(mark.max_price_move.value)} is not above amm.spread: the AMM could never trade;"
            f" write more than {format_share(amm.spread.value * PPM_TO_WAD)}",
        )
    for field in ("interest", "interest_band"):
        value = getattr(funding, field).value
        if value > funding.max_rate.value:
            report(
                perp.symbol,
                f"funding.{field}",
                f"{format_share(value)} is above max_rate, {format_share(funding.max_rate.value)};"
                " lower it, or raise max_rate",
            )


def _check_local(perp: Perp, report: Report) -> None:
    local, symbol = perp.local, perp.underlying
    most = perp.amm.depth.value * perp.amm.max_skew.value // PPM
    for field in ("long", "short"):
        size = getattr(local, field)
        if size is None:
            continue
        if not local.liquidity or not local.margin:
            report(perp.symbol, f"local.{field}", "needs local.liquidity and local.margin; add them")
        if size > most:
            report(
                perp.symbol,
                f"local.{field}",
                f"{format_amount(size, symbol, 18)} is above amm.max_skew of amm.depth;"
                f" write at most {format_amount(most, symbol, 18)}",
            )
