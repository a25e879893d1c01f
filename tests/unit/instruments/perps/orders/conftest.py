"""A market with orders, and roles: a taker and two makers."""

from __future__ import annotations

import pytest

from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import System

TAKER, MAKER, OTHER_MAKER, SUBMITTER = 10, 11, 12, 13


@pytest.fixture(scope="session")
def session_perps(session_evm: PyrevmBackend, session_system: System) -> PerpTrading:
    with_perps = System.deploy(session_evm)
    return PerpTrading.deploy(with_perps)


@pytest.fixture
def perps(session_perps: PerpTrading, evm: PyrevmBackend) -> PerpTrading:
    return session_perps


@pytest.fixture(scope="session")
def session_accounts(session_perps: PerpTrading) -> tuple[bytes, ...]:
    owners = [session_perps.evm.accounts[role] for role in (TAKER, MAKER, OTHER_MAKER, SUBMITTER)]
    return tuple(session_perps.funded(owner) for owner in owners)


@pytest.fixture
def taker(session_accounts: tuple[bytes, ...], perps: PerpTrading) -> bytes:
    return session_accounts[0]


@pytest.fixture
def maker(session_accounts: tuple[bytes, ...], perps: PerpTrading) -> bytes:
    return session_accounts[1]


@pytest.fixture
def other_maker(session_accounts: tuple[bytes, ...], perps: PerpTrading) -> bytes:
    return session_accounts[2]


@pytest.fixture
def submitter(session_accounts: tuple[bytes, ...], perps: PerpTrading) -> bytes:
    return session_accounts[3]
