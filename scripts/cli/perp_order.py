"""A perpetual order from preview to the matcher: what it would need, the question, the signature, what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from scripts.cli.matcher import Matcher
from scripts.cli.output import facts
from scripts.cli.perps import (
    Outlook,
    Row,
    outlook_of,
    perp_lens,
    position_of,
    quote_to_usd,
    size_text,
)
from scripts.cli.session import Session
from scripts.cli.signing import sign_order
from scripts.cli.state import State, comparison, read_state, state_data
from scripts.cli.transaction import simulate
from scripts.cli.values import percent, price, short_usd
from scripts.client.option_orders import timed_nonce
from scripts.client.perps import trade_data
from scripts.client.sentences import account_name, render
from scripts.common.contract import Reverted
from scripts.common.errors import KeelError
from scripts.common.units import WAD, to_decimal
from scripts.matcher.orders import Flag, Trigger

POLL_SECONDS = 0.3
FLAG_NAMES = {
    Flag.REDUCE_ONLY: "reduce-only",
    Flag.POST_ONLY: "post-only",
    Flag.FILL_OR_KILL: "fill-or-kill",
}


@dataclass(frozen=True)
class Ticket:
    """An order before it is signed. `size` is signed; `tip` in smallest units of the settlement asset."""

    row: Row
    size: int
    limit: int
    expiry: int
    flags: int = 0
    trigger: int = Trigger.NONE
    trigger_price: int = 0
    tip: int = 0

    def fields(self, session: Session) -> dict[str, Any]:
        """As the matcher's API and the signature name them; integers are text."""
        perp, parameters = self.row.perp, self.row.parameters
        orders = session.domain.orders
        if orders is None:
            raise KeelError("this domain settles no signed orders")
        lowest = orders.lowestNonce(session.account)
        return {
            "account": "0x" + session.account.hex(),
            "market": perp.market.address,
            "signer": session.sender,
            "sizeWad": str(self.size),
            "limitPriceWad": str(self.limit),
            "triggerPriceWad": str(self.trigger_price),
            "trigger": str(int(self.trigger)),
            "expiry": str(self.expiry),
            "nonce": str(timed_nonce(lowest)),
            "flags": str(self.flags),
            "maxFeeWad": str(max(parameters.takerFeeWad, parameters.makerFeeWad)),
            "tip": str(self.tip),
        }


def place(session: Session, ticket: Ticket, title: str, url: str) -> dict[str, Any]:
    """Previews the order, asks, signs it, and hands it to the matcher."""
    out, options, matcher = session.out, session.options, Matcher(session, url)
    row, account = ticket.row, session.account
    with out.waiting("looking ahead"):
        state = read_state(session.domain, account)
        held = position_of(row.perp, row.perp.market.position(account)).size
        fields = ticket.fields(session)
    notional = abs(ticket.size) * ticket.limit // WAD
    fee = row.fee(ticket.size, ticket.limit)
    then, after = _filled_now(session, ticket, held)
    needs = 0 if _reduces(held, ticket) else notional * row.initial_share // WAD
    words = [name for flag, name in FLAG_NAMES.items() if ticket.flags & flag]
    unit = session.domain.underlying_name(row.perp.underlying)
    lines = [
        ("account", account_name(account)),
        ("buys" if ticket.size > 0 else "sells", size_text(abs(ticket.size), unit)),
        ("price", f"{price(ticket.limit)} or better; mark {price(row.state.markWad)}"),
        *_trigger_line(ticket),
        ("margin", f"{short_usd(needs)}, of {short_usd(max(state.worst - state.initial, 0))} that are free"),
        ("fee", f"at most {short_usd(quote_to_usd(fee))}, {percent(row.parameters.takerFeeWad)}"),
        ("taken over", "unknown" if then is None else f"{then.edges()}, if filled now by the virtual AMM"),
        ("rules", ", ".join(words) or "rests until filled"),
        ("expires", render("{at time}", {"at": ticket.expiry})),
    ]
    out.show(f"[bold]{title}[/bold]")
    out.show(facts(lines))
    out.show(comparison(state, after))
    data: dict[str, Any] = {
        "market": row.perp.name,
        "order": fields,
        "margin_usd": to_decimal(needs),
        "fee_usd": to_decimal(quote_to_usd(fee)),
        "if_filled_now": None
        if then is None or after is None
        else {
            "size_after": to_decimal(then.position.size),
            "taken_over_below": None if then.below is None else to_decimal(then.below),
            "taken_over_above": None if then.above is None else to_decimal(then.above),
            "account": state_data(after),
        },
        "before": state_data(state),
        "placed": False,
    }
    if options.dry_run:
        out.show("Nothing was signed (--dry-run).")
        return data
    out.confirm(f"Sign as {session.sender}?", options.yes)
    result = matcher.place({**fields, "signature": sign_order(session, fields)})
    order = _awaited(session, matcher, ticket, result)
    if order["status"] == "dropped":
        raise KeelError(f"the order was dropped, nothing of it is filled: {order['reason']}")
    out.show(f"[green]placed[/green] {order['hash']}: {order['status']}")
    return {**data, "placed": True, "hash": order["hash"], "status": order["status"]}


def _filled_now(session: Session, ticket: Ticket, held: int) -> tuple[Outlook | None, State | None]:
    """Position and account as they would be if the virtual AMM filled the order now, at its own price; None where
    it would not, or the account could not carry it, or the node does not simulate."""
    perp, account, size = ticket.row.perp, session.account, ticket.size
    if ticket.flags & Flag.REDUCE_ONLY:
        size = max(size, min(-held, 0)) if size < 0 else min(size, max(-held, 0))
    if not size:
        return None, None
    trade = session.domain.vault.callInstrument.prepare(
        account, perp.market, trade_data(perp.amm.address, size), sender=session.sender
    )
    try:
        results, _, after = simulate(
            session, [trade], [perp_lens(session.domain).overview.prepare(perp.market, account)], account
        )
    except Reverted:
        return None, None
    return (outlook_of(perp, results[-1]), after) if results else (None, None)


def _awaited(session: Session, matcher: Matcher, ticket: Ticket, result: dict[str, Any]) -> dict[str, Any]:
    """What became of the order; of one that is filled at once or not at all, when its fills are settled.

    Waits no longer than for an answer of the node.
    """
    order, deadline = result, time.monotonic() + session.options.timeout
    if not ticket.flags & Flag.FILL_OR_KILL:
        return order
    with session.out.waiting("waiting for settlement"):
        while order["status"] == "matched" and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            order = matcher.order(order["hash"])
    return order


def _reduces(held: int, ticket: Ticket) -> bool:
    return bool(ticket.flags & Flag.REDUCE_ONLY) or (held * ticket.size < 0 and abs(ticket.size) <= abs(held))


def _trigger_line(ticket: Ticket) -> list[tuple[str, str]]:
    if ticket.trigger == Trigger.NONE:
        return []
    word = "at or above" if ticket.trigger == Trigger.AT_OR_ABOVE else "at or below"
    return [("wakes", f"when the index is {word} {price(ticket.trigger_price)}")]
