"""LendingPool.withdraw: assets out, shares up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.pool_bench import UNIT, PoolBench


def test_pays_exactly_the_assets_and_burns_shares_of_the_owner(bench: PoolBench) -> None:
    bench.deposit(5 * UNIT)
    tx = bench.pool.withdraw(2 * UNIT, bench.stranger, bench.lender, sender=bench.lender)
    assert tx.value == 2 * UNIT * 10**6
    assert bench.token.balanceOf(bench.stranger) == 2 * UNIT
    assert bench.pool.balanceOf(bench.lender) == 3 * UNIT * 10**6
    assert bench.pool.cash() == bench.token.balanceOf(bench.pool) == 3 * UNIT
    assert tx.events("Withdraw", bench.pool) == [
        {
            "by": bench.lender,
            "to": bench.stranger,
            "owner": bench.lender,
            "assets": 2 * UNIT,
            "shares": tx.value,
        }
    ]


@given(
    lent=st.integers(2, 10**24),
    rate=st.integers(0, 3 * 10**11),
    seconds=st.integers(0, 10**8),
    flag=st.integers(0, 10**24),
    share=st.integers(1, 1000),
)
def test_burns_what_the_reference_says_and_no_less_than_was_paid_out(
    bench: PoolBench, lent: int, rate: int, seconds: int, flag: int, share: int
) -> None:
    """ROUND-1: the shares burnt were worth at least the assets, at the price that every exit gets (LIQ-5)."""
    with bench.evm.isolation():
        bench.ready(lent, lent // 2, rate)
        bench.flag(flag)
        bench.evm.warp(seconds)
        most = bench.pool.maxWithdraw(bench.lender)
        assets = most * share // 1000
        reference = bench.reference()
        price = reference.exit_price()
        expected = reference.withdraw(assets)
        assert bench.pool.previewWithdraw(assets) == expected
        tx = bench.pool.withdraw(assets, bench.lender, bench.lender, sender=bench.lender)
        assert tx.value == expected
        assert expected * price >= assets, "ROUND-1"
        bench.assert_matches(reference)


def test_allowance_is_spent_in_shares(bench: PoolBench) -> None:
    bench.deposit(5 * UNIT)
    with bench.evm.reverts("InsufficientAllowance"):
        bench.pool.withdraw(UNIT, bench.stranger, bench.lender, sender=bench.stranger)
    bench.pool.approve(bench.stranger, 2 * UNIT * 10**6, sender=bench.lender)
    bench.pool.withdraw(UNIT, bench.stranger, bench.lender, sender=bench.stranger)
    assert bench.pool.allowance(bench.lender, bench.stranger) == UNIT * 10**6
    with bench.evm.reverts("InsufficientAllowance"):
        bench.pool.withdraw(UNIT + 1, bench.stranger, bench.lender, sender=bench.stranger)


def test_limited_by_cash(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT)
    assert bench.pool.maxWithdraw(bench.lender) == bench.pool.cash() == 600 * UNIT
    with bench.evm.reverts("LendingPool_InsufficientCash", 600 * UNIT + 1, 600 * UNIT):
        bench.pool.withdraw(600 * UNIT + 1, bench.lender, bench.lender, sender=bench.lender)
    bench.pool.withdraw(600 * UNIT, bench.lender, bench.lender, sender=bench.lender)


def test_limited_by_the_owners_shares(bench: PoolBench) -> None:
    bench.deposit(5 * UNIT)
    bench.deposit(5 * UNIT, bench.other_lender)
    with bench.evm.reverts("InsufficientBalance"):
        bench.pool.withdraw(5 * UNIT + 1, bench.lender, bench.lender, sender=bench.lender)


def test_nothing_may_be_withdrawn(bench: PoolBench) -> None:
    """Zero is no error: routers ask for it."""
    assert bench.pool.withdraw(0, bench.lender, bench.lender, sender=bench.lender).value == 0


def test_from_a_flag_on_nobody_leaves_ahead_of_the_others(bench: PoolBench) -> None:
    """LIQ-5: who leaves between flag and write-off bears what those who stay bear."""
    bench.deposit(500 * UNIT)
    bench.deposit(500 * UNIT, bench.other_lender)
    bench.borrow(400 * UNIT)
    bench.flag(100 * UNIT)
    assert bench.pool.maxWithdraw(bench.lender) == pytest.approx(450 * UNIT, abs=2)
    early = bench.redeem(bench.pool.balanceOf(bench.lender)).value
    bench.write_off(100 * UNIT)
    bench.flag(0)
    late = bench.pool.convertToAssets(bench.pool.balanceOf(bench.other_lender))
    assert early <= late + 1, "LIQ-5"
    assert late == pytest.approx(450 * UNIT, abs=2)


def test_blocked_receiver_blocks_only_himself(hostile: PoolBench) -> None:
    hostile.deposit(UNIT)
    hostile.token.setBlocked(hostile.stranger, True)
    with hostile.evm.reverts("TransferFailed"):
        hostile.pool.withdraw(UNIT, hostile.stranger, hostile.lender, sender=hostile.lender)
    hostile.pool.withdraw(UNIT, hostile.lender, hostile.lender, sender=hostile.lender)
