"""LendingPool.writeOff: a domain gives up debt, lenders lose it, its line shrinks for good."""

from hypothesis import given
from hypothesis import strategies as st

from scripts.model.pool import VIRTUAL_SHARES
from tests.helpers.pool_bench import LINE, UNIT, PoolBench


def test_lowers_debt_line_and_share_price(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    tx = bench.write_off(100 * UNIT)
    assert tx.value == 100 * UNIT
    assert bench.pool.domainOf(bench.domain) == (LINE, 300 * UNIT, 100 * UNIT)
    assert bench.pool.totalAssets() == 900 * UNIT, "SOLV-3"
    assert bench.pool.cash() == 600 * UNIT
    assert bench.pool.convertToAssets(1_000 * UNIT * VIRTUAL_SHARES) == 900 * UNIT
    assert tx.events("WrittenOff", bench.pool) == [
        {
            "domain": bench.domain.address,
            "principal": 100 * UNIT,
            "amount": 100 * UNIT,
            "lineLeft": LINE - 100 * UNIT,
        }
    ]
    assert tx.events("Accrued", bench.pool)


@given(
    rate=st.integers(0, 3 * 10**11),
    seconds=st.integers(0, 10**8),
    share=st.integers(0, 1000),
    owed=st.integers(1, 10**23),
)
def test_books_what_the_reference_says(
    bench: PoolBench, rate: int, seconds: int, share: int, owed: int
) -> None:
    """SOLV-3: assets fall by what the debt falls, and no more."""
    with bench.evm.isolation():
        bench.ready(10**24, owed, rate)
        bench.evm.warp(seconds)
        reference = bench.reference()
        assets = reference.assets
        amount = reference.write_off(bench.domain.address, owed * share // 1000)
        assert bench.write_off(owed * share // 1000).value == amount
        bench.assert_matches(reference)
        assert assets - amount <= bench.pool.totalAssets(), "SOLV-3"


@given(parts=st.lists(st.integers(1, 10**6), min_size=2, max_size=8), rate=st.integers(1, 3 * 10**11))
def test_parts_add_up_to_the_whole(bench: PoolBench, parts: list[int], rate: int) -> None:
    """SOLV-4: many small write-offs are counted to the wei like one."""
    with bench.evm.isolation():
        bench.ready(10**24, sum(parts), rate)
        bench.evm.warp(10_000_019)
        owed = bench.pool.totalDebt()
        written = sum(bench.write_off(part).value for part in parts)
        assert written == owed == bench.pool.domainOf(bench.domain)[2], "SOLV-4"


def test_line_is_lower_for_good(bench: PoolBench) -> None:
    """SOLV-4: setting the same line again does not refill it."""
    bench.ready(3 * LINE, LINE, 0)
    bench.write_off(LINE // 4)
    with bench.evm.reverts("LendingPool_LineExceeded", bench.domain, 3 * LINE // 4 + 1, 3 * LINE // 4):
        bench.borrow(1)
    bench.pool.setLine(bench.domain, LINE)
    with bench.evm.reverts("LendingPool_LineExceeded"):
        bench.borrow(1)
    bench.repay(LINE // 4)
    bench.borrow(LINE // 4)
    with bench.evm.reverts("LendingPool_LineExceeded"):
        bench.borrow(1)
    bench.pool.setLine(bench.domain, LINE + 7)
    bench.borrow(7)
    with bench.evm.reverts("LendingPool_LineExceeded"):
        bench.borrow(1)


def test_line_does_not_wrap_when_interest_was_written_off_too(bench: PoolBench) -> None:
    """SOLV-4: write-offs beyond the line by interest leave a line of zero."""
    bench.ready(3 * LINE, LINE, 3 * 10**11)
    bench.evm.warp(365 * 86_400)
    tx = bench.write_off(LINE)
    assert tx.value > 10 * LINE
    assert tx.events("WrittenOff")[0]["lineLeft"] == 0
    with bench.evm.reverts("LendingPool_NotDomain"):
        bench.borrow(1)
    bench.pool.setLine(bench.domain, tx.value - 1)
    with bench.evm.reverts("LendingPool_NotDomain"):
        bench.borrow(1)
    price = -(-3 * bench.pool.debtIndexNow() // 10**18)
    bench.pool.setLine(bench.domain, tx.value + price)
    assert bench.borrow(3).value == price


def test_reserve_bears_what_lenders_do_not_have(bench: PoolBench) -> None:
    """Otherwise the next lender would pay the old reserve."""
    bench.ready(1_000 * UNIT, 1_000 * UNIT, 3 * 10**11)
    bench.evm.warp(365 * 86_400)
    assert bench.pool.reserve() > 900 * UNIT
    bench.write_off(999 * UNIT)
    assert bench.pool.totalAssets() == 0
    assert bench.pool.reserve() == bench.pool.totalDebt()
    held = bench.deposit(5 * UNIT, bench.other_lender).value
    assert bench.pool.convertToAssets(held) >= 5 * UNIT - 2


def test_pool_that_lost_everything_takes_new_lenders(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 1_000 * UNIT, 0)
    bench.write_off(1_000 * UNIT)
    assert bench.pool.totalAssets() == 0
    assert bench.pool.maxWithdraw(bench.lender) == bench.pool.maxRedeem(bench.lender) == 0
    shares = bench.deposit(UNIT, bench.other_lender).value
    assert bench.pool.convertToAssets(shares) >= UNIT - 2


def test_not_more_than_the_domain_owes(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    bench.borrow(100 * UNIT, domain=bench.other_domain)
    with bench.evm.reverts("LendingPool_PrincipalExceeded", bench.domain, 400 * UNIT + 1, 400 * UNIT):
        bench.write_off(400 * UNIT + 1)


def test_domains_only(bench: PoolBench) -> None:
    bench.ready()
    for caller in (bench.stranger, bench.owner, bench.guardian, bench.engine):
        with bench.evm.reverts("LendingPool_NotDomain", caller):
            bench.pool.writeOff(0, sender=caller)
