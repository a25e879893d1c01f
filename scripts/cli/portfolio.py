"""How an account is margined, and what scenarios do to it: the grid of portfolio margin, for any account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.cli.session import Session
from scripts.client.domain import Domain
from scripts.common.contract import Call
from scripts.common.units import WAD

INITIAL, MAINTENANCE = range(2)


@dataclass(frozen=True)
class Cell:
    """One point: moves of price and volatility, the share of the change that counts, the change in dollars; WADs."""

    spot: int
    volatility: int
    weight: int
    change: int


@dataclass(frozen=True)
class Grid:
    """What moves with one underlying, netted. `lower` and `upper` are the worst losses of both halves.

    Where nothing bends there are two points, the fall and the rise; else a tail on either side of the rest.
    """

    underlying: int
    cells: Sequence[Cell]
    lower: int
    upper: int

    @property
    def worst(self) -> int:
        """Number of the worst cell."""
        return min(range(len(self.cells)), key=lambda number: self.cells[number].change)


@dataclass(frozen=True)
class Scenarios:
    """Netted changes by underlying, what never nets, the share that is reckoned in one direction, and the requirement."""

    grids: Sequence[Grid]
    apart: int
    rho: int
    required: int
    worth: int

    @property
    def together(self) -> int:
        """If all underlyings move in one direction."""
        return max(sum(grid.lower for grid in self.grids), sum(grid.upper for grid in self.grids))

    @property
    def each(self) -> int:
        """If each moves in its own worst direction."""
        return sum(max(grid.lower, grid.upper) for grid in self.grids)


@dataclass(frozen=True)
class Judged:
    """Under one margin model: both requirements, what they are held against, and whether the initial one is met."""

    initial: int
    worst: int
    maintenance: int
    favourable: int
    usable: bool

    @property
    def passes(self) -> bool:
        """Whether the account may switch to it, or stay."""
        return self.usable and self.worst >= self.initial


def is_portfolio(domain: Domain, account: bytes) -> bool:
    """Whether the account is margined as a portfolio."""
    return domain.portfolio_mode.address in domain.vault.holdings(account)[1]


def read_scenarios(session: Session, account: bytes, requirement: int) -> Scenarios:
    """The grid of an account; of one with standard margin as it would be."""
    domain = session.domain
    held = _held(domain, account, True)
    answer, judged = session.chain.read_all(
        [
            domain.risk.scenarios.prepare(account, *held, requirement),
            domain.risk.assess.prepare(account, *held, requirement, False),
        ]
    )
    netted, apart, rho = answer
    grids = [
        Grid(
            one.underlying,
            [_cell(scenario, change) for scenario, change in zip(one.scenarios, one.changesWad, strict=True)],
            one.lowerLossWad,
            one.upperLossWad,
        )
        for one in netted
    ]
    sign = -1 if requirement == INITIAL else 1
    return Scenarios(grids, apart, rho, judged.requirement, judged.equity + sign * judged.uncertainty)


def read_models(session: Session, account: bytes) -> tuple[Judged, Judged]:
    """The account under standard and under portfolio margin."""
    domain = session.domain
    calls: list[Call] = [
        domain.risk.assess.prepare(account, *_held(domain, account, portfolio), requirement, False)
        for portfolio in (False, True)
        for requirement in (INITIAL, MAINTENANCE)
    ]
    answers = session.chain.read_all(calls)
    standard, portfolio = (
        Judged(
            initial.requirement,
            initial.equity - initial.uncertainty,
            maintenance.requirement,
            maintenance.equity + maintenance.uncertainty,
            initial.status == 0,
        )
        for initial, maintenance in (answers[:2], answers[2:])
    )
    return standard, portfolio


def _held(domain: Domain, account: bytes, portfolio: bool) -> tuple[Any, Any]:
    """Holdings and instruments, with the mode among them or without."""
    holdings, instruments, _ = domain.vault.holdings(account)
    mode = domain.portfolio_mode.address
    others = [one for one in instruments if one != mode]
    # The engine looks for it in the first place, where the vault has it.
    return holdings, [mode, *others] if portfolio else others


def _cell(scenario: int, change: int) -> Cell:
    """`Scenario`: 96 bits of the price's move, 96 of volatility's, 64 of the weight."""
    return Cell(
        _signed(scenario >> 160, 96), _signed(scenario >> 64 & 2**96 - 1, 96), scenario & 2**64 - 1, change
    )


def _signed(value: int, bits: int) -> int:
    return value - 2**bits if value >> (bits - 1) else value


def requirement_of(scenarios: Scenarios) -> int:
    """`rho together + (1 - rho) each + apart`, rounded up: what the engine requires."""
    shared = scenarios.rho * scenarios.together + (WAD - scenarios.rho) * scenarios.each
    return -(-shared // WAD) + scenarios.apart
