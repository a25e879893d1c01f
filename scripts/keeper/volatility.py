"""Realised volatility is observed, and shocks follow it, where governance has set a rule for that."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.client.domain import Domain
from scripts.common.contract import Reverted
from scripts.keeper.chores import PENDING, Asked, Chore
from scripts.keeper.decide import Kind
from scripts.keeper.types import Block


class VolatilityUpkeep:
    """What is due of the estimates and of the shocks that follow them; `sender` sends it."""

    def __init__(self, domain: Domain, sender: str) -> None:
        self._domain, self._sender = domain, sender
        self._asked = Asked()

    def due(self, block: Block) -> Iterator[Chore]:
        """What should be sent now. An estimate that no shock follows is left alone; shocks are refreshed once what was
        observed stands. Raises KeelError where the chain does not answer."""
        domain = self._domain
        if domain.volatility is None:
            return
        realised, shocks = domain.volatility.realised, domain.volatility.shocks
        calls = [
            call
            for number in domain.feeds
            for call in (
                shocks.rule.prepare(number),
                realised.isDue.prepare(number),
                shocks.preview.prepare(number),
            )
        ]
        answers = iter(domain.chain.read_all(calls, allow_revert=True, block=PENDING))
        for number in domain.feeds:
            rule, is_due, preview = next(answers), next(answers), next(answers)
            if isinstance(rule, Reverted) or not rule.ramp:
                continue
            name = domain.underlying_name(number)
            if is_due is True:
                if self._asked.may(Kind.OBSERVE, number, block):
                    yield Chore(
                        Kind.OBSERVE, name, number, realised.poke.prepare(number, sender=self._sender)
                    )
            # It reverts while the estimate is stale.
            elif (
                not isinstance(preview, Reverted)
                and preview.due
                and self._asked.may(Kind.REFRESH, number, block)
            ):
                call = shocks.refresh.prepare(number, sender=self._sender)
                yield Chore(Kind.REFRESH, name, number, call)
