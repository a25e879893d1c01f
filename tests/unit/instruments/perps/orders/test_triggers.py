"""Stop and take-profit orders: they wake by the index while it is fresh, and tip who brings them (PERP-3)."""

from __future__ import annotations

import pytest

from tests.helpers.perp_orders import AT_OR_ABOVE, AT_OR_BELOW, NO_TRIGGER, REDUCE_ONLY, Order
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import DAY, WAD

ETHER = WAD
SUBMITTER, STRANGER = 13, 15
DOLLAR = 10**6
FRESH, DIVERGED, STALE = range(3)


@pytest.fixture
def stop(perps: PerpTrading, taker: bytes, maker: bytes) -> Order:
    """A stop-loss at 1,900 of an account that is long four."""
    perps.match(perps.order(taker, 4 * ETHER, 2_000), [perps.order(maker, -4 * ETHER, 2_000)])
    return perps.order(
        taker,
        -4 * ETHER,
        1_850,
        trigger=AT_OR_BELOW,
        trigger_price=1_900 * WAD,
        flags=REDUCE_ONLY,
        tip=8 * DOLLAR,
    )


def bid(perps: PerpTrading, maker: bytes, size: int = 4 * ETHER) -> Order:
    return perps.order(maker, size, 1_860)


def test_it_sleeps_above_its_price(perps: PerpTrading, maker: bytes, stop: Order) -> None:
    perps.system.set_price("WETH", "1900.00000001")
    with perps.evm.reverts("PerpOrders_Asleep", stop.hash(perps.orders), perps.index, FRESH):
        perps.match(stop, [bid(perps, maker)])


@pytest.mark.parametrize("price", [1_900, 1_880])
def test_it_wakes_at_its_price(perps: PerpTrading, maker: bytes, stop: Order, price: int) -> None:
    perps.system.set_price("WETH", price)
    perps.match(stop, [bid(perps, maker)])
    assert perps.size(stop.account) == 0


def test_a_take_profit_wakes_from_above(perps: PerpTrading, maker: bytes, stop: Order) -> None:
    take = stop.but(trigger=AT_OR_ABOVE, trigger_price=2_100 * WAD, limit=2_050 * WAD)
    offer = perps.order(maker, 4 * ETHER, 2_060)
    perps.system.set_price("WETH", "2099.99")
    with perps.evm.reverts("PerpOrders_Asleep"):
        perps.match(take, [offer])
    perps.system.set_price("WETH", 2_100)
    perps.match(take, [offer])


def test_it_sleeps_while_the_index_is_stale(perps: PerpTrading, maker: bytes, stop: Order) -> None:
    perps.system.set_price("WETH", 1_880)
    perps.evm.warp(2 * DAY)
    with perps.evm.reverts("PerpOrders_Asleep", stop.hash(perps.orders), None, STALE):
        perps.match(stop, [bid(perps, maker)])


def test_a_makers_trigger_counts_too(perps: PerpTrading, maker: bytes, stop: Order) -> None:
    with perps.evm.reverts("PerpOrders_Asleep", stop.hash(perps.orders), 2_000 * WAD, FRESH):
        perps.match(bid(perps, maker), [stop])
    perps.system.set_price("WETH", 1_880)
    perps.match(bid(perps, maker), [stop])
    assert perps.filled(stop) == 4 * ETHER


def test_the_tip_goes_to_who_brings_it(
    perps: PerpTrading, maker: bytes, submitter: bytes, stop: Order
) -> None:
    perps.system.set_price("WETH", 1_880)
    before = perps.cost(submitter)
    tx = perps.match(
        stop, [bid(perps, maker)], [ETHER], tip_to=submitter, sender=perps.evm.accounts[SUBMITTER]
    )
    assert before - perps.cost(submitter) == 2 * DOLLAR * 10**30, "in proportion to what was filled"
    (event,) = tx.events("OrderTipped", perps.orders)
    assert (event["tip"], event["tipTo"]) == (2 * DOLLAR, submitter)
    perps.match(
        stop, [bid(perps, maker)], [3 * ETHER], tip_to=submitter, sender=perps.evm.accounts[SUBMITTER]
    )
    assert before - perps.cost(submitter) == 8 * DOLLAR * 10**30


def test_slices_never_tip_more_than_was_signed(
    perps: PerpTrading, maker: bytes, submitter: bytes, stop: Order
) -> None:
    perps.system.set_price("WETH", 1_880)
    before = perps.cost(submitter)
    sliced = stop.but(size=-7, tip=3)
    for _ in range(7):
        perps.match(
            sliced,
            [bid(perps, maker)],
            [1],
            tip_to=submitter,
            sender=perps.evm.accounts[SUBMITTER],
        )
    assert before == perps.cost(submitter), "each slice rounds down"


def test_the_tip_goes_only_where_the_submitter_may_act(
    perps: PerpTrading, maker: bytes, submitter: bytes, stop: Order
) -> None:
    perps.system.set_price("WETH", 1_880)
    stranger = perps.evm.accounts[STRANGER]
    with perps.evm.reverts("PerpOrders_BadTipAccount", submitter, stranger):
        perps.match(stop, [bid(perps, maker)], tip_to=submitter, sender=stranger)


@pytest.mark.parametrize("fields", [{"trigger": NO_TRIGGER}, {"tip": 0}])
def test_without_trigger_no_tip(
    perps: PerpTrading, maker: bytes, submitter: bytes, stop: Order, fields: dict[str, int]
) -> None:
    perps.system.set_price("WETH", 1_880)
    before = perps.cost(submitter)
    perps.match(
        stop.but(**fields), [bid(perps, maker)], tip_to=submitter, sender=perps.evm.accounts[SUBMITTER]
    )
    assert perps.cost(submitter) == before


def test_nobody_to_tip(perps: PerpTrading, maker: bytes, stop: Order) -> None:
    perps.system.set_price("WETH", 1_880)
    tx = perps.match(stop, [bid(perps, maker)])
    assert not tx.events("OrderTipped", perps.orders)
