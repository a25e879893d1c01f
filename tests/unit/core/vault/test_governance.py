"""The vault's owner and guardian: listings, caps, pause, and how both roles change hands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.system import WAD, ZERO
from tests.helpers.vault_bench import ALL, MAX_TOTAL, VaultBench

NOBODY = "0x" + "77" * 20


def calls(bench: VaultBench) -> list[tuple[Any, tuple[Any, ...]]]:
    """Every function that is the owner's alone."""
    vault = bench.vault
    return [
        (vault.listAsset, (NOBODY, ZERO, 1, 0)),
        (vault.setCaps, (bench["WETH"], 1, 1)),
        (vault.listInstrument, (NOBODY,)),
        (vault.setSwapAdapter, (NOBODY, True)),
        (vault.setGuardian, (NOBODY,)),
        (vault.transferOwnership, (NOBODY,)),
        (vault.renounceOwnership, ()),
    ]


def test_nobody_but_the_owner(bench: VaultBench) -> None:
    for function, args in calls(bench):
        for sender in (bench.guardian, bench.stranger, bench.trader, bench.system.liquidation.address):
            with bench.evm.reverts("OwnableUnauthorizedAccount", sender):
                function(*args, sender=sender)
        with bench.evm.isolation():
            function(*args, sender=bench.owner)


# listAsset


def test_lists_an_asset_under_the_next_number(bench: VaultBench) -> None:
    count, token, pool = bench.vault.assetCount(), bench.evm.deploy("MockERC20", "A", "A", 18), NOBODY
    tx = bench.vault.listAsset(token, pool, 100 * WAD, 50 * WAD)
    assert tx.value == count
    assert bench.vault.assetCount() == count + 1
    assert bench.vault.assetAt(count) == (token.address, pool)
    assert bench.vault.assetInfo(token) == (count, pool, 0, 100 * WAD, 50 * WAD)
    assert tx.events("AssetListed", bench.vault) == [{"token": token.address, "id": count, "pool": pool}]
    assert tx.events("CapsSet", bench.vault) == [
        {
            "token": token.address,
            "oldSupplyCap": 0,
            "newSupplyCap": 100 * WAD,
            "oldDebtCap": 0,
            "newDebtCap": 50 * WAD,
        }
    ]


def test_the_first_asset_settles(bench: VaultBench) -> None:
    vault = bench.evm.deploy(
        "Vault", bench.owner, bench.guardian, bench.system.risk, NOBODY, NOBODY, bench.system.weth
    )
    assert vault.settlementAsset() == ZERO
    vault.listAsset(bench["DAI"], ZERO, 1, 1)
    vault.listAsset(bench["USDC"], ZERO, 1, 1)
    assert vault.settlementAsset() == bench["DAI"]


def test_no_asset_twice(bench: VaultBench) -> None:
    with bench.evm.reverts("Vault_AssetListed", bench["USDC"]):
        bench.vault.listAsset(bench["USDC"], bench.system.pool("USDC"), 1, 1)


def test_at_most_128_assets(bench: VaultBench) -> None:
    count = bench.vault.assetCount()
    for number in range(count, 128):
        assert bench.vault.listAsset(f"0x{number + 1:040x}", ZERO, 1, 0).value == number
    with bench.evm.reverts("Vault_AssetLimit", 128):
        bench.vault.listAsset(NOBODY, ZERO, 1, 0)
    assert bench.vault.assetAt(127)[0] == f"0x{128:040x}"


def test_the_last_asset_works_as_the_first(bench: VaultBench) -> None:
    token = bench.evm.deploy("MockERC20", "LAST", "LAST", 18)
    for number in range(bench.vault.assetCount(), 127):
        bench.vault.listAsset(f"0x{number + 1:040x}", ZERO, 1, 0)
    assert bench.vault.listAsset(token, ZERO, 100, 0).value == 127
    account = bench.deposit(bench.trader, "USDC", 1)
    token.mint(bench.trader, 100)
    token.approve(bench.vault, 100, sender=bench.trader)
    bench.vault.deposit(account, token, 100, sender=bench.trader)
    assert bench.held(account) == {0: 10**6, 127: 100}
    bench.vault.withdraw(account, token, ALL, bench.trader, sender=bench.trader)
    assert bench.held(account) == {0: 10**6}


# setCaps


def test_sets_caps_and_leaves_the_rest(bench: VaultBench) -> None:
    bench.deposit(bench.trader, "WETH", 3)
    before = bench.vault.assetInfo(bench["WETH"])
    tx = bench.vault.setCaps(bench["WETH"], 7 * WAD, 5 * WAD)
    assert bench.vault.assetInfo(bench["WETH"]) == (*before[:2], 3 * WAD, 7 * WAD, 5 * WAD)
    assert tx.events("CapsSet", bench.vault) == [
        {
            "token": bench["WETH"],
            "oldSupplyCap": before[3],
            "newSupplyCap": 7 * WAD,
            "oldDebtCap": before[4],
            "newDebtCap": 5 * WAD,
        }
    ]
    bench.borrow(bench.trader, "USDC", 200)


@settings(max_examples=50)
@given(debt_cap=st.integers(0, ALL), supply_cap=st.integers(0, MAX_TOTAL))
def test_any_cap_is_kept_or_rounded_down_a_little(bench: VaultBench, debt_cap: int, supply_cap: int) -> None:
    """80 bits of a debt cap are kept, and its magnitude."""
    with bench.evm.isolation():
        bench.vault.setCaps(bench["WETH"], supply_cap, debt_cap)
        *_, kept_supply, kept_debt = bench.vault.assetInfo(bench["WETH"])
        assert kept_supply == supply_cap
        shift = max(debt_cap.bit_length() - 80, 0)
        assert kept_debt == debt_cap >> shift << shift


def test_what_does_not_fit_and_what_is_not_listed(bench: VaultBench) -> None:
    for cap in (MAX_TOTAL + 1, ALL):
        with bench.evm.reverts("Vault_AmountOutOfRange", cap, MAX_TOTAL):
            bench.vault.setCaps(bench["WETH"], cap, 0)
        with bench.evm.reverts("Vault_AmountOutOfRange", cap, MAX_TOTAL):
            bench.vault.listAsset(NOBODY, ZERO, cap, 0)
    with bench.evm.reverts("Vault_UnknownAsset", NOBODY):
        bench.vault.setCaps(NOBODY, 1, 1)


# Instruments and adapters


def test_lists_instruments(bench: VaultBench) -> None:
    tx = bench.vault.listInstrument(NOBODY)
    assert tx.value == 1 == bench.vault.instrumentCount() - 1
    assert bench.vault.instrumentAt(1) == NOBODY
    assert tx.events("InstrumentListed", bench.vault) == [{"instrument": NOBODY, "id": 1}]
    with bench.evm.reverts("Vault_AssetListed", NOBODY):
        bench.vault.listInstrument(NOBODY)


def test_at_most_127_instruments_and_the_last_works(bench: VaultBench) -> None:
    for number in range(125):
        bench.vault.listInstrument(f"0x{number + 1:040x}")
    account, puppet = bench.deposit(bench.trader, "USDC", 1), bench.instrument()
    with bench.evm.reverts("Vault_AssetLimit", 127):
        bench.vault.listInstrument(NOBODY)
    held = bench.script((bench.vault, bench.vault.setHeld.encode(account, True)))
    bench.vault.callInstrument(account, puppet, held, sender=bench.trader)
    assert bench.vault.holdings(account)[1] == [puppet.address]
    assert bench.held(account) == {0: 10**6}


def test_lists_swap_adapters_and_takes_them_off(bench: VaultBench) -> None:
    for was, now in ((False, True), (True, True), (True, False)):
        tx = bench.vault.setSwapAdapter(NOBODY, now)
        assert bench.vault.swapAdapterAllowed(NOBODY) is now
        assert tx.events("SwapAdapterSet", bench.vault) == [
            {"adapter": NOBODY, "wasAllowed": was, "allowed": now}
        ]


# Pause


def test_guardian_and_owner_stop_only_the_owner_lets_go_on(bench: VaultBench) -> None:
    for sender in (bench.guardian, bench.owner):
        tx = bench.vault.setPaused(True, sender=sender)
        assert tx.events("PausedSet", bench.vault) == [{"wasPaused": False, "paused": True}]
        assert bench.vault.paused()
        with bench.evm.reverts("OwnableUnauthorizedAccount", bench.guardian):
            bench.vault.setPaused(False, sender=bench.guardian)
        bench.vault.setPaused(False, sender=bench.owner)
        assert not bench.vault.paused()
    for paused in (False, True):
        with bench.evm.reverts("Governed_NotGuardian", bench.stranger):
            bench.vault.setPaused(paused, sender=bench.stranger)


def test_what_is_listed_or_capped_while_paused_is_paused(bench: VaultBench) -> None:
    """Every asset's words say whether the vault is: those of old ones, new ones, and ones with new caps."""
    vault, trader = bench.vault, bench.trader
    vault.setPaused(True)
    token = bench.evm.deploy("MockERC20", "New", "NEW", 18)
    vault.listAsset(token, NOBODY, 10**30, 0)
    token.mint(trader, 10)
    token.approve(vault, 10, sender=trader)
    vault.setCaps(token, 10**29, 0)
    account = bench.account(trader)
    with bench.evm.reverts("Vault_Paused"):
        vault.deposit(account, token, 1, sender=trader)
    vault.setPaused(False)
    vault.deposit(account, token, 1, sender=trader)
    assert vault.assetInfo(token)[2:] == (1, 10**29, 0)


# Roles


def test_ownership_changes_in_two_steps(bench: VaultBench) -> None:
    bench.vault.transferOwnership(bench.stranger)
    assert bench.vault.owner() == bench.owner
    with bench.evm.reverts("OwnableUnauthorizedAccount", bench.trader):
        bench.vault.acceptOwnership(sender=bench.trader)
    with bench.evm.reverts("OwnableUnauthorizedAccount", bench.stranger):
        bench.vault.setGuardian(NOBODY, sender=bench.stranger)
    bench.vault.acceptOwnership(sender=bench.stranger)
    assert bench.vault.owner() == bench.stranger
    with bench.evm.reverts("OwnableUnauthorizedAccount", bench.owner):
        bench.vault.setGuardian(NOBODY, sender=bench.owner)
    bench.vault.setGuardian(NOBODY, sender=bench.stranger)


def test_the_guardian_is_replaced(bench: VaultBench) -> None:
    tx = bench.vault.setGuardian(bench.stranger)
    assert tx.events("GuardianSet", bench.vault) == [
        {"oldGuardian": bench.guardian, "newGuardian": bench.stranger}
    ]
    with bench.evm.reverts("Governed_NotGuardian", bench.guardian):
        bench.vault.setPaused(True, sender=bench.guardian)
    bench.vault.setPaused(True, sender=bench.stranger)
    bench.vault.setGuardian(ZERO)
    assert bench.vault.guardian() == ZERO


@pytest.mark.parametrize("sender", ["owner", "stranger"])
def test_the_roles_are_given_once(bench: VaultBench, sender: str) -> None:
    """The admin contract's initialiser, reached through the vault or in a batch, does nothing any more."""
    admin = bench.evm.at("VaultAdmin", bench.vault)
    caller = getattr(bench, sender)
    with bench.evm.reverts("VaultAdmin_Initialised"):
        admin.initialise(caller, caller, sender=caller)
    with bench.evm.reverts("VaultAdmin_Initialised"):
        bench.batch(admin.initialise.encode(caller, caller), sender=caller)
    assert (bench.vault.owner(), bench.vault.guardian()) == (bench.owner, bench.guardian)


def test_a_vault_has_an_owner(bench: VaultBench) -> None:
    with bench.evm.reverts("OwnableInvalidOwner", ZERO):
        bench.evm.deploy("Vault", ZERO, bench.guardian, bench.system.risk, NOBODY, NOBODY, bench.system.weth)
