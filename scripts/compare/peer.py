"""What is measured, and what each protocol answers for it: one method an operation, each one transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from scripts.common.errors import KeelError
from scripts.compare.ground import AMOUNTS, BORROW_COUNTS, CRASH_PRICE, PRICE, Ground

# A scripts.common.contract.Tx, as contracts return it: by names that are known when it runs.
Sent = Any

OPEN, CLOSE = "open_4x", "close_4x"
ON_MARGIN, PERP_OPEN, PERP_SETTLE, PERP_CLOSE = (
    "liquidate_on_margin",
    "perp_open",
    "perp_settle",
    "perp_close",
)


class Peer(ABC):
    """A protocol on the common ground, played by the same wallets with the same amounts.

    `name` heads its column, `package` says what was built, `paths` in words the way that was chosen for an operation, by
    its key, `most_collaterals` how many an account can hold, and `lacks` what it has no operation for, by key.
    """

    name: str
    package: str
    paths: ClassVar[dict[str, str]]
    most_collaterals = 8
    lacks: frozenset[str] = frozenset({ON_MARGIN, PERP_OPEN, PERP_SETTLE, PERP_CLOSE})

    def __init__(self, ground: Ground) -> None:
        self.ground, self.chain = ground, ground.chain

    @abstractmethod
    def prepare(self) -> None:
        """Deploys, lends liquidity and opens the accounts, so that nothing measured is the first of its kind."""

    def can(self, operation: Operation) -> bool:
        """Whether the protocol has the operation."""
        return operation.count <= self.most_collaterals and operation.key not in self.lacks

    @abstractmethod
    def lend(self) -> Sent:
        """The lender adds to what he lent."""

    @abstractmethod
    def withdraw(self) -> Sent:
        """The lender takes a part out."""

    @abstractmethod
    def deposit(self) -> Sent:
        """The trader adds collateral of a kind that he has."""

    @abstractmethod
    def take_back(self) -> Sent:
        """The trader, who has debt, takes collateral out."""

    @abstractmethod
    def borrow(self, count: int) -> Sent:
        """A borrower with so many collaterals and debt borrows more, to three quarters of what they are worth."""

    @abstractmethod
    def repay(self) -> Sent:
        """The payer repays a part of his debt."""

    @abstractmethod
    def repay_all(self) -> Sent:
        """The payer repays all of it."""

    @abstractmethod
    def open_4x(self) -> Sent:
        """From a margin in the wallet to four times as much collateral, bought on Uniswap v3."""

    @abstractmethod
    def close_4x(self) -> Sent:
        """Sells enough to repay the debt; the collateral that is left goes to the wallet."""

    @abstractmethod
    def liquidate(self) -> Sent:
        """The taker ends a part of the first victim's debt, paid with tokens that he has."""

    def liquidate_on_margin(self) -> Sent:
        """He takes a part of the second victim's collateral together with its debt."""
        raise NotImplementedError(f"{self.name} moves no debt to a taker")

    def perp(self, size: int) -> Sent:
        """The trader trades a perpetual on ether with a market maker that is always there."""
        raise NotImplementedError(f"{self.name} has no perpetuals")

    def perp_settle(self) -> Sent:
        """The trader's loss on it is paid from his account."""
        raise NotImplementedError(f"{self.name} has no perpetuals")


@dataclass(frozen=True)
class Operation:
    """One line of the table; `count` is of collaterals; for a `crash` the price has fallen."""

    key: str
    title: str
    play: Callable[[Peer], Sent]
    count: int = 1
    crash: bool = False


def _borrow(count: int) -> Operation:
    title = f"borrow, {count} collateral{'s' if count > 1 else ''}"
    return Operation(f"borrow_{count}", title, lambda peer: peer.borrow(count), count)


OPERATIONS = (
    Operation("lend", "lend", lambda peer: peer.lend()),
    Operation("withdraw", "withdraw a part of what was lent", lambda peer: peer.withdraw()),
    Operation("deposit", "deposit collateral", lambda peer: peer.deposit()),
    Operation("take_back", "withdraw collateral, with debt", lambda peer: peer.take_back()),
    *(_borrow(count) for count in BORROW_COUNTS),
    Operation("repay", "repay a part", lambda peer: peer.repay()),
    Operation("repay_all", "repay everything", lambda peer: peer.repay_all()),
    Operation(OPEN, "open 4x through Uniswap v3", lambda peer: peer.open_4x()),
    Operation(CLOSE, "close 4x, the rest to the wallet", lambda peer: peer.close_4x()),
    Operation("liquidate", "liquidate a part", lambda peer: peer.liquidate(), crash=True),
    Operation(ON_MARGIN, "liquidate a part on margin", lambda peer: peer.liquidate_on_margin(), crash=True),
    Operation(PERP_OPEN, "open a perpetual", lambda peer: peer.perp(AMOUNTS.perp)),
    Operation(PERP_SETTLE, "settle a perpetual's loss", lambda peer: peer.perp_settle()),
    Operation(PERP_CLOSE, "close the perpetual", lambda peer: peer.perp(-AMOUNTS.perp)),
)


def measure(ground: Ground, peers: list[Peer], say: Callable[[str], None]) -> dict[str, dict[str, int]]:
    """Gas used by name and operation; a day passes before each of them. Raises KeelError, Reverted."""
    for peer in peers:
        say(f"building and deploying {peer.name}")
        peer.prepare()
    say("playing the operations")
    figures: dict[str, dict[str, int]] = {peer.name: {} for peer in peers}
    for operation in OPERATIONS:
        price = CRASH_PRICE if operation.crash else PRICE
        if price != ground.price:
            ground.set_price(price)
        for peer in peers:
            if not peer.can(operation):
                continue
            ground.next_day()
            before = _purse(ground)
            figures[peer.name][operation.key] = operation.play(peer).gas_used
            _check_purse(peer, operation, _purse(ground) - before)
    return figures


def _purse(ground: Ground) -> int:
    return int(ground.weth.balanceOf(ground.wallets.leverer))


def _check_purse(peer: Peer, operation: Operation, change: int) -> None:
    """The margin left the wallet of who took leverage, or came back but for fees and interest."""
    expected = {OPEN: -AMOUNTS.margin, CLOSE: AMOUNTS.margin}.get(operation.key, 0)
    if abs(change - expected) > abs(expected) // 100:
        raise KeelError(
            f"{operation.title} with {peer.name} changed a wallet by {change}, expected {expected} within a hundredth"
        )
