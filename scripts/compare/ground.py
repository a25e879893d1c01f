"""What Keel and its peers stand on together: one Anvil, tokens, price feeds, a Uniswap v3 pool, wallets and amounts.

Prices come from a single feed an asset, read in one slot. Eight collaterals cost the same, so that borrowing against
several needs all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from scripts.common.chain import Chain
from scripts.common.contract import Contract
from scripts.common.uniswap import UNLIMITED, Pool
from scripts.deploy import Deployment, deploy
from scripts.markets import Market, Markets, load

DAY = 86_400
WAD = 10**18
CENTS = 10**8  # a dollar in the feeds' units
DOLLAR = 10**6  # a dollar in units of USDC
QUOTE, BASE = "USDC", "WETH"
COLLATERALS = (BASE, *(f"COL{number}" for number in range(2, 9)))
PRICE, CRASH_PRICE = 2_000, 1_600  # dollars a unit of each collateral; of the first after the crash
BORROW_COUNTS = (1, 2, 4, 8)
PURSE = 100_000_000  # whole tokens that each wallet has of everything, so that no transfer is its first


@dataclass(frozen=True)
class Amounts:
    """What is moved, the same for all: USDC in units of 1e-6, collateral in units of 1e-18."""

    liquidity: int = 20_000_000 * DOLLAR
    lend: int = 1_000 * DOLLAR
    withdraw: int = 500 * DOLLAR
    collateral: int = 5 * WAD  # of each, by each borrower
    add: int = WAD
    borrowed_before: int = 7_000 * DOLLAR  # for each collateral: with the next, 75% of what they are worth
    borrow: int = 500 * DOLLAR
    repay: int = 100 * DOLLAR
    liquidate: int = 1_200 * DOLLAR  # of a debt of 7,000: no more than Keel's target health lets a taker have
    margin: int = WAD
    buy_with: int = 6_000 * DOLLAR  # three times the margin
    perp: int = 10 * WAD
    perp_margin: int = 50_000 * DOLLAR


AMOUNTS = Amounts()


@dataclass(frozen=True)
class Wallets:
    """Who acts, the same addresses with Keel and all peers; the first account of the chain governs."""

    lender: str
    whale: str  # lends what others borrow
    trader: str
    payer: str
    victims: tuple[str, ...]
    taker: str
    leverer: str
    borrowers: dict[int, str]  # by number of collaterals


class Ground:
    """The chain and what is on it before the first operation."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.keel: Deployment = deploy(chain, markets=comparison_markets())
        self.tokens = {asset.symbol: asset.token for asset in self.keel.assets}
        self.feeds = {asset.symbol: asset.feed for asset in self.keel.assets}
        self.price = PRICE  # of ether, in dollars
        self.uniswap: Pool = self.keel.markets[0]
        accounts = iter(chain.accounts[1:])
        names = ("lender", "whale", "trader", "payer", "taker", "leverer")
        people = {name: next(accounts) for name in names}
        self.wallets = Wallets(
            **people,
            victims=(next(accounts), next(accounts)),
            borrowers={count: next(accounts) for count in BORROW_COUNTS},
        )
        for wallet in self.everybody():
            for asset in self.keel.assets:
                self.keel.mint(asset.symbol, wallet, PURSE * 10**asset.decimals)
        # The pool's first fees in each token are not paid by whoever is measured first.
        self.uniswap.swap_exact_in(self.weth, WAD, sender=self.wallets.whale)
        self.uniswap.swap_exact_in(self.usdc, PRICE * DOLLAR, sender=self.wallets.whale)

    @property
    def usdc(self) -> Contract:
        """What is lent and borrowed."""
        return self.tokens[QUOTE]

    @property
    def weth(self) -> Contract:
        """The first collateral, which Uniswap trades."""
        return self.tokens[BASE]

    def collaterals(self, count: int) -> list[Contract]:
        """The first tokens to borrow against."""
        return [self.tokens[symbol] for symbol in COLLATERALS[:count]]

    def approve(self, spender: Any, wallets: Iterable[str], tokens: Iterable[Contract]) -> None:
        """Lets `spender` take all of the wallets' tokens, for good.

        In one block: an Anvil that mines in between may hold a later nonce back for ever.
        """
        self.chain.send_all(
            [
                token.approve.prepare(spender, UNLIMITED, sender=wallet)
                for wallet in wallets
                for token in tokens
            ],
            one_block=True,
        )

    def everybody(self) -> list[str]:
        """All wallets."""
        wallets = self.wallets
        people = (
            wallets.lender,
            wallets.whale,
            wallets.trader,
            wallets.payer,
            wallets.taker,
            wallets.leverer,
        )
        return [*people, *wallets.victims, *wallets.borrowers.values()]

    def next_day(self) -> None:
        """A day passes and every feed answers again what it answered last."""
        self.chain.warp(DAY)
        self.chain.send_all(
            [
                feed.setAnswer.prepare(feed.latestRoundData()[1], sender=self.chain.account)
                for feed in self.feeds.values()
            ],
            one_block=True,
        )

    def set_price(self, dollars: int) -> None:
        """The price of ether, the first collateral, at its feed."""
        self.feeds[BASE].setAnswer(dollars * CENTS)
        self.price = dollars


def comparison_markets() -> Markets:
    """Keel's own USDC and WETH from the checkout's market files, and seven assets like WETH that cannot be borrowed.

    With a single price source each, the perpetual market on ether, and for USDC WETH's rate model as well: a curve without
    memory, as all peers' here.
    """
    own = load()
    weth = _single_source(own[BASE])
    lending = own[QUOTE].pool
    assert lending and weth.pool
    rates = lending.model_copy(update={"rate_model": weth.pool.rate_model})
    usdc = own[QUOTE].model_copy(update={"pool": rates})
    others = [
        weth.model_copy(
            update={
                "symbol": symbol,
                "name": symbol,
                "underlying": symbol,
                "order": 1_000 + number,
                "pool": None,
                "networks": {},
                "caps": weth.caps.model_copy(update={"debt": weth.caps.debt.model_copy(update={"value": 0})}),
                "local": weth.local.model_copy(update={"uniswap": None, "lenders": 0}),
            }
        )
        for number, symbol in enumerate(COLLATERALS[1:])
    ]
    assets = (usdc, weth, *others)
    files = own.files | {market.symbol: own.files[BASE] for market in others}
    return replace(own, assets=assets, files=files, perps=own.perps[:1], options=())


def _single_source(market: Market) -> Market:
    assert market.price
    price = market.price.model_copy(
        update={
            "second_source": None,
            "tolerance": market.price.tolerance.model_copy(update={"value": 0}),
        }
    )
    return market.model_copy(update={"price": price, "grid": None, "volatility": None})
