"""The picture: price, health of every account, utilisation of the pools, funding of the perpetual and what it earns, and
when somebody was liquidated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator, PercentFormatter

from scripts.common.units import WAD
from scripts.demo.option_result import OptionsOutcome
from scripts.demo.perp_result import PerpsOutcome
from scripts.demo.result import DemoResult

HOUR = 3_600
INK, QUIET, ALARM = "#22262b", "#8a9099", "#d1242f"
HEALTH_SHOWN = (0.75, 10)
HEALTH_TICKS = (0.8, 1, 1.25, 1.5, 2, 3, 5, 10)
FUNDING_COLOURS = ("#1a7f37", "#2f6fde")  # of the rate, and of the premium
POOL_COLOURS = ("#2f6fde", "#8250df", "#e08600", "#1a7f37", "#bf3989", "#57606a")


def draw(result: DemoResult, file: Path) -> None:
    """Writes the picture as PNG."""
    style: Any = {
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
    }
    with plt.rc_context(style):
        perps = result.perps
        options = result.options
        heights = (2.2, 3.6, 1.5, *((1.7, 1.7) if perps else ()), *((2.0,) if options else ()))
        figure, panels = plt.subplots(
            len(heights),
            1,
            figsize=(12, 1.44 * sum(heights)),
            sharex=True,
            height_ratios=heights,
            layout="constrained",
        )
        hours = [sample.seconds / HOUR for sample in result.samples]
        _price(panels[0], result, hours)
        _health(panels[1], result, hours)
        _utilisation(panels[2], result, hours)
        if perps:
            _funding(panels[3], result, perps)
            _arbitrage(panels[4], perps)
        if options:
            _margin(panels[-1], options)
        panels[-1].set_xlabel("hours since the traders opened")
        panels[-1].set_xlim(hours[0], hours[-1])
        figure.suptitle(
            f"Keel · {result.path} · {result.verdict}", x=0.01, ha="left", weight="bold", color=INK
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=130)
        plt.close(figure)


def _price(axes: Any, result: DemoResult, hours: Sequence[float]) -> None:
    axes.plot(hours, [sample.price for sample in result.samples], color=INK, linewidth=1.4)
    price_at = {sample.seconds: sample.price for sample in result.samples}
    marks = [(event.seconds, event.insolvent) for event in result.liquidations]
    for insolvent, colour in ((False, ALARM), (True, "black")):
        times = [seconds for seconds, bad in marks if bad is insolvent]
        prices = [price_at[seconds] for seconds in times]
        axes.plot(
            [seconds / HOUR for seconds in times],
            prices,
            linestyle="none",
            marker="v",
            markersize=7,
            markerfacecolor=colour,
            markeredgecolor="white",
            markeredgewidth=0.8,
        )
    axes.set_title("Price of ether")
    axes.set_ylabel("USD")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    entries = [
        Line2D([], [], color=INK, label="oracle and pool price"),
        Line2D([], [], color=ALARM, marker="v", linestyle="none", label=f"liquidation ({len(marks)})"),
    ]
    if any(bad for _, bad in marks):
        entries.append(
            Line2D([], [], color="black", marker="v", linestyle="none", label="of an insolvent one")
        )
    _legend(axes, entries)


def _health(axes: Any, result: DemoResult, hours: Sequence[float]) -> None:
    low, high = HEALTH_SHOWN
    colours = matplotlib.color_sequences["tab20"]
    axes.axhspan(low, 1, color=ALARM, alpha=0.06, linewidth=0)
    entries = []
    for number, account in enumerate(result.accounts):
        health = [sample.health[number] for sample in result.samples]
        colour = colours[number % len(colours)]
        is_short = account.position.startswith("short")
        line: Any = "--" if is_short else "-"
        shown = [_drawn(value) for value in health]
        axes.plot(hours, shown, color=colour, linewidth=1.3, linestyle=line)
        events = [event for event in result.liquidations if event.account == account.name]
        axes.plot(
            [event.seconds / HOUR for event in events],
            [max(event.health, low * 1.02) for event in events],
            linestyle="none",
            marker="v",
            markersize=7,
            markerfacecolor=colour,
            markeredgecolor=ALARM,
            markeredgewidth=1.1,
            zorder=5,
        )
        times = f"  ({len(events)})" if events else ""
        label = f"{account.position}{times}"
        entries.append(Line2D([], [], color=colour, linestyle=line, label=label))
    axes.axhline(1, color=ALARM, linewidth=1.4)
    axes.text(hours[-1], 0.985, "below 1: liquidation", color=ALARM, ha="right", va="top", fontsize=8.5)
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.set_yticks(HEALTH_TICKS, [f"{tick:g}" for tick in HEALTH_TICKS])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title("Health of each account: equity at the favourable edge over maintenance requirement")
    axes.set_ylabel("health")
    _legend(axes, entries, "account (liquidations)")


def _drawn(health: float | None) -> float:
    """On the logarithmic axis; not a number (a gap) for an account that owes nothing, or next to nothing."""
    low, high = HEALTH_SHOWN
    return float("nan") if health is None or health > 2 * high else max(health, low / 2)


def _utilisation(axes: Any, result: DemoResult, hours: Sequence[float]) -> None:
    entries = []
    for number, pool in enumerate(result.pools):
        colour = POOL_COLOURS[number % len(POOL_COLOURS)]
        axes.plot(
            hours, [sample.utilisation[number] for sample in result.samples], color=colour, linewidth=1.4
        )
        entries.append(Line2D([], [], color=colour, label=f"{pool.symbol} (lenders {pool.change:+.4%})"))
    axes.set_ylim(0, None)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_title("Utilisation of each pool")
    axes.set_ylabel("borrowed")
    _legend(axes, entries)


def _funding(axes: Any, result: DemoResult, perps: PerpsOutcome) -> None:
    hours = [sample.seconds / HOUR for sample in perps.samples]
    rate, premium = FUNDING_COLOURS
    axes.plot(hours, [sample.premium for sample in perps.samples], color=premium, linewidth=1.4)
    axes.plot(hours, [sample.rate for sample in perps.samples], color=rate, linewidth=1.4)
    axes.axhline(0, color=QUIET, linewidth=0.9)
    names = {account.name for account in perps.accounts}
    at = {sample.seconds: sample.premium for sample in perps.samples}
    events = [event for event in result.liquidations if event.account in names]
    axes.plot(
        [event.seconds / HOUR for event in events],
        [at[event.seconds] for event in events],
        linestyle="none",
        marker="v",
        markersize=7,
        markerfacecolor=ALARM,
        markeredgecolor="white",
        markeredgewidth=0.8,
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    axes.set_title(f"{perps.market}: longs pay shorts while the mark is above the index")
    axes.set_ylabel("share of the price")
    entries = [
        Line2D([], [], color=premium, label="mark above index"),
        Line2D([], [], color=rate, label="funding rate per 8 hours"),
        Line2D([], [], color=ALARM, marker="v", linestyle="none", label=f"takeover ({len(events)})"),
    ]
    _legend(axes, entries)


def _arbitrage(axes: Any, perps: PerpsOutcome) -> None:
    hours = [sample.seconds / HOUR for sample in perps.samples]
    account = perps.arbitrage
    axes.plot(hours, [sample.gained for sample in perps.samples], color=INK, linewidth=1.4)
    axes.plot(hours, [sample.funding for sample in perps.samples], color=FUNDING_COLOURS[0], linestyle="--")
    axes.axhline(0, color=QUIET, linewidth=0.9)
    axes.yaxis.set_major_formatter(FuncFormatter(_signed_dollars))
    start = account.start_equity / WAD
    axes.set_title(f"Funding arbitrage: ether worth ${start:,.0f} held, as much of the perpetual sold")
    axes.set_ylabel("USD")
    end = (account.end_equity - account.start_equity) / WAD
    entries = [
        Line2D([], [], color=INK, label=f"equity gained ({_signed_dollars(end)} when closed)"),
        Line2D([], [], color=FUNDING_COLOURS[0], linestyle="--", label="funding earned"),
    ]
    _legend(axes, entries)


def _margin(axes: Any, options: OptionsOutcome) -> None:
    hours = [sample.seconds / HOUR for sample in options.samples]
    portfolio, standard = FUNDING_COLOURS
    axes.plot(hours, [sample.equity for sample in options.samples], color=INK, linewidth=1.4)
    axes.plot(hours, [sample.standard for sample in options.samples], color=standard, linestyle="--")
    axes.plot(hours, [sample.portfolio for sample in options.samples], color=portfolio, linewidth=1.4)
    axes.set_ylim(0, None)
    axes.yaxis.set_major_formatter(FuncFormatter(_signed_dollars))
    axes.set_title(
        "Portfolio margin: long ether, short the perpetual, short straddles, hedged every few hours"
    )
    axes.set_ylabel("USD")
    lowest = options.book.lowest_health
    entries = [
        Line2D([], [], color=INK, label="equity" + (f" (lowest health {lowest:.2f})" if lowest else "")),
        Line2D([], [], color=standard, linestyle="--", label="required by standard margin"),
        Line2D([], [], color=portfolio, label="required as a portfolio"),
    ]
    _legend(axes, entries)


def _signed_dollars(value: float, _: int = 0) -> str:
    return f"{'-' if value < 0 else ''}${abs(value):,.0f}"


def _legend(axes: Any, entries: Sequence[Line2D], title: str = "") -> None:
    axes.legend(
        handles=entries,
        title=title or None,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.02),
        frameon=False,
        fontsize=8.5,
        title_fontsize=8.5,
        alignment="left",
        handlelength=1.8,
    )
