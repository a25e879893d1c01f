"""UniswapV3Adapter.uniswapV3SwapCallback: only the pool of a running swap is paid, and nobody cuts in."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.common.uniswap import encode_route
from tests.helpers.evm import Contract
from tests.unit.swap.conftest import FEE, UNIT, Exchange

NOBODY = "0x0000000000000000000000000000000000000000"
BEFORE, AFTER = 0, 1
# Calls the address in the first word of its calldata twice, with the rest; reverts unless both succeed.
CALL_TWICE = (
    "6020360380"  # size = calldatasize - 32
    "60205f37"  # calldatacopy(0, 32, size)
    "5f5f825f5f5f355af1"  # call(gas, calldataload(0), 0, 0, size, 0, 0)
    "5f5f835f5f5f355af1"
    "166022575f5ffd5b00"  # stop if both are 1, else revert
)


@pytest.fixture
def reentrant(exchange: Exchange) -> Contract:
    return exchange.listed("ReentrantToken", "Reentrant", "RE", 18)


def creation_code(runtime: str) -> str:
    size = len(runtime) // 2
    return f"60{size:02x}80600a5f395ff3".ljust(20, "0") + runtime


def as_bytes(token: Contract) -> bytes:
    return bytes.fromhex(token.address[2:])


def test_a_stranger_cannot_ask_for_payment(exchange: Exchange) -> None:
    exchange.a.transfer(exchange.adapter, UNIT, sender=exchange.owner)
    for data in (as_bytes(exchange.a), encode_route([exchange.a, FEE, exchange.b]), b""):
        with exchange.evm.reverts("UniswapV3Adapter_NotThePool", exchange.trader, NOBODY):
            exchange.adapter.uniswapV3SwapCallback(UNIT, -UNIT, data, sender=exchange.trader)
    assert exchange.a.balanceOf(exchange.adapter) == UNIT


def test_a_pool_cannot_ask_for_payment_outside_of_a_swap(exchange: Exchange) -> None:
    exchange.a.transfer(exchange.adapter, UNIT, sender=exchange.owner)
    pool = exchange.ab.address
    with exchange.evm.reverts("UniswapV3Adapter_NotThePool", pool, NOBODY):
        exchange.adapter.uniswapV3SwapCallback(UNIT, -UNIT, as_bytes(exchange.a), sender=pool)
    # Nor after one has ended.
    exchange.swap_in([exchange.a, FEE, exchange.b], UNIT)
    with exchange.evm.reverts("UniswapV3Adapter_NotThePool", pool, NOBODY):
        exchange.adapter.uniswapV3SwapCallback(UNIT, -UNIT, as_bytes(exchange.a), sender=pool)


def test_a_token_cannot_forge_a_callback_within_a_swap(exchange: Exchange, reentrant: Contract) -> None:
    """The adapter holds the change of an exact output while the bought token moves."""
    route = [exchange.b, FEE, reentrant]
    pool = exchange.uniswap.pool(exchange.b, reentrant, FEE).address
    forged = exchange.adapter.uniswapV3SwapCallback.encode(UNIT, -1, as_bytes(exchange.b))
    exchange.b.transfer(exchange.adapter, 10 * UNIT, sender=exchange.trader)
    reentrant.arm(exchange.adapter, forged, AFTER, False)
    exchange.adapter.swapExactOut(
        exchange.b, reentrant, 10 * UNIT, UNIT, encode_route(route), sender=exchange.trader
    )
    assert (reentrant.calls(), reentrant.succeeded()) == (1, False)
    assert exchange.evm.dictionary.error(reentrant.result()) == (
        "UniswapV3Adapter_NotThePool",
        (reentrant.address, pool),
    )
    assert exchange.balances(reentrant) == [0, 0, 0]


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
def test_a_token_cannot_start_a_swap_with_the_change_of_another(
    exchange: Exchange, reentrant: Contract, moment: int
) -> None:
    """The bought token, while it moves, tries to sell the caller's change for itself."""
    steal = exchange.adapter.swapExactIn.encode(
        exchange.b, exchange.a, 5 * UNIT, 0, encode_route([exchange.b, FEE, exchange.a])
    )
    route = [exchange.b, FEE, reentrant]
    exchange.b.transfer(exchange.adapter, 10 * UNIT, sender=exchange.trader)
    reentrant.arm(exchange.adapter, steal, moment, False)
    before = exchange.b.balanceOf(exchange.trader)
    tx = exchange.adapter.swapExactOut(
        exchange.b, reentrant, 10 * UNIT, UNIT, encode_route(route), sender=exchange.trader
    )
    assert (reentrant.calls(), reentrant.succeeded()) == (1, False)
    assert exchange.evm.dictionary.error(reentrant.result()) == (
        "UniswapV3Adapter_Reentered",
        (reentrant.address,),
    )
    assert exchange.b.balanceOf(exchange.trader) == before + 10 * UNIT - tx.value
    assert exchange.balances(reentrant) == [0, 0, 0]
    assert exchange.balances(exchange.adapter) == [0, 0, 0]


@pytest.mark.parametrize("exact_out", [False, True])
def test_the_sold_token_cannot_reenter_while_it_is_paid(
    exchange: Exchange, reentrant: Contract, exact_out: bool
) -> None:
    route: list[Any] = [reentrant, FEE, exchange.b]
    packed = encode_route(route)
    again = exchange.adapter.swapExactIn.encode(reentrant, exchange.b, UNIT, 0, packed)
    reentrant.transfer(exchange.adapter, 10 * UNIT, sender=exchange.trader)
    reentrant.arm(exchange.adapter, again, BEFORE, False)
    if exact_out:
        exchange.adapter.swapExactOut(reentrant, exchange.b, 10 * UNIT, UNIT, packed, sender=exchange.trader)
    else:
        exchange.adapter.swapExactIn(reentrant, exchange.b, 10 * UNIT, 0, packed, sender=exchange.trader)
    assert (reentrant.calls(), reentrant.succeeded()) == (1, False)
    assert reentrant.balanceOf(exchange.adapter) == 0


def test_swaps_can_follow_each_other_in_one_transaction(exchange: Exchange) -> None:
    """A lock that stays closed would refuse the second swap of a batch."""
    evm, adapter = exchange.evm, exchange.adapter
    twice = evm.deploy_raw([], creation_code(CALL_TWICE))
    route = encode_route([exchange.a, FEE, exchange.b])
    for swap in (
        adapter.swapExactIn.encode(exchange.a, exchange.b, UNIT, 0, route),
        adapter.swapExactOut.encode(exchange.a, exchange.b, UNIT, UNIT, route),
    ):
        before = exchange.b.balanceOf(twice)
        exchange.a.transfer(adapter, 2 * UNIT, sender=exchange.trader)
        target = bytes(12) + bytes.fromhex(adapter.address[2:])
        evm.transact(exchange.trader, twice.address, target + swap, 0, None, bytes)
        assert exchange.b.balanceOf(twice) - before > UNIT
        assert exchange.balances(adapter) == [0, 0, 0]
