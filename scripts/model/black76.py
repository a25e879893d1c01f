"""Black-76 as `contracts/instruments/options/Black76.sol` computes it, in exact integers.

Prices are {USD} with 18 decimals, volatilities per root of a year of 365 days with 18 decimals, times in seconds. What the
functions are, and why they are right, stands in the contract; this module equals it to the wei. The formula itself, by
mpmath, is in `scripts/model/black76_accuracy.py`.
"""

from __future__ import annotations

import re
from functools import cache
from math import isqrt
from typing import NamedTuple

from scripts.common.units import WAD
from scripts.model.logarithm import ln_wad
from scripts.model.normal_table import FIELDS, PATH, SEGMENTS, T_BITS

DAYS_A_YEAR = 365
ROOT_SCALE = 2**284 // (WAD**2 * DAYS_A_YEAR * 86_400)
INVERSE_SCALE = 2**188 // WAD
LN_2_96 = 25_095_597_659_861_927_392
MAX_DEVIATION = 2**60
ORIGIN = SEGMENTS // 2 << T_BITS
LAST = (SEGMENTS << T_BITS) - 1


class Point(NamedTuple):
    """A point of a grid: relative moves of forward and volatility, 18 decimals."""

    spot_shock: int
    volatility_shock: int


class Greeks(NamedTuple):
    """As the contract's: delta and gamma per dollar, vega per 1.00 of volatility, theta per day."""

    delta: int
    gamma: int
    vega: int
    theta_per_day: int


@cache
def coefficients() -> tuple[tuple[int, ...], ...]:
    """Of each segment c0 to c5 as the contract reads them, each in its field's scale; from the contract's source."""
    words = [int(digits, 16) for digits in re.findall(r'hex"([0-9a-f]{64})"', PATH.read_text())]
    if len(words) != SEGMENTS:
        raise ValueError(f"{PATH.name} has {len(words)} words, expected {SEGMENTS}")
    return tuple(tuple(field.read(word) for field in FIELDS) for word in words)


def cdf(place: int) -> int:
    """The distribution function in units of 2**-128; places as in NormalTable.sol."""
    place = max(0, min(LAST, place))
    t = place % 2**T_BITS  # Each power of it makes up for the coarser unit of its coefficient.
    whole: int = sum(term * t**power for power, term in enumerate(coefficients()[place >> T_BITS]))
    return whole >> 128


def density(place: int) -> int:
    """The slope of `cdf` in units of 2**-128."""
    if not 0 <= place <= LAST:
        return 0
    t = place % 2**T_BITS
    terms = coefficients()[place >> T_BITS]
    slope: int = sum(power * terms[power] * t ** (power - 1) for power in range(1, len(terms)))
    return max(0, slope) >> 82


def root_of(seconds: int) -> int:
    """`Black76.rootOf`."""
    return isqrt(seconds * ROOT_SCALE)


def deviation_of(volatility: int, root: int) -> int:
    """`Black76.deviationOf`."""
    return min(volatility * root >> 96, MAX_DEVIATION)


def inverse_of(deviation: int) -> int:
    """`Black76.inverseOf`."""
    return INVERSE_SCALE // deviation if deviation else 2**160


def log_of_quotient(forward: int, strike: int) -> int:
    """Logarithm of forward over strike, as a single price takes it."""
    return ln_wad(max(1, (forward << 96) // strike)) - LN_2_96


def value(forward: int, strike: int, log: int, deviation: int, is_call: bool) -> int:
    """Value for a logarithm of forward over strike."""
    upper = upper_place(log, deviation)
    call = forward * cdf(upper) - strike * cdf(upper - deviation) >> 128
    exercise = forward - strike
    call = max(call, exercise, 0)
    return call if is_call else call - exercise


def upper_place(log: int, deviation: int) -> int:
    """The place of d1."""
    return (log * inverse_of(deviation) + ((deviation >> 1) + ORIGIN << 96)) >> 96


def price(forward: int, strike: int, volatility: int, seconds: int, is_call: bool) -> int:
    """`Black76.price`."""
    deviation = deviation_of(volatility, root_of(seconds))
    return value(forward, strike, log_of_quotient(forward, strike), deviation, is_call)


def forward_at(forward: int, shock: int) -> int:
    """`Black76.forwardAt`."""
    return max(1, forward * (WAD + shock) // WAD)


def value_at(point: Point, forward: int, strike: int, volatility: int, seconds: int, is_call: bool) -> int:
    """What `Black76.valueAt` and `OptionGrid.addOption` reckon at one point."""
    shocked = forward_at(forward, point.spot_shock)
    deviation = deviation_of(volatility * (WAD + point.volatility_shock) // WAD, root_of(seconds))
    return value(shocked, strike, ln_wad(shocked) - ln_wad(strike), deviation, is_call)


def greeks(forward: int, strike: int, volatility: int, seconds: int, is_call: bool) -> Greeks:
    """`Black76.greeks`."""
    root = root_of(seconds)
    deviation = deviation_of(volatility, root)
    upper = upper_place(log_of_quotient(forward, strike), deviation)
    delta = (cdf(upper) * WAD + 2**127 >> 128) - (0 if is_call else WAD)
    if deviation == 0:
        return Greeks(delta, 0, 0, 0)
    slope = density(upper)
    root_wad = root * WAD**2 >> 142
    scaled = forward * slope >> 128
    return Greeks(
        delta,
        (slope * WAD**2 >> 128 << 46) // deviation // forward,
        scaled * root_wad // WAD,
        -(scaled * volatility // (2 * root_wad * DAYS_A_YEAR)),
    )
