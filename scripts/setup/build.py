"""Compiles all contracts with Brownie to build/contracts, unless nothing that matters has changed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from scripts.setup.environment import (
    ROOT,
    SOLC_VERSION,
    STATE,
    VENV,
    exclusive,
    hash_files,
    project_environment,
    write_atomically,
)

STAMP = STATE / "build.stamp"
BUILD = ROOT / "build" / "contracts"


def main() -> int:
    """Builds if needed; returns Brownie's exit code, and prints what it said if that is not 0."""
    with exclusive("build"):
        settings = hash_files([ROOT / "brownie-config.yaml", ROOT / "package.json"], SOLC_VERSION)
        sources = hash_files([*_files("contracts"), *_files("interfaces")])
        previous = STAMP.read_text().split() if STAMP.exists() else ["", ""]
        if previous == [settings, sources] and any(BUILD.glob("*.json")):
            return 0
        started = time.monotonic()
        STAMP.unlink(missing_ok=True)
        # Brownie notices changed sources, but neither changed settings nor changed packages.
        everything = ["--all"] if previous[0] != settings else []
        command = [str(VENV / "bin" / "brownie"), "compile", *everything]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=project_environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        # Brownie exits with 0 after compiler errors.
        if done.returncode != 0 or "Project has been compiled" not in done.stdout:
            print(done.stdout, file=sys.stderr)
            return done.returncode or 1
        write_atomically(STAMP, f"{settings} {sources}\n")
        print(
            f"keel build: {len(list(BUILD.glob('*.json')))} contracts in {time.monotonic() - started:.0f} s"
        )
        return 0


def _files(folder: str) -> list[Path]:
    return [
        file for file in (ROOT / folder).rglob("*") if file.suffix in (".sol", ".json") and file.is_file()
    ]


if __name__ == "__main__":
    sys.exit(main())
