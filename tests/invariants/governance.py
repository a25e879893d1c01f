"""Rules of owner and guardian: every parameter within its bounds, lines, caps, pause."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.invariants import draws
from tests.invariants.ratios import counted
from tests.invariants.state import MAINTENANCE, Assessment, State
from tests.invariants.world import DAY, WAD

PROBE_HEALTHS = (0, WAD // 20, WAD // 4, WAD // 2, WAD * 7 // 10, WAD * 9 // 10, WAD - 1, WAD)
ramp = st.integers(1, 20)
factor = st.integers(500, 1_800)


class Governance(State):
    """GOV-1: whatever is set, no account that stands still is nearer to its liquidation at once."""

    # Parameters

    @rule(underlying=st.integers(0, 4), factors=st.tuples(factor, factor, factor, factor), days=ramp)
    @counted
    def set_shocks(self, underlying: int, factors: tuple[int, int, int, int], days: int) -> bool:
        old = self.world.system.parameters.shocks(underlying)
        down, up = (old[2 + n] * factors[n] // 1_000 for n in (0, 1))
        target = self.risk.domainParameters()[0]
        # The initial shock reaches the target, and more.
        margins = [max(s, old[2 + n]) * target // WAD * 11 // 10 for n, s in enumerate((down, up))]
        shocks = (margins[0] * max(factors[2], 1_000) // 1_000, margins[1], down, up)
        return self._govern(self.world.system.parameters.setShocks, underlying, shocks, days * DAY)

    @rule(underlying=st.integers(0, 4), factors=st.tuples(factor, factor, factor), days=ramp)
    @counted
    def set_feed(self, underlying: int, factors: tuple[int, int, int], days: int) -> bool:
        old = list(self.world.system.parameters.feed(underlying))
        for field, by in zip((2, 3, 5), factors, strict=True):
            old[field] = old[field] * by // 1_000
        return self._govern(self.world.system.parameters.setFeed, underlying, tuple(old), days * DAY)

    @rule(
        asset=st.integers(0, 5),
        factors=st.tuples(factor, factor, factor),
        depth=st.integers(0, 40),
        days=ramp,
    )
    @counted
    def set_asset(self, asset: int, factors: tuple[int, int, int], depth: int, days: int) -> bool:
        old = list(self.world.system.parameters.asset(asset))
        for field, by in zip((3, 4, 5), factors, strict=True):
            old[field] = old[field] * by // 1_000
        old[6] = depth * 1_000_000
        return self._govern(self.world.system.parameters.setAsset, asset, tuple(old), days * DAY)

    @rule(asset=st.integers(1, 5), tier=st.integers(0, 2), days=ramp)
    @counted
    def set_tier(self, asset: int, tier: int, days: int) -> bool:
        """The guardian lowers it, the owner sets it."""
        parameters = self.world.system.parameters
        old = list(parameters.asset(asset))
        if tier < old[1]:
            return self._govern(parameters.lowerTier, asset, tier, sender=self.world.guardian)
        old[1] = max(tier, 1 if asset == self.world.id("FINE") else 2)
        return self._govern(parameters.setAsset, asset, tuple(old), days * DAY)

    @rule(
        health=st.integers(1_050, 1_250),
        premiums=st.tuples(st.integers(80, 120), st.integers(0, 60), st.integers(0, 200)),
        full_health=st.integers(500, 800),
        minimum=st.integers(1, 300),
        share=st.integers(0, 300),
        days=ramp,
    )
    @counted
    def set_domain(
        self,
        health: int,
        premiums: tuple[int, int, int],
        full_health: int,
        minimum: int,
        share: int,
        days: int,
    ) -> bool:
        least, start, most = premiums[0], sum(premiums[:2]), sum(premiums)
        values = (
            *(health * 1_000, least * 1_000, start * 1_000, most * 1_000, full_health * 1_000),
            *(minimum, share * 1_000, 20_000, 3_600, 0),
        )
        return self._govern(self.world.system.parameters.setDomain, values, days * DAY)

    def _govern(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> bool:
        """GOV-1: the change itself moves no requirement up and no favourable edge down, and its ramp is
        kept."""
        self.mine()
        before = self.by_primaries(self._standing)
        book = self.risk.book()
        if self.attempt(call, *arguments, **options) is None:
            return False
        assert self.risk.book() != book
        after = self.by_primaries(self._standing)
        for account, judged in after.items():
            self._not_nearer(before[account], judged)
        for position, (old, new) in enumerate(zip(before[b"premiums"], after[b"premiums"], strict=True)):
            slack = old // (DAY // 4)  # a ramp that was on its way, in the second that passes on a chain
            assert new <= old + slack, f"GOV-1: parameter of takeovers {position} rose from {old} to {new}"
        return True

    def _standing(self) -> dict[bytes, Any]:
        """Every account at its maintenance requirement, and what decides how a takeover is sized and paid.
        By the primaries alone: while sources disagree a requirement is counted between both, never above
        this one."""
        standing: dict[bytes, Any] = {
            account: self.assess(self.ledger.raw[account], MAINTENANCE) for account in self.world.debtors
        }
        p = self.risk.domainParameters()
        curve = [self.world.liquidation.premiumWad(health) for health in PROBE_HEALTHS]
        standing[b"premiums"] = [p[0], p[5], *curve]
        return standing

    @staticmethod
    def _not_nearer(old: Any, new: Any) -> None:
        if not isinstance(old, Assessment) or not isinstance(new, Assessment):
            return
        # A second passes on a chain: interest, and what a ramp that was on its way before may do in it.
        slack = old.requirement // (DAY // 4) + old.debt // 10**6 + 10
        assert new.favourable >= old.favourable - slack, f"GOV-1: {old} became {new}"
        assert new.requirement <= old.requirement + slack, f"GOV-1: {old} became {new}"

    # Lines, caps, shares, pause

    @rule(asset=draws.borrowable, percent=st.integers(50, 400), back=draws.coin)
    @counted
    def set_line(self, asset: int, percent: int, back: bool) -> bool:
        """SOLV-4: below what is owed it stops borrowing and nothing else; raised, write-offs still count."""
        pool, reference = self.world.pools[asset], self.ledger.pools[asset]
        books = reference.domains[self.ledger.domain]
        line = (self.ledger.debt(asset) + books.written_off) * percent // 100
        if back:
            line = 10 ** (9 + self.world.decimals(asset))
        if self.attempt(pool.setLine, self.vault, line) is None:
            return False
        books.line = line
        self.highest_line[asset] = max(self.highest_line[asset], line)
        return True

    @rule(asset=draws.asset, supply=st.integers(50, 300), debt=st.integers(50, 300), back=draws.coin)
    @counted
    def set_caps(self, asset: int, supply: int, debt: int, back: bool) -> bool:
        most = 10 ** (9 + self.world.decimals(asset))
        caps = (self.ledger.custody(asset) * supply // 100, most)
        if asset in self.world.pools:
            caps = (caps[0], self.ledger.debt(asset) * debt // 100)
        if back:
            caps = (most, most)
        return self.attempt(self.vault.setCaps, self.world.tokens[asset], *caps) is not None

    @rule(asset=draws.borrowable, share=st.integers(0, 50))
    @counted
    def set_reserve_share(self, asset: int, share: int) -> bool:
        reference = self.ledger.pools[asset]
        if self.attempt(self.world.pools[asset].setReserveShare, share * WAD // 100) is None:
            return False
        reference.settle()
        reference.reserve_share = share * WAD // 100
        return True

    @precondition(lambda self: not self.paused())
    @rule()
    @counted
    def pause(self) -> bool:
        """The guardian stops what raises risk."""
        return self.attempt(self.vault.setPaused, True, sender=self.world.guardian) is not None

    @precondition(lambda self: self.paused())
    @rule()
    @counted
    def unpause(self) -> bool:
        """The owner lets it go on; the guardian cannot."""
        with self.evm.reverts():
            self.vault.setPaused(False, sender=self.world.guardian)
        self.follow()
        return self.attempt(self.vault.setPaused, False) is not None

    @precondition(lambda self: any(self.owed(a) for a in self.world.trader_accounts))
    @rule(
        asset=draws.collateral,
        factor=st.integers(1_010, 1_500),
        days=st.integers(1, 10),
        part=st.integers(1, 9),
    )
    @counted
    def a_ramp_is_a_line(self, asset: int, factor: int, days: int, part: int) -> bool:
        """GOV-1: after a part of the ramp at most that part of the change is there; tried out, not done."""
        parameters, underlying = self.world.system.parameters, self.world.underlying(asset)
        ramps = (parameters.underlyingRamp(underlying)[1], parameters.assetRamp(asset)[1])
        if max(ramps) > self.risk.clock() or underlying in self.dead | self.silent:
            return False
        old = parameters.shocks(underlying)
        rising = (old[2] * factor // 1_000, old[3] * factor // 1_000)
        target = self.risk.domainParameters()[0]
        shocks = (
            *(max(i, r * target // WAD * 11 // 10) for i, r in zip(old[:2], rising, strict=True)),
            *rising,
        )
        probe = {asset: 10 ** self.world.decimals(asset) * 100}
        duration = days * DAY
        with self.evm.isolation():
            start = self._part_required(probe)
            if self.attempt(parameters.setShocks, underlying, shocks, duration) is None:
                return False
            begun = self.evm.now
            requirements = []
            for passed in (duration * part // 10, duration):
                self.evm.warp(begun + passed - self.evm.now)
                self.world.feeds[underlying].setAnswer(self.truth[underlying])
                requirements.append(self._part_required(probe))
        self.follow()
        midway, end = requirements
        assert start < end
        slack = (end - start) / 1_000 + Fraction(1, 10**15)
        assert (midway - start) * 10 <= (end - start) * part + slack, "GOV-1"
        return True

    def _part_required(self, balances: dict[int, int]) -> Fraction:
        """Of the value that is held: a share's rate may grow meanwhile."""
        assessment = self.assess(balances, MAINTENANCE)
        return Fraction(assessment.requirement, assessment.equity)
