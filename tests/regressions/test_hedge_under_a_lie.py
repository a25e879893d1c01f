"""ORA-1: a second source said that ether is cheap. Who held ether and was short more of it counted as short, so the
low edge was taken for the one that favours him: his ether lost its value, and the perpetual's profit counted for nothing. A
healthy account could be taken over at once. Without positions the edge is the right one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_market import PerpBench
from tests.helpers.system import TRADER, USDC, WAD, WBTC, WETH, System

MAINTENANCE = 1
OTHER = 8


@pytest.fixture
def perps(evm: PyrevmBackend) -> PerpBench:
    return PerpBench.deploy(System.deploy(evm, (USDC, replace(WETH, tolerance=20_000), WBTC)))


def margin(perps: PerpBench, account: bytes) -> int:
    """Favourable equity less maintenance requirement."""
    equity, uncertainty, required, *_ = perps.system.assess(account, MAINTENANCE)
    return equity + uncertainty - required


@pytest.mark.parametrize(
    ("short", "lie"),
    [
        *((0, lie) for lie in (600, 3_000)),
        *((8, lie) for lie in (600, 3_000)),
        (12, 3_000),
        pytest.param(
            12, 600, marks=pytest.mark.xfail(strict=True, reason="the edge follows the net exposure")
        ),
    ],
)
def test_a_lie_about_ether_brings_no_takeover_nearer(perps: PerpBench, short: int, lie: int) -> None:
    """ORA-1"""
    system, owner = perps.system, perps.evm.accounts[TRADER]
    account = system.deposit(owner, "WETH", 10)
    if short:
        perps.fill(account, perps.trader(OTHER, 200_000), -short * WAD, 2_000 * WAD)
    system.borrow(owner, "WBTC", 0.2)
    perps.evm.mine()
    honest = margin(perps, account)
    assert honest > 0
    system.set_second_price("WETH", lie)
    assert margin(perps, account) >= honest
