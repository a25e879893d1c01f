"""Chainlink rounds as bytes: well formed, malformed in every way that has a name, and arbitrary."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

WORD = 2**256
MAX_ANSWER = 2**127
PHASE_1 = 1 << 64
GOOD_ANSWER = 2_000 * 10**8


def encode_round(words: Sequence[int]) -> bytes:
    """Words, negative ones in two's complement, one after the other."""
    return b"".join((word % WORD).to_bytes(32, "big") for word in words)


def good_round(now: int) -> list[int]:
    """(roundId, answer, startedAt, updatedAt, answeredInRound) that nothing is wrong with."""
    return [PHASE_1 + 7, GOOD_ANSWER, now - 60, now - 50, PHASE_1 + 7]


def malformed_rounds(now: int) -> dict[str, list[int]]:
    """A good round with one thing wrong, by what is wrong."""
    changes = {
        "answer zero": {1: 0},
        "answer -1": {1: -1},
        "answer lowest": {1: -(2**255)},
        "answer above 2**127": {1: MAX_ANSWER + 1},
        "answer highest": {1: 2**255 - 1},
        "never updated": {3: 0},
        "updated a second from now": {3: now + 1},
        "updated at the end of time": {3: WORD - 1},
        "answered in the round before": {4: PHASE_1 + 6},
        "answered in no round": {4: 0},
        "answered in round above 80 bits": {4: 2**80},
        "round id above 80 bits": {0: 2**80, 4: 2**80},
        "round id highest": {0: WORD - 1},
    }
    return {
        what: [change.get(place, word) for place, word in enumerate(good_round(now))]
        for what, change in changes.items()
    }


def is_good(words: Sequence[int], now: int) -> bool:
    """What the contracts must find of a round, said in Python."""
    round_id, answer, _, updated_at, answered_in = words
    return (
        0 < answer <= MAX_ANSWER and 0 < updated_at <= now and round_id <= answered_in and answered_in < 2**80
    )


def any_round(now: int) -> st.SearchStrategy[list[int]]:
    """Five words, mostly near the places where something changes."""

    def near(*places: int) -> st.SearchStrategy[int]:
        close = st.builds(
            lambda place, step: (place + step) % WORD, st.sampled_from(places), st.integers(-2, 2)
        )
        return close | st.integers(0, WORD - 1)

    ids = near(0, PHASE_1, 2**80)
    return st.tuples(ids, near(0, GOOD_ANSWER, MAX_ANSWER, 2**255), near(0, now), near(0, now), ids).map(list)
