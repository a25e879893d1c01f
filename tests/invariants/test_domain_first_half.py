"""Random sequences over a whole domain, the first half of the steps; the second is in a file of its own, for
the other worker."""

from __future__ import annotations

import pytest

from tests.helpers.evm import PyrevmBackend
from tests.invariants.machine import DomainMachine, run

STEPS = 5_000


class FirstHalf(DomainMachine):
    """Its name is part of the seed under CI."""


@pytest.mark.slow
def test_any_sequence_keeps_the_promises(evm: PyrevmBackend) -> None:
    """SOLV-1 to EXIT-1; which is judged where is in tests/invariants/machine.py."""
    run(FirstHalf, "first-half", evm, STEPS)
