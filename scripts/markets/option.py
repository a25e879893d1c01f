"""What stands in a file of kind option: an option market, and relations between its numbers.

Ranges are the contract's own. Shares are WADs, sizes WADs of the underlying, dollars whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from scripts.common.units import WAD, format_share
from scripts.markets.fields import (
    PPM,
    Amount,
    Section,
    Setting,
    Size,
    Symbol,
    duration,
    wad_share,
    whole_dollars,
)
from scripts.markets.perp import MAX_DEPTH, MAX_OPEN_INTEREST, MIN_DEPTH
from scripts.markets.relations import Report, check_fees, settlement_name
from scripts.markets.schema import Domain, Market

# VolatilitySurface and OptionMarket: expiries of a surface, positions of an account.
MAX_EXPIRIES, MAX_POSITIONS = 16, 64
MAX_MIN_POSITION = 1_000
DAY = 86_400


class OptionMargin(Section):
    """What positions require beside their worst scenario, as shares of the notional, and how much may stand open."""

    unwinding: Setting[Annotated[int, wad_share("0%", "20%")]]
    depth: Setting[Annotated[int, whole_dollars(MIN_DEPTH, MAX_DEPTH)]]
    haircut: Setting[Annotated[int, wad_share("0%", "100%")]]
    naked_short: Setting[Annotated[int, wad_share("0%", "50%")]]
    open_interest: Setting[Annotated[int, whole_dollars(1, MAX_OPEN_INTEREST)]]


class OptionFees(Section):
    """Shares of the notional, `cap` of what the legs are worth; who gets them as for perpetuals."""

    taker: Setting[Annotated[int, wad_share("0%", "1%")]]
    maker: Setting[Annotated[int, wad_share("0%", "1%")]]
    cap: Setting[Annotated[int, wad_share("0%", "50%")]]
    backstop_share: Setting[Annotated[int, wad_share("0%", "100%")]]
    account: Setting[Annotated[str, Field(pattern=r"^(owner|backstop|0x[0-9a-fA-F]{40})$")]]


class OptionLocal(Section):
    """What local chains start with: smiles around `volatility`, series of each expiry at strikes that are shares of the
    price, and a straddle that one trader buys of another, who have `margin` each."""

    volatility: Annotated[int, wad_share("1%", "400%")]
    expiries: Annotated[list[Annotated[int, duration("1 day", "1000 days")]], Field(max_length=MAX_EXPIRIES)]
    strikes: Annotated[
        list[Annotated[int, wad_share("25%", "400%")]], Field(max_length=MAX_POSITIONS // 2, min_length=1)
    ]
    margin: Amount = 0
    straddle: Size | None = None


class Option(Section):
    """One option market on an underlying of the domain."""

    kind: Literal["option"]
    symbol: Symbol
    order: Annotated[int, Field(ge=0, le=10_000)]
    underlying: Symbol
    margin: OptionMargin
    max_price_move: Setting[Annotated[int, wad_share("0.1%", "50%")]]
    min_position: Setting[Annotated[int, whole_dollars(0, MAX_MIN_POSITION)]]
    fees: OptionFees
    local: OptionLocal

    @property
    def parameters(self) -> tuple[int, ...]:
        """IOptionMarket.Parameters."""
        return (
            self.margin.unwinding.value,
            self.margin.depth.value * WAD,
            self.margin.haircut.value,
            self.margin.naked_short.value,
            self.margin.open_interest.value * WAD,
            self.max_price_move.value,
            self.fees.taker.value,
            self.fees.maker.value,
            self.fees.cap.value,
            self.fees.backstop_share.value,
            self.min_position.value * WAD,
        )


def check_option(option: Option, domain: Domain, underlyings: Mapping[str, Market], report: Report) -> None:
    """One option market beside its underlying and the domain."""
    settlement = settlement_name(domain, underlyings)
    usable = [name for name, one in underlyings.items() if one.volatility and name != settlement]
    if option.underlying not in usable:
        there = ", ".join(usable) or "none"
        report(
            option.symbol,
            "underlying",
            f"no file gives volatility of {option.underlying}; there are {there}, or add it",
        )
    _check_margin(option, domain, report)
    check_fees(option.symbol, option.fees, report)
    _check_local(option, report)


def _check_margin(option: Option, domain: Domain, report: Report) -> None:
    margin, premium = option.margin, domain.liquidation.premium_min.value
    unwinding, naked = margin.unwinding.value, margin.naked_short.value
    if premium * (naked + unwinding) < unwinding * PPM:
        most = premium * naked // (PPM - premium)
        report(
            option.symbol,
            "margin.unwinding",
            f"{format_share(unwinding)} is more than the smallest premium pays for where a short requires nothing but"
            f" naked_short and unwinding; write at most {format_share(most)}, or raise naked_short",
        )
    if margin.open_interest.value > margin.depth.value:
        report(
            option.symbol,
            "margin.open_interest",
            f"{margin.open_interest.value:,} USD is above margin.depth, at which one position alone requires"
            f" all of its notional; write at most {margin.depth.value:,} USD",
        )


def _check_local(option: Option, report: Report) -> None:
    local = option.local
    for expiry in local.expiries:
        if expiry % DAY:
            report(option.symbol, "local.expiries", "an expiry is not whole days away; write days alone")
    for field in ("expiries", "strikes"):
        found = getattr(local, field)
        if found != sorted(set(found)):
            report(option.symbol, f"local.{field}", "does not rise; write each once, the smallest first")
    if local.straddle and not (local.margin and local.expiries):
        report(option.symbol, "local.straddle", "needs local.margin and local.expiries; add them")
