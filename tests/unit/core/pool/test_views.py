"""LendingPool's views: ERC-4626 to the letter, limits that can be used, no price half-way."""

from typing import Any

from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from scripts.model.pool import MAX_RATE, WAD, YEAR
from tests.helpers.pool_bench import LINE, UNIT, PoolBench

LOCKED = keccak(text="LendingPool_Locked()")[:4]


def test_token(bench: PoolBench) -> None:
    pool = bench.pool
    assert (pool.name(), pool.symbol(), pool.decimals()) == ("Keel Token", "kTOK", 24)
    assert pool.asset() == bench.token.address
    assert pool.totalSupply() == 0


def test_empty_pool(bench: PoolBench) -> None:
    pool = bench.pool
    assert (
        pool.totalAssets() == pool.totalDebt() == pool.cash() == pool.reserve() == pool.utilisationWad() == 0
    )
    assert pool.debtIndexNow() == WAD
    assert pool.domainOf(bench.stranger) == (0, 0, 0)
    assert pool.domainOf(bench.domain) == (LINE, 0, 0)
    assert pool.maxWithdraw(bench.lender) == pool.maxRedeem(bench.lender) == 0
    assert pool.convertToShares(7) == pool.previewDeposit(7) == 7 * 10**6
    assert pool.convertToAssets(7 * 10**6) == pool.previewRedeem(7 * 10**6) == 7


@given(
    lent=st.integers(1, 10**24),
    owed=st.integers(0, 1000),
    rate=st.integers(0, MAX_RATE),
    seconds=st.integers(0, 10**8),
    flag=st.one_of(st.just(0), st.integers(0, 10**24)),
)
def test_limits_can_be_used_to_the_last_unit(
    bench: PoolBench, lent: int, owed: int, rate: int, seconds: int, flag: int
) -> None:
    """max* answer what goes through; one more does not."""
    pool, lender, evm = bench.pool, bench.lender, bench.evm
    with evm.isolation():
        bench.ready(lent, lent * owed // 1000, rate)
        bench.deposit(lent, bench.other_lender)
        bench.flag(flag)
        evm.warp(seconds)
        most = pool.maxWithdraw(lender)
        with evm.isolation():
            pool.withdraw(most, lender, lender, sender=lender)
        with evm.reverts():
            pool.withdraw(most + 1, lender, lender, sender=lender)
        most_assets, most = most, pool.maxRedeem(lender)
        if most:
            with evm.isolation():
                assert pool.redeem(most, lender, lender, sender=lender).value <= most_assets
        if most < pool.balanceOf(lender):
            worth_of_a_unit = pool.convertToShares(2) + 1
            with evm.reverts():
                pool.redeem(most + worth_of_a_unit, lender, lender, sender=lender)
        bench.token.mint(lender, 2**128)
        with evm.isolation():
            pool.deposit(pool.maxDeposit(lender), lender, sender=lender)
        with evm.isolation():
            pool.mint(pool.maxMint(lender), lender, sender=lender)


def test_limits_never_revert(bench: PoolBench) -> None:
    """Not at prices out of this world either: hardly an asset against all shares, or all against none."""
    pool, evm = bench.pool, bench.evm

    def limits() -> list[int]:
        return [
            limit(who)
            for limit in (pool.maxDeposit, pool.maxMint, pool.maxWithdraw, pool.maxRedeem)
            for who in (bench.lender, bench.stranger)
        ]

    with evm.isolation():
        bench.token.mint(bench.lender, 2**128)
        pool.setLine(bench.domain, 2**128 - 1)
        bench.deposit(LINE)
        bench.borrow(LINE)
        bench.write_off(LINE)
        limits()
        bench.deposit(LINE)
        bench.borrow(LINE)
        bench.write_off(LINE)
        limits()
        most = pool.maxDeposit(bench.lender)
        assert most < LINE, "bounded by the supply of shares now"
        bench.deposit(most)
        assert min(limits()) == 0
    with evm.isolation():
        bench.token.mint(bench.domain, 2**128)
        bench.token.mint(bench.lender, 2**128)
        bench.repay(0, 2**127)
        limits()
        bench.deposit(pool.maxDeposit(bench.lender))


def test_utilisation(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 250 * UNIT, MAX_RATE)
    assert bench.pool.utilisationWad() == WAD // 4
    bench.evm.warp(YEAR)
    debt, cash = bench.pool.totalDebt(), bench.pool.cash()
    assert bench.pool.utilisationWad() == debt * WAD // (debt + cash)


def test_total_assets_is_cash_plus_debt_less_reserve(bench: PoolBench) -> None:
    """SOLV-3"""
    bench.ready(rate=MAX_RATE)
    bench.evm.warp(YEAR)
    pool = bench.pool
    assert pool.totalAssets() == pool.cash() + pool.totalDebt() - pool.reserve()
    assert pool.reserve() > 0


def probe(bench: PoolBench, who: Any) -> list[tuple[str, bytes]]:
    """Every price view, called on the pool."""
    pool = bench.pool
    return [
        (pool.address, data)
        for data in (
            pool.convertToAssets.encode(10**24),
            pool.convertToShares.encode(UNIT),
            pool.previewDeposit.encode(UNIT),
            pool.previewMint.encode(10**24),
            pool.previewWithdraw.encode(UNIT),
            pool.previewRedeem.encode(10**24),
            pool.totalAssets.encode(),
            pool.totalDebt.encode(),
            pool.reserve.encode(),
            pool.utilisationWad.encode(),
            pool.debtIndexNow.encode(),
            pool.redeem.encode(1, who, who),
            pool.accrue.encode(),
        )
    ]


def test_token_that_calls_back_sees_no_price_and_gets_no_entry(hostile: PoolBench) -> None:
    """Read-only reentrancy: in the middle of a transfer every price view and every operation reverts."""
    hostile.ready(rate=10**10)
    hostile.evm.warp(10**6)
    calls = probe(hostile, hostile.stranger)
    operations = (
        lambda: hostile.deposit(UNIT),
        lambda: hostile.pool.mint(10**24, hostile.lender, sender=hostile.lender),
        lambda: hostile.pool.withdraw(UNIT, hostile.lender, hostile.lender, sender=hostile.lender),
        lambda: hostile.redeem(10**24),
        lambda: hostile.borrow(UNIT),
        lambda: hostile.pool.collectReserve(),
    )
    for after in (False, True):
        hostile.token.setHooks(calls, after)
        for operation in operations:
            operation()
            assert hostile.token.hookCount() == len(calls)
            for position in range(len(calls)):
                assert not hostile.token.hookSucceeded(position)
                assert bytes(hostile.token.hookResult(position)) == LOCKED
