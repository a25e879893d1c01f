"""Quotes of options from a CSV file, as volatilities.

Columns: `expiry` (seconds since 1970, or a date, which stands for 08:00 UTC), `strike` in dollars, `kind` (call or put),
and `volatility` (0.6 is 60%) or `bid` and `ask` in dollars for one unit. Where they are not given for all quotes,
`timestamp` says when a quote was made and `forward` the price of the underlying then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from math import log
from pathlib import Path

from scripts.common.units import SECONDS_PER_YEAR
from scripts.risk.black import implied_volatility
from scripts.risk.csvfile import CsvError, Row, read_rows

EXPIRY_TIME = time(8)
# What a volatility is taken to be known to: without bid and ask, and at best with them.
USUAL_ERROR, LEAST_ERROR = 0.005, 0.001
MOST_VOLATILITY = 10.0


@dataclass(frozen=True)
class Quote:
    """One option. `error` is how well `volatility` is known: half of what lies between bid and ask."""

    expiry: int
    strike: float
    is_call: bool
    volatility: float
    error: float
    forward: float
    made_at: int

    @property
    def ln_strike(self) -> float:
        """Of the strike in dollars."""
        return log(self.strike)


@dataclass(frozen=True)
class Quotes:
    """Quotes that can be used, and a line for each that cannot."""

    usable: Sequence[Quote]
    left_out: Sequence[str]

    def by_expiry(self) -> dict[int, list[Quote]]:
        """Expiries ascending, strikes ascending."""
        groups: dict[int, list[Quote]] = {}
        for quote in sorted(self.usable, key=lambda one: (one.expiry, one.strike, one.is_call)):
            groups.setdefault(quote.expiry, []).append(quote)
        return groups


def read_quotes(path: Path, forward: float | None = None, made_at: int | None = None) -> Quotes:
    """The quotes of a file; `forward` and `made_at` stand in for the columns. Raises CsvError.

    A line that is malformed is an error. A price that no volatility gives (no bid, below the intrinsic value) is
    left out, and told.
    """
    columns = ["expiry", "strike", "kind"]
    columns += [] if forward else ["forward"]
    columns += [] if made_at else ["timestamp"]
    usable: list[Quote] = []
    left_out: list[str] = []
    seen: dict[tuple[int, float, bool], int] = {}
    for row in read_rows(path, columns, ("volatility", "bid", "ask")):
        now = row.time("timestamp") if made_at is None else made_at
        at = row.number("forward", above_zero=True) if forward is None else forward
        expiry, strike = row.time("expiry", EXPIRY_TIME), row.number("strike", above_zero=True)
        kind = row.cells["kind"].lower()
        if kind not in ("call", "put"):
            raise row.wrong("kind", f'"{kind}" is no kind of option; write call or put')
        is_call = kind == "call"
        first = seen.setdefault((expiry, strike, is_call), row.line)
        if first != row.line:
            raise row.wrong("strike", f"the {kind} at {strike:g} stands on line {first} too; keep one")
        if expiry <= now:
            left_out.append(f"line {row.line}: expired when it was made")
            continue
        found = _volatility(row, at, strike, (expiry - now) / SECONDS_PER_YEAR, is_call)
        if isinstance(found, str):
            left_out.append(f"line {row.line}: {found}")
        else:
            usable.append(Quote(expiry, strike, is_call, *found, at, now))
    return Quotes(usable, left_out)


def _volatility(
    row: Row, forward: float, strike: float, years: float, is_call: bool
) -> tuple[float, float] | str:
    """Volatility and its error, or why there is none."""
    if row.has("volatility"):
        volatility = row.number("volatility", above_zero=True)
        if volatility > MOST_VOLATILITY:
            raise row.wrong("volatility", f"{volatility:g} is more than 1,000%; 60% is written as 0.6")
        return volatility, USUAL_ERROR
    if not (row.has("bid") or row.has("ask")):
        raise row.wrong("volatility", "neither a volatility nor bid and ask; write one of them")
    if not row.has("ask"):
        return "no ask"
    ask = row.number("ask", above_zero=True)
    bid = row.number("bid") if row.has("bid") else 0.0
    if bid < 0 or bid > ask:
        raise row.wrong("bid", f"{bid:g} is not between zero and the ask of {ask:g}")
    if bid == 0:
        return "no bid"
    low, high = (implied_volatility(value, forward, strike, years, is_call) for value in (bid, ask))
    if low is None or high is None:
        return (
            f"no volatility gives {'the bid' if low is None else 'the ask'}, {bid if low is None else ask:g}"
        )
    return (low + high) / 2, max((high - low) / 2, LEAST_ERROR)


def require(quotes: Quotes, path: Path) -> None:
    """Raises CsvError if no quote can be used."""
    if not quotes.usable:
        first = f"; {quotes.left_out[0]}" if quotes.left_out else ""
        raise CsvError(f"{path.name}: none of {len(quotes.left_out)} quotes can be used{first}")
