"""The play: open, follow the price path point by point, and read from the chain what is left.

At every point one block brings new prices to feeds and pools. Then everybody's health is read in one call;
owners who worry act, late traders open, and the keeper visits accounts below 1, a few seconds later and,
while price sources disagree, every minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scripts.common.contract import Reverted
from scripts.common.errors import KeelError
from scripts.common.units import WAD
from scripts.demo.actors import WORRIED_BELOW, Account, Trader, health_call, supply
from scripts.demo.keeper import Keeper, Takeover
from scripts.demo.market import Market
from scripts.demo.prices import PricePath
from scripts.demo.result import SHARES, AccountOutcome, DemoResult, Liquidation, PoolOutcome, Sample
from scripts.demo.stage import Stage

BLOCK_SECONDS = 12
KEEPER_DELAYS = (BLOCK_SECONDS, 72, 132, 192, 252, 312)  # seconds after a point's block
HOUR = 3_600
NO_REQUIREMENT = 2**256 - 1  # the lens' answer for an account of which nothing is required


@dataclass(frozen=True)
class Cast:
    """Addresses of those who take part."""

    lender: str
    staker: str
    arbitrageur: str
    keeper: str
    traders: Sequence[str]


@dataclass(frozen=True)
class Moment:
    """What somebody who watches sees after each point."""

    number: int
    price: Decimal
    hour: float
    lowest_health: float | None
    liquidations: int


class Play:
    """One demonstration on a stage that is set."""

    def __init__(
        self, stage: Stage, cast: Cast, traders: Sequence[Trader], path: PricePath, *, keeper_on: bool = True
    ) -> None:
        if len(cast.traders) < len(traders):
            raise KeelError(f"{len(traders)} traders need as many addresses; there are {len(cast.traders)}")
        self.stage, self.cast, self.path = stage, cast, path
        self.market = Market(stage, cast.arbitrageur, path.closes[0])
        self.keeper = Keeper(stage, cast.keeper) if keeper_on else None
        self.accounts = [
            Account(stage, trader, owner, number + 1)
            for number, (trader, owner) in enumerate(zip(traders, cast.traders, strict=False))
        ]
        self.outcomes = [
            AccountOutcome(account.name, account.trader.position, 0, 0.0) for account in self.accounts
        ]
        self.samples: list[Sample] = []
        self.liquidations: list[Liquidation] = []
        self._health: list[float | None] = [None] * len(self.accounts)

    def run(self, watch: Callable[[Moment], None] = lambda _: None) -> DemoResult:
        """Plays all points. Raises KeelError."""
        began = time.monotonic()
        stage, path = self.stage, self.path
        self.market.open()
        self.market.move(path.closes[0], stage.chain.now + BLOCK_SECONDS)
        supply(stage, self.cast.lender, self.cast.staker)
        share_prices = self._share_prices()
        backstop = int(stage.backstop.totalAssets())
        for number, account in enumerate(self.accounts):
            if account.trader.opens_at is None:
                self._open(number)
                self.market.move(path.closes[0], stage.chain.now + BLOCK_SECONDS)  # the trade moved the pool
        prepared = time.monotonic()

        start = stage.chain.now + BLOCK_SECONDS
        for number, (at, close) in enumerate(zip(path.times, path.closes, strict=True)):
            seconds = at - path.times[0]
            now = self.market.move(close, start + seconds)
            utilisation = self._read()
            self.samples.append(Sample(seconds, float(close), list(self._health), utilisation))
            next_at = start + path.times[number + 1] - path.times[0] if number + 1 < len(path) else now + HOUR
            self._act(close, seconds, now, next_at)
            watch(self._moment(number, close, seconds))
        return self._result(share_prices, backstop, prepared - began, time.monotonic() - prepared)

    # One point

    def _read(self) -> list[float]:
        """Reads everybody's health and the pools' utilisation in one round trip; returns the latter."""
        stage = self.stage
        opened = [number for number, account in enumerate(self.accounts) if account.is_open]
        calls = [asset.pool.utilisationWad.prepare() for asset in stage.assets]
        calls.append(health_call(stage, [self.accounts[number] for number in opened]))
        *utilisation, health = stage.chain.read_all(calls)
        for number, value in zip(opened, health, strict=True):
            self._health[number] = None if value == NO_REQUIREMENT else value / WAD
        return [value / WAD for value in utilisation]

    def _act(self, close: Decimal, seconds: int, now: int, next_at: int) -> None:
        clock = _Clock(self.stage, now, next_at)
        for number, account in enumerate(self.accounts):
            health = self._health[number]
            if not account.is_open:
                share = account.trader.opens_at
                if share is not None and close <= Decimal(share) * self.path.closes[0]:
                    clock.wait(BLOCK_SECONDS)
                    self._open(number)
            elif account.is_worried and health is not None and health < WORRIED_BELOW:
                clock.wait(BLOCK_SECONDS)
                account.react(seconds / HOUR)
        if self.keeper is None:
            return
        for delay in KEEPER_DELAYS:
            sick = [
                (account, health)
                for account, health in zip(self.accounts, self._health, strict=True)
                if health is not None and health < 1
            ]
            if not sick or not clock.wait(delay):
                break
            for account, health in sick:
                takeover = self.keeper.visit(account)
                if takeover is not None:
                    self._note(takeover, seconds, health)
                    self.market.arbitrage()
            self._read()
            if not self.keeper.poke():
                break

    def _note(self, takeover: Takeover, seconds: int, health: float) -> None:
        self.liquidations.append(
            Liquidation(
                seconds,
                takeover.account.name,
                takeover.fraction,
                health,
                takeover.premium,
                takeover.fee,
                takeover.top_up,
                takeover.profit,
                takeover.written_off,
                takeover.insolvent,
            )
        )

    def _open(self, number: int) -> None:
        account, outcome = self.accounts[number], self.outcomes[number]
        try:
            account.open()
        except Reverted as error:
            if account.trader.opens_at is None:
                raise KeelError(f"{account.trader.position} could not open: {error}") from None
            return  # a late one tries again at the next point
        [(outcome.start_equity, health)] = self.stage.assess([account.id])
        outcome.start_health = health or 0.0

    # What is read once

    def _share_prices(self) -> list[int]:
        return [
            int(worth)
            for worth in self.stage.chain.read_all(
                [asset.pool.convertToAssets.prepare(SHARES) for asset in self.stage.assets]
            )
        ]

    def _moment(self, number: int, close: Decimal, seconds: int) -> Moment:
        healths = [health for health in self._health if health is not None]
        return Moment(
            number + 1,
            close,
            seconds / HOUR,
            min(healths, default=None),
            len(self.liquidations),
        )

    def _result(
        self, share_prices: list[int], backstop: int, set_up_seconds: float, seconds: float
    ) -> DemoResult:
        stage, path = self.stage, self.path
        ended = stage.assess([account.id for account in self.accounts])
        for number, (account, outcome) in enumerate(zip(self.accounts, self.outcomes, strict=True)):
            outcome.end_equity, outcome.end_health = ended[number]
            outcome.added, outcome.acts = account.added, account.acts
            seen = [sample.health[number] for sample in self.samples]
            outcome.lowest_health = min((health for health in seen if health is not None), default=None)
        pools = []
        for number, (asset, end) in enumerate(zip(stage.assets, self._share_prices(), strict=True)):
            peak = max(sample.utilisation[number] for sample in self.samples)
            lent = int(asset.pool.totalAssets())
            written_off = int(asset.pool.domainOf(stage.vault).writtenOff)
            flagged = int(asset.pool.flagged())
            pools.append(
                PoolOutcome(
                    asset.symbol, share_prices[number], end, lent, asset.decimals, written_off, flagged, peak
                )
            )
        value = stage.settlement_value
        return DemoResult(
            path.name,
            len(path),
            path.largest_fall,
            path.largest_step,
            self.keeper is not None,
            pools,
            self.outcomes,
            self.samples,
            self.liquidations,
            dict(self.keeper.refused) if self.keeper else {},
            stage.gas,
            value(backstop),
            value(int(stage.backstop.totalAssets())),
            set_up_seconds,
            seconds,
        )


class _Clock:
    """Time after a point's block, up to the next point."""

    def __init__(self, stage: Stage, now: int, end: int) -> None:
        self._chain, self._start, self._end = stage.chain, now, end
        self._waited = 0

    def wait(self, seconds: int) -> bool:
        """Lets the next block come `seconds` after the point; False if the next point comes before."""
        if seconds <= self._waited:
            return True
        at = self._start + seconds
        if at >= self._end and self._waited:
            return False
        self._waited = seconds
        self._chain.set_next_time(max(min(at, self._end - 1), self._chain.now + 1))
        return True
