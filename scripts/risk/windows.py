"""Moves over windows that overlap, and what can honestly be said of them.

    windows = windows_of(prices, volatility, horizon)
    windows.falls                       # the worst fall within the horizon, as a share of the price at its beginning

Neighbouring windows share most of their hours and volatility comes in clusters, so errors are those of a circular block
bootstrap: stretches of days are drawn with all that happened in them. `effective_size` says as how many independent windows
they count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.stats import beta

from scripts.risk.prices import Floats, Ints, Prices

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Windows:
    """One window for each time at which volatility is known and no price is missing within the horizon.

    `deviations` are volatility times the root of the horizon in years, `falls` and `rises` the worst moves within it as
    shares of the price at the beginning, `starts` places on the prices' grid.
    """

    starts: Ints
    times: Ints
    steps: int
    deviations: Floats
    falls: Floats
    rises: Floats

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def disjoint(self) -> float:
        """How many fit in without overlapping."""
        return len(self) / self.steps

    def moves(self, side: str) -> Floats:
        """`falls` of "down", `rises` of "up"."""
        return self.falls if side == "down" else self.rises

    def where(self, chosen: Floats | Ints) -> Windows:
        """Some of them."""
        return Windows(
            self.starts[chosen],
            self.times[chosen],
            self.steps,
            self.deviations[chosen],
            self.falls[chosen],
            self.rises[chosen],
        )

    def split(self, share: float) -> tuple[Windows, Windows]:
        """The first that share of time, and what begins after its last window has ended."""
        border = self.starts[0] + share * (self.starts[-1] - self.starts[0])
        return self.where(self.starts + self.steps <= border), self.where(self.starts > border)


def windows_of(prices: Prices, volatility: Floats, horizon: int, year: int) -> Windows:
    """All windows of a horizon in seconds, which is a multiple of the prices' interval."""
    steps = horizon // prices.interval
    lows = sliding_window_view(prices.lows[1:], steps).min(axis=1)
    highs = sliding_window_view(prices.highs[1:], steps).max(axis=1)
    begin = prices.closes[: len(lows)]
    falls, rises = 1 - lows / begin, highs / begin - 1
    deviations = volatility[: len(lows)] * np.sqrt(horizon / year)
    starts = np.flatnonzero(~np.isnan(falls + rises + deviations))
    return Windows(
        starts,
        prices.times[starts],
        steps,
        deviations[starts],
        np.maximum(falls[starts], 0),
        np.maximum(rises[starts], 0),
    )


@dataclass(frozen=True)
class Interval:
    """An estimate and where, with 95% confidence, the true value is."""

    value: float
    low: float
    high: float


class Bootstrap:
    """Circular blocks over windows; the same draws for every statistic, from a seed."""

    def __init__(self, size: int, block: int, draws: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        block = max(min(block, size), 1)
        count = -(-size // block)
        begins = random.integers(0, size, size=(draws, count))
        self.block = block
        self._places = ((begins[:, :, None] + np.arange(block)) % size).reshape(draws, -1)[:, :size]

    def of(self, statistic: Callable[[Ints], float]) -> Floats:
        """The statistic of each draw; it takes places of windows."""
        return np.array([statistic(places) for places in self._places])

    def interval(self, statistic: Callable[[Ints], float], size: int) -> Interval:
        """The statistic of all windows, and the percentiles of its draws."""
        drawn = self.of(statistic)
        drawn = drawn[~np.isnan(drawn)]
        value = statistic(np.arange(size))
        if not len(drawn):
            return Interval(value, float("nan"), float("nan"))
        low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        return Interval(value, float(low), float(high))


def effective_size(hits: Floats, bootstrap: Bootstrap, disjoint: float) -> float:
    """As how many independent windows they count for the mean of `hits`: at most as many as do not overlap."""
    spread = float(np.var(bootstrap.of(lambda places: float(hits[places].mean()))))
    return min(float(np.var(hits)) / spread, disjoint) if spread > 0 else disjoint


def rate_interval(hits: Floats, bootstrap: Bootstrap, effective: float) -> Interval:
    """The mean of `hits`, and the wider of the bootstrap's interval and Clopper and Pearson's.

    The latter, for as many independent windows as these are worth, says something where nothing or next to nothing hit,
    of which the bootstrap knows nothing.
    """
    drawn = bootstrap.interval(lambda places: float(hits[places].mean()), len(hits))
    count, tail = drawn.value * effective, (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, count, effective - count + 1)) if count > 0 else 0.0
    high = float(beta.ppf(1 - tail, count + 1, effective - count)) if count < effective else 1.0
    return Interval(drawn.value, min(low, drawn.low), max(high, drawn.high))
