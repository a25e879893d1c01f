"""What the risk engine is told, beside what tests of the books compare with the model."""

from __future__ import annotations

import pytest

from tests.helpers.option_market import OptionBench
from tests.helpers.option_mirror import SCENARIOS, packed
from tests.helpers.system import DAY, NO_LIMIT, WAD

MOST_GAS = 10_000_000


def report(options: OptionBench, account: bytes, dollars: int = 2_000):  # type: ignore[no-untyped-def]
    ids, _ = options.market.underlyings()
    own = options.market.underlying()
    prices = [dollars * WAD if one == own else WAD for one in ids]
    words = [packed(*one) for one in SCENARIOS]
    ends = [packed(-WAD // 50, 0, WAD), packed(WAD // 50, 0, WAD)]
    scenarios = [word for one in ids for word in (words if one == own else ends)]
    return options.market.report(account, scenarios, prices, prices, False)


def test_long_value_is_no_borrowing_power(options: OptionBench) -> None:
    call = options.series(30, 2_000)
    long, short = options.trader(3, 10_000), options.trader(4)
    options.fill(long, short, 2 * WAD, {call: 1})
    options.set_index(3_000)
    said = report(options, long, 3_000)
    assert said.valueWad == 0 < said.creditWad
    equity = options.system.assess(long, 0)[0]
    assert equity <= 10_000 * WAD
    with options.evm.reverts("Vault_BelowInitialRequirement"):
        options.system.borrow(options.owner(long), "USDC", 10_000)


def test_a_long_loses_no_more_than_its_value(options: OptionBench) -> None:
    call = options.series(7, 2_400)
    long, short = options.trader(3), options.trader(4)
    options.fill(long, short, WAD, {call: 1})
    said = report(options, long)
    value = options.value({call: 1})
    assert said.standaloneWad <= value
    assert said.addOnWad <= value + WAD * 4 // 1_000


def test_naked_shorts_cost_a_share_of_their_notional(options: OptionBench) -> None:
    low, high = options.series(7, 2_000), options.series(30, 2_500)
    naked, covered, other = options.trader(3), options.trader(5), options.trader(4)
    options.fill(other, naked, 2 * WAD, {low: 1})
    options.fill(other, covered, 2 * WAD, {low: 1})
    options.fill(covered, other, 2 * WAD, {high: 1})
    lacking = report(options, naked).addOnWad - report(options, covered).addOnWad
    # 2% of 4,000, less the unwinding of the cover and what two notionals concentrate more than one.
    assert 80 * WAD - 5 * WAD < lacking < 80 * WAD


def test_a_stale_surface_lets_nobody_take_new_risk(options: OptionBench) -> None:
    """Everything else goes on by the last smile: reducing, settling of what is fixed, takeovers."""
    call = options.series(7, 2_000)
    long, short, taker = options.trader(3), options.trader(4, 700), options.trader(5, 1_000_000)
    options.fill(long, short, WAD, {call: 1})
    options.system.warp(DAY + 60)
    assert report(options, short).status == 2
    with options.evm.reverts("Vault_NoNewRisk"):
        options.fill(taker, long, WAD, {call: 1})
    assert options.settle(short) == 0, "nothing is realised"
    assert options.cost(short) != 0
    options.set_index(2_900)
    options.evm.mine()
    tx = options.system.vault.liquidate(short, taker, WAD, 0, 0, NO_LIMIT, sender=options.owner(taker))
    assert tx.value[0] == WAD
    options.set_index(2_000)
    options.fill(long, taker, -WAD // 2, {call: 1})
    options.check_books([long, short, taker])


def test_an_account_has_64_positions(options: OptionBench) -> None:
    """It is full, and can still reduce, be settled and be taken over within ten million gas."""
    strikes = range(1_200, 2_800, 50)
    ids = [options.series(7, strike, call) for strike in strikes for call in (True, False)]
    extra = options.series(30, 2_000)
    full, other, taker = options.trader(3, 70_000), options.trader(4, 9_000_000), options.trader(5, 9_000_000)
    third = options.trader(6)
    for first in range(0, 64, 8):
        options.fill(full, other, -WAD, dict.fromkeys(ids[first : first + 8], 1))
    assert len(options.sizes(full)) == 64
    with options.evm.reverts("OptionMarket_TooManyPositions", full, 64):
        options.fill(full, third, -1, {extra: 1})
    options.fill(full, other, WAD // 2, {ids[0]: 1})
    options.fill(full, other, WAD // 2, {ids[0]: 1})
    options.fill(full, third, -1, {extra: 1})
    assert len(options.sizes(full)) == 64
    options.evm.mine()
    for dollars in (4_000, 7_000):  # a part of a solvent account, all of an insolvent one
        with options.evm.isolation():
            options.set_index(dollars)
            tx = options.system.vault.liquidate(full, taker, WAD, 0, 0, NO_LIMIT, sender=options.owner(taker))
            assert (tx.value[0] == WAD) == (dollars == 7_000)
            assert tx.gas_used < MOST_GAS
            options.check_books([full, other, taker, third])
    tx = options.expire(7, 2_000, [full])
    assert tx.gas_used < MOST_GAS
    assert options.sizes(full) == {extra: -1}


def test_a_takeover_adds_no_65th_position(options: OptionBench) -> None:
    strikes = range(1_200, 2_800, 50)
    ids = [options.series(7, strike, call) for strike in strikes for call in (True, False)]
    extra = options.series(30, 2_000)
    full, other, poor = options.trader(3, 9_000_000), options.trader(4, 9_000_000), options.trader(5, 700)
    third = options.trader(6)
    for first in range(0, 64, 8):
        options.fill(full, other, -WAD, dict.fromkeys(ids[first : first + 8], 1))
    options.fill(third, poor, WAD, {extra: 1})
    options.evm.mine()
    options.set_index(2_700)
    with options.evm.reverts("OptionMarket_TooManyPositions", full, 64):
        options.system.vault.liquidate(poor, full, WAD, 0, 0, NO_LIMIT, sender=options.owner(full))
    fresh = options.trader(3, 1_000_000, index=1)
    options.system.vault.liquidate(poor, fresh, WAD, 0, 0, NO_LIMIT, sender=options.owner(full))


@pytest.mark.parametrize("sold", [1, 3])
def test_an_account_below_its_requirement_may_reduce(options: OptionBench, sold: int) -> None:
    call = options.series(7, 2_000)
    short, other = options.trader(3, 2_000), options.trader(4)
    options.fill(other, short, 4 * WAD, {call: 1})
    options.set_index(2_200)
    equity, _, requirement, *_ = options.system.assess(short, 0)
    assert equity < requirement
    with options.evm.reverts("Vault_BelowInitialRequirement"):
        options.fill(other, short, 1, {call: 1})
    options.fill(other, short, -sold * WAD, {call: 1})
    assert options.sizes(short) == {call: (sold - 4) * WAD}


def test_what_is_owed_moves_with_the_settlement_asset(options: OptionBench) -> None:
    call = options.series(7, 2_000)
    long, short = options.trader(3), options.trader(4)
    options.fill(long, short, WAD, {call: 1})
    options.set_index(2_300)
    ids, _ = options.market.underlyings()
    settlement = 1 - list(ids).index(options.market.underlying())
    said = report(options, short, 2_300)
    owed = -said.valueWad
    assert owed > 200 * WAD
    assert list(said.exposuresWad)[settlement] == -owed
    # The worst of the own scenarios is the sum's worst too, as there is one position.
    assert said.standaloneWad == -min(said.changesWad) + -(-owed // 50)
