"""Actions drawn from numbers: choices, calls, and the register of all actions.

A drawn action is a call that anybody of the attackers may send, alone, in a batch of the vault, or from within a flash loan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from scripts.common.contract import Contract
from tests.economic.world import World
from tests.helpers.system import WAD

T = TypeVar("T")
ALL = 2**256 - 1
# Dollars that an amount is worth; the smallest is one unit of a token.
DOLLARS = (0, 1, 100, 5_000, 12_000, 20_000, 100_000, 1_000_000, 4_900_000, 10_000_000)
# Units of the underlying that a trade is about.
SIZES = (1, WAD // 100, WAD, 10 * WAD, 40 * WAD, 200 * WAD, 1_000 * WAD, 8_000 * WAD)
FRACTIONS = (1, WAD // 10, WAD // 3, WAD)


class Draw:
    """Choices made by a gene's numbers; the first is who acts, the second for which account."""

    def __init__(self, world: World, numbers: Sequence[int], who: str | None = None) -> None:
        self._numbers, self._at = numbers, 2
        self.world = world
        self.who = who or world.owners[numbers[0] % 2]
        self.account = world.accounts[numbers[1] % len(world.accounts)]
        self.owner_of = {world.system.account(*one): one[0] for one in world.attackers}

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        number = self._numbers[self._at % len(self._numbers)]
        self._at += 1
        return choices[number % len(choices)]

    @property
    def symbol(self) -> str:
        """An asset; the volatile one and the settlement asset more often."""
        return self.pick(("USDC", "WETH", "DAI", "USDC", "WETH"))

    def amount(self, symbol: str) -> int:
        """Of a token."""
        unit = self.world.system.units(symbol, 1)
        return max(1, unit * self.pick(DOLLARS) // self.world.dollars(symbol))

    @property
    def size(self) -> int:
        """Signed."""
        return self.pick(SIZES) * self.pick((1, -1))

    @property
    def anybody(self) -> bytes:
        """An account of an attacker or an honest one."""
        return self.pick(self.world.honest + self.world.accounts)

    @property
    def victim(self) -> bytes:
        """Honest accounts with risk first."""
        return self.pick(self.world.honest[:3] * 2 + self.world.honest + self.world.accounts)


@dataclass(frozen=True)
class Step:
    """A call; `value` in wei."""

    to: Contract
    function: str
    data: bytes
    words: str
    value: int = 0

    @property
    def name(self) -> str:
        """Contract and function."""
        return f"{self.to.label}.{self.function}"


Act = Callable[[Draw], Step]
ACTS: dict[str, Act] = {}


def act(*names: str) -> Callable[[Act], Act]:
    """Registers an action under the functions that it reaches."""

    def register(function: Act) -> Act:
        for name in names:
            ACTS[name] = function
        return function

    return register


def step(to: Contract, function: str, *args: Any, words: str = "", value: int = 0) -> Step:
    """A call of a function by name."""
    data: bytes = getattr(to, function).encode(*args)
    return Step(to, function, data, f"{to.label}.{function} {words}".rstrip(), value)


def told(draw: Draw, symbol: str, amount: int) -> str:
    if amount == ALL:
        return f"all {symbol}"
    return f"{amount / draw.world.system.units(symbol, 1):g} {symbol}"


def named(draw: Draw, account: bytes) -> str:
    world = draw.world
    if account in world.accounts:
        return f"own{world.accounts.index(account)}"
    names = ("long", "short", "trader", "maker", "judge", "AMM", "backstop")
    return names[world.honest.index(account)]
