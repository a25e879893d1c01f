"""docs/promises.md: every promise is cited by the tests it names, and broken by a mutation."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "promises.md"
SECTIONS = re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
NUMBERS = {
    "SOLV": (1, 2, 3, 4),
    "LIQ": (1, 2, 3, 4, 5),
    "ORA": (1,),
    "GOV": (1,),
    "ROUND": (1,),
    "EXIT": (1,),
    "PERP": (1, 2, 3, 4),
    "PM": (1, 2, 3),
    "OPT": (1,),
    "VOL": (1,),
}
PROMISES = [f"{family}-{number}" for family, numbers in NUMBERS.items() for number in numbers]


def test_the_page_has_every_promise() -> None:
    assert [name for name, _ in SECTIONS] == PROMISES


@pytest.mark.parametrize(("promise", "text"), SECTIONS)
def test_the_tests_named_cite_it(promise: str, text: str) -> None:
    files = re.findall(r"\]\(\.\./([^)]+)\)", text)
    assert files, f"{promise} names no test"
    for file in files:
        assert promise in (ROOT / file).read_text(), f"{file} does not cite {promise}"


@pytest.mark.parametrize("promise", PROMISES)
def test_a_mutation_breaks_it(promise: str) -> None:
    mutations = json.loads((ROOT / "tests" / "mutations.json").read_text())
    assert any(entry["promise"] == promise for entry in mutations)


def test_every_mutation_fits_the_code() -> None:
    for entry in json.loads((ROOT / "tests" / "mutations.json").read_text()):
        count = (ROOT / entry["file"]).read_text().count(entry["old"])
        assert count == 1, f"{entry['what']!r} stands {count} times in {entry['file']}"
        assert all((ROOT / test).is_file() for test in entry["tests"]), entry["what"]
