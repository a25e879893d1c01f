"""Uniswap v3 from its packages' bytecode: the same code on the in-process EVM, on Anvil, and from scripts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from scripts.common import sqrt_price as prices
from scripts.common.chain import connect
from scripts.common.contract import Reverted
from scripts.common.errors import KeelError
from scripts.common.uniswap import POOL_INIT_CODE_HASH, Pool, Uniswap, encode_route
from tests.helpers.evm import Contract

pytestmark = pytest.mark.anvil

WETH, USDC = 10**18, 10**6
FEE = 3_000


@pytest.fixture(params=["pyrevm", "anvil", "scripts"])
def chain(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    if request.param == "pyrevm":
        yield request.getfixturevalue("evm")
        return
    anvil = request.getfixturevalue("anvil")
    if request.param == "anvil":
        yield anvil
        return
    monkeypatch.delenv("KEEL_PRIVATE_KEY", raising=False)
    monkeypatch.delenv("KEEL_ACCOUNT", raising=False)
    chain = connect(anvil.url, chain_id=31337)
    yield chain
    chain.close()


@pytest.fixture
def weth(chain: Any) -> Contract:
    return chain.deploy("MockWETH")


@pytest.fixture
def usdc(chain: Any) -> Contract:
    return chain.deploy("MockERC20", "USD Coin", "USDC", 6)


@pytest.fixture
def uniswap(chain: Any, weth: Contract) -> Uniswap:
    return Uniswap.deploy(chain, weth)


@pytest.fixture
def pool(chain: Any, uniswap: Uniswap, weth: Contract, usdc: Contract) -> Pool:
    weth.mint(chain.accounts[0], 1_000_000 * WETH)
    usdc.mint(chain.accounts[0], 1_000_000_000 * USDC)
    pool = uniswap.create_pool(weth, usdc, FEE, "2000.5")
    pool.add_liquidity(1_000 * WETH, 10_000_000 * USDC)
    return pool


def close(actual: Fraction, wanted: Fraction | int, parts: int = 10**9) -> bool:
    return abs(actual - wanted) * parts <= wanted


def test_pool_starts_at_its_price_whichever_token_sorts_first(
    chain: Any, uniswap: Uniswap, weth: Contract, usdc: Contract
) -> None:
    forward = uniswap.create_pool(weth, usdc, FEE, 2_000)
    # The same market seen from the other side, as its own pool.
    backward = uniswap.create_pool(usdc, weth, 500, Fraction(1, 2_000))
    assert forward.base_is_token0 != backward.base_is_token0
    assert close(forward.price, 2_000)
    assert close(1 / backward.price, 2_000)
    assert abs(forward.tick - backward.tick) <= 1
    assert forward.tick == prices.tick_at_sqrt_price(forward.sqrt_price)


def test_creating_a_pool_again_keeps_its_price(uniswap: Uniswap, pool: Pool) -> None:
    again = uniswap.create_pool(pool.base, pool.quote, FEE, 5)
    assert again.address == pool.address
    assert close(again.price, Fraction(4001, 2))


def test_pool_address_follows_from_the_hash_of_the_creation_code(uniswap: Uniswap, pool: Pool) -> None:
    from eth_abi import encode
    from eth_utils import keccak, to_checksum_address

    token0, token1 = sorted((pool.base.address, pool.quote.address), key=lambda address: int(address, 16))
    salt = keccak(encode(["address", "address", "uint24"], [token0, token1, FEE]))
    factory = bytes.fromhex(uniswap.factory.address[2:])
    digest = keccak(b"\xff" + factory + salt + POOL_INIT_CODE_HASH)
    assert pool.address == to_checksum_address(digest[-20:])


def test_exact_in_pays_what_was_quoted_to_the_recipient(
    chain: Any, uniswap: Uniswap, pool: Pool, weth: Contract, usdc: Contract
) -> None:
    quoted = uniswap.quote_exact_in([weth, FEE, usdc], WETH)
    swap = pool.swap_exact_in(weth, WETH, recipient=chain.accounts[3])
    assert (swap.amount_in, swap.amount_out) == (WETH, quoted)
    assert usdc.balanceOf(chain.accounts[3]) == quoted
    # A full-range position is a constant product, here of 1,000 and 2,000,500.
    after_fee = Fraction(997, 1000)
    assert close(Fraction(quoted, USDC), 2_000_500 * after_fee / (1_000 + after_fee), 10**8)
    assert swap.tx.gas_used > 0


def test_exact_out_takes_what_was_quoted(
    chain: Any, uniswap: Uniswap, pool: Pool, weth: Contract, usdc: Contract
) -> None:
    quoted = uniswap.quote_exact_out([usdc, FEE, weth], WETH)
    before = usdc.balanceOf(chain.accounts[0])
    swap = pool.swap_exact_out(weth, WETH, max_in=quoted)
    assert (swap.amount_in, swap.amount_out) == (quoted, WETH)
    assert before - usdc.balanceOf(chain.accounts[0]) == quoted


def test_limits_of_swaps_hold(pool: Pool, weth: Contract) -> None:
    with pytest.raises(Reverted, match="Too little received"):
        pool.swap_exact_in(weth, WETH, min_out=2_001 * USDC)
    with pytest.raises(Reverted, match="Too much requested"):
        pool.swap_exact_out(weth, WETH, max_in=2_000 * USDC)


def test_two_hops(chain: Any, uniswap: Uniswap, pool: Pool, weth: Contract, usdc: Contract) -> None:
    wbtc = chain.deploy("MockERC20", "Wrapped Bitcoin", "WBTC", 8)
    wbtc.mint(chain.accounts[0], 1_000 * 10**8)
    second = uniswap.create_pool(wbtc, weth, 500, 15)
    second.add_liquidity(100 * 10**8, 1_500 * WETH)
    sold = uniswap.swap_exact_in([wbtc, 500, weth, FEE, usdc], 10**7)
    assert sold.amount_in == 10**7
    assert 2_950 * USDC < sold.amount_out < 3_000 * USDC
    route = [usdc, FEE, weth, 500, wbtc]
    bought = uniswap.swap_exact_out(route, 10**7, sender=chain.accounts[0])
    assert bought.amount_out == 10**7
    assert bought.amount_in > sold.amount_out


@pytest.mark.parametrize("target", ["1100.75", "2000.6", "3999"])
def test_arbitrage_reaches_the_target_exactly(pool: Pool, target: str) -> None:
    token, needed = pool.input_to_move_to(target)
    swap = pool.move_to(target)
    assert swap is not None
    assert swap.amount_in == needed
    assert token == (pool.base if Fraction(target) < Fraction("2000.5") else pool.quote)
    assert pool.sqrt_price == pool.sqrt_price_of(target)
    assert abs(pool.tick - prices.tick_at_sqrt_price(pool.sqrt_price_of(target))) <= 1
    assert close(pool.price, Fraction(target))
    assert pool.move_to(target) is None


def test_arbitrage_can_be_prepared(chain: Any, pool: Pool, weth: Contract, usdc: Contract) -> None:
    assert pool.prepare_move_to("2000.5") is None
    call = pool.prepare_move_to(1_900, sqrt_price=pool.sqrt_price)
    assert call is not None
    weth.approve(pool.uniswap.router, 2**256 - 1)
    chain.transact(call.sender, call.to, call.data, call.value, None, call.decode)
    assert pool.sqrt_price == pool.sqrt_price_of(1_900)


def test_arbitrage_says_what_is_missing(chain: Any, pool: Pool) -> None:
    poor = chain.accounts[5]
    token, needed = pool.input_to_move_to(2_500)
    with pytest.raises(KeelError, match=f"{poor} holds 0 of {token.address}; .* takes {needed}"):
        pool.move_to(2_500, sender=poor)


def test_a_range_holds_liquidity_between_its_prices_alone(
    chain: Any, uniswap: Uniswap, weth: Contract, usdc: Contract
) -> None:
    weth.mint(chain.accounts[0], 100 * WETH)
    usdc.mint(chain.accounts[0], 10**6 * USDC)
    pool = uniswap.create_pool(weth, usdc, FEE, 2_000)
    position = pool.add_liquidity(10 * WETH, 20_000 * USDC, low=1_500, high=2_500)
    ends = sorted(prices.nearest_usable_tick(pool.sqrt_price_of(end), FEE) for end in (1_500, 2_500))
    sqrt_ends = [prices.sqrt_price_at_tick(tick) for tick in ends]
    base_is_0 = pool.base_is_token0
    amounts = (10 * WETH, 20_000 * USDC) if base_is_0 else (20_000 * USDC, 10 * WETH)
    assert position.liquidity == prices.liquidity_for(pool.sqrt_price, *sqrt_ends, *amounts)
    used = prices.amounts_for(pool.sqrt_price, *sqrt_ends, position.liquidity)
    assert (position.base_amount, position.quote_amount) == (used if base_is_0 else used[::-1])
    assert pool.contract.liquidity() == position.liquidity
    pool.move_to(1_400)
    assert pool.contract.liquidity() == 0
    with pytest.raises(KeelError, match="range 2000 to 1500 is empty"):
        pool.add_liquidity(1, 1, low=2_000, high=1_500)


def test_observations_grow(pool: Pool) -> None:
    pool.grow_observations(20)
    assert pool.contract.slot0()[4] == 20


def test_routes_and_pools_that_are_none(
    chain: Any, uniswap: Uniswap, pool: Pool, weth: Contract, usdc: Contract
) -> None:
    assert encode_route([weth, 500, usdc]).hex() == (weth.address[2:] + "0001f4" + usdc.address[2:]).lower()
    assert encode_route([weth, 500, usdc], reverse=True) == encode_route([usdc, 500, weth])
    with pytest.raises(KeelError, match="a route of 2 entries is none"):
        encode_route([weth, 500])
    with pytest.raises(KeelError, match="create it first"):
        uniswap.pool(weth, usdc, 10_000)
    with pytest.raises(KeelError, match="fee 1234 is none of Uniswap v3's"):
        uniswap.create_pool(weth, usdc, 1_234, 1)
    with pytest.raises(KeelError, match=f"{chain.accounts[0]} is not in pool"):
        pool.swap_exact_in(chain.accounts[0], 1)
