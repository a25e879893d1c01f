"""Rules of those who have margin accounts, and of strangers who touch them."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.invariants import draws
from tests.invariants.operations import (
    Batch,
    Borrow,
    Deposit,
    DepositNative,
    Liquidate,
    Operation,
    Repay,
    Swap,
    Transfer,
    Withdraw,
    WithdrawNative,
)
from tests.invariants.ratios import counted
from tests.invariants.state import State
from tests.invariants.world import ANYTHING, SETTLEMENT, WAD

call_seeds = st.lists(
    st.tuples(st.integers(0, 9), draws.asset, draws.borrowable, draws.thousandths, draws.pick),
    min_size=2,
    max_size=6,
)


class Traders(State):
    """Deposits, withdrawals, borrowing, trading, batches; owners, operators, strangers."""

    # The start

    @initialize(
        seeds=st.lists(
            st.tuples(
                *(draws.collateral, st.sampled_from((None, None, 0, 1, 3)), draws.borrowable),
                *(st.integers(600, 1_000), st.integers(1, 60)),
            ),
            min_size=6,
            max_size=6,
        )
    )
    def begin(self, seeds: list[tuple[int, int | None, int, int, int]]) -> None:
        """Everybody has an account with some leverage, some a hedge or settlement tokens beside it."""
        for account, seed in zip(self.world.trader_accounts, seeds, strict=True):
            held, beside, owed, part, thousands = seed
            self._deposit(account, held, 1_000 * thousands)
            if beside is not None and beside != held:
                self._deposit(account, beside, 300 * thousands)
            if owed in (held, beside):
                owed = next(asset for asset in (0, 1, 3) if asset not in (held, beside))
            self._borrow(account, owed, part)
        self.mine()
        self.refresh()

    # Alone

    @rule(who=draws.trader_account, asset=draws.asset, usd=draws.dollars)
    @counted
    def deposit(self, who: int, asset: int, usd: int) -> bool:
        return self._deposit(self.world.trader_accounts[who], asset, usd)

    @rule(who=draws.trader_account, usd=draws.dollars)
    @counted
    def deposit_native(self, who: int, usd: int) -> bool:
        account = self.world.trader_accounts[who]
        amount = max(self.units(self.world.id("WETH"), usd), 1)
        return self.send(self.world.owner_of[account], DepositNative(account, amount))

    @precondition(lambda self: any(self.held(a) for a in self.world.trader_accounts))
    @rule(pick=draws.pick, which=draws.pick, part=draws.thousandths, native=draws.coin)
    @counted
    def withdraw(self, pick: int, which: int, part: int, native: bool) -> bool:
        account = self._pick([a for a in self.world.trader_accounts if self.held(a)], pick)
        asset = self._pick(self.held(account), which)
        amount = self._withdrawable(account, asset, part)
        owner = self.world.owner_of[account]
        if native and asset == self.world.id("WETH") and amount != ANYTHING:
            return self.send(owner, WithdrawNative(account, asset, amount, owner))
        return self.send(owner, Withdraw(account, asset, amount, owner), batch=native)

    @precondition(lambda self: any(self.held(a) for a in self.world.trader_accounts))
    @rule(pick=draws.pick, asset=draws.borrowable, part=draws.thousandths)
    @counted
    def borrow(self, pick: int, asset: int, part: int) -> bool:
        accounts = [a for a in self.world.trader_accounts if self.held(a)]
        return self._borrow(self._pick(accounts, pick), asset, part)

    @precondition(lambda self: any(self.owed(a) for a in self.world.trader_accounts))
    @rule(
        pick=draws.pick, which=draws.pick, part=st.integers(1, 1_300), stranger=draws.coin, batch=draws.coin
    )
    @counted
    def repay(self, pick: int, which: int, part: int, stranger: bool, batch: bool) -> bool:
        """EXIT-1: it works in every state, for anybody."""
        account = self._pick([a for a in self.world.trader_accounts if self.owed(a)], pick)
        asset = self._pick(self.owed(account), which)
        debt = -self.ledger.amount(asset, self.ledger.raw[account][asset])
        sender = self.world.stranger if stranger else self.world.owner_of[account]
        done = self.send(sender, Repay(account, asset, max(debt * part // 1_000, 1)), batch=batch)
        assert done, "EXIT-1"
        return done

    @precondition(lambda self: any(self.held(a) for a in self.world.trader_accounts))
    @rule(pick=draws.pick, which=draws.pick, usd=draws.dollars)
    @counted
    def stranger_adds(self, pick: int, which: int, usd: int) -> bool:
        account = self._pick([a for a in self.world.trader_accounts if self.held(a)], pick)
        asset = self._pick(self.held(account), which)
        return self.send(self.world.stranger, Deposit(account, asset, max(self.units(asset, usd), 1)))

    @precondition(lambda self: any(self.held(a) for a in self.world.trader_accounts))
    @rule(pick=draws.pick, which=draws.pick, receiver=draws.trader_account, part=draws.thousandths)
    @counted
    def transfer(self, pick: int, which: int, receiver: int, part: int) -> bool:
        account = self._pick([a for a in self.world.trader_accounts if self.held(a)], pick)
        asset, owner = self._pick(self.held(account), which), self.world.owner_of[account]
        others = [a for a in self.world.trader_accounts if a != account]
        if receiver:  # nobody is given what he has not got already
            others = [a for a in others if owner == self.world.owner_of[a] or self.ledger.raw[a].get(asset)]
        amount = min(self._withdrawable(account, asset, part), self.ledger.raw[account][asset])
        return self.send(owner, Transfer(account, self._pick(others, receiver), asset, amount))

    # Trading

    @precondition(lambda self: any(self.held(a) for a in self.world.trader_accounts))
    @rule(
        pick=draws.pick,
        which=draws.pick,
        bought=draws.asset,
        part=draws.thousandths,
        loss=st.integers(-5, 15),
        exact_out=draws.coin,
    )
    @counted
    def swap(self, pick: int, which: int, bought: int, part: int, loss: int, exact_out: bool) -> bool:
        account = self._pick([a for a in self.world.trader_accounts if self.held(a)], pick)
        spent = self._pick(self.held(account), which)
        amount = max(self.ledger.raw[account][spent] * part // 1_000, 1)
        operation = self._swap(account, spent, bought, amount, loss, exact_out)
        return operation is not None and self.send(self.world.owner_of[account], operation)

    @rule(
        who=draws.trader_account,
        held=draws.collateral,
        owed=draws.borrowable,
        usd=st.integers(500, 50_000),
        times=st.integers(1, 40),
        loss=st.integers(0, 5),
    )
    @counted
    def lever(self, who: int, held: int, owed: int, usd: int, times: int, loss: int) -> bool:
        """Deposits and buys more on credit, in one batch."""
        account = self.world.trader_accounts[who]
        if owed == held:
            owed = SETTLEMENT
        amount = self.units(owed, usd * times / 10)
        swap = self._swap(account, owed, held, amount, loss, False)
        deposit = Deposit(account, held, max(self.units(held, usd), 1))
        return swap is not None and self.send(self.world.owner_of[account], deposit, swap)

    @precondition(lambda self: any(self.held(a) and self.owed(a) for a in self.world.trader_accounts))
    @rule(
        pick=draws.pick, which=draws.pick, part=draws.thousandths, loss=st.integers(0, 8), pay_out=draws.coin
    )
    @counted
    def unlever(self, pick: int, which: int, part: int, loss: int, pay_out: bool) -> bool:
        """Sells collateral to repay, and may take a little of the rest."""
        accounts = [a for a in self.world.trader_accounts if self.held(a) and self.owed(a)]
        account = self._pick(accounts, pick)
        spent, bought = self._pick(self.held(account), which), self._pick(self.owed(account), which)
        debt = -self.ledger.amount(bought, self.ledger.raw[account][bought])
        amount = min(self.ledger.raw[account][spent], self.units(spent, self.usd(bought, debt) * 1.02))
        amount = max(amount * part // 1_000, 1)
        swap = self._swap(account, spent, bought, amount, loss, False)
        if swap is None:
            return False
        operations: list[Operation] = [swap]
        left = self.ledger.raw[account][spent] - amount
        if pay_out and left > 100:
            operations.append(Withdraw(account, spent, left // 100, self.world.owner_of[account]))
        return self.send(self.world.owner_of[account], *operations, batch=True)

    # Batches

    @rule(owner=st.integers(0, 2), seeds=call_seeds, nested=draws.coin)
    @counted
    def random_batch(self, owner: int, seeds: list[tuple[int, int, int, int, int]], nested: bool) -> bool:
        """Anything after anything, over both accounts of one owner."""
        operations = [op for op in (self._random_call(owner, *seed) for seed in seeds) if op is not None]
        if not operations:
            return False
        if nested and len(operations) > 2:
            operations = [operations[0], Batch(operations[1:])]
        return self.send(self.world.traders[owner], *operations, batch=True)

    def _random_call(
        self, owner: int, kind: int, asset: int, other: int, part: int, pick: int
    ) -> Operation | None:
        account, sibling = self.world.trader_accounts[2 * owner : 2 * owner + 2]
        if pick % 2:
            account, sibling = sibling, account
        to = self.world.traders[owner]
        held, owed = self.held(account), self.owed(account)
        if kind <= 1:
            return Deposit(account, asset, max(self.units(asset, 20 * part), 1))
        if kind == 2 and held:
            asset = self._pick(held, pick)
            return Withdraw(account, asset, max(self.ledger.raw[account][asset] * part // 4_000, 1), to)
        if kind == 3:
            return Borrow(account, other, max(self.units(other, 2 * part), 1), to)
        if kind == 4 and owed:
            asset = self._pick(owed, pick)
            return Repay(account, asset, max(-self.ledger.raw[account][asset] * part // 1_000, 1))
        if kind == 5 and held:
            asset = self._pick(held, pick)
            return Transfer(account, sibling, asset, max(self.ledger.raw[account][asset] * part // 2_000, 1))
        if kind == 6 and held:
            spent = self._pick(held, pick)
            amount = max(self.ledger.raw[account][spent] * part // 2_000, 1)
            return self._swap(account, spent, asset, amount, pick % 4, bool(part % 2))
        if kind == 7 and owed:
            return self._swap(account, other, asset, self.units(other, 3 * part), pick % 4, False)
        if kind == 8:
            unhealthy = [a for a in self.unhealthy() if a != account]
            if unhealthy:
                return Liquidate(self._pick(unhealthy, pick), account, part * WAD // 1_000)
        return None

    # Others

    @precondition(lambda self: any(self.held(a) for a in self.world.trader_accounts))
    @rule(pick=draws.pick, which=draws.pick, part=draws.thousandths, seconds=st.integers(0, 3))
    @counted
    def operator_acts(self, pick: int, which: int, part: int, seconds: int) -> bool:
        """An operator may do what the owner may, until the approval expires."""
        account = self._pick([a for a in self.world.trader_accounts if self.held(a)], pick)
        asset = self._pick(self.held(account), which)
        operator, owner = self.world.takers[0], self.world.owner_of[account]
        self.vault.setOperator(account, operator, self.evm.now + 2, sender=owner)
        if seconds:
            self.evm.warp(seconds)
        self.follow()
        amount = self._withdrawable(account, asset, part)
        done = self.send(operator, Withdraw(account, asset, amount, owner))
        self.vault.setOperator(account, operator, 0, sender=owner)
        self.follow()
        assert not (done and seconds == 3), "an approval that has expired"
        return done

    @precondition(lambda self: any(self.held(a) for a in self.world.trader_accounts))
    @rule(pick=draws.pick, which=draws.pick, kind=st.integers(0, 4), batch=draws.coin)
    @counted
    def stranger_is_refused(self, pick: int, which: int, kind: int, batch: bool) -> bool:
        """Nobody acts for an account but its owner and his operators."""
        account = self._pick([a for a in self.world.trader_accounts if self.held(a)], pick)
        asset = self._pick(self.held(account), which)
        stranger = self.world.stranger
        others = [a for a in self.world.trader_accounts if a != account]
        operation: Operation = (
            Withdraw(account, asset, 1, stranger),
            Borrow(account, SETTLEMENT, 1, stranger),
            Transfer(account, self._pick(others, which), asset, 1),
            Liquidate(self._pick(others, which), account),
            self._swap(account, asset, SETTLEMENT if asset else 1, self.units(asset, 50), 0, False)
            or Withdraw(account, asset, 1, stranger),
        )[kind]
        with self.evm.reverts("Vault_NotAuthorised"):
            if batch:
                self.vault.execute([operation.encode(self)], sender=stranger)
            else:
                getattr(self.vault, operation.function)(*operation.arguments(self), sender=stranger)
        self.follow()
        return True

    # Helpers

    def _deposit(self, account: bytes, asset: int, usd: int) -> bool:
        amount = max(self.units(asset, usd), 1)
        return self.send(self.world.owner_of[account], Deposit(account, asset, amount))

    def _borrow(self, account: bytes, asset: int, part: int) -> bool:
        """Part of what the account's free equity allows."""
        usd = max(self.free(account), 0) * part / 1_000 / 1.22
        amount = max(self.units(asset, usd), 1)
        owner = self.world.owner_of[account]
        return self.send(owner, Borrow(account, asset, amount, owner))

    def _withdrawable(self, account: bytes, asset: int, part: int) -> int:
        held = self.ledger.raw[account][asset]
        if self.owed(account):
            held = min(held, self.units(asset, max(self.free(account), 0)))
        elif part > 900:
            return ANYTHING
        return max(held * part // 1_000, 1)

    def _swap(
        self, account: bytes, spent: int, bought: int, amount: int, loss: int, exact_out: bool
    ) -> Swap | None:
        """A swap at the true price less `loss` thousandths; None where a unit is worth too little."""
        if bought == spent:
            bought = SETTLEMENT if spent else 1
        one_unit = self.usd(bought, 1)
        price = int(self.usd(spent, WAD) / one_unit * (1_000 - loss) / 1_000)
        out = amount * price // WAD
        if amount <= 0 or price == 0 or out == 0:
            return None
        tokens = self.world.tokens
        self.world.system.adapter.setPrice(tokens[spent], tokens[bought], price)
        self.quotes[spent, bought] = price
        self.follow()
        if exact_out:
            return Swap(account, spent, bought, True, out, amount)
        return Swap(account, spent, bought, False, amount, out * 99 // 100)
