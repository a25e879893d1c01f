"""What is seen while the demonstration plays: one live line in a terminal, a line every tenth elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.demo.play import Moment

TENTHS = 10


class Screen:
    """Shows steps of the set-up and then each moment of the play."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bar: Progress | None = None

    def say(self, text: str) -> None:
        """One line."""
        self.console.print(text, highlight=False, soft_wrap=True)

    @contextmanager
    def playing(self, points: int) -> Iterator[Screen]:
        """Around the play: keeps the live line, if there is a terminal for it."""
        self._points = points
        if not self.console.is_terminal:
            yield self
            return
        columns = (
            TextColumn("{task.fields[line]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as bar:
            self._bar, self._task = bar, bar.add_task("", total=points, line="lending and opening")
            try:
                yield self
            finally:
                self._bar = None

    def watch(self, moment: Moment) -> None:
        """One price point has been played."""
        line = _line(moment)
        if self._bar is not None:
            self._bar.update(self._task, completed=moment.number, line=line)
        elif moment.number * TENTHS // self._points != (moment.number - 1) * TENTHS // self._points:
            self.say(f"{moment.number:>5} / {self._points}  {line}")


def _line(moment: Moment) -> str:
    lowest = "" if moment.lowest_health is None else f"  lowest health {moment.lowest_health:5.2f}"
    return (
        f"{moment.hour:5.1f} h  ether {moment.price:>9,.2f}{lowest}"
        f"  {moment.liquidations} liquidation{'s' if moment.liquidations != 1 else ''}"
    )
