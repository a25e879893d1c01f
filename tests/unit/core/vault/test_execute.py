"""Vault.execute: several calls, judged once at the end."""

from typing import Any

import pytest

from tests.helpers.evm import Contract
from tests.helpers.system import WAD
from tests.helpers.vault_bench import ALL, VaultBench

DOLLAR = 10**6


def execute(bench: VaultBench, *calls: bytes) -> bytes:
    """Calldata of a batch."""
    return bytes(bench.vault.execute.encode(list(calls)))


def call(bench: VaultBench, data: bytes, value: int = 0) -> tuple[str, int, bytes]:
    """A wallet's call to the vault."""
    return bench.vault.address, value, data


@pytest.fixture
def wallet(bench: VaultBench) -> Contract:
    """Makes several calls in one transaction; has tokens of all kinds."""
    return bench.wallet("USDC", "WETH", "WBTC", whole=20)


def test_runs_the_calls_in_order_and_returns_their_answers(bench: VaultBench) -> None:
    account, other = bench.deposit(bench.trader, "WETH", 10), bench.account(bench.trader, 1)
    bench.quote("WETH", "USDC")
    vault = bench.vault
    results = bench.batch(
        vault.transfer.encode(account, other, bench["WETH"], WAD),
        vault.swap.encode(other, bench.order("WETH", "USDC", WAD)),
        vault.operatorExpiry.encode(account, bench.operator),
        vault.withdraw.encode(other, bench["USDC"], ALL, bench.trader),
    ).value
    words = [[int.from_bytes(r[i : i + 32], "big") for i in range(0, len(r), 32)] for r in results]
    assert words == [[], [WAD, 2_000 * DOLLAR], [0], []]
    assert bench.tokens(bench.trader, "USDC") == 2_000 * DOLLAR
    assert bench.held(other) == {}


def test_an_empty_batch_does_nothing(bench: VaultBench) -> None:
    assert bench.batch().value == []


def test_one_failing_call_undoes_all_with_its_reason(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    withdraw = bench.vault.withdraw.encode(account, bench["WETH"], WAD, bench.trader)
    with bench.evm.reverts("Vault_UnknownAsset", bench.stranger):
        bench.batch(withdraw, bench.vault.withdraw.encode(account, bench.stranger, 1, bench.trader))
    assert bench.balance(account, "WETH") == 10 * WAD


@pytest.mark.parametrize("data", [b"", b"\x12\x34\x56\x78"])
def test_what_is_no_function_of_the_vault_fails(bench: VaultBench, data: bytes) -> None:
    with bench.evm.reverts():
        bench.batch(data)


def test_acts_for_who_runs_it_and_nobody_else(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    for sender in (bench.stranger, bench.owner):
        with bench.evm.reverts("Vault_NotAuthorised", account, sender):
            bench.batch(bench.vault.withdraw.encode(account, bench["WETH"], 1, sender), sender=sender)
    with bench.evm.reverts("OwnableUnauthorizedAccount", bench.vault):
        bench.batch(bench.vault.setCaps.encode(bench["WETH"], 0, 0), sender=bench.owner)
    with bench.evm.reverts("Governed_NotGuardian", bench.vault):
        bench.batch(bench.vault.setPaused.encode(True), sender=bench.guardian)


def test_takes_the_tokens_of_who_runs_it(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    bench.system.fund("WETH", bench.stranger, 1)
    bench.system.fund("WETH", bench.trader, 5)
    tx = bench.batch(bench.vault.deposit.encode(account, bench["WETH"], WAD), sender=bench.stranger)
    assert bench.tokens(bench.trader, "WETH") == 5 * WAD
    assert tx.events("Deposited", bench.vault)[0]["from"] == bench.stranger


# Judged at the end


def test_solvency_counts_only_at_the_end(bench: VaultBench) -> None:
    """Flash liquidity: borrowed before the collateral is there."""
    account, vault = bench.account(bench.trader), bench.vault
    weth = bench.system.fund("WETH", bench.trader, 10)
    borrow = vault.borrow.encode(account, bench["USDC"], 12_000 * DOLLAR, bench.trader)
    deposit = vault.deposit.encode(account, bench["WETH"], weth)
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        bench.batch(borrow)
    bench.batch(borrow, deposit)
    assert bench.tokens(bench.trader, "USDC") == 12_000 * DOLLAR


def test_flash_liquidity_that_is_paid_back_needs_no_collateral(bench: VaultBench) -> None:
    account, vault = bench.account(bench.trader), bench.vault
    bench.system.fund("USDC", bench.trader, 1)
    borrow = vault.borrow.encode(account, bench["USDC"], 10**12, bench.trader)
    bench.pause()
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        bench.batch(borrow, vault.repay.encode(account, bench["USDC"], 10**12 - DOLLAR))
    bench.batch(borrow, vault.repay.encode(account, bench["USDC"], ALL))
    assert bench.held(account) == {}


def test_every_touched_account_is_judged(bench: VaultBench) -> None:
    """SOLV-1: the account in the middle as well as the first and the last."""
    accounts = [bench.debtor(owed=10_000, index=index) for index in range(3)]
    withdraw = bench.vault.withdraw.encode
    for bad in accounts:
        amounts = [5 * WAD if account == bad else WAD for account in accounts]
        refusal = bench.refusal(bad, {"WETH": -5 * WAD})
        with bench.evm.reverts("Vault_BelowInitialRequirement", *refusal):
            bench.batch(
                *(
                    withdraw(account, bench["WETH"], amount, bench.trader)
                    for account, amount in zip(accounts, amounts, strict=True)
                )
            )
    bench.batch(*(withdraw(account, bench["WETH"], WAD, bench.trader) for account in accounts))
    assert all(bench.is_stamped(account) for account in accounts)


def test_collateral_is_judged_where_it_ends(bench: VaultBench) -> None:
    account, other = bench.debtor(), bench.account(bench.trader, 1)
    transfer = bench.vault.transfer.encode
    bench.batch(
        transfer(account, other, bench["WETH"], 10 * WAD),
        transfer(other, account, bench["WETH"], 10 * WAD),
    )
    with bench.evm.reverts("Vault_BelowInitialRequirement", *bench.refusal(account, {"WETH": -6 * WAD})):
        bench.batch(
            transfer(account, other, bench["WETH"], 10 * WAD),
            transfer(other, account, bench["WETH"], 4 * WAD),
        )


def test_minimum_debt_binds_at_the_end(bench: VaultBench) -> None:
    account, vault = bench.deposit(bench.trader, "WETH", 10), bench.vault
    bench.system.fund("USDC", bench.trader, 200)
    borrow, repay = vault.borrow.encode, vault.repay.encode
    with bench.evm.reverts("Vault_BelowMinimumDebt", account, None, 100 * WAD):
        bench.batch(
            borrow(account, bench["USDC"], 150 * DOLLAR, bench.trader),
            repay(account, bench["USDC"], 60 * DOLLAR),
        )
    bench.batch(
        borrow(account, bench["USDC"], 60 * DOLLAR, bench.trader),
        borrow(account, bench["USDC"], 60 * DOLLAR, bench.trader),
    )
    # On the way down it does not, even with a borrow in between.
    bench.batch(
        repay(account, bench["USDC"], 110 * DOLLAR),
        borrow(account, bench["USDC"], 20 * DOLLAR, bench.trader),
    )
    assert 29 * DOLLAR < -bench.balance(account, "USDC") < 31 * DOLLAR


# Nested and repeated


def test_a_batch_within_a_batch_is_part_of_it(bench: VaultBench) -> None:
    account, vault = bench.account(bench.trader), bench.vault
    weth = bench.system.fund("WETH", bench.trader, 10)
    borrow = vault.borrow.encode(account, bench["USDC"], 12_000 * DOLLAR, bench.trader)
    bench.batch(execute(bench, execute(bench, borrow)), vault.deposit.encode(account, bench["WETH"], weth))
    assert bench.tokens(bench.trader, "USDC") == 12_000 * DOLLAR
    other = bench.deposit(bench.stranger, "WETH", 1)
    with bench.evm.reverts("Vault_NotAuthorised", other, bench.trader):
        bench.batch(execute(bench, vault.withdraw.encode(other, bench["WETH"], 1, bench.trader)))


def test_a_second_batch_in_the_transaction_starts_clean(bench: VaultBench, wallet: Contract) -> None:
    """What the first one touched, recorded and was allowed is forgotten."""
    account, other, vault = bench.account(wallet), bench.account(wallet, 1), bench.vault
    deposit = vault.deposit.encode(account, bench["WETH"], 10 * WAD)
    borrow = vault.borrow.encode(account, bench["USDC"], 1_000 * DOLLAR, wallet.address)
    withdraw = vault.withdraw.encode(account, bench["WETH"], 95 * WAD // 10, wallet.address)
    # The second one is judged though the first one was.
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        wallet.run([call(bench, execute(bench, deposit, borrow)), call(bench, execute(bench, withdraw))])
    # Below the requirement a batch may repay and take less, but not in a second one that only takes.
    wallet.run([call(bench, deposit), call(bench, borrow)])
    bench.evm.mine()
    bench.system.set_price("WETH", 110)
    bench.system.fund("USDC", bench.trader, 0)
    repay = vault.repay.encode(account, bench["USDC"], 100 * DOLLAR)
    take = vault.withdraw.encode(account, bench["WETH"], WAD // 10, wallet.address)
    with bench.evm.isolation():
        wallet.run([call(bench, execute(bench, repay, take))])
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        wallet.run([call(bench, execute(bench, repay)), call(bench, execute(bench, take))])
    # An account that only the first batch touched is not looked at by the second.
    deposit = vault.deposit.encode(other, bench["WBTC"], 10**8)
    wallet.run([call(bench, execute(bench, repay, take)), call(bench, execute(bench, deposit))])
    assert bench.held(other) == {2: 10**8}


def test_a_batch_after_a_batch_has_its_own_guard(bench: VaultBench, wallet: Contract) -> None:
    """A taker who takes over twice in one transaction meets the account's state, not its memory."""
    account, vault = bench.account(wallet), bench.vault
    deposit = vault.deposit.encode(account, bench["WETH"], 10 * WAD)
    borrow = vault.borrow.encode(account, bench["USDC"], 1_000 * DOLLAR, wallet.address)
    into = bench.account(wallet, 1)
    takeover = vault.liquidate.encode(account, into, WAD, 0, 0, 2**255 - 1)
    wallet.run([call(bench, deposit)])
    with bench.evm.reverts("Vault_CheckPending", account):
        wallet.run([call(bench, execute(bench, borrow, takeover))])
    with bench.evm.reverts("Vault_RiskRaisedThisBlock", account):
        wallet.run([call(bench, execute(bench, borrow)), call(bench, execute(bench, takeover))])


def test_single_calls_after_a_batch_act_for_their_own_caller(bench: VaultBench, wallet: Contract) -> None:
    account, vault = bench.deposit(bench.trader, "WETH", 1), bench.vault
    with bench.evm.reverts("Vault_NotAuthorised", account, wallet):
        wallet.run(
            [
                call(bench, execute(bench)),
                call(bench, vault.withdraw.encode(account, bench["WETH"], 1, wallet.address)),
            ]
        )


# Ether


def test_deposits_the_ether_that_comes_along(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    bench.batch(bench.vault.depositNative.encode(account), value=3 * WAD)
    assert bench.balance(account, "WETH") == 3 * WAD
    with bench.evm.reverts("Vault_ZeroAmount"):
        bench.batch(*[bench.vault.depositNative.encode(account)] * 2, value=3 * WAD)


def test_ether_that_is_not_used_goes_back(bench: VaultBench) -> None:
    ether = bench.evm.balance(bench.trader)
    bench.batch(value=WAD)
    bench.batch(execute(bench), value=WAD)
    assert bench.evm.balance(bench.trader) == ether
    assert bench.evm.balance(bench.vault.address) == 0


def test_whoever_refuses_his_ether_back_keeps_it(bench: VaultBench, wallet: Contract) -> None:
    wallet.setRefuses(True)
    with bench.evm.reverts("Vault_NativeTransferFailed", wallet, WAD):
        wallet.run([call(bench, execute(bench), WAD)], value=WAD)
    account = bench.account(wallet)
    wallet.run([call(bench, execute(bench, bench.vault.depositNative.encode(account)), WAD)], value=WAD)
    assert bench.balance(account, "WETH") == WAD


def test_unwrapped_in_a_batch_and_deposited_elsewhere(bench: VaultBench) -> None:
    """Ether that a withdrawal sends to a wallet is the wallet's; the vault holds none in between."""
    account = bench.deposit(bench.trader, "WETH", 2)
    bench.batch(bench.vault.withdrawNative.encode(account, WAD, bench.stranger))
    assert bench.evm.balance(bench.vault.address) == 0
    assert bench.balance(account, "WETH") == WAD


def test_the_refund_comes_after_the_end(bench: VaultBench, wallet: Contract) -> None:
    """Whoever calls back with his refund meets a vault that is done, and cannot be refunded twice."""
    account = bench.account(wallet)
    deposit: Any = (bench.vault.address, WAD, execute(bench, bench.vault.depositNative.encode(account)))
    wallet.callOnReceipt(deposit)
    wallet.run([call(bench, execute(bench), WAD)], value=WAD)
    assert wallet.succeeded()
    assert bench.balance(account, "WETH") == WAD
    assert bench.evm.balance(bench.vault.address) == 0
    assert bench.evm.balance(wallet.address) == 0
