"""Vault.borrow: tokens from the balance first, from the pool for the rest."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.system import WAD, ZERO
from tests.helpers.vault_bench import ALL, DIVERGED, FRESH, MAX_BALANCE, NONE, STALE, VaultBench

MINIMUM = 100 * WAD


def test_draws_on_the_pool(bench: VaultBench) -> None:
    account, cash = bench.deposit(bench.trader, "WETH", 10), bench.cash("USDC")
    amount = bench.units("USDC", 1_000)
    tx = bench.vault.borrow(account, bench["USDC"], amount, bench.stranger, sender=bench.trader)
    assert bench.tokens(bench.stranger, "USDC") == amount
    assert bench.balance(account, "USDC") == -bench.debt_of("USDC", amount)
    assert bench.cash("USDC") == cash - amount
    assert bench.owed("USDC") == bench.principal(account, "USDC") > 0
    assert tx.events("Withdrawn", bench.vault) == [
        {
            "account": account,
            "token": bench["USDC"],
            "to": bench.stranger,
            "amount": amount,
            "borrowed": amount,
        }
    ]


def test_the_balance_goes_first(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    bench.deposit(bench.trader, "USDC", 400)
    cash, custody = bench.cash("USDC"), bench.custody("USDC")
    tx = bench.borrow(bench.trader, "USDC", 1_000)
    assert bench.tokens(bench.trader, "USDC") == 1_000 * 10**6
    assert bench.balance(account, "USDC") == -bench.debt_of("USDC", 600 * 10**6)
    assert bench.cash("USDC") == cash - 600 * 10**6
    assert bench.custody("USDC") == custody - 400 * 10**6
    withdrawn = tx.events("Withdrawn", bench.vault)[0]
    assert (withdrawn["amount"], withdrawn["borrowed"]) == (1_000 * 10**6, 600 * 10**6)


def test_within_the_balance_the_pool_is_left_alone(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "USDC", 1_000)
    with bench.evm.isolation():
        cash = bench.cash("USDC")
        tx = bench.borrow(bench.trader, "USDC", 1_000)
        assert bench.cash("USDC") == cash
        assert tx.events("Withdrawn", bench.vault)[0]["borrowed"] == 0
        assert bench.held(account) == {}
    bench.pause()
    bench.borrow(bench.trader, "USDC", 1_000)


@settings(max_examples=40)
@given(amount=st.integers(1, 10**12), days=st.integers(0, 4_000), more=st.integers(1, 10**12))
def test_a_debt_is_never_below_what_was_borrowed(
    bench: VaultBench, amount: int, days: int, more: int
) -> None:
    """ROUND-1: principal is rounded up, whatever the index."""
    with bench.evm.isolation():
        account = bench.deposit(bench.trader, "WETH", 10_000)
        bench.borrow(bench.trader, "USDC", 1_000_000)
        bench.system.warp(days * 86_400)
        for borrowed in (amount, more):
            before = bench.balance(account, "USDC")
            bench.vault.borrow(account, bench["USDC"], borrowed, bench.trader, sender=bench.trader)
            grown = before - bench.balance(account, "USDC")
            assert borrowed <= grown <= borrowed + 2 + bench.system.pool("USDC").debtIndexNow() // WAD, (
                "ROUND-1"
            )
        bench.check_books()


def test_interest_accrues_on_the_account(bench: VaultBench) -> None:
    account = bench.debtor(owed=12_000)
    pool = bench.system.pool("USDC")
    principal, index = bench.principal(account, "USDC"), pool.debtIndexNow()
    bench.system.warp(365 * 86_400)
    grown = pool.debtIndexNow()
    assert grown > index
    assert -bench.balance(account, "USDC") == (principal * grown + WAD - 1) // WAD


def test_zero_unknown_token_and_bad_receivers_are_refused(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    with bench.evm.reverts("Vault_ZeroAmount"):
        bench.borrow(bench.trader, "USDC", 0)
    pool = bench.system.pool("WETH").address
    with bench.evm.reverts("Vault_UnknownAsset", pool):
        bench.vault.borrow(account, pool, 1, bench.trader, sender=bench.trader)
    for to in (ZERO, bench.vault.address):
        with bench.evm.reverts("Vault_BadReceiver", to):
            bench.vault.borrow(account, bench["WETH"], 1, to, sender=bench.trader)


def test_what_does_not_fit_is_refused(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    for amount in (MAX_BALANCE + 1, ALL):
        with bench.evm.reverts("Vault_AmountOutOfRange", amount, MAX_BALANCE):
            bench.vault.borrow(account, bench["USDC"], amount, bench.trader, sender=bench.trader)


def test_an_asset_without_a_pool_cannot_be_borrowed(bench: VaultBench) -> None:
    bench.add("ODD", "MockERC20", borrowable=False)
    account = bench.deposit(bench.trader, "ODD", 10)
    with bench.evm.reverts("Vault_NotBorrowable", bench["ODD"]):
        bench.vault.borrow(account, bench["ODD"], 10 * WAD + 1, bench.trader, sender=bench.trader)


def test_only_for_the_owner_and_his_operators(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    for sender in (bench.stranger, bench.owner, bench.guardian):
        with bench.evm.reverts("Vault_NotAuthorised", account, sender):
            bench.vault.borrow(account, bench["USDC"], 10**9, sender, sender=sender)
    bench.vault.setOperator(account, bench.operator, bench.evm.now, sender=bench.trader)
    bench.vault.borrow(account, bench["USDC"], 10**9, bench.operator, sender=bench.operator)
    bench.evm.warp(1)
    with bench.evm.reverts("Vault_NotAuthorised", account, bench.operator):
        bench.vault.borrow(account, bench["USDC"], 10**9, bench.operator, sender=bench.operator)


# What bounds it


def test_the_initial_requirement_to_the_unit(bench: VaultBench) -> None:
    """SOLV-1"""
    account, low, high = bench.deposit(bench.trader, "WETH", 10), 0, 20_000 * 10**6
    while high - low > 1:
        middle = (low + high) // 2
        _, worst, requirement = bench.refusal(account, {"USDC": -bench.debt_of("USDC", middle)})
        low, high = (middle, high) if worst >= requirement else (low, middle)
    refusal = bench.refusal(account, {"USDC": -bench.debt_of("USDC", high)})
    with bench.evm.reverts("Vault_BelowInitialRequirement", *refusal):
        bench.vault.borrow(account, bench["USDC"], high, bench.trader, sender=bench.trader)
    bench.vault.borrow(account, bench["USDC"], low, bench.trader, sender=bench.trader)
    assert low > 15_000 * 10**6


def test_without_collateral_nothing(bench: VaultBench) -> None:
    """SOLV-1"""
    refusal = bench.refusal(bench.account(bench.trader), {"USDC": -bench.debt_of("USDC", 10**9)})
    with bench.evm.reverts("Vault_BelowInitialRequirement", *refusal):
        bench.borrow(bench.trader, "USDC", 1_000)


def test_minimum_debt_binds_when_debt_grows(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    amount = next(n for n in range(10**8, 0, -1) if bench.debt_of("USDC", n) == 10**8)
    below = bench.assess(account, changes={"USDC": -bench.debt_of("USDC", amount - 1)})[3]
    assert below < MINIMUM
    with bench.evm.reverts("Vault_BelowMinimumDebt", account, below, MINIMUM):
        bench.vault.borrow(account, bench["USDC"], amount - 1, bench.trader, sender=bench.trader)
    bench.vault.borrow(account, bench["USDC"], amount, bench.trader, sender=bench.trader)
    bench.vault.borrow(account, bench["USDC"], 1, bench.trader, sender=bench.trader)
    bench.system.fund("USDC", bench.trader, 100)
    bench.vault.repay(account, bench["USDC"], amount // 2, sender=bench.trader)
    with bench.evm.reverts("Vault_BelowMinimumDebt", account, None, MINIMUM):
        bench.vault.borrow(account, bench["USDC"], 1, bench.trader, sender=bench.trader)
    bench.vault.borrow(account, bench["USDC"], amount // 2, bench.trader, sender=bench.trader)


def test_minimum_debt_counts_all_debts_together(bench: VaultBench) -> None:
    bench.debtor(owed=100)
    bench.borrow(bench.trader, "DAI", 1)
    assert bench.balance(bench.account(bench.trader), "DAI") == -bench.debt_of("DAI", WAD)


def test_the_debt_cap_counts_what_the_vault_owes(bench: VaultBench) -> None:
    bench.debtor(bench.stranger, owed=1_000)
    debt = -bench.balance(bench.account(bench.stranger), "USDC")
    account = bench.deposit(bench.trader, "WETH", 10)
    cap = debt + bench.units("USDC", 500) + 2  # a unit each for two debts that are rounded up
    bench.vault.setCaps(bench["USDC"], 10**15, cap)
    with bench.evm.reverts("Vault_DebtCapExceeded", bench["USDC"], None, cap):
        bench.vault.borrow(account, bench["USDC"], 500 * 10**6 + 3, bench.trader, sender=bench.trader)
    bench.borrow(bench.trader, "USDC", 500)
    bench.vault.setCaps(bench["USDC"], 10**15, 0)
    with bench.evm.reverts("Vault_DebtCapExceeded", bench["USDC"], None, 0):
        bench.vault.borrow(account, bench["USDC"], 1, bench.trader, sender=bench.trader)
    bench.system.fund("USDC", bench.trader, 0)
    bench.vault.repay(account, bench["USDC"], 1, sender=bench.trader)


def test_credit_line_and_cash_are_the_pools(bench: VaultBench) -> None:
    """SOLV-4"""
    account = bench.deposit(bench.trader, "WETH", 10_000)
    pool, amount = bench.system.pool("USDC"), bench.units("USDC", 1_000)
    with bench.evm.isolation():
        debt = bench.debt_of("USDC", amount)
        pool.setLine(bench.vault, debt - 1)
        with bench.evm.reverts("LendingPool_LineExceeded", bench.vault, debt, debt - 1):
            bench.vault.borrow(account, bench["USDC"], amount, bench.trader, sender=bench.trader)
        pool.setLine(bench.vault, debt)
        bench.vault.borrow(account, bench["USDC"], amount, bench.trader, sender=bench.trader)
    cash = bench.cash("USDC")
    with bench.evm.reverts("LendingPool_InsufficientCash", cash + 1, cash):
        bench.vault.borrow(account, bench["USDC"], cash + 1, bench.trader, sender=bench.trader)
    bench.vault.borrow(account, bench["USDC"], cash, bench.trader, sender=bench.trader)


def test_not_while_paused(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.pause()
    with bench.evm.reverts("Vault_NoNewRisk", account, FRESH, True):
        bench.borrow(bench.trader, "USDC", 1)
    bench.vault.setPaused(False)
    bench.borrow(bench.trader, "USDC", 1)


def test_not_on_a_price_that_is_not_fresh(bench: VaultBench) -> None:
    account = bench.debtor()
    with bench.evm.isolation():
        bench.stale()
        with bench.evm.reverts("Vault_NoNewRisk", account, STALE, False):
            bench.borrow(bench.trader, "USDC", 1)
    # What is owed has no price; what is held has none and counts for nothing.
    with bench.evm.isolation():
        bench.kill("USDC")
        with bench.evm.reverts("Vault_NoNewRisk", account, NONE, False):
            bench.borrow(bench.trader, "USDC", 1)
    bench.kill("WETH")
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        bench.borrow(bench.trader, "USDC", 1)


def test_not_while_two_sources_disagree(bench: VaultBench) -> None:
    bench.add("TWIN", tolerance=10_000)
    account = bench.debtor(collateral="TWIN", held=10_000)
    bench.system.set_second_price("TWIN", 9.8)
    with bench.evm.reverts("Vault_NoNewRisk", account, DIVERGED, False):
        bench.borrow(bench.trader, "USDC", 1)
    bench.system.set_second_price("TWIN", 9.95)
    bench.borrow(bench.trader, "USDC", 1)


def test_it_is_risk_raised(bench: VaultBench) -> None:
    account = bench.debtor()
    assert not bench.is_stamped(account)
    bench.borrow(bench.trader, "USDC", 1)
    assert bench.is_stamped(account)


# Odd tokens


def test_a_blocked_receiver_cannot_be_lent_to(bench: VaultBench) -> None:
    token = bench.add("HOST").token
    account = bench.deposit(bench.trader, "WETH", 10)
    token.setBlocked(bench.stranger, True)
    with bench.evm.reverts("TransferFailed"):
        bench.vault.borrow(account, bench["HOST"], 100 * WAD, bench.stranger, sender=bench.trader)
    bench.borrow(bench.trader, "HOST", 100)


@pytest.mark.parametrize("decimals", [0, 27])
def test_any_decimals(bench: VaultBench, decimals: int) -> None:
    bench.add("ODD", decimals=decimals)
    account = bench.deposit(bench.trader, "WETH", 10)
    bench.borrow(bench.trader, "ODD", 100)
    bench.system.warp(30 * 86_400)
    debt = -bench.balance(account, "ODD")
    assert 100 * 10**decimals < debt
    bench.system.fund("ODD", bench.trader, 10)
    assert bench.vault.repay(account, bench["ODD"], ALL, sender=bench.trader).value == debt
