"""The world outside: feeds that follow the price path, and an arbitrageur who has Uniswap's pools follow."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from scripts.common.contract import Call
from scripts.common.uniswap import Pool
from scripts.common.units import WAD
from scripts.demo.prices import CENT, DECIMALS
from scripts.demo.stage import Stage

# Bitcoin takes part in ether's moves: in logarithms this many times as far.
BITCOIN_FOLLOWS = Decimal("0.8")
PURSE = 10**10  # whole tokens that the arbitrageur has of each asset
FEED, TRADE = "price feed", "arbitrage on Uniswap"


class Market:
    """Moves feeds and pools to the next price, all in one block.

    Ether follows the path, bitcoin goes along from where its feed is, dollars stay.
    """

    def __init__(self, stage: Stage, arbitrageur: str, start: Decimal) -> None:
        self.stage, self.arbitrageur = stage, arbitrageur
        self._start = start
        self._follows = {number: _follows(stage, number) for number in stage.underlyings}
        self._first = {
            number: Decimal(int(feed.latestRoundData()[1])).scaleb(-DECIMALS)
            for number, feed in stage.feeds.items()
        }
        self._rates = {
            asset.symbol: Decimal(int(stage.risk.lastRate(asset.id)) or WAD) / WAD for asset in stage.assets
        }

    def open(self) -> None:
        """Gives the arbitrageur his purse."""
        stage = self.stage
        router = stage.markets[0].uniswap.router
        for asset in stage.assets:
            stage.give(asset.symbol, self.arbitrageur, PURSE * 10**asset.decimals, spender=router)

    def move(self, close: Decimal, at: int) -> int:
        """Feeds and pools go to the price of ether `close` at time `at` or later; the block's time."""
        stage, chain = self.stage, self.stage.chain
        answers = {number: self._answer(number, close).quantize(CENT) for number in stage.underlyings}
        for asset in stage.assets:
            stage.prices[asset.symbol] = answers[asset.underlying] * self._rates[asset.symbol]
        feeds = [
            feed.setAnswer.prepare(int(answers[number].scaleb(DECIMALS)), sender=chain.account)
            for number, feed in stage.feeds.items()
        ]
        trades = self._trades()
        at = max(at, chain.now + 1)
        chain.set_next_time(at)
        txs = chain.send_all([*feeds, *trades], one_block=True)
        for number, tx in enumerate(txs):
            stage.record(FEED if number < len(feeds) else TRADE, tx)
        return at

    def arbitrage(self) -> None:
        """Pools go back to the price after somebody else has traded."""
        for tx in self.stage.chain.send_all(self._trades(), one_block=True):
            self.stage.record(TRADE, tx)

    def _answer(self, underlying: int, close: Decimal) -> Decimal:
        follows = self._follows[underlying]
        if follows == 1:
            return close
        moved = close / self._start
        return self._first[underlying] * moved**follows

    def _trades(self) -> list[Call]:
        pools = self.stage.markets
        slots = self.stage.chain.read_all([pool.contract.slot0.prepare() for pool in pools])
        calls = (self._trade(pool, slot[0]) for pool, slot in zip(pools, slots, strict=True))
        return [call for call in calls if call is not None]

    def _trade(self, pool: Pool, now: int) -> Call | None:
        base, quote = (Fraction(self.stage.prices[symbol]) for symbol in self._symbols(pool))
        return pool.prepare_move_to(base / quote, sender=self.arbitrageur, sqrt_price=now)

    def _symbols(self, pool: Pool) -> tuple[str, str]:
        by_address = self.stage.by_address
        return by_address[pool.base.address].symbol, by_address[pool.quote.address].symbol


def _follows(stage: Stage, underlying: int) -> Decimal:
    symbols = " ".join(asset.symbol for asset in stage.assets if asset.underlying == underlying)
    return Decimal(1) if "ETH" in symbols else BITCOIN_FOLLOWS if "BTC" in symbols else Decimal(0)
