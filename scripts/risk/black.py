"""Black-76 and its inverse in floats, for quotes; what the chain computes is scripts/model/black76.py.

Discount 1, forward as the index: prices are dollars for one unit, volatilities per root of a year of 365 days.
"""

from __future__ import annotations

from math import log, sqrt

from scipy.optimize import brentq
from scipy.stats import norm

LEAST, MOST = 1e-4, 10.0


def price(forward: float, strike: float, years: float, volatility: float, is_call: bool) -> float:
    """Value of a European option in dollars."""
    deviation = volatility * sqrt(years)
    d1 = log(forward / strike) / deviation + deviation / 2
    sign = 1 if is_call else -1
    return float(sign * (forward * norm.cdf(sign * d1) - strike * norm.cdf(sign * (d1 - deviation))))


def implied_volatility(
    value: float, forward: float, strike: float, years: float, is_call: bool
) -> float | None:
    """The volatility at which an option has that value; None where none from 0.01% to 1,000% does."""

    def excess(volatility: float) -> float:
        return price(forward, strike, years, volatility, is_call) - value

    if not excess(LEAST) < 0 < excess(MOST):
        return None
    return float(brentq(excess, LEAST, MOST, xtol=1e-10))
