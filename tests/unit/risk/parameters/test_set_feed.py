"""RiskParameters.setFeed: numbers of a feed. A band may widen at once and narrows at a walk (GOV-1)."""

import pytest

from tests.helpers.risk_parameters import DAY, HOUR, STRANGER, WAD, feed, named, shocks

PRICE = 2_000


@pytest.mark.parametrize(
    ("field", "name", "looser", "tighter"),
    [
        ("half_width", "halfWidthPpm", 10_000, 5_000),
        ("volatility", "volatilityPpm", 60_000, 10_000),
        ("tolerance", "tolerancePpm", 10_000, 30_000),
    ],
)
def test_what_narrows_the_band_walks(evm, stage, parameters, field, name, looser, tighter):
    old = getattr(parameters.feed(1), name)
    with evm.isolation():
        tx = parameters.setFeed(1, stage.feed(1, **{field: looser}), 0)
        assert getattr(parameters.feed(1), name) == looser
        assert tx.events("FeedSet")[0]["rampEnd"] == 0
    start, wanted = evm.now, stage.feed(1, **{field: tighter})
    tx = parameters.setFeed(1, wanted, 4 * DAY)
    expected = {"underlying": 1, "oldFeed": stage.feed(1), "newFeed": wanted, "rampEnd": start + 4 * DAY}
    assert tx.events("FeedSet") == [expected]
    assert tuple(parameters.feedTarget(1)) == wanted
    for quarter in range(5):
        assert getattr(parameters.feed(1), name) == old + (tighter - old) * quarter // 4
        evm.warp(DAY)


def test_the_engine_takes_the_half_width(evm, stage, parameters):
    parameters.setFeed(1, stage.feed(1, half_width=5_000), DAY)
    evm.warp(DAY // 2)
    stage.refresh()
    assert stage.engine.band(1).halfWidthWad == PRICE * WAD * 6_250 // 10**6


def test_addresses_are_not_set_here(evm, stage, parameters):
    with evm.reverts("RiskParameters_NotSettable", named("aggregator")):
        parameters.setFeed(1, stage.feed(1, aggregator=stage.feeds[0].address), 0)
    with evm.reverts("RiskParameters_NotSettable", named("secondary")):
        parameters.setFeed(1, stage.feed(1, secondary=stage.feeds[0].address), 0)


def test_numbers_are_bounded(evm, stage, parameters):
    with evm.reverts("RiskParameters_OutOfRange", named("halfWidth"), 99, 100, 100_000):
        parameters.setFeed(1, stage.feed(1, half_width=99), DAY)


def test_relations_hold_with_the_wider_band(evm, stage, parameters):
    # maintenance 12% * 3/4 = 9% = 2 * 3.5% + 2%
    with evm.reverts("RiskParameters_ShockTooSmall", 1, 120_000, 120_003):
        parameters.setFeed(1, stage.feed(1, half_width=35_001), 0)
    parameters.setFeed(1, stage.feed(1, half_width=35_000), 0)


def test_a_narrower_band_makes_room_only_when_it_is_there(evm, stage, parameters):
    parameters.setFeed(1, stage.feed(1, half_width=35_000), 0)
    parameters.setFeed(1, stage.feed(1, half_width=7_500), 2 * DAY)
    with evm.reverts("RiskParameters_ShockTooSmall", 1, 100_000, 120_000):
        parameters.setShocks(1, shocks(maintenance_down=100_000), 0)
    evm.warp(DAY)
    with evm.reverts("RiskParameters_ShockTooSmall", 1, 83_333, 83_334):
        parameters.setShocks(1, shocks(maintenance_down=83_333), 0)
    parameters.setShocks(1, shocks(maintenance_down=83_334), 0)


def test_a_longer_heartbeat_waits_for_a_fresh_answer(evm, stage, parameters):
    longer = stage.feed(1, heartbeat=2 * HOUR)
    evm.warp(HOUR + 1)
    with evm.reverts("RiskParameters_FeedStale", stage.feeds[1], HOUR + 1, HOUR):
        parameters.setFeed(1, longer, 0)
    stage.feeds[1].setDead(True)
    with evm.reverts("RiskParameters_FeedNotAnswering", stage.feeds[1]):
        parameters.setFeed(1, longer, 0)
    stage.feeds[1].setDead(False)
    stage.refresh()
    parameters.setFeed(1, longer, 0)
    assert parameters.feed(1).heartbeat == 2 * HOUR


def test_a_shorter_heartbeat_and_wider_bounds_need_no_answer(stage, parameters):
    stage.feeds[1].setDead(True)
    parameters.setFeed(1, stage.feed(1, heartbeat=HOUR // 2, min_price=WAD, max_price=10**6 * WAD), 0)


@pytest.mark.parametrize(
    ("good", "bad", "name"),
    [
        ({"min_price": PRICE * WAD * 88 // 100}, {"min_price": PRICE * WAD * 88 // 100 + 1}, "minPriceWad"),
        ({"max_price": PRICE * WAD * 112 // 100}, {"max_price": PRICE * WAD * 112 // 100 - 1}, "maxPriceWad"),
    ],
)
def test_narrower_bounds_leave_room_for_a_maintenance_shock(evm, stage, parameters, good, bad, name):
    with evm.reverts("RiskParameters_OutOfRange", named(name), *bad.values(), None, None):
        parameters.setFeed(1, stage.feed(1, **bad), 0)
    parameters.setFeed(1, stage.feed(1, **good), 0)


def test_room_is_for_the_shock_that_a_walk_leads_to(evm, stage, parameters):
    parameters.setShocks(1, shocks(maintenance_down=150_000), DAY)
    with evm.reverts("RiskParameters_OutOfRange", named("minPriceWad"), None, 1, PRICE * WAD * 85 // 100):
        parameters.setFeed(1, stage.feed(1, min_price=PRICE * WAD * 88 // 100), 0)


def test_narrower_bounds_wait_while_a_second_source_disagrees(evm, stage, parameters):
    # It counts up to the bounds, so narrower ones would take room from the favourable edge.
    second = evm.deploy("MockAggregator", 8, "second", PRICE * 10**8)
    source = evm.deploy("FeedPriceSource", second, 7 * DAY)
    parameters.proposeFeed(1, stage.feeds[1], source)
    evm.warp(DAY)
    stage.refresh()
    parameters.applyFeed(1)
    second.setAnswer(90_000 * 10**8)
    narrower = stage.feed(1, secondary=source.address, max_price=50_000 * WAD)
    with evm.reverts("RiskEngine_PriceNotUsable", 1, None):
        parameters.setFeed(1, narrower, 0)
    second.setAnswer(PRICE * 10**8)
    parameters.setFeed(1, narrower, 0)


def test_narrower_bounds_need_an_answer(evm, stage, parameters):
    stage.feeds[1].setDead(True)
    with evm.reverts("RiskEngine_PriceNotUsable", 1, None):
        parameters.setFeed(1, stage.feed(1, min_price=100 * WAD), 0)


def test_only_the_owner_and_only_what_is_there(evm, stage, parameters):
    with evm.reverts("OwnableUnauthorizedAccount"):
        parameters.setFeed(1, stage.feed(1), 0, sender=evm.accounts[STRANGER])
    with evm.reverts("RiskParameters_UnknownUnderlying", 2):
        parameters.setFeed(2, feed(), 0)
