"""Makes a checkout ready: Python environment, npm packages, compiler. Safe to run again; done work is reused.

Runs on the system's Python with the standard library only. On failure prints exactly one line and exits
with 1; the tools' own output is in `.keel/setup.log`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.setup.compiler import install_compiler
from scripts.setup.environment import (
    NODE_MODULES,
    ROOT,
    SOLC,
    SOLC_VERSION,
    STATE,
    VENV,
    VENV_PYTHON,
    SetupError,
    exclusive,
    hash_files,
    write_atomically,
)

STAMPS = STATE / "setup.json"
LOG = STATE / "setup.log"
NODE_MAJOR = 20


def main() -> int:
    """Runs the three steps; returns the exit code."""
    try:
        with exclusive("setup"):
            _setup()
    except SetupError as error:
        print(f"keel setup: {error}", file=sys.stderr)
        return 1
    return 0


def _setup() -> None:
    stamps = _read_stamps()
    wanted = {
        "python": hash_files([ROOT / "requirements.txt"], str(ROOT), sys.version),
        "node": hash_files([ROOT / "package.json"]),
        "compiler": f"{SOLC_VERSION} {os.environ.get('KEEL_SOLC', 'auto')}",
    }
    steps = (
        ("python", VENV_PYTHON, "Python packages", _install_python),
        ("node", NODE_MODULES / "solc" / "soljson.js", "npm packages", _install_node),
        ("compiler", SOLC, f"solc {SOLC_VERSION}", _install_compiler),
    )
    for name, product, title, install in steps:
        if stamps.get(name) == wanted[name] and product.exists():
            continue
        started = time.monotonic()
        detail = install()
        stamps[name] = wanted[name]
        write_atomically(STAMPS, json.dumps(stamps, indent=2) + "\n")
        print(f"keel setup: {title} ready ({detail}, {time.monotonic() - started:.0f} s)", flush=True)
    _link_command()


def _link_command() -> None:
    """Whoever activates the environment has `keel` on the PATH."""
    link = VENV / "bin" / "keel"
    if not link.is_symlink():
        link.symlink_to(Path("..", "..", "keel"))


def _read_stamps() -> dict[str, str]:
    try:
        return dict(json.loads(STAMPS.read_text()))
    except (OSError, ValueError):
        return {}


def _install_python() -> str:
    requirements = str(ROOT / "requirements.txt")
    uv = shutil.which("uv")
    if VENV.exists():
        shutil.rmtree(VENV)
    if uv:
        _run(
            [uv, "venv", "--quiet", "--no-python-downloads", "--python", sys.executable, str(VENV)],
            "create .venv",
        )
    else:
        _run(
            [sys.executable, "-m", "venv", str(VENV)],
            "create .venv (Debian and Ubuntu: install the package python3-venv)",
        )
        installed = _attempt([str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "uv"])
        uv = str(VENV / "bin" / "uv") if installed else None
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", str(VENV_PYTHON), "-r", requirements]
        if _attempt(command):
            return "uv"
        _attempt([str(VENV_PYTHON), "-m", "ensurepip"])
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "-r", requirements]
    _run(command, "install the Python packages; is the network, or a package index, reachable?")
    return "pip"


def _install_node() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise SetupError(f"Node.js {NODE_MAJOR} or later with npm is needed, and none is on the PATH")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = version.lstrip("v").split(".")[0]
    if not major.isdigit() or int(major) < NODE_MAJOR:
        raise SetupError(
            f"Node.js {NODE_MAJOR} or later is needed; {node} is {version or 'of an unknown version'}"
        )
    # Without a lock file: one written on this platform would lack the others' Foundry binaries.
    _run(
        [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"],
        "install the npm packages; is the network, or a package registry, reachable?",
    )
    return f"node {version}"


def _install_compiler() -> str:
    return install_compiler()


def _attempt(command: list[str]) -> bool:
    with LOG.open("a") as log:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        environment.pop("VIRTUAL_ENV", None)
        done = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, env=environment, check=False)
    return done.returncode == 0


def _run(command: list[str], purpose: str) -> None:
    if not _attempt(command):
        raise SetupError(f"could not {purpose} Details: {LOG.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
