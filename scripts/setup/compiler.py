"""Installs solc where py-solc-x looks for it: the native build if it can be downloaded, else the npm build.

Both are the same version and give the same bytecode. KEEL_SOLC=native or KEEL_SOLC=npm forces one of them.
Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
import urllib.request

from scripts.setup.environment import NODE_MODULES, SOLC, SOLC_VERSION, SetupError

DOWNLOADS = "https://binaries.soliditylang.org"
CONNECT_SECONDS = 4
DOWNLOAD_SECONDS = 90
SHIM = '#!/usr/bin/env node\nrequire("../../scripts/setup/solc_shim.js");\n'


def install_compiler() -> str:
    """Puts an executable at `SOLC` and says which: "native" or "npm". Raises SetupError if there is none."""
    wanted = os.environ.get("KEEL_SOLC", "auto")
    if wanted not in ("auto", "native", "npm"):
        raise SetupError(f'KEEL_SOLC is "{wanted}"; expected "auto", "native" or "npm"')
    SOLC.parent.mkdir(parents=True, exist_ok=True)
    if wanted != "npm":
        try:
            _write_executable(_download_native())
            _check_version()
            return "native"
        except (OSError, ValueError, KeyError, StopIteration, SetupError) as error:
            if wanted == "native":
                raise SetupError(f"the native solc {SOLC_VERSION} could not be installed: {error}") from error
    if not (NODE_MODULES / "solc" / "soljson.js").is_file():
        raise SetupError(
            f"npm's solc {SOLC_VERSION} is missing in {NODE_MODULES}; delete that folder and try again"
        )
    _write_executable(SHIM.encode())
    _check_version()
    return "npm"


def _platform_folder() -> str:
    machine = platform.machine().lower()
    if sys.platform == "darwin":
        return "macosx-amd64"  # universal binaries since 0.8.24
    if sys.platform == "linux":
        return "linux-arm64" if machine in ("aarch64", "arm64") else "linux-amd64"
    raise SetupError(f"there is no native solc for {sys.platform}")


def _download_native() -> bytes:
    folder = f"{DOWNLOADS}/{_platform_folder()}"
    deadline = time.monotonic() + DOWNLOAD_SECONDS
    builds = json.loads(_get(f"{folder}/list.json", deadline))["builds"]
    build = next(
        entry for entry in builds if entry["version"] == SOLC_VERSION and not entry.get("prerelease")
    )
    binary = _get(f"{folder}/{build['path']}", deadline)
    digest = "0x" + hashlib.sha256(binary).hexdigest()
    if digest != build["sha256"]:
        raise SetupError(f"{build['path']} has SHA-256 {digest}; the list says {build['sha256']}")
    return binary


def _get(url: str, deadline: float) -> bytes:
    with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as response:
        chunks = []
        while chunk := response.read(1 << 18):
            chunks.append(chunk)
            if time.monotonic() > deadline:
                raise SetupError(f"{url} took longer than {DOWNLOAD_SECONDS} s")
        return b"".join(chunks)


def _write_executable(content: bytes) -> None:
    partial = SOLC.with_name(f"partial-{os.getpid()}")
    partial.write_bytes(content)
    partial.chmod(0o755)
    partial.replace(SOLC)


def _check_version() -> None:
    answer = subprocess.run([SOLC, "--version"], capture_output=True, text=True, check=False)
    if answer.returncode != 0 or f"Version: {SOLC_VERSION}+" not in answer.stdout:
        raise SetupError(f"{SOLC} does not run: {(answer.stderr or answer.stdout).strip()[-200:]}")
