"""MarginHelper: leveraged positions in one call with plain arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.evm import Contract
from tests.helpers.system import WAD, ZERO, System
from tests.helpers.vault_bench import ALL, VaultBench

DOLLAR = 10**6


@pytest.fixture
def bench(system: System) -> Iterator[VaultBench]:
    """The adapter trades at the feeds' prices; the helper is the operator of the trader's first account."""
    bench = VaultBench(system)
    for pair in (("USDC", "WETH"), ("WETH", "USDC")):
        bench.quote(*pair)
    account = bench.account(bench.trader)
    bench.vault.setOperator(account, system.helper, ALL, sender=bench.trader)
    yield bench
    bench.check_books()
    for symbol in system.assets:
        assert bench.tokens(system.helper, symbol) == 0, "the helper keeps nothing"
        assert system.token(symbol).allowance(system.helper, bench.vault) == 0


@pytest.fixture
def helper(bench: VaultBench) -> Contract:
    return bench.system.helper


def margin(bench: VaultBench, symbol: str, whole: float, owner: str | None = None) -> int:
    """Fresh tokens, approved to the helper."""
    owner = owner or bench.trader
    amount = bench.system.mint(symbol, owner, whole)
    bench.system.token(symbol).approve(bench.system.helper, ALL, sender=owner)
    return amount


def trade(
    bench: VaultBench, sell: str, buy: str, amount: int, limit: int = 0, max_loss: int = WAD // 100
) -> tuple[Any, ...]:
    return (bench[sell], bench[buy], amount, limit, max_loss, bench.system.adapter.address, b"")


def open_long(bench: VaultBench, owed: int = 6_000 * DOLLAR) -> bytes:
    """One WETH of margin, three more on credit."""
    amount = margin(bench, "WETH", 1)
    account = bench.account(bench.trader)
    bench.system.helper.open(
        account, bench["WETH"], amount, trade(bench, "USDC", "WETH", owed), sender=bench.trader
    )
    return account


# open


def test_long_with_margin_in_what_is_bought(bench: VaultBench, helper: Contract) -> None:
    account, amount = bench.account(bench.trader), margin(bench, "WETH", 1)
    tx = helper.open(
        account, bench["WETH"], amount, trade(bench, "USDC", "WETH", 6_000 * DOLLAR), sender=bench.trader
    )
    assert tx.value == 3 * WAD
    assert bench.held(account) == {0: -bench.debt_of("USDC", 6_000 * DOLLAR), 1: 4 * WAD}
    assert tx.events("Opened", helper) == [
        {
            "account": account,
            "sell": bench["USDC"],
            "buy": bench["WETH"],
            "sold": 6_000 * DOLLAR,
            "bought": 3 * WAD,
        }
    ]


def test_long_with_margin_in_what_is_sold(bench: VaultBench, helper: Contract) -> None:
    account, amount = bench.account(bench.trader), margin(bench, "USDC", 2_000)
    helper.open(
        account, bench["USDC"], amount, trade(bench, "USDC", "WETH", 8_000 * DOLLAR), sender=bench.trader
    )
    assert bench.held(account) == {0: -bench.debt_of("USDC", 6_000 * DOLLAR), 1: 4 * WAD}


def test_short(bench: VaultBench, helper: Contract) -> None:
    account, amount = bench.account(bench.trader), margin(bench, "USDC", 2_000)
    helper.open(account, bench["USDC"], amount, trade(bench, "WETH", "USDC", 3 * WAD), sender=bench.trader)
    assert bench.held(account) == {0: 8_000 * DOLLAR, 1: -bench.debt_of("WETH", 3 * WAD)}


def test_on_what_the_account_holds(bench: VaultBench, helper: Contract) -> None:
    account = bench.deposit(bench.trader, "WETH", 1)
    tx = helper.open(account, ZERO, 0, trade(bench, "USDC", "WETH", 2_000 * DOLLAR), sender=bench.trader)
    assert tx.value == WAD
    assert bench.balance(account, "WETH") == 2 * WAD


def test_margin_that_takes_a_fee(bench: VaultBench, helper: Contract) -> None:
    """What arrives at the helper is passed on, and less arrives at the vault."""
    bench.add("FEE", "FeeOnTransferToken", WAD // 10, borrowable=False, price=2_000)
    account, amount = bench.account(bench.trader), margin(bench, "FEE", 10)
    helper.open(
        account, bench["FEE"], amount, trade(bench, "USDC", "WETH", 2_000 * DOLLAR), sender=bench.trader
    )
    assert bench.balance(account, "FEE") == 81 * WAD // 10


def test_margin_that_returns_nothing(bench: VaultBench, helper: Contract) -> None:
    bench.add("ODD", "NonReturningToken", borrowable=False, price=2_000)
    account = bench.account(bench.trader)
    bench.system.mint("ODD", bench.trader, 2)
    bench.system.token("ODD").approve(helper, ALL, sender=bench.trader)
    for _ in range(2):
        helper.open(
            account, bench["ODD"], WAD, trade(bench, "USDC", "WETH", 200 * DOLLAR), sender=bench.trader
        )
    assert bench.balance(account, "ODD") == 2 * WAD


def test_limits_and_the_vaults_judgement_undo_everything(bench: VaultBench, helper: Contract) -> None:
    """SOLV-1; and the margin stays with its owner."""
    account, amount = bench.account(bench.trader), margin(bench, "WETH", 1)

    def run(*args: Any, **options: Any) -> None:
        order = trade(bench, "USDC", "WETH", *args, **options)
        helper.open(account, bench["WETH"], amount, order, sender=bench.trader)

    with bench.evm.reverts("SwapAdapter_OutputTooSmall", 3 * WAD, 3 * WAD + 1):
        run(6_000 * DOLLAR, 3 * WAD + 1)
    bench.quote("USDC", "WETH", discount_ppm=10_100)
    with bench.evm.reverts("Vault_SwapLoss", None, WAD // 100):
        run(6_000 * DOLLAR)
    bench.quote("USDC", "WETH")
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        run(12_000 * DOLLAR)
    assert bench.tokens(bench.trader, "WETH") == WAD
    assert bench.held(account) == {}


def test_only_the_owner_and_his_operators(bench: VaultBench, helper: Contract) -> None:
    account, order = bench.account(bench.trader), trade(bench, "USDC", "WETH", 6_000 * DOLLAR)
    bench.deposit(bench.trader, "WETH", 1)
    for sender in (bench.stranger, bench.owner):
        with bench.evm.reverts("MarginHelper_NotAuthorised", account, sender):
            helper.open(account, ZERO, 0, order, sender=sender)
        with bench.evm.reverts("MarginHelper_NotAuthorised", account, sender):
            helper.close(account, order, sender, sender=sender)
    bench.vault.setOperator(account, bench.operator, bench.evm.now, sender=bench.trader)
    helper.open(account, ZERO, 0, order, sender=bench.operator)
    bench.evm.warp(1)
    with bench.evm.reverts("MarginHelper_NotAuthorised", account, bench.operator):
        helper.open(account, ZERO, 0, order, sender=bench.operator)


def test_needs_to_be_the_accounts_operator(bench: VaultBench, helper: Contract) -> None:
    account = bench.deposit(bench.trader, "WETH", 1, index=1)
    with bench.evm.reverts("Vault_NotAuthorised", account, helper):
        helper.open(account, ZERO, 0, trade(bench, "USDC", "WETH", 2_000 * DOLLAR), sender=bench.trader)


def test_takes_only_the_callers_tokens(bench: VaultBench, helper: Contract) -> None:
    """An approval to the helper is of use to nobody else."""
    amount = margin(bench, "WETH", 1)
    own = bench.account(bench.stranger)
    bench.vault.setOperator(own, helper, ALL, sender=bench.stranger)
    with bench.evm.reverts("TransferFromFailed"):
        helper.open(
            own, bench["WETH"], amount, trade(bench, "USDC", "WETH", 200 * DOLLAR), sender=bench.stranger
        )
    assert bench.tokens(bench.trader, "WETH") == amount


# close


def test_buys_back_the_debt_and_sends_the_rest(bench: VaultBench, helper: Contract) -> None:
    account = open_long(bench)
    bench.system.warp(30 * 86_400)
    debt = -bench.balance(account, "USDC")
    tx = helper.close(account, trade(bench, "WETH", "USDC", 0, 4 * WAD), bench.stranger, sender=bench.trader)
    sold = (debt * WAD + 2_000 * DOLLAR - 1) // (2_000 * DOLLAR)
    assert tx.value == sold
    assert bench.held(account) == {}
    assert bench.tokens(bench.stranger, "WETH") == 4 * WAD - sold
    assert tx.events("Closed", helper) == [
        {"account": account, "sell": bench["WETH"], "buy": bench["USDC"], "sold": sold, "bought": debt}
    ]


def test_what_is_left_may_stay(bench: VaultBench, helper: Contract) -> None:
    account = open_long(bench)
    helper.close(account, trade(bench, "WETH", "USDC", 0, 4 * WAD), ZERO, sender=bench.trader)
    assert list(bench.held(account)) == [1]


def test_a_short_is_closed_with_what_it_holds(bench: VaultBench, helper: Contract) -> None:
    account, amount = bench.account(bench.trader), margin(bench, "USDC", 2_000)
    helper.open(account, bench["USDC"], amount, trade(bench, "WETH", "USDC", 3 * WAD), sender=bench.trader)
    bench.system.set_price("WETH", 1_900)
    bench.quote("USDC", "WETH")
    helper.close(account, trade(bench, "USDC", "WETH", 0, 8_000 * DOLLAR), bench.trader, sender=bench.trader)
    assert bench.held(account) == {}
    assert 2_299 * DOLLAR < bench.tokens(bench.trader, "USDC") <= 2_300 * DOLLAR


def test_works_while_paused(bench: VaultBench, helper: Contract) -> None:
    """EXIT-1"""
    account = open_long(bench)
    bench.pause()
    helper.close(account, trade(bench, "WETH", "USDC", 0, 4 * WAD), bench.trader, sender=bench.trader)
    assert bench.held(account) == {}


def test_nothing_to_close(bench: VaultBench, helper: Contract) -> None:
    account = bench.deposit(bench.trader, "USDC", 1)
    for symbol in ("USDC", "WBTC"):
        with bench.evm.reverts("MarginHelper_NoDebt", account, bench[symbol]):
            helper.close(account, trade(bench, "WETH", symbol, 0, WAD), ZERO, sender=bench.trader)


def test_the_limit_holds(bench: VaultBench, helper: Contract) -> None:
    account = open_long(bench)
    needed = 3 * WAD + WAD // 10**6
    with bench.evm.reverts("SwapAdapter_InputTooLarge", None, 3 * WAD - 1):
        helper.close(account, trade(bench, "WETH", "USDC", 0, 3 * WAD - 1), ZERO, sender=bench.trader)
    helper.close(account, trade(bench, "WETH", "USDC", 0, needed), ZERO, sender=bench.trader)


def test_what_leaves_beside_another_debt_is_judged(bench: VaultBench, helper: Contract) -> None:
    """SOLV-1"""
    account = open_long(bench, owed=4_000 * DOLLAR)
    bench.borrow(bench.trader, "DAI", 500)
    order = trade(bench, "WETH", "USDC", 0, 3 * WAD)
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        helper.close(account, order, bench.trader, sender=bench.trader)
    helper.close(account, order, ZERO, sender=bench.trader)
    assert sorted(bench.held(account)) == [1, 4]


@settings(max_examples=25)
@given(owed=st.integers(100 * DOLLAR, 8_000 * DOLLAR), days=st.integers(0, 30))
def test_there_and_back_is_never_a_profit(bench: VaultBench, owed: int, days: int) -> None:
    """ROUND-1"""
    with bench.evm.isolation():
        account = open_long(bench, owed)
        bench.system.warp(days * 86_400)
        order = trade(bench, "WETH", "USDC", 0, bench.balance(account, "WETH"))
        bench.system.helper.close(account, order, bench.trader, sender=bench.trader)
        assert bench.tokens(bench.trader, "WETH") <= WAD, "ROUND-1"
        assert bench.tokens(bench.trader, "WETH") > WAD * (99 - days) // 100


# amountFor


@settings(max_examples=60)
@given(
    margin_symbol=st.sampled_from(["USDC", "WETH", "WBTC", "DAI"]),
    token=st.sampled_from(["USDC", "WETH", "WBTC", "DAI"]),
    amount=st.integers(1, 10**25),
    multiple=st.integers(0, 10 * WAD),
    price=st.decimals("0.0001", "100000", places=8),
)
def test_is_the_amount_of_equal_value(
    bench: VaultBench, margin_symbol: str, token: str, amount: int, multiple: int, price: Any
) -> None:
    """Against exact fractions. Values are in 1e-18 dollars: what one of those buys is the precision."""
    with bench.evm.isolation():
        bench.system.set_price("WETH", price)
        bench.system.set_price("WBTC", 43_210.98765432)
        answer = bench.system.helper.amountFor(bench[margin_symbol], amount, bench[token], multiple)
        paid, bought = (_price_and_unit(bench, symbol) for symbol in (margin_symbol, token))
        exact = amount * multiple * paid[0] * bought[1] // (WAD * paid[1] * bought[0])
        precision = (multiple // WAD + 2) * (bought[1] // bought[0] + 1)
        assert exact - precision <= answer <= exact + exact // 10**20 + 1


def _price_and_unit(bench: VaultBench, symbol: str) -> tuple[int, int]:
    """Price with 18 decimals, smallest units of a whole token."""
    listing = bench.system.assets[symbol]
    return int(listing.feed.latestRoundData()[1]) * 10**10, 10**listing.spec.decimals


def test_reaches_the_leverage_that_it_is_asked_for(bench: VaultBench, helper: Contract) -> None:
    account, amount = bench.account(bench.trader), margin(bench, "USDC", 1_000)
    spend = helper.amountFor(bench["USDC"], amount, bench["USDC"], 4 * WAD)
    assert spend == 4_000 * DOLLAR
    helper.open(account, bench["USDC"], amount, trade(bench, "USDC", "WETH", spend), sender=bench.trader)
    equity = bench.assess(account)[0]
    exposure = bench.balance(account, "WETH") * 2_000
    assert exposure / equity == pytest.approx(4, rel=1e-6)


def test_only_at_fresh_prices_of_listed_assets(bench: VaultBench, helper: Contract) -> None:
    pool = bench.system.pool("WETH").address
    for pair in ((pool, bench["WETH"]), (bench["WETH"], pool)):
        with bench.evm.reverts("Vault_UnknownAsset", pool):
            helper.amountFor(pair[0], WAD, pair[1], WAD)
    bench.kill("WETH")
    for pair in (("WETH", "USDC"), ("USDC", "WETH")):
        with bench.evm.reverts("MarginHelper_PriceNotFresh", bench["WETH"]):
            helper.amountFor(bench[pair[0]], WAD, bench[pair[1]], WAD)
    bench.stale()
    with bench.evm.reverts("MarginHelper_PriceNotFresh", bench["USDC"]):
        helper.amountFor(bench["USDC"], WAD, bench["DAI"], WAD)
