"""What every balance and every pool should be, in exact integers: the vault's bookkeeping written a second
time.

A raw balance is custody {tok} above zero and principal {tok / index} below. Whatever an operation does comes
down to a few movements: credit, debit, a holding or a payment from account to account, a write-off. Each
rounds against the account. Pools are the reference of scripts/model/pool.py.
"""

from __future__ import annotations

from scripts.model.pool import PoolReference

WAD = 10**18
SETTLEMENT = 0
AMOUNT_BITS = 248

Balances = dict[int, int]


def div_up(numerator: int, denominator: int) -> int:
    """Quotient of non-negative integers, rounded up."""
    return -(-numerator // denominator)


def pack(asset: int, amount: int) -> int:
    """A `Holding`."""
    return asset << AMOUNT_BITS | amount % 2**AMOUNT_BITS


def unpack(word: int) -> tuple[int, int]:
    """Asset and amount of a `Holding`."""
    asset, amount = divmod(word, 2**AMOUNT_BITS)
    return asset, amount - 2**AMOUNT_BITS if amount >> (AMOUNT_BITS - 1) else amount


class Ledger:
    """Raw balances by account and asset, and the pools by asset; `domain` is the vault's key in them."""

    def __init__(
        self, pools: dict[int, PoolReference], domain: str, raw: dict[bytes, Balances], backstop: bytes
    ) -> None:
        self.pools = pools
        self.domain = domain
        self.raw = raw
        self.backstop = backstop
        self.interest: dict[int, int] = dict.fromkeys(pools, 0)
        self._open = (0, 0)
        self._touched: set[int] = set()

    # Reading

    def copy(self) -> dict[bytes, Balances]:
        """All raw balances as they are now."""
        return {account: dict(balances) for account, balances in self.raw.items()}

    def amount(self, asset: int, raw: int) -> int:
        """What a raw balance is now {tok}: custody, or debt with interest."""
        return raw if raw >= 0 else -self.pools[asset].debt_of(-raw)

    def holdings(self, balances: Balances) -> list[tuple[int, int]]:
        """(asset, amount) of raw balances, ascending, without zeros."""
        return [(asset, self.amount(asset, raw)) for asset, raw in sorted(balances.items()) if raw]

    def custody(self, asset: int) -> int:
        """Sum of positive balances."""
        return sum(max(balances.get(asset, 0), 0) for balances in self.raw.values())

    def principal(self, asset: int) -> int:
        """Sum of principals."""
        return sum(max(-balances.get(asset, 0), 0) for balances in self.raw.values())

    def debt(self, asset: int) -> int:
        """What the domain owes the pool."""
        pool = self.pools[asset]
        return pool.debt_of(pool.domains[self.domain].principal)

    # Time

    def advance(self, now: int) -> None:
        """Interest until now."""
        for asset, pool in self.pools.items():
            if pool.time != now:
                before = self.debt(asset)
                pool.advance(now)
                self.interest[asset] += self.debt(asset) - before

    def finish(self) -> None:
        """The end of an operation or batch: what is open in the settlement asset goes to its pool."""
        custody, principal = self._open
        self._open = (0, 0)
        if custody or principal:
            self._pool(SETTLEMENT, -custody, principal)
        for asset in self._touched:
            self.pools[asset].settle()
        self._touched.clear()

    # Movements

    def receive(self, account: bytes, asset: int, amount: int) -> None:
        """Tokens that have arrived from outside."""
        is_open = self._is_open(asset)
        principal_down, custody_up = self._credit(account, asset, amount)
        if is_open:
            self._book(asset, custody_up - amount, -principal_down)
        elif principal_down or custody_up != amount:
            self._pool(asset, amount - custody_up, -principal_down)

    def send(self, account: bytes, asset: int, amount: int) -> int:
        """Tokens that leave, from custody first; returns what was borrowed."""
        principal_up, custody_down = self._debit(account, asset, amount)
        if custody_down != amount:
            self._pool(asset, custody_down - amount, principal_up)
        return amount - custody_down

    def repay(self, account: bytes, asset: int, amount: int) -> int:
        """Repays at most what is owed; returns how much."""
        repaid = min(amount, -self.amount(asset, self.raw[account][asset]))
        if self._is_open(asset):
            self.receive(account, asset, repaid)
        else:
            principal_down, _ = self._credit(account, asset, repaid)
            self._pool(asset, repaid, -principal_down)
        return repaid

    def move(self, source: bytes, target: bytes, asset: int, amount: int) -> None:
        """A holding from one account to another: custody, or debt when negative."""
        if amount > 0:
            _, custody_down = self._debit(source, asset, amount)
            principal_down, custody_up = self._credit(target, asset, amount)
            self._book(asset, custody_up - custody_down, -principal_down)
        elif amount < 0:
            self._move_debt(source, target, asset, -amount)

    def _move_debt(self, source: bytes, target: bytes, asset: int, amount: int) -> None:
        pool = self.pools[asset]
        owed = -self.raw[source][asset]
        principal = min(div_up(amount * WAD, pool.index), owed)
        self.raw[source][asset] = principal - owed
        balance = self.raw[target].get(asset, 0)
        debt = pool.debt_of(principal)
        if balance <= 0:
            self.raw[target][asset] = balance - principal
        elif balance >= debt:
            self.raw[target][asset] = balance - debt
            self._book(asset, -debt, -principal)
        else:
            paid = balance * WAD // pool.index
            self.raw[target][asset] = paid - principal
            self._book(asset, -balance, -paid)

    def pay(self, payer: bytes, payee: bytes, amount: int) -> None:
        """Settlement tokens from account to account; what the payer lacks it borrows. From debt to debt
        moves principal."""
        if not amount:
            return
        balance, other = (self.raw[account].get(SETTLEMENT, 0) for account in (payer, payee))
        if balance <= 0 and other < 0:
            principal = div_up(amount * WAD, self.pools[SETTLEMENT].index)
            if principal <= -other:
                self.raw[payer][SETTLEMENT] = balance - principal
                self.raw[payee][SETTLEMENT] = other + principal
                return
        principal_up, custody_down = self._debit(payer, SETTLEMENT, amount)
        principal_down, custody_up = self._credit(payee, SETTLEMENT, amount)
        self._book(SETTLEMENT, custody_up - custody_down, principal_up - principal_down)

    def write_off(self, account: bytes, asset: int, amount: int) -> None:
        """Debt that the pool gives up."""
        balance = self.raw[account].get(asset, 0)
        if balance >= 0:
            return
        pool = self.pools[asset]
        principal = -balance
        if amount < pool.debt_of(principal):
            principal = amount * WAD // pool.index
        self.raw[account][asset] = balance + principal
        pool.write_off(self.domain, principal)
        self._touched.add(asset)

    # Internal

    def _credit(self, account: bytes, asset: int, amount: int) -> tuple[int, int]:
        """Debt first; returns principal repaid and custody added."""
        balances = self.raw[account]
        balance = balances.get(asset, 0)
        if balance >= 0:
            balances[asset] = balance + amount
            return 0, amount
        pool = self.pools[asset]
        debt = pool.debt_of(-balance)
        if amount >= debt:
            balances[asset] = amount - debt
            return -balance, amount - debt
        principal = amount * WAD // pool.index
        balances[asset] = balance + principal
        return principal, 0

    def _debit(self, account: bytes, asset: int, amount: int) -> tuple[int, int]:
        """Custody first; returns principal borrowed and custody taken."""
        balance = self.raw[account].get(asset, 0)
        custody = min(max(balance, 0), amount)
        principal = 0
        if amount > custody:
            principal = div_up((amount - custody) * WAD, self.pools[asset].index)
        self.raw[account][asset] = balance - custody - principal
        return principal, custody

    def _book(self, asset: int, custody: int, principal: int) -> None:
        """A movement between accounts; the settlement asset's nets out over the operation."""
        if asset == SETTLEMENT:
            self._open = (self._open[0] + custody, self._open[1] + principal)
        elif custody or principal:
            self._pool(asset, -custody, principal)

    def _is_open(self, asset: int) -> bool:
        """Whether accounts owe what the pool does not know of before the operation closes."""
        return asset == SETTLEMENT and self._open[1] > 0

    def _pool(self, asset: int, cash: int, principal: int) -> None:
        pool = self.pools[asset]
        pool.cash += cash
        pool.principal += principal
        pool.domains[self.domain].principal += principal
        self._touched.add(asset)
