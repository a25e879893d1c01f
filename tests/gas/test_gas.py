"""The committed gas figures hold."""

import pytest

from tests.gas import page
from tests.gas.measure import compare, measure, read_snapshot
from tests.helpers.anvil_backend import AnvilBackend


@pytest.mark.anvil
def test_no_operation_costs_more_than_the_snapshot(anvil: AnvilBackend) -> None:
    complaints = compare(measure(anvil), read_snapshot())
    assert not complaints, "; ".join(complaints) + " (python -m tests.gas.measure --accept takes new figures)"


def test_the_page_shows_the_snapshot() -> None:
    snapshot = read_snapshot()
    assert page.shown() == page.table(snapshot)
    told = {key for keys, _, _ in page.ROWS for key in keys} | {"borrow_2", "borrow_4", "borrow_8"}
    assert told - {"further_collateral"} == set(snapshot)
