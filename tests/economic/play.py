"""A sequence played on a world, and what it came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scripts.common.contract import Tx
from tests.economic.draw import ACTS, Draw, Step
from tests.economic.genes import A_WEEK, KINDS, LIES, SMALL_LIES, WAITS, Gene, Genome
from tests.economic.market_acts import STOP
from tests.economic.trespass import public_functions, trespass, trespassed
from tests.economic.wealth import Income, Ledger
from tests.economic.world import LIARS, LIE_SECONDS, SILENT, World
from tests.helpers.evm import Backend
from tests.helpers.system import DAY

# What brings stakers their fees; what came in another token counts for them once it is sold.
FEES = {
    *("LendingPool.collectReserve", "Backstop.collect", "Backstop.sell"),
    *("PerpMarket.collectFees", "OptionMarket.collectFees"),
}
# What changes nothing that matters, by itself.
IDLE = {
    *("wait", "LendingPool.accrue", "LendingPool.transfer", "LendingPool.flashLoan", "Vault.execute"),
    *("PerpOrders.cancel", "PerpOrders.cancelBelow", "OptionOrders.cancel", "OptionOrders.cancelBelow"),
    *("Backstop.cancelExit", "VirtualAmm.cancelExit", "Vault.setOperator", "PerpMarket.poke"),
    *("PerpMarket.settle", "OptionMarket.settle", "OptionMarket.createSeries", "MockSwapAdapter.setPrice"),
    *("Backstop.collect", "PerpMarket.collectFees", "OptionMarket.collectFees", "LendingPool.collectReserve"),
    *("Vault.deposit", "Vault.depositNative", "OptionMarket.removeSeries", "MockERC20.transfer"),
}


@dataclass
class Outcome:
    """What a sequence came to. Dollars with 36 decimals."""

    profit: int = 0
    gained: int = 0
    income: Income = field(default_factory=Income)
    words: list[str] = field(default_factory=list)
    called: set[str] = field(default_factory=set)
    succeeded: set[str] = field(default_factory=set)
    trespassed: set[str] = field(default_factory=set)
    actions: int = 0

    @property
    def kind(self) -> frozenset[str]:
        """What it did that moves value or prices: sequences of one kind compete."""
        return frozenset(name for name in self.succeeded if name not in IDLE)


class Player:
    """Plays sequences on a world, each from the same state."""

    def __init__(self, world: World) -> None:
        self.world, self.ledger = world, Ledger(world)
        self.functions = sorted(public_functions(world))
        self._trespassed = trespassed()
        world.restart()
        self.start = self.ledger.wealth()

    def play(self, sequence: Genome) -> Outcome:
        """The first number of the first gene also says who lies."""
        world, outcome = self.world, Outcome()
        world.restart()
        if sequence:
            liars = (None, *LIARS)
            world.liar = liars[sequence[0][-1] % len(liars)]
        with world.evm.isolation():
            queue = list(sequence)
            while queue:
                self._next(queue, outcome)
            if world.says is not None:
                world.tell_truth()
            # The sources agree again for longer than the oracle asks for.
            for _ in range(2):
                for asset in world.system.assets.values():
                    world.system.risk.poke(asset.underlying)
                self.ledger.over_time(61, outcome.income)
            outcome.gained = self.ledger.wealth() - self.start
        outcome.profit = outcome.gained - sum(outcome.income.rightful().values())
        world.restart()
        return outcome

    def _next(self, queue: list[Gene], outcome: Outcome) -> None:
        gene = queue.pop(0)
        kind, numbers = KINDS[gene[0] % len(KINDS)], gene[1:]
        world = self.world
        if kind == A_WEEK:
            self.ledger.over_time(8 * DAY, outcome.income)
            self._did(outcome, "wait", "wait 8 days")
        elif kind == "wait":
            seconds = WAITS[numbers[0] % len(WAITS)] or self._to_expiry()
            self.ledger.over_time(seconds, outcome.income)
            self._did(outcome, "wait", f"wait {seconds} s")
        elif kind == "lie":
            lies = SMALL_LIES if world.rules.within_tolerance else LIES
            multiple, stale = lies[numbers[0] % len(lies)], numbers[1] % 8 == 0
            if world.lie(multiple, stale):
                said = "nothing" if multiple == SILENT else f"{multiple:g} times the truth"
                self._did(
                    outcome,
                    f"lie: {world.liar}",
                    f"the {world.liar} says {said}{' of long ago' if stale else ''}",
                )
        elif kind == "tell the truth":
            if world.says is not None:
                world.tell_truth()
                outcome.words.append("it tells the truth")
        elif kind == "batch":
            who = world.owners[numbers[0] % 2]
            steps = self._inner(queue, 2 + numbers[1] % 5, who, batch=True)
            if steps:
                calls = [step.data for step in steps]
                self._send(
                    outcome, "Vault.execute", steps, lambda: world.system.vault.execute(calls, sender=who)
                )
        elif kind == "flash loan":
            self._flash(queue, numbers, outcome)
        else:
            who = world.owners[numbers[0] % 2]
            step = self._step(gene, who)
            self._send(outcome, step.name, [step], lambda: self._call(step, who))

    def _to_expiry(self) -> int:
        now = self.world.evm.now
        ahead = [one - now - LIE_SECONDS for one in self.world.options.expiries.values()]
        return min((one for one in ahead if one > 0), default=1)

    def _flash(self, queue: list[Gene], numbers: tuple[int, ...], outcome: Outcome) -> None:
        world = self.world
        steps = self._inner(queue, 1 + numbers[1] % 6, world.flash.address)
        symbol = list(world.system.assets)[numbers[2] % 3]
        pool = world.system.pool(symbol)
        amount = int(pool.maxFlashLoan(world.system[symbol])) // (1, 2, 100)[numbers[3] % 3]
        world.flash.setAttempts([(step.to.address, step.data) for step in steps])

        def lend() -> Any:
            return pool.flashLoan(
                world.flash.address, world.system[symbol], amount, b"", sender=world.owners[0]
            )

        if amount:
            self._send(outcome, "flash loan", steps, lend, f"of {symbol}")
            outcome.called.add("LendingPool.flashLoan")

    def _inner(self, queue: list[Gene], most: int, who: str, batch: bool = False) -> list[Step]:
        """The next genes as calls inside of another; what cannot be is left out."""
        steps: list[Step] = []
        while queue and len(steps) < most:
            kind = KINDS[queue[0][0] % len(KINDS)]
            if kind in ("wait", A_WEEK, "lie", "tell the truth", "batch", "flash loan") or kind in FEES:
                break
            step = self._step(queue.pop(0), who)
            if step.value == 0 and (not batch or step.to == self.world.system.vault):
                steps.append(step)
        return steps

    def _step(self, gene: Gene, who: str) -> Step:
        kind, draw = KINDS[gene[0] % len(KINDS)], Draw(self.world, gene[1:], who)
        if kind == "trespass":
            return trespass(draw, draw.pick(self._trespassed))
        return ACTS[kind](draw)

    def _call(self, step: Step, who: str) -> Tx:
        world = self.world
        output: Tx = world.evm.transact(who, step.to.address, step.data, step.value, None, bytes)
        return output

    def _send(
        self, outcome: Outcome, name: str, steps: list[Step], send: Callable[[], Any], words: str = ""
    ) -> None:
        outcome.actions += max(1, len(steps))
        outcome.called |= {name, *(step.name for step in steps)}
        ledger = self.ledger
        premium = 0
        if any(step.function.startswith("liquidate") for step in steps):
            premium = self._premium(send)
        stakes = ledger.stakes() if name in FEES else 0
        try:
            tx = send()
        except Backend.Reverted:
            return
        outcome.income.takeovers += premium
        if name in FEES:
            outcome.income.fees += max(0, ledger.stakes() - stakes)
        for event in tx.events("Sold", self.world.system.backstop):
            outcome.income.discounts += ledger.discount(str(event["token"]), int(event["amount"]))
        for event in tx.events("OrderTipped", self.world.perps.orders):
            if bytes(event["account"]) in self.world.honest and self.world.price <= STOP:
                outcome.income.tips += ledger.value("USDC", int(event["tip"]))
        done = steps
        if name == "flash loan":
            flash = self.world.flash
            worked = [flash.attemptSucceeded(number) for number in range(len(steps))]
            done = [step for step, one in zip(steps, worked, strict=True) if one]
            outcome.succeeded.add("LendingPool.flashLoan")
        outcome.succeeded |= {step.name for step in done if step.name not in self._trespassed}
        outcome.trespassed |= {step.name for step in done if step.name in self._trespassed}
        inside = "; ".join(step.words for step in done)
        alone = len(steps) == 1 and name == steps[0].name
        self._did(outcome, name, inside if alone else f"{name} {words} [{inside}]")

    def _premium(self, send: Callable[[], Any]) -> int:
        """What an honest taker would have earned by the takeovers of honest accounts in a transaction, from before it."""
        try:
            with self.world.evm.isolation():
                fractions = self.ledger.takeovers(send())
        except Backend.Reverted:
            return 0
        earned = 0
        for account, fraction in fractions.items():
            premium = self.ledger.premium(account, fraction)
            if premium and self.world.says is not None:
                premium += self.ledger.half_width(account, fraction)
            earned += premium
        return earned

    @staticmethod
    def _did(outcome: Outcome, name: str, words: str) -> None:
        if name not in outcome.trespassed:
            outcome.succeeded.add(name)
        outcome.words.append(words)
