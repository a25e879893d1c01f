"""Slither over the contracts, and what explains each of its findings.

The compiler is asked for syntax trees alone, which takes seconds where code would take minutes; Slither reads them
as if forge had built them. Explanations are in triage.yaml, by detector and by the place that a finding is in
(`Contract.function`), so that they outlive moved lines. A finding that nothing explains is an error, and so is an
explanation that no finding needs.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.audit.environment import checker, checker_environment
from scripts.common.errors import KeelError
from scripts.setup.environment import ROOT, SOLC, SOLC_VERSION, STATE, project_environment

TRIAGE = ROOT / "scripts" / "audit" / "triage.yaml"
WORK = STATE / "audit"
SECONDS = 900
# A function that Slither could not read, so that its detectors were blind there.
UNREAD = "unread"


@dataclass(frozen=True)
class Finding:
    """One result: the detector, where, and Slither's sentence."""

    detector: str
    place: str
    sentence: str


@dataclass(frozen=True)
class Triage:
    """What explains findings: reasons by detector, and how many findings of a detector a place has."""

    everywhere: dict[str, str]
    explained: dict[tuple[str, str], int]


@dataclass(frozen=True)
class Verdict:
    """Findings that nothing explains, and explanations that no finding needs."""

    findings: int
    unexplained: list[Finding]
    stale: list[str]


def run_slither() -> Verdict:
    """All findings, judged by the triage. Raises KeelError if Slither could not run."""
    _write_syntax_trees()
    return judge(_findings(), load_triage())


def load_triage(path: Path = TRIAGE) -> Triage:
    """Reads explanations. Raises KeelError for one without a reason, or given twice."""
    content = yaml.safe_load(path.read_text())
    everywhere = {str(name): str(reason or "").strip() for name, reason in content["everywhere"].items()}
    for name, reason in everywhere.items():
        if not reason:
            raise KeelError(f"{path.name}: {name} has no reason")
    explained: dict[tuple[str, str], int] = {}
    for group in content["explained"]:
        if not str(group.get("reason") or "").strip():
            raise KeelError(f"{path.name}: {group['detector']} at {group['where']} has no reason")
        for entry in group["where"]:
            place, _, count = str(entry).partition(" x")
            key = (group["detector"], place)
            if key in explained:
                raise KeelError(f"{path.name}: {' at '.join(key)} is explained twice")
            explained[key] = int(count or 1)
    return Triage(everywhere, explained)


def judge(findings: Iterable[Finding], triage: Triage) -> Verdict:
    """Findings against explanations; of a place with more than were explained all are shown."""
    findings = sorted(set(findings), key=lambda one: (one.detector, one.place, one.sentence))
    found = Counter((one.detector, one.place) for one in findings if one.detector not in triage.everywhere)
    unexplained = [
        one
        for one in findings
        if one.detector not in triage.everywhere
        and found[one.detector, one.place] > triage.explained.get((one.detector, one.place), 0)
    ]
    stale = [
        f"{detector} at {place}: {count} explained, {found[detector, place]} found"
        for (detector, place), count in triage.explained.items()
        if found[detector, place] < count
    ]
    seen = {one.detector for one in findings}
    stale += [
        f"{detector} has a reason and finds nothing" for detector in triage.everywhere if detector not in seen
    ]
    return Verdict(len(findings), unexplained, stale)


def _write_syntax_trees() -> None:
    settings = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    sources = {
        str(path.relative_to(ROOT)): {"content": path.read_text()}
        for folder in ("contracts", "interfaces")
        for path in sorted((ROOT / folder).rglob("*.sol"))
        if "mocks" not in path.parts
    }
    query = {
        "language": "Solidity",
        "sources": sources,
        "settings": {
            "evmVersion": settings["evm_version"],
            "remappings": settings["remappings"],
            "optimizer": {"enabled": settings["optimizer"], "runs": settings["optimizer_runs"]},
            "viaIR": settings["via_ir"],
            "outputSelection": {"*": {"*": ["abi"], "": ["ast"]}},
        },
    }
    done = subprocess.run(
        [str(SOLC), "--standard-json"],
        input=json.dumps(query),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=project_environment(),
        timeout=SECONDS,
        check=False,
    )
    try:
        output = json.loads(done.stdout)
    except ValueError:
        raise KeelError(f"{SOLC} gave no answer: {done.stderr.strip()[-300:]}") from None
    errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
    if errors:
        raise KeelError(f"the contracts do not compile: {errors[0]}")
    # Slither's reader asks for code too, which no detector looks at.
    no_code = {"object": "", "sourceMap": ""}
    for contracts in output["contracts"].values():
        for contract in contracts.values():
            contract["evm"] = {"bytecode": no_code, "deployedBytecode": no_code}
    folder = WORK / "build-info"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "trees.json").write_text(
        json.dumps({"solcVersion": SOLC_VERSION, "input": query, "output": output})
    )


def _findings() -> list[Finding]:
    answer = WORK / "slither.json"
    answer.unlink(missing_ok=True)
    command = [
        str(checker("slither")),
        ".",
        "--ignore-compile",
        "--compile-force-framework",
        "foundry",
        "--foundry-build-info-directory",
        str((WORK / "build-info").relative_to(ROOT)),
        "--filter-paths",
        "node_modules",
        "--json",
        str(answer),
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=checker_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    try:
        content = json.loads(answer.read_text())
    except (OSError, ValueError):
        content = {"success": False}
    if not content["success"]:
        raise KeelError(f"Slither failed: {done.stdout.strip()[-500:]}")
    findings = [
        Finding(result["check"], _place(result["elements"][0]), " ".join(result["description"].split()))
        for result in content["results"].get("detectors", [])
    ]
    return findings + list(_unread(done.stdout))


def _place(element: dict[str, Any]) -> str:
    """`Contract.function` (or event, or variable) that a part of the source is in."""
    parent = element.get("type_specific_fields", {}).get("parent")
    if element["type"] in ("contract", "pragma") or not parent:
        return str(element["name"])
    if element["type"] == "node":
        return _place(parent)
    return f"{_place(parent)}.{element['name']}"


def _unread(said: str) -> Iterable[Finding]:
    for name, source in re.findall(r"Impossible to generate IR for \w+\.(\w+) \(([^#)]+)#", said):
        if not source.startswith("node_modules"):
            yield Finding(UNREAD, f"{Path(source).stem}.{name}", f"Slither could not read {name} in {source}")
