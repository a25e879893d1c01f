"""Which function of which contract an instruction comes from, by the compiler's source maps.

Limits of the data. The intermediate representation is optimised as a whole. What was inlined still maps to its own source,
but code that the compiler adds (a storage variable's read, encoding, checks of calldata) maps to the whole contract: it
counts for the function that the instructions around it in the same basic block map to, and as `(compiler)` where there
are none, as in the dispatcher. Blocks that came out equal are merged and count for one of the places they came from.
"""

from __future__ import annotations

import bisect
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scripts.artifacts import Artifact, artifacts
from scripts.common import abi as codec
from scripts.setup.environment import ROOT

COMPILER = "(compiler)"
UNKNOWN = "(no debug information)"
# Immutables differ from the compiled code; the metadata behind the code is the contract's alone and ends with its length.
_LENGTH_BYTES = 2
_PUSH1, _PUSH32, _JUMPDEST = 0x60, 0x7F, 0x5B
# STOP, JUMP, JUMPI, RETURN, REVERT, INVALID
_BLOCK_ENDS = frozenset((0x00, 0x56, 0x57, 0xF3, 0xFD, 0xFE))


@dataclass(frozen=True)
class _Ranges:
    """Functions of a source file: where they begin, sorted; where they end; what they are called."""

    starts: list[int]
    ends: list[int]
    names: list[str]

    def at(self, start: int, length: int) -> str:
        """The function around a range of the source, or COMPILER."""
        position = bisect.bisect_right(self.starts, start) - 1
        if position < 0 or start + length > self.ends[position]:
            return COMPILER
        return self.names[position]


class Code:
    """The code at an address: the contract it was compiled from, and the function of each instruction."""

    def __init__(self, name: str, selectors: dict[str, str], functions: dict[int, str]) -> None:
        self.name = name
        self._selectors = selectors
        self._functions = functions

    def function(self, pc: int) -> str:
        """The function that the instruction at `pc` comes from."""
        if not self._functions:
            return UNKNOWN
        return self._functions.get(pc, COMPILER)

    def called(self, selector: str) -> str:
        """The function that a call asked for."""
        return self._selectors.get(selector, f"0x{selector}" if selector else "(no data)")


def code_of(address: str, runtime: bytes) -> Code:
    """What is known of the code at an address; an unknown contract is called by its address."""
    found = _by_metadata().get(_metadata(runtime))
    if found is None:
        return Code(f"{address[:10]}…", {}, {})
    return _compiled(found)


@cache
def _compiled(name: str) -> Code:
    artifact = artifacts().get(name)
    # A delegate's functions are called at the contract's address: its selectors are told by the whole ABI.
    selectors = {
        codec.selector(item).hex(): item["name"] for item in artifact.abi if item["type"] == "function"
    }
    content = _content(artifact)
    return Code(name, selectors, _functions(content) if content else {})


@cache
def _by_metadata() -> dict[bytes, str]:
    known: dict[bytes, str] = {}
    for artifact in artifacts():
        # Unlinked libraries leave letters in the code; such a contract is not deployed as it is.
        try:
            code = bytes.fromhex(artifact.runtime)
        except ValueError:
            continue
        if code:
            known[_metadata(code)] = artifact.name
    return known


def _metadata(code: bytes) -> bytes:
    length = int.from_bytes(code[-_LENGTH_BYTES:], "big") + _LENGTH_BYTES
    return code[-length:]


def _folders() -> list[Path]:
    chosen = os.environ.get("KEEL_ARTIFACTS")
    return [(ROOT / chosen).resolve()] if chosen else [ROOT / "build" / "contracts"]


@cache
def _files() -> dict[str, list[Path]]:
    """Artifact files by contract name."""
    files: dict[str, list[Path]] = {}
    for folder in _folders():
        for path in folder.rglob("*.json"):
            if path.parent.name != "build-info":
                files.setdefault(path.stem, []).append(path)
    return files


def _content(artifact: Artifact) -> dict[str, Any] | None:
    """The artifact in full: deployed code, its source map, the paths of the sources in it."""
    for path in _files().get(artifact.name, ()):
        content: dict[str, Any] = json.loads(path.read_text())
        if "deployedSourceMap" in content:  # Brownie
            if content.get("sourcePath") == artifact.source:
                return {
                    "code": content["deployedBytecode"],
                    "map": content["deployedSourceMap"],
                    "paths": content["allSourcePaths"],
                }
        elif artifact.source in content.get("metadata", {}).get("settings", {}).get("compilationTarget", {}):
            return {
                "code": content["deployedBytecode"]["object"].removeprefix("0x"),
                "map": content["deployedBytecode"].get("sourceMap", ""),
                "paths": _forge_paths(artifact),
            }
    return None


def _forge_paths(artifact: Artifact) -> dict[str, str]:
    """Paths by the numbers that the source map has them by: those of the build that made the artifact."""
    folder = _folders()[0]
    cache_file = folder.parent / "cache" / "solidity-files-cache.json"
    try:
        entries = _json(cache_file)["files"][artifact.source]["artifacts"][artifact.name]
        build = next(iter(next(iter(entries.values())).values()))["build_id"]
        return dict(_json(folder / "build-info" / f"{build}.json")["source_id_to_path"])
    except (OSError, KeyError):
        return {}


@cache
def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def _functions(content: dict[str, Any]) -> dict[int, str]:
    """The function of every instruction, by its place."""
    functions: dict[int, str] = {}
    if not content["paths"]:
        return functions
    code = bytes.fromhex(content["code"])
    block: dict[int, str] = {}
    for pc, (start, length, file) in zip(_places(code), _entries(content["map"]), strict=False):
        if code[pc] == _JUMPDEST:
            functions |= _filled(block)
            block = {}
        path = content["paths"].get(str(file))
        block[pc] = COMPILER if path is None else _ranges(path).at(start, length)
        if code[pc] in _BLOCK_ENDS:
            functions |= _filled(block)
            block = {}
    return functions | _filled(block)


def _filled(block: dict[int, str]) -> dict[int, str]:
    """A basic block in which the compiler's own instructions count for the function before them, or the first behind."""
    last = next((name for name in block.values() if name != COMPILER), COMPILER)
    filled = {}
    for pc, name in block.items():
        last = last if name == COMPILER else name
        filled[pc] = last
    return filled


def _places(code: bytes) -> Iterator[int]:
    pc = 0
    while pc < len(code):
        yield pc
        op = code[pc]
        pc += 1 + (op - _PUSH1 + 1 if _PUSH1 <= op <= _PUSH32 else 0)


def _entries(source_map: str) -> Iterator[tuple[int, int, int]]:
    """Start, length and file of each instruction; a field that is left out is that of the one before."""
    last = [0, 0, -1]
    for entry in source_map.split(";"):
        for position, field in enumerate(entry.split(":")[:3]):
            if field:
                last[position] = int(field)
        yield last[0], last[1], last[2]


@cache
def _ranges(path: str) -> _Ranges:
    found: list[tuple[int, int, str]] = []
    tree = _tree(path)
    for node in tree.get("nodes", ()) if tree else ():
        if node["nodeType"] == "FunctionDefinition":
            found.append(_range(node, ""))
        for part in node.get("nodes", ()):
            if part["nodeType"] in ("FunctionDefinition", "ModifierDefinition"):
                found.append(_range(part, f"{node['name']}."))
    found.sort()
    return _Ranges(*(list(column) for column in zip(*found, strict=True)) if found else ([], [], []))


def _range(node: dict[str, Any], prefix: str) -> tuple[int, int, str]:
    start, length, _ = (int(part) for part in node["src"].split(":"))
    return start, start + length, prefix + (node.get("name") or node.get("kind", ""))


def _tree(path: str) -> dict[str, Any] | None:
    """The syntax tree of a source file, from the artifact of any contract in it."""
    for artifact in artifacts():
        if artifact.source != path:
            continue
        for file in _files().get(artifact.name, ()):
            tree = _json(file).get("ast")
            if tree and tree.get("absolutePath") == path:
                return dict(tree)
    return None
