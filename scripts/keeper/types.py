"""What the keeper's halves tell each other: blocks, accounts as they stand, alarms.

Values are dollars with 18 decimals (WAD), amounts in a token's smallest unit; positive is what the account owns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from scripts.common.units import WAD

HEALTHIEST = 2**256 - 1


class Status(IntEnum):
    """What the worst of an account's prices still allows; see interfaces/Types.sol."""

    FRESH = 0
    DIVERGED = 1
    STALE = 2
    NONE = 3


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header; `timestamp` in unix seconds, `base_fee` in wei per gas (None: the chain has none)."""

    number: int
    hash: str
    parent: str
    timestamp: int
    base_fee: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An account as liquidation judges it at the end of block `block`.

    `account` has 32 bytes, `holdings` are (asset id, signed amount) ascending by id, debts with interest.
    `instruments` are addresses. `risk_raised_at` is the last block in which it may have taken on risk (lower 31 bits).
    """

    account: bytes
    block: int
    holdings: tuple[tuple[int, int], ...]
    instruments: tuple[str, ...]
    equity: int
    uncertainty: int
    requirement: int
    debt_value: int
    status: Status
    risk_raised_at: int

    @property
    def favourable(self) -> int:
        """Equity at the favourable edges."""
        return self.equity + self.uncertainty

    @property
    def slack(self) -> int:
        """How far the favourable equity is above the requirement; below zero the account may be taken over."""
        return self.equity + self.uncertainty - self.requirement

    @property
    def health_wad(self) -> int:
        """As the account lens tells it: favourable equity over requirement, zero for a negative one."""
        if self.favourable < 0:
            return 0
        return self.favourable * WAD // self.requirement if self.requirement else HEALTHIEST

    @property
    def has_risk(self) -> bool:
        """Whether it owes anything or holds an instrument; who does neither is never taken over."""
        return self.debt_value > 0 or bool(self.instruments)

    @property
    def is_liquidatable(self) -> bool:
        """Whether the liquidation engine plans a takeover of it (LIQ-3)."""
        return self.slack < 0 and self.has_risk

    @property
    def is_insolvent(self) -> bool:
        """Whether it is worth less than nothing even at the favourable edges."""
        return self.favourable < 0


@dataclass(frozen=True, slots=True)
class Failure:
    """An account that could not be judged at block `block`: unknown, which is not healthy.

    `data` is the revert's data (at most 256 bytes), empty where the call ran out of gas or gave no reason.
    """

    account: bytes
    block: int
    data: bytes


class AlarmKind(StrEnum):
    """What an alarm is about; the value is the metrics' label."""

    NODE = "node"  # a node fails, hangs, lags or answers by halves
    CHAIN = "chain"  # no node is left to trust
    REORG = "reorg"  # blocks that were processed are no more
    JUDGEMENT = "judgement"  # accounts cannot be judged
    DATABASE = "database"  # nothing can be written down, so nothing is sent
    SENDING = "sending"  # a transaction is stuck, failed without a race, or cannot be paid for
    ORDERS = "orders"  # signed orders cannot be read
    PRICES = "prices"  # an underlying's price is stale, disputed or missing


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person should see; `text` is one line."""

    kind: AlarmKind
    text: str


@dataclass(frozen=True)
class Seen:
    """What one step of the watch has seen at the end of `block`.

    `changed` are underlyings whose price moved since the step before: number -> (old price, new price), WADs.
    `liquidatable` are the accounts that may be taken over now, least healthy first. `failed` could not be judged.
    `looked` is the number of accounts read, `accounts` of those that are known. `seconds` is the time that it
    took from seeing the block.
    """

    block: Block
    changed: dict[int, tuple[int, int]]
    liquidatable: Sequence[Snapshot]
    failed: Sequence[Failure]
    alarms: Sequence[Alarm]
    looked: int
    accounts: int
    seconds: float
    statuses: dict[int, Status] = field(default_factory=dict)
