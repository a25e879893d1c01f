"""PlanCalls: the vault's call of the liquidation engine is the compiler's, to the byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.evm import Contract, PyrevmBackend

words = st.integers(0, 2**256 - 1)
addresses = st.integers(0, 2**160 - 1).map(lambda number: f"0x{number:040x}")


@pytest.fixture(scope="module")
def deployed_calls(session_evm: PyrevmBackend) -> Contract:
    return session_evm.deploy("MockPlanCalls")


@pytest.fixture
def calls(deployed_calls: Contract, evm: PyrevmBackend) -> Contract:
    return deployed_calls


@given(
    account=st.binary(min_size=32, max_size=32),
    holdings=st.lists(words, max_size=9),
    instruments=st.lists(addresses, max_size=5),
    others=st.tuples(words, words, words, words),
)
def test_the_engine_is_told_and_answers_the_same(
    calls: Contract,
    account: bytes,
    holdings: list[int],
    instruments: list[str],
    others: tuple[int, int, int, int],
) -> None:
    takeover = (account, holdings, instruments, *others)
    plan = calls.planned(takeover)
    assert tuple(plan) == tuple(calls.plainly(takeover))
    assert (len(plan.moved), len(plan.absorbs)) == (len(holdings), len(instruments))


def test_the_engines_error_is_passed_on(calls: Contract, evm: PyrevmBackend) -> None:
    calls.setRefuses(True)
    for ask in (calls.planned, calls.plainly):
        with evm.reverts("MockPlanCalls_Told"):
            ask((bytes(32), [1, 2], [], 0, 1, 2, 3))
