"""Random sequences over a whole domain, on the real chain: every transaction in a block of its own, a second
later."""

from __future__ import annotations

import pytest

from tests.helpers.evm import AnvilBackend
from tests.invariants.machine import DomainMachine, run

STEPS = 400


class OnAnvil(DomainMachine):
    """Its name is part of the seed under CI."""


@pytest.mark.anvil
@pytest.mark.slow
def test_any_sequence_keeps_the_promises(anvil: AnvilBackend) -> None:
    """SOLV-1 to EXIT-1; which is judged where is in tests/invariants/machine.py."""
    run(OnAnvil, "on-anvil", anvil, STEPS)
