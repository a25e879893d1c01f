"""A domain on a bench, seen from its vault: accounts, batches, hostile assets, and the books that must agree.

bench.deposit(bench.trader, "WETH", 10)            # fresh tokens into the trader's first account
bench.batch(bench.vault.withdraw.encode(...), sender=bench.trader)
bench.add("HOST", "HostileToken", decimals=27)     # another asset, from one of the mocks
bench.check_books()                                # SOLV-2, and principal to the unit
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data

from scripts.common.contract import Contract, Tx
from tests.helpers.backend import Backend
from tests.helpers.system import (
    GUARDIAN,
    LENDER,
    OWNER,
    STRANGER,
    TAKER,
    TRADER,
    WAD,
    ZERO,
    AssetSpec,
    Listing,
    System,
)

CHAIN_ID = 31337
ALL = 2**256 - 1
MAX_BALANCE = 2**111 - 1
MAX_TOTAL = 2**120 - 1
INITIAL, MAINTENANCE = 0, 1
FRESH, DIVERGED, STALE, NONE = range(4)


@dataclass
class VaultBench:
    """The vault and everybody around it. Amounts given as `whole` are whole tokens, others smallest units."""

    system: System = field(repr=False)
    accounts: list[bytes] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        # Assets that this bench adds are no business of others on the same domain.
        self.system = replace(self.system, assets=dict(self.system.assets))
        names = self.evm.accounts
        self.owner, self.guardian, self.lender = names[OWNER], names[GUARDIAN], names[LENDER]
        self.trader, self.taker, self.stranger = names[TRADER], names[TAKER], names[STRANGER]
        self.operator = names[8]
        self.backstop_account = self.account(self.system.backstop.address)

    @property
    def evm(self) -> Backend:
        """The chain."""
        return self.system.evm

    @property
    def vault(self) -> Contract:
        """The vault."""
        return self.system.vault

    def __getitem__(self, symbol: str) -> str:
        return self.system[symbol]

    def units(self, symbol: str, whole: float | str) -> int:
        """Whole tokens in smallest units."""
        return self.system.units(symbol, whole)

    def account(self, owner: Any, index: int = 0) -> bytes:
        """An account of the owner; `check_books` looks at all that were asked for."""
        account = self.system.account(getattr(owner, "address", owner), index)
        if account not in self.accounts:
            self.accounts.append(account)
        return account

    def key(self, owner: str) -> str:
        """The private key of a role."""
        return self.evm.keys[self.evm.accounts.index(owner)]

    # Operations

    def deposit(self, owner: str, symbol: str, whole: float | str, index: int = 0) -> bytes:
        """The owner deposits fresh tokens into his account."""
        self.system.deposit(owner, symbol, whole, index)
        return self.account(owner, index)

    def borrow(self, owner: str, symbol: str, whole: float | str, index: int = 0) -> Tx:
        """The owner borrows to his own address."""
        account = self.account(owner, index)
        return self.vault.borrow(account, self[symbol], self.units(symbol, whole), owner, sender=owner)

    def debtor(
        self,
        owner: str | None = None,
        collateral: str = "WETH",
        held: float = 10,
        debt: str = "USDC",
        owed: float = 12_000,
        index: int = 0,
    ) -> bytes:
        """An account with one collateral and one debt, whose stamp is a block old; by default at health 3."""
        owner = owner or self.trader
        account = self.deposit(owner, collateral, held, index)
        self.borrow(owner, debt, owed, index)
        self.evm.mine()
        return account

    def batch(self, *calls: bytes, sender: Any = None, value: int = 0) -> Tx:
        """The trader, or `sender`, runs calls in one batch."""
        return self.vault.execute(list(calls), sender=sender or self.trader, value=value)

    def order(
        self,
        sell: str,
        buy: str,
        amount: int,
        limit: int = 0,
        *,
        exact_out: bool = False,
        max_loss: int = WAD,
        adapter: Any = None,
    ) -> tuple[Any, ...]:
        """A swap's parameters; amounts in smallest units."""
        adapter = adapter or self.system.adapter.address
        return (adapter, self[sell], self[buy], exact_out, amount, limit, max_loss, b"")

    def quote(self, sell: str, buy: str, discount_ppm: int = 0) -> None:
        """Has the adapter trade at the feeds' prices, less a discount."""
        units, prices = [], []
        for symbol in (sell, buy):
            listing = self.system.assets[symbol]
            units.append(10**listing.spec.decimals)
            prices.append(int(listing.feed.latestRoundData()[1]))
        price = WAD * prices[0] * units[1] * (10**6 - discount_ppm) // (prices[1] * units[0] * 10**6)
        self.system.adapter.setPrice(self[sell], self[buy], price)

    def pause(self) -> None:
        """The guardian stops what raises risk."""
        self.vault.setPaused(True, sender=self.guardian)

    def kill(self, symbol: str) -> None:
        """The asset's feed answers no more: it has no price."""
        self.system.assets[symbol].feed.setDead(True)

    def stale(self) -> None:
        """Two days pass in which no feed answers."""
        self.evm.warp(2 * 86_400)

    # Assets and instruments

    def add(
        self, symbol: str, kind: str = "HostileToken", *extra: Any, decimals: int = 18, **spec: Any
    ) -> Listing:
        """Another asset: one of the mock tokens, at ten dollars unless said otherwise."""
        token = self.evm.deploy(kind, symbol, symbol, decimals, *extra)
        values = {"price": 10, "liquidity": 100_000, **spec}
        return self.system.add(AssetSpec(symbol, decimals, **values), token)

    def instrument(self) -> Contract:
        """A listed puppet."""
        instrument = self.evm.deploy("MockInstrument", self.vault.address)
        self.vault.listInstrument(instrument.address)
        self.account(instrument)
        return instrument

    @staticmethod
    def script(*calls: tuple[Any, bytes]) -> bytes:
        """Data that has a puppet make calls: targets and calldata."""
        return encode(
            ["(address,bytes)[]"], [[(str(getattr(to, "address", to)), data) for to, data in calls]]
        )

    def wallet(self, *symbols: str, whole: float = 0) -> Contract:
        """A contract wallet with tokens, approved to the vault."""
        wallet = self.evm.deploy("MockWallet")
        for symbol in symbols:
            self.system.mint(symbol, wallet.address, whole)
            approve = self.system.token(symbol).approve.encode(self.vault.address, ALL)
            wallet.run([(self[symbol], 0, approve)])
        return wallet

    def signed(
        self, key: str, domain: dict[str, Any], types: dict[str, Any], message: dict[str, Any]
    ) -> tuple[int, bytes, bytes]:
        """An EIP-712 signature: v, r, s."""
        signature = Account.sign_message(encode_typed_data(domain, types, message), key)
        return signature.v, signature.r.to_bytes(32, "big"), signature.s.to_bytes(32, "big")

    # Readings

    def balance(self, account: bytes, symbol: str) -> int:
        """Signed balance, debt with interest."""
        return self.system.balance(account, symbol)

    def tokens(self, holder: Any, symbol: str) -> int:
        """Tokens that an address holds."""
        return int(self.system.token(symbol).balanceOf(holder))

    def custody(self, symbol: str) -> int:
        """The vault's total of the asset."""
        return int(self.vault.assetInfo(self[symbol])[2])

    def cash(self, symbol: str) -> int:
        """Cash of the asset's pool."""
        return int(self.system.pool(symbol).cash())

    def owed(self, symbol: str) -> int:
        """Principal that the vault owes the asset's pool."""
        return int(self.system.pool(symbol).domainOf(self.vault.address)[1])

    def principal(self, account: bytes, symbol: str) -> int:
        """An account's principal, from its debt, which tells it as long as the index is 1 or more."""
        debt = max(-self.balance(account, symbol), 0)
        return debt * WAD // int(self.system.pool(symbol).debtIndexNow())

    def debt_of(self, symbol: str, borrowed: int) -> int:
        """What one owes who owed nothing and borrowed so much: principal rounded up, debt rounded up."""
        index = int(self.system.pool(symbol).debtIndexNow())
        principal = (borrowed * WAD + index - 1) // index
        return (principal * index + WAD - 1) // WAD

    def stamp(self, account: bytes) -> int:
        """Last block in which the account may have taken on risk."""
        return int(self.vault.holdings(account)[2])

    def is_stamped(self, account: bytes) -> bool:
        """Whether it did in this block."""
        return self.stamp(account) == self.evm.block_number

    def held(self, account: bytes) -> dict[int, int]:
        """Asset id to signed amount, as `holdings` tells it."""
        return {word >> 248: _signed(word) for word in self.vault.holdings(account)[0]}

    def assess(
        self, account: bytes, requirement: int = INITIAL, changes: dict[str, int] | None = None
    ) -> tuple[int, int, int, int, int, int]:
        """The engine's judgement: equity, uncertainty, requirement, debt value, minimum debt, status.
        `changes` are added to the account's balances first."""
        words, instruments, _ = self.vault.holdings(account)
        amounts = {word >> 248: _signed(word) for word in words}
        for symbol, change in (changes or {}).items():
            number = self.system.assets[symbol].id
            amounts[number] = amounts.get(number, 0) + change
        packed = [
            (number << 248) | (amounts[number] % 2**248) for number in sorted(amounts) if amounts[number]
        ]
        return tuple(self.system.risk.assess(account, packed, instruments, requirement, False))

    def refusal(self, account: bytes, changes: dict[str, int] | None = None) -> tuple[bytes, int, int]:
        """Arguments of Vault_BelowInitialRequirement for the account after `changes`."""
        equity, uncertainty, requirement, *_ = self.assess(account, INITIAL, changes)
        return account, equity - uncertainty, requirement

    # What must hold

    def check_books(self) -> None:
        """SOLV-2: of each asset the vault holds the sum of positive balances, and its total says so.
        The principals of all accounts are what the vault owes the pool, to the unit."""
        for symbol, listing in self.system.assets.items():
            balances = [self.balance(account, symbol) for account in self.accounts]
            positive = sum(max(balance, 0) for balance in balances)
            held = self.tokens(self.vault.address, symbol)
            assert held >= positive, f"SOLV-2: {symbol}: vault holds {held}, accounts own {positive}"
            assert self.custody(symbol) == positive, f"{symbol}: total {self.custody(symbol)}, sum {positive}"
            if listing.pool.address != ZERO:
                principals = sum(self.principal(account, symbol) for account in self.accounts)
                assert self.owed(symbol) == principals, f"{symbol}: {self.owed(symbol)}, sum {principals}"

    @contextlib.contextmanager
    def unchanged(self, *symbols: str) -> Iterator[None]:
        """The body moves nothing between the vault and the pools of these assets."""
        before = [(self.cash(symbol), self.owed(symbol), self.custody(symbol)) for symbol in symbols]
        yield
        after = [(self.cash(symbol), self.owed(symbol), self.custody(symbol)) for symbol in symbols]
        assert after == before


def _signed(word: int) -> int:
    amount = word % 2**248
    return amount - 2**248 if amount >> 247 else amount
