"""Vault.repay: the caller's tokens against an account's debt."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.system import WAD
from tests.helpers.vault_bench import ALL, VaultBench


def test_repays_a_part(bench: VaultBench) -> None:
    account = bench.debtor()
    amount = bench.system.fund("USDC", bench.trader, 5_000)
    debt, cash, tokens = (
        -bench.balance(account, "USDC"),
        bench.cash("USDC"),
        bench.tokens(bench.trader, "USDC"),
    )
    tx = bench.vault.repay(account, bench["USDC"], amount, sender=bench.trader)
    assert tx.value == amount == tokens - bench.tokens(bench.trader, "USDC")
    assert bench.cash("USDC") == cash + amount
    assert debt - amount <= -bench.balance(account, "USDC") <= debt - amount + 1, "ROUND-1"
    assert tx.events("Repaid", bench.vault) == [
        {"account": account, "token": bench["USDC"], "from": bench.trader, "amount": amount}
    ]


@pytest.mark.parametrize("extra", [0, 1, 10**9, "all"])
def test_takes_at_most_what_is_owed(bench: VaultBench, extra: int | str) -> None:
    account = bench.debtor()
    bench.system.warp(30 * 86_400)
    bench.system.fund("USDC", bench.trader, 20_000)
    debt, tokens = -bench.balance(account, "USDC"), bench.tokens(bench.trader, "USDC")
    amount = ALL if extra == "all" else debt + int(extra)
    assert bench.vault.repay(account, bench["USDC"], amount, sender=bench.trader).value == debt
    assert bench.tokens(bench.trader, "USDC") == tokens - debt
    assert bench.held(account) == {1: 10 * WAD}
    assert bench.owed("USDC") == 0


@settings(max_examples=40)
@given(days=st.integers(0, 4_000), parts=st.lists(st.integers(1, 10**10), min_size=1, max_size=6))
def test_many_repayments_cost_no_less_than_one(bench: VaultBench, days: int, parts: list[int]) -> None:
    """ROUND-1"""
    with bench.evm.isolation():
        account = bench.debtor()
        bench.system.warp(days * 86_400)
        bench.system.fund("USDC", bench.trader, 100_000)
        debt, paid = -bench.balance(account, "USDC"), 0
        for amount in parts:
            if bench.balance(account, "USDC") == 0:
                break
            paid += bench.vault.repay(account, bench["USDC"], amount, sender=bench.trader).value
            assert debt + bench.balance(account, "USDC") <= paid, "ROUND-1"
            bench.check_books()


def test_anybody_may(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.system.fund("USDC", bench.stranger, 1_000)
    tokens = bench.tokens(bench.trader, "USDC")
    tx = bench.vault.repay(account, bench["USDC"], 10**9, sender=bench.stranger)
    assert bench.tokens(bench.stranger, "USDC") == 0
    assert bench.tokens(bench.trader, "USDC") == tokens
    assert tx.events("Repaid", bench.vault)[0]["from"] == bench.stranger


def test_zero_is_refused_and_one_wei_is_not(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.system.fund("USDC", bench.trader, 1)
    with bench.evm.reverts("Vault_ZeroAmount"):
        bench.vault.repay(account, bench["USDC"], 0, sender=bench.trader)
    principal, cash = bench.principal(account, "USDC"), bench.cash("USDC")
    assert bench.vault.repay(account, bench["USDC"], 1, sender=bench.trader).value == 1
    assert bench.principal(account, "USDC") == principal, "ROUND-1: no whole unit was paid"
    assert bench.cash("USDC") == cash + 1


def test_what_is_not_owed_cannot_be_repaid(bench: VaultBench) -> None:
    account = bench.debtor()
    for symbol in ("WETH", "WBTC"):
        with bench.evm.reverts("Vault_NotHeld", account, bench[symbol]):
            bench.vault.repay(account, bench[symbol], 1, sender=bench.trader)


def test_a_token_without_a_pool_cannot_be_owed(bench: VaultBench) -> None:
    bench.add("ODD", "MockERC20", borrowable=False)
    account = bench.deposit(bench.trader, "ODD", 1)
    for token in (bench["ODD"], bench.system.pool("WETH").address):
        with bench.evm.reverts("Vault_NotBorrowable", token):
            bench.vault.repay(account, token, 1, sender=bench.trader)


def test_needs_the_tokens_and_the_allowance(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.system.mint("USDC", bench.stranger, 100)
    with bench.evm.reverts("TransferFromFailed"):
        bench.vault.repay(account, bench["USDC"], 1, sender=bench.stranger)
    bench.system.fund("USDC", bench.stranger, 0)
    with bench.evm.reverts("TransferFromFailed"):
        bench.vault.repay(account, bench["USDC"], 10**8 + 1, sender=bench.stranger)
    bench.vault.repay(account, bench["USDC"], 10**8, sender=bench.stranger)


def test_never_stops_and_is_never_judged(bench: VaultBench) -> None:
    """EXIT-1: paused, stale, unpriced, under water, at the caps, down to less than the minimum debt."""
    account = bench.debtor()
    bench.system.fund("USDC", bench.trader, 20_000)
    bench.pause()
    bench.vault.setCaps(bench["USDC"], 0, 0)
    bench.system.set_price("WETH", 100)
    bench.vault.repay(account, bench["USDC"], 10**9, sender=bench.trader)
    bench.stale()
    bench.vault.repay(account, bench["USDC"], 10**9, sender=bench.trader)
    for symbol in ("WETH", "USDC"):
        bench.kill(symbol)
    rest = -bench.balance(account, "USDC") - 10 * 10**6
    bench.vault.repay(account, bench["USDC"], rest, sender=bench.trader)
    assert -bench.balance(account, "USDC") <= 10 * 10**6 + 1
    bench.vault.repay(account, bench["USDC"], ALL, sender=bench.trader)
    assert bench.balance(account, "USDC") == 0


def test_is_no_risk_raised(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.system.fund("USDC", bench.trader, 1)
    bench.vault.repay(account, bench["USDC"], 10**6, sender=bench.trader)
    assert not bench.is_stamped(account)


def test_a_fee_is_not_the_pools(bench: VaultBench) -> None:
    """SOLV-3: the pool refuses what did not arrive."""
    token = bench.add("HOST").token
    account = bench.debtor(debt="HOST", owed=100)
    bench.system.fund("HOST", bench.trader, 100)
    cash = bench.cash("HOST")
    token.setFee(WAD // 100)
    with bench.evm.reverts("LendingPool_TransferShort", cash + WAD - WAD // 100, cash + WAD):
        bench.vault.repay(account, bench["HOST"], WAD, sender=bench.trader)
