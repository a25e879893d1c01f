"""Rules of prices, sources and time."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.invariants import draws
from tests.invariants.ledger import pack
from tests.invariants.ratios import counted
from tests.invariants.state import MAINTENANCE, Assessment, State
from tests.invariants.world import DAY, HEARTBEAT, TO_WAD

risky = st.sampled_from((1, 1, 1, 2, 2, 4))


class Market(State):
    """Prices move, crash and come back; feeds fall silent or die; second sources lie; time passes."""

    @rule(underlying=st.integers(0, 4), thousandths=st.integers(-30, 30))
    @counted
    def price_moves(self, underlying: int, thousandths: int) -> bool:
        # Dollars stay near a dollar.
        if underlying in (0, 3):
            thousandths //= 10
        return self._set(underlying, self.truth[underlying] * (1_000 + thousandths) // 1_000)

    @rule(underlying=risky, percent=st.integers(-55, 60))
    @counted
    def price_jumps(self, underlying: int, percent: int) -> bool:
        """Crashes, and rises for who is short."""
        return self._set(underlying, self.truth[underlying] * (100 + percent) // 100)

    @precondition(lambda self: any(self.owed(a) for a in self.world.trader_accounts))
    @rule(pick=draws.pick, which=draws.pick, beyond=st.sampled_from((0, 0, 1, 2, 4, 7, 12, 20)))
    @counted
    def trouble_for_somebody(self, pick: int, which: int, beyond: int) -> bool:
        """The price of what he holds falls, or of what he owes rises, until he may be taken over, and
        `beyond` steps on."""
        account = self._pick([a for a in self.world.trader_accounts if self.owed(a)], pick)
        underlying = self.world.underlying(self._pick([*self.held(account), *self.owed(account)], which))
        holdings = [pack(*holding) for holding in self.ledger.holdings(self.ledger.raw[account])]
        for direction in (97, 103):
            price = self.truth[underlying]
            for _ in range(40):
                price = price * direction // 100
                answer = self.risk.assessAt(account, holdings, [], MAINTENANCE, underlying, price * TO_WAD)
                judged = Assessment(*answer)
                if judged.favourable < judged.requirement:
                    return self._set(underlying, price * direction**beyond // 100**beyond)
        return False

    @rule()
    @counted
    def all_is_well(self) -> bool:
        """Prices near where they were, every source speaks, nothing is paused."""
        for underlying, price in self.base_price.items():
            self.truth[underlying] = (price + self.truth[underlying]) // 2
        self.vault.setPaused(False)
        self.recover()
        return True

    def _set(self, underlying: int, answer: int) -> bool:
        base = self.base_price[underlying]
        self.truth[underlying] = min(max(answer, base // 4), base * 4)
        self.mine()
        self.refresh()
        return underlying not in self.silent | self.dead

    # Sources

    @rule(underlying=st.integers(0, 4), hours=st.integers(1, 72))
    @counted
    def feed_falls_silent(self, underlying: int, hours: int) -> bool:
        """Its answer grows old, beyond the heartbeat."""
        self.silent.add(underlying)
        self.warp(HEARTBEAT + hours * 3_600)
        return True

    @rule(underlying=st.integers(0, 4))
    @counted
    def feed_dies(self, underlying: int) -> bool:
        self.dead.add(underlying)
        self.world.feeds[underlying].setDead(True)
        self.follow()
        return True

    @precondition(lambda self: self.silent or self.dead)
    @rule()
    @counted
    def feeds_answer_again(self) -> bool:
        lies = dict(self.lies)
        self.recover()
        for underlying, lie in lies.items():
            self.world.seconds[underlying].set(lie)
        self.lies |= lies
        self.follow()
        return True

    @rule(underlying=st.integers(0, 1), percent=st.sampled_from((-90, -40, -20, -10, -4, 4, 10, 25, 60, 300)))
    @counted
    def second_source_lies(self, underlying: int, percent: int) -> bool:
        """While the primary says the truth."""
        self.lies[underlying] = self.truth[underlying] * TO_WAD * (100 + percent) // 100
        self.world.seconds[underlying].set(self.lies[underlying])
        self.mine()
        self.refresh()
        return True

    @precondition(lambda self: self.lies)
    @rule()
    @counted
    def second_sources_agree(self) -> bool:
        self.lies.clear()
        self.mine()
        self.refresh()
        return True

    @rule(underlying=st.integers(0, 4))
    @counted
    def poke(self, underlying: int) -> bool:
        return self.attempt(self.risk.poke, underlying, sender=self.world.stranger) is not None

    # Time

    @rule(seconds=st.integers(1, 900))
    @counted
    def a_while(self, seconds: int) -> bool:
        self.warp(seconds)
        return True

    @rule(hours=st.one_of(st.integers(1, 48), st.integers(24, 24 * 60)))
    @counted
    def a_long_while(self, hours: int) -> bool:
        self.warp(hours * DAY // 24)
        return True

    @rule()
    @counted
    def a_block(self) -> bool:
        self.mine()
        return True

    @rule(thousandths=st.integers(-40, 40))
    @counted
    def share_token_earns_or_loses(self, thousandths: int) -> bool:
        """The rate of wstETH moves: up as far as its cap lets it, down at once."""
        token, weth = self.world.tokens[self.world.id("wstETH")], self.world.tokens[self.world.id("WETH")]
        amount = weth.balanceOf(token) * abs(thousandths) // 1_000
        if thousandths < 0:
            token.lose(amount)
        else:
            donor = self.world.stranger
            weth.approve(token, amount, sender=donor)
            if self.attempt(token.donate, amount, sender=donor) is None:
                return False
        self.follow()
        return True
