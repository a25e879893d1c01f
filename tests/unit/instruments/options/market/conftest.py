"""An option market, fresh for each test."""

import pytest

from tests.helpers.evm import Backend
from tests.helpers.option_market import OptionBench
from tests.helpers.system import System


@pytest.fixture
def options(evm: Backend) -> OptionBench:
    return OptionBench.deploy(System.deploy(evm))
