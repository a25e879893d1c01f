"""Series begin on the grid, by anybody, and end when nobody holds them."""

from __future__ import annotations

from itertools import islice, product

import pytest

from tests.helpers.option_market import OptionBench
from tests.helpers.system import DAY, WAD

MOST = 512


def test_anybody_creates_a_series(options: OptionBench) -> None:
    expiry = options.expiries[7]
    tx = options.market.createSeries(expiry, 2_050 * WAD, True, sender=options.evm.accounts[9])
    series = tx.value
    assert tuple(options.market.seriesOf(series))[:2] == (expiry, 2_050 * WAD)
    assert options.market.idOf(expiry, 2_050 * WAD, True) == series
    assert options.market.idOf(expiry, 2_050 * WAD, False) == 0
    assert list(options.market.aliveSeries()) == [series]
    with options.evm.reverts("OptionMarket_SeriesExists", series):
        options.market.createSeries(expiry, 2_050 * WAD, True)


@pytest.mark.parametrize(("dollars", "tick"), [(1, 0.05), (9, 0.05), (150, 5), (2_000, 50), (40_000, 500)])
def test_ticks_follow_the_magnitude(options: OptionBench, dollars: int, tick: float) -> None:
    assert options.market.tickAt(dollars * WAD) == int(tick * 10**18)


@pytest.mark.parametrize("strike", [2_025 * WAD, 350 * WAD, 10_050 * WAD, 2_000 * WAD + 1, 0])
def test_strikes_off_the_grid(options: OptionBench, strike: int) -> None:
    with options.evm.reverts("OptionMarket_OffGrid", None, strike):
        options.market.createSeries(options.expiries[7], strike, True)


@pytest.mark.parametrize("strike", [400, 10_000])
def test_the_outermost_strikes(options: OptionBench, strike: int) -> None:
    assert options.series(7, strike)


def test_expiries_off_the_grid(options: OptionBench) -> None:
    week = options.expiries[7]
    for expiry in (week + 1, week + DAY, week - 8 * DAY, week + 2**32 // DAY * DAY):
        with options.evm.reverts("OptionMarket_OffGrid", None, expiry):
            options.market.createSeries(expiry, 2_000 * WAD, True)


def test_what_somebody_holds_stays(options: OptionBench) -> None:
    call = options.series(1, 2_000)
    one, two = options.trader(3), options.trader(4)
    options.fill(one, two, WAD, {call: 1})
    with options.evm.reverts("OptionMarket_SeriesInUse", call):
        options.market.removeSeries([call])
    options.expire(1, 2_000, [one])
    with options.evm.reverts("OptionMarket_SeriesInUse", call):
        options.market.removeSeries([call])
    options.settle(two)
    options.market.removeSeries([call])
    assert list(options.market.aliveSeries()) == []
    with options.evm.reverts("OptionMarket_UnknownSeries", call):
        options.market.removeSeries([call])


def test_series_spam_keeps_nobody_out(options: OptionBench) -> None:
    """A full list is cleared by who needs room, for less than it took to fill; what is held stays."""
    one, two = options.trader(3), options.trader(4)
    held = options.series(30, 2_000)
    options.fill(one, two, WAD, {held: 1})
    grid = product(range(400, 10_050, 50), (True, False), (1, 7))
    junk = [
        options.market.createSeries(options.expiries[days], strike * WAD, call).value
        for strike, call, days in islice(grid, MOST - 1)
    ]
    with options.evm.reverts("OptionMarket_TooManySeries", MOST):
        options.series(30, 2_500)
    with options.evm.reverts("OptionMarket_SeriesInUse", held):
        options.market.removeSeries([held])
    options.market.removeSeries(junk[:1])
    assert options.series(30, 2_500)
    assert options.sizes(one) == {held: WAD}
    alive = list(options.market.aliveSeries())
    assert set(alive) == {held, options.series(30, 2_500), *junk[1:]}
    assert [options.market.seriesOf(number)[5] for number in alive[:5]] == list(range(5))


def test_with_room_an_unwanted_series_stays_until_it_expires(options: OptionBench) -> None:
    call = options.series(7, 2_000)
    with options.evm.reverts("OptionMarket_SeriesInUse", call):
        options.market.removeSeries([call])
