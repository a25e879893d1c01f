"""What a command says: tables and questions for people, or one JSON document for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from scripts.common.errors import KeelError

# Larger ones lose digits in programs that read JSON's numbers as doubles.
LARGEST_NUMBER = 2**53 - 1


class Output:
    """Where a command's words go. With `as_json` only the document is printed."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.console = Console(highlight=False)
        self.errors = Console(stderr=True, highlight=False)

    def show(self, what: RenderableType = "") -> None:
        """Prints something for people."""
        if not self.as_json:
            self.console.print(what)

    def document(self, content: dict[str, Any]) -> None:
        """Prints the JSON document."""
        # In ASCII: whatever the terminal's encoding is, and whatever was typed, it is JSON.
        sys.stdout.write(json.dumps(jsonable(content), indent=2) + "\n")

    def confirm(self, question: str, agreed: bool) -> None:
        """Asks; returns if the answer is yes, or was given by --yes.

        Raises KeelError if it is no, and where nobody can be asked.
        """
        if agreed:
            return
        if self.as_json:
            raise KeelError(
                "nothing was sent: --json asks no questions; add --yes, or --dry-run to look only"
            )
        if not sys.stdin.isatty():
            raise KeelError(
                "nothing was sent: nobody sits at a terminal to confirm; add --yes, or --dry-run to look only"
            )
        try:
            answer = self.console.input(f"{question} \\[y/N] ")
        except EOFError:
            answer = ""
        if answer.strip().lower() not in ("y", "yes"):
            raise KeelError("nothing was sent: not confirmed")

    @contextmanager
    def waiting(self, what: str, total: int | None = None) -> Iterator[Progress]:
        """Shows that something goes on, and how far it is, at a terminal; gone when it ends.

        With a total, `advance(progress.task_ids[0])` moves it.
        """
        columns: list[Any] = [SpinnerColumn(), TextColumn("{task.description}")]
        columns += [BarColumn(), MofNCompleteColumn()] if total is not None else []
        progress = Progress(
            *columns,
            TimeElapsedColumn(),
            console=self.errors,
            transient=True,
            disable=self.as_json or not self.errors.is_terminal,
        )
        with progress:
            progress.add_task(what, total=total)
            yield progress


def table(*headers: str, title: str | None = None, left: Sequence[int] = (0,)) -> Table:
    """A table whose columns are right-aligned, apart from those at the positions `left`."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for position, header in enumerate(headers):
        made.add_column(
            header, justify="left" if position in left else "right", header_style="dim", no_wrap=position == 0
        )
    return made


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Names and values, one pair a line."""
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(name, Text(value))
    return made


def jsonable(value: Any) -> Any:
    """For JSON: integers beyond 53 bits and decimals as text, bytes as 0x and hex digits."""
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_NUMBER else str(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(getattr(value, "address", value))


def plain(value: Decimal) -> str:
    """A decimal without exponent and trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text
