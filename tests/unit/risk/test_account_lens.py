"""AccountLens: what wallets and keepers are told is what the vault will do."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.helpers.evm import Reverted
from tests.helpers.instruments import accept, offer
from tests.helpers.system import GUARDIAN, STRANGER, TRADER, WAD, System

HUGE = 2**256 - 1
INITIAL, MAINTENANCE = 0, 1
EXAMPLES = 40


@pytest.fixture(scope="module")
def shared(session_evm):
    """A domain, deployed once."""
    return System.deploy(session_evm)


@pytest.fixture
def system(shared, evm):
    return shared


@pytest.fixture
def trader(system):
    return system.evm.accounts[TRADER]


def build(system, owner, collaterals, debts):
    """An account with collaterals and debts in whole tokens; None where the vault refuses it."""
    account = system.account(owner)
    try:
        for symbol, amount in collaterals.items():
            if amount:
                system.deposit(owner, symbol, amount)
        for symbol, amount in debts.items():
            if amount:
                system.borrow(owner, symbol, amount)
    except Reverted:
        return None
    system.evm.mine()
    return account


# Health


def test_an_empty_account_is_as_healthy_as_can_be(system, trader):
    account = system.account(trader)
    assert system.lens.health(account) == HUGE
    assert system.lens.healthFactor(account) == HUGE
    assert system.lens.equity(account) == 0
    assert tuple(system.lens.requirements(account)) == (0, 0)


def test_health_is_favourable_equity_over_maintenance_requirement(system, trader):
    account = system.leveraged(trader, "WETH", 10, "USDC", 12_000)
    equity, uncertainty, requirement, *_ = system.assess(account, MAINTENANCE)
    assert system.lens.health(account) == (equity + uncertainty) * WAD // requirement
    assert system.lens.equity(account) == equity
    assert tuple(system.lens.requirements(account)) == (system.assess(account, INITIAL)[2], requirement)


def test_an_insolvent_account_has_no_health(system, trader):
    account = system.leveraged(trader, "WETH", 10, "USDC", 12_000)
    system.set_price("WETH", 900)
    assert system.lens.health(account) == 0
    assert 0 < system.lens.healthFactor(account) < WAD


def test_many_accounts_in_one_call(system, trader):
    one = system.leveraged(trader, "WETH", 10, "USDC", 12_000)
    other = system.leveraged(trader, "WBTC", 1, "USDC", 9_000, index=1)
    empty = system.account(trader, 2)
    assert system.lens.healthMany([one, other, empty]) == [
        system.lens.health(account) for account in (one, other, empty)
    ]


prices = st.integers(600, 4_000)
collaterals = st.fixed_dictionaries(
    {"WETH": st.integers(0, 20), "wstETH": st.integers(0, 5), "WBTC": st.sampled_from([0, 0, "0.2", 1])}
)
debts = st.fixed_dictionaries({"USDC": st.integers(0, 20_000), "DAI": st.sampled_from([0, 0, 5_000])})


@settings(max_examples=EXAMPLES)
@given(collaterals=collaterals, debts=debts, price=prices)
def test_the_health_factor_crosses_one_where_health_does(system, evm, trader, collaterals, debts, price):
    with evm.isolation():
        account = build(system, trader, collaterals, debts)
        assume(account)
        system.set_price("WETH", price)
        healthy = system.lens.health(account) >= WAD
        assert (system.lens.healthFactor(account) >= WAD) == healthy
        equity, uncertainty, requirement, *_ = system.assess(account)
        assert healthy == (equity + uncertainty >= requirement)


# Liquidation prices


def test_a_long_is_liquidated_below_a_price(system, trader):
    account = system.leveraged(trader, "WETH", 10, "USDC", 12_000)
    below, above = system.lens.liquidationPrice(account, system["WETH"])
    assert above == 0
    # 10 p (1 - 12.2% + 0.5%) = 12,000 (1 + 1.51% - 0.1%)
    assert abs(below - 12_000 * WAD * 10_141 // 88_300) < WAD // 100
    system.set_price("WETH", (below // 10**10 + 1) / 10**8)
    assert system.lens.health(account) >= WAD
    system.set_price("WETH", (below // 10**10) / 10**8)
    assert system.lens.health(account) < WAD
    assert tuple(system.lens.liquidationPrice(account, system["WETH"])) == (below // 10**10 * 10**10,) * 2


def test_a_short_is_liquidated_above_a_price(system, trader):
    account = system.leveraged(trader, "USDC", 30_000, "WETH", 9)
    below, above = system.lens.liquidationPrice(account, system["WETH"])
    assert below == 0
    assert above > 2_000 * WAD
    system.set_price("WETH", (above // 10**10) / 10**8)
    assert system.lens.health(account) >= WAD
    system.set_price("WETH", (above // 10**10 + 1) / 10**8)
    assert system.lens.health(account) < WAD


def test_a_wrapped_asset_shares_the_price_of_its_underlying(system, trader):
    account = system.leveraged(trader, "wstETH", 10, "USDC", 12_000)
    assert tuple(system.lens.liquidationPrice(account, system["wstETH"])) == tuple(
        system.lens.liquidationPrice(account, system["WETH"])
    )


def test_an_asset_that_does_not_matter_has_no_liquidation_price(system, trader):
    account = system.leveraged(trader, "WETH", 10, "USDC", 12_000)
    assert tuple(system.lens.liquidationPrice(account, system["WBTC"])) == (0, 0)


def test_without_debt_there_is_none(system, trader):
    account = system.deposit(trader, "WETH", 10)
    assert tuple(system.lens.liquidationPrice(account, system["WETH"])) == (0, 0)


# Limits: what the lens says passes, and one unit more does not


def passes(system, evm, call):
    with evm.isolation():
        try:
            call()
        except Reverted:
            return False
        return True


def check_limit(system, evm, most, call):
    assert most == 0 or passes(system, evm, lambda: call(most))
    assert not passes(system, evm, lambda: call(most + 1))


symbols = st.sampled_from(["USDC", "WETH", "wstETH", "WBTC", "DAI"])


@settings(max_examples=EXAMPLES)
@given(collaterals=collaterals, debts=debts, price=st.integers(1_700, 2_600), symbol=symbols)
def test_max_withdrawable_is_exact(system, evm, trader, collaterals, debts, price, symbol):
    with evm.isolation():
        account = build(system, trader, collaterals, debts)
        assume(account)
        system.warp(1_000)
        system.set_price("WETH", price)
        most = system.lens.maxWithdrawable(account, system[symbol])
        check_limit(
            system,
            evm,
            most,
            lambda amount: system.vault.withdraw(account, system[symbol], amount, trader, sender=trader),
        )


@settings(max_examples=EXAMPLES)
@given(collaterals=collaterals, debts=debts, price=st.integers(1_700, 2_600), symbol=symbols)
def test_max_borrowable_is_exact(system, evm, trader, collaterals, debts, price, symbol):
    with evm.isolation():
        account = build(system, trader, collaterals, debts)
        assume(account)
        system.warp(1_000)
        system.set_price("WETH", price)
        most = system.lens.maxBorrowable(account, system[symbol])
        check_limit(
            system,
            evm,
            most,
            lambda amount: system.vault.borrow(account, system[symbol], amount, trader, sender=trader),
        )


def borrowing(system, account, symbol, owner):
    return lambda amount: system.vault.borrow(account, system[symbol], amount, owner, sender=owner)


def test_max_borrowable_is_bounded_by_the_pools_cash(system, evm, trader):
    account = system.deposit(trader, "WETH", 4_000)
    most = system.lens.maxBorrowable(account, system["WBTC"])
    assert most == system.pool("WBTC").cash() == 100 * 10**8
    check_limit(system, evm, most, borrowing(system, account, "WBTC", trader))


def test_max_borrowable_is_bounded_by_the_credit_line(system, evm, trader):
    account = system.deposit(trader, "WETH", 2_000)
    system.borrow(trader, "USDC", 1_000)
    system.warp(10_000)
    system.pool("USDC").setLine(system.vault.address, 5_000 * 10**6)
    most = system.lens.maxBorrowable(account, system["USDC"])
    assert 3_999 * 10**6 < most <= 4_000 * 10**6
    check_limit(system, evm, most, borrowing(system, account, "USDC", trader))


def test_max_borrowable_is_bounded_by_the_debt_cap(system, evm, trader):
    account = system.deposit(trader, "WETH", 2_000)
    system.vault.setCaps(system["USDC"], 10**15, 3_000 * 10**6)
    most = system.lens.maxBorrowable(account, system["USDC"])
    assert 2_999_999_998 <= most <= 3_000 * 10**6  # principal is rounded up
    check_limit(system, evm, most, borrowing(system, account, "USDC", trader))


def test_max_borrowable_counts_the_balance_first(system, evm, trader):
    account = system.deposit(trader, "WETH", 10)
    free = system.lens.maxBorrowable(account, system["WETH"])
    assert free == 10 * WAD  # nothing is left to borrow against
    check_limit(system, evm, free, borrowing(system, account, "WETH", trader))


def test_below_the_minimum_debt_nothing_can_be_borrowed(system, evm, trader):
    minimum = system.risk.domainParameters().minDebtWad // WAD
    account = system.deposit(trader, "USDC", minimum * 9 // 10)
    assert system.lens.maxBorrowable(account, system["DAI"]) == 0
    most = system.lens.maxBorrowable(account, system["USDC"])
    assert most == system.units("USDC", minimum * 9 // 10)  # its own balance, without debt
    check_limit(system, evm, most, borrowing(system, account, "USDC", trader))


def test_paused_nothing_leaves_an_account_in_debt(system, evm, trader):
    account = system.leveraged(trader)
    free = system.deposit(trader, "WETH", 3, index=5)
    system.vault.setPaused(True, sender=evm.accounts[GUARDIAN])
    assert system.lens.maxWithdrawable(account, system["WETH"]) == 0
    assert system.lens.maxBorrowable(account, system["USDC"]) == 0
    assert system.lens.maxWithdrawable(free, system["WETH"]) == 3 * WAD  # EXIT-1
    assert passes(
        system, evm, lambda: system.vault.withdraw(free, system["WETH"], 3 * WAD, trader, sender=trader)
    )


def test_while_prices_are_stale_nothing_leaves_an_account_in_debt(system, evm, trader):
    account = system.leveraged(trader)
    free = system.deposit(trader, "WETH", 3, index=5)
    evm.warp(10 * 86_400)
    assert system.lens.maxWithdrawable(account, system["WETH"]) == 0
    assert system.lens.maxBorrowable(account, system["USDC"]) == 0
    assert system.lens.maxWithdrawable(free, system["WETH"]) == 3 * WAD


# What if


@settings(max_examples=EXAMPLES)
@given(
    withdrawn=st.integers(0, 15 * 10**18),
    borrowed=st.integers(0, 15_000 * 10**6),
    paid=st.integers(0, 15_000 * 10**6),
)
def test_what_if_is_what_then_is(system, evm, trader, withdrawn, borrowed, paid):
    with evm.isolation():
        account = system.leveraged(trader, "WETH", 10, "USDC", 8_000)
        system.fund("USDC", trader, 20_000)
        system.warp(12_345)
        changes = [
            (system["USDC"], -borrowed),
            (system["USDC"], paid),
            (system["WETH"], -min(withdrawn, 10 * WAD)),
        ]
        before, after = system.lens.whatIf(account, changes)
        assert tuple(before.initial) == system.assess(account, INITIAL)
        assert tuple(before.maintenance) == system.assess(account, MAINTENANCE)
        calls = [
            system.vault.borrow.encode(account, system["USDC"], borrowed, trader) if borrowed else None,
            system.vault.deposit.encode(account, system["USDC"], paid) if paid else None,
            system.vault.withdraw.encode(account, system["WETH"], min(withdrawn, 10 * WAD), trader)
            if withdrawn
            else None,
        ]
        try:
            system.vault.execute([call for call in calls if call], sender=trader)
        except Reverted as error:
            assert not after.passes or error.name == "Vault_BelowMinimumDebt"
            return
        assert tuple(after.initial) == system.assess(account, INITIAL)
        assert tuple(after.maintenance) == system.assess(account, MAINTENANCE)
        assert after.healthWad == system.lens.health(account)


def test_what_if_of_an_asset_that_is_new_to_the_account(system, trader):
    account = system.leveraged(trader, "WETH", 10, "USDC", 8_000)
    _, after = system.lens.whatIf(account, [(system["WBTC"], 10**8), (system["DAI"], -1_000 * WAD)])
    system.deposit(trader, "WBTC", 1)
    system.borrow(trader, "DAI", 1_000)
    assert tuple(after.maintenance) == system.assess(account, MAINTENANCE)
    assert after.passes


def test_what_if_says_what_would_not_pass(system, trader):
    account = system.leveraged(trader, "WETH", 10, "USDC", 8_000)
    before, after = system.lens.whatIf(account, [(system["WETH"], -5 * WAD)])
    assert before.passes
    assert not after.passes
    _, settled = system.lens.whatIf(account, [(system["USDC"], 10**12), (system["WETH"], -10 * WAD)])
    assert settled.passes


def test_an_absurd_change_is_refused(system, evm, trader):
    with evm.reverts("AccountLens_AmountTooLarge"):
        system.lens.whatIf(system.account(trader), [(system["WETH"], 2**200)])


# Everything at once


def test_the_overview_is_the_sum_of_the_views(system, trader):
    account = system.leveraged(trader, "WETH", 10, "USDC", 8_000)
    system.deposit(trader, "wstETH", 2)
    view = system.lens.overview(account)
    assert tuple(view.initial) == system.assess(account, INITIAL)
    assert tuple(view.maintenance) == system.assess(account, MAINTENANCE)
    assert view.healthWad == system.lens.health(account)
    assert view.healthFactorWad == system.lens.healthFactor(account)
    assert [position.token for position in view.assets] == [
        system[symbol] for symbol in ("USDC", "WETH", "wstETH")
    ]
    assert [position.amount for position in view.assets] == [
        system.balance(account, symbol) for symbol in ("USDC", "WETH", "wstETH")
    ]
    assert sum(position.valueWad for position in view.assets) == view.maintenance.equity
    assert sum(position.requirementWad for position in view.assets) == view.maintenance.requirement


def test_an_instrument_is_in_every_view(system, evm, trader):
    """A future through the real vault: opened by two owners, weighed, held to its requirement."""
    other = evm.accounts[STRANGER]
    future = evm.deploy("MockLinearInstrument", system.vault, [system.assets["WETH"].underlying], 1_000)
    system.vault.listInstrument(future.address)
    long, short = system.deposit(trader, "USDC", 5_000), system.deposit(other, "USDC", 5_000)
    system.vault.callInstrument(long, future.address, offer([4 * WAD], 8_000 * WAD), sender=trader)
    system.vault.callInstrument(short, future.address, accept(long), sender=other)
    evm.mine()

    view = system.lens.overview(long)
    assert [position.instrument for position in view.instruments] == [future.address]
    assert view.instruments[0].requirementWad == 8_000 * WAD * 121 // 1_000
    below, above = system.lens.liquidationPrice(long, system["WETH"])
    assert below > 0
    assert above == 0
    assert system.lens.liquidationPrice(short, system["WETH"]).aboveWad > 2_000 * WAD
    most = system.lens.maxWithdrawable(long, system["USDC"])
    check_limit(
        system,
        evm,
        most,
        lambda amount: system.vault.withdraw(long, system["USDC"], amount, trader, sender=trader),
    )
    system.set_price("WETH", 1_500)
    assert future.settle(long).value == -2_000 * 10**6
    assert system.balance(long, "USDC") == 3_000 * 10**6
    assert future.settle(short).value == 2_000 * 10**6
    assert system.balance(short, "USDC") == 7_000 * 10**6
    assert tuple(future.total()) == ([0, 0], 0)
