"""RiskParameters.setAsset: what tightens walks (GOV-1), a tier does not; its underlying stays."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.risk_parameters import CROSS, DAY, ISOLATED, NONE, STRANGER, asset, named, shocks


@pytest.mark.parametrize(
    ("field", "name", "looser", "tighter"),
    [
        ("basis_shock", "basisShockPpm", 12_000, 40_000),
        ("unwinding", "unwindingPpm", 1_000, 7_000),
        ("basis_band", "basisBandPpm", 9_000, 1_000),
    ],
)
def test_what_tightens_walks(evm, stage, parameters, field, name, looser, tighter):
    old = getattr(parameters.asset(1), name)
    with evm.isolation():
        tx = parameters.setAsset(1, stage.asset(**{field: looser}), 0)
        assert getattr(parameters.asset(1), name) == looser
        assert tx.events("AssetSet")[0]["rampEnd"] == 0
    start, wanted = evm.now, stage.asset(**{field: tighter})
    tx = parameters.setAsset(1, wanted, 4 * DAY)
    assert parameters.assetRamp(1) == (start, start + 4 * DAY)
    expected = {"assetId": 1, "oldAsset": stage.asset(), "newAsset": wanted, "rampEnd": start + 4 * DAY}
    assert tx.events("AssetSet") == [expected]
    assert tuple(parameters.assetTarget(1)) == wanted
    for quarter in range(5):
        assert getattr(parameters.asset(1), name) == old + (tighter - old) * quarter // 4
        evm.warp(DAY)


@settings(max_examples=60)
@given(
    old=st.one_of(st.just(0), st.integers(10_000, 2**48 - 1)),
    new=st.integers(10_000, 2**48 - 1),
    share=st.fractions(0, 1),
)
def test_depth_walks_as_its_inverse_when_it_falls(evm, stage, parameters, old, new, share):
    tightens = old == 0 or new < old
    with evm.isolation():
        parameters.setAsset(1, stage.asset(depth=0), 0)
        if old:
            parameters.setAsset(1, stage.asset(depth=old), DAY)
            evm.warp(DAY)
        assert parameters.asset(1).depthUsd == old
        parameters.setAsset(1, stage.asset(depth=new), 10 * DAY)
        elapsed = int(10 * DAY * share)
        evm.warp(elapsed)
        depth = parameters.asset(1).depthUsd
        if not tightens:
            assert depth == new and parameters.assetRamp(1) == (0, 0)
            return
        progress = Fraction(elapsed, 10 * DAY)
        inverse = (1 - progress) * (Fraction(1, old) if old else 0) + progress * Fraction(1, new)
        if depth == 0:
            assert old == 0 and elapsed == 0
        else:
            # The depth in force is never below the line's, and above it by a rounding at most.
            assert depth >= min(1 / inverse, 2**48 - 1)
            assert depth <= min(1 / inverse * (1 + Fraction(1, 10**9)), 2**48) + 1


def test_depth_without_end_is_there_at_once(stage, parameters):
    parameters.setAsset(1, stage.asset(depth=0), 0)
    assert parameters.asset(1).depthUsd == 0


@pytest.mark.parametrize("tier", [NONE, ISOLATED, CROSS])
def test_any_tier_is_there_at_once(stage, parameters, tier):
    parameters.setAsset(1, stage.asset(tier=ISOLATED), 0)
    parameters.setAsset(1, stage.asset(tier=tier), 0)
    assert parameters.asset(1).tier == tier


def test_not_of_the_settlement_asset(evm, stage, parameters):
    with evm.reverts("RiskParameters_NotSettable", named("tier")):
        parameters.setAsset(0, stage.asset(0, tier=ISOLATED), 0)


def test_underlying_and_rate_source_are_not_set_here(evm, stage, parameters):
    with evm.reverts("RiskParameters_NotSettable", named("underlying")):
        parameters.setAsset(1, stage.asset(underlying=0), 0)
    with evm.reverts("RiskParameters_NotSettable", named("rateSource")):
        parameters.setAsset(1, stage.asset(rate_source=stage.feeds[0].address), 0)


def test_a_walk_needs_a_day_at_least(evm, stage, parameters):
    with evm.reverts("RiskParameters_RampTooShort", DAY - 1, DAY):
        parameters.setAsset(1, stage.asset(unwinding=5_001), DAY - 1)


def test_two_fields_walk_together_to_the_later_end(evm, stage, parameters):
    start = evm.now
    parameters.setAsset(1, stage.asset(basis_shock=40_000), 10 * DAY)
    evm.warp(5 * DAY)
    parameters.setAsset(1, stage.asset(basis_shock=40_000, unwinding=7_000), 7 * DAY)
    assert parameters.assetRamp(1) == (start + 5 * DAY, start + 12 * DAY)
    assert parameters.asset(1).basisShockPpm == 30_000
    evm.warp(7 * DAY)
    assert tuple(parameters.asset(1)) == stage.asset(basis_shock=40_000, unwinding=7_000)


def test_the_basis_shock_covers_the_band_that_is_still_in_force(evm, stage, parameters):
    with evm.reverts("RiskParameters_WrongOrder", named("2 * basisBand"), 10_000, None, 4_000):
        parameters.setAsset(1, stage.asset(basis_band=2_000, basis_shock=4_000), DAY)
    parameters.setAsset(1, stage.asset(basis_band=2_000), DAY)
    evm.warp(DAY)
    parameters.setAsset(1, stage.asset(basis_band=2_000, basis_shock=4_000), 0)


def test_the_premium_pays_for_unwinding_at_the_shock_that_is_still_in_force(evm, stage, parameters):
    # 6% of (12% + 2% + unwinding) >= unwinding up to 0.8936...%
    with evm.reverts("RiskParameters_PremiumBelowUnwinding", 1, 60_000, 8_937):
        parameters.setAsset(1, stage.asset(unwinding=8_937, basis_shock=30_000), DAY)
    parameters.setAsset(1, stage.asset(unwinding=8_936, basis_shock=30_000), DAY)
    parameters.setShocks(1, shocks(maintenance_down=130_000), DAY)


def test_numbers_are_bounded(evm, stage, parameters):
    with evm.reverts("RiskParameters_OutOfRange", named("unwinding"), 200_001, 0, 200_000):
        parameters.setAsset(1, stage.asset(unwinding=200_001), DAY)


def test_only_the_owner_and_only_what_is_there(evm, stage, parameters):
    with evm.reverts("OwnableUnauthorizedAccount"):
        parameters.setAsset(1, stage.asset(), 0, sender=evm.accounts[STRANGER])
    with evm.reverts("RiskParameters_UnknownAsset", 2):
        parameters.setAsset(2, asset(), 0)
