"""Shocks that follow volatility, estimated from prices: shock = clamp(multiple * volatility * sqrt(horizon), floor, cap).

    estimate = estimate_shock(windows, Aim("maintenance", horizon=3_600, probability=0.001), settings)

`multiple`, `floor` and `cap` come from the first part of the prices alone; breaches and what lies beyond a shock are told
of both parts. A breach is a price beyond the shock at any time within the horizon, in one direction: whoever holds a
position fears one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scripts.common.units import format_duration
from scripts.risk.prices import Floats, Ints
from scripts.risk.windows import Bootstrap, Interval, Windows, effective_size, rate_interval

SIDES = ("down", "up")
DAY = 86_400
# Contract's limits on a rule (DynamicShocks).
MOST_SHOCK = {"maintenance": 0.5, "initial": 1.0}
LEAST_MULTIPLE, MOST_MULTIPLE = 0.1, 20.0
# A floor comes from the fifth of the windows in which volatility was least.
QUIET = 0.2
# Below it a quantile rests on a handful of moves.
ENOUGH = 10.0


@dataclass(frozen=True)
class Aim:
    """What a shock is for: it is breached over `horizon` seconds with `probability`, in each direction."""

    name: str
    horizon: int
    probability: float


@dataclass(frozen=True)
class Settings:
    """How estimates are made: shares of time and of windows, seconds, numbers of draws."""

    in_sample: float = 0.6
    cap_quantile: float = 0.99
    block: int = 7 * DAY
    draws: int = 1_000
    seed: int = 1


@dataclass(frozen=True)
class Breaches:
    """Of one shock over one part of the windows, in one direction.

    `shortfall` is by how much, on average, a breach's move exceeds the shock (not a number without breaches),
    `worst` the most. `effective` is the number of independent windows that the rate is worth, `episodes` that of breaches
    more than a horizon apart.
    """

    part: str
    side: str
    windows: int
    disjoint: float
    effective: float
    count: int
    episodes: int
    rate: Interval
    shortfall: Interval
    worst: float


@dataclass(frozen=True)
class Shock:
    """An estimated formula; `multiple`, `floor` and `cap` as shares, with intervals."""

    aim: Aim
    multiple: Interval
    by_side: dict[str, Interval]
    floor: Interval
    cap: Interval
    binds: dict[str, float]
    breaches: Sequence[Breaches]
    warnings: Sequence[str]

    def at(self, deviations: Floats) -> Floats:
        """The shock at each of these deviations."""
        return np.clip(self.multiple.value * deviations, self.floor.value, self.cap.value)


def estimate_shock(windows: Windows, aim: Aim, settings: Settings, interval: int) -> Shock:
    """The formula that the first part of the windows asks for, and how it did in both.

    `interval` is that of the prices, in seconds.
    """
    first, rest = windows.split(settings.in_sample)
    bootstrap = Bootstrap(len(first), settings.block // interval, settings.draws, settings.seed)
    level = 1 - aim.probability

    def multiple_of(side: str, places: Ints) -> float:
        return _quantile(first.moves(side)[places] / first.deviations[places], level)

    by_side = {
        side: bootstrap.interval(lambda places, side=side: multiple_of(side, places), len(first))  # type: ignore[misc]
        for side in SIDES
    }
    multiple = bootstrap.interval(
        lambda places: _bounded(max(multiple_of(side, places) for side in SIDES)), len(first)
    )
    most = MOST_SHOCK[aim.name]

    def floor_of(places: Ints) -> float:
        deviations = first.deviations[places]
        quiet = places[deviations <= np.quantile(deviations, QUIET)]
        return min(max(_quantile(first.moves(side)[quiet], level) for side in SIDES), most)

    def cap_of(places: Ints) -> float:
        high = float(np.quantile(first.deviations[places], settings.cap_quantile))
        return min(multiple.value * high, most)

    floor = bootstrap.interval(floor_of, len(first))
    cap = bootstrap.interval(cap_of, len(first))
    shock = Shock(aim, multiple, by_side, floor, cap, {}, (), ())
    raw = multiple.value * windows.deviations
    binds = {"floor": float(np.mean(raw < floor.value)), "cap": float(np.mean(raw > cap.value))}
    parts = (("in sample", first), ("out of sample", rest))
    breaches = [
        breaches_of(shock.at(part.deviations), part, side, name, settings, interval)
        for name, part in parts
        for side in SIDES
    ]
    return Shock(aim, multiple, by_side, floor, cap, binds, breaches, _warnings(aim, first, rest, breaches))


def breaches_of(
    shocks: Floats, windows: Windows, side: str, part: str, settings: Settings, interval: int
) -> Breaches:
    """How often moves went beyond shocks (one for each window), and how far."""
    moves = windows.moves(side)
    beyond = moves - shocks
    hits = (beyond > 0).astype(float)
    bootstrap = Bootstrap(len(windows), settings.block // interval, settings.draws, settings.seed)

    def shortfall(places: Ints) -> float:
        some = beyond[places]
        return float(some[some > 0].mean()) if (some > 0).any() else float("nan")

    effective = effective_size(hits, bootstrap, windows.disjoint)
    places = windows.starts[hits > 0]
    episodes = int(np.sum(np.diff(places) > windows.steps)) + 1 if len(places) else 0
    return Breaches(
        part,
        side,
        len(windows),
        windows.disjoint,
        effective,
        int(hits.sum()),
        episodes,
        rate_interval(hits, bootstrap, effective),
        bootstrap.interval(shortfall, len(windows)),
        max(float(beyond.max()), 0.0),
    )


def _quantile(values: Floats, level: float) -> float:
    """The least of the values that no more than a share of 1 - `level` exceeds."""
    return float(np.quantile(values, level, method="higher"))


def _bounded(multiple: float) -> float:
    return min(max(multiple, LEAST_MULTIPLE), MOST_MULTIPLE)


def _warnings(aim: Aim, first: Windows, rest: Windows, breaches: Sequence[Breaches]) -> list[str]:
    told = []
    expected = first.disjoint * aim.probability
    if expected < ENOUGH:
        told.append(
            f"{first.disjoint:,.0f} windows of {format_duration(aim.horizon)} that do not overlap hold"
            f" {expected:.1f} breaches at {aim.probability:.3%}: multiple and floor rest on a handful of moves"
        )
    outside = [one for one in breaches if one.part == "out of sample"]
    for one in outside:
        if one.rate.low > aim.probability:
            told.append(
                f"out of sample {one.rate.value:.3%} of windows went {one.side} beyond the shock,"
                f" {one.rate.low:.3%} at least with 95% confidence, and {aim.probability:.3%} are aimed at"
            )
    ratio = float(np.median(rest.deviations) / np.median(first.deviations))
    if not 0.5 < ratio < 2:
        told.append(f"volatility out of sample is {ratio:.1f} times that in sample: another regime")
    return told
