"""Vault.deposit: tokens in, debt first."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.system import WAD
from tests.helpers.vault_bench import ALL, MAX_BALANCE, MAX_TOTAL, VaultBench


def test_takes_the_callers_tokens_and_keeps_them(bench: VaultBench) -> None:
    amount = bench.system.fund("WETH", bench.trader, 10)
    account = bench.account(bench.trader, 5)
    tx = bench.vault.deposit(account, bench["WETH"], amount, sender=bench.trader)
    assert bench.balance(account, "WETH") == amount == bench.custody("WETH")
    assert bench.tokens(bench.trader, "WETH") == 0
    assert tx.events("Deposited", bench.vault) == [
        {"account": account, "token": bench["WETH"], "from": bench.trader, "amount": amount}
    ]


def test_adds_up(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 1)
    bench.deposit(bench.trader, "WETH", 2)
    bench.deposit(bench.trader, "USDC", 3)
    assert bench.held(account) == {0: 3 * 10**6, 1: 3 * WAD}


def test_accounts_of_one_owner_are_separate(bench: VaultBench) -> None:
    first = bench.deposit(bench.trader, "WETH", 1)
    second = bench.deposit(bench.trader, "WETH", 2, index=2**96 - 1)
    assert (bench.balance(first, "WETH"), bench.balance(second, "WETH")) == (WAD, 2 * WAD)


@pytest.mark.parametrize("token", ["0x" + "11" * 20, "pool"])
def test_unknown_token_is_refused(bench: VaultBench, token: str) -> None:
    token = bench.system.pool("WETH").address if token == "pool" else token
    with bench.evm.reverts("Vault_UnknownAsset", token):
        bench.vault.deposit(bench.account(bench.trader), token, 1, sender=bench.trader)


def test_zero_is_refused_and_one_wei_is_not(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    bench.system.fund("WETH", bench.trader, 1)
    with bench.evm.reverts("Vault_ZeroAmount"):
        bench.vault.deposit(account, bench["WETH"], 0, sender=bench.trader)
    bench.vault.deposit(account, bench["WETH"], 1, sender=bench.trader)
    assert bench.held(account) == {1: 1}


def test_needs_the_tokens_and_the_allowance(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    amount = bench.system.mint("WETH", bench.trader, 1)
    with bench.evm.reverts("TransferFromFailed"):
        bench.vault.deposit(account, bench["WETH"], amount, sender=bench.trader)
    bench.system.token("WETH").approve(bench.vault, ALL, sender=bench.trader)
    for wanted in (amount + 1, ALL):
        with bench.evm.reverts("TransferFromFailed"):
            bench.vault.deposit(account, bench["WETH"], wanted, sender=bench.trader)
    bench.vault.deposit(account, bench["WETH"], amount, sender=bench.trader)


def test_what_does_not_fit_is_refused(bench: VaultBench) -> None:
    bench.add("HOST")
    account, token = bench.account(bench.trader), bench["HOST"]
    bench.vault.setCaps(token, MAX_TOTAL, 0)
    bench.system.token("HOST").mint(bench.trader, 2**200)
    bench.system.fund("HOST", bench.trader, 0)
    with bench.evm.reverts("Vault_AmountOutOfRange", MAX_BALANCE + 1, MAX_BALANCE):
        bench.vault.deposit(account, token, MAX_BALANCE + 1, sender=bench.trader)
    bench.vault.deposit(account, token, MAX_BALANCE, sender=bench.trader)
    assert bench.balance(account, "HOST") == MAX_BALANCE
    with bench.evm.reverts("Vault_AmountOutOfRange", MAX_BALANCE + 1, MAX_BALANCE):
        bench.vault.deposit(account, token, 1, sender=bench.trader)


def test_accounts_together_stay_within_the_assets_total(bench: VaultBench) -> None:
    """An account in debt may pass the cap, but no total leaves its 120 bits."""
    bench.add("HOST", decimals=18)
    bench.vault.setCaps(bench["HOST"], MAX_TOTAL, 0)
    bench.system.token("HOST").mint(bench.trader, 2**120 + 1)
    bench.system.fund("HOST", bench.trader, 0)
    left, index = MAX_TOTAL, 0
    while left:
        amount, account = min(left, MAX_BALANCE), bench.account(bench.trader, index)
        bench.vault.deposit(account, bench["HOST"], amount, sender=bench.trader)
        left, index = left - amount, index + 1
    assert bench.custody("HOST") == MAX_TOTAL
    account = bench.debtor(index=index)
    with bench.evm.reverts("Vault_SupplyCapExceeded", bench["HOST"], MAX_TOTAL + 1, MAX_TOTAL):
        bench.vault.deposit(account, bench["HOST"], 1, sender=bench.trader)


# Debt first


@pytest.mark.parametrize("extra", [-5 * 10**6, 0, 7 * 10**6])
def test_repays_debt_first_and_keeps_the_rest(bench: VaultBench, extra: int) -> None:
    account = bench.debtor()
    bench.system.warp(30 * 86_400)
    bench.system.fund("USDC", bench.trader, 20_000)
    debt, cash = -bench.balance(account, "USDC"), bench.cash("USDC")
    custody = bench.custody("USDC")
    bench.vault.deposit(account, bench["USDC"], debt + extra, sender=bench.trader)
    assert bench.cash("USDC") == cash + min(debt + extra, debt), "what repays goes to the pool"
    assert bench.custody("USDC") == custody + max(extra, 0), "what is left stays in custody"
    if extra < 0:
        assert extra - 1 <= bench.balance(account, "USDC") <= extra, "ROUND-1"
    else:
        assert bench.balance(account, "USDC") == extra
        assert bench.owed("USDC") == 0
        assert bench.held(account) == {1: 10 * WAD} | ({0: extra} if extra else {})


@settings(max_examples=40)
@given(
    owed=st.integers(2, 10**10), days=st.integers(0, 4_000), share=st.integers(0, 120), wei=st.integers(-3, 3)
)
def test_repaying_never_credits_more_than_was_paid(
    bench: VaultBench, owed: int, days: int, share: int, wei: int
) -> None:
    """ROUND-1: the debt falls by at most the deposit, and the pool books the whole deposit as cash."""
    with bench.evm.isolation():
        account = bench.debtor(owed=12_000)
        bench.vault.borrow(account, bench["USDC"], owed % (3 * 10**9) + 1, bench.trader, sender=bench.trader)
        bench.system.warp(days * 86_400)
        before, cash = bench.balance(account, "USDC"), bench.cash("USDC")
        amount = max(-before * share // 100 + wei, 1)
        bench.system.fund("USDC", bench.trader, amount)
        bench.vault.deposit(account, bench["USDC"], amount, sender=bench.trader)
        after = bench.balance(account, "USDC")
        assert after - before <= amount, "ROUND-1"
        assert after - before >= amount - 2 * (1 + int(bench.system.pool("USDC").debtIndexNow()) // WAD)
        assert bench.cash("USDC") - cash == min(amount, -before)
        bench.check_books()


def test_too_little_to_repay_a_unit_of_principal_is_the_pools(bench: VaultBench) -> None:
    """ROUND-1: one wei against an index above one."""
    account = bench.debtor()
    bench.system.warp(86_400)
    bench.system.fund("USDC", bench.trader, 1)
    principal, cash = bench.principal(account, "USDC"), bench.cash("USDC")
    bench.vault.deposit(account, bench["USDC"], 1, sender=bench.trader)
    assert bench.principal(account, "USDC") == principal
    assert bench.cash("USDC") == cash + 1


# Who may


def test_anybody_adds_to_what_an_account_holds_or_owes(bench: VaultBench) -> None:
    account = bench.debtor()
    for symbol in ("WETH", "USDC"):
        amount = bench.system.fund(symbol, bench.stranger, 1)
        before = bench.balance(account, symbol)
        tx = bench.vault.deposit(account, bench[symbol], amount, sender=bench.stranger)
        assert bench.balance(account, symbol) - before == pytest.approx(amount, abs=2)
        assert tx.events("Deposited", bench.vault)[0]["from"] == bench.stranger


def test_nobody_else_brings_in_a_new_asset(bench: VaultBench) -> None:
    """Dust of many assets would make the account's operations dear."""
    account = bench.debtor()
    amount = bench.system.fund("WBTC", bench.stranger, 1)
    for owner in (account, bench.account(bench.lender)):
        with bench.evm.reverts("Vault_NotHeld", owner, bench["WBTC"]):
            bench.vault.deposit(owner, bench["WBTC"], amount, sender=bench.stranger)


def test_an_operator_brings_in_a_new_asset_until_his_approval_expires(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    bench.system.fund("WBTC", bench.operator, 1)
    bench.vault.setOperator(account, bench.operator, bench.evm.now + 1, sender=bench.trader)
    bench.evm.warp(1)
    with bench.evm.isolation():
        bench.vault.deposit(account, bench["WBTC"], 1, sender=bench.operator)
        assert bench.balance(account, "WBTC") == 1
    bench.evm.warp(1)
    with bench.evm.reverts("Vault_NotHeld", account, bench["WBTC"]):
        bench.vault.deposit(account, bench["WBTC"], 1, sender=bench.operator)


# When


def test_paused_only_what_is_held_or_owed(bench: VaultBench) -> None:
    """EXIT-1: adding to what is held, and repaying, go on."""
    account = bench.debtor()
    for symbol in ("WETH", "USDC", "WBTC"):
        bench.system.fund(symbol, bench.trader, 1)
    bench.pause()
    bench.vault.deposit(account, bench["WETH"], 1, sender=bench.trader)
    bench.vault.deposit(account, bench["USDC"], 1, sender=bench.trader)
    with bench.evm.reverts("Vault_Paused"):
        bench.vault.deposit(account, bench["WBTC"], 1, sender=bench.trader)


def test_unpriced_stale_and_under_water_it_goes_on(bench: VaultBench) -> None:
    """EXIT-1: nothing is judged when something is added."""
    account = bench.debtor()
    for symbol in ("WETH", "USDC", "WBTC"):
        bench.system.fund(symbol, bench.trader, 1)
    bench.system.set_price("WETH", 500)
    bench.stale()
    bench.kill("WETH")
    bench.kill("USDC")
    for symbol in ("WETH", "USDC", "WBTC"):
        bench.vault.deposit(account, bench[symbol], 1_000, sender=bench.trader)
    assert bench.balance(account, "WBTC") == 1_000


def test_adding_is_no_risk_raised(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.deposit(bench.trader, "WETH", 1)
    bench.deposit(bench.trader, "USDC", 1)
    assert not bench.is_stamped(account)


# The supply cap


def test_up_to_the_cap_and_no_further(bench: VaultBench) -> None:
    account, amount = bench.account(bench.trader), bench.system.fund("WETH", bench.trader, 10)
    bench.vault.setCaps(bench["WETH"], amount, 0)
    with bench.evm.isolation():
        bench.vault.deposit(account, bench["WETH"], amount, sender=bench.trader)
    bench.vault.setCaps(bench["WETH"], amount - 1, 0)
    with bench.evm.reverts("Vault_SupplyCapExceeded", bench["WETH"], amount, amount - 1):
        bench.vault.deposit(account, bench["WETH"], amount, sender=bench.trader)
    bench.vault.deposit(account, bench["WETH"], amount - 1, sender=bench.trader)
    with bench.evm.reverts("Vault_SupplyCapExceeded", bench["WETH"], amount, amount - 1):
        bench.vault.deposit(account, bench["WETH"], 1, sender=bench.trader)


def test_at_the_cap_what_is_held_while_in_debt_and_what_is_owed(bench: VaultBench) -> None:
    """Caps stop new risk, not the margin call."""
    account = bench.debtor()
    for symbol in ("WETH", "USDC", "WBTC"):
        bench.system.fund(symbol, bench.trader, 20_000)
        bench.vault.setCaps(bench[symbol], 0, 0)
    bench.vault.deposit(account, bench["WETH"], WAD, sender=bench.trader)
    bench.vault.deposit(account, bench["USDC"], 10**9, sender=bench.trader)
    with bench.evm.reverts("Vault_SupplyCapExceeded", bench["WBTC"], 1, 0):
        bench.vault.deposit(account, bench["WBTC"], 1, sender=bench.trader)
    bench.vault.repay(account, bench["USDC"], ALL, sender=bench.trader)
    with bench.evm.reverts("Vault_SupplyCapExceeded", bench["WETH"], 11 * WAD + 1, 0):
        bench.vault.deposit(account, bench["WETH"], 1, sender=bench.trader)


def test_at_the_cap_instruments_count_like_debt(bench: VaultBench) -> None:
    account, puppet = bench.deposit(bench.trader, "WETH", 1), bench.instrument()
    bench.system.fund("WETH", bench.trader, 1)
    bench.vault.setCaps(bench["WETH"], 0, 0)
    with bench.evm.reverts("Vault_SupplyCapExceeded", bench["WETH"], WAD + 1, 0):
        bench.vault.deposit(account, bench["WETH"], 1, sender=bench.trader)
    bench.vault.setHeld(account, True, sender=puppet)
    bench.vault.deposit(account, bench["WETH"], 1, sender=bench.trader)


# Odd tokens


@pytest.mark.parametrize(
    "kind, extra", [("MockERC20", ()), ("NonReturningToken", ()), ("FeeOnTransferToken", (0,))]
)
@pytest.mark.parametrize("decimals", [0, 27])
def test_any_decimals_and_tokens_that_return_nothing(
    bench: VaultBench, kind: str, extra: tuple[Any, ...], decimals: int
) -> None:
    bench.add("ODD", kind, *extra, decimals=decimals, borrowable=False)
    account = bench.deposit(bench.trader, "ODD", 3)
    assert bench.balance(account, "ODD") == 3 * 10**decimals
    bench.vault.withdraw(account, bench["ODD"], ALL, bench.trader, sender=bench.trader)
    assert bench.tokens(bench.trader, "ODD") == 3 * 10**decimals


def test_credits_what_arrived(bench: VaultBench) -> None:
    """SOLV-2 with a token that takes a fee."""
    bench.add("FEE", "FeeOnTransferToken", WAD // 100, borrowable=False)
    account, amount = bench.account(bench.trader), bench.system.fund("FEE", bench.trader, 100)
    tx = bench.vault.deposit(account, bench["FEE"], amount, sender=bench.trader)
    assert bench.balance(account, "FEE") == 99 * WAD == bench.tokens(bench.vault, "FEE")
    assert tx.events("Deposited", bench.vault)[0]["amount"] == 99 * WAD


def test_nothing_arrived_is_no_deposit(bench: VaultBench) -> None:
    bench.add("FEE", "FeeOnTransferToken", WAD, borrowable=False)
    account, amount = bench.account(bench.trader), bench.system.fund("FEE", bench.trader, 100)
    with bench.evm.reverts("Vault_NothingReceived", bench["FEE"]):
        bench.vault.deposit(account, bench["FEE"], amount, sender=bench.trader)


def test_a_token_that_refuses_or_blocks_stops_the_deposit(bench: VaultBench) -> None:
    token = bench.add("HOST").token
    account, amount = bench.account(bench.trader), bench.system.fund("HOST", bench.trader, 1)
    token.setRefusing(True)
    with bench.evm.reverts("TransferFromFailed"):
        bench.vault.deposit(account, bench["HOST"], amount, sender=bench.trader)
    token.setRefusing(False)
    token.setBlocked(bench.vault, True)
    with bench.evm.reverts("TransferFromFailed"):
        bench.vault.deposit(account, bench["HOST"], amount, sender=bench.trader)


def test_a_donation_belongs_to_nobody(bench: VaultBench) -> None:
    bench.system.mint("WETH", bench.vault.address, 5)
    account = bench.deposit(bench.trader, "WETH", 1)
    assert bench.balance(account, "WETH") == WAD == bench.custody("WETH")
    assert bench.tokens(bench.vault, "WETH") == 6 * WAD
