"""`keel option`: chains, series, positions, offers, settlement."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scripts.cli.commands import option_orders
from scripts.cli.discovery import events
from scripts.cli.failures import UsageError
from scripts.cli.frame import command
from scripts.cli.option_board import FOLDER, Board, on_board
from scripts.cli.option_series import Combination, find_option, parse_series, terms_of
from scripts.cli.option_tables import (
    chain_tables,
    day_text,
    offer_data,
    offers_table,
    positions_data,
    positions_table,
    read_positions,
    row_data,
)
from scripts.cli.session import Session, identified
from scripts.cli.transaction import Facts, Step, carry_out
from scripts.cli.values import price
from scripts.client.domain import OptionMarket
from scripts.client.sentences import account_name
from scripts.common.errors import KeelError
from scripts.common.units import to_decimal

MOST_ROUNDS = 5_000
# That are settled in one transaction.
ACCOUNTS = 32

Name = Annotated[
    str | None, typer.Argument(metavar="[MARKET]", help="Such as ETH-OPTION, or ETH; without, all")
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="Options: chains, offers, positions, settlement.", no_args_is_help=True)
    app.add_typer(group, name="option")
    series_group = typer.Typer(help="Series of options.", no_args_is_help=True)
    group.add_typer(series_group, name="series")

    @command(group)
    def chain(
        session: Session,
        market: Name = None,
        expiry: Annotated[
            str | None, typer.Option(metavar="DAY", help="One expiry alone, such as 28NOV26")
        ] = None,
    ) -> dict[str, Any]:
        """Every series with its value, delta, volatility and open interest."""
        shown: dict[str, Any] = {}
        for one in _markets(session, market):
            at = None if expiry is None else _day(session, one, expiry)
            tables, rows = chain_tables(session, one, at)
            index = session.domain.risk.band(one.underlying).priceWad
            session.out.show(f"[bold]{one.name}[/bold] index {price(index)}")
            for made in tables:
                session.out.show()
                session.out.show(made)
            if not rows:
                session.out.show("It has no series. Create one: keel option series create ETH-28NOV26-2000-C")
            session.out.show()
            shown[one.name] = {
                "index": to_decimal(index),
                "series": [row_data(one, row) for row in rows],
            }
        return {"markets": shown}

    @command(group)
    def positions(session: Session) -> dict[str, Any]:
        """An account's options: sizes, worth, what is not settled yet, claims."""
        found = read_positions(session, session.account)
        session.out.show(f"[bold]Account {account_name(session.account)}[/bold]")
        if found:
            session.out.show(positions_table(session, found))
        else:
            session.out.show("It has no options. Buy one: keel option chain ETH, then keel option buy")
        return {**identified(session.account), "options": positions_data(session, found)}

    @command(group)
    def offers(session: Session, market: Name = None, board: Board = FOLDER) -> dict[str, Any]:
        """Offers on the board that can still be taken, dearest bids and cheapest asks first."""
        markets = {one.market.address: one for one in _markets(session, market)}
        found = []
        for offer in on_board(session, board):
            one = markets.get(offer.order.market)
            if one is not None:
                terms = tuple(terms_of(session, one, [series for series, _ in offer.order.legs]))
                found.append((offer, Combination(one, offer.order.legs, terms)))
        found.sort(key=lambda both: (both[1].name, both[0].order.units > 0, both[0].order.premium))
        if found:
            session.out.show(offers_table(session, found))
        else:
            session.out.show("There are none. Make one: keel option write 1 SERIES --premium DOLLARS")
        return {"offers": [offer_data(offer, combo) for offer, combo in found]}

    @command(series_group, sends=True)
    def create(
        session: Session,
        series: Annotated[list[str], typer.Argument(metavar="SERIES...", help="Such as ETH-28NOV26-2000-C")],
    ) -> dict[str, Any]:
        """Creates series; anybody may, for a day that the surface has a smile of."""
        wanted = [parse_series(session.domain, text) for text in series]
        steps = [
            Step(
                f"create {one.name}",
                one.market.market.createSeries.prepare(
                    one.expiry, one.strike, one.call, sender=session.sender
                ),
            )
            for one in wanted
        ]
        return carry_out(
            session,
            f"Create {', '.join(one.name for one in wanted)}",
            steps,
            tell=lambda results, after: Facts(
                data={"series": [one.name for one in wanted], "numbers": results}
            ),
        )

    @command(series_group, sends=True)
    def remove(session: Session, market: Name = None) -> dict[str, Any]:
        """Takes series from the list that have expired and that nobody holds; anybody may."""
        steps = []
        for one in _markets(session, market):
            series = [number for numbers in _expired(session, one).values() for number in numbers]
            sides = session.chain.read_all([one.market.sidesOf.prepare(number) for number in series])
            free = [
                number
                for number, (_, _, longs, shorts) in zip(series, sides, strict=True)
                if not longs and not shorts
            ]
            if free:
                call = one.market.removeSeries.prepare(free, sender=session.sender)
                steps.append(Step(f"remove {len(free)} series of {one.name}", call))
        if not steps:
            raise KeelError("there is nothing to remove: all that has expired is still held, or nothing has")
        return carry_out(session, "Remove series", steps)

    @command(group, sends=True)
    def settle(
        session: Session,
        market: Name = None,
        every: Annotated[
            bool, typer.Option("--all", help="Everybody who holds what has expired, not one account")
        ] = False,
    ) -> dict[str, Any]:
        """Fixes prices of what has expired, and pays: for one account, or all who hold what has expired."""
        steps: list[Step] = []
        lines: list[tuple[str, str]] = []
        for one in _markets(session, market):
            before = len(steps)
            for expiry, series in _expired(session, one).items():
                accounts = _holders(session, one, series) if every else _own(session, one, series)
                known = one.market.settlementPrice(expiry)[1]
                if known and not accounts:
                    continue
                round_ = 0 if known else _round(session, one, expiry)
                for first in range(0, max(len(accounts), 1), ACCOUNTS):
                    part = accounts[first : first + ACCOUNTS]
                    call = one.market.settleExpired.prepare(expiry, round_, part, sender=session.sender)
                    steps.append(Step(f"settle {one.name} of {day_text(expiry)}", call))
                count = f"{len(accounts)} account{'s' if len(accounts) != 1 else ''}"
                lines.append((f"{one.name}, {day_text(expiry)}", count))
            if len(steps) == before and not every and _has_anything(one, session.account):
                call = one.market.settle.prepare(session.account, sender=session.sender)
                steps.append(Step(f"settle {one.name}", call))
        if not steps:
            raise KeelError(
                "there is nothing to settle: no option has expired, and the account has nothing there"
            )
        account = None if every else session.account
        return carry_out(session, "Settle options", steps, account, tell=lambda results, after: Facts(lines))

    option_orders.register(group)


def _markets(session: Session, name: str | None) -> list[OptionMarket]:
    if name is not None:
        return [find_option(session.domain, name)]
    found = list(session.domain.options.values())
    if not found:
        raise KeelError("no option market is listed")
    return found


def _day(session: Session, market: OptionMarket, text: str) -> int:
    try:
        return parse_series(session.domain, f"{market.name.split('-')[0]}-{text}-1-C").expiry
    except UsageError:
        raise UsageError(f'--expiry: "{text}" is no day; write one such as 28NOV26') from None


def _expired(session: Session, market: OptionMarket) -> dict[int, list[int]]:
    """By expiry that has passed the series that are still there."""
    numbers = list(market.market.aliveSeries())
    found: dict[int, list[int]] = {}
    for number, terms in zip(numbers, terms_of(session, market, numbers), strict=True):
        if terms.expiry <= session.chain.now:
            found.setdefault(terms.expiry, []).append(number)
    return dict(sorted(found.items()))


def _holders(session: Session, market: OptionMarket, series: list[int]) -> list[bytes]:
    """Accounts with a position in one of the series."""
    changed = events(session, market.market, "PositionChanged")
    accounts = list(dict.fromkeys(one["account"] for one in changed if one["series"] in series))
    held = session.chain.read_all([market.market.positions.prepare(account) for account in accounts])
    return [
        account
        for account, positions in zip(accounts, held, strict=True)
        if any(one.series in series for one in positions)
    ]


def _own(session: Session, market: OptionMarket, series: list[int]) -> list[bytes]:
    """The account that is meant, if it has a position in one of the series."""
    held = market.market.positions(session.account)
    return [session.account] if any(one.series in series for one in held) else []


def _round(session: Session, market: OptionMarket, expiry: int) -> int:
    """The feed's last round that is not later than the expiry."""
    feed = session.domain.feeds[market.underlying]
    number = int(feed.latestRoundData()[0])
    for _ in range(MOST_ROUNDS):
        if feed.getRoundData(number)[3] <= expiry:
            return number
        number -= 1
    raise KeelError(f"the feed has more than {MOST_ROUNDS:,} rounds since {day_text(expiry)}")


def _has_anything(market: OptionMarket, account: bytes) -> bool:
    return bool(market.market.positions(account)) or any(market.market.balanceOf(account))
