"""Control in the middle of an operation: by a token's callback, by ether that arrives, by a flash loan.

Every door is tried from every place: what changes anything, and what tells a price or a balance half-way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scripts.common.contract import Contract
from tests.helpers.system import NO_LIMIT, STRANGER, TAKER, TRADER, WAD, AssetSpec, System
from tests.helpers.worth import gain

Attempt = tuple[str, bytes]


@pytest.fixture
def token(system: System) -> Contract:
    """An asset whose transfers call whatever they are told to."""
    token = system.evm.deploy("HostileToken", "Hostile", "BAD", 18)
    system.add(AssetSpec("BAD", 18, 10, liquidity=100_000), token)
    return token


@pytest.fixture
def victim(system: System) -> bytes:
    """Somebody with collateral and debt, to be taken over."""
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", 1_740)
    return account


def doors_of_the_vault(system: System, attacker: str, victim: bytes) -> list[Attempt]:
    """Everything that acts on accounts or tells of them."""
    vault, own = system.vault, system.account(attacker)
    dollars, order = system["USDC"], (attacker, system["WETH"], system["USDC"], False, 1, 0, WAD, b"")
    calls = [
        vault.deposit.encode(own, dollars, 1),
        vault.depositWithPermit.encode(own, dollars, 1, 0, 0, b"\0" * 32, b"\0" * 32),
        vault.depositNative.encode(own),
        vault.withdraw.encode(own, dollars, 1, attacker),
        vault.withdrawNative.encode(own, 1, attacker),
        vault.borrow.encode(own, dollars, 1, attacker),
        vault.repay.encode(victim, dollars, 1),
        vault.transfer.encode(own, victim, dollars, 1),
        vault.swap.encode(own, order),
        vault.execute.encode([]),
        vault.liquidate.encode(victim, own, WAD, 0, 0, NO_LIMIT),
        vault.holdings.encode(victim),
        vault.balanceOf.encode(victim, dollars),
        vault.assetInfo.encode(dollars),
    ]
    return [(vault.address, call) for call in calls]


def doors_of_others(system: System, attacker: str, victim: bytes) -> list[Attempt]:
    """What asks the vault in turn: backstop, liquidation engine, lens."""
    backstop, engine = system.backstop, system.liquidation
    return [
        (backstop.address, backstop.deposit.encode(1, attacker)),
        (backstop.address, backstop.redeem.encode(1, attacker, attacker)),
        (backstop.address, backstop.sell.encode(system["WETH"], 1, 2**255)),
        (backstop.address, backstop.totalAssets.encode()),
        (backstop.address, backstop.convertToAssets.encode(10**18)),
        (engine.address, engine.flag.encode(victim)),
        (engine.address, engine.unflag.encode(victim)),
        (engine.address, engine.writeOff.encode(victim)),
        (system.lens.address, system.lens.health.encode(victim)),
        (system.lens.address, system.lens.equity.encode(victim)),
    ]


def doors_of_a_pool(pool: Contract, attacker: str, receiver: Contract) -> list[Attempt]:
    """Everything that acts on a pool or tells its price."""
    calls = [
        pool.deposit.encode(1, attacker),
        pool.mint.encode(10**6, attacker),
        pool.withdraw.encode(1, attacker, attacker),
        pool.redeem.encode(10**6, attacker, attacker),
        pool.borrow.encode(1, 1, attacker),
        pool.borrowFor.encode(1, attacker),
        pool.repayDebt.encode(0, 0),
        pool.repayAmount.encode(0),
        pool.writeOff.encode(0),
        pool.accrue.encode(),
        pool.collectReserve.encode(),
        pool.flashLoan.encode(receiver.address, pool.asset(), 0, b""),
        pool.totalAssets.encode(),
        pool.convertToAssets.encode(10**18),
        pool.convertToShares.encode(10**18),
        pool.previewDeposit.encode(10**18),
        pool.previewRedeem.encode(10**18),
        pool.debtIndexNow.encode(),
        pool.totalDebt.encode(),
        pool.reserve.encode(),
        pool.utilisationWad.encode(),
    ]
    return [(pool.address, call) for call in calls]


def failures(system: System, token: Contract, hooks: list[Attempt]) -> list[str]:
    """The error of each hook of the last transfer; none succeeded."""
    assert token.hookCount() == len(hooks), "the hooks ran"
    for number, (target, call) in enumerate(hooks):
        assert not token.hookSucceeded(number), f"{target} let {call[:4].hex()} in"
    return [str(system.evm.dictionary.error(token.hookResult(n))[0]) for n in range(len(hooks))]


WAYS = ["deposit", "withdraw", "borrow", "repay", "repay all", "batch", "swap"]


@pytest.mark.parametrize("after", [False, True], ids=["before it moves", "after it moved"])
@pytest.mark.parametrize("way", WAYS)
def test_a_callback_in_the_middle_of_the_vault_finds_it_locked(
    system: System, token: Contract, victim: bytes, way: str, after: bool
) -> None:
    """The attacker's own deposit, withdrawal, borrowing, repayment, batch or swap hands him control, with the books
    half-done.

    SOLV-1, SOLV-2: he can neither take anybody over, nor act on an account, nor read a balance or a share's
    price that is not what it will be.
    """
    vault, attacker = system.vault, system.evm.accounts[TAKER]
    account = system.deposit(attacker, "BAD", 1_000)
    system.deposit(attacker, "USDC", 100_000)
    system.adapter.setPrice(token.address, system["USDC"], 10 * 10**6)
    system.fund("BAD", attacker, 1_000)
    order = (system.adapter.address, token.address, system["USDC"], False, WAD, 0, WAD, b"")
    acts: dict[str, Callable[[], Any]] = {
        "deposit": lambda: vault.deposit(account, token.address, WAD, sender=attacker),
        "withdraw": lambda: vault.withdraw(account, token.address, WAD, attacker, sender=attacker),
        "borrow": lambda: vault.borrow(account, token.address, 1_500 * WAD, attacker, sender=attacker),
        "repay": lambda: vault.repay(account, token.address, WAD, sender=attacker),
        "repay all": lambda: vault.repay(account, token.address, 2**256 - 1, sender=attacker),
        "batch": lambda: vault.execute(
            [vault.withdraw.encode(account, token.address, WAD, attacker)] * 2, sender=attacker
        ),
        "swap": lambda: vault.swap(account, order, sender=attacker),
    }
    if way.startswith("repay"):
        acts["borrow"]()
        system.warp(86_400)
    hooks = doors_of_the_vault(system, attacker, victim) + doors_of_others(system, attacker, victim)
    token.setHooks(hooks, after)
    with gain(system, attacker, prices={"WETH": 1_740}) as gained:
        acts[way]()
    errors = failures(system, token, hooks)
    assert set(errors[:14]) == {"Vault_Locked"}, "SOLV-1"
    assert gained.dollars <= 0


@pytest.mark.parametrize("after", [False, True], ids=["before it moves", "after it moved"])
def test_a_callback_in_the_middle_of_a_takeover_finds_the_vault_locked(
    system: System, token: Contract, after: bool
) -> None:
    """The taker's tokens pay the debt that he takes over, and hand him control with collateral half-moved.

    SOLV-1, SOLV-2: also where the account holds no instrument, and the takeover keeps no list of whom to judge.
    """
    vault, attacker = system.vault, system.evm.accounts[TAKER]
    victim = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "BAD", 1_200)
    into = system.deposit(attacker, "BAD", 2_000)
    system.deposit(attacker, "USDC", 100_000)
    system.fund("BAD", attacker, 1_000)
    system.set_price("WETH", 1_400)
    hooks = doors_of_the_vault(system, attacker, victim) + doors_of_others(system, attacker, victim)
    token.setHooks(hooks, after)
    held = -system.balance(victim, "BAD")
    taken = vault.liquidate(victim, into, WAD // 4, 0, 0, NO_LIMIT, sender=attacker).value[0]
    assert taken == WAD // 4
    errors = failures(system, token, hooks)
    assert set(errors[:14]) == {"Vault_Locked"}, "SOLV-1"
    paid = held + system.balance(victim, "BAD")
    assert paid > 0
    assert system.balance(into, "BAD") == pytest.approx(2_000 * WAD - paid, abs=2)
    for symbol in ("BAD", "WETH", "USDC"):
        owned = sum(max(system.balance(account, symbol), 0) for account in (victim, into))
        assert system.token(symbol).balanceOf(vault) >= owned, "SOLV-2"


@pytest.mark.parametrize("way", ["deposit", "redeem", "borrow", "flash loan"])
def test_a_callback_in_the_middle_of_a_pool_finds_it_locked(
    system: System, token: Contract, way: str
) -> None:
    """The pool's own token calls back while a lender enters or leaves, a domain borrows, or a flash loan is
    paid out.

    SOLV-3: no entry, no exit, no price in between.
    """
    evm, attacker, pool = system.evm, system.evm.accounts[TAKER], system.pool("BAD")
    receiver = evm.deploy("MockFlashBorrower")
    system.lend("BAD", 1_000, attacker)
    system.fund("BAD", attacker, 1_000)
    token.approve(pool.address, 2**255, sender=attacker)
    system.deposit(attacker, "WETH", 10)
    acts: dict[str, Callable[[], Any]] = {
        "deposit": lambda: pool.deposit(WAD, attacker, sender=attacker),
        "redeem": lambda: pool.redeem(10**20, attacker, attacker, sender=attacker),
        "borrow": lambda: system.borrow(attacker, "BAD", 100),
        "flash loan": lambda: pool.flashLoan(receiver.address, token.address, WAD, b"", sender=attacker),
    }
    hooks = doors_of_a_pool(pool, attacker, receiver)
    for after in (False, True):
        token.setHooks(hooks, after)
        with gain(system, attacker) as gained:
            acts[way]()
        errors = failures(system, token, hooks)
        assert set(errors) == {"LendingPool_Locked"}, "SOLV-3"
        assert gained.dollars <= 0
        token.setHooks([], False)


def test_within_a_flash_loan_the_pool_is_closed_and_the_vault_is_not(
    system: System, token: Contract, victim: bytes
) -> None:
    """The attacker holds all the pool's cash and tries whatever needs the pool, or its price.

    Nothing of the pool's opens; what he does elsewhere he could do without the loan; and it goes back in
    full.
    """
    evm, pool = system.evm, system.pool("USDC")
    attacker = evm.deploy("MockFlashBorrower")
    own = system.account(attacker.address)
    vault = system.vault
    attempts = [
        *doors_of_a_pool(pool, attacker.address, attacker),
        (vault.address, vault.liquidate.encode(victim, own, WAD, 0, 0, NO_LIMIT)),
        (vault.address, vault.balanceOf.encode(victim, system["USDC"])),
        (system.liquidation.address, system.liquidation.flag.encode(victim)),
    ]
    attacker.setAttempts(attempts)
    assets, cash = pool.totalAssets(), pool.cash()
    with gain(system, attacker, prices={"WETH": 1_740}) as gained:
        pool.flashLoan(attacker.address, system["USDC"], cash, b"")
    assert attacker.balanceInside() == cash
    errors = [evm.dictionary.error(attacker.attemptResult(n))[0] for n in range(len(attempts))]
    assert not any(attacker.attemptSucceeded(n) for n in range(len(attempts)))
    assert set(errors) == {"LendingPool_Locked"}
    assert (pool.totalAssets(), pool.cash()) == (assets, cash), "SOLV-3"
    assert gained.dollars == 0


def test_a_flash_loan_deposited_and_withdrawn_leaves_no_shares(system: System) -> None:
    """The classic: borrow the pool's tokens, deposit them into the same pool as one's own, repay with
    nothing.
    """
    evm, pool = system.evm, system.pool("USDC")
    attacker = evm.deploy("MockFlashBorrower")
    attempts = [
        (system["USDC"], system.token("USDC").approve.encode(pool.address, 2**255)),
        (pool.address, pool.deposit.encode(pool.cash(), attacker.address)),
        (system["USDC"], system.token("USDC").transfer.encode(pool.address, pool.cash())),
    ]
    attacker.setAttempts(attempts)
    with evm.reverts(None):
        pool.flashLoan(attacker.address, system["USDC"], pool.cash(), b"")
    assert pool.balanceOf(attacker.address) == 0


@pytest.mark.parametrize("way", ["withdrawNative", "batch"])
def test_ether_that_arrives_hands_over_nothing(system: System, victim: bytes, way: str) -> None:
    """A wallet is called when its ether arrives, in the middle of its own withdrawal, and acts at once."""
    evm, vault = system.evm, system.vault
    wallet = evm.deploy("MockWallet")
    account = system.account(wallet.address)
    system.mint("WETH", wallet.address, 10)
    wallet.run(
        [
            (system["WETH"], 0, system.weth.approve.encode(vault.address, 2**255)),
            (vault.address, 0, vault.deposit.encode(account, system["WETH"], 10 * WAD)),
        ]
    )
    evm.mine()
    leave = vault.withdrawNative.encode(account, WAD, wallet.address)
    call = leave if way == "withdrawNative" else vault.execute.encode([leave, leave])
    doors = doors_of_the_vault(system, wallet.address, victim) + doors_of_others(
        system, wallet.address, victim
    )
    for target, data in doors:
        with evm.isolation():
            wallet.callOnReceipt((target, 0, data))
            wallet.run([(vault.address, 0, call)])
            assert not wallet.succeeded()
            if target == vault.address:
                assert evm.dictionary.error(wallet.result())[0] == "Vault_Locked"


def test_ether_left_of_a_batch_is_its_senders(system: System) -> None:
    """The attacker is paid ether in the middle of a victim's batch, and tries to have the rest of it sent to
    himself.

    What is left goes to whoever runs the batch, and nobody else gets in before.
    """
    evm, vault, trader = system.evm, system.vault, system.evm.accounts[TRADER]
    attacker = evm.deploy("MockWallet")
    account = system.deposit(trader, "WETH", 2)
    attacker.callOnReceipt((vault.address, 0, vault.depositNative.encode(system.account(attacker.address))))
    pay = vault.withdrawNative.encode(account, WAD, attacker.address)
    before = evm.balance(trader)
    vault.execute([pay], sender=trader, value=3 * WAD)
    assert not attacker.succeeded()
    assert evm.balance(trader) == before
    assert evm.balance(attacker) == WAD
    assert evm.balance(vault) == 0


def test_a_second_batch_in_the_transaction_knows_nothing_of_the_first(system: System, victim: bytes) -> None:
    """A contract runs two batches in one transaction, hoping that the second is judged by what the first
    began with.

    SOLV-1: it starts clean.
    """
    evm, vault = system.evm, system.vault
    wallet = evm.deploy("MockWallet")
    account = system.account(wallet.address)
    amount = system.mint("WETH", wallet.address, 10)
    stranger = evm.accounts[STRANGER]
    setup = [
        (system["WETH"], 0, system.weth.approve.encode(vault.address, 2**255)),
        (vault.address, 0, vault.deposit.encode(account, system["WETH"], amount)),
    ]
    wallet.run(setup)
    evm.mine()
    first = vault.execute.encode(
        [vault.borrow.encode(account, system["USDC"], 13_000 * 10**6, wallet.address)]
    )
    second = vault.execute.encode([vault.withdraw.encode(account, system["WETH"], 2 * WAD, stranger)])
    with evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        wallet.run([(vault.address, 0, first), (vault.address, 0, second)])
    wallet.run([(vault.address, 0, first)])
