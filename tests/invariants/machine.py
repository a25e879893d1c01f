"""The whole machine: all rules, and what holds after every step.

SOLV-2   the vault's tokens are the sum of positive balances, plus what was donated
SOLV-3   a pool's assets are cash plus debt less reserve, and a share's price falls by a write-off alone
SOLV-4   what a domain owes and has cost stays within its highest line, plus interest
LIQ-5    while shortfalls are flagged all who leave together get no more than what is left without them

and, beyond promises, every balance, pool and flag is the ledger's to the unit. SOLV-1, LIQ-1, LIQ-3 and
ORA-1 are judged in state.py when something is sent, GOV-1 in governance.py, the rest in checks.py.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from scripts.common.contract import Call
from tests.helpers.backend import Backend
from tests.invariants.checks import Checks
from tests.invariants.governance import Governance
from tests.invariants.ledger import unpack
from tests.invariants.lenders import Lenders
from tests.invariants.market import Market
from tests.invariants.ratios import Enough, Ratios
from tests.invariants.world import World

STEPS = 50
OFTEN = 20
POOL_VIEWS = (
    "cash",
    "totalPrincipal",
    "debtIndexNow",
    "reserve",
    "totalSupply",
    "flagged",
    "totalDebt",
    "totalAssets",
)


class DomainMachine(Checks, Lenders, Market, Governance):
    """One domain and everything that can happen to it."""

    # What everything else is about is drawn more often.
    borrow_again = Checks.borrow
    lever_again = Checks.lever
    batch_again = batch_once_more = Checks.random_batch
    trouble_again = trouble_once_more = trouble_and_no_end = Market.trouble_for_somebody
    well_again = Market.all_is_well
    liquidate_again = liquidate_once_more = Checks.liquidate
    flag_again = flag_once_more = Checks.flag
    unflag_again = Checks.unflag
    write_off_again = write_off_once_more = Checks.write_off
    steps_again = steps_once_more = Checks.steps_pay_no_more_than_one
    oneself_again = oneself_once_more = Checks.taking_over_oneself_gains_nothing
    cheap_again = cheap_once_more = cheap_and_no_end = Checks.a_lie_makes_no_takeover_cheap
    delay_again = delay_once_more = Checks.a_lie_delays_by_the_timeout
    sell_again = sell_once_more = Checks.sell_salvage

    def __init__(self) -> None:
        super().__init__()
        self.share_prices: dict[int, Fraction] = {}
        self.calls = self._views()

    def _views(self) -> dict[Any, Call]:
        world = self.world
        calls: dict[Any, Call] = {a: self.vault.holdings.prepare(a) for a in world.accounts}
        for asset, token in enumerate(world.tokens):
            calls["info", asset] = self.vault.assetInfo.prepare(token)
            calls["tokens", asset] = token.balanceOf.prepare(self.vault)
        for asset, pool in world.pools.items():
            calls |= {(name, asset): getattr(pool, name).prepare() for name in POOL_VIEWS}
            calls["domain", asset] = pool.domainOf.prepare(self.vault)
            calls["flaggedOfDomain", asset] = pool.flaggedOfDomain.prepare(self.vault)
            calls["pool tokens", asset] = world.tokens[asset].balanceOf.prepare(pool)
        return calls

    @invariant()
    def everything_is_as_it_should_be(self) -> None:
        self.follow()
        seen = dict(zip(self.calls, self.world.read(list(self.calls.values())), strict=True))
        for account in self.world.accounts:
            expected = self.ledger.holdings(self.ledger.raw[account])
            holdings = [unpack(word) for word in seen[account][0]]
            assert holdings == expected, f"account {account.hex()} holds {holdings}, not {expected}"
        for asset in range(len(self.world.tokens)):
            self._custody(asset, seen)
        for asset in self.world.pools:
            self._pool(asset, seen)

    def _custody(self, asset: int, seen: dict[Any, Any]) -> None:
        total = self.ledger.custody(asset)
        assert seen["info", asset][2] == total, "SOLV-2"
        donated = self.donated.get((asset, self.vault.address), 0)
        assert seen["tokens", asset] == total + donated, "SOLV-2"

    def _pool(self, asset: int, seen: dict[Any, Any]) -> None:
        pool = self.ledger.pools[asset]
        books = pool.domains[self.ledger.domain]
        expected = (
            *(pool.cash, pool.principal, pool.index, pool.reserve, pool.supply, pool.flagged),
            *(pool.debt, pool.assets),
        )
        assert tuple(seen[name, asset] for name in POOL_VIEWS) == expected, f"SOLV-3: pool {asset}"
        assert tuple(seen["domain", asset]) == (books.line, books.principal, books.written_off)
        assert self.ledger.principal(asset) == books.principal == pool.principal, "SOLV-3"
        donated = self.donated.get((asset, self.world.pools[asset].address), 0)
        assert seen["pool tokens", asset] == pool.cash + donated, "SOLV-3"

        price = pool.entry_price()
        fell = price < self.share_prices.get(asset, 0)
        assert not fell or asset in self.written_off, "SOLV-3: a share's price fell without a write-off"
        self.share_prices[asset] = price
        self.written_off.discard(asset)

        bound = self.highest_line[asset] + self.ledger.interest[asset] + self.roundings[asset]
        assert books.written_off + self.ledger.debt(asset) <= bound, "SOLV-4"
        left = max(pool.assets - pool.flagged, 0)
        assert pool.supply * pool.exit_price() <= left + 1, "LIQ-5"


def run(machine: type[DomainMachine], name: str, backend: Backend, steps: int) -> None:
    """Runs a machine for `steps` steps; most succeed, and each rule at least once if it was tried often enough
    for that."""
    machine.world = World(backend)
    machine.ratios = ratios = Ratios(steps)
    with suppress(Enough):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=2 * steps // STEPS + 20,
                stateful_step_count=STEPS + 1,
                suppress_health_check=HealthCheck.all(),
            ),
        )
    ratios.write(name)
    print(ratios.table())
    assert ratios.steps >= steps, f"{ratios.steps} steps, expected {steps}"
    never = sorted(
        rule for rule in ratios.tried if ratios.tried[rule] >= OFTEN and not ratios.succeeded[rule]
    )
    assert not never, f"rules that never succeeded: {never}"
    assert ratios.succeeded.total() > steps // 2
