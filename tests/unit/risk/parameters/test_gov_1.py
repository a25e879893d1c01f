"""GOV-1 under any sequence of setter calls and waits.

The model knows nothing of rows and their common ramp. For each parameter it draws the line that the last call
which gave it a new target has stated: from its value then, over the duration named then. No parameter may
ever be tighter than its line, none may tighten at a call, nor may what a leveraged position must be worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.helpers.evm import PyrevmBackend, Reverted
from tests.helpers.risk_parameters import ASSET, DAY, DOMAIN, FEED, GRID, HOUR, PPM, SHOCKS, WAD, Stage, grid

UNDERLYINGS, ASSETS = (0, 1), (0, 1)
COLLATERAL, DEBT = 100, 160_000  # WETH at 2,000 dollars, USDC
PRICE = 2_000

# Row, field of the tuple, whether more of it is tighter.
RISING = {
    "shocks": ("maintenance_down", "maintenance_up"),
    "feed": ("tolerance",),
    "asset": ("basis_shock", "unwinding"),
    "domain": (
        "target_health",
        "premium_min",
        "premium_start",
        "premium_max",
        "premium_full_health",
        "min_debt",
    ),
    "grid": ("volatility_shock", "tail_multiple", "tail_damping"),
}
FALLING = {
    "feed": ("half_width", "volatility"),
    "asset": ("basis_band", "depth"),
    "domain": ("netting",),
}
FIELDS = {
    "shocks": list(SHOCKS),
    "feed": list(FEED),
    "grid": list(GRID),
    "asset": list(ASSET),
    "domain": list(DOMAIN),
}

Key = tuple[str, int, str]


@dataclass
class Line:
    """What a parameter may be, at the tightest: a straight line in tightness over time."""

    value: Fraction
    target: Fraction
    start: int
    end: int

    def at(self, now: int) -> Fraction:
        if now >= self.end or self.target <= self.value:
            return self.target
        return self.value + (self.target - self.value) * Fraction(now - self.start, self.end - self.start)


def tightness(field: str, value: int) -> Fraction:
    """Grows with what the parameter demands."""
    if field == "depth":
        return Fraction(WAD, value) if value else Fraction(0)
    rising = any(field in fields for fields in RISING.values())
    return Fraction(value if rising else -value)


class Governance(RuleBasedStateMachine):
    """An owner who sets what he likes, at prices that stand still."""

    evm: PyrevmBackend
    stage: Stage

    @initialize()
    def start(self):
        self.snapshot = self.evm.snapshot()
        for underlying in UNDERLYINGS:
            self.stage.parameters.setGrid(underlying, grid(), 0)
        now = self.evm.now
        self.lines = {key: Line(value, value, now, now) for key, value in self.read().items()}
        self.requirement = self.needed()

    def teardown(self):
        if hasattr(self, "snapshot"):
            self.evm.revert(self.snapshot)

    # Readings

    def row(self, kind: str, row_id: int, target: bool = False) -> dict[str, int]:
        name = kind + ("Target" if target else "")
        function = getattr(self.stage.parameters, name)
        values = function() if kind == "domain" else function(row_id)
        return dict(zip(FIELDS[kind], values, strict=True))

    def read(self) -> dict[Key, Fraction]:
        values = {}
        for kind in FIELDS:
            for row_id in (0,) if kind == "domain" else UNDERLYINGS:
                row = self.row(kind, row_id)
                for field in (*RISING.get(kind, ()), *FALLING.get(kind, ())):
                    values[kind, row_id, field] = tightness(field, row[field])
        return values

    def needed(self) -> int:
        """Equity at which a leveraged long would be taken over: maintenance requirement less uncertainty."""
        debt = -DEBT * 10**6 & ((1 << 248) - 1)
        holdings = [debt, (1 << 248) | COLLATERAL * WAD]
        judged = self.stage.engine.assess(bytes(32), holdings, [], 1, False)
        return judged.requirement - judged.uncertainty

    def model(self, values: dict[Key, Fraction]) -> Fraction:
        """The same from the parameters' tightness, up to a constant {USD}."""
        total = Fraction(0)
        for asset_id, worth, side in (
            (1, COLLATERAL * PRICE, "maintenance_down"),
            (0, DEBT, "maintenance_up"),
        ):
            shares = values["shocks", asset_id, side] + values["feed", asset_id, "half_width"]
            for field in ("basis_shock", "unwinding", "basis_band"):
                shares += values["asset", asset_id, field]
            concentration = values["asset", asset_id, "depth"] / WAD * worth
            total += worth * (shares / PPM + concentration)
        return total

    # What is checked after every step

    def check(self) -> None:
        now, values = self.evm.now, self.read()
        lines = {key: line.at(now) for key, line in self.lines.items()}
        for key, value in values.items():
            slack = abs(lines[key]) / 10**9 if key[2] == "depth" else 0
            assert value <= lines[key] + 1 + slack, f"GOV-1: {key} is {value}, its line {float(lines[key])}"
        needed = self.needed()
        most = self.requirement + (self.model(lines) - self.model(self.values)) * WAD
        slack = (COLLATERAL * PRICE + DEBT) * WAD * 8 // PPM
        assert needed <= most + slack, f"GOV-1: a position needs {needed}, at most {float(most)} was stated"
        self.values, self.requirement = values, needed

    def set(self, kind: str, row_id: int, changes: dict[str, int], duration: int) -> None:
        before, old, requirement = self.read(), self.row(kind, row_id, target=True), self.needed()
        new = old | changes
        arguments = (tuple(new.values()), duration)
        setter = getattr(self.stage.parameters, f"set{kind.capitalize()}")
        try:
            setter(*arguments) if kind == "domain" else setter(row_id, *arguments)
        except Reverted as error:
            assert error.name.startswith("RiskParameters_"), error
            assert self.read() == before
            return
        after, now = self.read(), self.evm.now
        for key in before:
            slack = before[key] / 10**9 if key[2] == "depth" else 0
            assert after[key] <= before[key] + slack, f"GOV-1: {key} tightened at the call"
        assert self.needed() <= requirement + 1, "GOV-1: a position needs more at the call"
        for field in (*RISING.get(kind, ()), *FALLING.get(kind, ())):
            key, line = (kind, row_id, field), self.lines[kind, row_id, field]
            target = tightness(field, new[field])
            end = now + duration if new[field] != old[field] else line.end
            self.lines[key] = Line(before[key], target, now, max(end, now))
        self.values, self.requirement = after, self.needed()

    # Rules

    @rule(
        underlying=st.sampled_from(UNDERLYINGS),
        side=st.sampled_from(("down", "up")),
        maintenance=st.integers(5_000, 250_000),
        room=st.integers(1_000_000, 1_500_000),
        duration=st.integers(0, 40 * DAY),
    )
    def set_shocks(self, underlying, side, maintenance, room, duration):
        changes = {f"maintenance_{side}": maintenance}
        initial = self.row("shocks", underlying)[f"initial_{side}"]
        changes[f"initial_{side}"] = max(initial, maintenance * room // PPM)
        self.set("shocks", underlying, changes, duration)

    @rule(
        underlying=st.sampled_from(UNDERLYINGS),
        field=st.sampled_from(("half_width", "volatility", "tolerance")),
        value=st.integers(100, 60_000),
        duration=st.integers(0, 40 * DAY),
    )
    def set_feed(self, underlying, field, value, duration):
        self.set("feed", underlying, {field: value}, duration)

    @rule(
        asset_id=st.sampled_from(ASSETS),
        field=st.sampled_from(("basis_shock", "basis_band", "unwinding")),
        value=st.integers(0, 60_000),
        duration=st.integers(0, 40 * DAY),
    )
    def set_asset(self, asset_id, field, value, duration):
        self.set("asset", asset_id, {field: value}, duration)

    @rule(
        asset_id=st.sampled_from(ASSETS),
        depth=st.one_of(st.just(0), st.integers(10_000, 10**8)),
        duration=st.integers(0, 40 * DAY),
    )
    def set_depth(self, asset_id, depth, duration):
        self.set("asset", asset_id, {"depth": depth}, duration)

    @rule(
        underlying=st.sampled_from(UNDERLYINGS),
        field=st.sampled_from(list(GRID)),
        scale=st.integers(200_000, 1_600_000),
        duration=st.integers(0, 40 * DAY),
    )
    def set_grid(self, underlying, field, scale, duration):
        self.set("grid", underlying, {field: GRID[field] * scale // PPM}, duration)

    @rule(
        field=st.sampled_from((*RISING["domain"], *FALLING["domain"])),
        scale=st.integers(500_000, 1_600_000),
        duration=st.integers(0, 40 * DAY),
    )
    def set_domain(self, field, scale, duration):
        self.set("domain", 0, {field: DOMAIN[field] * scale // PPM}, duration)

    @rule(seconds=st.one_of(st.integers(1, HOUR), st.integers(1, 15 * DAY)))
    def wait(self, seconds):
        self.stage.warp(seconds)
        self.check()

    @initialize()
    def remember(self):
        self.values = self.read()


@pytest.mark.slow
def test_no_parameter_tightens_faster_than_its_ramp(stage, evm):
    class Case(Governance):
        pass

    Case.evm, Case.stage = evm, stage
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(Case, settings=settings(max_examples=60, stateful_step_count=25))
