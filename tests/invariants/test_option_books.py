"""Any sequence of fills, prices, settlements, takeovers, deleveraging and expiries of an option market, against its model.

OPT-1   sizes sum to zero, cash is conserved to the wei

After every step the contract equals the model, and the model's books add up.
"""

from __future__ import annotations

import os
from functools import cache

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.helpers.evm import PyrevmBackend
from tests.helpers.option_market import USUAL, OptionBench
from tests.helpers.option_mirror import Mirror
from tests.helpers.system import WAD, System

EXAMPLES = int(os.environ.get("KEEL_OPTION_EXAMPLES", "60"))
STEPS = 30
# Dollars of the accounts, the poor ones first: they become insolvent.
STAKES = (400, 900, 2_500, 30_000, 60_000)
FIRST = 10
TAKERS = 18
KINDS = ((1, 2_000, True), (7, 2_000, True), (7, 2_000, False), (7, 1_600, False), (30, 2_400, True))

pytestmark = pytest.mark.slow

numbers = st.integers(0, 30)
# Units for a thousand dollars of the poorer of two accounts, or a few wei.
units = st.one_of(st.integers(WAD, 2 * WAD), st.integers(-2 * WAD, -WAD), st.sampled_from((WAD, -WAD, 5)))
ratios = st.sampled_from((1, 1, -1, 2, -3))


@cache
def shared() -> tuple[OptionBench, list[bytes], list[bytes]]:
    system = System.deploy(PyrevmBackend(), stake=0)
    options = OptionBench.deploy(system, USUAL)
    accounts = [options.trader(FIRST + number, stake) for number, stake in enumerate(STAKES)]
    takers = [options.trader(TAKERS, 2_000_000, index) for index in range(3)]
    return options, accounts, takers


class OptionMachine(RuleBasedStateMachine):
    """Five owners, and a taker with three accounts."""

    def __init__(self) -> None:
        super().__init__()
        options, self.traders, self.takers = shared()
        self.snapshot = options.evm.snapshot()
        self.expiries = dict(options.expiries)
        self.mirror = Mirror(options, [*self.traders, *self.takers])
        self.ids = [self.mirror.series(*kind) for kind in KINDS]
        self.stakes = dict.fromkeys(self.takers, 100_000) | dict(zip(self.traders, STAKES, strict=True))

    def teardown(self) -> None:
        self.mirror.bench.evm.revert(self.snapshot)

    @property
    def now(self) -> int:
        return self.mirror.bench.evm.now

    def account(self, number: int) -> bytes:
        return self.mirror.accounts[number % len(self.mirror.accounts)]

    @rule(
        taker=st.integers(0, 3),
        maker=numbers,
        legs=st.lists(st.tuples(st.integers(0, len(KINDS) - 1), ratios), min_size=1, max_size=3),
        size=units,
        above=st.integers(-(10 * WAD), 10 * WAD),
    )
    def fill(self, taker: int, maker: int, legs: list[tuple[int, int]], size: int, above: int) -> None:
        chosen = {self.ids[place]: ratio for place, ratio in legs}
        if any(self.mirror.model.series[one].expiry <= self.now for one in chosen):
            return
        one, other = self.account(taker), self.account(maker)
        if one == other:
            return
        if abs(size) > WAD // 100:
            size = size * min(self.stakes[one], self.stakes[other]) // 1_000 // len(chosen)
        self.mirror.fill(one, other, chosen, size, above)

    @rule(dollars=st.integers(1_200, 3_200))
    def move_price(self, dollars: int) -> None:
        self.mirror.set_price(dollars)

    @rule(seconds=st.sampled_from((60, 3_600, 5 * 3_600)))
    def wait(self, seconds: int) -> None:
        self.mirror.warp(seconds)

    @rule(number=numbers, alone=st.booleans())
    def settle(self, number: int, alone: bool) -> None:
        self.mirror.settle(self.account(number), alone)

    @rule(
        dollars=st.sampled_from((1_000, 1_500, 2_600, 3_200, 4_500)),
        into=numbers,
        fraction=st.sampled_from((WAD, WAD, WAD // 3, WAD // 7)),
        first=numbers,
    )
    def crash(self, dollars: int, into: int, fraction: int, first: int) -> None:
        """The price jumps, and whoever may be taken over is."""
        self.mirror.set_price(dollars)
        for place in range(len(self.traders)):
            account = self.traders[(first + place) % len(self.traders)]
            if self.mirror.model.positions.get(account):
                self.mirror.take_over(account, self.takers[into % len(self.takers)], fraction)

    @precondition(lambda self: self.mirror.model.fees > 0)
    @rule()
    def collect_fees(self) -> None:
        self.mirror.collect_fees()

    @precondition(lambda self: min(self.expiries) < 30)
    @rule(dollars=st.integers(1_500, 2_600), count=st.integers(0, 8))
    def expire(self, dollars: int, count: int) -> None:
        days = min(self.expiries)
        at = self.expiries.pop(days)
        if at - self.now > 3_700:
            self.mirror.expire(days, dollars, self.mirror.accounts[:count])

    @invariant()
    def contract_and_model_agree(self) -> None:
        self.mirror.check()


OptionMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestOptionBooks = OptionMachine.TestCase
