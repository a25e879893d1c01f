"""`python -m tests.web.perp_pictures`: the pictures of Perpetuals in docs/images.

Ten days in which a crowd goes long, funding rises with it, ether gains and gives some back, and orders rest in the book.
"""

from __future__ import annotations

import math
import random
import sys
from decimal import Decimal

from scripts.common.errors import run_script
from tests.web.perps import PerpStack
from tests.web.pictures import SEED, take
from tests.web.trading_pictures import set_prices

STEPS, ENTERS = 30, 22
# Of the price at the deployment, in the end.
LAST = 1.023
TRADER, RIVAL, LP = 1, 4, 5
CROWD = (2, 3, 6)
# Distances from the mark in dollars, and sizes, of the orders that rest in the book.
BOOK = ((4, 12), (7, 30), (11, 21), (16, 55), (22, 40), (30, 85), (41, 60))


def play(stack: PerpStack) -> None:
    """The ten days, and the book at its end."""
    chance = random.Random(SEED)
    stack.do_fund(TRADER, 25_000)
    for number in CROWD:
        stack.do_fund(number, 400_000)
    stack.do_fund(RIVAL, 900_000)
    for step in range(STEPS):
        wave = math.sin(step / STEPS * 2 * math.pi)
        size = 120 * wave + chance.uniform(-40, 40)
        stack.do_trade(CROWD[step % len(CROWD)], f"{size:.2f}")
        if step == ENTERS:
            stack.do_trade(TRADER, "35")
        share = 1 + 0.045 * wave + chance.uniform(-0.006, 0.006)
        ether = Decimal(f"{share if step < STEPS - 1 else LAST:.5f}")
        set_prices(stack, {"ETH": ether, "BTC": Decimal(1)})
    stack.market.poke(sender=stack.chain.accounts[RIVAL])
    lend(stack)
    stack.do_start_matcher()
    mark = stack.market.state().markWad // 10**18
    for distance, size in BOOK:
        stack.do_order(RIVAL, str(size), str(mark - distance))
        stack.do_order(RIVAL, str(-size - 3), str(mark + distance))
    stack.do_order(TRADER, "-35", str(mark - 210), trigger=2, trigger_price=str(mark - 180))
    stack.do_order(TRADER, "10", str(mark - 25))


def lend(stack: PerpStack) -> None:
    """Has a liquidity provider deposit."""
    who, settlement = stack.chain.accounts[LP], stack.deployment.assets[0]
    units = 120_000 * 10**settlement.decimals
    settlement.token.approve(stack.amm, units, sender=who)
    stack.amm.deposit(units, who, sender=who)


if __name__ == "__main__":
    sys.exit(run_script("pictures", lambda: take(PerpStack, play, "perp_pictures.mjs")))
