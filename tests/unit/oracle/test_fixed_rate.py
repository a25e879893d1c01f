"""FixedRate: one number within bounds."""

import pytest

LOWEST, HIGHEST = 10**9, 10**27


@pytest.mark.parametrize("rate", [LOWEST, 10**18, HIGHEST])
def test_answers_its_rate(evm, rate):
    assert evm.deploy("FixedRate", rate).rateWad() == rate


@pytest.mark.parametrize("rate", [0, LOWEST - 1, HIGHEST + 1, 2**256 - 1])
def test_refuses_a_rate_out_of_range(evm, rate):
    with evm.reverts("FixedRate_OutOfRange", b"rateWad".ljust(32, b"\0"), rate, LOWEST, HIGHEST):
        evm.deploy("FixedRate", rate)
