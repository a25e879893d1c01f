"""MockSwapAdapter: an honest price, and each way to cheat that tests of the vault rely on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.evm import Backend, Contract

ETHER, DOLLAR = 10**18, 10**6
HONEST, KEEP_INPUT, UNDER_DELIVER, KEEP_CHANGE = range(4)


@pytest.fixture
def mock(evm: Backend) -> tuple[Contract, Contract, Contract, str]:
    adapter = evm.deploy("MockSwapAdapter")
    weth, usdc = evm.deploy("MockWETH"), evm.deploy("MockERC20", "USD Coin", "USDC", 6)
    trader = evm.accounts[1]
    weth.mint(adapter, 1_000 * ETHER)
    usdc.mint(adapter, 1_000_000 * DOLLAR)
    weth.mint(trader, 100 * ETHER)
    usdc.mint(trader, 100_000 * DOLLAR)
    adapter.setPrice(weth, usdc, 2_000 * DOLLAR)
    adapter.setPrice(usdc, weth, ETHER * ETHER // (2_000 * DOLLAR))
    return adapter, weth, usdc, trader


def sell(mock: Any, amount: int, min_out: int = 0) -> tuple[int, int, int]:
    """Sells WETH: what it says it gave, WETH spent, USDC received."""
    adapter, weth, usdc, trader = mock
    before = weth.balanceOf(trader), usdc.balanceOf(trader)
    weth.transfer(adapter, amount, sender=trader)
    said = adapter.swapExactIn(weth, usdc, amount, min_out, b"", sender=trader).value
    return said, before[0] - weth.balanceOf(trader), usdc.balanceOf(trader) - before[1]


def buy(mock: Any, amount: int, max_in: int) -> tuple[int, int, int]:
    """Buys WETH: what it says it took, USDC spent, WETH received."""
    adapter, weth, usdc, trader = mock
    before = usdc.balanceOf(trader), weth.balanceOf(trader)
    usdc.transfer(adapter, max_in, sender=trader)
    said = adapter.swapExactOut(usdc, weth, max_in, amount, b"", sender=trader).value
    return said, before[0] - usdc.balanceOf(trader), weth.balanceOf(trader) - before[1]


def test_sells_and_buys_at_the_price(mock: Any, evm: Backend) -> None:
    assert sell(mock, 2 * ETHER) == (4_000 * DOLLAR, 2 * ETHER, 4_000 * DOLLAR)
    assert buy(mock, 2 * ETHER, 5_000 * DOLLAR) == (4_000 * DOLLAR, 4_000 * DOLLAR, 2 * ETHER)
    # A wei costs the smallest unit: rounded against the trader.
    assert buy(mock, 1, 10) == (1, 1, 1)
    with evm.reverts("SwapAdapter_OutputTooSmall", 2_000 * DOLLAR, 2_000 * DOLLAR + 1):
        sell(mock, ETHER, 2_000 * DOLLAR + 1)
    with evm.reverts("SwapAdapter_InputTooLarge", 2_000 * DOLLAR, 1_999 * DOLLAR):
        buy(mock, ETHER, 1_999 * DOLLAR)


def test_refuses_pairs_without_a_price(mock: Any, evm: Backend) -> None:
    adapter, weth, _, _ = mock
    with evm.reverts("MockSwapAdapter_NoPrice", weth, weth):
        adapter.swapExactIn(weth, weth, 1, 0, b"")
    with evm.reverts("MockSwapAdapter_NoPrice", weth, weth):
        adapter.swapExactOut(weth, weth, 1, 1, b"")


def test_cheats_as_it_is_told(mock: Any) -> None:
    adapter, weth, usdc, _ = mock
    for dishonesty, sold, bought in (
        (KEEP_INPUT, (2_000 * DOLLAR, ETHER, 0), (2_000 * DOLLAR, 3_000 * DOLLAR, 0)),
        (
            UNDER_DELIVER,
            (2_000 * DOLLAR, ETHER, 1_800 * DOLLAR),
            (2_000 * DOLLAR, 2_000 * DOLLAR, 9 * ETHER // 10),
        ),
        (KEEP_CHANGE, (2_000 * DOLLAR, ETHER, 2_000 * DOLLAR), (2_000 * DOLLAR, 3_000 * DOLLAR, ETHER)),
        (HONEST, (2_000 * DOLLAR, ETHER, 2_000 * DOLLAR), (2_000 * DOLLAR, 2_000 * DOLLAR, ETHER)),
    ):
        adapter.setDishonesty(weth, usdc, dishonesty)
        adapter.setDishonesty(usdc, weth, dishonesty)
        assert sell(mock, ETHER) == sold
        assert buy(mock, ETHER, 3_000 * DOLLAR) == bought
