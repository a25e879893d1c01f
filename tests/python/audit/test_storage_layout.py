"""Contracts that share storage by delegation lay it out alike (what Slither cannot see: it reads one at a time)."""

from __future__ import annotations

import json
import subprocess
import tomllib
from functools import cache
from typing import Any

import pytest

from scripts.artifacts import DELEGATES
from scripts.setup.environment import ROOT, SOLC, project_environment

PAIRS = [(owner, delegate) for owner, delegates in DELEGATES.items() for delegate in delegates]


@cache
def layouts() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Storage and transient storage of every contract by name, from the compiler."""
    settings = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    sources = {
        str(path.relative_to(ROOT)): {"content": path.read_text()}
        for folder in ("contracts", "interfaces")
        for path in (ROOT / folder).rglob("*.sol")
    }
    query = {
        "language": "Solidity",
        "sources": dict(sorted(sources.items())),
        "settings": {
            "evmVersion": settings["evm_version"],
            "remappings": settings["remappings"],
            "outputSelection": {"*": {"*": ["storageLayout", "transientStorageLayout"]}},
        },
    }
    done = subprocess.run(
        [str(SOLC), "--standard-json"],
        input=json.dumps(query),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=project_environment(),
        check=True,
    )
    found = {}
    for contracts in json.loads(done.stdout)["contracts"].values():
        for name, output in contracts.items():
            found[name] = {
                kind: [{**one, "type": _type(output[kind], one["type"])} for one in output[kind]["storage"]]
                for kind in ("storageLayout", "transientStorageLayout")
                if kind in output
            }
    return found


def _type(layout: dict[str, Any], name: str) -> tuple[str, str]:
    described = layout["types"][name]
    return described["label"], described["numberOfBytes"]


def _places(name: str, kind: str) -> dict[tuple[str, int], tuple[str, Any]]:
    return {
        (one["slot"], one["offset"]): (one["label"], one["type"]) for one in layouts()[name].get(kind, [])
    }


@pytest.mark.parametrize("kind", ["storageLayout", "transientStorageLayout"])
@pytest.mark.parametrize(("owner", "delegate"), PAIRS)
def test_shared_storage_is_laid_out_alike(owner: str, delegate: str, kind: str) -> None:
    mine, its = _places(owner, kind), _places(delegate, kind)
    assert mine or kind == "transientStorageLayout", f"{owner} has no storage at all"
    common = mine.keys() & its.keys()
    assert {place: mine[place] for place in common} == {place: its[place] for place in common}


@pytest.mark.parametrize(("owner", "delegate"), PAIRS)
def test_a_variable_of_both_stands_at_one_place(owner: str, delegate: str) -> None:
    mine = {what: place for place, what in _places(owner, "storageLayout").items()}
    its = {what: place for place, what in _places(delegate, "storageLayout").items()}
    shared = mine.keys() & its.keys()
    assert len(shared) > 3, f"{owner} and {delegate} share next to nothing"
    assert {what: mine[what] for what in shared} == {what: its[what] for what in shared}
