"""SequencerFeed.read: up only if a valid round says so."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.rounds import any_round, encode_round

CALL_GAS_NEEDED = 207_000
UP, DOWN = 0, 1
RAW, BURN, BOMB, REVERT_BOMB = range(4)
REVERT_RAW = 6


@pytest.fixture
def reader(evm):
    return evm.deploy("FeedReader")


@pytest.fixture
def hostile(evm):
    return evm.deploy("HostileFeed")


def test_goes_down_and_comes_back(evm, reader):
    feed = evm.deploy("MockSequencerFeed")
    assert reader.readSequencer(feed) == (True, evm.now)
    evm.warp(1_000)
    started = evm.now
    feed.setUp(False)
    evm.warp(500)
    assert reader.readSequencer(feed) == (False, started)
    restarted = evm.now
    feed.setUp(True)
    evm.warp(7 * 86_400)
    assert reader.readSequencer(feed) == (True, restarted), "the feed has no heartbeat"


def test_a_repeated_status_does_not_restart_the_clock(evm, reader):
    feed = evm.deploy("MockSequencerFeed")
    started = evm.now
    evm.warp(100)
    feed.setUp(True)
    assert reader.readSequencer(feed) == (True, started)


def test_since_is_when_the_status_began_not_when_it_was_confirmed(evm, reader, hostile):
    hostile.setRaw(encode_round([1, UP, evm.now - 900, evm.now, 1]))
    assert reader.readSequencer(hostile) == (True, evm.now - 900)


@pytest.mark.parametrize("answer", [DOWN, 2, -1, 2**255])
def test_anything_but_zero_is_down(evm, reader, hostile, answer):
    hostile.setRaw(encode_round([1, answer, evm.now - 900, evm.now, 1]))
    assert reader.readSequencer(hostile) == (False, evm.now - 900)


@pytest.mark.parametrize("answer", [UP, DOWN])
@pytest.mark.parametrize("started_in", [None, 1, 2**200])
def test_an_invalid_round_is_down(evm, reader, hostile, answer, started_in):
    started_at = 0 if started_in is None else evm.now + started_in
    hostile.setRaw(encode_round([1, answer, started_at, evm.now, 1]))
    assert reader.readSequencer(hostile) == (False, 0)


@pytest.mark.parametrize("length", [0, 32, 96, 159])
def test_a_short_answer_is_down(evm, reader, hostile, length):
    hostile.setRaw(encode_round([1, UP, evm.now, evm.now, 1])[:length])
    assert reader.readSequencer(hostile) == (False, 0)


def test_a_good_round_as_revert_data_is_down(evm, reader, hostile):
    hostile.setRaw(encode_round([1, UP, evm.now, evm.now, 1]))
    hostile.setMode(REVERT_RAW)
    assert reader.readSequencer(hostile) == (False, 0)


@pytest.mark.parametrize("mode", [BURN, BOMB, REVERT_BOMB])
def test_bombs_are_down(reader, hostile, mode):
    hostile.setMode(mode)
    assert reader.readSequencer(hostile) == (False, 0)


def test_a_dead_feed_and_no_feed_are_down(evm, reader):
    feed = evm.deploy("MockSequencerFeed")
    feed.setDead(True)
    assert reader.readSequencer(feed) == (False, 0)
    assert reader.readSequencer("0x" + "00" * 20) == (False, 0)


@given(data=st.data())
@settings(max_examples=200)
def test_any_round_is_judged_as_in_python(evm, data):
    with evm.isolation():
        reader, hostile = evm.deploy("FeedReader"), evm.deploy("HostileFeed")
        words = data.draw(any_round(evm.now))
        if data.draw(st.booleans()):
            words[1] = UP
        hostile.setRaw(encode_round(words))
        valid = 0 < words[2] <= evm.now
        assert reader.readSequencer(hostile) == ((words[1] == UP, words[2]) if valid else (False, 0))


@pytest.mark.parametrize("swallows", [False, True])
def test_too_little_gas_never_makes_a_running_sequencer_look_down(evm, reader, swallows):
    feed, proxy, outer = evm.deploy("MockSequencerFeed"), evm.deploy("HostileFeed"), evm.deploy("HostileFeed")
    proxy.setFeed(feed, swallows)
    proxy.setWork(100_000)
    outer.setFeed(proxy, swallows)
    data = reader.readSequencer.encode(outer)
    refused = answered = 0
    for gas in range(500, 150_000, 499):
        done, result = reader.callWithGas(reader, data, gas)
        if done:
            assert result[31] == 1, f"{gas} gas"
        answered += done
        refused += bool(not done and result)
    assert answered and refused


@pytest.mark.parametrize("mode", [RAW, BURN])
def test_a_bad_feed_is_down_only_with_its_full_gas(evm, reader, hostile, mode):
    hostile.setMode(mode)
    with evm.reverts("SequencerFeed_OutOfGas"):
        reader.readSequencer(hostile, gas=CALL_GAS_NEEDED + 21_000)
    done, result = reader.callWithGas(reader, reader.readSequencer.encode(hostile), CALL_GAS_NEEDED + 1_000)
    assert done and result == bytes(64)
