"""LendingPool.flashLoan: ERC-3156, the fee goes to lenders, and nothing else works meanwhile."""

from typing import Any

import pytest
from eth_utils import keccak

from tests.helpers.evm import Contract
from tests.helpers.pool_bench import UNIT, PoolBench, account_id

FEE = 5 * 10**14  # 0.05%
LOCKED = keccak(text="LendingPool_Locked()")[:4]


@pytest.fixture
def receiver(bench: PoolBench) -> Contract:
    contract = bench.evm.deploy("MockFlashBorrower")
    bench.token.mint(contract, 1_000 * UNIT)
    bench.pool.setFlashFee(FEE)
    return contract


def loan(bench: PoolBench, receiver: Any, amount: int, data: bytes = b"") -> Any:
    return bench.pool.flashLoan(receiver, bench.token, amount, data, sender=bench.stranger)


def test_lends_calls_and_takes_back_with_the_fee(bench: PoolBench, receiver: Contract) -> None:
    bench.ready(1_000 * UNIT, 0, 0)
    tx = loan(bench, receiver, 999 * UNIT + 1, b"hello")
    fee = -(-(999 * UNIT + 1) * FEE // 10**18)
    assert tx.value is True
    assert receiver.initiator() == bench.stranger
    assert (receiver.token(), receiver.amount()) == (bench.token.address, 999 * UNIT + 1)
    assert (receiver.fee(), receiver.data()) == (fee, b"hello")
    assert receiver.balanceInside() == 1_999 * UNIT + 1
    assert bench.token.balanceOf(receiver) == 1_000 * UNIT - fee
    assert bench.pool.totalAssets() == bench.pool.cash() == 1_000 * UNIT + fee, "the lenders have the fee"
    assert bench.token.balanceOf(bench.pool) == bench.pool.cash()
    assert bench.pool.reserve() == 0
    assert tx.events("FlashLoaned", bench.pool) == [
        {
            "receiver": receiver.address,
            "initiator": bench.stranger,
            "amount": 999 * UNIT + 1,
            "fee": fee,
        }
    ]


def test_fee_is_rounded_up_and_told_before(bench: PoolBench, receiver: Contract) -> None:
    """ROUND-1"""
    bench.deposit(UNIT)
    assert bench.pool.flashFee(bench.token, 1) == 1
    assert bench.pool.flashFee(bench.token, UNIT) == FEE
    assert bench.pool.flashFee(bench.token, 0) == 0
    loan(bench, receiver, 1)
    assert receiver.fee() == 1


def test_without_a_fee_it_changes_nothing(bench: PoolBench, receiver: Contract) -> None:
    bench.pool.setFlashFee(0)
    bench.ready()
    before = bench.reference()
    loan(bench, receiver, bench.pool.cash())
    bench.assert_matches(before)


def test_all_the_cash_and_no_more(bench: PoolBench, receiver: Contract) -> None:
    bench.ready(1_000 * UNIT, 400 * UNIT)
    bench.token.mint(bench.pool, 50 * UNIT)
    assert bench.pool.maxFlashLoan(bench.token) == 600 * UNIT, "donated tokens are not lent"
    with bench.evm.reverts("LendingPool_InsufficientCash", 600 * UNIT + 1, 600 * UNIT):
        loan(bench, receiver, 600 * UNIT + 1)
    loan(bench, receiver, 600 * UNIT)


def test_other_tokens_are_not_lent(bench: PoolBench, receiver: Contract) -> None:
    other = bench.evm.deploy("MockERC20", "Other", "OTH", 18)
    other.mint(bench.pool, UNIT)
    assert bench.pool.maxFlashLoan(other) == 0
    with bench.evm.reverts("LendingPool_WrongToken", other):
        bench.pool.flashFee(other, 1)
    with bench.evm.reverts("LendingPool_WrongToken", other):
        bench.pool.flashLoan(receiver, other, 1, b"")


def test_must_be_approved_in_full(bench: PoolBench, receiver: Contract) -> None:
    bench.deposit(1_000 * UNIT)
    receiver.setApproval(True, 1)
    with bench.evm.reverts("TransferFromFailed"):
        loan(bench, receiver, UNIT)
    receiver.setApproval(False, 0)
    with bench.evm.reverts("TransferFromFailed"):
        loan(bench, receiver, UNIT)


def test_answer_of_the_callback_counts(bench: PoolBench, receiver: Contract) -> None:
    bench.deposit(1_000 * UNIT)
    receiver.setAnswer(bytes(32))
    with bench.evm.reverts("LendingPool_FlashRefused", receiver):
        loan(bench, receiver, UNIT)


def test_nobody_is_made_to_borrow(bench: PoolBench, receiver: Contract) -> None:
    """An account that approved the pool for deposits, and is no flash borrower, pays no fees for others."""
    bench.deposit(1_000 * UNIT)
    for victim in (bench.other_lender, bench.domain, bench.token, bench.pool):
        with bench.evm.reverts():
            loan(bench, victim, UNIT)


def test_fee_on_transfer_token_is_refused(hostile: PoolBench) -> None:
    contract = hostile.evm.deploy("MockFlashBorrower")
    hostile.token.mint(contract, UNIT)
    hostile.deposit(UNIT)
    hostile.token.setFee(10**16)
    with hostile.evm.reverts("LendingPool_FlashNotRepaid"):
        loan(hostile, contract, UNIT // 2)


def test_everything_is_refused_while_the_loan_is_out(bench: PoolBench, receiver: Contract) -> None:
    """The pool is empty-handed then: no operation, no price; the limits are zero."""
    bench.ready()
    pool, token = bench.pool, bench.token
    who = bench.stranger
    domain_calls = [
        (bench.domain, bench.domain.borrow.encode(pool, 1, 1, who)),
        (bench.domain, bench.domain.repay.encode(pool, token, 1, 2, 2)),
        (bench.domain, bench.domain.writeOff.encode(pool, 1)),
    ]
    refused = [
        pool.deposit.encode(UNIT, who),
        pool.mint.encode(UNIT, who),
        pool.withdraw.encode(0, who, who),
        pool.redeem.encode(0, who, who),
        pool.accrue.encode(),
        pool.collectReserve.encode(),
        pool.flagShortfall.encode(bench.domain, account_id(who), 0),
        pool.flashLoan.encode(receiver, token, 1, b""),
        pool.debtIndexNow.encode(),
        pool.totalAssets.encode(),
        pool.totalDebt.encode(),
        pool.reserve.encode(),
        pool.utilisationWad.encode(),
        pool.convertToAssets.encode(1),
        pool.convertToShares.encode(1),
        pool.previewDeposit.encode(1),
        pool.previewMint.encode(1),
        pool.previewWithdraw.encode(1),
        pool.previewRedeem.encode(1),
    ]
    limits = [
        pool.maxDeposit.encode(who),
        pool.maxMint.encode(who),
        pool.maxWithdraw.encode(bench.lender),
        pool.maxRedeem.encode(bench.lender),
        pool.maxFlashLoan.encode(token),
    ]
    attempts = [*domain_calls, *((pool, data) for data in refused + limits)]
    receiver.setAttempts([(target.address, data) for target, data in attempts])
    loan(bench, receiver, UNIT)
    assert receiver.attemptCount() == len(attempts)
    for position in range(len(attempts)):
        result = bytes(receiver.attemptResult(position))
        if position < len(attempts) - len(limits):
            assert not receiver.attemptSucceeded(position)
            assert result == LOCKED
        else:
            assert receiver.attemptSucceeded(position)
            assert int.from_bytes(result, "big") == 0


def test_governance_waits_too(bench: PoolBench, receiver: Contract) -> None:
    bench.deposit(UNIT)
    pool = bench.pool
    pool.transferOwnership(receiver)
    receiver.setAttempts(
        [
            (pool.address, data)
            for data in (
                pool.acceptOwnership.encode(),
                pool.setLine.encode(bench.domain, 1),
                pool.setRateModel.encode(bench.model),
                pool.setReserveShare.encode(1),
                pool.setReserveRecipient.encode(bench.stranger),
                pool.setFlashFee.encode(1),
            )
        ]
    )
    loan(bench, receiver, UNIT)
    assert receiver.attemptSucceeded(0), "ownership is no part of the books"
    for position in range(1, 6):
        assert bytes(receiver.attemptResult(position)) == LOCKED
