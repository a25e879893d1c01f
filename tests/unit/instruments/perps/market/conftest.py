"""A market with a maker, fresh for each test."""

import pytest

from tests.helpers.evm import Backend
from tests.helpers.perp_market import PerpBench
from tests.helpers.system import System


@pytest.fixture
def perps(evm: Backend) -> PerpBench:
    return PerpBench.deploy(System.deploy(evm))
