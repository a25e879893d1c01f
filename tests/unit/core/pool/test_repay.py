"""LendingPool.repayDebt and repayAmount: the domain has sent the tokens before."""

from hypothesis import given
from hypothesis import strategies as st

from scripts.model.pool import WAD
from tests.helpers.pool_bench import LINE, UNIT, PoolBench


def test_takes_principal_off_and_counts_the_tokens(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    bench.repay(100 * UNIT)
    assert bench.pool.domainOf(bench.domain) == (LINE, 300 * UNIT, 0)
    assert bench.pool.cash() == bench.token.balanceOf(bench.pool) == 700 * UNIT


@given(
    rate=st.integers(0, 3 * 10**11),
    seconds=st.integers(0, 10**8),
    share=st.integers(0, 1000),
    extra=st.integers(0, 5),
)
def test_books_what_the_reference_says(
    bench: PoolBench, rate: int, seconds: int, share: int, extra: int
) -> None:
    """ROUND-1, SOLV-3: a repayment brings at least what it takes off, so lenders' assets do not fall."""
    with bench.evm.isolation():
        bench.ready(10**24, 10**23, rate)
        bench.token.mint(bench.domain, 10**28)
        bench.evm.warp(seconds)
        reference = bench.reference()
        assets = reference.assets
        principal = 10**23 * share // 1000
        cost = reference.debt_of(principal)
        if cost:
            with bench.evm.reverts("LendingPool_RoundedAgainstPool"):
                bench.repay(principal, cost - 1)
        reference.repay(bench.domain.address, principal, cost + extra)
        bench.repay(principal, cost + extra)
        bench.assert_matches(reference)
        assert bench.pool.totalAssets() >= assets, "SOLV-3"


def test_everything_can_be_repaid(bench: PoolBench) -> None:
    bench.ready()
    bench.evm.warp(10**7)
    bench.repay(400 * UNIT)
    assert bench.pool.totalDebt() == bench.pool.totalPrincipal() == bench.pool.utilisationWad() == 0


def test_tokens_must_be_there(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    with bench.evm.reverts("LendingPool_TransferShort", 600 * UNIT, 700 * UNIT):
        bench.domain.repay(bench.pool, bench.token, 100 * UNIT, 100 * UNIT, 0)
    with bench.evm.reverts("LendingPool_TransferShort", 700 * UNIT - 1, 700 * UNIT):
        bench.domain.repay(bench.pool, bench.token, 100 * UNIT, 100 * UNIT, 100 * UNIT - 1)


def test_fee_on_transfer_token_is_refused(hostile: PoolBench) -> None:
    hostile.ready(1_000 * UNIT, 400 * UNIT, 0)
    hostile.token.setFee(1)
    with hostile.evm.reverts("LendingPool_TransferShort"):
        hostile.repay(100 * UNIT)


def test_not_more_than_the_domain_owes(bench: PoolBench) -> None:
    bench.ready(10_000 * UNIT, 400 * UNIT, 0)
    bench.borrow(700 * UNIT, domain=bench.other_domain)
    with bench.evm.reverts("LendingPool_PrincipalExceeded", bench.domain, 400 * UNIT + 1, 400 * UNIT):
        bench.repay(400 * UNIT + 1)


def test_strangers_cannot_book_tokens(bench: PoolBench) -> None:
    """Otherwise a donation could be turned into cash, and move the price."""
    bench.ready()
    bench.token.mint(bench.pool, UNIT)
    with bench.evm.reverts("LendingPool_NotDomain", bench.stranger):
        bench.pool.repayDebt(0, UNIT, sender=bench.stranger)


def test_amount_without_principal_is_the_lenders(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    assets = bench.pool.totalAssets()
    bench.repay(0, 3)
    assert bench.pool.totalAssets() == assets + 3
    assert bench.pool.domainOf(bench.domain)[1] == 400 * UNIT


def test_amount_that_does_not_fit_is_refused(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    for amount in (2**128 - 600 * UNIT, 2**256 - 1):
        with bench.evm.reverts("LendingPool_OutOfRange"):
            bench.domain.repay(bench.pool, bench.token, 0, amount, 0)


def test_lowers_the_rate_at_once(bench: PoolBench) -> None:
    bench.deposit(1_000 * UNIT)
    bench.borrow(500 * UNIT)
    bench.repay(250 * UNIT)
    assert bench.model.lastUtilisation() == bench.pool.utilisationWad() == WAD // 4


@given(
    rate=st.integers(0, 3 * 10**11),
    seconds=st.integers(0, 10**8),
    amount=st.integers(0, 10**23),
)
def test_repaying_an_amount_takes_off_the_principal_that_it_pays_for(
    bench: PoolBench, rate: int, seconds: int, amount: int
) -> None:
    """ROUND-1, SOLV-3: as `repayDebt` with the most principal that the amount pays for."""
    with bench.evm.isolation():
        bench.ready(10**24, 10**23, rate)
        bench.token.mint(bench.domain, 10**28)
        bench.evm.warp(seconds)
        reference = bench.reference()
        assets = reference.assets
        most = amount * WAD // reference.index
        assert reference.debt_of(most) <= amount < reference.debt_of(most + 1)
        reference.repay(bench.domain.address, most, amount)
        assert bench.domain.repayAmount(bench.pool, bench.token, amount, amount).value == most
        bench.assert_matches(reference)
        assert bench.pool.totalAssets() >= assets, "SOLV-3"


def test_repaying_an_amount_needs_the_tokens_and_a_debt(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    bench.token.mint(bench.domain, 10**28)
    with bench.evm.reverts("LendingPool_TransferShort"):
        bench.domain.repayAmount(bench.pool, bench.token, UNIT, UNIT - 1)
    with bench.evm.reverts("LendingPool_PrincipalExceeded", bench.domain, 401 * UNIT, 400 * UNIT):
        bench.domain.repayAmount(bench.pool, bench.token, 401 * UNIT, 401 * UNIT)
    with bench.evm.reverts("LendingPool_OutOfRange", None, 2**128, 0, 2**128 - 1):
        bench.domain.repayAmount(bench.pool, bench.token, 2**128, 0)
