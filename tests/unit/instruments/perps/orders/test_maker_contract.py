"""A match whose rest the virtual AMM fills: it signs nothing, and the taker's order still says everything (PERP-3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.perp_orders import AT_OR_BELOW, FILL_OR_KILL, POST_ONLY, REDUCE_ONLY, Order
from tests.helpers.perp_trading import UNLIMITED, PerpTrading, deploy_market
from tests.helpers.system import WAD

ETHER = WAD
DOLLAR = 10**6
KEEPER = 13


def quoted(perps: PerpTrading, size: int) -> int:
    """What the AMM asks for a size now, by the model."""
    return perps.curve.price(-perps.size(perps.amm_account), size, perps.index)


@pytest.mark.parametrize("side", [1, -1])
def test_the_amm_alone_fills_an_order_at_its_own_price(perps: PerpTrading, taker: bytes, side: int) -> None:
    order = perps.order(taker, side * 5 * ETHER, 2_000 + side * 20)
    price = quoted(perps, side * 5 * ETHER)
    tx = perps.match(order, [], rest=UNLIMITED)
    assert tx.value == 5 * ETHER == perps.filled(order)
    assert (perps.size(taker), perps.size(perps.amm_account)) == (side * 5 * ETHER, -side * 5 * ETHER)
    assert perps.cost(taker) == side * 5 * ETHER * price == -perps.cost(perps.amm_account)
    (event,) = tx.events("OrderFilled", perps.orders)
    assert (event["makerHash"], event["takerHash"]) == (bytes(32), order.hash(perps.orders))
    assert (event["maker"], event["sizeWad"], event["priceWad"]) == (
        perps.amm_account,
        side * 5 * ETHER,
        price,
    )


def test_signed_makers_come_first_and_the_amm_fills_the_rest(
    perps: PerpTrading, taker: bytes, maker: bytes, other_maker: bytes
) -> None:
    makers = [perps.order(maker, -ETHER, 1_990), perps.order(other_maker, -2 * ETHER, 2_000)]
    price = quoted(perps, 4 * ETHER)
    tx = perps.match(perps.order(taker, 7 * ETHER, 2_050), makers, rest=UNLIMITED)
    assert tx.value == 7 * ETHER
    assert [perps.size(account) for account in (maker, other_maker, perps.amm_account)] == [
        -ETHER,
        -2 * ETHER,
        -4 * ETHER,
    ]
    assert perps.cost(taker) == (ETHER * 1_990 + 2 * ETHER * 2_000) * WAD + 4 * ETHER * price


def test_it_fills_no_more_than_it_is_asked_for(perps: PerpTrading, taker: bytes) -> None:
    order = perps.order(taker, 5 * ETHER, 2_050)
    for filled in (2, 4, 5):
        perps.match(order, [], rest=2 * ETHER)
        assert perps.filled(order) == filled * ETHER, "PERP-3: and never beyond its size"
    with perps.evm.reverts("SignedOrders_NothingFilled"):
        perps.match(order, [], rest=2 * ETHER)


@pytest.mark.parametrize("side", [1, -1])
def test_the_takers_limit_holds_to_the_wei(perps: PerpTrading, taker: bytes, side: int) -> None:
    """PERP-3: a limit that the AMM's price meets exactly is filled, one a wei short of it is not."""
    price = quoted(perps, side * 3 * ETHER)
    order = perps.order(taker, side * 3 * ETHER, 2_000)
    with perps.evm.reverts("PerpMarket_PriceLimit", price, price - side):
        perps.match(order.but(limit=price - side), [], rest=UNLIMITED)
    perps.match(order.but(limit=price), [], rest=UNLIMITED)
    assert perps.size(taker) == side * 3 * ETHER


def test_the_limit_is_each_fills_not_the_average(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    """PERP-3: a cheap maker before it does not pay for an AMM beyond the limit."""
    price = quoted(perps, ETHER)
    order = perps.order(taker, 2 * ETHER, 2_000).but(limit=price - 1)
    with perps.evm.reverts("PerpMarket_PriceLimit"):
        perps.match(order, [perps.order(maker, -ETHER, 1_900)], rest=UNLIMITED)


def test_a_stop_order_needs_nobody_but_who_triggers_it(
    perps: PerpTrading, taker: bytes, submitter: bytes
) -> None:
    """A keeper's single transaction closes the position against the AMM and earns the tip."""
    perps.trade(taker, 4 * ETHER)
    stop = stop_loss(perps, taker)
    keeper = perps.evm.accounts[KEEPER]
    with perps.evm.reverts("PerpOrders_Asleep"):
        perps.match(stop, [], rest=UNLIMITED, tip_to=submitter, sender=keeper)
    perps.system.set_price("WETH", 1_895)
    before = perps.cost(submitter)
    tx = perps.match(stop, [], rest=UNLIMITED, tip_to=submitter, sender=keeper)
    assert perps.size(taker) == 0
    assert before - perps.cost(submitter) == 8 * DOLLAR * 10**30
    assert [event["tip"] for event in tx.events("OrderTipped", perps.orders)] == [8 * DOLLAR]


def test_many_stop_orders_in_one_transaction(
    perps: PerpTrading, taker: bytes, maker: bytes, submitter: bytes
) -> None:
    """One that its limit holds back leaves the others alone."""
    for account in (taker, maker):
        perps.trade(account, 4 * ETHER)
    perps.system.set_price("WETH", 1_895)
    stops = [stop_loss(perps, taker).but(limit=1_899 * WAD), stop_loss(perps, maker)]
    matches = [perps.pair(stop, [], tip_to=submitter, rest=UNLIMITED) for stop in stops]
    tx = perps.orders.matchMany(matches, sender=perps.evm.accounts[KEEPER])
    assert tx.value == [False, True]
    assert (perps.size(taker), perps.size(maker)) == (4 * ETHER, 0)


def stop_loss(perps: PerpTrading, account: bytes) -> Order:
    fields: dict[str, Any] = {"trigger": AT_OR_BELOW, "trigger_price": 1_900 * WAD, "flags": REDUCE_ONLY}
    return perps.order(account, -4 * ETHER, 1_850, tip=8 * DOLLAR, **fields)


def test_reduce_only_is_clamped_to_the_position(perps: PerpTrading, taker: bytes) -> None:
    perps.trade(taker, 2 * ETHER)
    close = perps.order(taker, -5 * ETHER, 1_950, flags=REDUCE_ONLY)
    perps.match(close, [], rest=UNLIMITED)
    assert perps.size(taker) == 0 and perps.filled(close) == 2 * ETHER
    with perps.evm.reverts("SignedOrders_NothingFilled"):
        perps.match(close, [], rest=UNLIMITED)


def test_fill_or_kill_counts_what_the_amm_fills(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    order = perps.order(taker, 3 * ETHER, 2_050, flags=FILL_OR_KILL)
    sell = perps.order(maker, -ETHER, 2_000)
    with perps.evm.reverts("SignedOrders_NotFilled", None, 2 * ETHER, 3 * ETHER):
        perps.match(order, [sell], rest=ETHER)
    perps.match(order, [sell], rest=2 * ETHER)
    assert perps.size(taker) == 3 * ETHER


def test_post_only_takes_nothing_from_the_amm(perps: PerpTrading, taker: bytes) -> None:
    with perps.evm.reverts("SignedOrders_PostOnly"):
        perps.match(perps.order(taker, ETHER, 2_050, flags=POST_ONLY), [], rest=UNLIMITED)


def test_cancelled_and_expired_orders_are_not_filled_by_it(perps: PerpTrading, taker: bytes) -> None:
    order = perps.order(taker, ETHER, 2_050, expiry=perps.evm.now)
    perps.evm.warp(1)
    with perps.evm.reverts("SignedOrders_Expired"):
        perps.match(order, [], rest=UNLIMITED)
    order = perps.order(taker, ETHER, 2_050)
    perps.orders.cancel(order.fields(), sender=order.signer)
    with perps.evm.reverts("SignedOrders_Cancelled"):
        perps.match(order, [], rest=UNLIMITED)


def test_only_a_registered_maker_quotes(perps: PerpTrading, taker: bytes) -> None:
    """Somebody's contract, another market's AMM, a wallet."""
    fake = perps.evm.deploy("MockPerpMaker", perps.system.vault.address)
    for contract in (fake.address, perps.evm.accounts[20]):
        with perps.evm.reverts("PerpMarket_UnknownMaker", contract):
            perps.match(perps.order(taker, ETHER, 2_050), [], rest=ETHER, contract=contract)


def test_a_makers_account_is_not_traded_with_itself(perps: PerpTrading, taker: bytes) -> None:
    wallet = perps.checksum("0x" + taker[:20].hex())
    own = perps.system.account(wallet)
    with perps.evm.reverts("SignedOrders_SelfTrade", taker, own):
        perps.match(perps.order(taker, ETHER, 2_050), [], rest=ETHER, contract=wallet)


def test_it_keeps_its_own_limits(perps: PerpTrading, taker: bytes) -> None:
    """The AMM refuses beyond its skew, and is judged like any account."""
    with perps.evm.reverts("VirtualAmm_SkewLimit"):
        perps.match(perps.order(taker, 2_001 * ETHER, 3_000), [], rest=UNLIMITED)


def test_an_amm_without_margin_cannot_be_made_to_trade(perps: PerpTrading, taker: bytes) -> None:
    """Its account is checked at the end, although it never signed."""
    rich = perps.funded(perps.evm.accounts[16], 10_000_000)
    perps.amm.setShape((10**6 * WAD, 1_000, 10_000, 200_000), 86_400)
    perps.system.warp(86_400)
    with perps.evm.reverts("Vault_BelowInitialRequirement", perps.amm_account, None, None):
        perps.match(perps.order(rich, 20_000 * ETHER, 3_000), [], rest=UNLIMITED)


def test_the_amm_pays_no_fee_and_the_taker_his(perps: PerpTrading, taker: bytes) -> None:
    market = deploy_market(perps.system, takerFeeWad=WAD // 1_000, makerFeeWad=WAD // 2_000)
    maker = perps.evm.deploy("MockPerpMaker", perps.system.vault.address)
    perps.system.mint("USDC", maker.address, 1_000_000)
    maker.deposit(perps.system["USDC"])
    market.setMaker(maker.address, True)
    market.setOrders(perps.orders.address)
    order = perps.order(taker, ETHER, 2_010, market=market.address)
    with perps.evm.reverts("SignedOrders_FeeAboveCap"):
        perps.match(order.but(max_fee=WAD // 1_001), [], rest=ETHER, contract=maker.address)
    tx = perps.match(order, [], rest=ETHER, contract=maker.address)
    (event,) = tx.events("Traded", market)
    assert (event["takerFee"], event["makerFee"]) == (2 * 10**36, 0)
    assert market.position(perps.system.account(maker.address))[1] == -2_000 * 10**36


def test_the_premium_is_sampled_after_it(perps: PerpTrading, taker: bytes) -> None:
    """As after a trade of the account's owner."""
    tx = perps.match(perps.order(taker, 100 * ETHER, 2_100), [], rest=UNLIMITED)
    (event,) = tx.events("PremiumSampled", perps.market)
    assert event["newSampleWad"] == perps.curve.premium(100 * ETHER)
