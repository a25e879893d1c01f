"""Smiles of volatility that follow the price path: dearer the more the price has moved in the last hours.

Signed with the deployer's key, who is the surface's signer on local chains, each as far as the surface allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import exp, log, sqrt

from scripts.chain.options import smile_around
from scripts.common.accounts import local_account
from scripts.common.contract import Reverted
from scripts.common.units import WAD
from scripts.demo.stage import Stage
from scripts.risk.publish import Surface
from scripts.risk.surface import Refused, step

YEAR = 365 * 86_400
FIRST, LEAST, MOST = 0.75, 0.5, 1.6
MEMORY = 6 * 3_600  # seconds after which a move counts a third as much
FOLLOWS = 0.5  # options' volatility goes that share of the way to what is realised
EVERY = 1_200  # seconds between updates


class Smiles:
    """The publisher for one underlying and one expiry."""

    def __init__(self, stage: Stage, underlying: int, expiries: Sequence[int]) -> None:
        assert stage.domain is not None and stage.domain.volatility is not None
        self.stage, self.expiries = stage, expiries
        self._surface = Surface(stage.chain, stage.domain.volatility.surface, underlying, local_account(0))
        self._variance, self._seen = FIRST**2, (0, Decimal(0))
        self._published_at = 0
        self.count = 0

    @property
    def volatility(self) -> float:
        """What the next smiles are around."""
        return min(max(FIRST + FOLLOWS * (sqrt(self._variance) - FIRST), LEAST), MOST)

    def observe(self, seconds: int, close: Decimal) -> None:
        """Another price: squared logarithmic returns, weighted exponentially by age."""
        before, price = self._seen
        self._seen = (seconds, close)
        if price and seconds > before:
            weight = 1 - exp(-(seconds - before) / MEMORY)
            squared = log(close / price) ** 2 * YEAR / (seconds - before)
            self._variance += weight * (squared - self._variance)

    def publish(self, close: Decimal, *, now: bool = False) -> None:
        """An update towards the smiles of this price, if it is time for one."""
        chain = self.stage.chain
        at = chain.now
        if at - self._published_at < EVERY and not now:
            return
        target = dict.fromkeys(self.expiries, smile_around(int(self.volatility * WAD), int(close * WAD)))
        try:
            smiles = step(self._surface.state(), target, at, at)
            tx = self._surface.contract.update(*self._surface.signed(smiles, at))
        except (Refused, Reverted):
            return  # the next point is another chance; the smiles of now stay good for the heartbeat
        self.stage.record("publish smiles", tx)
        self._published_at = at
        self.count += 1
