"""A market with its orders contract, fresh for each test."""

import pytest

from tests.helpers.evm import Backend
from tests.helpers.option_market import OptionBench
from tests.helpers.option_orders import OrderDesk
from tests.helpers.system import System


@pytest.fixture
def desk(evm: Backend) -> OrderDesk:
    return OrderDesk.deploy(OptionBench.deploy(System.deploy(evm)))
