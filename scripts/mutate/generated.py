"""Mutations by rule (operators.py), and what share of them the fast tests notice: the score of each contract.

A mutation that compiles to the same code changes nothing and does not count. One that survives needs a test, or stands in
tests/equivalent_mutants.json with the reason why it changes nothing that anybody could notice. Outcomes are kept in
reports/mutants.json under the text of the file they were found in, so that a run that was cut off goes on where it ended.
"""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scripts.common.errors import KeelError
from scripts.mutate.operators import Mutant, Source, sources
from scripts.mutate.workplace import FORGE, Workplace, Workplaces
from scripts.setup.environment import ROOT

EQUIVALENT = ROOT / "tests" / "equivalent_mutants.json"
REPORT = ROOT / "reports" / "mutants.json"
SCORED = ("contracts/core/", "contracts/risk/", "contracts/liquidation/")
SECONDS = 240
WANTED = 90

# Tests of a part, the longest path that fits first; then all fast ones.
_POOL = [
    "tests/unit/core/pool",
    "tests/unit/core/test_adaptive_rate_model.py",
    "tests/unit/core/test_kink_rate_model.py",
]
OWN = {
    "contracts/core/Pool": _POOL,
    "contracts/core/LendingPool": _POOL,
    "contracts/core/Adaptive": _POOL[1:],
    "contracts/core/Kink": _POOL[1:],
    "contracts/core/": ["tests/unit/core/vault", "tests/unit/core/test_account_words.py"],
    "contracts/risk/": ["tests/unit/risk"],
    "contracts/liquidation/": ["tests/unit/liquidation"],
    "contracts/oracle/": ["tests/unit/oracle"],
    "contracts/swap/": ["tests/unit/swap"],
    "contracts/instruments/perps/": ["tests/unit/instruments/perps"],
    "contracts/instruments/options/": ["tests/unit/instruments/options"],
}
FAST = [
    *("tests/regressions", "tests/standards", "tests/integration/attacks", "tests/unit/liquidation"),
    *("tests/unit/core", "tests/unit/risk", "tests/unit/swap", "tests/differential", "tests/unit/oracle"),
    *("tests/unit/instruments", "tests/invariants/test_pool_properties.py"),
]
MARKED = ["-m", "not anvil and not slow"]


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: caught, survived, same (code) or broken (does not compile)."""

    name: str
    text: str  # hash of the file that was mutated
    verdict: str
    by: str
    seconds: float


class Book:
    """Outcomes so far, on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        rows = json.loads(path.read_text()) if path.exists() else []
        self._rows = {(row["name"], row["text"]): Verdict(**row) for row in rows}

    def find(self, mutant: Mutant, text: str) -> Verdict | None:
        """What is known of a mutant of that text."""
        return self._rows.get((mutant.name, text))

    def add(self, verdict: Verdict) -> None:
        """Keeps an outcome."""
        with self._lock:
            self._rows[verdict.name, verdict.text] = verdict
            self._path.parent.mkdir(exist_ok=True)
            rows = json.dumps([asdict(row) for row in self._rows.values()], indent=1)
            new = self._path.with_suffix(".new")
            new.write_text(rows + "\n")
            new.replace(self._path)


def generated(
    under: Annotated[list[str] | None, typer.Option(help="folder or file of contracts; several")] = None,
    sample: Annotated[int, typer.Option(min=0, help="mutants of each file, 0 for all")] = 3,
    seed: Annotated[int, typer.Option(help="which ones")] = 1,
    minutes: Annotated[float, typer.Option(min=0, help="begin no mutant after so long, 0 for no end")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="copies that work side by side")] = 2,
) -> None:
    """A sample of all mutations that the rules allow; the score of each contract."""
    console = Console()
    end = time.monotonic() + minutes * 60 if minutes else float("inf")
    with tempfile.TemporaryDirectory(prefix="keel-mutants-") as scratch:
        first = Workplace(Path(scratch) / "0")
        if wrong := first.build():
            raise KeelError(f"the contracts do not compile: {wrong}")
        files = sources(first.folder, first.folder / FORGE / "out", tuple(under or SCORED))
        if not files:
            raise KeelError(f"no contract under {under}; give a folder such as contracts/core")
        if failing := first.failing_test([*FAST, *MARKED], 1_200):
            raise KeelError(f"{failing} fails without any mutation; mend that first")
        code = _code(first)
        tasks = [task for source in files for task in _drawn(source, sample, seed)]
        book = Book(REPORT)
        console.print(f"{len(tasks)} mutants of {len(files)} files, {workers} at a time")

        def work(task: tuple[Mutant, str], place: Workplace) -> Verdict | None:
            mutant, text = task
            known = book.find(mutant, text)
            if known or time.monotonic() > end:
                return known
            verdict = judge(mutant, text, place, code)
            book.add(verdict)
            console.print(
                f"{verdict.verdict}: {verdict.name}", style="red" if verdict.verdict == "survived" else ""
            )
            return verdict

        verdicts = Workplaces(first, workers).map(work, tasks)
    _report(console, [verdict for verdict in verdicts if verdict], len(tasks))


def judge(mutant: Mutant, text: str, place: Workplace, code: dict[str, str]) -> Verdict:
    """Applies, compiles, tests, and puts back. `code` is what the contracts compile to unmutated."""
    began = time.monotonic()
    file = place.folder / mutant.file
    original = file.read_text()
    file.write_text(mutant.apply(original))
    by = ""
    try:
        if place.build():
            verdict = "broken"
        elif _code(place) == code:
            verdict = "same"
        else:
            by = place.failing_test([*_own(mutant.file), *MARKED], SECONDS) or place.failing_test(
                [*FAST, *MARKED], SECONDS * 2
            )
            verdict = "caught" if by else "survived"
    finally:
        file.write_text(original)
    return Verdict(mutant.name, text, verdict, by, round(time.monotonic() - began, 1))


def _own(file: str) -> list[str]:
    """Tests of the part that a file belongs to."""
    return OWN[max((prefix for prefix in OWN if file.startswith(prefix)), key=len, default="contracts/risk/")]


def _drawn(source: Source, sample: int, seed: int) -> list[tuple[Mutant, str]]:
    mutants = list(source.mutants())
    if sample and len(mutants) > sample:
        # One order for each file and seed, so that a larger sample holds a smaller one.
        random.Random(f"{seed} {source.file}").shuffle(mutants)
        mutants = mutants[:sample]
    text = hashlib.sha256(source.text.encode()).hexdigest()[:16]
    return [(mutant, text) for mutant in mutants]


def _code(place: Workplace) -> dict[str, str]:
    """The creation code of each contract."""
    return {
        path.stem: json.loads(path.read_text()).get("bytecode", {}).get("object", "0x")
        for path in (place.folder / FORGE / "out").glob("*.sol/*.json")
        if not path.parent.name.startswith("Mock")
    }


def _excused() -> dict[str, str]:
    """Mutants that change nothing one could notice, by name without the line, and why."""
    if not EQUIVALENT.exists():
        return {}
    return {entry["mutant"]: entry["reason"] for entry in json.loads(EQUIVALENT.read_text())}


def unnumbered(name: str) -> str:
    """A mutant's name without its line, which changes when a file grows."""
    file, rest = name.split(":", 1)
    return f"{file} {rest.split(' ', 1)[1]}"


def _report(console: Console, verdicts: list[Verdict], drawn: int) -> None:
    excused = _excused()
    table = Table("contract", "caught", "of", "score", "same code or broken")
    files = sorted({verdict.name.split(":")[0] for verdict in verdicts})
    caught_all = counted_all = 0
    for file in files:
        mine = [verdict for verdict in verdicts if verdict.name.startswith(file + ":")]
        idle = [v for v in mine if v.verdict in ("same", "broken") or unnumbered(v.name) in excused]
        caught = sum(v.verdict == "caught" for v in mine)
        counted = len(mine) - len([v for v in idle if v.verdict != "caught"])
        caught_all, counted_all = caught_all + caught, counted_all + counted
        share = f"{100 * caught / counted:.0f}%" if counted else "-"
        table.add_row(file, str(caught), str(counted), share, str(len(mine) - counted))
    console.print(table)
    survivors = [v for v in verdicts if v.verdict == "survived" and unnumbered(v.name) not in excused]
    for verdict in survivors:
        console.print(f"survived: {verdict.name}", style="red", highlight=False)
    if drawn > len(verdicts):
        console.print(f"time was up: {len(verdicts)} of {drawn} mutants were tried")
    score = 100 * caught_all / counted_all if counted_all else 0.0
    console.print(f"{caught_all} of {counted_all} mutants caught: {score:.1f}% (wanted: {WANTED}%)")
    if score < WANTED:
        raise KeelError(f"{len(survivors)} mutants survived: {score:.1f}% caught, at least {WANTED}% wanted")
