"""LIQ-4: a debt in ether, hedged by a perpetual whose profit its owner had not asked for. The takeover counted that
profit for nothing, though the money for it had come in, and gave all of it to the taker: the owner took over himself,
lenders wrote off a debt that he could have paid five times, and 22,000 dollars of profit were his in another account.
"""

import pytest

from tests.helpers.evm import Backend
from tests.helpers.perp_market import DOLLAR, PerpBench
from tests.helpers.system import NO_LIMIT, TRADER, WAD, System

PRICE = 4_200


@pytest.fixture
def perps(evm: Backend) -> PerpBench:
    return PerpBench.deploy(System.deploy(evm, stake=0))


def hedged(perps: PerpBench) -> tuple[bytes, bytes, bytes]:
    """29,000 dollars, 8 ether owed, long 10 ether at 2,000 against a rich short; an account of the same owner."""
    account, short = perps.trader(TRADER, 29_000), perps.trader(5, 500_000)
    into = perps.trader(TRADER, 500_000, 1)
    perps.fill(account, short, 10 * WAD)
    perps.system.borrow(perps.owner(account), "WETH", 8)
    perps.set_index(PRICE)
    perps.evm.mine()
    return account, short, into


def test_profit_that_was_paid_in_pays_his_debts(perps: PerpBench) -> None:
    account, short, into = hedged(perps)
    perps.settle(short)
    equity, uncertainty, *_ = perps.system.assess(account)
    assert equity + uncertainty < 0, "without the profit"
    taker = perps.owner(account)
    with perps.evm.reverts("LiquidationEngine_Healthy", account, None, None):
        perps.system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert perps.settle(account) == 22_000 * DOLLAR
    assert perps.system.assess(account)[0] > 17_000 * WAD


def test_profit_that_was_not_is_no_takers(perps: PerpBench) -> None:
    """What the lost account claims goes to the fees; the position itself moves at the mark."""
    account, short, into = hedged(perps)
    before = perps.system.assess(into)[0]
    perps.system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=perps.owner(account))
    assert perps.system.vault.holdings(account)[:2] in (((), ()), ([], []))
    assert perps.position(into)["size"] == 10 * WAD
    perps.settle(short)
    perps.settle(into)
    assert perps.system.assess(into)[0] <= before + WAD, "his profit was not paid twice"
    totals = perps.market.totals()
    assert totals[4] == 22_000 * 10**36 and totals[1] == 22_000 * DOLLAR
    perps.market.collectFees()
    backstop = perps.system.account(perps.system.backstop.address)
    assert perps.balance(backstop) == 22_000 * DOLLAR


def test_a_solvent_account_that_is_taken_whole_keeps_its_claim(perps: PerpBench) -> None:
    """Its equity without the profit is less than the smallest premium."""
    account, short, _ = hedged(perps)
    into = perps.trader(6, 500_000)
    perps.set_index(3_622)
    perps.evm.mine()
    equity, _, requirement, *_ = perps.system.assess(account)
    assert 0 < equity < requirement // 100
    taker = perps.evm.accounts[6]
    tx = perps.system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert tx.value[0] == WAD
    position = perps.position(account)
    assert position["size"] == position["cost"] == 0 and position["waiting"] == 16_220 * DOLLAR
    assert perps.position(into)["size"] == 10 * WAD and perps.position(into)["waiting"] == 0
    perps.settle(short)
    assert perps.settle(account) == 16_220 * DOLLAR
    assert perps.system.vault.holdings(account)[1] in ((), [])
