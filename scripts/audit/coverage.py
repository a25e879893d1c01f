"""How much of scripts/ the tests run, line by line: `make coverage`.

Processes that tests start are measured too, forked, spawned or ended by signals; settings are in pyproject.toml. Ends
with one line; exits with 1 below the threshold there.

    python -m scripts.audit.coverage                    # the tests of Python, of the models, and the demo's
    python -m scripts.audit.coverage tests/python/cli   # others
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from typing import Any

from scripts.common.errors import KeelError, run_script
from scripts.setup.environment import ROOT, STATE

# The models beside the contracts are run by the tests of the contracts.
TESTS = (
    "tests/python",
    "tests/differential",
    "tests/integration/test_demo.py",
    "tests/unit/instruments",
    "tests/unit/core",
)
DATA = STATE / "coverage"
SHOWN = 12


def measure(tests: list[str]) -> None:
    """Runs tests and judges what they ran. Raises KeelError if they fail, or run too little."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]
    wanted = settings["report"]["fail_under"]
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir(parents=True)
    failed = _coverage("run", "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", *tests)
    _coverage("combine", "--quiet")
    report = DATA / "report.json"
    _coverage("json", "--quiet", "--fail-under", "0", "-o", str(report))
    found: dict[str, Any] = json.loads(report.read_bytes())
    total = found["totals"]
    for name, share in _least(found["files"], wanted)[:SHOWN]:
        print(f"{share:5.1f}%  {name}")
    sentence = (
        f"{total['percent_covered']:.1f}% of {total['num_statements']:,} lines of scripts/ are run by tests;"
        f" expected at least {wanted}%"
    )
    if failed:
        raise KeelError(f"tests failed; {sentence}")
    if total["percent_covered"] < wanted:
        raise KeelError(sentence)
    print(f"coverage passed: {sentence}")


def _least(files: dict[str, Any], wanted: float) -> list[tuple[str, float]]:
    """Files below what is wanted, those with most lines that nothing ran first."""
    below = [(name, file["summary"]) for name, file in files.items()]
    below = [(name, summary) for name, summary in below if summary["percent_covered"] < wanted]
    below.sort(key=lambda one: -one[1]["missing_lines"])
    return [(name, summary["percent_covered"]) for name, summary in below]


def _coverage(*arguments: str) -> int:
    environment = {**os.environ, "COVERAGE_RCFILE": str(ROOT / "pyproject.toml")}
    command = [sys.executable, "-m", "coverage", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(run_script("coverage", lambda: measure(sys.argv[1:] or list(TESTS))))
