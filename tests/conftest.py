"""Fixtures and settings of all tests.

`evm` and `anvil` undo after each test whatever it did. What several tests deploy once belongs into a fixture
of a wider scope that asks for `session_evm` or `session_anvil`: the same chain, outside of that isolation.
Such a fixture must be an argument of the test or of its fixtures, so that it runs before the test's snapshot.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.helpers.evm import AnvilBackend, PyrevmBackend
from tests.helpers.system import System

COMMON: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("keel", **COMMON)
# A failure under CI must fail again in the same way for whoever looks into it.
settings.register_profile("ci", derandomize=True, print_blob=True, **COMMON)
settings.load_profile("ci" if os.environ.get("CI") else "keel")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fixed order: files with slow tests, so that two workers end together, then Anvil's, then by path."""
    first: dict[str, int] = {}
    for item in items:
        rank = 0 if item.get_closest_marker("slow") else 1 if item.get_closest_marker("anvil") else 2
        file = item.nodeid.split("::")[0]
        first[file] = min(rank, first.get(file, rank))
    items.sort(key=lambda item: (first[item.nodeid.split("::")[0]], item.nodeid.split("::")[0]))


@pytest.fixture(scope="session")
def session_evm() -> PyrevmBackend:
    """The in-process chain, for fixtures of a wider scope than a test."""
    return PyrevmBackend()


@pytest.fixture
def evm(session_evm: PyrevmBackend) -> Iterator[PyrevmBackend]:
    """The in-process chain; all that the test does is undone."""
    with session_evm.isolation():
        yield session_evm


@pytest.fixture(scope="session")
def session_anvil() -> Iterator[AnvilBackend]:
    """An Anvil of this worker's own, for fixtures of a wider scope than a test."""
    backend = AnvilBackend()
    yield backend
    backend.close()


@pytest.fixture
def anvil(session_anvil: AnvilBackend) -> Iterator[AnvilBackend]:
    """The Anvil chain; all that the test does is undone. Mark such tests with `pytest.mark.anvil`."""
    with session_anvil.isolation():
        yield session_anvil


@pytest.fixture(scope="session")
def session_system(session_evm: PyrevmBackend) -> System:
    """A domain on the in-process chain, deployed once."""
    return System.deploy(session_evm)


@pytest.fixture
def system(session_system: System, evm: PyrevmBackend) -> System:
    """The domain of `session_system`; all that the test does is undone."""
    return session_system


@pytest.fixture(scope="session")
def session_anvil_system(session_anvil: AnvilBackend) -> System:
    """A domain on this worker's Anvil, deployed once."""
    return System.deploy(session_anvil)


@pytest.fixture
def anvil_system(session_anvil_system: System, anvil: AnvilBackend) -> System:
    """The domain of `session_anvil_system`; all that the test does is undone."""
    return session_anvil_system
