"""The test instruments said in Python: what one account has in them, for the risk model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from scripts.common import abi as codec
from scripts.common.contract import Contract
from scripts.model.risk import PPM, WAD, Scenario, Status, div_up

OFFER, ACCEPT = range(2)


@dataclass
class LinearPosition:
    """Signed sizes (WAD units of the underlyings) and what was paid for them (dollars, WAD)."""

    ids: list[int]
    sizes: list[int]
    cost: int = 0
    add_on_ppm: int = 0
    status: Status = field(default=Status.FRESH)

    def underlyings(self) -> list[int]:
        return self.ids

    def values(self, scenarios: Sequence[Scenario], prices: Sequence[int]) -> tuple[int, int, list[int]]:
        worth = sum(size * price // WAD for size, price in zip(self.sizes, prices, strict=True))
        pnl = worth - self.cost
        changes = [
            self.sizes[self.ids.index(point.underlying)] * point.price * point.spot_shock // WAD**2
            for point in scenarios
        ]
        return min(pnl, 0), max(pnl, 0), changes

    def exposures(self, prices: Sequence[int]) -> list[int]:
        return [size * price // WAD for size, price in zip(self.sizes, prices, strict=True)]

    def add_on(self, prices: Sequence[int]) -> int:
        return sum(
            div_up(abs(size) * price * self.add_on_ppm, WAD * PPM)
            for size, price in zip(self.sizes, prices, strict=True)
        )

    def price_status(self) -> Status:
        return self.status


def offer(sizes: Sequence[int], cost: int) -> bytes:
    """Data with which a maker offers to take on these sizes for this cost."""
    pair = [*sizes, 0][:2]
    return codec.encode([{"type": "uint8"}, {"type": "int256[2]"}, {"type": "int256"}], (OFFER, pair, cost))


def accept(maker: bytes) -> bytes:
    """Data with which a taker takes the other side of a maker's offer."""
    return codec.encode([{"type": "uint8"}, {"type": "bytes32"}], (ACCEPT, maker))


def trade(
    host: Contract, instrument: Contract, maker: bytes, taker: bytes, sizes: Sequence[int], cost: int
) -> None:
    """A trade through the stand-in for the vault."""
    host.execute(instrument.address, maker, offer(sizes, cost))
    host.execute(instrument.address, taker, accept(maker))


@dataclass
class Scripted:
    """What MockScenarioInstrument was told to say."""

    ids: list[int]
    value: int = 0
    credit: int = 0
    sensitivities: list[int] = field(default_factory=list)
    exposure: list[int] = field(default_factory=list)
    requirement: int = 0
    status: Status = field(default=Status.FRESH)

    def answers(self) -> tuple[int, int, list[int], list[int], int, int]:
        """As the contract takes them."""
        return (
            self.value,
            self.credit,
            self.sensitivities,
            self.exposure,
            self.requirement,
            int(self.status),
        )

    def underlyings(self) -> list[int]:
        return self.ids

    def values(self, scenarios: Sequence[Scenario], prices: Sequence[int]) -> tuple[int, int, list[int]]:
        changes = []
        for point in scenarios:
            move = _towards_zero(point.price * point.spot_shock, WAD)
            changes.append(_towards_zero(self.sensitivities[self.ids.index(point.underlying)] * move, WAD))
        return self.value, self.credit, changes

    def exposures(self, prices: Sequence[int]) -> list[int]:
        return self.exposure

    def add_on(self, prices: Sequence[int]) -> int:
        return self.requirement

    def price_status(self) -> Status:
        return self.status


def _towards_zero(numerator: int, denominator: int) -> int:
    quotient = abs(numerator) // denominator
    return quotient if numerator >= 0 else -quotient
