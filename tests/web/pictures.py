"""`python -m tests.web.pictures`: the pictures of the console in docs/images, of a domain with a fortnight behind it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from scripts.client.domain import account_id
from scripts.common.errors import KeelError, run_script
from scripts.console.build import main as build_console
from scripts.setup.environment import ROOT
from tests.web.conftest import JOURNEYS, MISSING, Stack, chromium

StackT = TypeVar("StackT", bound=Stack)
IMAGES = ROOT / "docs" / "images"
STEPS = 40
STEP_SECONDS = 8 * 3_600
# How long before the end the lender of the pictures asks to leave the backstop.
COOLING_STEPS = 13
SECONDS = 300
SEED = 7
# Who borrows what, against what: wallet, held, amount, owed, amount, at which step.
TRADES = (
    (6, "WBTC", 150, "USDC", 4_200_000, 2),
    (7, "USDC", 9_000_000, "WETH", 2_900, 5),
    (8, "DAI", 2_600_000, "WBTC", 48, 9),
    (6, "WBTC", 140, "USDC", 3_900_000, 14),
    (7, "USDC", 6_500_000, "DAI", 5_200_000, 18),
    (9, "USDC", 1_300_000, "wstETH", 380, 21),
    (8, "DAI", 9_500_000, "WETH", 3_300, 25),
    (6, "WBTC", 190, "USDC", 4_800_000, 29),
    (9, "USDC", 5_200_000, "WETH", 1_900, 33),
)
# Owners of accounts that the other pictures show.
SMALL = (
    (1, "WETH", 40, "USDC", 52_000),
    (2, "WBTC", 2, "USDC", 48_000),
    (3, "USDC", 90_000, "WETH", 22),
    (4, "wstETH", 30, "USDC", 41_000),
)
LENDER = 5


def take(kind: type[StackT], play: Callable[[StackT], None], script: str) -> int:
    """Plays on a stack of its own, then has the browser take the pictures of `script`. Raises KeelError."""
    browser = chromium()
    if browser is None:
        raise KeelError(MISSING)
    build_console()
    with tempfile.TemporaryDirectory() as folder:
        stack = kind(Path(folder))
        try:
            play(stack)
            settings = {**stack.settings(browser), "images": str(IMAGES), "only": sys.argv[1:]}
            environment = {**os.environ, "JOURNEY": json.dumps(settings)}
            command = ["node", str(JOURNEYS / script)]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, timeout=SECONDS, stdin=subprocess.DEVNULL
            )
        finally:
            stack.close()
    if done.returncode != 0:
        raise KeelError(f"the browser ended with {done.returncode}; what it said is above")
    return 0


def play(stack: Stack) -> None:
    """A fortnight of borrowing, with prices that move a little."""
    chance = random.Random(SEED)
    for owner, held, amount, owed, debt in SMALL:
        borrow(stack, owner, 0, held, amount, owed, debt)
    lend(stack, "USDC", 120_000)
    lend(stack, "WETH", 35)
    for step in range(STEPS):
        if step == STEPS - COOLING_STEPS:
            stake(stack, 25_000)
        for owner, held, amount, owed, debt, at in TRADES:
            if at == step:
                borrow(stack, owner, step, held, amount, owed, debt)
        stack.chain.warp(STEP_SECONDS)
        for name, number in stack.deployment.underlyings.items():
            feed = stack.deployment.feeds[number]
            reach = 12_000 if name in ("ETH", "BTC") else 300
            start = stack.deployment.record[f"{name}.aggregator"].arguments["answer"]
            feed.setAnswer(int(start) * (1_000_000 + chance.randint(-reach, reach)) // 1_000_000)
        for asset in stack.deployment.assets:
            if asset.pool:
                asset.pool.accrue()


def borrow(stack: Stack, owner: int, index: int, held: str, amount: int, owed: str, debt: int) -> None:
    """Deposits `amount` of `held` into an account of a node's wallet and borrows `debt` of `owed`."""
    deployment, who = stack.deployment, stack.chain.accounts[owner]
    assets = {asset.symbol: asset for asset in deployment.assets}
    account, units = account_id(who, index), amount * 10 ** assets[held].decimals
    deployment.mint(held, who, units)
    assets[held].token.approve(deployment.vault, units, sender=who)
    deployment.vault.deposit(account, assets[held].token, units, sender=who)
    deployment.vault.borrow(account, assets[owed].token, debt * 10 ** assets[owed].decimals, who, sender=who)


def lend(stack: Stack, symbol: str, amount: int) -> None:
    """Has the lender of the pictures supply a pool."""
    who = stack.chain.accounts[LENDER]
    asset = next(asset for asset in stack.deployment.assets if asset.symbol == symbol)
    units = amount * 10**asset.decimals
    asset.token.approve(asset.pool, units, sender=who)
    asset.pool.deposit(units, who, sender=who)


def stake(stack: Stack, amount: int) -> None:
    """Has the lender stake, and ask to leave with half of it."""
    who, settlement = stack.chain.accounts[LENDER], stack.deployment.assets[0]
    backstop, units = stack.deployment.backstop, amount * 10**settlement.decimals
    settlement.token.approve(backstop, units, sender=who)
    backstop.deposit(units, who, sender=who)
    backstop.requestExit(backstop.balanceOf(who) // 2, sender=who)


if __name__ == "__main__":
    sys.exit(run_script("pictures", lambda: take(Stack, play, "pictures.mjs")))
