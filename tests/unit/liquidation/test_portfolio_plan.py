"""LiquidationEngine.plan for a portfolio whose equity is in part credit that stays with the account.

10 ETH at 2,000 with a shock of 12% and debt in USDC: `R` is 2,400. What changes hands is worth `E` less the credit.
"""

from __future__ import annotations

import pytest

from scripts.common.units import WAD
from scripts.model import liquidation as model
from tests.helpers.backend import Backend
from tests.helpers.takeover import Asset, Bench

DOLLAR = 10**6
ETH = Asset(1, 10 * WAD, 2_000 * WAD, 12 * WAD // 100, 12 * WAD // 100)
NOTHING = [model.Instrument(0, 0)]


@pytest.fixture(scope="module")
def deployed(session_evm: Backend) -> Bench:
    return Bench.deploy(session_evm)


def plan(deployed: Bench, hands: int, credit: int, cover: int = 0, fraction: int = WAD) -> model.Plan:
    """`hands` dollars change hands with the account, which has `credit` dollars of credit."""
    account = [Asset(0, -(20_000 - hands) * DOLLAR, 10**30), ETH]
    deployed.set_account(account, NOTHING, cover=cover * DOLLAR)
    deployed.risk.setSurplus(credit * WAD)
    return deployed.plan(account, NOTHING, set_account=False, fraction=fraction)


def test_credit_counts_for_health_and_is_not_paid_for(deployed: Bench, evm: Backend) -> None:
    """LIQ-1: at health 0.9 the premium is 21.25%, 510 dollars; 1,200 change hands."""
    with evm.reverts("LiquidationEngine_Healthy"):
        plan(deployed, 1_200, 1_200)
    answer = plan(deployed, 1_200, 960, fraction=WAD // 10)
    assert answer.equity == 2_160 * WAD
    assert answer.payment == pytest.approx((1_200 - 510) * DOLLAR // 10, abs=5)


def test_the_premium_is_no_more_than_what_changes_hands(deployed: Bench, evm: Backend) -> None:
    """LIQ-1: 240 dollars change hands, a tenth of the requirement; the premium would be 510."""
    answer = plan(deployed, 240, 1_920, fraction=WAD // 10)
    assert answer.payment <= 5 and answer.top_up == 0
    with evm.reverts("LiquidationEngine_NothingToTake"):
        plan(deployed, -1, 2_161)


def test_the_backstop_pays_no_part_of_the_credit(deployed: Bench, evm: Backend) -> None:
    """LIQ-4: equity of 100 dollars is below the smallest premium, 240: the backstop adds 140 at most."""
    answer = plan(deployed, -900, 1_000, cover=100_000)
    assert answer.top_up == pytest.approx(140 * DOLLAR, abs=5)
    assert plan(deployed, 100, 0, cover=100_000).top_up == pytest.approx(140 * DOLLAR, abs=5)


def test_the_deficit_of_an_insolvent_portfolio_is_what_changes_hands(deployed: Bench, evm: Backend) -> None:
    answer = plan(deployed, -1_000, 900, cover=100_000)
    assert answer.insolvent and answer.top_up == pytest.approx((1_000 + 240) * DOLLAR, abs=5)
    answer = plan(deployed, -1_000, 900, cover=240)
    assert answer.write_offs[0] == pytest.approx(1_000 * DOLLAR, abs=5)
