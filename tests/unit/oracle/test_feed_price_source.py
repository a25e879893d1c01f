"""FeedPriceSource: a feed's answer as a WAD, nothing when it is stale or malformed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.backend import START_TIME
from tests.helpers.rounds import GOOD_ANSWER, MAX_ANSWER, encode_round, good_round, malformed_rounds

HOUR, WEEK = 3_600, 7 * 86_400
BURN = 1


@pytest.mark.parametrize("decimals", [0, 6, 8, 17, 18, 19, 27])
def test_any_decimals_become_a_wad(evm, decimals):
    feed = evm.deploy("MockAggregator", decimals, "feed", 1_234 * 10**decimals)
    assert evm.deploy("FeedPriceSource", feed, HOUR).priceWad() == 1_234 * 10**18


@given(answer=st.integers(1, MAX_ANSWER), decimals=st.integers(0, 27))
def test_price_is_exact_and_rounded_down(evm, answer, decimals):
    with evm.isolation():
        feed = evm.deploy("MockAggregator", decimals, "feed", answer)
        exact = answer * 10**18 // 10**decimals
        wanted = exact if exact <= MAX_ANSWER else 0
        assert evm.deploy("FeedPriceSource", feed, HOUR).priceWad() == wanted


@pytest.mark.parametrize("heartbeat", [1, HOUR, WEEK])
def test_an_answer_lives_as_long_as_the_heartbeat(evm, heartbeat):
    feed = evm.deploy("MockAggregator", 8, "feed", GOOD_ANSWER)
    source = evm.deploy("FeedPriceSource", feed, heartbeat)
    evm.warp(heartbeat)
    assert source.priceWad() == 2_000 * 10**18
    evm.warp(1)
    assert source.priceWad() == 0
    feed.setAnswer(GOOD_ANSWER)
    assert source.priceWad() == 2_000 * 10**18


@pytest.mark.parametrize("what", malformed_rounds(START_TIME))
def test_malformed_rounds_are_no_price(evm, what):
    hostile = evm.deploy("HostileFeed")
    source = evm.deploy("FeedPriceSource", hostile, WEEK)
    hostile.setRaw(encode_round(good_round(evm.now)))
    assert source.priceWad() == 2_000 * 10**18
    hostile.setRaw(encode_round(malformed_rounds(evm.now)[what]))
    assert source.priceWad() == 0


def test_a_dead_feed_is_no_price(evm):
    feed = evm.deploy("MockAggregator", 8, "feed", GOOD_ANSWER)
    source = evm.deploy("FeedPriceSource", feed, HOUR)
    feed.setDead(True)
    assert source.priceWad() == 0


def test_too_little_gas_is_a_revert_and_no_missing_price(evm):
    hostile = evm.deploy("HostileFeed")
    hostile.setMode(BURN)
    source = evm.deploy("FeedPriceSource", hostile, HOUR)
    with evm.reverts("ChainlinkFeed_OutOfGas"):
        source.priceWad(gas=200_000)
    assert source.priceWad() == 0


@pytest.mark.parametrize("heartbeat", [0, WEEK + 1])
def test_refuses_a_heartbeat_out_of_range(evm, heartbeat):
    feed = evm.deploy("MockAggregator", 8, "feed", GOOD_ANSWER)
    with evm.reverts("FeedPriceSource_OutOfRange", b"heartbeat".ljust(32, b"\0"), heartbeat, 1, WEEK):
        evm.deploy("FeedPriceSource", feed, heartbeat)


def test_refuses_decimals_out_of_range(evm):
    feed = evm.deploy("MockAggregator", 28, "feed", GOOD_ANSWER)
    with evm.reverts("FeedPriceSource_OutOfRange", b"decimals".ljust(32, b"\0"), 28, 0, 27):
        evm.deploy("FeedPriceSource", feed, HOUR)


def test_refuses_what_is_no_feed(evm):
    with evm.reverts(""):
        evm.deploy("FeedPriceSource", evm.accounts[1], HOUR)
