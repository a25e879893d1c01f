"""The keeper's watch: what changed since the last block, and which accounts may be taken over now.

    watch = Watch(nodes, domain, store)
    seen = watch.step()             # the latest block: events, prices, accounts that prices have crossed
    watch.sweep(seconds=0.5)        # in between: some of all accounts again, in turn
    watch.sweep()                   # or all of them

A step looks at accounts that are new, touched, unhealthy or doubtful, and at those whose thresholds the prices
have reached (scripts/keeper/index.py). What cannot be read raises: whoever calls has seen nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.client.domain import Domain
from scripts.common.errors import KeelError
from scripts.keeper.discover import Discovery, Found, InstrumentUnknown
from scripts.keeper.index import Index
from scripts.keeper.nodes import Nodes
from scripts.keeper.parameters import read_risk
from scripts.keeper.perps import Position, read_positions
from scripts.keeper.scan import Market, Scanner
from scripts.keeper.store import Store
from scripts.keeper.types import Alarm, AlarmKind, Block, Failure, Seen, Snapshot, Status

STEP_SECONDS = 2.0
SWEEP_ACCOUNTS = 2_000


class DomainChanged(KeelError):
    """Assets or instruments were listed since the domain was opened: open it again."""


@dataclass(frozen=True)
class Swept:
    """What a sweep has read: as `Seen`, for its part of the accounts."""

    block: Block
    liquidatable: Sequence[Snapshot]
    failed: Sequence[Failure]
    looked: int
    seconds: float


class Watch:
    """Watches one domain; not for several threads.

    `step_seconds` bounds how long a step reads accounts before it tells what it has found; the rest comes first
    in the next one.
    """

    def __init__(
        self, nodes: Nodes, domain: Domain, store: Store, *, step_seconds: float = STEP_SECONDS
    ) -> None:
        self._nodes, self._domain = nodes, domain
        self._step_seconds = step_seconds
        self.discovery = Discovery(nodes, domain, store)
        self.scanner = Scanner(nodes, domain)
        self.index: Index | None = None
        self.market: Market | None = None
        self._waiting: list[bytes] = []
        self._swept_to = 0
        self._positions: dict[bytes, dict[str, Position]] = {}

    def step(self) -> Seen:
        """The latest block. Raises KeelError (ChainUnreachable, StaleNode, RpcError, DatabaseError,
        DomainChanged)."""
        head = self._nodes.head()
        began = time.monotonic()
        try:
            found = self.discovery.catch_up(head)
        except InstrumentUnknown as error:
            raise DomainChanged(str(error)) from None
        market, index = self._judge_by(head)
        index.add(found.touched)
        index.add_holders(found.swept)
        self._forget_positions(found, index)
        index.add_holders(self._in_doubt(market))
        if found.everything:
            index.add(self.discovery.accounts)
        candidates = self._first_waiting(index.crossed(market))
        results = self._look(candidates, market, index, began + self._step_seconds)
        self._waiting = candidates[len(results) :]
        before, self.market = self.market, market
        failed = [result for result in results if isinstance(result, Failure)]
        return Seen(
            head,
            _changed(before, market),
            _liquidatable(results),
            failed,
            [*self._nodes.alarms(), *found.alarms, *self._price_alarms(market), *_judgement_alarms(failed)],
            len(results),
            len(index),
            time.monotonic() - began,
            dict(enumerate(market.statuses)),
        )

    def sweep(self, *, seconds: float | None = None) -> Swept:
        """Reads accounts again, in turn: for about so long, or each once. Raises as `step`, which must have been
        called before."""
        head = self._nodes.head()
        began = time.monotonic()
        market, index = self._judge_by(head)
        results: list[Snapshot | Failure] = []
        until = None if seconds is None else began + seconds
        while len(results) < len(index) and (until is None or not results or time.monotonic() < until):
            accounts = self._next_accounts(index, len(index) - len(results))
            results += self._look(accounts, market, index)
        return Swept(
            head,
            _liquidatable(results),
            [result for result in results if isinstance(result, Failure)],
            len(results),
            time.monotonic() - began,
        )

    def _forget_positions(self, found: Found, index: Index) -> None:
        """Positions of accounts that events have touched are read again."""
        changed = set(found.touched)
        for address in found.swept:
            changed |= index.holders(address)
        if found.everything:
            self._positions.clear()
        for account in changed:
            self._positions.pop(account, None)

    def _in_doubt(self, market: Market) -> list[str]:
        """Markets whose accounts are all looked at: they cannot be read, prices are not fresh, or what governance sets
        changes."""
        before = self.market.perps if self.market else {}
        settlement = self._domain.settlement.underlying
        found = []
        for address, perp in self.scanner.perps.items():
            if address not in market.perps:
                found.append(address)
                continue
            statuses = market.statuses[perp.underlying], market.statuses[settlement]
            walks = address not in before or before[address].terms != market.perps[address].terms
            if walks or any(status is not Status.FRESH for status in statuses):
                found.append(address)
        return found

    def holders(self, instrument: str) -> set[bytes]:
        """Accounts that held something in an instrument when they were last read."""
        return self.index.holders(instrument) if self.index else set()

    # Internal

    def _judge_by(self, head: Block) -> tuple[Market, Index]:
        """The market at `head`, and the index of the risk book that is in force there."""
        market = self.scanner.market(head)
        if self.index is None or self.index.risk.book != market.book:
            domain = self._domain
            listed = (domain.vault.assetCount(), domain.parameters.underlyingCount())
            if listed != (len(domain.assets), len(domain.feeds)):
                raise DomainChanged(
                    f"the vault at {domain.vault.address} has listed assets since the keeper began;"
                    " open the domain again"
                )
            risk = read_risk(self._nodes, self._domain, head, market.book)
            self.index = Index(risk, self.scanner.perps)
            self.index.add(sorted(self.discovery.accounts))
        return market, self.index

    def _look(
        self, accounts: Sequence[bytes], market: Market, index: Index, until: float | None = None
    ) -> list[Snapshot | Failure]:
        """Reads and files accounts; not all of them where that takes longer than `until`."""
        results: list[Snapshot | Failure] = []
        while len(results) < len(accounts) and (until is None or not results or time.monotonic() < until):
            part = accounts[len(results) : len(results) + self.scanner.chunk]
            scanned = self.scanner.scan(part, market.block)
            self._read_positions(scanned, market)
            for result in scanned:
                if isinstance(result, Snapshot):
                    index.put(result, market, self._positions.get(result.account))
                else:
                    index.add([result.account])
                results.append(result)
        return results

    def _read_positions(self, scanned: Sequence[Snapshot | Failure], market: Market) -> None:
        """Perpetual positions of accounts that have some and of which they are not known."""
        keys = []
        for result in scanned:
            if isinstance(result, Snapshot) and result.instruments:
                known = self._positions.get(result.account, {})
                keys += [
                    (result.account, address)
                    for address in result.instruments
                    if address in market.perps and address not in known
                ]
        read = read_positions(self._domain, self.scanner.perps, keys, market.perps, hex(market.block.number))
        for (account, address), position in read.items():
            self._positions.setdefault(account, {})[address] = position

    def _first_waiting(self, candidates: list[bytes]) -> list[bytes]:
        """What the last step did not come to is first, as far as it is to be looked at still."""
        if not self._waiting:
            return candidates
        wanted = set(candidates)
        first = dict.fromkeys(account for account in self._waiting if account in wanted)
        return [*first, *(account for account in candidates if account not in first)]

    def _next_accounts(self, index: Index, most: int) -> list[bytes]:
        start = self._swept_to % len(index)
        accounts = index.accounts[start : start + min(most, SWEEP_ACCOUNTS)]
        self._swept_to = start + len(accounts)
        return accounts

    def _price_alarms(self, market: Market) -> list[Alarm]:
        unread = [perp.name for address, perp in self.scanner.perps.items() if address not in market.perps]
        return [
            *(
                Alarm(AlarmKind.JUDGEMENT, f"the market {name} cannot be read: its views revert")
                for name in unread
            ),
            *(
                Alarm(
                    AlarmKind.PRICES,
                    f"the price of {self._domain.underlying_name(number)} is {status.name.lower()}",
                )
                for number, status in enumerate(market.statuses)
                if status is not Status.FRESH
            ),
        ]


def _changed(before: Market | None, after: Market) -> dict[int, tuple[int, int]]:
    if before is None:
        return {}
    return {
        number: (old, new)
        for number, (old, new) in enumerate(zip(before.prices, after.prices, strict=True))
        if old != new
    }


def _liquidatable(results: Sequence[Snapshot | Failure]) -> list[Snapshot]:
    found = [result for result in results if isinstance(result, Snapshot) and result.is_liquidatable]
    return sorted(found, key=lambda snapshot: snapshot.health_wad)


def _judgement_alarms(failed: Sequence[Failure]) -> list[Alarm]:
    if not failed:
        return []
    first = failed[0]
    return [
        Alarm(
            AlarmKind.JUDGEMENT,
            f"{len(failed)} accounts cannot be judged, such as 0x{first.account.hex()}:"
            f" 0x{first.data.hex() or '(no reason)'}",
        )
    ]
