"""UniswapV3Adapter.swapExactIn. Reference values are those of Uniswap's own quoter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.common.uniswap import encode_route
from tests.unit.swap.conftest import FEE, LOW_FEE, UNIT, Exchange


def test_sells_what_was_sent_and_delivers_to_the_caller(exchange: Exchange, route: list[Any]) -> None:
    quoted = exchange.uniswap.quote_exact_in(route, 3 * UNIT)
    spent, got = route[0].balanceOf(exchange.trader), route[-1].balanceOf(exchange.trader)
    tx = exchange.swap_in(route, 3 * UNIT, min_out=quoted)
    assert tx.value == quoted
    assert spent - route[0].balanceOf(exchange.trader) == 3 * UNIT
    assert route[-1].balanceOf(exchange.trader) - got == quoted
    assert exchange.balances(exchange.adapter) == [0, 0, 0]


@settings(max_examples=30)
@given(amount=st.integers(min_value=100, max_value=500_000 * UNIT), forwards=st.booleans())
def test_any_amount_gives_what_the_quoter_says_and_leaves_nothing(
    exchange: Exchange, amount: int, forwards: bool
) -> None:
    route = [exchange.a, FEE, exchange.b, LOW_FEE, exchange.c]
    with exchange.evm.isolation():
        quoted = exchange.uniswap.quote_exact_in(route if forwards else route[::-1], amount)
        assert exchange.swap_in(route if forwards else route[::-1], amount).value == quoted
        assert exchange.balances(exchange.adapter) == [0, 0, 0]


def test_too_little_output_reverts_with_both_numbers(exchange: Exchange, route: list[Any]) -> None:
    quoted = exchange.uniswap.quote_exact_in(route, UNIT)
    with exchange.evm.reverts("SwapAdapter_OutputTooSmall", quoted, quoted + 1):
        exchange.swap_in(route, UNIT, min_out=quoted + 1)


def test_donations_change_nothing_and_stay(exchange: Exchange, route: list[Any]) -> None:
    tokens = (exchange.a, exchange.b, exchange.c)
    quoted = exchange.uniswap.quote_exact_in(route, UNIT)
    for token in tokens:
        token.transfer(exchange.adapter, 7, sender=exchange.owner)
    before = route[0].balanceOf(exchange.trader)
    assert exchange.swap_in(route, UNIT).value == quoted
    assert before - route[0].balanceOf(exchange.trader) == UNIT
    assert exchange.balances(exchange.adapter) == [7, 7, 7]


def test_who_sent_nothing_gets_nothing(exchange: Exchange) -> None:
    route = encode_route([exchange.a, FEE, exchange.b])
    with exchange.evm.reverts():
        exchange.adapter.swapExactIn(exchange.a, exchange.b, UNIT, 0, route, sender=exchange.trader)


def test_input_that_the_pool_cannot_take_comes_back(exchange: Exchange) -> None:
    thin = exchange.listed("MockERC20", "Thin", "THIN", 18, low="0.9", high="1.1")
    route = [thin, FEE, exchange.b]
    spent, got = thin.balanceOf(exchange.trader), exchange.b.balanceOf(exchange.trader)
    stock = exchange.b.balanceOf(exchange.uniswap.pool(*route[::2], FEE).address)
    with exchange.evm.reverts("SwapAdapter_OutputTooSmall", None, stock):
        exchange.swap_in(route, 5_000 * UNIT, min_out=stock)
    tx = exchange.swap_in(route, 5_000 * UNIT)
    spent -= thin.balanceOf(exchange.trader)
    # All that the pool has but what its roundings keep, at 0.9 to 1 and less the fee.
    assert stock - 3 <= tx.value < stock
    assert tx.value == exchange.b.balanceOf(exchange.trader) - got
    assert stock < spent < 12 * stock // 10
    assert thin.balanceOf(exchange.adapter) == exchange.b.balanceOf(exchange.adapter) == 0


def test_input_that_the_first_of_two_pools_cannot_take_comes_back(exchange: Exchange) -> None:
    thin = exchange.listed("MockERC20", "Thin", "THIN", 18, low="0.9", high="1.1")
    spent = thin.balanceOf(exchange.trader)
    tx = exchange.swap_in([thin, FEE, exchange.b, LOW_FEE, exchange.c], 5_000 * UNIT)
    spent -= thin.balanceOf(exchange.trader)
    assert 900 * UNIT < spent < 1_200 * UNIT
    assert tx.value > 4_000 * UNIT
    assert thin.balanceOf(exchange.adapter) == 0
    assert exchange.balances(exchange.adapter) == [0, 0, 0]


def test_a_partial_fill_further_down_the_route_reverts(exchange: Exchange) -> None:
    thin = exchange.listed("MockERC20", "Thin", "THIN", 18, low="0.9", high="1.1")
    given = exchange.uniswap.quote_exact_in([exchange.a, FEE, exchange.b], 5_000 * UNIT)
    assert given > 5_000 * UNIT
    with exchange.evm.reverts("UniswapV3Adapter_PartialFill", exchange.b, given, None) as reverted:
        exchange.swap_in([exchange.a, FEE, exchange.b, FEE, thin], 5_000 * UNIT)
    assert 900 * UNIT < reverted.error.args[2] < 1_200 * UNIT


@pytest.mark.parametrize("length", [0, 19, 20, 23, 42, 44, 65, 67])
def test_routes_of_a_wrong_length_are_refused(exchange: Exchange, length: int) -> None:
    route = encode_route([exchange.a, FEE, exchange.b, LOW_FEE, exchange.c]) + b"\0"
    with exchange.evm.reverts("SwapAdapter_RouteMalformed", length):
        exchange.adapter.swapExactIn(exchange.a, exchange.b, UNIT, 0, route[:length], sender=exchange.trader)


def test_routes_between_other_tokens_are_refused(exchange: Exchange) -> None:
    a, b, c = exchange.a, exchange.b, exchange.c
    route = encode_route([a, FEE, b])
    for token_in, token_out in ((b, a), (a, c), (c, b), (a, a), (b, b)):
        with exchange.evm.reverts("SwapAdapter_RouteEnds", token_in, token_out, a, b):
            exchange.adapter.swapExactIn(token_in, token_out, UNIT, 0, route, sender=exchange.trader)


def test_pools_that_do_not_exist_are_named(exchange: Exchange) -> None:
    for fee in (100, 12_345):
        with exchange.evm.reverts("UniswapV3Adapter_PoolMissing", exchange.a, exchange.c, fee):
            exchange.swap_in([exchange.a, fee, exchange.c], UNIT)


def test_amounts_beyond_the_pools_range_are_refused(exchange: Exchange) -> None:
    route = encode_route([exchange.a, FEE, exchange.b])
    with exchange.evm.reverts("UniswapV3Adapter_AmountOutOfRange", 2**255):
        exchange.adapter.swapExactIn(exchange.a, exchange.b, 2**255, 0, route)


def test_a_token_without_return_values_can_be_traded(exchange: Exchange) -> None:
    token = exchange.listed("NonReturningToken", "Old", "OLD", 18)
    for route in ([token, FEE, exchange.b], [exchange.b, FEE, token]):
        quoted = exchange.uniswap.quote_exact_in(route, UNIT)
        assert exchange.swap_in(route, UNIT).value == quoted


def test_a_token_with_a_fee_on_transfer_cannot_be_sold(exchange: Exchange) -> None:
    token = exchange.listed("FeeOnTransferToken", "Taxed", "TAX", 18, 0)
    exchange.swap_in([token, FEE, exchange.b], UNIT)
    token.setFeeWad(10**16)
    with exchange.evm.reverts():
        exchange.swap_in([token, FEE, exchange.b], UNIT)
