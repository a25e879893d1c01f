"""Quotes and prices whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest

from scripts.model.volatility import ONE, YEAR, Smile
from scripts.risk.black import price

NOW = 1_900_000_000
DAY = 86_400
HOUR = 3_600
FORWARD = 2_000.0
# Skewed downwards, 71%, 66% and 62% at the money; total variance rises with the expiry at every strike.
TRUTH = {
    NOW + 7 * DAY: (0.40, -0.08, 0.30, log(FORWARD) + 0.05, 0.35),
    NOW + 30 * DAY: (0.35, -0.06, 0.22, log(FORWARD) + 0.05, 0.40),
    NOW + 90 * DAY: (0.32, -0.05, 0.16, log(FORWARD) + 0.05, 0.45),
}
STRIKES = [FORWARD * exp(step / 10) for step in range(-8, 9)]


def true_volatility(expiry: int, strike: float) -> float:
    """Raw SVI, written out."""
    level, slope, curvature, centre, width = TRUTH[expiry]
    x = log(strike) - centre
    return sqrt(level + slope * x + curvature * sqrt(x * x + width * width))


def true_smile(expiry: int) -> Smile:
    return Smile(*(round(value * ONE) for value in TRUTH[expiry]))


WriteQuotes = Callable[..., Path]


@pytest.fixture
def write_quotes(tmp_path: Path) -> WriteQuotes:
    """Writes quotes around TRUTH: `noise` in volatility, `spread` between bid and ask in volatility."""

    def write(
        noise: float = 0.0,
        spread: float = 0.01,
        made_at: int = NOW,
        seed: int = 1,
        expiries: Sequence[int] = tuple(TRUTH),
        columns: str = "prices",
        strikes: Sequence[float] = tuple(STRIKES),
        shift: float = 0.0,
        edit: Callable[[list[str]], list[str]] = lambda lines: lines,
    ) -> Path:
        random = np.random.default_rng(seed)
        head = "expiry,strike,kind,forward,timestamp"
        lines = [f"{head},{'bid,ask' if columns == 'prices' else 'volatility'}"]
        for expiry in expiries:
            for strike in strikes:
                is_call = strike >= FORWARD
                middle = true_volatility(expiry, strike) + shift + noise * random.standard_normal()
                years = (expiry - made_at) / YEAR
                cells = [expiry, repr(strike), "call" if is_call else "put", FORWARD, made_at]
                if columns == "prices":
                    ends = (middle - spread / 2, middle + spread / 2)
                    cells += [repr(price(FORWARD, strike, years, end, is_call)) for end in ends]
                else:
                    cells.append(repr(middle))
                lines.append(",".join(str(cell) for cell in cells))
        file = tmp_path / "quotes.csv"
        file.write_text("\n".join(edit(lines)) + "\n")
        return file

    return write


WritePrices = Callable[..., Path]


@pytest.fixture
def write_prices(tmp_path: Path) -> WritePrices:
    """Writes closes, an hour apart; `edit` gets lines with the header and answers those to write."""

    def write(
        closes: Sequence[float],
        name: str = "prices.csv",
        edit: Callable[[list[str]], list[str]] = lambda lines: lines,
        extremes: Mapping[str, Sequence[float]] | None = None,
    ) -> Path:
        head = ",".join(["timestamp", "close", *(extremes or {})])
        rows = zip(closes, *(extremes or {}).values(), strict=True)
        lines = [head] + [
            ",".join([str(1_600_000_000 // HOUR * HOUR + HOUR * place), *(f"{value:.8f}" for value in row)])
            for place, row in enumerate(rows)
        ]
        file = tmp_path / name
        file.write_text("\n".join(edit(lines)) + "\n")
        return file

    return write


def walk(volatility: float, hours: int, seed: int, start: float = 2_000.0) -> np.ndarray:
    """Geometric Brownian motion without drift, hourly."""
    steps = np.random.default_rng(seed).standard_normal(hours) * volatility * sqrt(HOUR / YEAR)
    return start * np.exp(np.concatenate([[0], np.cumsum(steps)]))
