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
PURSE = 10**8  # whole tokens that the arbitrageur has of each asset
DEPTH = Decimal(20_000_000)  # dollars on either side of each Uniswap pool, over all prices


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

    def open(self, close: Decimal) -> None:
        """Brings everything to the first price, and liquidity to every pool there."""
        stage = self.stage
        router, positions = stage.markets[0].uniswap.router, stage.markets[0].uniswap.positions
        for asset in stage.assets:
            amount = PURSE * 10**asset.decimals
            stage.give(asset.symbol, self.arbitrageur, amount, spender=router)
            stage.allow(asset.symbol, self.arbitrageur, positions, amount)
        self.move(close, stage.chain.now + 12)
        for pool in stage.markets:
            base, quote = self._symbols(pool)
            pool.add_liquidity(stage.units(base, DEPTH), stage.units(quote, DEPTH), sender=self.arbitrageur)

    def move(self, close: Decimal, at: int) -> int:
        """Feeds and pools go to the price of ether `close` at time `at` or later; the block's time."""
        stage, chain = self.stage, self.stage.chain
        answers = {number: self._answer(number, close).quantize(CENT) for number in stage.underlyings}
        for asset in stage.assets:
            stage.prices[asset.symbol] = answers[asset.underlying] * self._rates[asset.symbol]
        slots = chain.read_all([pool.contract.slot0.prepare() for pool in stage.markets])
        calls: list[tuple[str, Call]] = [
            (
                "price feed",
                feed.setAnswer.prepare(int(answers[number].scaleb(DECIMALS)), sender=chain.account),
            )
            for number, feed in stage.feeds.items()
        ]
        for pool, slot in zip(stage.markets, slots, strict=True):
            call = self._arbitrage(pool, slot[0])
            if call is not None:
                calls.append(("arbitrage on Uniswap", call))
        at = max(at, chain.now + 1)
        chain.set_next_time(at)
        txs = chain.send_all([call for _, call in calls], one_block=True)
        for (kind, _), tx in zip(calls, txs, strict=True):
            stage.record(kind, tx)
        return at

    def _answer(self, underlying: int, close: Decimal) -> Decimal:
        follows = self._follows[underlying]
        if follows == 1:
            return close
        moved = close / self._start
        return self._first[underlying] * moved**follows

    def _arbitrage(self, pool: Pool, now: int) -> Call | None:
        base, quote = (Fraction(self.stage.prices[symbol]) for symbol in self._symbols(pool))
        return pool.prepare_move_to(base / quote, sender=self.arbitrageur, sqrt_price=now)

    def _symbols(self, pool: Pool) -> tuple[str, str]:
        by_address = self.stage.by_address
        return by_address[pool.base.address].symbol, by_address[pool.quote.address].symbol


def _follows(stage: Stage, underlying: int) -> Decimal:
    symbols = " ".join(asset.symbol for asset in stage.assets if asset.underlying == underlying)
    return Decimal(1) if "ETH" in symbols else BITCOIN_FOLLOWS if "BTC" in symbols else Decimal(0)
