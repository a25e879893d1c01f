"""Vault.withdraw: tokens out of an account's balance, never on credit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.system import WAD, ZERO
from tests.helpers.vault_bench import ALL, FRESH, STALE, VaultBench


def test_sends_from_the_balance(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    tx = bench.vault.withdraw(account, bench["WETH"], 4 * WAD, bench.stranger, sender=bench.trader)
    assert bench.balance(account, "WETH") == 6 * WAD == bench.custody("WETH")
    assert bench.tokens(bench.stranger, "WETH") == 4 * WAD
    assert tx.events("Withdrawn", bench.vault) == [
        {
            "account": account,
            "token": bench["WETH"],
            "to": bench.stranger,
            "amount": 4 * WAD,
            "borrowed": 0,
        }
    ]


def test_the_largest_number_is_all_of_it(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    tx = bench.vault.withdraw(account, bench["WETH"], ALL, bench.stranger, sender=bench.trader)
    assert bench.tokens(bench.stranger, "WETH") == 10 * WAD
    assert bench.held(account) == {}
    assert tx.events("Withdrawn", bench.vault)[0]["amount"] == 10 * WAD


@pytest.mark.parametrize("wanted", [10**6 + 1, ALL - 1])
def test_more_than_the_balance_is_refused(bench: VaultBench, wanted: int) -> None:
    account = bench.deposit(bench.trader, "USDC", 1)
    with bench.evm.reverts("Vault_InsufficientBalance", bench["USDC"], wanted, 10**6):
        bench.vault.withdraw(account, bench["USDC"], wanted, bench.trader, sender=bench.trader)
    bench.vault.withdraw(account, bench["USDC"], 10**6, bench.trader, sender=bench.trader)


@pytest.mark.parametrize("wanted", [1, ALL])
def test_never_borrows(bench: VaultBench, wanted: int) -> None:
    """What is not held, or owed already, is a balance of zero."""
    account = bench.debtor()
    with bench.unchanged("USDC", "WBTC"):
        for symbol in ("USDC", "WBTC"):
            with bench.evm.reverts("Vault_InsufficientBalance", bench[symbol], wanted, 0):
                bench.vault.withdraw(account, bench[symbol], wanted, bench.trader, sender=bench.trader)


def test_zero_unknown_token_and_bad_receivers_are_refused(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    for symbol in ("WETH", "USDC"):
        with bench.evm.reverts("Vault_ZeroAmount"):
            bench.vault.withdraw(account, bench[symbol], 0, bench.trader, sender=bench.trader)
    pool = bench.system.pool("WETH").address
    with bench.evm.reverts("Vault_UnknownAsset", pool):
        bench.vault.withdraw(account, pool, 1, bench.trader, sender=bench.trader)
    for to in (ZERO, bench.vault.address):
        for symbol in ("WETH", "USDC"):
            with bench.evm.reverts("Vault_BadReceiver", to):
                bench.vault.withdraw(account, bench[symbol], 1, to, sender=bench.trader)


def test_only_for_the_owner_and_his_operators(bench: VaultBench) -> None:
    account, token = bench.deposit(bench.trader, "WETH", 10), bench["WETH"]
    bench.deposit(bench.stranger, "WETH", 1)
    for sender in (bench.stranger, bench.owner, bench.guardian, bench.system.backstop.address):
        with bench.evm.reverts("Vault_NotAuthorised", account, sender):
            bench.vault.withdraw(account, token, 1, bench.stranger, sender=sender)
    bench.vault.setOperator(account, bench.operator, bench.evm.now + 1, sender=bench.trader)
    other = bench.deposit(bench.trader, "WETH", 1, index=1)
    with bench.evm.reverts("Vault_NotAuthorised", other, bench.operator):
        bench.vault.withdraw(other, token, 1, bench.operator, sender=bench.operator)
    bench.evm.warp(1)
    bench.vault.withdraw(account, token, WAD, bench.operator, sender=bench.operator)
    bench.evm.warp(1)
    with bench.evm.reverts("Vault_NotAuthorised", account, bench.operator):
        bench.vault.withdraw(account, token, WAD, bench.operator, sender=bench.operator)


# With debt: SOLV-1


@settings(max_examples=40)
@given(wei=st.integers(1, 10 * WAD), price=st.integers(1_300, 3_000))
def test_goes_exactly_as_far_as_the_initial_requirement(bench: VaultBench, wei: int, price: int) -> None:
    """SOLV-1: the account that remains covers its initial requirement at the worst edge, or nothing is."""
    with bench.evm.isolation():
        account = bench.debtor()
        bench.system.set_price("WETH", price)
        _, worst, requirement = refusal = bench.refusal(account, {"WETH": -wei})
        if worst >= requirement:
            bench.vault.withdraw(account, bench["WETH"], wei, bench.trader, sender=bench.trader)
            assert bench.refusal(account) == refusal
        else:
            with bench.evm.reverts("Vault_BelowInitialRequirement", *refusal):
                bench.vault.withdraw(account, bench["WETH"], wei, bench.trader, sender=bench.trader)


def test_the_boundary_to_the_wei(bench: VaultBench) -> None:
    """SOLV-1"""
    account, low, high = bench.debtor(), 0, 10 * WAD
    while high - low > 1:
        middle = (low + high) // 2
        _, worst, requirement = bench.refusal(account, {"WETH": -middle})
        low, high = (middle, high) if worst >= requirement else (low, middle)
    with bench.evm.reverts("Vault_BelowInitialRequirement", *bench.refusal(account, {"WETH": -high})):
        bench.vault.withdraw(account, bench["WETH"], high, bench.trader, sender=bench.trader)
    bench.vault.withdraw(account, bench["WETH"], low, bench.trader, sender=bench.trader)
    assert 2 * WAD < low < 3 * WAD


def test_beside_a_debt_below_the_minimum_it_goes_on(bench: VaultBench) -> None:
    """The minimum binds debt that grows."""
    account = bench.debtor(owed=200)
    bench.system.fund("USDC", bench.trader, 0)
    bench.vault.repay(account, bench["USDC"], 150 * 10**6, sender=bench.trader)
    bench.vault.withdraw(account, bench["WETH"], WAD, bench.trader, sender=bench.trader)
    bench.batch(bench.vault.withdraw.encode(account, bench["WETH"], WAD, bench.trader))


def test_with_debt_not_while_paused_or_stale(bench: VaultBench) -> None:
    account = bench.debtor()
    take = bench.vault.withdraw.prepare(account, bench["WETH"], 1, bench.trader, sender=bench.trader)
    with bench.evm.isolation():
        bench.pause()
        with bench.evm.reverts("Vault_NoNewRisk", account, FRESH, True):
            bench.vault.withdraw(account, bench["WETH"], 1, bench.trader, sender=bench.trader)
        with bench.evm.reverts("Vault_NoNewRisk", account, FRESH, True):
            bench.batch(take.data)
    bench.stale()
    with bench.evm.reverts("Vault_NoNewRisk", account, STALE, False):
        bench.vault.withdraw(account, bench["WETH"], 1, bench.trader, sender=bench.trader)
    with bench.evm.reverts("Vault_NoNewRisk", account, STALE, False):
        bench.batch(take.data)


def test_collateral_without_a_price_counts_for_nothing(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.deposit(bench.trader, "WBTC", 1)
    bench.kill("WBTC")
    with bench.evm.isolation():
        bench.vault.withdraw(account, bench["WBTC"], ALL, bench.trader, sender=bench.trader)
    bench.kill("WETH")
    with bench.evm.reverts("Vault_BelowInitialRequirement", *bench.refusal(account, {"WBTC": -1})):
        bench.vault.withdraw(account, bench["WBTC"], 1, bench.trader, sender=bench.trader)


def test_below_the_initial_requirement_nothing_comes_out(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.deposit(bench.trader, "DAI", 10)
    bench.system.set_price("WETH", 1_450)
    for symbol in ("WETH", "DAI"):
        with bench.evm.reverts("Vault_BelowInitialRequirement", *bench.refusal(account, {symbol: -1})):
            bench.vault.withdraw(account, bench[symbol], 1, bench.trader, sender=bench.trader)


def test_with_an_instrument_it_is_judged_too(bench: VaultBench) -> None:
    account, puppet = bench.deposit(bench.trader, "USDC", 100), bench.instrument()
    bench.vault.setHeld(account, True, sender=puppet)
    position = (0, 50 * WAD, 0)
    puppet.setPosition(account, position, position)
    bench.vault.withdraw(account, bench["USDC"], 10**6, bench.trader, sender=bench.trader)
    with bench.evm.reverts("Vault_BelowInitialRequirement", *bench.refusal(account, {"USDC": -60 * 10**6})):
        bench.vault.withdraw(account, bench["USDC"], 60 * 10**6, bench.trader, sender=bench.trader)


def test_with_debt_it_is_risk_raised(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.vault.withdraw(account, bench["WETH"], 1, bench.trader, sender=bench.trader)
    assert bench.is_stamped(account)


# Without debt


def test_without_debt_and_positions_it_never_stops(bench: VaultBench) -> None:
    """EXIT-1: paused, stale, unpriced, at the caps, in a batch or not."""
    account = bench.deposit(bench.trader, "WETH", 10)
    bench.deposit(bench.trader, "USDC", 10)
    bench.pause()
    bench.stale()
    for symbol in ("WETH", "USDC"):
        bench.kill(symbol)
        bench.vault.setCaps(bench[symbol], 0, 0)
    bench.vault.withdraw(account, bench["WETH"], WAD, bench.trader, sender=bench.trader)
    bench.batch(
        bench.vault.withdraw.encode(account, bench["WETH"], ALL, bench.trader),
        bench.vault.withdraw.encode(account, bench["USDC"], ALL, bench.trader),
    )
    assert bench.held(account) == {}
    assert bench.tokens(bench.trader, "WETH") == 10 * WAD


def test_after_full_repayment_it_never_stops(bench: VaultBench) -> None:
    """EXIT-1: the last debt gone, everything may leave."""
    account = bench.debtor()
    bench.system.fund("USDC", bench.trader, 1_000)
    bench.pause()
    bench.kill("WETH")
    bench.vault.repay(account, bench["USDC"], ALL, sender=bench.trader)
    bench.vault.withdraw(account, bench["WETH"], ALL, bench.trader, sender=bench.trader)
    assert bench.held(account) == {}


def test_without_debt_it_is_no_risk_raised(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    bench.vault.withdraw(account, bench["WETH"], 1, bench.trader, sender=bench.trader)
    assert bench.stamp(account) == 0


# Odd tokens


def test_a_blocked_receiver_harms_only_himself(bench: VaultBench) -> None:
    token = bench.add("HOST").token
    account = bench.deposit(bench.trader, "HOST", 10)
    token.setBlocked(bench.stranger, True)
    with bench.evm.reverts("TransferFailed"):
        bench.vault.withdraw(account, bench["HOST"], 1, bench.stranger, sender=bench.trader)
    bench.vault.withdraw(account, bench["HOST"], 1, bench.trader, sender=bench.trader)


def test_a_fee_is_the_receivers(bench: VaultBench) -> None:
    """SOLV-2: the vault accounts for what it sends."""
    token = bench.add("HOST").token
    account = bench.deposit(bench.trader, "HOST", 10)
    bench.deposit(bench.stranger, "HOST", 10)
    token.setFee(WAD // 100)
    bench.vault.withdraw(account, bench["HOST"], 4 * WAD, bench.trader, sender=bench.trader)
    assert bench.balance(account, "HOST") == 6 * WAD
    assert bench.tokens(bench.trader, "HOST") == 4 * WAD * 99 // 100
