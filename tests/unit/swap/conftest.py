"""A small Uniswap v3 with three tokens, and an adapter on it. The trader plays the vault."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from scripts.common.uniswap import POOL_INIT_CODE_HASH, Pool, Uniswap, encode_route
from tests.helpers.evm import Backend, Contract, PyrevmBackend, Reverted

UNIT = 10**18
LOW_FEE, FEE = 500, 3_000


@dataclass
class Exchange:
    """Pools of a-b (fee 0.3%) and b-c (0.05%), the adapter, and a trader with tokens."""

    evm: Backend
    uniswap: Uniswap
    adapter: Contract
    a: Contract
    b: Contract
    c: Contract
    ab: Pool
    bc: Pool
    owner: str
    trader: str

    def swap_in(self, route: list[Any], amount_in: int, min_out: int = 0) -> Any:
        """Sends `amount_in` and sells it along the route, as in one transaction; the Tx."""
        with self._together():
            route[0].transfer(self.adapter, amount_in, sender=self.trader)
            return self.adapter.swapExactIn(
                route[0], route[-1], amount_in, min_out, encode_route(route), sender=self.trader
            )

    def swap_out(self, route: list[Any], amount_out: int, max_in: int) -> Any:
        """Sends `max_in` and buys `amount_out` along the route, as in one transaction; the Tx."""
        with self._together():
            route[0].transfer(self.adapter, max_in, sender=self.trader)
            return self.adapter.swapExactOut(
                route[0], route[-1], max_in, amount_out, encode_route(route), sender=self.trader
            )

    def balances(self, holder: Any) -> list[int]:
        """What an address holds of a, b and c."""
        return [token.balanceOf(holder) for token in (self.a, self.b, self.c)]

    def listed(self, name: str, *args: Any, fee: int = FEE, low: Any = None, high: Any = None) -> Contract:
        """Another token, deployed, funded, and traded against b at 1 with liquidity in a range."""
        token = self.evm.deploy(name, *args, sender=self.owner)
        token.mint(self.owner, 10**6 * UNIT, sender=self.owner)
        token.mint(self.trader, 10**6 * UNIT, sender=self.owner)
        pool = self.uniswap.create_pool(token, self.b, fee, 1, sender=self.owner)
        pool.add_liquidity(1_000 * UNIT, 1_000 * UNIT, low=low, high=high, sender=self.owner)
        return token

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        snapshot = self.evm.snapshot()
        try:
            yield
        except Reverted:
            self.evm.revert(snapshot)
            raise


@pytest.fixture(scope="session")
def _exchange(session_evm: PyrevmBackend) -> Exchange:
    evm = session_evm
    owner, trader = evm.accounts[0], evm.accounts[1]
    uniswap = Uniswap.deploy(evm, evm.deploy("MockWETH"))
    tokens = [evm.deploy("MockERC20", name, name, 18) for name in ("A", "B", "C")]
    # In the order of their addresses, so that a test knows which of two is a pool's token0.
    a, b, c = sorted(tokens, key=lambda token: int(token.address, 16))
    for token in tokens:
        token.mint(owner, 10**9 * UNIT)
        token.mint(trader, 10**12 * UNIT)
    ab = uniswap.create_pool(a, b, FEE, 2)
    ab.add_liquidity(10_000 * UNIT, 20_000 * UNIT)
    bc = uniswap.create_pool(b, c, LOW_FEE, 5)
    bc.add_liquidity(20_000 * UNIT, 100_000 * UNIT)
    adapter = evm.deploy("UniswapV3Adapter", uniswap.factory, POOL_INIT_CODE_HASH)
    return Exchange(evm, uniswap, adapter, a, b, c, ab, bc, owner, trader)


@pytest.fixture
def exchange(_exchange: Exchange, evm: PyrevmBackend) -> Exchange:
    """The exchange; all that a test does to it is undone."""
    return _exchange


@pytest.fixture(params=["a>b", "b>a", "b>c", "c>b", "a>b>c", "c>b>a"])
def route(request: pytest.FixtureRequest, exchange: Exchange) -> list[Any]:
    """Routes of one and two hops, in both directions of every pool."""
    names = request.param.split(">")
    built: list[Any] = [getattr(exchange, names[0])]
    for before, after in pairwise(names):
        fee = FEE if "a" in (before, after) else LOW_FEE
        built += [fee, getattr(exchange, after)]
    return built
