"""Any sequence of operations on a lending pool, against the reference model and the promises.

After every step the pool's views are the reference's, to the wei, and:

SOLV-3   assets are cash plus debt less reserve, and the price of a share falls only by a write-off
SOLV-4   no borrow ends above the domain's line; write-offs stay within the highest line plus interest
ROUND-1  who comes and goes, or borrows and repays, within a block does not win
LIQ-5    while a shortfall is flagged, all lenders together get no more than what remains without it
"""

from __future__ import annotations

import os
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from scripts.model.pool import MAX_RATE, WAD, DomainBooks, PoolReference
from tests.helpers.evm import PyrevmBackend
from tests.helpers.pool_bench import ANSWER, BURN, LINE, REVERT_BOMB, SHORT, UNIT, PoolBench, account_id

EXAMPLES = int(os.environ.get("KEEL_POOL_EXAMPLES", "400"))
STEPS = 50
MAX_ROUNDING = 100
FLASH_FEE = WAD // 1_000

amounts = st.one_of(st.integers(1, 10), st.integers(1, 10**9), st.integers(1, 10_000 * UNIT))
thousandths = st.one_of(st.just(1_000), st.integers(0, 1_000))
seconds = st.one_of(st.just(0), st.integers(1, 100), st.integers(1, 40 * 86_400))
rates = st.one_of(st.integers(0, MAX_RATE), st.integers(0, 2**256 - 1))
two = st.integers(0, 1)

pytestmark = pytest.mark.slow


@cache
def shared_bench() -> tuple[PoolBench, Any]:
    """One bench for all sequences, with a flash borrower; each sequence begins from its snapshot."""
    bench = PoolBench(PyrevmBackend())
    receiver = bench.evm.deploy("MockFlashBorrower")
    bench.token.mint(receiver, 10**30)
    bench.pool.setFlashFee(FLASH_FEE)
    return bench, receiver


class PoolMachine(RuleBasedStateMachine):
    """Two lenders, two domains, a reserve, rates that change and fail, flags, flash loans, donations.

    Few rules with many variants each, because the engine leaves out whole rules at random.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bench, self.receiver = shared_bench()
        self.evm, self.pool = self.bench.evm, self.bench.pool
        self.snapshot = self.evm.snapshot()
        self.lenders = (self.bench.lender, self.bench.other_lender)
        self.domains = (self.bench.domain, self.bench.other_domain)
        self.highest_line = [LINE, LINE]
        self.interest = [0, 0]
        self.roundings = [0, 0]
        self.written_off = False
        self.reference: PoolReference = self.bench.reference()
        self.price = self.reference.entry_price()

    def teardown(self) -> None:
        self.evm.revert(self.snapshot)

    # Helpers

    def books(self, which: int) -> DomainBooks:
        return self.reference.domains[self.domains[which].address]

    def debt(self, which: int) -> int:
        return self.reference.debt_of(self.books(which).principal)

    def line_left(self, which: int) -> int:
        return max(self.books(which).line - self.books(which).written_off, 0)

    def is_domain(self, which: int) -> bool:
        return bool(self.line_left(which) or self.books(which).principal)

    def wait(self, seconds: int) -> None:
        """Time passes; interest is counted per domain for SOLV-4."""
        before = [self.debt(0), self.debt(1)]
        self.evm.warp(seconds)
        self.reference.advance(self.evm.now)
        for which in (0, 1):
            self.interest[which] += self.debt(which) - before[which]

    def done(self) -> None:
        """Every operation ends the interval, and leaves the rate that the model wants if it answers."""
        self.reference.settle()
        self.reference.rate = self.pool.ratePerSecond()

    def set_line(self, which: int, line: int) -> None:
        self.pool.setLine(self.domains[which], line)
        self.books(which).line = line
        self.highest_line[which] = max(self.highest_line[which], line)

    # Steps

    @initialize(
        lent=st.integers(10**6, 10_000 * UNIT),
        reserve_share=st.integers(0, WAD // 2),
        rate=st.integers(0, MAX_RATE),
        parts=st.tuples(st.integers(0, 500), st.integers(0, 500)),
        room=st.integers(0, 500),
    )
    def first_lender_and_debts(
        self, lent: int, reserve_share: int, rate: int, parts: tuple[int, int], room: int
    ) -> None:
        self.pool.setReserveShare(reserve_share)
        self.reference.reserve_share = reserve_share
        self.bench.model.set(ANSWER, rate)
        self.bench.deposit(lent)
        self.reference.deposit(lent)
        self.highest_line = [0, 0]
        for which, part in enumerate(parts):
            owed = lent * part // 1_000
            self.set_line(which, owed + lent * room // 1_000)
            if self.is_domain(which):
                self.bench.borrow(owed, domain=self.domains[which])
                self.reference.borrow(self.domains[which].address, owed, owed)
        self.done()
        self.price = self.reference.entry_price()

    @rule(
        act=st.sampled_from(("deposit", "mint", "withdraw", "redeem", "transfer", "come and go")),
        who=two,
        amount=amounts,
        share=thousandths,
        after=seconds,
    )
    def lender_acts(self, act: str, who: int, amount: int, share: int, after: int) -> None:
        self.wait(after)
        lender, pool, reference = self.lenders[who], self.pool, self.reference
        if act in ("deposit", "come and go") and amount // reference.entry_price() == 0:
            with self.evm.reverts("LendingPool_ZeroShares"):
                self.bench.deposit(amount, lender)
        elif act == "deposit":
            assert self.bench.deposit(amount, lender).value == reference.deposit(amount)
            self.done()
        elif act == "mint":
            assert pool.mint(amount, lender, sender=lender).value == reference.mint(amount)
            self.done()
        elif act == "withdraw":
            assets = pool.maxWithdraw(lender) * share // 1_000
            shares = reference.withdraw(assets)
            assert pool.withdraw(assets, lender, lender, sender=lender).value == shares
            self.done()
        elif act == "redeem":
            shares = pool.maxRedeem(lender) * share // 1_000
            if shares * reference.exit_price() >= 1:
                assert self.bench.redeem(shares, lender).value == reference.redeem(shares)
                self.done()
        elif act == "transfer":
            pool.transfer(self.lenders[1 - who], pool.balanceOf(lender) * share // 1_000, sender=lender)
        else:
            self.come_and_go(lender, amount)

    def come_and_go(self, lender: str, assets: int) -> None:
        with self.evm.isolation():
            before = self.bench.token.balanceOf(lender)
            shares = self.bench.deposit(assets, lender).value
            value = self.pool.previewRedeem(shares)
            assert value <= assets, "ROUND-1"
            if value:
                self.bench.redeem(shares, lender)
            assert self.bench.token.balanceOf(lender) <= before, "ROUND-1"

    @rule(
        act=st.sampled_from(("borrow", "to the line", "rounding", "repay", "there and back", "write off")),
        which=two,
        principal=amounts,
        share=thousandths,
        spare=st.integers(0, 3),
        after=seconds,
    )
    def domain_acts(self, act: str, which: int, principal: int, share: int, spare: int, after: int) -> None:
        self.wait(after)
        if not self.is_domain(which):
            with self.evm.reverts("LendingPool_NotDomain"):
                self.bench.borrow(principal, 0, self.domains[which])
        elif act == "borrow":
            self.borrow(which, principal, max(principal * self.reference.index // WAD - spare, 0))
        elif act == "to the line":
            most = self.line_left(which) * WAD // self.reference.index - self.books(which).principal
            if most > 0:
                self.borrow(which, most, most * self.reference.index // WAD)
            self.borrow(which, 1, 1)
        elif act == "rounding":
            self.borrow(which, MAX_ROUNDING + spare - 1, 0)
        elif act == "repay":
            self.repay(which, self.books(which).principal * share // 1_000, spare)
        elif act == "there and back":
            self.there_and_back(which, principal)
        else:
            self.write_off(which, -(-self.books(which).principal * share // 1_000))

    def borrow(self, which: int, principal: int, amount: int) -> None:
        domain, reference = self.domains[which], self.reference
        most = principal * reference.index // WAD
        with self.evm.reverts("LendingPool_RoundedAgainstPool"):
            self.bench.borrow(principal, most + 1, domain)
        before, line_left = self.debt(which), self.line_left(which)
        debt = reference.debt_of(self.books(which).principal + principal)
        if debt > line_left and (amount or principal > MAX_ROUNDING):
            with self.evm.reverts("LendingPool_LineExceeded", domain, debt, line_left):
                self.bench.borrow(principal, amount, domain)
        elif amount > reference.cash:
            with self.evm.reverts("LendingPool_InsufficientCash"):
                self.bench.borrow(principal, amount, domain)
        else:
            assert self.bench.borrow(principal, amount, domain).value == debt
            assert reference.borrow(domain.address, principal, amount) == debt
            if debt > line_left:
                self.roundings[which] += debt - before
            self.done()

    def repay(self, which: int, principal: int, extra: int) -> None:
        domain, cost = self.domains[which], self.reference.debt_of(principal)
        if cost:
            with self.evm.reverts("LendingPool_RoundedAgainstPool"):
                self.bench.repay(principal, cost - 1, domain)
        self.bench.repay(principal, cost + extra, domain)
        self.reference.repay(domain.address, principal, cost + extra)
        self.done()

    def there_and_back(self, which: int, principal: int) -> None:
        domain, token = self.domains[which], self.bench.token
        with self.evm.isolation():
            held = token.balanceOf(domain) + token.balanceOf(self.bench.borrower)
            try:
                self.bench.borrow(principal, domain=domain)
            except self.evm.Reverted:
                return
            self.bench.repay(principal, domain=domain)
            assert token.balanceOf(domain) + token.balanceOf(self.bench.borrower) <= held, "ROUND-1"

    def write_off(self, which: int, principal: int) -> None:
        domain = self.domains[which]
        amount = self.reference.write_off(domain.address, principal)
        assert self.bench.write_off(principal, domain).value == amount
        self.written_off = True
        self.done()

    @rule(which=two, account=two, amount=st.one_of(st.just(0), amounts), after=seconds)
    def engine_flags(self, which: int, account: int, amount: int, after: int) -> None:
        self.wait(after)
        domain, key, books = self.domains[which], account_id(self.bench.borrower, account), self.books(which)
        if not self.is_domain(which) and not books.flags.get(key):
            with self.evm.reverts("LendingPool_NotDomain"):
                self.bench.flag(amount, key, domain)
            return
        clamped = self.reference.flag(domain.address, key, amount)
        if self.is_domain(which):
            self.bench.flag(amount, key, domain)
        else:
            self.bench.flag(0, key, domain, sender=self.bench.stranger)
        assert self.pool.flaggedOf(domain, key) == clamped
        assert sum(books.flags.values()) <= self.debt(which) or clamped == 0

    @rule(
        act=st.sampled_from(
            ("accrue", "model fails", "collect", "flash loan", "donate", "line", "everybody leaves")
        ),
        which=two,
        amount=amounts,
        share=thousandths,
        rate=rates,
        mode=st.sampled_from((REVERT_BOMB, BURN, SHORT)),
        after=seconds,
    )
    def somebody_acts(
        self, act: str, which: int, amount: int, share: int, rate: int, mode: int, after: int
    ) -> None:
        self.wait(after)
        pool, reference = self.pool, self.reference
        if act == "accrue":
            self.bench.model.set(ANSWER, rate)
            pool.accrue()
            assert pool.ratePerSecond() == min(rate, MAX_RATE)
            self.done()
        elif act == "model fails":
            self.bench.model.set(mode, 0)
            pool.accrue()
            assert pool.ratePerSecond() == reference.rate
            self.done()
        elif act == "collect":
            assert pool.collectReserve().value == reference.collect_reserve()
            self.done()
        elif act == "flash loan":
            lent = reference.cash * share // 1_000
            pool.flashLoan(self.receiver, self.bench.token, lent, b"")
            reference.cash += -(-lent * FLASH_FEE // WAD)
            self.done()
        elif act == "donate":
            self.bench.token.mint(pool, amount)
        elif act == "line":
            self.set_line(which, self.books(which).written_off + self.debt(which) * share // 500)
        else:
            self.everybody_leaves()

    def everybody_leaves(self) -> None:
        """SOLV-3: the assets are there. When domains repay, lenders and reserve are paid out of cash."""
        with self.evm.isolation():
            for which, domain in enumerate(self.domains):
                if self.books(which).principal:
                    self.bench.token.mint(domain, self.debt(which))
                    self.bench.repay(self.books(which).principal, domain=domain)
                for account in (0, 1):
                    key = account_id(self.bench.borrower, account)
                    if self.pool.flaggedOf(domain, key):
                        self.bench.flag(0, key, domain, sender=self.bench.stranger)
            self.pool.collectReserve()
            assert self.pool.reserve() == 0
            for lender in self.lenders:
                shares = self.pool.balanceOf(lender)
                if self.pool.previewRedeem(shares):
                    self.bench.redeem(shares, lender)
            assert self.bench.token.balanceOf(self.pool) >= self.pool.cash(), "SOLV-3"

    # What holds always

    @invariant()
    def views_are_the_references(self) -> None:
        self.bench.assert_matches(self.reference)
        net = self.pool.cash() + self.pool.totalDebt() - self.pool.reserve()
        assert self.pool.totalAssets() == net >= 0, "SOLV-3"

    @invariant()
    def share_price_falls_by_write_offs_only(self) -> None:
        price = Fraction(self.pool.totalAssets() + 1, self.pool.totalSupply() + 10**6)
        assert price >= self.price or self.written_off, "SOLV-3"
        assert self.reference.exit_price() <= price
        self.price, self.written_off = price, False

    @invariant()
    def lines_bound_the_loss(self) -> None:
        for which, domain in enumerate(self.domains):
            line, principal, written_off = self.pool.domainOf(domain)
            books = self.books(which)
            assert (line, principal, written_off) == (books.line, books.principal, books.written_off)
            bound = self.highest_line[which] + self.interest[which] + self.roundings[which]
            assert written_off + self.debt(which) <= bound, "SOLV-4"

    @invariant()
    def nobody_exits_ahead_of_a_flag(self) -> None:
        value = sum(self.pool.convertToAssets(self.pool.balanceOf(lender)) for lender in self.lenders)
        assert value <= max(self.pool.totalAssets() - self.reference.flagged, 0), "LIQ-5"


PoolMachine.TestCase.settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
TestPool = PoolMachine.TestCase
