"""The pictures: smiles beside quotes, shocks over time, breaches by horizon, tails, netting. All are PNG files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import log
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, NullLocator, PercentFormatter
from scipy.stats import norm

from scripts.common.units import format_duration
from scripts.model.volatility import Smile
from scripts.risk.estimate import SIDES, Aim, Breaches, Shock
from scripts.risk.fitting import Fit, forward_of, volatility
from scripts.risk.netting import Netting
from scripts.risk.proposal import Estimate, proposed_netting, share
from scripts.risk.windows import Interval, Windows

INK, QUIET, ALARM, BLUE, GREEN, ORANGE = "#22262b", "#8a9099", "#d1242f", "#2f6fde", "#1a7f37", "#e08600"
SIDE_COLOURS = {"down": ALARM, "up": BLUE}
STYLE: Any = {
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.titleweight": "bold",
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#e6e8eb",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}
_Points = Sequence[tuple[int, Breaches]]
_Pick = Callable[[Breaches], Interval]


@contextmanager
def _figure(file: Path, rows: int, columns: int, size: tuple[float, float], **how: Any) -> Iterator[Any]:
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False, **how)
        yield axes
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=120)
        plt.close(figure)


def draw_smiles(
    file: Path, fits: Sequence[Fit], steps: Mapping[int, Smile], old: Mapping[int, Smile]
) -> None:
    """Each expiry's quotes and fitted smile, the one on chain, and the one that the next update brings."""
    columns = min(len(fits), 3)
    rows = -(-len(fits) // columns)
    with _figure(file, rows, columns, (4.6 * columns, 3.4 * rows)) as axes:
        for axis in axes.flat[len(fits) :]:
            axis.remove()
        for axis, fit in zip(axes.flat, fits, strict=False):
            forward = forward_of(fit.quotes)
            strikes = np.exp(
                np.linspace(
                    log(min(fit.quotes[0].strike, forward * 0.7)),
                    log(max(fit.quotes[-1].strike, forward * 1.4)),
                    300,
                )
            )
            lines = [(old.get(fit.expiry), QUIET, "on chain", ":"), (fit.smile, BLUE, "fitted", "-")]
            if steps.get(fit.expiry) != fit.smile:
                lines.append((steps.get(fit.expiry), ORANGE, "next update", "--"))
            axis.errorbar(
                [quote.strike for quote in fit.quotes],
                [quote.volatility for quote in fit.quotes],
                yerr=[quote.error for quote in fit.quotes],
                fmt="o",
                color=INK,
                markersize=2.8,
                linewidth=0.8,
                label="quotes",
            )
            for smile, colour, label, line in lines:
                if smile is not None:
                    axis.plot(
                        strikes,
                        volatility(smile, np.log(strikes)),
                        line,
                        color=colour,
                        linewidth=1.5,
                        label=label,
                    )
            axis.set_xscale("log")
            axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
            axis.xaxis.set_minor_locator(NullLocator())
            ticks = [forward * factor for factor in (0.5, 0.7, 1, 1.4, 2)]
            axis.set_xticks([tick for tick in ticks if strikes[0] <= tick <= strikes[-1]])
            axis.yaxis.set_major_formatter(PercentFormatter(1))
            axis.set_title(f"{datetime.fromtimestamp(fit.expiry, UTC):%d %b %Y}")
            axis.set_xlabel("strike, USD")
            axis.set_ylabel("volatility")
            axis.legend()


def draw_shocks(file: Path, estimate: Estimate, static: Mapping[str, Mapping[str, float]]) -> None:
    """Volatility, and each shock over time with the moves that it was to cover; breaches are marked."""
    rows = 1 + len(estimate.shocks)
    with _figure(file, rows, 1, (12, 3.1 * rows), sharex=True) as axes:
        dates = [datetime.fromtimestamp(int(time), UTC) for time in estimate.prices.times]
        axes[0][0].plot(dates, estimate.volatility, color=INK, linewidth=1)
        axes[0][0].set_title(f"{estimate.prices.name}: realised volatility as the chain reckons it, per year")
        axes[0][0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes[0][0].set_ylim(0, None)
        for axis, shock in zip(axes[1:, 0], estimate.shocks, strict=True):
            windows = estimate.windows[shock.aim.name]
            _shock_panel(axis, shock, windows, static.get(shock.aim.name, {}))


def _shock_panel(axis: Any, shock: Shock, windows: Windows, static: Mapping[str, float]) -> None:
    dates = np.array([datetime.fromtimestamp(int(time), UTC) for time in windows.times])
    shocks = shock.at(windows.deviations)
    count = shock.breaches[0].windows
    axis.axvspan(dates[count - 1], dates[-1], color=QUIET, alpha=0.1, linewidth=0)
    for side, sign in (("down", -1), ("up", 1)):
        moves = windows.moves(side)
        axis.plot(dates, sign * moves, color=SIDE_COLOURS[side], linewidth=0.4, alpha=0.6)
        axis.plot(dates, sign * shocks, color=INK, linewidth=1, label="shock" if sign > 0 else None)
        hit = moves > shocks
        label = f"beyond, {side} (windows: {hit.sum()})"
        axis.plot(dates[hit], sign * moves[hit], "v", color=SIDE_COLOURS[side], markersize=4, label=label)
        if side in static:
            words = "shock of the market file" if sign > 0 else None
            axis.axhline(sign * static[side], color=GREEN, linewidth=1, linestyle="--", label=words)
    axis.set_title(
        f"{shock.aim.name.capitalize()}: worst moves within {format_duration(shock.aim.horizon)} and the shock"
        " (grey: not used for the estimate)"
    )
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.legend(loc="upper right", ncols=4)


def draw_breaches(
    file: Path, name: str, curves: Mapping[str, Sequence[tuple[int, Breaches]]], aims: Sequence[Aim]
) -> None:
    """How often each shock was breached over horizons, and how far a breach went beyond, in each direction."""
    colours = (BLUE, ORANGE, GREEN, "#8250df", QUIET, INK)
    with _figure(file, 2, 2, (12, 7.4), sharex=True, sharey="row") as axes:
        for column, side in enumerate(SIDES):
            rate, beyond = axes[0][column], axes[1][column]
            for place, (label, points) in enumerate(curves.items()):
                own = [(horizon, one) for horizon, one in points if one.side == side]
                colour = colours[place % len(colours)]
                _line(rate, own, place, colour, label, lambda one: one.rate)
                _line(beyond, own, place, colour, label, lambda one: one.shortfall)
            for aim in aims:
                rate.plot(
                    aim.horizon / 3_600,
                    aim.probability,
                    "x",
                    color=ALARM,
                    markersize=9,
                    markeredgewidth=2,
                    zorder=5,
                )
                rate.annotate(
                    f"aim: {aim.name}",
                    (aim.horizon / 3_600, aim.probability),
                    xytext=(6, 5),
                    textcoords="offset points",
                    color=ALARM,
                )
            rate.set_xscale("log")
            rate.set_yscale("symlog", linthresh=1e-4)
            rate.set_ylim(0, 1)
            rate.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
            rate.set_title(f"{name}, {side}: share of windows that go beyond the shock")
            beyond.set_title("Expected shortfall beyond the shock")
            beyond.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            beyond.set_ylim(0, None)
            beyond.set_xlabel("horizon")
            beyond.set_xticks(
                sorted({horizon / 3_600 for points in curves.values() for horizon, _ in points})
            )
            beyond.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} h"))
            beyond.xaxis.set_minor_locator(NullLocator())
        axes[0][0].legend(loc="upper left")


def _line(axis: Any, own: _Points, place: int, colour: str, label: str, of: _Pick) -> None:
    """A curve with its 95% intervals, a little to the side so that they do not hide each other."""
    hours = [horizon / 3_600 * 1.025 ** (place - 1.5) for horizon, _ in own]
    found = [of(one) for _, one in own]
    low = [one.value - one.low for one in found]
    high = [one.high - one.value for one in found]
    values = [one.value for one in found]
    axis.plot(hours, values, "-o", color=colour, linewidth=1.4, markersize=3.5, label=label)
    axis.errorbar(
        hours, values, yerr=(low, high), fmt="none", ecolor=colour, elinewidth=0.9, capsize=2, alpha=0.7
    )


def draw_tails(file: Path, estimate: Estimate, in_sample: float) -> None:
    """How often a move exceeds a number of deviations: both parts, both directions, and a walk without fat tails."""
    with _figure(file, 1, len(estimate.shocks), (6 * len(estimate.shocks), 4.4), sharey=True) as axes:
        for axis, shock in zip(axes[0], estimate.shocks, strict=True):
            parts = estimate.windows[shock.aim.name].split(in_sample)
            for part, line, words in zip(parts, ("-", ":"), ("first part", "rest"), strict=True):
                for side in SIDES:
                    ratio = np.sort(part.moves(side) / part.deviations)[::-1]
                    rank = np.arange(1, len(ratio) + 1) / len(ratio)
                    axis.plot(
                        ratio, rank, line, color=SIDE_COLOURS[side], linewidth=1.4, label=f"{side}, {words}"
                    )
            grid = np.linspace(0.01, 8, 200)
            # Reflection: the worst of a driftless walk within the horizon has twice the tail of its end.
            axis.plot(grid, 2 * norm.sf(grid), color=QUIET, linewidth=1.2, label="a driftless walk")
            axis.axhline(shock.aim.probability, color=INK, linewidth=0.9, linestyle="--")
            axis.axvspan(shock.multiple.low, shock.multiple.high, color=GREEN, alpha=0.12, linewidth=0)
            axis.axvline(
                shock.multiple.value, color=GREEN, linewidth=1.4, label="multiple, and its 95% interval"
            )
            axis.set_yscale("log")
            axis.set_ylim(1 / len(parts[0]), 1)
            axis.set_xlim(0, max(shock.multiple.high * 1.15, 6))
            axis.set_title(
                f"{estimate.prices.name}, {shock.aim.name}: {format_duration(shock.aim.horizon)},"
                f" {share(shock.aim.probability, 2)} aimed at"
            )
            axis.set_xlabel("worst move within the horizon, in standard deviations")
            axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
            axis.legend(loc="upper right", frameon=True, framealpha=1, edgecolor="white")
        axes[0][0].set_ylabel("share of windows that exceed it")


def draw_netting(file: Path, netting: Netting) -> None:
    """Correlations of moves in units of their shocks, and what share may be netted."""
    names, count = list(netting.names), len(netting.names)
    with _figure(file, 1, 2, (9, 3.8)) as axes:
        table, bar = axes[0]
        table.imshow(netting.correlation, vmin=-1, vmax=1, cmap="RdBu")
        table.grid(False)
        table.set_xticks(range(count), names)
        table.set_yticks(range(count), names)
        for row in range(count):
            for column in range(count):
                value = netting.correlation[row, column]
                colour = "white" if abs(value) > 0.6 else INK
                table.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour)
        table.set_title("Correlation of moves")
        rho = netting.rho
        bar.barh(
            ["calm and turbulent", "turbulent fifth"],
            [rho.value, netting.turbulent],
            color=[BLUE, ORANGE],
            height=0.5,
        )
        bar.errorbar(
            [rho.value],
            [0],
            xerr=[[rho.value - rho.low], [rho.high - rho.value]],
            color=INK,
            capsize=4,
            fmt="none",
        )
        bar.axvline(proposed_netting(netting), color=GREEN, linewidth=1.4, linestyle="--", label="proposed")
        bar.set_xlim(0, 1.02)
        bar.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        bar.set_title("Netting share with 95% interval")
        bar.legend()
