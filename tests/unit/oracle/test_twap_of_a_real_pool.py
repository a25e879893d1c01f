"""UniswapV3TwapSource on a genuine Uniswap v3 pool, and who tries to push it."""

import pytest

from scripts.common.uniswap import Uniswap
from tests.helpers.evm import PyrevmBackend

WINDOW = 300
NO_FEED = "0x" + "00" * 20
# The mean is rounded down to a whole tick, and a pool stands somewhere inside of one.
ONE_TICK = 2e-4


def market(chain, price=2_000, base_decimals=18, quote_decimals=6, observations=WINDOW + 1, fee=500):
    """A pool with deep liquidity over the full range; the first account has plenty of both tokens."""
    base = chain.deploy("MockERC20", "Base", "B", base_decimals)
    quote = chain.deploy("MockERC20", "Quote", "Q", quote_decimals)
    uniswap = Uniswap.deploy(chain, base)
    pool = uniswap.create_pool(base, quote, fee, price)
    for token in (base, quote):
        token.mint(chain.accounts[0], 10**40)
    pool.add_liquidity(1_000 * 10**base_decimals, price * 1_000 * 10**quote_decimals)
    if observations > 1:
        pool.grow_observations(observations)
        # Room takes effect with the next observation.
        observe(chain, pool, price)
        assert pool.contract.slot0()[3] == observations
    return pool


def observe(chain, pool, price=2_000):
    """Has the pool write an observation, which it does when the first swap of a block changes the tick."""
    index = pool.contract.slot0()[2]
    chain.mine()
    pool.move_to(str(price * 1.001))
    pool.move_to(price)
    assert pool.contract.slot0()[2] != index or pool.contract.slot0()[3] == 1


def source_of(chain, pool, window=WINDOW, min_liquidity=0):
    return chain.deploy("UniswapV3TwapSource", pool, pool.base, window, NO_FEED, 0, min_liquidity)


@pytest.fixture(scope="module")
def prepared(session_evm):
    """One pool for the whole file, outside of the tests' isolation."""
    with session_evm.isolation():
        pool = market(session_evm)
        session_evm.warp(2 * WINDOW)
        yield pool, source_of(session_evm, pool)


@pytest.mark.parametrize("base_decimals, quote_decimals", [(18, 6), (8, 6), (6, 18), (18, 18)])
@pytest.mark.parametrize("salt", range(3))  # other addresses, so that both orders of tokens occur
def test_price_of_a_pool_at_rest(evm, base_decimals, quote_decimals, salt):
    for _ in range(salt):
        evm.deploy("MockERC20", "Padding", "P", 18)
    pool = market(evm, 2_000, base_decimals, quote_decimals)
    source = source_of(evm, pool)
    evm.warp(WINDOW)
    assert source.priceWad() == pytest.approx(2_000 * 10**18, rel=ONE_TICK)
    assert source.priceWad() == pytest.approx(int(pool.price * 10**18), rel=ONE_TICK)


@pytest.mark.parametrize("factor", [0.01, 0.5, 2, 100])
def test_flash_push_in_one_block_moves_the_mean_by_nothing(evm: PyrevmBackend, prepared, factor):
    """All of it in one block, as a flash loan has to be: push, read, push back."""
    pool, source = prepared
    before = source.priceWad()
    for _ in range(3):
        pool.move_to(str(2_000 * factor))
        assert source.priceWad() == before
        pool.move_to(2_000)
        assert source.priceWad() == before
    # Nor does it linger in the windows to come.
    for seconds in (1, 12, 150, 300):
        evm.warp(seconds)
        assert source.priceWad() == pytest.approx(before, rel=ONE_TICK)


@pytest.mark.parametrize("factor", [0.5, 2])
@pytest.mark.parametrize("seconds", [1, 12, 60, 299, 300])
def test_a_push_held_for_some_seconds_moves_the_mean_by_their_share(evm, prepared, factor, seconds):
    pool, source = prepared
    evm.mine()
    start = pool.tick
    pool.move_to(str(2_000 * factor))
    pushed = pool.tick
    evm.warp(seconds)
    mean = (start * (WINDOW - seconds) + pushed * seconds) // WINDOW
    expected = 1.0001 ** (mean if pool.base_is_token0 else -mean) * 10**12
    assert source.priceWad() / 10**18 == pytest.approx(expected, rel=1e-9)
    # Pushing back stops it there, and after a window it is forgotten.
    pool.move_to(2_000)
    assert source.priceWad() / 10**18 == pytest.approx(expected, rel=1e-9)
    evm.warp(WINDOW)
    assert source.priceWad() == pytest.approx(2_000 * 10**18, rel=ONE_TICK)


def test_liquidity_lent_for_one_block_does_not_count(evm, prepared):
    """A thin pool does not become deep by liquidity that comes and goes in a block."""
    pool, _ = prepared
    liquidity = pool.contract.liquidity()
    assert source_of(evm, pool, min_liquidity=liquidity * 99 // 100).priceWad() > 0
    source = source_of(evm, pool, min_liquidity=2 * liquidity)
    assert source.priceWad() == 0
    position = pool.add_liquidity(10**6 * 10**18, 2_000 * 10**6 * 10**6)
    assert pool.contract.liquidity() > 100 * liquidity
    assert source.priceWad() == 0
    remove(pool, position)
    evm.warp(12)
    assert source.priceWad() == 0


def test_liquidity_that_leaves_silences_the_source_within_the_window(evm):
    pool = market(evm)
    position = pool.add_liquidity(10**5 * 10**18, 2_000 * 10**5 * 10**6)
    source = source_of(evm, pool, min_liquidity=10 * position.liquidity // 11)
    evm.warp(WINDOW)
    assert source.priceWad() > 0
    remove(pool, position)
    assert source.priceWad() > 0, "gone in this block only"
    evm.warp(WINDOW)
    assert source.priceWad() == 0


def test_a_young_pool_has_no_price_until_its_window_is_full(evm):
    pool = market(evm)
    source = source_of(evm, pool)
    assert source.priceWad() == 0
    evm.warp(WINDOW - 2)
    assert source.priceWad() == 0
    evm.warp(2)
    assert source.priceWad() > 0


def test_a_pool_without_a_price_has_none(evm):
    tokens = [evm.deploy("MockERC20", "T", "T", 18) for _ in range(2)]
    uniswap = Uniswap.deploy(evm, tokens[0])
    uniswap.factory.createPool(tokens[0], tokens[1], 500)
    pool = uniswap.pool(*tokens, 500)
    source = source_of(evm, pool)
    evm.warp(WINDOW)
    assert source.priceWad() == 0


def test_without_room_for_history_one_swap_silences_the_source_for_a_window(evm):
    """Why a pool needs room for observations: without, a swap fee buys the second source's silence."""
    pool = market(evm, observations=1)
    source = source_of(evm, pool)
    evm.warp(WINDOW)
    assert source.priceWad() > 0
    observe(evm, pool)
    assert source.priceWad() == 0
    evm.warp(WINDOW)
    assert source.priceWad() > 0


def test_with_room_for_a_window_swaps_in_every_second_do_not_silence_it(evm):
    pool = market(evm)
    source = source_of(evm, pool)
    evm.warp(WINDOW)
    for second in range(2 * WINDOW):
        observe(evm, pool)
        if second % 50 == 0 or second > 2 * WINDOW - 5:
            assert source.priceWad() > 0


@pytest.mark.anvil
def test_gas_of_a_cold_read(anvil):
    """A full ring of observations with the newest a few seconds old: the search is the dear part."""
    pool = market(anvil, observations=64)
    source = source_of(anvil, pool, 60)
    for _ in range(70):
        observe(anvil, pool)
    used = anvil.deploy("FeedReader").gasOfView(source, source.priceWad.encode())
    assert used < 50_000


def remove(pool, position):
    """Takes out all liquidity of a position; what it owes stays with the position manager."""
    positions = pool.uniswap.positions
    positions.decreaseLiquidity((position.token_id, position.liquidity, 0, 0, 2**40))
