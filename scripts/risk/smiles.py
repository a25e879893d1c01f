"""From a file of quotes to the smiles of an update: fitted, checked, and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from scripts.common.errors import KeelError
from scripts.common.units import WAD
from scripts.model.volatility import ONE, Smile
from scripts.risk import chart
from scripts.risk.fitting import LEAST_STRIKES, Fit, Rules, fit_surface, forward_of, volatility
from scripts.risk.quotes import Quote, Quotes, read_quotes, require
from scripts.risk.surface import Limits, State, refusal, step, updates_to


@dataclass(frozen=True)
class Request:
    """Which quotes, and how they are fitted; `forward` and `made_at` stand in for columns that are not there."""

    path: Path
    forward: float | None = None
    made_at: int | None = None
    hold_density: bool = True


@dataclass(frozen=True)
class Fitted:
    """Fits by expiry ascending, the time of their oldest quote, and what was left out, a line each."""

    fits: Sequence[Fit]
    made_at: int
    left_out: Sequence[str]

    @property
    def target(self) -> dict[int, Smile]:
        """Smiles by expiry."""
        return {fit.expiry: fit.smile for fit in self.fits}


def rules_of(limits: Limits) -> Rules:
    """What fits must keep to; a billionth of room for what rounding does."""
    return Rules(limits.min_variance / WAD * (1 + 1e-9), limits.max_variance / WAD * (1 - 1e-9))


def read_recent(request: Request, max_age: int | None, now: int | None) -> Quotes:
    """Quotes not older than the newest by more than `max_age` seconds, of expiries after `now`. Raises CsvError."""
    quotes = read_quotes(request.path, request.forward, request.made_at)
    require(quotes, request.path)
    newest = max(quote.made_at for quote in quotes.usable)
    oldest = newest - max_age if max_age is not None else 0
    kept, left_out = [], list(quotes.left_out)
    for quote in quotes.usable:
        if now is not None and quote.expiry <= now:
            left_out.append(f"{_name(quote)}: has expired")
        elif quote.made_at < oldest:
            left_out.append(f"{_name(quote)}: made {newest - quote.made_at} s before the newest")
        else:
            kept.append(quote)
    return Quotes(kept, left_out)


def fitted(request: Request, state: State, max_age: int | None = None, now: int | None = None) -> Fitted:
    """Smiles for the expiries with enough quotes, near those in force.

    Raises KeelError where no expiry has them, or no smile fits.
    """
    quotes = read_recent(request, max_age, now)
    groups, left_out = {}, list(quotes.left_out)
    for expiry, group in quotes.by_expiry().items():
        strikes = len({quote.strike for quote in group})
        if strikes >= LEAST_STRIKES:
            groups[expiry] = group
        else:
            left_out.append(f"{day(expiry)}: quotes at {strikes} strikes; a smile needs {LEAST_STRIKES}")
    if not groups:
        raise KeelError(
            f"{request.path.name}: no expiry has quotes at {LEAST_STRIKES} strikes; {left_out[-1] if left_out else ''}"
        )
    made_at = min(quote.made_at for group in groups.values() for quote in group)
    return Fitted(
        fit_surface(groups, rules_of(state.limits), request.hold_density, state.smiles), made_at, left_out
    )


def show_fit(request: Request, state: State, now: int | None, plot: Path | None, console: Console) -> None:
    """Fits, prints parameters, residuals, and the way there from the surface on chain; draws to `plot`."""
    found = fitted(request, state, now=now)
    moment = found.made_at if now is None else now
    # Whether an update may come just now is for who publishes.
    still = replace(state, last=0, accepted_at=0)
    show(found, console)
    reason = refusal(replace(still, smiles={}), found.target, moment, moment)
    if reason:
        console.print(f"the surface would refuse these smiles, wherever it stands now: {reason}", style="red")
    steps = {} if reason else step(still, found.target, moment, moment)
    if state.alive(moment) and steps:
        console.print(way(still, found, steps, moment))
    if plot:
        chart.draw_smiles(plot, found.fits, steps or found.target, state.alive(moment))
        console.print(f"wrote {plot}")
    if reason:
        raise KeelError("nothing to publish")


def show(found: Fitted, console: Console) -> None:
    """Parameters, residuals, what was left out, and arbitrage."""
    table = Table(
        "expiry",
        "quotes",
        "level",
        "slope",
        "curvature",
        "centre",
        "width",
        "at the money",
        "rms",
        "worst",
        "least g",
    )
    for fit in found.fits:
        smile, forward = fit.smile, forward_of(fit.quotes)
        table.add_row(
            day(fit.expiry),
            str(len(fit.quotes)),
            *(
                f"{value / ONE:.6f}"
                for value in (smile.level, smile.slope, smile.curvature, smile.centre, smile.width)
            ),
            f"{_at(smile, forward):.2%}",
            f"{fit.root_mean_square:.3%}",
            f"{max(fit.residuals, key=abs):+.3%}",
            f"{fit.density:.4f}",
        )
    console.print(table)
    console.print(_residuals(found.fits))
    for line in found.left_out:
        console.print(f"left out: {line}", style="yellow")
    for fit in found.fits:
        if fit.density < 0:
            console.print(
                f"warning: {day(fit.expiry)}: butterfly arbitrage, least g is {fit.density:.4f}",
                style="yellow",
            )


def way(state: State, found: Fitted, steps: dict[int, Smile], now: int) -> str:
    """How far one update gets, and how many lead to the fitted smiles."""
    short = [expiry for expiry, smile in found.target.items() if steps.get(expiry) != smile]
    if not short:
        return "one update leads there"
    count = updates_to(state, found.target, now, now)
    names = ", ".join(day(expiry) for expiry in short)
    if count is None:
        return (
            f"one update leads part of the way ({names}); no number of updates in a straight line leads there"
        )
    return f"{count} updates in all lead there: one may move a variance by {state.limits.max_move / WAD:.2%} ({names})"


def day(expiry: int) -> str:
    """An expiry's day, and its hour if it is another than eight."""
    moment = datetime.fromtimestamp(expiry, UTC)
    return f"{moment:%Y-%m-%d}" if (moment.hour, moment.minute) == (8, 0) else f"{moment:%Y-%m-%d %H:%M}"


def _residuals(fits: Sequence[Fit]) -> Table:
    table = Table("expiry", "strike", "kind", "quoted", "error", "fitted less quoted")
    for fit in fits:
        for quote, residual in zip(fit.quotes, fit.residuals, strict=True):
            table.add_row(
                day(fit.expiry),
                f"{quote.strike:,.0f}",
                "call" if quote.is_call else "put",
                f"{quote.volatility:.2%}",
                f"{quote.error:.2%}",
                f"{residual:+.3%}",
            )
    return table


def _name(quote: Quote) -> str:
    return f"{day(quote.expiry)} {quote.strike:g} {'call' if quote.is_call else 'put'}"


def _at(smile: Smile, strike: float) -> float:
    return float(volatility(smile, np.array([np.log(strike)]))[0])
