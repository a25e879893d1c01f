"""The matcher's HTTP interface under schemathesis, which knows it by its own OpenAPI document alone.

A matcher on paper is started and given orders. One run sends what the document allows and what it forbids to every
operation; a second one asks for what there is (a market, an account, an order), so that answers with something in them
are held against the document too. All checks but one: what fits the schema need not be accepted, since no generator
signs orders.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from scripts.audit.environment import checker, checker_environment
from scripts.common.errors import KeelError
from scripts.matcher.bench import PaperMatcher, signed_orders

SEED, EXAMPLES = "1", "60"
ORDERS, AT_ONCE = 60, 20
SECONDS = 300
NOT_CHECKED = "positive_data_acceptance"
UNLIMITED = 1_000_000


@dataclass(frozen=True)
class Verdict:
    """How many requests were sent to how many operations, and what was wrong with answers: in words."""

    requests: int
    operations: int
    failures: list[str]


def run_schemathesis() -> Verdict:
    """Both runs. Raises KeelError if one could not run."""
    with tempfile.TemporaryDirectory(prefix="keel-api-") as name:
        folder = Path(name)
        matcher = PaperMatcher(folder, requests_per_second_per_connection=UNLIMITED)
        try:
            known = _fill(matcher.url)
            reports = [
                _run(folder, matcher.url, {}, "--mode", "all"),
                _run(folder, matcher.url, known, "--mode", "positive", "--include-method", "GET"),
            ]
            httpx.get(f"{matcher.url}/status").raise_for_status()
        except httpx.HTTPError as error:
            raise KeelError(f"the matcher does not answer any more: {error}") from None
        finally:
            matcher.end()
    return Verdict(
        sum(report["test_cases"]["generated"] for report in reports),
        len(reports[0]["valid_rates"]),
        [_shown(failure) for report in reports for failure in [*report["failures"], *report["errors"]]],
    )


def _fill(url: str) -> dict[str, str]:
    """Places orders; parameters that lead to something."""
    orders = signed_orders(ORDERS, int(SEED))
    for start in range(0, ORDERS, AT_ONCE):
        answer = httpx.post(f"{url}/orders", json={"orders": orders[start : start + AT_ONCE]})
        results = answer.raise_for_status().json()["results"]
        if not all(result["accepted"] for result in results):
            raise KeelError(f"the matcher on paper refused an order: {results}")
    (market, *_) = httpx.get(f"{url}/markets").json()["markets"]
    return {
        "query.market": market["name"],
        "query.account": orders[0]["account"],
        "path.hash": results[0]["hash"],
    }


def _run(folder: Path, url: str, parameters: dict[str, str], *arguments: str) -> dict[str, Any]:
    settings, report = folder / "schemathesis.toml", folder / "report.json"
    report.unlink(missing_ok=True)
    # JSON strings are TOML's too.
    settings.write_text(
        "[parameters]\n"
        + "".join(f"{json.dumps(name)} = {json.dumps(value)}\n" for name, value in parameters.items())
    )
    command = [str(checker("schemathesis")), "--config-file", str(settings), "run", f"{url}/openapi.json"]
    command += ["--seed", SEED, "--max-examples", EXAMPLES, "--phases", "coverage,fuzzing"]
    command += ["--checks", "all", "--exclude-checks", NOT_CHECKED, "--continue-on-failure", "--no-color"]
    command += ["--suppress-health-check", "all", "--report-json-path", str(report), *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env=checker_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    try:
        found: dict[str, Any] = json.loads(report.read_text())
    except (OSError, ValueError):
        raise KeelError(f"schemathesis failed: {done.stdout.strip()[-500:]}") from None
    if done.returncode and not (found["failures"] or found["errors"]):
        raise KeelError(f"schemathesis failed: {done.stdout.strip()[-500:]}")
    return found


def _shown(failure: dict[str, Any]) -> str:
    where = ", ".join(failure.get("operations", []))
    return f"{failure.get('title', 'error')} ({failure.get('code', failure)}) at {where or 'no operation'}"
