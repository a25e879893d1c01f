"""Contracts in different folders know each other by the files in interfaces/ alone."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "contracts").rglob("*.sol"))
IMPORT = re.compile(r'^(?:import|\}) [^;]*?"([^"]+)";', re.MULTILINE)
# What all folders may use; what these use themselves.
COMMON = {"math": set(), "access": set(), "shares": {"math", "access"}}
# The risk engine is an oracle router, and instruments stand in folders of their own, one a kind.
INHERITED = {
    "risk": {"oracle"},
    "instruments/perps": {"instruments/books"},
    "instruments/options": {"instruments/books"},
}


def folder_of(path: Path) -> str:
    parts = path.relative_to(ROOT / "contracts").parts
    return "/".join(parts[:2]) if parts[0] == "instruments" else parts[0]


def imported_folders(path: Path) -> set[str]:
    """Folders of contracts/ that a file imports from, but its own."""
    folders = set()
    for target in IMPORT.findall(path.read_text()):
        if not target.startswith("."):
            continue
        resolved = (path.parent / target).resolve()
        assert resolved.is_file(), f"{path}: {target}"
        if resolved.is_relative_to(ROOT / "contracts"):
            folders.add(folder_of(resolved))
    return folders - {folder_of(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_imports_what_it_may(path: Path) -> None:
    folder = folder_of(path)
    if folder == "mocks":
        return
    allowed = COMMON[folder] if folder in COMMON else {*COMMON, *INHERITED.get(folder, ())}
    assert imported_folders(path) <= allowed


def test_the_pattern_sees_imports() -> None:
    assert imported_folders(ROOT / "contracts" / "liquidation" / "Backstop.sol") == {"access", "shares"}
    assert imported_folders(ROOT / "contracts" / "risk" / "RiskEngine.sol") == {"oracle"}
