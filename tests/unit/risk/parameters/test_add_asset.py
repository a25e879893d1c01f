"""RiskParameters.addAsset: the vault's next asset, on an underlying there is, worth a taker's while."""

import pytest

from tests.helpers.risk_parameters import (
    CROSS,
    ISOLATED,
    STRANGER,
    WAD,
    ZERO,
    Stage,
    asset,
    domain,
    named,
    shocks,
)

USD = 10**18


def test_is_stored_told_and_published(stage, parameters):
    stage.list_token("WBTC", 8)
    wanted = asset(tier=ISOLATED)
    tx = parameters.addAsset(2, wanted)
    assert parameters.assetCount() == 3
    assert tuple(parameters.asset(2)) == tuple(parameters.assetTarget(2)) == wanted
    assert parameters.assetRamp(2) == (0, 0)
    assert tx.events("AssetAdded") == [{"assetId": 2, "asset": wanted}]
    assert stage.engine.valueOf(2, 10**8)[0] == 2_000 * USD


@pytest.mark.parametrize("decimals", [0, 6, 27])
def test_decimals_are_the_tokens(stage, parameters, decimals):
    stage.list_token("TOKEN", decimals)
    parameters.addAsset(2, asset())
    assert stage.engine.valueOf(2, 10**decimals)[0] == 2_000 * USD


def test_more_than_27_decimals_are_refused(evm, stage, parameters):
    stage.list_token("TOKEN", 28)
    with evm.reverts("RiskParameters_OutOfRange", named("decimals"), 28, 0, 27):
        parameters.addAsset(2, asset())


def test_only_the_owner(evm, stage, parameters):
    stage.list_token("WBTC", 8)
    with evm.reverts("OwnableUnauthorizedAccount"):
        parameters.addAsset(2, asset(), sender=evm.accounts[STRANGER])


def test_ids_are_the_vaults_in_its_order(evm, stage, parameters):
    with evm.reverts("RiskParameters_UnknownAsset", 2):
        parameters.addAsset(2, asset())
    stage.list_token("WBTC", 8)
    stage.list_token("DAI", 18)
    for wrong in (1, 3):
        with evm.reverts("RiskParameters_NotNextAsset", wrong, 2):
            parameters.addAsset(wrong, asset())


def test_the_underlying_must_be_there(evm, stage, parameters):
    stage.list_token("WBTC", 8)
    with evm.reverts("RiskParameters_UnknownUnderlying", 2):
        parameters.addAsset(2, asset(underlying=2))


def test_the_settlement_asset_counts_beside_anything(evm):
    stage = Stage(evm, with_domain=False)
    parameters = stage.parameters
    add = parameters.addAsset.encode(0, asset(underlying=0, tier=CROSS - 1))
    calls = [
        parameters.addUnderlying.encode(stage.feed_tuples[1], shocks()),
        add,
        parameters.setDomain.encode(domain(), 0),
    ]
    with evm.reverts("RiskParameters_NotSettable", named("tier")):
        parameters.configure(calls)


@pytest.mark.parametrize(
    ("field", "name", "most"),
    [("basis_shock", "basisShock", 500_000), ("unwinding", "unwinding", 200_000)],
)
def test_numbers_are_bounded(evm, stage, parameters, field, name, most):
    stage.list_token("WBTC", 8)
    with evm.reverts("RiskParameters_OutOfRange", named(name), most + 1, 0, most):
        parameters.addAsset(2, asset(**{field: most + 1}))


def test_basis_band_is_bounded(evm, stage, parameters):
    stage.list_token("WBTC", 8)
    with evm.reverts("RiskParameters_OutOfRange", named("basisBand"), 100_001, 0, 100_000):
        parameters.addAsset(2, asset(basis_band=100_001, basis_shock=500_000))
    parameters.addAsset(2, asset(basis_band=100_000, basis_shock=500_000))


@pytest.mark.parametrize("depth", [1, 9_999, 2**48])
def test_depth_is_none_or_at_least_ten_thousand(evm, stage, parameters, depth):
    stage.list_token("WBTC", 8)
    with evm.reverts("RiskParameters_OutOfRange", named("depth"), depth, 10_000, 2**48 - 1):
        parameters.addAsset(2, asset(depth=depth))
    parameters.addAsset(2, asset(depth=0))


def test_basis_shock_covers_both_basis_bands(evm, stage, parameters):
    stage.list_token("WBTC", 8)
    with evm.reverts("RiskParameters_WrongOrder", named("2 * basisBand"), 10_000, named("basisShock"), 9_999):
        parameters.addAsset(2, asset(basis_band=5_000, basis_shock=9_999))
    parameters.addAsset(2, asset(basis_band=5_000, basis_shock=10_000))


def test_the_smallest_premium_pays_for_unwinding(evm, stage, parameters):
    # 6% of (12% + unwinding) >= unwinding up to 0.06 * 0.12 / 0.94 = 0.7659...%
    stage.list_token("WBTC", 8)
    with evm.reverts("RiskParameters_PremiumBelowUnwinding", 2, 60_000, 7_660):
        parameters.addAsset(2, asset(basis_shock=0, basis_band=0, unwinding=7_660))
    parameters.addAsset(2, asset(basis_shock=0, basis_band=0, unwinding=7_659))


def test_a_silent_rate_source_is_refused(evm, stage, parameters):
    stage.list_token("wstETH", 18)
    for silent in (evm.accounts[5], stage.tokens[0].address):
        with evm.reverts("RiskParameters_FeedNotAnswering", silent):
            parameters.addAsset(2, asset(rate_source=silent))
    rate = evm.deploy("FixedRate", 12 * WAD // 10)
    parameters.addAsset(2, asset(rate_source=rate.address))
    assert parameters.asset(2).rateSource == rate.address != ZERO
    assert stage.engine.valueOf(2, WAD)[0] == 2_400 * USD
