"""Domains on which attacks are tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.helpers.evm import PyrevmBackend
from tests.helpers.exchange import Exchange
from tests.helpers.system import USDC, WETH, System

TOLERANCE = 20_000  # ppm


@pytest.fixture
def system(session_system: System, evm: PyrevmBackend) -> Iterator[System]:
    """The standard domain; all that the test does is undone, and the assets that it adds are forgotten."""
    assets = dict(session_system.assets)
    yield session_system
    session_system.assets = assets


@pytest.fixture(scope="session")
def session_two_sources(session_evm: PyrevmBackend) -> System:
    """Dollars and ether, each with a second source."""
    return System.deploy(session_evm, (replace(USDC, tolerance=5_000), replace(WETH, tolerance=TOLERANCE)))


@pytest.fixture
def two_sources(session_two_sources: System, evm: PyrevmBackend) -> System:
    """The domain of `session_two_sources`; all that the test does is undone."""
    return session_two_sources


@pytest.fixture(scope="session")
def session_exchange(session_evm: PyrevmBackend) -> Exchange:
    """A domain of its own with a real Uniswap v3 beside it: 5,000 ether at 2,000 dollars, fee 0.05%."""
    return Exchange.open(System.deploy(session_evm))


@pytest.fixture
def market(session_exchange: Exchange, evm: PyrevmBackend) -> Exchange:
    """The exchange of `session_exchange`; all that the test does is undone."""
    return session_exchange
