"""UniswapV3TwapSource against a pool whose accumulators are set; reference values in exact decimals."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.backend import START_TIME
from tests.helpers.rounds import MAX_ANSWER, encode_round, good_round, malformed_rounds

MAX_TICK = 887_272
WINDOW = 300
HOUR, WEEK = 3_600, 7 * 86_400
LIQUIDITY = 10**18
TICK = -200_311  # 2,000 whole quote of 6 decimals for one whole base of 18, base token0
NO_FEED = "0x" + "00" * 20
CALL_GAS_NEEDED = 208_000
# TickMath keeps the root of the price at the largest tick to 2**-64, and squares it.
RELATIVE_ERROR = Decimal("1e-16")


def exact_price(tick, base_is_token0, base_decimals, quote_decimals, quote_usd=Decimal(1)):
    """Dollars for one whole base token at a tick, in 120 digits."""
    with localcontext() as context:
        context.prec = 120
        raw = Decimal("1.0001") ** (tick if base_is_token0 else -tick)
        return raw * Decimal(10) ** (base_decimals - quote_decimals) * quote_usd


def assert_price(price_wad, exact):
    with localcontext() as context:
        context.prec = 120
        wanted = exact * 10**18
        if wanted > Decimal(MAX_ANSWER) * (1 + RELATIVE_ERROR):
            assert price_wad == 0
        elif wanted < Decimal(MAX_ANSWER) * (1 - RELATIVE_ERROR):
            assert abs(price_wad - wanted) <= wanted * RELATIVE_ERROR + 1


def name(parameter):
    return parameter.encode().ljust(32, b"\0")


class Market:
    """A pool of two tokens, and a source on it."""

    def __init__(self, evm, base_decimals=18, quote_decimals=6, base_is_token0=True):
        self.evm = evm
        tokens = [evm.deploy("MockERC20", "A", "A", 0), evm.deploy("MockERC20", "B", "B", 0)]
        tokens.sort(key=lambda token: int(token.address, 16))
        place = 0 if base_is_token0 else 1
        decimals = [base_decimals, quote_decimals] if base_is_token0 else [quote_decimals, base_decimals]
        for token, places in zip(tokens, decimals, strict=True):
            evm.set_code(token, evm.code(evm.deploy("MockERC20", "T", "T", places)))
        self.base, self.quote = tokens[place], tokens[1 - place]
        self.pool = evm.deploy("MockV3Pool", tokens[0], tokens[1])

    def source(self, window=WINDOW, feed=NO_FEED, heartbeat=0, min_liquidity=0):
        return self.evm.deploy(
            "UniswapV3TwapSource", self.pool, self.base, window, feed, heartbeat, min_liquidity
        )

    def set_mean(self, tick, window=WINDOW, liquidity=LIQUIDITY, start=(0, 0), more=0):
        """The pool stood at `tick` with `liquidity` for the window; `more` adds to the tick accumulator."""
        tick_start, liquidity_start = start
        self.pool.setAccumulators(
            [wrapped(tick_start, 56), wrapped(tick_start + tick * window + more, 56)],
            [liquidity_start % 2**160, (liquidity_start + (window << 128) // liquidity) % 2**160],
        )


def wrapped(value, bits):
    """As a signed integer of that many bits holds it."""
    return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


@given(
    tick=st.integers(-MAX_TICK, MAX_TICK)
    | st.sampled_from([-MAX_TICK, -1, 0, 1, MAX_TICK])
    | st.integers(-300_000, 300_000),
    base_decimals=st.integers(0, 27),
    quote_decimals=st.integers(0, 27),
    base_is_token0=st.booleans(),
)
@settings(max_examples=400)
def test_price_is_exact_for_any_tick_and_decimals(evm, tick, base_decimals, quote_decimals, base_is_token0):
    with evm.isolation():
        market = Market(evm, base_decimals, quote_decimals, base_is_token0)
        market.set_mean(tick)
        exact = exact_price(tick, base_is_token0, base_decimals, quote_decimals)
        assert_price(market.source().priceWad(), exact)


@given(
    tick=st.integers(-MAX_TICK, MAX_TICK) | st.integers(-300_000, 300_000),
    base_decimals=st.integers(0, 27),
    quote_decimals=st.integers(0, 27),
    feed_decimals=st.integers(0, 18),
    answer=st.integers(1, MAX_ANSWER) | st.integers(1, 10**12),
    base_is_token0=st.booleans(),
)
@settings(max_examples=400)
def test_price_times_the_quote_tokens_price(
    evm, tick, base_decimals, quote_decimals, feed_decimals, answer, base_is_token0
):
    with evm.isolation():
        market = Market(evm, base_decimals, quote_decimals, base_is_token0)
        feed = evm.deploy("MockAggregator", feed_decimals, "quote / USD", answer)
        market.set_mean(tick)
        with localcontext() as context:
            context.prec = 120
            quote_usd = Decimal(answer) / 10**feed_decimals
        exact = exact_price(tick, base_is_token0, base_decimals, quote_decimals, quote_usd)
        assert_price(market.source(feed=feed, heartbeat=HOUR).priceWad(), exact)


@pytest.mark.parametrize("tick", [-MAX_TICK, 0, MAX_TICK])
@pytest.mark.parametrize(
    "base_decimals, quote_decimals, feed_decimals, answer",
    [(27, 0, 0, MAX_ANSWER), (0, 27, 18, 1), (0, 27, 18, MAX_ANSWER), (27, 0, 0, 1)],
)
def test_products_of_more_than_256_bits_are_no_revert(
    evm, tick, base_decimals, quote_decimals, feed_decimals, answer
):
    market = Market(evm, base_decimals, quote_decimals)
    feed = evm.deploy("MockAggregator", feed_decimals, "quote / USD", answer)
    market.set_mean(tick)
    exact = exact_price(tick, True, base_decimals, quote_decimals, Decimal(answer) / 10**feed_decimals)
    assert_price(market.source(feed=feed, heartbeat=HOUR).priceWad(), exact)


@pytest.mark.parametrize("base_is_token0", [True, False])
def test_a_cheap_base_in_a_quote_of_few_decimals_keeps_its_digits(evm, base_is_token0):
    """A token worth ten smallest units of a six-decimal dollar: the price is not rounded to tenths."""
    market = Market(evm, 18, 6, base_is_token0)
    tick = -391_459 if base_is_token0 else 391_459
    market.set_mean(tick)
    assert market.source().priceWad() == pytest.approx(10**13, rel=0.01)
    assert_price(market.source().priceWad(), exact_price(tick, base_is_token0, 18, 6))


@given(
    window=st.integers(60, 300),
    cumulative=st.integers(-MAX_TICK * 60, MAX_TICK * 60),
    base_is_token0=st.booleans(),
)
def test_mean_tick_is_rounded_towards_negative_infinity(evm, window, cumulative, base_is_token0):
    with evm.isolation():
        market = Market(evm, 18, 18, base_is_token0)
        market.set_mean(0, window, more=cumulative)
        exact = exact_price(cumulative // window, base_is_token0, 18, 18)
        assert_price(market.source(window).priceWad(), exact)


@pytest.mark.parametrize("base_is_token0", [True, False])
@pytest.mark.parametrize(
    "cumulative, tick", [(-1, -1), (-300, -1), (-301, -2), (-299, -1), (1, 0), (299, 0), (300, 1)]
)
def test_mean_tick_at_the_edges(evm, cumulative, tick, base_is_token0):
    market = Market(evm, 18, 18, base_is_token0)
    market.set_mean(0, more=cumulative)
    price = market.source().priceWad()
    market.set_mean(tick)
    assert price == market.source().priceWad()


@pytest.mark.parametrize("tick_start", [2**55 - 1, 2**55 - 150 * 200_000, -(2**55)])
@pytest.mark.parametrize("liquidity_start", [0, 2**160 - 1, 2**160 - (150 << 128) // LIQUIDITY])
@pytest.mark.parametrize("tick", [100_000, TICK])
def test_accumulators_may_wrap(evm, tick, tick_start, liquidity_start):
    market = Market(evm)
    market.set_mean(tick)
    source = market.source(min_liquidity=LIQUIDITY - 1)
    wanted = source.priceWad()
    assert wanted > 0
    market.set_mean(tick, start=(tick_start, liquidity_start))
    assert source.priceWad() == wanted


@pytest.mark.parametrize("tick", [MAX_TICK + 1, -MAX_TICK - 1, 10**6, -(10**6)])
def test_a_tick_that_no_pool_has_is_no_price(evm, tick):
    market = Market(evm)
    market.set_mean(tick)
    assert market.source().priceWad() == 0


def test_liquidity_below_the_minimum_is_no_price(evm):
    market = Market(evm)
    source = market.source(min_liquidity=LIQUIDITY)
    market.set_mean(TICK)
    assert source.priceWad() > 0
    market.set_mean(TICK, liquidity=LIQUIDITY - 1)
    assert source.priceWad() == 0


@pytest.mark.parametrize("seconds_empty", [1, 12, 299])
def test_the_harmonic_mean_counts_seconds_without_liquidity(evm, seconds_empty):
    """A minute of deep liquidity does not make up for a second of none; an arithmetic mean would."""
    market = Market(evm)
    source = market.source(min_liquidity=10**6)
    deep = ((WINDOW - seconds_empty) << 128) // 10**30
    market.pool.setAccumulators([0, TICK * WINDOW], [0, deep + (seconds_empty << 128)])
    assert source.priceWad() == 0
    market.pool.setAccumulators([0, TICK * WINDOW], [0, deep])
    assert source.priceWad() > 0


def test_a_pool_that_answers_no_liquidity_change_is_no_price(evm):
    market = Market(evm)
    market.pool.setAccumulators([0, TICK * WINDOW], [5, 5])
    assert market.source().priceWad() == 0


def test_too_short_a_history_is_no_price(evm):
    market = Market(evm)
    market.set_mean(TICK)
    source = market.source()
    market.pool.setTooShort(True)
    assert source.priceWad() == 0
    market.pool.setTooShort(False)
    assert source.priceWad() > 0


@pytest.mark.parametrize("what", malformed_rounds(START_TIME))
def test_a_malformed_quote_price_is_no_price(evm, what):
    market, feed = Market(evm), evm.deploy("HostileFeed")
    market.set_mean(TICK)
    source = market.source(feed=feed, heartbeat=WEEK)
    feed.setRaw(encode_round(good_round(evm.now)))
    assert source.priceWad() > 0
    feed.setRaw(encode_round(malformed_rounds(evm.now)[what]))
    assert source.priceWad() == 0


def test_a_stale_quote_price_is_no_price(evm):
    market, feed = Market(evm), evm.deploy("MockAggregator", 8, "USDC / USD", 10**8)
    market.set_mean(TICK)
    source = market.source(feed=feed, heartbeat=HOUR)
    evm.warp(HOUR)
    assert source.priceWad() > 0
    evm.warp(1)
    assert source.priceWad() == 0


def test_too_little_gas_never_makes_a_live_pool_look_dead(evm):
    """With every amount of gas the price or a revert, never zero. The pool is one that takes much gas."""
    market, reader = Market(evm), evm.deploy("FeedReader")
    market.set_mean(TICK)
    wanted = market.source().priceWad()
    slow = evm.deploy("MockV3Pool", market.pool.token0(), market.pool.token1())
    source = evm.deploy("UniswapV3TwapSource", slow, market.base, WINDOW, NO_FEED, 0, 0)
    evm.set_code(slow, evm.code(evm.deploy("HostileFeed")))
    proxy = evm.at("HostileFeed", slow)
    proxy.setFeed(market.pool, False)
    proxy.setWork(100_000)
    data = source.priceWad.encode()
    answered = refused = 0
    for gas in range(500, 260_000, 499):
        done, result = reader.callWithGas(source, data, gas)
        if done:
            assert int.from_bytes(result, "big") == wanted, f"{gas} gas"
        answered += done
        refused += bool(not done and result)
    assert answered and refused


def test_a_silent_pool_is_no_price_only_with_its_full_gas(evm):
    market, reader = Market(evm), evm.deploy("FeedReader")
    market.pool.setTooShort(True)
    source = market.source()
    with evm.reverts("UniswapV3TwapSource_OutOfGas"):
        source.priceWad(gas=CALL_GAS_NEEDED + 21_000)
    done, result = reader.callWithGas(source, source.priceWad.encode(), CALL_GAS_NEEDED + 5_000)
    assert done and result == bytes(32)


@pytest.mark.parametrize("window", [0, 59, 301, 2**32 + 60])
def test_refuses_a_window_out_of_range(evm, window):
    market = Market(evm)
    with evm.reverts("UniswapV3TwapSource_OutOfRange", name("window"), window, 60, 300):
        market.source(window)


@pytest.mark.parametrize("window", [60, 300])
def test_takes_the_windows_bounds(evm, window):
    market = Market(evm)
    market.set_mean(TICK, window)
    assert_price(market.source(window).priceWad(), exact_price(TICK, True, 18, 6))


@pytest.mark.parametrize("heartbeat", [0, WEEK + 1])
def test_refuses_a_heartbeat_out_of_range(evm, heartbeat):
    market, feed = Market(evm), evm.deploy("MockAggregator", 8, "USDC / USD", 10**8)
    with evm.reverts("UniswapV3TwapSource_OutOfRange", name("quoteHeartbeat"), heartbeat, 1, WEEK):
        market.source(feed=feed, heartbeat=heartbeat)


def test_refuses_a_heartbeat_without_a_feed(evm):
    market = Market(evm)
    with evm.reverts("UniswapV3TwapSource_OutOfRange", name("quoteHeartbeat"), 1, 0, 0):
        market.source(heartbeat=1)


@pytest.mark.parametrize("base, quote, parameter", [(28, 6, "baseDecimals"), (18, 28, "quoteDecimals")])
def test_refuses_token_decimals_out_of_range(evm, base, quote, parameter):
    market = Market(evm, base, quote)
    with evm.reverts("UniswapV3TwapSource_OutOfRange", name(parameter), 28, 0, 27):
        market.source()


def test_refuses_feed_decimals_out_of_range(evm):
    market, feed = Market(evm), evm.deploy("MockAggregator", 19, "USDC / USD", 10**19)
    with evm.reverts("UniswapV3TwapSource_OutOfRange", name("feedDecimals"), 19, 0, 18):
        market.source(feed=feed, heartbeat=HOUR)


def test_refuses_a_token_that_the_pool_does_not_trade(evm):
    market = Market(evm)
    stranger = evm.deploy("MockERC20", "S", "S", 18)
    with evm.reverts("UniswapV3TwapSource_TokenNotInPool", market.pool, stranger):
        evm.deploy("UniswapV3TwapSource", market.pool, stranger, WINDOW, NO_FEED, 0, 0)


def test_says_how_it_is_configured(evm):
    market, feed = Market(evm), evm.deploy("MockAggregator", 8, "USDC / USD", 10**8)
    source = market.source(120, feed, HOUR, LIQUIDITY)
    assert source.pool() == market.pool.address
    assert source.baseToken() == market.base.address
    assert (source.window(), source.minLiquidity(), source.quoteHeartbeat()) == (120, LIQUIDITY, HOUR)
    assert source.quoteAggregator() == feed.address
