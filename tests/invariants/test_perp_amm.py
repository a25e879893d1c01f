"""Any sequence of trades with the virtual AMM, with oneself through orders, and around funding, at one index.

PERP-2   no sequence of trades with oneself, with the virtual AMM or against funding around a single block extracts value
         from LPs beyond the fees' sign: round trips at constant index never profit

After every step: what the AMM's account is worth along its curve, in exact fractions, has not fallen below what the LPs
brought plus the spreads that were paid, but for what an honest rate of funding can have moved in the seconds that passed,
and less than a millionth of a dollar for each time that it was settled; who enters pays at least that, who leaves gets at
most that. At the end everybody closes, and has not won.
"""

from __future__ import annotations

import os
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_trading import TOKEN, PerpTrading
from tests.helpers.system import WAD, System

EXAMPLES = int(os.environ.get("KEEL_PERP_EXAMPLES", "100"))
STEPS = 30
OWNERS = (10, 11)
LIQUIDITY = 20_000_000
FUNDS = 50_000_000
TOKEN_QUOTE = 10**30
# Most that funding moves in a second with a rate within the market's bounds, as a part of the notional.
FUNDING = Fraction(1, 100) / 28_800

pytestmark = pytest.mark.slow

amounts = st.one_of(st.integers(1, 3), st.integers(1, WAD), st.integers(1, 1_500 * WAD))
sides = st.sampled_from((1, -1))
who = st.integers(0, 2)


@cache
def shared() -> tuple[PerpTrading, list[bytes]]:
    perps = PerpTrading.deploy(System.deploy(PyrevmBackend()), LIQUIDITY)
    accounts = [perps.funded(perps.evm.accounts[owner], FUNDS) for owner in OWNERS]
    accounts.append(perps.funded(perps.evm.accounts[OWNERS[0]], FUNDS, index=1))
    return perps, accounts


class AmmMachine(RuleBasedStateMachine):
    """Two attackers who work together, one of them with two accounts, alone with the AMM."""

    def __init__(self) -> None:
        super().__init__()
        self.perps, self.accounts = shared()
        self.snapshot = self.perps.evm.snapshot()
        self.index = self.perps.index
        self.curve = self.perps.curve
        self.spreads = Fraction(0)
        self.drift = Fraction(0)
        self.settlements = 0

    def teardown(self) -> None:
        self.everybody_closes()
        self.perps.evm.revert(self.snapshot)

    # Helpers

    @property
    def sold(self) -> int:
        return -self.perps.size(self.perps.amm_account)

    def worth(self) -> Fraction:
        """The AMM's account, its position closed along the curve {quote}."""
        account = self.perps.amm_account
        _, cost, _, _, waiting, allotted = self.perps.market.position(account)
        tokens = self.perps.system.balance(account, "USDC") + waiting + allotted
        return tokens * TOKEN_QUOTE - cost - self.curve.paid_in(self.sold, self.index)

    def trade_one(self, account: bytes, size: int) -> None:
        sold = self.sold
        self.spreads += self.curve.spread_paid(sold, size, self.index)
        self.perps.trade(account, size)

    def fits(self, size: int) -> bool:
        """Within what may be sold, and where prices are less than half from the index: the market refuses others."""
        return abs(self.sold + size) <= 1_750 * WAD

    # Steps

    @rule(number=who, side=sides, size=amounts)
    def trade(self, number: int, side: int, size: int) -> None:
        if self.fits(side * size):
            self.trade_one(self.accounts[number], side * size)

    @rule(number=who, side=sides, size=amounts)
    def round_trip(self, number: int, side: int, size: int) -> None:
        account = self.accounts[number]
        if self.fits(side * size):
            before = self.perps.cost(account)
            self.trade_one(account, side * size)
            self.trade_one(account, -side * size)
            assert self.perps.cost(account) >= before, "PERP-2: a round trip in a block"

    @rule(number=who)
    def close(self, number: int) -> None:
        account = self.accounts[number]
        size = self.perps.size(account)
        if size and self.fits(-size):
            self.trade_one(account, -size)

    @rule(number=who)
    def flip(self, number: int) -> None:
        account = self.accounts[number]
        size = self.perps.size(account)
        if size and self.fits(-2 * size):
            self.trade_one(account, -2 * size)

    @rule(side=sides, size=amounts, price=st.integers(1_985, 2_015))
    def wash(self, side: int, size: int, price: int) -> None:
        """A trade with oneself, by two owners, at a price of choice: moves neither the AMM nor its premium."""
        before = self.worth(), self.perps.market.state()[1]
        first, second = self.accounts[:2]
        taker = self.perps.order(first, side * size, price)
        self.perps.match(taker, [self.perps.order(second, -side * size, price)])
        assert (self.worth(), self.perps.market.state()[1]) == before, "PERP-2"

    @rule(number=st.integers(0, 3))
    def settle(self, number: int) -> None:
        """Takes less than a token's smallest unit from an account without a position: that goes to the fees."""
        self.perps.market.settle([*self.accounts, self.perps.amm_account][number])
        self.settlements += 1

    @rule(seconds=st.integers(1, 15))
    def block_passes(self, seconds: int) -> None:
        self.drift += FUNDING * seconds * abs(self.sold) * self.index
        self.perps.system.warp(seconds)
        self.perps.evm.mine()
        self.perps.system.refresh()

    # What must hold

    @invariant()
    def lps_have_lost_nothing(self) -> None:
        worth = self.worth()
        brought = LIQUIDITY * TOKEN * TOKEN_QUOTE
        assert worth >= brought + self.spreads - self.drift - self.settlements * TOKEN_QUOTE, "PERP-2"
        entry, exit_ = self.perps.amm.edges()
        assert exit_ <= worth / TOKEN_QUOTE <= entry, "PERP-2: who comes pays it, who goes does not get more"

    def everybody_closes(self) -> None:
        """In an order in which every trade fits; what is left are positions against each other."""
        sizes = [self.perps.size(account) for account in self.accounts]
        # The first two meet at the index, then the AMM takes the rest: small ones first.
        for account, size in sorted(zip(self.accounts, sizes, strict=True), key=lambda pair: abs(pair[1])):
            if size and self.fits(-size):
                self.trade_one(account, -size)
        for account in self.accounts:
            if self.perps.size(account) == 0:
                self.perps.market.settle(account)
        if any(self.perps.size(account) for account in self.accounts):
            return
        self.lps_have_lost_nothing()
        held = 0
        for account in self.accounts:
            _, cost, _, _, waiting, allotted = self.perps.market.position(account)
            held += self.perps.system.balance(account, "USDC") + waiting + allotted
            held -= Fraction(cost, TOKEN_QUOTE)
        assert held <= len(self.accounts) * FUNDS * TOKEN + self.drift / TOKEN_QUOTE, "PERP-2: attackers won"


TestPerpAmm = AmmMachine.TestCase
TestPerpAmm.settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
