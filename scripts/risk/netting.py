"""The netting share rho between underlyings, estimated from joint moves.

The requirement of positions that lose `down` together in one direction and `up` in the other is, in units of their own
requirements,

    R = rho max(down, up) + (1 - rho) (down + up) = down + up - rho min(down, up).

Loss over a horizon, in the same units, is the sum of each position's move over its shock. The largest rho at which a book
loses more than R no more often than the stated probability is

    rho = (down + up - quantile of its loss) / min(down, up),

and what is proposed is the least over many books, long one thing and short another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from scripts.common.errors import KeelError
from scripts.risk.estimate import Settings
from scripts.risk.prices import Floats, Ints, Prices
from scripts.risk.windows import Bootstrap, Interval

# How unequal two sides of a book may be, and how many books of three or more underlyings are tried.
RATIOS = (0.25, 0.5, 0.75, 1.0, 4 / 3, 2.0, 4.0)
BOOKS = 60
# Windows in which volatility was highest: correlation then is what counts.
TURBULENT = 0.2


@dataclass(frozen=True)
class Netting:
    """`rho` of the first part of the windows; `turbulent` of its fifth with the highest volatility.

    `breaches` is how often the worst book lost more than its requirement in the rest, `book` its sizes.
    """

    names: Sequence[str]
    rho: Interval
    turbulent: float
    book: Sequence[float]
    breaches: float
    correlation: Floats
    windows: int
    disjoint: float


def estimate_netting(
    series: Sequence[Prices],
    volatilities: Sequence[Floats],
    multiples: Sequence[float],
    horizon: int,
    probability: float,
    settings: Settings,
    year: int,
) -> Netting:
    """rho of two or more aligned series; `multiples` are those of their shocks over `horizon`."""
    interval = series[0].interval
    steps = horizon // interval
    moves = np.array([one.closes[steps:] / one.closes[:-steps] - 1 for one in series])
    root = np.sqrt(horizon / year)
    shocks = np.array(
        [
            multiple * volatility[:-steps] * root
            for multiple, volatility in zip(multiples, volatilities, strict=True)
        ]
    )
    units = moves / shocks
    known = np.flatnonzero(~np.isnan(units).any(axis=0))
    if len(known) < 2 * steps:
        raise KeelError(
            "the prices have no common times at which all volatilities are known; use longer files"
        )
    border = known[0] + settings.in_sample * (known[-1] - known[0])
    first, rest = known[known + steps <= border], known[known > border]
    books = _books(len(series), settings.seed)
    within, beyond = units[:, first], units[:, rest]

    def least(places: Ints) -> tuple[float, int]:
        shares = [_share(book, within[:, places], probability) for book in books]
        worst = int(np.argmin(shares))
        return min(max(shares[worst], 0.0), 1.0), worst

    bootstrap = Bootstrap(len(first), settings.block // interval, max(settings.draws // 5, 50), settings.seed)
    rho = bootstrap.interval(lambda places: least(places)[0], len(first))
    worst = books[least(np.arange(len(first)))[1]]
    turbulence = (shocks / np.nanmedian(shocks, axis=1)[:, None]).max(axis=0)[first]
    stormy = np.flatnonzero(turbulence >= np.quantile(turbulence, 1 - TURBULENT))
    return Netting(
        [one.name for one in series],
        rho,
        least(stormy)[0],
        list(worst),
        float(np.mean(-worst @ beyond > _requirement(worst, rho.value))),
        np.corrcoef(units[:, known]),
        len(first),
        len(first) / steps,
    )


def _books(count: int, seed: int) -> list[Floats]:
    """Signed sizes in units of the requirement of each, with something on both sides."""
    if count == 2:
        return [np.array([sign, -sign * ratio]) for sign, ratio in product((1.0, -1.0), RATIOS)]
    random = np.random.default_rng(seed)
    signs = [np.array(each) for each in product((1.0, -1.0), repeat=count) if len(set(each)) > 1]
    drawn = random.exponential(size=(BOOKS, count)) * random.choice([-1, 1], size=(BOOKS, count))
    return signs + [book for book in drawn if (book > 0).any() and (book < 0).any()]


def _sides(book: Floats) -> tuple[float, float]:
    return float(book[book > 0].sum()), float(-book[book < 0].sum())


def _share(book: Floats, units: Floats, probability: float) -> float:
    down, up = _sides(book)
    return (down + up - float(np.quantile(-book @ units, 1 - probability, method="higher"))) / min(down, up)


def _requirement(book: Floats, rho: float) -> float:
    down, up = _sides(book)
    return down + up - rho * min(down, up)
