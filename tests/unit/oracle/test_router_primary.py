"""OracleRouter, primary source: the band of an underlying from its Chainlink feed alone."""

from math import isqrt

import pytest

from tests.helpers.backend import START_TIME
from tests.helpers.book import WAD, Asset, Book, Underlying
from tests.helpers.risk_bench import RiskBench
from tests.helpers.rounds import encode_round, good_round, malformed_rounds

FRESH, DIVERGED, STALE, NONE = range(4)
HOUR, DAY = 3_600, 86_400


def band_of(evm, price=2_000, **row):
    bench = RiskBench(evm)
    bench.underlying(price, **row)
    bench.publish()
    return bench


def test_band_is_price_and_half_width_on_both_sides(evm):
    bench = band_of(evm, half_width=5_000)
    assert bench.engine.band(0) == (2_000 * WAD, 1_990 * WAD, 2_010 * WAD, 10 * WAD, FRESH)


@pytest.mark.parametrize("decimals", [0, 6, 8, 18, 20, 27])
def test_any_decimals_of_the_feed(evm, decimals):
    assert band_of(evm, decimals=decimals).engine.band(0)[0] == 2_000 * WAD


def test_an_answer_is_fresh_as_long_as_the_heartbeat(evm):
    bench = band_of(evm, heartbeat=HOUR)
    evm.warp(HOUR)
    assert bench.engine.band(0).status == FRESH
    evm.warp(1)
    assert bench.engine.band(0).status == STALE


def test_half_width_grows_with_the_root_of_the_time_beyond_the_heartbeat(evm):
    bench = band_of(evm, heartbeat=HOUR, half_width=5_000, volatility=40_000)
    evm.warp(HOUR + 4 * DAY)
    price, low, high, half, status = bench.engine.band(0)
    assert (price, status) == (2_000 * WAD, STALE)
    assert half == 2_000 * (WAD // 200 + 2 * WAD * 4 // 100)  # 0.5% and two times 4%
    assert (low, high) == (price - half, price + half)


def test_half_width_inside_the_heartbeat_does_not_grow(evm):
    bench = band_of(evm, heartbeat=DAY, half_width=5_000, volatility=40_000)
    evm.warp(DAY)
    assert bench.engine.band(0).halfWidthWad == 10 * WAD


def test_half_width_ends_at_the_whole_price(evm):
    bench = band_of(evm, heartbeat=HOUR, volatility=1_000_000)
    evm.warp(400 * DAY)
    assert bench.engine.band(0)[:4] == (2_000 * WAD, 0, 4_000 * WAD, 2_000 * WAD)


@pytest.mark.parametrize("what", malformed_rounds(START_TIME))
def test_a_malformed_round_is_no_price(evm, what):
    hostile = evm.deploy("HostileFeed")
    hostile.setRaw(encode_round(good_round(evm.now)))
    engine = evm.deploy("RiskEngine", evm.accounts[0], "0x" + "00" * 20, "0x" + "00" * 20)
    engine.publish(Book([Underlying(hostile.address)], [Asset(0)]).deploy(evm))
    assert engine.band(0).status == FRESH
    hostile.setRaw(encode_round(malformed_rounds(evm.now)[what]))
    assert engine.band(0).status == NONE


@pytest.mark.parametrize("price", ["1499.99999999", "2500.00000001"])
def test_an_answer_outside_the_bounds_is_no_price(evm, price):
    bench = band_of(evm, min_price=1_500 * WAD, max_price=2_500 * WAD)
    bench.set_price(0, price)
    assert bench.engine.band(0).status == NONE


@pytest.mark.parametrize("price", [1_500, 2_500])
def test_the_bounds_themselves_are_prices(evm, price):
    bench = band_of(evm, min_price=1_500 * WAD, max_price=2_500 * WAD)
    bench.set_price(0, price)
    assert bench.engine.band(0)[0] == price * WAD
    assert bench.engine.band(0).status == FRESH


def test_without_a_price_the_last_good_one_counts_with_its_age(evm):
    bench = band_of(evm, heartbeat=HOUR, half_width=5_000, volatility=40_000)
    bench.set_price(0, 1_800)
    bench.poke(0)
    bench.kill(0)
    assert bench.engine.band(0)[:4] == (1_800 * WAD, 1_791 * WAD, 1_809 * WAD, 9 * WAD)
    evm.warp(HOUR + DAY)
    price, _, _, half, status = bench.engine.band(0)
    assert (price, status) == (1_800 * WAD, NONE)
    assert half == 1_800 * WAD * 45 // 1_000


def test_without_any_price_ever_the_band_is_between_the_bounds(evm):
    bench = RiskBench(evm)
    bench.underlying(10, min_price=100 * WAD, max_price=300 * WAD)
    bench.publish()
    assert bench.engine.priceRecord(0)[3:] == (0, 0)
    assert bench.engine.band(0) == (200 * WAD, 100 * WAD, 300 * WAD, 100 * WAD, NONE)


def test_publishing_records_the_first_price(evm):
    bench = band_of(evm)
    assert bench.engine.priceRecord(0)[3:] == (2_000 * WAD, evm.now)


def test_poke_records_a_fresh_price_and_tells(evm):
    bench = band_of(evm)
    evm.warp(10)
    bench.set_price(0, 2_100)
    tx = bench.engine.poke(0)
    assert tx.events("PriceRecorded") == [{"underlying": 0, "priceWad": 2_100 * WAD, "updatedAt": evm.now}]
    assert bench.engine.poke(0).logs == []


def test_poke_records_no_stale_price(evm):
    bench = band_of(evm, heartbeat=HOUR)
    first = bench.engine.priceRecord(0)
    bench.set_price(0, 2_100)
    evm.warp(HOUR + 1)
    bench.poke(0)
    assert bench.engine.priceRecord(0) == first


def test_poke_of_a_dead_feed_changes_nothing(evm):
    bench = band_of(evm)
    first = bench.engine.priceRecord(0)
    bench.kill(0)
    bench.poke(0)
    assert bench.engine.priceRecord(0) == first


def test_an_unknown_underlying_is_refused(evm):
    bench = band_of(evm)
    with evm.reverts("RiskEngine_UnknownUnderlying", 1):
        bench.engine.band(1)
    with evm.reverts("RiskEngine_UnknownUnderlying", 1):
        bench.engine.poke(1)


def test_a_caller_short_of_gas_cannot_make_a_good_feed_look_dead(evm):
    bench = band_of(evm)
    for gas in range(30_000, 300_000, 10_000):
        try:
            answer = bench.engine.band.call(0, gas=gas)
        except evm.Reverted:
            continue
        assert answer.status == FRESH


def test_growth_is_monotone(evm):
    bench = band_of(evm, heartbeat=HOUR, half_width=0, volatility=70_000)
    evm.warp(HOUR)
    before = 0
    for step in (1, 2, 3, 60, 1_000, DAY, 9 * DAY):
        evm.warp(step)
        half = bench.engine.band(0).halfWidthWad
        assert half > before
        before = half
    age = evm.now - bench.sources[0].updated_at - HOUR
    assert abs(before - 2_000 * 70_000 * isqrt(age * 10**36 // DAY) // 10**6) < 10**6
