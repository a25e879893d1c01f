"""Random sequences over a whole domain, the second half of the steps; see test_domain_first_half.py."""

from __future__ import annotations

import pytest

from tests.helpers.evm import PyrevmBackend
from tests.invariants.machine import DomainMachine, run

STEPS = 5_000


class SecondHalf(DomainMachine):
    """Its name is part of the seed under CI."""


@pytest.mark.slow
def test_any_sequence_keeps_the_promises(evm: PyrevmBackend) -> None:
    """SOLV-1 to EXIT-1; which is judged where is in tests/invariants/machine.py."""
    run(SecondHalf, "second-half", evm, STEPS)
