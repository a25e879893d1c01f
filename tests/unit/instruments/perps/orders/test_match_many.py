"""PerpOrders.matchMany: one that fails leaves the others alone (PERP-3)."""

from __future__ import annotations

from tests.helpers.perp_orders import AT_OR_BELOW
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import WAD

ETHER = WAD
SUBMITTER = 13


def test_each_stands_alone(perps: PerpTrading, taker: bytes, maker: bytes, other_maker: bytes) -> None:
    sell = perps.order(maker, -ETHER, 2_000)
    matches = [
        perps.pair(perps.order(taker, ETHER, 2_000), [sell]),
        perps.pair(perps.order(taker, ETHER, 2_000), [sell]),  # nothing left of it
        perps.pair(perps.order(taker, ETHER, 2_001), [perps.order(other_maker, -ETHER, 2_001)]),
    ]
    tx = perps.orders.matchMany(matches)
    assert tx.value == [True, False, True]
    assert perps.size(taker) == 2 * ETHER
    (failed,) = tx.events("MatchFailed", perps.orders)
    assert failed["position"] == 1
    assert bytes(failed["reason"])[4:36] == matches_hash(perps, matches[1])


def matches_hash(perps: PerpTrading, match: tuple) -> bytes:
    return bytes(perps.orders.hashOf(match[0][0]))


def test_an_insolvent_side_undoes_its_match_only(
    perps: PerpTrading, taker: bytes, maker: bytes, other_maker: bytes
) -> None:
    poor = perps.funded(perps.evm.accounts[16], 10)
    buy = perps.order(taker, 2 * ETHER, 2_000)
    bad, good = perps.order(poor, -ETHER, 2_000), perps.order(maker, -ETHER, 2_000)
    assert perps.orders.matchMany([perps.pair(buy, [bad]), perps.pair(buy, [good])]).value == [False, True]
    assert perps.filled(bad) == 0 and perps.filled(buy) == ETHER


def test_the_submitter_is_tipped_there_too(
    perps: PerpTrading, taker: bytes, maker: bytes, submitter: bytes
) -> None:
    stop = perps.order(taker, -ETHER, 1_990, trigger=AT_OR_BELOW, trigger_price=2_000 * WAD, tip=10**6)
    match = perps.pair(stop, [perps.order(maker, ETHER, 2_000)], tip_to=submitter)
    before = perps.cost(submitter)
    owner = perps.evm.accounts[SUBMITTER]
    assert perps.orders.matchMany([match], sender=perps.evm.accounts[17]).value == [False]
    assert perps.orders.matchMany([match], sender=owner).value == [True]
    assert before - perps.cost(submitter) == 10**36


def test_nobody_else_calls_the_inner_function(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    match = perps.pair(perps.order(taker, ETHER, 2_000), [perps.order(maker, -ETHER, 2_000)])
    stranger = perps.evm.accounts[17]
    with perps.evm.reverts("SignedOrders_NotSelf", stranger):
        perps.orders.matchFor(match, stranger, sender=stranger)
