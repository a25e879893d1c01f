"""What the console's build takes from the contracts."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.artifacts import artifacts
from scripts.client.templates import TEMPLATES
from scripts.console.build import CONTRACTS, generate


def test_generated_files_hold_what_pages_use(tmp_path: Path) -> None:
    """ABIs of exactly the contracts named, every custom error once, every sentence."""
    generate(tmp_path)
    constants = {}
    for line in (tmp_path / "abi.ts").read_text().splitlines():
        if line.startswith("export const "):
            name, content = line.removeprefix("export const ").split(" = ", 1)
            constants[name] = json.loads(content.removesuffix(" as const;"))
    assert set(constants) == {name for name, _ in CONTRACTS} | {"errorsAbi"}
    for name, contract in CONTRACTS:
        own = [entry for entry in artifacts().get(contract).abi if entry["type"] in ("function", "event")]
        assert constants[name] == own
    errors = [json.dumps(entry, sort_keys=True) for entry in constants["errorsAbi"]]
    assert len(errors) == len(set(errors)) > 90
    assert all(json.dumps(text) in (tmp_path / "templates.ts").read_text() for text in TEMPLATES.values())


def test_files_that_are_right_are_left_alone(tmp_path: Path) -> None:
    """So that a build finds nothing changed."""
    before = [file.stat().st_mtime_ns for file in generate(tmp_path)]
    assert [file.stat().st_mtime_ns for file in generate(tmp_path)] == before
