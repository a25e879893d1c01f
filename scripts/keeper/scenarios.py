"""The worst scenario of an account that is margined as a portfolio, found off chain and named on it.

A takeover that names points of the scenario grid has instruments asked for those alone. What they require is at most
what the whole grid does, so they prove an account unhealthy or do nothing.

Of the two halves of an underlying both count where the account as a whole loses most in one direction and this underlying
in the other. Else the half of the smaller loss counts for nothing, and what is named there is a point at its far end: there
an instrument that gains in the other half loses most, and that loss is what its waiting claims cover in the whole grid
too. So points named that way require what the whole grid does, and leave no more credit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scripts.model.scenarios import GRID_POINTS, LOWER_END, UPPER_BEGIN, Named

# contracts/risk/NamedScenario.sol
MOST_UNDERLYINGS = 25
LOWER, UPPER = range(LOWER_END + 1), range(UPPER_BEGIN, GRID_POINTS)
# The price at the whole shock, with volatility at each of its points: nothing linear loses more at a tail.
FAR_LOWER, FAR_UPPER = LOWER[1:4], UPPER[-4:-1]


# Points of the price without shock; those at so many thirds of it are as many threes of points away.
CENTRE, SIDES = range(UPPER_BEGIN, LOWER_END + 1), 3


def worst_points(netted: Sequence[Any], thirds: int | None = None) -> dict[int, tuple[int, int]]:
    """By underlying a point of the lower and one of the upper half, of what RiskEngine.scenarios answers; with `thirds`
    none beyond so many thirds of the shock, where the point counts."""
    below, above = LOWER, UPPER
    if thirds is not None:
        below = range(CENTRE.start - SIDES * thirds, CENTRE.stop)
        above = range(CENTRE.start, CENTRE.stop + SIDES * thirds)
    falls = sum(one.lowerLossWad for one in netted) >= sum(one.upperLossWad for one in netted)
    found = {}
    for one in netted:
        changes, lower, upper = one.changesWad, below, above
        if falls and one.upperLossWad <= one.lowerLossWad:
            upper = FAR_UPPER
        elif not falls and one.lowerLossWad <= one.upperLossWad:
            lower = FAR_LOWER
        found[one.underlying] = _worst(changes, lower), _worst(changes, upper)
    return found


def worst(netted: Sequence[Any], thirds: int | None = None) -> int:
    """The word that names them; zero, for the whole grid, where there is nothing to name or no room to name it."""
    points = worst_points(netted, thirds)
    if not points or max(points) >= MOST_UNDERLYINGS:
        return 0
    return Named(points).word()


def _worst(changes: Sequence[int], points: Iterable[int]) -> int:
    return min(points, key=changes.__getitem__)
