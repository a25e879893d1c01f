"""Properties of any sequence of operations: nobody profits from roundings, the books agree to the unit."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.helpers.expect import Reverted
from tests.helpers.system import DAY, NO_LIMIT, WAD
from tests.helpers.vault_bench import ALL, VaultBench

DOLLAR = 10**6
SYMBOLS = ("USDC", "WETH", "WBTC", "DAI")
PAIRS = tuple(itertools.permutations(SYMBOLS, 2))
ONE_ACCOUNT = ("deposit", "withdraw", "borrow", "repay")
MANY = (*ONE_ACCOUNT, "transfer", "swap", "swap exactly", "liquidate", "pay")


Step = tuple[str, int, tuple[str, str], tuple[str, int]]
"""What, how many places further the other account is, which assets, how much in units or in cents' worth."""


@settings(max_examples=60)
@given(
    days=st.integers(0, 3_000),
    steps=st.lists(
        st.tuples(
            st.sampled_from(ONE_ACCOUNT), st.one_of(st.integers(1, 12), st.integers(1, 10**10), st.just(ALL))
        ),
        min_size=1,
        max_size=12,
    ),
    batch=st.booleans(),
)
@example(days=1_000, steps=[("borrow", 1), ("repay", 1), ("deposit", 1), ("withdraw", 1)], batch=True)
def test_nobody_profits_from_deposits_withdrawals_borrows_and_repayments(
    bench: VaultBench, days: int, steps: list[tuple[str, int]], batch: bool
) -> None:
    """ROUND-1: at one moment, what the trader has in his wallet and in his account together never grows."""
    with bench.evm.isolation():
        account = bench.debtor(held=100, owed=1_000)
        bench.system.fund("USDC", bench.trader, 50_000)
        bench.system.warp(days * DAY)
        usdc = bench["USDC"]
        calls = {
            "deposit": lambda amount: bench.vault.deposit.encode(account, usdc, min(amount, 10**10)),
            "withdraw": lambda amount: bench.vault.withdraw.encode(account, usdc, amount, bench.trader),
            "borrow": lambda amount: bench.vault.borrow.encode(
                account, usdc, min(amount, 10**10), bench.trader
            ),
            "repay": lambda amount: bench.vault.repay.encode(account, usdc, amount),
        }
        data = [calls[kind](amount) for kind, amount in steps]
        for group in [data] if batch else [[call] for call in data]:
            before = _wealth(bench, account)
            _attempt(bench, bench.trader, *group)
            assert _wealth(bench, account) <= before, "ROUND-1"
            bench.check_books()


SIZE = st.one_of(
    st.tuples(st.just("units"), st.integers(1, 12)),
    st.tuples(st.just("cents"), st.integers(1, 500_000)),
    st.tuples(st.just("units"), st.sampled_from([10**30, ALL])),
)
STEP = st.tuples(st.sampled_from(MANY), st.integers(1, 2), st.sampled_from(PAIRS), SIZE)
TURN = st.one_of(
    st.tuples(st.integers(0, 2), st.lists(STEP, min_size=1, max_size=5)),
    st.tuples(st.just("time"), st.integers(1, 90 * DAY)),
    st.tuples(st.just("price"), st.integers(1_200, 2_200)),
)


@settings(max_examples=80)
@given(turns=st.lists(TURN, min_size=4, max_size=16))
def test_the_books_agree_after_any_sequence(bench: VaultBench, turns: list[tuple[Any, Any]]) -> None:
    """SOLV-2, and principal to the unit, after single calls and batches. Refusals have a named reason."""
    with bench.evm.isolation():
        people = [bench.trader, bench.taker, bench.stranger]
        accounts = [bench.debtor(owner, held=20, owed=29_000) for owner in people]
        bench.deposit(bench.taker, "WETH", 1_000)
        puppet = bench.instrument()
        for owner in people:
            for symbol in SYMBOLS:
                bench.system.fund(symbol, owner, 1_000)
        for who, what in turns:
            if who == "time":
                bench.system.warp(what)
            elif who == "price":
                bench.system.set_price("WETH", what)
                bench.evm.mine()
            else:
                _attempt(bench, people[who], *(_call(bench, puppet, accounts, who, step) for step in what))
            bench.check_books()


def _call(bench: VaultBench, puppet: Any, accounts: list[bytes], who: int, step: Step) -> bytes:
    kind, further, (symbol, second), (measure, amount) = step
    exact = kind == "swap exactly"
    if measure == "cents":
        measured = second if exact else symbol
        amount = (
            amount * bench.units(measured, 1) // (100 * int(bench.system.assets[measured].spec.price)) + 1
        )
    vault, account, other = bench.vault, accounts[who], accounts[(who + further) % 3]
    owner = (bench.trader, bench.taker, bench.stranger)[who]
    token = bench[symbol]
    if kind == "deposit":
        return bytes(vault.deposit.encode(account, token, amount))
    if kind == "withdraw":
        return bytes(vault.withdraw.encode(account, token, amount, owner))
    if kind == "borrow":
        return bytes(vault.borrow.encode(account, token, amount, owner))
    if kind == "repay":
        return bytes(vault.repay.encode(account if further == 1 else other, token, amount))
    if kind == "transfer":
        return bytes(vault.transfer.encode(account, other, token, amount))
    if kind == "liquidate":
        return bytes(vault.liquidate.encode(other, account, WAD // (amount % 7 + 1), 0, 0, NO_LIMIT))
    if kind == "pay":
        own = bench.account(puppet)
        pair = (account, own) if further == 1 else (own, account)
        script = bench.script((vault, vault.instrumentPay.encode(*pair, amount % 10**11)))
        return bytes(vault.callInstrument.encode(account, puppet, script))
    bench.quote(symbol, second)
    limit = bench.units(symbol, 50_000 // int(bench.system.assets[symbol].spec.price)) if exact else 0
    order = bench.order(symbol, second, min(amount, 10**24), limit, exact_out=exact)
    return bytes(vault.swap.encode(account, order))


def _attempt(bench: VaultBench, sender: str, *calls: bytes) -> None:
    """Runs the calls, in a batch if there are several. A refusal must have a name."""
    try:
        if len(calls) == 1:
            bench.evm.transact(sender, bench.vault.address, calls[0], 0, None, bytes)
        else:
            bench.batch(*calls, sender=sender)
    except Reverted as error:
        assert error.name not in ("", "Panic", "Halt", "Error"), error


def _wealth(bench: VaultBench, account: bytes) -> int:
    return bench.tokens(bench.trader, "USDC") + bench.balance(account, "USDC")
