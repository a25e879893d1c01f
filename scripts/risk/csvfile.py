"""CSV files with named columns; what is wrong is told by file, line and column.

for row in read_rows(path, required=("timestamp", "close"), optional=("high", "low")):
    row.time("timestamp"), row.number("close", above_zero=True), row.has("high")
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from scripts.common.errors import KeelError

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
# 2001 to 2128: a number of seconds, and not of milliseconds.
EARLIEST, LATEST = 10**9, 5 * 10**9


class CsvError(KeelError):
    """A file cannot be used as it is."""


@dataclass(frozen=True)
class Row:
    """One line; cells by column, without spaces around them."""

    path: Path
    line: int
    cells: dict[str, str]

    def has(self, column: str) -> bool:
        """Whether something stands there."""
        return bool(self.cells.get(column))

    def number(self, column: str, *, above_zero: bool = False) -> float:
        """A finite number. Raises CsvError."""
        text = self.cells.get(column, "")
        right = "a number above zero" if above_zero else "a number"
        if not NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            raise self.wrong(column, f'"{text}" is no number; write {right} such as 1234.5')
        value = float(text)
        if above_zero and value <= 0:
            raise self.wrong(column, f"{text} is not above zero; write {right}")
        return value

    def time(self, column: str, day_at: time = time()) -> int:
        """Seconds since 1970, from such a number or an ISO date; a date without a time stands for `day_at`, in UTC.

        Raises CsvError.
        """
        text = self.cells.get(column, "")
        try:
            return parse_time(text, day_at)
        except ValueError:
            right = "seconds since 1970 such as 1609459200, or a date such as 2021-01-01T08:00:00Z"
            raise self.wrong(column, f'"{text}" is no time; write {right}') from None

    def wrong(self, column: str, problem: str) -> CsvError:
        """An error about a cell of this line."""
        return CsvError(f"{self.path.name}: line {self.line}: {column}: {problem}")


def parse_time(text: str, day_at: time = time()) -> int:
    """As `Row.time`. Raises ValueError."""
    if re.fullmatch(r"\d+(\.0*)?", text):
        seconds = int(text.split(".")[0])
        if not EARLIEST <= seconds <= LATEST:
            raise ValueError(text)
        return seconds
    moment = datetime.fromisoformat(text)
    if len(text) <= len("2021-01-01"):
        moment = datetime.combine(moment.date(), day_at)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def read_rows(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Row]:
    """The lines below the header. Raises CsvError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise CsvError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CsvError(f"{path} is no text in UTF-8; write a CSV file") from None
    reader = csv.reader(lines, strict=True)
    header = _header(path, next(reader, []), required, optional)
    count = 0
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise CsvError(
                    f"{path.name}: line {reader.line_num}: {len(cells)} columns; the header has {len(header)}"
                )
            count += 1
            values = (cell.strip() for cell in cells)
            yield Row(path, reader.line_num, dict(zip(header, values, strict=True)))
    except csv.Error as error:
        raise CsvError(
            f"{path.name}: line {reader.line_num}: {error}; write plain comma-separated values"
        ) from None
    if not count:
        raise CsvError(f"{path.name} has no lines below its header")


def _header(path: Path, cells: list[str], required: Sequence[str], optional: Sequence[str]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    missing = [column for column in required if column not in header]
    if missing:
        found = ", ".join(header) or "nothing"
        also = f"; it may have {', '.join(optional)}" if optional else ""
        raise CsvError(f"{path.name}: no column {', '.join(missing)}; the first line has {found}{also}")
    double = next((column for column in header if header.count(column) > 1), None)
    if double:
        raise CsvError(f'{path.name}: the column "{double}" stands twice; keep one')
    return header
