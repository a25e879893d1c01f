"""The first act: traders who borrow from the pools to be long or short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from scripts.common.contract import Call, Reverted
from scripts.common.errors import KeelError
from scripts.common.units import WAD
from scripts.demo.actors import WORRIED_BELOW, Account, Trader
from scripts.demo.acts import BLOCK_SECONDS, Clock, Point
from scripts.demo.result import AccountOutcome, DemoResult, Sample
from scripts.demo.stage import Stage


class Borrowers:
    """Traders with debt; `owners` are their addresses, `start` is the first price of ether."""

    def __init__(
        self, stage: Stage, traders: Sequence[Trader], owners: Sequence[str], start: Decimal
    ) -> None:
        if len(owners) < len(traders):
            raise KeelError(f"{len(traders)} traders need as many addresses; there are {len(owners)}")
        self.stage, self._start = stage, start
        self.accounts = [
            Account(stage, trader, owner, number + 1)
            for number, (trader, owner) in enumerate(zip(traders, owners, strict=False))
        ]
        self.outcomes = [
            AccountOutcome(account.name, account.trader.position, 0, 0.0) for account in self.accounts
        ]
        self.samples: list[Sample] = []

    def open(self) -> Iterator[None]:
        """Those who are there from the start."""
        for number, account in enumerate(self.accounts):
            if account.trader.opens_at is None:
                self._open(number)
                yield

    def calls(self) -> list[Call]:
        """How much of each pool is lent."""
        return [asset.pool.utilisationWad.prepare() for asset in self.stage.assets]

    def see(self, point: Point, answers: Sequence[Any]) -> None:
        """Health and utilisation, for table and picture."""
        health = [account.health for account in self.accounts]
        utilisation = [value / WAD for value in answers]
        self.samples.append(Sample(point.seconds, float(point.close), health, utilisation))

    def respond(self, point: Point, clock: Clock) -> None:
        """Late ones open, owners who worry act."""
        for number, account in enumerate(self.accounts):
            if not account.is_open:
                share = account.trader.opens_at
                if share is not None and point.close <= Decimal(share) * self._start:
                    clock.wait(BLOCK_SECONDS)
                    self._open(number)
            elif account.is_worried and account.health is not None and account.health < WORRIED_BELOW:
                clock.wait(BLOCK_SECONDS)
                account.react(point.hour)

    def close(self) -> Iterator[None]:
        """Positions stay as they are."""
        yield from ()

    def write(self, result: DemoResult) -> None:
        """Accounts at the end."""
        ended = self.stage.assess([account.id for account in self.accounts])
        for number, (account, outcome) in enumerate(zip(self.accounts, self.outcomes, strict=True)):
            outcome.end_equity, outcome.end_health = ended[number]
            outcome.added, outcome.acts = account.added, account.acts
            seen = [sample.health[number] for sample in self.samples]
            outcome.lowest_health = min((health for health in seen if health is not None), default=None)
        result.accounts, result.samples = self.outcomes, self.samples

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
