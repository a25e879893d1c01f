"""Options for people and for programs: chains, positions, offers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from rich.table import Table

from scripts.cli.option_board import Offer
from scripts.cli.option_series import Combination, Terms, chain_rows, terms_of
from scripts.cli.output import table
from scripts.cli.perps import quote_to_usd, size_text
from scripts.cli.session import Session
from scripts.cli.values import brief, percent, price, short_usd, whole_tokens
from scripts.client.domain import OptionMarket
from scripts.client.sentences import STATUSES, account_name, render
from scripts.common.units import to_decimal

NONE = "–"


def chain_tables(session: Session, market: OptionMarket, expiry: int | None) -> tuple[list[Table], list[Any]]:
    """A table for each expiry, calls on the left, puts on the right of the strike; and the rows."""
    rows = [row for row in chain_rows(session, market) if expiry in (None, row.expiry)]
    tables = []
    for at, of_expiry in groupby(rows, key=lambda row: row.expiry):
        title = f"{day_text(at)}, {_left(session, at)}"
        made = table(
            *("call", "delta", "open", "vol", "strike", "put", "delta", "open"), title=title, left=()
        )
        for strike, both in groupby(of_expiry, key=lambda row: row.strikeWad):
            sides = {row.call: row for row in both}
            some = next(iter(sides.values()))
            volatility = percent(some.volatilityWad, 1) + (
                "" if not some.status else f" {STATUSES[some.status]}"
            )
            made.add_row(*_side(sides.get(True)), volatility, price(strike), *_side(sides.get(False)))
        tables.append(made)
    return tables, rows


def row_data(market: OptionMarket, row: Any) -> dict[str, Any]:
    """A series for JSON."""
    return {
        "series": row.series,
        "name": Terms(market, row.expiry, row.strikeWad, row.call).name,
        "expiry": row.expiry,
        "strike": to_decimal(row.strikeWad),
        "kind": "call" if row.call else "put",
        "value": to_decimal(row.valueWad),
        "volatility": to_decimal(row.volatilityWad),
        "delta": to_decimal(row.deltaWad),
        "open_interest": to_decimal(row.openInterestWad),
        "volatility_state": STATUSES[row.status],
    }


def read_positions(session: Session, account: bytes) -> list[dict[str, Any]]:
    """What an account has in each option market where it has anything; sizes and values as they come from the chain."""
    markets = list(session.domain.options.values())
    calls = [
        call
        for one in markets
        for call in (one.market.positions.prepare(account), one.market.balanceOf.prepare(account))
    ]
    answers = session.chain.read_all(calls)
    found = []
    for number, market in enumerate(markets):
        positions, balance = answers[2 * number], answers[2 * number + 1]
        if not positions and not any(balance):
            continue
        series = [one.series for one in positions]
        values = market.market.valuesOf(series) if series else []
        held = list(
            zip(terms_of(session, market, series), (one.sizeWad for one in positions), values, strict=True)
        )
        found.append({"market": market, "held": held, "balance": balance})
    return found


def positions_table(session: Session, found: Sequence[dict[str, Any]]) -> Table:
    """A line for each series; a last one for each market with what is not settled yet, and claims."""
    made = table("option", "size", "worth each", "worth", "unsettled", "claims")
    for one in found:
        for terms, size, value in one["held"]:
            worth = size * value // 10**18
            state = "" if session.chain.now < terms.expiry else " expired"
            made.add_row(terms.name + state, size_text(size), price(value), short_usd(worth), "", "")
        balance, settlement = one["balance"], session.domain.settlement
        claims = balance.waiting + balance.allotted
        made.add_row(
            one["market"].name,
            *("", "", ""),
            short_usd(quote_to_usd(balance.pnl)),
            brief(claims, settlement, symbol=False) if claims else NONE,
        )
    return made


def positions_data(session: Session, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same for JSON."""
    settlement = session.domain.settlement
    return [
        {
            "market": one["market"].name,
            "positions": [
                {"series": terms.name, "size": to_decimal(size), "value": to_decimal(value)}
                for terms, size, value in one["held"]
            ],
            "unsettled_profit": to_decimal(quote_to_usd(one["balance"].pnl)),
            "claims_waiting": whole_tokens(one["balance"].waiting, settlement),
            "claims_payable": whole_tokens(one["balance"].allotted, settlement),
        }
        for one in found
    ]


def offers_table(session: Session, offers: Sequence[tuple[Offer, Combination]]) -> Table:
    """A line for each offer, whose side is that of who made it."""
    made = table("offer", "", "left", "premium", "expires", "by", left=(0, 1, 5))
    for offer, combo in offers:
        order = offer.order
        side = "sells" if order.units < 0 else "buys"
        made.add_row(
            "0x" + offer.hash.hex()[:8],
            f"{side} {combo.name}",
            size_text(offer.left),
            short_usd(order.premium),
            render("{at time}", {"at": order.expiry})[:16],
            account_name(order.account)[:10] + "…",
        )
    return made


def offer_data(offer: Offer, combo: Combination) -> dict[str, Any]:
    """An offer for JSON."""
    order = offer.order
    return {
        "hash": offer.hash,
        "market": combo.market.name,
        "side": "sell" if order.units < 0 else "buy",
        "legs": legs_data(combo),
        "left": to_decimal(offer.left),
        "premium": to_decimal(order.premium),
        "account": order.account,
        "expires": order.expiry,
    }


def legs_data(combo: Combination) -> list[dict[str, Any]]:
    """The legs for JSON."""
    return [
        {"series": terms.name, "ratio": ratio}
        for terms, (_, ratio) in zip(combo.terms, combo.legs, strict=True)
    ]


def day_text(expiry: int) -> str:
    """An expiry as its day."""
    return datetime.fromtimestamp(expiry, UTC).strftime("%-d %b %Y, %H:%M UTC")


def _left(session: Session, expiry: int) -> str:
    seconds = expiry - session.chain.now
    if seconds <= 0:
        return "expired"
    return f"in {seconds / 86_400:.1f} days"


def _side(row: Any) -> tuple[str, str, str]:
    if row is None:
        return NONE, NONE, NONE
    delta = f"{row.deltaWad / 10**18:.2f}"
    return price(row.valueWad), delta, size_text(row.openInterestWad) if row.openInterestWad else NONE
