"""The search: sequences of genes, played on a world, the best of every kind kept and bred on.

Sequences that do the same kinds of things compete with each other only, so that a costly beginning of an attack survives
until something makes it pay (an archive of elites, Mouret and Clune 2015).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scripts.common.contract import Tx
from tests.economic.actions import ACTS, STOP, Draw, Step, public_functions, trespass, trespassed
from tests.economic.wealth import DOLLAR, Income, Ledger
from tests.economic.world import LIARS, LIE_SECONDS, SILENT, World
from tests.helpers.evm import Backend
from tests.helpers.system import DAY

NUMBERS = 10  # in a gene
LONGEST = 24
TO_EXPIRY = 0  # until four minutes before the next expiry of options
WAITS = (
    TO_EXPIRY,
    TO_EXPIRY,
    1,
    12,
    60,
    240,
    300,
    301,
    700,
    3_600,
    8 * 3_600,
    86_400,
    3 * 86_400,
    8 * 86_400,
)
LIES = (0.0001, 0.3, 0.5, 0.8, 0.9, 0.97, SILENT, 1.03, 1.1, 1.3, 2.0, 5.0, 100.0)
SMALL_LIES = (0.981, 0.99, 1.01, 1.019)
FEES = {
    "LendingPool.collectReserve",
    "Backstop.collect",
    "PerpMarket.collectFees",
    "OptionMarket.collectFees",
}
# Rounding that is left to the attackers, in all: a hundredth of a cent.
DUST = DOLLAR // 10_000

Gene = tuple[int, ...]  # which action, then numbers that it draws from
Sequence_ = tuple[Gene, ...]

A_WEEK = "wait for a cooldown"
ACTIONS = sorted(ACTS)
KINDS = (
    *ACTIONS,
    *("lie", "lie", "lie", "tell the truth", "wait", "wait", "wait", "wait", A_WEEK),
    *("batch", "batch", "batch", "flash loan", "flash loan", "flash loan", "trespass", "trespass"),
    # What most attacks need, more often.
    *("Vault.deposit", "Vault.deposit", "Vault.borrow", "Vault.borrow", "Vault.borrow", "Vault.liquidate"),
    *("Vault.liquidate", "Vault.liquidate", "trade perpetuals", "match options", "RiskEngine.poke"),
)


# What changes nothing that matters, by itself.
IDLE = {
    *("wait", "LendingPool.accrue", "LendingPool.transfer", "LendingPool.flashLoan", "Vault.execute"),
    *("PerpOrders.cancel", "PerpOrders.cancelBelow", "OptionOrders.cancel", "OptionOrders.cancelBelow"),
    *("Backstop.cancelExit", "VirtualAmm.cancelExit", "Vault.setOperator", "PerpMarket.poke"),
    *("PerpMarket.settle", "OptionMarket.settle", "OptionMarket.createSeries", "MockSwapAdapter.setPrice"),
    *("Backstop.collect", "PerpMarket.collectFees", "OptionMarket.collectFees", "LendingPool.collectReserve"),
    *("Vault.deposit", "Vault.depositNative", "OptionMarket.removeSeries", "MockERC20.transfer"),
}

# How attacks begin that are known elsewhere; numbers are drawn.
OUTLINES = (
    ("LiquidationEngine.flag", "Vault.repay", "LiquidationEngine.unflag"),
    ("LiquidationEngine.flag", "LendingPool.withdraw", "Vault.liquidate", "LiquidationEngine.writeOff"),
    ("MarginHelper.open", "lie", "MarginHelper.close", "Vault.withdraw"),
    (
        "Backstop.mint",
        "Vault.liquidate",
        "Backstop.collect",
        "Backstop.requestExit",
        A_WEEK,
        "Backstop.withdraw",
    ),
    ("VirtualAmm.depositFor", "trade perpetuals", "VirtualAmm.requestExit", A_WEEK, "VirtualAmm.redeemFor"),
    (
        "trade perpetuals",
        "VirtualAmm.mint",
        "VirtualAmm.requestExit",
        A_WEEK,
        "trade perpetuals",
        "VirtualAmm.withdraw",
    ),
    (
        "Vault.liquidate",
        "PerpMarket.deleverage",
        "PerpMarket.settle",
        "Vault.liquidate",
        "LiquidationEngine.writeOff",
    ),
    ("lie", "Vault.deposit", "Vault.borrow", "Vault.borrow", "tell the truth"),
    ("lie", "RiskEngine.poke", "wait", "RiskEngine.poke", "Vault.liquidate", "tell the truth"),
    ("Vault.borrow", "Vault.borrow", "lie", "Vault.liquidate", "tell the truth", "Vault.liquidate"),
    ("Vault.borrow", "Vault.swap", "wait", "Vault.repay", "Vault.withdraw"),
    ("MockSwapAdapter.setPrice", "Vault.swap", "MockSwapAdapter.setPrice", "Vault.swap"),
    ("batch", "Vault.swap", "Vault.transfer", "Vault.borrow", "Vault.withdraw", "Vault.liquidate"),
    ("flash loan", "Vault.deposit", "Vault.borrow", "Vault.liquidate", "Vault.withdraw", "Vault.repay"),
    ("flash loan", "LendingPool.deposit", "LendingPool.accrue", "LendingPool.withdraw", "Vault.withdraw"),
    ("LendingPool.deposit", "MockERC20.transfer", "LiquidationEngine.flag", "LendingPool.redeem"),
    (
        "Backstop.deposit",
        "Backstop.collect",
        "PerpMarket.collectFees",
        "Backstop.requestExit",
        A_WEEK,
        "Backstop.redeem",
    ),
    (
        "Backstop.deposit",
        "Vault.liquidate",
        "Backstop.sell",
        "Backstop.requestExit",
        A_WEEK,
        "Backstop.redeem",
    ),
    (
        "VirtualAmm.deposit",
        "trade perpetuals",
        "trade perpetuals",
        "VirtualAmm.requestExit",
        A_WEEK,
        "VirtualAmm.redeem",
    ),
    (
        "trade perpetuals",
        "VirtualAmm.deposit",
        "trade perpetuals",
        "PerpMarket.settle",
        "VirtualAmm.requestExit",
    ),
    (
        "trade perpetuals",
        "wait",
        "PerpMarket.poke",
        "match perpetuals",
        "trade perpetuals",
        "PerpMarket.settle",
    ),
    (
        "trade perpetuals",
        "lie",
        "match perpetuals",
        "Vault.liquidate",
        "PerpMarket.deleverage",
        "PerpMarket.settle",
    ),
    ("match perpetuals", "PerpMarket.settle", "PerpMarket.settle", "Vault.withdraw", "Vault.liquidate"),
    ("match options", "lie", "match options", "tell the truth", "OptionMarket.settle", "Vault.withdraw"),
    ("match options", "wait", "OptionMarket.fixPrice", "OptionMarket.settleExpired", "OptionMarket.settle"),
    ("match options", "wait", "lie", "wait", "tell the truth", "OptionMarket.settleExpired"),
    ("portfolio margin", "match options", "trade perpetuals", "Vault.borrow", "Vault.liquidateByScenario"),
    ("LiquidationEngine.flag", "Vault.liquidate", "LiquidationEngine.unflag", "LiquidationEngine.writeOff"),
)


def gene(kind: str, *numbers: int, liar: int = 0) -> Gene:
    """An action whose first choices are known; the others are each the first of their list."""
    rest = [0] * NUMBERS
    rest[: len(numbers)] = numbers
    rest[-1] = liar
    return (KINDS.index(kind), *rest)


PRIMARY = 1  # number of the primary source of ether among the liars
# A primary that lies for longer than the oracle's timeout, and one that lies while an option's settlement price is measured:
# attacks that work where a world grants them, and where it does not, something to breed from.
LONG_LIE = (
    gene("lie", LIES.index(0.5), 1, liar=PRIMARY),
    gene("RiskEngine.poke"),
    gene("wait", WAITS.index(300)),
    gene("Vault.liquidate", 0, 0, 0, 2),
)
LIE_AT_EXPIRY = (
    gene("match options", 0, 0, 0, 4, 0, 2, 2, liar=PRIMARY),
    gene("wait", WAITS.index(TO_EXPIRY)),
    gene("lie", LIES.index(2.0), 1),
    gene("wait", WAITS.index(240)),
    gene("tell the truth"),
    gene("wait", WAITS.index(700)),
    gene("OptionMarket.settleExpired"),
)
REHEARSED = (LONG_LIE, LIE_AT_EXPIRY)


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

    def play(self, sequence: Sequence_) -> Outcome:
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


@dataclass
class Elite:
    """The best sequence of its kind."""

    sequence: Sequence_
    outcome: Outcome


@dataclass
class Search:
    """Breeds sequences on one world; with one seed the same ones, in the same order."""

    player: Player
    seed: int = 0
    rehearsed: bool = True
    elites: dict[frozenset[str], Elite] = field(default_factory=dict)
    sequences: int = 0
    actions: int = 0
    called: set[str] = field(default_factory=set)
    succeeded: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        if self.rehearsed:
            for sequence in REHEARSED:
                self.try_(sequence)

    def run(
        self, sequences: int | None = None, seconds: float | None = None, until: int | None = None
    ) -> Search:
        """As many sequences, or for as long, or until the profit is above `until`."""
        end = time.monotonic() + seconds if seconds is not None else None
        while (sequences is None or self.sequences < sequences) and (end is None or time.monotonic() < end):
            self.try_(self._breed())
            if until is not None and self.best is not None and self.best.outcome.profit > until:
                break
        return self

    def try_(self, sequence: Sequence_) -> Outcome:
        """Plays one and keeps it if it is the best of its kind."""
        outcome = self.player.play(sequence)
        self.sequences += 1
        self.actions += outcome.actions
        self.called |= outcome.called
        self.succeeded |= outcome.succeeded | outcome.trespassed
        elite = self.elites.get(outcome.kind)
        if outcome.succeeded and (elite is None or outcome.profit > elite.outcome.profit):
            self.elites[outcome.kind] = Elite(sequence, outcome)
        return outcome

    @property
    def best(self) -> Elite | None:
        """Of all that did anything."""
        return max(self.elites.values(), key=lambda one: one.outcome.profit, default=None)

    def _breed(self) -> Sequence_:
        dice = self.random
        if len(self.elites) < 8 or dice.random() < 0.3:
            if dice.random() < 0.6:
                return self._outlined(dice.choice(OUTLINES))
            return tuple(self._gene() for _ in range(dice.randint(2, 10)))
        pool = list(self.elites.values())
        some = dice.sample(pool, min(3, len(pool)))
        # The richest, or the one that does most kinds of things, or any.
        rank = dice.choice((lambda one: one.outcome.profit, lambda one: len(one.outcome.kind), lambda one: 0))
        genes = list(max(some, key=rank).sequence)
        if dice.random() < 0.3:
            other = list(dice.choice(pool).sequence)
            genes = genes[: dice.randint(1, len(genes))] + other[dice.randrange(len(other)) :]
        for _ in range(dice.randint(1, 3)):
            self._mutate(genes)
        return tuple(genes[:LONGEST])

    def _outlined(self, kinds: tuple[str, ...]) -> Sequence_:
        """Mostly one attacker with one account."""
        drawn = [self._gene(KINDS.index(kind)) for kind in kinds]
        if self.random.random() < 0.7:
            drawn = [(one[0], *drawn[0][1:3], *one[3:]) for one in drawn]
        return tuple(drawn)

    def _mutate(self, genes: list[Gene]) -> None:
        dice = self.random
        at = dice.randrange(len(genes))
        how = dice.random()
        if how < 0.35:
            gene = list(genes[at])
            gene[dice.randrange(1, len(gene))] = dice.randrange(2**16)
            genes[at] = tuple(gene)
        elif how < 0.7:
            genes.insert(dice.randint(0, len(genes)), self._gene())
        elif how < 0.85 and len(genes) > 1:
            del genes[at]
        else:
            other = dice.randrange(len(genes))
            genes[at], genes[other] = genes[other], genes[at]

    def _gene(self, kind: int | None = None) -> Gene:
        dice = self.random
        return (
            dice.randrange(len(KINDS)) if kind is None else kind,
            *(dice.randrange(2**16) for _ in range(NUMBERS)),
        )


def shortened(player: Player, elite: Elite) -> Elite:
    """The same attack without what it does not need: no gene can be left out without losing a tenth of the profit."""
    sequence, outcome = elite.sequence, elite.outcome
    at = 0
    while at < len(sequence) and len(sequence) > 1:
        rest = sequence[:at] + sequence[at + 1 :]
        if at == 0:
            rest = ((*rest[0][:-1], sequence[0][-1]), *rest[1:])
        tried = player.play(rest)
        if tried.profit * 10 >= outcome.profit * 9 and tried.profit > 0:
            sequence, outcome = rest, tried
        else:
            at += 1
    return Elite(sequence, outcome)
