"""Rules of liquidators, and of anybody who meets a shortfall."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from scripts.model import liquidation as model
from tests.helpers.evm import Reverted
from tests.invariants import draws
from tests.invariants.ledger import div_up
from tests.invariants.operations import Deposit, Liquidate, Operation, Swap, Withdraw
from tests.invariants.ratios import counted
from tests.invariants.state import FRESH, MAINTENANCE
from tests.invariants.traders import Traders
from tests.invariants.world import ANYTHING, SETTLEMENT, WAD

fractions = st.one_of(
    st.just(WAD), st.integers(1, 1_000).map(lambda n: n * WAD // 1_000), st.integers(1, WAD)
)


class Takers(Traders):
    """Takeovers of every size and shape, flags, write-offs, sales of salvage."""

    @precondition(lambda self: self.unhealthy())
    @rule(
        pick=draws.pick,
        taker=draws.taker,
        fraction=fractions,
        excluded=st.integers(0, 63),
        fresh_block=draws.coin,
    )
    @counted
    def liquidate(self, pick: int, taker: int, fraction: int, excluded: int, fresh_block: bool) -> bool:
        account = self._pick(self.unhealthy(), pick)
        if fresh_block:
            self.mine()
        left = tuple(a for a in range(6) if excluded >> a & 1) if excluded < 16 else ()
        into = self.world.taker_accounts[2 * taker]
        return self.send(self.world.takers[taker], Liquidate(account, into, fraction, left))

    @precondition(lambda self: self.unhealthy())
    @rule(pick=draws.pick, taker=draws.taker, fraction=fractions, loss=st.integers(0, 3))
    @counted
    def take_over_without_capital(self, pick: int, taker: int, fraction: int, loss: int) -> bool:
        """Takes over, sells all that came, pays with it and keeps the profit, in one batch."""
        self.mine()
        unhealthy = self.unhealthy()
        if not unhealthy:
            return False
        account = self._pick(unhealthy, pick)
        into = self.world.taker_accounts[2 * taker + 1]
        weighed = self.weigh(self.ledger.holdings(self.ledger.raw[account]))
        try:
            plan = self.plan(weighed, account, self.domain(), fraction)
        except model.Refused:
            return False
        operations: list[Operation] = [Liquidate(account, into, fraction)]
        for (asset, _), moved in zip(weighed.holdings, plan.moved, strict=True):
            if moved > 0 and asset != SETTLEMENT:
                # On a chain where time passes a little less may have moved.
                swap = self._swap(into, asset, SETTLEMENT, moved * 9_999 // 10_000, loss, False)
                if swap is not None:
                    operations.append(swap)
            elif moved < 0 and asset != SETTLEMENT:
                operations += self._buy(into, asset, div_up(-moved * 10_001, 10_000), loss)
        return self.send(self.world.takers[taker], *operations, batch=True)

    def _buy(self, account: bytes, asset: int, amount: int, loss: int) -> list[Operation]:
        spend = self.units(SETTLEMENT, self.usd(asset, amount) * (1 + (loss + 1) / 1_000)) + 1
        swap = self._swap(account, SETTLEMENT, asset, spend, loss, False)
        if swap is None:
            return []
        return [Swap(account, SETTLEMENT, asset, True, amount, spend)]

    @precondition(lambda self: self.unhealthy())
    @rule(pick=draws.pick, fraction=fractions, usd=draws.dollars)
    @counted
    def take_over_oneself(self, pick: int, fraction: int, usd: int) -> bool:
        """An owner takes over his own account into the other, which he fills in the same batch."""
        self.mine()
        unhealthy = [a for a in self.unhealthy() if a in self.world.trader_accounts]
        if not unhealthy:
            return False
        account = self._pick(unhealthy, pick)
        position = self.world.trader_accounts.index(account)
        into = self.world.trader_accounts[position ^ 1]
        deposit = Deposit(into, SETTLEMENT, self.units(SETTLEMENT, usd + 20_000))
        return self.send(self.world.owner_of[account], deposit, Liquidate(account, into, fraction))

    @rule(pick=draws.pick, taker=draws.taker, fraction=fractions, shape=st.integers(0, 2))
    @counted
    def healthy_is_refused(self, pick: int, taker: int, fraction: int, shape: int) -> bool:
        """LIQ-3: whoever calls, in whatever batch."""
        healthy = [a for a in self.world.trader_accounts if not self.may_be_taken(a)]
        if not healthy:
            return False
        account = self._pick(healthy, pick)
        into = self.world.taker_accounts[2 * taker]
        takeover = Liquidate(account, into, fraction)
        before: list[Operation] = [Deposit(into, SETTLEMENT, 10**9)] if shape else []
        after: list[Operation] = (
            [Withdraw(into, SETTLEMENT, 10**9, self.world.takers[taker])] if shape else []
        )
        if shape == 2 and self.held(account):
            before.append(Deposit(account, self.held(account)[0], 1))
        calls = [operation.encode(self) for operation in (*before, takeover, *after)]
        try:
            self.vault.execute(calls, sender=self.world.takers[taker])
        except Reverted as error:
            self.follow()
            self.ratios.refuse(error.name)
            return error.name == "LiquidationEngine_Healthy"
        raise AssertionError("LIQ-3: a healthy account was taken over")

    # Shortfalls

    def insolvent(self) -> list[bytes]:
        """Accounts whose equity at the favourable edges is below zero."""
        return [
            account
            for account in self.unhealthy()
            if self.assess(self.ledger.raw[account], MAINTENANCE).favourable < 0
        ]

    def flagged(self) -> list[bytes]:
        """Accounts that are flagged."""
        return [a for a in self.world.debtors if self.world.liquidation.isFlagged(a)]

    @precondition(lambda self: self.insolvent())
    @rule(pick=draws.pick)
    @counted
    def flag(self, pick: int) -> bool:
        """LIQ-5: anybody, at once, without capital."""
        account = self._pick(self.insolvent(), pick)
        tx = self.attempt(self.world.liquidation.flag, account, sender=self.world.stranger)
        assert tx is not None, "LIQ-5"
        self._flag(account)
        return True

    def _flag(self, account: bytes) -> None:
        """The shortfall at the exchange price: the backstop's part, after a taker's premium, is what it has;
        the rest is the pools', by the value of their debts. While prices are not fresh a flag only rises."""
        weighed = self.weigh(self.ledger.holdings(self.ledger.raw[account]))
        shortfall = max(-weighed.assessment.equity, 0)
        price = self.subject(weighed, account).settlement_price(taker_pays=False)
        rises = weighed.assessment.status != FRESH
        cover = self.cover(account)
        premium = min(price.tokens_down(weighed.base * self.domain().premium_min // WAD), cover)
        part = min(price.tokens_up(shortfall), cover - premium)
        least = self.stake_flags.get(account, 0) if rises else 0
        self.stake_flags[account] = max(premium + part, least)
        assert self.world.backstop.flaggedOf(account) == self.stake_flags[account], "LIQ-5"
        left = max(shortfall - part * price.value // price.amount, 0)
        losses = sum(-value for value, _ in weighed.weights if value < 0)
        amounts = dict.fromkeys(self.ledger.pools, 0)
        for (asset, amount), (value, _) in zip(weighed.holdings, weighed.weights, strict=True):
            if amount < 0:
                flags = self.ledger.pools[asset].domains[self.ledger.domain].flags
                least = flags.get(account, 0) if rises else 0
                loss = div_up(left * -amount, losses) if value else 0
                amounts[asset] = min(max(loss, least), -amount)
        for asset, pool in self.ledger.pools.items():
            pool.flag(self.ledger.domain, account, amounts[asset])

    @precondition(lambda self: self.flagged())
    @rule(pick=draws.pick, recovered=draws.coin)
    @counted
    def unflag(self, pick: int, recovered: bool) -> bool:
        """Only once the account is solvent, at its worst edge while prices are not fresh."""
        flagged = [a for a in self.flagged() if self.held(a)] or self.flagged()
        account = self._pick(flagged, pick)
        if recovered:
            self.truth |= self.base_price
            self.recover()
            missing = -self.assess(self.ledger.raw[account], MAINTENANCE).worst / WAD
            if missing > 0 and self.held(account):  # somebody makes it whole
                asset = self.held(account)[0]
                self.send(self.world.stranger, Deposit(account, asset, self.units(asset, 1.1 * missing)))
        if self.attempt(self.world.liquidation.unflag, account, sender=self.world.stranger) is None:
            return False
        judged = self.assess(self.ledger.raw[account], MAINTENANCE)
        if self.ledger.holdings(self.ledger.raw[account]):
            edge = judged.favourable if judged.status == FRESH else judged.worst
            assert edge >= 0, "LIQ-5"
        self.clear_flags(account)
        return True

    @rule(which=draws.taker, asset=st.sampled_from((0, 0, 0, 0, 1, 2)), usd=st.integers(200, 30_000))
    @counted
    def lose_everything(self, which: int, asset: int, usd: int) -> bool:
        """Somebody borrows on a position that comes to nothing: an account with nothing but debt."""
        account = self.world.gambler_accounts[which]
        owner = self.world.traders[0]
        if self.ledger.holdings(self.ledger.raw[account]):
            return False
        self._hold(account, usd * 10 * WAD, True)
        amount = self.units(asset, usd)
        tx = self.attempt(self.vault.borrow, account, self.world.tokens[asset], amount, owner, sender=owner)
        if tx is not None:
            self.note_borrowing(asset, self.ledger.send(account, asset, amount))
            self.ledger.finish()
        self._hold(account, 0, False)
        return tx is not None

    def _hold(self, account: bytes, value: int, held: bool) -> None:
        puppet, position = self.world.puppet, (value, 0, FRESH)
        puppet.setPosition(account, position, position)
        puppet.run([(self.vault, self.vault.setHeld.encode(account, held))])
        self.follow()

    @precondition(lambda self: any(self.owed(a) for a in self.world.gambler_accounts))
    @rule(which=draws.taker)
    @counted
    def write_off(self, which: int) -> bool:
        """LIQ-5: who holds nothing but debt needs no taker."""
        account = self._pick([a for a in self.world.gambler_accounts if self.owed(a)], which)
        if self.held(account):
            return False
        cover = self.cover(account)
        if self.attempt(self.world.liquidation.writeOff, account, sender=self.world.stranger) is None:
            return False
        settlement = -self.ledger.amount(SETTLEMENT, self.ledger.raw[account].get(SETTLEMENT, 0))
        self.ledger.pay(self.ledger.backstop, account, min(max(settlement, 0), cover))
        self.ledger.finish()
        for asset in self.owed(account):
            self.ledger.write_off(account, asset, -self.ledger.amount(asset, self.ledger.raw[account][asset]))
            self.written_off.add(asset)
        self.ledger.finish()
        self.clear_flags(account)
        assert not self.ledger.holdings(self.ledger.raw[account])
        return True

    @precondition(lambda self: any(self.held(self.ledger.backstop)))
    @rule(which=draws.pick, part=draws.thousandths)
    @counted
    def sell_salvage(self, which: int, part: int) -> bool:
        """The backstop sells what it holds beside the settlement asset, below the oracle's price but never
        for nothing."""
        others = [a for a in self.held(self.ledger.backstop) if a != SETTLEMENT]
        asset = self._pick(others, which)
        amount = max(self.ledger.raw[self.ledger.backstop][asset] * part // 1_000, 1)
        tx = self.attempt(
            self.world.backstop.sell, self.world.tokens[asset], amount, ANYTHING, sender=self.world.takers[0]
        )
        if tx is None:
            return False
        (sold,) = tx.events("Sold", self.world.backstop)
        self.ledger.receive(self.ledger.backstop, SETTLEMENT, sold["paid"])
        self.ledger.send(self.ledger.backstop, asset, amount)
        self.ledger.finish()
        value, *_ = self.risk.valueOf(asset, amount)
        paid, *_ = self.risk.valueOf(SETTLEMENT, sold["paid"])
        assert paid * 100 >= value * 98, "ROUND-1"
        return True
