"""PerpMarket.execute with TRADE and FILLS: what is booked, and what is refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.model.perps import tick_of
from tests.helpers.perp_market import DOLLAR, NOBODY, PLAIN, TOKEN, PerpBench
from tests.helpers.system import GUARDIAN, OWNER, TAKER, TRADER, WAD

FEES = replace(PLAIN, taker_fee=WAD // 1_000, maker_fee=WAD // 5_000)


def test_a_trade_books_both_sides_at_the_makers_price(perps: PerpBench) -> None:
    trader = perps.trader(TRADER)
    perps.maker.setPremium(WAD // 100, 0)
    tx = perps.trade(trader, 3 * WAD)
    assert int.from_bytes(tx.value, "big") == 2_020 * WAD
    long, short = perps.position(trader), perps.position(perps.maker_account)
    assert long["size"] == -short["size"] == 3 * WAD
    assert long["cost"] == -short["cost"] == 6_060 * 10**36
    assert long["entry"] == 2_020 * WAD
    assert perps.market.address in perps.system.vault.holdings(trader)[1]
    assert perps.market.address in perps.system.vault.holdings(perps.maker_account)[1]
    assert perps.market.totals()[0] == 3 * WAD


def test_the_limit_binds_either_way(perps: PerpBench) -> None:
    trader = perps.trader(TRADER)
    with perps.evm.reverts("PerpMarket_PriceLimit", 2_000 * WAD, 2_000 * WAD - 1):
        perps.trade(trader, WAD, 2_000 * WAD - 1)
    with perps.evm.reverts("PerpMarket_PriceLimit", 2_000 * WAD, 2_000 * WAD + 1):
        perps.trade(trader, -WAD, 2_000 * WAD + 1)
    perps.trade(trader, WAD, 2_000 * WAD)
    perps.trade(trader, -WAD, 2_000 * WAD)


def test_only_registered_makers_and_the_orders_contract(perps: PerpBench) -> None:
    trader, other = perps.trader(TRADER), perps.trader(TAKER)
    stranger = perps.evm.deploy("MockPerpMaker", perps.system.vault.address)
    with perps.evm.reverts("PerpMarket_UnknownMaker", stranger.address):
        perps.call(trader, perps.trade_data(WAD, maker=stranger.address))
    with perps.evm.reverts("Market_NotOrders", perps.owner(trader)):
        perps.call(trader, perps.fill_data(trader, [(other, WAD, 2_000 * WAD, 0)]))
    with perps.evm.reverts("Instrument_NotVault", perps.owner(trader)):
        perps.market.execute(trader, perps.owner(trader), perps.trade_data(WAD), sender=perps.owner(trader))


def test_both_sides_are_checked(perps: PerpBench) -> None:
    rich, poor = perps.trader(TRADER), perps.trader(TAKER, 100)
    for taker, maker in ((rich, poor), (poor, rich)):
        with perps.evm.reverts("Vault_BelowInitialRequirement", poor, None, None):
            perps.fill(taker, maker, WAD)


def test_nobody_trades_with_himself(perps: PerpBench) -> None:
    trader = perps.trader(TRADER)
    with perps.evm.reverts("PerpMarket_SameAccount", trader):
        perps.fill(trader, trader, WAD)


def test_a_price_far_from_the_mark_is_refused(perps: PerpBench) -> None:
    """A wash trade moves no loss from one account to another beyond the band."""
    perps.market.setParameters(replace(PLAIN, max_price_move=WAD // 10).words(), 0)
    first, second = perps.trader(TRADER), perps.trader(TAKER)
    perps.fill(first, second, WAD, 2_200 * WAD)
    with perps.evm.reverts("PerpMarket_PriceOutOfBand", 2_200 * WAD + 1, 2_000 * WAD, WAD // 10):
        perps.fill(first, second, WAD, 2_200 * WAD + 1)
    with perps.evm.reverts("PerpMarket_PriceOutOfBand", 1_800 * WAD - 1, 2_000 * WAD, WAD // 10):
        perps.fill(first, second, WAD, 1_800 * WAD - 1)


def test_the_open_interest_cap_binds_on_the_way_up(perps: PerpBench) -> None:
    first, second = perps.trader(TRADER), perps.trader(TAKER)
    perps.fill(first, second, 3 * WAD)
    perps.market.setParameters(replace(PLAIN, open_interest_cap=5_000 * WAD).words(), 0)
    with perps.evm.reverts("PerpMarket_OpenInterestCap", 6_002 * WAD, 5_000 * WAD):
        perps.fill(first, second, WAD // 1_000)
    perps.fill(second, first, WAD)
    perps.fill(first, second, WAD // 2)
    third = perps.trader(TRADER, index=1)
    perps.fill(third, first, WAD, 2_000 * WAD)  # changes hands


def test_reduce_only_lets_nobody_grow(perps: PerpBench) -> None:
    first, second, third = perps.trader(TRADER), perps.trader(TAKER), perps.trader(5)
    perps.fill(first, second, 3 * WAD)
    perps.market.setReduceOnly(True, sender=perps.evm.accounts[GUARDIAN])
    with perps.evm.reverts("PerpMarket_ReduceOnly", third):
        perps.fill(third, first, WAD)
    perps.fill(second, first, WAD)
    with perps.evm.reverts("OwnableUnauthorizedAccount", perps.evm.accounts[GUARDIAN]):
        perps.market.setReduceOnly(False, sender=perps.evm.accounts[GUARDIAN])
    perps.market.setReduceOnly(False, sender=perps.evm.accounts[OWNER])
    perps.fill(third, first, WAD)


@pytest.mark.parametrize("size", [2**112, -(2**112), 2**127, -(2**127), 2**255 - 1, -(2**255)])
def test_sizes_beyond_the_books_are_refused(perps: PerpBench, size: int) -> None:
    with perps.evm.reverts("PerpMarket_SizeOutOfRange", size, 2**112 - 1):
        perps.trade(perps.trader(TRADER), size)


def test_one_wei_is_a_position(perps: PerpBench) -> None:
    trader = perps.trader(TRADER)
    perps.trade(trader, 1)
    assert perps.position(trader)["size"] == 1
    perps.trade(trader, -1)
    perps.settle(trader)
    assert perps.market.address not in perps.system.vault.holdings(trader)[1]
    with perps.evm.reverts("PerpMarket_ZeroSize"):
        perps.trade(trader, 0)


def test_no_trade_at_a_stale_index(perps: PerpBench) -> None:
    trader = perps.trader(TRADER)
    perps.evm.warp(3 * 86_400)
    with perps.evm.reverts("PerpMarket_IndexNotFresh", 2):
        perps.trade(trader, WAD)


def test_fees_are_costs_that_go_to_backstop_and_fee_account(perps: PerpBench) -> None:
    perps.market.setParameters(replace(FEES, backstop_share=WAD // 4).words(), 0)
    system = perps.system
    taker, maker, other = perps.trader(TRADER), perps.trader(TAKER), perps.trader(5)
    perps.market.setFeeAccount(other)
    perps.fill(taker, maker, 10 * WAD)
    assert perps.position(taker)["pnl"] == -20 * 10**36
    assert perps.position(maker)["pnl"] == -4 * 10**36
    assert perps.market.totals()[4] == 24 * 10**36
    backstop = system.account(system.backstop.address)
    before = system.balance(backstop, "USDC")
    perps.market.collectFees()
    assert perps.market.totals()[4] == 24 * 10**36, "nothing has been paid in"
    perps.settle(taker), perps.settle(maker)
    perps.market.collectFees()
    assert system.balance(backstop, "USDC") == before + 6 * DOLLAR
    assert perps.balance(other) == 100_018 * DOLLAR
    assert perps.market.totals()[4] == 0


def test_a_maker_contract_pays_no_fee(perps: PerpBench) -> None:
    perps.market.setParameters(FEES.words(), 0)
    trader = perps.trader(TRADER)
    perps.trade(trader, WAD)
    assert perps.position(perps.maker_account)["pnl"] == 0
    assert perps.position(trader)["pnl"] == -2 * 10**36


def test_tips_are_paid_to_who_earns_them(perps: PerpBench) -> None:
    taker, maker, keeper = (
        perps.trader(TRADER),
        perps.trader(TAKER),
        perps.system.account(perps.evm.accounts[5]),
    )
    perps.fills(taker, [(maker, WAD, 2_000 * WAD, 3 * DOLLAR)], 2 * DOLLAR, keeper)
    assert perps.position(keeper)["pnl"] == 5 * DOLLAR * TOKEN
    perps.settle(taker), perps.settle(maker)
    assert perps.settle(keeper) == 5 * DOLLAR
    assert perps.system.vault.holdings(keeper)[1] in ((), [])


@pytest.mark.parametrize("tip", [2**255, 2**256 - 1, 2**254])
def test_no_tip_wraps_around(perps: PerpBench, tip: int) -> None:
    """A signed tip near the end of its range is no gift to who signed it."""
    taker, maker, keeper = perps.trader(TRADER), perps.trader(TAKER), perps.trader(5)
    for data in (((maker, WAD, 2_000 * WAD, tip), 0), ((maker, WAD, 2_000 * WAD, 0), tip)):
        with perps.evm.reverts():
            perps.fills(taker, [data[0]], data[1], keeper)


def test_many_fills_are_one_operation(perps: PerpBench) -> None:
    """The taker is checked once, at the end: he may pass through a position that he could not keep."""
    taker, makers = perps.trader(TRADER, 1_000), [perps.trader(TAKER, index=i) for i in range(2)]
    fills = [(makers[0], 5 * WAD, 2_000 * WAD, 0), (makers[1], -4 * WAD, 2_000 * WAD, 0)]
    perps.fills(taker, fills, 0, NOBODY)
    assert [perps.position(account)["size"] // WAD for account in (taker, *makers)] == [1, -5, 4]


@given(price=st.one_of(st.integers(0, 2**94), st.integers(0, 200)))
def test_ticks_are_those_of_the_model(perps: PerpBench, price: int) -> None:
    assert perps.market.tickOf(price) == tick_of(price)


def test_the_entry_price_is_an_average_that_reducing_keeps(perps: PerpBench) -> None:
    first, second = perps.trader(TRADER), perps.trader(TAKER)
    perps.fill(first, second, WAD, 2_000 * WAD)
    perps.fill(first, second, WAD, 2_200 * WAD)
    assert perps.position(first)["entry"] == 2_100 * WAD
    assert perps.market.bucket(True, perps.market.tickOf(2_100 * WAD)) == (2 * WAD, 1)
    assert perps.market.bucket(True, perps.market.tickOf(2_000 * WAD)) == (0, 0)
    perps.fill(second, first, WAD, 2_300 * WAD)
    assert perps.position(first)["entry"] == 2_100 * WAD
    perps.fill(second, first, 2 * WAD, 2_300 * WAD)
    assert perps.position(first)["entry"] == 2_300 * WAD
