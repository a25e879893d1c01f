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

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.helpers.evm import PyrevmBackend
from tests.helpers.pool_bench import ANSWER, BURN, LINE, REVERT_BOMB, SHORT, UNIT, PoolBench, account_id
from tests.helpers.pool_reference import MAX_RATE, WAD, PoolReference

EXAMPLES = int(os.environ.get("KEEL_POOL_EXAMPLES", "200"))
STEPS = 50
MAX_ROUNDING = 100
FLASH_FEE = WAD // 1_000

amounts = st.one_of(st.integers(1, 10), st.integers(1, 10**9), st.integers(1, 10_000 * UNIT))
shares_of_thousand = st.integers(1, 1_000)
two = st.integers(0, 1)


@cache
def shared_bench() -> tuple[PoolBench, Any]:
    """One bench for all sequences, with a flash borrower; each sequence begins from its snapshot."""
    bench = PoolBench(PyrevmBackend())
    receiver = bench.evm.deploy("MockFlashBorrower")
    bench.token.mint(receiver, 10**30)
    bench.pool.setFlashFee(FLASH_FEE)
    return bench, receiver


class PoolMachine(RuleBasedStateMachine):
    """Two lenders, two domains, a reserve, rates that change and fail, flags, flash loans, donations."""

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
        self.price = Fraction(0)
        self.written_off = False
        self.reference: PoolReference = self.bench.reference()

    def teardown(self) -> None:
        self.evm.revert(self.snapshot)

    # Helpers

    def debt(self, which: int) -> int:
        return self.reference.debt_of(self.reference.domains[self.domains[which].address].principal)

    def sync(self) -> None:
        """Interest until now, counted per domain for SOLV-4."""
        before = [self.debt(0), self.debt(1)]
        self.reference.advance(self.evm.now)
        for which in (0, 1):
            self.interest[which] += self.debt(which) - before[which]

    def after(self) -> None:
        """Every operation ends the interval, and leaves the rate that the model wants if it answers."""
        self.reference.settle()
        self.reference.rate = self.pool.ratePerSecond()

    # Lenders

    @initialize(
        lent=st.integers(10**6, 10_000 * UNIT),
        reserve_share=st.integers(0, WAD // 2),
        rate=st.integers(0, MAX_RATE),
        parts=st.tuples(st.integers(0, 500), st.integers(0, 500)),
    )
    def first_lender_and_debts(
        self, lent: int, reserve_share: int, rate: int, parts: tuple[int, int]
    ) -> None:
        self.pool.setReserveShare(reserve_share)
        self.reference.reserve_share = reserve_share
        self.bench.model.set(ANSWER, rate)
        self.bench.deposit(lent)
        self.reference.deposit(lent)
        for domain, part in zip(self.domains, parts, strict=True):
            self.bench.borrow(lent * part // 1_000, domain=domain)
            self.reference.borrow(domain.address, lent * part // 1_000, lent * part // 1_000)
        self.after()
        self.price = self.reference.entry_price()

    @rule(who=two, assets=amounts)
    def deposit(self, who: int, assets: int) -> None:
        self.sync()
        if assets // self.reference.entry_price() == 0:
            return
        expected = self.reference.deposit(assets)
        assert self.bench.deposit(assets, self.lenders[who]).value == expected
        self.after()

    @rule(who=two, shares=amounts)
    def mint(self, who: int, shares: int) -> None:
        self.sync()
        lender = self.lenders[who]
        expected = self.reference.mint(shares)
        assert self.pool.mint(shares, lender, sender=lender).value == expected
        self.after()

    @rule(who=two, share=shares_of_thousand)
    def withdraw(self, who: int, share: int) -> None:
        self.sync()
        lender = self.lenders[who]
        assets = self.pool.maxWithdraw(lender) * share // 1_000
        expected = self.reference.withdraw(assets)
        assert self.pool.withdraw(assets, lender, lender, sender=lender).value == expected
        self.after()

    @rule(who=two, share=shares_of_thousand)
    def redeem(self, who: int, share: int) -> None:
        self.sync()
        shares = self.pool.maxRedeem(self.lenders[who]) * share // 1_000
        if shares * self.reference.exit_price() < 1:
            return
        expected = self.reference.redeem(shares)
        assert self.bench.redeem(shares, self.lenders[who]).value == expected
        self.after()

    @rule(who=two, share=shares_of_thousand)
    def transfer_shares(self, who: int, share: int) -> None:
        lender = self.lenders[who]
        self.pool.transfer(self.lenders[1 - who], self.pool.balanceOf(lender) * share // 1_000, sender=lender)

    @rule(who=two, assets=amounts)
    def come_and_go_within_a_block(self, who: int, assets: int) -> None:
        self.sync()
        if assets // self.reference.entry_price() == 0:
            return
        lender = self.lenders[who]
        with self.evm.isolation():
            before = self.bench.token.balanceOf(lender)
            shares = self.bench.deposit(assets, lender).value
            value = self.pool.previewRedeem(shares)
            if value:
                self.bench.redeem(shares, lender)
            assert self.bench.token.balanceOf(lender) <= before, "ROUND-1"
            assert value <= assets, "ROUND-1"

    # Domains

    @rule(which=two, principal=amounts, less=st.integers(0, 3))
    def borrow(self, which: int, principal: int, less: int) -> None:
        self.sync()
        amount = max(principal * self.reference.index // WAD - less, 0)
        books = self.reference.domains[self.domains[which].address]
        line_left = max(books.line - books.written_off, 0)
        debt = self.reference.debt_of(books.principal + principal)
        rounding = amount == 0 and principal <= MAX_ROUNDING
        if line_left == 0 and books.principal == 0:
            with self.evm.reverts("LendingPool_NotDomain"):
                self.bench.borrow(principal, amount, self.domains[which])
        elif debt > line_left and not rounding:
            with self.evm.reverts("LendingPool_LineExceeded"):
                self.bench.borrow(principal, amount, self.domains[which])
        elif amount > self.reference.cash:
            with self.evm.reverts("LendingPool_InsufficientCash"):
                self.bench.borrow(principal, amount, self.domains[which])
        else:
            before = self.debt(which)
            tx = self.bench.borrow(principal, amount, self.domains[which])
            assert tx.value == self.reference.borrow(self.domains[which].address, principal, amount) == debt
            if debt > line_left:
                self.roundings[which] += debt - before
            self.after()

    @rule(which=two, share=st.integers(0, 1_000), extra=st.integers(0, 3))
    def repay(self, which: int, share: int, extra: int) -> None:
        self.sync()
        domain = self.domains[which]
        principal = self.reference.domains[domain.address].principal * share // 1_000
        amount = self.reference.debt_of(principal) + extra
        if not self.pool.domainOf(domain)[1]:
            return
        self.bench.repay(principal, amount, domain)
        self.reference.repay(domain.address, principal, amount)
        self.after()

    @rule(which=two, principal=amounts)
    def borrow_and_repay_within_a_block(self, which: int, principal: int) -> None:
        self.sync()
        domain, token = self.domains[which], self.bench.token
        with self.evm.isolation():
            held = token.balanceOf(domain) + token.balanceOf(self.bench.borrower)
            try:
                self.bench.borrow(principal, domain=domain)
            except self.evm.Reverted:
                return
            self.bench.repay(principal, domain=domain)
            assert token.balanceOf(domain) + token.balanceOf(self.bench.borrower) <= held, "ROUND-1"

    @rule(which=two, share=shares_of_thousand)
    def write_off(self, which: int, share: int) -> None:
        self.sync()
        domain = self.domains[which]
        books = self.reference.domains[domain.address]
        principal = -(-books.principal * share // 1_000)
        if not principal:
            return
        expected = self.reference.write_off(domain.address, principal)
        assert self.bench.write_off(principal, domain).value == expected
        self.written_off = True
        self.after()

    @rule(which=two, account=two, amount=amounts)
    def flag(self, which: int, account: int, amount: int) -> None:
        self.sync()
        domain = self.domains[which]
        books = self.reference.domains[domain.address]
        if not books.principal and books.line <= books.written_off:
            return
        key = account_id(self.bench.borrower, account)
        clamped = self.reference.flag(domain.address, key, amount)
        self.bench.flag(amount, key, domain)
        assert self.pool.flaggedOf(domain, key) == clamped
        assert sum(books.flags.values()) <= self.debt(which) or clamped == 0, (
            "a flag never raises them beyond"
        )

    @rule(which=two, account=two)
    def unflag(self, which: int, account: int) -> None:
        key = account_id(self.bench.borrower, account)
        books = self.reference.domains[self.domains[which].address]
        if not books.principal and books.line <= books.written_off and not books.flags.get(key):
            return
        self.bench.flag(0, key, self.domains[which])
        books.flags[key] = 0

    # Anybody

    @rule(seconds=st.one_of(st.integers(1, 100), st.integers(1, 40 * 86_400)))
    def wait(self, seconds: int) -> None:
        self.evm.warp(seconds)
        self.sync()

    @rule(rate=st.one_of(st.integers(0, MAX_RATE), st.integers(0, 2**256 - 1)))
    def model_answers(self, rate: int) -> None:
        self.bench.model.set(ANSWER, rate)
        self.sync()
        self.pool.accrue()
        assert self.pool.ratePerSecond() == min(rate, MAX_RATE)
        self.after()

    @rule(mode=st.sampled_from((REVERT_BOMB, BURN, SHORT)))
    def model_fails(self, mode: int) -> None:
        self.bench.model.set(mode, 0)
        self.sync()
        self.pool.accrue()
        assert self.pool.ratePerSecond() == self.reference.rate
        self.after()

    @rule()
    def collect_reserve(self) -> None:
        self.sync()
        assert self.pool.collectReserve().value == self.reference.collect_reserve()
        self.after()

    @rule(share=shares_of_thousand)
    def flash_loan(self, share: int) -> None:
        self.sync()
        amount = self.reference.cash * share // 1_000
        self.pool.flashLoan(self.receiver, self.bench.token, amount, b"")
        self.reference.cash += -(-amount * FLASH_FEE // WAD)
        self.after()

    @rule(amount=amounts)
    def donate(self, amount: int) -> None:
        self.bench.token.mint(self.pool, amount)

    @rule(which=two, line=st.integers(0, 2 * LINE))
    def set_line(self, which: int, line: int) -> None:
        self.pool.setLine(self.domains[which], line)
        self.reference.domains[self.domains[which].address].line = line
        self.highest_line[which] = max(self.highest_line[which], line)

    @precondition(lambda self: self.reference.principal > 0)
    @rule()
    def everybody_leaves(self) -> None:
        """SOLV-3: the assets are there. When domains repay, lenders and reserve are paid out of cash."""
        self.sync()
        with self.evm.isolation():
            for which, domain in enumerate(self.domains):
                for account in (0, 1):
                    key = account_id(self.bench.borrower, account)
                    if self.pool.flaggedOf(domain, key):
                        self.bench.flag(0, key, domain)
                principal = self.reference.domains[domain.address].principal
                if principal:
                    self.bench.token.mint(domain, self.debt(which))
                    self.bench.repay(principal, domain=domain)
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
        assert self.pool.totalAssets() == max(
            self.pool.cash() + self.pool.totalDebt() - self.pool.reserve(), 0
        ), "SOLV-3"

    @invariant()
    def share_price_falls_by_write_offs_only(self) -> None:
        price = self.reference.entry_price()
        assert price >= self.price or self.written_off, "SOLV-3"
        assert self.reference.exit_price() <= price
        self.price, self.written_off = price, False

    @invariant()
    def lines_bound_the_loss(self) -> None:
        for which, domain in enumerate(self.domains):
            line, principal, written_off = self.pool.domainOf(domain)
            bound = self.highest_line[which] + self.interest[which] + self.roundings[which]
            assert written_off + self.debt(which) <= bound, "SOLV-4"
            books = self.reference.domains[domain.address]
            assert (line, principal, written_off) == (books.line, books.principal, books.written_off)

    @invariant()
    def nobody_exits_ahead_of_a_flag(self) -> None:
        value = sum(self.pool.convertToAssets(self.pool.balanceOf(lender)) for lender in self.lenders)
        assert value <= max(self.reference.assets - self.reference.flagged, 0), "LIQ-5"


PoolMachine.TestCase.settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
TestPool = PoolMachine.TestCase
