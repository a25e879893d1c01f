"""`keel what-if`: an account after changes of balances or a price, without sending anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from scripts.cli.failures import UsageError
from scripts.cli.frame import command
from scripts.cli.hypothesis import Hypothesis, judge
from scripts.cli.output import facts, table
from scripts.cli.session import Session, identified
from scripts.cli.state import liquidation_text
from scripts.cli.values import (
    UNBOUNDED,
    find_asset,
    find_underlying,
    price,
    short_usd,
    split_amount,
    times,
    units,
)
from scripts.client.domain import Domain
from scripts.client.sentences import account_name
from scripts.common.units import WAD_DECIMALS, UnitError, parse_decimal, to_decimal

Amounts = list[str]


def _changes(verb: str) -> Any:
    return typer.Option(metavar="AMOUNT", help=f'What would be {verb}, such as "1 WETH"; repeatable')


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @command(app, "what-if")
    def what_if(
        session: Session,
        deposit: Annotated[Amounts, _changes("deposited")] = [],  # noqa: B006 -- Typer's way of a list
        withdraw: Annotated[Amounts, _changes("withdrawn")] = [],  # noqa: B006
        borrow: Annotated[Amounts, _changes("borrowed")] = [],  # noqa: B006
        repay: Annotated[Amounts, _changes("repaid")] = [],  # noqa: B006
        at: Annotated[
            str | None, typer.Option("--price", metavar="NAME=DOLLARS", help="A price, such as ETH=1800")
        ] = None,
    ) -> dict[str, Any]:
        """Health, equity and liquidation prices as they would be; nothing is sent."""
        domain = session.domain
        changes: dict[int, int] = {}
        for sign, amounts in ((1, [*deposit, *repay]), (-1, [*withdraw, *borrow])):
            for text in amounts:
                number, symbol = split_amount(text, None)
                asset = find_asset(domain, symbol)
                changes[asset.id] = changes.get(asset.id, 0) + sign * units(number, asset)
        moved = _price(domain, at)
        if not changes and moved is None:
            raise UsageError(
                'nothing would change; write for example --borrow "1000 USDC" or --price ETH=1800'
            )
        with session.out.waiting("looking ahead"):
            before, after = (
                judge(domain, session.account, {}, None),
                judge(domain, session.account, changes, moved),
            )
        session.out.show(f"[bold]If for {account_name(session.account)}[/bold]")
        lines = [(word, text) for word, texts in _said(deposit, withdraw, borrow, repay) for text in texts]
        if moved:
            lines.append(("price", f"{domain.underlying_name(moved[0])} at {price(moved[1])}"))
        session.out.show(facts(lines))
        made = table("", "now", "then")
        rows: tuple[tuple[str, Callable[[Any], str]], ...] = (
            ("health", lambda one: times(one.health)),
            ("equity", lambda one: short_usd(one.equity)),
            ("at the worst prices", lambda one: short_usd(one.worst)),
            ("required for new risk", lambda one: short_usd(one.initial)),
            ("required to be left alone", lambda one: short_usd(one.maintenance)),
            ("would be allowed", lambda one: "yes" if one.passes else "no"),
        )
        for name, show in rows:
            made.add_row(name, show(before), show(after))
        for name in dict.fromkeys([*before.liquidation, *after.liquidation]):
            made.add_row(
                f"taken over with {name}",
                *(liquidation_text(one.liquidation.get(name)) for one in (before, after)),
            )
        session.out.show(made)
        return {**identified(session.account), "now": _data(before), "then": _data(after)}


def _said(*texts: Amounts) -> list[tuple[str, Amounts]]:
    return list(zip(("deposit", "withdraw", "borrow", "repay"), texts, strict=True))


def _price(domain: Domain, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    name, _, dollars = text.partition("=")
    try:
        wad = parse_decimal(dollars.strip().removeprefix("$"), WAD_DECIMALS, "--price")
    except UnitError:
        wad = 0
    if not 0 < wad < UNBOUNDED:
        raise UsageError(f'--price: "{text}" is no price; write one such as ETH=1800')
    return find_underlying(domain, name.strip()), wad


def _data(one: Hypothesis) -> dict[str, Any]:
    def edge(value: int | None) -> Any:
        return None if value is None else to_decimal(value)

    return {
        "health": edge(one.health),
        "equity_usd": to_decimal(one.equity),
        "worst_equity_usd": to_decimal(one.worst),
        "initial_requirement_usd": to_decimal(one.initial),
        "maintenance_requirement_usd": to_decimal(one.maintenance),
        "passes": one.passes,
        "liquidation_prices_usd": {
            name: {"below": edge(below), "above": edge(above)}
            for name, (below, above) in one.liquidation.items()
        },
    }
