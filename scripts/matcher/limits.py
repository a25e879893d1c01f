"""Rate limits: buckets that fill at a steady rate, one for an account or connection."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable

from scripts.matcher.orders import Rejected

KEPT = 100_000


class Buckets:
    """Token buckets by key: `rate` a second, at most `burst`. The clock comes as an argument, in seconds."""

    def __init__(self, rate: float, burst: float, kept: int = KEPT) -> None:
        self.rate, self.burst, self._kept = rate, burst, kept
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, now: float, amount: float = 1.0) -> bool:
        """Whether `amount` may pass now; if so it is gone from the bucket."""
        level, since = self._levels.get(key, (self.burst, now))
        level = min(self.burst, level + (now - since) * self.rate)
        passes = level >= amount
        self._levels[key] = (level - amount if passes else level, now)
        self._levels.move_to_end(key)
        if len(self._levels) > self._kept:
            self._levels.popitem(last=False)
        return passes


class Requests:
    """The limit of requests over one connection."""

    def __init__(self, rate: int, burst_seconds: float) -> None:
        self._rate, self._buckets = rate, Buckets(rate, rate * burst_seconds)

    def require(self, connection: Hashable) -> None:
        """One more request. Raises Rejected."""
        if not self._buckets.take(connection, time.monotonic()):
            raise Rejected(
                "rate_limited",
                f"more requests than {self._rate} a second came over this connection; send slower",
            )
