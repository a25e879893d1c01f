"""Rules of lenders, stakers and flash borrowers."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.invariants import draws
from tests.invariants.ratios import counted
from tests.invariants.state import State
from tests.invariants.world import FLASH_FEE, SETTLEMENT, WAD

VIRTUAL_SHARES = 10**6


class Lenders(State):
    """The pools' shares, the backstop's shares, flash loans, donations."""

    @rule(who=draws.person, asset=draws.borrowable, usd=draws.dollars)
    @counted
    def lend(self, who: int, asset: int, usd: int) -> bool:
        amount, lender = max(self.units(asset, usd), 1), self.world.lenders[who]
        tx = self.attempt(self.world.pools[asset].deposit, amount, lender, sender=lender)
        if tx is None:
            return False
        reference = self.ledger.pools[asset]
        reference.deposit(amount)
        reference.settle()
        return True

    @precondition(
        lambda self: any(pool.balanceOf(p) for pool in self.world.pools.values() for p in self.world.lenders)
    )
    @rule(pick=draws.pick, part=draws.thousandths)
    @counted
    def stop_lending(self, pick: int, part: int) -> bool:
        """LIQ-5: at the price net of what is flagged."""
        positions = [
            (asset, lender, pool.balanceOf(lender))
            for asset, pool in self.world.pools.items()
            for lender in self.world.lenders
            if pool.balanceOf(lender)
        ]
        asset, lender, shares = positions[pick % len(positions)]
        shares = max(shares * part // 1_000, 1)
        if self.attempt(self.world.pools[asset].redeem, shares, lender, lender, sender=lender) is None:
            return False
        reference = self.ledger.pools[asset]
        price = reference.exit_price()
        reference.redeem(shares)
        reference.settle()
        assert reference.exit_price() >= price, "LIQ-5"
        return True

    @rule(asset=draws.borrowable)
    @counted
    def accrue(self, asset: int) -> bool:
        self.world.pools[asset].accrue()
        self.follow()
        self.ledger.pools[asset].settle()
        return True

    @rule(asset=draws.borrowable)
    @counted
    def collect(self, asset: int) -> bool:
        """The reserve goes to the backstop's account."""
        tx = self.attempt(self.world.backstop.collect, self.world.pools[asset], sender=self.world.stranger)
        if tx is None:
            return False
        reference = self.ledger.pools[asset]
        amount = reference.collect_reserve()
        reference.settle()
        if amount:
            self.ledger.receive(self.ledger.backstop, asset, amount)
            self.ledger.finish()
        return amount > 0

    @rule(asset=draws.borrowable, part=draws.thousandths)
    @counted
    def flash_loan(self, asset: int, part: int) -> bool:
        """The lenders get the fee; during the loan the pool refuses every operation and every price."""
        pool, receiver = self.world.pools[asset], self.world.flash
        reference = self.ledger.pools[asset]
        amount = reference.cash * part // 10_000
        inside = [pool.accrue.encode(), pool.debtIndexNow.encode(), pool.totalAssets.encode()]
        receiver.setAttempts([(pool, data) for data in inside])
        tx = self.attempt(pool.flashLoan, receiver, self.world.tokens[asset], amount, b"")
        if tx is None:
            return False
        assert not any(receiver.attemptSucceeded(number) for number in range(len(inside)))
        reference.cash += -(-amount * FLASH_FEE // WAD)
        reference.settle()
        return True

    # Stakers

    def stake_worth(self) -> int:
        """Settlement tokens that who joins pays for: those of the fund, and for what it has not sold yet."""
        held = self.ledger.raw[self.ledger.backstop]
        assets = value = 0
        for listing in self.world.listings:
            amount = max(held.get(listing.id, 0), 0)
            if listing.id in self.world.pools:
                amount += listing.pool.reserve()
            if listing.id == SETTLEMENT:
                assets += amount
            elif amount:
                value += self.world.risk.valueOf(listing.id, amount)[2]
        if value:
            assets += -(-value * 10**33 // self.world.risk.valueOf(SETTLEMENT, 10**33)[1])
        return assets

    @rule(who=draws.person, usd=draws.dollars)
    @counted
    def stake(self, who: int, usd: int) -> bool:
        staker, amount = self.world.stakers[who], self.units(SETTLEMENT, usd)
        before = self.world.backstop.totalSupply()
        if self.attempt(self.world.backstop.deposit, amount, staker, sender=staker) is None:
            return False
        # As it stands after the deposit's block: reserves grow by the second.
        shares = amount * (before + VIRTUAL_SHARES) // (self.stake_worth() + 1)
        assert self.world.backstop.totalSupply() - before == shares, "ROUND-1"
        self.ledger.receive(self.ledger.backstop, SETTLEMENT, amount)
        self.ledger.finish()
        return True

    @precondition(lambda self: any(self.world.backstop.balanceOf(s) for s in self.world.stakers))
    @rule(pick=draws.pick, part=draws.thousandths)
    @counted
    def request_exit(self, pick: int, part: int) -> bool:
        staker = self._a_staker(pick)
        shares = max(self.world.backstop.balanceOf(staker) * part // 1_000, 1)
        return self.attempt(self.world.backstop.requestExit, shares, sender=staker) is not None

    @precondition(lambda self: any(self.world.backstop.balanceOf(s) for s in self.world.stakers))
    @rule(pick=draws.pick, patient=st.integers(0, 3))
    @counted
    def stop_staking(self, pick: int, patient: int) -> bool:
        """Within the window, at the price net of flagged shortfalls; not a second earlier."""
        backstop, staker = self.world.backstop, self._a_staker(pick)
        shares, opens, closes = backstop.exitOf(staker)
        if not shares or closes < self.evm.now:
            backstop.requestExit(max(backstop.balanceOf(staker) // 3, 1), sender=staker)
            shares, opens, closes = backstop.exitOf(staker)
        if patient and self.evm.now < opens:
            self.warp(opens - self.evm.now)
        shares = min(shares, backstop.balanceOf(staker))
        assets = backstop.previewRedeem(shares)
        tx = self.attempt(backstop.redeem, shares, staker, staker, sender=staker)
        if tx is None:
            return False
        assert opens <= self.evm.now <= closes
        (left,) = tx.events("Withdraw", backstop)
        assert left["assets"] == assets
        free = max(self.ledger.raw[self.ledger.backstop].get(SETTLEMENT, 0) - backstop.flagged(), 0)
        assert assets <= free, "LIQ-5"
        if assets:
            self.ledger.send(self.ledger.backstop, SETTLEMENT, assets)
            self.ledger.finish()
        return True

    def _a_staker(self, pick: int) -> str:
        stakers = [s for s in self.world.stakers if self.world.backstop.balanceOf(s)]
        return stakers[pick % len(stakers)]

    # Donations

    @rule(asset=draws.asset, to_pool=draws.coin, usd=draws.dollars)
    @counted
    def donate(self, asset: int, to_pool: bool, usd: int) -> bool:
        """Tokens sent without a word change nothing."""
        if to_pool and asset not in self.world.pools:
            return False
        target = self.world.pools[asset] if to_pool else self.vault
        amount = max(self.units(asset, usd), 1)
        if (
            self.attempt(self.world.tokens[asset].transfer, target, amount, sender=self.world.stranger)
            is None
        ):
            return False
        key = (asset, target.address)
        self.donated[key] = self.donated.get(key, 0) + amount
        return True
