"""`keel oracle show` and `keel oracle set`: prices with their sources, and new answers for mock feeds."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scripts.cli.commands.status import price_data, prices_table
from scripts.cli.exchange import following, window
from scripts.cli.failures import UsageError
from scripts.cli.frame import command
from scripts.cli.market import STATES, read_prices
from scripts.cli.output import facts
from scripts.cli.session import Session
from scripts.cli.transaction import Facts, Step, carry_out
from scripts.cli.values import find_underlying, price
from scripts.client.sentences import STATUSES, render
from scripts.common.errors import KeelError
from scripts.common.units import WAD as ONE
from scripts.common.units import (
    WAD_DECIMALS,
    UnitError,
    format_duration,
    format_share,
    parse_decimal,
    to_decimal,
)
from scripts.deploy.deployer import LOCAL_CHAIN_ID

PPM = 10**6


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(
        help="Prices: bands, sources, age; new answers on local chains.", no_args_is_help=True
    )
    app.add_typer(group, name="oracle")

    @command(group)
    def show(
        session: Session,
        name: Annotated[
            str | None, typer.Argument(metavar="[NAME]", help="A price, such as ETH; without, all")
        ] = None,
    ) -> dict[str, Any]:
        """Prices with band, second source, state and age; one of them in full."""
        domain = session.domain
        number = find_underlying(domain, name) if name else None
        prices = [entry for entry in read_prices(session) if number in (None, entry.number)]
        session.out.show(prices_table(prices))
        if number is not None:
            entry = prices[0]
            feed, record = domain.chain.read_all(
                [domain.parameters.feed.prepare(number), domain.risk.priceRecord.prepare(number)]
            )
            lines = [
                ("state", STATUSES[entry.status]),
                ("feed", feed.aggregator),
                ("promises an answer", f"within {format_duration(entry.heartbeat)}"),
                ("feed's answer", "none" if entry.answer is None else price(entry.answer)),
                ("half-width", format_share(feed.halfWidthPpm * ONE // PPM)),
                ("second source", feed.secondary if entry.second is not None else "none"),
                ("they agree within", format_share(feed.tolerancePpm * ONE // PPM)),
                ("believed from", f"{price(feed.minPriceWad)} to {price(feed.maxPriceWad)}"),
                (
                    "last recorded",
                    f"{price(record.priceWad)} at {render('{at time}', {'at': record.updatedAt})}"
                    if record.priceWad
                    else "never",
                ),
            ]
            if record.divergedSince:
                since = render("{at time}", {"at": record.divergedSince})
                lines.append(("in dispute since", f"{since}, on the engine's clock"))
            session.out.show()
            session.out.show(facts(lines))
        return {"prices": [price_data(entry) for entry in prices]}

    @command(group, "set", sends=True)
    def set_(
        session: Session,
        name: Annotated[str, typer.Argument(metavar="NAME", help="A price, such as ETH")],
        dollars: Annotated[str, typer.Argument(metavar="DOLLARS", help="Such as 1800")],
        market: Annotated[
            bool,
            typer.Option(
                "--market", help="The exchange's pools follow, and time passes until both sources agree"
            ),
        ] = False,
    ) -> dict[str, Any]:
        """Gives a mock feed a new answer, with --market the exchange too. Local chains only."""
        if session.chain.chain_id != LOCAL_CHAIN_ID:
            raise KeelError(
                f"chain {session.chain.chain_id} has real feeds, which nobody can set; only the mocks of chain"
                f" {LOCAL_CHAIN_ID} can be"
            )
        domain = session.domain
        number = find_underlying(domain, name)
        feed = domain.feeds[number]
        decimals = feed.decimals()
        try:
            answer = parse_decimal(dollars.removeprefix("$"), decimals, "price")
        except UnitError as error:
            raise UsageError(str(error)) from None
        if answer <= 0:
            raise UsageError(f"price: {dollars} is not above zero; write dollars such as 1800")
        before = next(entry for entry in read_prices(session) if entry.number == number)
        wad = answer * 10 ** (WAD_DECIMALS - decimals)
        steps = [Step("set the answer", feed.setAnswer.prepare(answer, sender=session.sender))]
        seconds = 0
        if market:
            steps += following(session, number, wad)
            seconds = window(session, number) + 1

        def tell(results: list[Any], _: Any) -> Facts:
            lines = [("price", f"{price(before.price)}, then {price(wad)}")]
            data = {"name": before.name, "price_usd": to_decimal(wad), "before_usd": to_decimal(before.price)}
            if results:
                band = results[-1]
                data["state_after"] = STATES[band.status]
                lines.append(("state", f"{STATES[before.status]}, then {STATES[band.status]}"))
                if market:
                    lines.append(("then", f"{format_duration(seconds)} pass, until the second source agrees"))
                elif STATES[band.status] == "diverged":
                    lines.append(
                        ("note", "the second source does not follow; with --market the exchange does")
                    )
            return Facts(lines, data)

        title = f"Set the price of {before.name}"
        done = carry_out(session, title, steps, None, tell, [domain.risk.band.prepare(number)])
        if market and done["sent"]:
            session.chain.warp(seconds)
        state = STATES[domain.risk.band(number).status]
        if done["sent"]:
            session.out.show(f"The price is {state} now.")
        return {**done, "state": state}
