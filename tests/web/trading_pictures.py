"""`python -m tests.web.trading_pictures`: the pictures of Account, Trade and Liquidations in docs/images.

A fortnight in which ether dips by a fifth and comes back, three accounts are taken over, and two end near.
"""

from __future__ import annotations

import math
import random
import sys
from decimal import Decimal

from scripts.client.domain import account_id
from scripts.common.errors import run_script
from scripts.common.units import WAD
from tests.web.pictures import SEED, take
from tests.web.test_trading import TradingStack

STEPS, STEP_SECONDS = 42, 8 * 3_600
DIP_AT, DIP, DIP_WIDTH = 24, 0.21, 2.6
RISE_AT, RISE, RISE_WIDTH = 37, 0.08, 1.8
DEBTORS = ((6, 10, 14_700), (7, 14, 21_200), (9, 6, 8_950))
LATE = ((36, 3, 97), (37, 5, 99))
TRADER, OPERATOR = 1, 4
FOREVER = 2**40
FEED_DECIMALS = 8
LARGE = 10**28


def play(stack: TradingStack) -> None:
    """The fortnight. Prices end where they began, so that the exchange agrees with the feeds."""
    chance = random.Random(SEED)
    for number, ether, debt in DEBTORS:
        stack.do_indebt(number, "WETH", ether, "USDC", debt)
    settle_in(stack)
    lens, chain = stack.deployment.lens, stack.chain
    for step in range(1, STEPS + 1):
        set_prices(stack, prices_at(step, chance))
        for number, _, _ in DEBTORS:
            if lens.health(account_id(chain.accounts[number])) < WAD:
                stack.do_take_over(number)
        for at, number, share in LATE:
            if at == step:
                lever(stack, number, share)


def settle_in(stack: TradingStack) -> None:
    """The accounts of the trader whom the pictures show, and his operators."""
    who, vault = stack.chain.accounts[TRADER], stack.deployment.vault
    for index, symbol, amount in ((0, "WETH", 14), (0, "WBTC", 1), (1, "DAI", 5_000), (2, "WETH", 8)):
        units, token = amount * stack.unit(symbol), stack.asset(symbol).token
        token.approve(vault, units, sender=who)
        vault.deposit(account_id(who, index), token, units, sender=who)
    for index, debt in ((0, 38_000), (2, 7_500)):
        owed = stack.asset("USDC").token
        vault.borrow(account_id(who, index), owed, debt * stack.unit("USDC"), who, sender=who)
    until = stack.chain.now + (STEPS * STEP_SECONDS) + 21 * 86_400
    vault.setOperator(account_id(who), stack.chain.accounts[OPERATOR], until, sender=who)
    vault.setOperator(account_id(who), stack.deployment.record["helper"].address, FOREVER, sender=who)


def prices_at(step: int, chance: random.Random) -> dict[str, Decimal]:
    """Prices as shares of the first ones: ether dips and rises, bitcoin half as much."""
    dip = DIP * math.exp(-(((step - DIP_AT) / DIP_WIDTH) ** 2))
    rise = RISE * math.exp(-(((step - RISE_AT) / RISE_WIDTH) ** 2))
    noise = chance.uniform(-0.012, 0.012) if step not in (LATE[0][0], LATE[1][0]) else 0.0
    move = 0.0 if step == STEPS else rise - dip + noise
    return {"ETH": Decimal(f"{1 + move:.5f}"), "BTC": Decimal(f"{1 + move / 2:.5f}")}


def set_prices(stack: TradingStack, shares: dict[str, Decimal]) -> None:
    """The exchange goes there, time passes until its average agrees, and the feeds follow."""
    deployment, arbitrageur = stack.deployment, stack.chain.accounts[0]
    for pool in deployment.markets:
        name = {stack.asset("WETH").token: "ETH", stack.asset("WBTC").token: "BTC"}.get(pool.base)
        if name is None or pool.quote != stack.asset("USDC").token:
            continue
        for token in (pool.base, pool.quote):
            if token.balanceOf(arbitrageur) < LARGE:
                token.mint(arbitrageur, LARGE)
        pool.move_to(str(first_price(stack, name) * shares[name]), sender=arbitrageur)
    stack.chain.warp(STEP_SECONDS)
    for name, number in deployment.underlyings.items():
        feed = deployment.feeds[number]
        feed.setAnswer(int(first_price(stack, name) * shares.get(name, 1) * 10 ** feed.decimals()))


def first_price(stack: TradingStack, name: str) -> Decimal:
    """Dollars at the deployment."""
    answer = int(stack.deployment.record[f"{name}.aggregator"].arguments["answer"])
    return Decimal(answer).scaleb(-FEED_DECIMALS)


def lever(stack: TradingStack, number: int, share: int) -> None:
    """Has an account of the node borrow nearly all that it may against ether."""
    who, owed = stack.chain.accounts[number], stack.asset("USDC").token
    stack.pay_in(who, "WETH", 5 + number)
    most = stack.deployment.lens.maxBorrowable(account_id(who), owed)
    stack.deployment.vault.borrow(account_id(who), owed, most * share // 100, who, sender=who)


if __name__ == "__main__":
    sys.exit(run_script("pictures", lambda: take(TradingStack, play, "trading_pictures.mjs")))
