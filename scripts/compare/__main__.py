"""`make compare`: Keel's gas beside that of its peers, built from their npm packages, on one Anvil.

Fetches the packages on its first run. Prints a table and ends with one line; writes reports/compare.json, the table in
docs/compare.md and docs/images/compare.png.
"""

from __future__ import annotations

import argparse
import json
import sys

from rich.console import Console
from rich.table import Table

from scripts.anvil import AnvilProcess
from scripts.common.chain import connect
from scripts.common.errors import run_script
from scripts.compare.aave import Aave
from scripts.compare.chart import draw
from scripts.compare.elsewhere import ELSEWHERE
from scripts.compare.gearbox import Gearbox
from scripts.compare.ground import Ground
from scripts.compare.keel import Keel
from scripts.compare.morpho import Morpho
from scripts.compare.packages import install
from scripts.compare.peer import Peer, measure
from scripts.compare.table import Comparison, as_json, as_lines, as_markdown, compare, write_between
from scripts.setup.environment import ROOT, write_atomically

PEERS: tuple[type[Peer], ...] = (Keel, Morpho, Aave, Gearbox)
REPORT = ROOT / "reports" / "compare.json"
PAGE = ROOT / "docs" / "compare.md"
CHART = ROOT / "docs" / "images" / "compare.png"
WALLETS = 20
RPC_SECONDS = 60


def run() -> Comparison:
    """Deploys everything and plays every operation. Raises MissingPeer, Reverted, KeelError."""
    with AnvilProcess("--accounts", str(WALLETS)) as anvil:
        ground = Ground(connect(anvil.url, timeout=RPC_SECONDS))
        return compare(measure(ground, [peer(ground) for peer in PEERS], _say), ELSEWHERE)


def main() -> int:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(
        prog="compare", description=__doc__.split("\n\n")[0] if __doc__ else None
    )
    parser.add_argument("--print-only", action="store_true", help="write no report, page or picture")
    chosen = parser.parse_args()
    install(_say)
    comparison = run()
    _print(comparison)
    if not chosen.print_only:
        packages = {peer.name: peer.package for peer in PEERS}
        write_atomically(REPORT, json.dumps(as_json(comparison, packages), indent=2) + "\n")
        write_between(PAGE, as_markdown(comparison, {peer.name: peer.paths for peer in PEERS}, packages))
        draw(comparison, CHART)
    print(comparison.summary())
    return 0


def _say(what: str) -> None:
    print(f"keel compare: {what}", file=sys.stderr, flush=True)


def _print(comparison: Comparison) -> None:
    heading, *lines = as_lines(comparison)
    table = Table(*heading, box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for line in lines:
        table.add_row(*line)
    # As wide as it is: a pipe has no width of its own.
    Console(
        width=sum(max(len(line[place]) for line in [heading, *lines]) + 2 for place in range(len(heading)))
    ).print(table)
    print("* measured elsewhere")


if __name__ == "__main__":
    sys.exit(run_script("compare", main))
