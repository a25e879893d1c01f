"""`keel greeks`, `keel scenarios`, `keel margin`: how an account's worth moves, and how it is margined."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from scripts.cli.failures import UsageError
from scripts.cli.frame import command
from scripts.cli.output import facts, table
from scripts.cli.portfolio import (
    INITIAL,
    MAINTENANCE,
    Grid,
    Judged,
    Scenarios,
    is_portfolio,
    read_models,
    read_scenarios,
    requirement_of,
)
from scripts.cli.session import Session, identified
from scripts.cli.transaction import Facts, Step, carry_out
from scripts.cli.values import percent, price, short_usd
from scripts.client.sentences import account_name
from scripts.common import abi as codec
from scripts.common.errors import KeelError
from scripts.common.units import WAD, format_amount, format_usd, to_decimal

KINDS = {"initial": INITIAL, "maintenance": MAINTENANCE}
MODES = ("standard", "portfolio")
# Points of an underlying with which everything is linear.
ENDS = 2


def register(app: typer.Typer) -> None:
    """Adds the commands."""

    @command(app)
    def greeks(session: Session) -> dict[str, Any]:
        """Delta, gamma, vega and theta of an account, over all it holds, by underlying."""
        domain = session.domain
        rows = list(domain.greeks_lens.accountGreeks(session.account))
        out = session.out
        out.show(f"[bold]Account {account_name(session.account)}[/bold]")
        made = table("", "price", "delta", "delta in $", "gamma", "vega / 1%", "theta / day")
        for row in rows:
            name = domain.underlying_name(row.underlying)
            made.add_row(
                name,
                price(row.priceWad),
                format_amount(row.deltaWad, "", 18, 4).strip(),
                short_usd(row.deltaWad * row.priceWad // WAD),
                format_amount(row.gammaWad, "", 18, 6).strip(),
                short_usd(row.vegaWad // 100),
                short_usd(row.thetaPerDayWad),
            )
        out.show(made if rows else "It holds nothing.")
        return {
            **identified(session.account),
            "greeks": {
                domain.underlying_name(row.underlying): {
                    "price": to_decimal(row.priceWad),
                    "delta": to_decimal(row.deltaWad),
                    "gamma": to_decimal(row.gammaWad),
                    "vega": to_decimal(row.vegaWad),
                    "theta_per_day": to_decimal(row.thetaPerDayWad),
                }
                for row in rows
            },
        }

    @command(app)
    def scenarios(
        session: Session,
        of: Annotated[
            str | None,
            typer.Argument(
                metavar="[ACCOUNT]", help="0x…, 0x…#1 for the second, or a number on a local chain"
            ),
        ] = None,
        kind: Annotated[
            str, typer.Option("--for", help='"maintenance" for liquidation, "initial" for new risk')
        ] = "maintenance",
    ) -> dict[str, Any]:
        """What each scenario of portfolio margin does to an account, and how its requirement comes about."""
        if kind not in KINDS:
            raise UsageError(f'--for: "{kind}" is neither maintenance nor initial')
        which = session.account if of is None else session.account_of(of, "ACCOUNT")
        with session.out.waiting("asking the risk engine"):
            held = is_portfolio(session.domain, which)
            found = read_scenarios(session, which, KINDS[kind])
            standard, _ = read_models(session, which)
        out = session.out
        out.show(f"[bold]Account {account_name(which)}[/bold], {MODES[held]} margin")
        asked = "" if held else ", if it had portfolio margin"
        out.show(f"What it gains or loses in dollars as price and volatility move{asked}")
        for grid in found.grids:
            out.show()
            out.show(_grid_table(session.domain.underlying_name(grid.underlying), grid))
            out.show(_below(grid))
        out.show()
        other = standard.initial if kind == "initial" else standard.maintenance
        out.show(facts(_sum(found, other)))
        return {
            **identified(which),
            "mode": MODES[held],
            "for": kind,
            "underlyings": {
                session.domain.underlying_name(grid.underlying): _grid_data(grid) for grid in found.grids
            },
            "one_direction_usd": to_decimal(found.together),
            "each_at_its_worst_usd": to_decimal(found.each),
            "rho": to_decimal(found.rho),
            "never_netted_usd": to_decimal(found.apart),
            "requirement_usd": to_decimal(found.required),
            "worth_usd": to_decimal(found.worth),
            "standard_requirement_usd": to_decimal(other),
        }

    group = typer.Typer(help="How an account is margined: standard, or as a portfolio.", no_args_is_help=True)
    app.add_typer(group, name="margin")

    @command(group)
    def show(session: Session) -> dict[str, Any]:
        """The account's margin model, and what both would require."""
        held = is_portfolio(session.domain, session.account)
        models = read_models(session, session.account)
        session.out.show(f"[bold]Account {account_name(session.account)}[/bold], {MODES[held]} margin")
        session.out.show(_models_table(*models))
        return {**identified(session.account), "mode": MODES[held], **_models_data(*models)}

    @command(group, sends=True)
    def portfolio(session: Session) -> dict[str, Any]:
        """Switches the account to portfolio margin."""
        return _switch(session, True)

    @command(group, sends=True)
    def standard(session: Session) -> dict[str, Any]:
        """Switches the account to standard margin."""
        return _switch(session, False)


def _switch(session: Session, to_portfolio: bool) -> dict[str, Any]:
    domain, account = session.domain, session.account
    name = MODES[to_portfolio]
    if is_portfolio(domain, account) == to_portfolio:
        raise KeelError(f"the account has {name} margin already")
    models = read_models(session, account)
    wanted = models[to_portfolio]
    if not wanted.passes:
        why = (
            f"it is worth {short_usd(wanted.worst)} at the worst prices, and {name} margin requires"
            f" {short_usd(wanted.initial)}; add margin or reduce first"
            if wanted.usable
            else "a price that it depends on is not fresh, or in dispute"
        )
        raise KeelError(f"the account cannot switch: {why}")
    call = domain.vault.callInstrument.prepare(
        account,
        domain.portfolio_mode,
        codec.encode([{"type": "bool"}], (to_portfolio,)),
        sender=session.sender,
    )
    session.out.show(_models_table(*models))
    return carry_out(
        session,
        f"Switch to {name} margin",
        [Step(f"switch to {name} margin", call)],
        account,
        tell=lambda results, after: Facts(
            [("account", account_name(account))], {"mode": name, **_models_data(*models)}
        ),
    )


# --- for people ---


def _grid_table(name: str, grid: Grid) -> Table:
    """Volatility down the side, the price along the top; the worst cell stands out."""
    inner = grid.cells if len(grid.cells) == ENDS else grid.cells[1:-1]
    spots = list(dict.fromkeys(cell.spot for cell in inner))
    numbers: dict[tuple[int, int], int] = {}
    for number, cell in enumerate(grid.cells):
        numbers.setdefault((cell.spot, cell.volatility), number)
    made = table(name, *(_percent(spot) for spot in spots))
    for volatility in sorted({cell.volatility for cell in inner}, reverse=True):
        label = f"vol {_percent(volatility)}" if volatility else ""
        made.add_row(label, *(_shown(grid, numbers[spot, volatility]) for spot in spots))
    return made


def _shown(grid: Grid, number: int) -> Text:
    """Dollars without their sign, whole where they are thousands: seven columns have to fit."""
    change = grid.cells[number].change
    whole = any(abs(cell.change) >= 1_000 * WAD for cell in grid.cells)
    half = WAD // (2 if whole else 200)
    rounded = change + half if change > 0 else change - half
    text = format_usd(rounded, 0 if whole else 2).replace("$", "")
    return Text(f"*{text}*", style="bold red") if number == grid.worst and change < 0 else Text(text)


def _percent(move: int) -> str:
    return ("+" if move > 0 else "") + percent(move, 1)


def _below(grid: Grid) -> Text:
    """Tails, and the worst of both halves."""
    text = Text()
    for number in (0, len(grid.cells) - 1):
        cell = grid.cells[number]
        if cell.weight not in (0, WAD):
            text.append(f"tail {_percent(cell.spot)}, {percent(cell.weight, 0)} counts: ", style="dim")
            text.append_text(_shown(grid, number)).append("\n")
    text.append(
        f"loses {short_usd(grid.lower)} if it falls, {short_usd(grid.upper)} if it rises", style="dim"
    )
    return text


def _sum(found: Scenarios, standard: int) -> list[tuple[str, str]]:
    rho, rest = percent(found.rho, 0), percent(WAD - found.rho, 0)
    return [
        ("all in one direction", f"{short_usd(found.together)}, counts {rho}"),
        ("each in its own", f"{short_usd(found.each)}, counts {rest}"),
        ("never netted", f"{short_usd(found.apart)}: unwinding, basis, concentration, naked shorts"),
        ("required", f"{short_usd(requirement_of(found))}; standard margin {short_usd(standard)}"),
        ("worth", short_usd(found.worth)),
    ]


def _models_table(standard: Judged, portfolio: Judged) -> Table:
    made = table("", *MODES)
    both = standard, portfolio
    made.add_row("required for new risk", *(short_usd(one.initial) for one in both))
    made.add_row("worth at the worst prices", *(short_usd(one.worst) for one in both))
    made.add_row("required to be left alone", *(short_usd(one.maintenance) for one in both))
    made.add_row("worth at the favourable prices", *(short_usd(one.favourable) for one in both))
    made.add_row("satisfied", *("yes" if one.passes else "no" for one in both))
    return made


# --- for programs ---


def _models_data(standard: Judged, portfolio: Judged) -> dict[str, Any]:
    return {
        name: {
            "initial_requirement_usd": to_decimal(one.initial),
            "worst_equity_usd": to_decimal(one.worst),
            "maintenance_requirement_usd": to_decimal(one.maintenance),
            "favourable_equity_usd": to_decimal(one.favourable),
            "satisfied": one.passes,
        }
        for name, one in zip(MODES, (standard, portfolio), strict=True)
    }


def _grid_data(grid: Grid) -> dict[str, Any]:
    return {
        "cells": [
            {
                "price_move": to_decimal(cell.spot),
                "volatility_move": to_decimal(cell.volatility),
                "weight": to_decimal(cell.weight),
                "change_usd": to_decimal(cell.change),
            }
            for cell in grid.cells
        ],
        "worst_cell": grid.worst,
        "lower_loss_usd": to_decimal(grid.lower),
        "upper_loss_usd": to_decimal(grid.upper),
    }
