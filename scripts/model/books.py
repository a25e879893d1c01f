"""What the books of every market have in common, in exact integers: claims, fees, buckets that shrink together.

Quote has 36 decimals, tokens are the settlement asset's smallest units. `perps` and `options` build on it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

WAD = 10**18
ONE = 1 << 112  # a product of shares begins here
LEAST = 1 << 56  # and begins anew below this
GRACE, GRACE_INTERVAL, GRACE_PART = 600, 86_400, 10
SCALE = WAD * WAD

Account = Hashable


def toward_zero(numerator: int, denominator: int) -> int:
    """Integer division as the EVM does it; the denominator is positive."""
    quotient = abs(numerator) // denominator
    return quotient if numerator >= 0 else -quotient


def div_up(numerator: int, denominator: int) -> int:
    """Quotient of two numbers that are not negative, rounded up."""
    return -(-numerator // denominator)


def clamp(value: int, least: int, most: int) -> int:
    """The nearest value within both bounds."""
    return max(least, min(value, most))


@dataclass(frozen=True)
class Mark:
    """A pool of shares at one time."""

    product: int = ONE
    era: int = 0
    sum: int = 0


@dataclass
class Pool:
    """Amounts that shrink by the same share, and what their owners are given for it."""

    now: Mark = field(default_factory=Mark)
    ends: dict[int, Mark] = field(default_factory=dict)

    def shrink(self, total: int, left: int, worth: int) -> None:
        """Takes `total - left` from all amounts, each unit worth `worth`."""
        product = self.now.product * left // total
        given = self.now.sum + (self.now.product - product) * worth
        if product < LEAST:
            self.ends[self.now.era] = Mark(product, self.now.era, given)
            self.now = Mark(ONE, self.now.era + 1, 0)
        else:
            self.now = Mark(product, self.now.era, given)

    def since(self, joined: Mark, amount: int) -> tuple[int, int]:
        """What is left of an amount, and what was given for the rest."""
        given = 0
        for era in range(joined.era, self.now.era):
            if not amount:
                return 0, given
            end = self.ends[era]
            given += toward_zero(amount * (end.sum - joined.sum), joined.product)
            amount = amount * end.product // joined.product
            joined = Mark(ONE, era + 1, 0)
        if not amount:
            return 0, given
        given += toward_zero(amount * (self.now.sum - joined.sum), joined.product)
        return amount * self.now.product // joined.product, given


@dataclass
class Bucket:
    """Positions of one side whose entry prices are about the same."""

    total: int = 0
    count: int = 0
    round: int = 0
    at: int = 0
    pending: int = 0
    pool: Pool = field(default_factory=Pool)

    def live(self, size: int, joined_round: int, joined: Mark) -> tuple[int, int]:
        """What has become of a position that was written in a round: its size and the change of its cost."""
        if self.count == 1:
            left, given = self.total, self.pending
        elif joined_round == self.round:
            return size, 0
        else:
            left, given = self.pool.since(joined if joined_round else Mark(), abs(size))
            given = given if size > 0 else -given
        return (left if size > 0 else -left), given

    def close(self, long: bool, closed: int, worth: int, now: int) -> None:
        """Takes `closed` from all positions; a unit taken from a long raises its cost by `worth`."""
        self.pool.shrink(self.total, self.total - closed, worth)
        self.pending += closed * worth if long else -closed * worth
        self.total -= closed
        self.round += 1
        self.at = now


@dataclass(frozen=True)
class Claim:
    """A claim as it was written."""

    waiting: int = 0
    allotted: int = 0
    mark: Mark = field(default_factory=Mark)


class Books:
    """Cash, fees and claims of a market; heirs have these fields."""

    token: int  # quote in a smallest unit of the settlement asset
    cash: int
    fees: int
    waiting: int
    allotted: int
    claimants: int
    unborne: int
    claims: dict[Account, Claim]
    pool: Pool

    def claim(self, account: Account) -> tuple[int, int]:
        """Waiting and allotted tokens of an account."""
        stored = self.claims.get(account, Claim())
        if not (stored.waiting or stored.allotted):
            return 0, 0
        if self.claimants == 1:
            return self.waiting, self.allotted
        left, come = self.pool.since(stored.mark, stored.waiting)
        return min(left, self.waiting), min(stored.allotted + come, self.allotted)

    def set_claim(self, account: Account, waiting: int, allotted: int) -> None:
        """Writes a claim and what it changes in the pile."""
        stored, (old_waiting, old_allotted) = self.claims.get(account, Claim()), self.claim(account)
        had, has = bool(stored.waiting or stored.allotted), bool(waiting or allotted)
        self.waiting += waiting - old_waiting
        self.allotted += allotted - old_allotted
        self.claimants += has - had
        self.claims[account] = Claim(waiting, allotted, self.pool.now if waiting else stored.mark)

    def allot(self) -> None:
        """Free cash goes to who waits."""
        amount = min(self.cash - self.allotted, self.waiting)
        if amount:
            self.pool.shrink(self.waiting, self.waiting - amount, 1)
            self.waiting -= amount
            self.allotted += amount

    def reduce_claims(self, amount: int) -> None:
        """Who waits bears a loss."""
        if amount:
            self.pool.shrink(self.waiting, self.waiting - amount, 0)
            self.waiting -= amount

    def bear_losses(self) -> None:
        """Who waits bears what nobody has borne yet."""
        if self.unborne >= self.token:
            tokens = min(self.unborne // self.token, self.waiting)
            self.unborne -= tokens * self.token
            self.reduce_claims(tokens)

    def net_claim(self, account: Account, most: int) -> int:
        """A loss is paid with the account's own claim, waiting first."""
        waiting, allotted = self.claim(account)
        if not most or not (waiting or allotted):
            return 0
        first = min(waiting, most)
        second = min(allotted, most - first)
        self.set_claim(account, waiting - first, allotted - second)
        if second:
            self.allot()
        return first + second

    def forfeit(self, account: Account) -> int:
        """All that a lost account claims goes to the fees; tokens."""
        waiting, allotted = self.claim(account)
        self.set_claim(account, 0, 0)
        self.fees += (waiting + allotted) * self.token
        if allotted:
            self.allot()
        return waiting + allotted

    def collect_fees(self) -> int:
        """Fees that leave the market, in tokens."""
        amount = min(self.fees // self.token, self.cash - self.allotted)
        self.fees -= amount * self.token
        self.cash -= amount
        return amount
