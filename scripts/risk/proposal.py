"""A proposal as a YAML file: values in human units as market files have them, and a reason beside each.

write_proposal(file, [estimate], netting, settings, command)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml

from scripts.common.units import format_duration
from scripts.risk.estimate import Breaches, Settings, Shock
from scripts.risk.netting import Netting
from scripts.risk.prices import Floats, Memory, Prices
from scripts.risk.windows import Interval, Windows

WIDTH = 110


@dataclass(frozen=True)
class Estimate:
    """All that was found of one underlying; `windows` by name of the shock."""

    prices: Prices
    memory: Memory
    volatility: Floats
    shocks: Sequence[Shock]
    windows: dict[str, Windows] = field(default_factory=dict)


def document(estimates: Sequence[Estimate], netting: Netting | None, settings: Settings) -> dict[str, Any]:
    """The proposal's content."""
    content: dict[str, Any] = {"kind": "proposal"}
    if netting:
        content["domain"] = {"netting": _netting(netting)}
    content["underlyings"] = {each.prices.name: _underlying(each, settings) for each in estimates}
    return content


def write_proposal(
    file: Path, estimates: Sequence[Estimate], netting: Netting | None, settings: Settings
) -> None:
    """Writes it, with a line at the head on what it is."""
    text = yaml.safe_dump(
        document(estimates, netting, settings), sort_keys=False, width=WIDTH, allow_unicode=True
    )
    head = "# By `python -m scripts.risk estimate` from prices (docs/risk-estimates.md): to be judged, not applied.\n"
    file.write_text(head + text)


def share(value: float, places: int = 1, *, up: bool = False) -> str:
    """A share as "12.5%", rounded to the nearest or up."""
    if math.isnan(value):
        return "none"
    shown = math.ceil(round(value * 10 ** (places + 2), 6)) / 10**places if up else value * 100
    return f"{shown:.{places}f}%"


def between(interval: Interval, places: int = 1) -> str:
    """ "12.0% to 14.5%"."""
    return f"{share(interval.low, places)} to {share(interval.high, places)}"


def times(value: float) -> str:
    """A multiple as "4.25x"."""
    return f"{Decimal(value).quantize(Decimal('0.01'), ROUND_HALF_UP)}x"


def _underlying(estimate: Estimate, settings: Settings) -> dict[str, Any]:
    memory = estimate.memory
    prices = estimate.prices
    begin, end = (datetime.fromtimestamp(int(time), UTC) for time in (prices.times[0], prices.times[-1]))
    return {
        "prices": f"{len(prices.times) - prices.missing:,} every {format_duration(prices.interval)}, {prices.missing}"
        f" missing, from {begin:%Y-%m-%d} to {end:%Y-%m-%d}; moves within windows from"
        f" {'highs and lows' if prices.has_extremes else 'closes alone'}",
        "realised_volatility": {
            "memory": _setting(
                format_duration(memory.seconds), "given: the estimates below are for it, and no others"
            ),
            "longest": _setting(format_duration(memory.longest), "given: after it any return counts"),
            "least_return": _setting(share(memory.least_return, 2), "given: smaller returns wait"),
            "max_return": _setting(
                share(memory.max_return, 2), "given: what one observation counts for at most (VOL-1)"
            ),
        },
        "dynamic_shocks": {shock.aim.name: _shock(shock, estimate, settings) for shock in estimate.shocks},
    }


def _shock(shock: Shock, estimate: Estimate, settings: Settings) -> dict[str, Any]:
    aim, windows = shock.aim, estimate.windows[shock.aim.name]
    first = shock.breaches[0]
    sides = " and ".join(f"{times(found.value)} {side}" for side, found in shock.by_side.items())
    interval = f"95% from {times(shock.multiple.low)} to {times(shock.multiple.high)}"
    return {
        "horizon": _setting(
            format_duration(aim.horizon),
            f"given, with a breach probability of {share(aim.probability, 2)} each way",
        ),
        "multiple": _setting(
            times(shock.multiple.value),
            f"{sides} are exceeded with that probability in {first.windows:,} windows ({first.disjoint:,.0f} that do"
            f" not overlap) of the first {share(settings.in_sample, 0)} of the time; {interval}",
        ),
        "floor": _setting(
            share(shock.floor.value, up=True),
            f"the same quantile of moves in the fifth of windows with least volatility; 95% from"
            f" {between(shock.floor)}; binds in {share(shock.binds['floor'])} of all windows",
        ),
        "cap": _setting(
            share(shock.cap.value, up=True),
            f"the formula at the {share(settings.cap_quantile, 0)} quantile of volatility; 95% from"
            f" {between(shock.cap)}; binds in {share(shock.binds['cap'])}",
        ),
        "breaches": [_breaches(one) for one in shock.breaches],
        "seen": f"shocks from {share(shock.at(windows.deviations).min())} to"
        f" {share(shock.at(windows.deviations).max())}, {share(float(_median(shock, windows)))} in the middle",
        "warnings": list(shock.warnings) or ["none"],
    }


def _breaches(found: Breaches) -> str:
    beyond = (
        f"beyond it by {share(found.shortfall.value)} on average, {share(found.worst)} at most"
        if found.count
        else "none beyond"
    )
    return (
        f"{found.part}, {found.side}: {share(found.rate.value, 3)} of windows (95% {between(found.rate, 3)}),"
        f" {found.episodes} episode{'s' if found.episodes != 1 else ''}; {beyond};"
        f" worth {found.effective:,.0f} independent windows"
    )


def _netting(netting: Netting) -> dict[str, str]:
    value = math.floor(proposed_netting(netting) * 1_000) / 10
    return _setting(
        f"{value:.1f}%",
        f"the less of the lower end of 95% from {between(netting.rho)} (estimate {share(netting.rho.value)}) over"
        f" {', '.join(netting.names)}; and {share(netting.turbulent)} in the fifth of windows with the highest volatility; at"
        f" the estimate the worst book breaches in {share(netting.breaches, 2)} of the rest of the time",
    )


def proposed_netting(netting: Netting) -> float:
    """The careful one: the lower end of the interval, and no more than in turbulent times."""
    return min(netting.rho.low, netting.turbulent)


def _median(shock: Shock, windows: Windows) -> float:
    values = sorted(shock.at(windows.deviations))
    return float(values[len(values) // 2])


def _setting(value: str, reason: str) -> dict[str, str]:
    return {"value": value, "reason": reason}
