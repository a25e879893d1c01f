"""The netting share rho between underlyings, estimated from joint moves.

The requirement of positions that lose `down` together in one direction and `up` in the other is, in units of their own
requirements,

    R = rho max(down, up) + (1 - rho) (down + up) = down + up - rho min(down, up).

Loss, in the same units, is the sum of each position's move over its shock, at the worst of the times within the
horizon that the prices show. The largest rho at which a book
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
    steps = horizon // series[0].interval
    count = len(series[0].closes) - steps
    root = np.sqrt(horizon / year)
    shocks = np.array(
        [
            multiple * volatility[:count] * root
            for multiple, volatility in zip(multiples, volatilities, strict=True)
        ]
    )
    books = np.array(_books(len(series), settings.seed))
    losses = np.zeros((len(books), count))
    for step in range(1, steps + 1):
        moves = (
            np.array([one.closes[step : step + count] / one.closes[:count] - 1 for one in series]) / shocks
        )
        losses = np.maximum(losses, -books @ moves)
    known = np.flatnonzero(~np.isnan(losses).any(axis=0))
    if len(known) < 2 * steps:
        raise KeelError(
            "the prices have no common times at which all volatilities are known; use longer files"
        )
    border = known[0] + settings.in_sample * (known[-1] - known[0])
    first, rest = known[known + steps <= border], known[known > border]
    within, beyond = losses[:, first], losses[:, rest]

    def least(places: Ints) -> tuple[float, int]:
        quantiles = np.quantile(within[:, places], 1 - probability, axis=1, method="higher")
        shares = [_share(book, loss) for book, loss in zip(books, quantiles, strict=True)]
        worst = int(np.argmin(shares))
        return min(max(shares[worst], 0.0), 1.0), worst

    bootstrap = Bootstrap(
        len(first), settings.block // series[0].interval, max(settings.draws // 5, 50), settings.seed
    )
    rho = bootstrap.interval(lambda places: least(places)[0], len(first))
    worst = least(np.arange(len(first)))[1]
    turbulence = (shocks / np.nanmedian(shocks, axis=1)[:, None]).max(axis=0)[first]
    stormy = np.flatnonzero(turbulence >= np.quantile(turbulence, 1 - TURBULENT))
    return Netting(
        [one.name for one in series],
        rho,
        least(stormy)[0],
        list(books[worst]),
        float(np.mean(beyond[worst] > _requirement(books[worst], rho.value))),
        # `moves` are those over the whole horizon now.
        np.corrcoef(moves[:, known]),
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


def _share(book: Floats, loss: float) -> float:
    down, up = _sides(book)
    return (down + up - loss) / min(down, up)


def _requirement(book: Floats, rho: float) -> float:
    down, up = _sides(book)
    return down + up - rho * min(down, up)
