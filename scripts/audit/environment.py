"""The checkers' own virtual environment: installed once, from pinned versions, apart from the project's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.common.errors import KeelError
from scripts.setup.environment import (
    NODE_MODULES,
    ROOT,
    STATE,
    exclusive,
    hash_files,
    project_environment,
    write_atomically,
)

REQUIREMENTS = ROOT / "scripts" / "audit" / "requirements.txt"
VENV = STATE / "audit-venv"
STAMP = VENV / "keel-stamp"
LOG = STATE / "setup.log"


def checker(name: str) -> Path:
    """Path of a checker's executable, after the environment is set up. Raises KeelError where that fails."""
    with exclusive("audit-setup"):
        wanted = hash_files([REQUIREMENTS], str(ROOT), sys.version)
        if not STAMP.exists() or STAMP.read_text() != wanted:
            _install()
            write_atomically(STAMP, wanted)
    return VENV / "bin" / name


def checker_environment() -> dict[str, str]:
    """For subprocesses: forge and the checkers on the PATH, their state inside the project."""
    environment = project_environment()
    tools = f"{VENV / 'bin'}{os.pathsep}{NODE_MODULES / '.bin'}"
    environment["PATH"] = f"{tools}{os.pathsep}{environment['PATH']}"
    environment["XDG_CACHE_HOME"] = str(STATE / "home" / ".cache")
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        environment.pop(name, None)
    return environment


def _install() -> None:
    if VENV.exists():
        shutil.rmtree(VENV)
    python = VENV / "bin" / "python"
    project = ROOT / ".venv" / "bin"
    uv = shutil.which("uv") or (str(project / "uv") if (project / "uv").exists() else None)
    if uv:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)])
        _run([uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(REQUIREMENTS)])
    else:
        _run([sys.executable, "-m", "venv", str(VENV)])
        _run([str(python), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)])


def _run(command: list[str]) -> None:
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("VIRTUAL_ENV", None)
    with LOG.open("a") as log:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        done = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, env=environment, check=False)
    if done.returncode:
        raise KeelError(
            f"the checkers' environment {VENV.relative_to(ROOT)} could not be installed; is a package index "
            f"reachable? Details: {LOG.relative_to(ROOT)}"
        )
