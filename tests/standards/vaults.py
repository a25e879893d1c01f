"""The three ERC-4626 contracts behind one face: lending pool, backstop, shares of a virtual AMM.

Each case starts with somebody else's deposit and a price that is no round number. Amounts are in the asset's smallest unit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from scripts.common.contract import Contract
from tests.helpers.backend import Backend
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.pool_bench import UNIT, PoolBench
from tests.helpers.system import DAY, OWNER, TRADER, WAD, AssetSpec, System

USER, FRIEND = 20, 21
PLENTY = 2**140


class VaultCase(ABC):
    """A vault, its asset, a user with plenty of it who has approved the vault, and a friend of his with nothing."""

    vault: Contract
    token: Contract
    unit: int
    # What may enter is what `maxDeposit` says, not more.
    limit_is_exact = True

    def __init__(self, evm: Backend) -> None:
        self.evm = evm
        self.user, self.friend = evm.accounts[USER], evm.accounts[FRIEND]

    def _fund(self) -> None:
        self.token.mint(self.user, PLENTY)
        self.token.approve(self.vault, 2**256 - 1, sender=self.user)

    def enter(self, assets: int, who: str | None = None) -> int:
        """The user deposits for himself, or for `who`; returns shares."""
        return int(self.vault.deposit(assets, who or self.user, sender=self.user).value)

    @abstractmethod
    def earn(self, assets: int) -> None:
        """So much is won by all shares."""

    @abstractmethod
    def allow_exit(self, shares: int) -> None:
        """The user may leave with so many shares now."""

    @abstractmethod
    def limit_entry(self) -> None:
        """The limit of what may enter is reached."""

    def close_entry(self) -> None:
        """Nobody may enter."""
        self.limit_entry()

    @abstractmethod
    def close_exit(self) -> None:
        """Nobody may leave."""

    @abstractmethod
    def half_done(self, calls: list[bytes]) -> list[tuple[bool, bytes]]:
        """Calls of the vault in the middle of an operation: which succeeded, and what they answered."""


class PoolCase(VaultCase):
    """A lending pool with a debt that bears interest, of a token that can call back."""

    unit = UNIT

    def __init__(self, evm: Backend) -> None:
        super().__init__(evm)
        self.bench = PoolBench(evm, "HostileToken")
        self.vault, self.token = self.bench.pool, self.bench.token
        self.bench.ready(1_000 * UNIT, 400 * UNIT, 10**9)
        evm.warp(123_457)
        self._fund()

    def earn(self, assets: int) -> None:
        self.bench.repay(0, assets)

    def allow_exit(self, shares: int) -> None:
        """There is cash enough."""

    def limit_entry(self) -> None:
        """As many shares as there may be."""
        self.vault.mint(self.vault.maxMint(self.user), self.user, sender=self.user)

    def close_exit(self) -> None:
        """All cash is lent out."""
        self.bench.pool.setLine(self.bench.domain, 2**127)
        self.bench.borrow(
            0 if not self.vault.cash() else self.vault.cash() * WAD // self.vault.debtIndexNow()
        )
        cash = self.vault.cash()
        if cash:
            self.bench.borrow(1, cash)

    def half_done(self, calls: list[bytes]) -> list[tuple[bool, bytes]]:
        return _in_a_transfer(self, calls, lambda: self.enter(UNIT))


class ExitCase(VaultCase):
    """Shares with a request, a cooldown and a window, over settlement tokens in a vault account."""

    unit = 10**6
    system: System
    cooldown = 7 * DAY

    def _ready(self) -> None:
        self.token = self.system.token("USDC")
        self._fund()
        self.token.approve(self.system.vault, 2**256 - 1, sender=self.user)
        self.earn(1_234_567)

    def earn(self, assets: int) -> None:
        account = self.system.account(self.vault.address)
        self.system.vault.deposit(account, self.token.address, assets, sender=self.user)

    def allow_exit(self, shares: int) -> None:
        self.vault.requestExit(shares, sender=self.user)
        self.system.warp(self.cooldown)

    def limit_entry(self) -> None:
        """The vault holds as much of the token as it may."""
        self.system.vault.setCaps(self.token.address, 0, 0, sender=self.evm.accounts[OWNER])

    def close_exit(self) -> None:
        """Nobody has asked to leave, or no longer."""
        if self.vault.exitOf(self.user)[0]:
            self.vault.cancelExit(sender=self.user)

    def half_done(self, calls: list[bytes]) -> list[tuple[bool, bytes]]:
        hostile = self.evm.deploy("HostileToken", "Calls back", "CALL", 18)
        self.system.add(AssetSpec("CALL", 18, 1, borrowable=False), hostile)
        amount = self.system.fund("CALL", self.user, 10)
        account = self.system.account(self.user)
        return _in_a_transfer(
            self,
            calls,
            lambda: self.system.vault.deposit(account, hostile.address, amount, sender=self.user),
            hostile,
        )


class BackstopCase(ExitCase):
    """The backstop of a domain."""

    def __init__(self, evm: Backend) -> None:
        super().__init__(evm)
        self.system = System.deploy(evm)
        self.vault = self.system.backstop
        self._ready()


class AmmCase(ExitCase):
    """Shares of a virtual AMM that has sold ten units, so that entry and exit have different prices.

    Supply caps do not stop an account with a position, so more may enter than the limit says.
    """

    limit_is_exact = False

    def __init__(self, evm: Backend) -> None:
        super().__init__(evm)
        self.system = System.deploy(evm)
        self.perps = PerpTrading.deploy(self.system)
        self.vault = self.perps.amm
        self.perps.trade(self.perps.funded(evm.accounts[TRADER], 100_000), 10 * WAD)
        self._ready()

    def close_entry(self) -> None:
        """Nobody knows what the position is worth."""
        self.evm.warp(2 * DAY)


def _in_a_transfer(
    case: VaultCase, calls: list[bytes], operation: Any, token: Contract | None = None
) -> list[tuple[bool, bytes]]:
    token = token or case.token
    token.setHooks([(case.vault.address, data) for data in calls], True)
    operation()
    assert token.hookCount() == len(calls)
    answers = [(token.hookSucceeded(i), bytes(token.hookResult(i))) for i in range(len(calls))]
    token.setHooks([], True)
    return answers


CASES = {"pool": PoolCase, "backstop": BackstopCase, "amm": AmmCase}
