"""Who bears what an insolvent account cannot pay."""

from __future__ import annotations

import pytest

from tests.helpers.evm import Backend
from tests.helpers.option_market import TOKEN, OptionBench
from tests.helpers.system import NO_LIMIT, WAD, System


@pytest.fixture
def bare(evm: Backend) -> OptionBench:
    """Without a backstop."""
    return OptionBench.deploy(System.deploy(evm, stake=0))


def insolvent(options: OptionBench, dollars: int) -> tuple[int, list[bytes]]:
    """A short call that lost more than it had: series, and short, two longs, taker."""
    call = options.series(7, 2_000)
    short, one, two = options.trader(3, 500), options.trader(4), options.trader(5)
    options.fill(one, short, WAD // 2, {call: 1}, 100 * WAD)
    options.fill(two, one, WAD // 4, {call: 1}, 100 * WAD)
    taker = options.trader(6, 1_000_000)
    options.evm.mine()
    options.set_index(dollars)
    return call, [short, one, two, taker]


def liquidate(options: OptionBench, account: bytes, into: bytes) -> list[dict]:  # type: ignore[type-arg]
    tx = options.system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=options.owner(into))
    return tx.events("Absorbed", options.market)


def test_the_other_side_is_closed_by_the_same_share(bare: OptionBench) -> None:
    call, (short, one, two, taker) = insolvent(bare, 4_000)
    value = bare.value({call: 1})
    before = {account: bare.pnl(account) for account in (one, two)}
    (event,) = liquidate(bare, short, taker)
    assert event["deficit"] > 0 == event["unborne"]
    assert bare.sizes(one) == {call: 0} == bare.sizes(two)
    lost = {account: before[account] - bare.pnl(account) for account in (one, two)}
    assert sum(lost.values()) == pytest.approx(event["deficit"], rel=1e-12)
    assert lost[one] == pytest.approx(lost[two], rel=1e-12), "a quarter of a unit each"
    assert bare.sizes(short) == {} == bare.sizes(taker)
    assert lost[one] < WAD // 4 * value // 2, "no price moves by more than a half"


def test_claims_that_wait_bear_first(bare: OptionBench) -> None:
    _, (short, one, _, taker) = insolvent(bare, 4_000)
    bare.settle(one)
    waiting = bare.claim(one)[0]
    assert waiting > 0
    (event,) = liquidate(bare, short, taker)
    assert event["fromClaims"] == min(waiting, event["deficit"] // TOKEN)
    assert bare.claim(one)[0] == waiting - event["fromClaims"]


def test_losses_that_nobody_bears_wait_for_claims(bare: OptionBench) -> None:
    """An expired series is not deleveraged; its loss is borne by who claims later."""
    call = bare.series(1, 2_000)
    short, long, taker = bare.trader(3, 500), bare.trader(4), bare.trader(6, 1_000_000)
    bare.fill(long, short, WAD // 2, {call: 1}, 50 * WAD)
    bare.expire(1, 4_000, [])
    bare.market.settle(short)
    bare.evm.mine()
    (event,) = liquidate(bare, short, taker)
    assert event["unborne"] == event["deficit"] > 0
    won = bare.pnl(long) // TOKEN
    paid = bare.settle(long)
    assert bare.market.totals().unborne < TOKEN
    assert won - paid - bare.claim(long)[0] == event["deficit"] // TOKEN
    bare.check_books([short, long, taker])


def test_who_lost_a_hedge_has_ten_minutes(bare: OptionBench) -> None:
    _, (short, one, _, taker) = insolvent(bare, 4_000)
    assert bare.market.graceUntil(one) == 0
    liquidate(bare, short, taker)
    assert bare.market.graceUntil(one) == bare.evm.now + 600
    bare.settle(one)
    assert bare.market.graceUntil(one) == bare.evm.now + 600


def test_a_part_moves_losses_and_leaves_profit(bare: OptionBench) -> None:
    call, put = bare.series(7, 2_000), bare.series(7, 1_800, False)
    account, other, taker = bare.trader(3, 1_250), bare.trader(4), bare.trader(6, 1_000_000)
    bare.fill(other, account, WAD, {call: 1, put: 1})
    bare.evm.mine()
    bare.set_index(2_900)
    pnl, cost = bare.pnl(account), bare.cost(account)
    tx = bare.system.vault.liquidate(account, taker, WAD // 4, 0, 0, NO_LIMIT, sender=bare.owner(taker))
    taken = tx.value[0]
    assert 0 < taken < WAD
    assert bare.sizes(taker) == {call: -taken, put: -taken}
    assert bare.sizes(account) == {call: taken - WAD, put: taken - WAD}
    assert bare.pnl(taker) == pytest.approx(pnl * taken // WAD, rel=1e-12)
    assert bare.cost(taker) + bare.cost(account) == cost
    bare.check_books([account, other, taker])


def test_takeovers_and_absorbing_are_the_vaults(options: OptionBench) -> None:
    account = options.trader(3)
    for call in (
        lambda: options.market.absorb(account, 1),
        lambda: options.market.transferFraction(account, account, 1),
        lambda: options.market.execute(account, options.evm.accounts[0], b""),
    ):
        with options.evm.reverts("Instrument_NotVault"):
            call()
    with options.evm.reverts("Market_NotSelf"):
        options.market.payLoss(account, 1, False)
