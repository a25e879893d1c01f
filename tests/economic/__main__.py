"""`python -m tests.economic`: searches for profit until the time is up, and says what was found."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.console import Console

from scripts.common.errors import KeelError, run_script
from scripts.setup.environment import ROOT
from tests.economic.play import Player
from tests.economic.search import DUST, Elite, Search, shortened
from tests.economic.wealth import DOLLAR
from tests.economic.world import SCENES, Rules, World
from tests.helpers.evm import PyrevmBackend

REPORT = ROOT / "reports" / "economic.json"
GRANTS = {
    "single-source": {"single_source": True},
    "long-lie": {"lie_seconds": 3_600},
    "within-tolerance": {"within_tolerance": True},
    "at-expiry": {"at_expiry": True},
}

app = typer.Typer(add_completion=False)


@app.command()
def search(
    minutes: Annotated[float, typer.Option(help="how long, all scenes together")] = 10,
    seed: Annotated[int, typer.Option(help="of the random numbers")] = 0,
    scene: Annotated[list[str] | None, typer.Option(help=f"of {', '.join(SCENES)}; all by default")] = None,
    grant: Annotated[str, typer.Option(help=f"a weakness that must be found: {', '.join(GRANTS)}")] = "",
    shown: Annotated[int, typer.Option(help="sequences of each scene that are printed")] = 3,
) -> None:
    """Searches every scene for as long, prints the best, writes reports/economic.json."""
    scenes = scene or list(SCENES)
    if grant and grant not in GRANTS:
        raise KeelError(f'no weakness is called "{grant}"; known are {", ".join(GRANTS)}')
    if unknown := set(scenes) - set(SCENES):
        raise KeelError(f"no scene is called {sorted(unknown)}; known are {', '.join(SCENES)}")
    rules = replace(Rules(), **GRANTS.get(grant, {}))  # type: ignore[arg-type]
    console, found, reached, worked = Console(), [], set(), set()
    report: dict[str, Any] = {"seed": seed, "minutes": minutes, "grant": grant, "scenes": {}}
    sequences = actions = 0
    functions: list[str] = []
    for number, name in enumerate(scenes):
        player = Player(World.open(PyrevmBackend(), name, rules))
        functions = player.functions
        run = Search(player, seed + number).run(seconds=minutes * 60 / len(scenes))
        sequences, actions = sequences + run.sequences, actions + run.actions
        reached |= run.called & set(functions)
        worked |= run.succeeded & set(functions)
        # What changed nothing at all comes last.
        best = sorted(run.elites.values(), key=lambda one: (one.outcome.gained == 0, -one.outcome.profit))[
            :shown
        ]
        if best and best[0].outcome.profit > DUST:
            best[0] = shortened(player, best[0])
        found += [one for one in (run.best, *best[:1]) if one is not None]
        console.print(f"\n[bold]{name}[/bold]: {run.sequences:,} sequences of {len(run.elites):,} kinds")
        for one in best:
            _print(console, one)
        report["scenes"][name] = {
            "sequences": run.sequences,
            "actions": run.actions,
            "kinds": len(run.elites),
            "best": [_told(one) for one in best],
        }
    profit = max(one.outcome.profit for one in found)
    report |= {
        "sequences": sequences,
        "actions": actions,
        "profit": profit / DOLLAR,
        "functions": {"all": len(functions), "called": sorted(reached), "succeeded": sorted(worked)},
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    console.print(
        f"\nbest profit found: {profit / DOLLAR:+,.6f} dollars over {sequences:,} sequences, {actions:,} actions; "
        f"functions called: {len(reached)} of {len(functions)}, {len(worked)} of them with success"
    )
    if profit > DUST and not grant:
        raise KeelError(f"a sequence earns {profit / DOLLAR:,.6f} dollars: {REPORT.relative_to(ROOT)}")


def _told(elite: Elite) -> dict[str, Any]:
    outcome = elite.outcome
    return {
        "profit": outcome.profit / DOLLAR,
        "gained": outcome.gained / DOLLAR,
        "rightful": {kind: amount / DOLLAR for kind, amount in outcome.income.rightful().items() if amount},
        "words": outcome.words,
        "genes": elite.sequence,
    }


def _print(console: Console, elite: Elite) -> None:
    told = _told(elite)
    parts = ", ".join(f"{kind} {amount:,.6f}" for kind, amount in told["rightful"].items())
    console.print(
        f"  {told['profit']:+,.6f} dollars" + (f" besides {parts}" if parts else ""), highlight=False
    )
    for words in told["words"]:
        console.print(f"      {words}", highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(run_script("economic", lambda: app(standalone_mode=False)))
