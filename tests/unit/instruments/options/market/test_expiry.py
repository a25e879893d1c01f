"""Settlement prices from the feed's own rounds, and accounts that are settled by them."""

from __future__ import annotations

import pytest

from scripts.model.options import settlement_price
from tests.helpers.evm import Backend
from tests.helpers.option_market import TOKEN, OptionBench
from tests.helpers.system import DAY, WAD

HEARTBEAT = DAY + 3_600


def rounds(options: OptionBench, marks: list[tuple[int, float]], after: int = 1) -> int:
    """Rounds that many seconds before the first expiry; then it is `after` seconds later. Returns the last one's id."""
    expiry, feed = options.expiries[1], options.system.assets["WETH"].feed
    last = feed.latestRoundData()[0]
    for before, dollars in marks:
        options.evm.warp(expiry - before - options.evm.now)
        options.set_index(dollars)
        last = feed.latestRoundData()[0] if before >= 0 else last
    if options.evm.now < expiry + after:
        options.evm.warp(expiry + after - options.evm.now)
    return int(last)


def modelled(options: OptionBench) -> tuple[int, int]:
    """By the model, from all the feed's rounds."""
    feed = options.system.assets["WETH"].feed
    newest = int(feed.latestRoundData()[0])
    first = (newest >> 64 << 64) + 1
    found = [feed.getRoundData(one) for one in range(first, newest + 1)]
    return settlement_price([(one[1] * 10**10, one[3]) for one in found], options.expiries[1], HEARTBEAT)


@pytest.mark.parametrize(
    ("marks", "price", "covered"),
    [
        ([(2_000, 1_900), (900, 2_100)], 2_000, 1_800),  # half and half
        ([(7_200, 1_950)], 1_950, 1_800),  # what stood before
        ([(1_800, 1_700), (1_200, 2_000), (600, 2_300)], 2_000, 1_800),  # one at the beginning
        ([(3_000, 1_800), (900, 2_000), (0, 9_000)], 1_900, 1_800),  # one at the expiry weighs nothing
        ([(3_000, 1_800), (900, 2_000), (-60, 9_000)], 1_900, 1_800),  # one after it does not count
    ],
)
def test_the_price_is_the_mean_of_rounds_weighted_by_time(
    options: OptionBench, marks: list[tuple[int, float]], price: int, covered: int
) -> None:
    last = rounds(options, marks, after=120)
    tx = options.market.fixPrice(options.expiries[1], last, sender=options.evm.accounts[9])
    event = tx.events("SettlementPriceFixed", options.market)[0]
    assert (event["priceWad"], event["covered"]) == (price * WAD, covered) == modelled(options)
    assert tuple(options.market.settlementPrice(options.expiries[1])) == (price * WAD, True)


def test_a_round_counts_no_longer_than_the_heartbeat(options: OptionBench) -> None:
    options.evm.warp(3_600)
    options.set_index(1_500)
    options.evm.warp(options.expiries[7] - HEARTBEAT - 600 - options.evm.now)
    options.set_index(1_600)  # covers the first 20 minutes of the window, but for nothing more
    last = options.system.assets["WETH"].feed.latestRoundData()[0]
    options.evm.warp(options.expiries[7] + 1 - options.evm.now)
    event = options.market.fixPrice(options.expiries[7], last).events("SettlementPriceFixed")[0]
    assert (event["priceWad"], event["covered"]) == (1_600 * WAD, 1_200)


def test_another_round_than_the_last_is_refused(options: OptionBench) -> None:
    last = rounds(options, [(3_000, 1_800), (900, 2_000), (-60, 9_000)], after=120)
    for wrong in (last - 1, last + 1, last + 2, 0, 1):
        with options.evm.reverts("OptionMarket_WrongRound", wrong):
            options.market.fixPrice(options.expiries[1], wrong)


def test_not_before_the_expiry_and_once(options: OptionBench) -> None:
    expiry = options.expiries[1]
    with options.evm.reverts("OptionMarket_NotExpired", expiry):
        options.market.fixPrice(expiry, 1)
    last = rounds(options, [(900, 2_000)])
    options.market.fixPrice(expiry, last)
    with options.evm.reverts("OptionMarket_PriceFixed", expiry):
        options.market.fixPrice(expiry, last)


def test_a_new_phase_of_the_feed(options: OptionBench) -> None:
    """The walk ends where the phase begins: what comes before does not count."""
    feed = options.system.assets["WETH"].feed
    rounds(options, [(1_500, 1_800)], after=-900)
    feed.startPhase(2_000 * 10**8)
    last = feed.latestRoundData()[0]
    options.evm.warp(901)
    event = options.market.fixPrice(options.expiries[1], last).events("SettlementPriceFixed")[0]
    assert (event["priceWad"], event["covered"]) == (2_000 * WAD, 900)


def test_a_phase_that_begins_after_the_expiry(options: OptionBench) -> None:
    feed = options.system.assets["WETH"].feed
    last = rounds(options, [(3_000, 1_800)], after=60)
    feed.startPhase(2_000 * 10**8)
    event = options.market.fixPrice(options.expiries[1], last).events("SettlementPriceFixed")[0]
    assert (event["priceWad"], event["covered"]) == (1_800 * WAD, 1_800)


def test_a_round_of_an_old_phase_is_not_the_last(options: OptionBench) -> None:
    feed = options.system.assets["WETH"].feed
    last = rounds(options, [(3_000, 1_800)], after=-600)
    feed.startPhase(2_000 * 10**8)
    options.evm.warp(601)
    with options.evm.reverts("OptionMarket_WrongRound", last):
        options.market.fixPrice(options.expiries[1], last)


def test_an_old_phase_that_goes_on_is_nobodys_choice(options: OptionBench) -> None:
    """The aggregator that was replaced still answers: who names its rounds would choose between two prices."""
    feed = options.system.assets["WETH"].feed
    old = rounds(options, [(3_000, 1_800)], after=-1_900)
    feed.startPhase(2_000 * 10**8)
    new = feed.latestRoundData()[0]
    options.evm.warp(600)
    now = options.evm.now
    feed.setRound(old + 1, 1_500 * 10**8, now, now, old + 1)
    options.evm.warp(1_400)
    now = options.evm.now
    feed.setRound(old + 2, 1_500 * 10**8, now, now, old + 2)
    feed.setRound(new + 1, 2_000 * 10**8, now, now, new + 1)
    for wrong in (old, old + 1):
        with options.evm.reverts("OptionMarket_WrongRound", wrong):
            options.market.fixPrice(options.expiries[1], wrong)
    event = options.market.fixPrice(options.expiries[1], new).events("SettlementPriceFixed")[0]
    assert (event["priceWad"], event["covered"]) == (2_000 * WAD, 1_800)


def test_answers_that_are_no_prices_are_no_rounds(options: OptionBench) -> None:
    feed = options.system.assets["WETH"].feed
    rounds(options, [(3_000, 1_800)], after=-900)
    feed.setAnswer(-1)
    options.evm.warp(300)
    feed.setAnswer(2_100 * 10**8)
    last = feed.latestRoundData()[0]
    options.evm.warp(601)
    event = options.market.fixPrice(options.expiries[1], last).events("SettlementPriceFixed")[0]
    assert (event["priceWad"], event["covered"]) == (1_900 * WAD, 1_800)


def test_oracle_gone_at_expiry(options: OptionBench) -> None:
    """Positions weigh on margin until, after a day, the last good price counts."""
    call = options.series(1, 1_900)
    long, short = options.trader(3), options.trader(4)
    options.fill(long, short, WAD, {call: 1})
    options.system.risk.poke(options.market.underlying())
    options.system.assets["WETH"].feed.setDead(True)
    expiry = options.expiries[1]
    options.evm.warp(expiry + 1 - options.evm.now)
    with options.evm.reverts("OptionMarket_NoRounds", expiry, expiry + DAY):
        options.market.settleExpired(expiry, 0, [long, short])
    assert options.sizes(short) == {call: -WAD}
    assert options.pnl(short) == -(100 * WAD * WAD) - options.cost(short)
    requirement = options.system.assess(short)[2]
    assert requirement > 100 * WAD, "an expired position weighs in full"
    assert options.settle(short) == 0, "nothing is realised without a price"
    options.evm.warp(DAY)
    tx = options.market.settleExpired(expiry, 0, [short, long])
    assert tx.events("SettlementPriceFixed", options.market)[0]["covered"] == 0
    assert options.sizes(short) == {} == options.sizes(long)
    assert abs(options.cost(long)) < TOKEN
    options.check_books([long, short])


def test_a_feed_that_answers_must_be_asked(options: OptionBench) -> None:
    """After a day as well: who names no round would choose the price."""
    last = rounds(options, [(900, 2_000)])
    options.warp(2 * DAY)
    with options.evm.reverts("OptionMarket_WrongRound", 0):
        options.market.fixPrice(options.expiries[1], 0)
    options.market.fixPrice(options.expiries[1], last)


def test_a_new_phase_after_the_expiry_hides_no_round(options: OptionBench) -> None:
    """After a day who names no round would have had the price of that day."""
    feed = options.system.assets["WETH"].feed
    last = rounds(options, [(900, 2_000)])
    options.warp(2 * DAY)
    feed.startPhase(2_600 * 10**8)
    with options.evm.reverts("OptionMarket_WrongRound", 0):
        options.market.fixPrice(options.expiries[1], 0)
    event = options.market.fixPrice(options.expiries[1], last).events("SettlementPriceFixed")[0]
    assert event["covered"] > 0


def test_a_gap_in_the_rounds_makes_none_the_last(options: OptionBench) -> None:
    """An id that the feed has nothing for is no end: who names the round before it would choose the price."""
    feed = options.system.assets["WETH"].feed
    before = rounds(options, [(3_000, 1_800)], after=-1_800)
    now = options.evm.now
    feed.setRound(before + 4, 2_000 * 10**8, now, now, before + 4)
    options.evm.warp(1_801)
    for _ in range(2):
        with options.evm.reverts("OptionMarket_WrongRound", before):
            options.market.fixPrice(options.expiries[1], before)
        options.set_index(2_500)  # a round after the expiry changes nothing
    event = options.market.fixPrice(options.expiries[1], before + 4).events("SettlementPriceFixed")[0]
    assert (event["priceWad"], event["covered"]) == (2_000 * WAD, 1_800)


def test_a_phase_without_a_first_round_hides_none_after_it(options: OptionBench) -> None:
    feed = options.system.assets["WETH"].feed
    old = rounds(options, [(3_000, 1_800)], after=-1_800)
    now, new = options.evm.now, (((old >> 64) + 2) << 64) + 1
    feed.setRound(new, 2_000 * 10**8, now, now, new)
    options.evm.warp(1_801)
    with options.evm.reverts("OptionMarket_WrongRound", old):
        options.market.fixPrice(options.expiries[1], old)
    event = options.market.fixPrice(options.expiries[1], new).events("SettlementPriceFixed")[0]
    assert (event["priceWad"], event["covered"]) == (2_000 * WAD, 1_800)


def test_after_a_day_the_price_is_not_one_of_two(options: OptionBench) -> None:
    """The feed was silent over the expiry and has come back: the record may be old, or of now, as the caller likes."""
    options.system.risk.poke(options.market.underlying())
    expiry = options.expiries[7]
    options.evm.warp(expiry + DAY + 1 - options.evm.now)
    options.set_index(2_600)
    feed = options.system.assets["WETH"].feed
    last = int(feed.latestRoundData()[0]) - 1
    event = options.market.fixPrice(expiry, last).events("SettlementPriceFixed")[0]
    assert (event["priceWad"], event["covered"]) == (2_600 * WAD, 0)


def test_settled_accounts_are_paid_and_out(options: OptionBench) -> None:
    call, put = options.series(1, 1_900), options.series(1, 2_200, False)
    later = options.series(7, 2_000)
    long, short = options.trader(3), options.trader(4)
    options.fill(long, short, WAD, {call: 1, put: 2}, 600 * WAD)
    options.fill(long, short, WAD, {later: 1})
    held = options.balance(long), options.balance(short)
    lost = -options.expire(1, 2_100, [long, short]).events("Settled", options.market)[0]["paid"]
    assert options.sizes(long) == {later: WAD}
    assert options.market.totals().expiredCost == 0
    # 200 and twice 100 for 600, less what the week's call gained.
    assert 0 < lost < 200 * 10**6
    assert options.balance(long) == held[0] - lost
    assert options.balance(short) == held[1] + lost
    options.check_books([long, short])


def test_one_side_settles_before_the_other(options: OptionBench) -> None:
    call = options.series(1, 1_900)
    long, short = options.trader(3), options.trader(4)
    options.fill(long, short, 3 * WAD, {call: 1}, 100 * WAD)
    options.expire(1, 2_150, [long])
    assert options.market.totals().expiredCost == 750 * WAD * WAD
    assert options.claim(long) == (450 * 10**6, 0), "nothing came in yet"
    options.check_books([long, short])
    options.settle(short)
    assert options.market.totals().expiredCost == 0
    assert options.settle(long) == 450 * 10**6
    assert options.market.totals().openInterestWad == 0
    options.check_books([long, short])


def test_what_a_loser_cannot_pay_stays_his_loss(options: OptionBench) -> None:
    call = options.series(1, 2_000)
    long, short = options.trader(3), options.trader(4, 600)
    options.fill(long, short, WAD, {call: 1}, 40 * WAD)
    options.expire(1, 3_000, [short, long])
    assert options.sizes(short) == {}
    equity = options.system.assess(short)[0]
    assert -400 * WAD < equity < -300 * WAD
    options.check_books([long, short])


def test_expiry_in_the_same_block_as_liquidation(options: OptionBench) -> None:
    """A takeover in the second of the expiry, before and after the price is fixed, moves the same money."""
    call, later = options.series(1, 2_000), options.series(7, 2_000)
    long, short, taker = options.trader(3), options.trader(4, 900), options.trader(5, 1_000_000)
    options.fill(long, short, WAD, {call: 1}, 40 * WAD)
    options.fill(long, short, WAD, {later: 1})
    last = rounds(options, [(3_000, 2_500)], after=0)
    options.push()
    worth = []
    for fixed_first in (True, False):
        with options.evm.isolation():
            if fixed_first:
                options.market.fixPrice(options.expiries[1], last)
            options.system.vault.liquidate(short, taker, WAD, 0, 0, 2**255 - 1, sender=options.owner(taker))
            if not fixed_first:
                options.market.fixPrice(options.expiries[1], last)
            for account in (short, taker, long):
                options.settle(account)
            options.check_books([long, short, taker])
            everybody = (long, short, taker, options.system.account(options.system.backstop.address))
            worth.append([options.balance(one) * TOKEN + options.pnl(one) for one in everybody])
    # What the backstop adds for the taker is a share of the requirement, which is less where the price is fixed.
    assert worth[0][:2] == pytest.approx(worth[1][:2], abs=2 * TOKEN)
    assert sum(worth[0]) == pytest.approx(sum(worth[1]), abs=4 * TOKEN)


def test_a_walk_has_a_bound(evm: Backend, options: OptionBench) -> None:
    """256 rounds at most: more of them cover only the end of the window."""
    expiry, feed = options.expiries[1], options.system.assets["WETH"].feed
    options.evm.warp(expiry - 1_500 - options.evm.now)
    for number in range(300):
        options.evm.warp(5)
        options.set_index(2_000 + number % 7)
    last = feed.latestRoundData()[0]
    assert options.evm.now == expiry
    options.evm.warp(1)
    event = options.market.fixPrice(expiry, last).events("SettlementPriceFixed")[0]
    assert event["covered"] == 255 * 5
    assert (event["priceWad"], event["covered"]) == modelled(options)


def test_a_worthless_position_without_cost_leaves_the_vault_too(options: OptionBench) -> None:
    call = options.series(1, 2_000)
    options.set_index(1_000)
    long, short = options.trader(3), options.trader(4)
    assert options.value({call: 1}) == 0
    options.fill(long, short, WAD, {call: 1})
    for account in (long, short):
        assert options.market.address in options.system.vault.holdings(account)[1]
    options.expire(1, 1_000, [long, short])
    for account in (long, short):
        assert options.market.address not in options.system.vault.holdings(account)[1]
