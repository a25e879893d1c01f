"""Proves the lemmas of tests/prove with halmos.

A lemma is a function whose name begins with `check_`; its arguments are any values of their types. One whose name
begins with `check_wrong_` is false on purpose and must be refuted: it shows that a false lemma does not pass. A lemma
that times out is not proven.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass

from scripts.audit.environment import VENV, checker, checker_environment
from scripts.common.errors import KeelError
from scripts.setup.environment import ROOT, SOLC, STATE, exclusive

WORK = STATE / "prove"
LEMMAS = "tests/prove"
WRONG = "check_wrong_"
# Contracts whose lemmas take seconds each: those that `make audit` proves.
QUICK = "^(WordsProofs|MathProofs)$"
ALL = "Proofs$"
QUERY_SECONDS = 120
SECONDS = 3600
# What halmos calls the end of a lemma.
PASS, COUNTEREXAMPLE = 0, 1


@dataclass(frozen=True)
class Report:
    """Lemmas by outcome; `failed` says of each why."""

    proven: list[str]
    refuted: list[str]
    failed: list[str]
    seconds: float


def prove(contracts: str = ALL) -> Report:
    """Runs the lemmas of the contracts that match. Raises KeelError if halmos could not run."""
    with exclusive("prove"):
        return _prove(contracts)


def _prove(contracts: str) -> Report:
    began = time.monotonic()
    answer = WORK / "halmos.json"
    # From nothing: what does not compile must not be proven as it was before.
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    halmos = checker("halmos")
    solver = f"{VENV / 'bin' / 'python'} {ROOT / 'scripts' / 'prove' / 'integers.py'}"
    command = [
        str(halmos),
        "--forge-build-out",
        str((WORK / "out").relative_to(ROOT)),
        "--match-contract",
        contracts,
        "--solver-command",
        solver,
        "--solver-timeout-assertion",
        f"{QUERY_SECONDS}s",
        "--solver-threads",
        "1",
        "--loop",
        "256",
        "--early-exit",
        "--no-status",
        "--json-output",
        str(answer),
    ]
    log = WORK / "halmos.log"
    with log.open("w") as stream:
        subprocess.run(
            command,
            cwd=ROOT,
            env=_environment(),
            stdout=stream,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    try:
        results = json.loads(answer.read_text())["test_results"]
    except (OSError, ValueError, KeyError):
        raise KeelError(f"halmos failed: {log.read_text().strip()[-500:]}") from None
    outcomes = {
        f"{contract.split(':')[-1]}.{lemma['name'].split('(')[0]}": lemma["exitcode"]
        for contract, lemmas in results.items()
        for lemma in lemmas
    }
    if not outcomes:
        raise KeelError(f"no lemma of {LEMMAS} matches {contracts}")
    return _report(outcomes, time.monotonic() - began)


def _report(outcomes: dict[str, int], seconds: float) -> Report:
    proven: list[str] = []
    refuted: list[str] = []
    failed: list[str] = []
    for lemma, code in sorted(outcomes.items()):
        wrong = lemma.split(".")[-1].startswith(WRONG)
        if code == (COUNTEREXAMPLE if wrong else PASS):
            (refuted if wrong else proven).append(lemma)
        elif wrong:
            failed.append(f"{lemma}: false on purpose, and not refuted")
        elif code == COUNTEREXAMPLE:
            failed.append(f"{lemma}: there is a counterexample (.keel/prove/halmos.log)")
        else:
            failed.append(f"{lemma}: not decided (.keel/prove/halmos.log)")
    for line in failed:
        print(f"not proven: {line}")
    return Report(proven, refuted, failed, seconds)


def _environment() -> dict[str, str]:
    return {
        **checker_environment(),
        "FOUNDRY_SRC": LEMMAS,
        "FOUNDRY_TEST": LEMMAS,
        "FOUNDRY_OUT": os.fspath((WORK / "out").relative_to(ROOT)),
        "FOUNDRY_CACHE_PATH": os.fspath((WORK / "cache").relative_to(ROOT)),
        "FOUNDRY_SOLC": str(SOLC),
        "FOUNDRY_OFFLINE": "true",
    }
