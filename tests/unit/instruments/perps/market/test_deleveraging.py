"""absorb, deleverage and graceUntil: what an insolvent account cannot pay is borne by claims, then by the other side."""

from typing import Any

from tests.helpers.perp_market import DOLLAR, TOKEN, PerpBench
from tests.helpers.system import NO_LIMIT, TAKER, TRADER, WAD

QUOTE = 10**36


def bankrupt(
    perps: PerpBench, entries: list[tuple[int, int]], price: int = 3_000
) -> tuple[bytes, list[bytes]]:
    """A short with little, against longs of these sizes and entry prices; then the price rises."""
    drained(perps)
    size = sum(size for size, _ in entries)
    short = perps.trader(TAKER, size * 1_000)
    longs = []
    for number, (units, entry) in enumerate(entries):
        perps.set_index(entry)
        longs.append(perps.trader(TRADER, 50_000, number))
        perps.fill(longs[-1], short, units * WAD)
    perps.set_index(price)
    perps.evm.mine()
    return short, longs


def drained(perps: PerpBench) -> None:
    """Nobody has staked in the backstop."""
    backstop, staker = perps.system.backstop, perps.evm.accounts[6]
    shares = backstop.balanceOf(staker)
    backstop.requestExit(shares, sender=staker)
    perps.system.warp(8 * 86_400)
    backstop.redeem(shares, staker, staker, sender=staker)


def take_over(perps: PerpBench, account: bytes, fraction: int = WAD) -> tuple[bytes, Any]:
    into = perps.trader(5, 1_000_000)
    perps.evm.mine()
    return into, perps.system.vault.liquidate(
        account, into, fraction, 0, 0, NO_LIMIT, sender=perps.evm.accounts[5]
    )


def test_the_most_profitable_bucket_goes_first_at_the_bankruptcy_price(perps: PerpBench) -> None:
    """The mark moved by the deficit over the size: whoever is closed bears his part of it and no more."""
    short, longs = bankrupt(perps, [(5, 1_600), (10, 2_000)])
    before = [perps.position(account) for account in longs]
    _, tx = take_over(perps, short)
    absorbed = tx.events("Absorbed", perps.market)[0]
    assert absorbed["sizeWad"] == -15 * WAD and absorbed["fromClaims"] == 0
    assert [(e["long"], e["closedWad"]) for e in tx.events("BucketDeleveraged", perps.market)] == [
        (True, 5 * WAD),
        (True, 10 * WAD),
    ]
    deficit, price = absorbed["deficit"], absorbed["priceWad"]
    assert price == 3_000 * WAD - deficit // (15 * WAD)
    for account, old in zip(longs, before, strict=True):
        now = perps.position(account)
        assert now["size"] == 0
        lost = old["pnl"] - now["pnl"]
        assert abs(lost * 15 * WAD - deficit * old["size"]) <= 2 * 15 * WAD * old["size"]
        assert now["pnl"] > 0, "his profit to the bankruptcy price is his"
    assert perps.market.totals()[0] == 0


def test_in_a_bucket_everybody_loses_the_same_share(perps: PerpBench) -> None:
    drained(perps)
    short, hedger = perps.trader(TAKER, 5_000), perps.trader(TAKER, 500_000, 1)
    longs = [perps.trader(TRADER, 50_000, number) for number in range(3)]
    for account, size in zip(longs, (1, 2, 5), strict=True):
        perps.fill(account, hedger, size * WAD)
    perps.fill(hedger, short, 4 * WAD)
    perps.set_index(4_000)
    take_over(perps, short)
    assert [perps.position(account)["size"] for account in longs] == [WAD // 2, WAD, 5 * WAD // 2]
    assert perps.market.totals()[0] == 4 * WAD


def test_what_roundings_leave_in_a_bucket_goes_to_its_last_position(perps: PerpBench) -> None:
    """PERP-1: two positions of one bucket that trade with each other lose nothing of it."""
    drained(perps)
    short, hedger = perps.trader(TAKER, 5_000), perps.trader(TAKER, 500_000, 1)
    longs = [perps.trader(TRADER, 50_000, number) for number in range(3)]
    for account, size in zip(longs, (WAD + 1, 2 * WAD + 5, 5 * WAD + 7), strict=True):
        perps.fill(account, hedger, size)
    perps.fill(hedger, short, 4 * WAD + 2)
    perps.set_index(4_000)
    into, _ = take_over(perps, short)
    accounts = [*longs, hedger, into]

    def total() -> int:
        return sum(perps.position(account)["size"] for account in accounts)

    assert -3 <= total() <= 0
    for account in longs[:2]:
        perps.fill(longs[2], account, perps.position(account)["size"])
    assert total() == 0
    assert perps.market.totals()[0] == perps.position(longs[2])["size"]


def test_who_lost_a_tenth_is_left_alone_for_ten_minutes_once_a_day(perps: PerpBench) -> None:
    drained(perps)
    short, hedger = perps.trader(TAKER, 5_000), perps.trader(TAKER, 500_000, 1)
    long = perps.trader(TRADER, 50_000)
    perps.fill(long, hedger, 8 * WAD)
    perps.fill(hedger, short, 4 * WAD)
    perps.set_index(4_000)
    assert perps.market.graceUntil(long) == 0
    take_over(perps, short)
    until = perps.evm.now + 600
    assert perps.market.graceUntil(long) == until
    perps.settle(long)
    assert perps.market.graceUntil(long) == until, "written down"
    assert perps.market.graceUntil(hedger) == 0


def test_grace_holds_off_a_takeover(perps: PerpBench) -> None:
    """Long perpetual against a short of the token itself: the hedge goes, and the debt is naked."""
    drained(perps)
    system = perps.system
    hedged = perps.trader(TRADER, 29_000)
    short, other = perps.trader(TAKER, 12_000), perps.trader(TAKER, 500_000, 1)
    perps.fill(hedged, short, 10 * WAD)
    system.borrow(perps.owner(hedged), "WETH", 8)
    perps.set_index(3_330)
    perps.settle(other)
    take_over(perps, short)
    assert perps.position(hedged)["size"] == 0
    equity, uncertainty, requirement, *_ = system.assess(hedged)
    assert 0 <= equity + uncertainty < requirement
    perps.trader(5, 1_000_000)
    args = (hedged, system.account(perps.evm.accounts[5]), WAD, 0, 0, NO_LIMIT)
    until = perps.market.graceUntil(hedged)
    with perps.evm.reverts("LiquidationEngine_HedgeGrace", hedged, until):
        system.vault.liquidate(*args, sender=perps.evm.accounts[5])
    system.warp(600)
    system.vault.liquidate(*args, sender=perps.evm.accounts[5])


def test_claims_that_wait_bear_a_loss_first(perps: PerpBench) -> None:
    short, longs = bankrupt(perps, [(5, 2_000), (10, 2_000)], 3_100)
    for account in longs:
        perps.settle(account)
    waiting = [perps.position(account)["waiting"] for account in longs]
    assert waiting == [5_500 * DOLLAR, 11_000 * DOLLAR]
    _, tx = take_over(perps, short)
    absorbed = tx.events("Absorbed", perps.market)[0]
    borne = absorbed["fromClaims"]
    assert 0 < borne == absorbed["deficit"] // 10**30
    # Rounded down, as the product is that they are parts of.
    left = [perps.position(account)["waiting"] for account in longs]
    for before, after, units in zip(waiting, left, (5, 10), strict=True):
        assert 0 <= before - borne * units // 15 - after <= 1
    assert perps.position(longs[0])["size"] == 5 * WAD, "no position is closed"


def test_many_buckets_are_closed_over_several_calls(perps: PerpBench) -> None:
    """What eight buckets do not take waits in the receiver, at its price."""
    short, longs = bankrupt(perps, [(1, 1_500 + 40 * step) for step in range(12)])
    into, tx = take_over(perps, short)
    assert len(tx.events("BucketDeleveraged", perps.market)) == 8
    totals = perps.market.totals()
    assert totals[5] == -4 * WAD and totals[0] == 4 * WAD
    assert perps.market.deleverage(3).value == -WAD
    tx = perps.market.deleverage(100)
    assert tx.value == 0
    assert perps.market.totals()[0] == 0
    assert all(perps.position(account)["size"] == 0 for account in longs)
    assert perps.position(into)["size"] == 0


def test_nothing_to_deleverage_is_an_error(perps: PerpBench) -> None:
    with perps.evm.reverts("PerpMarket_NothingToDeleverage"):
        perps.market.deleverage(1)


def with_unborne_loss(perps: PerpBench) -> tuple[bytes, bytes, int]:
    """A long that has lost 100 dollars, a short that has won 1,000, and tokens of a loss that nobody has borne yet."""
    drained(perps)
    system = perps.system
    loser, long = system.deposit(perps.evm.accounts[TAKER], "WETH", 3), perps.trader(TRADER)
    perps.fill(long, loser, WAD)
    other = perps.trader(TRADER, 100_000, 1)
    perps.set_index(2_900)
    perps.fill(loser, other, WAD)
    system.borrow(perps.evm.accounts[TAKER], "USDC", 5_600)
    assert perps.position(loser)["size"] == 0 and perps.position(loser)["pnl"] == -900 * QUOTE
    perps.set_index(1_900)
    take_over(perps, loser)
    unborne = perps.market.totals()[6]
    assert 0 < unborne < 900 * QUOTE
    return long, other, unborne // TOKEN


def test_a_winner_does_not_leave_ahead_of_a_loss(perps: PerpBench) -> None:
    """PERP-4: nobody's position is closed for a loss without one. Who realises a profit next bears it, though there is cash
    to pay a part of his profit at once."""
    long, winner, unborne = with_unborne_loss(perps)
    paid_in = -perps.settle(long)
    assert paid_in == 100 * DOLLAR == perps.market.totals()[1]
    assert perps.settle(winner) == paid_in
    assert perps.position(winner)["pnl"] == 0
    assert perps.position(winner)["waiting"] == 1_000 * DOLLAR - unborne - paid_in
    assert 0 <= perps.market.totals()[6] < TOKEN, "borne but for less than a token"


def test_cash_for_all_of_a_profit_does_not_let_it_leave(perps: PerpBench) -> None:
    """PERP-4: others have paid in what the winner is due; what nobody has borne comes off first."""
    _, winner, unborne = with_unborne_loss(perps)
    payer, other = perps.trader(TRADER, 100_000, 7), perps.trader(TRADER, 100_000, 8)
    perps.fill(payer, other, 40 * WAD)
    perps.set_index(1_850)
    assert perps.settle(payer) == -2_000 * DOLLAR
    assert perps.settle(winner) == 1_050 * DOLLAR - unborne
    assert perps.position(winner)["waiting"] == perps.position(winner)["allotted"] == 0
    assert 0 <= perps.market.totals()[6] < TOKEN


def test_who_waits_bears_a_loss_together(perps: PerpBench) -> None:
    """In proportion to what they claim when the next one joins them."""
    long, winner, unborne = with_unborne_loss(perps)
    perps.settle(winner)
    assert perps.position(winner)["waiting"] == 1_000 * DOLLAR - unborne
    with perps.evm.reverts("PerpMarket_NothingToDeleverage"):
        perps.market.deleverage(1)
    perps.settle(long)
    assert perps.settle(winner) == 100 * DOLLAR


def test_a_takeover_of_a_winner_leaves_no_loss_behind(perps: PerpBench) -> None:
    """PERP-4: profit that becomes a claim in a takeover bears what is known, too."""
    _, winner, unborne = with_unborne_loss(perps)
    into = perps.trader(5, 1_000_000)
    perps.system.borrow(perps.owner(winner), "WETH", 43, 1)
    perps.set_index(2_060)
    perps.evm.mine()
    claim = 840 * DOLLAR
    assert unborne < claim
    perps.system.vault.liquidate(winner, into, WAD // 2, 0, 0, NO_LIMIT, sender=perps.evm.accounts[5])
    assert perps.position(winner)["waiting"] == claim - unborne
    assert 0 <= perps.market.totals()[6] < TOKEN


def test_a_claim_that_a_loss_ate_up_is_written_off(perps: PerpBench) -> None:
    short, (long,) = bankrupt(perps, [(10, 2_000)], 2_200)
    perps.settle(long)
    perps.fill(perps.trader(TRADER, 100_000, 9), long, 10 * WAD)
    perps.settle(long)
    perps.set_index(3_500)
    perps.evm.mine()
    take_over(perps, short)
    assert sum(perps.position(long)[name] for name in ("waiting", "allotted")) == 0
    assert perps.market.address in perps.system.vault.holdings(long)[1]
    perps.settle(long)
    assert perps.market.address not in perps.system.vault.holdings(long)[1]


def test_only_the_vault_absorbs_and_moves(perps: PerpBench) -> None:
    account, sender = perps.trader(TRADER), perps.evm.accounts[TAKER]
    with perps.evm.reverts("Instrument_NotVault", sender):
        perps.market.absorb(account, WAD, sender=sender)
    with perps.evm.reverts("Instrument_NotVault", sender):
        perps.market.transferFraction(account, account, WAD, sender=sender)
