"""Whoever can silence a rate source for a moment could take over a healthy account.

A pool's share as collateral is worth what the pool says. During a flash loan the pool says nothing, so that
nobody reads a price half-way. The risk engine then fell back on the last rate that somebody had recorded,
maybe a year old and a year's interest too low: a flash loan of nothing, and inside of it a takeover at last
year's price. Now what is held and has no rate counts at the highest rate that its source could answer.
"""

from __future__ import annotations

import pytest

from scripts.common.contract import Contract
from tests.helpers.system import DAY, LENDER, STRANGER, TAKER, TRADER, WAD, ZERO, AssetSpec, Listing, System

SHARE = AssetSpec("kDAI", 24, 1, borrowable=False)
YEAR_OF_INTEREST = WAD * 6 // 100


@pytest.fixture
def shares(system: System) -> Listing:
    """Shares of the DAI pool as collateral, a year and 7% of interest after they were listed."""
    base, pool = system.assets["DAI"], system.pool("DAI")
    system.vault.listAsset(pool.address, ZERO, 2**119, 0)
    query = pool.convertToAssets.encode(10**24)
    source = system.evm.deploy("GrowthCappedRate", pool.address, query, WAD, WAD // 10)
    number, nobody = len(system.assets), system.evm.at("LendingPool", ZERO)
    system.parameters.addAsset(number, (base.underlying, 2, source.address, 0, 0, 200, 0))
    lender, borrower = system.evm.accounts[LENDER], system.evm.accounts[STRANGER]
    system.leveraged(borrower, amount=1_500, debt="DAI", borrowed=1_800_000)
    pool.withdraw(pool.cash() - system.units("DAI", 175_000), lender, lender, sender=lender)
    for _ in range(12):
        system.warp(30 * DAY)
        source.poke()
    assert source.rateWad() - WAD > YEAR_OF_INTEREST
    return Listing(SHARE, number, pool, nobody, base.feed, base.underlying)


def test_a_flash_loan_does_not_bring_back_an_old_rate(system: System, shares: Listing) -> None:
    """LIQ-3: healthy at its favourable edge, so nobody takes it over, in whatever transaction."""
    evm, pool, trader = system.evm, shares.token, system.evm.accounts[TRADER]
    collateral = system.lend("DAI", 10_000, trader)
    pool.approve(system.vault.address, collateral, sender=trader)
    account = system.account(trader)
    system.vault.deposit(account, pool.address, collateral, sender=trader)
    system.borrow(trader, "USDC", 9_300)
    evm.mine()
    assert system.health(account) > 1.5

    attacker = taker_with_flash_loan(system, account)
    pool.flashLoan(attacker.address, system["DAI"], 0, b"")
    assert not attacker.attemptSucceeded(0), "LIQ-3"
    assert evm.dictionary.error(attacker.attemptResult(0))[0] == "LiquidationEngine_Healthy"


def taker_with_flash_loan(system: System, account: bytes) -> Contract:
    """A borrower of flash loans with capital in the vault, who tries a takeover while he holds one."""
    evm = system.evm
    attacker = evm.deploy("MockFlashBorrower")
    into = system.account(attacker.address)
    amount = system.fund("USDC", evm.accounts[TAKER], 20_000)
    system.token("USDC").transfer(attacker.address, amount, sender=evm.accounts[TAKER])
    system.token("USDC").approve(system.vault.address, amount, sender=attacker.address)
    system.vault.deposit(into, system["USDC"], amount, sender=attacker.address)
    attempt = system.vault.liquidate.encode(account, into, WAD, 0, 0, 2**255 - 1)
    attacker.setAttempts([(system.vault.address, attempt)])
    return attacker
