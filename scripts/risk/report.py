"""Everything that `estimate` does: prices in, proposal, plots and tables out.

result = estimate_all(sources, aims, memory, settings)
write_all(result, folder)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.common.errors import KeelError
from scripts.common.units import SECONDS_PER_YEAR, format_duration
from scripts.markets.load import load
from scripts.risk import chart
from scripts.risk.estimate import SIDES, Aim, Breaches, Settings, Shock, breaches_of, estimate_shock
from scripts.risk.netting import Netting, estimate_netting
from scripts.risk.prices import Memory, Prices, aligned, read_prices, realised_volatility
from scripts.risk.proposal import Estimate, between, share, times, write_proposal
from scripts.risk.windows import windows_of

PPM = 10**6
HORIZON_HOURS = (1, 2, 4, 8, 12, 24, 48, 72)
# Windows that do not overlap, in each part: below it nothing can be said.
LEAST_DISJOINT = 20


@dataclass(frozen=True)
class Result:
    """All estimates, and the settings that they were made with."""

    estimates: Sequence[Estimate]
    netting: Netting | None
    settings: Settings


def estimate_all(
    sources: Mapping[str, Path],
    aims: Sequence[Aim],
    memory: Memory,
    settings: Settings,
    closes_only: bool = False,
) -> Result:
    """An estimate for each file by name of its underlying, and with several the netting share. Raises KeelError."""
    series = [read_prices(path, name, closes_only) for name, path in sources.items()]
    estimates = [_estimate(prices, aims, memory, settings) for prices in series]
    if len(series) == 1:
        return Result(estimates, None, settings)
    common = aligned(series)
    # One share serves both requirements. Over the longer horizon it matters less that prices are not of the same second.
    longest = max(range(len(aims)), key=lambda place: aims[place].horizon)
    netting = estimate_netting(
        common,
        [realised_volatility(prices, memory) for prices in common],
        [each.shocks[longest].multiple.value for each in estimates],
        aims[longest].horizon,
        aims[longest].probability,
        settings,
        SECONDS_PER_YEAR,
    )
    return Result(estimates, netting, settings)


def _estimate(prices: Prices, aims: Sequence[Aim], memory: Memory, settings: Settings) -> Estimate:
    volatility = realised_volatility(prices, memory)
    shocks, windows = [], {}
    for aim in aims:
        if aim.horizon % prices.interval or aim.horizon < prices.interval:
            raise KeelError(
                f"{prices.name}: the {aim.name} horizon of {format_duration(aim.horizon)} is no multiple of the"
                f" {format_duration(prices.interval)} between prices"
            )
        found = windows_of(prices, volatility, aim.horizon, SECONDS_PER_YEAR)
        smaller = min(settings.in_sample, 1 - settings.in_sample) * found.disjoint
        if smaller < LEAST_DISJOINT:
            raise KeelError(
                f"{prices.name}: {found.disjoint:.0f} windows of {format_duration(aim.horizon)} that do not overlap,"
                f" too few for two parts of {LEAST_DISJOINT} at least; use a longer file or a shorter horizon"
            )
        windows[aim.name] = found
        shocks.append(estimate_shock(found, aim, settings, prices.interval))
    return Estimate(prices, memory, volatility, shocks, windows)


def breach_curves(
    estimate: Estimate, static: Mapping[str, Mapping[str, float]], settings: Settings
) -> dict[str, list[tuple[int, Breaches]]]:
    """Of each shock, over horizons in seconds: breaches of all windows. A shock stands as it was at their beginning."""
    prices = estimate.prices
    labels = {f"{shock.aim.name}, proposed": shock for shock in estimate.shocks}
    fixed = {f"{name}, market file": sides for name, sides in static.items()}
    curves: dict[str, list[tuple[int, Breaches]]] = {label: [] for label in (*labels, *fixed)}
    for horizon in (hours * 3_600 for hours in HORIZON_HOURS):
        if horizon % prices.interval:
            continue
        windows = windows_of(prices, estimate.volatility, horizon, SECONDS_PER_YEAR)
        if windows.disjoint < 2 * LEAST_DISJOINT:
            continue
        for side in SIDES:
            for label, shock in labels.items():
                own = windows.deviations * (shock.aim.horizon / horizon) ** 0.5
                found = breaches_of(shock.at(own), windows, side, "all", settings, prices.interval)
                curves[label].append((horizon, found))
            for label, sides in fixed.items():
                level = 0 * windows.deviations + sides[side]
                found = breaches_of(level, windows, side, "all", settings, prices.interval)
                curves[label].append((horizon, found))
    return curves


def static_shocks(name: str) -> dict[str, dict[str, float]]:
    """Of an underlying in the market files, by name and direction, as shares; nothing for one that is not there."""
    market = load().underlyings.get(name)
    if market is None or market.shocks is None:
        return {}
    shocks = market.shocks
    return {
        "maintenance": {
            "down": shocks.maintenance_down.value / PPM,
            "up": shocks.maintenance_up.value / PPM,
        },
        "initial": {"down": shocks.initial_down.value / PPM, "up": shocks.initial_up.value / PPM},
    }


def write_all(result: Result, folder: Path) -> list[Path]:
    """The proposal and the plots; the files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "proposal.yaml"]
    write_proposal(files[0], result.estimates, result.netting, result.settings)
    for estimate in result.estimates:
        name, static = estimate.prices.name, static_shocks(estimate.prices.name)
        shocks, breaches, tails = (
            folder / f"risk-{kind}-{name.lower()}.png" for kind in ("shocks", "breaches", "tails")
        )
        chart.draw_shocks(shocks, estimate, static)
        curves = breach_curves(estimate, static, result.settings)
        chart.draw_breaches(breaches, name, curves, [shock.aim for shock in estimate.shocks])
        chart.draw_tails(tails, estimate, result.settings.in_sample)
        files += [shocks, breaches, tails]
    if result.netting:
        files.append(folder / "risk-netting.png")
        chart.draw_netting(files[-1], result.netting)
    return files


def show(result: Result, console: Console) -> None:
    """Tables of what was found."""
    for estimate in result.estimates:
        prices = estimate.prices
        console.print(
            f"{prices.name}: {len(prices.times) - prices.missing:,} prices every {format_duration(prices.interval)},"
            f" {prices.missing} missing; moves within windows from"
            f" {'highs and lows' if prices.has_extremes else 'closes alone'}"
        )
        console.print(_formulas(estimate.shocks))
        console.print(_breaches(estimate.shocks))
        for shock in estimate.shocks:
            for warning in shock.warnings:
                console.print(f"warning: {shock.aim.name}: {warning}", style="yellow")
    if result.netting:
        found = result.netting
        console.print(
            f"netting of {', '.join(found.names)}: {share(found.rho.value)}, 95% from {between(found.rho)};"
            f" {share(found.turbulent)} in the turbulent fifth; {found.windows:,} windows,"
            f" {found.disjoint:,.0f} that do not overlap; the worst book breaches in {share(found.breaches, 2)} of the rest"
        )
    else:
        console.print("netting: one underlying alone says nothing of it; give prices of two or more")


def _formulas(shocks: Sequence[Shock]) -> Table:
    table = Table("shock", "horizon", "aim", "multiple", "95%", "down", "up", "floor", "95%", "cap", "95%")
    for shock in shocks:
        table.add_row(
            shock.aim.name,
            format_duration(shock.aim.horizon),
            share(shock.aim.probability, 2),
            times(shock.multiple.value),
            f"{times(shock.multiple.low)} to {times(shock.multiple.high)}",
            *(times(shock.by_side[side].value) for side in SIDES),
            share(shock.floor.value),
            between(shock.floor),
            share(shock.cap.value),
            between(shock.cap),
        )
    return table


def _breaches(shocks: Sequence[Shock]) -> Table:
    table = Table(
        "shock",
        "part",
        "side",
        "windows",
        "disjoint",
        "effective",
        "breaches",
        "95%",
        "episodes",
        "shortfall",
        "worst",
    )
    for shock in shocks:
        for one in shock.breaches:
            table.add_row(
                shock.aim.name,
                one.part,
                one.side,
                f"{one.windows:,}",
                f"{one.disjoint:,.0f}",
                f"{one.effective:,.0f}",
                share(one.rate.value, 3),
                between(one.rate, 3),
                str(one.episodes),
                share(one.shortfall.value),
                share(one.worst),
            )
    return table
