"""What every operation ends with: covered, or risk reduced (SOLV-1); and who is stamped."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.system import WAD
from tests.helpers.vault_bench import ALL, FRESH, INITIAL, MAINTENANCE, STALE, VaultBench

DOLLAR = 10**6


def is_reduction(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """`R' <= R and E' * R >= E * R' and E' >= min(E, 0)` at the worst edges, in exact integers."""
    equity, equity_after = before[0] - before[1], after[0] - after[1]
    requirement, requirement_after = before[2], after[2]
    return (
        requirement_after <= requirement
        and equity_after * requirement >= equity * requirement_after
        and equity_after >= min(equity, 0)
    )


def is_covered(assessment: tuple[int, ...]) -> bool:
    return assessment[0] - assessment[1] >= assessment[2]


@pytest.fixture
def account(bench: VaultBench) -> bytes:
    """10 WETH and 12,000 USDC of debt at 1,450 dollars: below its initial requirement, above maintenance."""
    account = bench.debtor()
    bench.system.fund("USDC", bench.trader, 20_000)
    bench.system.set_price("WETH", 1_450)
    bench.quote("WETH", "USDC")
    return account


def withdraw(bench: VaultBench, account: bytes, symbol: str, amount: int) -> bytes:
    return bytes(bench.vault.withdraw.encode(account, bench[symbol], amount, bench.trader))


def repay(bench: VaultBench, account: bytes, amount: int) -> bytes:
    return bytes(bench.vault.repay.encode(account, bench["USDC"], amount))


def swap(bench: VaultBench, account: bytes, amount: int) -> bytes:
    return bytes(bench.vault.swap.encode(account, bench.order("WETH", "USDC", amount)))


# Covered or reduced


@settings(max_examples=120)
@given(
    price=st.integers(900, 1_700),
    repaid=st.integers(1, 12_000 * DOLLAR),
    sold=st.integers(0, 4),
    taken=st.integers(1, 6 * WAD),
)
def test_a_batch_passes_if_and_only_if_covered_or_reduced(
    bench: VaultBench, price: int, repaid: int, sold: int, taken: int
) -> None:
    """SOLV-1 against exact integers: repay (or sell) and withdraw, in any proportion."""
    with bench.evm.isolation():
        account = bench.debtor()
        bench.system.fund("USDC", bench.trader, 20_000)
        bench.system.set_price("WETH", price)
        bench.quote("WETH", "USDC")
        if sold:
            repaid = sold * price * DOLLAR
            first = swap(bench, account, sold * WAD)
        else:
            first = repay(bench, account, repaid)
        changes = {"WETH": -taken - sold * WAD, "USDC": _relief(bench, account, repaid)}
        before = [bench.assess(account, judgement) for judgement in (INITIAL, MAINTENANCE)]
        after = [bench.assess(account, judgement, changes) for judgement in (INITIAL, MAINTENANCE)]
        reduced = all(is_reduction(*pair) for pair in zip(before, after, strict=True))
        debt_left = bench.balance(account, "USDC") + changes["USDC"] < 0
        if not debt_left or is_covered(after[0]) or reduced:
            bench.batch(first, withdraw(bench, account, "WETH", taken))
            assert bench.assess(account) == after[0]
            assert bench.is_stamped(account) == (debt_left and is_covered(after[0]))
        else:
            with bench.evm.reverts("Vault_BelowInitialRequirement", *bench.refusal(account, changes)):
                bench.batch(first, withdraw(bench, account, "WETH", taken))


def _relief(bench: VaultBench, account: bytes, repaid: int) -> int:
    """By how much a payment lowers the account's USDC debt: principal rounded down, debt rounded up."""
    debt, index = -bench.balance(account, "USDC"), bench.system.pool("USDC").debtIndexNow()
    if repaid >= debt:
        return debt
    principal = bench.principal(account, "USDC") - repaid * WAD // index
    return debt - (principal * index + WAD - 1) // WAD


def test_deleveraging_a_little_is_enough(bench: VaultBench, account: bytes) -> None:
    bench.batch(swap(bench, account, WAD // 1_000))
    bench.vault.swap(account, bench.order("WETH", "USDC", WAD // 1_000), sender=bench.trader)


def test_equity_may_leave_in_proportion_to_the_risk(bench: VaultBench, account: bytes) -> None:
    """Half of the risk gone, at most half of the equity."""
    equity, uncertainty, *_ = bench.assess(account)
    assert not is_covered(bench.assess(account))
    half = 6_000 * DOLLAR
    taken = (equity - uncertainty) // 2 + 6_000 * WAD
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        bench.batch(
            repay(bench, account, half), withdraw(bench, account, "WETH", taken // 1_450 * 101 // 100)
        )
    bench.batch(repay(bench, account, half), withdraw(bench, account, "WETH", taken // 1_450 * 99 // 100))


def test_a_plain_operation_is_no_reduction(bench: VaultBench, account: bytes) -> None:
    """On its own a withdrawal takes something out, dust of a worthless token too."""
    bench.deposit(bench.trader, "DAI", 1)
    with bench.evm.reverts("Vault_BelowInitialRequirement", *bench.refusal(account, {"DAI": -1})):
        bench.vault.withdraw(account, bench["DAI"], 1, bench.trader, sender=bench.trader)


def test_the_insolvent_may_only_get_better(bench: VaultBench, account: bytes) -> None:
    """`E' >= min(E, 0)`: nothing of a negative equity leaves with a share of the risk."""
    bench.system.set_price("WETH", 1_100)
    bench.quote("WETH", "USDC", discount_ppm=15_000)
    equity, uncertainty, *_ = bench.assess(account)
    assert equity - uncertainty < 0
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        bench.batch(swap(bench, account, WAD))
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        bench.batch(repay(bench, account, 100 * DOLLAR), withdraw(bench, account, "WETH", WAD // 10))
    bench.batch(repay(bench, account, 200 * DOLLAR), withdraw(bench, account, "WETH", WAD // 100))


def test_covered_accounts_may_take_risk_up_to_the_requirement(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.batch(withdraw(bench, account, "WETH", 2 * WAD))
    assert is_covered(bench.assess(account))


def test_full_repayment_is_not_judged(bench: VaultBench, account: bytes) -> None:
    """EXIT-1"""
    bench.pause()
    bench.stale()
    bench.batch(repay(bench, account, ALL), withdraw(bench, account, "WETH", ALL))
    assert bench.held(account) == {}


# What counts for nothing in new risk does not leave for nothing


def _uncounted(bench: VaultBench, how: str) -> bytes:
    """An account whose collateral has just stopped to count for new risk."""
    if how == "isolated":
        bench.add("ISO", tier=1)
        account = bench.debtor(collateral="ISO", held=2_000)
        bench.deposit(bench.trader, "WETH", "0.000000000000000001")
        return account
    account = bench.debtor()
    if how == "unpriced":
        bench.kill("WETH")
    else:
        bench.system.parameters.lowerTier(bench.system.assets["WETH"].id, 0, sender=bench.guardian)
    return account


@pytest.mark.parametrize("how", ["unpriced", "no tier", "isolated"])
def test_uncounted_collateral_stays(bench: VaultBench, how: str) -> None:
    """SOLV-1: by batch and by transfer, a wei or all of it."""
    account, other = _uncounted(bench, how), bench.account(bench.trader, 1)
    symbol = "ISO" if how == "isolated" else "WETH"
    for amount in (1, bench.balance(account, symbol)):
        refusal = bench.refusal(account, {symbol: -amount})
        with bench.evm.reverts("Vault_BelowInitialRequirement", *refusal):
            bench.batch(withdraw(bench, account, symbol, amount))
        with bench.evm.reverts("Vault_BelowInitialRequirement", *refusal):
            bench.vault.transfer(account, other, bench[symbol], amount, sender=bench.trader)


@pytest.mark.parametrize("how", ["no tier", "isolated"])
def test_uncounted_collateral_may_be_sold_against_the_debt(bench: VaultBench, how: str) -> None:
    """EXIT-1: reducing goes on."""
    account = _uncounted(bench, how)
    symbol = "ISO" if how == "isolated" else "WETH"
    bench.quote(symbol, "USDC")
    owed = bench.balance(account, "USDC")
    bench.vault.swap(account, bench.order(symbol, "USDC", WAD), sender=bench.trader)
    assert bench.balance(account, "USDC") > owed


def test_an_unpriced_extra_does_not_hold_up_the_account(bench: VaultBench) -> None:
    """One wei of a dead token is no reason to refuse what is covered without it."""
    bench.deposit(bench.trader, "WBTC", "0.00000001")
    account = bench.debtor(owed=1_000)
    bench.kill("WBTC")
    bench.borrow(bench.trader, "USDC", 1_000)
    bench.batch(withdraw(bench, account, "WBTC", 1))


# New risk


@pytest.mark.parametrize("why", ["paused", "stale"])
def test_new_risk_stops_and_less_risk_goes_on(bench: VaultBench, why: str) -> None:
    account = bench.debtor()
    bench.system.fund("USDC", bench.trader, 1_000)
    if why == "paused":
        bench.pause()
    else:
        bench.stale()
    status, paused = (FRESH, True) if why == "paused" else (STALE, False)
    with bench.evm.reverts("Vault_NoNewRisk", account, status, paused):
        bench.batch(repay(bench, account, 1_000 * DOLLAR), withdraw(bench, account, "WETH", WAD))
    bench.batch(repay(bench, account, 1_000 * DOLLAR), withdraw(bench, account, "WETH", WAD // 20))


def test_a_touched_account_that_takes_no_risk_is_not_held_to_fresh_prices(bench: VaultBench) -> None:
    account, other = bench.debtor(), bench.debtor(bench.stranger)
    bench.pause()
    bench.system.fund("USDC", bench.trader, 1)
    bench.batch(repay(bench, account, DOLLAR), bench.vault.repay.encode(other, bench["USDC"], DOLLAR))
    assert not bench.is_stamped(account)


# The stamp: who may have taken on risk


def test_the_covered_are_stamped_and_who_only_reduces_is_not(bench: VaultBench, account: bytes) -> None:
    """Nobody who could be taken over shields himself with a wei in every block."""
    borrow = bench.vault.borrow.encode(account, bench["USDC"], 1, bench.trader)
    assert not is_covered(bench.assess(account))
    bench.batch(repay(bench, account, 100 * DOLLAR), borrow)
    assert not is_covered(bench.assess(account))
    assert not bench.is_stamped(account)
    bench.batch(repay(bench, account, 9_000 * DOLLAR), borrow)
    assert is_covered(bench.assess(account))
    assert bench.is_stamped(account)


def test_a_real_borrow_in_a_batch_stamps(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.system.fund("USDC", bench.trader, 1)
    borrow = bench.vault.borrow.encode(account, bench["USDC"], 1_000 * DOLLAR, bench.trader)
    bench.batch(repay(bench, account, DOLLAR), borrow)
    assert bench.is_stamped(account)


def test_deleveraging_stamps_the_covered_alone(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.quote("WETH", "USDC")
    with bench.evm.isolation():
        bench.system.set_price("WETH", 1_450)
        bench.quote("WETH", "USDC")
        bench.vault.swap(account, bench.order("WETH", "USDC", WAD // 100), sender=bench.trader)
        assert not is_covered(bench.assess(account))
        assert not bench.is_stamped(account)
    bench.vault.swap(account, bench.order("WETH", "USDC", WAD), sender=bench.trader)
    assert bench.is_stamped(account)


@pytest.mark.parametrize(
    "collateral, debt",
    [("WETH", "USDC"), ("USDC", "WETH"), ("DAI", "WBTC"), ("WBTC", "DAI"), ("WETH", "DAI")],
)
def test_the_stamp_is_found_in_whichever_pair_of_balances(
    bench: VaultBench, collateral: str, debt: str
) -> None:
    """Pairs: USDC and WETH, WBTC and wstETH, DAI alone."""
    prices = {symbol: listing.spec.price for symbol, listing in bench.system.assets.items()}
    account = bench.deposit(bench.trader, collateral, 20_000 / prices[collateral])
    assert bench.stamp(account) == 0
    bench.borrow(bench.trader, debt, 1_000 / prices[debt])
    assert bench.is_stamped(account)
    bench.evm.mine()
    assert not bench.is_stamped(account)
    bench.vault.withdraw(account, bench[collateral], 1, bench.trader, sender=bench.trader)
    assert bench.is_stamped(account)


def test_the_stamp_is_found_when_what_was_written_last_is_gone(bench: VaultBench) -> None:
    """The asset that was sold is not held any more: its pair of balances is not looked at."""
    account = bench.deposit(bench.trader, "DAI", 5_000)
    bench.deposit(bench.trader, "WETH", 1)
    bench.borrow(bench.trader, "USDC", 1_000)
    bench.evm.mine()
    bench.quote("DAI", "WETH")
    bench.vault.swap(account, bench.order("DAI", "WETH", 5_000 * WAD), sender=bench.trader)
    assert 4 not in bench.held(account)
    assert bench.is_stamped(account)


def test_with_an_instrument_and_nothing_else_the_stamp_is_found(bench: VaultBench) -> None:
    puppet, account = bench.instrument(), bench.account(bench.trader)
    position: Any = (1_000 * WAD, 100 * WAD, FRESH)
    puppet.setPosition(account, position, (0, 0, FRESH))
    held = bench.script((bench.vault, bench.vault.setHeld.encode(account, True)))
    bench.vault.callInstrument(account, puppet, held, sender=bench.trader)
    assert bench.held(account) == {}
    assert bench.is_stamped(account)


def test_the_blocks_number_runs_over(bench: VaultBench) -> None:
    """Stamps hold 31 bits of it."""
    account = bench.debtor()
    bench.evm.mine(2**31 - bench.evm.block_number + 5)
    bench.system.refresh()
    bench.borrow(bench.trader, "USDC", 1)
    assert bench.stamp(account) == 5 == bench.evm.block_number - 2**31
