"""KinkRateModel: two straight lines that meet at the kink."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.model.pool import WAD, YEAR
from tests.helpers.evm import Contract, PyrevmBackend

KINK, AT_ZERO, AT_KINK, AT_FULL = 80 * WAD // 100, WAD // 100, 5 * WAD // 100, 90 * WAD // 100
NOBODY = "0x" + 40 * "0"


@pytest.fixture(scope="module")
def deployed_model(session_evm: PyrevmBackend) -> Contract:
    return session_evm.deploy("KinkRateModel", KINK, AT_ZERO, AT_KINK, AT_FULL)


@pytest.fixture
def model(deployed_model: Contract, evm: PyrevmBackend) -> Contract:
    return deployed_model


@pytest.mark.parametrize(
    ("utilisation", "per_year"),
    [
        (0, AT_ZERO),
        (KINK // 2, (AT_ZERO + AT_KINK) // 2),
        (KINK, AT_KINK),
        ((KINK + WAD) // 2, (AT_KINK + AT_FULL) // 2),
        (WAD, AT_FULL),
        (2 * WAD, AT_FULL),
        (2**256 - 1, AT_FULL),
    ],
)
def test_points_on_the_lines(model: Contract, utilisation: int, per_year: int) -> None:
    assert model.update(utilisation, 0) == per_year // YEAR


@given(utilisation=st.integers(0, WAD), elapsed=st.integers(0, 2**40))
def test_is_the_exact_line_rounded_down(model: Contract, utilisation: int, elapsed: int) -> None:
    if utilisation <= KINK:
        exact = AT_ZERO + Fraction(AT_KINK - AT_ZERO) * utilisation / KINK
    else:
        exact = AT_KINK + Fraction(AT_FULL - AT_KINK) * (utilisation - KINK) / (WAD - KINK)
    answer = model.update(utilisation, elapsed)
    assert exact / YEAR - 2 < answer <= exact / YEAR
    assert model.rate(NOBODY, utilisation, elapsed) == answer


@given(one=st.integers(0, WAD), other=st.integers(0, WAD))
def test_never_falls_as_utilisation_rises(model: Contract, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert model.update(low, 0) <= model.update(high, 0)


def test_tells_its_parameters(model: Contract) -> None:
    assert (model.KINK_WAD(), model.RATE_AT_ZERO()) == (KINK, AT_ZERO)
    assert (model.RATE_AT_KINK(), model.RATE_AT_FULL()) == (AT_KINK, AT_FULL)


@pytest.mark.parametrize(
    "arguments",
    [
        (WAD // 100 - 1, 0, 0, 0),
        (99 * WAD // 100 + 1, 0, 0, 0),
        (KINK, 0, 0, 10 * WAD + 1),
        (KINK, 0, 2, 1),
        (KINK, 2, 1, 1),
        (2**255, 2**255, 2**255, 2**255),
    ],
)
def test_parameters_are_bounded(evm: PyrevmBackend, arguments: tuple[int, ...]) -> None:
    with evm.reverts("RateModel_OutOfRange"):
        evm.deploy("KinkRateModel", *arguments)


def test_flat_lines_are_allowed(evm: PyrevmBackend) -> None:
    flat = evm.deploy("KinkRateModel", WAD // 100, WAD, WAD, WAD)
    assert flat.update(0, 0) == flat.update(WAD, 0) == WAD // YEAR
    free = evm.deploy("KinkRateModel", 99 * WAD // 100, 0, 0, 0)
    assert free.update(WAD, 0) == 0


def test_tells_its_curve(model: Contract) -> None:
    word = model.curve()
    parts = [word >> 192, *(word >> shift & (2**64 - 1) for shift in (128, 64, 0))]
    assert parts == [KINK, AT_ZERO, AT_KINK, AT_FULL]
