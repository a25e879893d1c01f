"""Bands and requirements in exact integers: what the risk engine must answer, to the wei.

Units: prices and values are dollars with 18 decimals (WAD), shares in parts per million (ppm) where a name
says so and WAD elsewhere, amounts in a token's smallest unit, times in seconds. Amounts are positive where an
account owns and negative where it owes. Every division says which way it rounds; roundings go against the
account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from math import isqrt
from typing import Protocol

from scripts.model.portfolio import Portfolio, Terms, limited, linear_changes
from scripts.model.scenarios import WAD, Grid, Scenario

PPM = 10**6
PPM_TO_WAD = 10**12
DAY = 86_400

MAX_VALUE = 2**180
MAX_CONCENTRATION = 100 * WAD
MAX_RATE = 10**27
DIVERGENCE_TIMEOUT = 300
AGREEMENT_TIME = 60
SIGHTING_LIFE = 600
SETTLEMENT = 0


class Status(IntEnum):
    """What a price still allows; see interfaces/Types.sol."""

    FRESH = 0
    DIVERGED = 1
    STALE = 2
    NONE = 3


class Tier(IntEnum):
    """How far an asset may be used; see interfaces/IRiskParameters.sol."""

    NONE = 0
    ISOLATED = 1
    CROSS = 2


@dataclass(frozen=True)
class Walk:
    """A parameter that walks from `start` to `end` (values, not times) along its row's ramp."""

    start: int
    end: int

    @classmethod
    def at(cls, value: int) -> Walk:
        """One that stands still."""
        return cls(value, value)


STILL = Walk(0, 0)


@dataclass(frozen=True)
class Ramp:
    """The times, on the engine's clock, between which all walks of a row are made."""

    start: int = 0
    end: int = 0

    def progress(self, clock: int) -> int:
        """Part that is done, a WAD."""
        if clock >= self.end:
            return WAD
        return 0 if clock <= self.start else (clock - self.start) * WAD // (self.end - self.start)

    def value(self, walk: Walk, clock: int) -> int:
        """Where a walk stands, rounded towards its start."""
        step = abs(walk.end - walk.start) * self.progress(clock) // WAD
        return walk.start + step if walk.end >= walk.start else walk.start - step

    def depth(self, walk: Walk, clock: int) -> int:
        """Where a market's depth stands, rounded up; its inverse walks evenly, and 0 is no concentration."""
        start, end = walk.start, walk.end
        if clock >= self.end or start == end:
            return end
        done = self.progress(clock)
        if start == 0:
            top, bottom = end, done
        elif end == 0:
            top, bottom = start, WAD - done
        else:
            top, bottom = start * end, end * (WAD - done) + start * done
        return min(div_up(top * WAD, bottom), 2**48 - 1) if bottom else 0


@dataclass(frozen=True)
class Underlying:
    """An underlying's row in the risk book; shares in ppm."""

    heartbeat: int
    half_width: Walk
    volatility: Walk
    exponent: int
    min_price: int
    max_price: int
    initial_down: int
    initial_up: int
    maintenance_down: Walk
    maintenance_up: Walk
    tolerance: Walk | None = None  # None: no second source
    ramp: Ramp = Ramp()
    volatility_shock: Walk = STILL
    tail_multiple: Walk = STILL  # thousandths, as the next
    tail_damping: Walk = STILL


@dataclass(frozen=True)
class Asset:
    """An asset's row in the risk book; shares in ppm, depth in whole dollars (0: no concentration)."""

    underlying: int
    tier: Tier
    decimals: int
    basis_shock: Walk = STILL
    unwinding: Walk = STILL
    basis_band: Walk = STILL
    depth: Walk = STILL
    ramp: Ramp = Ramp()
    has_rate: bool = False


@dataclass(frozen=True)
class Source:
    """What an underlying's sources say, and what pokes have recorded.

    `answer` is 0 where the primary gives none; `second` is 0 where the second source is silent.
    """

    answer: int
    updated_at: int
    second: int = 0
    last_price: int = 0
    last_updated_at: int = 0
    diverged_since: int = 0
    diverged_seen_at: int = 0
    agreed_since: int = 0


@dataclass(frozen=True)
class Moment:
    """When an account is judged: time, the engine's clock, and the time before which answers are stale."""

    now: int
    clock: int
    stale_before: int = 0


@dataclass(frozen=True)
class Band:
    """Price, half-width as a share of it (WAD), and the edges where the sources are in dispute."""

    price: int
    width: int
    status: Status
    low: int | None = None
    high: int | None = None

    @property
    def half(self) -> int:
        """The primary's own half-width, rounded up."""
        return div_up(self.price * self.width, WAD)

    @property
    def low_half(self) -> int:
        """How far the exchange price is above the lower edge in a dispute: by no more than the half-width of
        the price that has this lower edge, however far up the primary lies."""
        if not self.low or self.width >= WAD:
            return self.half
        return min(self.half, div_up(self.low * self.width, WAD - self.width))

    @property
    def edges(self) -> tuple[int, int]:
        """Lower and upper edge."""
        if self.low is not None and self.high is not None:
            return self.low, self.high
        return self.price - self.half, self.price + self.half


@dataclass(frozen=True)
class Report:
    """What a holding in an instrument is worth and may lose; see interfaces/IInstrument.sol."""

    status: Status
    value: int
    credit: int
    standalone: int
    add_on: int
    exposures: list[int]
    haircut: int = 0
    changes: list[int] = field(default_factory=list)


class Instrument(Protocol):
    """What one account holds in an instrument."""

    def underlyings(self) -> tuple[list[int], int]:
        """Ids, ascending, and a bitmap of those, by position, in which the value is not linear."""

    def report(
        self, scenarios: Sequence[Scenario], prices: Sequence[int], requirement_prices: Sequence[int]
    ) -> Report:
        """All that risk asks, at prices in the order of the underlyings."""


@dataclass
class Assessment:
    """What an account is worth and must be worth; `weights` are (value, requirement) per holding.

    `portfolio` is None under standard margin.
    """

    equity: int = 0
    uncertainty: int = 0
    requirement: int = 0
    debt_value: int = 0
    status: Status = Status.FRESH
    weights: list[tuple[int, int]] = field(default_factory=list)
    instrument_weights: list[tuple[int, int]] = field(default_factory=list)
    portfolio: Portfolio | None = None

    @property
    def worst(self) -> int:
        """Equity at the worst edges."""
        return self.equity - self.uncertainty

    @property
    def favourable(self) -> int:
        """Equity at the favourable edges."""
        return self.equity + self.uncertainty


def div_up(numerator: int, denominator: int) -> int:
    """Quotient of non-negative integers, rounded up."""
    return -(-numerator // denominator)


def grown_width(width: int, volatility_ppm: int, excess: int) -> int:
    """Half-width (WAD share) after `excess` seconds beyond the heartbeat.

    It grows by volatility times the square root of the time in days, and is at most the whole price.
    """
    square = excess * 10**36 // DAY
    root = isqrt(square)
    root += root * root < square
    return min(width + div_up(volatility_ppm * root, PPM), WAD)


def timed_out(source: Source, clock: int) -> bool:
    """Whether a divergence has lasted so long, and was seen so lately, that the primary alone decides."""
    return (
        source.diverged_since != 0
        and clock >= source.diverged_since + DIVERGENCE_TIMEOUT
        and clock <= source.diverged_seen_at + SIGHTING_LIFE
    )


def band(row: Underlying, source: Source, at: Moment, maintenance: bool) -> Band:
    """An underlying's band for new risk or for liquidation."""
    half_width = row.ramp.value(row.half_width, at.clock) * PPM_TO_WAD
    volatility = row.ramp.value(row.volatility, at.clock)
    price = source.answer * 10**row.exponent if row.exponent >= 0 else source.answer // 10 ** (-row.exponent)
    if price == 0 or not row.min_price <= price <= row.max_price:
        if source.last_price == 0:
            middle = (row.min_price + row.max_price + 1) // 2
            return Band(middle, div_up((row.max_price - middle) * WAD, middle), Status.NONE)
        excess = max(at.now - source.last_updated_at - row.heartbeat, 0)
        return Band(source.last_price, grown_width(half_width, volatility, excess), Status.NONE)

    age = at.now - source.updated_at
    status, width = Status.FRESH, half_width
    if age > row.heartbeat:
        status, width = Status.STALE, grown_width(half_width, volatility, age - row.heartbeat)
    elif source.updated_at < at.stale_before:
        status = Status.STALE
    if row.tolerance is None or source.second == 0:
        return Band(price, width, status)

    second = min(max(source.second, row.min_price), row.max_price)
    if abs(price - second) * PPM <= row.ramp.value(row.tolerance, at.clock) * price:
        return Band(price, width, status)
    status = max(status, Status.DIVERGED)
    if maintenance and timed_out(source, at.clock):
        return Band(price, width, status)
    half = div_up(price * width, WAD)
    return Band(price, width, status, min(price - half, second), max(price + half, second))


def poke(row: Underlying, source: Source, at: Moment) -> Source:
    """What is recorded of an underlying after anybody's poke."""
    seen = band(row, source, replace(at, stale_before=0), maintenance=False)
    if seen.status is Status.NONE:
        return source
    if seen.low is not None:
        fresh_start = source.diverged_since == 0 or at.clock > source.diverged_seen_at + SIGHTING_LIFE
        return replace(
            source,
            diverged_since=at.clock if fresh_start else source.diverged_since,
            diverged_seen_at=at.clock,
            agreed_since=0,
        )
    if row.tolerance is not None and source.second and source.diverged_since:
        if source.agreed_since == 0:
            source = replace(source, agreed_since=at.clock)
        elif at.clock >= source.agreed_since + AGREEMENT_TIME:
            source = replace(source, diverged_since=0, diverged_seen_at=0, agreed_since=0)
    if seen.status is Status.FRESH:
        source = replace(source, last_price=seen.price, last_updated_at=source.updated_at)
    return source


@dataclass
class Exchange:
    """At which price an underlying's values and requirements are counted, and its net exposure so far."""

    price: int
    width: int
    requirement_price: int
    exposure: int = 0


def assess(
    underlyings: Sequence[Underlying],
    assets: Sequence[Asset],
    sources: Sequence[Source],
    rates: Sequence[int | None],
    holdings: Sequence[tuple[int, int]],
    instruments: Sequence[Instrument],
    at: Moment,
    maintenance: bool,
    terms: Terms | None = None,
) -> Assessment:
    """Judges an account.

    Args:
        rates: per asset its rate as a WAD; None where the source is silent and never answered, negative where
            it is silent and that was its last answer.
        holdings: (asset id, signed amount) in the engine's order.
        maintenance: liquidation instead of new risk.
        terms: of portfolio margin; None for standard margin.
    """
    used = {assets[asset].underlying for asset, amount in holdings if amount and asset < len(assets)}
    for instrument in instruments:
        used |= set(instrument.underlyings()[0])
    bands = {u: band(underlyings[u], sources[u], at, maintenance) for u in used}

    # First at the primary's price, to learn on which side the account stands; then at the edge that counts.
    points = {u: Exchange(b.price, b.width, b.price) for u, b in bands.items()}
    rest = (rates, holdings, instruments, at, maintenance, terms)
    result = _add_up(underlyings, assets, bands, points, *rest)
    if any(b.low is not None for b in bands.values()):
        points = {u: _exchange(bands[u], points[u].exposure, maintenance) for u in points}
        result = _add_up(underlyings, assets, bands, points, *rest)
    result.uncertainty += sum(div_up(abs(p.exposure) * p.width, WAD) for p in points.values())
    if result.portfolio is not None:
        _close_portfolio(result, result.portfolio, maintenance)
    return result


def _close_portfolio(result: Assessment, portfolio: Portfolio, maintenance: bool) -> None:
    """The requirement of the portfolio; holdings keep the share of it that they have under standard margin."""
    standalone, required = result.requirement, portfolio.requirement()
    if maintenance:
        result.equity += portfolio.surplus
        if portfolio.terms.named is None:
            covered = min(max(0, required - standalone), portfolio.surplus)
            result.equity -= covered
            required -= covered
    result.requirement = required

    def scaled(weights: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return [(value, part and part * result.requirement // standalone) for value, part in weights]

    result.weights = scaled(result.weights)
    result.instrument_weights = scaled(result.instrument_weights)


def _exchange(of: Band, exposure: int, maintenance: bool) -> Exchange:
    if of.low is None or of.high is None:
        return Exchange(of.price, of.width, of.price)
    low, high = of.low + of.low_half, of.high - of.half
    if (exposure >= 0) == maintenance:
        price, half = high, of.half
    else:
        price, half = low, of.low_half
    return Exchange(price, div_up(half * WAD, price), low if maintenance else high)


def _add_up(
    underlyings: Sequence[Underlying],
    assets: Sequence[Asset],
    bands: dict[int, Band],
    points: dict[int, Exchange],
    rates: Sequence[int | None],
    holdings: Sequence[tuple[int, int]],
    instruments: Sequence[Instrument],
    at: Moment,
    maintenance: bool,
    terms: Terms | None,
) -> Assessment:
    portfolio = None if terms is None else Portfolio(terms, maintenance)
    result = Assessment(weights=[(0, 0)] * len(holdings), portfolio=portfolio)
    grids = {u: _grid(underlyings[u], at.clock, maintenance) for u in points}
    for position, (asset_id, amount) in enumerate(holdings):
        if amount == 0 or (asset_id >= len(assets) and amount > 0):
            continue
        asset = assets[asset_id]
        held = amount > 0
        if (
            held
            and not maintenance
            and not _is_collateral(asset_id, asset.tier, holdings, bool(instruments) or terms is not None)
        ):
            continue
        rate, status = _rate(asset, rates[asset_id])
        status = max(status, bands[asset.underlying].status)
        if status is Status.NONE and held and not maintenance:
            continue
        result.status = max(result.status, status)

        point = points[asset.underlying]
        unit = 10**asset.decimals * WAD
        product = abs(amount) * rate * point.price
        value = min(product // unit if held else div_up(product, unit), MAX_VALUE)
        base = value
        if point.requirement_price != point.price:
            base = min(div_up(value * point.requirement_price, point.price), MAX_VALUE)
        grid = grids[asset.underlying]
        shock = grid.down if held else grid.up
        required = _requirement(asset, base, shock, at.clock)
        if held:
            required = min(required, base)
        else:
            result.debt_value += value
        signed = value if held else -value
        result.equity += signed
        result.requirement += required
        band_ppm = asset.ramp.value(asset.basis_band, at.clock)
        result.uncertainty += div_up(max(value, base) * band_ppm, PPM)
        result.weights[position] = (signed, required)
        point.exposure += signed
        if portfolio is not None:
            portfolio.add_holding(asset.underlying, grid, base if held else -base, required, shock)

    for instrument in instruments:
        _add_instrument(result, instrument, bands, points, grids)
    return result


def _requirement(asset: Asset, base: int, shock: int, clock: int) -> int:
    extra = asset.ramp.value(asset.basis_shock, clock) + asset.ramp.value(asset.unwinding, clock)
    depth = asset.ramp.depth(asset.depth, clock)
    concentration = min(base // depth, MAX_CONCENTRATION) if depth else 0
    return div_up(base * (shock + extra * PPM_TO_WAD + concentration), WAD)


def _add_instrument(
    result: Assessment,
    instrument: Instrument,
    bands: dict[int, Band],
    points: dict[int, Exchange],
    grids: dict[int, Grid],
) -> None:
    ids, curved = instrument.underlyings()
    prices = [points[u].price for u in ids]
    requirement_prices = [points[u].requirement_price for u in ids]
    scenarios: list[Scenario] = []
    begins = []
    for number, u in enumerate(ids):
        begins.append(len(scenarios))
        if not curved >> number & 1:
            scenarios += grids[u].ends()
        else:
            scenarios += result.portfolio.points(u, grids[u]) if result.portfolio else grids[u].points()
    said = instrument.report(scenarios, prices, requirement_prices)
    required = min(said.standalone, MAX_VALUE) + min(said.add_on, MAX_VALUE)
    covered = min(said.credit, max(0, -said.value))
    value, credit = said.value + covered, said.credit - covered
    required = max(0, required - credit)
    result.equity += value
    result.requirement += required
    result.instrument_weights.append((value, required))
    result.status = max([result.status, said.status, *(bands[u].status for u in ids)])
    for u, exposure in zip(ids, said.exposures, strict=True):
        points[u].exposure += exposure
    if result.portfolio is None:
        return
    changes = []
    for number, u in enumerate(ids):
        at = result.portfolio.points(u, grids[u])
        if curved >> number & 1:
            values = [limited(change) for change in said.changes[begins[number] :][: len(at)]]
        else:
            values = linear_changes(said.exposures[number], at, points[u].price, points[u].requirement_price)
        changes.append((u, grids[u], values, bool(curved >> number & 1)))
    result.portfolio.add_instrument(changes, min(said.add_on, MAX_VALUE), credit, said.haircut)


def _grid(row: Underlying, clock: int, maintenance: bool) -> Grid:
    """Moves to survive; for new risk never less than for liquidation."""
    down, up = row.ramp.value(row.maintenance_down, clock), row.ramp.value(row.maintenance_up, clock)
    if not maintenance:
        down, up = max(down, row.initial_down), max(up, row.initial_up)
    volatility = row.ramp.value(row.volatility_shock, clock)
    tail = (row.ramp.value(row.tail_multiple, clock), row.ramp.value(row.tail_damping, clock))
    return Grid(down * PPM_TO_WAD, up * PPM_TO_WAD, volatility * PPM_TO_WAD, *tail)


def _is_collateral(
    asset_id: int, tier: Tier, holdings: Sequence[tuple[int, int]], has_instruments: bool
) -> bool:
    """Whether a held asset counts in new risk."""
    if tier is not Tier.ISOLATED:
        return tier is Tier.CROSS
    others = [asset for asset, amount in holdings if amount and asset not in (asset_id, SETTLEMENT)]
    return not others and not has_instruments


def _rate(asset: Asset, rate: int | None) -> tuple[int, Status]:
    if not asset.has_rate:
        return WAD, Status.FRESH
    if rate is None:
        return WAD, Status.NONE
    if rate < 0:
        return -rate, Status.NONE
    return rate, Status.FRESH
