"""Signed orders over combinations: all legs or none, at the maker's premium, as far as everybody agrees."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.option_market import USUAL
from tests.helpers.option_orders import (
    CANCELLED,
    EXPIRED,
    FILL_OR_KILL,
    FILLED,
    OPEN,
    POST_ONLY,
    REDUCE_ONLY,
    OrderDesk,
)
from tests.helpers.system import WAD


@pytest.fixture
def spread(desk: OrderDesk) -> dict[int, int]:
    """A call spread with a put sold."""
    options = desk.options
    return {options.series(7, 2_000): 1, options.series(7, 2_200): -1, options.series(30, 1_600, False): -2}


@pytest.fixture
def traders(desk: OrderDesk) -> list[bytes]:
    return [desk.options.trader(number) for number in (3, 4, 5)]


def test_all_legs_at_the_makers_premium(
    desk: OrderDesk, spread: dict[int, int], traders: list[bytes]
) -> None:
    taker, maker, other = traders
    buy = desk.order(taker, 3 * WAD, 60, spread)
    sells = [desk.order(maker, -WAD, 30, spread), desk.order(other, -5 * WAD, 40, spread)]
    tx = desk.match(buy, sells)
    assert tx.value == 3 * WAD == desk.filled(buy)
    assert desk.filled(sells[1]) == 2 * WAD
    assert desk.options.sizes(taker) == {series: 3 * WAD * ratio for series, ratio in spread.items()}
    assert desk.options.sizes(other) == {series: -2 * WAD * ratio for series, ratio in spread.items()}
    assert desk.options.cost(taker) == (30 + 2 * 40) * WAD * WAD
    status = desk.orders.statusOf(sells[1].fields())
    assert tuple(status)[1:] == (OPEN, 2 * WAD, 3 * WAD)
    assert desk.orders.statusOf(buy.fields()).state == FILLED
    desk.options.check_books(traders)


def test_a_leg_without_margin_undoes_every_leg(
    desk: OrderDesk, spread: dict[int, int], traders: list[bytes]
) -> None:
    poor = desk.options.trader(6, 50)
    buy = desk.order(poor, 3 * WAD, 60, spread)
    with desk.options.evm.reverts("Vault_BelowInitialRequirement"):
        desk.match(buy, [desk.order(traders[1], -3 * WAD, 30, spread)])
    assert desk.options.sizes(poor) == {} == desk.options.sizes(traders[1])
    assert desk.filled(buy) == 0


def test_a_seller_may_pay_to_be_rid_of_it(desk: OrderDesk, traders: list[bytes]) -> None:
    put = {desk.options.series(7, 1_600, False): -1}
    desk.match(desk.order(traders[0], WAD, -1, put), [desk.order(traders[1], -WAD, -2, put)])
    assert desk.options.cost(traders[0]) == -2 * WAD * WAD


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"limit": 61 * WAD}, "OptionOrders_NotCrossing"),
        ({"units": WAD}, "SignedOrders_SameSide"),
        ({"units": 0}, "SignedOrders_BadOrder"),
        ({"units": -(2**96) - 1}, "SignedOrders_BadOrder"),
        ({"limit": -(2**110) - 1}, "SignedOrders_BadOrder"),
        ({"flags": 8}, "SignedOrders_BadOrder"),
        ({"legs": ()}, "SignedOrders_BadOrder"),
        ({"legs": ((1, 1),)}, "OptionOrders_OtherLegs"),
        ({"expiry": 1}, "SignedOrders_Expired"),
        ({"market": "0x" + "11" * 20}, "SignedOrders_OtherMarket"),
        ({"max_fee": WAD // 5_001}, "SignedOrders_FeeAboveCap"),
    ],
)
def test_makers_that_cannot_be(
    desk: OrderDesk, spread: dict[int, int], traders: list[bytes], change: dict[str, Any], error: str
) -> None:
    desk.options.market.setParameters(USUAL.words(), 0)
    maker = desk.order(traders[1], -WAD, 30, spread).but(**change)
    with desk.options.evm.reverts(error):
        desk.match(desk.order(traders[0], WAD, 60, spread), [maker])


def test_one_owner_does_not_trade_with_himself(desk: OrderDesk, spread: dict[int, int]) -> None:
    one, other = desk.options.trader(3), desk.options.trader(3, index=1)
    with desk.options.evm.reverts("SignedOrders_SelfTrade", one, other):
        desk.match(desk.order(one, WAD, 60, spread), [desk.order(other, -WAD, 60, spread)])


def test_reduce_only_reduces_every_leg(desk: OrderDesk, spread: dict[int, int], traders: list[bytes]) -> None:
    taker, maker, _ = traders
    (first, *_) = sorted(spread)
    desk.match(desk.order(taker, 2 * WAD, 60, spread), [desk.order(maker, -2 * WAD, 60, spread)])
    one = {first: 1}
    desk.match(desk.order(taker, -WAD, 10, one), [desk.order(maker, WAD, 70, one)])
    # Of the first leg one unit is left, of the others two.
    back = desk.order(taker, -2 * WAD, 0, spread, flags=REDUCE_ONLY)
    assert desk.match(back, [desk.order(maker, 2 * WAD, 60, spread)]).value == WAD
    assert first not in desk.options.sizes(taker)
    with desk.options.evm.reverts("SignedOrders_NothingFilled"):
        desk.match(back, [desk.order(maker, 2 * WAD, 60, spread)])


def test_a_reduce_only_makers_fills_of_the_same_match_count(desk: OrderDesk, traders: list[bytes]) -> None:
    taker, maker, _ = traders
    call = {desk.options.series(7, 2_000): 1}
    desk.match(desk.order(taker, 2 * WAD, 80, call), [desk.order(maker, -2 * WAD, 70, call)])
    backs = [desk.order(maker, 2 * WAD, 70, call, flags=REDUCE_ONLY) for _ in range(2)]
    assert desk.match(desk.order(taker, -5 * WAD, 60, call), backs).value == 2 * WAD
    assert desk.options.sizes(maker) == {}


def test_fill_or_kill_and_post_only(desk: OrderDesk, spread: dict[int, int], traders: list[bytes]) -> None:
    taker, maker, _ = traders
    sell = desk.order(maker, -WAD, 30, spread)
    kill = desk.order(taker, 2 * WAD, 60, spread, flags=FILL_OR_KILL)
    with desk.options.evm.reverts("SignedOrders_NotFilled", kill.hash(desk.orders), WAD, 2 * WAD):
        desk.match(kill, [sell])
    post = desk.order(taker, WAD, 60, spread, flags=POST_ONLY)
    with desk.options.evm.reverts("SignedOrders_PostOnly", post.hash(desk.orders)):
        desk.match(post, [sell])
    whole = desk.order(maker, -2 * WAD, 30, spread, flags=FILL_OR_KILL)
    with desk.options.evm.reverts("SignedOrders_NotFilled", whole.hash(desk.orders), WAD, 2 * WAD):
        desk.match(desk.order(taker, WAD, 60, spread), [whole])


def test_cancelled_orders_stay_cancelled(
    desk: OrderDesk, spread: dict[int, int], traders: list[bytes]
) -> None:
    taker, maker, _ = traders
    owner = desk.options.owner(maker)
    sell = desk.order(maker, -WAD, 30, spread)
    with desk.options.evm.reverts("SignedOrders_NotAuthorised"):
        desk.orders.cancel(sell.fields(), sender=desk.options.evm.accounts[9])
    desk.orders.cancel(sell.fields(), sender=owner)
    with desk.options.evm.reverts("SignedOrders_Cancelled", sell.hash(desk.orders)):
        desk.match(desk.order(taker, WAD, 60, spread), [sell])
    assert desk.orders.statusOf(sell.fields()).state == CANCELLED
    low = desk.order(maker, -WAD, 30, spread)
    desk.orders.cancelBelow(maker, low.nonce + 1, sender=owner)
    with desk.options.evm.reverts("SignedOrders_NonceBelow"):
        desk.match(desk.order(taker, WAD, 60, spread), [low])
    late = desk.order(maker, -WAD, 30, spread, expiry=desk.options.evm.now - 1)
    assert desk.orders.statusOf(late.fields()).state == EXPIRED


@pytest.mark.parametrize(
    "change",
    [
        *({"units": -2 * WAD}, {"limit": 1}, {"expiry": 2**63}, {"nonce": 99}, {"flags": 2}, {"max_fee": 0}),
        {"legs": ((1, 2),)},
    ],
)
def test_every_field_is_signed(
    desk: OrderDesk, spread: dict[int, int], traders: list[bytes], change: dict[str, Any]
) -> None:
    taker, maker, _ = traders
    sell = desk.order(maker, -WAD, 30, spread)
    _, signature = desk.sign(sell)
    forged = sell.but(**change)
    with desk.options.evm.reverts("SignedOrders_BadSignature", forged.hash(desk.orders), sell.signer):
        desk.orders.matchOrders(
            (desk.sign(desk.order(taker, WAD, 60, spread)), [(forged.fields(), signature)], [WAD])
        )


def test_a_stranger_signs_for_nobody(desk: OrderDesk, spread: dict[int, int], traders: list[bytes]) -> None:
    taker, maker, _ = traders
    stranger = desk.options.evm.accounts[9]
    sell = desk.order(maker, -WAD, 30, spread, signer=stranger)
    with desk.options.evm.reverts("SignedOrders_NotAuthorised", maker, stranger):
        desk.match(desk.order(taker, WAD, 60, spread), [sell])


def test_the_hash_is_that_of_eip_712(desk: OrderDesk, spread: dict[int, int], traders: list[bytes]) -> None:
    order = desk.order(traders[0], WAD, -60, spread)
    assert bytes(desk.orders.hashOf(order.fields())) == order.hash(desk.orders)


def test_of_many_matches_one_may_fail(desk: OrderDesk, spread: dict[int, int], traders: list[bytes]) -> None:
    taker, maker, _ = traders
    good = desk.pair(desk.order(taker, WAD, 60, spread), [desk.order(maker, -WAD, 30, spread)])
    bad = desk.pair(desk.order(taker, WAD, 20, spread), [desk.order(maker, -WAD, 30, spread)])
    tx = desk.orders.matchMany([bad, good])
    assert list(tx.value) == [False, True]
    assert len(tx.events("MatchFailed", desk.orders)) == 1
    with desk.options.evm.reverts("SignedOrders_NotSelf"):
        desk.orders.matchFor(good)
    with desk.options.evm.reverts("SignedOrders_Lengths", 1, 2):
        desk.orders.matchOrders((good[0], good[1], [1, 2]))
