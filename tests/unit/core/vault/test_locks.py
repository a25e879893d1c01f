"""One lock: who gets control in the middle of an operation does nothing with the vault, reads no balance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.helpers.evm import Contract
from tests.helpers.system import WAD, ZERO
from tests.helpers.vault_bench import ALL, VaultBench

ANY = b"\x11" * 32
OTHER = b"\x22" * 32
ADDRESS = "0x" + "33" * 20
SWAP = (ADDRESS, ADDRESS, ADDRESS, False, 1, 0, 0, b"")

LOCKED: dict[str, tuple[Any, ...]] = {
    "deposit": (ANY, ADDRESS, 1),
    "depositWithPermit": (ANY, ADDRESS, 1, ALL, 27, ANY, ANY),
    "depositNative": (ANY,),
    "withdraw": (ANY, ADDRESS, 1, ADDRESS),
    "withdrawNative": (ANY, 1, ADDRESS),
    "borrow": (ANY, ADDRESS, 1, ADDRESS),
    "repay": (ANY, ADDRESS, 1),
    "transfer": (ANY, OTHER, ADDRESS, 1),
    "swap": (ANY, SWAP),
    "callInstrument": (ANY, ADDRESS, b""),
    "execute": ([],),
    "liquidate": (ANY, OTHER, WAD, 0, 0, 0),
    "liquidateByScenario": (ANY, OTHER, WAD, 1, 0),
    "writeOff": (ANY, 0, 1),
    "cover": (ANY, 1),
    "instrumentPay": (ANY, OTHER, 1),
    "setHeld": (ANY, True),
    "touch": (ANY,),
    "requireCovered": (ANY,),
    "listAsset": (ADDRESS, ZERO, 0, 0),
    "setCaps": (ADDRESS, 0, 0),
    "listInstrument": (ADDRESS,),
    "setSwapAdapter": (ADDRESS, True),
    "holdings": (ANY,),
    "balanceOf": (ANY, ADDRESS),
    "assetInfo": (ADDRESS,),
}
"""All that acts on balances or tells them. The caller is a listed instrument and the vault's owner."""

FREE = {
    # Touch no balance and no list.
    *("setOperator", "setOperatorBySig", "setPaused", "setGuardian"),
    *("transferOwnership", "acceptOwnership", "renounceOwnership", "initialise"),
    # Tell no balance.
    *("assetAt", "assetCount", "instrumentAt", "instrumentCount", "operatorExpiry", "operatorNonce"),
    *("swapAdapterAllowed", "paused", "locked", "settlementAsset", "riskEngine", "liquidationEngine"),
    *("backstop", "owner", "pendingOwner", "guardian", "eip712Domain", "operationNumber"),
}


@pytest.fixture
def token(bench: VaultBench) -> Contract:
    """A token that can call each of these functions in the middle of a transfer, with all roles there are."""
    token = bench.add("HOST", liquidity=5_000).token
    bench.vault.listInstrument(token)
    bench.vault.transferOwnership(token)
    bench.vault.acceptOwnership(sender=token)
    return token


@pytest.fixture
def account(bench: VaultBench, token: Contract) -> bytes:
    """Holds and owes what the operations need."""
    account = bench.deposit(bench.trader, "HOST", 100)
    bench.deposit(bench.trader, "WETH", 10)
    bench.quote("HOST", "WETH")
    bench.quote("WETH", "HOST")
    bench.system.fund("HOST", bench.trader, 100)
    return account


def arm(bench: VaultBench, token: Contract, after: bool) -> list[str]:
    hooks = [(bench.vault.address, getattr(bench.vault, name).encode(*args)) for name, args in LOCKED.items()]
    hooks.append((bench.vault.address, bench.vault.locked.encode()))
    token.setHooks(hooks, after)
    return [*LOCKED, "locked"]


def check(bench: VaultBench, token: Contract, names: list[str]) -> None:
    assert token.hookCount() == len(names)
    for number, name in enumerate(names[:-1]):
        assert not token.hookSucceeded(number), name
        assert bench.evm.dictionary.error(token.hookResult(number))[0] == "Vault_Locked", name
    assert int.from_bytes(token.hookResult(len(names) - 1), "big") == 1
    assert bench.vault.locked() is False


def test_every_function_is_on_one_of_the_lists(bench: VaultBench) -> None:
    """A function that comes in must say where it belongs."""
    names = {entry["name"] for entry in bench.vault.abi if entry["type"] == "function"}
    assert names - set(LOCKED) - FREE == set()
    assert set(LOCKED) <= names


OPERATIONS: dict[str, Callable[[VaultBench, bytes], Any]] = {
    "deposit": lambda b, a: b.vault.deposit(a, b["HOST"], WAD, sender=b.trader),
    "deposit with permit": lambda b, a: b.vault.depositWithPermit(
        a, b["HOST"], WAD, 0, 27, ANY, ANY, sender=b.trader
    ),
    "withdraw": lambda b, a: b.vault.withdraw(a, b["HOST"], WAD, b.trader, sender=b.trader),
    "borrow": lambda b, a: b.vault.borrow(a, b["HOST"], 200 * WAD, b.trader, sender=b.trader),
    "swap out of it": lambda b, a: b.vault.swap(a, b.order("HOST", "WETH", WAD), sender=b.trader),
    "swap into it": lambda b, a: b.vault.swap(a, b.order("WETH", "HOST", WAD), sender=b.trader),
    "batch": lambda b, a: b.batch(b.vault.withdraw.encode(a, b["HOST"], WAD, b.trader)),
}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("operation", list(OPERATIONS))
def test_a_tokens_callback_finds_everything_locked(
    bench: VaultBench, token: Contract, account: bytes, operation: str, after: bool
) -> None:
    names = arm(bench, token, after)
    OPERATIONS[operation](bench, account)
    check(bench, token, names)


IN_DEBT: dict[str, Callable[[VaultBench, bytes], Any]] = {
    "repay": lambda b, a: b.vault.repay(a, b["HOST"], WAD, sender=b.trader),
    "deposit that repays": lambda b, a: b.vault.deposit(a, b["HOST"], WAD, sender=b.trader),
    "transfer that repays": lambda b, a: b.vault.transfer(
        b.account(b.stranger), a, b["HOST"], WAD, sender=b.stranger
    ),
    "swap that repays": lambda b, a: b.vault.swap(a, b.order("WETH", "HOST", WAD), sender=b.trader),
}


@pytest.mark.parametrize("operation", list(IN_DEBT))
def test_so_it_does_on_the_way_to_the_pool(
    bench: VaultBench, token: Contract, account: bytes, operation: str
) -> None:
    bench.deposit(bench.stranger, "HOST", 10)
    bench.borrow(bench.trader, "HOST", 1_000)
    names = arm(bench, token, True)
    owed = bench.owed("HOST")
    IN_DEBT[operation](bench, account)
    check(bench, token, names)
    assert bench.owed("HOST") < owed


def test_a_takeover_finds_everything_locked(bench: VaultBench, token: Contract, account: bytes) -> None:
    """A taker who holds what the account owes pays it off at once: tokens go to the pool."""
    victim = bench.debtor(bench.stranger, debt="HOST", owed=1_250)
    into = bench.deposit(bench.taker, "HOST", 2_000)
    bench.system.set_price("WETH", 1_550)
    names = arm(bench, token, True)
    bench.vault.liquidate(victim, into, WAD // 4, 0, 0, 2**255 - 1, sender=bench.taker)
    check(bench, token, names)


def test_the_receiver_of_ether_finds_everything_locked(bench: VaultBench) -> None:
    account, wallet = bench.deposit(bench.trader, "WETH", 10), bench.wallet()
    bench.vault.listInstrument(wallet)
    bench.vault.transferOwnership(wallet)
    bench.vault.acceptOwnership(sender=wallet)
    for name, args in LOCKED.items():
        wallet.callOnReceipt((bench.vault.address, 0, getattr(bench.vault, name).encode(*args)))
        bench.vault.withdrawNative(account, 1, wallet, sender=bench.trader)
        assert not wallet.succeeded(), name
        assert bench.evm.dictionary.error(wallet.result())[0] == "Vault_Locked", name


def test_an_instrument_that_acts_may_ask_what_an_account_can_pay_now(bench: VaultBench) -> None:
    """It answers for the books as they are at that moment; nobody else is answered, and no instrument that does not act."""
    account, puppet = bench.deposit(bench.trader, "USDC", 10), bench.instrument()
    balance = bench.vault.balanceOf.encode(account, bench["USDC"])
    tx = bench.vault.callInstrument(
        account, puppet, bench.script((bench.vault, balance)), sender=bench.trader
    )
    assert int.from_bytes(tx.value, "big") == 10 * 10**6
    with bench.evm.reverts("Vault_Locked"):
        bench.batch(balance)


def test_an_instrument_that_acts_reads_nothing_half_done(bench: VaultBench) -> None:
    account, puppet = bench.deposit(bench.trader, "USDC", 10), bench.instrument()
    for name in ("holdings", "assetInfo"):
        args = {"holdings": (account,), "assetInfo": (bench["USDC"],)}[name]
        script = bench.script((bench.vault, getattr(bench.vault, name).encode(*args)))
        with bench.evm.reverts("Vault_Locked"):
            bench.vault.callInstrument(account, puppet, script, sender=bench.trader)
        with bench.evm.reverts("Vault_Locked"):
            bench.batch(getattr(bench.vault, name).encode(*args))


def test_it_does_not_call_others_operations_either(bench: VaultBench) -> None:
    account, puppet = bench.deposit(bench.trader, "USDC", 10), bench.instrument()
    own = bench.account(puppet)
    for name in ("deposit", "withdraw", "borrow", "transfer", "execute", "callInstrument"):
        script = bench.script((bench.vault, getattr(bench.vault, name).encode(*LOCKED[name])))
        with bench.evm.reverts("Vault_Locked"):
            bench.vault.callInstrument(account, puppet, script, sender=bench.trader)
    assert bench.held(own) == {}


def test_a_failed_operation_leaves_no_lock(bench: VaultBench) -> None:
    account, wallet = bench.deposit(bench.trader, "WETH", 1), bench.wallet()
    bench.vault.setOperator(account, wallet, ALL, sender=bench.trader)
    wallet.setRefuses(True)
    with bench.evm.reverts("Vault_NativeTransferFailed", wallet, 1):
        bench.vault.withdrawNative(account, 1, wallet, sender=bench.trader)
    assert bench.vault.locked() is False
    bench.vault.withdraw(account, bench["WETH"], 1, bench.trader, sender=bench.trader)


def test_while_a_pool_is_half_done_nothing_that_depends_on_it_goes_on(bench: VaultBench) -> None:
    """A flash loan of the pool; what needs no pool is not held up."""
    account = bench.debtor()
    bench.system.fund("WETH", bench.trader, 1)
    receiver = bench.evm.deploy("MockFlashBorrower")
    bench.vault.setOperator(account, receiver, ALL, sender=bench.trader)
    pool = bench.system.pool("USDC")
    attempts = [
        (bench.vault.address, bench.vault.borrow.encode(account, bench["USDC"], 1, receiver)),
        (bench.vault.address, bench.vault.withdraw.encode(account, bench["WETH"], 1, receiver)),
        (bench.vault.address, bench.vault.balanceOf.encode(account, bench["USDC"])),
        (bench.vault.address, bench.vault.balanceOf.encode(account, bench["WETH"])),
    ]
    receiver.setAttempts(attempts)
    pool.flashLoan(receiver, bench["USDC"], 10**9, b"")
    for number in range(3):
        assert bench.evm.dictionary.error(receiver.attemptResult(number))[0] == "LendingPool_Locked"
    assert receiver.attemptSucceeded(3)
