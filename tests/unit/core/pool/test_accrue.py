"""LendingPool.accrue: interest, reserve, the rate for the time to come, and models that fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.model.pool import MAX_INDEX, MAX_RATE, MAX_RESERVE, WAD, YEAR
from tests.helpers.evm import AnvilBackend
from tests.helpers.pool_bench import (
    ANSWER,
    BOMB,
    BURN,
    HUNGRY,
    REENTER,
    REVERT,
    REVERT_BOMB,
    SHORT,
    UNIT,
    PoolBench,
)

MODEL_GAS = 100_000


def test_year_at_ten_percent(bench: PoolBench) -> None:
    """400 tokens lent out for a year at 10%, of which a tenth goes to the reserve."""
    bench.ready(1_000 * UNIT, 400 * UNIT, WAD // 10 // YEAR)
    bench.evm.warp(YEAR)
    tx = bench.pool.accrue()
    assert bench.pool.totalDebt() == pytest.approx(440 * UNIT, rel=1e-9)
    assert bench.pool.reserve() == pytest.approx(4 * UNIT, rel=1e-8)
    assert bench.pool.totalAssets() == pytest.approx(1_036 * UNIT, rel=1e-9)
    assert bench.pool.cash() == 600 * UNIT
    assert tx.events("Accrued", bench.pool) == [
        {
            "index": bench.pool.debtIndexNow(),
            "ratePerSecond": WAD // 10 // YEAR,
            "reserve": bench.pool.reserve(),
        }
    ]


@given(
    steps=st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 10**7)), min_size=1, max_size=6),
    share=st.integers(0, WAD // 2),
    owed=st.integers(0, 10**23),
)
def test_matches_the_reference_step_by_step(
    bench: PoolBench, steps: list[tuple[int, int]], share: int, owed: int
) -> None:
    """SOLV-3: assets are cash plus debt less reserve, and interest never lowers them."""
    with bench.evm.isolation():
        bench.pool.setReserveShare(share)
        bench.ready(10**24, owed, 0)
        for rate, seconds in steps:
            bench.set_rate(rate)
            reference = bench.reference()
            assert reference.rate == min(rate, MAX_RATE)
            assets, index = reference.assets, reference.index
            bench.evm.warp(seconds)
            reference.advance(bench.evm.now)
            bench.assert_matches(reference)
            bench.pool.accrue()
            bench.assert_matches(reference)
            assert reference.assets >= assets, "SOLV-3"
            assert reference.index >= index


def test_debt_index_reads_no_model(bench: PoolBench) -> None:
    """The rate is fixed between operations: the index of the next second is known now."""
    bench.ready(rate=10**9)
    index, calls = bench.pool.debtIndexNow(), bench.model.calls()
    bench.set_model_mode(ANSWER, 10**11)
    bench.evm.warp(100)
    assert bench.pool.debtIndexNow() == index + -(-index * 10**9 * 100 // WAD)
    assert bench.model.calls() == calls


def test_twice_in_a_second_adds_no_interest_but_asks_the_model(bench: PoolBench) -> None:
    """Otherwise who moves utilisation and back within a second would leave his rate behind."""
    bench.ready()
    index, calls = bench.pool.debtIndexNow(), bench.model.calls()
    bench.pool.accrue()
    bench.pool.accrue()
    assert bench.pool.debtIndexNow() == index
    assert bench.model.calls() == calls + 2
    assert bench.model.lastElapsed() == 0
    bench.evm.warp(17)
    bench.pool.accrue()
    assert bench.model.lastElapsed() == 17


@pytest.mark.parametrize("mode", [REVERT, REVERT_BOMB, BOMB, BURN, SHORT])
def test_failing_model_leaves_the_last_rate_and_stops_nobody(bench: PoolBench, mode: int) -> None:
    bench.ready(rate=10**9)
    bench.set_model_mode(mode)
    bench.evm.warp(86_400)
    tx = bench.pool.accrue()
    if mode != BOMB:  # a bomb that fits its gas is an answer: its first word
        assert tx.events("RateModelFailed", bench.pool) == [{"model": bench.model.address, "rateKept": 10**9}]
        assert bench.pool.ratePerSecond() == 10**9
    for operation in (
        lambda: bench.deposit(UNIT),
        lambda: bench.borrow(UNIT),
        lambda: bench.repay(UNIT),
        lambda: bench.redeem(10**24),
        lambda: bench.write_off(UNIT),
        lambda: bench.pool.collectReserve(),
    ):
        bench.evm.warp(86_400)
        operation()


def test_model_without_code_leaves_the_last_rate(bench: PoolBench) -> None:
    bench.ready(rate=10**9)
    bench.evm.set_code(bench.model, b"")
    tx = bench.pool.accrue()
    assert tx.events("RateModelFailed", bench.pool)
    assert bench.pool.ratePerSecond() == 10**9


@pytest.mark.parametrize("answer", [MAX_RATE + 1, 2**40, 2**255, 2**256 - 1])
def test_absurd_rate_counts_as_the_highest(bench: PoolBench, answer: int) -> None:
    bench.ready(rate=0)
    bench.set_rate(answer)
    assert bench.pool.ratePerSecond() == MAX_RATE
    assert pytest.approx(10 * WAD, rel=1e-9) == MAX_RATE * YEAR, "1000% a year"


def test_model_that_calls_back_is_locked_out(bench: PoolBench) -> None:
    bench.ready()
    bench.set_model_mode(REENTER)
    bench.pool.accrue()
    assert bench.model.answer() == 2, "its call reverted"
    assert bench.pool.ratePerSecond() == 2


@given(gas=st.integers(60_000, 260_000))
def test_nobody_makes_the_model_fail_by_sending_little_gas(bench: PoolBench, gas: int) -> None:
    """A model that needs gas gets it, or the whole operation reverts: the rate never stays behind."""
    with bench.evm.isolation():
        bench.ready(rate=10**9)
        bench.set_model_mode(HUNGRY, 7 * 10**9)
        try:
            bench.pool.accrue(gas=gas)
        except bench.evm.Reverted as error:
            assert error.name in ("LendingPool_GasTooLow", "Halt", "")
            assert bench.pool.ratePerSecond() == 10**9
        else:
            assert bench.pool.ratePerSecond() == 7 * 10**9


@pytest.mark.anvil
def test_nobody_makes_the_model_fail_by_sending_little_gas_on_a_chain(anvil: AnvilBackend) -> None:
    """The same where gas is counted truly, with everything cold."""
    bench = PoolBench(anvil).ready(rate=10**9)
    outcomes = set()
    for gas in range(60_000, 240_000, 5_000):
        for mode in (HUNGRY, BURN):
            before = bench.pool.ratePerSecond()
            bench.set_model_mode(mode, before + 1)
            try:
                bench.pool.accrue(gas=gas)
            except anvil.Reverted as error:
                outcomes.add((mode, error.name))
                assert bench.pool.ratePerSecond() == before
            else:
                outcomes.add((mode, "passed"))
                assert bench.pool.ratePerSecond() == (before + 1 if mode == HUNGRY else before)
    for mode in (HUNGRY, BURN):
        assert {(mode, "passed"), (mode, "LendingPool_GasTooLow")} <= outcomes


def test_model_that_wants_more_than_its_share_of_gas_fails(bench: PoolBench) -> None:
    bench.ready(rate=10**9)
    bench.set_model_mode(BURN)
    with bench.evm.reverts("LendingPool_GasTooLow"):
        bench.pool.accrue(gas=MODEL_GAS + 21_000)
    tx = bench.pool.accrue(gas=MODEL_GAS + 80_000)
    assert tx.events("RateModelFailed", bench.pool)


def test_index_stops_at_its_largest_value_and_freezes_nothing(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, MAX_RATE)
    for _ in range(7):
        bench.evm.warp(YEAR)
        bench.pool.accrue()
    bench.evm.warp(YEAR)
    assert bench.pool.debtIndexNow() == MAX_INDEX
    bench.token.mint(bench.domain, 10**40)
    bench.pool.accrue()
    bench.evm.warp(YEAR)
    assert bench.pool.debtIndexNow() == MAX_INDEX
    bench.repay(400 * UNIT)
    bench.deposit(UNIT, bench.other_lender)
    bench.pool.setLine(bench.domain, 10**30)
    bench.borrow(UNIT // 10**6)
    bench.redeem(bench.pool.maxRedeem(bench.lender))


def test_full_reserve_leaves_the_rest_to_lenders(bench: PoolBench) -> None:
    other = PoolBench(bench.evm, decimals=27)
    other.token.mint(other.lender, 10**33)
    other.deposit(10**33)
    other.pool.setLine(other.domain, 10**33)
    other.set_rate(MAX_RATE)
    other.borrow(10**33 // 2)
    other.evm.warp(YEAR)
    assets = other.pool.totalAssets()
    other.pool.accrue()
    assert other.pool.reserve() == MAX_RESERVE
    other.evm.warp(YEAR)
    assert other.pool.reserve() == MAX_RESERVE
    assert other.pool.totalAssets() > assets


def test_time_runs_over_in_2106_without_harm(bench: PoolBench) -> None:
    """The 32 bits of the time wrap; the difference does not."""
    bench.ready(rate=10**6)
    bench.evm.warp(2**32 - bench.evm.now - 50)
    bench.pool.accrue()
    index = bench.pool.debtIndexNow()
    bench.evm.warp(100)
    assert bench.pool.debtIndexNow() == index + -(-index * 10**6 * 100 // WAD)
    bench.pool.accrue()
    assert bench.pool.debtIndexNow() == index + -(-index * 10**6 * 100 // WAD)
