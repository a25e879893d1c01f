"""One domain for all tests of this folder, as it was deployed. After each test the vault's books agree."""

from collections.abc import Iterator

import pytest

from tests.helpers.system import System
from tests.helpers.vault_bench import VaultBench


@pytest.fixture
def bench(system: System) -> Iterator[VaultBench]:
    """The domain, seen from its vault; undone after the test."""
    bench = VaultBench(system)
    yield bench
    bench.check_books()
