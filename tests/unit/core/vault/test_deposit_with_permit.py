"""Vault.depositWithPermit: a signature instead of an approval."""

from typing import Any

import pytest

from tests.helpers.system import WAD
from tests.helpers.vault_bench import CHAIN_ID, VaultBench

TYPES = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}
NOTHING = (27, b"\0" * 32, b"\0" * 32)


def sign(bench: VaultBench, owner: str, value: int, **changes: Any) -> tuple[int, bytes, bytes]:
    token = bench.system.token("DAI")
    message = {
        "owner": owner,
        "spender": bench.vault.address,
        "value": value,
        "nonce": token.nonces(owner),
        "deadline": bench.evm.now,
        **changes,
    }
    domain = {"name": "DAI", "version": "1", "chainId": CHAIN_ID, "verifyingContract": token.address}
    return bench.signed(bench.key(owner), domain, TYPES, message)


@pytest.fixture
def amount(bench: VaultBench) -> int:
    """Tokens of the trader, who has approved nothing."""
    return bench.system.mint("DAI", bench.trader, 100)


def deposit(bench: VaultBench, amount: int, signature: Any, sender: str | None = None) -> Any:
    sender = sender or bench.trader
    args = (bench.account(bench.trader), bench["DAI"], amount, bench.evm.now, *signature)
    return bench.vault.depositWithPermit(*args, sender=sender)


def test_permits_and_deposits(bench: VaultBench, amount: int) -> None:
    tx = deposit(bench, amount, sign(bench, bench.trader, amount))
    account = bench.account(bench.trader)
    assert bench.balance(account, "DAI") == amount
    assert bench.system.token("DAI").allowance(bench.trader, bench.vault) == 0
    assert tx.events("Deposited", bench.vault)[0]["amount"] == amount


def test_a_permit_that_somebody_sent_before_is_no_error(bench: VaultBench, amount: int) -> None:
    """Front-run: the signature is spent, its allowance is there."""
    signature = sign(bench, bench.trader, amount)
    bench.system.token("DAI").permit(
        bench.trader, bench.vault, amount, bench.evm.now, *signature, sender=bench.stranger
    )
    deposit(bench, amount, signature)
    assert bench.balance(bench.account(bench.trader), "DAI") == amount


def test_without_permit_and_allowance_nothing_moves(bench: VaultBench, amount: int) -> None:
    for signature in (NOTHING, sign(bench, bench.trader, amount - 1), sign(bench, bench.stranger, amount)):
        with bench.evm.reverts("TransferFromFailed"):
            deposit(bench, amount, signature)


def test_an_allowance_from_before_is_enough(bench: VaultBench, amount: int) -> None:
    bench.system.token("DAI").approve(bench.vault, amount, sender=bench.trader)
    deposit(bench, amount, NOTHING)
    assert bench.balance(bench.account(bench.trader), "DAI") == amount


def test_nobody_spends_anothers_permit(bench: VaultBench, amount: int) -> None:
    """The tokens are the caller's, whoever has signed and approved."""
    signature = sign(bench, bench.trader, amount)
    bench.deposit(bench.trader, "DAI", 1)
    bench.system.token("DAI").approve(bench.vault, 0, sender=bench.trader)
    bench.system.token("DAI").permit(bench.trader, bench.vault, amount, bench.evm.now, *signature)
    with bench.evm.reverts("TransferFromFailed"):
        deposit(bench, amount, signature, sender=bench.stranger)
    assert bench.tokens(bench.trader, "DAI") == amount


def test_within_a_batch_it_is_the_permit_of_who_runs_it(bench: VaultBench, amount: int) -> None:
    signature = sign(bench, bench.trader, amount)
    account = bench.account(bench.trader)
    call = bench.vault.depositWithPermit.encode(account, bench["DAI"], amount, bench.evm.now, *signature)
    with bench.evm.reverts("Vault_NotHeld", account, bench["DAI"]):
        bench.batch(call, sender=bench.stranger)
    bench.batch(call)
    assert bench.balance(account, "DAI") == amount


def test_a_token_without_permit_needs_its_allowance(bench: VaultBench) -> None:
    bench.add("ODD", "NonReturningToken", borrowable=False)
    account, amount = bench.account(bench.trader), bench.system.mint("ODD", bench.trader, 1)
    args = (account, bench["ODD"], amount, bench.evm.now, *NOTHING)
    with bench.evm.reverts("TransferFromFailed"):
        bench.vault.depositWithPermit(*args, sender=bench.trader)
    bench.system.token("ODD").approve(bench.vault, amount, sender=bench.trader)
    bench.vault.depositWithPermit(*args, sender=bench.trader)
    assert bench.balance(account, "ODD") == WAD


def test_everything_else_is_as_with_deposit(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    pool = bench.system.pool("DAI").address
    with bench.evm.reverts("Vault_ZeroAmount"):
        deposit(bench, 0, NOTHING)
    with bench.evm.reverts("Vault_UnknownAsset", pool):
        bench.vault.depositWithPermit(account, pool, 1, bench.evm.now, *NOTHING, sender=bench.trader)
    with bench.evm.reverts("Vault_NotHeld", account, bench["DAI"]):
        deposit(bench, 1, NOTHING, sender=bench.stranger)
