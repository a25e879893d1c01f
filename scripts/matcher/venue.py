"""What the matcher needs of a chain, and what it learns from it.

The real one is scripts/matcher/chain.py; scripts/matcher/paper.py stands in where no chain is wanted. All methods
block and may raise ChainUnreachable; each thread has a venue of its own (`Venue.another`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scripts.matcher.amm import Amm
from scripts.matcher.effects import Match
from scripts.matcher.orders import Domain, SignedOrder

Key = tuple[bytes, bytes]  # account, signer


@dataclass(frozen=True, slots=True)
class Head:
    """A block. `timestamp` is in unix seconds."""

    number: int
    hash: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class Market:
    """A market as it stands. Prices, fees and `margin_share` are WADs.

    `margin_share` is the initial requirement of a position as a share of its notional; `fresh` says whether stop
    orders may wake and risk may grow; `amm` fills what signed orders leave (None: nobody does).
    """

    name: str
    address: bytes
    index: int
    mark: int
    fresh: bool
    taker_fee: int
    maker_fee: int
    margin_share: int
    amm: Amm | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An account and who signs for it.

    `room` is by how much its equity at the worst edges exceeds its initial requirement {USD, 18 decimals},
    `positions` its sizes by market, `operator_until` the last second of the signer's approval (the owner has none),
    `at` when this was read, in seconds of the monotonic clock.
    """

    room: int
    positions: dict[bytes, int]
    lowest_nonce: int
    signer_has_code: bool
    operator_until: int
    at: float


@dataclass(frozen=True, slots=True)
class Filled:
    """The chain filled a maker's order against a taker's; the maker is NO_ORDER where the virtual AMM filled."""

    maker: bytes
    taker: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A match of a transaction, by position, was refused."""

    position: int
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Cancelled:
    """An order was cancelled on chain."""

    order: bytes


@dataclass(frozen=True, slots=True)
class CancelledBelow:
    """All orders of the account with a lower nonce were cancelled on chain."""

    account: bytes
    lowest: int


Log = Filled | Failed | Cancelled | CancelledBelow


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction; `logs` are those of the settlement contract, in order."""

    tx: str
    block: int
    succeeded: bool
    gas_used: int
    logs: list[Log] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the chain does not settle a match.

    `orders` and `accounts` are those that the error names. `passing` is set where it is nobody's fault and may end,
    such as a price that is not fresh; `asleep` where a stop order's trigger is not reached; `amm` where the virtual
    AMM does not trade, or not within the taker's limit.
    """

    reason: str
    orders: tuple[bytes, ...] = ()
    accounts: tuple[bytes, ...] = ()
    passing: bool = False
    asleep: bool = False
    nothing: bool = False
    amm: bool = False
    price: int | None = None


class Venue(Protocol):
    """A chain with a settlement contract, and an account that sends to it."""

    domain: Domain
    genesis: str
    sender: str

    def another(self) -> Venue:
        """The same with connections of its own, for another thread."""

    def markets(self) -> list[Market]:
        """All markets, with their prices now."""

    def head(self) -> Head:
        """The latest block."""

    def block_hash(self, number: int) -> str | None:
        """Hash of a block, None where there is none."""

    def standings(self, keys: Sequence[Key]) -> dict[Key, Standing]:
        """Accounts with signers, in one round trip."""

    def accepts(self, questions: Sequence[tuple[bytes, bytes, bytes]]) -> list[bool]:
        """Whether contracts accept signatures (ERC-1271): (signer, digest, signature) each."""

    def filled(self, orders: Sequence[SignedOrder]) -> list[tuple[int, bool]]:
        """Filled amount, and whether it was cancelled, of each order."""

    def logs(self, first: int, last: int) -> list[Log]:
        """What the settlement contract told in these blocks, in order."""

    def simulate(self, matches: Sequence[Match]) -> list[bool]:
        """Which of them would be settled now, one after another in one transaction."""

    def refusal(self, match: Match) -> Refusal | None:
        """Why a match would not be settled now; None if it would."""

    def nonce(self, sender: str) -> int:
        """A sender's next nonce, by the latest block."""

    def sign(self, matches: Sequence[Match], nonce: int, raise_percent: int) -> tuple[str, bytes]:
        """A settlement transaction (hash, bytes), with fees that much above the usual."""

    def send(self, raw: bytes) -> None:
        """Sends it; that it is known already is no error."""

    def receipt(self, hashes: Sequence[str]) -> Receipt | None:
        """The receipt of whichever of these versions of a transaction was mined."""
