"""The picture: what each peer's operations cost, as a multiple of Keel's."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from scripts.compare.table import Comparison

INK, QUIET = "#22262b", "#8a9099"
COLOURS = ("#2f6fde", "#8250df", "#e08600", "#1a7f37", "#bf3989", "#57606a")
TICKS = (0.5, 0.75, 1, 1.5, 2, 3, 4)
TITLE = "Gas as a multiple of Keel's: to the right of the line Keel is cheaper"
MEASURED, ELSEWHERE = "o", "D"


def draw(comparison: Comparison, file: Path) -> None:
    """Writes the picture as PNG."""
    names = [name for name in comparison.peers if _points(comparison, name)]
    rows = [row for row in comparison.rows if any(row.cells[name].compared for name in names)]
    with plt.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(figsize=(9.5, 0.36 * len(rows) + 1.5), layout="constrained")
        places = {row.operation.key: -number for number, row in enumerate(rows)}
        for place in places.values():
            axes.axhline(place, color="#e6e8eb", linewidth=0.7, zorder=0)
        axes.axvline(1, color=INK, linewidth=1.4, zorder=1)
        for name, colour in zip(names, cycle(COLOURS), strict=False):
            points = _points(comparison, name)
            here = name in comparison.measured
            axes.scatter(
                list(points.values()),
                [places[key] for key in points],
                s=52 if here else 34,
                marker=MEASURED if here else ELSEWHERE,
                facecolor=colour if here else "white",
                edgecolor=colour,
                linewidth=1.3,
                label=name if here else f"{name} (elsewhere)",
                zorder=3,
            )
        _finish(axes, rows, list(places.values()), [row.operation.title for row in rows])
        figure.legend(
            *axes.get_legend_handles_labels(),
            loc="outside lower left",
            ncols=len(names),
            frameon=False,
            fontsize=9.5,
            labelcolor=INK,
            handletextpad=0.1,
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=130)
        plt.close(figure)


def _points(comparison: Comparison, name: str) -> dict[str, float]:
    """Ratios by operation."""
    cells = {row.operation.key: row.cells[name] for row in comparison.rows}
    return {key: cell.ratio for key, cell in cells.items() if cell.compared and cell.ratio is not None}


def _finish(axes: Any, rows: list[Any], places: list[int], titles: list[str]) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks(places, titles)
    axes.tick_params(length=0, colors=INK)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.set_ylim(0.7 - len(rows), 0.9)
    axes.text(1, 0.95, "Keel", ha="center", va="bottom", weight="bold", color=INK)
    axes.set_title(
        TITLE,
        loc="left",
        fontsize=11,
        weight="bold",
        color=INK,
        pad=22,
    )
