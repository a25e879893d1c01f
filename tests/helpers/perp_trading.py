"""A perpetual market on WETH with a virtual AMM and signed orders, on a test domain.

perps = PerpTrading.deploy(System.deploy(evm))
trader = perps.funded(evm.accounts[3], 10_000)              # an account with dollars
perps.trade(trader, 2 * WAD)                                # with the AMM
tx = perps.match(perps.order(trader, WAD, 2_000), [perps.order(maker, -WAD, 2_000)])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.common import abi as codec
from scripts.common.contract import Contract, Tx
from scripts.model.perp_amm import Curve
from tests.helpers.backend import Backend
from tests.helpers.perp_orders import Order
from tests.helpers.system import DAY, GUARDIAN, LENDER, OWNER, WAD, System

TRADE, FILLS, SETTLE = range(3)
UNLIMITED = 2**256 - 1
QUOTE = 10**36
TOKEN = 10**6
# Depth in units, spreads in ppm, most that is sold as a part of the depth in ppm.
SHAPE = (10_000 * WAD, 1_000, 10_000, 200_000)
# Of the market, without fees: tests of fees set them. In the order of the contract.
PARAMETERS = {
    "unwindingWad": WAD // 500,
    "depthWad": 10**10 * WAD,
    "haircutWad": WAD // 10,
    "openInterestCapWad": 10**9 * WAD,
    "maxPremiumWad": WAD // 20,
    "premiumTime": 600,
    "interestWad": WAD // 10_000,
    "interestBandWad": WAD // 2_000,
    "maxRateWad": WAD // 100,
    "maxPriceMoveWad": WAD // 2,
    "takerFeeWad": 0,
    "makerFeeWad": 0,
    "backstopShareWad": WAD // 2,
}
COOLDOWN, WINDOW = 7 * DAY, 2 * DAY
NOBODY = bytes(32)
NO_CONTRACT = "0x" + "00" * 20


@dataclass
class PerpTrading:
    """The contracts, and short ways to use them. Sizes are WADs, dollars are whole."""

    system: System = field(repr=False)
    market: Contract
    amm: Contract
    orders: Contract
    nonces: int = 0

    @classmethod
    def deploy(
        cls,
        system: System,
        liquidity: int = 1_000_000,
        shape: tuple[int, ...] = SHAPE,
        **parameters: int,
    ) -> PerpTrading:
        """Market with these parameters of its own, AMM with deposits of `liquidity` dollars, orders."""
        evm = system.evm
        owner, guardian = evm.accounts[OWNER], evm.accounts[GUARDIAN]
        market = deploy_market(system, **parameters)
        amm = evm.deploy(
            "VirtualAmm",
            *(system.vault.address, market.address, system["USDC"], "Keel ETH maker", "kETH-LP"),
            *(owner, guardian, COOLDOWN, WINDOW, shape),
        )
        orders = evm.deploy("PerpOrders", system.vault.address)
        market.setMaker(amm.address, True)
        market.setSampler(amm.address)
        market.setOrders(orders.address)
        perps = cls(system, market, amm, orders)
        if liquidity:
            perps.provide(liquidity)
        evm.mine()
        return perps

    @property
    def evm(self) -> Backend:
        """The chain."""
        return self.system.evm

    @property
    def amm_account(self) -> bytes:
        """The AMM's account."""
        return self.system.account(self.amm.address)

    @property
    def curve(self) -> Curve:
        """The AMM's curve now."""
        depth, spread, skew, _ = self.amm.shape()
        return Curve(depth, spread * 10**12, skew * 10**12)

    @property
    def index(self) -> int:
        """Price of the underlying as a WAD."""
        return int(self.market.state()[0])

    # Roles

    def funded(self, owner: str, dollars: int = 100_000, index: int = 0) -> bytes:
        """An account of the owner with dollars in it."""
        return self.system.deposit(owner, "USDC", dollars, index)

    def provide(self, dollars: int | float, lp: str | None = None) -> int:
        """An LP deposits dollars; returns shares."""
        lp = lp or self.evm.accounts[LENDER]
        amount = self.system.mint("USDC", lp, dollars)
        self.system.token("USDC").approve(self.amm.address, amount, sender=lp)
        return int(self.amm.deposit(amount, lp, sender=lp).value)

    def leave(self, shares: int, lp: str | None = None, wait: int = COOLDOWN) -> None:
        """An LP asks to leave, and the cooldown passes."""
        self.amm.requestExit(shares, sender=lp or self.evm.accounts[LENDER])
        self.system.warp(wait)

    # Trades

    def trade_data(self, size: int, limit: int | None = None) -> bytes:
        """What the vault hands to the market for a trade with the AMM."""
        if limit is None:
            limit = UNLIMITED if size > 0 else 0
        kinds = [{"type": "uint8"}, {"type": "address"}, {"type": "int256"}, {"type": "uint256"}]
        return codec.encode(kinds, (TRADE, self.amm.address, size, limit))

    def trade(self, account: bytes, size: int, limit: int | None = None) -> Tx:
        """The account's owner trades with the AMM."""
        owner = "0x" + account[:20].hex()
        return self.system.vault.callInstrument(
            account, self.market.address, self.trade_data(size, limit), sender=self.checksum(owner)
        )

    def checksum(self, owner: str) -> str:
        """The backend's spelling of an address."""
        return next(name for name in self.evm.accounts if name.lower() == owner.lower())

    def size(self, account: bytes) -> int:
        """Signed size of an account."""
        return int(self.market.position(account)[0])

    def cost(self, account: bytes) -> int:
        """What it paid for it {quote}."""
        return int(self.market.position(account)[1])

    # Orders

    def order(self, account: bytes, size: int, limit: float, **fields: Any) -> Order:
        """A new order, by its account's owner; `limit` in dollars."""
        self.nonces += 1
        signer = self.checksum("0x" + account[:20].hex())
        values = {"market": self.market.address, "signer": signer, "nonce": self.nonces, **fields}
        return Order(account, size=size, limit=int(limit * WAD), **values)

    def sign(self, order: Order) -> tuple[Any, ...]:
        """Order and signature of its signer."""
        key = self.evm.keys[self.evm.accounts.index(order.signer)]
        return order.signed(key, self.orders)

    def pair(
        self,
        taker: Order,
        makers: Sequence[Order],
        sizes: Sequence[int] | None = None,
        tip_to: bytes = NOBODY,
        rest: int = 0,
        contract: str | None = None,
    ) -> tuple[Any, ...]:
        """A match as the contract takes it; by default as much of each maker as there is, and nothing by the AMM."""
        sizes = [abs(maker.size) for maker in makers] if sizes is None else sizes
        contract = (self.amm.address if rest else NO_CONTRACT) if contract is None else contract
        return self.sign(taker), [self.sign(maker) for maker in makers], list(sizes), tip_to, contract, rest

    def match(
        self,
        taker: Order,
        makers: Sequence[Order],
        sizes: Sequence[int] | None = None,
        tip_to: bytes = NOBODY,
        sender: Any = None,
        rest: int = 0,
        contract: str | None = None,
    ) -> Tx:
        """Submits a match; the AMM (or another contract) fills up to `rest`."""
        return self.orders.matchOrders(self.pair(taker, makers, sizes, tip_to, rest, contract), sender=sender)

    def filled(self, order: Order) -> int:
        """How much of an order is filled."""
        return int(self.orders.statusOf(order.fields()).filledWad)


def deploy_market(system: System, **changes: int) -> Contract:
    """A listed market on WETH."""
    owner, guardian = system.evm.accounts[OWNER], system.evm.accounts[GUARDIAN]
    market = system.evm.deploy(
        "PerpMarket",
        *(system.vault.address, system.assets["WETH"].underlying, system.assets["USDC"].underlying, 6),
        *(owner, guardian, tuple((PARAMETERS | changes).values())),
    )
    system.vault.listInstrument(market.address)
    return market
