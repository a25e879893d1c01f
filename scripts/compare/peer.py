"""What is measured, and what each protocol answers for it: one method an operation, each one transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from scripts.common.contract import Tx
from scripts.compare.ground import BORROW_COUNTS, CRASH_PRICE, Ground

ON_MARGIN = "liquidate_on_margin"


class Peer(ABC):
    """A protocol on the common ground, played by the same wallets with the same amounts.

    `name` heads its column, `package` says what was built, `paths` in words the way that was chosen for an operation, by
    its key, `most_collaterals` how many an account can hold, and `lacks` what it has no operation for, by key.
    """

    name: str
    package: str
    paths: dict[str, str]
    most_collaterals = 8
    lacks: frozenset[str] = frozenset({ON_MARGIN})

    def __init__(self, ground: Ground) -> None:
        self.ground, self.chain = ground, ground.chain

    @abstractmethod
    def prepare(self) -> None:
        """Deploys, lends liquidity and opens the accounts, so that nothing measured is the first of its kind."""

    def can(self, operation: Operation) -> bool:
        """Whether the protocol has the operation."""
        return operation.count <= self.most_collaterals and operation.key not in self.lacks

    @abstractmethod
    def lend(self) -> Tx:
        """The lender adds to what he lent."""

    @abstractmethod
    def withdraw(self) -> Tx:
        """The lender takes a part out."""

    @abstractmethod
    def deposit(self) -> Tx:
        """The trader adds collateral of a kind that he has."""

    @abstractmethod
    def take_back(self) -> Tx:
        """The trader, who has debt, takes collateral out."""

    @abstractmethod
    def borrow(self, count: int) -> Tx:
        """A borrower with so many collaterals and debt borrows more, to three quarters of what they are worth."""

    @abstractmethod
    def repay(self) -> Tx:
        """The payer repays a part of his debt."""

    @abstractmethod
    def repay_all(self) -> Tx:
        """The payer repays all of it."""

    @abstractmethod
    def open_4x(self) -> Tx:
        """From a margin in the wallet to four times as much collateral, bought on Uniswap v3."""

    @abstractmethod
    def close_4x(self) -> Tx:
        """Sells enough to repay the debt; the collateral that is left goes to the wallet."""

    @abstractmethod
    def liquidate(self) -> Tx:
        """The taker ends a part of the first victim's debt, paid with tokens that he has."""

    def liquidate_on_margin(self) -> Tx:
        """He takes a part of the second victim's collateral together with its debt."""
        raise NotImplementedError(f"{self.name} moves no debt to a taker")


@dataclass(frozen=True)
class Operation:
    """One line of the table; `count` is of collaterals, after `crash` the price has fallen."""

    key: str
    title: str
    play: Callable[[Peer], Tx]
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
    Operation("open_4x", "open 4x through Uniswap v3", lambda peer: peer.open_4x()),
    Operation("close_4x", "close it, the rest to the wallet", lambda peer: peer.close_4x()),
    Operation("liquidate", "liquidate a part", lambda peer: peer.liquidate(), crash=True),
    Operation(ON_MARGIN, "liquidate a part on margin", lambda peer: peer.liquidate_on_margin(), crash=True),
)


def measure(ground: Ground, peers: list[Peer]) -> dict[str, dict[str, int]]:
    """Gas used by name and operation; a day passes before each of them."""
    for peer in peers:
        peer.prepare()
    figures: dict[str, dict[str, int]] = {peer.name: {} for peer in peers}
    crashed = False
    for operation in OPERATIONS:
        if operation.crash and not crashed:
            ground.set_price(CRASH_PRICE)
            crashed = True
        for peer in peers:
            if peer.can(operation):
                ground.next_day()
                figures[peer.name][operation.key] = operation.play(peer).gas_used
    return figures
