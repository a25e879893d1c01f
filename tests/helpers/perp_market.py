"""A perpetual market on WETH for tests, with a maker that quotes what it is told and brings fills.

perps = PerpBench.deploy(System.deploy(evm))
long = perps.trader(3, 10_000)                    # an account with dollars, owned by the third account of the backend
short = perps.trader(4, 10_000)
perps.fill(long, short, 2 * WAD, 2_000 * WAD)     # the first buys from the second
perps.settle(long)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from scripts.common import abi as codec
from scripts.common.contract import Contract, Tx
from scripts.model.perps import Parameters
from tests.helpers.backend import Backend
from tests.helpers.system import GUARDIAN, OWNER, WAD, System

TRADE, FILLS, SETTLE = range(3)
TOKEN = 10**30  # quote in a millionth of a dollar
DOLLAR = 10**6
NOBODY = bytes(32)
FILL = {
    "type": "tuple[]",
    "components": [
        {"type": "bytes32", "name": "maker"},
        {"type": "int256", "name": "sizeWad"},
        {"type": "uint256", "name": "priceWad"},
        {"type": "uint256", "name": "tip"},
        {"type": "bool", "name": "quotes"},
    ],
}
Fill = tuple[bytes, int, int, int] | tuple[bytes, int, int, int, bool]
FIELDS = ("size", "cost", "entry", "pnl", "waiting", "allotted")
# Without fees and premium, so that figures in tests are round; `usual` has all of them.
PLAIN = Parameters(
    unwinding=WAD // 100,
    depth=10**9 * WAD,
    haircut=WAD // 5,
    open_interest_cap=10**9 * WAD,
    max_premium=WAD // 50,
    premium_time=900,
    interest=0,
    interest_band=0,
    max_rate=WAD // 100,
    max_price_move=WAD // 2,
    taker_fee=0,
    maker_fee=0,
    backstop_share=WAD,
)
USUAL = replace(
    PLAIN,
    interest=WAD // 10_000,
    interest_band=WAD // 2_000,
    taker_fee=WAD // 2_000,
    maker_fee=WAD // 10_000,
    backstop_share=WAD // 2,
)


@dataclass
class PerpBench:
    """The market and its maker on a test domain. Sizes and prices are WADs."""

    system: System
    market: Contract
    maker: Contract

    @classmethod
    def deploy(
        cls, system: System, parameters: Parameters = PLAIN, symbol: str = "WETH", stake: int = 10_000_000
    ) -> PerpBench:
        """A listed market; its maker holds `stake` dollars."""
        evm = system.evm
        market = evm.deploy(
            "PerpMarket",
            system.vault.address,
            system.assets[symbol].underlying,
            system.assets["USDC"].underlying,
            6,
            evm.accounts[OWNER],
            evm.accounts[GUARDIAN],
            parameters.words(),
        )
        maker = evm.deploy("MockPerpMaker", system.vault.address)
        market.setMaker(maker.address, True)
        market.setSampler(maker.address)
        market.setOrders(maker.address)
        system.vault.listInstrument(market.address)
        bench = cls(system, market, maker)
        if stake:
            system.mint("USDC", maker.address, stake)
            maker.deposit(system["USDC"])
        evm.mine()
        return bench

    @property
    def evm(self) -> Backend:
        """The chain."""
        return self.system.evm

    @property
    def maker_account(self) -> bytes:
        """The maker's account."""
        return self.system.account(self.maker.address)

    def trader(self, number: int, dollars: int | float = 100_000, index: int = 0) -> bytes:
        """An account of the backend's account of that number, with dollars in it."""
        owner = self.evm.accounts[number]
        return (
            self.system.deposit(owner, "USDC", dollars, index)
            if dollars
            else self.system.account(owner, index)
        )

    def owner(self, account: bytes) -> str:
        """The address that owns an account."""
        return next(one for one in self.evm.accounts if bytes.fromhex(one[2:]) == account[:20])

    # What the vault hands to the market

    def trade_data(self, size: int, limit: int | None = None, maker: str | None = None) -> bytes:
        """A trade with the maker."""
        if limit is None:
            limit = 2**256 - 1 if size > 0 else 0
        kinds = [{"type": kind} for kind in ("uint8", "address", "int256", "uint256")]
        return codec.encode(kinds, (TRADE, maker or self.maker.address, size, limit))

    @staticmethod
    def fill_data(taker: bytes, fills: Sequence[Fill], tip: int = 0, tip_to: bytes = NOBODY) -> bytes:
        """Fills, each of maker, signed size of the taker, price, tip, and whether the maker quotes (no)."""
        whole = [(*fill, False) if len(fill) == 4 else fill for fill in fills]
        kinds = [{"type": "uint8"}, {"type": "bytes32"}, FILL, {"type": "uint256"}, {"type": "bytes32"}]
        return codec.encode(kinds, (FILLS, taker, whole, tip, tip_to))

    @staticmethod
    def settle_data() -> bytes:
        """A settlement inside a batch."""
        return codec.encode([{"type": "uint8"}], (SETTLE,))

    # Acts

    def call(self, account: bytes, data: bytes) -> Tx:
        """The account's owner calls the market through the vault."""
        return self.system.vault.callInstrument(
            account, self.market.address, data, sender=self.owner(account)
        )

    def trade(self, account: bytes, size: int, limit: int | None = None) -> Tx:
        """The account's owner trades with the maker."""
        return self.call(account, self.trade_data(size, limit))

    def fill(self, taker: bytes, maker: bytes, size: int, price: int | None = None) -> Tx:
        """One fill between two accounts, by default at the mark."""
        price = self.mark if price is None else price
        return self.fills(taker, [(maker, size, price, 0)])

    def fills(self, taker: bytes, fills: Sequence[Fill], tip: int = 0, tip_to: bytes = NOBODY) -> Tx:
        """Several fills of one taker."""
        return self.maker.callInstrument(self.market.address, self.fill_data(taker, fills, tip, tip_to))

    def settle(self, account: bytes) -> int:
        """Settles alone; returns the tokens that reached the account."""
        return int(self.market.settle(account).value)

    def set_index(self, dollars: int | float) -> None:
        """A new price of the underlying."""
        self.system.set_price("WETH", dollars)

    # Readings

    @property
    def mark(self) -> int:
        """The mark as a WAD."""
        return int(self.market.state()[2])

    def position(self, account: bytes) -> dict[str, Any]:
        """What the account has in the market."""
        return dict(zip(FIELDS, self.market.position(account), strict=True))

    def balance(self, account: bytes) -> int:
        """Dollars of the account in their smallest units."""
        return self.system.balance(account, "USDC")
