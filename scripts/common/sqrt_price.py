"""Uniswap v3's price arithmetic in exact integers: prices, square roots in Q64.96, ticks, liquidity.

A human price is units of quote for one unit of base (2,000 USDC for 1 WETH) as an exact rational; a pool's
price is smallest units of token1 for one smallest unit of token0, kept as `floor(sqrt(price) * 2**96)`. Ticks
follow TickMath of @uniswap/v3-core 1.0.1 bit by bit; amounts and liquidity follow SqrtPriceMath and
LiquidityAmounts, rounded as the pool rounds.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import isqrt

from scripts.common.errors import KeelError

Q96 = 1 << 96
MIN_TICK, MAX_TICK = -887_272, 887_272
MIN_SQRT_PRICE = 4295128739
MAX_SQRT_PRICE = 1461446703485210103287273052203988822378723970342
TICK_SPACINGS = {100: 1, 500: 10, 3_000: 60, 10_000: 200}

Price = Fraction | Decimal | int | str

# sqrt(1.0001) ** -(2 ** i) as Q128.128, the constants of TickMath.
_TICK_FACTORS = (
    0xFFFCB933BD6FAD37AA2D162D1A594001,
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)


def as_fraction(price: Price) -> Fraction:
    """A price as an exact rational.

    Raises KeelError for floats, text that is no number, and prices not above zero.
    """
    if isinstance(price, float | bool):
        raise KeelError(f"price {price!r} is not exact; pass an int, Decimal, Fraction or text")
    try:
        value = Fraction(price)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise KeelError(f'price {price!r} is not a number; expected something like "1999.5"') from None
    if value <= 0:
        raise KeelError(f"price {price!r} is not above zero")
    return value


def sqrt_price_of(price: Price, base_decimals: int, quote_decimals: int, base_is_token0: bool) -> int:
    """The Q64.96 square root for a human price, rounded down. Raises KeelError outside of Uniswap's range."""
    raw = as_fraction(price) * Fraction(10) ** (quote_decimals - base_decimals)
    if not base_is_token0:
        raw = 1 / raw
    sqrt_price = isqrt((raw.numerator << 192) // raw.denominator)
    if not MIN_SQRT_PRICE <= sqrt_price < MAX_SQRT_PRICE:
        raise KeelError(
            f"price {price} ({base_decimals} and {quote_decimals} decimals) gives sqrtPriceX96 {sqrt_price};"
            f" Uniswap v3 holds {MIN_SQRT_PRICE} to {MAX_SQRT_PRICE - 1}"
        )
    return sqrt_price


def price_of(sqrt_price: int, base_decimals: int, quote_decimals: int, base_is_token0: bool) -> Fraction:
    """The human price, exact, of a Q64.96 square root above zero."""
    raw = Fraction(sqrt_price * sqrt_price, 1 << 192)
    if not base_is_token0:
        raw = 1 / raw
    return raw * Fraction(10) ** (base_decimals - quote_decimals)


def sqrt_price_at_tick(tick: int) -> int:
    """TickMath.getSqrtRatioAtTick. Raises KeelError outside of MIN_TICK to MAX_TICK."""
    if not MIN_TICK <= tick <= MAX_TICK:
        raise KeelError(f"tick {tick} is out of range; Uniswap v3 has {MIN_TICK} to {MAX_TICK}")
    ratio, size = 1 << 128, abs(tick)
    for bit, factor in enumerate(_TICK_FACTORS):
        if size >> bit & 1:
            ratio = ratio * factor >> 128
    if tick > 0:
        ratio = ((1 << 256) - 1) // ratio
    return (ratio + (1 << 32) - 1) >> 32


def tick_at_sqrt_price(sqrt_price: int) -> int:
    """TickMath.getTickAtSqrtRatio: the greatest tick whose square root is not above `sqrt_price`.

    Raises KeelError outside of Uniswap's range.
    """
    if not MIN_SQRT_PRICE <= sqrt_price < MAX_SQRT_PRICE:
        raise KeelError(
            f"sqrtPriceX96 {sqrt_price} is out of range; expected {MIN_SQRT_PRICE} to {MAX_SQRT_PRICE - 1}"
        )
    low, high = MIN_TICK, MAX_TICK
    while low < high:
        middle = (low + high + 1) // 2
        if sqrt_price_at_tick(middle) <= sqrt_price:
            low = middle
        else:
            high = middle - 1
    return low


def tick_spacing(fee: int) -> int:
    """Distance of usable ticks in pools of this fee, in hundredths of a bip. Raises KeelError for others."""
    if fee not in TICK_SPACINGS:
        raise KeelError(
            f"fee {fee} is none of Uniswap v3's; expected one of {', '.join(map(str, TICK_SPACINGS))}"
        )
    return TICK_SPACINGS[fee]


def full_range(fee: int) -> tuple[int, int]:
    """Lowest and highest tick that a position in a pool of this fee can have."""
    spacing = tick_spacing(fee)
    end = MAX_TICK // spacing * spacing
    return -end, end


def nearest_usable_tick(sqrt_price: int, fee: int) -> int:
    """The usable tick nearest to a price, inside the full range."""
    spacing = tick_spacing(fee)
    low, high = full_range(fee)
    tick = tick_at_sqrt_price(min(max(sqrt_price, MIN_SQRT_PRICE), MAX_SQRT_PRICE - 1))
    return min(max((tick + spacing // 2) // spacing * spacing, low), high)


def liquidity_for(sqrt_price: int, sqrt_low: int, sqrt_high: int, amount0: int, amount1: int) -> int:
    """Most liquidity of a range that the amounts pay for; what NonfungiblePositionManager computes."""
    if sqrt_price <= sqrt_low:
        return _liquidity0(sqrt_low, sqrt_high, amount0)
    if sqrt_price >= sqrt_high:
        return _liquidity1(sqrt_low, sqrt_high, amount1)
    return min(_liquidity0(sqrt_price, sqrt_high, amount0), _liquidity1(sqrt_low, sqrt_price, amount1))


def amounts_for(sqrt_price: int, sqrt_low: int, sqrt_high: int, liquidity: int) -> tuple[int, int]:
    """Amounts of token0 and token1 that this much liquidity of a range costs, rounded up as in mint."""
    inside = min(max(sqrt_price, sqrt_low), sqrt_high)
    return amount0_between(inside, sqrt_high, liquidity), amount1_between(sqrt_low, inside, liquidity)


def amount0_between(sqrt_low: int, sqrt_high: int, liquidity: int) -> int:
    """Token0 between two prices at constant liquidity, rounded up (SqrtPriceMath.getAmount0Delta)."""
    return _div_up(_div_up((liquidity << 96) * (sqrt_high - sqrt_low), sqrt_high), sqrt_low)


def amount1_between(sqrt_low: int, sqrt_high: int, liquidity: int) -> int:
    """Token1 between two prices at constant liquidity, rounded up (SqrtPriceMath.getAmount1Delta)."""
    return _div_up(liquidity * (sqrt_high - sqrt_low), Q96)


def _liquidity0(sqrt_low: int, sqrt_high: int, amount0: int) -> int:
    return amount0 * (sqrt_low * sqrt_high // Q96) // (sqrt_high - sqrt_low)


def _liquidity1(sqrt_low: int, sqrt_high: int, amount1: int) -> int:
    return amount1 * Q96 // (sqrt_high - sqrt_low)


def _div_up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
