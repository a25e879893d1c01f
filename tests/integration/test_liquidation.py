"""Takeovers over the whole system: vault, pools, risk engine, backstop."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scripts.common.units import WAD
from tests.helpers.shortfalls import calls, insolvent, only_debts, puppet
from tests.helpers.system import (
    DAY,
    LENDER,
    NO_LIMIT,
    OWNER,
    STAKER,
    STRANGER,
    TAKER,
    TRADER,
    System,
)

DOLLAR = 10**6


def taker_of(system: System, dollars: int = 500_000) -> tuple[str, bytes]:
    """A taker and his account with settlement tokens."""
    who = system.evm.accounts[TAKER]
    return who, system.deposit(who, "USDC", dollars)


def take(system: System, account: bytes, fraction: int = WAD, excluded: int = 0, dollars: int = 500_000):
    """A takeover by a fresh taker."""
    who, into = taker_of(system, dollars)
    return system.vault.liquidate(account, into, fraction, excluded, 0, NO_LIMIT, sender=who)


def equity(system: System, account: bytes) -> int:
    return system.assess(account)[0]


# --- a solvent account ---


def test_a_takeover_restores_the_target(system: System) -> None:
    account = system.leveraged(system.evm.accounts[TRADER], borrowed=15_500)
    system.set_price("WETH", 1_740)
    assert system.health(account) < 1
    taken, payment = take(system, account).value
    assert 0 < taken < WAD and payment > 0
    # Above by what the payment takes off the requirement of the settlement debt.
    assert 1.15 <= system.health(account) < 1.16
    with system.evm.reverts("LiquidationEngine_Healthy"):
        take(system, account)


def test_the_taker_earns_the_premium(system: System) -> None:
    account = system.leveraged(system.evm.accounts[TRADER], borrowed=15_500)
    system.set_price("WETH", 1_740)
    own, needed = equity(system, account), system.assess(account)[2]
    who, into = taker_of(system)
    before = equity(system, into)
    taken, _ = system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=who).value
    premium = system.liquidation.premiumWad(own * WAD // needed)
    earned = equity(system, into) - before
    assert earned == pytest.approx(premium * needed // WAD * taken // WAD, rel=1e-6)
    assert own - equity(system, account) == pytest.approx(earned, rel=1e-6)


def test_a_takeover_without_capital(system: System) -> None:
    """Take over, sell, keep the premium: one batch, an account that held nothing."""
    vault, who = system.vault, system.evm.accounts[TAKER]
    account = system.leveraged(system.evm.accounts[TRADER], borrowed=15_500)
    system.set_price("WETH", 1_740)
    system.adapter.setPrice(system["WETH"], system["USDC"], 1_740 * DOLLAR)
    into = system.account(who)
    moved = 10 * WAD * take_size(system, account) // WAD
    swap = (system.adapter.address, system["WETH"], system["USDC"], False, moved, 1, WAD, b"")
    batch = [
        vault.liquidate.encode(account, into, WAD, 0, 0, NO_LIMIT),
        vault.swap.encode(into, swap),
        vault.withdraw.encode(into, system["USDC"], 2**256 - 1, who),
    ]
    before = system.token("USDC").balanceOf(who)
    vault.execute(batch, sender=who)
    assert system.token("USDC").balanceOf(who) > before
    assert vault.holdings(into)[0] == []


def take_size(system: System, account: bytes) -> int:
    """Fraction that a takeover takes."""
    holdings, instruments, _ = system.vault.holdings(account)
    return system.liquidation.plan((account, holdings, instruments, 0, WAD, 0, 0))[0]


def test_a_repayment_of_one_unit_in_front_harms_nobody(system: System) -> None:
    account = system.leveraged(system.evm.accounts[TRADER], borrowed=15_500)
    system.set_price("WETH", 1_740)
    planned = take_size(system, account)
    stranger = system.evm.accounts[STRANGER]
    system.fund("USDC", stranger, 1)
    system.vault.repay(account, system["USDC"], 1, sender=stranger)
    taken, _ = take(system, account, planned).value
    assert taken == pytest.approx(planned, rel=1e-6)


def test_the_owner_gains_nothing_from_taking_himself_over(system: System) -> None:
    """LIQ-4: what he pays in premium he gets in premium, less the backstop's share."""
    trader = system.evm.accounts[TRADER]
    share(system, 200_000)
    account = system.leveraged(trader, borrowed=15_500)
    other = system.deposit(trader, "USDC", 50_000, index=1)
    system.set_price("WETH", 1_740)
    before = equity(system, account) + equity(system, other)
    fund = system.backstop.available()
    for _ in range(5):
        system.vault.liquidate(account, other, WAD // 20, 0, 0, NO_LIMIT, sender=trader)
        assert equity(system, account) + equity(system, other) < before, "LIQ-4"
    assert system.backstop.available() > fund


def test_the_backstops_share_is_the_stakers(system: System) -> None:
    share(system, 200_000)
    account = system.leveraged(system.evm.accounts[TRADER], borrowed=15_500)
    system.set_price("WETH", 1_740)
    price = system.backstop.convertToAssets(10**18)
    tx = take(system, account)
    fee = tx.events("Liquidated", system.vault)[0]["backstopFee"]
    assert fee > 0 and system.backstop.available() == 100_000 * DOLLAR + fee
    assert system.backstop.convertToAssets(10**18) > price


def share(system: System, ppm: int) -> None:
    """Another share of the backstop in the premium; what it loosens or tightens is immediate for shares."""
    values = [1_150_000, 100_000, 150_000, 400_000, 600_000, 100, ppm, 20_000, 3_600, 0]
    system.parameters.setDomain(tuple(values), 0, sender=system.evm.accounts[OWNER])


# --- LIQ-1 and LIQ-2 with principal, indices and real books ---

cases = st.tuples(
    st.sampled_from(["WETH", "WBTC", "DAI", "wstETH"]),
    st.sampled_from(["USDC", "USDC", "DAI", "WETH", "WBTC"]),
    st.integers(150, 500_000),
    st.integers(100, 990),
    st.builds(lambda size, n: min(WAD, n * 10**size), st.integers(0, 16), st.integers(1, 999)),
    st.integers(0, 400),
    st.booleans(),
)


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(cases)
def test_health_never_falls(session_system: System, case: tuple) -> None:
    """LIQ-1 to the wei, over indices that do not divide anything."""
    collateral, debt, dollars, health, fraction, days, in_debt = case
    system = session_system
    with system.evm.isolation():
        account = trouble(system, collateral, debt, dollars, health, days)
        assume(account is not None)
        who = system.evm.accounts[TAKER]
        into = system.deposit(who, "WETH" if in_debt else "USDC", 1_000 if in_debt else 2_000_000)
        if in_debt:
            system.borrow(who, "USDC", 1_000)
            system.evm.mine()
        before = system.assess(account)
        system.vault.liquidate(account, into, fraction, 0, 0, NO_LIMIT, sender=who)
        after = system.assess(account)
        assert after[0] * before[2] >= before[0] * after[2], "LIQ-1"


def trouble(system: System, collateral: str, debt: str, dollars: int, health: int, days: int) -> bytes | None:
    """An account that owes `dollars`, after so many days of interest and a fall of its collateral to this
    health in thousandths; None if it cannot be taken over there."""
    trader = system.evm.accounts[TRADER]
    price = {symbol: asset.spec.price for symbol, asset in system.assets.items()}
    feed = "WETH" if collateral == "wstETH" else collateral
    if feed == debt:
        return None
    account = system.deposit(trader, collateral, round(dollars / 0.6 / price[collateral], 6))
    system.borrow(trader, debt, round(dollars / price[debt], 6))
    system.warp(days * DAY)
    low, high = 1, 10**6
    while low < high:
        middle = (low + high) // 2
        system.set_price(feed, price[feed] * middle / 10**6)
        value, _, needed, *_ = system.assess(account)
        low, high = (low, middle) if value * 1_000 >= health * needed else (middle + 1, high)
    system.set_price(feed, price[feed] * low / 10**6)
    value, uncertainty, needed, *_ = system.assess(account)
    system.evm.mine()
    return account if value + uncertainty < needed <= value * 10 else None


@pytest.mark.parametrize("steps", [2, 5, 10])
@pytest.mark.parametrize("price", [1_740, 1_660, 1_600])
def test_slices_never_pay_more_than_one(system: System, steps: int, price: int) -> None:
    """LIQ-2: until the account is healthy, in one takeover or in many."""
    account = system.leveraged(system.evm.accounts[TRADER], borrowed=15_500)
    system.set_price("WETH", price)
    whole = take_size(system, account)
    who, into = taker_of(system)
    before = equity(system, into)
    with system.evm.isolation():
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=who)
        at_once = equity(system, into) - before
    for _ in range(4 * steps):
        if system.assess(account)[0] + system.assess(account)[1] >= system.assess(account)[2]:
            break
        system.vault.liquidate(account, into, whole // steps, 0, 0, NO_LIMIT, sender=who)
    assert equity(system, into) - before <= at_once, "LIQ-2"


# --- exclusions ---


def test_an_asset_that_nobody_wants_stays(system: System) -> None:
    """LIQ-1: the taker leaves DAI behind, the account is healthier for it."""
    trader = system.evm.accounts[TRADER]
    system.deposit(trader, "DAI", 1_000)
    account = system.leveraged(trader, borrowed=16_200)
    system.set_price("WETH", 1_740)
    before = system.assess(account)
    assert before[0] + before[1] < before[2]
    dai = system.balance(account, "DAI")
    take(system, account, WAD // 5, excluded=1 << system.assets["DAI"].id)
    after = system.assess(account)
    assert system.balance(account, "DAI") == dai
    assert after[0] * before[2] >= before[0] * after[2], "LIQ-1"


def test_what_a_lost_account_leaves_is_sold_for_the_stakers(system: System) -> None:
    """An asset that the taker will not have goes to the backstop, and from there to whoever buys it."""
    trader = system.evm.accounts[TRADER]
    system.deposit(trader, "DAI", 1_000)
    account = system.leveraged(trader, borrowed=16_200)
    system.set_price("WETH", 1_500)
    assert equity(system, account) < -180 * WAD
    fund = system.backstop.available()
    tx = take(system, account, excluded=1 << system.assets["DAI"].id)
    assert system.vault.holdings(account)[0] == []
    own = system.account(system.backstop.address)
    assert system.balance(own, "DAI") == 1_000 * WAD
    top_up = tx.events("Liquidated", system.vault)[0]["topUp"]
    assert system.backstop.available() == fund - top_up
    stranger = system.evm.accounts[STRANGER]
    system.mint("USDC", stranger, 2_000)
    system.token("USDC").approve(system.backstop.address, 2**255, sender=stranger)
    system.backstop.sell(system["DAI"], 1_000 * WAD, NO_LIMIT, sender=stranger)
    assert system.backstop.available() == pytest.approx(fund - top_up + 980 * DOLLAR, abs=5)


def test_dust_of_a_dead_token_shields_nobody(system: System) -> None:
    trader = system.evm.accounts[TRADER]
    system.deposit(trader, "WBTC", 0.00000001)
    account = system.leveraged(trader, borrowed=15_500)
    system.assets["WBTC"].feed.setAnswer(0)
    system.set_price("WETH", 1_740)
    taken, _ = take(system, account).value
    assert taken > 0


# --- shortfalls ---


def test_the_backstop_keeps_lenders_whole(system: System) -> None:
    """The taker takes a deficit for its pay and a premium; no pool loses a unit."""
    account = insolvent(system)
    deficit, needed = -equity(system, account), system.assess(account)[2]
    assets = system.pool("USDC").totalAssets()
    who, into = taker_of(system)
    before = equity(system, into)
    tx = system.vault.liquidate(account, into, 1, 0, 0, NO_LIMIT, sender=who)
    paid = tx.events("Liquidated", system.vault)[0]["topUp"]
    assert paid == pytest.approx((deficit + needed // 10) // 10**12, abs=2)
    assert equity(system, into) - before == pytest.approx(needed // 10, rel=1e-6)
    assert system.backstop.available() == 100_000 * DOLLAR - paid
    assert system.pool("USDC").totalAssets() == assets
    assert system.vault.holdings(account)[0] == []


def test_lenders_lose_what_the_backstop_cannot_pay_and_no_more(system: System) -> None:
    """SOLV-3, SOLV-4: the deficit less what the backstop has left after the premium."""
    account = insolvent(system, weth=1_000, price=1_400)
    deficit, premium = -equity(system, account), system.assess(account)[2] // 10
    pool = system.pool("USDC")
    assets = pool.totalAssets()
    who, into = taker_of(system)
    before = equity(system, into)
    system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=who)
    lost = assets - pool.totalAssets()
    assert system.backstop.available() == 0
    assert lost == pytest.approx((deficit + premium) // 10**12 - 100_000 * DOLLAR, abs=5)
    assert lost < deficit // 10**12
    assert abs(pool.domainOf(system.vault.address)[2] - lost) <= 2
    assert equity(system, into) - before == pytest.approx(premium, rel=1e-6)


def test_two_pools_share_a_loss(system: System) -> None:
    account = only_debts(system, {"USDC": 300_000, "DAI": 100_000})
    left = 300_000 + system.assess(account)[2] / 10 / WAD
    usdc, dai = system.pool("USDC"), system.pool("DAI")
    before = usdc.totalAssets(), dai.totalAssets()
    take(system, account)
    assert before[0] - usdc.totalAssets() == pytest.approx(left * 3 / 4 * DOLLAR, rel=1e-6)
    assert before[1] - dai.totalAssets() == pytest.approx(left / 4 * WAD, rel=1e-6)


def test_neither_lender_nor_staker_leaves_ahead_of_a_loss(system: System) -> None:
    """LIQ-5: both are ready and see it coming; a stranger flags; they get what the loss leaves them."""
    evm, backstop, pool = system.evm, system.backstop, system.pool("USDC")
    lender, staker = evm.accounts[LENDER], evm.accounts[STAKER]
    backstop.requestExit(backstop.balanceOf(staker), sender=staker)
    account = insolvent(system, weth=1_000, price=1_560)
    system.warp(7 * DAY)
    system.set_price("WETH", 1_400)
    shares = pool.balanceOf(lender) // 10
    with evm.isolation():
        take(system, account)
        after = pool.previewRedeem(shares)
        assert backstop.previewRedeem(backstop.balanceOf(staker)) <= 1
    before = pool.previewRedeem(shares)
    system.liquidation.flag(account, sender=evm.accounts[STRANGER])
    got = pool.redeem(shares, lender, lender, sender=lender).value
    assert got < before and got <= after + 1, "LIQ-5"
    with evm.reverts("ExitShares_ZeroAssets"):
        backstop.redeem(backstop.balanceOf(staker), staker, staker, sender=staker)


def test_who_stays_loses_no_more_because_others_leave(system: System) -> None:
    """LIQ-5: half of the lenders leave under the flag; the others end where they would have ended."""
    evm, pool = system.evm, system.pool("USDC")
    lender = evm.accounts[LENDER]
    account = insolvent(system, weth=1_000, price=1_400)
    shares = pool.balanceOf(lender)
    with evm.isolation():
        take(system, account)
        expected = pool.previewRedeem(shares // 2)
    system.liquidation.flag(account)
    pool.redeem(shares - shares // 2, lender, lender, sender=lender)
    take(system, account)
    assert pool.previewRedeem(shares // 2) == pytest.approx(expected, rel=1e-7)


def test_an_account_on_the_edge_is_nobodys_loss(system: System) -> None:
    """Equity below zero, but within what the price is uncertain by: no lender pays."""
    account = insolvent(system, weth=1_000, price=1_548)
    value, uncertainty, *_ = system.assess(account)
    assert value < 0 <= value + uncertainty
    tx = take(system, account)
    event = tx.events("Liquidated", system.vault)[0]
    assert event["topUp"] > 0 and not tx.events("DebtWrittenOff", system.vault)


# --- instruments ---


def test_a_fraction_of_an_instrument_moves_with_the_rest(system: System) -> None:
    trader = system.evm.accounts[TRADER]
    instrument = puppet(system)
    account = system.leveraged(trader, borrowed=10_000)
    instrument.setPosition(account, (-1_000 * WAD, 500 * WAD, 0), (-1_000 * WAD, 500 * WAD, 0))
    held = [(system.vault.address, system.vault.setHeld.encode(account, True))]
    system.vault.callInstrument(account, instrument.address, calls(held), sender=trader)
    system.evm.mine()
    system.set_price("WETH", 1_300)
    before = system.assess(account)
    assert 0 < before[0] + before[1] < before[2]
    tx = take(system, account, WAD // 4)
    moved = tx.events("FractionMoved", instrument)[0]
    assert moved["fractionWad"] == WAD // 4
    after = system.assess(account)
    assert after[0] * before[2] >= before[0] * after[2], "LIQ-1"


def test_losing_instruments_bear_their_part(system: System) -> None:
    """As much owed to the pool as lost in an instrument: each bears half of what the backstop cannot."""
    trader = system.evm.accounts[TRADER]
    instrument = puppet(system)
    account = system.account(trader)
    rich = (10**6 * WAD, 0, 0)
    instrument.setPosition(account, rich, rich)
    held = [(system.vault.address, system.vault.setHeld.encode(account, True))]
    system.vault.callInstrument(account, instrument.address, calls(held), sender=trader)
    system.borrow(trader, "USDC", 200_000)
    system.evm.mine()
    lost = (-200_000 * WAD, 0, 0)
    instrument.setPosition(account, lost, lost)
    each = (300_000 + system.assess(account)[2] / 10 / WAD) / 2
    pool = system.pool("USDC")
    assets = pool.totalAssets()
    tx = take(system, account)
    assert assets - pool.totalAssets() == pytest.approx(each * DOLLAR, rel=1e-6)
    assert tx.events("Absorbed", instrument)[0]["deficitWad"] == pytest.approx(each * WAD, rel=1e-6)


# --- refusals that need the whole system ---


@pytest.fixture(scope="module")
def session_rollup(session_evm):
    """A domain on a chain with a sequencer."""
    feed = session_evm.deploy("MockSequencerFeed")
    return System.deploy(session_evm, sequencer=feed.address), feed


def test_nobody_is_taken_over_before_the_grace_period_is_over(session_rollup, evm) -> None:
    """A sequencer that comes back: owners may repay first."""
    system, feed = session_rollup
    system.warp(DAY)
    account = system.leveraged(evm.accounts[TRADER], borrowed=15_500)
    system.set_price("WETH", 1_740)
    feed.setUp(False)
    with evm.reverts("LiquidationEngine_SequencerGrace", 2**256 - 1):
        take(system, account)
    system.warp(DAY)
    feed.setUp(True)
    back = evm.now
    system.warp(3_599)
    with evm.reverts("LiquidationEngine_SequencerGrace", back + 3_600):
        take(system, account)
    stranger = evm.accounts[STRANGER]
    system.fund("USDC", stranger, 1)
    system.vault.repay(account, system["USDC"], DOLLAR, sender=stranger)
    system.warp(1)
    assert take(system, account).value[0] > 0
