"""UniswapV3Adapter.swapExactOut. Reference values are those of Uniswap's own quoter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.common.uniswap import encode_route
from tests.unit.swap.conftest import FEE, LOW_FEE, UNIT, Exchange


def test_buys_the_amount_and_returns_the_change(exchange: Exchange, route: list[Any]) -> None:
    quoted = exchange.uniswap.quote_exact_out(route, 3 * UNIT)
    spent, got = route[0].balanceOf(exchange.trader), route[-1].balanceOf(exchange.trader)
    tx = exchange.swap_out(route, 3 * UNIT, max_in=quoted + 5 * UNIT)
    assert tx.value == quoted
    assert spent - route[0].balanceOf(exchange.trader) == quoted
    assert route[-1].balanceOf(exchange.trader) - got == 3 * UNIT
    assert exchange.balances(exchange.adapter) == [0, 0, 0]


def test_the_quoted_input_is_enough_and_one_less_is_not(exchange: Exchange, route: list[Any]) -> None:
    quoted = exchange.uniswap.quote_exact_out(route, UNIT)
    with exchange.evm.reverts("SwapAdapter_InputTooLarge", quoted, quoted - 1):
        exchange.swap_out(route, UNIT, max_in=quoted - 1)
    assert exchange.swap_out(route, UNIT, max_in=quoted).value == quoted


@settings(max_examples=30)
@given(amount=st.integers(min_value=1, max_value=4_500 * UNIT), forwards=st.booleans())
def test_any_amount_takes_what_the_quoter_says_and_leaves_nothing(
    exchange: Exchange, amount: int, forwards: bool
) -> None:
    route = [exchange.a, FEE, exchange.b, LOW_FEE, exchange.c]
    with exchange.evm.isolation():
        quoted = exchange.uniswap.quote_exact_out(route if forwards else route[::-1], amount)
        assert exchange.swap_out(route if forwards else route[::-1], amount, quoted + 1).value == quoted
        assert exchange.balances(exchange.adapter) == [0, 0, 0]


def test_donations_are_not_spent(exchange: Exchange, route: list[Any]) -> None:
    tokens = (exchange.a, exchange.b, exchange.c)
    quoted = exchange.uniswap.quote_exact_out(route, UNIT)
    for token in tokens:
        token.transfer(exchange.adapter, quoted, sender=exchange.owner)
    with exchange.evm.reverts("SwapAdapter_InputTooLarge", quoted, quoted - 1):
        exchange.swap_out(route, UNIT, max_in=quoted - 1)
    assert exchange.swap_out(route, UNIT, max_in=quoted + 1).value == quoted
    assert exchange.balances(exchange.adapter) == [quoted] * 3


def test_a_pool_that_runs_dry_reverts_with_both_numbers(exchange: Exchange) -> None:
    thin = exchange.listed("MockERC20", "Thin", "THIN", 18, low="0.9", high="1.1")
    stock = thin.balanceOf(exchange.uniswap.pool(thin, exchange.b, FEE).address)
    with exchange.evm.reverts("SwapAdapter_OutputTooSmall", None, stock) as reverted:
        exchange.swap_out([exchange.b, FEE, thin], stock, max_in=5_000 * UNIT)
    assert stock - 3 <= reverted.error.args[0] < stock


def test_a_pool_that_runs_dry_in_the_middle_reverts(exchange: Exchange) -> None:
    thin = exchange.listed("MockERC20", "Thin", "THIN", 18, low="0.9", high="1.1")
    # 4,000 of a cost more than the 1,000 of b that the first pool has.
    with exchange.evm.reverts("SwapAdapter_OutputTooSmall"):
        exchange.swap_out([thin, FEE, exchange.b, FEE, exchange.a], 4_000 * UNIT, max_in=10_000 * UNIT)
    assert thin.balanceOf(exchange.adapter) == 0


@pytest.mark.parametrize("length", [0, 20, 42, 44, 65])
def test_routes_of_a_wrong_length_are_refused(exchange: Exchange, length: int) -> None:
    route = encode_route([exchange.a, FEE, exchange.b, LOW_FEE, exchange.c])
    with exchange.evm.reverts("SwapAdapter_RouteMalformed", length):
        exchange.adapter.swapExactOut(
            exchange.a, exchange.b, UNIT, UNIT, route[:length], sender=exchange.trader
        )


def test_a_route_in_the_order_of_the_routers_exact_output_is_refused(exchange: Exchange) -> None:
    a, b = exchange.a, exchange.b
    backwards = encode_route([a, FEE, b], reverse=True)
    with exchange.evm.reverts("SwapAdapter_RouteEnds", a, b, b, a):
        exchange.adapter.swapExactOut(a, b, UNIT, UNIT, backwards, sender=exchange.trader)


def test_amounts_beyond_the_pools_range_are_refused(exchange: Exchange) -> None:
    route = encode_route([exchange.a, FEE, exchange.b])
    with exchange.evm.reverts("UniswapV3Adapter_AmountOutOfRange", 2**255):
        exchange.adapter.swapExactOut(exchange.a, exchange.b, UNIT, 2**255, route)


def test_pools_that_do_not_exist_are_named(exchange: Exchange) -> None:
    with exchange.evm.reverts("UniswapV3Adapter_PoolMissing", exchange.a, exchange.c, LOW_FEE):
        exchange.swap_out([exchange.a, LOW_FEE, exchange.c], UNIT, max_in=UNIT)
