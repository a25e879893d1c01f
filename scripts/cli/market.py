"""Pools and prices of a domain as they are now, read in few round trips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.cli.session import Session
from scripts.client.domain import Asset, Domain
from scripts.common.sending import NOBODY
from scripts.common.units import SECONDS_PER_YEAR, WAD

# Of a price, by its status.
STATES = ("fresh", "diverged", "stale", "none")


@dataclass(frozen=True)
class Pool:
    """A lending pool. Amounts in the asset's smallest units, shares and yearly rates as WADs.

    `debt` is owed by all domains, `owed` by this one; `line` is the most that this one may owe.
    """

    supplied: int
    cash: int
    debt: int
    owed: int
    line: int
    utilisation: int
    borrow_rate: int
    supply_rate: int
    flagged: int


@dataclass(frozen=True)
class Market:
    """An asset with its custody in the vault and its pool; `price` in dollars as a WAD, zero without one."""

    asset: Asset
    price: int
    status: int
    in_custody: int
    supply_cap: int
    debt_cap: int
    pool: Pool | None


@dataclass(frozen=True)
class Price:
    """An oracle price: prices in dollars as WADs, times in seconds. `second` is None without a second source.

    `age` and `answer` are the feed's, None where it does not answer.
    """

    name: str
    number: int
    price: int
    low: int
    high: int
    status: int
    answer: int | None
    age: int | None
    heartbeat: int
    second: int | None


def read_markets(domain: Domain) -> list[Market]:
    """All assets."""
    assets = domain.assets
    calls = [
        call
        for asset in assets
        for call in (
            domain.risk.valueOf.prepare(asset.id, 10**asset.decimals),
            domain.vault.assetInfo.prepare(asset.token),
        )
    ]
    answers = domain.chain.read_all(calls)
    pools = _read_pools(domain, [asset for asset in assets if asset.pool])
    return [
        Market(
            asset=asset,
            price=answers[2 * number][0],
            status=answers[2 * number][3],
            in_custody=answers[2 * number + 1].total,
            supply_cap=answers[2 * number + 1].supplyCap,
            debt_cap=answers[2 * number + 1].debtCap,
            pool=pools.get(asset.id),
        )
        for number, asset in enumerate(assets)
    ]


def read_pool(domain: Domain, asset: Asset) -> Pool:
    """The pool of one asset."""
    return _read_pools(domain, [asset])[asset.id]


def read_prices(session: Session) -> list[Price]:
    """All prices, in the order of their numbers."""
    domain, chain = session.domain, session.chain
    numbers = list(domain.feeds)
    now = chain.now
    calls = []
    for number in numbers:
        calls += [domain.risk.band.prepare(number), domain.parameters.feed.prepare(number)]
        calls += [domain.feeds[number].latestRoundData.prepare(), domain.feeds[number].decimals.prepare()]
    answers = chain.read_all(calls, allow_revert=True)
    for number in range(0, len(answers), 4):
        for needed in answers[number : number + 2]:
            if isinstance(needed, Exception):
                raise needed
    seconds = _second_prices(domain, [answers[4 * place + 1].secondary for place in range(len(numbers))])
    found = []
    for place, number in enumerate(numbers):
        band, feed, answer, decimals = answers[4 * place : 4 * place + 4]
        dead = isinstance(answer, Exception) or isinstance(decimals, Exception)
        found.append(
            Price(
                name=domain.underlying_name(number),
                number=number,
                price=band.priceWad,
                low=band.lowWad,
                high=band.highWad,
                status=band.status,
                answer=None if dead else answer.answer * WAD // 10**decimals,
                age=None if dead else max(now - answer.updatedAt, 0),
                heartbeat=feed.heartbeat,
                second=seconds[place],
            )
        )
    return found


def _second_prices(domain: Domain, sources: Sequence[str]) -> list[int | None]:
    there = [source for source in sources if source != NOBODY]
    calls = [domain.chain.at("IPriceSource", source).priceWad.prepare() for source in there]
    answers = domain.chain.read_all(calls, allow_revert=True)
    values = {
        source: 0 if isinstance(answer, Exception) else answer
        for source, answer in zip(there, answers, strict=True)
    }
    return [values.get(source) for source in sources]


def _read_pools(domain: Domain, assets: Sequence[Asset]) -> dict[int, Pool]:
    names = (
        *("totalAssets", "cash", "totalDebt", "utilisationWad", "ratePerSecond"),
        *("reserveShareWad", "debtIndexNow", "flagged"),
    )
    calls = []
    for asset in assets:
        calls += [getattr(asset.pool, name).prepare() for name in names]
        assert asset.pool
        calls.append(asset.pool.domainOf.prepare(domain.vault))
    answers = iter(domain.chain.read_all(calls))
    found = {}
    for asset in assets:
        supplied, cash, debt, utilisation, rate, reserve_share, index, flagged, line = (
            next(answers) for _ in range(len(names) + 1)
        )
        borrow_rate = rate * SECONDS_PER_YEAR
        found[asset.id] = Pool(
            supplied=supplied,
            cash=cash,
            debt=debt,
            owed=-(-line.principal * index // WAD),
            line=max(line.line - line.writtenOff, 0),
            utilisation=utilisation,
            borrow_rate=borrow_rate,
            supply_rate=borrow_rate * utilisation // WAD * (WAD - reserve_share) // WAD,
            flagged=flagged,
        )
    return found
