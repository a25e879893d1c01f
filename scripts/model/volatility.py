"""Volatility in exact integers, as the contracts reckon it: smiles, realised variance, shocks that follow it.

    smile = Smile(level=400 * 10**6, slope=-10**8, curvature=3 * 10**8, centre=76 * 10**9, width=2 * 10**9)
    smile.variance(ln_wad(2_000 * WAD))      # per year, a WAD, rounded down
    move(smile, other)                       # the bound that an update is held to (VOL-1)

Parameters of a smile have 10 decimals, everything else 18 (WAD), shocks are in parts per million, times in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isqrt

from scripts.common.units import WAD

ONE = 10**10
TO_WAD = 10**8
RANGE_WAD = 2 * WAD
YEAR = 365 * 86_400
PPM = 10**6
MIN_INTERVAL = 60
GAP_SHARE = 250_000


# --- logarithm ---

# Solady's FixedPointMathLib.lnWad, (8, 8)-term rational approximation in 2^96 fixed point.
_P = (43456485725739037958740375743393, 24828157081833163892658089445524, 3273285459638523848632254066296)
_Q = (
    71694874799317883764090561454958,
    283447036172924575727196451306956,
    401686690394027663651624208769553,
    204048457590392012362485061816622,
    31853899698501571402653359427138,
    909429971244387300277376558375,
)
_SCALE = 1677202110996718588342820967067443963516166
_LN_2 = 16597577552685614221487285958193947469193820559219878177908093499208371
_LN_BASE = 600920179829731861736702779321621459595472258049074101567377883020018308


def ln_wad(value: int) -> int:
    """ln(value / 1e18) as a WAD, to the last digit what the contracts have. Raises ValueError unless above zero."""
    if value <= 0:
        raise ValueError(f"the logarithm of {value} is asked; expected a number above zero")
    log2 = value.bit_length() - 1
    x = (value << (255 - log2)) >> 159
    p = (((_P[2] + x) * x) >> 96) + _P[1]
    p = ((p * x) >> 96) + _P[0]
    p = ((p * x) >> 96) - 11111509109440967052023855526967
    p = ((p * x) >> 96) - 45023709667254063763336534515857
    p = ((p * x) >> 96) - 14706773417378608786704636184526
    p = p * x - (795164235651350426258249787498 << 96)
    q = 5573035233440673466300451813936 + x
    for term in _Q:
        q = term + ((x * q) >> 96)
    ratio = abs(p) // q * (1 if p > 0 else -1)
    return (_SCALE * ratio + _LN_2 * (log2 - 96) + _LN_BASE) >> 174


# --- smiles ---


@dataclass(frozen=True)
class Smile:
    """Variance per year as a function of the strike; 10 decimals."""

    level: int
    slope: int
    curvature: int
    centre: int
    width: int

    def variance(self, ln_strike_wad: int) -> int:
        """Variance per year at a strike, a WAD rounded down."""
        x = min(max(ln_strike_wad - self.centre * TO_WAD, -RANGE_WAD), RANGE_WAD)
        root = isqrt(x * x + (self.width * TO_WAD) ** 2)
        return self.level * TO_WAD + (self.slope * x + self.curvature * root) // ONE

    @property
    def is_shaped(self) -> bool:
        """Whether the contract takes it for a smile at all."""
        flat = self.slope == self.curvature == 0
        return self.width > 0 and (abs(self.slope) < self.curvature or flat)

    @property
    def least(self) -> int:
        """At most the least variance of any strike, a WAD."""
        return self.level * TO_WAD + self.width * _root(self.curvature, self.slope) // ONE

    @property
    def most(self) -> int:
        """At least the most, a WAD."""
        rise = abs(self.slope) * RANGE_WAD + self.curvature * (_wing(self.width) + 1)
        return self.level * TO_WAD + rise // ONE + 1

    def wing(self, term: int) -> int:
        """The steepest slope of total variance in ln K over `term` seconds, a WAD rounded up."""
        return -(-(self.curvature + abs(self.slope)) * TO_WAD * term // YEAR)


def move(before: Smile, after: Smile) -> int:
    """No strike's variance differs by more between the two, a WAD. Derived at SmileBounds.moveUp."""
    level, slope = after.level - before.level, after.slope - before.slope
    curvature = after.curvature - before.curvature
    middle = level * WAD + curvature * _wing(after.width)
    tilt = slope * RANGE_WAD
    shape = max(abs(middle + tilt), abs(middle - tilt))
    if abs(curvature) > abs(slope):
        bend = after.width * _root(curvature, slope)
        shape = max(shape, abs(level * WAD + (bend if curvature > 0 else -bend)))
    shift = (abs(before.slope) + before.curvature) * abs(after.centre - before.centre)
    shift += before.curvature * abs(after.width - before.width)
    slack = abs(curvature) + after.width + before.curvature + after.curvature
    return -(-(shape + shift * TO_WAD + slack) // ONE) + 1


def calendar_points(earlier: Smile, later: Smile) -> list[int]:
    """Logarithms of strikes, WADs, at which the contract compares total variance."""
    centre = earlier.centre * TO_WAD
    far = abs(earlier.centre - later.centre) * TO_WAD + RANGE_WAD
    around = [RANGE_WAD * point * abs(point) // 16 for point in range(5)]
    return [centre - far, centre + far] + [centre + sign * x for x in around for sign in (-1, 1)]


def has_calendar_arbitrage(terms: Sequence[tuple[int, Smile]]) -> bool:
    """Whether a later expiry has less total variance. Terms are (seconds to expiry, smile), ascending."""
    return any(
        two.variance(point) * later < one.variance(point) * earlier
        for (earlier, one), (later, two) in pairwise(terms)
        for point in calendar_points(one, two)
    )


def volatility_move(min_variance: int, max_move: int) -> int:
    """The most by which an update moves the volatility of a strike, a WAD."""
    return isqrt((min_variance + max_move) * WAD) + 1 - isqrt(min_variance * WAD)


def _root(a: int, b: int) -> int:
    return isqrt((a * a - b * b) * TO_WAD**2)


def _wing(width: int) -> int:
    return isqrt(RANGE_WAD**2 + (width * TO_WAD) ** 2)


# --- realised variance ---


@dataclass(frozen=True)
class Realised:
    """Estimate of one underlying, and its parameters; returns and variance are WADs."""

    memory: int
    longest: int
    least_return: int
    max_return: int
    variance: int
    ln_price: int
    observed_at: int

    def counts(self, price_wad: int, now: int) -> bool:
        """Whether an observation is accepted at a fresh price."""
        elapsed, size = now - self.observed_at, abs(ln_wad(price_wad) - self.ln_price)
        return elapsed >= MIN_INTERVAL and (size >= self.least_return or elapsed >= self.longest)

    def observe(self, price_wad: int, now: int) -> Realised:
        """The estimate after an observation. Raises ValueError where it does not count."""
        if not self.counts(price_wad, now):
            raise ValueError(f"a price of {price_wad} at {now} does not count yet; wait, or let it move")
        ln_price, elapsed = ln_wad(price_wad), now - self.observed_at
        size = min(abs(ln_price - self.ln_price), self.max_return)
        counted = min(elapsed, self.longest)
        sum_ = self.variance * self.memory * elapsed * WAD + size * size * YEAR * counted
        variance = -(-sum_ // ((self.memory + counted) * elapsed * WAD))
        return replace(self, variance=variance, ln_price=ln_price, observed_at=now)

    @property
    def volatility(self) -> int:
        """Per square root of a year, a WAD rounded up."""
        return _sqrt_up(self.variance * WAD)

    @property
    def largest_rise(self) -> int:
        """The most by which an observation raises variance, a WAD."""
        return -(-(self.max_return**2) * YEAR // (self.memory * WAD)) + 1


# --- shocks ---


@dataclass(frozen=True)
class Formula:
    """multiple * volatility * sqrt(horizon), clamped; shocks in ppm."""

    multiple: int
    horizon: int
    floor: int
    cap: int

    def shock(self, volatility: int) -> int:
        """In ppm, rounded up."""
        deviation = isqrt(volatility * volatility * self.horizon // YEAR) + 1
        return min(max(-(-self.multiple * deviation // (WAD * 10**12)), self.floor), self.cap)


@dataclass(frozen=True)
class Side:
    """A direction's shocks as they stand: initial, and maintenance here and where it walks to, in ppm."""

    initial: int
    here: int
    target: int


def refreshed(
    down: Side,
    up: Side,
    left: int,
    wanted: tuple[int, int],
    ramp: int,
    least_change: int,
    target_health: int,
) -> tuple[int, int, int, int]:
    """What a refresh sets: initial down and up, maintenance down and up.

    `left` is what is left of the row's walk, `wanted` initial and maintenance shock of the formulas, the latter at
    least what the price's band needs.
    """
    initial, maintenance = wanted
    sides = (down, up)
    new = [_unless_near(maintenance, side.target, least_change) for side in sides]
    sets_out = any(value > side.here and value != side.target for value, side in zip(new, sides, strict=True))
    duration = max(ramp, left)
    held_up = any(
        value > side.here < side.target and (value - side.here) * left < (side.target - side.here) * duration
        for value, side in zip(new, sides, strict=True)
    )
    if sets_out and held_up:
        new = [side.target if value > side.here else value for value, side in zip(new, sides, strict=True)]
    first = [
        max(_unless_near(initial, side.initial, least_change), -(-target_health * value // PPM))
        for value, side in zip(new, sides, strict=True)
    ]
    return first[0], first[1], new[0], new[1]


def least_maintenance(half_width: int, tolerance: int) -> int:
    """The least maintenance shock that a price's band allows, in ppm."""
    return -(-(2 * half_width + tolerance) * PPM // (PPM - GAP_SHARE))


def _unless_near(wanted: int, old: int, least_change: int) -> int:
    return old if abs(wanted - old) * PPM < old * least_change else wanted


def _sqrt_up(square: int) -> int:
    root = isqrt(square)
    return root if root * root == square else root + 1
