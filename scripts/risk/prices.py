"""Prices at regular times from a CSV file, and the estimate of volatility that the chain would have had.

Columns: `timestamp` (seconds since 1970, or a date), `close` in dollars, and, for moves inside an interval, `high` and
`low`. Lines are in order of time. `timestamp` is the beginning of an interval, `close` the price at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.common.units import WAD
from scripts.model.logarithm import ln_wad
from scripts.model.volatility import YEAR, Realised
from scripts.risk.csvfile import CsvError, Row, read_rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_ROWS = 500
# Steps to which a price that takes part in it is not cut: more is a slip of the decimal point.
MOST_STEP = 3.0


@dataclass(frozen=True)
class Memory:
    """Parameters of IRealisedVolatility: times in seconds, returns as shares."""

    seconds: int = 2 * 86_400
    longest: int = 6 * 3_600
    least_return: float = 0.01
    max_return: float = 0.1


@dataclass(frozen=True)
class Prices:
    """Prices on a grid of times `interval` apart; not a number where a line is missing.

    `highs` and `lows` are those of the interval that ends at the time, the closes where the file has none.
    """

    name: str
    times: Ints
    interval: int
    closes: Floats
    highs: Floats
    lows: Floats
    has_extremes: bool

    @property
    def missing(self) -> int:
        """How many lines are."""
        return int(np.isnan(self.closes).sum())


def read_prices(path: Path, name: str, closes_only: bool = False) -> Prices:
    """The prices of a file, without highs and lows if `closes_only`.

    Raises CsvError for the first line that cannot be right.
    """
    rows = list(read_rows(path, ("timestamp", "close"), ("high", "low")))
    if len(rows) < LEAST_ROWS:
        raise CsvError(f"{path.name} has {len(rows)} prices; an estimate needs {LEAST_ROWS} at least")
    has_extremes = not closes_only and {"high", "low"} <= rows[0].cells.keys()
    times: list[int] = []
    table: list[tuple[float, float, float]] = []
    for row in rows:
        time = row.time("timestamp")
        if times and time == times[-1]:
            raise row.wrong("timestamp", f"{row.cells['timestamp']} stands twice; keep one line for a time")
        if times and time < times[-1]:
            raise row.wrong("timestamp", f"{row.cells['timestamp']} comes after a later one; sort the file")
        times.append(time)
        table.append(_prices_of(row, has_extremes, table[-1][0] if table else None))
    stamps = np.array(times, dtype=np.int64)
    steps = np.diff(stamps)
    interval = int(np.median(steps))
    ragged = np.flatnonzero(steps % interval)
    if len(ragged):
        row = rows[int(ragged[0]) + 1]
        raise row.wrong(
            "timestamp",
            f"comes {steps[ragged[0]]} s after the one before, and most come {interval} s after theirs;"
            " write prices at regular times, leaving out what is missing",
        )
    places = (stamps - stamps[0]) // interval
    if len(places) < 0.5 * (places[-1] + 1):
        raise CsvError(f"{path.name}: {places[-1] + 1 - len(places)} of {places[-1] + 1} times are missing")
    grid = np.full((int(places[-1]) + 1, 3), np.nan)
    grid[places] = np.array(table)
    return Prices(
        name,
        stamps[0] + interval * np.arange(1, len(grid) + 1, dtype=np.int64),
        interval,
        grid[:, 0],
        grid[:, 1],
        grid[:, 2],
        has_extremes,
    )


def _prices_of(row: Row, has_extremes: bool, before: float | None) -> tuple[float, float, float]:
    close = row.number("close", above_zero=True)
    if before is not None and not 1 / MOST_STEP < close / before < MOST_STEP:
        raise row.wrong(
            "close", f"{close:g} after {before:g} is a move by more than a factor of {MOST_STEP:g}"
        )
    if not has_extremes:
        return close, close, close
    high, low = (row.number(column, above_zero=True) for column in ("high", "low"))
    if not low <= close <= high:
        raise row.wrong("close", f"{close:g} is not between the low of {low:g} and the high of {high:g}")
    return close, high, low


def realised_volatility(prices: Prices, memory: Memory) -> Floats:
    """At each time what RealisedVolatility would say, poked whenever it accepts; per root of a year.

    The first estimate is the mean square over the first `memory`; not a number until three times the memory has passed,
    when 5% of it are left, and where no price is.
    """
    first = max(memory.seconds // prices.interval, 2)
    opening = np.log(prices.closes[: first + 1])
    known = opening[~np.isnan(opening)]
    variance = float(np.sum(np.diff(known) ** 2)) / (first * prices.interval) * YEAR
    start = int(np.flatnonzero(~np.isnan(prices.closes))[0])
    state = Realised(
        memory=memory.seconds,
        longest=memory.longest,
        least_return=round(memory.least_return * WAD),
        max_return=round(memory.max_return * WAD),
        variance=max(round(variance * WAD), 1),
        ln_price=ln_wad(_wad(prices.closes[start])),
        observed_at=int(prices.times[start]),
    )
    found = np.full(len(prices.times), np.nan)
    for place in range(start + 1, len(found)):
        close = prices.closes[place]
        if np.isnan(close):
            continue
        now, price = int(prices.times[place]), _wad(close)
        if state.counts(price, now):
            state = state.observe(price, now)
        if place >= 3 * first:
            found[place] = state.volatility / WAD
    return found


def aligned(series: Sequence[Prices]) -> list[Prices]:
    """The same, over the times that all of them cover. Raises CsvError."""
    interval = series[0].interval
    odd = next((one for one in series if one.interval != interval), None)
    if odd:
        raise CsvError(
            f"{odd.name} comes every {odd.interval} s, {series[0].name} every {interval} s; use one interval"
        )
    begin, end = max(one.times[0] for one in series), min(one.times[-1] for one in series)
    shifted = next((one for one in series if (one.times[0] - begin) % interval), None)
    if shifted or (end - begin) // interval + 1 < LEAST_ROWS:
        names = ", ".join(one.name for one in series)
        raise CsvError(f"{names} have fewer than {LEAST_ROWS} times in common; use files of the same period")
    cut = []
    for one in series:
        inside = (one.times >= begin) & (one.times <= end)
        cut.append(
            Prices(
                one.name,
                one.times[inside],
                interval,
                one.closes[inside],
                one.highs[inside],
                one.lows[inside],
                one.has_extremes,
            )
        )
    return cut


def _wad(price: float) -> int:
    return round(float(price) * WAD)
