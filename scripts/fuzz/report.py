"""What a campaign says: a line a handler, functions reached, whether every handler succeeds often, reports/fuzz.json."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.fuzz.counts import Counts, functions
from scripts.fuzz.forge import Violation

OFTEN = 100
# Handlers that are refused by intent more often than others, each with the least share that succeeds.
LEAST = 0.25
LEAST_OF = {
    "updateSurface": 0.1,  # draws moves beyond the surface's bound, and updates within its interval
    "rematchPerps": 0.05,  # brings orders that are filled, cancelled or expired
    "writeOff": 0.1,  # a debt in another asset needs a taker while the backstop has funds
    "tradePerp": 0.15,  # draws sizes beyond margin and skew, and trades while the index is silent
    "unflag": 0.1,  # tries accounts that are still insolvent
}
# From that many calls on every handler must have succeeded.
LONG = 200_000


def weak(counts: Counts) -> list[str]:
    """Handlers that succeed too rarely to say anything, each with its figures."""
    found = []
    for name, handler in sorted(counts.handlers.items()):
        least = LEAST_OF.get(name, LEAST)
        if handler.tried >= OFTEN and handler.ratio < least:
            found.append(f"{name}: {handler.succeeded} of {handler.tried}, at least {least:.0%} expected")
        elif counts.calls >= LONG and not handler.succeeded:
            found.append(f"{name}: never succeeded in {handler.called} calls")
    return found


def table(counts: Counts) -> str:
    """A line a handler, then what was not reached."""
    lines = [f"{'handler':<22}{'called':>9}{'tried':>9}{'succeeded':>11}  refused by"]
    for name, handler in sorted(counts.handlers.items()):
        reasons = ", ".join(f"{error} {number}" for error, number in handler.refused.most_common(3))
        share = f"{handler.ratio:.0%}" if handler.tried else "-"
        lines.append(f"{name:<22}{handler.called:>9}{handler.tried:>9}{share:>11}  {reasons}")
    reached = len(set(functions()) & set(counts.reached))
    lines.append(f"functions that change something: {reached} of {len(functions())} succeeded")
    lines.append("never: " + ", ".join(counts.unreached()))
    return "\n".join(lines)


def write(path: Path, counts: Counts, seconds: float, violation: Violation | None) -> None:
    """Leaves the figures in a file."""
    content: dict[str, Any] = {
        "calls": counts.calls,
        "sequences": counts.sequences,
        "processor_seconds": round(seconds, 1),
        "violation": asdict(violation) if violation else None,
        "handlers": {
            name: {
                "called": handler.called,
                "tried": handler.tried,
                "succeeded": handler.succeeded,
                "ratio": round(handler.ratio, 3),
                "refused": dict(handler.refused.most_common()),
            }
            for name, handler in sorted(counts.handlers.items())
        },
        "reached": dict(sorted(counts.reached.items())),
        "unreached": counts.unreached(),
        "weak": weak(counts),
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")


def summary(counts: Counts, seconds: float, violation: Violation | None) -> str:
    """One line."""
    tried = sum(handler.tried for handler in counts.handlers.values())
    succeeded = sum(handler.succeeded for handler in counts.handlers.values())
    outcome = f"{violation.promise} (seed {violation.seed})" if violation else "no violation"
    reached = len(set(functions()) & set(counts.reached))
    return (
        f"fuzz: {counts.calls:,} calls in {counts.sequences:,} sequences, "
        f"{succeeded / tried if tried else 0:.0%} of {tried:,} attempts succeeded, "
        f"{reached} of {len(functions())} functions reached, "
        f"{counts.calls / seconds if seconds else 0:,.0f} calls/s a process: {outcome}"
    )
