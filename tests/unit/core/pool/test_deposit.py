"""LendingPool.deposit: assets in, shares down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.model.pool import VIRTUAL_SHARES
from tests.helpers.pool_bench import LENDER_TOKENS, UNIT, PoolBench


def test_first_deposit_gets_a_million_shares_per_unit(bench: PoolBench) -> None:
    tx = bench.deposit(5 * UNIT)
    assert tx.value == 5 * UNIT * VIRTUAL_SHARES == bench.pool.balanceOf(bench.lender)
    assert bench.token.balanceOf(bench.lender) == LENDER_TOKENS - 5 * UNIT
    assert bench.pool.cash() == bench.token.balanceOf(bench.pool) == bench.pool.totalAssets() == 5 * UNIT


def test_emits_the_standards_events(bench: PoolBench) -> None:
    tx = bench.pool.deposit(7, bench.other_lender, sender=bench.lender)
    assert tx.events("Deposit", bench.pool) == [
        {"by": bench.lender, "owner": bench.other_lender, "assets": 7, "shares": tx.value}
    ]
    assert tx.events("Transfer", bench.pool)[0]["to"] == bench.other_lender


@given(
    lent=st.integers(1, 10**24),
    borrowed=st.integers(0, 10**23),
    rate=st.integers(0, 3 * 10**11),
    seconds=st.integers(0, 10**8),
    assets=st.integers(1, 10**24),
)
def test_shares_are_the_references_and_never_worth_more_than_was_paid(
    bench: PoolBench, lent: int, borrowed: int, rate: int, seconds: int, assets: int
) -> None:
    """ROUND-1: what a lender gets for his deposit is worth at most the deposit."""
    with bench.evm.isolation():
        bench.ready(lent, min(borrowed, lent), rate)
        bench.evm.warp(seconds)
        reference = bench.reference()
        expected = reference.deposit(assets)
        preview = bench.pool.previewDeposit(assets)
        if expected == 0:
            with bench.evm.reverts("LendingPool_ZeroShares"):
                bench.deposit(assets, bench.other_lender)
            return
        shares = bench.deposit(assets, bench.other_lender).value
        assert shares == expected == preview
        bench.assert_matches(reference)
        assert bench.pool.previewRedeem(shares) <= assets, "ROUND-1"


def test_ignores_flags(bench: PoolBench) -> None:
    """Who comes pays the full price; only exits are net of flagged shortfalls."""
    bench.ready()
    before = bench.pool.previewDeposit(UNIT)
    bench.flag(300 * UNIT)
    assert bench.pool.previewDeposit(UNIT) == before == bench.deposit(UNIT, bench.other_lender).value


def test_deposit_too_small_for_a_share_is_refused(bench: PoolBench) -> None:
    with bench.evm.reverts("LendingPool_ZeroShares"):
        bench.deposit(0)


def test_needs_the_allowance_and_the_tokens(bench: PoolBench) -> None:
    with bench.evm.reverts("TransferFromFailed"):
        bench.deposit(1, bench.stranger)
    with bench.evm.reverts("TransferFromFailed"):
        bench.deposit(LENDER_TOKENS + 1)


def test_beyond_the_maximum_is_refused(bench: PoolBench) -> None:
    bench.token.mint(bench.lender, 2**129)
    bench.deposit(UNIT)
    most = bench.pool.maxDeposit(bench.lender)
    assert most == 2**128 - 1 - UNIT
    with bench.evm.reverts("DepositMoreThanMax"):
        bench.deposit(most + 1)
    bench.deposit(most)
    assert bench.pool.cash() == 2**128 - 1
    assert bench.pool.maxDeposit(bench.lender) == bench.pool.maxMint(bench.lender) == 0


def test_donation_moves_no_price(bench: PoolBench) -> None:
    """Cash is counted, not measured."""
    bench.ready()
    prices = (bench.pool.previewDeposit(UNIT), bench.pool.convertToAssets(UNIT), bench.pool.totalAssets())
    bench.token.mint(bench.pool, 10**30)
    after = (bench.pool.previewDeposit(UNIT), bench.pool.convertToAssets(UNIT), bench.pool.totalAssets())
    assert after == prices


@given(bait=st.integers(1, 100), gift=st.integers(1, 10**24), victim_assets=st.integers(1, 10**24))
def test_inflating_the_first_share_does_not_pay(
    bench: PoolBench, bait: int, gift: int, victim_assets: int
) -> None:
    """ROUND-1: an attacker who can raise the price at will (here through a domain that overpays) still loses
    more than the victim does, whatever he deposits first."""
    with bench.evm.isolation():
        shares = bench.deposit(bait).value
        bench.repay(0, gift)
        try:
            victim_shares = bench.deposit(victim_assets, bench.other_lender).value
        except bench.evm.Reverted:
            victim_shares = 0
        spent = bait + gift
        assert bench.pool.previewRedeem(shares) < spent, "ROUND-1: the attack costs the attacker"
        if victim_shares:
            lost = victim_assets - bench.pool.previewRedeem(victim_shares)
            assert lost <= 2 + spent // VIRTUAL_SHARES, "and takes a millionth of it from the victim"


def test_fee_on_transfer_token_is_refused(hostile: PoolBench) -> None:
    hostile.deposit(UNIT)
    hostile.token.setFee(1)
    with hostile.evm.reverts("LendingPool_TransferShort", 2 * UNIT - 1, 2 * UNIT):
        hostile.deposit(UNIT)


def test_token_that_returns_nothing_works_and_one_that_refuses_does_not(hostile: PoolBench) -> None:
    hostile.token.setSilent(True)
    hostile.deposit(UNIT)
    assert hostile.pool.cash() == UNIT
    hostile.token.setSilent(False)
    hostile.token.setRefusing(True)
    with hostile.evm.reverts("TransferFromFailed"):
        hostile.deposit(UNIT)


@pytest.mark.parametrize("decimals", [0, 6, 8, 27])
def test_any_decimals(bench: PoolBench, decimals: int) -> None:
    other = PoolBench(bench.evm, decimals=decimals)
    other.token.mint(other.lender, 3 * 10**decimals)
    assert other.pool.decimals() == decimals + 6
    shares = other.deposit(3 * 10**decimals).value
    assert shares == 3 * 10 ** (decimals + 6)
    assert other.redeem(shares).value == 3 * 10**decimals
