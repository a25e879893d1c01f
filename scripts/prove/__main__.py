"""Proves every arithmetic lemma: `make prove`. Ends with one line; exits with 1 where one is not proven.

python -m scripts.prove                       # all
python -m scripts.prove --contract Takeover   # those of the contracts whose name contains it
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scripts.common.errors import KeelError, run_script
from scripts.prove.run import ALL, LEMMAS, prove


def main(
    contract: Annotated[str, typer.Option(help="part of the name of a contract in tests/prove")] = "",
) -> None:
    """All lemmas must be proven, and the false ones refuted."""
    report = prove(contract or ALL)
    if report.failed:
        raise KeelError(f"{len(report.failed)} lemmas of {LEMMAS} are not proven")
    print(
        f"prove passed: {len(report.proven)} lemmas proven, {len(report.refuted)} false ones refuted, "
        f"{report.seconds:.0f} s"
    )


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(main)
    sys.exit(run_script("prove", lambda: app(standalone_mode=False)))
