"""ORA-1: the second source of the settlement asset said four dollars. A portfolio of ether and a long perpetual without any
dollars was worth as much as before, but what the perpetual may lose was counted in dear dollars: four times as much was
required, and a healthy account could be taken over at once. Standard margin counts it at the price that favours it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.common import abi as codec
from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_market import PerpBench
from tests.helpers.system import TRADER, USDC, WAD, WBTC, WETH, System

MAINTENANCE = 1
OTHER = 8


@pytest.fixture
def perps(evm: PyrevmBackend) -> PerpBench:
    return PerpBench.deploy(System.deploy(evm, (replace(USDC, tolerance=5_000), WETH, WBTC)))


def position(perps: PerpBench, portfolio: bool) -> bytes:
    """Ten ether and a long perpetual on ten more, at no profit."""
    system, owner = perps.system, perps.evm.accounts[TRADER]
    account = system.deposit(owner, "WETH", 10)
    perps.fill(account, perps.trader(OTHER, 200_000), 10 * WAD, 2_000 * WAD)
    if portfolio:
        data = codec.encode([{"type": "bool"}], (True,))
        system.vault.callInstrument(account, system.portfolio_mode.address, data, sender=owner)
    perps.evm.mine()
    return account


def margin(perps: PerpBench, account: bytes) -> tuple[int, int]:
    """Favourable equity and maintenance requirement."""
    equity, uncertainty, required, *_ = perps.system.assess(account, MAINTENANCE)
    return equity + uncertainty, required


COUNTED_DEAR = pytest.mark.xfail(strict=True, reason="counted at the dear price until mended")


@pytest.mark.parametrize(
    ("portfolio", "lie"),
    (
        *((False, lie) for lie in ("0.25", "4", "12")),
        (True, "0.25"),
        *(pytest.param(True, lie, marks=COUNTED_DEAR) for lie in ("4", "12")),
    ),
)
def test_a_lie_about_dollars_brings_no_takeover_nearer(perps: PerpBench, portfolio: bool, lie: str) -> None:
    """ORA-1"""
    account = position(perps, portfolio)
    equity, required = margin(perps, account)
    perps.system.set_second_price("USDC", lie)
    doubted, doubted_required = margin(perps, account)
    assert doubted - doubted_required >= equity - required
