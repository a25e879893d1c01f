"""A market with a virtual AMM, and roles: a trader, another one, an LP."""

from __future__ import annotations

import pytest

from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import LENDER, System

TRADER, OTHER = 10, 11


@pytest.fixture(scope="session")
def session_perps(session_evm: PyrevmBackend, session_system: System) -> PerpTrading:
    return PerpTrading.deploy(System.deploy(session_evm))


@pytest.fixture
def perps(session_perps: PerpTrading, evm: PyrevmBackend) -> PerpTrading:
    return session_perps


@pytest.fixture(scope="session")
def session_accounts(session_perps: PerpTrading) -> tuple[bytes, ...]:
    owners = [session_perps.evm.accounts[role] for role in (TRADER, OTHER)]
    return tuple(session_perps.funded(owner, 10_000_000) for owner in owners)


@pytest.fixture
def trader(session_accounts: tuple[bytes, ...], perps: PerpTrading) -> bytes:
    return session_accounts[0]


@pytest.fixture
def other(session_accounts: tuple[bytes, ...], perps: PerpTrading) -> bytes:
    return session_accounts[1]


@pytest.fixture
def lp(perps: PerpTrading) -> str:
    """Who deposited the AMM's first million."""
    return perps.evm.accounts[LENDER]
