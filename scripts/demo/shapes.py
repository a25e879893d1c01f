"""Paths of the price of ether that can be played by name, the same in every run.

Each is a handful of turning points after a day that happened (or, for `crash-45` and `calm`, that did not)
with noise between them, which is zero at every turning point.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import exp, log, sqrt

from scripts.common.errors import KeelError
from scripts.demo.prices import CENT, Point, PricePath, path_of

START = 1_600_000_000
DEFAULT = "may-2021"


@dataclass(frozen=True)
class Shape:
    """Turning points as (hour, dollars); `noise` is the standard deviation of an hour's move."""

    title: str
    turns: tuple[tuple[float, float], ...]
    noise: float
    step_minutes: int


SHAPES: Mapping[str, Shape] = {
    # Turning points rounded from hourly prices of 19 and 20 May 2021, UTC.
    "may-2021": Shape(
        "ether falls 44% in thirteen hours, half of it in the last two, and comes back some of the way",
        (
            *((0, 3_380), (1.5, 3_150), (3, 3_100), (4.2, 2_900), (6, 2_960), (7.5, 2_860), (9, 2_990)),
            *((10.3, 2_850), (11.2, 2_700), (11.7, 2_430), (12, 2_600), (12.5, 2_080), (12.8, 2_260)),
            *((13.1, 1_900), (13.5, 2_330), (14, 2_490), (15, 2_740), (16.5, 2_980), (18.5, 2_590)),
            *((20.3, 2_850), (21.3, 2_450), (22.3, 2_660), (24.2, 2_190), (26, 2_470), (29, 2_650)),
            *((32, 2_700), (36, 2_880), (39, 2_960), (40.5, 2_620), (44, 2_760), (48, 2_770)),
        ),
        noise=0.012,
        step_minutes=5,
    ),
    # 12 and 13 March 2020.
    "march-2020": Shape(
        "ether loses more than half in a day, in three falls a few hours apart",
        (
            *((0, 194), (4, 190), (9, 183), (10.4, 172), (10.9, 146), (11.3, 150), (13, 134), (15, 139)),
            *((18, 142), (21, 135), (23.2, 126), (23.7, 112), (24.4, 117), (25.6, 105), (26.2, 90)),
            *((26.8, 112), (28, 122), (31, 128), (35, 116), (38, 132), (42, 124), (48, 133)),
        ),
        noise=0.014,
        step_minutes=5,
    ),
    "crash-45": Shape(
        "ether falls 45% in one day and stays there",
        ((0, 3_000), (4, 2_880), (8, 2_550), (11, 2_600), (14, 2_150), (18, 1_980), (24, 1_650), (32, 1_650)),
        noise=0.009,
        step_minutes=3,
    ),
    "calm": Shape(
        "two quiet days",
        ((0, 3_000), (9, 3_025), (20, 2_985), (33, 3_040), (48, 3_010)),
        noise=0.003,
        step_minutes=5,
    ),
}


def named_path(name: str, seed: int = 1, points: int | None = None) -> PricePath:
    """The path called `name`; `points` makes it coarser. Raises KeelError for another name."""
    shape = SHAPES.get(name)
    if shape is None:
        raise KeelError(f'no crash is called "{name}"; there are {", ".join(SHAPES)}')
    drawn = _draw(shape, random.Random(f"{name} {seed}"), points)
    return path_of(name, drawn, least=2, most=len(drawn))


def _draw(shape: Shape, source: random.Random, points: int | None) -> list[Point]:
    seconds = round(shape.turns[-1][0] * 3_600)
    count = points or seconds // (shape.step_minutes * 60) + 1
    times = [seconds * number // (count - 1) for number in range(count)]
    walk = _walk(times, shape.noise, source)
    turns = [(hour * 3_600, price) for hour, price in shape.turns]
    return [
        (START + at, Decimal(exp(log(_between(turns, at)) + noise)).quantize(CENT))
        for at, noise in zip(times, _pinned(times, walk, [at for at, _ in turns]), strict=True)
    ]


def _walk(times: Sequence[int], hourly: float, source: random.Random) -> list[float]:
    """Brownian motion at the given times."""
    walk = [0.0]
    for before, after in pairwise(times):
        walk.append(walk[-1] + source.gauss(0, hourly * sqrt((after - before) / 3_600)))
    return walk


def _pinned(times: Sequence[int], walk: Sequence[float], pins: Sequence[float]) -> list[float]:
    """The walk less the straight lines between its values at the pins: a bridge from pin to pin."""
    path = list(zip(times, walk, strict=True))
    values = [(pin, _between(path, pin)) for pin in pins]
    return [value - _between(values, at) for at, value in path]


def _between(path: Sequence[tuple[float, float]], at: float) -> float:
    """Value at a time, on the straight line between its neighbours."""
    for (start, first), (end, last) in pairwise(path):
        if at <= end:
            return first + (last - first) * (at - start) / (end - start)
    return path[-1][1]
