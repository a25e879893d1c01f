"""An option market on WETH for tests, with a surface, and a contract that brings fills as an orders contract would.

options = OptionBench.deploy(System.deploy(evm))
call = options.series(7, 2_000)                        # expiry in a week at 08:00 UTC, strike in dollars
long = options.trader(3, 10_000)                       # an account with dollars, owned by the third account
short = options.trader(4, 10_000)
options.fill(long, short, 2 * WAD, {call: 1})          # the first buys from the second at the value
options.settle(long)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scripts.common import abi as codec
from scripts.common.contract import Contract, Tx
from scripts.model.options import Parameters
from tests.helpers.backend import Backend
from tests.helpers.system import DAY, GUARDIAN, OWNER, WAD, System
from tests.helpers.volatility import SMILE, Desk

FILLS, SETTLE = range(2)
TOKEN = 10**30  # quote in a millionth of a dollar
DOLLAR = 10**6
EIGHT = 8 * 3_600
LEG = {
    "type": "tuple[]",
    "components": [{"type": "uint256", "name": "series"}, {"type": "int256", "name": "ratio"}],
}
FILL = {
    "type": "tuple[]",
    "components": [
        {"type": "bytes32", "name": "maker"},
        {"type": "int256", "name": "unitsWad"},
        {"type": "int256", "name": "premiumWad"},
    ],
}
# Without fees, so that figures in tests are round; USUAL has all of them.
PLAIN = Parameters(
    unwinding=WAD // 1_000,
    depth=10**9 * WAD,
    haircut=WAD // 5,
    naked_short=WAD // 50,
    open_interest_cap=10**9 * WAD,
    max_price_move=WAD // 2,
    taker_fee=0,
    maker_fee=0,
    fee_cap=WAD // 8,
    backstop_share=WAD,
    min_position=0,
)
USUAL = PLAIN.but(taker_fee=WAD // 2_000, maker_fee=WAD // 5_000, backstop_share=WAD // 2)
DAYS = (1, 7, 30)


@dataclass
class OptionBench:
    """The market on a test domain. Sizes and prices are WADs, strikes whole dollars."""

    system: System
    market: Contract
    desk: Desk
    bringer: Contract
    expiries: dict[int, int]

    @classmethod
    def deploy(
        cls, system: System, parameters: Parameters = PLAIN, days: tuple[int, ...] = DAYS
    ) -> OptionBench:
        """A listed market; smiles for expiries that many days away at 08:00 UTC."""
        evm = system.evm
        system.warp(DAY - evm.now % DAY + EIGHT + 600)  # shortly after 08:00
        desk = Desk(evm, heartbeat=DAY)
        today = evm.now - evm.now % DAY + EIGHT
        expiries = {day: today + day * DAY for day in days}
        desk.push(dict.fromkeys(expiries.values(), SMILE))
        market = deploy_market(system, desk.surface.address, parameters)
        bringer = evm.deploy("MockPerpMaker", system.vault.address)
        market.setOrders(bringer.address)
        system.vault.listInstrument(market.address)
        evm.mine()
        return cls(system, market, desk, bringer, expiries)

    @property
    def evm(self) -> Backend:
        """The chain."""
        return self.system.evm

    def push(self) -> None:
        """The smiles again, at today's date."""
        self.desk.push({expiry: SMILE for expiry in self.expiries.values() if expiry > self.evm.now})

    def warp(self, seconds: int) -> None:
        """Time passes, and everything stays fresh."""
        self.system.warp(seconds)
        self.push()

    def series(self, days: int, strike: int, call: bool = True) -> int:
        """Id of a series, created where it is new."""
        key = (self.expiries[days], strike * WAD, call)
        known = int(self.market.idOf(*key))
        return known or int(self.market.createSeries(*key).value)

    def trader(self, number: int, dollars: int | float = 100_000, index: int = 0) -> bytes:
        """An account of the backend's account of that number, with dollars in it."""
        owner = self.evm.accounts[number]
        if not dollars:
            return self.system.account(owner, index)
        return self.system.deposit(owner, "USDC", dollars, index)

    def owner(self, account: bytes) -> str:
        """The address that owns an account."""
        return next(one for one in self.evm.accounts if bytes.fromhex(one[2:]) == account[:20])

    # What the vault hands to the market

    @staticmethod
    def fill_data(taker: bytes, legs: Mapping[int, int], fills: list[tuple[bytes, int, int]]) -> bytes:
        """Fills, each of maker, signed units of the taker, premium."""
        kinds: list[dict[str, Any]] = [{"type": "uint8"}, {"type": "bytes32"}, LEG, FILL]
        return codec.encode(kinds, (FILLS, taker, sorted(legs.items()), fills))

    @staticmethod
    def settle_data() -> bytes:
        """A settlement inside a batch."""
        return codec.encode([{"type": "uint8"}], (SETTLE,))

    # Acts

    def value(self, legs: Mapping[int, int]) -> int:
        """What a unit of a combination is worth now."""
        values = self.market.valuesOf(list(legs))
        return sum(ratio * value for ratio, value in zip(legs.values(), values, strict=True))

    def fill(
        self, taker: bytes, maker: bytes, units: int, legs: Mapping[int, int], premium: int | None = None
    ) -> Tx:
        """One fill between two accounts, by default at the value."""
        premium = self.value(legs) if premium is None else premium
        return self.fills(taker, legs, [(maker, units, premium)])

    def fills(self, taker: bytes, legs: Mapping[int, int], fills: list[tuple[bytes, int, int]]) -> Tx:
        """Several fills of one taker."""
        return self.bringer.callInstrument(self.market.address, self.fill_data(taker, legs, fills))

    def call(self, account: bytes, data: bytes) -> Tx:
        """The account's owner calls the market through the vault."""
        return self.system.vault.callInstrument(
            account, self.market.address, data, sender=self.owner(account)
        )

    def settle(self, account: bytes) -> int:
        """Settles alone; returns the tokens that reached the account."""
        return int(self.market.settle(account).value)

    def set_index(self, dollars: int | float | Decimal) -> None:
        """A new price of the underlying."""
        self.system.set_price("WETH", dollars)

    def last_round(self, expiry: int) -> int:
        """The feed's last round at or before an expiry."""
        feed = self.system.assets["WETH"].feed
        round_ = int(feed.latestRoundData()[0])
        while int(feed.getRoundData(round_)[3]) > expiry:
            round_ -= 1
        return round_

    def expire(self, days: int, dollars: int | float | Decimal, accounts: list[bytes]) -> Tx:
        """The index stands at a price for the last hour of an expiry, which is then settled for accounts."""
        expiry = self.expiries[days]
        self.evm.warp(expiry - 3_600 - self.evm.now)
        self.system.refresh()
        self.set_index(dollars)
        self.evm.warp(3_601)
        self.system.refresh()
        self.push()
        return self.market.settleExpired(expiry, self.last_round(expiry), accounts)

    # Readings

    def sizes(self, account: bytes) -> dict[int, int]:
        """Signed sizes by series."""
        return dict(self.market.positions(account))

    def cost(self, account: bytes) -> int:
        """What was paid for all positions {quote}."""
        return int(self.market.balanceOf(account)[0])

    def pnl(self, account: bytes) -> int:
        """Value less cost {quote}."""
        return int(self.market.balanceOf(account)[1])

    def claim(self, account: bytes) -> tuple[int, int]:
        """Waiting and allotted."""
        return tuple(self.market.balanceOf(account)[2:])

    def balance(self, account: bytes) -> int:
        """Dollars of the account in their smallest units."""
        return self.system.balance(account, "USDC")

    def check_books(self, accounts: list[bytes]) -> None:
        """OPT-1 over all accounts that ever traded."""
        _, cash, waiting, allotted, fees, unborne, expired = self.market.totals()
        costs = sum(self.cost(account) for account in accounts)
        left = costs + unborne + expired + cash * TOKEN - (waiting + allotted) * TOKEN - fees
        assert left == 0, f"OPT-1: the books are {left} off"
        sums: dict[int, int] = {}
        for account in accounts:
            for series, size in self.sizes(account).items():
                sums[series] = sums.get(series, 0) + size
        for series, total in sums.items():
            longs, shorts, *_ = self.market.sidesOf(series)
            if self.market.seriesOf(series)[0] > self.evm.now:
                assert longs == shorts, f"OPT-1: series {series}: {longs} long, {shorts} short"
            assert abs(total - (longs - shorts)) <= len(accounts), (
                f"OPT-1: series {series}: sizes sum to {total}"
            )
        own = self.balance(self.system.account(self.market.address))
        assert own == cash, f"OPT-1: {own} tokens for {cash} of cash"


def deploy_market(system: System, surface: Any, parameters: Parameters = PLAIN) -> Contract:
    """A market on WETH, not listed."""
    evm = system.evm
    setup = (
        *(system.assets["WETH"].underlying, system.assets["USDC"].underlying, 6),
        *(surface, system.parameters.address),
    )
    admin = evm.deploy("OptionMarketAdmin", system.vault.address, setup)
    risk = evm.deploy("OptionMarketRisk", system.vault.address, setup)
    return evm.deploy(
        "OptionMarket",
        *(system.vault.address, setup, admin.address, risk.address),
        *(evm.accounts[OWNER], evm.accounts[GUARDIAN], parameters.words()),
    )
