"""ORA-1: a second source lied downwards while somebody was below his maintenance requirement at the true price. What was
taken of his long perpetual moved at the liar's price: the taker had the difference, on top of his premium."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_market import PerpBench
from tests.helpers.system import NO_LIMIT, TRADER, USDC, WAD, WETH, System

TRUTH = 3_500


@pytest.fixture
def perps(evm: PyrevmBackend) -> PerpBench:
    return PerpBench.deploy(System.deploy(evm, (USDC, replace(WETH, tolerance=20_000)), stake=0))


def tell(perps: PerpBench, first: int, second: int) -> None:
    perps.set_index(first)
    perps.system.set_second_price("WETH", second)


@pytest.mark.parametrize("lie", [TRUTH, 2_900, 3_200, 3_800])
def test_a_part_does_not_move_at_the_liars_price(perps: PerpBench, lie: int) -> None:
    system = perps.system
    account, short = perps.trader(TRADER, 31_000), perps.trader(5, 500_000)
    into = perps.trader(6, 500_000)
    perps.fill(account, short, 10 * WAD)
    system.borrow(perps.owner(account), "WETH", 8)
    tell(perps, TRUTH, TRUTH)
    perps.evm.mine()
    before = system.assess(into)[0]
    tell(perps, TRUTH, lie)
    equity, uncertainty, requirement, *_ = system.assess(account)
    assert 0 < equity + uncertainty < requirement
    taken, _ = system.vault.liquidate(
        account, into, WAD // 4, 0, 0, NO_LIMIT, sender=perps.evm.accounts[6]
    ).value
    assert 0 < taken < WAD
    tell(perps, TRUTH, TRUTH)
    # A loss is in equity, a profit is not.
    gained = max(0, perps.position(into)["pnl"]) // 10**18 + system.assess(into)[0] - before
    assert gained < 8 * TRUTH * taken // 10, "more than a tenth of the debt that was taken"
