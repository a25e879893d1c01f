"""A debt of one unit, repaid in the same block, lifted the guard against takeovers in the block of new risk.

Who may have taken on risk cannot be taken over in the same block, so that nobody borrows before an oracle's update
and takes himself over after it, at the backstop's expense and before anybody else can. The mark of that block
is kept in a pair of balances that the account holds. An account that borrowed what it wanted, and one unit of
another asset last, was marked beside that unit; with its repayment nobody looked at the mark any more.
Selling the asset, or closing an instrument beside which the mark was, did the same. Now the mark moves on.
"""

from __future__ import annotations

import pytest

from tests.helpers.system import NO_LIMIT, WAD, System
from tests.helpers.vault_bench import ALL, FRESH, VaultBench

DOLLAR = 10**6


@pytest.fixture
def bench(system: System) -> VaultBench:
    return VaultBench(system)


@pytest.fixture
def account(bench: VaultBench) -> bytes:
    """Collateral in the second pair of balances."""
    return bench.deposit(bench.trader, "WBTC", 1)


def borrow(bench: VaultBench, account: bytes, symbol: str, amount: int) -> bytes:
    return bytes(bench.vault.borrow.encode(account, bench[symbol], amount, bench.trader))


def refused(bench: VaultBench, account: bytes) -> None:
    """The oracle's update arrives in the same block."""
    into = bench.deposit(bench.taker, "USDC", 100_000)
    bench.system.set_price("WBTC", 34_000)
    with bench.evm.reverts("Vault_RiskRaisedThisBlock", account):
        bench.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=bench.taker)
    bench.evm.mine()
    bench.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=bench.taker)


def test_by_repayment(bench: VaultBench, account: bytes) -> None:
    bench.batch(borrow(bench, account, "DAI", 31_000 * WAD), borrow(bench, account, "USDC", 1))
    bench.system.fund("USDC", bench.trader, 1)
    bench.vault.repay(account, bench["USDC"], ALL, sender=bench.trader)
    refused(bench, account)


def test_by_a_deposit_and_a_withdrawal(bench: VaultBench, account: bytes) -> None:
    bench.batch(borrow(bench, account, "DAI", 31_000 * WAD), borrow(bench, account, "USDC", 1))
    usdc = bench.system.fund("USDC", bench.trader, 1)
    withdraw = bench.vault.withdraw.encode(account, bench["USDC"], ALL, bench.trader)
    bench.batch(bench.vault.deposit.encode(account, bench["USDC"], usdc), withdraw)
    refused(bench, account)


def test_by_a_swap_that_reduces_risk(bench: VaultBench, account: bytes) -> None:
    """The debt moves to an asset of less risk, in another pair."""
    bench.borrow(bench.trader, "DAI", 31_000)
    bench.quote("USDC", "DAI")
    debt = -bench.balance(account, "DAI")
    order = bench.order("USDC", "DAI", debt, 31_001 * DOLLAR, exact_out=True)
    bench.vault.swap(account, order, sender=bench.trader)
    assert 4 not in bench.held(account)
    refused(bench, account)


@pytest.mark.parametrize("who", ["owner", "instrument"])
def test_by_closing_an_instrument(bench: VaultBench, account: bytes, who: str) -> None:
    """By the account's owner, or as a position expires."""
    puppet = bench.instrument()
    nothing, position = (0, 0, FRESH), (0, 10 * WAD, FRESH)
    bench.vault.setHeld(account, True, sender=puppet)
    puppet.setPosition(account, position, position)
    bench.borrow(bench.trader, "DAI", 31_000)
    puppet.setPosition(account, nothing, position)
    if who == "owner":
        script = bench.script((bench.vault, bench.vault.setHeld.encode(account, False)))
        bench.vault.callInstrument(account, puppet, script, sender=bench.trader)
    else:
        bench.vault.setHeld(account, False, sender=puppet)
    assert bench.vault.holdings(account)[1] == []
    refused(bench, account)


def test_by_changing_everything_in_a_batch(bench: VaultBench, account: bytes) -> None:
    """Out of one pair of balances into another, through nothing at all."""
    bench.borrow(bench.trader, "DAI", 31_000)
    bench.system.fund("DAI", bench.trader, 1)
    weth = bench.system.fund("WETH", bench.trader, 20)
    bench.batch(
        bench.vault.repay.encode(account, bench["DAI"], ALL),
        bench.vault.withdraw.encode(account, bench["WBTC"], ALL, bench.trader),
        bench.vault.deposit.encode(account, bench["WETH"], weth),
        borrow(bench, account, "USDC", 31_000 * DOLLAR),
    )
    assert sorted(bench.held(account)) == [0, 1]
    into = bench.deposit(bench.taker, "USDC", 100_000)
    bench.system.set_price("WETH", 1_700)
    with bench.evm.reverts("Vault_RiskRaisedThisBlock", account):
        bench.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=bench.taker)


def test_an_old_mark_does_not_move(bench: VaultBench, account: bytes) -> None:
    """Only this block's: the account of yesterday can be taken over."""
    bench.batch(borrow(bench, account, "DAI", 31_000 * WAD), borrow(bench, account, "USDC", 1))
    bench.system.fund("USDC", bench.trader, 1)
    bench.evm.mine()
    bench.vault.repay(account, bench["USDC"], ALL, sender=bench.trader)
    assert not bench.is_stamped(account)
    into = bench.deposit(bench.taker, "USDC", 100_000)
    bench.system.set_price("WBTC", 34_000)
    bench.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=bench.taker)
