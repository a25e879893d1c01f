"""LendingPool.borrow and borrowFor: domains under credit lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.model.pool import WAD
from tests.helpers.pool_bench import LINE, UNIT, PoolBench

MAX_ROUNDING = 100


def test_sends_the_tokens_and_books_the_debt(bench: PoolBench) -> None:
    bench.deposit(1_000 * UNIT)
    answer = bench.domain.borrow(bench.pool, 10 * UNIT, 9 * UNIT, bench.borrower).value
    assert answer == 10 * UNIT, "answers what the domain owes"
    assert bench.token.balanceOf(bench.borrower) == 9 * UNIT
    assert bench.pool.cash() == bench.token.balanceOf(bench.pool) == 991 * UNIT
    assert bench.pool.domainOf(bench.domain) == (LINE, 10 * UNIT, 0)
    assert bench.pool.totalPrincipal() == bench.pool.totalDebt() == 10 * UNIT


@given(
    rate=st.integers(0, 3 * 10**11),
    seconds=st.integers(0, 10**8),
    principal=st.integers(0, 10**23),
    short=st.integers(0, 1000),
)
def test_books_what_the_reference_says(
    bench: PoolBench, rate: int, seconds: int, principal: int, short: int
) -> None:
    """ROUND-1, SOLV-3: a borrow never takes out more than it adds to debt, so lenders' assets do not fall."""
    with bench.evm.isolation():
        bench.ready(10**26, 10**23, rate)
        bench.pool.setLine(bench.domain, 2**128 - 1)
        bench.evm.warp(seconds)
        reference = bench.reference()
        assets = reference.assets
        most = principal * reference.index // WAD
        amount = max(most - short, 0)
        debt = reference.borrow(bench.domain.address, principal, amount)
        assert bench.borrow(principal, amount).value == debt
        bench.assert_matches(reference)
        assert bench.pool.totalAssets() >= assets, "SOLV-3"
        with bench.evm.reverts("LendingPool_RoundedAgainstPool"):
            bench.borrow(principal, most + 1)


def test_amount_may_not_pass_principal_times_index_rounded_down(bench: PoolBench) -> None:
    bench.ready(rate=10**11)
    bench.evm.warp(3)
    index = bench.pool.debtIndexNow()
    with bench.evm.reverts("LendingPool_RoundedAgainstPool", 1, 2, index):
        bench.borrow(1, 2)
    bench.borrow(1, 1)


def test_line_holds_to_the_wei(bench: PoolBench) -> None:
    """SOLV-4"""
    bench.ready(2 * LINE, 0)
    assert bench.borrow(LINE).value == LINE
    with bench.evm.reverts("LendingPool_LineExceeded", bench.domain, LINE + 1, LINE):
        bench.borrow(1)
    bench.repay(5)
    bench.borrow(5)


def test_interest_counts_against_the_line(bench: PoolBench) -> None:
    """SOLV-4"""
    bench.ready(2 * LINE, LINE - UNIT, 10**10)
    bench.evm.warp(86_400)
    owed = bench.pool.totalDebt()
    assert owed > LINE
    with bench.evm.reverts("LendingPool_LineExceeded", bench.domain, None, LINE):
        bench.borrow(10**18)
    bench.repay(bench.pool.totalPrincipal() // 2)
    bench.borrow(10**18)


def test_each_domain_has_its_own_line(bench: PoolBench) -> None:
    bench.ready(10 * LINE, LINE)
    bench.borrow(LINE // 2, domain=bench.other_domain)
    assert bench.pool.domainOf(bench.domain)[1] == LINE
    assert bench.pool.domainOf(bench.other_domain)[1] == LINE // 2


def test_lowered_line_stops_borrowing_not_repaying(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    bench.pool.setLine(bench.domain, 0)
    with bench.evm.reverts("LendingPool_LineExceeded", bench.domain, None, 0):
        bench.borrow(1)
    bench.repay(400 * UNIT)
    with bench.evm.reverts("LendingPool_NotDomain", bench.domain):
        bench.repay(0, 5)


@pytest.mark.parametrize("principal", [0, 1, 10**18])
def test_strangers_have_no_line(bench: PoolBench, principal: int) -> None:
    bench.deposit(UNIT)
    with bench.evm.reverts("LendingPool_NotDomain", bench.stranger):
        bench.pool.borrow(principal, 0, bench.stranger, sender=bench.stranger)


def test_limited_by_cash(bench: PoolBench) -> None:
    bench.deposit(10 * UNIT)
    with bench.evm.reverts("LendingPool_InsufficientCash", 10 * UNIT + 1, 10 * UNIT):
        bench.borrow(10 * UNIT + 1)
    bench.borrow(10 * UNIT)
    assert bench.pool.utilisationWad() == WAD


def test_rounding_may_be_booked_beyond_the_line(bench: PoolBench) -> None:
    """A domain at its line can still split debts between accounts; a booking is a hundred units at most, and
    brings no tokens."""
    bench.ready(2 * LINE, LINE, 10**10)
    bench.evm.warp(86_400)
    held = bench.token.balanceOf(bench.borrower)
    bench.borrow(MAX_ROUNDING, 0)
    assert bench.pool.domainOf(bench.domain)[1] == LINE + MAX_ROUNDING
    assert bench.token.balanceOf(bench.borrower) == held
    with bench.evm.reverts("LendingPool_LineExceeded"):
        bench.borrow(MAX_ROUNDING + 1, 0)
    with bench.evm.reverts("LendingPool_LineExceeded"):
        bench.borrow(2, 1)


def test_principal_that_does_not_fit_is_refused(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    bench.pool.setLine(bench.domain, 2**128 - 1)
    for principal in (2**128 - 400 * UNIT, 2**128, 2**197, 2**256 - 1):
        with bench.evm.reverts("LendingPool_OutOfRange"):
            bench.domain.borrow(bench.pool, principal, 1, bench.borrower)
    bench.domain.borrow(bench.pool, 2**128 - 1 - 400 * UNIT, 1, bench.borrower)


def test_raises_the_rate_at_once(bench: PoolBench) -> None:
    """The rate for the time to come follows from the utilisation that the borrow leaves."""
    bench.deposit(1_000 * UNIT)
    bench.borrow(250 * UNIT)
    assert bench.model.lastUtilisation() == bench.pool.utilisationWad() == WAD // 4


@given(
    rate=st.integers(0, 3 * 10**11),
    seconds=st.integers(0, 10**8),
    amount=st.integers(0, 10**23),
)
def test_borrowing_an_amount_books_the_principal_that_it_costs(
    bench: PoolBench, rate: int, seconds: int, amount: int
) -> None:
    """ROUND-1: as `borrow` with the least principal that the amount may be had for."""
    with bench.evm.isolation():
        bench.ready(10**26, 10**23, rate)
        bench.pool.setLine(bench.domain, 2**128 - 1)
        bench.evm.warp(seconds)
        reference = bench.reference()
        least = -(-amount * WAD // reference.index)
        debt = reference.borrow(bench.domain.address, least, amount)
        answer = bench.domain.borrowFor(bench.pool, amount, bench.borrower).value
        assert tuple(answer) == (least, reference.index, debt)
        assert bench.token.balanceOf(bench.borrower) == 10**23 + amount
        bench.assert_matches(reference)


def test_borrowing_an_amount_is_held_to_line_and_cash(bench: PoolBench) -> None:
    """SOLV-4"""
    bench.ready(2 * LINE, 0)
    with bench.evm.reverts("LendingPool_LineExceeded", bench.domain, LINE + 1, LINE):
        bench.domain.borrowFor(bench.pool, LINE + 1, bench.borrower)
    bench.domain.borrowFor(bench.pool, LINE, bench.borrower)
    bench.pool.setLine(bench.domain, 4 * LINE)
    with bench.evm.reverts("LendingPool_InsufficientCash", LINE + 1, LINE):
        bench.domain.borrowFor(bench.pool, LINE + 1, bench.borrower)
    with bench.evm.reverts("LendingPool_OutOfRange", None, 2**128, 0, 2**128 - 1):
        bench.domain.borrowFor(bench.pool, 2**128, bench.borrower)
    with bench.evm.reverts("LendingPool_NotDomain", bench.stranger):
        bench.pool.borrowFor(1, bench.borrower, sender=bench.stranger)
