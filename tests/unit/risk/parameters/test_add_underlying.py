"""RiskParameters.addUnderlying: a feed that answers with room around its price, shocks in order."""

import pytest

from tests.helpers.risk_parameters import DAY, FEED, PPM, STRANGER, WAD, feed, named, shocks

SECOND = "0x" + "22" * 20
PRICE = 2_000


def test_is_stored_told_and_published(evm, stage, parameters):
    wanted, moves = (
        feed(aggregator=stage.new_feed(PRICE).address, secondary=SECOND),
        shocks(initial_up=250_000),
    )
    book = stage.engine.book()
    tx = parameters.addUnderlying(wanted, moves)
    assert tx.value == 2 and parameters.underlyingCount() == 3
    assert tuple(parameters.feed(2)) == tuple(parameters.feedTarget(2)) == wanted
    assert tuple(parameters.shocks(2)) == tuple(parameters.shocksTarget(2)) == moves
    assert parameters.underlyingRamp(2) == (0, 0)
    assert tx.events("UnderlyingAdded") == [{"underlying": 2, "feed": wanted, "shocks": moves}]
    assert stage.engine.book() != book
    assert stage.engine.band(2).priceWad == PRICE * WAD


@pytest.mark.parametrize("decimals", [0, 6, 8, 18, 24])
def test_a_feed_may_have_any_decimals(stage, parameters, decimals):
    aggregator = stage.new_feed(PRICE, decimals)
    parameters.addUnderlying(feed(aggregator=aggregator.address), shocks())
    assert stage.engine.band(2).priceWad == PRICE * WAD


def test_only_the_owner(evm, stage, parameters):
    arguments = feed(aggregator=stage.new_feed(PRICE).address), shocks()
    with evm.reverts("OwnableUnauthorizedAccount"):
        parameters.addUnderlying(*arguments, sender=evm.accounts[STRANGER])


@pytest.mark.parametrize(
    ("field", "name", "least", "most"),
    [
        ("heartbeat", "heartbeat", 60, 7 * DAY),
        ("half_width", "halfWidth", 100, 100_000),
        ("volatility", "volatility", 0, 500_000),
        ("tolerance", "tolerance", 0, 200_000),
    ],
)
def test_numbers_are_bounded(evm, stage, parameters, field, name, least, most):
    wide = dict.fromkeys(("maintenance_down", "maintenance_up"), 700_000)
    moves = shocks(**wide, initial_down=PPM, initial_up=PPM)
    room = {"min_price": 1, "max_price": 10**9 * WAD, "aggregator": stage.new_feed(PRICE).address}
    for good in (least, most):
        with evm.isolation():
            parameters.addUnderlying(feed(**room | {field: good}), moves)
    for bad in {max(least - 1, 0), most + 1} - {least}:
        with evm.reverts("RiskParameters_OutOfRange", named(name), bad, least, most):
            parameters.addUnderlying(feed(**room | {field: bad}), moves)


def test_two_sources_need_a_tolerance_to_agree(evm, stage, parameters):
    aggregator = stage.new_feed(PRICE).address
    with evm.reverts("RiskParameters_OutOfRange", named("tolerance"), 999, 1_000, 200_000):
        parameters.addUnderlying(feed(aggregator=aggregator, secondary=SECOND, tolerance=999), shocks())
    parameters.addUnderlying(feed(aggregator=aggregator, secondary=SECOND, tolerance=1_000), shocks())


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"min_price": 0}, "minPriceWad"),
        ({"min_price": FEED["max_price"] + 1}, "minPriceWad"),
        ({"min_price": PRICE * WAD * 88 // 100 + 1}, "minPriceWad"),
        ({"max_price": PRICE * WAD * 112 // 100 - 1}, "maxPriceWad"),
        ({"max_price": 2**96}, "maxPriceWad"),
    ],
)
def test_bounds_leave_room_for_a_maintenance_shock(evm, stage, parameters, changes, name):
    aggregator = stage.new_feed(PRICE).address
    with evm.reverts("RiskParameters_OutOfRange", named(name), None, None, None):
        parameters.addUnderlying(feed(aggregator=aggregator, **changes), shocks())


def test_bounds_may_lie_exactly_a_maintenance_shock_away(stage, parameters):
    room = {"min_price": PRICE * WAD * 88 // 100, "max_price": PRICE * WAD * 112 // 100}
    parameters.addUnderlying(feed(aggregator=stage.new_feed(PRICE).address, **room), shocks())


def test_a_feed_that_does_not_answer_is_refused(evm, stage, parameters):
    dead, stale, absurd = (stage.new_feed(PRICE) for _ in range(3))
    dead.setDead(True)
    absurd.setAnswer(200_000 * 10**8)
    with evm.reverts("RiskParameters_FeedNotAnswering", dead):
        parameters.addUnderlying(feed(aggregator=dead.address), shocks())
    with evm.reverts("RiskParameters_OutOfRange", named("priceWad"), 200_000 * WAD, None, None):
        parameters.addUnderlying(feed(aggregator=absurd.address), shocks())
    evm.warp(3_601)
    with evm.reverts("RiskParameters_FeedStale", stale, 3_601, 3_600):
        parameters.addUnderlying(feed(aggregator=stale.address), shocks())


@pytest.mark.parametrize("side", ["down", "up"])
def test_initial_is_at_least_what_a_takeover_restores(evm, stage, parameters, side):
    aggregator = stage.new_feed(PRICE).address

    def add(initial):
        parameters.addUnderlying(feed(aggregator=aggregator), shocks(**{f"initial_{side}": initial}))

    with evm.reverts("RiskParameters_InitialBelowMaintenance", 2, 119_999, 120_000):
        add(119_999)
    with evm.reverts("RiskParameters_InitialBelowTarget", 2, 131_999, 132_000):
        add(131_999)
    add(132_000)


@pytest.mark.parametrize("side", ["down", "up"])
def test_maintenance_covers_both_half_widths_the_tolerance_and_the_gap(evm, stage, parameters, side):
    # (2 * 7,500 + 20,000) / (1 - 1/4), rounded up
    aggregator, field = stage.new_feed(PRICE).address, f"maintenance_{side}"
    with evm.reverts("RiskParameters_ShockTooSmall", 2, 46_666, 46_667):
        parameters.addUnderlying(feed(aggregator=aggregator), shocks(**{field: 46_666}))
    parameters.addUnderlying(feed(aggregator=aggregator), shocks(**{field: 46_667}))


def test_shocks_are_bounded(evm, stage, parameters):
    aggregator = stage.new_feed(PRICE).address
    with evm.reverts("RiskParameters_OutOfRange", named("initialDown"), PPM + 1, 0, PPM):
        parameters.addUnderlying(feed(aggregator=aggregator), shocks(initial_down=PPM + 1))
    with evm.reverts("RiskParameters_OutOfRange", named("initialUp"), 5 * PPM + 1, 0, 5 * PPM):
        parameters.addUnderlying(feed(aggregator=aggregator), shocks(initial_up=5 * PPM + 1))


@pytest.mark.slow
def test_the_list_ends_at_a_hundred(evm, stage, parameters):
    aggregator = stage.new_feed(PRICE).address
    add = parameters.addUnderlying.encode(feed(aggregator=aggregator), shocks())
    parameters.configure([add] * 98)
    assert parameters.underlyingCount() == 100
    with evm.reverts("RiskParameters_ListFull", 100):
        parameters.addUnderlying(feed(aggregator=aggregator), shocks())
