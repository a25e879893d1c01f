"""Vault.swap: trades through a listed adapter, in and out of one account."""

from typing import Any

import pytest

from scripts.common.contract import Tx
from tests.helpers.system import WAD
from tests.helpers.vault_bench import ALL, DIVERGED, FRESH, MAX_BALANCE, STALE, VaultBench

KEEP_INPUT, UNDER_DELIVER, KEEP_CHANGE = 1, 2, 3
DOLLAR = 10**6
BOUND = 2 * WAD // 100


@pytest.fixture
def account(bench: VaultBench) -> bytes:
    """The trader's, with 10 WETH; the adapter trades WETH and USDC at the feeds' prices."""
    bench.quote("WETH", "USDC")
    bench.quote("USDC", "WETH")
    return bench.deposit(bench.trader, "WETH", 10)


def swap(bench: VaultBench, account: bytes, *args: Any, sender: str | None = None, **options: Any) -> Tx:
    return bench.vault.swap(account, bench.order(*args, **options), sender=sender or bench.trader)


# Exact input


def test_spends_the_input_and_credits_the_output(bench: VaultBench, account: bytes) -> None:
    tx = swap(bench, account, "WETH", "USDC", WAD, 2_000 * DOLLAR)
    assert tx.value == (WAD, 2_000 * DOLLAR)
    assert bench.held(account) == {0: 2_000 * DOLLAR, 1: 9 * WAD}
    assert tx.events("Swapped", bench.vault) == [
        {
            "account": account,
            "assetIn": bench["WETH"],
            "assetOut": bench["USDC"],
            "amountIn": WAD,
            "amountOut": 2_000 * DOLLAR,
        }
    ]


def test_borrows_what_the_balance_lacks(bench: VaultBench, account: bytes) -> None:
    """A long of three times in one call."""
    bench.deposit(bench.trader, "USDC", 500)
    cash = bench.cash("USDC")
    swap(bench, account, "USDC", "WETH", 10_000 * DOLLAR)
    assert bench.balance(account, "WETH") == 15 * WAD
    assert bench.balance(account, "USDC") == -bench.debt_of("USDC", 9_500 * DOLLAR)
    assert bench.cash("USDC") == cash - 9_500 * DOLLAR
    assert bench.is_stamped(account)


def test_repays_what_is_owed_of_the_output_first(bench: VaultBench) -> None:
    account = bench.debtor(owed=1_000)
    bench.quote("WETH", "USDC")
    debt, cash = -bench.balance(account, "USDC"), bench.cash("USDC")
    swap(bench, account, "WETH", "USDC", WAD)
    assert bench.balance(account, "USDC") == 2_000 * DOLLAR - debt
    assert bench.cash("USDC") == cash + debt
    assert bench.owed("USDC") == 0


def test_input_that_the_market_does_not_take_comes_back(bench: VaultBench, account: bytes) -> None:
    """What came back is measured, not believed."""
    tx = swap(bench, account, "WETH", "USDC", 100 * DOLLAR, WAD, exact_out=True)
    assert tx.value == (WAD // 20, 100 * DOLLAR)
    assert bench.balance(account, "WETH") == 10 * WAD - WAD // 20


# Exact output


def test_buys_exactly_and_keeps_the_change(bench: VaultBench, account: bytes) -> None:
    tx = swap(bench, account, "WETH", "USDC", 3_000 * DOLLAR, 2 * WAD, exact_out=True)
    assert tx.value == (3 * WAD // 2, 3_000 * DOLLAR)
    assert bench.held(account) == {0: 3_000 * DOLLAR, 1: 17 * WAD // 2}
    assert tx.events("Swapped", bench.vault)[0]["amountIn"] == 3 * WAD // 2


def test_change_of_borrowed_input_repays(bench: VaultBench, account: bytes) -> None:
    """Only what was spent remains owed."""
    swap(bench, account, "USDC", "WETH", WAD, 6_000 * DOLLAR, exact_out=True)
    assert bench.balance(account, "WETH") == 11 * WAD
    assert -bench.balance(account, "USDC") - 2_000 * DOLLAR in range(3)


def test_pays_back_a_whole_debt(bench: VaultBench) -> None:
    account = bench.debtor(owed=12_000)
    bench.quote("WETH", "USDC")
    debt = -bench.balance(account, "USDC")
    swap(bench, account, "WETH", "USDC", debt, 8 * WAD, exact_out=True)
    assert list(bench.held(account)) == [1]
    bench.vault.withdraw(account, bench["WETH"], ALL, bench.trader, sender=bench.trader)


# Limits


def test_less_than_the_limit_is_refused(bench: VaultBench, account: bytes) -> None:
    with bench.evm.reverts("SwapAdapter_OutputTooSmall", 2_000 * DOLLAR, 2_000 * DOLLAR + 1):
        swap(bench, account, "WETH", "USDC", WAD, 2_000 * DOLLAR + 1)
    with bench.evm.reverts("SwapAdapter_InputTooLarge", WAD, WAD - 1):
        swap(bench, account, "WETH", "USDC", 2_000 * DOLLAR, WAD - 1, exact_out=True)


@pytest.mark.parametrize("exact_out", [False, True])
def test_the_vault_measures_what_an_adapter_delivers(
    bench: VaultBench, account: bytes, exact_out: bool
) -> None:
    amount, limit = (2_000 * DOLLAR, WAD) if exact_out else (WAD, 2_000 * DOLLAR)
    for dishonesty, delivered in ((KEEP_INPUT, 0), (UNDER_DELIVER, 1_800 * DOLLAR)):
        bench.system.adapter.setDishonesty(bench["WETH"], bench["USDC"], dishonesty)
        with bench.evm.reverts("Vault_SwapLimit", delivered, 2_000 * DOLLAR):
            swap(bench, account, "WETH", "USDC", amount, limit, exact_out=exact_out)
    bench.system.adapter.setDishonesty(bench["WETH"], bench["USDC"], 0)
    swap(bench, account, "WETH", "USDC", amount, limit, exact_out=exact_out)


def test_nothing_bought_is_refused_whatever_the_limit(bench: VaultBench, account: bytes) -> None:
    bench.system.adapter.setDishonesty(bench["WETH"], bench["USDC"], KEEP_INPUT)
    with bench.evm.reverts("Vault_SwapLimit", 0, 0):
        swap(bench, account, "WETH", "USDC", WAD, 0, max_loss=ALL)


def test_an_adapter_that_keeps_the_change_is_caught_by_the_loss(bench: VaultBench, account: bytes) -> None:
    bench.system.adapter.setDishonesty(bench["WETH"], bench["USDC"], KEEP_CHANGE)
    with bench.evm.reverts("Vault_SwapLoss", WAD // 2, WAD // 100):
        swap(bench, account, "WETH", "USDC", 2_000 * DOLLAR, 2 * WAD, exact_out=True, max_loss=WAD // 100)
    tx = swap(bench, account, "WETH", "USDC", 2_000 * DOLLAR, 2 * WAD, exact_out=True, max_loss=WAD)
    assert tx.value == (2 * WAD, 2_000 * DOLLAR)


def test_the_loss_against_the_oracle_is_bounded(bench: VaultBench, account: bytes) -> None:
    """A sandwich takes at most the bound."""
    bench.quote("WETH", "USDC", discount_ppm=10_000)
    with bench.evm.reverts("Vault_SwapLoss", WAD // 100, WAD // 100 - 1):
        swap(bench, account, "WETH", "USDC", WAD, max_loss=WAD // 100 - 1)
    swap(bench, account, "WETH", "USDC", WAD, max_loss=WAD // 100)
    bench.quote("WETH", "USDC", discount_ppm=-10_000)
    swap(bench, account, "WETH", "USDC", WAD, max_loss=0)


def test_without_a_price_only_the_limit_bounds_it(bench: VaultBench, account: bytes) -> None:
    bench.kill("WETH")
    with bench.evm.reverts("Vault_SwapLoss", WAD, WAD - 1):
        swap(bench, account, "WETH", "USDC", WAD, 2_000 * DOLLAR, max_loss=WAD - 1)
    swap(bench, account, "WETH", "USDC", WAD, 2_000 * DOLLAR, max_loss=WAD)


# What is refused


def test_zero_same_asset_unknown_assets_and_adapters(bench: VaultBench, account: bytes) -> None:
    for exact_out in (False, True):
        with bench.evm.reverts("Vault_ZeroAmount"):
            swap(bench, account, "WETH", "USDC", 0, WAD, exact_out=exact_out)
    with bench.evm.reverts("Vault_SameAsset", bench["WETH"]):
        swap(bench, account, "WETH", "WETH", WAD)
    with bench.evm.reverts("Vault_UnknownAdapter", bench.stranger):
        swap(bench, account, "WETH", "USDC", WAD, adapter=bench.stranger)
    pool = bench.system.pool("WETH").address
    adapter = bench.system.adapter.address
    for pair in ((pool, bench["USDC"]), (bench["WETH"], pool)):
        with bench.evm.reverts("Vault_UnknownAsset", pool):
            bench.vault.swap(account, (adapter, *pair, False, 1, 0, WAD, b""), sender=bench.trader)


def test_an_adapter_that_was_taken_off_the_list_is_refused(bench: VaultBench, account: bytes) -> None:
    bench.vault.setSwapAdapter(bench.system.adapter, False)
    with bench.evm.reverts("Vault_UnknownAdapter", bench.system.adapter):
        swap(bench, account, "WETH", "USDC", WAD)


def test_what_does_not_fit_is_refused(bench: VaultBench, account: bytes) -> None:
    for amount in (MAX_BALANCE + 1, ALL):
        with bench.evm.reverts("Vault_AmountOutOfRange", amount, MAX_BALANCE):
            swap(bench, account, "WETH", "USDC", amount)
        with bench.evm.reverts("Vault_AmountOutOfRange", amount, MAX_BALANCE):
            swap(bench, account, "WETH", "USDC", 1, amount, exact_out=True)


def test_only_for_the_owner_and_his_operators(bench: VaultBench, account: bytes) -> None:
    for sender in (bench.stranger, bench.owner):
        with bench.evm.reverts("Vault_NotAuthorised", account, sender):
            swap(bench, account, "WETH", "USDC", WAD, sender=sender)
    bench.vault.setOperator(account, bench.operator, bench.evm.now, sender=bench.trader)
    swap(bench, account, "WETH", "USDC", WAD, sender=bench.operator)


def test_an_asset_without_a_pool_is_sold_but_not_short(bench: VaultBench, account: bytes) -> None:
    bench.add("ODD", "MockERC20", borrowable=False)
    bench.deposit(bench.trader, "ODD", 10)
    bench.quote("ODD", "USDC")
    with bench.evm.reverts("Vault_NotBorrowable", bench["ODD"]):
        swap(bench, account, "ODD", "USDC", 10 * WAD + 1)
    swap(bench, account, "ODD", "USDC", 10 * WAD)


# Risk


def test_a_lever_must_be_covered(bench: VaultBench, account: bytes) -> None:
    """SOLV-1"""
    changes = {"WETH": 40 * WAD, "USDC": -bench.debt_of("USDC", 80_000 * DOLLAR)}
    with bench.evm.reverts("Vault_BelowInitialRequirement", *bench.refusal(account, changes)):
        swap(bench, account, "USDC", "WETH", 80_000 * DOLLAR)
    swap(bench, account, "USDC", "WETH", 70_000 * DOLLAR)


def test_without_debt_an_account_trades_whatever_happens(bench: VaultBench, account: bytes) -> None:
    """EXIT-1"""
    bench.pause()
    bench.stale()
    swap(bench, account, "WETH", "USDC", WAD)


def test_reducing_goes_on_while_paused_stale_and_in_dispute(bench: VaultBench) -> None:
    """EXIT-1: selling collateral against debt."""
    bench.add("TWIN", tolerance=10_000)
    account = bench.debtor(collateral="TWIN", held=2_000)
    bench.quote("TWIN", "USDC")
    bench.system.set_second_price("TWIN", 9.8)
    assert bench.assess(account)[5] == DIVERGED
    swap(bench, account, "TWIN", "USDC", WAD)
    bench.stale()
    assert bench.assess(account)[5] == STALE
    swap(bench, account, "TWIN", "USDC", WAD)
    bench.pause()
    swap(bench, account, "TWIN", "USDC", WAD)
    assert not bench.is_stamped(account)


def test_growing_stops_while_paused_or_stale(bench: VaultBench) -> None:
    account = bench.debtor(owed=2_000)
    bench.quote("USDC", "WETH")
    with bench.evm.isolation():
        bench.pause()
        with bench.evm.reverts("Vault_NoNewRisk", account, FRESH, True):
            swap(bench, account, "USDC", "WETH", 1_000 * DOLLAR)
    bench.stale()
    with bench.evm.reverts("Vault_NoNewRisk", account, STALE, False):
        swap(bench, account, "USDC", "WETH", 1_000 * DOLLAR)


def test_minimum_debt_and_debt_cap_bind(bench: VaultBench, account: bytes) -> None:
    with bench.evm.reverts("Vault_BelowMinimumDebt", account, None, 100 * WAD):
        swap(bench, account, "USDC", "WETH", 90 * DOLLAR)
    bench.vault.setCaps(bench["USDC"], 10**15, 1_000 * DOLLAR)
    with bench.evm.reverts(
        "Vault_DebtCapExceeded", bench["USDC"], bench.debt_of("USDC", 1_001 * DOLLAR), None
    ):
        swap(bench, account, "USDC", "WETH", 1_001 * DOLLAR)


def test_below_the_initial_requirement_a_loss_is_bounded_by_the_domain(bench: VaultBench) -> None:
    """The owner of an account in trouble does not sell it to himself."""
    account = bench.debtor()
    bench.system.set_price("WETH", 1_400)
    bench.quote("WETH", "USDC", discount_ppm=20_100)
    with bench.evm.reverts("Vault_LossyReduction", account):
        swap(bench, account, "WETH", "USDC", WAD)
    bench.quote("WETH", "USDC", discount_ppm=20_000)
    swap(bench, account, "WETH", "USDC", WAD)


def test_above_the_initial_requirement_the_loss_is_the_owners(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.quote("WETH", "USDC", discount_ppm=100_000)
    swap(bench, account, "WETH", "USDC", WAD)


# The supply cap


def test_at_the_supply_cap_a_swap_must_reduce_risk(bench: VaultBench) -> None:
    account = bench.debtor(owed=1_000)
    bench.quote("USDC", "WETH")
    bench.vault.setCaps(bench["WETH"], 11 * WAD, 0)
    swap(bench, account, "USDC", "WETH", 2_000 * DOLLAR)
    with bench.evm.reverts("Vault_AboveSupplyCap", account):
        swap(bench, account, "USDC", "WETH", 100 * DOLLAR)
    bench.deposit(bench.trader, "DAI", 2_000)
    bench.quote("DAI", "WETH")
    with bench.evm.reverts("Vault_AboveSupplyCap", account):
        swap(bench, account, "DAI", "WETH", 100 * WAD)


def test_at_the_supply_cap_an_account_without_debt_may_not_either(bench: VaultBench, account: bytes) -> None:
    bench.deposit(bench.trader, "USDC", 1_000)
    bench.vault.setCaps(bench["WETH"], 10 * WAD, 0)
    with bench.evm.reverts("Vault_AboveSupplyCap", account):
        swap(bench, account, "USDC", "WETH", 100 * DOLLAR)
    bench.vault.setCaps(bench["WETH"], 10 * WAD + WAD // 20, 0)
    swap(bench, account, "USDC", "WETH", 100 * DOLLAR)


def test_at_the_supply_cap_what_reduces_risk_goes_on(bench: VaultBench) -> None:
    """Caps stop new risk only: out of a volatile asset into a capped stable one."""
    account = bench.debtor()
    bench.vault.setCaps(bench["DAI"], 0, 0)
    bench.quote("WETH", "DAI")
    swap(bench, account, "WETH", "DAI", WAD)
    assert bench.balance(account, "DAI") == 2_000 * WAD


def test_at_the_supply_cap_a_debt_is_repaid_but_nothing_beyond(bench: VaultBench) -> None:
    account = bench.debtor(held=10, debt="WBTC", owed=0.1)
    bench.deposit(bench.trader, "USDC", 20_000)
    bench.vault.setCaps(bench["WBTC"], 0, 0)
    bench.quote("USDC", "WBTC")
    swap(bench, account, "USDC", "WBTC", 3_000 * DOLLAR)
    assert bench.balance(account, "WBTC") < 0
    with bench.evm.reverts("Vault_AboveSupplyCap", account):
        swap(bench, account, "USDC", "WBTC", 3_000 * DOLLAR)


# Odd tokens


def test_a_fee_on_the_output_is_measured(bench: VaultBench, account: bytes) -> None:
    bench.add("FEE", "FeeOnTransferToken", WAD // 100, borrowable=False)
    bench.quote("WETH", "FEE")
    with bench.evm.reverts("Vault_SwapLimit", 198 * WAD, 200 * WAD):
        swap(bench, account, "WETH", "FEE", WAD, 200 * WAD)
    tx = swap(bench, account, "WETH", "FEE", WAD, 198 * WAD)
    assert tx.value == (WAD, 198 * WAD)
    assert bench.balance(account, "FEE") == 198 * WAD


def test_a_blocking_output_stops_the_swap(bench: VaultBench, account: bytes) -> None:
    token = bench.add("HOST").token
    bench.quote("WETH", "HOST")
    token.setBlocked(bench.vault, True)
    with bench.evm.reverts("TransferFailed"):
        swap(bench, account, "WETH", "HOST", WAD)


def test_stray_tokens_in_the_adapter_and_the_vault_are_not_part_of_it(
    bench: VaultBench, account: bytes
) -> None:
    for holder in (bench.vault.address, bench.system.adapter.address):
        bench.system.mint("USDC", holder, 5_000)
        bench.system.mint("WETH", holder, 5)
    tx = swap(bench, account, "WETH", "USDC", WAD)
    assert tx.value == (WAD, 2_000 * DOLLAR)
