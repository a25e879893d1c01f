"""Traders of options on ether, on an Anvil of their own.

with OptionCrash() as world:
    call = world.series(1, 2_000)                       # expires tomorrow, or the day after
    long, short = world.fund(20_000), world.fund(20_000)
    world.fill(long, short, 5, {call: 1})               # the first buys five of the second, at their value
    world.expire(call, Decimal(2_300))                  # the price of its last half hour
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from eth_account import Account

from scripts.chain.options import DAY, expiries_from, publish
from scripts.chain.people import account_key
from scripts.client.option_orders import OptionOrder, match
from scripts.common import abi as codec
from scripts.common.contract import Contract
from scripts.common.units import WAD
from tests.helpers.crash import TWAP_SECONDS
from tests.helpers.perp_crash import PerpCrash

NAME = "ETH-OPTION"
DAYS = (2, 8, 31)
VOLATILITY = 75 * WAD // 100
FOREVER = 2**40
WINDOW = 1_800


class OptionCrash(PerpCrash):
    """A crash chain with smiles for a few expiries; sizes are in ether, strikes and prices in dollars."""

    def __init__(self, *options: str) -> None:
        super().__init__(*options)
        self.option = self.domain.options[NAME]
        self.book: Contract = self.option.market
        self.expiries = expiries_from(self.chain.now, [days * DAY for days in DAYS])
        self.publish()

    def publish(self) -> None:
        """The same smiles again, as of now."""
        alive = [expiry for expiry in self.expiries if expiry > self.chain.now]
        publish(self.deployment, self.option.underlying, alive, VOLATILITY, int(2_000 * WAD))

    def series(self, number: int, strike: int, call: bool = True) -> int:
        """Id of a new series of the expiry with that number."""
        return int(self.book.createSeries(self.expiries[number], strike * WAD, call).value)

    def fill(self, long: bytes, short: bytes, units: Decimal | int, legs: Mapping[int, int]) -> None:
        """One account buys a combination of another at its value, by signed orders."""
        series = sorted(legs)
        values = self.book.valuesOf(series)
        premium = sum(legs[one] * value for one, value in zip(series, values, strict=True))
        signed = []
        for account, side in ((long, 1), (short, -1)):
            self._nonce += 1
            key = Account.from_key(account_key(self.chain.accounts.index(self._owner(account))))
            order = OptionOrder(
                account=account,
                market=self.book.address,
                signer=key.address,
                legs=tuple((one, legs[one]) for one in series),
                units=side * int(units * WAD),
                premium=premium + side * abs(premium) // 100,
                expiry=FOREVER,
                nonce=self._nonce,
                max_fee=WAD,
            )
            signed.append(order.signed(key, self.chain.chain_id, self.option.orders.address))
        self.option.orders.matchOrders(match(signed[0], signed[1:], [int(units * WAD)]))

    def as_portfolio(self, account: bytes) -> None:
        """Its owner has the account margined as a portfolio."""
        data = codec.encode([{"type": "bool"}], (True,))
        mode = self.domain.portfolio_mode
        self.domain.vault.callInstrument(account, mode, data, sender=self._owner(account))

    def sizes(self, account: bytes) -> dict[int, int]:
        """Signed sizes of options by series, WADs."""
        return {position.series: position.sizeWad for position in self.book.positions(account)}

    def expire(self, number: int, price: Decimal, *, fed: bool = True) -> int:
        """Goes beyond the expiry with that number, whose last half hour has one price, or without `fed` no rounds."""
        expiry = self.expiries[number]
        self._price = price
        if fed:
            self.chain.warp(expiry - WINDOW - TWAP_SECONDS - self.chain.now)
            self.crash(Decimal(1))
        self.chain.warp(expiry + 60 - self.chain.now)
        if fed:
            self.crash(Decimal(1))
            self.publish()
        return expiry
