"""MockAggregator: what Chainlink's proxy does with rounds, as its documentation says."""

import pytest

from tests.helpers.rounds import PHASE_1

ANSWER = 2_000 * 10**8
NO_DATA = "No data present"


@pytest.fixture
def feed(evm):
    return evm.deploy("MockAggregator", 8, "ETH / USD", ANSWER)


def test_says_what_it_is(feed):
    assert (feed.decimals(), feed.description(), feed.version()) == (8, "ETH / USD", 4)


def test_first_round_is_round_1_of_phase_1(evm, feed):
    assert feed.latestRoundData() == (PHASE_1 + 1, ANSWER, evm.now, evm.now, PHASE_1 + 1)


def test_each_answer_is_a_round_and_history_stays(evm, feed):
    first = feed.latestRoundData()
    evm.warp(60)
    tx = feed.setAnswer(ANSWER + 1)
    assert tx.events("AnswerUpdated") == [
        {"current": ANSWER + 1, "roundId": PHASE_1 + 2, "updatedAt": evm.now}
    ]
    second = feed.latestRoundData()
    assert second == (PHASE_1 + 2, ANSWER + 1, evm.now, evm.now, PHASE_1 + 2)
    evm.warp(60)
    assert feed.latestRoundData() == feed.getRoundData(PHASE_1 + 2) == second
    assert feed.getRoundData(PHASE_1 + 1) == first


@pytest.mark.parametrize("round_id", [0, 1, PHASE_1, PHASE_1 + 2, 2 * PHASE_1 + 1])
def test_unknown_rounds_have_no_data(evm, feed, round_id):
    with evm.reverts("Error", NO_DATA):
        feed.getRoundData(round_id)


def test_a_new_phase_starts_again_at_round_1(evm, feed):
    feed.setAnswer(ANSWER)
    feed.startPhase(ANSWER + 5)
    assert feed.latestRoundData()[:2] == (2 * PHASE_1 + 1, ANSWER + 5)
    assert feed.getRoundData(PHASE_1 + 2)[1] == ANSWER
    feed.setAnswer(ANSWER + 6)
    assert feed.latestRoundData()[:2] == (2 * PHASE_1 + 2, ANSWER + 6)


@pytest.mark.parametrize("answer", [0, -1, 2**119 - 1, -(2**119), 2**119, 2**255 - 1, -(2**255)])
def test_any_answer_can_be_set(evm, feed, answer):
    feed.setAnswer(answer)
    assert feed.latestRoundData() == (PHASE_1 + 2, answer, evm.now, evm.now, PHASE_1 + 2)
    assert feed.getRoundData(PHASE_1 + 2) == feed.latestRoundData()


def test_any_round_can_be_set_and_the_next_answer_follows_it(evm, feed):
    words = (PHASE_1 + 9, -5, 2**255, 2**256 - 1, 3)
    feed.setRound(*words)
    assert feed.latestRoundData() == feed.getRoundData(PHASE_1 + 9) == words
    feed.setAnswer(ANSWER)
    assert feed.latestRoundData() == (PHASE_1 + 10, ANSWER, evm.now, evm.now, PHASE_1 + 10)


def test_dead_reverts_until_it_is_not(evm, feed):
    feed.setDead(True)
    with evm.reverts("MockAggregator_Dead"):
        feed.latestRoundData()
    with evm.reverts("MockAggregator_Dead"):
        feed.getRoundData(PHASE_1 + 1)
    feed.setAnswer(ANSWER + 1)
    feed.setRound(PHASE_1 + 3, 1, 1, 1, 1)
    with evm.reverts("MockAggregator_Dead"):
        feed.latestRoundData()
    feed.setDead(False)
    assert feed.latestRoundData() == (PHASE_1 + 3, 1, 1, 1, 1)
    assert feed.getRoundData(PHASE_1 + 2)[1] == ANSWER + 1


def test_the_newest_answer_alone_is_that_of_the_newest_round(evm, feed):
    feed.setAnswer(ANSWER + 1)
    assert feed.latestAnswer() == ANSWER + 1
    feed.setRound(PHASE_1 + 9, -(2**200), 1, 2, 3)
    assert feed.latestAnswer() == -(2**200)
    feed.setDead(True)
    with evm.reverts("MockAggregator_Dead"):
        feed.latestAnswer()
