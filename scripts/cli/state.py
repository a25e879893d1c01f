"""A margin account as it is now, or as it would be after calls that are simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from scripts.cli.output import table
from scripts.cli.session import identified
from scripts.cli.values import UNBOUNDED, brief, price, short_usd, times, whole_tokens
from scripts.client.domain import Asset, Domain
from scripts.client.sentences import STATUSES
from scripts.common.contract import Call
from scripts.common.units import WAD, to_decimal

# Of a price; one that is further away is no warning to anybody.
FAR = 100


@dataclass(frozen=True)
class Position:
    """One balance; `value` and `requirement` in dollars as WADs, `amount` negative for a debt."""

    asset: Asset
    amount: int
    value: int
    requirement: int


@dataclass(frozen=True)
class State:
    """Dollars and shares as WADs. `health` is None where nothing is required.

    `worst` is the equity at the worst prices, which `initial` is held against; `favourable` the equity at the
    favourable ones, which `maintenance` is held against. `liquidation` has for each price the account depends on
    the ones below and above which it may be taken over, None where there is none.
    """

    account: bytes
    equity: int
    worst: int
    initial: int
    favourable: int
    maintenance: int
    debt: int
    health: int | None
    status: int
    positions: Sequence[Position]
    instruments: int
    liquidation: dict[str, tuple[int | None, int | None]]

    @property
    def is_empty(self) -> bool:
        """Whether it holds and owes nothing."""
        return not self.positions and not self.instruments

    @property
    def may_be_taken_over(self) -> bool:
        """Whether its health is below 1."""
        return self.health is not None and self.health < WAD

    def position(self, asset: Asset) -> Position | None:
        """The balance of an asset."""
        return next((position for position in self.positions if position.asset.id == asset.id), None)

    def leverage(self, asset: Asset) -> int | None:
        """Value of the position over equity, as a WAD; None without equity."""
        position = self.position(asset)
        if self.equity <= 0:
            return None
        return abs(position.value) * WAD // self.equity if position else 0


def reading(domain: Domain, account: bytes) -> list[Call]:
    """The calls that a state is read by."""
    tokens = [asset.token for asset in _priced(domain).values()]
    return [
        domain.lens.overview.prepare(account),
        *(domain.lens.liquidationPrice.prepare(account, token) for token in tokens),
        *(domain.risk.band.prepare(number) for number in _priced(domain)),
    ]


def state_of(domain: Domain, account: bytes, answers: Sequence[Any]) -> State:
    """The state from the answers to `reading`."""
    overview, *prices = answers
    liquidation, bands = prices[: len(prices) // 2], prices[len(prices) // 2 :]
    initial, maintenance = overview.initial, overview.maintenance
    held = [
        Position(domain.by_address[entry.token], entry.amount, entry.valueWad, entry.requirementWad)
        for entry in overview.assets
    ]
    markets = domain.instruments
    moves_with = {position.asset.underlying for position in held}
    moves_with |= {
        markets[entry.instrument].underlying for entry in overview.instruments if entry.instrument in markets
    }
    return State(
        account=account,
        equity=maintenance.equity,
        worst=initial.equity - initial.uncertainty,
        initial=initial.requirement,
        favourable=maintenance.equity + maintenance.uncertainty,
        maintenance=maintenance.requirement,
        debt=maintenance.debtValue,
        health=overview.healthWad if overview.healthWad < UNBOUNDED else None,
        status=maintenance.status,
        positions=held,
        instruments=len(overview.instruments),
        liquidation={
            domain.underlying_name(number): edges
            for number, found, band in zip(_priced(domain), liquidation, bands, strict=True)
            if number in moves_with and any(edges := _near(found, band.priceWad))
        },
    )


def read_state(domain: Domain, account: bytes) -> State:
    """The account now."""
    return state_of(domain, account, domain.chain.read_all(reading(domain, account)))


def _near(edges: Sequence[int], now: int) -> tuple[int | None, int | None]:
    below, above = edges
    return below or None, above if above and (above < FAR * now or above == below) else None


def _priced(domain: Domain) -> dict[int, Asset]:
    """One asset for each price other than the settlement asset's own, by number of the price."""
    found: dict[int, Asset] = {}
    for asset in domain.assets:
        if asset.underlying != domain.settlement.underlying:
            found.setdefault(asset.underlying, asset)
    return found


# --- for people ---


def liquidation_text(prices: tuple[int | None, int | None] | None) -> str:
    """ "below $1,500.00", "above ...", both, or "now"."""
    if prices is None:
        return "–"
    below, above = prices
    if below and below == above:
        return "now"
    parts = [f"below {price(below)}"] if below else []
    parts += [f"above {price(above)}"] if above else []
    return ", ".join(parts) or "–"


def comparison(before: State, after: State | None) -> Table:
    """Both states side by side; one column if there is only one."""
    states = [state for state in (before, after) if state is not None]
    made = table("", *(("now", "after")[: len(states)]))

    def row(name: str, values: Sequence[str]) -> None:
        made.add_row(name, *values)

    row("health", [times(state.health) for state in states])
    row("equity", [short_usd(state.equity) for state in states])
    row("at the worst prices", [short_usd(state.worst) for state in states])
    row("required for new risk", [short_usd(state.initial) for state in states])
    row("required to be left alone", [short_usd(state.maintenance) for state in states])
    row("debt", [short_usd(state.debt) for state in states])
    for name in dict.fromkeys(name for state in states for name in state.liquidation):
        row(f"taken over with {name}", [liquidation_text(state.liquidation.get(name)) for state in states])
    assets = {position.asset.id: position.asset for state in states for position in state.positions}
    for _, asset in sorted(assets.items()):
        found = [state.position(asset) for state in states]
        row(
            asset.symbol,
            [brief(position.amount, asset, symbol=False) if position else "–" for position in found],
        )
    return made


def holdings_table(state: State) -> Table:
    """Balances with their value and their part of the requirement."""
    made = table("asset", "balance", "value", "of equity", "requires")
    for position in state.positions:
        leverage = state.leverage(position.asset)
        made.add_row(
            position.asset.symbol,
            brief(position.amount, position.asset, symbol=False),
            short_usd(position.value),
            "–" if leverage is None else f"{times(leverage)}×",
            short_usd(position.requirement),
        )
    return made


# --- for programs ---


def state_data(state: State) -> dict[str, Any]:
    """The state for JSON: dollars, amounts and health as exact decimals in text."""

    def edge(value: int | None) -> Any:
        return None if value is None else to_decimal(value)

    return {
        **identified(state.account),
        "health": edge(state.health),
        "may_be_taken_over": state.may_be_taken_over,
        "equity_usd": to_decimal(state.equity),
        "worst_equity_usd": to_decimal(state.worst),
        "initial_requirement_usd": to_decimal(state.initial),
        "maintenance_requirement_usd": to_decimal(state.maintenance),
        "debt_usd": to_decimal(state.debt),
        "prices": STATUSES[state.status],
        "positions": [
            {
                "asset": position.asset.symbol,
                "amount": whole_tokens(position.amount, position.asset),
                "value_usd": to_decimal(position.value),
                "requirement_usd": to_decimal(position.requirement),
            }
            for position in state.positions
        ],
        "instruments": state.instruments,
        "liquidation_prices_usd": {
            name: {"below": edge(below), "above": edge(above)}
            for name, (below, above) in state.liquidation.items()
        },
    }
