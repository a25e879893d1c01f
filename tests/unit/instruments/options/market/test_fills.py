"""Fills: who pays what, all legs at once, and what is refused."""

from __future__ import annotations

import pytest

from scripts.common import abi as codec
from scripts.model.options import TooSmall
from tests.helpers.evm import Backend
from tests.helpers.option_market import FILL, FILLS, LEG, PLAIN, TOKEN, USUAL, OptionBench
from tests.helpers.option_mirror import Mirror
from tests.helpers.system import OWNER, WAD, System


def test_a_premium_is_cost_and_no_payment(options: OptionBench) -> None:
    call = options.series(7, 2_000)
    long, short = options.trader(3), options.trader(4)
    before = options.balance(long)
    options.fill(long, short, 2 * WAD, {call: 1}, 70 * WAD)
    assert options.cost(long) == 140 * WAD * WAD == -options.cost(short)
    assert options.balance(long) == before
    assert options.sizes(long) == {call: 2 * WAD}
    assert options.sizes(short) == {call: -2 * WAD}
    options.check_books([long, short])


def test_all_legs_move_in_proportion(options: OptionBench) -> None:
    low, high, put = options.series(7, 2_000), options.series(7, 2_200), options.series(30, 1_800, False)
    taker, maker = options.trader(3), options.trader(4)
    options.fill(taker, maker, 3 * WAD, {low: 1, high: -2, put: 1})
    assert options.sizes(taker) == {low: 3 * WAD, high: -6 * WAD, put: 3 * WAD}
    options.fill(taker, maker, -3 * WAD, {low: 1, high: -2, put: 1})
    assert options.sizes(taker) == {} == options.sizes(maker)


def test_one_leg_that_cannot_be_undoes_all(options: OptionBench) -> None:
    call, gone = options.series(7, 2_000), options.series(1, 2_000)
    taker, maker = options.trader(3), options.trader(4)
    options.warp(86_400)
    with options.evm.reverts("OptionMarket_Expired", gone, options.expiries[1]):
        options.fill(taker, maker, WAD, {call: 1, gone: 1}, 0)
    assert options.sizes(taker) == {}


@pytest.mark.parametrize("legs", [[], [(1, 0)], [(1, 101)], [(2, 1), (1, 1)], [(1, 1), (1, 1)], [(1, 1)] * 9])
def test_legs_that_cannot_be(options: OptionBench, legs: list[tuple[int, int]]) -> None:
    options.series(7, 2_000)
    options.series(7, 2_100)
    taker, maker = options.trader(3), options.trader(4)

    kinds = [{"type": "uint8"}, {"type": "bytes32"}, LEG, FILL]
    data = codec.encode(kinds, (FILLS, taker, legs, [(maker, WAD, 0)]))
    with options.evm.reverts("OptionMarket_BadLegs", len(legs)):
        options.bringer.callInstrument(options.market.address, data)


def test_an_unknown_series(options: OptionBench) -> None:
    with options.evm.reverts("OptionMarket_UnknownSeries", 9):
        options.fill(options.trader(3), options.trader(4), WAD, {9: 1}, 0)


def test_a_premium_far_from_the_value_is_refused(options: OptionBench) -> None:
    options.market.setParameters(PLAIN.but(max_price_move=WAD // 100).words(), 0)
    call = options.series(7, 2_000)
    taker, maker = options.trader(3), options.trader(4)
    value = options.value({call: 1})
    with options.evm.reverts("OptionMarket_PremiumOutOfBand", value + 20 * WAD + 1, value, 20 * WAD):
        options.fill(taker, maker, WAD, {call: 1}, value + 20 * WAD + 1)
    options.fill(taker, maker, WAD, {call: 1}, value + 20 * WAD)


def test_only_the_orders_contract_brings_fills(options: OptionBench) -> None:
    call = options.series(7, 2_000)
    taker, maker = options.trader(3), options.trader(4)
    data = options.fill_data(taker, {call: 1}, [(maker, WAD, 0)])
    with options.evm.reverts("Market_NotOrders", options.owner(taker)):
        options.call(taker, data)


def test_an_account_does_not_trade_with_itself(options: OptionBench) -> None:
    call = options.series(7, 2_000)
    taker = options.trader(3)
    with options.evm.reverts("OptionMarket_SameAccount", taker):
        options.fill(taker, taker, WAD, {call: 1})


def test_a_fee_is_a_share_of_the_notional_and_no_more_than_a_share_of_the_value(evm: Backend) -> None:
    options = OptionBench.deploy(System.deploy(evm), USUAL)
    near, far = options.series(7, 2_000), options.series(1, 3_000)
    taker, maker = options.trader(3), options.trader(4)
    options.fill(taker, maker, WAD, {near: 1}, 70 * WAD)
    assert options.cost(taker) == 71 * WAD * WAD  # 2,000 / 2,000
    assert options.cost(maker) == (-70 * WAD + 2 * WAD // 5) * WAD  # 2,000 / 5,000
    value = options.value({far: 1})
    assert 0 <= value < WAD  # an eighth of it is less than the share of the notional
    before = options.market.totals()[4]
    options.fill(taker, maker, WAD, {far: 1}, 0)
    assert options.market.totals()[4] - before == 2 * (value * WAD // 8)


def test_the_cap_of_open_interest_binds_on_the_way_up(options: OptionBench) -> None:
    call = options.series(7, 2_000)
    taker, maker = options.trader(3), options.trader(4)
    options.fill(taker, maker, 5 * WAD, {call: 1})
    options.market.setParameters(PLAIN.but(open_interest_cap=8_000 * WAD).words(), 0)
    with options.evm.reverts("OptionMarket_OpenInterestCap", 12_000 * WAD, 8_000 * WAD):
        options.fill(taker, maker, WAD, {call: 1})
    options.fill(taker, maker, -WAD // 2, {call: 1})


def test_reduce_only_lets_positions_shrink(options: OptionBench) -> None:
    call, other = options.series(7, 2_000), options.series(7, 2_100)
    taker, maker = options.trader(3), options.trader(4)
    options.fill(taker, maker, 2 * WAD, {call: 1})
    options.market.setReduceOnly(True)
    for legs, units in (({call: 1}, 1), ({other: 1}, 1), ({call: 1}, -5 * WAD)):
        with options.evm.reverts("OptionMarket_ReduceOnly"):
            options.fill(taker, maker, units, legs)
    options.fill(taker, maker, -WAD, {call: 1})
    with options.evm.reverts("OwnableUnauthorizedAccount"):
        options.market.setReduceOnly(False, sender=options.evm.accounts[1])
    options.market.setReduceOnly(False, sender=options.evm.accounts[OWNER])


def test_a_stale_index_stops_trades(options: OptionBench) -> None:
    call = options.series(7, 2_000)
    taker, maker = options.trader(3), options.trader(4)
    options.evm.warp(2 * 86_400)
    with options.evm.reverts("OptionMarket_IndexNotUsable", 2_000 * WAD, 2):
        options.fill(taker, maker, WAD, {call: 1})


def test_a_naked_short_needs_margin(options: OptionBench) -> None:
    call = options.series(7, 2_000)
    taker, maker = options.trader(3), options.trader(4, 300)
    with options.evm.reverts("Vault_BelowInitialRequirement"):
        options.fill(taker, maker, WAD, {call: 1})


def test_fees_go_to_backstop_and_fee_account(evm: Backend) -> None:
    options = OptionBench.deploy(System.deploy(evm), USUAL)
    call = options.series(7, 2_000)
    taker, maker = options.trader(3), options.trader(4)
    options.fill(taker, maker, 10 * WAD, {call: 1})
    collector = options.trader(6, 0)
    options.market.setFeeAccount(collector)
    options.settle(taker)
    options.settle(maker)
    fees = options.market.totals()[4] // TOKEN
    assert fees == 14 * 10**6  # a dollar and 40 cents a unit
    assert options.market.collectFees().value == fees
    assert options.balance(collector) == fees // 2
    options.check_books([taker, maker])


def test_a_trade_leaves_ten_dollars_of_a_position_or_nothing(options: OptionBench) -> None:
    options.market.setParameters(PLAIN.but(min_position=10 * WAD).words(), 0)
    call, other = options.series(7, 2_000), options.series(7, 2_100)
    taker, maker = options.trader(3), options.trader(4)
    least = 10 * WAD // 2_000
    with options.evm.reverts("OptionMarket_PositionTooSmall", maker, call, 1 - least, 10 * WAD):
        options.fill(taker, maker, least - 1, {call: 1})
    options.fill(taker, maker, least, {call: 1})
    # Each leg by itself, what was there counted in, on either side of zero.
    with options.evm.reverts("OptionMarket_PositionTooSmall"):
        options.fill(taker, maker, least // 2, {call: 1, other: 1})
    with options.evm.reverts("OptionMarket_PositionTooSmall"):
        options.fill(taker, maker, -least // 2, {call: 1})
    with options.evm.reverts("OptionMarket_PositionTooSmall"):
        options.fill(taker, maker, 1 - 2 * least, {call: 1})
    options.fill(taker, maker, 1, {call: 1})
    options.fill(taker, maker, -2 * least - 1, {call: 1})
    # The index fell: what has become too small is closed, or made larger, and hinders no other trade.
    options.set_index(1_900)
    options.fill(taker, maker, WAD, {other: 1})
    options.fill(taker, maker, least, {call: 1})
    assert options.sizes(taker) == {other: WAD}


def test_one_fill_of_many_may_be_small(options: OptionBench) -> None:
    """What counts is where the account ends."""
    options.market.setParameters(PLAIN.but(min_position=10 * WAD).words(), 0)
    call = options.series(7, 2_000)
    taker, maker, third = options.trader(3), options.trader(4), options.trader(5)
    value = options.value({call: 1})
    options.fill(third, maker, WAD, {call: 1})
    options.fills(taker, {call: 1}, [(third, 1, value), (maker, WAD, value)])
    assert options.sizes(third) == {call: WAD - 1}


def test_the_model_refuses_the_same(options: OptionBench) -> None:
    options.market.setParameters(PLAIN.but(min_position=10 * WAD).words(), 0)
    taker, maker = options.trader(3), options.trader(4)
    mirror = Mirror(options, [taker, maker])
    call = mirror.series(7, 2_000, True)
    for units in (WAD // 200 - 1, -WAD // 200 + 1):
        with pytest.raises(TooSmall):
            mirror.model.fill(taker, maker, {call: 1}, units, 0, mirror.index)
        assert not mirror.fill(taker, maker, {call: 1}, units)
    assert mirror.refusals == ["OptionMarket_PositionTooSmall"] * 2
