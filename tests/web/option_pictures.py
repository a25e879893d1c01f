"""`python -m tests.web.option_pictures`: the pictures of options and portfolio margin in docs/images.

A trader holds ether, is short most of it by the perpetual, and trades options with a writer.
"""

from __future__ import annotations

import sys

from scripts.common.errors import run_script
from tests.web.options import OptionStack
from tests.web.pictures import take

TRADER, WRITER = 1, 4
HEDGE, UNHEDGED = "20", 4
# Place of the expiry, share of the index, whether it is a call, and how many the trader buys, below zero: sells.
TRADES = ((2, "1.1", True, -15), (2, "0.9", False, 12), (3, "1", True, 8), (1, "1", False, -6))


def play(stack: OptionStack) -> None:
    """The hedge, then trades at their value."""
    stack.do_fund(TRADER, 30_000)
    stack.do_fund(WRITER, 300_000)
    stack.do_hedge(TRADER, HEDGE)
    stack.pay_in(stack.chain.accounts[TRADER], "WETH", UNHEDGED)
    for place, share, call, size in TRADES:
        buyer, seller = (TRADER, WRITER) if size > 0 else (WRITER, TRADER)
        stack.do_trade_options(buyer, seller, stack.do_series(place, share, call)["series"], str(abs(size)))


if __name__ == "__main__":
    sys.exit(run_script("pictures", lambda: take(OptionStack, play, "option_pictures.mjs")))
