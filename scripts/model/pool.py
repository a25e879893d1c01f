"""What a lending pool should say, in exact fractions: written from the rules, not from the contract.

Debt is principal times index, up. Interest is simple between two operations; the index has 18 decimals, up.
The reserve gets its share of what the debt grew, down. A share is worth (assets + 1) / (supply + 10**6).
Callers get the floor and give the ceiling. Knows no chain.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

WAD = 10**18
YEAR = 365 * 86_400
VIRTUAL_SHARES = 10**6
MAX_INDEX = 2**80 - 1
MAX_RESERVE = 2**103 - 1
MAX_RATE = 10 * WAD // YEAR


@dataclass
class DomainBooks:
    """One domain: its line, what it owes in principal, what it has cost the pool, its accounts' flags."""

    line: int = 0
    principal: int = 0
    written_off: int = 0
    flags: dict[bytes, int] = field(default_factory=dict)


@dataclass
class PoolReference:
    """The books of a pool. Amounts are integers of the token's smallest unit, `index` and `rate` are WADs."""

    time: int
    reserve_share: int
    index: int = WAD
    rate: int = 0
    reserve: int = 0
    cash: int = 0
    principal: int = 0
    supply: int = 0
    domains: dict[str, DomainBooks] = field(default_factory=dict)
    _settled: tuple[int, int, int] = (0, 0, 0)  # index, reserve and time as of the last operation

    def __post_init__(self) -> None:
        self.settle()

    def advance(self, now: int) -> None:
        """Adds the interest from the last operation until `now`: one interval, however often one looks."""
        self.index, reserve, time = self._settled
        owed = self.debt
        growth = ceil(Fraction(self.index * self.rate * (now - time), WAD))
        self.index, self.time = min(self.index + growth, MAX_INDEX), now
        earned = self.debt - owed
        self.reserve = min(reserve + floor(Fraction(earned * self.reserve_share, WAD)), MAX_RESERVE)

    def settle(self) -> None:
        """Ends the interval, as every operation does."""
        self._settled = (self.index, self.reserve, self.time)

    def debt_of(self, principal: int) -> int:
        """What `principal` owes, up."""
        return ceil(Fraction(principal * self.index, WAD))

    @property
    def debt(self) -> int:
        return self.debt_of(self.principal)

    @property
    def assets(self) -> int:
        return max(self.cash + self.debt - self.reserve, 0)

    @property
    def flagged(self) -> int:
        return sum(sum(domain.flags.values()) for domain in self.domains.values())

    @property
    def exit_assets(self) -> int:
        return max(self.assets - self.flagged, 0)

    @property
    def utilisation(self) -> int:
        return floor(Fraction(self.debt * WAD, self.cash + self.debt)) if self.debt else 0

    def entry_price(self) -> Fraction:
        """Assets for one share of a lender who comes."""
        return Fraction(self.assets + 1, self.supply + VIRTUAL_SHARES)

    def exit_price(self) -> Fraction:
        """Assets for one share of a lender who goes."""
        return Fraction(self.exit_assets + 1, self.supply + VIRTUAL_SHARES)

    # Operations, after `advance` and with `settle` behind them; the caller has checked that they are allowed.

    def deposit(self, assets: int) -> int:
        """Returns the shares."""
        shares = floor(assets / self.entry_price())
        self.cash, self.supply = self.cash + assets, self.supply + shares
        return shares

    def mint(self, shares: int) -> int:
        """Returns the assets."""
        assets = ceil(shares * self.entry_price())
        self.cash, self.supply = self.cash + assets, self.supply + shares
        return assets

    def withdraw(self, assets: int) -> int:
        """Returns the shares."""
        shares = ceil(assets / self.exit_price())
        self.cash, self.supply = self.cash - assets, self.supply - shares
        return shares

    def redeem(self, shares: int) -> int:
        """Returns the assets."""
        assets = floor(shares * self.exit_price())
        self.cash, self.supply = self.cash - assets, self.supply - shares
        return assets

    def borrow(self, domain: str, principal: int, amount: int) -> int:
        """Returns the domain's debt."""
        books = self.domains[domain]
        books.principal += principal
        self.principal += principal
        self.cash -= amount
        return self.debt_of(books.principal)

    def repay(self, domain: str, principal: int, amount: int) -> None:
        """Books a repayment."""
        self.domains[domain].principal -= principal
        self.principal -= principal
        self.cash += amount

    def write_off(self, domain: str, principal: int) -> int:
        """Returns by how much the domain's debt falls."""
        books = self.domains[domain]
        before = self.debt_of(books.principal)
        books.principal -= principal
        self.principal -= principal
        amount = before - self.debt_of(books.principal)
        books.written_off += amount
        self.reserve = min(self.reserve, self.cash + self.debt)
        return amount

    def flag(self, domain: str, account: bytes, amount: int) -> int:
        """Returns the flag as it is clamped to what the domain owes."""
        books = self.domains[domain]
        others = sum(value for key, value in books.flags.items() if key != account)
        books.flags[account] = min(amount, max(self.debt_of(books.principal) - others, 0))
        return books.flags[account]

    def collect_reserve(self) -> int:
        """Returns what the recipient gets."""
        amount = min(self.reserve, self.cash)
        self.reserve, self.cash = self.reserve - amount, self.cash - amount
        return amount
