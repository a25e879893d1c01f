"""Every sentence of the standards is shown by a test, and no test cites one that is not there."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.standards.clauses import CLAUSES, DEVIATIONS, shown


def test_every_clause_is_shown() -> None:
    for file in Path(__file__).parent.glob("test_erc*.py"):
        importlib.import_module(f"tests.standards.{file.stem}")
    assert set(shown) == set(CLAUSES)
    assert set(DEVIATIONS) <= set(CLAUSES)
