"""Fetching and compiling peers: what is missing is named, and what would be right."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.compare import packages
from scripts.compare.packages import Build, Compiled, MissingPeer, install, pins

EXACT = re.compile(r"^@?[a-z0-9/.\-]+@\d+\.\d+\.\d+$")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for peers, and one pinned package."""
    monkeypatch.setattr(packages, "PEERS", tmp_path / "peers")
    monkeypatch.setattr(packages, "STAMP", tmp_path / "peers" / "installed.json")
    monkeypatch.setattr(packages, "pins", lambda: {"@some/peer": "@some/peer@1.0.0"})
    return tmp_path


@pytest.fixture
def npm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts an npm of our own on the PATH; `$4` is the folder that it packs into."""

    def write(script: str) -> None:
        tool = folder / "bin" / "npm"
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", str(tool.parent), prepend=":")

    return write


def test_every_pin_is_exact() -> None:
    assert [spec for spec in pins().values() if not EXACT.match(spec)] == []
    assert pins()["solc-0.8.19"] == "solc@0.8.19"


def test_without_npm_the_error_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(MissingPeer, match=r"@some/peer@1\.0\.0 is not here and there is no npm"):
        install(print)


def test_a_package_that_cannot_be_fetched_is_named(npm: Callable[[str], None]) -> None:
    npm("echo 'E404 not in this registry' >&2; exit 1")
    with pytest.raises(MissingPeer, match=r"could not fetch @some/peer@1\.0\.0: E404 not in this registry"):
        install(print)


def test_a_package_is_unpacked_once(folder: Path, npm: Callable[[str], None]) -> None:
    source = folder / "package" / "src"
    source.mkdir(parents=True)
    (source / "A.sol").write_text("contract A {}")
    with tarfile.open(folder / "made.tgz", "w:gz") as archive:
        archive.add(folder / "package", "package")
    npm(f'echo "$2" >> {folder}/asked; cp {folder}/made.tgz "$4"')
    said: list[str] = []
    install(said.append)
    install(said.append)
    assert said == ["fetching @some/peer@1.0.0"]
    assert (folder / "peers/node_modules/@some/peer/src/A.sol").read_text() == "contract A {}"
    assert (folder / "asked").read_text() == "@some/peer@1.0.0\n"


def test_a_source_or_compiler_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(MissingPeer, match=r"cannot read .*node_modules/gone/A\.sol"):
        Compiled(Build({"node_modules/gone/A.sol": ["A"]}))
    with pytest.raises(MissingPeer, match=r"no compiler at .*solc-0\.0\.1; run `make compare`"):
        Compiled(Build({"A.sol": ["A"]}, compiler="solc-0.0.1"))


def test_what_does_not_compile_says_where(folder: Path) -> None:
    (folder / "peers").mkdir()
    (folder / "peers" / "A.sol").write_text("contract A { uint256 a = b; }")
    with pytest.raises(MissingPeer, match=r"Undeclared identifier(.|\n)*A\.sol:1"):
        Compiled(Build({"A.sol": ["A"]}))


def test_a_contract_that_was_not_asked_for_is_named(folder: Path) -> None:
    (folder / "peers").mkdir()
    (folder / "peers" / "A.sol").write_text("contract A {} contract B {}")
    compiled = Compiled(Build({"A.sol": ["A"]}))
    with pytest.raises(MissingPeer, match="B has not been compiled; compiled are A"):
        compiled["B"]
