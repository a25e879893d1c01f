"""Findings against explanations: what is not explained, and what no longer needs to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.audit.slither import Finding, Triage, judge, load_triage
from scripts.common.errors import KeelError

TRIAGE = Triage({"timestamp": "time is what it is about"}, {("reentrancy", "Vault.swap"): 2})


def finding(detector: str, place: str, sentence: str = "a sentence") -> Finding:
    return Finding(detector, place, sentence)


def explained() -> list[Finding]:
    return [
        finding("timestamp", "Pool.accrue"),
        finding("reentrancy", "Vault.swap", "one"),
        finding("reentrancy", "Vault.swap", "another"),
    ]


def test_all_explained() -> None:
    verdict = judge(explained(), TRIAGE)
    assert (verdict.findings, verdict.unexplained, verdict.stale) == (3, [], [])


def test_another_place_is_unexplained() -> None:
    new = finding("reentrancy", "Vault.borrow")
    assert judge([*explained(), new], TRIAGE).unexplained == [new]


def test_one_more_at_an_explained_place_is_unexplained() -> None:
    verdict = judge([*explained(), finding("reentrancy", "Vault.swap", "a third")], TRIAGE)
    assert len(verdict.unexplained) == 3


def test_the_same_finding_twice_counts_once() -> None:
    assert judge(explained() * 2, TRIAGE).unexplained == []


@pytest.mark.parametrize("gone", [0, 1])
def test_an_explanation_that_nothing_needs_is_stale(gone: int) -> None:
    left = [one for number, one in enumerate(explained()) if number != gone]
    assert len(judge(left, TRIAGE).stale) == 1


@pytest.mark.parametrize(
    "content",
    [
        "everywhere: {timestamp: ''}\nexplained: []",
        "everywhere: {}\nexplained: [{detector: reentrancy, where: [Vault.swap]}]",
        "everywhere: {}\nexplained: [{detector: a, reason: b, where: [C.d, C.d x2]}]",
    ],
)
def test_no_reason_or_two_are_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "triage.yaml"
    file.write_text(content)
    with pytest.raises(KeelError):
        load_triage(file)


def test_the_project_s_own_can_be_read() -> None:
    assert load_triage().explained
