"""LendingPool.collectReserve: anybody sends the reserve to its recipient."""

from scripts.model.pool import MAX_RATE, YEAR
from tests.helpers.pool_bench import UNIT, PoolBench


def test_sends_what_there_is(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 10**10)
    bench.evm.warp(10**6)
    reference = bench.reference()
    assets = reference.assets
    expected = reference.collect_reserve()
    assert expected > 0
    tx = bench.pool.collectReserve(sender=bench.stranger)
    assert tx.value == expected == bench.token.balanceOf(bench.recipient)
    bench.assert_matches(reference)
    assert bench.pool.reserve() == 0
    assert bench.pool.totalAssets() == assets, "lenders neither win nor lose by it"
    assert tx.events("ReserveCollected", bench.pool) == [{"recipient": bench.recipient, "amount": expected}]


def test_no_more_than_the_cash(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 999 * UNIT, MAX_RATE)
    bench.evm.warp(YEAR)
    reserve = bench.pool.reserve()
    assert reserve > UNIT
    assert bench.pool.collectReserve().value == UNIT
    assert bench.pool.reserve() == reserve - UNIT
    assert bench.pool.collectReserve().value == 0
    bench.repay(500 * UNIT)
    assert bench.pool.collectReserve().value == reserve - UNIT


def test_nothing_to_collect_is_no_error(bench: PoolBench) -> None:
    bench.deposit(UNIT)
    assert bench.pool.collectReserve().value == 0
    assert bench.token.balanceOf(bench.recipient) == 0


def test_goes_to_the_recipient_of_the_day(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 10**10)
    bench.evm.warp(10**6)
    bench.pool.setReserveRecipient(bench.stranger)
    amount = bench.pool.collectReserve().value
    assert bench.token.balanceOf(bench.stranger) == amount > 0
