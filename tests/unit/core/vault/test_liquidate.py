"""Vault.liquidate carries out the engine's plan. What the plan says is the engine's affair; who may, whom,
how holdings move and what the pools see is the vault's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.common.contract import Tx
from tests.helpers.evm import Contract
from tests.helpers.expect import Reverted
from tests.helpers.system import NO_LIMIT, WAD
from tests.helpers.vault_bench import ALL, FRESH, MAINTENANCE, MAX_BALANCE, VaultBench

DOLLAR = 10**6


@pytest.fixture
def victim(bench: VaultBench) -> bytes:
    """10 WETH at 1,750 dollars against 15,500: solvent, below its maintenance requirement."""
    account = bench.debtor(owed=15_500)
    bench.system.set_price("WETH", 1_750)
    return account


@pytest.fixture
def into(bench: VaultBench) -> bytes:
    """The taker's: dollars in custody."""
    return bench.deposit(bench.taker, "USDC", 50_000)


def liquidate(
    bench: VaultBench,
    account: bytes,
    into: bytes,
    fraction: int = WAD,
    *,
    assets: int = 0,
    instruments: int = 0,
    limit: int = NO_LIMIT,
    sender: Any = None,
) -> Tx:
    args = (account, into, fraction, assets, instruments, limit)
    return bench.vault.liquidate(*args, sender=sender or bench.taker)


def plan(bench: VaultBench, account: bytes, fraction: int = WAD, assets: int = 0) -> Any:
    """What the engine says to the vault."""
    holdings, instruments, _ = bench.vault.holdings(account)
    takeover = (account, holdings, instruments, 0, fraction, assets, 0)
    return bench.system.liquidation.plan.call(takeover, sender=bench.vault)


# What moves


def test_a_fraction_of_everything_changes_hands(bench: VaultBench, victim: bytes, into: bytes) -> None:
    bench.deposit(bench.trader, "WBTC", "0.00001")
    fraction, moved, _, _, _, payment, fee, top_up, *_ = plan(bench, victim, WAD // 4)
    before, mine = bench.held(victim), bench.held(into)
    tx = liquidate(bench, victim, into, WAD // 4)
    assert fraction == WAD // 4
    assert tx.value == (fraction, payment + fee - top_up)
    after = bench.held(victim)
    for number in (1, 2):
        assert after[number] == before[number] - before[number] // 4
        assert bench.held(into)[number] == before[number] // 4
    assert after[0] == pytest.approx(before[0] * 3 // 4 + payment, abs=3)
    assert bench.held(into)[0] == pytest.approx(mine[0] + before[0] // 4 - payment, abs=3)
    assert len(moved) == 3


def test_tells_what_happened(bench: VaultBench, victim: bytes, into: bytes) -> None:
    fraction, _, _, _, _, payment, fee, top_up, _, equity, requirement = plan(bench, victim)
    tx = liquidate(bench, victim, into)
    assert tx.events("Liquidated", bench.vault) == [
        {
            "account": victim,
            "into": into,
            "caller": bench.taker,
            "fractionWad": fraction,
            "payment": payment + fee - top_up,
            "backstopFee": fee,
            "topUp": top_up,
            "equity": equity,
            "requirement": requirement,
        }
    ]
    assert not bench.is_stamped(victim)


@settings(max_examples=40)
@given(
    days=st.integers(0, 300),
    fraction=st.integers(WAD // 100, WAD),
    price=st.integers(1_200, 1_740),
    custody=st.integers(0, 40_000),
)
def test_the_books_agree_whatever_moves(
    bench: VaultBench, days: int, fraction: int, price: int, custody: int
) -> None:
    """SOLV-2, and principal to the unit: into custody, into debt, across zero; solvent or not."""
    with bench.evm.isolation():
        account = bench.debtor(owed=15_500)
        into = bench.deposit(bench.taker, "WETH", 200)
        if custody:
            bench.deposit(bench.taker, "USDC", custody)
        bench.system.warp(days * 86_400)
        bench.system.set_price("WETH", price)
        liquidate(bench, account, into, fraction)
        bench.check_books()


def test_from_debtor_to_debtor_the_pool_is_left_alone(bench: VaultBench, victim: bytes) -> None:
    """Debt moves as principal, and the payment too: nothing to settle."""
    into = bench.debtor(bench.taker, held=100, owed=5_000)
    bench.system.set_price("WETH", 1_750)
    with bench.unchanged("USDC", "WETH"):
        tx = liquidate(bench, victim, into, WAD // 2)
    assert not tx.events("Transfer")
    assert bench.balance(into, "USDC") < -5_000 * DOLLAR
    assert bench.is_stamped(into), "the taker took on risk"


def test_from_custody_the_payment_and_the_debt_go_to_the_pool(
    bench: VaultBench, victim: bytes, into: bytes
) -> None:
    """In one transfer at the end."""
    cash, owed, held = bench.cash("USDC"), bench.owed("USDC"), bench.balance(into, "USDC")
    tx = liquidate(bench, victim, into, WAD // 4)
    paid = held - bench.balance(into, "USDC")
    assert bench.cash("USDC") == cash + paid
    assert bench.owed("USDC") < owed
    assert [event["amount"] for event in tx.events("Transfer")] == [paid]


def test_no_token_leaves_custody(bench: VaultBench, into: bytes) -> None:
    """A token that blocks everybody cannot stop a takeover."""
    token = bench.add("HOST").token
    account = bench.debtor(collateral="HOST", held=2_000, owed=15_500)
    bench.system.set_price("HOST", 8.75)
    for holder in (bench.vault, bench.taker, bench.trader, bench.system.pool("HOST")):
        token.setBlocked(holder, True)
    token.setRefusing(True)
    liquidate(bench, account, into, WAD // 4)
    assert bench.balance(into, "HOST") == 500 * WAD


def test_what_is_excluded_stays_behind(bench: VaultBench, into: bytes) -> None:
    bench.deposit(bench.trader, "DAI", 1_000)
    account = bench.debtor(owed=16_300)
    bench.system.set_price("WETH", 1_750)
    liquidate(bench, account, into, WAD // 4, assets=1 << bench.system.assets["DAI"].id)
    assert bench.balance(account, "DAI") == 1_000 * WAD
    assert bench.balance(into, "DAI") == 0
    assert bench.balance(into, "WETH") == 10 * WAD // 4


@settings(max_examples=40)
@given(
    days=st.integers(0, 300),
    fraction=st.integers(1, WAD),
    price=st.integers(1_200, 1_740),
    custody=st.integers(0, 40_000),
    taker_owes=st.integers(0, 15_000),
    plays=st.booleans(),
)
def test_alone_and_in_a_batch_are_one(
    bench: VaultBench, days: int, fraction: int, price: int, custody: int, taker_owes: int, plays: bool
) -> None:
    """SOLV-1: alone, and of an account without instruments, the vault keeps no list of whom it judges; the taker is
    refused for the same reason, or ends with the same balances and the same stamp."""

    def outcome(alone: bool) -> tuple[Any, ...]:
        with bench.evm.isolation():
            try:
                if alone:
                    liquidate(bench, account, into, fraction)
                else:
                    call = bench.vault.liquidate.encode(account, into, fraction, 0, 0, NO_LIMIT)
                    bench.batch(call, sender=bench.taker)
            except Reverted as error:
                return (str(error),)
            bench.check_books()
            held = [bench.held(each) for each in (account, into, bench.backstop_account)]
            return *held, bench.is_stamped(account), bench.is_stamped(into), bench.owed("USDC")

    with bench.evm.isolation():
        account = bench.debtor(owed=15_500)
        into = bench.deposit(bench.taker, "WETH", 12)
        if taker_owes:
            bench.borrow(bench.taker, "USDC", max(taker_owes, 5_000))
        if custody:
            bench.deposit(bench.taker, "USDC", custody)
        if plays:
            position(bench, bench.instrument(), into, -500, 100)
        bench.system.warp(days * 86_400)
        bench.evm.mine()
        bench.system.set_price("WETH", price)
        assert outcome(alone=True) == outcome(alone=False)


# Who and whom


def test_into_belongs_to_the_caller_or_has_him_as_operator(
    bench: VaultBench, victim: bytes, into: bytes
) -> None:
    for sender in (bench.stranger, bench.owner, bench.trader):
        with bench.evm.reverts("Vault_NotAuthorised", into, sender):
            liquidate(bench, victim, into, sender=sender)
    bench.vault.setOperator(into, bench.operator, bench.evm.now, sender=bench.taker)
    liquidate(bench, victim, into, sender=bench.operator)


def test_nobody_takes_over_into_the_same_account_nor_the_backstop(
    bench: VaultBench, victim: bytes, into: bytes
) -> None:
    with bench.evm.reverts("Vault_SameAccount", victim):
        liquidate(bench, victim, victim, sender=bench.trader)
    with bench.evm.reverts("Vault_SameAccount", bench.backstop_account):
        liquidate(bench, bench.backstop_account, into)


def test_the_owner_may_take_over_his_own(bench: VaultBench, victim: bytes) -> None:
    """LIQ-4 says that it does not pay; the vault does not ask."""
    own = bench.deposit(bench.trader, "USDC", 50_000, index=1)
    liquidate(bench, victim, own, sender=bench.trader)


def test_the_healthy_are_left_alone(bench: VaultBench, into: bytes) -> None:
    """LIQ-3"""
    account = bench.debtor()
    equity, uncertainty, requirement, *_ = bench.assess(account, MAINTENANCE)
    with bench.evm.reverts("LiquidationEngine_Healthy", account, equity + uncertainty, requirement):
        liquidate(bench, account, into)


def test_into_the_backstops_own_account(bench: VaultBench, victim: bytes) -> None:
    """It pays its fee to itself, which is nothing, and the books agree."""
    backstop = bench.system.backstop
    bench.system.parameters.setDomain(_shared(bench), 86_400)
    assets = backstop.totalAssets()
    tx = liquidate(bench, victim, bench.backstop_account, WAD // 4, sender=backstop)
    told = tx.events("Liquidated", bench.vault)[0]
    assert told["backstopFee"] > 0
    spent = assets - bench.balance(bench.backstop_account, "USDC")
    debt_taken = 15_500 * DOLLAR // 4
    assert spent == pytest.approx(told["payment"] - told["backstopFee"] + debt_taken, abs=3)


# The guards of an open batch and of the block


def test_not_while_its_check_is_pending(bench: VaultBench, into: bytes) -> None:
    """A taker inside the account's own open batch."""
    account = bench.debtor()
    own = bench.deposit(bench.trader, "USDC", 50_000, index=1)
    takeover = bench.vault.liquidate.encode(account, own, WAD, 0, 0, NO_LIMIT)
    withdraw = bench.vault.withdraw.encode(account, bench["WETH"], 4 * WAD, bench.trader)
    with bench.evm.reverts("Vault_CheckPending", account):
        bench.batch(withdraw, takeover)


def test_not_in_the_block_in_which_it_took_on_risk(bench: VaultBench, into: bytes) -> None:
    account = bench.debtor(owed=15_000)
    bench.borrow(bench.trader, "USDC", 500)
    bench.system.set_price("WETH", 1_750)
    with bench.evm.reverts("Vault_RiskRaisedThisBlock", account):
        liquidate(bench, account, into)
    bench.evm.mine()
    liquidate(bench, account, into)


def test_less_risk_in_this_block_is_no_shield(bench: VaultBench, victim: bytes, into: bytes) -> None:
    """Neither a repayment, nor a deposit, nor a dust borrow hidden in one, nor a sale."""
    bench.system.fund("USDC", bench.trader, 1_000)
    bench.quote("WETH", "USDC")
    repay = bench.vault.repay.encode(victim, bench["USDC"], 10 * DOLLAR)
    borrow = bench.vault.borrow.encode(victim, bench["USDC"], 1, bench.trader)
    bench.batch(repay, borrow)
    bench.vault.swap(victim, bench.order("WETH", "USDC", WAD // 100), sender=bench.trader)
    bench.vault.deposit(victim, bench["USDC"], DOLLAR, sender=bench.trader)
    liquidate(bench, victim, into)


# Payment and what it takes


def test_the_payment_is_limited_to_the_unit(bench: VaultBench, victim: bytes, into: bytes) -> None:
    payment = plan(bench, victim, WAD // 4)[5]
    assert payment > 0
    with bench.evm.reverts("Vault_PaymentAboveLimit", payment, payment - 1):
        liquidate(bench, victim, into, WAD // 4, limit=payment - 1)
    liquidate(bench, victim, into, WAD // 4, limit=payment)


def test_the_fee_counts_and_goes_to_the_backstop(bench: VaultBench, victim: bytes, into: bytes) -> None:
    bench.system.parameters.setDomain(_shared(bench), 86_400)
    assets = bench.system.backstop.totalAssets()
    payment, fee = plan(bench, victim, WAD // 4)[5:7]
    assert fee > 0
    with bench.evm.reverts("Vault_PaymentAboveLimit", payment + fee, payment + fee - 1):
        liquidate(bench, victim, into, WAD // 4, limit=payment + fee - 1)
    liquidate(bench, victim, into, WAD // 4, limit=payment + fee)
    assert bench.system.backstop.totalAssets() == assets + fee


def test_a_top_up_comes_from_the_backstop(bench: VaultBench, victim: bytes, into: bytes) -> None:
    """Below the smallest premium; the limit is then the least that the taker receives."""
    bench.system.set_price("WETH", 1_560)
    payment, _, top_up = plan(bench, victim)[5:8]
    assert payment == 0 < top_up
    assets, held = bench.system.backstop.totalAssets(), bench.balance(into, "USDC")
    debt = -bench.balance(victim, "USDC")
    with bench.evm.reverts("Vault_PaymentAboveLimit", -top_up, -top_up - 1):
        liquidate(bench, victim, into, limit=-top_up - 1)
    assert liquidate(bench, victim, into, limit=-top_up).value == (WAD, -top_up)
    assert bench.system.backstop.totalAssets() == assets - top_up
    assert bench.balance(into, "USDC") == held - debt + top_up
    assert bench.held(victim) == {}


def test_the_taker_must_be_covered_at_the_end(bench: VaultBench, victim: bytes) -> None:
    """SOLV-1"""
    into = bench.account(bench.taker)
    with bench.evm.reverts("Vault_BelowInitialRequirement", into, None, None):
        liquidate(bench, victim, into)
    poor = bench.deposit(bench.taker, "USDC", 500, index=1)
    with bench.evm.reverts("Vault_BelowInitialRequirement", poor, None, None):
        liquidate(bench, victim, poor)
    liquidate(bench, victim, poor, WAD // 100)


def test_for_who_took_over_less_risk_is_not_enough(bench: VaultBench) -> None:
    """SOLV-1: below its own requirement nobody takes over, even if he pays in more than he takes."""
    into, victim = bench.debtor(bench.taker, held=100, owed=140_000), bench.debtor(owed=15_500)
    bench.system.set_price("WETH", 1_600)
    bench.system.fund("USDC", bench.taker, 1_000)
    repay = bench.vault.repay.encode(into, bench["USDC"], 50_000 * DOLLAR)
    takeover = bench.vault.liquidate.encode(victim, into, WAD // 1_000, 0, 0, NO_LIMIT)
    with bench.evm.isolation():
        bench.batch(repay, takeover, sender=bench.taker)
        assert bench.is_stamped(into), "who took over cannot be taken over in the same block"
    repay = bench.vault.repay.encode(into, bench["USDC"], 5_000 * DOLLAR)
    with bench.evm.reverts("Vault_BelowInitialRequirement", into, None, None):
        bench.batch(repay, takeover, sender=bench.taker)


def test_without_capital_by_batch(bench: VaultBench, victim: bytes) -> None:
    """Take over, sell, keep the premium."""
    into = bench.account(bench.taker)
    bench.quote("WETH", "USDC")
    fraction = plan(bench, victim)[0]
    taken = 10 * WAD * fraction // WAD
    tx = bench.batch(
        bench.vault.liquidate.encode(victim, into, fraction, 0, 0, NO_LIMIT),
        bench.vault.swap.encode(into, bench.order("WETH", "USDC", taken)),
        bench.vault.withdraw.encode(into, bench["USDC"], ALL, bench.taker),
        sender=bench.taker,
    )
    assert bench.held(into) == {}
    assert bench.tokens(bench.taker, "USDC") > 100 * DOLLAR
    sent = [event["from"] for event in tx.events("Transfer", bench.system.token("USDC"))]
    assert bench.system.pool("USDC").address not in sent, "what was negative in between was never drawn"


def test_pause_stale_prices_caps_and_lines_do_not_stop_it(bench: VaultBench, victim: bytes) -> None:
    """Liquidation never stops."""
    into = bench.debtor(bench.taker, held=100, owed=5_000)
    bench.system.set_price("WETH", 1_750)
    bench.pause()
    for symbol in ("USDC", "WETH"):
        bench.vault.setCaps(bench[symbol], 0, 0)
        bench.system.pool(symbol).setLine(bench.vault, 0)
    bench.evm.warp(90_003)  # the feeds' heartbeat is just over: the bands have hardly grown
    assert bench.assess(victim)[5] != FRESH
    liquidate(bench, victim, into, WAD // 4)


# The insolvent


@pytest.fixture
def insolvent(bench: VaultBench, victim: bytes) -> bytes:
    """The backstop has 100,000 dollars; the account lacks a thousand."""
    bench.system.set_price("WETH", 1_450)
    return victim


def test_the_whole_account_goes_and_the_backstop_pays_the_deficit(
    bench: VaultBench, insolvent: bytes, into: bytes
) -> None:
    bench.system.liquidation.flag(insolvent)
    assert bench.system.liquidation.isFlagged(insolvent)
    assets = bench.system.backstop.totalAssets()
    tx = liquidate(bench, insolvent, into, WAD // 100)
    assert tx.value[0] == WAD
    assert bench.held(insolvent) == {}
    assert bench.system.backstop.totalAssets() == assets - tx.events("Liquidated")[0]["topUp"]
    assert not bench.system.liquidation.isFlagged(insolvent), "the flag is off with the shortfall"
    assert not tx.events("DebtWrittenOff")


def test_what_the_backstop_lacks_the_pool_gives_up(bench: VaultBench, insolvent: bytes, into: bytes) -> None:
    _empty_backstop(bench)
    line, owed = bench.system.pool("USDC").domainOf(bench.vault)[0], bench.owed("USDC")
    tx = liquidate(bench, insolvent, into)
    (written,) = tx.events("DebtWrittenOff", bench.vault)
    assert (written["account"], written["token"]) == (insolvent, bench["USDC"])
    assert written["amount"] == pytest.approx(1_000 * DOLLAR, rel=0.01)
    (pools,) = tx.events("WrittenOff", bench.system.pool("USDC"))
    assert pools["amount"] == pytest.approx(written["amount"], abs=2)
    assert bench.system.pool("USDC").domainOf(bench.vault)[2] == pools["amount"]
    assert pools["lineLeft"] == line - pools["amount"]
    assert bench.owed("USDC") < owed
    assert bench.held(insolvent) == {}


def test_salvage_goes_to_the_backstop(bench: VaultBench, into: bytes) -> None:
    """An asset that the taker cannot sell does not hold up the rest."""
    bench.deposit(bench.trader, "DAI", 100)
    account = bench.debtor(owed=15_500)
    bench.system.set_price("WETH", 1_400)
    liquidate(bench, account, into, assets=1 << bench.system.assets["DAI"].id)
    assert bench.balance(bench.backstop_account, "DAI") == 100 * WAD
    assert bench.balance(into, "DAI") == 0
    assert bench.held(account) == {}


def _empty_backstop(bench: VaultBench) -> None:
    bench.vault.withdraw(
        bench.backstop_account, bench["USDC"], ALL, bench.stranger, sender=bench.system.backstop
    )


# Instruments


@pytest.fixture
def puppet(bench: VaultBench) -> Contract:
    return bench.instrument()


def position(bench: VaultBench, puppet: Contract, account: bytes, value: int, requirement: int) -> None:
    bench.vault.setHeld(account, True, sender=puppet)
    now: Any = (value * WAD, requirement * WAD, FRESH)
    puppet.setPosition(account, now, now)
    bench.evm.mine()


def test_positions_move_by_the_same_fraction(
    bench: VaultBench, puppet: Contract, victim: bytes, into: bytes
) -> None:
    position(bench, puppet, victim, -500, 100)
    tx = liquidate(bench, victim, into, WAD // 4)
    assert tx.events("FractionMoved", puppet) == [{"from": victim, "to": into, "fractionWad": tx.value[0]}]
    assert bench.vault.holdings(into)[1] == [puppet.address]
    assert not tx.events("Absorbed")


def test_an_excluded_instrument_stays(
    bench: VaultBench, puppet: Contract, victim: bytes, into: bytes
) -> None:
    second = bench.instrument()
    position(bench, puppet, victim, 0, 10)
    position(bench, second, victim, 0, 10)
    tx = liquidate(bench, victim, into, WAD // 10, instruments=1 << 1)  # 0 is the portfolio mode
    assert not tx.events("FractionMoved", puppet)
    assert len(tx.events("FractionMoved", second)) == 1
    assert bench.vault.holdings(into)[1] == [second.address]


def test_an_instrument_bears_its_part_of_a_deficit(
    bench: VaultBench, puppet: Contract, victim: bytes, into: bytes
) -> None:
    position(bench, puppet, victim, -5_000, 100)
    _empty_backstop(bench)
    absorbs = plan(bench, victim)[4]
    tx = liquidate(bench, victim, into)
    assert tx.events("Absorbed", puppet) == [{"account": victim, "deficitWad": absorbs[0]}]
    assert absorbs[0] > 0
    assert tx.events("FractionMoved", puppet)[0]["fractionWad"] == WAD
    assert bench.vault.holdings(victim)[1] == []


# writeOff and cover


def test_write_off_and_cover_are_the_engines_alone(bench: VaultBench, victim: bytes) -> None:
    for sender in (bench.owner, bench.guardian, bench.trader, bench.system.backstop.address):
        with bench.evm.reverts("Vault_NotLiquidationEngine", sender):
            bench.vault.writeOff(victim, 0, 1, sender=sender)
        with bench.evm.reverts("Vault_NotLiquidationEngine", sender):
            bench.vault.cover(victim, 1, sender=sender)
        with bench.evm.reverts("Vault_NotLiquidationEngine", bench.vault):
            bench.batch(bench.vault.writeOff.encode(victim, 0, 1), sender=sender)


def test_write_off_gives_up_debt_at_the_pool(bench: VaultBench, victim: bytes) -> None:
    engine, debt = bench.system.liquidation, -bench.balance(victim, "USDC")
    tx = bench.vault.writeOff(victim, 0, 500 * DOLLAR, sender=engine)
    assert -bench.balance(victim, "USDC") == pytest.approx(debt - 500 * DOLLAR, abs=2)
    assert tx.events("DebtWrittenOff", bench.vault) == [
        {"account": victim, "token": bench["USDC"], "amount": 500 * DOLLAR}
    ]
    bench.vault.writeOff(victim, 0, MAX_BALANCE, sender=engine)
    assert bench.balance(victim, "USDC") == 0
    assert bench.owed("USDC") == 0
    before = bench.held(victim)
    bench.vault.writeOff(victim, 1, WAD, sender=engine)
    assert bench.held(victim) == before, "a balance is not written off"


def test_cover_pays_from_the_backstops_balance(bench: VaultBench, victim: bytes) -> None:
    assets, debt, cash = (
        bench.system.backstop.totalAssets(),
        -bench.balance(victim, "USDC"),
        bench.cash("USDC"),
    )
    tx = bench.vault.cover(victim, 500 * DOLLAR, sender=bench.system.liquidation)
    assert bench.system.backstop.totalAssets() == assets - 500 * DOLLAR
    assert -bench.balance(victim, "USDC") == pytest.approx(debt - 500 * DOLLAR, abs=2)
    assert bench.cash("USDC") == cash + 500 * DOLLAR
    assert tx.events("ShortfallCovered", bench.vault) == [{"account": victim, "amount": 500 * DOLLAR}]


def _shared(bench: VaultBench) -> tuple[int, ...]:
    """The domain's parameters, with a share of the premium for the backstop."""
    values = list(bench.system.parameters.domain())
    values[6] = 300_000
    return tuple(values)
