"""The search: sequences of genes, played on a world, the best of every kind kept and bred on.

Sequences that do the same kinds of things compete with each other only, so that a costly beginning of an attack survives
until something makes it pay (an archive of elites, Mouret and Clune 2015).
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

from tests.economic.genes import KINDS, NUMBERS, OUTLINES, REHEARSED, Gene, Genome
from tests.economic.play import Outcome, Player
from tests.economic.wealth import DOLLAR

LONGEST = 24
# Rounding that is left to the attackers, in all: a hundredth of a cent.
DUST = DOLLAR // 10_000


@dataclass
class Elite:
    """The best sequence of its kind."""

    sequence: Genome
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

    def try_(self, sequence: Genome) -> Outcome:
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

    def _breed(self) -> Genome:
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

    def _outlined(self, kinds: tuple[str, ...]) -> Genome:
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
