"""What stands in market files: one file an asset, one a domain. Values are integers once a file is read.

Shares are in parts per million, rates in WADs per year, dollars in WADs, amounts in a token's smallest units.
Ranges here are the contracts' own, so that an error comes before the first transaction.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from scripts.markets.fields import (
    Address,
    Amount,
    Dollars,
    Section,
    Setting,
    Symbol,
    duration,
    share,
    thousandths,
    wad_share,
    whole_dollars,
    yearly,
)


class Tier(IntEnum):
    """How far an asset may be used."""

    NONE = 0
    ISOLATED = 1
    CROSS = 2


def _tier(text: object) -> Tier:
    try:
        return Tier[str(text).upper()]
    except KeyError:
        raise ValueError(f"{text!r} is no tier; write none, isolated or cross") from None


# --- markets ---


class UniswapTwap(Section):
    """Second source: the mean of a Uniswap v3 pool's price over a window.

    `min_liquidity` is the least liquidity in range for which the pool counts: the geometric mean of the whole
    tokens that a position over all prices would hold.
    """

    kind: Literal["uniswap_twap"]
    quote: Symbol
    fee: Setting[Annotated[int, share("0.01%", "1%")]]
    window: Setting[Annotated[int, duration("1 minute", "5 minutes")]]
    min_liquidity: Setting[Annotated[int, Field(ge=0, lt=2**80)]]


class Price(Section):
    """The price of an underlying, and how far to trust it."""

    heartbeat: Setting[Annotated[int, duration("1 minute", "7 days")]]
    half_width: Setting[Annotated[int, share("0.01%", "10%")]]
    volatility: Setting[Annotated[int, share("0%", "50%")]]
    tolerance: Setting[Annotated[int, share("0%", "20%")]]
    least: Setting[Dollars]
    most: Setting[Dollars]
    second_source: UniswapTwap | None = None


class Shocks(Section):
    """Moves of the underlying's price that margin must survive."""

    initial_down: Setting[Annotated[int, share("0%", "100%")]]
    initial_up: Setting[Annotated[int, share("0%", "500%")]]
    maintenance_down: Setting[Annotated[int, share("0%", "100%")]]
    maintenance_up: Setting[Annotated[int, share("0%", "500%")]]


class Grid(Section):
    """Scenarios of options: moves of volatility beside the price's, and tails beyond its shock.

    The tail's numbers are in thousandths; a multiple times its damping is at most 1.
    """

    volatility_shock: Setting[Annotated[int, share("1%", "90%")]]
    tail_multiple: Setting[Annotated[int, thousandths("1x", "10x")]]
    tail_damping: Setting[Annotated[int, thousandths("0.1%", "100%")]]


class Surface(Section):
    """What the signed smiles of an underlying must keep to; variances are per year."""

    heartbeat: Setting[Annotated[int, duration("1 minute", "7 days")]]
    min_interval: Setting[Annotated[int, duration("10s", "7 days")]]
    least_volatility: Setting[Annotated[int, wad_share("1%", "400%")]]
    most_volatility: Setting[Annotated[int, wad_share("1%", "400%")]]
    max_variance_move: Setting[Annotated[int, wad_share("0.01%", "100%")]]


class Realised(Section):
    """How volatility is estimated from the price; see docs/volatility.md."""

    first: Setting[Annotated[int, wad_share("1%", "400%")]]
    memory: Setting[Annotated[int, duration("1 hour", "90 days")]]
    longest: Setting[Annotated[int, duration("1 minute", "90 days")]]
    least_return: Setting[Annotated[int, wad_share("0.01%", "50%")]]
    max_return: Setting[Annotated[int, wad_share("0.01%", "50%")]]


class ShockFormula(Section):
    """`clamp(multiple * volatility * sqrt(horizon), floor, cap)`."""

    multiple: Setting[Annotated[int, wad_share("0.1x", "20x")]]
    horizon: Setting[Annotated[int, duration("1 minute", "30 days")]]
    floor: Setting[Annotated[int, share("0.1%", "100%")]]
    cap: Setting[Annotated[int, share("0.1%", "100%")]]


class ShockRule(Section):
    """How shocks follow the realised volatility."""

    initial: ShockFormula
    maintenance: ShockFormula
    ramp: Setting[Annotated[int, duration("1 day", "180 days")]]
    least_change: Setting[Annotated[int, share("1%", "50%")]]
    min_interval: Setting[Annotated[int, duration("1 minute", "30 days")]]


class Volatility(Section):
    """Volatility of an underlying: signed smiles for options, and what is realised, for shocks."""

    surface: Surface
    realised: Realised
    shocks: ShockRule


class Collateral(Section):
    """How the asset differs from its underlying, and how far it may be used."""

    tier: Setting[Annotated[Tier, BeforeValidator(_tier)]]
    basis_shock: Setting[Annotated[int, share("0%", "50%")]]
    basis_band: Setting[Annotated[int, share("0%", "10%")]]
    unwinding: Setting[Annotated[int, share("0%", "20%")]]
    depth: Setting[Annotated[int, whole_dollars(0, 2**48 - 1)]]


class Caps(Section):
    """The most that the vault takes in, and the most that it borrows."""

    supply: Setting[Amount]
    debt: Setting[Amount]


class KinkRate(Section):
    """Two straight lines that meet at the kink."""

    kind: Literal["kink"]
    kink: Setting[Annotated[int, wad_share("1%", "99%")]]
    at_zero: Setting[Annotated[int, yearly("0%", "500%")]]
    at_kink: Setting[Annotated[int, yearly("0%", "500%")]]
    at_full: Setting[Annotated[int, yearly("0%", "500%")]]


class AdaptiveRate(Section):
    """A curve that moves its own level to hold a target utilisation."""

    kind: Literal["adaptive"]
    target: Setting[Annotated[int, wad_share("1%", "99%")]]
    initial: Setting[Annotated[int, yearly("0.01%", "500%")]]
    least: Setting[Annotated[int, yearly("0.01%", "500%")]]
    most: Setting[Annotated[int, yearly("0.01%", "500%")]]
    speed: Setting[Annotated[int, yearly("0%", "20000%")]]
    steepness: Setting[Annotated[int, wad_share("1x", "10x")]]


class Pool(Section):
    """The asset's lending pool and what the domain may owe it."""

    line: Setting[Amount]
    reserve_share: Setting[Annotated[int, wad_share("0%", "50%")]]
    flash_fee: Setting[Annotated[int, wad_share("0%", "1%")]]
    rate_model: Annotated[KinkRate | AdaptiveRate, Field(discriminator="kind")]


class GrowthCapped(Section):
    """Units of the underlying for one token, as the token itself answers, rising no faster than the cap."""

    kind: Literal["growth_capped"]
    function: Literal["stEthPerToken", "convertToAssets"]
    max_growth: Setting[Annotated[int, wad_share("0.1%", "50%")]]


class MarketNetwork(Section):
    """Addresses on one chain."""

    token: Address
    aggregator: Address | None = None


class UniswapPool(Section):
    """A pool that is made on local chains, over all prices; `liquidity` is both sides together."""

    quote: Symbol
    fee: Annotated[int, share("0.01%", "1%")]
    liquidity: Dollars


class MarketLocal(Section):
    """What stands in for the world on local chains.

    `heartbeat` goes before those of price and surface: nobody makes a mock feed answer again, or signs smiles.
    """

    price: Dollars
    feed_decimals: Annotated[int, Field(ge=0, le=18)] = 8
    heartbeat: Annotated[int, duration("1 minute", "7 days")] | None = None
    wraps: Symbol | None = None
    uniswap: UniswapPool | None = None
    lenders: Amount = 0
    wallet: Amount


class Market(Section):
    """One asset: token, price, risk, lending, and where all that is."""

    kind: Literal["market"]
    symbol: Symbol
    name: Annotated[str, Field(min_length=1, max_length=64)]
    order: Annotated[int, Field(ge=0, le=10_000)]
    decimals: Annotated[int, Field(ge=0, le=27)]
    underlying: Symbol
    price: Price | None = None
    shocks: Shocks | None = None
    grid: Grid | None = None
    volatility: Volatility | None = None
    collateral: Collateral
    rate_source: GrowthCapped | None = None
    caps: Caps
    pool: Pool | None = None
    networks: dict[int, MarketNetwork] = Field(default_factory=dict)
    local: MarketLocal


# --- domain ---


class Liquidation(Section):
    """When and for how much accounts are taken over.

    `netting` is rho of portfolio margin: the share of it that is reckoned as if all underlyings moved in one direction.
    """

    target_health: Setting[Annotated[int, share("1.01x", "2x")]]
    premium_min: Setting[Annotated[int, share("0.1%", "50%")]]
    premium_start: Setting[Annotated[int, share("0.1%", "50%")]]
    premium_max: Setting[Annotated[int, share("0.1%", "50%")]]
    premium_full_health: Setting[Annotated[int, share("0.1%", "99%")]]
    min_debt: Setting[Annotated[int, whole_dollars(1, 100_000)]]
    backstop_share: Setting[Annotated[int, share("0%", "50%")]]
    swap_loss: Setting[Annotated[int, share("0.25%", "20%")]]
    grace_period: Setting[Annotated[int, duration("0s", "1 day")]]
    netting: Setting[Annotated[int, share("0%", "100%")]]


class Backstop(Section):
    """The insurance fund; cooldown and window of those who leave it."""

    name: str
    symbol: Symbol
    cooldown: Setting[Annotated[int, duration("1 day", "60 days")]]
    window: Setting[Annotated[int, duration("1 hour", "14 days")]]
    sale_discount: Setting[Annotated[int, wad_share("0%", "10%")]]


class Governance(Section):
    """Who governs, and who signs smiles of volatility: an address, or "deployer"."""

    owner: Setting[Annotated[str, Field(pattern=r"^(deployer|0x[0-9a-fA-F]{40})$")]]
    guardian: Setting[Annotated[str, Field(pattern=r"^(deployer|0x[0-9a-fA-F]{40})$")]]
    surface_signer: Setting[Annotated[str, Field(pattern=r"^(deployer|0x[0-9a-fA-F]{40})$")]]


class DomainNetwork(Section):
    """Addresses on one chain."""

    uniswap_factory: Address
    sequencer_feed: Address | None = None


class DomainLocal(Section):
    """What local chains start with."""

    wallets: Annotated[int, Field(ge=1, le=50)]
    stake: Amount


class Domain(Section):
    """One margin domain; amounts are in its settlement asset."""

    kind: Literal["domain"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9\-]{0,31}$")]
    settlement: Symbol
    wrapped_native: Symbol
    governance: Governance
    liquidation: Liquidation
    backstop: Backstop
    networks: dict[int, DomainNetwork] = Field(default_factory=dict)
    local: DomainLocal
