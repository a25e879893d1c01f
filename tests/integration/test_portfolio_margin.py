"""Accounts margined as portfolios in a whole domain: switching, takeovers, exits."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.common import abi as codec
from scripts.model.scenarios import LOWER_END, UPPER_BEGIN, Named
from tests.helpers.evm import Reverted
from tests.helpers.perp_market import PerpBench
from tests.helpers.system import GUARDIAN, NO_LIMIT, OWNER, TAKER, TRADER, WAD, System

DOLLAR = 10**6
INITIAL, MAINTENANCE = 0, 1
OTHER = 8


def switch(system: System, account: bytes, enabled: bool) -> bytes:
    """The call that switches an account's margin."""
    data = codec.encode([{"type": "bool"}], (enabled,))
    return system.vault.callInstrument.encode(account, system.portfolio_mode.address, data)


class Book:
    """A trader who holds 10 WETH and is short 10 by a perpetual, margined as a portfolio."""

    def __init__(self, evm: Any, netting: int = 0) -> None:
        self.evm = evm
        self.system = system = System.deploy(evm, domain={"nettingPpm": netting})
        self.perps = PerpBench.deploy(system)
        names = evm.accounts
        self.owner, self.taker, self.guardian = names[TRADER], names[TAKER], names[GUARDIAN]
        self.account = system.deposit(self.owner, "WETH", 10)
        self.perps.fill(self.perps.trader(OTHER, 200_000), self.account, 10 * WAD, 2_000 * WAD)
        self.run(switch(system, self.account, True))
        evm.mine()

    @property
    def vault(self) -> Any:
        return self.system.vault

    def run(self, *calls: bytes, sender: str | None = None) -> Any:
        return self.vault.execute(list(calls), sender=sender or self.owner)

    def borrow(self, dollars: float) -> bytes:
        units = self.system.units("USDC", dollars)
        return self.vault.borrow.encode(self.account, self.system["USDC"], units, self.owner)

    def withdraw(self, amount: int) -> bytes:
        return self.vault.withdraw.encode(self.account, self.system["WETH"], amount, self.owner)

    def equity(self, requirement: int = MAINTENANCE) -> tuple[int, int, int]:
        equity, uncertainty, required, *_ = self.system.assess(self.account, requirement)
        return equity, uncertainty, required

    def into(self, dollars: int = 100_000) -> bytes:
        return self.system.deposit(self.taker, "USDC", dollars)

    def liquidate(self, into: bytes, fraction: int = WAD, assets: int = 0, instruments: int = 0) -> Any:
        args = (self.account, into, fraction, assets, instruments, NO_LIMIT)
        return self.vault.liquidate(*args, sender=self.taker)

    def by_scenario(self, into: bytes, word: int, fraction: int = WAD) -> Any:
        args = (self.account, into, fraction, word, NO_LIMIT)
        return self.vault.liquidateByScenario(*args, sender=self.taker)

    def weak(self) -> None:
        """Borrows as many dollars as it can."""
        low, high = 0, 20_000
        while high - low > 1:
            middle = (low + high) // 2
            with self.evm.isolation():
                try:
                    self.run(self.borrow(middle))
                    low = middle
                except Reverted:
                    high = middle
        self.run(self.borrow(low))
        self.evm.mine()


@pytest.fixture
def book(evm: Any) -> Any:
    with evm.isolation():
        yield Book(evm)


def test_switching_nets_a_hedge_and_back(book: Book) -> None:
    portfolio = book.equity()[2]
    book.run(switch(book.system, book.account, False))
    assert book.system.portfolio_mode.address not in book.vault.holdings(book.account)[1]
    standard = book.equity()[2]
    assert standard > 3 * portfolio > 0, "PM-1"
    tx = book.run(switch(book.system, book.account, True))
    assert tx.events("PortfolioModeSet", book.system.portfolio_mode) == [
        {"account": book.account, "enabled": True}
    ]
    assert book.equity()[2] == portfolio


def test_nobody_switches_back_whom_standard_margin_does_not_cover(book: Book) -> None:
    book.weak()
    with book.evm.reverts("Vault_BelowInitialRequirement", book.account, None, None):
        book.run(switch(book.system, book.account, False))
    # Nor with a deposit that reduces risk and is not enough.
    book.system.fund("USDC", book.owner, 10)
    repay = book.vault.repay.encode(book.account, book.system["USDC"], 10 * DOLLAR)
    with book.evm.reverts("Vault_BelowInitialRequirement", book.account, None, None):
        book.run(repay, switch(book.system, book.account, False))


def test_only_who_may_act_switches(book: Book) -> None:
    with book.evm.reverts("Vault_NotAuthorised", book.account, book.taker):
        book.run(switch(book.system, book.account, False), sender=book.taker)
    mode = book.system.portfolio_mode
    for call in (
        lambda: mode.execute(book.account, book.owner, b"", sender=book.owner),
        lambda: mode.transferFraction(book.account, book.account, WAD, sender=book.owner),
        lambda: mode.absorb(book.account, 1, sender=book.owner),
    ):
        with book.evm.reverts("Instrument_NotVault", book.owner):
            call()
    with book.evm.reverts("Vault_NotInstrument", book.owner):
        book.vault.requireCovered(book.account, sender=book.owner)


@pytest.mark.parametrize("trouble", ["paused", "stale"])
def test_no_switch_while_no_new_risk_is_allowed(book: Book, trouble: str) -> None:
    """SOLV-1: what portfolio margin requires less is no reduction of risk, and frees no collateral."""
    book.run(switch(book.system, book.account, False))
    book.run(book.borrow(10_000))
    book.evm.mine()
    if trouble == "paused":
        book.vault.setPaused(True, sender=book.guardian)
    else:
        book.evm.warp(90_003)  # the feeds' heartbeat is just over
    on, off = (switch(book.system, book.account, value) for value in (True, False))
    for calls in ((on,), (on, book.withdraw(WAD)), (book.withdraw(WAD), on), (on, book.withdraw(WAD), off)):
        with book.evm.reverts("Vault_NoNewRisk", book.account, None, None):
            book.run(*calls)


def test_a_batch_around_a_withdrawal_is_judged_at_its_end(book: Book) -> None:
    """Hostile: portfolio margin only for as long as collateral leaves."""
    book.weak()
    on, off = (switch(book.system, book.account, value) for value in (True, False))
    with book.evm.reverts("Vault_BelowInitialRequirement", book.account, None, None):
        book.run(on, book.withdraw(WAD), off)
    with book.evm.reverts("Vault_BelowInitialRequirement", book.account, None, None):
        book.run(off, book.withdraw(WAD), on)


def test_without_debt_and_positions_the_mode_is_no_obstacle(book: Book) -> None:
    """EXIT-1: paused, without prices, and with the mode on."""
    owner = book.evm.accounts[OTHER + 1]
    account = book.system.deposit(owner, "WETH", 2)
    book.run(switch(book.system, account, True), sender=owner)
    book.vault.setPaused(True, sender=book.guardian)
    book.system.assets["WETH"].feed.setDead(True)
    call = book.vault.withdraw.encode(account, book.system["WETH"], WAD, owner)
    book.run(call, sender=owner)
    book.vault.withdraw(account, book.system["WETH"], WAD, owner, sender=owner)
    assert book.vault.holdings(account)[0] == []


def test_the_mode_opens_no_supply_cap(book: Book) -> None:
    owner = book.evm.accounts[OTHER + 1]
    account = book.system.deposit(owner, "WETH", 2)
    book.run(switch(book.system, account, True), sender=owner)
    book.vault.setCaps(book.system["WETH"], 0, 0)
    book.system.fund("WETH", owner, 1)
    with book.evm.reverts("Vault_SupplyCapExceeded", book.system["WETH"], None, None):
        book.vault.deposit(account, book.system["WETH"], WAD, sender=owner)


def test_a_vaults_first_instrument_is_its_mode(book: Book) -> None:
    vault = book.evm.deploy(
        "Vault",
        *(book.evm.accounts[OWNER], book.guardian, book.system.risk, book.taker, book.taker, book.taker),
    )
    with book.evm.reverts("Vault_NotPortfolioMode", book.perps.market.address):
        vault.listInstrument(book.perps.market.address)
    vault.listInstrument(book.system.portfolio_mode.address)
    vault.listInstrument(book.perps.market.address)


# Takeovers


@pytest.fixture
def victim(book: Book) -> Book:
    """Half of the hedge is closed, as much is borrowed as that leaves, and ether falls."""
    book.perps.fill(book.account, book.perps.trader(OTHER), 5 * WAD, 2_000 * WAD)
    book.weak()
    book.system.set_price("WETH", 1_750)
    book.perps.settle(book.perps.system.account(book.evm.accounts[OTHER]))
    book.perps.settle(book.account)
    equity, uncertainty, required = book.equity()
    assert 0 < equity + uncertainty < required
    return book


def test_a_portfolio_is_taken_over_in_equal_parts(victim: Book) -> None:
    """LIQ-1, LIQ-4: the hedge moves with what it hedges."""
    into, account = victim.into(), victim.account
    equity, _, required = victim.equity()
    size = victim.perps.position(account)["size"]
    held = victim.system.balance(account, "WETH")
    worth = victim.system.assess(into)[0] + equity
    tx = victim.liquidate(into, WAD // 4)
    fraction = tx.value[0]
    assert fraction == WAD // 4
    after, _, required_after = victim.equity()
    assert after * required >= equity * required_after, "LIQ-1"
    assert victim.perps.position(account)["size"] == pytest.approx(size * 3 // 4, abs=1)
    assert victim.system.balance(account, "WETH") == pytest.approx(held * 3 // 4, abs=1)
    assert victim.perps.position(into)["size"] == pytest.approx(size // 4, abs=1)
    assert after < equity, "LIQ-4: the premium is the account's to pay"
    assert victim.system.assess(into)[0] + after == pytest.approx(worth, rel=1e-6)


def test_nothing_of_a_portfolio_is_left_behind(victim: Book) -> None:
    into = victim.into()
    for exclusion in ({"assets": 1 << 1}, {"instruments": 1 << 1}, {"instruments": 1}):
        with victim.evm.reverts("LiquidationEngine_Portfolio", victim.account):
            victim.liquidate(into, WAD // 4, **exclusion)


def test_in_steps_takers_are_paid_no_more(victim: Book) -> None:
    """LIQ-2"""
    paid = []
    for steps in ((WAD // 20, WAD // 20), (WAD // 20 + (WAD - WAD // 20) // 20,)):
        with victim.evm.isolation():
            into = victim.into()
            start = victim.system.assess(into)[0]
            for step in steps:
                victim.liquidate(into, step)
            paid.append(victim.system.assess(into)[0] - start)
    assert paid[0] <= paid[1] + 10**13, "LIQ-2"


def word(book: Book) -> dict[int, tuple[int, int]]:
    """The worst points of the account."""
    holdings, instruments, _ = book.vault.holdings(book.account)
    netted, _, _ = book.system.risk.scenarios(book.account, holdings, instruments, MAINTENANCE)
    pairs = {}
    for one in netted:
        changes = list(one.changesWad)
        lower = min(range(LOWER_END + 1), key=changes.__getitem__)
        pairs[one.underlying] = (lower, min(range(UPPER_BEGIN, len(changes)), key=changes.__getitem__))
    return pairs


def test_a_named_scenario_proves_and_takes(victim: Book) -> None:
    into, pairs = victim.into(), word(victim)
    with victim.evm.isolation():
        whole = victim.liquidate(into, WAD // 4)
    named = victim.by_scenario(into, Named(pairs).word(), WAD // 4)
    assert named.value == whole.value
    assert named.events("Liquidated")[0]["requirement"] == whole.events("Liquidated")[0]["requirement"]


def test_a_scenario_that_proves_nothing_is_refused(victim: Book) -> None:
    """LIQ-3"""
    into = victim.into()
    harmless = dict.fromkeys(word(victim), (LOWER_END, UPPER_BEGIN))
    with victim.evm.reverts("LiquidationEngine_Healthy", victim.account, None, None):
        victim.by_scenario(into, Named(harmless).word())
    with victim.evm.reverts("RiskEngine_BadScenario"):
        victim.by_scenario(into, Named(dict.fromkeys(harmless, (LOWER_END + 1, UPPER_BEGIN))).word())
    with victim.evm.reverts("RiskEngine_BadScenario"):
        victim.by_scenario(into, 1)


def test_no_word_takes_a_healthy_portfolio(book: Book) -> None:
    """LIQ-3"""
    into = book.into()
    for pairs in (word(book), dict.fromkeys(word(book), (1, 21))):
        with book.evm.reverts("LiquidationEngine_Healthy", book.account, None, None):
            book.by_scenario(into, Named(pairs).word())


def test_an_insolvent_portfolio_goes_whole(victim: Book) -> None:
    victim.system.set_price("WETH", 1_000)
    victim.perps.settle(victim.perps.system.account(victim.evm.accounts[OTHER]))
    equity, uncertainty, _ = victim.equity()
    assert equity + uncertainty < 0
    into = victim.into()
    tx = victim.by_scenario(into, Named(word(victim)).word(), WAD // 2)
    assert tx.value[0] == WAD
    left, instruments, _ = victim.vault.holdings(victim.account)
    assert victim.perps.position(victim.account)["size"] == 0
    assert all(holding % 2**248 < 2**247 for holding in left), "no debt is left"
    assert victim.system.portfolio_mode.address in instruments, "the mode does not move"
    assert victim.system.portfolio_mode.address not in victim.vault.holdings(into)[1]


def test_the_backstop_does_not_pay_for_profit_that_waits(book: Book) -> None:
    """LIQ-4: of an account that is worth something by unsettled profit alone nobody gets the backstop's money."""
    book.weak()
    book.system.set_price("WETH", 1_760)
    equity, uncertainty, required = book.equity()
    assert equity > 0, "PM-3: the hedge's profit counts"
    bare = equity - book.perps.position(book.account)["pnl"] * 8 // 10 // 10**18
    assert bare < 0
    # A haircut on the profit is what the account loses as ether falls on.
    for price in range(1_750, 1_400, -10):
        book.system.set_price("WETH", price)
        equity, uncertainty, required = book.equity()
        if equity + uncertainty < required:
            break
    assert 0 < equity + uncertainty < required
    into, stake = book.into(), book.system.backstop.totalAssets()
    with book.evm.reverts("LiquidationEngine_NothingToTake", book.account):
        book.liquidate(into)
    # Paid, the profit counts without a haircut, and the account is healthy again.
    book.perps.settle(book.perps.system.account(book.evm.accounts[OTHER]))
    book.perps.settle(book.account)
    with book.evm.reverts("LiquidationEngine_Healthy", book.account, None, None):
        book.liquidate(into)
    assert book.system.backstop.totalAssets() >= stake
