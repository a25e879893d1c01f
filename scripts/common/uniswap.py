"""Uniswap v3 on local chains, from the bytecode that its npm packages ship.

    uniswap = Uniswap.deploy(chain, weth)
    pool = uniswap.create_pool(base=weth, quote=usdc, fee=3_000, price=2_000)      # USDC for one WETH
    pool.add_liquidity(1_000 * 10**18, 2_000_000 * 10**6)                          # full range
    pool.grow_observations(300)                                                    # for time-weighted prices
    pool.swap_exact_in(weth, 10**18)
    pool.move_to("1_850.25")                                                       # the arbitrageur
    uniswap.swap_exact_out([wbtc, 3_000, weth, 500, usdc], 10**6, max_in=10**8)

`chain` is a scripts.common.chain.Chain or a test's EVM. Tokens are contracts. Senders need the tokens;
allowances are given on the way. Nothing here limits slippage unless asked to: on a public chain trade with
`min_out` and `max_in`. The position manager has no descriptor, so `tokenURI` reverts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scripts.common import sqrt_price as prices
from scripts.common.contract import Call, Contract, Deployer, Reverted, Tx
from scripts.common.errors import KeelError
from scripts.common.packages import package_artifact

CORE, PERIPHERY = "@uniswap/v3-core", "@uniswap/v3-periphery"
# keccak256 of the pool's creation code; pools' addresses follow from it (PoolAddress.sol of v3-periphery).
POOL_INIT_CODE_HASH = bytes.fromhex("e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54")
NOBODY = "0x0000000000000000000000000000000000000000"
FOREVER = 2**256 - 1
UNLIMITED = 2**256 - 1
# More than anything holds, and small enough for the pool's signed amounts.
EVERYTHING = 2**127

Route = Sequence[Any]


@dataclass(frozen=True)
class Swap:
    """What a swap took and gave, in the tokens' smallest units."""

    amount_in: int
    amount_out: int
    tx: Tx


@dataclass(frozen=True)
class Position:
    """Liquidity that was added, and the amounts it took of base and quote."""

    token_id: int
    liquidity: int
    base_amount: int
    quote_amount: int
    tx: Tx


def encode_route(route: Route, reverse: bool = False) -> bytes:
    """`[token, fee, token, ...]` packed as pools, router and swap adapter read it. Raises KeelError."""
    if len(route) < 3 or len(route) % 2 == 0:
        raise KeelError(
            f"a route of {len(route)} entries is none; expected token, fee, token [, fee, token ...]"
        )
    packed = b""
    for position, entry in enumerate(reversed(route) if reverse else route):
        packed += entry.to_bytes(3, "big") if position % 2 else bytes.fromhex(_address(entry)[2:])
    return packed


class Uniswap:
    """Factory, router, quoter and position manager on one chain."""

    def __init__(self, chain: Deployer, factory: Any, router: Any, quoter: Any, positions: Any) -> None:
        self.chain = chain
        self.factory = _at(chain, CORE, "UniswapV3Factory", factory)
        self.router = _at(chain, PERIPHERY, "SwapRouter", router)
        self.quoter = _at(chain, PERIPHERY, "QuoterV2", quoter)
        self.positions = _at(chain, PERIPHERY, "NonfungiblePositionManager", positions)

    @classmethod
    def deploy(cls, chain: Deployer, weth: Any, *, sender: Any = None) -> Uniswap:
        """Deploys all four; `weth` is the wrapped native token that the periphery unwraps."""
        factory = _deploy(chain, CORE, "UniswapV3Factory", sender=sender)
        router = _deploy(chain, PERIPHERY, "SwapRouter", factory, weth, sender=sender)
        quoter = _deploy(chain, PERIPHERY, "QuoterV2", factory, weth, sender=sender)
        positions = _deploy(
            chain, PERIPHERY, "NonfungiblePositionManager", factory, weth, NOBODY, sender=sender
        )
        return cls(chain, factory, router, quoter, positions)

    def create_pool(
        self, base: Contract, quote: Contract, fee: int, price: prices.Price, *, sender: Any = None
    ) -> Pool:
        """Creates the pool at `price` (quote for one base); one that has a price already keeps it."""
        prices.tick_spacing(fee)
        token0, token1 = _sorted(base, quote)
        sqrt_price = prices.sqrt_price_of(price, base.decimals(), quote.decimals(), token0 is base)
        self.positions.createAndInitializePoolIfNecessary(token0, token1, fee, sqrt_price, sender=sender)
        return self.pool(base, quote, fee)

    def pool(self, base: Contract, quote: Contract, fee: int) -> Pool:
        """The pool of two tokens. Raises KeelError if it does not exist."""
        address = self.factory.getPool(base, quote, fee)
        if address == NOBODY:
            raise KeelError(
                f"no Uniswap v3 pool of {base.address} and {quote.address} with fee {fee}; create it first"
            )
        return Pool(self, base, quote, fee, address)

    def swap_exact_in(
        self, route: Route, amount_in: int, *, min_out: int = 0, sender: Any = None, recipient: Any = None
    ) -> Swap:
        """Sells `amount_in` along `[token, fee, token, ...]`. Raises Reverted."""
        sender = self._prepare(route[0], amount_in, sender)
        tx = self.router.exactInput(
            (encode_route(route), recipient or sender, FOREVER, amount_in, min_out), sender=sender
        )
        return self._swap(route, tx)

    def swap_exact_out(
        self,
        route: Route,
        amount_out: int,
        *,
        max_in: int = EVERYTHING,
        sender: Any = None,
        recipient: Any = None,
    ) -> Swap:
        """Buys `amount_out` along `[token, fee, token, ...]`, first token paid. Raises Reverted."""
        sender = self._prepare(route[0], max_in, sender)
        tx = self.router.exactOutput(
            (encode_route(route, reverse=True), recipient or sender, FOREVER, amount_out, max_in),
            sender=sender,
        )
        return self._swap(route, tx)

    def quote_exact_in(self, route: Route, amount_in: int) -> int:
        """What selling `amount_in` would give now. Raises Reverted."""
        return int(self.quoter.quoteExactInput.call(encode_route(route), amount_in)[0])

    def quote_exact_out(self, route: Route, amount_out: int) -> int:
        """What buying `amount_out` would take now. Raises Reverted."""
        return int(self.quoter.quoteExactOutput.call(encode_route(route, reverse=True), amount_out)[0])

    def allow(self, token: Contract, spender: Contract, amount: int, sender: str) -> None:
        """Lets `spender` take the sender's tokens, unless it may take `amount` already."""
        if token.allowance(sender, spender) < amount:
            token.approve(spender, UNLIMITED, sender=sender)

    def _prepare(self, token: Contract, amount: int, sender: Any) -> str:
        address: str = self.chain.sender(sender)
        self.allow(token, self.router, amount, address)
        return address

    def _swap(self, route: Route, tx: Tx) -> Swap:
        first = self.factory.getPool(*route[0:3:2], route[1])
        last = self.factory.getPool(*route[-3::2], route[-2])
        amount_in, _ = _amounts(tx, first)
        _, amount_out = _amounts(tx, last)
        return Swap(amount_in, amount_out, tx)


class Pool:
    """One pool, seen as a market: prices are units of quote for one unit of base."""

    def __init__(self, uniswap: Uniswap, base: Contract, quote: Contract, fee: int, address: str) -> None:
        self.uniswap = uniswap
        self.base, self.quote, self.fee = base, quote, fee
        self.contract = _at(uniswap.chain, CORE, "UniswapV3Pool", address)
        self.address = self.contract.address
        self.base_decimals, self.quote_decimals = int(base.decimals()), int(quote.decimals())
        self.base_is_token0 = _sorted(base, quote)[0] is base

    @property
    def sqrt_price(self) -> int:
        """The pool's own price, as sqrtPriceX96."""
        return int(self.contract.slot0()[0])

    @property
    def tick(self) -> int:
        """The tick that the price is in."""
        return int(self.contract.slot0()[1])

    @property
    def price(self) -> Fraction:
        """Units of quote for one of base, exact."""
        return prices.price_of(self.sqrt_price, self.base_decimals, self.quote_decimals, self.base_is_token0)

    def sqrt_price_of(self, price: prices.Price) -> int:
        """sqrtPriceX96 of a price in this pool. Raises KeelError."""
        return prices.sqrt_price_of(price, self.base_decimals, self.quote_decimals, self.base_is_token0)

    def add_liquidity(
        self,
        base_amount: int,
        quote_amount: int,
        *,
        low: prices.Price | None = None,
        high: prices.Price | None = None,
        sender: Any = None,
    ) -> Position:
        """Adds what the amounts pay for between two prices (full range without), at the pool's own ratio.

        The prices move to the nearest usable ticks. Raises KeelError, Reverted.
        """
        tick_low, tick_high = self._ticks(low, high)
        uniswap, amounts = self.uniswap, (base_amount, quote_amount)
        sender = uniswap.chain.sender(sender)
        for token, amount in zip((self.base, self.quote), amounts, strict=True):
            uniswap.allow(token, uniswap.positions, amount, sender)
        token0, token1 = _sorted(self.base, self.quote)
        amount0, amount1 = amounts if self.base_is_token0 else amounts[::-1]
        tx = uniswap.positions.mint(
            (token0, token1, self.fee, tick_low, tick_high, amount0, amount1, 0, 0, sender, FOREVER),
            sender=sender,
        )
        added = tx.events("IncreaseLiquidity", uniswap.positions)[0]
        used = (added["amount0"], added["amount1"])
        return Position(
            added["tokenId"], added["liquidity"], *(used if self.base_is_token0 else used[::-1]), tx
        )

    def grow_observations(self, count: int, *, sender: Any = None) -> Tx:
        """Lets the pool remember `count` observations; it writes at most one a block."""
        tx: Tx = self.contract.increaseObservationCardinalityNext(count, sender=sender)
        return tx

    def swap_exact_in(self, token_in: Contract, amount_in: int, **options: Any) -> Swap:
        """Sells `amount_in` of base or quote; options as Uniswap.swap_exact_in."""
        return self.uniswap.swap_exact_in(self._route_from(token_in), amount_in, **options)

    def swap_exact_out(self, token_out: Contract, amount_out: int, **options: Any) -> Swap:
        """Buys `amount_out` of base or quote; options as Uniswap.swap_exact_out."""
        return self.uniswap.swap_exact_out(self._route_from(token_out)[::-1], amount_out, **options)

    def move_to(self, price: prices.Price, *, sender: Any = None) -> Swap | None:
        """Trades until the pool is at `price` exactly; None if it is there already.

        Raises KeelError saying what the sender lacks, or if the pool has not enough liquidity.
        """
        move = self._move(price, self.sqrt_price)
        if move is None:
            return None
        token_in, token_out, target = move
        uniswap = self.uniswap
        sender = uniswap.chain.sender(sender)
        uniswap.allow(token_in, uniswap.router, EVERYTHING, sender)
        try:
            tx = uniswap.router.exactInputSingle(self._until(*move, sender), sender=sender)
        except Reverted as error:
            raise self._explained(error, token_in, token_out, target, sender) from None
        return Swap(*_amounts(tx, self.address), tx)

    def prepare_move_to(
        self, price: prices.Price, *, sender: Any = None, sqrt_price: int | None = None
    ) -> Call | None:
        """The call of `move_to`, to be sent together with others; the router must be allowed already.

        `sqrt_price` is the pool's, if known; it decides which token is sold.
        """
        move = self._move(price, self.sqrt_price if sqrt_price is None else sqrt_price)
        if move is None:
            return None
        uniswap = self.uniswap
        sender = uniswap.chain.sender(sender)
        call: Call = uniswap.router.exactInputSingle.prepare(self._until(*move, sender), sender=sender)
        return call

    def input_to_move_to(self, price: prices.Price) -> tuple[Contract, int]:
        """The token and the amount that `move_to(price)` would take, fee included. Raises Reverted."""
        move = self._move(price, self.sqrt_price)
        if move is None:
            return self.base, 0
        return move[0], self._input_needed(*move)

    def _move(self, price: prices.Price, now: int) -> tuple[Contract, Contract, int] | None:
        """What to sell, what to buy, and until which sqrtPriceX96."""
        target = self.sqrt_price_of(price)
        if target == now:
            return None
        token0, token1 = _sorted(self.base, self.quote)
        return (token0, token1, target) if target < now else (token1, token0, target)

    def _until(self, token_in: Contract, token_out: Contract, target: int, sender: str) -> tuple[Any, ...]:
        return (token_in, token_out, self.fee, sender, FOREVER, EVERYTHING, 0, target)

    def _input_needed(self, token_in: Contract, token_out: Contract, target: int) -> int:
        # With a price limit the quoter accepts an output that the pool cannot give.
        request = (token_in, token_out, EVERYTHING, self.fee, target)
        return int(self.uniswap.quoter.quoteExactOutputSingle.call(request)[0])

    def _explained(
        self, error: Reverted, token_in: Contract, token_out: Contract, target: int, sender: str
    ) -> KeelError:
        needed, held = self._input_needed(token_in, token_out, target), token_in.balanceOf(sender)
        if needed <= held:
            return error
        return KeelError(
            f"{sender} holds {held} of {token_in.address};"
            f" moving pool {self.address} to the price takes {needed}"
        )

    def _ticks(self, low: prices.Price | None, high: prices.Price | None) -> tuple[int, int]:
        full = prices.full_range(self.fee)
        ends = [None if price is None else self.sqrt_price_of(price) for price in (low, high)]
        if not self.base_is_token0:
            ends.reverse()
        tick_low, tick_high = (
            edge if end is None else prices.nearest_usable_tick(end, self.fee)
            for end, edge in zip(ends, full, strict=True)
        )
        if tick_low >= tick_high:
            raise KeelError(
                f"the range {low} to {high} is empty: its ends must be in ascending order"
                f" and {prices.tick_spacing(self.fee)} ticks apart"
            )
        return tick_low, tick_high

    def _route_from(self, token: Contract) -> list[Any]:
        if token == self.base:
            return [self.base, self.fee, self.quote]
        if token == self.quote:
            return [self.quote, self.fee, self.base]
        raise KeelError(
            f"{_address(token)} is not in pool {self.address};"
            f" it trades {self.base.address} and {self.quote.address}"
        )


def _deploy(chain: Deployer, package: str, name: str, *args: Any, sender: Any) -> Contract:
    artifact = package_artifact(package, name)
    return chain.deploy_raw(artifact.abi, artifact.creation_code(), *args, sender=sender)


def _at(chain: Deployer, package: str, name: str, address: Any) -> Contract:
    contract = chain.at(package_artifact(package, name).abi, address)
    contract.label = name
    return contract


def _sorted(a: Contract, b: Contract) -> tuple[Contract, Contract]:
    return (a, b) if int(a.address, 16) < int(b.address, 16) else (b, a)


def _amounts(tx: Tx, pool: str) -> tuple[int, int]:
    """What went into a pool and what came out."""
    event = tx.events("Swap", pool)[0]
    amounts = sorted((event["amount0"], event["amount1"]))
    return amounts[1], -amounts[0]


def _address(token: Any) -> str:
    return str(getattr(token, "address", token))
