"""The committed gas figures hold."""

import pytest

from tests.gas.measure import compare, measure, read_snapshot
from tests.helpers.anvil_backend import AnvilBackend


@pytest.mark.anvil
def test_no_operation_costs_more_than_the_snapshot(anvil: AnvilBackend) -> None:
    complaints = compare(measure(anvil), read_snapshot())
    assert not complaints, "; ".join(complaints) + " (python -m tests.gas.measure --accept takes new figures)"
