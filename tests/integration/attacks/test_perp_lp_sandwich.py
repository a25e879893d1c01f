"""Who holds shares of the virtual AMM trades with it just before somebody else deposits, and back just after.

The trade puts paper profit on the AMM's books: it was paid the price along the curve, and its position counts at the mark,
which has not moved. Were entries priced by the mark, the depositor would pay for a profit that is gone when the trader
closes. Entries are priced along the curve, where a round trip leaves its spread and nothing else (PERP-2).
"""

from __future__ import annotations

import pytest

from tests.helpers.perp_trading import TOKEN, PerpTrading
from tests.helpers.system import WAD, System

ATTACKER, VICTIM = 10, 11


@pytest.fixture
def perps(system: System) -> PerpTrading:
    return PerpTrading.deploy(system, liquidity=10_000_000)


@pytest.mark.parametrize("side", [1, -1])
def test_a_deposit_in_the_middle(perps: PerpTrading, side: int) -> None:
    attacker, victim = (perps.evm.accounts[role] for role in (ATTACKER, VICTIM))
    account = perps.funded(attacker, 10_000_000)
    perps.provide(10_000_000, attacker)

    def wealth() -> float:
        shares = perps.amm.convertToAssets(perps.amm.balanceOf(attacker))
        return (perps.system.balance(account, "USDC") + shares) / TOKEN

    before = wealth()
    perps.trade(account, side * 2_000 * WAD)
    shares = perps.provide(10_000_000, victim)
    perps.trade(account, -side * 2_000 * WAD)
    perps.market.settle(account)
    perps.market.settle(perps.amm_account)
    # What is in doubt about the index, half a per cent of five million of thirty: that much a depositor may pay in excess.
    assert perps.amm.convertToAssets(shares) >= 10_000_000 * TOKEN * (1 - 0.0015)
    # And the attacker, with half of the shares, has paid more spread than he got of it.
    assert wealth() < before, "PERP-2"


def test_a_redemption_in_the_middle(perps: PerpTrading) -> None:
    """The other way round: the mark is pushed nowhere, so who leaves gets his part less the edge."""
    attacker, leaver = (perps.evm.accounts[role] for role in (ATTACKER, VICTIM))
    account = perps.funded(attacker, 10_000_000)
    shares = perps.provide(10_000_000, leaver)
    perps.leave(shares, leaver)
    perps.trade(account, 2_000 * WAD)
    got = perps.amm.redeem(shares // 2, leaver, leaver, sender=leaver).value
    assert got >= 5_000_000 * TOKEN * (1 - 0.0025)
    with perps.evm.reverts("VirtualAmm_BelowLimit"):
        perps.amm.redeemFor(shares // 2, leaver, leaver, 5_000_000 * TOKEN, sender=leaver)
