"""What a transaction pays for gas, in wei per unit (EIP-1559; one price on chains without a base fee)."""

from __future__ import annotations

from dataclasses import dataclass

# Nodes take a replacement that pays a tenth more (some an eighth); a quarter is safe with all.
BUMP_PERCENT = 25
LEAST_BUMP_PERCENT = 13


@dataclass(frozen=True)
class Market:
    """What gas costs now: the block's base fee, None where there is none, and the tip that others pay."""

    base_fee: int | None
    tip: int

    @property
    def price(self) -> int:
        """What a transaction pays now."""
        return (self.base_fee or 0) + self.tip


@dataclass(frozen=True)
class Fees:
    """The most a transaction pays in all, and what of it goes to the block's builder."""

    max_fee: int
    tip: int
    legacy: bool = False

    def fields(self) -> dict[str, int]:
        """As a transaction has them."""
        if self.legacy:
            return {"gasPrice": self.max_fee}
        return {"maxFeePerGas": self.max_fee, "maxPriorityFeePerGas": self.tip}


def first(market: Market, most: int) -> Fees | None:
    """Fees of a new transaction, with room for the base fee to double; None if `most` does not pay today's price."""
    if market.price > most:
        return None
    if market.base_fee is None:
        return Fees(market.tip, market.tip, legacy=True)
    return Fees(min(2 * market.base_fee + market.tip, most), market.tip)


def bumped(old: Fees, market: Market, most: int) -> Fees | None:
    """Fees that replace a stuck transaction; None if `most` does not pay for what nodes ask of a replacement."""
    least = _more(old.max_fee, LEAST_BUMP_PERCENT)
    tip = max(_more(old.tip, BUMP_PERCENT), market.tip)
    wanted = max(_more(old.max_fee, BUMP_PERCENT), 2 * (market.base_fee or 0) + tip)
    if least > most or market.price > most:
        return None
    max_fee = min(wanted, most)
    if old.legacy:
        return Fees(max_fee, max_fee, legacy=True)
    tip = min(tip, max_fee)
    if tip < _more(old.tip, LEAST_BUMP_PERCENT):
        return None
    return Fees(max_fee, tip)


def _more(fee: int, percent: int) -> int:
    return fee + fee * percent // 100 + 1
