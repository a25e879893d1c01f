"""LendingPool.flagShortfall: exits are priced net of losses that are known but not booked yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.model.pool import VIRTUAL_SHARES
from tests.helpers.pool_bench import UNIT, PoolBench, account_id


def test_lowers_exits_alone(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    tx = bench.flag(100 * UNIT)
    shares = 1_000 * UNIT * VIRTUAL_SHARES
    pool = bench.pool
    assert pool.flagged() == pool.flaggedOfDomain(bench.domain) == 100 * UNIT
    assert pool.flaggedOf(bench.domain, account_id(bench.borrower)) == 100 * UNIT
    assert pool.totalAssets() == 1_000 * UNIT
    assert pool.previewDeposit(UNIT) == UNIT * VIRTUAL_SHARES
    assert pool.previewMint(VIRTUAL_SHARES * UNIT) == UNIT
    for exit_value in (pool.convertToAssets(shares), pool.previewRedeem(shares)):
        assert exit_value == 900 * UNIT
    for exit_cost in (pool.convertToShares(90 * UNIT), pool.previewWithdraw(90 * UNIT)):
        assert exit_cost == pytest.approx(100 * UNIT * VIRTUAL_SHARES, abs=VIRTUAL_SHARES)
    assert tx.events("ShortfallFlagged", pool) == [
        {
            "domain": bench.domain.address,
            "account": account_id(bench.borrower),
            "oldAmount": 0,
            "newAmount": 100 * UNIT,
        }
    ]


def test_replaces_and_clears(bench: PoolBench) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    bench.flag(100 * UNIT)
    bench.flag(30 * UNIT)
    bench.flag(7 * UNIT, account_id(bench.stranger))
    assert bench.pool.flagged() == 37 * UNIT
    bench.flag(0)
    assert bench.pool.flagged() == 7 * UNIT
    bench.flag(0, account_id(bench.stranger))
    assert bench.pool.flagged() == 0
    assert bench.pool.convertToAssets(VIRTUAL_SHARES * UNIT) == UNIT


def test_only_the_engine_that_the_domain_names(bench: PoolBench) -> None:
    bench.ready()
    for caller in (bench.stranger, bench.owner, bench.guardian, bench.domain):
        with bench.evm.reverts("LendingPool_NotLiquidationEngine", caller):
            bench.flag(UNIT, sender=caller)
    bench.domain.setLiquidationEngine(bench.stranger)
    with bench.evm.reverts("LendingPool_NotLiquidationEngine", bench.engine):
        bench.flag(UNIT)
    bench.flag(UNIT, sender=bench.stranger)


def test_only_domains_have_flags(bench: PoolBench) -> None:
    """A contract that names anybody as its engine cannot hold up lenders."""
    bench.ready()
    impostor = bench.evm.deploy("MockDomain", bench.stranger)
    with bench.evm.reverts("LendingPool_NotDomain", impostor):
        bench.flag(UNIT, domain=impostor, sender=bench.stranger)
    with bench.evm.reverts("LendingPool_NotDomain", bench.stranger):
        bench.flag(UNIT, domain=bench.stranger, sender=bench.stranger)


@given(
    flags=st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 10**21)), min_size=1, max_size=12
    )
)
def test_flags_of_a_domain_never_pass_what_it_owes(
    bench: PoolBench, flags: list[tuple[int, int, int]]
) -> None:
    """SOLV-4's counterpart for exits: a domain holds up lenders by no more than its debt."""
    with bench.evm.isolation():
        bench.ready(1_000 * UNIT, 400 * UNIT, 10**10)
        bench.borrow(300 * UNIT, domain=bench.other_domain)
        bench.evm.warp(1_000)
        reference = bench.reference()
        domains = (bench.domain, bench.other_domain)
        for which, account, amount in flags:
            key = account_id(bench.borrower, account)
            clamped = reference.flag(domains[which].address, key, amount)
            bench.flag(amount, key, domains[which])
            assert bench.pool.flaggedOf(domains[which], key) == clamped
        bench.assert_matches(reference)
        for domain in domains:
            debt = reference.debt_of(bench.pool.domainOf(domain)[1])
            assert bench.pool.flaggedOfDomain(domain) <= debt


def test_anybody_may_lower_flags_to_what_the_domain_owes(bench: PoolBench) -> None:
    """An engine that never clears its flags holds up nobody once the debt is repaid."""
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    bench.flag(300 * UNIT)
    bench.flag(100 * UNIT, account_id(bench.stranger))
    bench.repay(250 * UNIT)
    with bench.evm.reverts("LendingPool_NotLiquidationEngine", bench.stranger):
        bench.flag(50 * UNIT - 1, sender=bench.stranger)
    bench.flag(50 * UNIT, sender=bench.stranger)
    assert bench.pool.flagged() == 150 * UNIT
    with bench.evm.reverts("LendingPool_NotLiquidationEngine", bench.stranger):
        bench.flag(50 * UNIT - 1, sender=bench.stranger)
    with bench.evm.reverts("LendingPool_NotLiquidationEngine", bench.stranger):
        bench.flag(50 * UNIT + 1, sender=bench.stranger)
    bench.repay(150 * UNIT)
    bench.pool.setLine(bench.domain, 0)
    bench.flag(0, sender=bench.stranger)
    bench.flag(0, account_id(bench.stranger), sender=bench.stranger)
    assert bench.pool.flagged() == 0
    assert bench.pool.maxWithdraw(bench.lender) == 1_000 * UNIT


def test_cleared_after_the_last_write_off(bench: PoolBench) -> None:
    """A domain that has neither line nor debt any more can still be freed of its flags."""
    bench.ready(1_000 * UNIT, 400 * UNIT, 0)
    bench.pool.setLine(bench.domain, 0)
    bench.flag(400 * UNIT)
    bench.write_off(400 * UNIT)
    bench.flag(0)
    assert bench.pool.flagged() == 0
    assert bench.pool.convertToAssets(1_000 * UNIT * VIRTUAL_SHARES) == 600 * UNIT


def test_more_than_lenders_have_leaves_nothing_to_leave_with(bench: PoolBench) -> None:
    """The deduction is capped: no view reverts, no exit pays."""
    bench.ready(1_000 * UNIT, 1_000 * UNIT, 3 * 10**11)
    bench.evm.warp(365 * 86_400)
    bench.flag(2**255)
    assert bench.pool.flagged() == bench.pool.totalDebt() > bench.pool.totalAssets()
    assert bench.pool.convertToAssets(bench.pool.balanceOf(bench.lender)) == 0
    assert bench.pool.maxWithdraw(bench.lender) == bench.pool.maxRedeem(bench.lender) == 0
    bench.deposit(UNIT, bench.other_lender)


def test_lenders_who_stay_lose_no_more_than_those_who_left(bench: PoolBench) -> None:
    """LIQ-5: flag, one leaves, the loss is booked as flagged: both got the same for a share."""
    bench.deposit(600 * UNIT)
    bench.deposit(400 * UNIT, bench.other_lender)
    bench.borrow(300 * UNIT)
    bench.flag(210 * UNIT)
    left = bench.redeem(400 * UNIT * VIRTUAL_SHARES, bench.other_lender).value
    bench.write_off(210 * UNIT)
    bench.flag(0)
    stayed = bench.pool.convertToAssets(600 * UNIT * VIRTUAL_SHARES)
    assert left * 600 <= stayed * 400 + 600, "LIQ-5"
    assert left == pytest.approx(400 * UNIT * 79 // 100, abs=2)
