"""RiskCalls: the vault's call of the risk engine is the compiler's, to the byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.evm import Contract, PyrevmBackend

HASHES, REVERT, SHORT = range(3)
words = st.integers(0, 2**256 - 1)
addresses = st.integers(0, 2**160 - 1).map(lambda number: f"0x{number:040x}")


@pytest.fixture(scope="module")
def deployed_calls(session_evm: PyrevmBackend) -> Contract:
    return session_evm.deploy("MockRiskCalls")


@pytest.fixture
def calls(deployed_calls: Contract, evm: PyrevmBackend) -> Contract:
    return deployed_calls


@given(
    account=st.binary(min_size=32, max_size=32),
    holdings=st.lists(words, max_size=9),
    instruments=st.lists(addresses, max_size=5),
    requirement=st.integers(0, 1),
    at_start=st.booleans(),
)
def test_the_engine_is_told_and_answers_the_same(
    calls: Contract,
    account: bytes,
    holdings: list[int],
    instruments: list[str],
    requirement: int,
    at_start: bool,
) -> None:
    told = (account, holdings, instruments, requirement, at_start)
    assert tuple(calls.assessed(*told)) == tuple(calls.plainly(*told))


def test_the_engines_error_is_passed_on(calls: Contract, evm: PyrevmBackend) -> None:
    calls.set(REVERT)
    for ask in (calls.assessed, calls.plainly):
        with evm.reverts("MockRiskCalls_Told"):
            ask(bytes(32), [1, 2], [], 0, False)


def test_an_answer_that_is_too_short_is_none(calls: Contract, evm: PyrevmBackend) -> None:
    """An engine that says nothing must not count as one that says that all is well."""
    calls.set(SHORT)
    for ask in (calls.assessed, calls.plainly):
        with evm.reverts():
            ask(bytes(32), [1, 2], [], 0, False)
