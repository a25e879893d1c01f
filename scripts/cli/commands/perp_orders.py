"""`keel perp order`: signed orders at the matcher: place, list, cancel."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from scripts.cli.commands.status import age
from scripts.cli.failures import UsageError
from scripts.cli.frame import command
from scripts.cli.matcher import DEFAULT_URL, Matcher, Url
from scripts.cli.output import table
from scripts.cli.perp_order import FLAG_NAMES, Ticket, place
from scripts.cli.perps import parse_price, parse_size, read_row, size_text
from scripts.cli.session import Session
from scripts.cli.signing import sign_cancellation
from scripts.cli.transaction import Step, carry_out
from scripts.cli.values import close_to, number_within, price, split_amount, units
from scripts.client.domain import Domain
from scripts.client.sentences import account_name
from scripts.common.contract import Call
from scripts.common.errors import KeelError
from scripts.common.units import UnitError, parse_duration, to_decimal
from scripts.matcher.orders import FIELDS, Flag, Reader, Rejected, Trigger
from scripts.matcher.orders import Domain as Terms

EXPIRES = "1 day"
LONGEST = 90 * 86_400
# Seconds within which the matcher is to hear of a cancellation.
DEADLINE = 300
SIDES = ("buy", "sell")
# A hash, or enough of its beginning.
HASH = re.compile(r"0x[0-9a-fA-F]{4,64}")
SHOWN = 10
MOST_NONCE = 2**256 - 1
LIVING = ("open", "waiting", "matched")

Side = Annotated[str, typer.Argument(metavar="buy|sell", help="Which way")]


def register(group: typer.Typer) -> None:
    """Adds the commands."""
    orders = typer.Typer(
        help="Signed orders at the matcher: limit, stop and take-profit.", no_args_is_help=True
    )
    group.add_typer(orders, name="order")

    @command(orders, "place", sends=True)
    def place_(
        session: Session,
        side: Side,
        size: Annotated[str, typer.Argument(metavar="SIZE", help="Such as 2 or 2ETH")],
        market: Annotated[str, typer.Argument(metavar="MARKET", help="Such as ETH-PERP, or ETH")],
        limit: Annotated[
            str | None,
            typer.Option(metavar="PRICE", help="Worst price; without, the trigger's and 1% beyond"),
        ] = None,
        stop: Annotated[
            str | None,
            typer.Option(
                metavar="PRICE", help="Wakes when the index has moved against you: buy above, sell below"
            ),
        ] = None,
        take_profit: Annotated[
            str | None,
            typer.Option(
                metavar="PRICE", help="Wakes when the index has moved your way: buy below, sell above"
            ),
        ] = None,
        reduce_only: Annotated[
            bool, typer.Option("--reduce-only", help="Never opens or turns a position")
        ] = False,
        post_only: Annotated[
            bool, typer.Option("--post-only", help="Never takes: dropped where it would")
        ] = False,
        fill_or_kill: Annotated[
            bool, typer.Option("--fill-or-kill", help="All of it at once, or nothing")
        ] = False,
        expires: Annotated[str, typer.Option(metavar="DURATION", help="How long it stands")] = EXPIRES,
        tip: Annotated[
            str | None,
            typer.Option(
                metavar="AMOUNT", help='What waking it earns, such as "1 USDC"; for stops and take-profits'
            ),
        ] = None,
        matcher: Url = DEFAULT_URL,
    ) -> dict[str, Any]:
        """Signs an order and hands it to the matcher; costs no gas."""
        if side.lower() not in SIDES:
            raise UsageError(f'"{side}" is neither buy nor sell{close_to(side, SIDES)}')
        if stop is not None and take_profit is not None:
            raise UsageError("--stop and --take-profit: an order has one trigger; place two orders")
        if post_only and fill_or_kill:
            raise UsageError("--post-only never takes and --fill-or-kill only takes; name one of them")
        row = read_row(session, market)
        sign = 1 if side.lower() == SIDES[0] else -1
        amount = parse_size(size, row.perp, session.domain.underlying_name(row.perp.underlying), "size")
        trigger, woken_at = Trigger.NONE, 0
        if stop is not None:
            trigger, woken_at = _direction(sign), parse_price(stop, "--stop")
        elif take_profit is not None:
            trigger, woken_at = _direction(-sign), parse_price(take_profit, "--take-profit")
        if limit is None and not woken_at:
            raise UsageError("--limit is missing; write the worst price, such as --limit 1850")
        worst = parse_price(limit, "--limit") if limit is not None else woken_at * (100 + sign) // 100
        flags = Flag.REDUCE_ONLY * reduce_only + Flag.POST_ONLY * post_only + Flag.FILL_OR_KILL * fill_or_kill
        ticket = Ticket(
            row,
            sign * amount,
            worst,
            session.chain.now + _life(expires),
            flags,
            trigger,
            woken_at,
            _tip(session, tip, trigger),
        )
        kind = "stop" if stop is not None else "take-profit" if take_profit is not None else "limit"
        title = f"Place a {kind} order: {side.lower()} {size_text(amount)} in {row.perp.name}"
        return place(session, ticket, title, matcher)

    @command(orders, "list")
    def list_(
        session: Session,
        every: Annotated[bool, typer.Option("--all", help="Also those that have ended")] = False,
        matcher: Url = DEFAULT_URL,
    ) -> dict[str, Any]:
        """The account's orders at the matcher, youngest first."""
        found = Matcher(session, matcher).orders(session.account)
        shown = [order for order in found if every or order["status"] in LIVING]
        if shown:
            session.out.show(_orders_table(session, shown))
        else:
            session.out.show(
                f"{account_name(session.account)} has no {'' if every else 'open '}orders there."
            )
        return {"orders": [_order_data(session.domain, order) for order in shown]}

    @command(orders, sends=True)
    def cancel(
        session: Session,
        hashes: Annotated[
            list[str] | None, typer.Argument(metavar="[HASH]...", help="From `keel perp order list`")
        ] = None,
        every: Annotated[bool, typer.Option("--all", help="All open orders of the account")] = False,
        on_chain: Annotated[
            bool, typer.Option("--on-chain", help="For everybody, by a transaction; without, at this matcher")
        ] = False,
        file: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE", help="On chain, without a matcher: signed orders, or what `place --json` said"
            ),
        ] = None,
        below: Annotated[
            str | None,
            typer.Option(metavar="NONCE", help="On chain: all orders of the account with a lower nonce"),
        ] = None,
        matcher: Url = DEFAULT_URL,
    ) -> dict[str, Any]:
        """Calls orders off, at the matcher at once and without gas, or on chain for good."""
        if sum((bool(hashes), every, file is not None, below is not None)) != 1:
            raise UsageError("name orders by their hashes, or --all, or --file, or --below")
        if file is not None:
            found = _orders_of(session, file)
            return _cancel_on_chain(
                session, found, f"Cancel {len(found)} order{'s' if len(found) != 1 else ''}"
            )
        if below is not None:
            return _cancel_below(session, below)
        for hash_ in hashes or []:
            if not HASH.fullmatch(hash_):
                raise UsageError(f'"{hash_[:80]}" is no hash of an order; write 0x and its first hex digits')
        asked = Matcher(session, matcher)
        found = [order for order in asked.orders(session.account) if order["status"] in LIVING]
        if not found:
            raise KeelError(f"{account_name(session.account)} has no open orders there")
        if not every:
            found = [_chosen(found, hash_) for hash_ in dict.fromkeys(hashes or [])]
        title = f"Cancel {len(found)} order{'s' if len(found) != 1 else ''}"
        if on_chain:
            return _cancel_on_chain(session, found, title)
        return _cancel(session, asked, found, title)


def _chosen(orders: list[dict[str, Any]], start: str) -> dict[str, Any]:
    """The one order whose hash begins so."""
    matching = [order for order in orders if order["hash"].startswith(start.lower())]
    if len(matching) != 1:
        known = ", ".join(order["hash"][:SHOWN] for order in matching or orders)
        what = "several open orders begin" if matching else "no open order of the account begins"
        raise KeelError(f"{what} with {start}; there are {known}")
    return matching[0]


def _direction(sign: int) -> Trigger:
    return Trigger.AT_OR_ABOVE if sign > 0 else Trigger.AT_OR_BELOW


def _life(text: str) -> int:
    try:
        seconds = parse_duration(text, "--expires")
    except UnitError as error:
        raise UsageError(str(error)) from None
    if not 0 < seconds <= LONGEST:
        raise UsageError(f'--expires: "{text}" is out of range; write a duration of up to 90 days')
    return seconds


def _tip(session: Session, text: str | None, trigger: Trigger) -> int:
    if text is None:
        return 0
    if trigger == Trigger.NONE:
        raise UsageError("--tip is for orders with --stop or --take-profit; leave it out")
    settlement = session.domain.settlement
    number, symbol = split_amount(text, settlement.symbol if len(text.split()) == 1 else None)
    if symbol.lower() != settlement.symbol.lower():
        raise UsageError(f"--tip: tips are paid in {settlement.symbol}, not in {symbol}")
    return units(number, settlement)


def _cancel(session: Session, asked: Matcher, found: list[dict[str, Any]], title: str) -> dict[str, Any]:
    hashes = [order["hash"] for order in found]
    session.out.show(f"[bold]{title}[/bold]")
    session.out.show(_orders_table(session, found))
    data: dict[str, Any] = {"orders": hashes, "cancelled": []}
    if session.options.dry_run:
        session.out.show("Nothing was signed (--dry-run).")
        return data
    session.out.confirm(f"Sign as {session.sender}?", session.options.yes)
    request: dict[str, Any] = {
        "account": "0x" + session.account.hex(),
        "signer": session.sender,
        "orders": hashes,
        "deadline": str(session.chain.now + DEADLINE),
    }
    data["cancelled"] = asked.cancel({**request, "signature": sign_cancellation(session, request)})
    session.out.show(f"[green]cancelled[/green] {len(data['cancelled'])} of {len(hashes)}")
    return data


def _orders_of(session: Session, file: Path) -> list[dict[str, Any]]:
    """Orders of a JSON file, signed or not, with their hashes. Raises UsageError."""
    orders = session.domain.orders
    assert orders is not None
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"--file: {file} holds no JSON that can be read ({error})") from None
    if isinstance(content, dict):
        content = content.get("data", content)
        content = (
            content.get("order", content.get("orders", content)) if isinstance(content, dict) else content
        )
    reader = Reader(Terms(session.chain.chain_id, orders.address))
    found = []
    for raw in content if isinstance(content, list) else [content]:
        try:
            hash_ = reader.order({"signature": "0x00", **raw} if isinstance(raw, dict) else raw).hash
        except Rejected as error:
            raise UsageError(f"--file: {file}: {error}") from None
        found.append({**raw, "hash": "0x" + hash_.hex()})
    if not found:
        raise UsageError(f"--file: {file} holds no orders")
    return found


def _cancel_below(session: Session, text: str) -> dict[str, Any]:
    orders, account = session.domain.orders, session.account
    if orders is None:
        raise KeelError("this domain settles no signed orders")
    lowest, now = number_within(text, 1, MOST_NONCE, "--below"), orders.lowestNonce(account)
    if lowest <= now:
        raise KeelError(
            f"all orders of {account_name(account)} with a nonce below {now} are cancelled already"
        )
    step = Step("cancel below", orders.cancelBelow.prepare(account, lowest, sender=session.sender))
    return carry_out(session, f"Cancel all orders with a nonce below {lowest}", [step], account)


def _cancel_on_chain(session: Session, found: list[dict[str, Any]], title: str) -> dict[str, Any]:
    orders = session.domain.orders
    assert orders is not None
    steps = [Step(f"cancel {order['hash'][:10]}…", _cancel_call(session, order)) for order in found]
    return carry_out(session, f"{title} on chain", steps, session.account)


def _cancel_call(session: Session, order: dict[str, Any]) -> Call:
    orders = session.domain.orders
    assert orders is not None
    values = [
        bytes.fromhex(order[name][2:])
        if kind == "bytes32"
        else order[name]
        if kind == "address"
        else int(order[name])
        for name, kind, *_ in FIELDS
    ]
    call: Call = orders.cancel.prepare(tuple(values), sender=session.sender)
    return call


def _market_name(domain: Domain, address: str) -> str:
    named = (perp.name for perp in domain.perps.values() if perp.market.address.lower() == address.lower())
    return next(named, address)


def _orders_table(session: Session, orders: list[dict[str, Any]]) -> Table:
    domain, now = session.domain, session.chain.now
    made = table("order", "market", "wants", "filled", "price", "wakes", "state", "left")
    for order in orders:
        size, trigger = int(order["sizeWad"]), int(order["trigger"])
        wakes = "–"
        if trigger != Trigger.NONE:
            wakes = f"{'≥' if trigger == Trigger.AT_OR_ABOVE else '≤'} {price(int(order['triggerPriceWad']))}"
        rules = [name for flag, name in FLAG_NAMES.items() if int(order["flags"]) & flag]
        made.add_row(
            order["hash"][:SHOWN],
            _market_name(domain, order["market"]),
            f"{'buy' if size > 0 else 'sell'} {size_text(abs(size))}",
            size_text(int(order["filled"])),
            price(int(order["limitPriceWad"])),
            wakes,
            ", ".join([order["reason"] or order["status"], *rules]),
            age(max(int(order["expiry"]) - now, 0)),
        )
    return made


def _order_data(domain: Domain, order: dict[str, Any]) -> dict[str, Any]:
    flags = int(order["flags"])
    trigger = int(order["trigger"])
    return {
        "hash": order["hash"],
        "market": _market_name(domain, order["market"]),
        "size": to_decimal(int(order["sizeWad"])),
        "filled": to_decimal(int(order["filled"])),
        "limit_price": to_decimal(int(order["limitPriceWad"])),
        "trigger": Trigger(trigger).name.lower(),
        "trigger_price": to_decimal(int(order["triggerPriceWad"])) if trigger else None,
        "flags": [name for flag, name in FLAG_NAMES.items() if flags & flag],
        "status": order["status"],
        "reason": order["reason"],
        "expiry": int(order["expiry"]),
        "nonce": order["nonce"],
    }
