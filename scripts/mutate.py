"""Takes out one check at a time and shows the test that notices: `make mutate`.

The list is tests/mutations.json: a promise, what is broken, a file, the exact text (which must stand there
once), its replacement, and the tests of which one must fail. Each mutation is applied to a copy of the tree,
never to the tree, compiled by forge (only what changed) and tested; several copies work side by side.

    python -m scripts.mutate                  # all; table, reports/mutations.json
    python -m scripts.mutate --only LIQ-3     # one promise
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scripts.common.errors import KeelError, run_script
from scripts.setup.environment import ROOT

LIST = ROOT / "tests" / "mutations.json"
REPORT = ROOT / "reports" / "mutations.json"
COPIED = ("contracts", "interfaces", "scripts", "tests")
SECONDS = 600


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


class Workplace:
    """A copy of the tree in which mutations are compiled and tested."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("foundry.toml", "pyproject.toml"):
            shutil.copy(ROOT / name, folder / name)
        (folder / ".keel").mkdir()
        for name in ("node_modules", ".venv", ".keel/solc", ".keel/home"):
            if (ROOT / name).exists():
                (folder / name).symlink_to(ROOT / name)

    def build(self) -> None:
        """Compiles what changed. Raises KeelError if it does not compile."""
        done = self._run(["scripts/setup/forge_build.sh"])
        if done.returncode:
            last = [line for line in done.stdout.splitlines() if "Error" in line][:1]
            raise KeelError(f"a mutation does not compile: {(last or ['no message'])[0]}")

    def failing_test(self, tests: list[str]) -> str:
        """The first of the tests that fails, empty if none does. Raises KeelError if they could not run."""
        command = [
            ".venv/bin/python",
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "--tb=no",
            *tests,
        ]
        done = self._run(command)
        failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        if done.returncode == 0:
            return ""
        if done.returncode != 1 or not failed:
            raise KeelError(
                f"pytest could not run {' '.join(tests)}: {done.stdout.strip().splitlines()[-1:]}"
            )
        return failed[0].split(" ", 1)[1].split(" - ")[0]

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "KEEL_OUT": ".keel/forge",
            "KEEL_ARTIFACTS": ".keel/forge/out",
            "CI": "1",
        }
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )


def judge(mutation: Mutation, place: Workplace) -> Outcome:
    """Applies, compiles, tests, and puts back."""
    began = time.monotonic()
    original = mutation.apply(place.folder)
    try:
        place.build()
        by = place.failing_test(mutation.tests)
    finally:
        (place.folder / mutation.file).write_text(original)
    seconds = round(time.monotonic() - began, 1)
    return Outcome(mutation.promise, mutation.what, mutation.file, bool(by), by, seconds)


def mutate(
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
        places: queue.Queue[Workplace] = queue.Queue()
        first = Workplace(Path(scratch) / "0")
        for mutation in mutations:  # a list out of date is told before an hour's work
            (first.folder / mutation.file).write_text(mutation.apply(first.folder))
        console.print(f"{len(mutations)} mutations, {workers} at a time")
        first.build()
        if unmutated := first.failing_test(sorted({test for m in mutations for test in m.tests})):
            raise KeelError(f"{unmutated} fails without any mutation; mend that first")
        places.put(first)
        for number in range(1, workers):
            copy = Workplace(Path(scratch) / str(number))
            shutil.copytree(first.folder / ".keel" / "forge", copy.folder / ".keel" / "forge")
            copy.build()
            places.put(copy)

        def work(mutation: Mutation) -> Outcome:
            place = places.get()
            try:
                outcome = judge(mutation, place)
            finally:
                places.put(place)
            console.print(f"{'caught' if outcome.caught else 'SURVIVED'}: {outcome.promise}: {outcome.what}")
            return outcome

        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            outcomes = list(pool.map(work, mutations))
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


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(mutate)
    sys.exit(run_script("mutate", lambda: app(standalone_mode=False)))
