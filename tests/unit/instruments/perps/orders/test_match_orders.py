"""PerpOrders.matchOrders: who is filled, how much, at which price (PERP-3)."""

from __future__ import annotations

import pytest

from tests.helpers.perp_orders import FILL_OR_KILL, POST_ONLY, REDUCE_ONLY
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import WAD

ETHER = WAD


def test_a_taker_meets_makers_at_their_prices(
    perps: PerpTrading, taker: bytes, maker: bytes, other_maker: bytes
) -> None:
    buy = perps.order(taker, 3 * ETHER, 2_010)
    makers = [perps.order(maker, -2 * ETHER, 1_999), perps.order(other_maker, -2 * ETHER, 2_005)]
    tx = perps.match(buy, makers)
    assert tx.value == 3 * ETHER
    assert perps.size(taker) == 3 * ETHER
    assert perps.cost(taker) == (2 * ETHER * 1_999 + ETHER * 2_005) * WAD
    assert (perps.size(maker), perps.size(other_maker)) == (-2 * ETHER, -ETHER)
    assert perps.cost(maker) == -2 * ETHER * 1_999 * WAD
    assert [perps.filled(order) for order in (buy, *makers)] == [3 * ETHER, 2 * ETHER, ETHER]
    fills = [
        (event["makerHash"], event["takerHash"], event["maker"], event["sizeWad"], event["priceWad"] // WAD)
        for event in tx.events("OrderFilled", perps.orders)
    ]
    hashes = [order.hash(perps.orders) for order in (buy, *makers)]
    assert fills == [
        (hashes[1], hashes[0], maker, 2 * ETHER, 1_999),
        (hashes[2], hashes[0], other_maker, ETHER, 2_005),
    ]


def test_a_seller_too(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    perps.match(perps.order(taker, -ETHER, 1_990), [perps.order(maker, ETHER, 2_000)])
    assert perps.size(taker) == -ETHER and perps.cost(taker) == -2_000 * ETHER * WAD


def test_the_rest_is_filled_later(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    buy, sell = perps.order(taker, 5 * ETHER, 2_000), perps.order(maker, -3 * ETHER, 2_000)
    perps.match(buy, [sell], [ETHER])
    assert (perps.filled(buy), perps.filled(sell)) == (ETHER, ETHER)
    # More than is left is asked for: what is left is filled.
    perps.match(buy, [sell], [100 * ETHER])
    assert (perps.filled(buy), perps.filled(sell)) == (3 * ETHER, 3 * ETHER)
    # PERP-3: nothing is left of the maker, and nothing else is there.
    with perps.evm.reverts("SignedOrders_NothingFilled", buy.hash(perps.orders)):
        perps.match(buy, [sell])


def test_one_maker_twice_in_a_match_is_filled_once(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    buy, sell = perps.order(taker, 5 * ETHER, 2_000), perps.order(maker, -2 * ETHER, 2_000)
    perps.match(buy, [sell, sell])
    assert perps.filled(sell) == 2 * ETHER == -perps.size(maker), "PERP-3: never beyond its size"


def test_a_maker_without_rest_is_passed_over(
    perps: PerpTrading, taker: bytes, maker: bytes, other_maker: bytes
) -> None:
    gone = perps.order(maker, -ETHER, 1_999)
    perps.match(perps.order(taker, ETHER, 2_000), [gone])
    perps.match(perps.order(taker, ETHER, 2_000), [gone, perps.order(other_maker, -ETHER, 2_000)])
    assert (perps.size(maker), perps.size(other_maker)) == (-ETHER, -ETHER)


@pytest.mark.parametrize(("size", "limit", "other"), [(1, 1_999, 2_000), (-1, 2_001, 2_000)])
def test_prices_must_cross(
    perps: PerpTrading, taker: bytes, maker: bytes, size: int, limit: int, other: int
) -> None:
    buy, sell = perps.order(taker, size * ETHER, limit), perps.order(maker, -size * ETHER, other)
    with perps.evm.reverts("PerpOrders_NotCrossing", None, None, limit * WAD, other * WAD):
        perps.match(buy, [sell])


def test_both_on_one_side(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    with perps.evm.reverts("SignedOrders_SameSide"):
        perps.match(perps.order(taker, ETHER, 2_000), [perps.order(maker, ETHER, 2_000)])


def test_a_trade_with_oneself(perps: PerpTrading, taker: bytes) -> None:
    second = perps.funded(perps.checksum("0x" + taker[:20].hex()), 1_000, index=1)
    for account in (taker, second):
        with perps.evm.reverts("SignedOrders_SelfTrade", taker, account):
            perps.match(perps.order(taker, ETHER, 2_000), [perps.order(account, -ETHER, 2_000)])


def test_orders_for_another_market(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    other = perps.order(maker, -ETHER, 2_000, market=perps.amm.address)
    with perps.evm.reverts("SignedOrders_OtherMarket", None, perps.amm.address, perps.market.address):
        perps.match(perps.order(taker, ETHER, 2_000), [other])


def test_expiry(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    now = perps.evm.now
    buy = perps.order(taker, 2 * ETHER, 2_000)
    sell = perps.order(maker, -2 * ETHER, 2_000, expiry=now + 10)
    perps.evm.warp(10)
    perps.match(buy, [sell], [ETHER])
    perps.evm.warp(1)
    with perps.evm.reverts("SignedOrders_Expired", sell.hash(perps.orders), now + 10):
        perps.match(buy, [sell])
    late = perps.order(taker, ETHER, 2_000, expiry=now)
    with perps.evm.reverts("SignedOrders_Expired", late.hash(perps.orders), now):
        perps.match(late, [perps.order(maker, -ETHER, 2_000)])


def test_post_only_makes_and_does_not_take(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    posted = perps.order(maker, -ETHER, 2_000, flags=POST_ONLY)
    with perps.evm.reverts("SignedOrders_PostOnly", posted.hash(perps.orders)):
        perps.match(posted, [perps.order(taker, ETHER, 2_000)])
    perps.match(perps.order(taker, ETHER, 2_000), [posted])
    assert perps.filled(posted) == ETHER


def test_fill_or_kill_taker(perps: PerpTrading, taker: bytes, maker: bytes, other_maker: bytes) -> None:
    buy = perps.order(taker, 3 * ETHER, 2_000, flags=FILL_OR_KILL)
    sells = [perps.order(maker, -2 * ETHER, 2_000), perps.order(other_maker, -2 * ETHER, 2_000)]
    with perps.evm.reverts("SignedOrders_NotFilled", buy.hash(perps.orders), 2 * ETHER, 3 * ETHER):
        perps.match(buy, sells[:1])
    perps.match(buy, sells)
    assert perps.filled(buy) == 3 * ETHER


def test_fill_or_kill_maker(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    sell = perps.order(maker, -2 * ETHER, 2_000, flags=FILL_OR_KILL)
    with perps.evm.reverts("SignedOrders_NotFilled", sell.hash(perps.orders), ETHER, 2 * ETHER):
        perps.match(perps.order(taker, 3 * ETHER, 2_000), [sell], [ETHER])
    with perps.evm.reverts("SignedOrders_NotFilled", sell.hash(perps.orders), ETHER, 2 * ETHER):
        perps.match(perps.order(taker, ETHER, 2_000), [sell])
    perps.match(perps.order(taker, 3 * ETHER, 2_000), [sell])
    assert perps.filled(sell) == 2 * ETHER


def test_reduce_only_taker_is_clamped_to_its_position(
    perps: PerpTrading, taker: bytes, maker: bytes, other_maker: bytes
) -> None:
    perps.match(perps.order(taker, 2 * ETHER, 2_000), [perps.order(maker, -2 * ETHER, 2_000)])
    close = perps.order(taker, -5 * ETHER, 1_990, flags=REDUCE_ONLY)
    buys = [perps.order(maker, ETHER, 2_000), perps.order(other_maker, 4 * ETHER, 1_995)]
    perps.match(close, buys)
    assert perps.size(taker) == 0 and perps.filled(close) == 2 * ETHER
    with perps.evm.reverts("SignedOrders_NothingFilled"):
        perps.match(close, buys)


def test_reduce_only_refuses_where_it_would_open(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    open_ = perps.order(taker, ETHER, 2_000, flags=REDUCE_ONLY)
    with perps.evm.reverts("SignedOrders_NothingFilled"):
        perps.match(open_, [perps.order(maker, -ETHER, 2_000)])
    posted = perps.order(maker, -ETHER, 2_000, flags=REDUCE_ONLY)
    with perps.evm.reverts("SignedOrders_NothingFilled"):
        perps.match(perps.order(taker, ETHER, 2_000), [posted])


def test_reduce_only_makers_count_what_the_match_has_filled(
    perps: PerpTrading, taker: bytes, maker: bytes, other_maker: bytes
) -> None:
    perps.match(perps.order(other_maker, 3 * ETHER, 2_000), [perps.order(maker, -3 * ETHER, 2_000)])
    # Three long: two orders that would close two each.
    closes = [perps.order(other_maker, -2 * ETHER, price, flags=REDUCE_ONLY) for price in (1_999, 2_000)]
    perps.match(perps.order(taker, 10 * ETHER, 2_000), closes)
    assert [perps.filled(order) for order in closes] == [2 * ETHER, ETHER]
    assert perps.size(other_maker) == 0


def test_reduce_only_and_fill_or_kill(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    perps.match(perps.order(taker, ETHER, 2_000), [perps.order(maker, -ETHER, 2_000)])
    close = perps.order(taker, -2 * ETHER, 2_000, flags=REDUCE_ONLY | FILL_OR_KILL)
    with perps.evm.reverts("SignedOrders_NotFilled", None, ETHER, 2 * ETHER):
        perps.match(close, [perps.order(maker, 2 * ETHER, 2_000)])


@pytest.mark.parametrize(
    "fields",
    [
        *({"size": size} for size in (0, 2**96 + 1, -(2**255))),
        *({"limit": limit} for limit in (0, 2**97 + 1)),
        *({"trigger": 3}, {"flags": 8}),
    ],
)
def test_what_is_no_order(perps: PerpTrading, taker: bytes, maker: bytes, fields: dict[str, int]) -> None:
    order = perps.order(taker, ETHER, 2_000).but(**fields)
    with perps.evm.reverts("SignedOrders_BadOrder", order.hash(perps.orders)):
        perps.match(order, [perps.order(maker, -ETHER, 2_000)])


def test_a_size_for_every_maker(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    with perps.evm.reverts("SignedOrders_Lengths", 1, 2):
        perps.match(perps.order(taker, ETHER, 2_000), [perps.order(maker, -ETHER, 2_000)], [1, 1])


def test_one_wei(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    buy, sell = perps.order(taker, 3, 2_000), perps.order(maker, -3, 2_000)
    for filled in (1, 2, 3):
        perps.match(buy, [sell], [1])
        assert perps.filled(buy) == filled
    assert perps.cost(taker) == 3 * 2_000 * WAD


def test_both_accounts_are_judged_at_the_end(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    with perps.evm.reverts("Vault_BelowInitialRequirement"):
        owner = perps.checksum("0x" + maker[:20].hex())
        poor = perps.funded(owner, 10, index=5)
        perps.match(perps.order(taker, ETHER, 2_000), [perps.order(poor, -ETHER, 2_000)])
