"""Mutations by hand: takes out one check at a time and shows the test that notices.

The list is tests/mutations.json: a promise, what is broken, a file, the exact text (which must stand there once), its
replacement, and the tests of which one must fail.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scripts.common.errors import KeelError
from scripts.mutate.workplace import Workplace, Workplaces
from scripts.setup.environment import ROOT

LIST = ROOT / "tests" / "mutations.json"
REPORT = ROOT / "reports" / "mutations.json"


@dataclass(frozen=True)
class Mutation:
    """One check taken out; `old` stands in `file` exactly once."""

    promise: str
    what: str
    file: str
    old: str
    new: str
    tests: list[str]

    def apply(self, tree: Path) -> str:
        """Writes the mutated file and returns the original text. Raises KeelError unless it is there once."""
        path = tree / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            raise KeelError(
                f"{LIST.name}: {self.what!r}: its text stands {text.count(self.old)} times in {self.file}, "
                "expected once; bring the list up to date"
            )
        path.write_text(text.replace(self.old, self.new))
        return text


@dataclass(frozen=True)
class Outcome:
    """What became of a mutation: caught (by which test) or survived."""

    promise: str
    what: str
    file: str
    caught: bool
    by: str
    seconds: float


def judge(mutation: Mutation, place: Workplace) -> Outcome:
    """Applies, compiles, tests, and puts back."""
    began = time.monotonic()
    original = mutation.apply(place.folder)
    try:
        if wrong := place.build():
            raise KeelError(f"{mutation.what!r} does not compile: {wrong}")
        by = place.failing_test(mutation.tests)
    finally:
        (place.folder / mutation.file).write_text(original)
    seconds = round(time.monotonic() - began, 1)
    return Outcome(mutation.promise, mutation.what, mutation.file, bool(by), by, seconds)


def listed(
    only: Annotated[str, typer.Option(help="a promise, such as LIQ-3")] = "",
    workers: Annotated[int, typer.Option(help="copies that work side by side")] = 2,
) -> None:
    """Every mutation of the list must be caught."""
    mutations = [Mutation(**entry) for entry in json.loads(LIST.read_text())]
    mutations = [mutation for mutation in mutations if only in ("", mutation.promise)]
    if not mutations:
        raise KeelError(f"no mutation of {only!r}; {LIST.name} has others")
    console = Console()
    with tempfile.TemporaryDirectory(prefix="keel-mutate-") as scratch:
        first = Workplace(Path(scratch) / "0")
        for mutation in mutations:  # a list out of date is told before an hour's work
            (first.folder / mutation.file).write_text(mutation.apply(first.folder))
        console.print(f"{len(mutations)} mutations, {workers} at a time")
        if wrong := first.build():
            raise KeelError(f"the contracts do not compile: {wrong}")
        if unmutated := first.failing_test(sorted({test for m in mutations for test in m.tests})):
            raise KeelError(f"{unmutated} fails without any mutation; mend that first")

        def work(mutation: Mutation, place: Workplace) -> Outcome:
            outcome = judge(mutation, place)
            console.print(f"{'caught' if outcome.caught else 'SURVIVED'}: {outcome.promise}: {outcome.what}")
            return outcome

        outcomes = Workplaces(first, workers).map(work, mutations)
    _report(console, outcomes)
    survivors = [outcome for outcome in outcomes if not outcome.caught]
    console.print(f"{len(outcomes) - len(survivors)} of {len(outcomes)} mutations caught")
    if survivors:
        raise KeelError(f"{len(survivors)} mutations survived: a test is missing for each")


def _report(console: Console, outcomes: list[Outcome]) -> None:
    table = Table("promise", "what is broken", "caught by", "s")
    for outcome in outcomes:
        table.add_row(outcome.promise, outcome.what, outcome.by or "NOTHING", f"{outcome.seconds:.0f}")
    console.print(table)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=2) + "\n")
