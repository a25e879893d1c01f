"""Amounts and prices at the edge of what fits: to overflow a sum, and with it somebody's takeover."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.common.contract import Contract
from tests.helpers.evm import PyrevmBackend
from tests.helpers.system import (
    DAY,
    LENDER,
    NO_LIMIT,
    OWNER,
    STRANGER,
    TAKER,
    TRADER,
    USDC,
    WAD,
    WETH,
    YEAR,
    AssetSpec,
    System,
)

MAX_BALANCE = 2**111 - 1
MAX_TOTAL = 2**120 - 1
HUGE_PRICE = 10**9  # the feed's upper bound


@pytest.fixture
def junk(system: System, request: pytest.FixtureRequest) -> Contract:
    """An asset of which there is as much as one likes, as collateral for anything."""
    system.add(AssetSpec("JUNK", getattr(request, "param", 18), 1, borrowable=False))
    system.vault.setCaps(system["JUNK"], MAX_TOTAL, 0)
    return system.token("JUNK")


def hoard(system: System, owner: str, amount: int = MAX_BALANCE) -> bytes:
    token, account = system.token("JUNK"), system.account(owner)
    token.mint(owner, amount)
    token.approve(system.vault.address, amount, sender=owner)
    system.vault.deposit(account, token.address, amount, sender=owner)
    return account


@pytest.mark.parametrize("junk", [0, 18, 27], indirect=True, ids=lambda n: f"{n} decimals")
def test_a_mountain_of_junk_overflows_nothing(system: System, junk: Contract) -> None:
    """The debtor holds as much of a token as an account can, at the highest price that its feed may have, so
    that a sum or a product of the judgement overflows and nobody can take him over ever after.

    LIQ-5: values saturate far below that; and when the junk is worth nothing he is taken over.
    """
    evm, trader, taker = system.evm, system.evm.accounts[TRADER], system.evm.accounts[TAKER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 15_500)
    into = system.deposit(taker, "USDC", 100_000)
    hoard(system, trader)
    system.set_price("JUNK", HUGE_PRICE)
    assert system.assess(account)[0] > 10**15 * WAD
    with evm.reverts("LiquidationEngine_Healthy", account, None, None):
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    system.vault.withdraw(account, junk.address, MAX_BALANCE - 1_000, trader, sender=trader)
    evm.mine()
    system.assets["JUNK"].feed.setAnswer(100)
    system.set_price("WETH", 1_740)
    assert system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value[0] > 0


def test_what_a_taker_cannot_hold_he_leaves(system: System, junk: Contract) -> None:
    """The debtor's junk, worth next to nothing, does not fit into the taker's account beside what he has
    there.

    LIQ-5: he leaves it behind.
    """
    evm, trader, taker = system.evm, system.evm.accounts[TRADER], system.evm.accounts[TAKER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 15_500)
    system.assets["JUNK"].feed.setAnswer(100)  # a millionth of a dollar, the feed's lower bound
    hoard(system, trader, 2**80)
    into = hoard(system, taker, MAX_BALANCE)
    system.deposit(taker, "USDC", 100_000)
    evm.mine()
    system.set_price("WETH", 1_740)
    with evm.reverts("Vault_AmountOutOfRange"):
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    bit = 1 << system.assets["JUNK"].id
    assert system.vault.liquidate(account, into, WAD, bit, 0, NO_LIMIT, sender=taker).value[0] > 0


def test_nobody_is_filled_up_until_he_cannot_be_paid(system: System, junk: Contract) -> None:
    """Strangers add to what somebody holds until it is full, so that nothing more can reach the account.

    It costs them what they add, and bars nobody from withdrawing, repaying, or being taken over.
    """
    evm, trader, stranger = system.evm, system.evm.accounts[TRADER], system.evm.accounts[STRANGER]
    account = hoard(system, trader, 1)
    junk.mint(stranger, MAX_BALANCE)
    junk.approve(system.vault.address, 2**255, sender=stranger)
    system.deposit(trader, "WETH", 10)
    system.borrow(trader, "USDC", 100)
    system.vault.deposit(account, junk.address, MAX_BALANCE - 1, sender=stranger)
    with evm.reverts("Vault_AmountOutOfRange"):
        system.vault.deposit(account, junk.address, 1, sender=stranger)
    system.vault.withdraw(account, junk.address, 2**256 - 1, trader, sender=trader)
    system.fund("USDC", trader, 200)
    system.vault.repay(account, system["USDC"], 2**255, sender=trader)


@pytest.mark.parametrize(
    "amount", [2**111, 2**112, 2**120, 2**128, 2**255, 2**256 - 1], ids=lambda n: f"2**{n.bit_length() - 1}"
)
def test_amounts_that_do_not_fit_are_refused(system: System, amount: int) -> None:
    """Every operation with amounts beyond what a balance holds: none wraps around. SOLV-2"""
    evm, vault, trader = system.evm, system.vault, system.evm.accounts[TRADER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 5_000)
    other = system.account(trader, 1)
    before = system.balance(account, "WETH"), system.balance(account, "USDC")
    adapter = system.adapter
    adapter.setPrice(system["WETH"], system["USDC"], 2_000 * 10**6)
    order = (adapter.address, system["WETH"], system["USDC"], False, amount, 0, WAD, b"")
    buys = (adapter.address, system["WETH"], system["USDC"], True, 10**6, amount, WAD, b"")
    for call in (
        vault.deposit.encode(account, system["WETH"], amount),
        vault.withdraw.encode(account, system["WETH"], min(amount, 2**256 - 2), trader),
        vault.borrow.encode(account, system["USDC"], amount, trader),
        vault.transfer.encode(account, other, system["WETH"], amount),
        vault.swap.encode(account, order),
        vault.swap.encode(account, buys),
    ):
        with evm.reverts(None) as refusal:
            vault.execute([call], sender=trader)
        assert refusal.error.name != "Panic"
    assert (system.balance(account, "WETH"), system.balance(account, "USDC")) == before


def test_a_debt_that_was_forgotten_is_still_taken_over(
    session_evm: PyrevmBackend, evm: PyrevmBackend
) -> None:
    """Nobody touches an account for years at the highest rate there is; its debt is a thousand times its
    collateral.

    LIQ-5, SOLV-4: it is flagged, taken over and written off, and the pool lives on.
    """
    system = System.deploy(evm, (USDC, WETH), stake=0)
    pool, lender = system.pool("USDC"), evm.accounts[LENDER]
    model = evm.deploy("MockRateModel")
    model.set(0, 10 * WAD // YEAR)
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    pool.setRateModel(model.address, sender=evm.accounts[OWNER])
    for _ in range(2):
        system.warp(YEAR)
        pool.accrue()
    debt = -system.balance(account, "USDC")
    assert debt > 100 * 15_500 * 10**6
    system.liquidation.flag(account)
    into = system.deposit(evm.accounts[TAKER], "USDC", 100_000)
    system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=evm.accounts[TAKER])
    assert not system.vault.holdings(account)[0], "LIQ-5"
    assert pool.domainOf(system.vault.address).writtenOff > debt - 30_000 * 10**6
    pool.withdraw(10**12, lender, lender, sender=lender)
    system.warp(DAY)
    pool.accrue()


@pytest.mark.parametrize("price", [HUGE_PRICE, 10**-6], ids=["highest", "lowest"])
def test_a_price_at_its_bound_is_a_price_beyond_it_none(
    session_evm: PyrevmBackend, evm: PyrevmBackend, price: float
) -> None:
    """A feed goes to its bound and beyond: judged at the bound, and as without a price beyond it; never a
    revert.
    """
    system = System.deploy(evm, (USDC, replace(WETH, tolerance=20_000)))
    trader, taker = evm.accounts[TRADER], evm.accounts[TAKER]
    long = system.leveraged(trader, "WETH", 10, "USDC", 15_500)
    short = system.leveraged(trader, "USDC", 25_000, "WETH", 10, index=1)
    into = system.deposit(taker, "USDC", 10**7)
    for answer in (int(price * 10**8), int(price * 10**8) * 10 if price > 1 else 1):
        for second in (1, 2**127, 0):
            system.assets["WETH"].feed.setAnswer(answer)
            system.assets["WETH"].second.set(second)
            for account in (long, short):
                system.assess(account, 0)
                system.assess(account, 1)
                with evm.isolation():
                    try:
                        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
                    except evm.Reverted as refusal:
                        assert refusal.name in ("LiquidationEngine_Healthy", "Vault_BelowInitialRequirement")
