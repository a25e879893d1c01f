"""A domain with a real Uniswap v3 beside it, on a real chain."""

from __future__ import annotations

import pytest

from tests.helpers.evm import AnvilBackend
from tests.helpers.exchange import Exchange
from tests.helpers.system import System


@pytest.fixture(scope="session")
def session_venue(session_anvil: AnvilBackend) -> Exchange:
    """5,000 ether at 2,000 dollars in a pool with a fee of 0.05%."""
    return Exchange.open(System.deploy(session_anvil))


@pytest.fixture
def venue(session_venue: Exchange, anvil: AnvilBackend) -> Exchange:
    """The venue of `session_venue`; all that the test does is undone."""
    return session_venue
