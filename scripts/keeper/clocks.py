"""The protocol's clocks: disputes of price sources are recorded while they last, observations have room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scripts.client.domain import Domain
from scripts.common.contract import Call
from scripts.common.packages import package_artifact
from scripts.common.uniswap import CORE
from scripts.keeper.decide import Kind
from scripts.keeper.types import Block, Status

TWAP = "UniswapV3TwapSource"
# A dispute is over after a minute in which every poke saw the sources agree.
AGREED_SECONDS = 61
# A poke whose transaction was lost is tried again after so long.
RETRY_SECONDS = 15


@dataclass(frozen=True)
class Due:
    """A transaction that is due; `number` is the underlying's, or the pool's in the deployment's order."""

    kind: Kind
    number: int
    call: Call


class Clocks:
    """What is due now. `poke_seconds` is between two pokes while sources disagree, `record_seconds` between two
    that keep the last good price young (0: none), `observations` how many each TWAP pool should hold (0: as is).
    """

    def __init__(
        self, domain: Domain, sender: str, poke_seconds: int, record_seconds: int = 0, observations: int = 0
    ) -> None:
        self._domain, self._sender = domain, sender
        self._poke_seconds, self._record_seconds = poke_seconds, record_seconds
        self._observations = observations
        self._asked: dict[int, int] = {}
        self._grown = observations == 0

    def due(self, block: Block, statuses: Mapping[int, Status]) -> Iterator[Due]:
        """What should be sent now, one by one. Raises KeelError where the chain does not answer."""
        yield from self._pokes(block, statuses)
        if not self._grown:
            yield from self._growths()
            self._grown = True

    def _pokes(self, block: Block, statuses: Mapping[int, Status]) -> Iterator[Due]:
        domain = self._domain
        numbers = [
            number
            for number in domain.feeds
            # A chain that went back is not waited for.
            if abs(block.timestamp - self._asked.get(number, -RETRY_SECONDS)) >= RETRY_SECONDS
        ]
        records = domain.chain.read_all([domain.risk.priceRecord.prepare(number) for number in numbers])
        clock = domain.risk.clock() if numbers else 0
        for number, record in zip(numbers, records, strict=True):
            status = statuses.get(number, Status.FRESH)
            if status is Status.DIVERGED:
                due = not record.divergedSince or clock - record.divergedSeenAt >= self._poke_seconds
            elif record.divergedSince and status is Status.FRESH:
                due = not record.agreedSince or clock - record.agreedSince >= AGREED_SECONDS
            else:
                old = block.timestamp - record.updatedAt >= self._record_seconds
                due = status is Status.FRESH and self._record_seconds > 0 and old
            if due:
                self._asked[number] = block.timestamp
                yield Due(Kind.POKE, number, domain.risk.poke.prepare(number, sender=self._sender))

    def _growths(self) -> Iterator[Due]:
        chain = self._domain.chain
        entries = [entry for entry in self._domain.record.entries.values() if entry.contract == TWAP]
        abi = package_artifact(CORE, "UniswapV3Pool").abi
        for number, entry in enumerate(entries):
            pool = chain.at(abi, chain.at(TWAP, entry.address).pool())
            if pool.slot0()[4] < self._observations:
                call = pool.increaseObservationCardinalityNext.prepare(
                    self._observations, sender=self._sender
                )
                yield Due(Kind.GROW, number, call)
