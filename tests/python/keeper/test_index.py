"""The index of accounts by prices: whom it does not look at cannot be taken over, by the exact model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.keeper.index import DRIFT_EACH, REACH, Index
from scripts.keeper.parameters import AssetRisk, Risk, UnderlyingRisk
from scripts.keeper.scan import Market
from scripts.keeper.types import Block, Snapshot, Status
from scripts.model import risk as model
from scripts.model.risk import WAD, Moment, Ramp, Source, Tier, Walk

EXAMPLES = 500
ACCOUNT = b"\x01" * 32
BOOK = "0x" + "11" * 20
HOUR, DAY = 3_600, 86_400
NOW = 1_800_000_000
UNITS = 10**6

shares = st.integers(0, 300_000)
walks = st.builds(Walk, shares, shares) | st.builds(Walk.at, shares)
small_walks = st.builds(Walk, st.integers(0, 30_000), st.integers(0, 30_000))
depths = st.sampled_from([0, 10**6, 10**4]) | st.integers(1, 10**8)
ramps = st.just(Ramp()) | st.builds(
    lambda start, length: Ramp(NOW + start, NOW + start + length),
    st.integers(-DAY, HOUR),
    st.integers(1, 2 * DAY),
)
moves = st.sampled_from([0.0, 1.0]) | st.sampled_from([0.0, 1.0]) | st.floats(0, 1)


@st.composite
def underlyings(draw):
    return model.Underlying(
        heartbeat=HOUR,
        half_width=draw(small_walks),
        volatility=Walk.at(draw(st.integers(0, 100_000))),
        exponent=0,
        min_price=1,
        max_price=10**40,
        initial_down=0,
        initial_up=0,
        maintenance_down=draw(walks),
        maintenance_up=draw(walks),
        tolerance=draw(st.none() | st.builds(Walk.at, st.integers(0, 30_000))),
        ramp=draw(ramps),
    )


@st.composite
def assets(draw, count):
    return model.Asset(
        underlying=draw(st.integers(0, count - 1)),
        tier=Tier.CROSS,
        decimals=6,
        basis_shock=draw(small_walks),
        unwinding=draw(small_walks),
        basis_band=draw(st.just(Walk.at(0)) | small_walks),
        depth=draw(st.builds(Walk, depths, depths) | st.builds(Walk.at, depths)),
        ramp=draw(ramps),
        has_rate=draw(st.booleans()),
    )


@st.composite
def sources(draw, price, now):
    """A source whose middle price is `price`, in any state."""
    state = draw(st.sampled_from(list(Status)) | st.just(Status.FRESH))
    updated = now if state is not Status.STALE else now - HOUR - draw(st.integers(1, DAY))
    second = 0
    if state is Status.DIVERGED:
        second = max(int(price * draw(st.floats(0.5, 2))), 1)
    if state is Status.NONE:
        return Source(0, 0, last_price=price, last_updated_at=now - draw(st.integers(0, DAY)))
    since = draw(st.sampled_from([0, now - 301, now - 10]))
    return Source(price, updated, second=second, diverged_since=since, diverged_seen_at=since and now - 5)


class World:
    """Rows of a risk book, and an account of principals (debts) and balances."""

    def __init__(self, rows, listed, principals):
        self.rows, self.listed, self.principals = rows, listed, principals

    def risk(self, clock):
        """As scripts/keeper/parameters.py reads it from the contracts."""

        def worst(row, walk):
            return max(row.ramp.value(walk, clock), walk.end) / 10**6

        def least(row, walk):
            return min(row.ramp.value(walk, clock), walk.end) / 10**6

        def depth(row):
            found = [depth for depth in (row.ramp.depth(row.depth, clock), row.depth.end) if depth]
            return float(min(found, default=0))

        return Risk(
            BOOK,
            max(row.ramp.end for row in [*self.rows, *self.listed]),
            [
                UnderlyingRisk(
                    worst(row, row.maintenance_down),
                    worst(row, row.maintenance_up),
                    least(row, row.half_width),
                )
                for row in self.rows
            ],
            [
                AssetRisk(
                    asset.underlying,
                    float(UNITS),
                    worst(asset, asset.basis_shock) + worst(asset, asset.unwinding),
                    least(asset, asset.basis_band),
                    depth(asset),
                    asset.has_rate,
                    True,
                )
                for asset in self.listed
            ],
        )

    def market(self, now, found, rates, indices):
        bands = [
            model.band(row, source, Moment(now, now), False)
            for row, source in zip(self.rows, found, strict=True)
        ]
        return Market(
            Block(now, "0x", "0x", now, None),
            now,
            BOOK,
            tuple(band.price for band in bands),
            tuple(band.half for band in bands),
            tuple(Status(band.status) for band in bands),
            tuple(
                abs(rate or WAD) / WAD if a.has_rate else 1.0
                for rate, a in zip(rates, self.listed, strict=True)
            ),
            tuple(index / WAD for index in indices),
        )

    def snapshot(self, now, found, rates, indices):
        holdings = [
            (number, amount if amount >= 0 else -model.div_up(-amount * index, WAD))
            for number, (amount, index) in enumerate(zip(self.principals, indices, strict=True))
        ]
        judged = model.assess(
            self.rows, self.listed, found, rates, holdings, [], Moment(now, now), maintenance=True
        )
        return Snapshot(
            ACCOUNT,
            now,
            tuple(holdings),
            (),
            judged.equity,
            judged.uncertainty,
            judged.requirement,
            judged.debt_value,
            Status(judged.status),
            0,
        )


@st.composite
def worlds(draw):
    """An account with something of at least one asset and debt of another."""
    count = draw(st.integers(1, 3))
    rows = [draw(underlyings()) for _ in range(count)]
    listed = [draw(assets(count)) for _ in range(draw(st.integers(2, 4)))]
    amounts = st.integers(1, 10**5).map(lambda whole: whole * UNITS)
    signs = [1, -1, *(draw(st.sampled_from([1, -1])) for _ in listed[2:])]
    return World(rows, listed, [sign * draw(amounts) for sign in signs])


def indebt(world, share, *state):
    """Scales the account's debts until its slack is about `share` of what it owns, if it can be."""
    owned = world.principals
    held = World(world.rows, world.listed, [max(amount, 0) for amount in owned]).snapshot(*state).equity
    few, many = 0, 2**40
    for _ in range(50):
        middle = (few + many) // 2
        world.principals = [a if a > 0 else a * middle // 2**20 for a in owned]
        if world.snapshot(*state).slack > share * held:
            few = middle
        else:
            many = middle
    world.principals = [a if a > 0 else a * few // 2**20 for a in owned]


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_who_is_not_looked_at_is_not_liquidatable(data):
    """Everything moves at once to within the thresholds, or right to them: prices, rates, debt indices, time and the
    state of the sources."""
    world = data.draw(worlds())
    prices = [data.draw(st.integers(10**15, 10**22)) for _ in world.rows]
    found = [data.draw(sources(price, NOW)) for price in prices]
    rates = [data.draw(st.integers(WAD, 2 * WAD)) if asset.has_rate else WAD for asset in world.listed]
    indices = [data.draw(st.integers(WAD, 3 * WAD)) for _ in world.listed]
    indebt(world, data.draw(st.floats(0.005, 0.3)), NOW, found, rates, indices)
    before = world.market(NOW, found, rates, indices)
    index = Index(world.risk(NOW))
    index.put(world.snapshot(NOW, found, rates, indices), before)

    slot = index._slots[ACCOUNT]
    low, high = index._below[:, slot], index._above[:, slot]

    def within(variable, now, units):
        """Somewhere between the thresholds of a variable, in `units` of its float."""
        bottom = low[variable] if np.isfinite(low[variable]) else now * (1 - REACH)
        top = high[variable] if np.isfinite(high[variable]) else now * (1 + REACH)
        # A hair inside: at the threshold itself the account is looked at.
        bottom, top = bottom * (1 + 1e-12), top * (1 - 1e-12)
        value = bottom + (top - bottom) * data.draw(moves)
        return max(int(value * units), 1)

    count, listed = len(world.rows), len(world.listed)
    later = NOW + data.draw(st.integers(0, 3 * DAY))
    moved = [within(number, before.prices[number], 1) for number in range(count)]
    found = [data.draw(sources(price, later)) for price in moved]
    rates = [
        within(count + n, before.rates[n], WAD) if a.has_rate else WAD for n, a in enumerate(world.listed)
    ]
    indices = [max(within(count + listed + n, before.indices[n], WAD), indices[n]) for n in range(listed)]
    after = world.market(later, found, rates, indices)
    if ACCOUNT not in index.crossed(after):
        snapshot = world.snapshot(later, found, rates, indices)
        assert not snapshot.is_liquidatable, snapshot.slack


# That it spares looking, too


def simple(amounts, prices, depth=0):
    """Dollars (0) and ether (1): ether's shock 12%, half-width 0.5%; everything fresh."""
    rows = [
        model.Underlying(HOUR, Walk.at(w), Walk.at(0), 0, 1, 10**40, 0, 0, Walk.at(s), Walk.at(s))
        for w, s in ((1_000, 10_000), (5_000, 120_000))
    ]
    listed = [model.Asset(n, Tier.CROSS, 6, depth=Walk.at(depth if n else 0)) for n in range(2)]
    world = World(rows, listed, [amount * UNITS for amount in amounts])

    def at(ether, index=WAD, dollars=WAD):
        found = [Source(dollars, NOW), Source(int(ether * WAD), NOW)]
        return world.market(NOW, found, [WAD, WAD], [index, WAD]), world.snapshot(
            NOW, found, [WAD, WAD], [index, WAD]
        )

    index = Index(world.risk(NOW))
    market, snapshot = at(prices)
    index.put(snapshot, market)
    return index, at


def liquidation_price(at, healthy, unhealthy):
    for _ in range(100):
        middle = (healthy + unhealthy) / 2
        if at(middle)[1].is_liquidatable:
            unhealthy = middle
        else:
            healthy = middle
    return unhealthy


def test_a_long_is_looked_at_shortly_before_its_price():
    index, at = simple([-1_200, 1], 2_000)
    price = liquidation_price(at, 2_000, 500)
    assert index.crossed(at(2_000)[0]) == []
    assert index.crossed(at(3_000 - 1)[0]) == []  # rising ether is no danger
    assert index.crossed(at(price)[0]) == [ACCOUNT]
    # The dollars that it owes have a share of the budget.
    looked_from = next(p for p in range(2_000, 1_000, -1) if index.crossed(at(p)[0]))
    assert price < looked_from < price * 1.08


def test_a_short_is_looked_at_shortly_before_its_price():
    index, at = simple([3_000, -1], 2_000)
    price = liquidation_price(at, 2_000, 4_000)
    assert index.crossed(at(1_500)[0]) == []
    assert index.crossed(at(price)[0]) == [ACCOUNT]
    looked_from = next(p for p in range(2_000, 4_000) if index.crossed(at(p)[0]))
    assert price > looked_from > price * 0.92


def test_an_account_without_debt_is_never_looked_at():
    index, at = simple([100, 1], 2_000)
    assert index.crossed(at(1)[0]) == []


def test_interest_alone_brings_an_account_up():
    index, at = simple([-1_200, 1], 2_000)
    assert index.crossed(at(2_000, int(WAD * (1 + DRIFT_EACH / 2)))[0]) == []
    assert index.crossed(at(2_000, int(WAD * (1 + DRIFT_EACH * 1.01)))[0]) == [ACCOUNT]


def test_who_may_be_taken_over_is_always_looked_at():
    index, at = simple([-1_900, 1], 2_000)
    assert at(2_000)[1].is_liquidatable
    assert index.crossed(at(2_500)[0]) == [ACCOUNT]
    assert index.watched == 1


def test_concentration_is_within_reach_of_the_thresholds():
    index, at = simple([-500_000, 1_000], 2_000, depth=10**7)
    price = liquidation_price(at, 2_000, 500)
    assert index.crossed(at(2_000)[0]) == []
    assert index.crossed(at(price)[0]) == [ACCOUNT]


def test_what_is_not_understood_is_always_looked_at():
    index, at = simple([-1_200, 1], 2_000)
    market, snapshot = at(2_000)
    index.put(replace(snapshot, instruments=(BOOK,)), market)
    assert index.crossed(market) == [ACCOUNT]
    index.put(snapshot, market)
    assert index.crossed(market) == []
    # The chain says something else than is computed here.
    index.put(replace(snapshot, requirement=snapshot.requirement + WAD), market)
    assert index.crossed(market) == [ACCOUNT]


def test_an_asset_that_is_not_in_the_book_counts_for_nothing_held_and_is_doubtful_owed():
    index, at = simple([-1_200, 1], 2_000)
    market, snapshot = at(2_000)
    index.put(replace(snapshot, holdings=(*snapshot.holdings, (2, 10**18))), market)
    assert index.crossed(market) == []
    index.put(replace(snapshot, holdings=(*snapshot.holdings, (2, -1))), market)
    assert index.crossed(market) == [ACCOUNT]


@pytest.mark.parametrize("count", [1, 1_023, 1_024, 5_000])
def test_tables_grow_with_the_accounts(count):
    index, at = simple([-1_200, 1], 2_000)
    market, snapshot = at(2_000)
    many = [number.to_bytes(32, "big") for number in range(2, count + 2)]
    index.add(many)
    assert len(index) == count + 1
    assert index.crossed(market) == many
    for account in many[1:]:
        index.put(replace(snapshot, account=account), market)
    assert index.crossed(market) == many[:1]
    assert len(index.crossed(at(1_000)[0])) == count + 1


def test_a_stale_price_does_not_have_everybody_looked_at():
    index, at = simple([-1_200, 1], 2_000)
    market, snapshot = at(2_000)
    stale = replace(snapshot, status=Status.STALE, uncertainty=snapshot.uncertainty + 50 * WAD)
    index.put(stale, market)
    assert index.crossed(market) == []
    # Its wider band does not move the thresholds.
    price = liquidation_price(at, 2_000, 500)
    assert index.crossed(at(price)[0]) == [ACCOUNT]
