"""A short run of tests/forge/: the whole system, everybody, in random order. `make fuzz` is the long one."""

from __future__ import annotations

import shutil

import pytest

from scripts.fuzz import forge, report
from scripts.fuzz.campaign import Campaign

CALLS = 3_600
SEED = 1

pytestmark = pytest.mark.slow


def test_no_promise_breaks() -> None:
    """SOLV-1 to SOLV-4, LIQ-1 to LIQ-3, LIQ-5, ORA-1, GOV-1, ROUND-1, EXIT-1, PERP-1, PERP-3, PERP-4, PM-1, OPT-1, VOL-1"""
    forge.prepare()
    folder = forge.FOLDER / "test"
    shutil.rmtree(folder, ignore_errors=True)  # what an earlier run counted says nothing
    campaign = Campaign(folder)
    violation = campaign.run(CALLS, 1, SEED, CALLS)
    assert violation is None, f"{violation.promise}: {violation.sequence}" if violation else ""
    counts = campaign.counts
    assert counts.calls >= CALLS
    assert not report.weak(counts), report.table(counts)
    attempted = sum(handler.tried for handler in counts.handlers.values())
    assert sum(handler.succeeded for handler in counts.handlers.values()) > attempted // 2
    assert len(counts.unreached()) < 30, counts.unreached()
