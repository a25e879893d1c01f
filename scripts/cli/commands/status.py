"""`keel status`: the whole domain on one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer
from rich.table import Table
from rich.text import Text

from scripts.cli.frame import command
from scripts.cli.market import STATES, Market, Price, read_markets, read_prices
from scripts.cli.output import facts, table
from scripts.cli.perp_tables import market_data, markets_table
from scripts.cli.perps import read_rows
from scripts.cli.session import Session
from scripts.cli.values import brief, percent, price, whole_tokens
from scripts.client.domain import Asset
from scripts.client.sentences import STATUSES
from scripts.common.units import WAD, to_decimal

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
STYLES = ("green", "yellow", "yellow", "red")


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @command(app)
    def status(session: Session) -> dict[str, Any]:
        """Markets, rates, utilisation, caps, prices and the backstop, now."""
        domain = session.domain
        with session.out.waiting("reading the domain"):
            markets, prices = read_markets(domain), read_prices(session)
            perps = read_rows(domain, list(domain.perps.values()))
            backstop = domain.chain.read_all(
                [
                    *(domain.backstop.totalAssets.prepare(), domain.backstop.available.prepare()),
                    *(domain.backstop.flagged.prepare(), domain.vault.paused.prepare()),
                ]
            )
        held, available, flagged, paused = backstop
        block = domain.chain.block_number
        show = session.out.show
        settlement = domain.settlement
        show(
            facts(
                [
                    ("chain", f"{domain.chain.chain_id} at {domain.chain.rpc.shown}, block {block:,}"),
                    ("vault", domain.vault.address + (", PAUSED" if paused else "")),
                    ("backstop", f"{brief(held, settlement)}, {brief(flagged, settlement)} of it spoken for"),
                ]
            )
        )
        show()
        show(lending_table(markets))
        show()
        show(caps_table(markets))
        show()
        show(prices_table(prices))
        if perps:
            show()
            show(markets_table(perps))
        return {
            "chain_id": domain.chain.chain_id,
            "block": block,
            "vault": domain.vault.address,
            "paused": paused,
            "settlement": settlement.symbol,
            "backstop": {
                "assets": whole_tokens(held, settlement),
                "available": whole_tokens(available, settlement),
                "flagged": whole_tokens(flagged, settlement),
            },
            "markets": [asset_data(market) for market in markets],
            "prices": [price_data(entry) for entry in prices],
            "perps": [market_data(row) for row in perps],
        }


def lending_table(markets: Sequence[Market]) -> Table:
    """Pools."""
    made = table(
        "pool", "supplied", "lent out", "used", "borrowers pay", "lenders get", title="Lending pools"
    )
    for market in markets:
        pool, asset = market.pool, market.asset
        if pool is None:
            made.add_row(asset.symbol, "–", "–", "–", "not lent", "–")
            continue
        made.add_row(
            asset.symbol,
            brief(pool.supplied, asset, symbol=False),
            brief(pool.debt, asset, symbol=False),
            percent(pool.utilisation, 1),
            f"{percent(pool.borrow_rate)} a year",
            f"{percent(pool.supply_rate)} a year",
        )
    return made


def caps_table(markets: Sequence[Market]) -> Table:
    """What the vault holds and owes, beside the most that it may."""
    made = table("asset", "price", "held", "at most", "owed", "at most", title="Vault and its caps")
    for market in markets:
        asset, pool = market.asset, market.pool
        most = min(market.debt_cap, pool.line) if pool else 0
        made.add_row(
            asset.symbol,
            price(market.price) if market.price else "none",
            brief(market.in_custody, asset, symbol=False),
            _whole(market.supply_cap, asset),
            brief(pool.owed, asset, symbol=False) if pool else "–",
            _whole(most, asset) if pool else "–",
        )
    return made


def prices_table(prices: Sequence[Price]) -> Table:
    """Oracle prices with their bands."""
    made = table("price", "dollars", "lowest", "highest", "second source", "state", "age", title="Prices")
    for entry in prices:
        made.add_row(
            entry.name,
            price(entry.price) if entry.price else "none",
            price(entry.low),
            price(entry.high),
            "–" if entry.second is None else price(entry.second) if entry.second else "silent",
            Text(STATES[entry.status], style=STYLES[entry.status]),
            "–" if entry.age is None else age(entry.age),
        )
    return made


def age(seconds: int) -> str:
    """Seconds in their two largest units, short."""
    parts: list[str] = []
    for name, size in UNITS:
        count, seconds = divmod(seconds, size)
        if count or (name == "s" and not parts):
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])


def asset_data(market: Market) -> dict[str, Any]:
    """A market for JSON."""
    asset, pool = market.asset, market.pool
    data: dict[str, Any] = {
        "asset": asset.symbol,
        "token": asset.token.address,
        "price_usd": to_decimal(market.price),
        "price_state": STATES[market.status],
        "in_custody": whole_tokens(market.in_custody, asset),
        "supply_cap": whole_tokens(market.supply_cap, asset),
        "debt_cap": whole_tokens(market.debt_cap, asset),
        "pool": None,
    }
    if pool:
        assert asset.pool
        data["pool"] = {
            "address": asset.pool.address,
            "supplied": whole_tokens(pool.supplied, asset),
            "cash": whole_tokens(pool.cash, asset),
            "debt": whole_tokens(pool.debt, asset),
            "owed_by_vault": whole_tokens(pool.owed, asset),
            "line": whole_tokens(pool.line, asset),
            "flagged": whole_tokens(pool.flagged, asset),
            "utilisation": to_decimal(pool.utilisation),
            "borrow_rate_per_year": to_decimal(pool.borrow_rate),
            "supply_rate_per_year": to_decimal(pool.supply_rate),
        }
    return data


def price_data(entry: Price) -> dict[str, Any]:
    """A price for JSON."""
    return {
        "name": entry.name,
        "price_usd": to_decimal(entry.price),
        "low_usd": to_decimal(entry.low),
        "high_usd": to_decimal(entry.high),
        "state": STATES[entry.status],
        "meaning": STATUSES[entry.status],
        "feed_answer_usd": None if entry.answer is None else to_decimal(entry.answer),
        "age_seconds": entry.age,
        "heartbeat_seconds": entry.heartbeat,
        "second_source_usd": None if entry.second is None else to_decimal(entry.second),
    }


def _whole(amount: int, asset: Asset) -> str:
    whole = amount // 10**asset.decimals
    return f"{whole:,}" if whole < WAD else "no cap"
