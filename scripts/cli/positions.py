"""Perpetual positions for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from scripts.cli.output import table
from scripts.cli.perps import PerpPosition, funding_due, quote_to_usd, read_rows, size_text
from scripts.cli.session import Session
from scripts.cli.values import brief, price, short_usd, whole_tokens
from scripts.common.units import to_decimal


def positions_table(session: Session, account: bytes, positions: Sequence[PerpPosition]) -> Table:
    """A line for each market; `funding due` is what came due since the position last changed."""
    settlement = session.domain.settlement
    made = table("perpetual", "size", "entry", "mark", "unsettled profit", "funding due", "claims")
    rows = read_rows(session.domain, [position.perp for position in positions])
    for position, row in zip(positions, rows, strict=True):
        claims = position.waiting + position.allotted
        made.add_row(
            position.perp.name,
            size_text(position.size),
            price(position.entry) if position.size else "–",
            price(row.state.markWad),
            short_usd(quote_to_usd(position.pnl)),
            short_usd(quote_to_usd(funding_due(session, account, position))),
            brief(claims, settlement, symbol=False) if claims else "–",
        )
    return made


def positions_data(
    session: Session, account: bytes, positions: Sequence[PerpPosition]
) -> list[dict[str, Any]]:
    """The same for JSON."""
    settlement = session.domain.settlement
    rows = read_rows(session.domain, [position.perp for position in positions])
    return [
        {
            "market": position.perp.name,
            "size": to_decimal(position.size),
            "entry": to_decimal(position.entry),
            "mark": to_decimal(row.state.markWad),
            "unsettled_profit": to_decimal(quote_to_usd(position.pnl)),
            "funding_due": to_decimal(quote_to_usd(funding_due(session, account, position))),
            "claims_waiting": whole_tokens(position.waiting, settlement),
            "claims_payable": whole_tokens(position.allotted, settlement),
        }
        for position, row in zip(positions, rows, strict=True)
    ]
