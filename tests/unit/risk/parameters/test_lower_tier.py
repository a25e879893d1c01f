"""RiskParameters.lowerTier: the guardian's way to stop new risk in one asset."""

import pytest

from tests.helpers.risk_parameters import CROSS, DAY, GUARDIAN, ISOLATED, NONE, STRANGER, named


@pytest.mark.parametrize("role", [0, GUARDIAN])
def test_guardian_and_owner_may(evm, stage, parameters, role):
    for tier in (CROSS, ISOLATED, NONE):
        tx = parameters.lowerTier(1, tier, sender=evm.accounts[role])
        assert parameters.asset(1).tier == tier
        assert tuple(tx.events("AssetSet")[0]["newAsset"]) == stage.asset(tier=tier)
        assert tx.events("BookPublished")


def test_never_raises_it(evm, parameters):
    parameters.lowerTier(1, NONE)
    with evm.reverts("RiskParameters_WrongOrder", named("tier"), ISOLATED, named("tier now"), NONE):
        parameters.lowerTier(1, ISOLATED, sender=evm.accounts[GUARDIAN])


def test_leaves_maintenance_as_it_is(evm, stage, parameters):
    def judged():
        return tuple(stage.engine.assess(bytes(32), [(1 << 248) | 10**18], [], 1, False))

    before = judged()
    parameters.lowerTier(1, NONE)
    assert judged() == before


def test_leaves_a_walk_as_it_is(evm, stage, parameters):
    start = evm.now
    parameters.setAsset(1, stage.asset(unwinding=7_000), 4 * DAY)
    evm.warp(DAY)
    parameters.lowerTier(1, NONE)
    assert parameters.assetRamp(1) == (start, start + 4 * DAY)
    assert parameters.asset(1).unwindingPpm == 5_500


def test_not_of_the_settlement_asset(evm, parameters):
    with evm.reverts("RiskParameters_NotSettable", named("tier")):
        parameters.lowerTier(0, NONE)


def test_nobody_else(evm, parameters):
    with evm.reverts("Governed_NotGuardian"):
        parameters.lowerTier(1, NONE, sender=evm.accounts[STRANGER])
    with evm.reverts("RiskParameters_UnknownAsset", 2):
        parameters.lowerTier(2, NONE)
