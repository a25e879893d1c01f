"""A lending pool on a bench: a token, a rate model that obeys, two domains, lenders with tokens."""

from __future__ import annotations

from typing import Any

from scripts.model.pool import WAD, DomainBooks, PoolReference
from tests.helpers.backend import Backend
from tests.helpers.evm import Contract, Tx

UNIT = 10**18
LINE = 1_000_000 * UNIT
RESERVE_SHARE = WAD // 10
LENDER_TOKENS = 10**12 * UNIT
ANSWER, REVERT, REVERT_BOMB, BOMB, BURN, SHORT, HUNGRY, REENTER = range(8)


def account_id(owner: Any, index: int = 0) -> bytes:
    """The id of a margin account."""
    address = getattr(owner, "address", owner)
    return bytes.fromhex(address[2:]) + index.to_bytes(12, "big")


class PoolBench:
    """The pool and everybody around it. Amounts are in the token's smallest unit."""

    def __init__(self, evm: Backend, token_name: str = "MockERC20", decimals: int = 18) -> None:
        self.evm = evm
        (self.owner, self.guardian, self.lender, self.other_lender, self.borrower, self.engine) = (
            evm.accounts[:6]
        )
        self.recipient, self.stranger = evm.accounts[6:8]
        self.token = evm.deploy(token_name, "Token", "TOK", decimals)
        self.model = evm.deploy("MockRateModel")
        self.pool = self.new_pool()
        self.domain = self.new_domain(LINE)
        self.other_domain = self.new_domain(LINE)
        for holder in (self.lender, self.other_lender):
            self.token.mint(holder, LENDER_TOKENS)
            self.token.approve(self.pool, 2**256 - 1, sender=holder)

    def new_pool(self, model: Any = None, token: Any = None, reserve_share: int = RESERVE_SHARE) -> Contract:
        """Another pool of the same token, unless another is given."""
        return self.evm.deploy(
            "LendingPool",
            *(token or self.token, "Keel Token", "kTOK", self.owner, self.guardian),
            *(model or self.model, self.recipient, reserve_share),
        )

    def new_domain(self, line: int) -> Contract:
        """A domain with a credit line and tokens of its own."""
        domain = self.evm.deploy("MockDomain", self.engine)
        self.pool.setLine(domain, line, sender=self.owner)
        self.token.mint(domain, LENDER_TOKENS)
        return domain

    # Operations

    def deposit(self, assets: int, who: str | None = None) -> Tx:
        """The lender, or `who`, deposits for himself."""
        lender = who or self.lender
        return self.pool.deposit(assets, lender, sender=lender)

    def redeem(self, shares: int, who: str | None = None) -> Tx:
        """The lender, or `who`, redeems to himself."""
        lender = who or self.lender
        return self.pool.redeem(shares, lender, lender, sender=lender)

    def borrow(self, principal: int, amount: int | None = None, domain: Any = None) -> Tx:
        """A domain borrows to the borrower; by default as much as the principal allows."""
        if amount is None:
            amount = principal * self.pool.debtIndexNow() // WAD
        return (domain or self.domain).borrow(self.pool, principal, amount, self.borrower)

    def repay(self, principal: int, amount: int | None = None, domain: Any = None) -> Tx:
        """A domain repays from its own tokens; by default what the principal costs."""
        if amount is None:
            amount = -(-principal * self.pool.debtIndexNow() // WAD)
        return (domain or self.domain).repay(self.pool, self.token, principal, amount, amount)

    def write_off(self, principal: int, domain: Any = None) -> Tx:
        """A domain gives up principal."""
        return (domain or self.domain).writeOff(self.pool, principal)

    def flag(self, amount: int, account: bytes | None = None, domain: Any = None, sender: Any = None) -> Tx:
        """The engine flags a shortfall of an account of a domain."""
        return self.pool.flagShortfall(
            domain or self.domain, account or account_id(self.borrower), amount, sender=sender or self.engine
        )

    def set_rate(self, per_second: int) -> None:
        """Puts a rate in force."""
        self.model.set(ANSWER, per_second)
        self.pool.accrue()

    def set_model_mode(self, mode: int, answer: int = 0) -> None:
        """Has the model answer or fail from the next operation on."""
        self.model.set(mode, answer)

    def ready(self, lent: int = 1_000 * UNIT, borrowed: int = 400 * UNIT, rate: int = 10**9) -> PoolBench:
        """A pool with a lender, a debt and interest that runs."""
        self.deposit(lent)
        self.set_rate(rate)
        if borrowed:
            self.borrow(borrowed)
        return self

    # What it is and what it should be

    def reference(self) -> PoolReference:
        """The reference model in the state in which the pool is now."""
        pool = self.pool
        domains = {}
        for domain in (self.domain, self.other_domain):
            line, principal, written_off = pool.domainOf(domain)
            domains[domain.address] = DomainBooks(line, principal, written_off)
            flagged = pool.flaggedOfDomain(domain)
            if flagged:
                domains[domain.address].flags[b"all"] = flagged
        return PoolReference(
            time=self.evm.now,
            reserve_share=pool.reserveShareWad(),
            index=pool.debtIndexNow(),
            rate=pool.ratePerSecond(),
            reserve=pool.reserve(),
            cash=pool.cash(),
            principal=pool.totalPrincipal(),
            supply=pool.totalSupply(),
            domains=domains,
        )

    def assert_matches(self, reference: PoolReference) -> None:
        """The pool's views say what the reference says, to the wei."""
        pool = self.pool
        actual = {
            "index": pool.debtIndexNow(),
            "reserve": pool.reserve(),
            "cash": pool.cash(),
            "principal": pool.totalPrincipal(),
            "supply": pool.totalSupply(),
            "debt": pool.totalDebt(),
            "assets": pool.totalAssets(),
            "flagged": pool.flagged(),
            "utilisation": pool.utilisationWad(),
        }
        expected = {name: getattr(reference, name) for name in actual}
        assert actual == expected
        assert self.token.balanceOf(pool) >= pool.cash()
