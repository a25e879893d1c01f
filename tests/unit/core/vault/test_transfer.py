"""Vault.transfer: a balance from one account to another."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.system import WAD
from tests.helpers.vault_bench import ALL, FRESH, MAX_BALANCE, VaultBench


def test_moves_a_balance_and_no_token(bench: VaultBench) -> None:
    first, second = bench.deposit(bench.trader, "WETH", 10), bench.account(bench.trader, 1)
    with bench.unchanged("WETH"):
        tx = bench.vault.transfer(first, second, bench["WETH"], 4 * WAD, sender=bench.trader)
    assert (bench.balance(first, "WETH"), bench.balance(second, "WETH")) == (6 * WAD, 4 * WAD)
    assert not tx.events("Transfer")
    assert tx.events("Transferred", bench.vault) == [
        {"from": first, "to": second, "token": bench["WETH"], "amount": 4 * WAD}
    ]


def test_all_of_it_leaves_nothing_behind(bench: VaultBench) -> None:
    first, second = bench.deposit(bench.trader, "WETH", 10), bench.account(bench.trader, 1)
    bench.vault.transfer(first, second, bench["WETH"], 10 * WAD, sender=bench.trader)
    assert bench.held(first) == {}
    assert bench.held(second) == {1: 10 * WAD}


def test_more_than_the_balance_is_refused(bench: VaultBench) -> None:
    account, other = bench.debtor(), bench.account(bench.trader, 1)
    for symbol, held in (("WETH", 10 * WAD), ("USDC", 0), ("WBTC", 0)):
        for wanted in (held + 1, MAX_BALANCE + 1, 2**255, ALL):
            with bench.evm.reverts("Vault_InsufficientBalance", bench[symbol], wanted, held):
                bench.vault.transfer(account, other, bench[symbol], wanted, sender=bench.trader)


def test_zero_itself_and_unknown_tokens_are_refused(bench: VaultBench) -> None:
    account, other = bench.deposit(bench.trader, "WETH", 10), bench.account(bench.trader, 1)
    pool = bench.system.pool("WETH").address
    with bench.evm.reverts("Vault_ZeroAmount"):
        bench.vault.transfer(account, other, bench["WETH"], 0, sender=bench.trader)
    with bench.evm.reverts("Vault_SameAccount", account):
        bench.vault.transfer(account, account, bench["WETH"], 1, sender=bench.trader)
    with bench.evm.reverts("Vault_UnknownAsset", pool):
        bench.vault.transfer(account, other, pool, 1, sender=bench.trader)


def test_only_for_the_owner_and_his_operators(bench: VaultBench) -> None:
    account, own = bench.deposit(bench.trader, "WETH", 10), bench.deposit(bench.stranger, "WETH", 1)
    for sender in (bench.stranger, bench.owner, bench.guardian):
        with bench.evm.reverts("Vault_NotAuthorised", account, sender):
            bench.vault.transfer(account, own, bench["WETH"], 1, sender=sender)
    bench.vault.setOperator(account, bench.stranger, bench.evm.now, sender=bench.trader)
    bench.vault.transfer(account, own, bench["WETH"], 1, sender=bench.stranger)
    bench.evm.warp(1)
    with bench.evm.reverts("Vault_NotAuthorised", account, bench.stranger):
        bench.vault.transfer(account, own, bench["WETH"], 1, sender=bench.stranger)


def test_to_a_stranger_only_what_he_holds_or_owes_already(bench: VaultBench) -> None:
    """Nobody fills another's account with dust."""
    account = bench.deposit(bench.trader, "WETH", 10)
    bench.deposit(bench.trader, "USDC", 100)
    bench.deposit(bench.trader, "WBTC", 1)
    receiver = bench.debtor(bench.stranger)
    bench.vault.transfer(account, receiver, bench["WETH"], WAD, sender=bench.trader)
    bench.vault.transfer(account, receiver, bench["USDC"], 10**6, sender=bench.trader)
    with bench.evm.reverts("Vault_NotHeld", receiver, bench["WBTC"]):
        bench.vault.transfer(account, receiver, bench["WBTC"], 1, sender=bench.trader)
    bench.vault.setOperator(receiver, bench.trader, bench.evm.now, sender=bench.stranger)
    bench.vault.transfer(account, receiver, bench["WBTC"], 1, sender=bench.trader)
    assert bench.balance(receiver, "WBTC") == 1


def test_to_the_backstop_only_what_it_holds(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "USDC", 100)
    bench.deposit(bench.trader, "WETH", 1)
    assets = bench.system.backstop.totalAssets()
    bench.vault.transfer(account, bench.backstop_account, bench["USDC"], 10**8, sender=bench.trader)
    assert bench.system.backstop.totalAssets() == assets + 10**8
    with bench.evm.reverts("Vault_NotHeld", bench.backstop_account, bench["WETH"]):
        bench.vault.transfer(account, bench.backstop_account, bench["WETH"], 1, sender=bench.trader)


# The giver is judged, the receiver is not


@settings(max_examples=30)
@given(wei=st.integers(1, 10 * WAD))
def test_the_giver_must_cover_its_initial_requirement(bench: VaultBench, wei: int) -> None:
    """SOLV-1"""
    with bench.evm.isolation():
        account, other = bench.debtor(), bench.account(bench.trader, 1)
        _, worst, requirement = refusal = bench.refusal(account, {"WETH": -wei})
        if worst >= requirement:
            bench.vault.transfer(account, other, bench["WETH"], wei, sender=bench.trader)
            assert bench.is_stamped(account)
        else:
            with bench.evm.reverts("Vault_BelowInitialRequirement", *refusal):
                bench.vault.transfer(account, other, bench["WETH"], wei, sender=bench.trader)


def test_with_debt_not_while_paused_without_debt_always(bench: VaultBench) -> None:
    """EXIT-1"""
    account, other = bench.debtor(), bench.deposit(bench.trader, "WETH", 1, index=1)
    bench.pause()
    with bench.evm.reverts("Vault_NoNewRisk", account, FRESH, True):
        bench.vault.transfer(account, other, bench["WETH"], 1, sender=bench.trader)
    bench.kill("WETH")
    bench.vault.transfer(other, account, bench["WETH"], WAD, sender=bench.trader)
    assert bench.balance(account, "WETH") == 11 * WAD


def test_a_receiver_below_its_requirement_is_welcome(bench: VaultBench) -> None:
    giver, receiver = bench.deposit(bench.stranger, "WETH", 10), bench.debtor()
    bench.system.set_price("WETH", 900)
    bench.vault.transfer(giver, receiver, bench["WETH"], WAD, sender=bench.stranger)
    assert bench.balance(receiver, "WETH") == 11 * WAD
    assert not bench.is_stamped(receiver)


# Into a debt


@pytest.mark.parametrize("symbol, whole", [("USDC", 12_000), ("WBTC", 1)])
@pytest.mark.parametrize("part", [0.4, 1, 1.5])
def test_repays_the_receivers_debt_at_the_pool(
    bench: VaultBench, symbol: str, whole: float, part: float
) -> None:
    receiver = bench.debtor(held=100, debt=symbol, owed=whole)
    giver = bench.deposit(bench.stranger, symbol, 2 * whole)
    bench.system.warp(30 * 86_400)
    debt, cash, custody = -bench.balance(receiver, symbol), bench.cash(symbol), bench.custody(symbol)
    amount = int(debt * part) if part != 1 else debt
    tx = bench.vault.transfer(giver, receiver, bench[symbol], amount, sender=bench.stranger)
    repaid = min(amount, debt)
    assert bench.cash(symbol) == cash + repaid
    assert bench.custody(symbol) == custody - repaid
    assert amount - debt - 1 <= bench.balance(receiver, symbol) <= amount - debt, "ROUND-1"
    assert [event["amount"] for event in tx.events("Transfer", bench.system.token(symbol))] == [repaid]


@settings(max_examples=40)
@given(days=st.integers(0, 4_000), amount=st.integers(1, 2 * 10**10), again=st.integers(1, 10))
def test_the_books_agree_to_the_unit(bench: VaultBench, days: int, amount: int, again: int) -> None:
    """SOLV-2, ROUND-1: whatever the rounding, custody and principal are what accounts have and owe."""
    with bench.evm.isolation():
        receiver = bench.debtor()
        giver = bench.deposit(bench.stranger, "USDC", 100_000)
        bench.system.warp(days * 86_400)
        before = bench.balance(receiver, "USDC")
        for part in (amount, again):
            bench.vault.transfer(giver, receiver, bench["USDC"], part, sender=bench.stranger)
            bench.check_books()
        assert bench.balance(receiver, "USDC") - before <= amount + again, "ROUND-1"
