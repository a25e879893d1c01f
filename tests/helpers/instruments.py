"""The test instruments said in Python: what one account has in them, for the risk model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from scripts.common import abi as codec
from scripts.common.contract import Contract
from scripts.model.risk import PPM, Report, Status, div_up
from scripts.model.scenarios import LINEAR_POINTS, WAD, Scenario

OFFER, ACCEPT = range(2)


@dataclass
class LinearPosition:
    """Signed sizes (WAD units of the underlyings) and what was paid for them (dollars, WAD)."""

    ids: list[int]
    sizes: list[int]
    cost: int = 0
    add_on_ppm: int = 0
    status: Status = field(default=Status.FRESH)

    def underlyings(self) -> tuple[list[int], int]:
        return self.ids, 0

    def report(
        self, scenarios: Sequence[Scenario], prices: Sequence[int], requirement_prices: Sequence[int]
    ) -> Report:
        pnl = self._worth(prices) - self.cost
        losses = 0
        for number, (size, price) in enumerate(zip(self.sizes, requirement_prices, strict=True)):
            down, up = scenarios[2 * number : 2 * number + 2]
            shock = -down.spot_shock if size > 0 else up.spot_shock
            losses += div_up(abs(size) * price * shock, WAD**2)
        return Report(
            status=self.status,
            value=min(pnl, 0),
            credit=max(pnl, 0),
            standalone=losses,
            add_on=self._add_on(requirement_prices),
            exposures=[size * price // WAD for size, price in zip(self.sizes, prices, strict=True)],
        )

    def _worth(self, prices: Sequence[int]) -> int:
        return sum(size * price // WAD for size, price in zip(self.sizes, prices, strict=True))

    def _add_on(self, prices: Sequence[int]) -> int:
        return sum(
            div_up(abs(size) * price * self.add_on_ppm, WAD * PPM)
            for size, price in zip(self.sizes, prices, strict=True)
        )


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


@dataclass(frozen=True)
class Curve:
    """A position that changes, per underlying, by slope times price times shock, by curvature times the square of the
    shock, and by vega times the shock of volatility (units, dollars, dollars; all WADs)."""

    slopes: list[int]
    curvatures: list[int]
    vegas: list[int]

    def change(self, number: int, price: int, point: Scenario) -> int:
        """Weighted change under a scenario of the underlying at `number`."""
        shock = point.spot_shock
        change = self.slopes[number] * price // WAD * shock // WAD
        change += self.curvatures[number] * (shock * shock // WAD) // WAD
        change += self.vegas[number] * point.volatility_shock // WAD
        return change * point.weight // WAD


def slopes(*units: int) -> Curve:
    """A position that is linear."""
    return Curve(list(units), [0] * len(units), [0] * len(units))


@dataclass
class Scripted:
    """What MockScenarioInstrument was told to say."""

    ids: list[int]
    value: int = 0
    credit: int = 0
    positions: list[Curve] = field(default_factory=list)
    exposure: list[int] = field(default_factory=list)
    add_on: int = 0
    status: Status = field(default=Status.FRESH)
    curved: int = 0  # bitmap, by position
    haircut: int = 0

    def answers(self) -> tuple[object, ...]:
        """As the contract takes them."""
        positions = [(one.slopes, one.curvatures, one.vegas) for one in self.positions]
        return self.value, self.credit, positions, self.exposure, self.add_on, int(self.status), self.haircut

    def underlyings(self) -> tuple[list[int], int]:
        return self.ids, self.curved

    def report(
        self, scenarios: Sequence[Scenario], prices: Sequence[int], requirement_prices: Sequence[int]
    ) -> Report:
        grids = self.curved.bit_count()
        points = (len(scenarios) - LINEAR_POINTS * (len(self.ids) - grids)) // grids if grids else 0
        losses, changes = 0, [0] * len(scenarios)
        for position in self.positions:
            begin = 0
            for number, price in enumerate(requirement_prices):
                end = begin + (points if self.curved >> number & 1 else LINEAR_POINTS)
                values = [position.change(number, price, point) for point in scenarios[begin:end]]
                for at, change in enumerate(values, begin):
                    changes[at] += change
                losses += max(0, *(-value for value in values))
                begin = end
        return Report(
            self.status,
            self.value,
            self.credit,
            losses,
            self.add_on,
            self.exposure,
            self.haircut,
            changes if self.curved else [],
        )
