"""Sequences as numbers: genes, what they can be, and beginnings of attacks."""

from __future__ import annotations

from tests.economic.actions import ACTS
from tests.economic.world import SILENT

NUMBERS = 10  # in a gene
TO_EXPIRY = 0  # until four minutes before the next expiry of options
WAITS = (
    TO_EXPIRY,
    TO_EXPIRY,
    1,
    12,
    60,
    240,
    300,
    301,
    700,
    3_600,
    8 * 3_600,
    86_400,
    3 * 86_400,
    8 * 86_400,
)
LIES = (0.0001, 0.3, 0.5, 0.8, 0.9, 0.97, SILENT, 1.03, 1.1, 1.3, 2.0, 5.0, 100.0)
SMALL_LIES = (0.981, 0.99, 1.01, 1.019)

Gene = tuple[int, ...]  # which action, then numbers that it draws from
Genome = tuple[Gene, ...]

A_WEEK = "wait for a cooldown"
ACTIONS = sorted(ACTS)
KINDS = (
    *ACTIONS,
    *("lie", "lie", "lie", "tell the truth", "wait", "wait", "wait", "wait", A_WEEK),
    *("batch", "batch", "batch", "flash loan", "flash loan", "flash loan", "trespass", "trespass"),
    # What most attacks need, more often.
    *("Vault.deposit", "Vault.deposit", "Vault.borrow", "Vault.borrow", "Vault.borrow", "Vault.liquidate"),
    *("Vault.liquidate", "Vault.liquidate", "trade perpetuals", "match options", "RiskEngine.poke"),
)


# How attacks begin that are known elsewhere; numbers are drawn.
OUTLINES = (
    ("LiquidationEngine.flag", "Vault.repay", "LiquidationEngine.unflag"),
    ("LiquidationEngine.flag", "LendingPool.withdraw", "Vault.liquidate", "LiquidationEngine.writeOff"),
    ("MarginHelper.open", "lie", "MarginHelper.close", "Vault.withdraw"),
    (
        "Backstop.mint",
        "Vault.liquidate",
        "Backstop.collect",
        "Backstop.requestExit",
        A_WEEK,
        "Backstop.withdraw",
    ),
    ("VirtualAmm.depositFor", "trade perpetuals", "VirtualAmm.requestExit", A_WEEK, "VirtualAmm.redeemFor"),
    (
        "trade perpetuals",
        "VirtualAmm.mint",
        "VirtualAmm.requestExit",
        A_WEEK,
        "trade perpetuals",
        "VirtualAmm.withdraw",
    ),
    (
        "Vault.liquidate",
        "PerpMarket.deleverage",
        "PerpMarket.settle",
        "Vault.liquidate",
        "LiquidationEngine.writeOff",
    ),
    ("lie", "Vault.deposit", "Vault.borrow", "Vault.borrow", "tell the truth"),
    ("lie", "RiskEngine.poke", "wait", "RiskEngine.poke", "Vault.liquidate", "tell the truth"),
    ("Vault.borrow", "Vault.borrow", "lie", "Vault.liquidate", "tell the truth", "Vault.liquidate"),
    ("Vault.borrow", "Vault.swap", "wait", "Vault.repay", "Vault.withdraw"),
    ("MockSwapAdapter.setPrice", "Vault.swap", "MockSwapAdapter.setPrice", "Vault.swap"),
    ("batch", "Vault.swap", "Vault.transfer", "Vault.borrow", "Vault.withdraw", "Vault.liquidate"),
    ("flash loan", "Vault.deposit", "Vault.borrow", "Vault.liquidate", "Vault.withdraw", "Vault.repay"),
    ("flash loan", "LendingPool.deposit", "LendingPool.accrue", "LendingPool.withdraw", "Vault.withdraw"),
    ("LendingPool.deposit", "MockERC20.transfer", "LiquidationEngine.flag", "LendingPool.redeem"),
    (
        "Backstop.deposit",
        "Backstop.collect",
        "PerpMarket.collectFees",
        "Backstop.requestExit",
        A_WEEK,
        "Backstop.redeem",
    ),
    (
        "Backstop.deposit",
        "Vault.liquidate",
        "Backstop.sell",
        "Backstop.requestExit",
        A_WEEK,
        "Backstop.redeem",
    ),
    (
        "VirtualAmm.deposit",
        "trade perpetuals",
        "trade perpetuals",
        "VirtualAmm.requestExit",
        A_WEEK,
        "VirtualAmm.redeem",
    ),
    (
        "trade perpetuals",
        "VirtualAmm.deposit",
        "trade perpetuals",
        "PerpMarket.settle",
        "VirtualAmm.requestExit",
    ),
    (
        "trade perpetuals",
        "wait",
        "PerpMarket.poke",
        "match perpetuals",
        "trade perpetuals",
        "PerpMarket.settle",
    ),
    (
        "trade perpetuals",
        "lie",
        "match perpetuals",
        "Vault.liquidate",
        "PerpMarket.deleverage",
        "PerpMarket.settle",
    ),
    ("match perpetuals", "PerpMarket.settle", "PerpMarket.settle", "Vault.withdraw", "Vault.liquidate"),
    ("match options", "lie", "match options", "tell the truth", "OptionMarket.settle", "Vault.withdraw"),
    ("match options", "wait", "OptionMarket.fixPrice", "OptionMarket.settleExpired", "OptionMarket.settle"),
    ("match options", "wait", "lie", "wait", "tell the truth", "OptionMarket.settleExpired"),
    ("portfolio margin", "match options", "trade perpetuals", "Vault.borrow", "Vault.liquidateByScenario"),
    ("LiquidationEngine.flag", "Vault.liquidate", "LiquidationEngine.unflag", "LiquidationEngine.writeOff"),
)


def gene(kind: str, *numbers: int, liar: int = 0) -> Gene:
    """An action whose first choices are known; the others are each the first of their list."""
    rest = [0] * NUMBERS
    rest[: len(numbers)] = numbers
    rest[-1] = liar
    return (KINDS.index(kind), *rest)


PRIMARY = 1  # number of the primary source of ether among the liars
# A primary that lies for longer than the oracle's timeout, and one that lies while an option's settlement price is measured:
# attacks that work where a world grants them, and where it does not, something to breed from.
LONG_LIE = (
    gene("lie", LIES.index(0.5), 1, liar=PRIMARY),
    gene("RiskEngine.poke"),
    gene("wait", WAITS.index(300)),
    gene("Vault.liquidate", 0, 0, 0, 2),
)
LIE_AT_EXPIRY = (
    gene("match options", 0, 0, 0, 4, 0, 2, 2, liar=PRIMARY),
    gene("wait", WAITS.index(TO_EXPIRY)),
    gene("lie", LIES.index(2.0), 1),
    gene("wait", WAITS.index(240)),
    gene("tell the truth"),
    gene("wait", WAITS.index(700)),
    gene("OptionMarket.settleExpired"),
)
REHEARSED = (LONG_LIE, LIE_AT_EXPIRY)
