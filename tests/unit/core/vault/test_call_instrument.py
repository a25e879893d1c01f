"""Vault.callInstrument, and what an instrument may do while it acts: instrumentPay, setHeld, touch."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.evm import Contract
from tests.helpers.system import WAD
from tests.helpers.vault_bench import ALL, FRESH, MAX_BALANCE, STALE, VaultBench

DOLLAR = 10**6
NOTHING: Any = (0, 0, FRESH)


@pytest.fixture
def puppet(bench: VaultBench) -> Contract:
    return bench.instrument()


def act(bench: VaultBench, account: bytes, puppet: Contract, *calls: bytes, sender: str | None = None) -> Any:
    """The account has the instrument make calls to the vault."""
    data = bench.script(*((bench.vault, call) for call in calls)) if calls else b""
    return bench.vault.callInstrument(account, puppet, data, sender=sender or bench.trader)


def pay(bench: VaultBench, sender: bytes, receiver: bytes, amount: int) -> bytes:
    return bytes(bench.vault.instrumentPay.encode(sender, receiver, amount))


# callInstrument


def test_hands_account_caller_and_data_to_the_instrument(bench: VaultBench, puppet: Contract) -> None:
    account = bench.account(bench.trader)
    bench.vault.setOperator(account, bench.operator, bench.evm.now, sender=bench.trader)
    data = bench.script((bench.vault, bench.vault.locked.encode()))
    for sender in (bench.trader, bench.operator):
        tx = bench.vault.callInstrument(account, puppet, data, sender=sender)
        assert tx.value == (1).to_bytes(32, "big"), "the instrument's answer: the vault was locked"
        assert tx.events("Executed", puppet) == [{"account": account, "caller": sender, "data": data}]
    with bench.evm.reverts("Instrument_NotVault", bench.trader):
        puppet.execute(account, bench.trader, b"", sender=bench.trader)


def test_within_a_batch_the_caller_is_who_runs_it(bench: VaultBench, puppet: Contract) -> None:
    account = bench.account(bench.trader)
    tx = bench.batch(bench.vault.callInstrument.encode(account, puppet, b""))
    assert tx.events("Executed", puppet)[0]["caller"] == bench.trader


def test_only_listed_instruments_and_for_whom_one_may_act(bench: VaultBench, puppet: Contract) -> None:
    account = bench.account(bench.trader)
    other = bench.evm.deploy("MockInstrument", bench.vault.address)
    for address in (other.address, bench.stranger, bench.vault.address):
        with bench.evm.reverts("Vault_UnknownInstrument", address):
            bench.vault.callInstrument(account, address, b"", sender=bench.trader)
    with bench.evm.reverts("Vault_NotAuthorised", account, bench.stranger):
        act(bench, account, puppet, sender=bench.stranger)


def test_the_account_is_judged_at_the_end(bench: VaultBench, puppet: Contract) -> None:
    """SOLV-1"""
    account = bench.deposit(bench.trader, "USDC", 1_000)
    held = bench.vault.setHeld.encode(account, True)
    puppet.setPosition(account, (0, 1_100 * WAD, FRESH), NOTHING)
    equity = bench.assess(account)
    worst, requirement = equity[0] - equity[1], equity[2]
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, worst, requirement + 1_100 * WAD):
        act(bench, account, puppet, held)
    free = worst - requirement
    puppet.setPosition(account, (0, free + 1, FRESH), NOTHING)
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, worst, worst + 1):
        act(bench, account, puppet, held)
    puppet.setPosition(account, (0, free, FRESH), NOTHING)
    act(bench, account, puppet, held)
    assert bench.vault.holdings(account)[1] == [puppet.address]
    assert bench.is_stamped(account)


def test_new_positions_stop_while_paused_or_on_old_marks(bench: VaultBench, puppet: Contract) -> None:
    account = bench.deposit(bench.trader, "USDC", 1_000)
    held = bench.vault.setHeld.encode(account, True)
    puppet.setPosition(account, (0, 100 * WAD, STALE), NOTHING)
    with bench.evm.reverts("Vault_NoNewRisk", account, STALE, False):
        act(bench, account, puppet, held)
    puppet.setPosition(account, (0, 100 * WAD, FRESH), NOTHING)
    bench.pause()
    with bench.evm.reverts("Vault_NoNewRisk", account, FRESH, True):
        act(bench, account, puppet, held)


def test_reducing_a_position_goes_on(bench: VaultBench, puppet: Contract) -> None:
    """EXIT-1: compared with what the instrument says of the batch's beginning."""
    account = bench.deposit(bench.trader, "USDC", 1_000)
    bench.vault.setHeld(account, True, sender=puppet)
    bench.evm.mine()
    bench.pause()
    puppet.setPosition(account, (0, 90 * WAD, STALE), (0, 100 * WAD, STALE))
    act(bench, account, puppet)
    assert not bench.is_stamped(account)
    puppet.setPosition(account, (0, 90 * WAD, STALE), (0, 89 * WAD, STALE))
    with bench.evm.reverts("Vault_NoNewRisk", account, STALE, True):
        act(bench, account, puppet)


def test_closing_the_last_position_is_not_judged(bench: VaultBench, puppet: Contract) -> None:
    """EXIT-1"""
    account = bench.deposit(bench.trader, "USDC", 1)
    bench.vault.setHeld(account, True, sender=puppet)
    puppet.setPosition(account, (-(10**6) * WAD, 100 * WAD, STALE), NOTHING)
    bench.pause()
    act(bench, account, puppet, bench.vault.setHeld.encode(account, False))
    bench.vault.withdraw(account, bench["USDC"], ALL, bench.trader, sender=bench.trader)


# Who may call back, and when


def test_only_listed_instruments(bench: VaultBench, puppet: Contract) -> None:
    account, own = bench.account(bench.trader), bench.account(puppet)
    calls: list[tuple[Any, tuple[Any, ...]]] = [
        (bench.vault.instrumentPay, (account, own, 1)),
        (bench.vault.setHeld, (account, True)),
        (bench.vault.touch, (account,)),
    ]
    for sender in (bench.trader, bench.owner, bench.evm.deploy("MockInstrument", bench.vault).address):
        for function, args in calls:
            with bench.evm.reverts("Vault_NotInstrument", sender):
                function(*args, sender=sender)
            with bench.evm.reverts("Vault_NotInstrument", bench.vault):
                bench.batch(function.encode(*args), sender=sender)


def test_an_instrument_enters_only_an_operation_that_has_called_one(
    bench: VaultBench, puppet: Contract
) -> None:
    """In the middle of somebody's transfer of a token that calls back, it is locked out as everybody is."""
    token = bench.add("HOST").token
    account = bench.deposit(bench.trader, "HOST", 10)
    debtor, own = bench.debtor(index=1), bench.account(puppet)
    hooks = [
        (puppet.address, puppet.run.encode([(bench.vault.address, call)]))
        for call in (
            pay(bench, debtor, own, DOLLAR),
            bench.vault.setHeld.encode(debtor, True),
            bench.vault.touch.encode(debtor),
        )
    ]
    token.setHooks(hooks, True)
    locked = bench.evm.dictionary
    for run in (
        lambda: bench.vault.withdraw(account, bench["HOST"], 1, bench.trader, sender=bench.trader),
        lambda: bench.batch(bench.vault.withdraw.encode(account, bench["HOST"], 1, bench.trader)),
        lambda: bench.vault.borrow(account, bench["HOST"], 1, bench.trader, sender=bench.trader),
    ):
        run()
        assert token.hookCount() == 3
        for number in range(3):
            assert not token.hookSucceeded(number)
            assert locked.error(token.hookResult(number))[0] == "Vault_Locked"
    assert bench.vault.holdings(debtor)[1] == []


def test_outside_of_an_operation_it_opens_one_of_its_own(bench: VaultBench, puppet: Contract) -> None:
    """It settles, and the payer is judged."""
    payer, own = bench.debtor(), bench.account(puppet)
    pool_cash = bench.cash("USDC")
    tx = bench.vault.instrumentPay(payer, own, 100 * DOLLAR, sender=puppet)
    assert bench.cash("USDC") == pool_cash - 100 * DOLLAR
    assert bench.balance(own, "USDC") == 100 * DOLLAR
    assert tx.events("InstrumentPaid", bench.vault) == [
        {"from": payer, "to": own, "instrument": puppet.address, "amount": 100 * DOLLAR}
    ]
    assert bench.is_stamped(payer)
    with bench.evm.reverts("Vault_BelowInitialRequirement", payer, None, None):
        bench.vault.instrumentPay(payer, own, 10_000 * DOLLAR, sender=puppet)
    bench.evm.mine()
    bench.pause()
    with bench.evm.reverts("Vault_NoNewRisk", payer, FRESH, True):
        bench.vault.instrumentPay(payer, own, DOLLAR, sender=puppet)


# instrumentPay


def test_pays_between_balances_without_a_token_moving(bench: VaultBench, puppet: Contract) -> None:
    account, own = bench.deposit(bench.trader, "USDC", 100), bench.account(puppet)
    with bench.unchanged("USDC"):
        tx = act(bench, account, puppet, pay(bench, account, own, 40 * DOLLAR))
        assert bench.balance(account, "USDC") == 60 * DOLLAR
        assert bench.balance(own, "USDC") == 40 * DOLLAR
        act(bench, account, puppet, pay(bench, own, account, 40 * DOLLAR))
    assert bench.held(own) == {}
    assert not tx.events("Transfer")


def test_only_from_or_to_its_own_first_account(bench: VaultBench, puppet: Contract) -> None:
    account, other = bench.deposit(bench.trader, "USDC", 100), bench.deposit(bench.stranger, "USDC", 100)
    second = bench.account(puppet, 1)
    for sender, receiver in ((other, account), (account, other), (account, second), (second, account)):
        with bench.evm.reverts("Vault_NotAuthorised", sender, puppet):
            act(bench, account, puppet, pay(bench, sender, receiver, 1))


def test_nothing_to_itself_and_too_much(bench: VaultBench, puppet: Contract) -> None:
    account, own = bench.deposit(bench.trader, "USDC", 100), bench.account(puppet)
    act(bench, account, puppet, pay(bench, account, own, 0))
    assert bench.held(own) == {}
    for amount in (MAX_BALANCE + 1, ALL):
        with bench.evm.reverts("Vault_AmountOutOfRange", amount, MAX_BALANCE):
            act(bench, account, puppet, pay(bench, account, own, amount))


@pytest.mark.parametrize("owed", [0, 1_000])
def test_a_payment_to_itself_changes_nothing(bench: VaultBench, puppet: Contract, owed: int) -> None:
    """An account in debt does not pay itself out of it."""
    account, own = bench.deposit(bench.trader, "USDC", 5_000), bench.account(puppet)
    if owed:
        _lend_to_itself(bench, puppet, owed)
    balance = bench.balance(own, "USDC")
    assert (balance < 0) == (owed > 0)
    act(bench, account, puppet, pay(bench, own, own, 500 * DOLLAR))
    assert bench.balance(own, "USDC") == balance


def _lend_to_itself(bench: VaultBench, puppet: Contract, dollars: int) -> None:
    """The instrument's own account gets 100 WETH and owes this much."""
    own = bench.account(puppet)
    bench.vault.setOperator(own, bench.trader, 2**64, sender=puppet)
    weth = bench.system.fund("WETH", bench.trader, 100)
    bench.vault.deposit(own, bench["WETH"], weth, sender=bench.trader)
    bench.vault.borrow(own, bench["USDC"], dollars * DOLLAR, bench.trader, sender=bench.trader)


def test_borrows_for_the_payer_what_it_lacks(bench: VaultBench, puppet: Contract) -> None:
    account, own = bench.deposit(bench.trader, "WETH", 10), bench.account(puppet)
    bench.deposit(bench.trader, "USDC", 100)
    cash = bench.cash("USDC")
    act(bench, account, puppet, pay(bench, account, own, 1_000 * DOLLAR))
    assert bench.balance(account, "USDC") == -bench.debt_of("USDC", 900 * DOLLAR)
    assert bench.balance(own, "USDC") == 1_000 * DOLLAR
    assert bench.cash("USDC") == cash - 900 * DOLLAR


def test_the_payer_is_judged_the_instrument_too(bench: VaultBench, puppet: Contract) -> None:
    """SOLV-1: neither the account nor the instrument pays on credit that it does not have."""
    account, own = bench.deposit(bench.trader, "WETH", 10), bench.account(puppet)
    with bench.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        act(bench, account, puppet, pay(bench, account, own, 17_000 * DOLLAR))
    with bench.evm.reverts("Vault_BelowInitialRequirement", own, None, None):
        act(bench, account, puppet, pay(bench, own, account, 1_000 * DOLLAR))
    with bench.evm.reverts("Vault_BelowMinimumDebt", account, None, 100 * WAD):
        act(bench, account, puppet, pay(bench, account, own, 50 * DOLLAR))


def test_from_debt_to_debt_the_pool_is_left_alone(bench: VaultBench, puppet: Contract) -> None:
    account, own = bench.debtor(), bench.account(puppet)
    _lend_to_itself(bench, puppet, 2_000)
    before = bench.balance(account, "USDC") + bench.balance(own, "USDC")
    with bench.unchanged("USDC"):
        tx = act(bench, account, puppet, pay(bench, account, own, 500 * DOLLAR))
    assert not tx.events("Transfer")
    assert not tx.events("Transfer", bench.system.token("USDC"))
    assert -bench.balance(own, "USDC") == pytest.approx(1_500 * DOLLAR, abs=3)
    assert bench.balance(account, "USDC") + bench.balance(own, "USDC") == pytest.approx(before, abs=2)
    # More than the receiver owes: the rest is custody, drawn from the pool.
    act(bench, account, puppet, pay(bench, account, own, 2_000 * DOLLAR))
    assert bench.balance(own, "USDC") == pytest.approx(500 * DOLLAR, abs=3)


@settings(max_examples=60)
@given(
    days=st.integers(0, 4_000),
    payments=st.lists(st.tuples(st.booleans(), st.integers(1, 3_000 * DOLLAR)), min_size=1, max_size=8),
    together=st.booleans(),
)
def test_any_payments_leave_the_books_in_agreement(
    bench: VaultBench, days: int, payments: list[tuple[bool, int]], together: bool
) -> None:
    """SOLV-2, and principal to the unit: custody to debt, debt to debt, across zero; in one batch or many."""
    with bench.evm.isolation():
        puppet = bench.instrument()
        account, own = bench.debtor(held=100), bench.account(puppet)
        _lend_to_itself(bench, puppet, 2_000)
        # Another debt of each, so that what is left of this one is never below the minimum.
        bench.borrow(bench.trader, "DAI", 200)
        bench.vault.borrow(own, bench["DAI"], 200 * WAD, bench.trader, sender=bench.trader)
        bench.system.warp(days * 86_400)
        worth = bench.balance(account, "USDC") + bench.balance(own, "USDC")
        calls = [
            pay(bench, account, own, amount) if there else pay(bench, own, account, amount)
            for there, amount in payments
        ]
        for batch in [calls] if together else [[call] for call in calls]:
            act(bench, account, puppet, *batch)
            bench.check_books()
        assert bench.balance(account, "USDC") + bench.balance(own, "USDC") <= worth + 1, "ROUND-1"


# Settlement within a batch


def test_what_nets_out_within_a_batch_never_draws_on_the_pool(bench: VaultBench, puppet: Contract) -> None:
    """A settlement balance may be negative in between, also beyond the pool's cash and the credit line."""
    account, own = bench.deposit(bench.trader, "USDC", 1), bench.account(puppet)
    cash = bench.cash("USDC")
    there, back = pay(bench, account, own, 10 * cash), pay(bench, own, account, 10 * cash)
    tx = act(bench, account, puppet, there, back)
    sent = [event["from"] for event in tx.events("Transfer", bench.system.token("USDC"))]
    assert bench.system.pool("USDC").address not in sent
    assert bench.owed("USDC") == 0
    assert bench.cash("USDC") - cash in (0, 1), "ROUND-1: at most the rounding of the debt in between"


def test_only_the_net_is_drawn(bench: VaultBench, puppet: Contract) -> None:
    account, own = bench.deposit(bench.trader, "WETH", 10), bench.account(puppet)
    tx = act(
        bench,
        account,
        puppet,
        pay(bench, account, own, 1_000 * DOLLAR),
        pay(bench, own, account, 400 * DOLLAR),
        pay(bench, account, own, 50 * DOLLAR),
    )
    assert [event["amount"] for event in tx.events("Transfer", bench.system.token("USDC"))] == [650 * DOLLAR]


def test_what_remains_is_bounded_by_line_and_cash(bench: VaultBench, puppet: Contract) -> None:
    """SOLV-4"""
    account, own = bench.deposit(bench.trader, "WETH", 10), bench.account(puppet)
    bench.system.pool("USDC").setLine(bench.vault, 500 * DOLLAR)
    with bench.evm.reverts("LendingPool_LineExceeded", bench.vault, None, 500 * DOLLAR):
        act(bench, account, puppet, pay(bench, account, own, 501 * DOLLAR))
    act(bench, account, puppet, pay(bench, account, own, 499 * DOLLAR))


def test_a_payment_can_leave_in_the_batch_that_made_it(bench: VaultBench) -> None:
    """The vault draws what it lacks before it sends; it need not hold other accounts' tokens to do so."""
    puppet = bench.instrument()
    account, own = bench.deposit(bench.trader, "WETH", 10), bench.account(puppet)
    receiver, token = bench.account(bench.trader, 1), bench["USDC"]
    bench.vault.withdraw(
        bench.backstop_account, token, ALL, bench.stranger, sender=bench.system.backstop.address
    )
    assert bench.custody("USDC") == 0
    script = bench.script(
        (bench.vault, pay(bench, account, own, 1_000 * DOLLAR)),
        (bench.vault, pay(bench, own, receiver, 600 * DOLLAR)),
    )
    bench.batch(
        bench.vault.callInstrument.encode(account, puppet, script),
        bench.vault.withdraw.encode(receiver, token, ALL, bench.trader),
    )
    assert bench.tokens(bench.trader, "USDC") == 600 * DOLLAR
    assert bench.balance(own, "USDC") == 400 * DOLLAR


# setHeld and touch


def test_holding_is_a_bit_an_instrument(bench: VaultBench) -> None:
    first, second = bench.instrument(), bench.instrument()
    account = bench.account(bench.trader)
    for puppet in (second, first):
        bench.vault.setHeld(account, True, sender=puppet)
        bench.vault.setHeld(account, True, sender=puppet)
    assert bench.vault.holdings(account)[1] == [first.address, second.address]
    bench.vault.setHeld(account, False, sender=first)
    assert bench.vault.holdings(account)[1] == [second.address]
    assert bench.held(account) == {}


def test_touch_has_another_account_judged(bench: VaultBench, puppet: Contract) -> None:
    """A counterparty whose position the instrument changed."""
    account, other = bench.deposit(bench.trader, "USDC", 1), bench.deposit(bench.stranger, "USDC", 1_000)
    calls = (bench.vault.setHeld.encode(other, True), bench.vault.touch.encode(other))
    puppet.setPosition(other, (0, 2_000 * WAD, FRESH), NOTHING)
    act(bench, account, puppet, calls[0])
    bench.vault.setHeld(other, False, sender=puppet)
    with bench.evm.reverts("Vault_BelowInitialRequirement", other, None, None):
        act(bench, account, puppet, *calls)
    puppet.setPosition(other, (0, 500 * WAD, FRESH), NOTHING)
    act(bench, account, puppet, *calls)
    assert bench.is_stamped(other)
    bench.pause()
    with bench.evm.reverts("Vault_NoNewRisk", other, FRESH, True):
        bench.vault.touch(other, sender=puppet)
