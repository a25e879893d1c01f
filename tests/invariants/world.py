"""The world of the invariants: a domain with everything in it, and everybody who uses it.

Six assets: the settlement asset and one collateral have a second price source, one is concentrated, one is a
share of another, one has two decimals, one has twenty-seven, cannot be borrowed and counts only where it is
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scripts.common.contract import Call, Contract
from tests.helpers.backend import Backend
from tests.helpers.system import USDC, WBTC, WETH, WSTETH, AssetSpec, System

WAD = 10**18
PPM = 10**6
DAY = 86_400
HEARTBEAT = DAY + 3_600
SETTLEMENT = 0
ANYTHING = 2**256 - 1
TO_WAD = 10**10  # answers have 8 decimals
FLASH_FEE = 5 * WAD // 10_000
FUNDS = 500_000  # whole tokens that everybody has of everything

CENT = AssetSpec("CENT", 2, 1, (40_000, 25_000), (40_000, 25_000), 2_000, unwinding=200, liquidity=2_000_000)
FINE = AssetSpec("FINE", 27, 5, (300_000, 220_000), (300_000, 220_000), tier=1, borrowable=False)
SPECS = (
    replace(USDC, tolerance=5_000),
    replace(WETH, tolerance=20_000),
    replace(WBTC, depth=20_000_000),
    WSTETH,
    CENT,
    FINE,
)
DOMAIN = {"backstopSharePpm": 100_000}


class World:
    """The contracts, the people and their accounts; `accounts` are all that ever hold anything."""

    def __init__(self, evm: Backend) -> None:
        self.evm = evm
        self.system = System.deploy(evm, SPECS, stake=200_000, domain=DOMAIN)
        self.vault, self.risk = self.system.vault, self.system.risk
        self.liquidation, self.backstop = self.system.liquidation, self.system.backstop
        self.owner, self.guardian = evm.accounts[0], evm.accounts[1]
        self.stranger = evm.accounts[5]
        self.traders = evm.accounts[7:10]
        self.takers = evm.accounts[10:12]
        self.lenders = evm.accounts[12:14]
        self.stakers = evm.accounts[14:16]
        self.reader = evm.deploy("MockWallet")
        self.flash = evm.deploy("MockFlashBorrower")
        self.puppet = evm.deploy("MockInstrument", self.vault.address)
        self.vault.listInstrument(self.puppet)

        self.listings = list(self.system.assets.values())
        self.symbols = [listing.spec.symbol for listing in self.listings]
        self.tokens = [listing.token for listing in self.listings]
        self.pools = {listing.id: listing.pool for listing in self.listings if listing.spec.borrowable}
        self.feeds: dict[int, Contract] = {}
        self.seconds: dict[int, Contract] = {}
        for listing in self.listings:
            self.feeds.setdefault(listing.underlying, listing.feed)
            if listing.second is not None:
                self.seconds[listing.underlying] = listing.second

        account = self.system.account
        self.trader_accounts = [account(owner, index) for owner in self.traders for index in (0, 1)]
        self.taker_accounts = [account(owner, index) for owner in self.takers for index in (0, 1)]
        self.gambler_accounts = [account(self.traders[0], index) for index in (2, 3)]
        self.debtors = [*self.trader_accounts, *self.gambler_accounts]
        self.backstop_account = account(self.backstop.address)
        self.accounts = [*self.debtors, *self.taker_accounts, self.backstop_account]
        self.owner_of = {
            **{a: self.traders[n // 2] for n, a in enumerate(self.trader_accounts)},
            **{a: self.takers[n // 2] for n, a in enumerate(self.taker_accounts)},
        }
        self._fund()

    def id(self, symbol: str) -> int:
        """The asset's number."""
        return self.symbols.index(symbol)

    def decimals(self, asset: int) -> int:
        """Of the asset's token."""
        return self.listings[asset].spec.decimals

    def underlying(self, asset: int) -> int:
        """What the asset's value moves with."""
        return self.listings[asset].underlying

    def read(self, calls: Sequence[Call]) -> list[Any]:
        """The answers of several views, in one call."""
        answers = self.reader.run.call([(call.to, 0, call.data) for call in calls])
        return [call.decode(answer) for call, answer in zip(calls, answers, strict=True)]

    def rates(self) -> list[int]:
        """Interest per second of every pool."""
        return self.read([pool.ratePerSecond.prepare() for pool in self.pools.values()])

    def _fund(self) -> None:
        people = [*self.traders, *self.takers, *self.lenders, *self.stakers, self.stranger]
        for symbol, listing in self.system.assets.items():
            for person in people:
                self.system.mint(symbol, person, FUNDS if symbol != "wstETH" else FUNDS // 100)
                for spender in (self.vault, listing.pool if listing.id in self.pools else self.backstop):
                    listing.token.approve(spender, ANYTHING, sender=person)
        settlement = self.tokens[SETTLEMENT]
        for person in (*self.stakers, *self.takers):
            settlement.approve(self.backstop, ANYTHING, sender=person)
        for listing in self.listings:
            if listing.id in self.pools:
                self.system.mint(listing.spec.symbol, self.flash.address, FUNDS // 100)
                listing.pool.setFlashFee(FLASH_FEE)
        for person in self.stakers:
            self.backstop.deposit(self.system.units("USDC", 30_000), person, sender=person)
        for person in self.lenders:
            for listing in self.listings:
                if listing.id in self.pools:
                    listing.pool.deposit(listing.token.balanceOf(person) // 1_000, person, sender=person)
        for taker in self.takers:
            account = self.system.account(taker)
            self.vault.deposit(account, settlement, self.system.units("USDC", 300_000), sender=taker)
        self.evm.mine()
