"""Market files to change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.market_files import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """The checkout's files, copied."""
    folder = tmp_path / "markets"
    folder.mkdir()
    return Files(folder)
