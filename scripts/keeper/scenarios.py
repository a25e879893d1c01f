"""The worst scenario of an account that is margined as a portfolio, found off chain and named on it.

A takeover that names points of the scenario grid has instruments asked for those alone. What they require is at most
what the whole grid does, so they prove an account unhealthy or do nothing. Naming the worst point of each half for every
underlying, they require all of it, except where an instrument's own worst point is another one and its claims cover more
there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scripts.model.scenarios import GRID_POINTS, LOWER_END, UPPER_BEGIN, Named

# contracts/risk/NamedScenario.sol
MOST_UNDERLYINGS = 25


def worst_points(changes: Sequence[int]) -> tuple[int, int]:
    """The points of the lower and of the upper half of a grid at which its changes are worst, the first of equals."""
    lower = min(range(LOWER_END + 1), key=changes.__getitem__)
    return lower, min(range(UPPER_BEGIN, GRID_POINTS), key=changes.__getitem__)


def worst(netted: Sequence[Any]) -> int:
    """The word that names them, of what RiskEngine.scenarios answers; zero, for the whole grid, where there is nothing to
    name or no room to name it."""
    points = {one.underlying: worst_points(one.changesWad) for one in netted}
    if not points or max(points) >= MOST_UNDERLYINGS:
        return 0
    return Named(points).word()
