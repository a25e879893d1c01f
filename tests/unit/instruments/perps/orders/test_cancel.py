"""PerpOrders.cancel, cancelBelow and statusOf (PERP-3: nothing after its cancellation)."""

from __future__ import annotations

import pytest

from tests.helpers.perp_orders import AT_OR_BELOW, CANCELLED, EXPIRED, FILLED, OPEN
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import WAD

ETHER = WAD
OPERATOR = 14
NONCE_UNUSED, NONCE_BEGUN, NONCE_FILLED, NONCE_CANCELLED = range(4)


def test_a_cancelled_order_is_not_filled(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    buy, sell = perps.order(taker, 2 * ETHER, 2_000), perps.order(maker, -2 * ETHER, 2_000)
    perps.match(buy, [sell], [ETHER])
    tx = perps.orders.cancel(sell.fields(), sender=sell.signer)
    assert tx.events("OrderCancelled", perps.orders)[0]["hash"] == sell.hash(perps.orders)
    assert perps.orders.nonceState(maker, sell.nonce) == NONCE_CANCELLED
    with perps.evm.reverts("SignedOrders_Cancelled", sell.hash(perps.orders)):
        perps.match(buy, [sell])
    with perps.evm.reverts("SignedOrders_Cancelled", sell.hash(perps.orders)):
        perps.orders.cancel(sell.fields(), sender=sell.signer)
    assert perps.filled(sell) == ETHER, "what was filled before is still told"
    perps.match(buy, [perps.order(maker, -ETHER, 2_000)])


def test_before_it_was_ever_seen(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    buy = perps.order(taker, ETHER, 2_000)
    perps.orders.cancel(buy.fields(), sender=buy.signer)
    with perps.evm.reverts("SignedOrders_Cancelled"):
        perps.match(buy, [perps.order(maker, -ETHER, 2_000)])


def test_only_who_may_act_cancels(perps: PerpTrading, taker: bytes) -> None:
    buy, operator = perps.order(taker, ETHER, 2_000), perps.evm.accounts[OPERATOR]
    for call in (
        lambda: perps.orders.cancel(buy.fields(), sender=operator),
        lambda: perps.orders.cancelBelow(taker, 10**9, sender=operator),
    ):
        with perps.evm.reverts("SignedOrders_NotAuthorised", taker, operator):
            call()
    # The signer alone does not count: his approval may be over.
    with perps.evm.reverts("SignedOrders_NotAuthorised"):
        perps.orders.cancel(buy.but(signer=operator).fields(), sender=operator)
    perps.system.vault.setOperator(taker, operator, perps.evm.now + 1, sender=buy.signer)
    perps.orders.cancel(buy.fields(), sender=operator)
    perps.orders.cancelBelow(taker, 10**9, sender=operator)


def test_all_below_a_nonce(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    old, new = (perps.order(taker, ETHER, 2_000, nonce=nonce) for nonce in (999, 1_000))
    perps.orders.cancelBelow(taker, 1_000, sender=old.signer)
    assert perps.orders.lowestNonce(taker) == 1_000
    with perps.evm.reverts("SignedOrders_NonceBelow", old.hash(perps.orders), 999, 1_000):
        perps.match(old, [perps.order(maker, -ETHER, 2_000)])
    perps.match(new, [perps.order(maker, -ETHER, 2_000)])  # the maker's nonces are his own


def test_a_nonce_is_for_one_order(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    """Two orders with one nonce: each by parts to its own size, until one is filled or cancelled; then neither."""
    orders, buy = perps.orders, perps.order(taker, 100 * ETHER, 2_000)
    one = perps.order(maker, -3 * ETHER, 2_000)
    other = one.but(size=-5 * ETHER)
    for sell, part, left in ((one, ETHER, 2 * ETHER), (other, 4 * ETHER, ETHER), (one, ETHER, ETHER)):
        perps.match(buy, [sell], [part])
        assert orders.nonceState(maker, one.nonce) == NONCE_BEGUN
        assert orders.statusOf(sell.fields()).leftWad == left
    # Both in one match: what is left of the first fills the nonce, and the second is passed over.
    perps.match(buy, [one, other])
    assert orders.nonceState(maker, one.nonce) == NONCE_FILLED
    assert perps.size(taker) == -perps.size(maker) == 7 * ETHER == perps.filled(buy)
    assert perps.filled(one) == 3 * ETHER
    with perps.evm.reverts("SignedOrders_NothingFilled"):
        perps.match(buy, [other])
    with perps.evm.reverts("SignedOrders_Filled", other.hash(orders)):
        orders.cancel(other.fields(), sender=other.signer)
    first = perps.order(maker, -ETHER, 2_000)
    orders.cancel(first.fields(), sender=first.signer)
    with perps.evm.reverts("SignedOrders_Cancelled"):
        perps.match(buy, [first.but(size=-2 * ETHER)])


@pytest.mark.parametrize("nonce", [0, 1, 126, 127, 128, 129, 255, 256, 2**128, 2**256 - 1])
def test_neighbouring_nonces_are_apart(perps: PerpTrading, taker: bytes, maker: bytes, nonce: int) -> None:
    """Each nonce has bits of its own, at once, by parts and cancelled."""
    around = [near % 2**256 for near in (nonce - 1, nonce, nonce + 1, nonce + 128)]
    states = [NONCE_UNUSED] * len(around)
    for position in (1, 2, 0):
        sell = perps.order(maker, -2 * ETHER, 2_000, nonce=around[position])
        if position == 0:
            perps.orders.cancel(sell.fields(), sender=sell.signer)
            states[position] = NONCE_CANCELLED
        else:
            perps.match(perps.order(taker, position * ETHER, 2_000), [sell])
            states[position] = (NONCE_BEGUN, NONCE_FILLED)[position - 1]
        assert [perps.orders.nonceState(maker, near) for near in around] == states


def test_nonces_only_rise(perps: PerpTrading, taker: bytes) -> None:
    owner = perps.checksum("0x" + taker[:20].hex())
    perps.orders.cancelBelow(taker, 7, sender=owner)
    for wanted in (0, 7):
        with perps.evm.reverts("SignedOrders_NonceNotRising", taker, wanted, 7):
            perps.orders.cancelBelow(taker, wanted, sender=owner)


def test_the_status_of_an_order(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    def status(order: object) -> tuple[int, int, int, bool]:
        hash_, *rest = perps.orders.statusOf(order.fields())  # type: ignore[attr-defined]
        assert hash_ == order.hash(perps.orders)  # type: ignore[attr-defined]
        return tuple(rest)

    buy = perps.order(taker, 3 * ETHER, 2_000, expiry=perps.evm.now + 10)
    assert status(buy) == (OPEN, 0, 3 * ETHER, True)
    perps.match(buy, [perps.order(maker, -ETHER, 2_000)])
    assert status(buy) == (OPEN, ETHER, 2 * ETHER, True)
    perps.evm.warp(11)
    assert status(buy) == (EXPIRED, ETHER, 0, True)
    whole = perps.order(taker, ETHER, 2_000)
    perps.match(whole, [perps.order(maker, -ETHER, 2_000)])
    assert status(whole) == (FILLED, ETHER, 0, True)
    stop = perps.order(taker, -ETHER, 1_800, trigger=AT_OR_BELOW, trigger_price=1_900 * WAD)
    assert status(stop) == (OPEN, 0, ETHER, False)
    perps.system.set_price("WETH", 1_900)
    assert status(stop) == (OPEN, 0, ETHER, True)
    perps.orders.cancelBelow(taker, stop.nonce + 1, sender=stop.signer)
    assert status(stop) == (CANCELLED, 0, 0, True)


@pytest.mark.parametrize("index", [0, 1])
def test_cancelling_ones_own_order_touches_no_other_account(
    perps: PerpTrading, taker: bytes, maker: bytes, index: int
) -> None:
    """The account is part of the hash: who cancels an order of his own with the same terms cancels no other's."""
    sell = perps.order(maker, -ETHER, 2_000)
    owner = perps.checksum("0x" + taker[:20].hex())
    copy = sell.but(account=perps.system.account(owner, index))
    perps.orders.cancel(copy.fields(), sender=owner)
    perps.match(perps.order(taker, ETHER, 2_000), [sell])
