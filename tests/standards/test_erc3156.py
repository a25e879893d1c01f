"""ERC-3156, sentence by sentence: flash loans of lending pools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from scripts.common.contract import Contract, Tx
from tests.helpers.evm import PyrevmBackend
from tests.helpers.pool_bench import UNIT, PoolBench
from tests.standards.clauses import shows

FEE = 5 * 10**14
DATA = b"any bytes \x00\xff"


@dataclass
class Loans:
    """A pool that charges for flash loans, and somebody who takes them."""

    bench: PoolBench
    receiver: Contract

    def take(self, amount: int, token: Contract | None = None) -> Tx:
        """A stranger has the receiver take a loan."""
        tx: Tx = self.bench.pool.flashLoan(
            self.receiver, token or self.bench.token, amount, DATA, sender=self.bench.stranger
        )
        return tx


@pytest.fixture
def loans(evm: PyrevmBackend) -> Iterator[Loans]:
    bench = PoolBench(evm).ready(1_000 * UNIT, 400 * UNIT)
    bench.pool.setFlashFee(FEE)
    receiver = evm.deploy("MockFlashBorrower")
    bench.token.mint(receiver, UNIT)
    yield Loans(bench, receiver)


@shows("3156 interface", "3156 true")
def test_the_interface(loans: Loans) -> None:
    """Selectors as the standard's signatures give them."""
    pool = loans.bench.pool
    token = loans.bench.token
    assert pool.maxFlashLoan.encode(token)[:4].hex() == "613255ab"
    assert pool.flashFee.encode(token, 1)[:4].hex() == "d9d98ce4"
    assert pool.flashLoan.encode(loans.receiver, token, 1, b"")[:4].hex() == "5cffe9de"
    assert loans.take(UNIT).value is True


@shows("3156 maximum")
def test_the_largest_loan_goes_through(loans: Loans) -> None:
    most = loans.bench.pool.maxFlashLoan(loans.bench.token)
    assert most == 600 * UNIT
    with loans.bench.evm.isolation():
        loans.take(most)
    with loans.bench.evm.reverts():
        loans.take(most + 1)


@shows("3156 maximum of others", "3156 fee of others")
def test_other_tokens(loans: Loans) -> None:
    bench = loans.bench
    other = bench.evm.deploy("MockERC20", "Other", "OTH", 18)
    other.mint(bench.pool, UNIT)
    for token in (other, bench.pool, bench.stranger):
        assert bench.pool.maxFlashLoan(token) == 0
        with bench.evm.reverts():
            bench.pool.flashFee(token, 1)


@shows("3156 fee", "3156 fee argument", "3156 repayment")
@pytest.mark.parametrize("amount", [0, 1, 10**9 + 1, 599 * UNIT + 7])
def test_the_fee_is_what_was_said(loans: Loans, amount: int) -> None:
    bench = loans.bench
    said = bench.pool.flashFee(bench.token, amount)
    assert said == -(-amount * FEE // 10**18)
    cash, held = bench.token.balanceOf(bench.pool), bench.token.balanceOf(loans.receiver)
    loans.take(amount)
    assert loans.receiver.fee() == said
    assert bench.token.balanceOf(bench.pool) - cash == held - bench.token.balanceOf(loans.receiver) == said


@shows("3156 repayment")
def test_a_loan_that_is_not_given_back_in_full(loans: Loans) -> None:
    loans.receiver.setApproval(True, 1)
    with loans.bench.evm.reverts():
        loans.take(UNIT)
    loans.receiver.setApproval(False, 0)
    with loans.bench.evm.reverts():
        loans.take(UNIT)


@shows("3156 callback", "3156 transfer first", "3156 initiator", "3156 arguments")
def test_what_the_receiver_is_told(loans: Loans) -> None:
    bench, receiver = loans.bench, loans.receiver
    loans.take(17 * UNIT)
    assert receiver.balanceInside() == 18 * UNIT, "the loan is there before the callback"
    assert receiver.initiator() == bench.stranger
    assert (receiver.token(), receiver.amount(), receiver.data()) == (bench.token.address, 17 * UNIT, DATA)


@shows("3156 answer")
@pytest.mark.parametrize("answer", [b"\0" * 32, b"\0" * 31 + b"\1", b"\xff" * 32])
def test_another_answer_is_none(loans: Loans, answer: bytes) -> None:
    loans.receiver.setAnswer(answer)
    with loans.bench.evm.reverts("LendingPool_FlashRefused", loans.receiver):
        loans.take(UNIT)
