"""Relations between parameters: files that break one are refused where the contract refuses, in one line.

Each case is the last value that holds and the first that does not.
"""

from __future__ import annotations

import pytest

from scripts.deploy import deploy
from scripts.markets import MarketError, relations
from tests.helpers.evm import Reverted

# File, field, value that holds, value that does not, the field that is blamed, the contract's error.
CASES = [
    (
        ("weth.yaml", "shocks", "initial_down"),
        ("13.75%", "13.7499%"),
        "write at least 13.75%",
        "RiskParameters_InitialBelowTarget",
    ),
    (
        ("weth.yaml", "shocks", "initial_up"),
        ("13.75%", "12.4999%"),
        "write at least 13.75%",
        "RiskParameters_InitialBelowMaintenance",
    ),
    (
        ("dai.yaml", "shocks", "maintenance_down"),
        ("1.9334%", "1.9333%"),
        "write at least 1.9334%",
        "RiskParameters_ShockTooSmall",
    ),
    (
        ("dai.yaml", "shocks", "maintenance_up"),
        ("1.9334%", "1.9333%"),
        "write at least 1.9334%",
        "RiskParameters_ShockTooSmall",
    ),
    (
        ("weth.yaml", "collateral", "unwinding"),
        ("0.6578%", "0.6579%"),
        "write at most 0.6578%",
        "RiskParameters_PremiumBelowUnwinding",
    ),
    (
        ("wsteth.yaml", "collateral", "basis_shock"),
        ("2.7%", "1.4999%"),
        "write at least 1.5%",
        "RiskParameters_WrongOrder",
    ),
    (
        ("weth.yaml", "collateral", "depth"),
        ("10_000 USD", "9_999 USD"),
        "write more, or 0 USD for none",
        "RiskParameters_OutOfRange",
    ),
    (
        ("weth.yaml", "price", "tolerance"),
        ("0.1%", "0.0999%"),
        "write at least 0.1%",
        "RiskParameters_OutOfRange",
    ),
    (
        ("weth.yaml", "price", "least"),
        ("1_750 USD", "1_750.01 USD"),
        "leaves no room for a maintenance shock from local.price",
        "RiskParameters_OutOfRange",
    ),
    (
        ("weth.yaml", "price", "most"),
        ("2_250 USD", "2_249.99 USD"),
        "leaves no room for a maintenance shock from local.price",
        "RiskParameters_OutOfRange",
    ),
    (
        ("main.yaml", "liquidation", "premium_start"),
        ("5%", "4.9999%"),
        "premium_min: 5% is above premium_start, 4.9999%",
        "RiskParameters_WrongOrder",
    ),
    (
        ("main.yaml", "liquidation", "premium_full_health"),
        ("30.0001%", "30%"),
        "premium_max: 30% is not below premium_full_health, 30%",
        "RiskParameters_WrongOrder",
    ),
]


@pytest.mark.parametrize(("place", "texts", "message", "error"), CASES, ids=lambda value: str(value)[:40])
def test_files_and_contract_draw_the_same_line(evm, files, monkeypatch, place, texts, message, error):
    name, *path = place
    good, bad = texts
    with evm.isolation():
        deploy(evm, markets=files.change(name, *path, to=good).load())
    files.change(name, *path, to=bad)
    with pytest.raises(MarketError) as caught:
        files.load()
    assert str(caught.value).startswith(f"{name}: ") and message in str(caught.value)
    monkeypatch.setattr(relations, "check_market", lambda *_: None)
    monkeypatch.setattr(relations, "check_domain", lambda *_: None)
    with pytest.raises(Reverted) as refused:
        deploy(evm, markets=files.load())
    assert refused.value.name == error


def test_caps_fit_the_pool(files):
    with pytest.raises(MarketError, match=r"^weth.yaml: caps.debt: is above pool.line"):
        files.change("weth.yaml", "caps", "debt", to="40_001 WETH").load()
    files.change("weth.yaml", "caps", "debt", to="1 WETH").change("weth.yaml", "pool", to="")
    with pytest.raises(MarketError, match=r"^weth.yaml: caps.debt: is not zero, but there is no pool"):
        files.load()


def test_the_settlement_asset_is_cross(files):
    with pytest.raises(MarketError, match=r"^usdc.yaml: collateral.tier: is not cross"):
        files.change("usdc.yaml", "collateral", "tier", to="isolated").load()


def test_bounds_stand_in_order(files):
    with pytest.raises(MarketError, match=r"^weth.yaml: price.least: is not below price.most"):
        files.change("weth.yaml", "price", "least", to="100_000 USD").load()
