"""The measurement of the keeper runs, and its figures are of what they say."""

from __future__ import annotations

import json
import sys

import pytest

from scripts.keeper import bench


@pytest.mark.anvil
def test_it_measures_and_writes_by_number_of_accounts(tmp_path, monkeypatch, capsys):
    report = tmp_path / "reports" / "keeper.json"
    report.parent.mkdir()
    old = {"tick_to_send_ms": 1.0, "sweep_s": 2.0, "rss_mb": 3.0, "crossed": bench.CROSSED}
    report.write_text(json.dumps({"7": old}))
    monkeypatch.setattr(sys, "argv", ["bench", "--accounts", str(bench.RISKY + 50), "--report", str(report)])
    assert bench.main() == 0
    written = json.loads(report.read_text())
    assert list(written) == ["7", str(bench.RISKY + 50)] and written["7"] == old
    figures = written[str(bench.RISKY + 50)]
    assert figures["crossed"] == bench.CROSSED
    assert 0 < figures["tick_to_send_ms"] < 5_000
    assert 0 < figures["sweep_s"] < 5
    assert 50 < figures["rss_mb"] < bench.AIMS["rss_mb"]
    assert "aim at 10,000" in capsys.readouterr().out


@pytest.mark.anvil
def test_it_measures_accounts_with_positions(tmp_path, monkeypatch, capsys):
    report = tmp_path / "keeper.json"
    monkeypatch.setattr(sys, "argv", ["bench", "--perps", "60", "--report", str(report)])
    assert bench.main() == 0
    figures = json.loads(report.read_text())["perps"]["60"]
    assert json.loads(capsys.readouterr().out) == figures
    assert 0 < figures["tick_ms"] < 1_000 and figures["looked"] < 10
    assert figures["fallen"] > 0 and figures["crash_looked"] <= 70
