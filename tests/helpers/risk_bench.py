"""A risk engine alone, with feeds, sources and a book by hand, beside the reference model in the same state.

bench = RiskBench(evm)
eth = bench.underlying(2_000)  # dollars
usdc, weth = bench.asset(bench.underlying(1), decimals=6), bench.asset(eth)
bench.publish()
bench.check([(usdc, -10**9), (weth, 10**18)])  # contract and model agree to the wei; the answer
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from scripts.common.contract import Contract
from scripts.model import risk
from scripts.model.portfolio import Terms
from scripts.model.risk import Assessment, Instrument, Moment, Source, Walk
from scripts.model.scenarios import Named
from tests.helpers.backend import Backend
from tests.helpers.book import ZERO, Asset, Book, Domain, Underlying

WAD = 10**18
FEED_DECIMALS = 8
ACCOUNT = (0xACC0).to_bytes(32, "big")

Holdings = list[tuple[int, int]]


def account_id(owner: Any, index: int = 0) -> bytes:
    """AccountId of an owner."""
    address = int(getattr(owner, "address", owner), 16)
    return ((address << 96) | index).to_bytes(32, "big")


def holding(asset: int, amount: int) -> int:
    """The packed word of a holding."""
    return asset << 248 | amount % 2**248


# Instrument by which an account tells the engine that it is margined as a portfolio; never called.
PORTFOLIO_MODE = "0x" + "00" * 19 + "99"


class RiskBench:
    """One engine and its model. The publisher of books is the backend's first account."""

    def __init__(self, evm: Backend, sequencer: str = ZERO, domain: Domain | None = None) -> None:
        self.evm = evm
        self.publisher = evm.accounts[0]
        self.engine = evm.deploy("RiskEngine", self.publisher, PORTFOLIO_MODE, sequencer)
        self.sequencer = sequencer
        self.domain = domain or Domain()
        self.underlyings: list[Underlying] = []
        self.assets: list[Asset] = []
        self.feeds: list[Contract] = []
        self.seconds: list[Contract | None] = []
        self.rate_sources: list[Contract | None] = []
        self.sources: list[Source] = []
        self.rates: list[int | None] = []

    # Set-up

    def underlying(
        self, price: float | Decimal, second: float | None = None, decimals: int = FEED_DECIMALS, **row: Any
    ) -> int:
        """Adds an underlying at a price in dollars, with a second source if `second` is given (0: silent)."""
        answer = int(Decimal(str(price)) * 10**decimals)
        feed = self.evm.deploy("MockAggregator", decimals, "feed", answer)
        self.feeds.append(feed)
        source = Source(answer, self.evm.now)
        contract = None
        if second is not None:
            contract = self.evm.deploy("MockPriceSource", _wad(second))
            row["secondary"] = contract.address
            source = replace(source, second=_wad(second))
        self.seconds.append(contract)
        self.sources.append(source)
        self.underlyings.append(Underlying(feed.address, exponent=18 - decimals, **row))
        return len(self.underlyings) - 1

    def asset(self, underlying: int, rate: float | None = None, **row: Any) -> int:
        """Adds an asset, with a rate source if `rate` is given (0: silent)."""
        contract = None
        if rate is not None:
            contract = self.evm.deploy("MockPriceSource", _wad(rate))
            row["rate_source"] = contract.address
        self.rate_sources.append(contract)
        self.rates.append((_wad(rate) or None) if rate is not None else WAD)
        self.assets.append(Asset(underlying, **row))
        return len(self.assets) - 1

    def publish(self) -> None:
        """Publishes the book as it is now; the engine records the prices of what is new in it."""
        known = (self.engine.book() != ZERO and self._published) or (0, 0)
        book = Book(self.underlyings, self.assets, self.domain).deploy(self.evm)
        self.engine.publish(book, sender=self.publisher)
        for number in range(known[0], len(self.underlyings)):
            self.sources[number] = risk.poke(self.row(number), self.sources[number], self.moment())
        self._published = (len(self.underlyings), len(self.assets))

    _published = (0, 0)

    # What happens

    def set_price(self, underlying: int, price: float | Decimal) -> None:
        """The primary answers now (a dead one lives again)."""
        self.feeds[underlying].setDead(False)
        decimals = 18 - self.underlyings[underlying].exponent
        answer = int(Decimal(str(price)) * 10**decimals)
        self.feeds[underlying].setAnswer(answer)
        self.sources[underlying] = replace(
            self.sources[underlying], answer=max(answer, 0), updated_at=self.evm.now
        )

    def kill(self, underlying: int, dead: bool = True) -> None:
        """The primary stops answering, or comes back with its last answer."""
        self.feeds[underlying].setDead(dead)
        source = self.sources[underlying]
        answer = 0 if dead else self.feeds[underlying].latestRoundData()[1]
        self.sources[underlying] = replace(source, answer=answer)

    def set_second(self, underlying: int, price: float | Decimal) -> None:
        """The second source answers; 0 silences it."""
        contract = self.seconds[underlying]
        assert contract is not None
        contract.set(_wad(price))
        self.sources[underlying] = replace(self.sources[underlying], second=_wad(price))

    def set_rate(self, asset: int, rate: float | Decimal) -> None:
        """The rate source answers; 0 silences it, and the last recorded rate stays."""
        contract = self.rate_sources[asset]
        assert contract is not None
        contract.set(_wad(rate))
        good = 0 < _wad(rate) <= risk.MAX_RATE
        self.rates[asset] = _wad(rate) if good else -self.engine.lastRate(asset) or None

    def poke(self, underlying: int) -> None:
        """Anybody's poke, in contract and model; they record the same."""
        self.engine.poke(underlying, sender=self.evm.accounts[9])
        self.sources[underlying] = risk.poke(self.row(underlying), self.sources[underlying], self.moment())
        self.check_record(underlying)

    def check_record(self, underlying: int) -> None:
        """The engine's record is the model's."""
        source = self.sources[underlying]
        assert tuple(self.engine.priceRecord(underlying)) == (
            source.diverged_since,
            source.diverged_seen_at,
            source.agreed_since,
            source.last_price,
            source.last_updated_at,
        )

    # Answers

    def moment(self) -> Moment:
        """Time, clock and staleness; without a sequencer feed said by the model alone."""
        if self.sequencer == ZERO:
            return Moment(self.evm.now, self.evm.now)
        up_for = self.engine.sequencerUpFor()
        if up_for == 0:
            stale_before = 2**256 - 1
        else:
            stale_before = self.evm.now - up_for if up_for < self.domain.grace_period else 0
        return Moment(self.evm.now, self.engine.clock(), stale_before)

    def row(self, number: int) -> risk.Underlying:
        """The model's row of an underlying."""
        row = self.underlyings[number]
        return risk.Underlying(
            heartbeat=row.heartbeat,
            half_width=_walk(row.half_width, row.half_width_from),
            volatility=_walk(row.volatility, row.volatility_from),
            exponent=row.exponent,
            min_price=row.min_price,
            max_price=row.max_price,
            initial_down=row.initial_down,
            initial_up=row.initial_up,
            maintenance_down=_walk(row.down, row.down_from),
            maintenance_up=_walk(row.up, row.up_from),
            tolerance=None if row.secondary == ZERO else _walk(row.tolerance, row.tolerance_from),
            ramp=risk.Ramp(row.ramp_start, row.ramp_end),
            volatility_shock=_walk(row.volatility_shock, row.volatility_shock_from),
            tail_multiple=_walk(row.tail_multiple, row.tail_multiple_from),
            tail_damping=_walk(row.tail_damping, row.tail_damping_from),
        )

    def asset_row(self, number: int) -> risk.Asset:
        """The model's row of an asset."""
        row = self.assets[number]
        return risk.Asset(
            underlying=row.underlying,
            tier=risk.Tier(row.tier),
            decimals=row.decimals,
            basis_shock=_walk(row.basis_shock, row.basis_shock_from),
            unwinding=_walk(row.unwinding, row.unwinding_from),
            basis_band=_walk(row.basis_band, row.basis_band_from),
            depth=_walk(row.depth, row.depth_from),
            ramp=risk.Ramp(row.ramp_start, row.ramp_end),
            has_rate=row.rate_source != ZERO,
        )

    def terms(self, named: Named | None = None) -> Terms:
        """Of portfolio margin, in the book as it is."""
        domain = self.domain
        ramp = risk.Ramp(domain.ramp_start, domain.ramp_end)
        rho = ramp.value(_walk(domain.netting, domain.netting_from), self.moment().clock)
        return Terms(rho * risk.PPM_TO_WAD, named)

    def model(
        self,
        holdings: Holdings,
        maintenance: bool = False,
        instruments: list[Instrument] | None = None,
        terms: Terms | None = None,
    ) -> Assessment:
        """The model's answer; `terms` for portfolio margin."""
        return risk.assess(
            [self.row(number) for number in range(len(self.underlyings))],
            [self.asset_row(number) for number in range(len(self.assets))],
            self.sources,
            self.rates,
            holdings,
            instruments or [],
            self.moment(),
            maintenance,
            terms,
        )

    def assess(
        self, holdings: Holdings, maintenance: bool = False, instruments: list[Any] | None = None
    ) -> Any:
        """The contract's answer."""
        words = [holding(*each) for each in holdings]
        return self.engine.assess(ACCOUNT, words, instruments or [], int(maintenance), False)

    def check(
        self,
        holdings: Holdings,
        maintenance: bool = False,
        instruments: list[tuple[Any, Instrument]] | None = None,
        account: bytes = ACCOUNT,
    ) -> Assessment:
        """Holds the contract to the model, to the wei, and the weights to the assessment."""
        instruments = instruments or []
        addresses = [contract.address for contract, _ in instruments]
        words = [holding(*each) for each in holdings]
        expected = self.model(holdings, maintenance, [model for _, model in instruments])
        answer = self.engine.assess(account, words, addresses, int(maintenance), False)
        assert as_model(answer) == (
            expected.equity,
            expected.uncertainty,
            expected.requirement,
            expected.debt_value,
            expected.status,
        )
        self._check_weights(words, addresses, account, expected, maintenance)
        return expected

    def check_portfolio(
        self,
        holdings: Holdings,
        maintenance: bool = False,
        instruments: list[tuple[Any, Instrument]] | None = None,
        named: Named | None = None,
    ) -> Assessment:
        """`check` under portfolio margin, with what `scenarios` says; by named points where `named`."""
        instruments = instruments or []
        addresses = [PORTFOLIO_MODE, *(contract.address for contract, _ in instruments)]
        words = [holding(*each) for each in holdings]
        expected = self.model(holdings, maintenance, [one for _, one in instruments], self.terms(named))
        portfolio = expected.portfolio
        assert portfolio is not None
        if named is None:
            answer = self.engine.assess(ACCOUNT, words, addresses, int(maintenance), False)
            netted, apart, rho = self.engine.scenarios(ACCOUNT, words, addresses, int(maintenance))
            assert (apart, rho) == (portfolio.apart, portfolio.terms.rho)
            assert {n.underlying for n in netted} == set(portfolio.sets)
            for one in netted:
                netting = portfolio.sets[one.underlying]
                assert list(one.scenarios) == [point.word() for point in netting.points]
                assert list(one.changesWad) == netting.totals()
                assert (one.lowerLossWad, one.upperLossWad) == netting.losses()
        if maintenance:
            word = 0 if named is None else named.word()
            weighed, assets, weights, *_ = self.engine.weigh(ACCOUNT, words, addresses, word)
            assert [tuple(weight) for weight in assets] == expected.weights
            assert [tuple(weight) for weight in weights] == [(0, 0), *expected.instrument_weights]
            assert named is not None or tuple(weighed) == tuple(answer)
            answer = weighed
        assert as_model(answer) == (
            expected.equity,
            expected.uncertainty,
            expected.requirement,
            expected.debt_value,
            expected.status,
        )
        return expected

    def _check_weights(
        self, words: list[int], addresses: list[str], account: bytes, expected: Assessment, maintenance: bool
    ) -> None:
        if maintenance:
            answer = self.engine.assess(account, words, addresses, 1, False)
            weighed, assets, weights, *_ = self.engine.weigh(account, words, addresses, 0)
            assert tuple(weighed) == tuple(answer)
            assert [tuple(weight) for weight in assets] == expected.weights
            assert [tuple(weight) for weight in weights] == expected.instrument_weights
            together = expected.weights + expected.instrument_weights
            assert sum(value for value, _ in together) == expected.equity
            assert sum(requirement for _, requirement in together) == expected.requirement


def as_model(answer: Any) -> tuple[int, int, int, int, int]:
    """Equity, uncertainty, requirement, debt value and status of the contract's answer."""
    equity, uncertainty, requirement, debt_value, _, status = answer
    return equity, uncertainty, requirement, debt_value, status


def _walk(to: int, start: int | None) -> Walk:
    return Walk(to if start is None else start, to)


def _wad(number: float | Decimal) -> int:
    return int(Decimal(str(number)) * WAD)
