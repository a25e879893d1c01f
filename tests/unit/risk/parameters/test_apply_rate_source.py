"""RiskParameters.proposeRateSource, applyRateSource, cancelRateSource: after a delay, if it agrees."""

import pytest

from tests.helpers.risk_parameters import DAY, GUARDIAN, STRANGER, WAD, ZERO, asset

BAND = 5_000


def rate(evm, ppm):
    return evm.deploy("FixedRate", WAD * ppm // 10**6)


@pytest.fixture(autouse=True)
def wrapped(evm, stage, parameters):
    stage.list_token("wstETH", 18)
    source = rate(evm, 1_200_000)
    parameters.addAsset(2, asset(rate_source=source.address))
    return source


def test_takes_a_day(evm, stage, parameters, wrapped):
    other, start = rate(evm, 1_201_000), evm.now
    tx = parameters.proposeRateSource(2, other)
    proposal = {"assetId": 2, "rateSource": other.address, "activeFrom": start + DAY}
    assert tx.events("RateSourceProposed") == [proposal]
    assert tuple(parameters.rateSourceProposal(2)) == (other.address, start + DAY)
    evm.warp(DAY - 1)
    with evm.reverts("RiskParameters_TooEarly", start + DAY):
        parameters.applyRateSource(2)
    evm.warp(1)
    tx = parameters.applyRateSource(2)
    old, new = asset(rate_source=wrapped.address), asset(rate_source=other.address)
    assert tx.events("AssetSet") == [{"assetId": 2, "oldAsset": old, "newAsset": new, "rampEnd": 0}]
    assert stage.engine.valueOf(2, WAD)[0] == 2_402 * WAD
    with evm.reverts("RiskParameters_NotProposed", 2):
        parameters.applyRateSource(2)


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_new_rate_lies_within_the_basis_band(evm, parameters, wrapped, sign):
    limit = 1_200_000 * BAND // 10**6
    far, near = (rate(evm, 1_200_000 + sign * (limit + more)) for more in (1, 0))
    parameters.proposeRateSource(2, far)
    evm.warp(DAY)
    with evm.reverts("RiskParameters_SourcesDisagree", wrapped, None, far, None):
        parameters.applyRateSource(2)
    parameters.proposeRateSource(2, near)
    evm.warp(DAY)
    parameters.applyRateSource(2)


def test_the_band_is_the_one_in_force(evm, stage, parameters, wrapped):
    parameters.setAsset(2, asset(rate_source=wrapped.address, basis_band=0), 4 * DAY)
    near = rate(evm, 1_205_000)
    parameters.proposeRateSource(2, near)
    evm.warp(DAY // 2)
    evm.warp(DAY // 2)
    with evm.reverts("RiskParameters_SourcesDisagree"):
        parameters.applyRateSource(2)


def test_a_dead_source_is_replaced_at_any_rate(evm, stage, parameters):
    base, owner = stage.tokens[1], evm.accounts[0]
    vault = evm.deploy("MockShareToken", base, "share", "share")
    base.mint(owner, WAD)
    base.approve(vault, WAD)
    vault.deposit(WAD, owner)
    stage.list_token("share", 18)
    source = evm.deploy("GrowthCappedRate", vault, vault.stEthPerToken.encode(), WAD, WAD // 10)
    parameters.addAsset(3, asset(rate_source=source.address))
    other = rate(evm, 500_000)
    parameters.proposeRateSource(3, other)
    evm.warp(DAY)
    with evm.reverts("RiskParameters_SourcesDisagree"):
        parameters.applyRateSource(3)
    vault.lose(WAD)
    assert source.rateWad() == 0
    parameters.applyRateSource(3)


def test_a_new_source_must_answer(evm, stage, parameters):
    silent = stage.feeds[0]
    parameters.proposeRateSource(2, silent)
    evm.warp(DAY)
    with evm.reverts("RiskParameters_FeedNotAnswering", silent):
        parameters.applyRateSource(2)


def test_none_stands_for_one_to_one(evm, stage, parameters):
    stage.list_token("WETH2", 18)
    parameters.addAsset(3, asset(rate_source=rate(evm, 1_000_000).address))
    parameters.proposeRateSource(3, ZERO)
    evm.warp(DAY)
    stage.refresh()
    parameters.applyRateSource(3)
    assert stage.engine.valueOf(3, WAD)[0] == 2_000 * WAD


def test_a_walk_goes_on(evm, stage, parameters, wrapped):
    start = evm.now
    parameters.setAsset(2, asset(rate_source=wrapped.address, unwinding=7_000), 4 * DAY)
    parameters.proposeRateSource(2, rate(evm, 1_200_000))
    evm.warp(DAY)
    parameters.applyRateSource(2)
    assert parameters.assetRamp(2) == (start, start + 4 * DAY)
    assert parameters.asset(2).unwindingPpm == 5_500


@pytest.mark.parametrize("role", [0, GUARDIAN])
def test_guardian_and_owner_can_cancel(evm, parameters, role):
    parameters.proposeRateSource(2, rate(evm, 1_200_000))
    tx = parameters.cancelRateSource(2, sender=evm.accounts[role])
    assert tx.events("RateSourceProposalCancelled") == [{"assetId": 2}]
    evm.warp(DAY)
    with evm.reverts("RiskParameters_NotProposed", 2):
        parameters.applyRateSource(2)
    with evm.reverts("RiskParameters_NotProposed", 2):
        parameters.cancelRateSource(2)


def test_nobody_else(evm, parameters):
    other, stranger = rate(evm, 1_200_000), evm.accounts[STRANGER]
    parameters.proposeRateSource(2, other)
    evm.warp(DAY)
    with evm.reverts("Governed_NotGuardian", stranger):
        parameters.cancelRateSource(2, sender=stranger)
    for sender in (stranger, evm.accounts[GUARDIAN]):
        with evm.reverts("OwnableUnauthorizedAccount", sender):
            parameters.proposeRateSource(2, other, sender=sender)
        with evm.reverts("OwnableUnauthorizedAccount", sender):
            parameters.applyRateSource(2, sender=sender)
    with evm.reverts("RiskParameters_UnknownAsset", 3):
        parameters.proposeRateSource(3, other)
