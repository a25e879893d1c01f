"""`python -m tests.web.option_pictures`: the pictures of options and portfolio margin in docs/images.

A trader holds ether, is short most of it by the perpetual, and trades options with a writer.
"""

from __future__ import annotations

import sys

from eth_account import Account

from scripts.chain.people import account_key
from scripts.client.domain import account_id
from scripts.client.option_orders import OptionOrder, match
from scripts.common.errors import run_script
from scripts.common.units import WAD
from tests.web.options import OptionStack
from tests.web.pictures import take

TRADER, WRITER = 1, 4
HEDGE, UNHEDGED = "20", 4
# Place of the expiry, share of the index, whether it is a call, and how many the trader buys, below zero: sells.
TRADES = ((2, "1.1", True, -15), (2, "0.9", False, 12), (3, "1", True, 8), (1, "1", False, -6))
LONG = 2**32


def play(stack: OptionStack) -> None:
    """The hedge, then trades at their value."""
    stack.do_fund(TRADER, 30_000)
    stack.do_fund(WRITER, 300_000)
    stack.do_hedge(TRADER, HEDGE)
    stack.pay_in(stack.chain.accounts[TRADER], "WETH", UNHEDGED)
    for place, share, call, size in TRADES:
        trade(stack, int(stack.do_series(place, share, call)["series"]), size * WAD)


def trade(stack: OptionStack, series: int, units: int) -> None:
    """The trader buys so many units of a series of the writer at their value, both signing."""
    orders, market = stack.deployment.option_orders, stack.options
    assert orders
    premium = market.valuesOf([series])[0]
    signed = []
    for number, side in ((TRADER, 1), (WRITER, -1)):
        key = Account.from_key(account_key(number))
        order = OptionOrder(
            account=account_id(key.address),
            market=market.address,
            signer=key.address,
            legs=((series, 1),),
            units=side * units,
            premium=premium,
            expiry=LONG,
            nonce=series,
            max_fee=WAD,
        )
        signed.append(order.signed(key, stack.chain.chain_id, orders.address))
    orders.matchOrders(match(signed[0], signed[1:], [abs(units)]))


if __name__ == "__main__":
    sys.exit(run_script("pictures", lambda: take(OptionStack, play, "option_pictures.mjs")))
