"""Plays random sequences against the whole system until a target of calls is reached: `make fuzz`.

python -m scripts.fuzz                          # 5 million calls, two processes; goes on where it stopped
python -m scripts.fuzz --minutes 10             # as many of them as fit
python -m scripts.fuzz --calls 20000 --fresh    # another beginning
"""

from __future__ import annotations

import shutil
import sys
from typing import Annotated

import typer

from scripts.common.errors import KeelError, run_script
from scripts.fuzz import forge, report
from scripts.fuzz.campaign import Campaign
from scripts.setup.environment import ROOT

REPORT = ROOT / "reports" / "fuzz.json"
CHUNK = 15_000


def fuzz(
    calls: Annotated[int, typer.Option(help="handlers to call in all")] = 5_000_000,
    minutes: Annotated[float, typer.Option(help="begins nothing new after that; 0: no limit")] = 0,
    processes: Annotated[int, typer.Option(help="sequences played side by side")] = 2,
    seed: Annotated[int, typer.Option(help="first seed; each chunk has the next one")] = 1,
    fresh: Annotated[bool, typer.Option(help="forgets what was played before")] = False,
) -> None:
    """No promise breaks, and every handler succeeds often."""
    folder = forge.FOLDER / forge.prepare()
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    campaign = Campaign(folder)
    violation = campaign.run(calls, processes, seed, CHUNK, minutes * 60 or None)
    counts = campaign.counts
    print(report.table(counts))
    report.write(REPORT, counts, campaign.seconds, violation)
    for step in violation.sequence if violation else []:
        print(f"  {step}")
    print(report.summary(counts, campaign.seconds, violation))
    if violation:
        raise KeelError(f"{violation.promise}: the sequence is above, and in {REPORT.relative_to(ROOT)}")
    if weak := report.weak(counts):
        raise KeelError(f"handlers that succeed too rarely: {'; '.join(weak)}")


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(fuzz)
    sys.exit(run_script("fuzz", lambda: app(standalone_mode=False)))
