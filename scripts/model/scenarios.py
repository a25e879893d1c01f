"""The points at which holdings are valued: see contracts/risk/ScenarioGrid.sol and interfaces/IInstrument.sol.

Moves are shares of a price (or of a volatility) with 18 decimals (WAD).
"""

from __future__ import annotations

from dataclasses import dataclass

WAD = 10**18
LINEAR_POINTS = 2
GRID_POINTS = 23
LOWER_END, UPPER_BEGIN = 12, 10
"""Last point of the lower half, first of the upper one."""


@dataclass(frozen=True)
class Scenario:
    """A move of an underlying's price and volatility; `weight` is the share of a change that counts."""

    spot_shock: int
    volatility_shock: int = 0
    weight: int = WAD

    def word(self) -> int:
        """As instruments take it."""
        return self.spot_shock % 2**96 << 160 | self.volatility_shock % 2**96 << 64 | self.weight


def linear_points(down: int, up: int) -> list[Scenario]:
    """The two end points, for what is linear."""
    return [Scenario(-down), Scenario(up)]


@dataclass(frozen=True)
class Grid:
    """Shocks of an underlying; multiple and damping of the tails in thousandths."""

    down: int
    up: int
    volatility: int = 0
    multiple: int = 0
    damping: int = 0

    def ends(self) -> list[Scenario]:
        """For what is linear."""
        return linear_points(self.down, self.up)

    def points(self) -> list[Scenario]:
        """The whole grid, for what is curved and for a portfolio: tail, seven by three points, tail."""
        weight = self.damping * 10**15
        low = Scenario(-min(self.down * self.multiple // 1_000, WAD), self.volatility, weight)
        high = Scenario(self.up * self.multiple // 1_000, self.volatility, weight)
        steps = [-(step * self.down // 3) for step in (3, 2, 1)] + [step * self.up // 3 for step in range(4)]
        sides = (-self.volatility, 0, self.volatility)
        return [low, *(Scenario(spot, side) for spot in steps for side in sides), high]


@dataclass(frozen=True)
class Named:
    """A point of the lower half and one of the upper half, per underlying, instead of the whole grid."""

    pairs: dict[int, tuple[int, int]]

    def word(self) -> int:
        """As the engine takes it; see contracts/risk/NamedScenario.sol."""
        word = 1 << 255
        for underlying, (lower, upper) in self.pairs.items():
            word |= (lower | upper << 5) << 10 * underlying
        return word

    def points(self, underlying: int, grid: Grid) -> list[Scenario]:
        """Both points of an underlying; KeyError where none is named."""
        every = grid.points()
        return [every[number] for number in self.pairs[underlying]]
