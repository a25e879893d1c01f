"""RiskParameters.setDomain: target, premiums and minimum debt walk up (GOV-1), the rest changes at once."""

import pytest

from tests.helpers.risk_parameters import (
    DAY,
    DOMAIN,
    GUARDIAN,
    HOUR,
    PPM,
    STRANGER,
    WAD,
    Stage,
    domain,
    named,
)

WALKING = [
    ("target_health", "targetHealthPpm", "targetHealthWad", 1_050_000, 1_300_000),
    ("premium_min", "premiumMinPpm", "premiumMinWad", 50_000, 80_000),
    ("premium_start", "premiumStartPpm", "premiumStartWad", 80_000, 200_000),
    ("premium_max", "premiumMaxPpm", "premiumMaxWad", 200_000, 400_000),
    ("premium_full_health", "premiumFullHealthPpm", "premiumFullHealthWad", 500_000, 900_000),
    ("min_debt", "minDebtUsd", "minDebtWad", 100, 900),
]


@pytest.mark.parametrize(("field", "name", "in_engine", "looser", "tighter"), WALKING)
def test_what_tightens_walks(evm, stage, parameters, field, name, in_engine, looser, tighter):
    unit = WAD if field == "min_debt" else WAD // PPM

    def now():
        value = getattr(parameters.domain(), name)
        assert getattr(stage.engine.domainParameters(), in_engine) == value * unit
        return value

    with evm.isolation():
        tx = parameters.setDomain(domain(**{field: looser}), 0)
        assert now() == looser
        assert tx.events("DomainSet")[0]["rampEnd"] == 0
    start, old, wanted = evm.now, DOMAIN[field], domain(**{field: tighter})
    tx = parameters.setDomain(wanted, 4 * DAY)
    assert parameters.domainRamp() == (start, start + 4 * DAY)
    expected = {"oldDomain": domain(), "newDomain": wanted, "rampEnd": start + 4 * DAY}
    assert tx.events("DomainSet") == [expected]
    assert tuple(parameters.domainTarget()) == wanted
    for quarter in range(5):
        assert now() == old + (tighter - old) * quarter // 4
        evm.warp(DAY)


@pytest.mark.parametrize(
    ("field", "name", "values"),
    [
        ("backstop_share", "backstopSharePpm", (0, 500_000)),
        ("swap_loss", "swapLossPpm", (2_500, 200_000)),
        ("grace_period", "gracePeriod", (0, DAY)),
    ],
)
def test_the_rest_changes_at_once_both_ways(parameters, field, name, values):
    for value in values:
        parameters.setDomain(domain(**{field: value}), 0)
        assert getattr(parameters.domain(), name) == value


@pytest.mark.parametrize(
    ("field", "name", "least", "most"),
    [
        ("target_health", "targetHealth", 1_010_000, 2_000_000),
        ("premium_min", "premiumMin", 1_000, 500_000),
        ("premium_max", "premiumMax", 1_000, 500_000),
        ("premium_full_health", "premiumFullHealth", 1_000, 990_000),
        ("min_debt", "minDebt", 1, 100_000),
        ("backstop_share", "backstopShare", 0, 500_000),
        ("swap_loss", "swapLoss", 2_500, 200_000),
        ("grace_period", "gracePeriod", 0, DAY),
        ("netting", "netting", 0, 1_000_000),
    ],
)
def test_numbers_are_bounded(evm, parameters, field, name, least, most):
    for bad in {max(least - 1, 0), most + 1} - {least}:
        with evm.reverts("RiskParameters_OutOfRange", named(name), bad, least, most):
            parameters.setDomain(domain(**{field: bad}), DAY)


def test_premiums_are_in_order_and_below_the_health_they_are_paid_at(evm, parameters):
    with evm.reverts("RiskParameters_WrongOrder", named("premiumMin"), 100_001, None, 100_000):
        parameters.setDomain(domain(premium_min=100_001), DAY)
    with evm.reverts("RiskParameters_WrongOrder", named("premiumStart"), 100_000, None, 99_999):
        parameters.setDomain(domain(premium_max=99_999), 0)
    with evm.reverts("RiskParameters_WrongOrder", named("premiumMax"), 300_001, None, 300_000):
        parameters.setDomain(domain(premium_full_health=300_000), 0)
    parameters.setDomain(domain(premium_full_health=300_001), 0)


def test_order_holds_at_the_beginning_of_a_walk_too(evm, parameters):
    # The smallest premium rises to 8% over days; the first falls to 7% at once, where the other passes it.
    with evm.reverts("RiskParameters_WrongOrder", named("premiumMin"), 80_000, None, 70_000):
        parameters.setDomain(domain(premium_min=80_000, premium_start=70_000), DAY)
    parameters.setDomain(domain(premium_min=80_000), 10 * DAY)
    evm.warp(5 * DAY)
    # Back to 6% for both; the smallest one stood at 7% and is loosened with it.
    parameters.setDomain(domain(premium_min=60_000, premium_start=60_000), 0)
    # It may now fall below where the other one stands only together with it.
    with evm.reverts("RiskParameters_WrongOrder", named("premiumMin"), 60_000, None, 59_999):
        parameters.setDomain(domain(premium_start=59_999), 0)


def test_the_target_stays_within_every_initial_shock(evm, stage, parameters):
    # WETH: 18% / 12%, USDC: 1.5% / 1%
    parameters.setDomain(domain(target_health=1_500_000), DAY)
    with evm.reverts("RiskParameters_InitialBelowTarget", 0, 15_000, 15_001):
        parameters.setDomain(domain(target_health=1_500_001), DAY)


def test_the_smallest_premium_pays_for_unwinding_every_asset(evm, parameters):
    # WETH: 0.5% / (12% + 2% + 0.5%) = 3.448...%; USDC: 0.03% / 1.03%
    with evm.reverts("RiskParameters_PremiumBelowUnwinding", 1, 34_482, 5_000):
        parameters.setDomain(domain(premium_min=34_482), 0)
    parameters.setDomain(domain(premium_min=34_483), 0)


def test_a_walk_needs_a_day_at_least(evm, parameters):
    with evm.reverts("RiskParameters_RampTooShort", DAY - 1, DAY):
        parameters.setDomain(domain(min_debt=501), DAY - 1)


def test_a_grace_period_that_runs_is_not_shortened(evm):
    uptime = evm.deploy("MockSequencerFeed")
    evm.warp(DAY)
    parameters = Stage(evm, sequencer=uptime.address).parameters
    uptime.setUp(False)
    with evm.reverts("RiskParameters_GraceRunning", 0, HOUR):
        parameters.setDomain(domain(grace_period=HOUR - 1), 0)
    uptime.setUp(True)
    evm.warp(HOUR - 1)
    with evm.reverts("RiskParameters_GraceRunning", HOUR - 1, HOUR):
        parameters.setDomain(domain(grace_period=HOUR - 1), 0)
    parameters.setDomain(domain(grace_period=HOUR), 0)
    evm.warp(1)
    parameters.setDomain(domain(grace_period=0), 0)


def test_only_the_owner(evm, parameters):
    for role in (STRANGER, GUARDIAN):
        with evm.reverts("OwnableUnauthorizedAccount"):
            parameters.setDomain(domain(), 0, sender=evm.accounts[role])
