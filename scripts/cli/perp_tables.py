"""Perpetual markets and positions for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from scripts.cli.market import STATES
from scripts.cli.output import table
from scripts.cli.perps import Outlook, Row, quote_to_usd, read_rows, size_text
from scripts.cli.session import Session
from scripts.cli.values import brief, percent, price, short_usd, times, whole_tokens
from scripts.common.units import WAD, to_decimal


def positions_table(session: Session, outlooks: Sequence[Outlook]) -> Table:
    """A line for each market: `unsettled` is the profit at the mark, `funding due` what came due since the position
    changed last."""
    settlement = session.domain.settlement
    made = table("perpetual", "size", "entry", "mark", "unsettled", "funding due", "claims")
    rows = read_rows(session.domain, [outlook.position.perp for outlook in outlooks])
    for outlook, row in zip(outlooks, rows, strict=True):
        position = outlook.position
        claims = position.waiting + position.allotted
        made.add_row(
            position.perp.name,
            size_text(position.size),
            price(position.entry) if position.size else "–",
            price(row.state.markWad),
            short_usd(quote_to_usd(position.pnl)),
            short_usd(quote_to_usd(outlook.funding_due)),
            brief(claims, settlement, symbol=False) if claims else "–",
        )
    return made


def positions_data(session: Session, outlooks: Sequence[Outlook]) -> list[dict[str, Any]]:
    """The same for JSON."""
    settlement = session.domain.settlement
    rows = read_rows(session.domain, [outlook.position.perp for outlook in outlooks])
    found = []
    for outlook, row in zip(outlooks, rows, strict=True):
        position = outlook.position
        found.append(
            {
                "market": position.perp.name,
                "size": to_decimal(position.size),
                "entry": to_decimal(position.entry),
                "mark": to_decimal(row.state.markWad),
                "unsettled_profit": to_decimal(quote_to_usd(position.pnl)),
                "funding_due": to_decimal(quote_to_usd(outlook.funding_due)),
                "claims_waiting": whole_tokens(position.waiting, settlement),
                "claims_payable": whole_tokens(position.allotted, settlement),
                "taken_over_below": None if outlook.below is None else to_decimal(outlook.below),
                "taken_over_above": None if outlook.above is None else to_decimal(outlook.above),
                "grace_until": outlook.grace_until or None,
            }
        )
    return found


def market_data(row: Row) -> dict[str, Any]:
    """A market for JSON."""
    state, parameters = row.state, row.parameters
    return {
        "market": row.perp.name,
        "address": row.perp.market.address,
        "amm": row.perp.amm.address,
        "index": to_decimal(state.indexWad),
        "mark": to_decimal(state.markWad),
        "premium": to_decimal(state.premiumWad),
        "rate_per_8_hours": to_decimal(state.rateWad),
        "index_state": STATES[state.status],
        "open_interest": to_decimal(row.totals.openInterestWad),
        "open_interest_cap_usd": to_decimal(parameters.openInterestCapWad),
        "initial_share": to_decimal(row.initial_share),
        "maintenance_share": to_decimal(row.maintenance_share),
        "taker_fee": to_decimal(parameters.takerFeeWad),
        "maker_fee": to_decimal(parameters.makerFeeWad),
        "claims_waiting": str(row.totals.waiting),
        "unborne_loss_usd": to_decimal(quote_to_usd(row.totals.receiverCost)),
    }


def markets_table(rows: Sequence[Row]) -> Table:
    """A line for each market; leverage is the most by the initial requirement."""
    made = table("market", "index", "mark", "rate / 8 h", "open interest", "leverage", "taker fee")
    for row in rows:
        state = row.state
        made.add_row(
            row.perp.name,
            price(state.indexWad) + ("" if row.is_fresh else f" {STATES[state.status]}"),
            price(state.markWad),
            percent(state.rateWad, 4),
            short_usd(row.totals.openInterestWad * state.markWad // WAD),
            f"{times(WAD * WAD // row.initial_share)}×",
            percent(row.parameters.takerFeeWad),
        )
    return made
