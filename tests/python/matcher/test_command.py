"""Settings and the command: what cannot be is said in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.common.errors import KeelError
from scripts.matcher.limits import Buckets
from scripts.matcher.options import Options, read_options


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("host: 0.0.0.0", "not of this machine"),
        ("host: keel.example", "not of this machine"),
        ("port: 70000", "port is 70000"),
        ("limits: {orders_per_request: 0}", "limits.orders_per_request is 0"),
        ("limits: {orders_per_year: 5}", "limits.orders_per_year is 5"),
        ("log_level: loud", "write debug, info"),
        ("- a list", "expected settings by name"),
        ("{", "is no YAML"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "matcher.yaml"
    file.write_text(text)
    with pytest.raises(KeelError, match=words.replace(".", r"\.")):
        read_options(file)


def test_arguments_go_before_the_file_and_the_file_before_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "matcher.yaml"
    file.write_text("port: 9000\nrules: {price_factor: 3}\n")
    options = read_options(file, port=9_001, database=None)
    assert (options.port, options.rules.price_factor, options.database) == (9_001, 3, Options().database)


def test_without_an_account_the_command_ends_with_one_line() -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KEEL_")}
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.matcher"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1 and "KEEL_PRIVATE_KEY" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    buckets = Buckets(rate=10, burst=3)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b", 0.0)
    assert [buckets.take("a", 0.11), buckets.take("a", 0.12)] == [True, False]
    assert [buckets.take("a", 100.0) for _ in range(4)] == [True, True, True, False]
