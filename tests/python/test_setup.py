"""Set-up: the compiler behind the shim, and the native one's download."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.setup import bootstrap, compiler
from scripts.setup.environment import ROOT, SOLC_VERSION, SetupError

SHIM = ["node", str(ROOT / "scripts" / "setup" / "solc_shim.js")]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "Imported.sol").write_text("contract Imported {}")
    return tmp_path


def compile_in(project: Path, source: str) -> dict[str, Any]:
    request = {
        "language": "Solidity",
        "sources": {
            "Main.sol": {"content": f'pragma solidity {SOLC_VERSION}; import "lib/Imported.sol"; {source}'}
        },
        "settings": {"outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}}},
    }
    answer = subprocess.run(
        [*SHIM, "--standard-json"],
        cwd=project,
        env={**os.environ, "KEEL_SOLC_CACHE": str(project / "cache")},
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(answer.stdout))


def errors(answer: dict[str, Any]) -> list[str]:
    return [error["message"] for error in answer.get("errors", []) if error["severity"] == "error"]


def test_the_shim_tells_its_version_as_the_native_compiler_does() -> None:
    answer = subprocess.run([*SHIM, "--version"], capture_output=True, text=True, check=True).stdout
    assert answer.startswith("solc, the solidity compiler commandline interface\n")
    assert f"\nVersion: {SOLC_VERSION}+commit." in answer


def test_the_shim_refuses_what_it_cannot_do() -> None:
    answer = subprocess.run([*SHIM, "--bin", "Main.sol"], capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert 'unsupported flags "--bin Main.sol"' in answer.stderr


def test_the_shim_reads_imports_and_notices_when_they_change(project: Path) -> None:
    first = compile_in(project, "contract Main is Imported {}")
    assert errors(first) == []
    assert set(first["contracts"]) == {"Main.sol", "lib/Imported.sol"}
    assert compile_in(project, "contract Main is Imported {}") == first
    (project / "lib" / "Imported.sol").write_text("contract Renamed {}")
    assert len(errors(compile_in(project, "contract Main is Imported {}"))) == 1
    (project / "lib" / "Imported.sol").write_text("contract Imported { uint256 public added; }")
    assert compile_in(project, "contract Main is Imported {}")["contracts"]["Main.sol"]["Main"]["abi"] != []


def test_the_shim_forgets_a_missing_import(project: Path) -> None:
    imported = project / "lib" / "Imported.sol"
    text = imported.read_text()
    imported.unlink()
    assert len(errors(compile_in(project, "contract Main is Imported {}"))) == 1
    imported.write_text(text)
    assert errors(compile_in(project, "contract Main is Imported {}")) == []


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes, str], None]]:
    """Offers a compiler with a checksum on a server of this machine, from which downloads then come."""
    served = tmp_path / "served" / compiler._platform_folder()
    served.mkdir(parents=True)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "served"))
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(compiler, "DOWNLOADS", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(compiler, "SOLC", tmp_path / "solc" / f"solc-v{SOLC_VERSION}")

    def put(content: bytes, sha256: str) -> None:
        (served / "solc-build").write_bytes(content)
        builds = [{"version": SOLC_VERSION, "path": "solc-build", "sha256": f"0x{sha256}"}]
        (served / "list.json").write_text(json.dumps({"builds": builds}))

    yield put
    server.shutdown()
    server.server_close()


NATIVE = f"""#!/bin/sh
echo "solc, the solidity compiler commandline interface"
echo "Version: {SOLC_VERSION}+native"
""".encode()


def test_the_native_compiler_is_preferred(
    offer: Callable[[bytes, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEEL_SOLC", raising=False)
    offer(NATIVE, hashlib.sha256(NATIVE).hexdigest())
    assert compiler.install_compiler() == "native"
    assert compiler.SOLC.read_bytes() == NATIVE


def test_a_download_with_another_checksum_is_not_used(
    offer: Callable[[bytes, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(NATIVE, "00" * 32)
    monkeypatch.setenv("KEEL_SOLC", "native")
    with pytest.raises(SetupError, match="the list says 0x0000"):
        compiler.install_compiler()
    assert not compiler.SOLC.exists()


def test_an_unknown_choice_of_compiler_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEL_SOLC", "rust")
    with pytest.raises(SetupError, match='KEEL_SOLC is "rust"; expected'):
        compiler.install_compiler()


def test_the_environment_has_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "keel").write_text("#!/bin/sh\n")
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    for _ in range(2):
        bootstrap._link_command()
    assert (tmp_path / ".venv" / "bin" / "keel").resolve() == tmp_path / "keel"
