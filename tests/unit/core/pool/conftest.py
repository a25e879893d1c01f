"""One pool for all tests of this folder, as it was deployed."""

import pytest

from tests.helpers.evm import PyrevmBackend
from tests.helpers.pool_bench import PoolBench


@pytest.fixture(scope="session")
def deployed_bench(session_evm: PyrevmBackend) -> PoolBench:
    return PoolBench(session_evm)


@pytest.fixture
def bench(deployed_bench: PoolBench, evm: PyrevmBackend) -> PoolBench:
    """The pool and everybody around it; undone after each test."""
    return deployed_bench


@pytest.fixture
def hostile(bench: PoolBench, evm: PyrevmBackend) -> PoolBench:
    """A bench whose token can take fees, call back, block and keep silent."""
    return PoolBench(evm, "HostileToken")
