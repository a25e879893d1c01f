"""ChainlinkFeed.read: good answers pass as they are, anything else is (0, 0), whatever the gas."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.backend import START_TIME
from tests.helpers.rounds import (
    GOOD_ANSWER,
    MAX_ANSWER,
    PHASE_1,
    any_round,
    encode_round,
    good_round,
    is_good,
    malformed_rounds,
)

CALL_GAS = 200_000
CALL_GAS_NEEDED = 207_000
READ_OVERHEAD = 400
RAW, BURN, BOMB, REVERT_BOMB = range(4)
REVERT_RAW = 6


@pytest.fixture
def reader(evm):
    return evm.deploy("FeedReader")


@pytest.fixture
def hostile(evm):
    return evm.deploy("HostileFeed")


@pytest.fixture
def feed(evm):
    return evm.deploy("MockAggregator", 8, "ETH / USD", GOOD_ANSWER)


@pytest.mark.parametrize("answer", [1, GOOD_ANSWER, MAX_ANSWER])
@pytest.mark.parametrize("age", [0, 1, START_TIME - 1])
@pytest.mark.parametrize("answered_later_by", [0, 1])
def test_good_answers_pass_as_they_are(evm, reader, hostile, answer, age, answered_later_by):
    words = [PHASE_1 + 7, answer, 0, evm.now - age, PHASE_1 + 7 + answered_later_by]
    hostile.setRaw(encode_round(words))
    assert reader.read(hostile) == (answer, evm.now - age)


def test_a_longer_answer_is_read_like_any_other(evm, reader, hostile):
    hostile.setRaw(encode_round([*good_round(evm.now), 1, 2, 3]))
    assert reader.read(hostile) == (GOOD_ANSWER, evm.now - 50)


@pytest.mark.parametrize("what", malformed_rounds(START_TIME))
def test_malformed_rounds_are_no_answer(evm, reader, hostile, what):
    hostile.setRaw(encode_round(good_round(evm.now)))
    assert reader.read(hostile) != (0, 0)
    hostile.setRaw(encode_round(malformed_rounds(evm.now)[what]))
    assert reader.read(hostile) == (0, 0)


# An aggregator with typed answers cannot say the others.
@pytest.mark.parametrize(
    "what", [what for what, words in malformed_rounds(START_TIME).items() if max(words[0], words[4]) < 2**80]
)
def test_malformed_rounds_of_an_aggregator_are_no_answer(evm, reader, feed, what):
    words = malformed_rounds(evm.now)[what]
    round_id, answer, started_at, updated_at, answered_in = words
    feed.setRound(round_id, answer, started_at, updated_at, answered_in)
    assert reader.read(feed) == (0, 0)


@given(data=st.data())
@settings(max_examples=400)
def test_any_round_is_judged_as_in_python(evm, data):
    with evm.isolation():
        reader, hostile = evm.deploy("FeedReader"), evm.deploy("HostileFeed")
        words = data.draw(any_round(evm.now))
        hostile.setRaw(encode_round(words))
        assert reader.read(hostile) == ((words[1], words[3]) if is_good(words, evm.now) else (0, 0))


@pytest.mark.parametrize("length", [0, 1, 4, 31, 32, 96, 128, 159])
def test_short_answers_are_no_answer(evm, reader, hostile, length):
    hostile.setRaw(encode_round(good_round(evm.now))[:length])
    assert reader.read(hostile) == (0, 0)


@pytest.mark.parametrize("length", [0, 64, 128, 159])
def test_a_short_answer_is_not_filled_up_from_memory(evm, reader, hostile, length):
    """The same call reads the whole round first, which leaves its words behind in memory."""
    words, whole = encode_round(good_round(evm.now)), evm.deploy("HostileFeed")
    whole.setRaw(words)
    hostile.setRaw(words[:length])
    assert reader.readBoth(whole, hostile) == (GOOD_ANSWER, 0)
    hostile.setRaw(words)
    assert reader.readBoth(whole, hostile) == (GOOD_ANSWER, GOOD_ANSWER)


def test_a_good_round_as_revert_data_is_no_answer(evm, reader, hostile):
    hostile.setRaw(encode_round(good_round(evm.now)))
    hostile.setMode(REVERT_RAW)
    assert reader.read(hostile) == (0, 0)


def test_a_dead_feed_is_no_answer_and_recovers(reader, feed):
    feed.setDead(True)
    assert reader.read(feed) == (0, 0)
    feed.setDead(False)
    assert reader.read(feed)[0] == GOOD_ANSWER


@pytest.mark.parametrize("place", [0, 0xDEAD, *range(1, 11)])
def test_addresses_without_code_and_precompiles_are_no_answer(reader, place):
    assert reader.read(f"0x{place:040x}") == (0, 0)


def test_an_account_is_no_answer(evm, reader):
    assert reader.read(evm.accounts[1]) == (0, 0)


@pytest.mark.parametrize("mode", [BURN, BOMB, REVERT_BOMB])
def test_bombs_are_no_answer_and_cost_no_more_than_the_stipend(evm, reader, hostile, mode):
    hostile.setMode(mode)
    assert reader.read(hostile) == (0, 0)
    assert reader.gasOfRead(hostile) < CALL_GAS + 5_000


@pytest.mark.parametrize("swallows", [False, True])
@pytest.mark.parametrize("proxies", [0, 1, 2])
@pytest.mark.parametrize("work", [0, 100_000])
def test_too_little_gas_never_makes_a_good_feed_look_dead(evm, reader, feed, swallows, proxies, work):
    """Reads with every amount of gas: the right answer or a revert, never (0, 0).

    Behind proxies the innermost call runs out first and what the proxies kept comes back, so that the gas
    left after the call looks ample; with `swallows` they turn the failure into an answer of zeros. A feed
    with much work leaves its caller enough to go on when it runs out.
    """
    target = feed
    for _ in range(proxies + 1):
        proxy = evm.deploy("HostileFeed")
        proxy.setFeed(target, swallows)
        if target == feed:
            proxy.setWork(work)
        target = proxy
    data = reader.read.encode(target)
    refused = answered = 0
    for gas in [*range(200, 20_000, 97), *range(20_000, 150_000, 499), 206_000, 208_000, 250_000]:
        done, result = reader.callWithGas(reader, data, gas)
        if done:
            assert int.from_bytes(result[:32], "big") == GOOD_ANSWER, f"{gas} gas"
        answered += done
        refused += bool(not done and result)
    assert answered
    if work:
        assert refused, "never got as far as ChainlinkFeed_OutOfGas"


@pytest.mark.parametrize("mode", [RAW, BURN, BOMB, REVERT_BOMB])
def test_a_bad_feed_is_no_answer_only_with_its_full_gas(evm, reader, hostile, mode):
    hostile.setMode(mode)
    data = reader.read.encode(hostile)
    done, _ = reader.callWithGas(reader, data, CALL_GAS_NEEDED - 1)
    assert not done
    with evm.reverts("ChainlinkFeed_OutOfGas"):
        reader.read(hostile, gas=CALL_GAS_NEEDED + 21_000)
    done, result = reader.callWithGas(reader, data, CALL_GAS_NEEDED + 1_000)
    assert done and result == bytes(64)


@pytest.mark.anvil
def test_at_the_least_gas_that_counts_a_cold_feed_gets_its_full_stipend(anvil):
    """A feed that takes all but a little of CALL_GAS answers wherever a failure would count."""
    reader = anvil.deploy("FeedReader")
    feed, slow = anvil.deploy("MockAggregator", 8, "ETH / USD", GOOD_ANSWER), anvil.deploy("HostileFeed")
    slow.setFeed(feed, False)
    data = reader.read.encode(slow)

    def answer(gas):
        done, result = reader.callWithGas(reader, data, gas)
        return int.from_bytes(result[:32], "big") if done else None

    work = 170_000
    slow.setWork(work)
    while answer(10**6):
        work += 100
        slow.setWork(work)
    slow.setWork(work - 100)
    assert work > 180_000
    outcomes = [answer(gas) for gas in range(CALL_GAS_NEEDED - 300, CALL_GAS_NEEDED + 1_000, 25)]
    assert GOOD_ANSWER in outcomes and set(outcomes) <= {GOOD_ANSWER, None}


@pytest.mark.anvil
def test_a_cold_read_costs_little_more_than_the_bare_call(anvil):
    reader = anvil.deploy("FeedReader")
    feed = anvil.deploy("MockAggregator", 8, "ETH / USD", GOOD_ANSWER)
    bare, read = reader.gasOfCall(feed), reader.gasOfRead(feed)
    assert 0 < read - bare < READ_OVERHEAD
    # A cold account, one cold slot, and next to nothing besides.
    assert 2_600 + 2_100 < bare < 2_600 + 2_100 + 800
