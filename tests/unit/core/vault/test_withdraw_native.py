"""Vault.withdrawNative: wrapped ether out, unwrapped."""

from tests.helpers.system import WAD, ZERO
from tests.helpers.vault_bench import ALL, VaultBench

RECEIVER = "0x" + "00" * 19 + "ee"


def test_unwraps_and_sends(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    tx = bench.vault.withdrawNative(account, 4 * WAD, RECEIVER, sender=bench.trader)
    assert bench.evm.balance(RECEIVER) == 4 * WAD
    assert bench.balance(account, "WETH") == 6 * WAD == bench.tokens(bench.vault, "WETH")
    assert bench.evm.balance(bench.vault.address) == 0
    withdrawn = tx.events("Withdrawn", bench.vault)[0]
    assert (withdrawn["token"], withdrawn["amount"], withdrawn["borrowed"]) == (bench["WETH"], 4 * WAD, 0)


def test_the_largest_number_is_all_of_it(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    bench.vault.withdrawNative(account, ALL, RECEIVER, sender=bench.trader)
    assert bench.evm.balance(RECEIVER) == 10 * WAD
    assert bench.held(account) == {}


def test_zero_more_than_the_balance_and_never_on_credit(bench: VaultBench) -> None:
    account, weth = bench.deposit(bench.trader, "WETH", 1), bench["WETH"]
    with bench.evm.reverts("Vault_ZeroAmount"):
        bench.vault.withdrawNative(account, 0, RECEIVER, sender=bench.trader)
    for wanted in (WAD + 1, ALL - 1):
        with bench.evm.reverts("Vault_InsufficientBalance", weth, wanted, WAD):
            bench.vault.withdrawNative(account, wanted, RECEIVER, sender=bench.trader)
    debtor = bench.debtor(collateral="USDC", held=50_000, debt="WETH", owed=5, index=1)
    for wanted in (1, ALL):
        with bench.evm.reverts("Vault_InsufficientBalance", weth, wanted, 0):
            bench.vault.withdrawNative(debtor, wanted, RECEIVER, sender=bench.trader)


def test_only_for_the_owner_and_his_operators(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 1)
    with bench.evm.reverts("Vault_NotAuthorised", account, bench.stranger):
        bench.vault.withdrawNative(account, 1, bench.stranger, sender=bench.stranger)
    bench.vault.setOperator(account, bench.operator, bench.evm.now, sender=bench.trader)
    bench.vault.withdrawNative(account, 1, RECEIVER, sender=bench.operator)


def test_a_receiver_that_refuses_keeps_nothing_from_its_owner(bench: VaultBench) -> None:
    account, wallet = bench.deposit(bench.trader, "WETH", 10), bench.wallet()
    wallet.setRefuses(True)
    with bench.evm.reverts("Vault_NativeTransferFailed", wallet, WAD):
        bench.vault.withdrawNative(account, WAD, wallet, sender=bench.trader)
    with bench.evm.reverts("Vault_NativeTransferFailed", bench.vault, WAD):
        bench.vault.withdrawNative(account, WAD, bench.vault, sender=bench.trader)
    assert bench.balance(account, "WETH") == 10 * WAD
    bench.vault.withdrawNative(account, WAD, bench.trader, sender=bench.trader)


def test_nobody_is_no_receiver(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 10)
    with bench.evm.reverts("Vault_BadReceiver", ZERO):
        bench.vault.withdrawNative(account, WAD, ZERO, sender=bench.trader)


def test_with_debt_it_is_judged(bench: VaultBench) -> None:
    """SOLV-1"""
    account = bench.debtor()
    with bench.evm.reverts("Vault_BelowInitialRequirement", *bench.refusal(account, {"WETH": -5 * WAD})):
        bench.vault.withdrawNative(account, 5 * WAD, RECEIVER, sender=bench.trader)
    bench.vault.withdrawNative(account, WAD, RECEIVER, sender=bench.trader)
    assert bench.is_stamped(account)
    bench.pause()
    with bench.evm.reverts("Vault_NoNewRisk", account, 0, True):
        bench.vault.withdrawNative(account, 1, RECEIVER, sender=bench.trader)


def test_without_debt_it_never_stops(bench: VaultBench) -> None:
    """EXIT-1"""
    account = bench.deposit(bench.trader, "WETH", 10)
    bench.pause()
    bench.kill("WETH")
    bench.vault.withdrawNative(account, ALL, RECEIVER, sender=bench.trader)
    assert bench.evm.balance(RECEIVER) == 10 * WAD
