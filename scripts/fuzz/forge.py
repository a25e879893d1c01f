"""Runs the invariants of tests/forge/ with forge: what they deploy is put beside them, one seed at a time."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.artifacts import ArtifactError, artifacts
from scripts.common.errors import KeelError
from scripts.setup.environment import ROOT, SOLC, STATE, hash_files, native_tool, project_environment

FOLDER = STATE / "fuzz"
CODE = FOLDER / "code"
TESTS = ROOT / "tests" / "forge"
DEPLOYED = re.compile(r'_deploy\(\s*"\w*",\s*"(\w+)"')
SEQUENCE = re.compile(r"calldata=(\w+)\(uint256\) args=\[(\d+)")
# Each attempt at a shorter sequence plays it once more.
SHRINK_ATTEMPTS = 2_000


@dataclass(frozen=True)
class Violation:
    """A promise that did not hold: which, the seed, and the shortest sequence that was found, as `handler(seed)`."""

    promise: str
    seed: int
    sequence: list[str]


def prepare() -> str:
    """Writes the creation code of what the tests deploy, compiles the tests, and returns a digest of both."""
    names = sorted({name for file in TESTS.glob("*.sol") for name in DEPLOYED.findall(file.read_text())})
    CODE.mkdir(parents=True, exist_ok=True)
    store, digest = artifacts(), hashlib.sha256()
    for name in names:
        try:
            code = store.get(name).creation_code().hex()
        except ArtifactError as error:
            raise KeelError(str(error)) from None
        digest.update(code.encode())
        (CODE / f"{name}.hex").write_text(f"0x{code}")
    done = _forge(["build"], {}, seconds=600)
    if done.returncode:
        raise KeelError(f"the tests in {TESTS} do not compile: {_first(done.stdout, 'Error')}")
    return hash_files([*TESTS.glob("*.sol"), ROOT / "foundry.toml"], digest.hexdigest())[:16]


def play(seed: int, sequences: int, depth: int, counts: Path, seconds: float) -> Violation | None:
    """Plays sequences of `depth` handlers; adds what they counted to the file `counts`."""
    environment = {
        "KEEL_FUZZ_COUNTS": str(counts.relative_to(ROOT)),
        "FOUNDRY_INVARIANT_RUNS": str(sequences),
        "FOUNDRY_INVARIANT_DEPTH": str(depth),
        "FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT": str(SHRINK_ATTEMPTS),
        # Each process its own: what failed in one is not played again by another.
        "FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR": str(FOLDER / "failures" / str(seed)),
    }
    done = _forge(["test", "--match-contract", "SystemTest", "--fuzz-seed", str(seed)], environment, seconds)
    if done.returncode == 0 and "[PASS] invariant_promises()" in done.stdout:
        return None
    failed = re.search(r"\[FAIL: (.*)\]\s*$", done.stdout, re.MULTILINE)
    if failed is None:
        raise KeelError(
            f"forge could not run the invariants: {_first(done.stdout, 'Error') or done.stdout[-300:]}"
        )
    steps = SEQUENCE.findall(done.stdout.split("\nFailing tests:")[0])
    return Violation(failed[1], seed, [f"{handler}({argument})" for handler, argument in steps])


def _forge(
    arguments: list[str], environment: dict[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    command = [str(native_tool("forge")), *arguments, "--offline", "--use", str(SOLC), "--color", "never"]
    settings = {"FOUNDRY_PROFILE": "fuzz", "KEEL_FUZZ_CODE": str(CODE.relative_to(ROOT)), **environment}
    try:
        return subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **project_environment(), **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise KeelError(f"forge {arguments[0]} took longer than {seconds:.0f} seconds") from None


def _first(text: str, start: str) -> str:
    return next((line for line in text.splitlines() if line.startswith(start)), "")
