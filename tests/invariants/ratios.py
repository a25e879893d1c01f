"""How often each rule of a machine succeeded, and why not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from hypothesis.errors import StopTest, UnsatisfiedAssumption

REPORTS = Path(__file__).resolve().parents[2] / "reports"


class Enough(BaseException):
    """All steps were made: ends the run from within, past everything that hypothesis catches."""


class Ratios:
    """Counts of one run of `wanted` steps. Hypothesis counts examples, of which the first ones are short: it
    is given more than enough of them, and none begins once the steps are made, unless one has failed."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.tried: Counter[str] = Counter()
        self.succeeded: Counter[str] = Counter()
        self.refused: dict[str, Counter[str]] = {}
        self.rule = ""
        self.failed = False

    @property
    def steps(self) -> int:
        """Rules that ran."""
        return self.tried.total()

    def end(self, error: BaseException | None) -> None:
        """A sequence ended, by itself or by an error; `Enough` where no other is wanted. After a failure
        hypothesis looks for a smaller one."""
        self.failed |= error is not None and not isinstance(error, (StopTest, UnsatisfiedAssumption))
        if self.steps >= self.wanted and not self.failed and error is None:
            raise Enough

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
        ratios.rule = rule.__name__
        ratios.tried[rule.__name__] += 1
        if rule(self, **arguments):
            ratios.succeeded[rule.__name__] += 1

    return wrapper
