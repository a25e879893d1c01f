"""Keel, as `make deploy` deploys it."""

from __future__ import annotations

from typing import ClassVar

from scripts.client.domain import account_id
from scripts.client.perps import trade_data
from scripts.common.contract import Contract
from scripts.common.errors import KeelError
from scripts.common.uniswap import encode_route
from scripts.compare.ground import AMOUNTS, DOLLAR, QUOTE, WAD, Ground
from scripts.compare.peer import Peer, Sent

MAX_LOSS = WAD // 100
NO_LIMIT = 2**255 - 1
EVERYTHING = 2**256 - 1
OWING, PAYING, PERPS = 0, 1, 2  # accounts by index: those of the taker, and of who has perpetuals


class Keel(Peer):
    """The checkout's own contracts."""

    name = "Keel"
    package = "this checkout"
    paths: ClassVar[dict[str, str]] = {
        "open_4x": "one batch: deposit, swap by the Uniswap adapter; one check at the end",
        "close_4x": "one batch: buy the debt back, withdraw the collateral",
        "perp_open": "with the virtual AMM; both accounts are checked",
        "liquidate": "the taker pays from the balance of his margin account and keeps the collateral there",
        "liquidate_on_margin": "into a margin account that owes USDC already: the debt changes hands",
    }
    lacks: frozenset[str] = frozenset()

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        pool = ground.keel[QUOTE].pool
        assert pool
        self.vault, self.pool = ground.keel.vault, pool
        (self.perps,) = ground.keel.perps.values()

    def prepare(self) -> None:
        ground, wallets = self.ground, self.ground.wallets
        ground.approve(self.pool, (wallets.lender, wallets.whale), [ground.usdc])
        backstop = ground.keel.backstop
        ground.approve(backstop, [wallets.whale], [ground.usdc])
        # The backstop gets its share of a takeover, and not for the first time.
        backstop.deposit(AMOUNTS.lend, wallets.whale, sender=wallets.whale)
        ground.approve(self.vault, ground.everybody(), ground.tokens.values())
        self.pool.deposit(AMOUNTS.liquidity, wallets.whale, sender=wallets.whale)
        self.pool.deposit(AMOUNTS.lend, wallets.lender, sender=wallets.lender)
        for count, owner in wallets.borrowers.items():
            self._open(owner, count)
        for owner in (wallets.trader, wallets.payer, *wallets.victims):
            self._open(owner)
        self._open(wallets.taker, each=4 * AMOUNTS.collateral)
        paying = account_id(wallets.taker, PAYING)
        self.vault.deposit(paying, ground.usdc, 50_000 * DOLLAR, sender=wallets.taker)
        self.vault.deposit(paying, ground.weth, WAD, sender=wallets.taker)
        self.vault.deposit(account_id(wallets.leverer), ground.usdc, DOLLAR, sender=wallets.leverer)
        self._open_perps()

    def _open(self, owner: str, count: int = 1, each: int = AMOUNTS.collateral) -> None:
        for token in self.ground.collaterals(count):
            self.vault.deposit(account_id(owner), token, each, sender=owner)
        self._borrow(owner, count * AMOUNTS.borrowed_before)

    def _borrow(self, owner: str, amount: int) -> Sent:
        return self.vault.borrow(account_id(owner), self.ground.usdc, amount, owner, sender=owner)

    def lend(self) -> Sent:
        lender = self.ground.wallets.lender
        return self.pool.deposit(AMOUNTS.lend, lender, sender=lender)

    def withdraw(self) -> Sent:
        lender = self.ground.wallets.lender
        return self.pool.withdraw(AMOUNTS.withdraw, lender, lender, sender=lender)

    def deposit(self) -> Sent:
        trader = self.ground.wallets.trader
        return self.vault.deposit(account_id(trader), self.ground.weth, AMOUNTS.add, sender=trader)

    def take_back(self) -> Sent:
        trader = self.ground.wallets.trader
        return self.vault.withdraw(account_id(trader), self.ground.weth, AMOUNTS.add, trader, sender=trader)

    def borrow(self, count: int) -> Sent:
        return self._borrow(self.ground.wallets.borrowers[count], AMOUNTS.borrow)

    def repay(self) -> Sent:
        return self._repay(AMOUNTS.repay)

    def repay_all(self) -> Sent:
        return self._repay(2 * AMOUNTS.borrowed_before)

    def _repay(self, amount: int) -> Sent:
        payer = self.ground.wallets.payer
        return self.vault.repay(account_id(payer), self.ground.usdc, amount, sender=payer)

    def open_4x(self) -> Sent:
        ground, owner = self.ground, self.ground.wallets.leverer
        deposit = self.vault.deposit.encode(account_id(owner), ground.weth, AMOUNTS.margin)
        buy = self._swap(ground.usdc, ground.weth, False, AMOUNTS.buy_with, 0)
        return self.vault.execute([deposit, buy], sender=owner)

    def close_4x(self) -> Sent:
        ground, owner = self.ground, self.ground.wallets.leverer
        account = account_id(owner)
        # The interest of the seconds until it is mined is within a dollar, which stays in the account.
        debt = DOLLAR - self.vault.balanceOf(account, ground.usdc)
        sell = self._swap(ground.weth, ground.usdc, True, debt, self.vault.balanceOf(account, ground.weth))
        withdraw = self.vault.withdraw.encode(account, ground.weth, EVERYTHING, owner)
        return self.vault.execute([sell, withdraw], sender=owner)

    def _swap(self, sell: Contract, buy: Contract, exact_out: bool, amount: int, limit: int) -> bytes:
        route = encode_route([sell, self.ground.uniswap.fee, buy])
        order = (self.ground.keel.adapter, sell, buy, exact_out, amount, limit, MAX_LOSS, route)
        return bytes(self.vault.swap.encode(account_id(self.ground.wallets.leverer), order))

    def perp(self, size: int) -> Sent:
        return self._trade(self.ground.wallets.trader, size)

    def perp_settle(self) -> Sent:
        return self._settle_loss(self.ground.wallets.trader)

    def _settle_loss(self, owner: str) -> Sent:
        """Of a fall by ten dollars, after which the price is what it was."""
        ground = self.ground
        ground.set_price(ground.price - 10)
        tx = self.perps.market.settle(account_id(owner, PERPS))
        ground.set_price(ground.price + 10)
        return tx

    def _open_perps(self) -> None:
        """The AMM has its LPs' money and a position, the market cash of a loss that has been settled."""
        ground, wallets = self.ground, self.ground.wallets
        ground.approve(self.perps.amm, [wallets.whale], [ground.usdc])
        self.perps.amm.deposit(100 * AMOUNTS.perp_margin, wallets.whale, sender=wallets.whale)
        for owner in (wallets.trader, wallets.payer):
            account = account_id(owner, PERPS)
            self.vault.deposit(account, ground.usdc, AMOUNTS.perp_margin, sender=owner)
        self._trade(wallets.payer, AMOUNTS.perp)
        self._settle_loss(wallets.payer)

    def _trade(self, owner: str, size: int) -> Sent:
        data = trade_data(self.perps.amm.address, size)
        return self.vault.callInstrument(account_id(owner, PERPS), self.perps.market, data, sender=owner)

    def liquidate(self) -> Sent:
        return self._take_over(self.ground.wallets.victims[0], PAYING)

    def liquidate_on_margin(self) -> Sent:
        return self._take_over(self.ground.wallets.victims[1], OWING)

    def _take_over(self, victim: str, into: int) -> Sent:
        """Into the taker's account of that index."""
        account, taker = account_id(victim), self.ground.wallets.taker
        fraction = WAD * AMOUNTS.liquidate // -self.vault.balanceOf(account, self.ground.usdc)
        tx = self.vault.liquidate(account, account_id(taker, into), fraction, 0, 0, NO_LIMIT, sender=taker)
        if tx.value[0] != fraction:
            raise KeelError(f"Keel let {tx.value[0]} of 1e18 be taken over; expected {fraction}")
        return tx
