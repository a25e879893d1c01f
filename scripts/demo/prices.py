"""A path of prices: from a CSV or made up by scripts/demo/shapes.py, resampled to a number of points.

A CSV has a header with `timestamp` (unix seconds, unix milliseconds or ISO 8601, UTC unless it says
otherwise) and `close` (dollars); other columns are ignored. Rows that are far apart get points in a straight
line between them; of too many rows, the last of each of `MOST` groups stays.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

from scripts.common.errors import KeelError

LEAST, MOST = 500, 2_000
DECIMALS = 8  # a Chainlink feed's
CENT = Decimal(1).scaleb(-DECIMALS)
HIGHEST = Decimal(10) ** 12
MILLISECONDS_FROM = 10**11  # as seconds that is the year 5138
FARTHEST = 4 * 10**9  # 2096

Point = tuple[int, Decimal]


class PriceFileError(KeelError):
    """A file that is no path of prices; the message names file, row and value."""


@dataclass(frozen=True)
class PricePath:
    """Prices in dollars at strictly increasing times in seconds; `rows` is how many the source had."""

    name: str
    times: tuple[int, ...]
    closes: tuple[Decimal, ...]
    rows: int

    def __len__(self) -> int:
        return len(self.times)

    @property
    def seconds(self) -> int:
        """From the first point to the last."""
        return self.times[-1] - self.times[0]

    @property
    def largest_fall(self) -> float:
        """Deepest fall below an earlier price, as a share of it."""
        return _deepest(self.closes)

    @property
    def largest_step(self) -> float:
        """Largest relative move between neighbouring points, either way."""
        steps = (abs(after / before - 1) for before, after in pairwise(self.closes))
        return float(max(steps, default=Decimal(0)))


def path_of(name: str, points: Sequence[Point], least: int = LEAST, most: int = MOST) -> PricePath:
    """The path through `points`, thinned to `most` or filled up to `least`.

    Raises PriceFileError if the points lie too close together to be filled up.
    """
    kept = _thinned(points, most)
    if len(kept) < least:
        span = kept[-1][0] - kept[0][0]
        if span < least - 1:
            raise PriceFileError(
                f"{name}: {len(points)} rows span {span} s; {least} points need at least {least - 1} s"
            )
        kept = _filled(kept, least)
    times, closes = zip(*kept, strict=True)
    return PricePath(name, times, tuple(close.quantize(CENT) for close in closes), len(points))


def read_csv(file: Path, least: int = LEAST, most: int = MOST) -> PricePath:
    """The path in a CSV file. Raises PriceFileError."""
    points: list[Point] = []
    for row, time_text, close_text in _rows(file):
        at, close = _time(file, row, time_text), _close(file, row, close_text)
        if points and at <= points[-1][0]:
            raise PriceFileError(
                f"{file}, row {row}: timestamp {time_text!r} is not after the one before ({points[-1][0]});"
                " expected increasing times, at least a second apart"
            )
        points.append((at, close))
    if len(points) < 2:
        raise PriceFileError(f"{file}: {len(points)} rows of prices; expected at least 2")
    return path_of(str(file), points, least, most)


# --- reading ---


def _rows(file: Path) -> Iterator[tuple[int, str, str]]:
    """Line number, timestamp and close of each row."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = next(reader, None)
            if header is None:
                raise PriceFileError(f"{file} is empty; expected a header with timestamp and close")
            names = [cell.strip().lower() for cell in header]
            time_at, close_at = _column(file, names, "timestamp"), _column(file, names, "close")
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) <= max(time_at, close_at):
                    raise PriceFileError(
                        f"{file}, row {reader.line_num}: {len(cells)} columns where the header has"
                        f" {len(names)}: {_shown(','.join(cells))}"
                    )
                yield reader.line_num, cells[time_at].strip(), cells[close_at].strip()
    except OSError as error:
        raise PriceFileError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise PriceFileError(f"{file} is no text in UTF-8 (byte {error.start}); expected a CSV") from None
    except csv.Error as error:
        raise PriceFileError(f"{file}, row {reader.line_num}: not CSV ({error})") from None


def _column(file: Path, names: list[str], wanted: str) -> int:
    found = names.count(wanted)
    if found == 1:
        return names.index(wanted)
    problem = f'no column "{wanted}"' if found == 0 else f'{found} columns "{wanted}"'
    raise PriceFileError(f"{file}, row 1: {problem}; its columns are {_shown(', '.join(names))}")


def _time(file: Path, row: int, text: str) -> int:
    at: int | None = None
    try:
        number = Decimal(text)
        if number.is_finite() and abs(number) < Decimal(10) ** 15:
            at = int(number / 1000 if number >= MILLISECONDS_FROM else number)
    except InvalidOperation:
        try:
            moment = datetime.fromisoformat(text)
            at = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            pass
    if at is None or not 0 <= at <= FARTHEST:
        raise PriceFileError(
            f"{file}, row {row}: timestamp {_shown(text)} is no time;"
            ' expected unix seconds or ISO 8601 such as "2021-05-19T12:00:00"'
        )
    return at


def _close(file: Path, row: int, text: str) -> Decimal:
    try:
        close = Decimal(text) if text.isascii() and "_" not in text else Decimal("nan")
    except InvalidOperation:
        close = Decimal("nan")
    if close.is_nan():
        raise PriceFileError(f'{file}, row {row}: close {_shown(text)} is not a number such as "1850.25"')
    if not CENT <= close <= HIGHEST:
        raise PriceFileError(
            f"{file}, row {row}: close {_shown(text)} is no price; expected one from {CENT:f} to {HIGHEST}"
        )
    return close


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


# --- resampling ---


def _thinned(points: Sequence[Point], most: int) -> list[Point]:
    count = len(points)
    if count <= most:
        return list(points)
    # The first point, then the last of each group.
    return [points[0]] + [points[count * group // (most - 1) - 1] for group in range(1, most)]


def _filled(points: Sequence[Point], least: int) -> list[Point]:
    """All points, and between those that are farther apart than some step others at equal distances."""
    gaps = [after[0] - before[0] for before, after in pairwise(points)]
    low, high = 1, max(gaps)  # a step of one second is short enough
    while low < high:
        step = (low + high + 1) // 2
        if 1 + sum(-(-gap // step) for gap in gaps) >= least:
            low = step
        else:
            high = step - 1
    filled = [points[0]]
    for (start, first), (end, last) in pairwise(points):
        parts = -(-(end - start) // low)
        filled += [
            (start + (end - start) * part // parts, first + (last - first) * part / parts)
            for part in range(1, parts + 1)
        ]
    return filled


def _deepest(closes: Sequence[Decimal]) -> float:
    highest, deepest = closes[0], Decimal(0)
    for close in closes:
        highest = max(highest, close)
        deepest = max(deepest, 1 - close / highest)
    return float(deepest)
