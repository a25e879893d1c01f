"""Portfolio margin in exact integers: what contracts/risk/PortfolioTally.sol must answer, to the wei.

Values are dollars with 18 decimals (WAD), shares WADs. Signs and roundings as in `scripts.model.risk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from scripts.model.scenarios import GRID_POINTS, LOWER_END, UPPER_BEGIN, WAD, Grid, Named, Scenario

MAX_VALUE = 2**180
# Spot at the whole shock, volatility unchanged.
LOWER_SPOT, UPPER_SPOT = 2, GRID_POINTS - 3


@dataclass(frozen=True)
class Terms:
    """How a portfolio is margined: `rho` is the share for the worst common direction {WAD}."""

    rho: int = 0
    named: Named | None = None


@dataclass
class NettingSet:
    """What moves with one underlying: points, what instruments change by at each, exposure of tokens.

    Where nothing in it is curved, its end points decide: at the others it loses no more but for roundings.
    """

    points: list[Scenario]
    changes: list[int]
    linear: int = 0
    is_curved: bool = False

    def totals(self) -> list[int]:
        """Change of everything at each point."""
        return [c + moved(self.linear, point) for c, point in zip(self.changes, self.points, strict=True)]

    def required(self) -> tuple[int, int]:
        """Worst loss in each half at the points that decide."""
        if self.is_curved or len(self.points) != GRID_POINTS:
            return self.losses()
        totals = self.totals()
        return max(0, -totals[LOWER_SPOT]), max(0, -totals[UPPER_SPOT])

    def losses(self) -> tuple[int, int]:
        """Worst loss in the lower half, and in the upper one."""
        losses = [-total for total in self.totals()]
        whole = len(losses) == GRID_POINTS
        lower = losses[: LOWER_END + 1] if whole else losses[:1]
        upper = losses[UPPER_BEGIN:] if whole else losses[1:]
        return max(0, *lower), max(0, *upper)


@dataclass
class Portfolio:
    """The netting sets of an account, and what never nets."""

    terms: Terms
    maintenance: bool
    sets: dict[int, NettingSet] = field(default_factory=dict)
    apart: int = 0
    surplus: int = 0

    def points(self, underlying: int, grid: Grid) -> list[Scenario]:
        """Points at which an underlying's netting set is valued."""
        named = self.terms.named
        return grid.points() if named is None else named.points(underlying, grid)

    def netting(self, underlying: int, grid: Grid) -> NettingSet:
        """The set of an underlying."""
        if underlying not in self.sets:
            points = self.points(underlying, grid)
            self.sets[underlying] = NettingSet(points, [0] * len(points))
        return self.sets[underlying]

    def add_holding(self, underlying: int, grid: Grid, base: int, required: int, shock: int) -> None:
        """A token or a debt: signed base, its requirement by itself, its underlying's shock {WAD}."""
        self.netting(underlying, grid).linear += base
        self.apart += max(0, required + (-abs(base) * shock // WAD))

    def add_instrument(
        self, changes: Sequence[tuple[int, Grid, Sequence[int], bool]], add_on: int, credit: int, haircut: int
    ) -> None:
        """A holding: per underlying its id, grid, changes and whether it is curved; credit is what its settled loss left of
        it.

        For new risk credit covers the holding's own loss and add-on, for liquidation it is equity.
        """
        kept = WAD - min(haircut, WAD)
        if self.maintenance:
            self.surplus += min(credit, MAX_VALUE)
            credit = 0
        for underlying, grid, values, is_curved in changes:
            netting = self.netting(underlying, grid)
            netting.is_curved |= is_curved
            sums = netting.changes
            used = min(credit, max(0, -min(values)))
            for number, change in enumerate(values):
                sums[number] += min(0, change + used) if change < 0 else change * kept // WAD
            credit -= used
        self.apart += max(0, add_on - credit)

    def requirement(self) -> int:
        """`rho` of the worst common direction, the rest of the sum of worst losses, and what never nets."""
        losses = [netting.required() for netting in self.sets.values()]
        common = max(sum(lower for lower, _ in losses), sum(upper for _, upper in losses))
        worst = sum(max(pair) for pair in losses)
        return self.apart - (-(self.terms.rho * common + (WAD - self.terms.rho) * worst) // WAD)


def limited(value: int) -> int:
    """As it enters sums."""
    return max(-MAX_VALUE, min(MAX_VALUE, value))


def moved(exposure: int, point: Scenario) -> int:
    """Weighted change of what is linear, down."""
    share = point.spot_shock
    if point.weight != WAD:
        share = abs(share) * point.weight // WAD * (1 if share >= 0 else -1)
    return exposure * share // WAD


def linear_changes(
    exposure: int, points: Sequence[Scenario], price: int, requirement_price: int
) -> list[int]:
    """Changes of a linear holding, at the price at which requirements are counted."""
    exposure = limited(exposure)
    if requirement_price != price:
        exposure = limited(exposure * requirement_price // price)
    return [moved(exposure, point) for point in points]
