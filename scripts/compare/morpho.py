"""Morpho Blue, from its npm package: one market, one collateral."""

from __future__ import annotations

from typing import ClassVar

from scripts.compare.ground import AMOUNTS, BASE, QUOTE, WAD
from scripts.compare.packages import Build, Compiled
from scripts.compare.peer import Peer, Sent

SOURCES = "node_modules/@morpho-org/morpho-blue/src"
# foundry.toml of the release.
RELEASE = Build(
    {f"{SOURCES}/Morpho.sol": ["Morpho"], f"{SOURCES}/mocks/IrmMock.sol": ["IrmMock"]},
    compiler="solc-0.8.19",
    evm="paris",
    runs=999_999,
    via_ir=True,
)
HELPERS = Build(
    {"FlashSwap.sol": [], "MorphoFlashSwap.sol": ["MorphoFlashSwap", "MorphoOracle"]},
    via_ir=True,
    remappings=["@morpho-org/=node_modules/@morpho-org/"],
)
LLTV = 86 * WAD // 100
VIRTUAL_SHARES, VIRTUAL_ASSETS = 10**6, 1


class Morpho(Peer):
    """Lends and borrows in one market of WETH and USDC."""

    name = "Morpho Blue"
    package = "@morpho-org/morpho-blue 1.0.0"
    paths: ClassVar[dict[str, str]] = {
        "lend": "supply without callback; with the package's own rate model, which keeps no state",
        "borrow": "an account has one collateral",
        "open_4x": "flash swap: Uniswap sends first, the helper supplies and borrows to the pool in the callback",
        "close_4x": "flash swap: the helper repays and withdraws once in the callback",
        "liquidate": "by repaid shares, without callback; the taker pays and gets the collateral in his wallet",
    }
    most_collaterals = 1

    def prepare(self) -> None:
        ground, wallets, chain = self.ground, self.ground.wallets, self.chain
        release, helpers = Compiled(RELEASE), Compiled(HELPERS)
        self.morpho = release.deploy(chain, "Morpho", chain.account)
        irm = release.deploy(chain, "IrmMock")
        oracle = helpers.deploy(chain, "MorphoOracle", ground.feeds[BASE], ground.feeds[QUOTE])
        self.market = (ground.usdc, ground.weth, oracle, irm, LLTV)
        self.morpho.enableIrm(irm)
        self.morpho.enableLltv(LLTV)
        created = self.morpho.createMarket(self.market)
        # The events are a library's and not in the ABI: the market's id is CreateMarket's first topic.
        self.id = created.raw_logs[0][1][1]
        self.helper = helpers.deploy(
            chain, "MorphoFlashSwap", self.morpho, self.market, ground.uniswap.address
        )
        ground.approve(self.morpho, ground.everybody(), [ground.usdc, ground.weth])
        ground.approve(self.helper, [wallets.leverer], [ground.weth])
        self.morpho.setAuthorization(self.helper, True, sender=wallets.leverer)
        self._supply(wallets.whale, AMOUNTS.liquidity)
        self._supply(wallets.lender, AMOUNTS.lend)
        for owner in (wallets.borrowers[1], wallets.trader, wallets.payer, *wallets.victims):
            self._add(owner, AMOUNTS.collateral)
            self._borrow(owner, AMOUNTS.borrowed_before)

    def lend(self) -> Sent:
        return self._supply(self.ground.wallets.lender, AMOUNTS.lend)

    def withdraw(self) -> Sent:
        lender = self.ground.wallets.lender
        return self.morpho.withdraw(self.market, AMOUNTS.withdraw, 0, lender, lender, sender=lender)

    def deposit(self) -> Sent:
        return self._add(self.ground.wallets.trader, AMOUNTS.add)

    def take_back(self) -> Sent:
        trader = self.ground.wallets.trader
        return self.morpho.withdrawCollateral(self.market, AMOUNTS.add, trader, trader, sender=trader)

    def borrow(self, count: int) -> Sent:
        return self._borrow(self.ground.wallets.borrowers[count], AMOUNTS.borrow)

    def repay(self) -> Sent:
        payer = self.ground.wallets.payer
        return self.morpho.repay(self.market, AMOUNTS.repay, 0, payer, b"", sender=payer)

    def repay_all(self) -> Sent:
        payer = self.ground.wallets.payer
        shares = self.morpho.position(self.id, payer)[1]
        return self.morpho.repay(self.market, 0, shares, payer, b"", sender=payer)

    def open_4x(self) -> Sent:
        return self.helper.open(AMOUNTS.margin, AMOUNTS.buy_with, sender=self.ground.wallets.leverer)

    def close_4x(self) -> Sent:
        return self.helper.close(sender=self.ground.wallets.leverer)

    def liquidate(self) -> Sent:
        taker, victim = self.ground.wallets.taker, self.ground.wallets.victims[0]
        market = self.morpho.market(self.id)
        assets, shares = market[2] + VIRTUAL_ASSETS, market[3] + VIRTUAL_SHARES
        repaid = AMOUNTS.liquidate * shares // assets
        return self.morpho.liquidate(self.market, victim, 0, repaid, b"", sender=taker)

    def _supply(self, lender: str, amount: int) -> Sent:
        return self.morpho.supply(self.market, amount, 0, lender, b"", sender=lender)

    def _add(self, owner: str, amount: int) -> Sent:
        return self.morpho.supplyCollateral(self.market, amount, owner, b"", sender=owner)

    def _borrow(self, owner: str, amount: int) -> Sent:
        return self.morpho.borrow(self.market, amount, 0, owner, owner, sender=owner)
