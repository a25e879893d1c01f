"""Perpetual markets and positions as they are now. Sizes, prices and shares are WADs, quotes have 36 decimals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.cli.failures import UsageError
from scripts.cli.session import Session
from scripts.cli.values import UNBOUNDED, close_to, price
from scripts.client.domain import Domain, OptionMarket, Perp
from scripts.common.contract import Contract
from scripts.common.errors import KeelError
from scripts.common.units import WAD, UnitError, format_amount, parse_decimal

FRESH = 0
PPM_TO_WAD = 10**12
QUOTE_DECIMALS = 36
FUNDING_HOURS = 8
SIZE_PLACES = 6
# Of what the AMM trades at once.
STEPS = 8
MOST = 2**96
LONGEST = 40


@dataclass(frozen=True)
class Row:
    """A market now: its contract's state, totals and parameters, and the AMM's depth."""

    perp: Perp
    state: Any
    totals: Any
    parameters: Any
    depth: Any
    initial_share: int
    maintenance_share: int

    @property
    def is_fresh(self) -> bool:
        """Whether the index is such that anything may be traded."""
        return bool(self.state.status == FRESH)

    def fee(self, size: int, price: int, taker: bool = True) -> int:
        """The fee of a trade {quote}."""
        share = self.parameters.takerFeeWad if taker else self.parameters.makerFeeWad
        return int(abs(size) * price * share // WAD)


@dataclass(frozen=True)
class PerpPosition:
    """What an account has in a market. `cost` and `pnl` are quotes, claims smallest units of the settlement asset."""

    perp: Perp
    size: int
    cost: int
    entry: int
    pnl: int
    waiting: int
    allotted: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all."""
        return not (self.size or self.cost or self.waiting or self.allotted)


@dataclass(frozen=True)
class Outlook:
    """A position and what comes of it: funding that came due since it was last written {quote}, prices of the underlying
    at which the account may be taken over (WADs, None without), the second until which it is left alone."""

    position: PerpPosition
    funding_due: int
    below: int | None
    above: int | None
    grace_until: int

    def edges(self) -> str:
        """The prices for people."""
        found = [
            f"{sign} {price(edge)}"
            for sign, edge in (("≤", self.below), ("≥", self.above))
            if edge is not None
        ]
        return " ".join(found) or "–"


def find_perp(domain: Domain, text: str) -> Perp:
    """A perpetual market by its name, or its underlying's. Raises UsageError."""
    try:
        return domain.perp(text)
    except KeelError as error:
        raise UsageError(f"{error}{close_to(text, domain.perps)}") from None


def read_rows(domain: Domain, perps: Sequence[Perp]) -> list[Row]:
    """Markets now."""
    calls = [
        call
        for perp in perps
        for call in (
            perp.market.state.prepare(),
            perp.market.totals.prepare(),
            perp.market.parameters.prepare(),
            perp.amm.depth.prepare(),
            domain.parameters.shocks.prepare(perp.underlying),
        )
    ]
    answers = domain.chain.read_all(calls)
    rows = []
    for number, perp in enumerate(perps):
        state, totals, parameters, depth, shocks = answers[5 * number : 5 * number + 5]
        initial = max(shocks.initialDownPpm, shocks.initialUpPpm) * PPM_TO_WAD
        maintenance = max(shocks.maintenanceDownPpm, shocks.maintenanceUpPpm) * PPM_TO_WAD
        unwinding = parameters.unwindingWad
        rows.append(Row(perp, state, totals, parameters, depth, initial + unwinding, maintenance + unwinding))
    return rows


def read_row(session: Session, text: str) -> Row:
    """One market by what was typed."""
    return read_rows(session.domain, [find_perp(session.domain, text)])[0]


def position_of(perp: Perp, answer: Any) -> PerpPosition:
    """The position from the market's answer."""
    return PerpPosition(
        perp, answer.sizeWad, answer.cost, answer.entryWad, answer.pnl, answer.waiting, answer.allotted
    )


def perp_lens(domain: Domain) -> Contract:
    """The contract that shows positions and depth. Raises KeelError where the deployment has none."""
    if domain.perp_lens is None:
        raise KeelError(
            "this deployment has no lens of perpetual markets; deploy the missing contract with `make deploy`"
        )
    return domain.perp_lens


def read_outlooks(domain: Domain, account: bytes) -> list[Outlook]:
    """What an account has in all markets where it has anything, and what comes of it."""
    perps = list(domain.perps.values())
    if not perps:
        return []
    lens = perp_lens(domain)
    answers = domain.chain.read_all([lens.overview.prepare(perp.market, account) for perp in perps])
    found = [outlook_of(perp, answer) for perp, answer in zip(perps, answers, strict=True)]
    return [outlook for outlook in found if not outlook.position.is_empty]


def outlook_of(perp: Perp, answer: Any) -> Outlook:
    """The outlook from the lens's answer."""
    return Outlook(
        position_of(perp, answer.position),
        answer.fundingOwed,
        answer.belowWad or None,
        answer.aboveWad or None,
        answer.graceUntil,
    )


def read_positions(domain: Domain, account: bytes) -> list[PerpPosition]:
    """What an account has in all markets where it has anything."""
    perps = list(domain.perps.values())
    answers = domain.chain.read_all([perp.market.position.prepare(account) for perp in perps])
    found = [position_of(perp, answer) for perp, answer in zip(perps, answers, strict=True)]
    return [position for position in found if not position.is_empty]


def read_depth(session: Session, row: Row) -> dict[str, list[Any]]:
    """What the AMM would do now, in equal steps up to its limits: levels of the lens, for who buys and who sells."""
    if not row.is_fresh:
        return {"buys": [], "sells": []}
    asks, bids = perp_lens(session.domain).depth(row.perp.amm, STEPS)
    return {"buys": list(asks), "sells": list(bids)}


# --- what people type and read ---


def parse_size(text: str, market: Perp | OptionMarket, underlying: str, field: str) -> int:
    """A size above zero such as "2", "2 ETH" or "0.5eth" as a WAD. Raises UsageError."""
    number = re.sub(rf"\s*{re.escape(underlying)}$", "", text.strip(), flags=re.IGNORECASE)
    return _positive(number, text, field, f"a size such as 1.5 or 1.5{underlying}")


def parse_price(text: str, field: str) -> int:
    """A price above zero such as "2000", "$2,000" or "2000 USD" as a WAD. Raises UsageError."""
    number = re.sub(r"\s*USD$", "", text.strip().removeprefix("$"))
    return _positive(number, text, field, "a price such as 1850.5")


def _positive(number: str, text: str, field: str, right: str) -> int:
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    try:
        value = parse_decimal(number, 18, field)
    except UnitError:
        raise UsageError(
            f'{field}: "{shown}" is not a number of at most 18 decimals; write {right}'
        ) from None
    if value <= 0:
        raise UsageError(
            f'{field}: "{shown}" is {"negative" if value < 0 else "not above zero"}; write {right}'
        )
    if value >= MOST:
        raise UsageError(f'{field}: "{shown}" is more than any market has; write {right}')
    return value


def size_text(size: int, underlying: str = "") -> str:
    """A signed size for people."""
    return format_amount(size, underlying, 18, SIZE_PLACES).strip()


def quote_to_usd(quote: int) -> int:
    """A quote as dollars with 18 decimals, taking a settlement token as one."""
    return quote // WAD if quote >= 0 else -(-quote // WAD)


def leverage_text(notional: int, equity: int) -> int | None:
    """Notional over equity as a WAD, None without equity."""
    return notional * WAD // equity if 0 < equity < UNBOUNDED else None
