"""`keel option write`, `bid`, `buy`, `sell`, `cancel`: signed offers, and taking them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.cli.failures import UsageError
from scripts.cli.frame import command
from scripts.cli.option_board import FOLDER, Board, Offer, folder_of, on_board, read_offers, write_offer
from scripts.cli.option_series import Combination, combination, fee_of, unit_value
from scripts.cli.option_tables import legs_data
from scripts.cli.output import facts
from scripts.cli.perps import parse_size, size_text
from scripts.cli.session import Session, owner_of
from scripts.cli.signing import sign_document
from scripts.cli.state import comparison, read_state, state_data
from scripts.cli.transaction import Facts, Step, carry_out
from scripts.cli.values import short_usd
from scripts.client.option_orders import POST_ONLY, REDUCE_ONLY, OptionOrder, match, timed_nonce
from scripts.client.sentences import account_name, render
from scripts.common.errors import KeelError
from scripts.common.units import WAD, UnitError, parse_decimal, parse_duration, to_decimal

# Seconds that an order lives which is taken to the market at once.
AT_ONCE = 600
MOST_MAKERS = 16

Units = Annotated[str, typer.Argument(metavar="UNITS", help="How many, such as 2 or 0.5")]
Series = Annotated[str | None, typer.Argument(metavar="[SERIES]", help="Such as ETH-28NOV26-2000-C")]
Legs = Annotated[
    list[str],
    typer.Option("--leg", metavar="LEG", help='In place of SERIES, several: "sell 2 ETH-28NOV26-2200-C"'),
]
Premium = Annotated[str, typer.Option(metavar="DOLLARS", help="For one unit; below zero: who buys is paid")]
Limit = Annotated[
    str | None, typer.Option(metavar="DOLLARS", help="Worst premium for one unit; without, the offers'")
]
From = Annotated[
    list[Path],
    typer.Option("--offer", metavar="FILE", help="Take this offer; without, the best on the board"),
]


def register(group: typer.Typer) -> None:
    """Adds the commands."""

    @command(group, sends=True)
    def write(
        session: Session,
        units: Units,
        premium: Premium,
        series: Series = None,
        leg: Legs = [],  # noqa: B006 -- Typer's way of a list
        expires: Annotated[str, typer.Option(help="How long it stands")] = "1 day",
        reduce_only: Annotated[bool, typer.Option("--reduce-only", help="Only closes what is held")] = False,
        out: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Into a file, not on the board")
        ] = None,
        board: Board = FOLDER,
    ) -> dict[str, Any]:
        """Offers to sell options: signs an offer and puts it on the board. Costs nothing until it is taken."""
        return _offer(
            session, combination(session, series, leg), -1, units, premium, expires, reduce_only, out, board
        )

    @command(group, sends=True)
    def bid(
        session: Session,
        units: Units,
        premium: Premium,
        series: Series = None,
        leg: Legs = [],  # noqa: B006
        expires: Annotated[str, typer.Option(help="How long it stands")] = "1 day",
        reduce_only: Annotated[bool, typer.Option("--reduce-only", help="Only closes what is held")] = False,
        out: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Into a file, not on the board")
        ] = None,
        board: Board = FOLDER,
    ) -> dict[str, Any]:
        """Offers to buy options: signs an offer and puts it on the board."""
        return _offer(
            session, combination(session, series, leg), 1, units, premium, expires, reduce_only, out, board
        )

    @command(group, sends=True)
    def buy(
        session: Session,
        units: Units,
        series: Series = None,
        leg: Legs = [],  # noqa: B006
        limit: Limit = None,
        offer: From = [],  # noqa: B006
        board: Board = FOLDER,
    ) -> dict[str, Any]:
        """Buys options from who offers them, in one transaction; all legs or none."""
        return _take(session, combination(session, series, leg), 1, units, limit, offer, board)

    @command(group, sends=True)
    def sell(
        session: Session,
        units: Units,
        series: Series = None,
        leg: Legs = [],  # noqa: B006
        limit: Limit = None,
        offer: From = [],  # noqa: B006
        board: Board = FOLDER,
    ) -> dict[str, Any]:
        """Sells options to who bids for them, in one transaction; all legs or none."""
        return _take(session, combination(session, series, leg), -1, units, limit, offer, board)

    @command(group, sends=True)
    def cancel(
        session: Session,
        offer: Annotated[str, typer.Argument(metavar="OFFER", help="Its hash, or how that begins")],
        board: Board = FOLDER,
    ) -> dict[str, Any]:
        """Cancels an offer of the sender's for good, on chain."""
        wanted = offer.lower().removeprefix("0x")
        found = [one for one in on_board(session, board) if wanted and one.hash.hex().startswith(wanted)]
        if len(found) != 1:
            raise KeelError(
                f'{len(found)} offers on the board begin with "{offer}"; see `keel option offers`'
            )
        orders = next(iter(session.domain.options.values())).orders
        step = Step("cancel", orders.cancel.prepare(found[0].order.fields(), sender=session.sender))
        return carry_out(session, f"Cancel offer 0x{found[0].hash.hex()}", [step])


# --- offers ---


def _offer(
    session: Session,
    combo: Combination,
    side: int,
    units: str,
    premium: str,
    expires: str,
    reduce_only: bool,
    file: Path | None,
    board: Path,
) -> dict[str, Any]:
    size, at = _units(session, combo, units), _dollars(premium, "--premium")
    try:
        life = parse_duration(expires, "--expires")
    except UnitError as error:
        raise UsageError(str(error)) from None
    with session.out.waiting("looking ahead"):
        state = read_state(session.domain, session.account)
        worth, notional = unit_value(session, combo)
        fee = fee_of(session, combo, size, taker=False)
        most = combo.market.market.parameters().maxPriceMoveWad * notional // WAD
        flags = POST_ONLY | (REDUCE_ONLY if reduce_only else 0)
        order = _order(session, combo, side * size, at, session.chain.now + life, flags)
    if abs(at - worth) > most:
        raise KeelError(
            f"a premium of {short_usd(at)} is more than {short_usd(most)} away from what a unit is worth,"
            f" {short_usd(worth)}; write one that is nearer"
        )
    verb = "sell" if side < 0 else "buy"
    lines = [
        ("account", account_name(session.account)),
        (f"{verb}s", f"{size_text(size)} × {combo.name}"),
        (
            "premium",
            f"{short_usd(at)} a unit, {short_usd(at * size // WAD)} in all; worth {short_usd(worth)} now",
        ),
        ("fee", f"about {short_usd(fee)} when it is taken"),
        ("expires", render("{at time}", {"at": order.expiry})),
    ]
    session.out.show(f"[bold]Offer to {verb} {size_text(size)} × {combo.name}[/bold]")
    session.out.show(facts(lines))
    session.out.show(comparison(state, None))
    data: dict[str, Any] = {
        "market": combo.market.name,
        "legs": legs_data(combo),
        "side": verb,
        "units": to_decimal(size),
        "premium": to_decimal(at),
        "value": to_decimal(worth),
        "before": state_data(state),
        "placed": False,
    }
    if session.options.dry_run:
        session.out.show("Nothing was signed (--dry-run).")
        return data
    session.out.confirm(f"Sign as {session.sender}?", session.options.yes)
    signature, number = _sign(session, combo, order)
    path = file or folder_of(session, board) / f"{number.hex()[:16]}.json"
    write_offer(session, order, signature, path)
    session.out.show(f"[green]offered[/green] 0x{number.hex()}")
    session.out.show(f"        [dim]{path}[/dim]")
    return {**data, "placed": True, "hash": number, "file": str(path)}


def _order(
    session: Session, combo: Combination, units: int, premium: int, expiry: int, flags: int
) -> OptionOrder:
    parameters = combo.market.market.parameters()
    lowest = combo.market.orders.lowestNonce(session.account)
    return OptionOrder(
        account=session.account,
        market=combo.market.market.address,
        signer=session.sender,
        legs=combo.legs,
        units=units,
        premium=premium,
        expiry=expiry,
        nonce=timed_nonce(lowest),
        max_fee=max(parameters.takerFeeWad, parameters.makerFeeWad),
        flags=flags,
    )


def _sign(session: Session, combo: Combination, order: OptionOrder) -> tuple[bytes, bytes]:
    """Signature and hash."""
    orders = combo.market.orders
    document = order.document(session.chain.chain_id, orders.address)
    return sign_document(session, document), bytes(orders.hashOf(order.fields()))


# --- taking ---


def _take(
    session: Session,
    combo: Combination,
    side: int,
    units: str,
    limit: str | None,
    files: list[Path],
    board: Path,
) -> dict[str, Any]:
    size = _units(session, combo, units)
    bound = None if limit is None else _dollars(limit, "--limit")
    with session.out.waiting("looking for offers"):
        chosen, left = _choose(session, combo, side, size, bound, files, board)
    taken = size - left
    if not taken:
        word = "sells" if side > 0 else "bids for"
        far = "" if bound is None else f" at {short_usd(bound)} or better"
        raise KeelError(
            f"nobody {word} {combo.name}{far}; see `keel option offers`, or make an offer with"
            f" `keel option {'bid' if side > 0 else 'write'}`"
        )
    if left:
        raise KeelError(
            f"only {size_text(taken)} of {size_text(size)} can be had; write {size_text(taken)}, or a wider --limit"
        )
    premiums = [offer.order.premium for offer, _ in chosen]
    worst = max(premiums) if side > 0 else min(premiums)
    order = _order(session, combo, side * size, worst, session.chain.now + AT_ONCE, 0)
    signature, _ = _sign(session, combo, order)
    call = combo.market.orders.matchOrders.prepare(
        match(
            (order.fields(), signature), [offer.signed for offer, _ in chosen], [part for _, part in chosen]
        ),
        sender=session.sender,
    )
    paid = side * sum(offer.order.premium * part // WAD for offer, part in chosen)
    worth, _ = unit_value(session, combo)
    fee = fee_of(session, combo, size, taker=True)
    verb = "Buy" if side > 0 else "Sell"
    lines = [
        ("account", account_name(session.account)),
        (
            f"{verb.lower()}s",
            f"{size_text(size)} × {combo.name}, of {len(chosen)} offer{'s' * (len(chosen) > 1)}",
        ),
        ("premium", f"{short_usd(abs(paid))} {'to pay' if paid >= 0 else 'to get'}, as it is settled"),
        ("worth", f"{short_usd(worth * size // WAD)} now"),
        ("fee", short_usd(fee)),
    ]
    data = {
        "market": combo.market.name,
        "legs": legs_data(combo),
        "units": to_decimal(size),
        "premium_usd": to_decimal(paid),
        "value_usd": to_decimal(worth * size // WAD),
        "fee_usd": to_decimal(fee),
        "offers": [offer.hash for offer, _ in chosen],
    }
    return carry_out(
        session,
        f"{verb} {size_text(size)} × {combo.name}",
        [Step(verb.lower(), call)],
        session.account,
        tell=lambda results, after: Facts(lines, data),
    )


def _choose(
    session: Session,
    combo: Combination,
    side: int,
    size: int,
    bound: int | None,
    files: list[Path],
    board: Path,
) -> tuple[list[tuple[Offer, int]], int]:
    """The best offers and how much to take of each; and what cannot be had."""
    owner = owner_of(session.account)
    found = read_offers(session, files) if files else on_board(session, board)
    usable = [
        offer
        for offer in found
        if offer.order.legs == combo.legs
        and offer.order.market == combo.market.market.address
        and (offer.order.units > 0) != (side > 0)
        and owner_of(offer.order.account) != owner
        and (bound is None or side * offer.order.premium <= side * bound)
    ]
    usable.sort(key=lambda offer: side * offer.order.premium)
    chosen = []
    for offer in usable[:MOST_MAKERS]:
        part = min(size, offer.left)
        if part:
            chosen.append((offer, part))
            size -= part
    return chosen, size


def _units(session: Session, combo: Combination, text: str) -> int:
    underlying = session.domain.underlying_name(combo.market.underlying)
    return parse_size(text, combo.market, underlying, "units")


def _dollars(text: str, field: str) -> int:
    try:
        return parse_decimal(text.strip().replace("$", ""), 18, field)
    except UnitError:
        raise UsageError(f'{field}: "{text}" is no premium; write dollars such as 85.5 or -12') from None
