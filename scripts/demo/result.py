"""What a demonstration leaves behind: everything that table, picture and JSON are made of.

Dollars are WADs, tokens smallest units, as the chain has them; health and utilisation are floats, for they
are only drawn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from scripts.common.units import to_decimal
from scripts.demo.option_result import OptionsOutcome
from scripts.demo.perp_result import PerpsOutcome
from scripts.demo.perp_result import dollars as _dollars

# Shares whose worth is compared at start and end: enough for every digit that a pool's price has.
SHARES = 10**30


@dataclass
class Sample:
    """One price point.

    `health` is by account (None for an account without debt), `utilisation` by pool, in the result's order.
    """

    seconds: int
    price: float
    health: list[float | None]
    utilisation: list[float]


@dataclass
class Liquidation:
    """One takeover.

    `premium` is what it cost the account, of which `fee` went to the backstop; `profit` is what the taker
    kept after selling, `top_up` what the backstop added, `written_off` what lenders bore.
    """

    seconds: int
    account: str
    fraction: float
    health: float
    premium: int
    fee: int
    top_up: int
    profit: int
    written_off: int
    insolvent: bool


@dataclass
class AccountOutcome:
    """One trader's account; `added` is what its owner brought in after the start, less what he took."""

    name: str
    position: str
    start_equity: int
    start_health: float
    end_equity: int = 0
    end_health: float | None = None
    lowest_health: float | None = None
    added: int = 0
    acts: list[str] = field(default_factory=list)


@dataclass
class PoolOutcome:
    """One lending pool: what `SHARES` shares were worth before and after, read from the chain."""

    symbol: str
    start: int
    end: int
    lent: int
    decimals: int
    written_off: int
    flagged: int
    peak_utilisation: float

    @property
    def is_whole(self) -> bool:
        """Whether a lender can take out at least what he brought in."""
        return self.end >= self.start

    @property
    def change(self) -> float:
        """Relative change of the share price."""
        return (self.end - self.start) / self.start


@dataclass
class DemoResult:
    """A demonstration from start to end.

    `refused` counts by reason what the keeper could not do. `seconds` is how long the play took,
    `set_up_seconds` how long lending and opening before it.
    """

    path: str
    points: int
    fall: float
    largest_step: float
    keeper_on: bool
    pools: list[PoolOutcome]
    accounts: list[AccountOutcome]
    samples: list[Sample]
    liquidations: list[Liquidation]
    refused: dict[str, int]
    gas: dict[str, list[int]]
    backstop_start: int
    backstop_end: int
    set_up_seconds: float
    seconds: float
    perps: PerpsOutcome | None = None
    options: OptionsOutcome | None = None

    @property
    def worst_pool(self) -> PoolOutcome:
        """The pool whose share price rose least."""
        return min(self.pools, key=lambda pool: pool.change)

    @property
    def unresolved(self) -> list[AccountOutcome]:
        """Accounts that owe more than they hold: losses that nobody has taken yet."""
        return [account for account in self.accounts if account.end_equity < 0]

    @property
    def lenders_whole(self) -> bool:
        """Every share price is at or above its start, and no loss waits to be realised."""
        return all(pool.is_whole and not pool.flagged for pool in self.pools) and not self.unresolved

    @property
    def verdict(self) -> str:
        """The last line."""
        worst = self.worst_pool
        line = (
            f"lenders whole: {'yes' if self.lenders_whole else 'no'},"
            f" worst pool {worst.symbol} {worst.change:+.4%}"
        )
        if self.unresolved:
            owed = -sum(account.end_equity for account in self.unresolved)
            line += f", {len(self.unresolved)} accounts owe ${to_decimal(owed):,.2f} more than they hold"
        return line

    @property
    def books_add_up(self) -> bool:
        """Whether the books of the perpetual and the option market do."""
        return all(act is None or act.books.add_up for act in (self.perps, self.options))

    def takeovers(self, account: str) -> int:
        """How often an account was taken over."""
        return sum(event.account == account for event in self.liquidations)

    def premiums(self, account: str) -> int:
        """What takeovers cost an account, as a WAD of dollars."""
        return sum(event.premium for event in self.liquidations if event.account == account)

    def write_json(self, file: Path) -> None:
        """Writes all of it; dollars become decimal numbers, what the chain counts stays exact as text."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self._content(), indent=1) + "\n")

    def _content(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "points": self.points,
            "fall": self.fall,
            "largest_step": self.largest_step,
            "keeper_on": self.keeper_on,
            "verdict": self.verdict,
            "lenders_whole": self.lenders_whole,
            "pools": [
                {
                    "symbol": pool.symbol,
                    "share_price_start": str(pool.start),
                    "share_price_end": str(pool.end),
                    "change": pool.change,
                    "written_off": str(pool.written_off),
                    "flagged": str(pool.flagged),
                    "peak_utilisation": pool.peak_utilisation,
                }
                for pool in self.pools
            ],
            "accounts": [
                {
                    "name": account.name,
                    "position": account.position,
                    "start_equity": _dollars(account.start_equity),
                    "end_equity": _dollars(account.end_equity),
                    "added": _dollars(account.added),
                    "premiums": _dollars(self.premiums(account.name)),
                    "lowest_health": account.lowest_health,
                    "end_health": account.end_health,
                    "acts": account.acts,
                }
                for account in self.accounts
            ],
            "liquidations": [
                {
                    **{key: getattr(event, key) for key in ("seconds", "account", "fraction", "health")},
                    **{key: _dollars(getattr(event, key)) for key in ("premium", "fee", "top_up", "profit")},
                    "written_off": _dollars(event.written_off),
                    "insolvent": event.insolvent,
                }
                for event in self.liquidations
            ],
            "perps": self.perps.content(
                [(self.takeovers(one.name), self.premiums(one.name)) for one in self.perps.accounts]
            )
            if self.perps
            else None,
            "options": self.options.content() if self.options else None,
            "refused": self.refused,
            "gas": {kind: gas_summary(used) for kind, used in self.gas.items()},
            "backstop": {"start": _dollars(self.backstop_start), "end": _dollars(self.backstop_end)},
            "samples": {
                "seconds": [sample.seconds for sample in self.samples],
                "price": [sample.price for sample in self.samples],
                "health": _columns([account.name for account in self.accounts], self.samples, "health"),
                "utilisation": _columns([pool.symbol for pool in self.pools], self.samples, "utilisation"),
            },
            "set_up_seconds": round(self.set_up_seconds, 1),
            "seconds": round(self.seconds, 1),
        }


def gas_summary(used: Sequence[int]) -> dict[str, int]:
    """How often, and what the cheapest, the middle and the dearest took."""
    return {"count": len(used), "least": min(used), "median": round(median(used)), "most": max(used)}


def _columns(names: Sequence[str], samples: Sequence[Sample], kind: str) -> dict[str, list[float | None]]:
    return {
        name: [
            None if value is None else round(value, 5)
            for value in (getattr(sample, kind)[at] for sample in samples)
        ]
        for at, name in enumerate(names)
    }
