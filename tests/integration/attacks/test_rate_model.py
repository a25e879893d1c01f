"""A rate model that fails, lies or burns gas, and a pool that is emptied and filled for a moment."""

from __future__ import annotations

import pytest

from scripts.common.contract import Contract
from tests.helpers.system import LENDER, NO_LIMIT, OWNER, STRANGER, TAKER, TRADER, WAD, YEAR, System

ANSWER, REVERT, REVERT_BOMB, BOMB, BURN, SHORT, _, REENTER = range(8)
NORMAL = WAD // 20 // YEAR
HIGHEST = 10 * WAD // YEAR


@pytest.fixture
def model(system: System) -> Contract:
    """Installed with a normal rate; turns bad when told."""
    model = system.evm.deploy("MockRateModel")
    model.set(ANSWER, NORMAL)
    system.pool("USDC").setRateModel(model.address, sender=system.evm.accounts[OWNER])
    return model


@pytest.mark.parametrize("mode", [REVERT, REVERT_BOMB, BOMB, BURN, SHORT, REENTER])
def test_a_bad_model_freezes_nothing(system: System, model: Contract, mode: int) -> None:
    """It reverts, burns all its gas, answers with a megabyte, or calls back into the pool.

    EXIT-1, LIQ-5: lending, borrowing, repaying, leaving and takeovers go on at the last rate.
    """
    evm, vault, pool = system.evm, system.vault, system.pool("USDC")
    trader, taker, lender = evm.accounts[TRADER], evm.accounts[TAKER], evm.accounts[LENDER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 12_000)
    model.set(mode, NORMAL)
    into = system.deposit(taker, "WETH", 50)
    system.lend("USDC", 1_000, evm.accounts[STRANGER])
    system.borrow(trader, "USDC", 3_500)
    system.fund("USDC", trader, 100)
    vault.repay(account, system["USDC"], 10**6, sender=trader)
    evm.mine()
    system.set_price("WETH", 1_740)
    assert vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value[0] > 0
    pool.withdraw(10**9, lender, lender, sender=lender)
    assert pool.ratePerSecond() in (NORMAL, 2, 1)


def test_an_absurd_rate_is_the_highest_rate(system: System, model: Contract) -> None:
    """It answers with the largest number there is: debtors pay ten times their debt a year, not more."""
    model.set(ANSWER, 2**256 - 1)
    pool = system.pool("USDC")
    pool.accrue()
    assert pool.ratePerSecond() == HIGHEST


def test_a_moment_of_utilisation_leaves_no_trace(system: System) -> None:
    """The attacker empties the pool and fills it again in one transaction, to have debtors pay the highest
    rate; or lends a fortune for a moment, to have lenders earn nothing.

    The model is asked after every operation, and interest runs on time alone.
    """
    evm, pool = system.evm, system.pool("USDC")
    attacker = evm.accounts[STRANGER]
    system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 12_000)
    before = pool.ratePerSecond()
    account = system.deposit(attacker, "WETH", 5_000)
    index = pool.debtIndexNow()
    system.vault.borrow(account, system["USDC"], pool.cash(), attacker, sender=attacker)
    assert pool.ratePerSecond() > 10 * before
    system.fund("USDC", attacker, 100)
    system.vault.repay(account, system["USDC"], 2**255, sender=attacker)
    assert pool.ratePerSecond() == before
    shares = system.lend("USDC", 10**8, attacker)
    pool.redeem(shares, attacker, attacker, sender=attacker)
    assert abs(pool.ratePerSecond() - before) <= 1
    assert pool.debtIndexNow() == index
