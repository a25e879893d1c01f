"""An instrument's payments in the middle of a plain operation never reached the pool and were not judged.

A listed instrument could enter any operation that ran, and anybody may have an instrument settle. So whoever
got control in the middle of an operation (a receiver of unwrapped ether is enough) put payments into it. A
plain operation, a withdrawal say, ends without settling payments with the pools and without looking at other
accounts: what the payment repaid stayed owed to the pool by nobody, what it borrowed was never drawn, and the
payer took on debt unchecked. Now an instrument enters while the vault has called one, and is locked out else.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.evm import Contract
from tests.helpers.system import WAD, System
from tests.helpers.vault_bench import VaultBench

DOLLAR = 10**6


@pytest.fixture
def bench(system: System) -> VaultBench:
    return VaultBench(system)


@pytest.fixture
def puppet(bench: VaultBench) -> Contract:
    """An instrument that pays what anybody tells it to, as settling does."""
    return bench.instrument()


def in_the_middle_of_a_withdrawal(bench: VaultBench, puppet: Contract, call: bytes) -> Contract:
    """A wallet withdraws a wei of ether, and has the instrument make a call on its receipt."""
    wallet = bench.wallet("WETH", whole=1)
    account: Any = bench.account(wallet)
    deposit = bench.vault.deposit.encode(account, bench["WETH"], WAD)
    wallet.callOnReceipt((puppet.address, 0, puppet.run.encode([(bench.vault.address, call)])))
    withdraw = bench.vault.withdrawNative.encode(account, 1, wallet)
    wallet.run([(bench.vault.address, 0, deposit), (bench.vault.address, 0, withdraw)])
    return wallet


@pytest.mark.parametrize("to_the_account", [True, False])
def test_payments_reach_the_pool_or_are_not_made(
    bench: VaultBench, puppet: Contract, to_the_account: bool
) -> None:
    """SOLV-2: of a debt that is repaid, and of one that is made."""
    account, own = bench.debtor(), bench.account(puppet)
    bench.deposit(bench.stranger, "USDC", 5_000)
    bench.vault.instrumentPay(bench.account(bench.stranger), own, 5_000 * DOLLAR, sender=puppet)
    pair = (own, account) if to_the_account else (account, own)
    wallet = in_the_middle_of_a_withdrawal(
        bench, puppet, bench.vault.instrumentPay.encode(*pair, 1_000 * DOLLAR)
    )
    assert not wallet.succeeded()
    bench.check_books()


def test_the_payer_is_judged_or_does_not_pay(bench: VaultBench, puppet: Contract) -> None:
    """SOLV-1"""
    account, own = bench.account(bench.stranger), bench.account(puppet)
    in_the_middle_of_a_withdrawal(
        bench, puppet, bench.vault.instrumentPay.encode(account, own, 1_000 * DOLLAR)
    )
    assert bench.balance(account, "USDC") == 0
