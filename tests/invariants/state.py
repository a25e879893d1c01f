"""What the rules share: the chain, the ledger beside it, sending, and the judgement of what was sent."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from hypothesis.stateful import RuleBasedStateMachine

from scripts.model import liquidation as model
from scripts.model.pool import DomainBooks, PoolReference
from tests.helpers.evm import Reverted, Tx
from tests.invariants.ledger import Balances, Ledger, pack, unpack
from tests.invariants.operations import Batch, Operation
from tests.invariants.ratios import Ratios
from tests.invariants.world import SETTLEMENT, TO_WAD, WAD, World

INITIAL, MAINTENANCE = 0, 1
FRESH, DIVERGED, STALE, NONE = range(4)
MAX_ROUNDING = 100  # principal that a domain books beyond its line where no token moves

# Errors that no sequence of calls may lead to: they say that the contracts' own books do not agree.
BROKEN = {
    "Panic",
    "Halt",
    "Error",
    "",
    "LendingPool_RoundedAgainstPool",
    "LendingPool_PrincipalExceeded",
    "LendingPool_TransferShort",
    "LendingPool_Locked",
    "Vault_TransferShort",
    "Vault_Locked",
    "RiskEngine_UnknownAsset",
    "RiskEngine_UnknownUnderlying",
    "RiskEngine_OutOfGas",
}


class Assessment(NamedTuple):
    """As `IRiskEngine.assess` answers; {USD} times 10**18."""

    equity: int
    uncertainty: int
    requirement: int
    debt: int
    minimum_debt: int
    status: int

    @property
    def worst(self) -> int:
        """Equity at the worst edges."""
        return self.equity - self.uncertainty

    @property
    def favourable(self) -> int:
        """Equity at the favourable edges."""
        return self.equity + self.uncertainty


@dataclass(frozen=True)
class Weighed:
    """As `IRiskEngine.weigh` answers: an assessment for MAINTENANCE, value and requirement of each
    holding."""

    assessment: Assessment
    holdings: list[tuple[int, int]]
    weights: list[tuple[int, int]]

    @property
    def base(self) -> int:
        """Requirement without that of settlement tokens held: what a premium is a share of."""
        cash = sum(
            w[1]
            for (asset, amount), w in zip(self.holdings, self.weights, strict=True)
            if asset == 0 < amount
        )
        return self.assessment.requirement - cash


def reduced(before: Assessment, after: Assessment) -> bool:
    """`R' <= R and E' R >= E R' and E' >= min(E, 0)` at the worst edges."""
    return (
        after.requirement <= before.requirement
        and after.worst * before.requirement >= before.worst * after.requirement
        and after.worst >= min(before.worst, 0)
    )


class State(RuleBasedStateMachine):
    """One sequence of steps, from a snapshot of the world and back to it."""

    world: ClassVar[World]
    ratios: ClassVar[Ratios]

    def __init__(self) -> None:
        super().__init__()
        world = self.world
        self.evm, self.vault, self.risk = world.evm, world.vault, world.risk
        self.snapshot = self.evm.snapshot()
        self.truth = {u: feed.latestRoundData()[1] for u, feed in world.feeds.items()}
        self.base_price = dict(self.truth)
        self.silent: set[int] = set()
        self.dead: set[int] = set()
        self.lies: dict[int, int] = {}
        self.stake_flags: dict[bytes, int] = {}
        self.quotes: dict[tuple[int, int], int] = {}
        self.donated: dict[tuple[int, str], int] = {}
        self.written_off: set[int] = set()
        self.roundings: dict[int, int] = dict.fromkeys(world.pools, 0)
        self._unhealthy: list[bytes] | None = None
        self.ledger = self._read_ledger()
        self.follow()
        self.highest_line = {
            a: pool.domains[self.ledger.domain].line for a, pool in self.ledger.pools.items()
        }

    def teardown(self) -> None:
        self.evm.revert(self.snapshot)
        self.ratios.end(sys.exc_info()[1])

    def _read_ledger(self) -> Ledger:
        world = self.world
        pools = {}
        for asset, pool in world.pools.items():
            pool.accrue()
            line, principal, written_off = pool.domainOf(self.vault)
            pools[asset] = PoolReference(
                time=self.evm.now,
                reserve_share=pool.reserveShareWad(),
                index=pool.debtIndexNow(),
                rate=pool.ratePerSecond(),
                reserve=pool.reserve(),
                cash=pool.cash(),
                principal=pool.totalPrincipal(),
                supply=pool.totalSupply(),
                domains={self.vault.address: DomainBooks(line, principal, written_off)},
            )
        raw: dict[bytes, Balances] = {}
        for account in world.accounts:
            raw[account] = dict(unpack(word) for word in self.vault.holdings(account)[0])
        return Ledger(pools, self.vault.address, raw, world.backstop_account)

    # Views

    def assess(self, balances: Balances, requirement: int) -> Assessment:
        """The engine's judgement of balances at this moment, whoever's they are."""
        packed = [pack(*holding) for holding in self.ledger.holdings(balances)]
        return Assessment(*self.risk.assess(bytes(32), packed, [], requirement, False))

    def weigh(self, holdings: list[tuple[int, int]]) -> Weighed:
        """The engine's weights of holdings at this moment."""
        answer, weights, *_ = self.risk.weigh(bytes(32), [pack(*holding) for holding in holdings], [], 0)
        return Weighed(Assessment(*answer), holdings, [tuple(weight) for weight in weights])

    def honest(self, view: Callable[[], Any]) -> Any:
        """A view as it would be if no second source lied."""
        return self.by_primaries(view) if self.lies else view()

    def by_primaries(self, view: Callable[[], Any]) -> Any:
        """A view as it would be without second sources."""
        with self.evm.isolation():
            for second in self.world.seconds.values():
                second.set(0)
            return view()

    def domain(self) -> model.Domain:
        """Parameters of takeovers as they stand now."""
        p = self.risk.domainParameters()
        return model.Domain(*p[:6], backstop_share=p[6], grace_period=p[8])

    def paused(self) -> bool:
        """Whether a guardian has stopped new risk."""
        return bool(self.vault.paused())

    def usd(self, asset: int, amount: int) -> float:
        """Value at the true price, about."""
        price = self.truth[self.world.underlying(asset)] * TO_WAD / WAD
        return float(amount / 10 ** self.world.decimals(asset) * price)

    def units(self, asset: int, usd: float) -> int:
        """Smallest units worth that much, about."""
        price = self.truth[self.world.underlying(asset)] * TO_WAD / WAD
        return int(usd / price * 10 ** self.world.decimals(asset))

    @staticmethod
    def _pick(choices: list[Any], number: int) -> Any:
        return choices[number % len(choices)]

    def held(self, account: bytes) -> list[int]:
        """Assets that an account holds."""
        return [asset for asset, raw in sorted(self.ledger.raw[account].items()) if raw > 0]

    def owed(self, account: bytes) -> list[int]:
        """Assets that an account owes."""
        return [asset for asset, raw in sorted(self.ledger.raw[account].items()) if raw < 0]

    def free(self, account: bytes) -> float:
        """Dollars by which worst equity exceeds the initial requirement."""
        initial = self.assess(self.ledger.raw[account], INITIAL)
        return (initial.worst - initial.requirement) / WAD

    def unhealthy(self) -> list[bytes]:
        """Accounts that may be taken over now, but for stamps."""
        if self._unhealthy is None:
            self._unhealthy = [account for account in self.world.debtors if self.may_be_taken(account)]
        return self._unhealthy

    def may_be_taken(self, account: bytes) -> bool:
        """Whether an account is below its maintenance requirement at its favourable edge."""
        if not self.owed(account):
            return False
        judged = self.assess(self.ledger.raw[account], MAINTENANCE)
        return judged.favourable < judged.requirement

    # Time

    def mine(self) -> None:
        """The next block."""
        self.evm.mine()
        self.follow()

    def warp(self, seconds: int) -> None:
        """Time passes; the feeds that are not silent go on answering."""
        self.evm.warp(seconds)
        self.refresh()

    def refresh(self) -> None:
        """Every feed that is not silent answers the true price, every second source that does not lie as
        well."""
        for underlying, feed in self.world.feeds.items():
            if underlying not in self.silent | self.dead:
                feed.setAnswer(self.truth[underlying])
        for underlying, second in self.world.seconds.items():
            if underlying not in self.lies:
                second.set(self.truth[underlying] * TO_WAD)
        self.follow()

    def recover(self) -> None:
        """Every source answers, and says the truth."""
        self.silent.clear()
        self.dead.clear()
        self.lies.clear()
        for feed in self.world.feeds.values():
            feed.setDead(False)
        self.mine()
        self.refresh()

    # Sending

    def attempt(self, call: Callable[..., Tx], *arguments: Any, **options: Any) -> Tx | None:
        """A transaction that may be refused, for any reason but a broken one."""
        try:
            return call(*arguments, **options)
        except Reverted as error:
            self.ratios.refuse(error.name)
            assert error.name not in BROKEN, f"{error} ({error.where})"
            return None
        finally:
            self.follow()

    def follow(self) -> None:
        """The ledger's interest runs until now, and on at the rates that the pools have now."""
        self._unhealthy = None
        self.ledger.advance(self.evm.now)
        for pool, rate in zip(self.ledger.pools.values(), self.world.rates(), strict=True):
            pool.rate = rate

    def send(self, sender: str, *operations: Operation, batch: bool = False) -> bool:
        """One operation, or several in a batch; on success the ledger follows and SOLV-1 is judged."""
        operation = Batch(operations) if batch or len(operations) > 1 else operations[0]
        call = getattr(self.vault, operation.function)
        value = {"value": operation.value} if operation.value else {}
        tx = self.attempt(call, *operation.arguments(self), sender=sender, **value)
        if tx is None:
            return False
        before = self.ledger.copy()
        books = {a: (pool.cash, pool.principal) for a, pool in self.ledger.pools.items()}
        operation.apply(self)
        self.ledger.finish()
        self._unhealthy = None
        self._judge_lines(books)
        self.judge(before, operation)
        return True

    def note_borrowing(self, asset: int, borrowed: int) -> None:
        """SOLV-4: whoever borrows leaves the domain within its line."""
        if borrowed:
            self._within_line(asset)

    def _within_line(self, asset: int) -> None:
        books = self.ledger.pools[asset].domains[self.ledger.domain]
        assert self.ledger.debt(asset) <= max(books.line - books.written_off, 0), "SOLV-4"

    def _judge_lines(self, before: dict[int, tuple[int, int]]) -> None:
        for asset, pool in self.ledger.pools.items():
            cash, principal = before[asset]
            if pool.principal > principal and pool.cash < cash:
                self._within_line(asset)
            elif pool.principal > principal:
                assert pool.principal - principal <= MAX_ROUNDING, "SOLV-4"
                self.roundings[asset] += pool.debt_of(pool.principal) - pool.debt_of(principal)

    # SOLV-1

    def judge(self, before: dict[bytes, Balances], operation: Operation) -> None:
        """Every account that the operation may have put at risk is covered, or has reduced its risk; the
        others gained."""
        paused = self.paused()
        for account in set(operation.judged):
            self._judge_account(
                before[account], self.ledger.raw[account], account in operation.takers, paused
            )

    def _judge_account(self, old: Balances, new: Balances, took_over: bool, paused: bool) -> None:
        if all(raw >= 0 for raw in new.values()):
            return
        initial, initial_before = self.assess(new, INITIAL), self.assess(old, INITIAL)
        liquidation, liquidation_before = self.assess(new, MAINTENANCE), self.assess(old, MAINTENANCE)
        covered = initial.worst >= initial.requirement
        less_risk = reduced(initial_before, initial) and reduced(liquidation_before, liquidation)
        if took_over:
            assert covered, "SOLV-1: a taker does not cover its initial requirement"
        elif not covered or initial.status != FRESH or paused:
            assert less_risk, f"SOLV-1: {initial_before} became {initial}"
        assert less_risk or liquidation.favourable >= liquidation.requirement, "SOLV-1: it may be taken over"
        if self.lies and not less_risk:
            initial = self.honest(lambda: self.assess(new, INITIAL))
            assert initial.worst >= initial.requirement, "ORA-1: a lie opened a debt"

    # LIQ-1, LIQ-3, ORA-1

    def take_over(self, takeover: Any) -> None:
        """Carries out a takeover in the ledger, by the reference model, and holds it against the promises."""
        ledger, account, into = self.ledger, takeover.account, takeover.into
        weighed = self.weigh(ledger.holdings(ledger.raw[account]))
        judged = weighed.assessment
        assert judged.favourable < judged.requirement, "LIQ-3"
        domain = self.domain()
        plan = self.plan(weighed, account, domain, takeover.fraction, takeover.excluded)
        self._check_lies(weighed.holdings, plan, domain)
        for position, (asset, amount) in enumerate(weighed.holdings):
            if plan.insolvent and plan.write_offs[position]:
                ledger.write_off(account, asset, plan.write_offs[position])
                self.written_off.add(asset)
            if plan.moved[position]:
                ledger.move(account, into, asset, plan.moved[position])
            elif plan.salvaged:
                ledger.move(account, ledger.backstop, asset, amount)
        ledger.pay(into, account, plan.payment)
        ledger.pay(into, ledger.backstop, plan.backstop_fee)
        ledger.pay(ledger.backstop, into, plan.top_up)
        if plan.insolvent:
            self.clear_flags(account)
        after = self.weigh(ledger.holdings(ledger.raw[account])).assessment
        if judged.equity >= 0 and judged.equity * WAD >= domain.premium_min * weighed.base:
            assert after.equity * judged.requirement >= judged.equity * after.requirement, "LIQ-1"

    def plan(
        self,
        weighed: Weighed,
        account: bytes,
        domain: model.Domain,
        fraction: int = WAD,
        excluded: tuple[int, ...] = (),
    ) -> model.Plan:
        """What scripts/model says of a takeover now. Raises model.Refused."""
        return model.plan(self.subject(weighed, account), domain, fraction, frozenset(excluded))

    def subject(self, weighed: Weighed, account: bytes) -> model.Account:
        """An account as scripts/model has it."""
        pairs = zip(weighed.holdings, weighed.weights, strict=True)
        positions = [model.Position(asset, amount, *weight) for (asset, amount), weight in pairs]

        def sample_price(taker_pays: bool) -> int:
            sample = [(SETTLEMENT, -model.PRICED_AMOUNT if taker_pays else model.PRICED_AMOUNT)]
            return abs(self.weigh(sample).weights[0][0])

        def settlement_requirement(balance: int) -> int:
            return self.weigh([(SETTLEMENT, balance)]).assessment.requirement

        return model.Account(
            positions,
            uncertainty=weighed.assessment.uncertainty,
            cover=self.cover(account),
            fresh=weighed.assessment.status == FRESH,
            sample_price=sample_price,
            settlement_requirement=settlement_requirement,
        )

    def cover(self, account: bytes) -> int:
        """Settlement tokens that the backstop has for an account: the flags of others are kept back."""
        backstop = self.world.backstop
        others = backstop.flagged() - backstop.flaggedOf(account)
        return max(self.ledger.raw[self.ledger.backstop].get(SETTLEMENT, 0) - others, 0)

    def _check_lies(self, holdings: list[tuple[int, int]], plan: model.Plan, domain: model.Domain) -> None:
        """ORA-1: no takeover that the primary alone would not allow, and none at a price that the liar
        sets."""
        if not self.lies:
            return

        def look() -> tuple[Weighed, int]:
            price = self.weigh([(SETTLEMENT, model.PRICED_AMOUNT)]).weights[0][0]
            return self.weigh(holdings), price

        weighed, price = self.honest(look)
        judged = weighed.assessment
        assert judged.favourable < judged.requirement, "ORA-1: a lie forced a takeover"
        gain = premium = 0
        for (_, amount), (value, requirement), moved in zip(
            holdings, weighed.weights, plan.moved, strict=True
        ):
            gain += value * moved // amount
            premium += requirement * abs(moved) // abs(amount) * domain.premium_max // WAD
        paid = plan.payment + plan.backstop_fee - plan.top_up
        gain -= paid * price // model.PRICED_AMOUNT
        units = sum(price // model.PRICED_AMOUNT + 10**16 for _ in holdings)
        assert gain <= premium + units, (
            f"ORA-1: a lie made a takeover cheap: {gain / WAD} above {premium / WAD}"
        )

    def clear_flags(self, account: bytes) -> None:
        """The flags of an account are gone."""
        self.stake_flags.pop(account, None)
        for pool in self.ledger.pools.values():
            pool.domains[self.ledger.domain].flags.pop(account, None)
