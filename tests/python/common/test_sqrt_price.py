"""scripts/common/sqrt_price.py against exact arithmetic, and against Uniswap's own contracts."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.common import sqrt_price as prices
from scripts.common.errors import KeelError
from scripts.common.packages import package_artifact
from scripts.common.uniswap import CORE
from tests.helpers.evm import PyrevmBackend

TICKS = st.integers(min_value=prices.MIN_TICK, max_value=prices.MAX_TICK)
SQRT_PRICES = st.one_of(
    st.integers(min_value=prices.MIN_SQRT_PRICE, max_value=prices.MAX_SQRT_PRICE - 1),
    st.integers(min_value=2**32, max_value=2**100).filter(lambda value: value >= prices.MIN_SQRT_PRICE),
)
DECIMALS = st.sampled_from([0, 6, 8, 18, 27])
HUMAN_PRICES = st.fractions(min_value=Fraction(1, 10**6), max_value=10**6, max_denominator=10**9)


@given(HUMAN_PRICES, DECIMALS, DECIMALS, st.booleans())
def test_the_root_is_the_largest_that_is_not_above_the_price(
    price: Fraction, base: int, quote: int, base_is_token0: bool
) -> None:
    try:
        root = prices.sqrt_price_of(price, base, quote, base_is_token0)
    except KeelError:
        return
    raw = price * Fraction(10) ** (quote - base)
    raw = raw if base_is_token0 else 1 / raw
    assert root**2 <= raw * 2**192 < (root + 1) ** 2


@given(SQRT_PRICES, DECIMALS, DECIMALS, st.booleans())
def test_a_price_read_from_a_root_gives_the_root_again(
    root: int, base: int, quote: int, base_is_token0: bool
) -> None:
    assert (
        prices.sqrt_price_of(prices.price_of(root, base, quote, base_is_token0), base, quote, base_is_token0)
        == root
    )


@given(SQRT_PRICES, DECIMALS, DECIMALS)
def test_a_market_seen_from_the_other_side_has_the_inverse_price(root: int, base: int, quote: int) -> None:
    assert prices.price_of(root, base, quote, True) * prices.price_of(root, quote, base, False) == 1


def test_known_prices() -> None:
    # From the Uniswap v3 Development Book, which computed the root in floating point.
    root = prices.sqrt_price_of(5_000, 18, 18, True)
    assert abs(root - 5602277097478614198912276234240) < 2**50
    assert prices.tick_at_sqrt_price(root) == 85_176
    assert prices.sqrt_price_of(1, 18, 18, True) == prices.sqrt_price_of(1, 6, 6, False) == 2**96
    assert prices.tick_at_sqrt_price(prices.sqrt_price_of(2_000, 18, 6, True)) == -200_312


@given(TICKS)
def test_ticks_are_powers_of_1_0001(tick: int) -> None:
    with localcontext() as context:
        context.prec = 80
        exact = Decimal("1.0001") ** (Decimal(tick) / 2) * 2**96
        # Twenty factors rounded to 2**-128, of a product that falls to 2**-64.
        assert abs(prices.sqrt_price_at_tick(tick) - exact) <= 1 + exact * 21 / 2**64


@given(TICKS)
def test_a_tick_is_found_from_its_root_and_not_from_one_less(tick: int) -> None:
    root = prices.sqrt_price_at_tick(tick)
    if tick < prices.MAX_TICK:
        assert prices.tick_at_sqrt_price(root) == tick
    if tick > prices.MIN_TICK:
        assert prices.tick_at_sqrt_price(root - 1) == tick - 1


@settings(max_examples=25)
@given(SQRT_PRICES)
def test_ticks_are_those_of_a_real_pool(evm: PyrevmBackend, root: int) -> None:
    factory_artifact = package_artifact(CORE, "UniswapV3Factory")
    with evm.isolation():
        factory = evm.deploy_raw(factory_artifact.abi, factory_artifact.creation_code())
        factory.createPool(*evm.accounts[:2], 500)
        address = factory.getPool(*evm.accounts[:2], 500)
        pool = evm.at(package_artifact(CORE, "UniswapV3Pool").abi, address)
        pool.initialize(root)
        assert pool.slot0()[:2] == (root, prices.tick_at_sqrt_price(root))


def test_the_ends_of_the_range() -> None:
    assert prices.sqrt_price_at_tick(prices.MIN_TICK) == prices.MIN_SQRT_PRICE
    assert prices.sqrt_price_at_tick(prices.MAX_TICK) == prices.MAX_SQRT_PRICE
    assert prices.full_range(3_000) == (-887_220, 887_220)
    assert prices.full_range(100) == (prices.MIN_TICK, prices.MAX_TICK)


@given(SQRT_PRICES, st.sampled_from(sorted(prices.TICK_SPACINGS)))
def test_the_nearest_usable_tick_is_usable_and_nearest(root: int, fee: int) -> None:
    tick, spacing = prices.nearest_usable_tick(root, fee), prices.tick_spacing(fee)
    low, high = prices.full_range(fee)
    assert tick % spacing == 0
    assert low <= tick <= high
    assert abs(tick - min(max(prices.tick_at_sqrt_price(root), low), high)) <= spacing // 2


@given(
    st.integers(min_value=1, max_value=10**30),
    st.integers(min_value=1, max_value=10**30),
    st.integers(min_value=-200_000, max_value=200_000),
)
def test_liquidity_never_costs_more_than_the_amounts(amount0: int, amount1: int, tick: int) -> None:
    low, high = prices.sqrt_price_at_tick(-60_000), prices.sqrt_price_at_tick(60_000)
    root = prices.sqrt_price_at_tick(tick)
    liquidity = prices.liquidity_for(root, low, high, amount0, amount1)
    cost0, cost1 = prices.amounts_for(root, low, high, liquidity)
    assert cost0 <= amount0 or tick >= 60_000
    assert cost1 <= amount1 or tick <= -60_000
    assert (tick >= 60_000) == (cost0 == 0) or liquidity == 0
    assert (tick <= -60_000) == (cost1 == 0) or liquidity == 0


@pytest.mark.parametrize(
    ("price", "message"),
    [
        (0.1, "price 0.1 is not exact"),
        (True, "price True is not exact"),
        ("cheap", "price 'cheap' is not a number; expected something like"),
        (Decimal("NaN"), "is not a number"),
        (0, "price 0 is not above zero"),
        (-1, "price -1 is not above zero"),
    ],
)
def test_prices_that_are_none(price: object, message: str) -> None:
    with pytest.raises(KeelError, match=message):
        prices.sqrt_price_of(price, 18, 18, True)  # type: ignore[arg-type]


def test_what_uniswap_cannot_hold() -> None:
    with pytest.raises(KeelError, match=r"gives sqrtPriceX96 .*; Uniswap v3 holds 4295128739 to"):
        prices.sqrt_price_of(10**40, 0, 27, True)
    with pytest.raises(KeelError, match="tick 887273 is out of range"):
        prices.sqrt_price_at_tick(887_273)
    with pytest.raises(KeelError, match="sqrtPriceX96 1 is out of range"):
        prices.tick_at_sqrt_price(1)
    with pytest.raises(KeelError, match="fee 5 is none of Uniswap v3's; expected one of 100, 500"):
        prices.tick_spacing(5)
