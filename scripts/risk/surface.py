"""The surface's rules on an update, in exact integers, and how to get from one surface to another under them.

    reason = refusal(state, {expiry: smile}, made_at, now)     # "" if the contract would accept
    step(state, target, made_at, now)                          # the furthest that one update may go

The contract has the last word: who publishes asks it first. This says the same without it, and before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

from scripts.client.sentences import render
from scripts.client.templates import TEMPLATES
from scripts.common.errors import KeelError
from scripts.common.units import WAD
from scripts.model.volatility import YEAR, Smile, calendar_points, move

MAX_EXPIRIES = 16
MAX_TERM = 1_100 * 86_400
MAX_WING = 2 * WAD
# Parts into which the way from one smile to another is divided to find how far an update gets.
PARTS = 2**20
MOST_UPDATES = 500

Smiles = Mapping[int, Smile]


class Refused(KeelError):
    """The surface would refuse an update; the message says why."""


@dataclass(frozen=True)
class Limits:
    """IVolatilitySurface.Parameters: seconds and WADs."""

    heartbeat: int = 3_600
    min_interval: int = 60
    min_variance: int = WAD // 100
    max_variance: int = 9 * WAD
    max_move: int = WAD // 20


@dataclass(frozen=True)
class State:
    """A surface as it stands: smiles by expiry, the last update's timestamp, and when it came."""

    limits: Limits = Limits()
    smiles: Smiles = field(default_factory=dict)
    last: int = 0
    accepted_at: int = 0
    underlying: int = 0

    def alive(self, now: int) -> dict[int, Smile]:
        """Smiles of expiries to come, ascending."""
        return {expiry: self.smiles[expiry] for expiry in sorted(self.smiles) if expiry > now}

    @property
    def next_at(self) -> int:
        """When the next update may be made, and may come."""
        return max(self.accepted_at, self.last) + self.limits.min_interval if self.last else 0


def refusal(state: State, smiles: Smiles, made_at: int, now: int) -> str:
    """Why the surface would refuse an update with these smiles; empty if it would not."""
    try:
        _check_time(state, made_at, now)
        _check_smiles(state, smiles, now)
    except Refused as error:
        return str(error)
    return ""


def step(state: State, target: Smiles, made_at: int, now: int) -> dict[int, Smile]:
    """The smiles of one update on the way to `target`: as far as VOL-1 lets each go. Raises Refused.

    Where that breaks another rule on the way (the expiries' order, as a rule), all go the same share of their way, then
    shorter ones; expiries without a smile wait if they cannot come in between.
    """
    _check_time(state, made_at, now)
    old = state.alive(now)
    known = {expiry: smile for expiry, smile in target.items() if expiry in old}
    fresh = {expiry: smile for expiry, smile in target.items() if expiry not in old}
    reach = {expiry: _reach(old[expiry], smile, state.limits.max_move) for expiry, smile in known.items()}
    reason: Refused | None = None
    for shares in _shares(reach):
        moved = {expiry: blend(old[expiry], smile, shares[expiry]) for expiry, smile in known.items()}
        for smiles in ({**moved, **fresh}, moved) if fresh else (moved,):
            try:
                _check_smiles(state, smiles, now)
                return dict(sorted(smiles.items()))
            except Refused as error:
                reason = reason or error
    raise reason or Refused("the surface has no smiles to move")


def updates_to(state: State, target: Smiles, made_at: int, now: int) -> int | None:
    """How many updates lead to `target`, if quotes and time stood still; None if they do not within 500."""
    for count in range(MOST_UPDATES):
        alive = state.alive(now)
        if all(alive.get(expiry) == smile for expiry, smile in target.items()):
            return count
        try:
            smiles = step(replace(state, last=0, accepted_at=0), target, made_at, now)
        except Refused:
            return None
        if all(alive.get(expiry) == smile for expiry, smile in smiles.items()):
            return None
        state = replace(state, smiles={**state.smiles, **smiles})
    return None


def blend(old: Smile, new: Smile, parts: int) -> Smile:
    """The smile that many of PARTS on the way from one to another; every parameter goes straight."""
    names = [one.name for one in fields(Smile)]
    return Smile(
        *(
            getattr(old, name) + (getattr(new, name) - getattr(old, name)) * parts // PARTS
            if parts < PARTS
            else getattr(new, name)
            for name in names
        )
    )


def _reach(old: Smile, new: Smile, most: int) -> int:
    """The most parts of the way that one update may go."""
    return largest(lambda parts: move(old, blend(old, new, parts)) <= most, PARTS)


def largest(holds: Callable[[int], bool], high: int) -> int:
    """The largest number up to `high` for which it holds, zero if for none, by halving."""
    low = 0
    if holds(high):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _shares(reach: Mapping[int, int]) -> Iterator[Mapping[int, int]]:
    yield reach
    common = min(reach.values(), default=0)
    while common > PARTS // 10_000:
        yield dict.fromkeys(reach, common)
        common //= 2


def _check_time(state: State, made_at: int, now: int) -> None:
    limits = state.limits
    if made_at <= state.last:
        _refuse("NotNewer", timestamp=made_at, last=state.last)
    if made_at > now:
        _refuse("FromTheFuture", timestamp=made_at, now_=now)
    if made_at + limits.heartbeat < now:
        _refuse("TooOld", timestamp=made_at, heartbeat=limits.heartbeat)
    if now < state.accepted_at + limits.min_interval or made_at < state.last + limits.min_interval:
        _refuse("TooEarly", earliest=state.next_at)


def _check_smiles(state: State, smiles: Smiles, now: int) -> None:
    if not smiles:
        _refuse("Empty")
    alive, after = state.alive(now), now
    for expiry, smile in sorted(smiles.items()):
        if not after < expiry <= now + MAX_TERM:
            _refuse("BadExpiry", expiry=expiry, after_=after, latest=now + MAX_TERM)
        after = expiry
        _check_smile(state.limits, expiry, smile, expiry - now, alive.get(expiry) or state.smiles.get(expiry))
    merged = dict(sorted({**alive, **smiles}.items()))
    if len(merged) > MAX_EXPIRIES:
        _refuse("TooManyExpiries", count=len(merged), most=MAX_EXPIRIES)
    for (early, one), (late, two) in pairwise(merged.items()):
        for point in calendar_points(one, two):
            less, more = one.variance(point) * (early - now), two.variance(point) * (late - now)
            if more < less:
                _refuse(
                    "CalendarArbitrage",
                    earlier=early,
                    later=late,
                    lnStrikeWad=point,
                    earlierWad=less // YEAR,
                    laterWad=more // YEAR,
                )


def _check_smile(limits: Limits, expiry: int, smile: Smile, term: int, old: Smile | None) -> None:
    if not smile.is_shaped:
        _refuse("BadShape", expiry=expiry, slope=smile.slope, curvature=smile.curvature, width=smile.width)
    if smile.least < limits.min_variance:
        _refuse("VarianceTooLow", expiry=expiry, leastWad=smile.least, minimumWad=limits.min_variance)
    if smile.most > limits.max_variance:
        _refuse("VarianceTooHigh", expiry=expiry, mostWad=smile.most, maximumWad=limits.max_variance)
    wing = smile.wing(term)
    if wing > MAX_WING:
        _refuse("WingsTooSteep", expiry=expiry, slopeWad=wing, mostWad=MAX_WING)
    if old is not None:
        moved = move(old, smile)
        if moved > limits.max_move:
            _refuse("MoveTooLarge", expiry=expiry, moveWad=moved, mostWad=limits.max_move)


def _refuse(name: str, **values: Any) -> None:
    raise Refused(render(TEMPLATES[f"VolatilitySurface_{name}"], values))
