"""What markets need somebody for: funding that is recorded, positions that wait to be deleveraged, losers who pay while
winners wait, winners who can be paid.

None of it earns anything but the keeper's own claims. It costs at most the budget of an hour, which is counted in the
database: a restart does not begin it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.client.domain import Domain
from scripts.common.contract import Reverted
from scripts.keeper.chores import KINDS, PENDING, Asked, Chore
from scripts.keeper.decide import Kind
from scripts.keeper.options import Option
from scripts.keeper.perps import Perp, read_views
from scripts.keeper.types import Block, Status

HOUR = 3_600
# Of one market in one look; the next look goes on behind them.
POSITIONS = 250
SETTLEMENTS = 10
BUCKETS = 32


@dataclass(frozen=True)
class UpkeepSettings:
    """When upkeep is due.

    `budget` is what gas may cost in an hour. `loss` is the unsettled loss from which on a loser is settled while claims
    wait, `claim` what a winner is paid at least; all in the settlement asset's smallest units. `funding_seconds` is the
    age at which funding is recorded anew, 0 for never.
    """

    budget: int = 0
    loss: int = 0
    claim: int = 0
    funding_seconds: int = 0


class Upkeep:
    """What is due now. `into` is the keeper's own account; `holders` are those of an instrument by its address."""

    def __init__(
        self,
        domain: Domain,
        perps: Mapping[str, Perp],
        options: Mapping[str, Option],
        sender: str,
        into: bytes,
        settings: UpkeepSettings,
        holders: Callable[[str], set[bytes]],
    ) -> None:
        self._domain, self._sender, self._into = domain, sender, into
        self._perps, self._options = perps, options
        self._settings, self._holders = settings, holders
        self._asked = Asked()
        self._at: dict[str, bytes] = {}

    def due(self, block: Block, funded: Mapping[str, int]) -> Iterator[Chore]:
        """What should be sent now. `funded` says by market when funding was last recorded. Raises KeelError where the
        chain does not answer."""
        perps = list(self._perps.values())
        calls = [
            call for perp in perps for call in (perp.market.totals.prepare(), perp.market.state.prepare())
        ]
        answers = read_views(self._domain, calls, PENDING)
        for number, perp in enumerate(perps):
            totals, state = answers[2 * number : 2 * number + 2]
            yield from self._deleverage(perp, totals, block)
            yield from self._fund(perp, totals, state, block, funded.get(perp.address, 0))
            yield from self._settle(perp, totals, block)
        options = list(self._options.values())
        answers = read_views(self._domain, [option.market.totals.prepare() for option in options], PENDING)
        for option, totals in zip(options, answers, strict=True):
            yield from self._settle(option, totals, block)

    # Internal

    def _deleverage(self, perp: Perp, totals: Any, block: Block) -> Iterator[Chore]:
        unborne = totals.receiverCost > 0 and totals.waiting > 0
        if not (totals.receiverSizeWad or unborne) or not self._asked.may(
            Kind.DELEVERAGE, perp.address, block
        ):
            return
        call = perp.market.deleverage.prepare(BUCKETS, sender=self._sender)
        (left,) = self._domain.chain.read_all([call], allow_revert=True, block=PENDING)
        # Where nobody is left on the other side it would change nothing.
        if not isinstance(left, Reverted) and (left != totals.receiverSizeWad or unborne):
            yield Chore(Kind.DELEVERAGE, perp.name, perp.id, call)

    def _fund(self, perp: Perp, totals: Any, state: Any, block: Block, last: int) -> Iterator[Chore]:
        settings = self._settings
        matters = totals.openInterestWad and state.rateWad and Status(state.status) is Status.FRESH
        if not settings.funding_seconds or not matters or block.timestamp - last < settings.funding_seconds:
            return
        if self._asked.may(Kind.FUND, perp.address, block):
            yield Chore(Kind.FUND, perp.name, perp.id, perp.market.poke.prepare(sender=self._sender))

    def _settle(self, of: Perp | Option, totals: Any, block: Block) -> Iterator[Chore]:
        holders = self._holders(of.address)
        chain, market, settings = self._domain.chain, of.market, self._settings
        own = None
        if self._into in holders:
            (own,) = read_views(self._domain, [of.standing(self._into)], PENDING)
        # Losers pay for claims that wait, and for what the keeper itself has earned by tips.
        owed = totals.waiting > 0 or (own is not None and own.pnl > 0)
        accounts = self._next(of, holders - {self._into}) if owed or totals.allotted else []
        positions = read_views(self._domain, [of.standing(account) for account in accounts], PENDING)
        candidates = [self._into] if own is not None and (own.pnl > 0 or own.allotted) else []
        candidates += [
            account
            for account, position in zip(accounts, positions, strict=True)
            if (owed and -position.pnl >= max(settings.loss, 1) * of.token)
            or position.allotted >= max(settings.claim, 1)
        ][:SETTLEMENTS]
        candidates = [
            account for account in candidates if self._asked.may(Kind.SETTLE, (of.id, account), block)
        ]
        calls = [market.settle.prepare(account, sender=self._sender) for account in candidates]
        paid = chain.read_all(calls, allow_revert=True, block=PENDING)
        for account, call, amount in zip(candidates, calls, paid, strict=True):
            if isinstance(amount, Reverted):
                continue
            mine = account == self._into
            # What an insolvent account owes waits for its takeover: nothing would be paid.
            if (mine and amount > 0) or amount >= max(settings.claim, 1) or -amount >= max(settings.loss, 1):
                gain = max(amount, 0) if mine else 0
                yield Chore(Kind.SETTLE, of.name, of.id, call, account, gain, settles=1)

    def _next(self, of: Perp | Option, holders: set[bytes]) -> list[bytes]:
        """Some of the holders, in turn."""
        ordered = sorted(holders)
        last = self._at.get(of.address, b"")
        start = next((number for number, account in enumerate(ordered) if account > last), 0)
        accounts = (ordered[start:] + ordered[:start])[:POSITIONS]
        if accounts:
            self._at[of.address] = accounts[-1]
        return accounts


def spent(rows: Sequence[Mapping[str, Any]], now: float) -> int:
    """Wei that upkeep has cost in the last hour, by the database's actions; `now` in unix seconds.

    What is open counts with the most that its latest attempt may cost.
    """
    total = 0
    for row in rows:
        if now - float(row["created_at"]) >= HOUR or row["kind"] not in KINDS:
            continue
        if row["gas_used"] is not None:
            total += int(row["gas_used"]) * int(row["gas_price"])
        elif row["status"] not in ("dropped", "lost"):
            total += int(row["most"])
    return total
