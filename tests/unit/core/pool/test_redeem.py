"""LendingPool.redeem: shares in, assets down."""

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.pool_bench import UNIT, PoolBench


def test_burns_exactly_the_shares_and_pays_their_worth(bench: PoolBench) -> None:
    shares = bench.deposit(5 * UNIT).value
    tx = bench.pool.redeem(shares - 1, bench.stranger, bench.lender, sender=bench.lender)
    assert tx.value == 5 * UNIT - 1
    assert bench.pool.balanceOf(bench.lender) == 1
    assert bench.token.balanceOf(bench.stranger) == 5 * UNIT - 1
    assert tx.events("Withdraw", bench.pool)[0]["shares"] == shares - 1


@given(
    lent=st.integers(2, 10**24),
    rate=st.integers(0, 3 * 10**11),
    seconds=st.integers(0, 10**8),
    flag=st.integers(0, 10**24),
    share=st.integers(1, 1000),
)
def test_pays_what_the_reference_says(
    bench: PoolBench, lent: int, rate: int, seconds: int, flag: int, share: int
) -> None:
    """ROUND-1: assets paid are worth at most the shares burnt."""
    with bench.evm.isolation():
        bench.ready(lent, lent // 2, rate)
        bench.flag(flag)
        bench.evm.warp(seconds)
        shares = bench.pool.maxRedeem(bench.lender) * share // 1000
        reference = bench.reference()
        price = reference.exit_price()
        expected = reference.redeem(shares)
        assert bench.pool.previewRedeem(shares) == expected == bench.pool.convertToAssets(shares)
        if expected == 0:
            return
        assert bench.redeem(shares).value == expected <= shares * price, "ROUND-1"
        bench.assert_matches(reference)


def test_round_trips_in_one_block_never_pay(bench: PoolBench) -> None:
    """ROUND-1: deposit and redeem, mint and withdraw, at an awkward price."""
    bench.ready(777_777, 333_333, 3 * 10**11)
    bench.evm.warp(12_345_678)
    start = bench.token.balanceOf(bench.other_lender)
    for assets in (3, 10, 777, 10**9 + 7):
        shares = bench.deposit(assets, bench.other_lender).value
        bench.redeem(bench.pool.maxRedeem(bench.other_lender), bench.other_lender)
        bench.pool.mint(shares + 1, bench.other_lender, sender=bench.other_lender)
        bench.pool.withdraw(
            bench.pool.maxWithdraw(bench.other_lender),
            *(bench.other_lender, bench.other_lender),
            sender=bench.other_lender,
        )
        assert bench.token.balanceOf(bench.other_lender) <= start, "ROUND-1"


def test_limited_by_cash(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT)
    bench.evm.warp(86_400)
    most = bench.pool.maxRedeem(bench.lender)
    assert most < bench.pool.balanceOf(bench.lender)
    with bench.evm.reverts("LendingPool_InsufficientCash"):
        bench.redeem(most + 10**7)
    assert bench.redeem(most).value in (600 * UNIT, 600 * UNIT - 1)


def test_last_unit_of_cash(bench: PoolBench) -> None:
    """Whatever maxRedeem answers can be redeemed, also when the cash left is no more than a rounding."""
    bench.ready(1_000 * UNIT, 1_000 * UNIT - 1, 3 * 10**11)
    bench.evm.warp(10**8)
    assert bench.pool.cash() == 1
    most = bench.pool.maxRedeem(bench.lender)
    if most:
        bench.redeem(most)


def test_shares_that_are_worth_nothing_are_not_burnt(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 1_000 * UNIT, 0)
    bench.flag(1_000 * UNIT)
    assert bench.pool.maxRedeem(bench.lender) == bench.pool.maxWithdraw(bench.lender) == 0
    with bench.evm.reverts("LendingPool_ZeroAssets"):
        bench.redeem(10**24)
    with bench.evm.reverts("LendingPool_ZeroAssets"):
        bench.redeem(1)


def test_allowance_and_balance(bench: PoolBench) -> None:
    shares = bench.deposit(5 * UNIT).value
    with bench.evm.reverts("InsufficientAllowance"):
        bench.pool.redeem(shares, bench.stranger, bench.lender, sender=bench.stranger)
    bench.pool.approve(bench.stranger, shares, sender=bench.lender)
    bench.pool.redeem(shares, bench.stranger, bench.lender, sender=bench.stranger)
    assert bench.token.balanceOf(bench.stranger) == 5 * UNIT
    bench.deposit(UNIT)
    bench.deposit(UNIT, bench.other_lender)
    with bench.evm.reverts("InsufficientBalance"):
        bench.redeem(UNIT * 10**6 + 1)


def test_exits_work_when_the_balance_of_the_token_shrank(hostile: PoolBench) -> None:
    """A token that lost balance of its own accord stops entries, not exits."""
    hostile.deposit(10 * UNIT)
    hostile.token.burn(hostile.pool, 1)
    with hostile.evm.reverts("LendingPool_TransferShort"):
        hostile.deposit(UNIT)
    hostile.pool.withdraw(UNIT, hostile.lender, hostile.lender, sender=hostile.lender)
