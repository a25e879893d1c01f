"""The third act: options on ether. A book that is long ether, short the perpetual and short straddles runs on portfolio
margin and is hedged every few hours; a seller of naked puts on standard margin does nothing, and a market maker takes
him over into an account with margin of its own. A buyer takes the other side of both, by signed orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from scripts.client.option_orders import OptionOrder, match, next_nonce
from scripts.common import abi as codec
from scripts.common.accounts import local_account
from scripts.common.contract import Call, Contract, Reverted
from scripts.common.errors import KeelError
from scripts.common.logs import events_of
from scripts.common.units import WAD
from scripts.demo.actors import SLIPPAGE
from scripts.demo.acts import BLOCK_SECONDS, HOUR, Clock, Point
from scripts.demo.option_result import OptionBooks, OptionOutcome, OptionSample, OptionsOutcome
from scripts.demo.perp_books import QUOTE, funding_paid
from scripts.demo.perps import ETHER, PerpAccount
from scripts.demo.result import DemoResult
from scripts.demo.smiles import Smiles
from scripts.demo.stage import Stage
from scripts.keeper.perps import Perp

DAY, EXPIRY_HOUR = 86_400, 8 * HOUR
# The straddles expire so long after the path; no path of the demonstration is longer than what a surface can hold.
TERM, LONGEST = 30 * DAY, 1_000 * DAY
BOOK, SELLER, BUYER, MAKER = range(4)
POSITIONS = (
    "delta-neutral book",
    "naked puts sold",
    "buyer of both",
    "market maker",
)
OPTION_ACCOUNTS = len(POSITIONS)
# Dollars: what each brings, and what the book holds in ether and sells of straddles and the seller of puts.
MARGIN = (30_000, 12_000, 150_000, 400_000)
ETHER_HELD, STRADDLES, PUTS = 135_000, 40_000, 60_000
HEDGES_EVERY = 3 * HOUR
LEAST_HEDGE = 0.01  # of the ether held
INITIAL, MAINTENANCE = 0, 1
NO_REQUIREMENT = 2**256 - 1
NO_LIMIT = 2**255 - 1
LONG = 2**32


class Options:
    """The act. `owners` are the book's, the seller's, the buyer's and the market maker's, in this order."""

    def __init__(
        self, stage: Stage, owners: Sequence[str], start: Decimal, seconds: int, *, maker_on: bool = True
    ) -> None:
        domain = stage.domain
        assert domain is not None
        underlying = stage[ETHER].underlying
        self.stage, self._start, self._seconds, self._maker_on = stage, start, seconds, maker_on
        self.name, listed = next((n, o) for n, o in domain.options.items() if o.underlying == underlying)
        self.market, self._orders, self._mode = listed.market, listed.orders, domain.portfolio_mode
        self.perp: Perp = next(perp for perp in stage.perps.values() if perp.underlying == underlying)
        names = stage.chain.accounts
        self._keys = [local_account(names.index(owner)) for owner in owners]
        self.people = [
            PerpAccount(f"options: {position}", stage.account_id(owner), owner)
            for position, owner in zip(POSITIONS, owners, strict=True)
        ]
        self.outcomes = [
            OptionOutcome(person.name, position)
            for person, position in zip(self.people, POSITIONS, strict=True)
        ]
        self.samples: list[OptionSample] = []
        self._first = stage.chain.block_number
        self._hedged_at, self._hedges = 0, 0
        self._lens = domain.greeks_lens
        self._initial = self._maintenance = (0, 0)
        self._greeks: dict[str, float] = {}

    @property
    def accounts(self) -> list[PerpAccount]:
        """None: the keeper, who sells what it takes over, has nowhere to sell options. The market maker watches."""
        return []

    @property
    def book(self) -> bytes:
        """The id of the delta-neutral book's account, which has perpetuals too."""
        return self.people[BOOK].id

    def open(self) -> Iterator[None]:
        """Smiles and series, then the book, and the orders that the buyer's match."""
        stage, price = self.stage, int(self._start * WAD)
        if self._seconds > LONGEST - TERM:
            raise KeelError(f"the path is {self._seconds / DAY:,.0f} days long; expected at most 900")
        last = stage.chain.now + self._seconds + TERM
        expiry = (last - EXPIRY_HOUR) // DAY * DAY + EXPIRY_HOUR
        self.smiles = Smiles(stage, self.perp.underlying, [expiry])
        self.smiles.publish(self._start, now=True)
        tick = int(self.market.tickAt(price))
        strikes = [(price + tick // 2) // tick * tick, price * 9 // 10 // tick * tick]
        series = [
            int(self.market.createSeries(expiry, strike, call).value)
            for strike, call in ((strikes[0], True), (strikes[0], False), (strikes[1], False))
        ]
        self.series = series
        for number in (SELLER, BUYER, MAKER):
            self._deposit(number)
        self._open_book()
        yield
        units = int(STRADDLES / self._start * WAD)
        self._sell(BOOK, series[:2], units)
        self._sell(SELLER, series[2:], int(PUTS / self._start * WAD))
        self._hedge(0)
        yield
        for person, outcome, assessed in zip(self.people, self.outcomes, self._assess_all(), strict=True):
            person.is_open, outcome.start_equity = True, assessed.equity
        self._initial, self._maintenance = (self._requirements(kind) for kind in (INITIAL, MAINTENANCE))
        greeks = self._exposure()
        self._greeks = {
            "delta": greeks.deltaWad / WAD,
            "gamma": greeks.gammaWad / WAD,
            "vega": greeks.vegaWad / WAD / 100,
            "theta": greeks.thetaPerDayWad / WAD,
        }
        yield

    def calls(self) -> list[Call]:
        """Both requirements of the book, and everybody's health."""
        return [
            *self._requirement_calls(MAINTENANCE),
            self.stage.lens.healthMany.prepare([person.id for person in self.people]),
        ]

    def see(self, point: Point, answers: Sequence[Any]) -> None:
        """For the picture."""
        portfolio, standard, health = answers
        self.smiles.observe(point.seconds, point.close)
        self.samples.append(
            OptionSample(
                point.seconds,
                portfolio.equity / WAD,
                portfolio.requirement / WAD,
                standard.requirement / WAD,
                self.smiles.volatility,
            )
        )
        for person, value in zip(self.people, health, strict=True):
            person.health = None if value == NO_REQUIREMENT else value / WAD
            if person.health is not None:
                person.lowest = min(person.health, person.health if person.lowest is None else person.lowest)

    def respond(self, point: Point, clock: Clock) -> None:
        """Smiles are published, the market maker takes over, the book hedges."""
        clock.wait(BLOCK_SECONDS)
        self.smiles.publish(point.close)
        health = self.people[SELLER].health
        if self._maker_on and health is not None and health < 1:
            self._take_over()
        if point.seconds - self._hedged_at >= HEDGES_EVERY:
            self._hedge(point.seconds)

    def close(self) -> Iterator[None]:
        """Everybody is settled, who has lost first."""
        self._settle(self.perp.market, [BOOK])
        losses = self.stage.chain.read_all([self.market.balanceOf.prepare(one.id) for one in self.people])
        self._settle(self.market, sorted(range(OPTION_ACCOUNTS), key=lambda number: losses[number].pnl))
        yield

    def write(self, result: DemoResult) -> None:
        """Accounts and books at the end."""
        balances = self.stage.chain.read_all([self.market.balanceOf.prepare(one.id) for one in self.people])
        for person, outcome, assessed, balance in zip(
            self.people, self.outcomes, self._assess_all(), balances, strict=True
        ):
            outcome.end_equity, outcome.lowest_health = assessed.equity, person.lowest
            outcome.claims = self.stage.settlement_value(balance.waiting + balance.allotted)
        [funding] = funding_paid(self.stage, self.perp, [self.book], self._first)
        result.options = OptionsOutcome(
            self.name,
            self.outcomes,
            self._initial,
            self._maintenance,
            self._greeks,
            self._books(),
            funding * WAD // QUOTE,
            self._hedges,
            self.smiles.count,
            self.samples,
        )

    # Opening

    def _deposit(self, number: int) -> None:
        stage, person = self.stage, self.people[number]
        symbol = stage.settlement
        amount = stage.units(symbol, Decimal(MARGIN[number]))
        stage.give(symbol, person.owner, amount)
        stage.vault.deposit(person.id, stage[symbol].token, amount, sender=person.owner)

    def _open_book(self) -> None:
        """Ether is bought with margin and debt, and as much of the perpetual sold."""
        stage, person = self.stage, self.people[BOOK]
        self._deposit(BOOK)
        settlement = stage.settlement
        spent = stage.units(settlement, Decimal(ETHER_HELD))
        size = -int(ETHER_HELD / self._start * WAD)
        switch = codec.encode([{"type": "bool"}], (True,))
        calls = [
            stage.vault.callInstrument.encode(person.id, self._mode, switch),
            stage.swap_call(person.id, settlement, ETHER, spent, max_loss=SLIPPAGE),
            stage.vault.callInstrument.encode(person.id, self.perp.market, self.perp.trade_data(size)),
        ]
        try:
            tx = stage.vault.execute(calls, sender=person.owner)
        except Reverted as error:
            raise KeelError(f"the {POSITIONS[BOOK]} could not open: {error}") from None
        stage.record("open a book on portfolio margin", tx)

    def _sell(self, number: int, series: Sequence[int], units: int) -> None:
        """The buyer's signed order meets the seller's, in one transaction, at the options' value."""
        premium = sum(self.market.valuesOf(series))
        signed = []
        for person, side in ((BUYER, 1), (number, -1)):
            account = self.people[person]
            order = OptionOrder(
                account=account.id,
                market=self.market.address,
                signer=account.owner,
                legs=tuple((one, 1) for one in sorted(series)),
                units=side * units,
                premium=premium * (100 + side) // 100,
                expiry=LONG,
                nonce=next_nonce(self._orders, account.id),
                max_fee=WAD,
            )
            signed.append(order.signed(self._keys[person], self.stage.chain.chain_id, self._orders.address))
        try:
            tx = self._orders.matchOrders(match(signed[0], signed[1:], [units]))
        except Reverted as error:
            raise KeelError(f"{POSITIONS[number]}: the orders were not matched: {error}") from None
        self.stage.record("match option orders", tx)

    # While the price moves

    def _take_over(self) -> None:
        stage, seller, maker = self.stage, self.people[SELLER], self.people[MAKER]
        holdings, instruments, _ = stage.vault.holdings(seller.id)
        try:
            plan = stage.liquidation.plan.call(
                (seller.id, holdings, instruments, 0, WAD, 0, 0), sender=maker.owner
            )
            tx = stage.vault.liquidate(
                seller.id, maker.id, plan.fractionWad, 0, 0, NO_LIMIT, sender=maker.owner
            )
        except Reverted:
            return  # prices in dispute, or dust: the next point is another chance
        stage.record("take over options", tx)
        event = tx.events("Liquidated", stage.vault)[0]
        given = event["equity"] * event["fractionWad"] // WAD
        received = event["payment"] - event["backstopFee"] + event["topUp"]
        outcome = self.outcomes[SELLER]
        outcome.taken_over += 1
        outcome.from_backstop += stage.settlement_value(event["topUp"] - event["backstopFee"])
        outcome.premiums += max(given - stage.settlement_value(received), 0)

    def _hedge(self, seconds: int) -> None:
        """Settles what the perpetual has brought, and trades as much of it as brings the delta back to zero."""
        stage, person = self.stage, self.people[BOOK]
        self._settle(self.perp.market, [BOOK])
        delta = self._exposure().deltaWad / WAD
        if abs(delta) < LEAST_HEDGE * ETHER_HELD / float(self._start):
            self._hedged_at = seconds
            return
        data = self.perp.trade_data(-int(delta * WAD))
        try:
            tx = stage.vault.callInstrument(person.id, self.perp.market, data, sender=person.owner)
        except Reverted:
            return  # prices in dispute: the next point is another chance
        stage.record("hedge with the perpetual", tx)
        self._hedged_at, self._hedges = seconds, self._hedges + 1

    def _settle(self, market: Contract, numbers: Sequence[int]) -> None:
        """By anybody; what cannot be settled now stays as it is."""
        for number in numbers:
            person = self.people[number]
            try:
                tx = market.settle(person.id, sender=person.owner)
            except Reverted:
                continue
            self.stage.record("settle", tx)

    # Readings

    def _exposure(self) -> Any:
        """The book's Greeks, over its ether, its perpetual and its options."""
        return next(
            one for one in self._lens.accountGreeks(self.book) if one.underlying == self.perp.underlying
        )

    def _requirement_calls(self, kind: int) -> list[Call]:
        """Assessments of the book as a portfolio, and by standard margin: without the mode among the instruments."""
        holdings, instruments, _ = self.stage.vault.holdings(self.book)
        standard = [one for one in instruments if one != self._mode.address]
        assess = self.stage.risk.assess
        return [
            assess.prepare(self.book, holdings, [*standard, self._mode.address], kind, False),
            assess.prepare(self.book, holdings, standard, kind, False),
        ]

    def _requirements(self, kind: int) -> tuple[int, int]:
        portfolio, standard = self.stage.chain.read_all(self._requirement_calls(kind))
        return portfolio.requirement, standard.requirement

    def _assess_all(self) -> list[Any]:
        chain, vault = self.stage.chain, self.stage.vault
        held = chain.read_all([vault.holdings.prepare(person.id) for person in self.people])
        return list(
            chain.read_all(
                [
                    self.stage.risk.assess.prepare(person.id, holdings, instruments, MAINTENANCE, False)
                    for person, (holdings, instruments, _) in zip(self.people, held, strict=True)
                ]
            )
        )

    def _books(self) -> OptionBooks:
        """OPT-1 over all who ever had something in the market."""
        stage, market = self.stage, self.market
        ids = [*(person.id for person in self.people), bytes(market.feeAccount())]
        own = stage.account_id(market.address)
        totals, held, *answers = stage.chain.read_all(
            [
                market.totals.prepare(),
                stage.vault.balanceOf.prepare(own, stage[stage.settlement].token),
                *(market.balanceOf.prepare(one) for one in ids),
                *(market.positions.prepare(one) for one in ids),
            ]
        )
        balances, positions = answers[: len(ids)], answers[len(ids) :]
        off = dict.fromkeys(self.series, 0)
        for of in positions:
            for position in of:
                off[position.series] = off.get(position.series, 0) + position.sizeWad
        claims = totals.waiting + totals.allotted
        costs = sum(balance.cost for balance in balances)
        closed = events_of(
            stage.chain, market, "SeriesDeleveraged", (), self._first, stage.chain.block_number
        )
        return OptionBooks(
            sizes=sum(abs(size) for size in off.values()),
            difference=costs
            + totals.unborne
            + totals.expiredCost
            + (totals.cash - claims) * self.perp.token
            - totals.fees,
            cash=stage.settlement_value(totals.cash),
            held=stage.settlement_value(held),
            loose=len(ids) * len(closed),
        )
