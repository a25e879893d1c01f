"""`keel account show` and `keel account list`, and `keel what-if`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scripts.cli import option_tables
from scripts.cli.discovery import accounts_of, healths
from scripts.cli.frame import command
from scripts.cli.output import facts, table
from scripts.cli.perp_tables import positions_data, positions_table
from scripts.cli.perps import read_outlooks
from scripts.cli.portfolio import is_portfolio
from scripts.cli.session import Session, identified, index_of, owner_of
from scripts.cli.state import (
    holdings_table,
    liquidation_text,
    read_state,
    state_data,
)
from scripts.cli.values import brief, short_usd, times, whole_tokens
from scripts.client.sentences import STATUSES, account_name
from scripts.common.units import to_decimal


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="Margin accounts: what they hold, owe and must be worth.", no_args_is_help=True)
    app.add_typer(group, name="account")

    @command(group)
    def show(session: Session) -> dict[str, Any]:
        """Balances, debts, equity, requirements, health and liquidation prices of one account, and its wallet."""
        with session.out.waiting("reading the account"):
            state = read_state(session.domain, session.account)
            wallet = _wallet(session, owner_of(session.account))
            perps = read_outlooks(session.domain, session.account)
            options = option_tables.read_positions(session, session.account)
            portfolio = is_portfolio(session.domain, session.account)
        out = session.out
        out.show(f"[bold]Account {account_name(session.account)}[/bold]")
        if state.is_empty:
            out.show('It is empty. Deposit margin: keel deposit "1000 USDC"')
        else:
            out.show(holdings_table(state))
            out.show()
            health = times(state.health) + (", it may be taken over" if state.may_be_taken_over else "")
            worst = f"{short_usd(state.worst)} at the worst prices, for new risk {short_usd(state.initial)} needed"
            lines = [
                ("health", health),
                (
                    "equity",
                    f"{short_usd(state.equity)}, to be left alone {short_usd(state.maintenance)} needed",
                ),
                ("", worst),
                ("debt", short_usd(state.debt)),
                ("prices", STATUSES[state.status]),
                ("margin", "portfolio" if portfolio else "standard"),
            ]
            lines += [
                (f"taken over with {name}", liquidation_text(prices))
                for name, prices in state.liquidation.items()
            ]
            out.show(facts(lines))
        if perps:
            out.show()
            out.show(positions_table(session, perps))
        if options:
            out.show()
            out.show(option_tables.positions_table(session, options))
        out.show()
        out.show(f"In the owner's wallet: {', '.join(text for text, _ in wallet.values())}")
        data = state_data(state)
        data["margin"] = "portfolio" if portfolio else "standard"
        data["perps"] = positions_data(session, perps)
        data["options"] = option_tables.positions_data(session, options)
        data["wallet"] = {symbol: amount for symbol, (_, amount) in wallet.items()}
        return data

    @command(group, "list")
    def list_(
        session: Session,
        every: Annotated[bool, typer.Option("--all", help="Of all owners, not of one")] = False,
        empty: Annotated[bool, typer.Option("--empty", help="Also accounts without equity and debt")] = False,
    ) -> dict[str, Any]:
        """The accounts of an owner, or all, with health and equity; the least healthy first."""
        owner = None if every else owner_of(session.account)
        found = [account for account in accounts_of(session) if owner is None or owner_of(account) == owner]
        rows = healths(session, found)
        shown = [row for row in rows if empty or row.equity or row.health is not None]
        made = table("owner", "number", "health", "equity")
        for row in shown:
            account = row.account
            made.add_row(owner_of(account), str(index_of(account)), times(row.health), short_usd(row.equity))
        if shown:
            session.out.show(made)
        else:
            session.out.show("There are none." if every else f"{owner} has none.")
        return {
            "accounts": [
                {
                    **identified(row.account),
                    "health": None if row.health is None else to_decimal(row.health),
                    "equity_usd": to_decimal(row.equity),
                }
                for row in shown
            ]
        }


def _wallet(session: Session, owner: str) -> dict[str, tuple[str, Any]]:
    """By symbol what the owner has outside of the account, for people and for JSON."""
    assets = session.domain.assets
    held = session.chain.read_all([asset.token.balanceOf.prepare(owner) for asset in assets])
    return {
        asset.symbol: (brief(amount, asset), whole_tokens(amount, asset))
        for asset, amount in zip(assets, held, strict=True)
    }
