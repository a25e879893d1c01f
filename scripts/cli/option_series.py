"""Series and combinations as people write them, `ETH-28NOV26-2000-C`, and as the markets know them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from math import gcd
from typing import Any

from scripts.cli.failures import UsageError
from scripts.cli.session import Session
from scripts.cli.values import close_to
from scripts.client.domain import Domain, OptionMarket
from scripts.client.option_orders import MAX_LEGS, MAX_RATIO
from scripts.common.errors import KeelError
from scripts.common.units import WAD, UnitError, parse_decimal, to_decimal

SUFFIX = "-OPTION"
EXAMPLE = "ETH-28NOV26-2000-C"
EXPIRY_HOUR = 8
SERIES = re.compile(r"([A-Za-z][\w.]*)-(\d{1,2}[A-Za-z]{3}\d{2})-(\d[\d.]*)-([CcPp])")
LEG = re.compile(r"(?:(buy|sell)\s+)?(?:(\d{1,3})\s*[x×*]?\s+)?(\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class Terms:
    """What a series is: expiry in seconds, strike a WAD."""

    market: OptionMarket
    expiry: int
    strike: int
    call: bool

    @property
    def name(self) -> str:
        """Such as ETH-28NOV26-2000-C."""
        day = datetime.fromtimestamp(self.expiry, UTC).strftime("%d%b%y").upper().lstrip("0")
        strike = f"{to_decimal(self.strike).normalize():f}"
        return f"{self.market.name.removesuffix(SUFFIX)}-{day}-{strike}-{'C' if self.call else 'P'}"


@dataclass(frozen=True)
class Combination:
    """Legs on one market, by ascending series: (series, ratio), bought or, negative, sold; `terms` in the same order."""

    market: OptionMarket
    legs: tuple[tuple[int, int], ...]
    terms: tuple[Terms, ...]

    @property
    def name(self) -> str:
        """The series' name, or all legs."""
        if len(self.legs) == 1 and self.legs[0][1] == 1:
            return self.terms[0].name
        return ", ".join(
            f"{'+' if ratio > 0 else '-'}{abs(ratio)} {terms.name}"
            for (_, ratio), terms in zip(self.legs, self.terms, strict=True)
        )


def find_option(domain: Domain, text: str) -> OptionMarket:
    """An option market by its name, or its underlying's. Raises UsageError."""
    try:
        return domain.option(text)
    except KeelError as error:
        raise UsageError(f"{error}{close_to(text, domain.options)}") from None


def parse_series(domain: Domain, text: str) -> Terms:
    """A series from its name, whether or not there is one. Raises UsageError."""
    match = SERIES.fullmatch(text.strip())
    if not match:
        raise UsageError(f'"{text}" is no series; write one such as {EXAMPLE}')
    market = find_option(domain, match[1])
    try:
        day = datetime.strptime(match[2].title(), "%d%b%y").replace(hour=EXPIRY_HOUR, tzinfo=UTC)
        strike = parse_decimal(match[3], 18, "strike")
    except (ValueError, UnitError):
        raise UsageError(f'"{text}" has no such day or strike; write one such as {EXAMPLE}') from None
    return Terms(market, int(day.timestamp()), strike, match[4].upper() == "C")


def combination(session: Session, series: str | None, legs: Sequence[str]) -> Combination:
    """The combination of one series, or of legs such as "sell 2 ETH-28NOV26-2200-C". Raises UsageError, KeelError."""
    if (series is None) == (not legs):
        raise UsageError(f"name one series, such as {EXAMPLE}, or several legs with --leg")
    found = [_leg(session.domain, text) for text in ([series] if series is not None else legs)]
    if len(found) > MAX_LEGS:
        raise UsageError(f"--leg: {len(found)} legs are more than {MAX_LEGS}")
    market = found[0][1].market
    if any(terms.market != market for _, terms in found):
        raise UsageError("--leg: all legs are of one market; trade two combinations")
    numbers = session.chain.read_all(
        [market.market.idOf.prepare(terms.expiry, terms.strike, terms.call) for _, terms in found]
    )
    by_number: dict[int, tuple[int, Terms]] = {}
    for number, (ratio, terms) in zip(numbers, found, strict=True):
        if not number:
            raise KeelError(
                f"there is no series {terms.name}; see `keel option chain`, or create it with"
                f" `keel option series create {terms.name}`"
            )
        if number in by_number:
            raise UsageError(f"--leg: {terms.name} stands twice; write one leg with its ratio")
        by_number[number] = ratio, terms
    if reduce(gcd, (ratio for ratio, _ in by_number.values())) != 1:
        raise UsageError("--leg: all ratios have a common factor; write smaller ones, and more units")
    ordered = sorted(by_number.items())
    return Combination(
        market,
        tuple((number, ratio) for number, (ratio, _) in ordered),
        tuple(terms for _, (_, terms) in ordered),
    )


def _leg(domain: Domain, text: str) -> tuple[int, Terms]:
    match = LEG.fullmatch(text.strip())
    if not match:
        raise UsageError(f'"{text}" is no leg; write one such as "sell 2 {EXAMPLE}"')
    side, ratio, name = match.groups()
    count = int(ratio or 1)
    if not 1 <= count <= MAX_RATIO:
        raise UsageError(f'--leg: "{text}": a ratio is from 1 to {MAX_RATIO}')
    return (-count if (side or "").lower() == "sell" else count), parse_series(domain, name)


def terms_of(session: Session, market: OptionMarket, series: Sequence[int]) -> list[Terms]:
    """What series are, by their numbers."""
    answers = session.chain.read_all([market.market.seriesOf.prepare(number) for number in series])
    return [Terms(market, one.expiry, one.strikeWad, one.call) for one in answers]


def unit_value(session: Session, combo: Combination) -> tuple[int, int]:
    """What a unit is worth now, signed, and the index's notional of its legs (WADs)."""
    values, band = session.chain.read_all(
        [
            combo.market.market.valuesOf.prepare([number for number, _ in combo.legs]),
            session.domain.risk.band.prepare(combo.market.underlying),
        ]
    )
    worth = sum(ratio * value for (_, ratio), value in zip(combo.legs, values, strict=True))
    return worth, band.priceWad * sum(abs(ratio) for _, ratio in combo.legs)


def fee_of(session: Session, combo: Combination, units: int, taker: bool) -> int:
    """The market's fee on a trade of so many units {USD as a WAD}."""
    numbers = [number for number, _ in combo.legs]
    parameters, values, band = session.chain.read_all(
        [
            combo.market.market.parameters.prepare(),
            combo.market.market.valuesOf.prepare(numbers),
            session.domain.risk.band.prepare(combo.market.underlying),
        ]
    )
    share = parameters.takerFeeWad if taker else parameters.makerFeeWad
    gross = sum(abs(ratio) * value for (_, ratio), value in zip(combo.legs, values, strict=True))
    notional = band.priceWad * sum(abs(ratio) for _, ratio in combo.legs)
    fee: int = min(notional * share // WAD, gross * parameters.feeCapWad // WAD) * abs(units) // WAD
    return fee


def chain_rows(session: Session, market: OptionMarket) -> list[Any]:
    """IOptionLens.Row of every series that is alive, by expiry, strike, calls first."""
    numbers = list(market.market.aliveSeries())
    rows = session.domain.option_lens.chain(market.market, numbers)
    return sorted(rows, key=lambda row: (row.expiry, row.strikeWad, not row.call))
