"""The play: open, follow the price path point by point, and read from the chain what is left.

At every point one block brings new prices to feeds and pools. Then everybody's health is read in one call;
owners act, and the keeper visits accounts below 1, a few seconds later and, while price sources disagree, every
minute. Who opens what, and what is read beside, is the acts' own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scripts.common.units import WAD
from scripts.demo.actors import health_call, supply
from scripts.demo.acts import BLOCK_SECONDS, HOUR, Act, Clock, Point, Watched
from scripts.demo.keeper import Keeper, Takeover
from scripts.demo.market import Market
from scripts.demo.prices import PricePath
from scripts.demo.result import SHARES, DemoResult, Liquidation, PoolOutcome
from scripts.demo.stage import Stage

KEEPER_DELAYS = (BLOCK_SECONDS, 72, 132, 192, 252, 312)  # seconds after a point's block
KEEP_UP_EVERY = HOUR // 2
NO_REQUIREMENT = 2**256 - 1  # the lens' answer for an account of which nothing is required


@dataclass(frozen=True)
class Cast:
    """Addresses of those who take part; `perps` are an LP and the traders of perpetuals, `options` those of the
    act with options."""

    lender: str
    staker: str
    arbitrageur: str
    keeper: str
    traders: Sequence[str]
    perps: Sequence[str]
    options: Sequence[str]


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
        self, stage: Stage, cast: Cast, acts: Sequence[Act], path: PricePath, *, keeper_on: bool = True
    ) -> None:
        self.stage, self.cast, self.path, self.acts = stage, cast, path, acts
        self.market = Market(stage, cast.arbitrageur, path.closes[0])
        self.keeper = Keeper(stage, cast.keeper) if keeper_on else None
        self.liquidations: list[Liquidation] = []

    def run(self, watch: Callable[[Moment], None] = lambda _: None) -> DemoResult:
        """Plays all points. Raises KeelError."""
        began = time.monotonic()
        stage, path = self.stage, self.path
        self.market.open()
        self.market.move(path.closes[0], stage.chain.now + BLOCK_SECONDS)
        supply(stage, self.cast.lender, self.cast.staker)
        share_prices = self._share_prices()
        backstop = int(stage.backstop.totalAssets())
        for act in self.acts:
            for _ in act.open():
                self.market.move(path.closes[0], stage.chain.now + BLOCK_SECONDS)  # the trade moved the pool
        prepared = time.monotonic()

        start = stage.chain.now + BLOCK_SECONDS
        for number, (at, close) in enumerate(zip(path.times, path.closes, strict=True)):
            point = Point(at - path.times[0], close)
            now = self.market.move(close, start + point.seconds)
            self._read(point)
            next_at = start + path.times[number + 1] - path.times[0] if number + 1 < len(path) else now + HOUR
            self._act(point, now, next_at)
            watch(self._moment(number, point))
        self._close(point)
        return self._result(share_prices, backstop, prepared - began, time.monotonic() - prepared)

    # One point

    @property
    def _accounts(self) -> list[Watched]:
        return [account for act in self.acts for account in act.accounts if account.is_open]

    def _read(self, point: Point | None = None) -> None:
        """Reads everybody's health, and at a `point` what the acts want to know, in one round trip."""
        accounts = self._accounts
        asked = [act.calls() for act in self.acts] if point else []
        calls = [health_call(self.stage, accounts), *(call for calls in asked for call in calls)]
        health, *answers = self.stage.chain.read_all(calls)
        for account, value in zip(accounts, health, strict=True):
            account.health = None if value == NO_REQUIREMENT else value / WAD
        if point:
            for act, own in zip(self.acts, asked, strict=True):
                act.see(point, answers[: len(own)])
                answers = answers[len(own) :]

    def _act(self, point: Point, now: int, next_at: int) -> None:
        clock = Clock(self.stage, now, next_at)
        for act in self.acts:
            act.respond(point, clock)
        if self.keeper is None:
            return
        for delay in KEEPER_DELAYS:
            sick = [
                (account, account.health)
                for account in self._accounts
                if account.health is not None and account.health < 1
            ]
            if not sick or not clock.wait(delay):
                break
            for account, health in sick:
                takeover = self.keeper.visit(account)
                if takeover is not None:
                    self._note(takeover, point.seconds, health)
                    self.market.arbitrage()
            self._read()
            if not self.keeper.poke():
                break
        self.keeper.keep_up((account.id for account in self._accounts), KEEP_UP_EVERY)

    def _close(self, point: Point) -> None:
        """The end: owners' last steps, and the keeper's."""
        for act in self.acts:
            for _ in act.close():
                if self.keeper is not None:
                    self.keeper.keep_up(account.id for account in self._accounts)
                self.market.move(point.close, self.stage.chain.now + BLOCK_SECONDS)

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

    # What is read once

    def _share_prices(self) -> list[int]:
        return [
            int(worth)
            for worth in self.stage.chain.read_all(
                [asset.pool.convertToAssets.prepare(SHARES) for asset in self.stage.assets]
            )
        ]

    def _moment(self, number: int, point: Point) -> Moment:
        healths = [account.health for account in self._accounts if account.health is not None]
        return Moment(
            number + 1,
            point.close,
            point.hour,
            min(healths, default=None),
            len(self.liquidations),
        )

    def _result(
        self, share_prices: list[int], backstop: int, set_up_seconds: float, seconds: float
    ) -> DemoResult:
        stage, path = self.stage, self.path
        value = stage.settlement_value
        result = DemoResult(
            path.name,
            len(path),
            path.largest_fall,
            path.largest_step,
            self.keeper is not None,
            [],
            [],
            [],
            self.liquidations,
            dict(self.keeper.refused) if self.keeper else {},
            stage.gas,
            value(backstop),
            value(int(stage.backstop.totalAssets())),
            set_up_seconds,
            seconds,
        )
        for act in self.acts:
            act.write(result)
        for number, (asset, end) in enumerate(zip(stage.assets, self._share_prices(), strict=True)):
            peak = max(sample.utilisation[number] for sample in result.samples)
            lent = int(asset.pool.totalAssets())
            written_off = int(asset.pool.domainOf(stage.vault).writtenOff)
            flagged = int(asset.pool.flagged())
            result.pools.append(
                PoolOutcome(
                    asset.symbol, share_prices[number], end, lent, asset.decimals, written_off, flagged, peak
                )
            )
        return result
