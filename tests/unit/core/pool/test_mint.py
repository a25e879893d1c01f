"""LendingPool.mint: shares out, assets up."""

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.pool_bench import UNIT, PoolBench


def test_takes_the_assets_and_gives_exactly_the_shares(bench: PoolBench) -> None:
    tx = bench.pool.mint(10**6 + 1, bench.other_lender, sender=bench.lender)
    assert tx.value == 2, "a share beyond a whole unit costs another unit"
    assert bench.pool.balanceOf(bench.other_lender) == 10**6 + 1
    assert bench.pool.cash() == bench.token.balanceOf(bench.pool) == 2
    assert tx.events("Deposit", bench.pool) == [
        {"by": bench.lender, "owner": bench.other_lender, "assets": 2, "shares": 10**6 + 1}
    ]


@given(
    lent=st.integers(1, 10**24),
    rate=st.integers(0, 3 * 10**11),
    seconds=st.integers(0, 10**8),
    shares=st.integers(1, 10**30),
)
def test_costs_what_the_reference_says_and_no_less_than_the_shares_are_worth(
    bench: PoolBench, lent: int, rate: int, seconds: int, shares: int
) -> None:
    """ROUND-1: a lender pays at least what his shares are worth."""
    with bench.evm.isolation():
        bench.ready(lent, lent // 2, rate)
        bench.evm.warp(seconds)
        reference = bench.reference()
        expected = reference.mint(shares)
        bench.token.mint(bench.other_lender, expected)
        assert bench.pool.previewMint(shares) == expected
        tx = bench.pool.mint(shares, bench.other_lender, sender=bench.other_lender)
        assert tx.value == expected
        bench.assert_matches(reference)
        assert bench.pool.previewRedeem(shares) <= expected, "ROUND-1"


def test_ignores_flags(bench: PoolBench) -> None:
    bench.ready()
    before = bench.pool.previewMint(10**24)
    bench.flag(300 * UNIT)
    assert bench.pool.previewMint(10**24) == before


def test_minting_nothing_is_refused(bench: PoolBench) -> None:
    with bench.evm.reverts("LendingPool_ZeroShares"):
        bench.pool.mint(0, bench.lender, sender=bench.lender)


def test_beyond_the_maximum_is_refused(bench: PoolBench) -> None:
    bench.token.mint(bench.lender, 2**129)
    most = bench.pool.maxMint(bench.lender)
    assert most == (2**128 - 1) * 10**6
    with bench.evm.reverts("DepositMoreThanMax"):
        bench.pool.mint(most + 1, bench.lender, sender=bench.lender)
    bench.pool.mint(most, bench.lender, sender=bench.lender)


def test_fee_on_transfer_token_is_refused(hostile: PoolBench) -> None:
    hostile.deposit(UNIT)
    hostile.token.setFee(1)
    with hostile.evm.reverts("LendingPool_TransferShort"):
        hostile.pool.mint(10**24, hostile.lender, sender=hostile.lender)
