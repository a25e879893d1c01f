"""UniswapV3Adapter.poolFor."""

from __future__ import annotations

from scripts.common.uniswap import POOL_INIT_CODE_HASH
from tests.unit.swap.conftest import FEE, LOW_FEE, Exchange


def test_is_the_factorys_pool_in_either_order(exchange: Exchange) -> None:
    adapter, a, b, c = exchange.adapter, exchange.a, exchange.b, exchange.c
    assert adapter.poolFor(a, b, FEE) == adapter.poolFor(b, a, FEE) == exchange.ab.address
    assert adapter.poolFor(b, c, LOW_FEE) == adapter.poolFor(c, b, LOW_FEE) == exchange.bc.address


def test_tells_where_a_pool_will_be(exchange: Exchange) -> None:
    expected = exchange.adapter.poolFor(exchange.a, exchange.c, 10_000)
    assert exchange.evm.code(expected) == b""
    assert exchange.uniswap.create_pool(exchange.a, exchange.c, 10_000, 1).address == expected


def test_factory_and_hash_are_those_of_the_constructor(exchange: Exchange) -> None:
    assert exchange.adapter.factory() == exchange.uniswap.factory.address
    assert exchange.adapter.poolInitCodeHash() == POOL_INIT_CODE_HASH
