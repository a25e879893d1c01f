"""Compiled contracts: ABI and bytecode by contract name.

They come from Brownie's `build/contracts` and `build/interfaces`, or from a forge `out` folder if the
variable KEEL_ARTIFACTS names one. The large files are read once; a digest with ABI and bytecode alone is
kept in `.keel/artifacts` and renewed for the files that changed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from scripts.setup.environment import ROOT, STATE, write_atomically

# Contracts that answer others' functions too, by delegation: their ABI is that of all.
DELEGATES = {
    "Vault": ("VaultAdmin",),
    "PerpMarket": ("PerpMarketAdmin",),
    "OptionMarket": ("OptionMarketRisk", "OptionMarketAdmin"),
}


class ArtifactError(LookupError):
    """A contract is not there, or cannot be deployed as it is."""


@dataclass(frozen=True)
class Artifact:
    """One compiled contract; `bytecode` and `runtime` are hex without 0x, empty for interfaces."""

    name: str
    source: str
    abi: list[dict[str, Any]]
    bytecode: str
    runtime: str

    def creation_code(self) -> bytes:
        """What a deployment starts with. Raises ArtifactError if it is empty or needs linking."""
        if not self.bytecode:
            raise ArtifactError(
                f"{self.name} has no bytecode: it is an interface or abstract; deploy an heir"
            )
        try:
            return bytes.fromhex(self.bytecode)
        except ValueError:
            raise ArtifactError(f"{self.name} needs libraries linked into its bytecode first") from None


class ArtifactStore:
    """The artifacts below one or more folders; iterating gives all of them."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders
        self._by_name: dict[str, list[Artifact]] = {}
        for folder in folders:
            for artifact in _read_folder(folder):
                self._by_name.setdefault(artifact.name, []).append(artifact)

    def __iter__(self) -> Iterator[Artifact]:
        for same_name in self._by_name.values():
            yield from same_name

    def get(self, name: str) -> Artifact:
        """The contract called `name`; the project's own before one of a package. Raises ArtifactError."""
        found = self._by_name.get(name)
        if not found:
            places = ", ".join(str(folder) for folder in self.folders)
            raise ArtifactError(f'no contract "{name}" in {places}; compile it with `make build`')
        own = min(found, key=lambda artifact: (artifact.source.startswith("node_modules"), artifact.source))
        if name not in DELEGATES:
            return own
        # A delegate's word on a function counts: it knows what is called statically.
        abi = list(own.abi)
        for delegate in DELEGATES[name]:
            answered = [entry for entry in self.get(delegate).abi if entry["type"] != "constructor"]
            told = {_signature(entry) for entry in answered}
            abi = [entry for entry in abi if _signature(entry) not in told] + answered
        return replace(own, abi=abi)


@cache
def artifacts() -> ArtifactStore:
    """The artifacts of this checkout, read once per process."""
    chosen = os.environ.get("KEEL_ARTIFACTS")
    if chosen:
        folder = (ROOT / chosen).resolve()
        if not folder.is_dir():
            raise ArtifactError(
                f"KEEL_ARTIFACTS is {chosen}, which is no folder; expected forge's out folder"
            )
        return ArtifactStore([folder])
    return ArtifactStore([ROOT / "build" / "contracts", ROOT / "build" / "interfaces"])


def _signature(entry: dict[str, Any]) -> tuple[Any, ...]:
    """What tells two entries apart, however their parameters are called."""
    return entry["type"], entry.get("name"), json.dumps([_kind(item) for item in entry.get("inputs", [])])


def _kind(item: dict[str, Any]) -> Any:
    return [item["type"], [_kind(part) for part in item.get("components", [])]]


def _read_folder(folder: Path) -> list[Artifact]:
    digest = STATE / "artifacts" / f"{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}.json"
    try:
        known = json.loads(digest.read_text())
    except (OSError, ValueError):
        known = {}
    current: dict[str, Any] = {}
    for file in sorted(folder.rglob("*.json")):
        if file.parent.name == "build-info":
            continue
        status = file.stat()
        key, stamp = str(file.relative_to(folder)), [status.st_mtime_ns, status.st_size]
        entry = known.get(key)
        if entry is None or entry["stamp"] != stamp:
            entry = {"stamp": stamp, "content": _essence(file)}
        current[key] = entry
    if current != known:
        write_atomically(digest, json.dumps(current))
    return [Artifact(**entry["content"]) for entry in current.values()]


def _essence(file: Path) -> dict[str, Any]:
    content = json.loads(file.read_text())
    bytecode: Any = content.get("bytecode") or ""
    runtime: Any = content.get("deployedBytecode") or ""
    if isinstance(bytecode, dict):  # forge
        targets = content.get("metadata", {}).get("settings", {}).get("compilationTarget", {})
        name, source = file.stem, next(iter(targets), "")
        bytecode, runtime = bytecode.get("object", ""), runtime.get("object", "")
    else:  # Brownie
        name, source = content["contractName"], content.get("sourcePath") or ""
    return {
        "name": name,
        "source": source,
        "abi": content["abi"],
        "bytecode": bytecode.removeprefix("0x"),
        "runtime": runtime.removeprefix("0x"),
    }
