"""Operations of the vault as values: how each is called, what it does to the ledger, whose check it ends
in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.invariants.world import ANYTHING, WAD

if TYPE_CHECKING:
    from tests.invariants.state import State

NO_LIMIT = 2**255 - 1


@dataclass(frozen=True)
class Operation:
    """One call of the vault. `judged`: the accounts that it may put at risk."""

    function = ""

    def arguments(self, state: State) -> tuple[Any, ...]:
        """Of the vault's function."""
        raise NotImplementedError

    def apply(self, state: State) -> None:
        """What it does to the ledger."""
        raise NotImplementedError

    @property
    def judged(self) -> tuple[bytes, ...]:
        return ()

    @property
    def takers(self) -> tuple[bytes, ...]:
        """The accounts that take over another, which must cover their initial requirement."""
        return ()

    @property
    def value(self) -> int:
        """Native tokens sent along."""
        return 0

    def encode(self, state: State) -> bytes:
        """The calldata."""
        data: bytes = getattr(state.vault, self.function).encode(*self.arguments(state))
        return data


@dataclass(frozen=True)
class Deposit(Operation):
    account: bytes
    asset: int
    amount: int
    function = "deposit"

    def arguments(self, state: State) -> tuple[Any, ...]:
        return self.account, state.world.tokens[self.asset], self.amount

    def apply(self, state: State) -> None:
        state.ledger.receive(self.account, self.asset, self.amount)


@dataclass(frozen=True)
class DepositNative(Operation):
    account: bytes
    amount: int
    function = "depositNative"

    def arguments(self, state: State) -> tuple[Any, ...]:
        return (self.account,)

    @property
    def value(self) -> int:
        return self.amount

    def apply(self, state: State) -> None:
        state.ledger.receive(self.account, state.world.id("WETH"), self.amount)


@dataclass(frozen=True)
class Withdraw(Operation):
    account: bytes
    asset: int
    amount: int
    to: str
    function = "withdraw"

    def arguments(self, state: State) -> tuple[Any, ...]:
        return self.account, state.world.tokens[self.asset], self.amount, self.to

    def apply(self, state: State) -> None:
        held = state.ledger.raw[self.account].get(self.asset, 0)
        amount = held if self.amount == ANYTHING else self.amount
        assert 0 < amount <= held, "a withdrawal never borrows"
        state.ledger.send(self.account, self.asset, amount)

    @property
    def judged(self) -> tuple[bytes, ...]:
        return (self.account,)


@dataclass(frozen=True)
class WithdrawNative(Withdraw):
    function = "withdrawNative"

    def arguments(self, state: State) -> tuple[Any, ...]:
        return self.account, self.amount, self.to


@dataclass(frozen=True)
class Borrow(Operation):
    account: bytes
    asset: int
    amount: int
    to: str
    function = "borrow"

    def arguments(self, state: State) -> tuple[Any, ...]:
        return self.account, state.world.tokens[self.asset], self.amount, self.to

    def apply(self, state: State) -> None:
        state.note_borrowing(self.asset, state.ledger.send(self.account, self.asset, self.amount))

    @property
    def judged(self) -> tuple[bytes, ...]:
        return (self.account,)


@dataclass(frozen=True)
class Repay(Operation):
    account: bytes
    asset: int
    amount: int
    function = "repay"

    def arguments(self, state: State) -> tuple[Any, ...]:
        return self.account, state.world.tokens[self.asset], self.amount

    def apply(self, state: State) -> None:
        state.ledger.repay(self.account, self.asset, self.amount)


@dataclass(frozen=True)
class Transfer(Operation):
    source: bytes
    target: bytes
    asset: int
    amount: int
    function = "transfer"

    def arguments(self, state: State) -> tuple[Any, ...]:
        return self.source, self.target, state.world.tokens[self.asset], self.amount

    def apply(self, state: State) -> None:
        assert state.ledger.raw[self.source].get(self.asset, 0) >= self.amount, "a transfer never borrows"
        state.ledger.move(self.source, self.target, self.asset, self.amount)

    @property
    def judged(self) -> tuple[bytes, ...]:
        return (self.source,)


@dataclass(frozen=True)
class Swap(Operation):
    """At the price that the adapter has for the pair: smallest units bought for 10**18 smallest units
    spent."""

    account: bytes
    spent: int
    bought: int
    exact_out: bool
    amount: int
    limit: int
    max_loss: int = WAD
    function = "swap"

    def arguments(self, state: State) -> tuple[Any, ...]:
        tokens = state.world.tokens
        adapter = state.world.system.adapter.address
        params = (
            *(adapter, tokens[self.spent].address, tokens[self.bought].address),
            *(self.exact_out, self.amount, self.limit, self.max_loss, b""),
        )
        return self.account, params

    def apply(self, state: State) -> None:
        price = state.quotes[self.spent, self.bought]
        most = self.limit if self.exact_out else self.amount
        state.note_borrowing(self.spent, state.ledger.send(self.account, self.spent, most))
        if self.exact_out:
            state.ledger.receive(self.account, self.bought, self.amount)
            left = most - -(-self.amount * WAD // price)
            if left:
                state.ledger.receive(self.account, self.spent, left)
        else:
            state.ledger.receive(self.account, self.bought, self.amount * price // WAD)

    @property
    def judged(self) -> tuple[bytes, ...]:
        return (self.account,)


@dataclass(frozen=True)
class Liquidate(Operation):
    account: bytes
    into: bytes
    fraction: int = WAD
    excluded: tuple[int, ...] = ()
    most: int = NO_LIMIT
    function = "liquidate"

    def arguments(self, state: State) -> tuple[Any, ...]:
        excluded = sum(1 << asset for asset in self.excluded)
        return self.account, self.into, self.fraction, excluded, 0, self.most

    def apply(self, state: State) -> None:
        state.take_over(self)

    @property
    def judged(self) -> tuple[bytes, ...]:
        return (self.into,)

    @property
    def takers(self) -> tuple[bytes, ...]:
        return (self.into,)


@dataclass(frozen=True)
class Batch(Operation):
    """Several in one, possibly with batches inside."""

    operations: Sequence[Operation] = field(default_factory=tuple)
    function = "execute"

    def arguments(self, state: State) -> tuple[Any, ...]:
        return ([operation.encode(state) for operation in self.operations],)

    def apply(self, state: State) -> None:
        for operation in self.operations:
            operation.apply(state)

    @property
    def judged(self) -> tuple[bytes, ...]:
        return tuple(account for operation in self.operations for account in operation.judged)

    @property
    def takers(self) -> tuple[bytes, ...]:
        return tuple(account for operation in self.operations for account in operation.takers)
