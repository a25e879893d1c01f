"""Mutations by rule, on a contract small enough to list them all."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from scripts.artifacts import artifacts
from scripts.mutate.generated import unnumbered
from scripts.mutate.operators import Mutant, sources
from scripts.setup.environment import ROOT

CONTRACT = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

library Small {
    error Small_Wrong();

    // Ünïcode before the code: places count bytes.
    function f(uint256 a, uint256 b, bool up) internal pure returns (uint256 c) {
        if (a > b && !up) revert Small_Wrong();
        c = up ? divUp(a, b) : divDown(a, b);
        c += a;
        g(a);
        return c << 1;
    }

    function g(uint256 a) internal pure {}

    function divUp(uint256 a, uint256 b) internal pure returns (uint256) {
        return (a + b - 1) / b;
    }

    function divDown(uint256 a, uint256 b) internal pure returns (uint256) {
        return a / b;
    }
}
"""


@pytest.fixture
def mutants(tmp_path: Path) -> list[Mutant]:
    """Of the contract, compiled by the project's compiler."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "Small.sol").write_text(CONTRACT)
    question = {
        "language": "Solidity",
        "sources": {"contracts/Small.sol": {"content": CONTRACT}},
        "settings": {"outputSelection": {"*": {"": ["ast"]}}},
    }
    compiler = next((ROOT / ".keel" / "solc").glob("solc-v*"))
    done = subprocess.run(
        [compiler, "--standard-json"],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=True,
    )
    tree = json.loads(done.stdout)["sources"]["contracts/Small.sol"]["ast"]
    folder = tmp_path / "out" / "Small.sol"
    folder.mkdir(parents=True)
    (folder / "Small.json").write_text(json.dumps({"ast": tree}))
    (source,) = sources(tmp_path, tmp_path / "out", ("contracts/",))
    return list(source.mutants())


def test_every_rule(mutants: list[Mutant]) -> None:
    assert {(mutant.line, mutant.rule, mutant.old, mutant.new) for mutant in mutants} == {
        (9, "guard", "if (a > b && !up) revert Small_Wrong();", "{}"),
        (9, "comparison", ">", ">="),
        (9, "logic", "&&", "||"),
        (9, "logic", "!up", "up"),
        (10, "statement", "c = up ? divUp(a, b) : divDown(a, b);", "{}"),
        (10, "choice", "divUp(a, b) : divDown(a, b)", "divDown(a, b) : divUp(a, b)"),
        (10, "rounding", "divUp", "divDown"),
        (10, "rounding", "divDown", "divUp"),
        (10, "arguments", "a, b", "b, a"),
        (11, "statement", "c += a;", "{}"),
        (11, "arithmetic", "+=", "-="),
        (12, "statement", "g(a);", "{}"),
        (13, "arithmetic", "<<", ">>"),
        (19, "arithmetic", "+", "-"),
        (19, "arithmetic", "-", "+"),
        (19, "arithmetic", "/", "*"),
        (23, "arithmetic", "/", "*"),
    }


def test_a_mutant_is_one_change(mutants: list[Mutant]) -> None:
    for mutant in mutants:
        changed = mutant.apply(CONTRACT)
        assert changed != CONTRACT
        assert len(changed) == len(CONTRACT) + len(mutant.new) - len(mutant.old)
    guard = next(mutant for mutant in mutants if mutant.rule == "guard")
    assert "{}\n        c = up" in guard.apply(CONTRACT)


def test_names(mutants: list[Mutant]) -> None:
    """One line each; excuses are kept without the line's number."""
    names = [mutant.name for mutant in mutants]
    assert "contracts/Small.sol:9 comparison: > -> >=" in names
    assert (
        unnumbered("contracts/Small.sol:9 comparison: > -> >=") == "contracts/Small.sol comparison: > -> >="
    )


def test_excuses_are_of_mutants_that_exist() -> None:
    """tests/equivalent_mutants.json is up to date, and gives reasons."""
    entries = json.loads((ROOT / "tests" / "equivalent_mutants.json").read_text())
    (out, *_) = artifacts().folders
    names = {
        unnumbered(mutant.name)
        for source in sources(ROOT, out, ("contracts/",))
        for mutant in source.mutants()
    }
    assert [entry["mutant"] for entry in entries if entry["mutant"] not in names] == []
    assert all(len(entry["reason"]) > 20 for entry in entries)
