"""How often each rule of a machine succeeded, and why not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

REPORTS = Path(__file__).resolve().parents[2] / "reports"


class Ratios:
    """Counts of one run of `wanted` steps. Hypothesis counts examples, of which the first ones are short: it
    is given more than enough of them, and what comes after the last step that is wanted does nothing."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.tried: Counter[str] = Counter()
        self.succeeded: Counter[str] = Counter()
        self.refused: dict[str, Counter[str]] = {}
        self.rule = ""

    @property
    def steps(self) -> int:
        """Rules that ran."""
        return self.tried.total()

    @property
    def enough(self) -> bool:
        """Whether all steps were made."""
        return self.steps >= self.wanted

    def refuse(self, error: str) -> None:
        """The running rule was refused."""
        self.refused.setdefault(self.rule, Counter())[error] += 1

    def table(self) -> str:
        """A line a rule."""
        lines = [f"{'rule':<34} {'tried':>6} {'succeeded':>9}  refused by"]
        for rule, tried in sorted(self.tried.items()):
            reasons = ", ".join(f"{e} {n}" for e, n in self.refused.get(rule, Counter()).most_common(4))
            lines.append(f"{rule:<34} {tried:>6} {self.succeeded[rule] / tried:>9.0%}  {reasons}")
        return "\n".join([*lines, f"{'all':<34} {self.steps:>6}"])

    def write(self, name: str) -> None:
        """Leaves the figures in reports/."""
        REPORTS.mkdir(exist_ok=True)
        rules = {r: {"tried": n, "succeeded": self.succeeded[r]} for r, n in sorted(self.tried.items())}
        content = {"steps": self.steps, "rules": rules}
        (REPORTS / f"invariants-{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def counted(rule: Callable[..., bool]) -> Callable[..., None]:
    """A rule that says whether it succeeded."""

    @wraps(rule)
    def wrapper(self: Any, **arguments: Any) -> None:
        ratios: Ratios = self.ratios
        if ratios.enough:
            return
        ratios.rule = rule.__name__
        ratios.tried[rule.__name__] += 1
        if rule(self, **arguments):
            ratios.succeeded[rule.__name__] += 1

    return wrapper
