"""Expiries of options: prices are fixed by the feed's rounds, and accounts are settled, who lost first.

Nothing is kept about it but what never changes: after a restart the chain says what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scripts.client.domain import Domain
from scripts.common.chain import Chain
from scripts.common.contract import Call, Contract, Reverted
from scripts.common.units import format_duration
from scripts.keeper.chores import PENDING, Asked, Chore
from scripts.keeper.decide import Kind
from scripts.keeper.options import Option
from scripts.keeper.perps import read_views
from scripts.keeper.types import Block, Status

DAY = 86_400
# Accounts that one transaction settles: with 64 positions each, and the gas to spare, it stays below the 2**24 of gas that
# a transaction may have (EIP-7825).
CHUNK = 4
# Accounts whose positions are read in one round trip.
READ = 250
# Chainlink's proxy counts phases in the upper bits of a round.
PHASE = 1 << 64
NO_ROUNDS = "OptionMarket_NoRounds"


@dataclass(frozen=True)
class Expired:
    """An expiry that has passed, with the series of it that somebody holds."""

    option: Option
    expiry: int
    series: frozenset[int]

    @property
    def number(self) -> int:
        """What stands for it in the database: day and market."""
        return self.expiry // DAY << 16 | self.option.id


class Expiries:
    """What is due of expiries; `holders` are those of an instrument by its address, `stale` underlyings whose smiles are."""

    def __init__(
        self,
        domain: Domain,
        options: Mapping[str, Option],
        sender: str,
        holders: Callable[[str], set[bytes]],
    ) -> None:
        self._domain, self._options, self._sender, self._holders = domain, options, sender, holders
        self._asked = Asked()
        self._series: dict[tuple[str, int], int] = {}
        self._unfixed: dict[Expired, str] = {}
        self._old_smiles: list[str] = []
        self.stale: set[int] = set()

    @property
    def warnings(self) -> list[str]:
        """What a person should know, as of the last look."""
        return [*self._old_smiles, *self._unfixed.values()]

    def due(self, block: Block) -> Iterator[Chore]:
        """What should be sent now, one chunk of each expiry. Raises KeelError where the chain does not answer."""
        self._old_smiles, self.stale = [], set()
        for option in self._options.values():
            by_expiry = self._alive(option)
            self._look_at_smiles(option, [expiry for expiry in by_expiry if expiry > block.timestamp], block)
            for expiry, series in by_expiry.items():
                if expiry <= block.timestamp and (expired := self._held(option, expiry, series)):
                    yield from self._settle(expired, block)

    # Internal

    def _alive(self, option: Option) -> dict[int, list[int]]:
        """Living series of a market by expiry; terms of a series never change."""
        (alive,) = read_views(self._domain, [option.market.aliveSeries.prepare()], PENDING)
        new = [one for one in alive if (option.address, one) not in self._series]
        terms = read_views(self._domain, [option.market.seriesOf.prepare(one) for one in new], PENDING)
        for one, of in zip(new, terms, strict=True):
            self._series[option.address, one] = of.expiry
        found: dict[int, list[int]] = {}
        for one in alive:
            found.setdefault(self._series[option.address, one], []).append(one)
        return found

    def _held(self, option: Option, expiry: int, series: Sequence[int]) -> Expired | None:
        """The expiry, if anybody holds something of it still."""
        sides = read_views(self._domain, [option.market.sidesOf.prepare(one) for one in series], PENDING)
        held = set()
        for one, (_, _, longs, shorts) in zip(series, sides, strict=True):
            if longs or shorts:
                held.add(one)
        return Expired(option, expiry, frozenset(held)) if held else None

    def _settle(self, expired: Expired, block: Block) -> Iterator[Chore]:
        option = expired.option
        (price,) = read_views(self._domain, [option.market.settlementPrice.prepare(expired.expiry)], PENDING)
        number = 0
        if not price.known:
            if not self._asked.may(Kind.EXPIRE, (option.address, expired.expiry), block):
                return
            number = last_round(self._domain.chain, self._feed(option), expired.expiry)
            fix = option.market.fixPrice.prepare(expired.expiry, number, sender=self._sender)
            (answer,) = self._domain.chain.read_all([fix], allow_revert=True, block=PENDING)
            if isinstance(answer, Reverted):
                self._unfixed[expired] = self._why(expired, answer, block)
                return
        self._unfixed.pop(expired, None)
        accounts = self._accounts(expired)[:CHUNK]
        if self._asked.may(Kind.EXPIRE, (option.address, expired.expiry, *accounts), block):
            yield self._chore(expired, number, accounts)

    def _chore(self, expired: Expired, number: int, accounts: Sequence[bytes]) -> Chore:
        option, half = expired.option, len(accounts) // 2
        call: Call = option.market.settleExpired.prepare(
            expired.expiry, number, list(accounts), sender=self._sender
        )
        fewer = (lambda: self._chore(expired, number, accounts[:half])) if half else None
        return Chore(Kind.EXPIRE, option.name, expired.number, call, settles=len(accounts), fewer=fewer)

    def _accounts(self, expired: Expired) -> list[bytes]:
        """Who holds something of an expiry, the largest losers first: what they pay, winners are paid at once."""
        option, found = expired.option, []
        holders = sorted(self._holders(option.address))
        for start in range(0, len(holders), READ):
            part = holders[start : start + READ]
            answers = read_views(
                self._domain,
                [
                    call
                    for account in part
                    for call in (option.market.positions.prepare(account), option.standing(account))
                ],
                PENDING,
            )
            for number, account in enumerate(part):
                positions, balance = answers[2 * number : 2 * number + 2]
                if any(position.series in expired.series for position in positions):
                    found.append((balance.pnl, account))
        return [account for _, account in sorted(found)]

    def _feed(self, option: Option) -> Contract:
        """The feed that the risk book has now."""
        feed = self._domain.parameters.feed(option.underlying)
        return self._domain.chain.at("MockAggregator", feed.aggregator)

    def _why(self, expired: Expired, reason: Reverted, block: Block) -> str:
        text = f"{expired.option.name}: the settlement price of the expiry {expired.expiry} cannot be fixed: "
        if reason.name == NO_ROUNDS:
            wait = format_duration(max(expired.expiry + DAY - block.timestamp, 0))
            return (
                text + f"the feed has no rounds in its last half hour; in {wait} the last good price counts"
            )
        return text + str(reason)

    def _look_at_smiles(self, option: Option, expiries: Sequence[int], block: Block) -> None:
        """Nothing is done about stale smiles: whoever signs them has to be woken."""
        if not expiries or self._domain.volatility is None:
            return
        surface = self._domain.volatility.surface
        number = option.underlying
        calls = [surface.statusOf.prepare(number, expiry) for expiry in expiries]
        *statuses, last = read_views(self._domain, [*calls, surface.lastUpdate.prepare(number)], PENDING)
        old = sum(Status(status) is not Status.FRESH for status in statuses)
        if old:
            self.stale.add(number)
            name, age = self._domain.underlying_name(number), max(block.timestamp - last.timestamp, 0)
            self._old_smiles.append(
                f"the volatility surface of {name} is stale: {old} of {len(expiries)} expiries; the last update was"
                f" made {format_duration(age)} ago"
            )


def last_round(chain: Chain, feed: Contract, time: int) -> int:
    """The feed's last round that is not later than `time`, as its proxy counts; zero where there is none, or the feed does
    not answer. Raises KeelError where the chain does not answer.

    Times rise with rounds. Of a phase it is found by doubling steps and halving them again.
    """

    def stands(number: int) -> bool:
        (answer,) = chain.read_all([feed.getRoundData.prepare(number)], allow_revert=True, block=PENDING)
        return not isinstance(answer, Reverted) and 0 < answer.updatedAt <= time

    (latest,) = chain.read_all([feed.latestRoundData.prepare()], allow_revert=True, block=PENDING)
    if isinstance(latest, Reverted):
        return 0
    if latest.updatedAt and latest.updatedAt <= time:
        return int(latest.roundId)
    for phase in range(latest.roundId // PHASE, 0, -1):
        first = phase * PHASE + 1
        if not stands(first):
            continue
        step = 1
        while stands(first + step):
            step *= 2
        low, high = first + step // 2, first + step
        while high - low > 1:
            middle = (low + high) // 2
            if stands(middle):
                low = middle
            else:
                high = middle
        return low
    return 0
