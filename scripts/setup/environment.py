"""Where things live in a checkout, and the environment its tools run in. Standard library only."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".keel"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
NODE_MODULES = ROOT / "node_modules"
SOLC_VERSION = "0.8.37"
SOLC_FOLDER = STATE / "solc"
SOLC = SOLC_FOLDER / f"solc-v{SOLC_VERSION}"


class SetupError(Exception):
    """Set-up cannot go on; the message is the one line that the user sees."""


def project_environment() -> dict[str, str]:
    """The environment for Brownie and forge: state and compiler in the project, not in the user's home."""
    home = STATE / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {**os.environ, "HOME": str(home), "SOLCX_BINARY_PATH": str(SOLC_FOLDER), "PYTHONPATH": str(ROOT)}


def native_tool(name: str) -> Path:
    """Path of the native binary of one of the `@foundry-rs` packages, such as `anvil` or `forge`.

    The npm wrapper starts the binary as a child process; whoever must end it by its process id needs the
    binary itself. Raises SetupError where the package for this platform is not installed.
    """
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform, sys.platform)
    machine = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower(), platform.machine()
    )
    package = f"{name}-{system}-{machine}"
    binary = NODE_MODULES / "@foundry-rs" / package / "bin" / name
    if not binary.is_file():
        raise SetupError(f"no {name} at {binary}: @foundry-rs/{package} is missing; run `make setup`")
    return binary


def hash_files(files: list[Path], *extra: str) -> str:
    """SHA-256 over the names (relative to the project) and contents of `files` and over `extra`."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    for item in extra:
        digest.update(item.encode() + b"\0")
    return digest.hexdigest()


@contextlib.contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Holds the lock file `.keel/<name>.lock`, so that two runs of the same step wait for each other."""
    STATE.mkdir(exist_ok=True)
    with (STATE / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def write_atomically(file: Path, text: str) -> None:
    """Replaces `file` in one step: a reader sees the old content or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    partial.write_text(text)
    partial.replace(file)
