"""Smiles fitted to quotes under the surface's own rules: raw SVI in the logarithm of the strike.

    fits = fit_surface(quotes.by_expiry(), rules)
    fits[0].smile                     # what is published, 10 decimals

Each expiry is fitted by weighted least squares (a residual is the difference of volatilities over the quote's error, and
counts less and less from twice the error on), earliest first. Held throughout: least and most variance, the wings'
slope, total variance not below the expiry's before it, and no negative density (Gatheral's g >= 0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, minimize

from scripts.common.errors import KeelError
from scripts.common.units import SECONDS_PER_YEAR, WAD
from scripts.model.volatility import ONE, RANGE_WAD, Smile, calendar_points
from scripts.risk.quotes import Quote

Floats = NDArray[np.float64]

LEAST_STRIKES = 5
RANGE = RANGE_WAD / WAD
MOST_WING = 2.0
MOST_RHO = 0.99
LEAST_WIDTH, MOST_WIDTH = 0.01, 3.0
MOST_SHIFT = 1.0
OUTLIER = 2.0
# Constraints are held by this share more than asked, so that rounding to 10 decimals does not break them.
ROOM = 1e-6
# Strikes that a market lists: 0.2 to 5 times the price, and of these what is within the smile's range.
LISTED = (0.2, 5.0)
DENSITY_POINTS = 401
# Of g, which is held at points and may be less between them.
DENSITY_ROOM = 5e-4
STARTS = (-0.5, 0.0, 0.5)
EDGE = 1e-9
# A cost that counts as about the same: a quarter more, or a tenth of a quote's error for each.
ABOUT, SLIGHT = 1.25, 0.005


@dataclass(frozen=True)
class Rules:
    """What the surface asks of every smile; variances per year."""

    least_variance: float
    most_variance: float


@dataclass(frozen=True)
class Fit:
    """One expiry's smile, the quotes it comes from, and how well it does.

    `density` is the least of Gatheral's g over the strikes a market lists: below zero there is butterfly arbitrage.
    `quotes` are by strike ascending, `residuals` model less quote in volatility.
    """

    expiry: int
    smile: Smile
    quotes: Sequence[Quote]
    residuals: Sequence[float]
    density: float

    @property
    def root_mean_square(self) -> float:
        """Of the residuals, in volatility."""
        return sqrt(sum(value**2 for value in self.residuals) / len(self.residuals))


def volatility(smile: Smile, ln_strikes: Floats) -> Floats:
    """Volatility at strikes."""
    return np.sqrt(np.maximum(_variance(_parameters(smile), ln_strikes), 0))


def density(smile: Smile, forward: float, years: float, ln_strikes: Floats) -> Floats:
    """Gatheral's g: the density of the price at expiry has its sign. Strikes within the smile's range."""
    return _density(_parameters(smile), np.log(forward), years, ln_strikes)


def forward_of(quotes: Sequence[Quote]) -> float:
    """Price of the underlying when the newest of them was made, in dollars."""
    return max(quotes, key=lambda quote: quote.made_at).forward


def years_of(expiry: int, quotes: Sequence[Quote]) -> float:
    """From when the newest of them was made to the expiry."""
    return (expiry - max(quote.made_at for quote in quotes)) / SECONDS_PER_YEAR


def fit_surface(
    quotes: Mapping[int, Sequence[Quote]],
    rules: Rules,
    hold_density: bool = True,
    near: Mapping[int, Smile] | None = None,
) -> list[Fit]:
    """A fit for each expiry, ascending. Raises KeelError where one has too few strikes or no smile fits the rules.

    `near` are smiles in force: their centre and width are kept where that fits about as well, because what VOL-1 lets
    through is much more for the other three numbers.
    """
    fits: list[Fit] = []
    for expiry, group in quotes.items():
        strikes = len({quote.strike for quote in group})
        if strikes < LEAST_STRIKES:
            raise KeelError(
                f"expiry {expiry} has quotes at {strikes} strikes; a smile has five parameters and needs as many"
            )
        fits.append(
            _fit(expiry, group, rules, fits[-1] if fits else None, hold_density, (near or {}).get(expiry))
        )
    return fits


def _fit(
    expiry: int,
    quotes: Sequence[Quote],
    rules: Rules,
    earlier: Fit | None,
    hold_density: bool,
    near: Smile | None,
) -> Fit:
    forward, years = forward_of(quotes), years_of(expiry, quotes)
    strikes = np.array([quote.ln_strike for quote in quotes])
    wanted = np.array([quote.volatility for quote in quotes])
    errors = np.array([quote.error for quote in quotes])
    low, high = _bounds(np.log(forward), years, rules)

    def residuals(free: Floats) -> Floats:
        return np.asarray((np.sqrt(_variance(_from_free(free), strikes)) - wanted) / errors)

    def cost(free: Floats) -> float:
        # Pseudo-Huber: squares for small residuals, their size for large ones.
        scaled = residuals(free) / OUTLIER
        return float(OUTLIER**2 * np.sum(np.sqrt(1 + scaled**2) - 1) / len(wanted))

    def starts() -> list[Floats]:
        middle = float(np.median(wanted)) ** 2
        return [np.array([middle / 2, middle, rho, np.log(forward), 0.3]) for rho in STARTS]

    held = _constraints(forward, years, rules, earlier, hold_density)

    def solved(low: Floats, high: Floats) -> Floats | None:
        first = [np.clip(start, low + EDGE, high - EDGE) for start in starts()]
        how: Any = {"bounds": (low, high), "loss": "soft_l1", "f_scale": OUTLIER, "x_scale": "jac"}
        best = min((least_squares(residuals, start, **how).x for start in first), key=cost)
        return best if held(best).min() >= 0 else _constrained(cost, [best, *first], held, low, high)

    best = solved(low, high)
    if best is None:
        raise KeelError(
            f"no smile of expiry {expiry} near its quotes keeps the surface's rules: variance from"
            f" {rules.least_variance:g} to {rules.most_variance:g}, no arbitrage; look for bad quotes"
        )
    if near is not None:
        kept = np.array([near.centre, near.width]) / ONE
        if (kept > low[3:]).all() and (kept < high[3:]).all():
            again = solved(np.append(low[:3], kept - 2 * EDGE), np.append(high[:3], kept + 2 * EDGE))
            if again is not None and cost(again) <= ABOUT * cost(best) + SLIGHT:
                best = np.append(again[:3], kept)
    smile = _rounded(_from_free(best))
    return Fit(
        expiry,
        smile,
        quotes,
        list(volatility(smile, strikes) - wanted),
        float(density(smile, forward, years, _listed(smile.centre / ONE, forward)).min()),
    )


def _constrained(
    cost: Callable[[Floats], float],
    starts: Sequence[Floats],
    held: Callable[[Floats], Floats],
    low: Floats,
    high: Floats,
) -> Floats | None:
    """The best point that keeps all constraints; None if no start leads to one."""
    answers = [
        minimize(
            cost,
            start,
            method="SLSQP",
            bounds=list(zip(low, high, strict=True)),
            constraints=[{"type": "ineq", "fun": held}],
            options={"maxiter": 300, "ftol": 1e-10},
        ).x
        for start in starts
    ]
    # SLSQP ends a little outside; constraints have room for that.
    kept = [answer for answer in answers if np.isfinite(answer).all() and held(answer).min() > -ROOM / 2]
    return min(kept, key=cost) if kept else None


def _bounds(ln_forward: float, years: float, rules: Rules) -> tuple[Floats, Floats]:
    """Of the free parameters: least variance, curvature, rho, centre, width."""
    most_curvature = MOST_WING / years / 1.0001
    return (
        np.array([rules.least_variance * (1 + ROOM), 1e-6, -MOST_RHO, ln_forward - MOST_SHIFT, LEAST_WIDTH]),
        np.array(
            [
                rules.most_variance,
                min(most_curvature, rules.most_variance),
                MOST_RHO,
                ln_forward + MOST_SHIFT,
                MOST_WIDTH,
            ]
        ),
    )


def _constraints(
    forward: float, years: float, rules: Rules, earlier: Fit | None, hold_density: bool
) -> Callable[[Floats], Floats]:
    """Numbers that must not be negative, each about 1 where there is plenty of room."""
    before = earlier and _parameters(earlier.smile)

    def held(free: Floats) -> Floats:
        parameters = _from_free(free)
        _, slope, curvature, centre, _ = parameters
        ends = _variance(parameters, np.array([centre - RANGE, centre + RANGE]))
        parts = [
            1 - ROOM - ends / rules.most_variance,
            np.array([1 - ROOM - (curvature + abs(slope)) * years / MOST_WING]),
        ]
        if earlier is not None:
            points = np.array(calendar_points(earlier.smile, _rounded(parameters))) / WAD
            total = _variance(before, points) * years_of(earlier.expiry, earlier.quotes)
            parts.append(_variance(parameters, points) * years / total - 1 - ROOM)
        if hold_density:
            parts.append(
                _density(parameters, np.log(forward), years, _listed(centre, forward)) - DENSITY_ROOM
            )
        return np.concatenate(parts)

    return held


def _listed(centre: float, forward: float) -> Floats:
    """Logarithms of listed strikes, within the smile's range."""
    low, high = (np.log(forward * multiple) for multiple in LISTED)
    inside = RANGE * 0.999
    return np.linspace(max(low, centre - inside), min(high, centre + inside), DENSITY_POINTS)


def _variance(parameters: Any, ln_strikes: Floats) -> Floats:
    level, slope, curvature, centre, width = parameters
    x = np.clip(ln_strikes - centre, -RANGE, RANGE)
    return np.asarray(level + slope * x + curvature * np.sqrt(x * x + width * width))


def _density(parameters: Any, ln_forward: float, years: float, ln_strikes: Floats) -> Floats:
    """Gatheral and Jacquier, Arbitrage-free SVI volatility surfaces (2014), equation 2.1."""
    _, slope, curvature, centre, width = parameters
    x, k = ln_strikes - centre, ln_strikes - ln_forward
    root = np.sqrt(x * x + width * width)
    total = _variance(parameters, ln_strikes) * years
    first = (slope + curvature * x / root) * years
    second = curvature * width * width / root**3 * years
    return np.asarray((1 - k * first / (2 * total)) ** 2 - first**2 / 4 * (1 / total + 0.25) + second / 2)


def _from_free(free: Floats) -> tuple[float, ...]:
    """Level, slope, curvature, centre, width from least variance, curvature, rho, centre, width."""
    least, curvature, rho, centre, width = (float(value) for value in free)
    level = least - curvature * width * sqrt(1 - rho * rho)
    return level, curvature * rho, curvature, centre, width


def _parameters(smile: Smile) -> tuple[float, ...]:
    return tuple(
        value / ONE for value in (smile.level, smile.slope, smile.curvature, smile.centre, smile.width)
    )


def _rounded(parameters: Sequence[float]) -> Smile:
    return Smile(*(round(value * ONE) for value in parameters))
