"""Protocols that npm does not have: their figures, measured by us elsewhere and not repeated by this command.

The same kind of transaction (whole, cold, a day between steps, feeds of one slot), with other amounts and tokens. Opening and
closing 4x went through a mock swap of two transfers in place of Uniswap v3, so these are shown and not compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scripts.compare.peer import PERP_CLOSE, PERP_OPEN, PERP_SETTLE


@dataclass(frozen=True)
class Elsewhere:
    """Gas by operation, as `scripts.compare.peer.OPERATIONS` names them; `shown_only` are keys that are not compared."""

    name: str
    gas: dict[str, int]
    notes: str
    shown_only: frozenset[str] = field(default_factory=frozenset)


def _borrows(first: int, further: int) -> dict[str, int]:
    """Borrowing with 1, 2, 4 and 8 collaterals from the first figure and what each further one adds."""
    return {f"borrow_{count}": first + (count - 1) * further for count in (1, 2, 4, 8)}


COMET = Elsewhere(
    "Comet",
    {
        "lend": 82_296,
        "withdraw": 78_256,
        "deposit": 73_552,
        "take_back": 87_376,
        **_borrows(95_312, 10_400),
        "repay": 80_684,
        "repay_all": 83_716,
        "liquidate": 114_078 + 96_525,
    },
    "Liquidation is two transactions: the protocol absorbs the account, then somebody buys its collateral.",
)
EULER = Elsewhere(
    "Euler v2",
    {
        "lend": 134_740,
        "withdraw": 133_926,
        "deposit": 124_684,
        "take_back": 182_686,
        **_borrows(200_159, 35_800),
        "repay": 146_782,
        "repay_all": 141_856,
        "open_4x": 443_235,
        "close_4x": 305_157,
        "liquidate": 331_446,
    },
    "Batches of the EVC, with one check at the end.",
    shown_only=frozenset({"open_4x", "close_4x"}),
)
DERIVE = Elsewhere(
    "Derive v2",
    {PERP_OPEN: 790_326, PERP_SETTLE: 230_710, PERP_CLOSE: 483_539},
    "Both accounts of a trade are checked, as at Keel.",
)
ELSEWHERE = (COMET, EULER, DERIVE)
