"""The comparison's arithmetic and pages, from figures that are given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.common.errors import KeelError
from scripts.compare.__main__ import PAGE, PEERS
from scripts.compare.chart import draw
from scripts.compare.elsewhere import ELSEWHERE, Elsewhere
from scripts.compare.peer import OPERATIONS
from scripts.compare.table import (
    BEGIN,
    END,
    REASONS,
    Comparison,
    as_json,
    as_lines,
    as_markdown,
    compare,
    reason_of,
    title_of,
    write_between,
)

KEEL = {operation.key: 100_000 for operation in OPERATIONS}
PEER = {"lend": 150_000, "deposit": 80_000, "borrow_1": 90_000, "repay": 100_000}
OTHER = Elsewhere("Other", {"lend": 50_000, "open_4x": 40_000}, "", frozenset({"open_4x"}))
PACKAGES = {"Keel": "this checkout", "Peer": "peer 1.0.0"}


@pytest.fixture
def comparison() -> Comparison:
    return compare({"Keel": KEEL, "Peer": PEER}, [OTHER])


def test_ratios_are_the_peers_gas_over_keels(comparison: Comparison) -> None:
    cells = {row.operation.key: row.cells["Peer"] for row in comparison.rows}
    assert (cells["lend"].ratio, cells["deposit"].ratio) == (1.5, 0.8)
    assert cells["withdraw"].gas is None and cells["withdraw"].ratio is None


def test_the_summary_counts_measured_and_elsewhere_apart(comparison: Comparison) -> None:
    # As dear is not dearer; what is only shown does not count.
    assert comparison.count(["Peer"]) == (2, 4)
    assert comparison.count(["Other"]) == (0, 1)
    assert "2 of 4 operations measured here (Peer 2 of 4)" in comparison.summary()
    assert "0 of 1 beside figures measured elsewhere" in comparison.summary()


def test_dearer_rows_name_the_cheaper_peers(comparison: Comparison) -> None:
    assert {row.operation.key: names for row, names in comparison.dearer()} == {
        "lend": ["Other"],
        "deposit": ["Peer"],
        "borrow_1": ["Peer"],
    }


def test_a_figure_of_keel_that_is_missing_is_named() -> None:
    with pytest.raises(KeelError, match=r"Keel's are missing"):
        compare({"Peer": PEER}, [])
    with pytest.raises(KeelError, match=r"Keel's figure of repay_all is missing"):
        compare({"Keel": {key: gas for key, gas in KEEL.items() if key != "repay_all"}}, [])


def test_every_way_and_figure_from_elsewhere_is_of_an_operation() -> None:
    known = {operation.key for operation in OPERATIONS}
    for one in ELSEWHERE:
        assert one.gas.keys() <= known and one.shown_only <= one.gas.keys()
    for peer in PEERS:
        assert peer.lacks <= known and all(title_of(key) for key in peer.paths)
    with pytest.raises(KeelError, match="no operation short"):
        title_of("short")


def test_the_reason_of_a_dearer_operation_must_be_written_down() -> None:
    borrow = next(operation for operation in OPERATIONS if operation.key == "borrow_4")
    lend = next(operation for operation in OPERATIONS if operation.key == "lend")
    assert reason_of(borrow) == REASONS["borrow"]
    with pytest.raises(
        KeelError, match=r"dearer than a peer in lend and REASONS in table\.py does not say why"
    ):
        reason_of(lend)


def test_the_page_has_table_reasons_and_ways() -> None:
    comparison = compare({"Keel": KEEL, "Peer": PEER}, [])
    text = as_markdown(comparison, {"Peer": {"lend": "at once"}}, PACKAGES)
    assert "| lend | 100,000 | 150,000 (1.50) |" in text
    assert f"- **deposit collateral** (than Peer): {REASONS['deposit']}" in text
    assert "- **Peer** (peer 1.0.0). *lend*: at once." in text


def test_what_is_only_shown_has_no_ratio(comparison: Comparison) -> None:
    lines = {line[0]: line for line in as_lines(comparison)}
    assert lines["open 4x through Uniswap v3"][-1] == "40,000"
    assert lines["lend"][-1] == "50,000 (0.50)"
    assert as_lines(comparison)[0][-1] == "Other *"


def test_the_report_is_json_with_gas_and_ratio(comparison: Comparison) -> None:
    report = json.loads(json.dumps(as_json(comparison, PACKAGES)))
    assert report["operations"]["lend"]["Peer"] == {"gas": 150_000, "ratio": 1.5, "compared": True}
    assert "Peer" not in report["operations"]["withdraw"]
    assert report["measured_elsewhere"] == ["Other"]


def test_a_page_is_rewritten_between_its_markers_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_between(page, "new")
    write_between(page, "newer")
    assert page.read_text() == f"before\n{BEGIN}\nnewer\n{END}\nafter\n"


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{END}{END}"])
def test_a_page_without_its_markers_is_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(KeelError, match="once each, in this order"):
        write_between(page, "new")
    assert page.read_text() == text


def test_the_committed_page_has_a_column_a_peer() -> None:
    heading = next(line for line in PAGE.read_text().splitlines() if line.startswith("| gas"))
    columns = [cell.strip() for cell in heading.strip("|").split("|")][1:]
    assert columns == [peer.name for peer in PEERS] + [f"{one.name} *" for one in ELSEWHERE]


def test_the_picture_is_drawn(comparison: Comparison, tmp_path: Path) -> None:
    file = tmp_path / "new" / "compare.png"
    draw(comparison, file)
    assert file.read_bytes().startswith(b"\x89PNG")
