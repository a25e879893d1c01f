"""A domain with USDC and WETH, deployed once per file."""

import pytest

from tests.helpers.risk_parameters import Stage


@pytest.fixture(scope="module")
def deployed(session_evm):
    with session_evm.isolation():
        yield Stage(session_evm)


@pytest.fixture
def stage(deployed, evm):
    return deployed


@pytest.fixture
def parameters(stage):
    return stage.parameters
