"""Vault.depositNative: ether in, wrapped."""

import pytest

from tests.helpers.system import WAD
from tests.helpers.vault_bench import VaultBench


def test_wraps_what_is_sent_along(bench: VaultBench) -> None:
    account, ether = bench.account(bench.trader), bench.evm.balance(bench.trader)
    tx = bench.vault.depositNative(account, sender=bench.trader, value=3 * WAD)
    assert bench.balance(account, "WETH") == 3 * WAD == bench.tokens(bench.vault, "WETH")
    assert bench.evm.balance(bench.trader) == ether - 3 * WAD
    assert bench.evm.balance(bench.vault.address) == 0
    assert tx.events("Deposited", bench.vault) == [
        {"account": account, "token": bench["WETH"], "from": bench.trader, "amount": 3 * WAD}
    ]


def test_nothing_sent_is_refused_and_one_wei_is_not(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    with bench.evm.reverts("Vault_ZeroAmount"):
        bench.vault.depositNative(account, sender=bench.trader)
    bench.vault.depositNative(account, sender=bench.trader, value=1)
    assert bench.balance(account, "WETH") == 1


@pytest.mark.parametrize("extra", [-WAD, 0, WAD])
def test_repays_debt_first(bench: VaultBench, extra: int) -> None:
    account = bench.debtor(collateral="USDC", held=50_000, debt="WETH", owed=5)
    debt, cash = -bench.balance(account, "WETH"), bench.cash("WETH")
    bench.vault.depositNative(account, sender=bench.trader, value=debt + extra)
    assert bench.cash("WETH") == cash + min(debt + extra, debt)
    assert bench.balance(account, "WETH") == pytest.approx(extra, abs=2)


def test_anybody_adds_but_nobody_else_begins(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    with bench.evm.reverts("Vault_NotHeld", account, bench["WETH"]):
        bench.vault.depositNative(account, sender=bench.stranger, value=1)
    bench.deposit(bench.trader, "WETH", 1)
    bench.vault.depositNative(account, sender=bench.stranger, value=1)
    assert bench.balance(account, "WETH") == WAD + 1


def test_paused_only_what_is_held(bench: VaultBench) -> None:
    account, other = bench.deposit(bench.trader, "WETH", 1), bench.account(bench.trader, 1)
    bench.pause()
    bench.vault.depositNative(account, sender=bench.trader, value=1)
    with bench.evm.reverts("Vault_Paused"):
        bench.vault.depositNative(other, sender=bench.trader, value=1)


def test_the_cap_binds(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    bench.vault.setCaps(bench["WETH"], 5, 0)
    with bench.evm.reverts("Vault_SupplyCapExceeded", bench["WETH"], 6, 5):
        bench.vault.depositNative(account, sender=bench.trader, value=6)
    bench.vault.depositNative(account, sender=bench.trader, value=5)


def test_a_domain_that_does_not_list_wrapped_ether_refuses_it(bench: VaultBench) -> None:
    zero = "0x" + "00" * 20
    vault = bench.evm.deploy(
        "Vault", bench.owner, bench.guardian, bench.system.risk, zero, zero, bench.system.weth
    )
    with bench.evm.reverts("Vault_UnknownAsset", bench["WETH"]):
        vault.depositNative(bench.account(bench.trader), sender=bench.trader, value=1)


def test_only_unwrapping_sends_ether_to_the_vault(bench: VaultBench) -> None:
    wallet = bench.wallet()
    with bench.evm.reverts("Vault_NotWrappedNative", wallet):
        wallet.run([(bench.vault.address, 1, b"")], value=1)
