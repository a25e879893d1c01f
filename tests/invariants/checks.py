"""Promises that are tried out at whatever state a sequence has reached, and undone: rules that change
nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from scripts.model import liquidation as model
from tests.helpers.evm import Reverted
from tests.invariants import draws
from tests.invariants.ledger import unpack
from tests.invariants.ratios import counted
from tests.invariants.state import INITIAL, MAINTENANCE
from tests.invariants.takers import Takers
from tests.invariants.world import ANYTHING, SETTLEMENT, TO_WAD, WAD

DIVERGENCE_TIMEOUT = 300
CAPITAL = 10**12  # settlement tokens, a million dollars
steps = st.lists(st.tuples(st.integers(0, 5), draws.borrowable, draws.thousandths), min_size=3, max_size=8)


class Checks(Takers):
    """ROUND-1, EXIT-1, LIQ-2, LIQ-4, LIQ-5 and ORA-1 by trial."""

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Nothing that happens in the body stays."""
        try:
            with self.evm.isolation():
                yield
        finally:
            self.follow()

    def wealth(self, person: str, accounts: list[bytes]) -> list[int]:
        """Everything a person has, by asset: tokens, balances, lent tokens at the price of leaving."""
        held = []
        for asset, token in enumerate(self.world.tokens):
            total = token.balanceOf(person) + sum(self.vault.balanceOf(a, token) for a in accounts)
            if asset in self.world.pools:
                pool = self.world.pools[asset]
                total += pool.convertToAssets(pool.balanceOf(person))
            held.append(total)
        return held

    @rule(owner=st.integers(0, 2), seeds=steps, batch=draws.coin)
    @counted
    def round_trips_win_nothing(self, owner: int, seeds: list[tuple[int, int, int]], batch: bool) -> bool:
        """ROUND-1: deposits, withdrawals, borrowing, repaying and lending at the same prices; no asset
        becomes more."""
        person = self.world.traders[owner]
        accounts = [a for a in self.world.accounts if self.world.owner_of.get(a) == person]
        account, done = self.world.trader_accounts[2 * owner], 0
        with self.trial():
            for pool in self.world.pools.values():
                pool.accrue()
            before = self.wealth(person, accounts)
            started = self.evm.now
            for kind, asset, part in seeds:
                done += self._round_trip_step(person, account, kind, asset, part)
            after = self.wealth(person, accounts)
            if self.evm.now != started:  # on a chain time passes, and lent tokens earn
                return done > 1
        for asset, (had, has) in enumerate(zip(before, after, strict=True)):
            assert has <= had, f"ROUND-1: {self.world.symbols[asset]} became {has - had} more"
        return done > 1

    def _round_trip_step(self, person: str, account: bytes, kind: int, asset: int, part: int) -> bool:
        token, pool, vault = self.world.tokens[asset], self.world.pools[asset], self.vault
        balance = vault.balanceOf(account, token)
        odd = max(self.units(asset, part) // 7, 1)
        try:
            if kind == 0:
                vault.deposit(account, token, odd, sender=person)
            elif kind == 1:
                vault.withdraw(account, token, max(abs(balance) * part // 1_000, 1), person, sender=person)
            elif kind == 2:
                vault.borrow(account, token, odd, person, sender=person)
            elif kind == 3:
                vault.repay(account, token, max(abs(balance) * part // 900, 1), sender=person)
            elif kind == 4:
                token.approve(pool, ANYTHING, sender=person)
                pool.deposit(odd, person, sender=person)
            else:
                pool.redeem(pool.balanceOf(person) * part // 1_000, person, person, sender=person)
        except Reverted:
            return False
        return True

    @rule(which=draws.trader_account, part=draws.thousandths)
    @counted
    def the_way_out_is_open(self, which: int, part: int) -> bool:
        """EXIT-1: paused or not, fresh, stale, diverged or dead: repay, add, reduce, leave."""
        world, account = self.world, self.world.trader_accounts[which]
        owner, stranger = world.owner_of[account], world.stranger
        tokens, vault = world.tokens, self.vault
        held, owed = self.held(account), self.owed(account)
        with self.trial():
            for asset in owed:
                vault.repay(
                    account,
                    tokens[asset],
                    max(-self.ledger.raw[account][asset] * part // 2_000, 1),
                    sender=stranger,
                )
            for asset in held:
                below_cap = vault.assetInfo(tokens[asset])[2] < vault.assetInfo(tokens[asset])[3] - 1_000
                if owed or below_cap:  # at its cap an asset is welcome only where it answers for debt
                    vault.deposit(account, tokens[asset], max(part, 1), sender=stranger)
            if owed and held:
                self._reduce(account, owed[0], held[0], part)
            for asset in owed:
                vault.repay(account, tokens[asset], ANYTHING, sender=owner)
            for asset in held:
                vault.withdraw(account, tokens[asset], ANYTHING, owner, sender=owner)
            assert vault.holdings(account)[0] == [], "EXIT-1"
        return bool(held or owed)

    def _reduce(self, account: bytes, owed: int, held: int, part: int) -> None:
        """Repays a part and takes out a third of that in one batch, by prices that favour neither: less
        risk."""
        balances = self._now(account)
        judged = [self.assess(balances, requirement) for requirement in (INITIAL, MAINTENANCE)]
        if min(judgement.worst for judgement in judged) < 0:
            return
        owner, tokens = self.world.owner_of[account], self.world.tokens
        repaid = -balances[owed] * part // 1_000
        _, least, _, _ = self.risk.valueOf(owed, repaid)
        _, _, most, _ = self.risk.valueOf(held, balances[held])
        if least < WAD or most == 0:
            return
        out = min(balances[held] * least // (3 * most), balances[held] * part // 3_000)
        if out == 0:
            return
        calls = [
            self.vault.repay.encode(account, tokens[owed], repaid),
            self.vault.withdraw.encode(account, tokens[held], out, owner),
        ]
        self.vault.execute(calls, sender=owner)

    def _now(self, account: bytes) -> dict[int, int]:
        """Raw balances of an account within a trial."""
        result = {}
        for word in self.vault.holdings(account)[0]:
            asset, amount = unpack(word)
            index = self.ledger.pools[asset].index if asset in self.ledger.pools else WAD
            result[asset] = amount if amount > 0 else -(-amount * WAD // index)
        return result

    # Takeovers

    def earned(self, account: bytes, into: bytes, taker: str, fraction: int) -> tuple[int, int, list[int]]:
        """Takes over; returns the fraction, and what `into` gained in value and by asset."""
        tokens = self.world.tokens
        before = [self.vault.balanceOf(into, token) for token in tokens]
        fraction, _ = self.vault.liquidate(account, into, fraction, 0, 0, 2**255 - 1, sender=taker).value
        change = [self.vault.balanceOf(into, t) - b for t, b in zip(tokens, before, strict=True)]
        values = self.risk.weigh(bytes(32), [a << 248 | 10**24 for a in range(len(tokens))], [], 0)[1]
        return fraction, sum(c * v[0] for c, v in zip(change, values, strict=True)) // 10**24, change

    @precondition(lambda self: self.unhealthy() and not self.lies)
    @rule(pick=draws.pick, first=st.integers(1, 12), second=st.integers(1, 12))
    @counted
    def steps_pay_no_more_than_one(self, pick: int, first: int, second: int) -> bool:
        """LIQ-2: the same fraction at once and in two steps, at the same prices."""
        taker, into = self.world.takers[0], self.world.taker_accounts[0]
        account = self._pick(self.unhealthy(), pick)
        self.mine()
        started = self.evm.now
        try:
            weighed = self.weigh(self.ledger.holdings(self.ledger.raw[account]))
            most = self.plan(weighed, account, self.domain()).fraction
        except model.Refused as error:
            self.ratios.refuse(str(error))
            return False
        one, two = most * first // 25, most * second // 25
        both = WAD - (WAD - one) * (WAD - two) // WAD
        try:
            with self.trial():
                at_once = self.earned(account, into, taker, both)
            with self.trial():
                in_steps = [self.earned(account, into, taker, one), self.earned(account, into, taker, two)]
        except Reverted as error:
            self.ratios.refuse(error.name)
            return False
        if at_once[0] != both or in_steps[0][0] != one or in_steps[1][0] != two:
            self.ratios.refuse("clamped")
            return False
        # A unit more or less of each asset brings its premium, and on a chain a second its interest.
        tolerance = sum(self.usd(asset, 3) for asset in range(5)) * WAD + 1_000
        tolerance += 0 if self.evm.now == started else at_once[1] // 100
        assert in_steps[0][1] + in_steps[1][1] <= at_once[1] + tolerance, "LIQ-2"
        return True

    @precondition(lambda self: any(a in self.world.trader_accounts for a in self.unhealthy()))
    @rule(pick=draws.pick, fraction=st.integers(1, 1_000))
    @counted
    def taking_over_oneself_gains_nothing(self, pick: int, fraction: int) -> bool:
        """LIQ-4: over both accounts of an owner no asset becomes more, while his account can pay the
        smallest premium."""
        account = self._pick([a for a in self.unhealthy() if a in self.world.trader_accounts], pick)
        into = self.world.trader_accounts[self.world.trader_accounts.index(account) ^ 1]
        owner, tokens = self.world.owner_of[account], self.world.tokens
        self.mine()
        weighed = self.weigh(self.ledger.holdings(self.ledger.raw[account]))
        equity = weighed.assessment.equity
        with self.trial():
            try:
                self._capital(into)
                before = [sum(self.vault.balanceOf(a, t) for a in (account, into)) for t in tokens]
                self.vault.liquidate(account, into, fraction * WAD // 1_000, 0, 0, 2**255 - 1, sender=owner)
            except Reverted as error:
                self.ratios.refuse(error.name)
                return False
            after = [sum(self.vault.balanceOf(a, t) for a in (account, into)) for t in tokens]
        if equity < 0 or equity * WAD < self.domain().premium_min * weighed.base:
            self.ratios.refuse("below the smallest premium")
            return False
        # Two debts of one owner, each rounded up, may become a unit less by moving principal between them.
        for had, has in zip(before, after, strict=True):
            assert has <= had + 1, f"LIQ-4: {has - had} more"
        return True

    def _capital(self, account: bytes) -> None:
        owner, token = self.world.owner_of[account], self.world.tokens[SETTLEMENT]
        token.mint(owner, CAPITAL)
        token.approve(self.vault, ANYTHING, sender=owner)
        self.vault.deposit(account, token, CAPITAL, sender=owner)

    @precondition(lambda self: self.insolvent())
    @rule(pick=draws.pick)
    @counted
    def nobody_exits_ahead_of_a_flag(self, pick: int) -> bool:
        """LIQ-5: leaving after the flag brings no more than leaving after the loss."""
        account, taker = self._pick(self.insolvent(), pick), self.world.takers[0]
        into = self.world.taker_accounts[0]
        self.mine()
        with self.trial():
            try:
                self.world.liquidation.flag(account, sender=self.world.stranger)
                flagged, started = self._exit_values(), self.evm.now
                self._capital(into)
                self.vault.liquidate(account, into, WAD, 0, 0, 2**255 - 1, sender=taker)
                resolved = self._exit_values()
            except Reverted:
                return False
            if self.evm.now != started:
                return True
        for number, (before, after) in enumerate(zip(flagged, resolved, strict=True)):
            assert before <= after + 2, f"LIQ-5: {before} before and {after} after, {number}"
        return True

    def _exit_values(self) -> list[int]:
        """What all shares of the backstop and of each pool would bring to those who leave."""
        funds = [self.world.backstop, *self.world.pools.values()]
        return [fund.convertToAssets(fund.totalSupply()) for fund in funds]

    # Lies

    @precondition(lambda self: self.unhealthy() and not self.lies and not self.silent and not self.dead)
    @rule(pick=draws.pick, underlying=st.integers(0, 1), percent=st.sampled_from((-60, -25, 25, 60)))
    @counted
    def a_lie_delays_by_the_timeout(self, pick: int, underlying: int, percent: int) -> bool:
        """ORA-1: who is unhealthy by the primary alone can be taken over five minutes after the first poke
        at the latest."""
        account = self._pick(self.unhealthy(), pick)
        second = self.world.seconds[underlying]
        with self.trial():
            second.set(self.truth[underlying] * TO_WAD * (100 + percent) // 100)
            if self.may_be_taken(account):
                return False
            self.risk.poke(underlying)
            self.evm.warp(DIVERGENCE_TIMEOUT)
            for number, feed in self.world.feeds.items():
                feed.setAnswer(self.truth[number])
            self.follow()
            assert self.may_be_taken(account), "ORA-1: a lie delays a takeover beyond the timeout"
        return True

    @precondition(lambda self: self.unhealthy() and not self.lies)
    @rule(
        pick=draws.pick,
        underlying=st.integers(0, 1),
        percent=st.sampled_from((-50, -30, -15, -8, -4, 4, 8, 15, 30, 50)),
        fraction=st.integers(1, 1_000),
        excluded=st.integers(0, 31),
    )
    @counted
    def a_lie_makes_no_takeover_cheap(
        self, pick: int, underlying: int, percent: int, fraction: int, excluded: int
    ) -> bool:
        """ORA-1: whatever the second source says, and whatever the taker leaves behind."""
        account = self._pick(self.unhealthy(), pick)
        taker, into = self.world.takers[0], self.world.taker_accounts[0]
        left = tuple(a for a in range(5) if excluded >> a & 1)
        self.mine()
        with self.trial():
            self.lies[underlying] = self.truth[underlying] * TO_WAD * (100 + percent) // 100
            try:
                self.world.seconds[underlying].set(self.lies[underlying])
                self._capital(into)
                self.follow()
                takeover = (account, into, fraction * WAD // 1_000, excluded, 0, 2**255 - 1)
                taken, _ = self.vault.liquidate.call(*takeover, sender=taker)
                weighed = self.weigh(self.ledger.holdings(self.ledger.raw[account]))
                plan = self.plan(weighed, account, self.domain(), fraction * WAD // 1_000, left)
                assert plan.fraction == taken
                self._check_lies(weighed.holdings, plan, self.domain())
            except Reverted as error:
                self.ratios.refuse(error.name)
                return False
            finally:
                del self.lies[underlying]
        return True
