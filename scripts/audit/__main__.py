"""Runs the checkers: `make audit`.

solhint, Slither with every finding explained, the quick lemmas of halmos, and schemathesis against the matcher's
interface. Ends with one line; exits with 1 at anything unexplained.

    python -m scripts.audit                                 # all of them
    python -m scripts.audit --no-lemmas                     # without halmos
    python -m scripts.audit --no-contracts --no-lemmas      # the matcher's interface alone
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Annotated

import typer

from scripts.audit.api import run_schemathesis
from scripts.audit.slither import TRIAGE, Verdict, run_slither
from scripts.common.errors import KeelError, run_script
from scripts.prove.run import QUICK, prove
from scripts.setup.environment import NODE_MODULES, ROOT


def audit(
    contracts: Annotated[bool, typer.Option(help="solhint and Slither")] = True,
    lemmas: Annotated[bool, typer.Option(help="prove the quick lemmas too")] = True,
    api: Annotated[bool, typer.Option(help="schemathesis against the matcher's interface")] = True,
) -> None:
    """Everything must be explained, and every explanation needed."""
    began = time.monotonic()
    if contracts:
        _solhint()
    verdict = run_slither() if contracts else None
    if verdict:
        _show(verdict)
    report = prove(QUICK) if lemmas else None
    interface = run_schemathesis() if api else None
    for failure in interface.failures if interface else []:
        print(f"interface: {failure}")
    problems = []
    if verdict and verdict.unexplained:
        problems.append(f"{len(verdict.unexplained)} findings of Slither are unexplained")
    if verdict and verdict.stale:
        problems.append(f"{len(verdict.stale)} explanations are stale")
    if report and report.failed:
        problems.append(f"{len(report.failed)} lemmas are not proven")
    if interface and interface.failures:
        problems.append(f"{len(interface.failures)} findings of schemathesis")
    if problems:
        raise KeelError(f"{', '.join(problems)} (explanations: {TRIAGE.relative_to(ROOT)})")
    passed = []
    if verdict:
        passed.append(f"solhint clean; Slither {verdict.findings} findings, all explained")
    if report:
        passed.append(f"{len(report.proven)} lemmas proven")
    if interface:
        passed.append(
            f"matcher's interface: {interface.requests} requests to {interface.operations} operations, no finding"
        )
    print(f"audit passed: {'; '.join([*passed, f'{time.monotonic() - began:.0f} s'])}")


def _solhint() -> None:
    command = [str(NODE_MODULES / ".bin" / "solhint"), "--disc", "--noPoster", "--max-warnings", "0"]
    done = subprocess.run(
        [*command, "contracts/**/*.sol", "interfaces/**/*.sol"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout)
        raise KeelError("solhint found something")


def _show(verdict: Verdict) -> None:
    for finding in verdict.unexplained:
        print(f"unexplained: {finding.detector}: {finding.place}: {finding.sentence[:300]}")
    for line in verdict.stale:
        print(f"stale: {line}")


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(audit)
    sys.exit(run_script("audit", lambda: app(standalone_mode=False)))
