"""Copies of the tree in which mutations are compiled and tested."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from scripts.common.errors import KeelError
from scripts.setup.environment import ROOT

COPIED = ("contracts", "interfaces", "scripts", "tests", "docs")
SECONDS = 600
FORGE = Path(".keel") / "forge"

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workplace:
    """A copy of the tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "images")
            )
        for name in ("foundry.toml", "pyproject.toml", "package.json"):
            shutil.copy(ROOT / name, folder / name)
        (folder / ".keel").mkdir()
        for name in ("node_modules", ".venv", ".keel/solc", ".keel/home"):
            if (ROOT / name).exists():
                (folder / name).symlink_to(ROOT / name)

    def duplicate(self, folder: Path) -> Workplace:
        """Another copy, with what was compiled here."""
        copy = Workplace(folder)
        shutil.copytree(self.folder / FORGE, folder / FORGE)
        return copy

    def build(self) -> str:
        """Compiles what changed; returns the compiler's first error, empty if there is none."""
        done = self._run(["scripts/setup/forge_build.sh"])
        if done.returncode == 0:
            return ""
        return next((line for line in done.stdout.splitlines() if "Error" in line), "no message")

    def failing_test(self, tests: list[str], seconds: float = SECONDS) -> str:
        """The first of the tests that fails, empty if none does; "time is up" counts as failing.

        Raises KeelError if they could not run.
        """
        command = [".venv/bin/python", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=no"]
        try:
            done = self._run([*command, *tests], seconds)
        except subprocess.TimeoutExpired:
            return f"time is up after {seconds:.0f} s"
        failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        if done.returncode == 0:
            return ""
        if done.returncode not in (1, 2) or not failed:
            last = done.stdout.strip().splitlines()[-1:]
            raise KeelError(f"pytest could not run {' '.join(tests)}: {last}")
        return failed[0].split(" ", 1)[1].split(" - ")[0]

    def _run(self, command: list[str], seconds: float = SECONDS) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "KEEL_OUT": str(FORGE),
            "KEEL_ARTIFACTS": str(FORGE / "out"),
            "CI": "1",
            # Code that is the same to the byte where nothing but the source's text differs.
            "FOUNDRY_BYTECODE_HASH": "none",
            "FOUNDRY_CBOR_METADATA": "false",
        }
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )


class Workplaces:
    """Several copies, each used by one task at a time."""

    def __init__(self, first: Workplace, workers: int) -> None:
        self._free: queue.Queue[Workplace] = queue.Queue()
        self._workers = workers
        self._free.put(first)
        for number in range(1, workers):
            self._free.put(first.duplicate(first.folder.parent / str(number)))

    @contextmanager
    def one(self) -> Iterator[Workplace]:
        """A copy that nobody else uses."""
        place = self._free.get()
        try:
            yield place
        finally:
            self._free.put(place)

    def map(self, work: Callable[[Task, Workplace], Result], tasks: list[Task]) -> list[Result]:
        """Results in the order of the tasks."""

        def run(task: Task) -> Result:
            with self.one() as place:
                return work(task, place)

        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(run, tasks))
