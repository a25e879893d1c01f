"""RiskEngine.publish and the parameters it brings."""

import pytest

from scripts.model import risk
from tests.helpers.book import WAD, Asset, Book, Domain, Underlying, data_contract
from tests.helpers.risk_bench import RiskBench


@pytest.fixture
def feed(evm):
    return evm.deploy("MockAggregator", 8, "feed", 2_000 * 10**8)


@pytest.fixture
def engine(evm):
    return evm.deploy("RiskEngine", evm.accounts[1], "0x" + "00" * 20, "0x" + "00" * 20)


def test_only_the_parameters_publish(evm, engine, feed):
    book = Book([Underlying(feed.address)], [Asset(0)]).deploy(evm)
    with evm.reverts("RiskEngine_NotParameters", evm.accounts[2]):
        engine.publish(book, sender=evm.accounts[2])
    tx = engine.publish(book, sender=evm.accounts[1])
    zero = "0x" + "00" * 20
    assert tx.events("BookPublished") == [{"oldBook": zero, "newBook": book}]
    assert engine.book() == book
    assert engine.riskParameters() == evm.accounts[1]


@pytest.mark.parametrize("cut", [-32, -1, 1, 64])
def test_a_book_of_the_wrong_size_is_refused(evm, engine, feed, cut):
    data = Book([Underlying(feed.address)], [Asset(0)]).data()
    data = data[:cut] if cut < 0 else data + bytes(cut)
    with evm.reverts("RiskEngine_BookMalformed"):
        engine.publish(data_contract(evm, data), sender=evm.accounts[1])


def test_no_book_at_all_is_refused(evm, engine):
    with evm.reverts("RiskEngine_BookMalformed", evm.accounts[5], 0, 65):
        engine.publish(evm.accounts[5], sender=evm.accounts[1])


def test_what_is_new_is_recorded_and_the_rest_left(evm):
    bench = RiskBench(evm)
    bench.underlying(2_000)
    bench.asset(0, rate="1.1")
    bench.publish()
    evm.warp(10)
    bench.set_price(0, 2_200)
    bench.set_rate(0, "1.2")
    bench.underlying(40_000)
    bench.asset(1, rate="1.3")
    bench.publish()
    assert bench.engine.priceRecord(0).priceWad == 2_000 * WAD
    assert bench.engine.priceRecord(1).priceWad == 40_000 * WAD
    assert bench.engine.lastRate(0) == 11 * WAD // 10
    assert bench.engine.lastRate(1) == 13 * WAD // 10


def test_a_dead_feed_does_not_stop_a_book(evm):
    bench = RiskBench(evm)
    bench.underlying(2_000)
    bench.kill(0)
    bench.asset(0, rate=0)
    bench.publish()
    assert bench.engine.priceRecord(0).priceWad == 0


def test_the_next_book_is_in_force_at_once(evm):
    bench = RiskBench(evm)
    bench.underlying(2_000)
    bench.asset(0)
    bench.publish()
    bench.underlyings[0].down = 500_000
    bench.publish()
    assert bench.check([(0, WAD)], maintenance=True).requirement == 2_000 * WAD * 502_000 // 10**6


WALKS = [
    ("targetHealthWad", "target"),
    ("premiumMinWad", "premium_min"),
    ("premiumStartWad", "premium_start"),
    ("premiumMaxWad", "premium_max"),
    ("premiumFullHealthWad", "premium_full_health"),
]


@pytest.mark.parametrize("elapsed", [0, 1, 300, 999, 1_000, 5_000])
def test_parameters_of_the_domain_stand_where_their_ramp_does(evm, elapsed):
    now = evm.now
    domain = Domain(
        now,
        now + 1_000,
        min_debt=2_000,
        min_debt_from=100,
        target_from=1_100_000,
        premium_min_from=10_000,
        premium_start_from=20_000,
        premium_max_from=100_000,
        premium_full_health_from=900_000,
    )
    bench = RiskBench(evm, domain=domain)
    bench.underlying(1)
    bench.publish()
    evm.warp(elapsed)
    ramp = risk.Ramp(now, now + 1_000)
    got = bench.engine.domainParameters()
    for field, name in WALKS:
        walk = risk.Walk(getattr(domain, f"{name}_from"), getattr(domain, name))
        assert getattr(got, field) == ramp.value(walk, evm.now) * 10**12
    assert got.minDebtWad == ramp.value(risk.Walk(100, 2_000), evm.now) * WAD
    assert got.backstopShareWad == WAD // 10
    assert got.swapLossWad == WAD // 100
    assert got.gracePeriod == 3_600
