"""A real Uniswap v3 beside a domain: a pool of two of its assets, and the adapter to trade through."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scripts.common.contract import Contract
from scripts.common.sqrt_price import Price
from scripts.common.uniswap import POOL_INIT_CODE_HASH, Pool, Uniswap, encode_route
from tests.helpers.system import OWNER, WAD, System

FEE = 500


@dataclass
class Exchange:
    """Uniswap's contracts, the adapter, and one pool with liquidity over all prices."""

    system: System
    uniswap: Uniswap
    adapter: Contract
    pool: Pool
    base: str
    quote: str

    @classmethod
    def open(
        cls, system: System, base: str = "WETH", quote: str = "USDC", price: Price = 2_000, depth: int = 5_000
    ) -> Exchange:
        """Deploys everything; `depth` whole tokens of base, and as much of quote as they are worth."""
        evm = system.evm
        uniswap = Uniswap.deploy(evm, system.weth)
        adapter = evm.deploy("UniswapV3Adapter", uniswap.factory.address, POOL_INIT_CODE_HASH)
        system.vault.setSwapAdapter(adapter.address, True)
        pool = uniswap.create_pool(system.token(base), system.token(quote), FEE, price)
        exchange = cls(system, uniswap, adapter, pool, base, quote)
        exchange.provide(evm.accounts[OWNER], depth)
        return exchange

    def provide(self, provider: str, depth: int, pool: Pool | None = None) -> int:
        """Liquidity over all prices; returns the position's id."""
        pool, system = pool or self.pool, self.system
        base = system.mint(self.base, provider, depth)
        quote = system.mint(self.quote, provider, float(depth * pool.price) * 1.01)
        return pool.add_liquidity(base, quote, sender=provider).token_id

    def route(self, *symbols: str, fee: int = FEE) -> bytes:
        """Path through pools of one fee, in the order of the trade."""
        path: list[Any] = []
        for symbol in symbols:
            path += [fee, self.system.token(symbol)] if path else [self.system.token(symbol)]
        return encode_route(path)

    def order(
        self,
        sell: str,
        buy: str,
        amount: int,
        limit: int = 0,
        *,
        exact_out: bool = False,
        max_loss: int = WAD // 100,
        fee: int = FEE,
    ) -> tuple[Any, ...]:
        """Parameters of a vault's swap on the pool."""
        tokens = self.system[sell], self.system[buy]
        route = self.route(sell, buy, fee=fee)
        return (self.adapter.address, *tokens, exact_out, amount, limit, max_loss, route)

    def swap(self, account: bytes, *order: Any, **options: Any) -> bytes:
        """Call of a swap by an account; arguments as for `order`."""
        return bytes(self.system.vault.swap.encode(account, self.order(*order, **options)))

    def trade(self, account: bytes, owner: str, *order: Any, **options: Any) -> Any:
        """A swap by an account, sent by its owner."""
        return self.system.vault.swap(account, self.order(*order, **options), sender=owner)

    @property
    def price(self) -> Fraction:
        """Quote for one of base."""
        return self.pool.price
