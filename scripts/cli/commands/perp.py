"""`keel perp`: perpetual markets, their books, funding and positions."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from scripts.cli.commands import perp_lp, perp_orders, perp_trade
from scripts.cli.commands.status import age
from scripts.cli.discovery import events
from scripts.cli.frame import command
from scripts.cli.market import STATES
from scripts.cli.matcher import DEFAULT_URL, Matcher, MatcherUnreachable, Url
from scripts.cli.output import facts, table
from scripts.cli.perp_tables import market_data, markets_table, positions_data, positions_table
from scripts.cli.perps import (
    FUNDING_HOURS,
    Row,
    read_depth,
    read_outlooks,
    read_row,
    read_rows,
    size_text,
)
from scripts.cli.session import Session, identified
from scripts.cli.values import number_within, percent, price, short_usd
from scripts.client.sentences import account_name
from scripts.common.units import WAD, to_decimal

LEVELS = 50
MOST_EVENTS = 1_000
PERIODS_A_YEAR = 365 * 24 // FUNDING_HOURS

Name = Annotated[str, typer.Argument(metavar="MARKET", help="Such as ETH-PERP, or ETH")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(
        help="Perpetual swaps: markets, positions, orders, and the virtual AMM's shares.",
        no_args_is_help=True,
    )
    app.add_typer(group, name="perp")

    @command(group)
    def markets(session: Session) -> dict[str, Any]:
        """All perpetual markets: prices, funding, open interest, leverage, fees."""
        domain = session.domain
        with session.out.waiting("reading the markets"):
            rows = read_rows(domain, list(domain.perps.values()))
        if rows:
            session.out.show(markets_table(rows))
        else:
            session.out.show("There are none.")
        return {"markets": [market_data(row) for row in rows]}

    @command(group)
    def book(
        session: Session,
        market: Name,
        levels: Annotated[str, typer.Option("--levels", help="Best levels of each side")] = "10",
        matcher: Url = DEFAULT_URL,
    ) -> dict[str, Any]:
        """The matcher's book, and what the virtual AMM trades at which price."""
        most, row = number_within(levels, 1, LEVELS, "--levels"), read_row(session, market)
        ladder = read_depth(session, row)
        asked, why = None, ""
        try:
            asked = Matcher(session, matcher).book(row.perp.market.address, most)
        except MatcherUnreachable as error:
            why = str(error)
        out, name = session.out, row.perp.name
        out.show(f"[bold]{name}[/bold] index {price(row.state.indexWad)}, mark {price(row.state.markWad)}")
        out.show()
        out.show(_amm_table(row, ladder))
        out.show()
        if asked is None:
            out.show(f"Signed orders: {why}")
        else:
            out.show(_book_table(asked))
        return {
            "market": name,
            "index": to_decimal(row.state.indexWad),
            "mark": to_decimal(row.state.markWad),
            "amm": {
                "middle": to_decimal(row.depth.middleWad),
                "sold": to_decimal(row.depth.soldWad),
                **{
                    side: [
                        {
                            "size": to_decimal(level.sizeWad),
                            "price": to_decimal(level.priceWad),
                            "step_price": to_decimal(level.stepPriceWad),
                        }
                        for level in steps
                    ]
                    for side, steps in ladder.items()
                },
            },
            "matcher": None
            if asked is None
            else {
                side: [
                    {"price": to_decimal(int(at)), "size": to_decimal(int(size))} for at, size in asked[side]
                ]
                for side in ("bids", "asks")
            },
        }

    @command(group)
    def funding(
        session: Session,
        market: Name,
        last: Annotated[str, typer.Option("--last", help="How many entries of the history")] = "20",
    ) -> dict[str, Any]:
        """The funding rate, and what longs have paid shorts."""
        most, row = number_within(last, 1, MOST_EVENTS, "--last"), read_row(session, market)
        # One more, by which it is known what came due in the first that is shown.
        history = events(session, row.perp.market, "FundingAccrued")[-most - 1 :]
        entries = _history(session, history, most)
        state = row.state
        payer = "longs pay shorts" if state.rateWad >= 0 else "shorts pay longs"
        out = session.out
        out.show(
            facts(
                [
                    ("market", f"{row.perp.name}, index {STATES[state.status]}"),
                    (
                        "rate",
                        f"{percent(state.rateWad, 4)} per {FUNDING_HOURS} hours, {payer};"
                        f" {percent(state.rateWad * PERIODS_A_YEAR)} a year",
                    ),
                    ("premium", f"{percent(state.premiumWad, 4)}: mark {price(state.markWad)}"),
                    ("paid by one unit long since ever", short_usd(state.fundingWad)),
                ]
            )
        )
        out.show()
        if entries:
            out.show(_funding_table(entries))
        else:
            out.show("No funding has been recorded yet.")
        return {
            "market": row.perp.name,
            "rate_per_8_hours": to_decimal(state.rateWad),
            "premium": to_decimal(state.premiumWad),
            "funding_per_unit": to_decimal(state.fundingWad),
            "history": [
                {
                    name: value if name in ("block", "time") else to_decimal(value)
                    for name, value in entry.items()
                }
                for entry in entries
            ],
        }

    @command(group)
    def positions(session: Session) -> dict[str, Any]:
        """An account's perpetual positions: entry, profit, funding, claims."""
        with session.out.waiting("reading the account"):
            found = read_outlooks(session.domain, session.account)
        out = session.out
        out.show(f"[bold]Account {account_name(session.account)}[/bold]")
        if not found:
            out.show("It has no perpetual positions. Open one: keel perp open --long ETH --leverage 3")
        else:
            out.show(positions_table(session, found))
            out.show()
            out.show(facts([(f"{one.position.perp.name}: taken over", one.edges()) for one in found]))
        return {**identified(session.account), "perps": positions_data(session, found)}

    perp_trade.register(group)
    perp_orders.register(group)
    perp_lp.register(group)


def _amm_table(row: Row, ladder: dict[str, list[Any]]) -> Table:
    title = f"Virtual AMM, middle {price(row.depth.middleWad)}"
    made = table("to who", "size", "price", "against the index", "of the last step", title=title)
    for side, steps in ladder.items():
        for level in steps:
            away = level.priceWad * WAD // row.state.indexWad - WAD
            made.add_row(
                side,
                size_text(level.sizeWad),
                price(level.priceWad),
                percent(away),
                price(level.stepPriceWad),
            )
    if not any(ladder.values()):
        made.add_row("nothing", "–", "–", "–", f"the index is {STATES[row.state.status]}")
    return made


def _book_table(asked: dict[str, Any]) -> Table:
    made = table("side", "size", "price", title="Signed orders")
    for side, word in (("asks", "sells"), ("bids", "buys")):
        levels = asked[side] if side == "bids" else list(reversed(asked[side]))
        for at, size in levels:
            made.add_row(word, size_text(int(size)), price(int(at)))
    if not asked["asks"] and not asked["bids"]:
        made.add_row("none", "–", "–")
    return made


def _history(session: Session, found: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    shown = found[-most:]
    before = found[0]["fundingWad"] if len(found) > most else 0
    blocks = list(dict.fromkeys(entry["block"] for entry in shown))
    headers = session.chain.rpc.batch([("eth_getBlockByNumber", [hex(block), False]) for block in blocks])
    seconds = {block: int(header["timestamp"], 16) for block, header in zip(blocks, headers, strict=True)}
    entries = []
    for entry in shown:
        entries.append(
            {
                "block": entry["block"],
                "time": seconds[entry["block"]],
                "index": entry["indexWad"],
                "mark": entry["markWad"],
                "premium": entry["premiumWad"],
                "rate_per_8_hours": entry["rateWad"],
                "paid_per_unit": entry["fundingWad"] - before,
            }
        )
        before = entry["fundingWad"]
    return entries


def _funding_table(entries: list[dict[str, Any]]) -> Table:
    made = table("ago", "index", "mark", "premium", "rate / 8 h", "one unit long paid", title="History")
    now = entries[-1]["time"]
    for entry in entries:
        made.add_row(
            age(now - entry["time"]),
            price(entry["index"]),
            price(entry["mark"]),
            percent(entry["premium"], 4),
            percent(entry["rate_per_8_hours"], 4),
            short_usd(entry["paid_per_unit"]),
        )
    return made
