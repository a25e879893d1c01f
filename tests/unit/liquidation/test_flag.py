"""LiquidationEngine.flag: whose shortfall counts, how much of it is whose, what exits are worth (LIQ-5)."""

from __future__ import annotations

import pytest

from scripts.common.units import WAD
from tests.helpers.shortfalls import insolvent, only_debts
from tests.helpers.system import LENDER, OWNER, STAKER, STRANGER, TAKER, TRADER, System

DOLLAR = 10**6


def flag(system: System, account: bytes):
    return system.liquidation.flag(account, sender=system.evm.accounts[STRANGER])


def flags(system: System, account: bytes, *symbols: str) -> list[int]:
    """The backstop's flag of an account, then those of pools."""
    pools = [system.pool(symbol).flaggedOf(system.vault.address, account) for symbol in symbols]
    return [system.backstop.flaggedOf(account), *pools]


def test_a_solvent_account_cannot_be_flagged(system: System) -> None:
    account = system.leveraged(system.evm.accounts[TRADER], amount=100, borrowed=155_000)
    system.set_price("WETH", 1_600)
    with system.evm.reverts("LiquidationEngine_Solvent"):
        flag(system, account)


def test_the_favourable_edge_decides(system: System) -> None:
    """No flag by a price within its own uncertainty."""
    account = insolvent(system, price=1_548)
    equity, uncertainty, *_ = system.assess(account)
    assert equity < 0 <= equity + uncertainty
    with system.evm.reverts("LiquidationEngine_Solvent", account, equity + uncertainty):
        flag(system, account)


def premium(system: System, account: bytes) -> int:
    """The smallest premium in settlement tokens: a tenth of the requirement."""
    return system.assess(account)[2] // 10 // 10**12


def test_anybody_flags_what_the_backstop_will_pay(system: System) -> None:
    """Premium and deficit at the exchange price; a backstop that has both leaves the pools alone."""
    account = insolvent(system)
    shortfall = -system.assess(account)[0]
    tx = flag(system, account)
    part = -(-shortfall // 10**12) + premium(system, account)
    assert tx.events("AccountFlagged", system.liquidation)[0]["shortfallWad"] == shortfall
    assert part <= system.backstop.flaggedOf(account) <= part + 1
    assert system.backstop.flagged() == system.backstop.flaggedOf(account)
    assert flags(system, account, "USDC")[1:] == [0]
    assert system.liquidation.isFlagged(account)


def test_pools_are_flagged_for_what_the_backstop_has_not(system: System) -> None:
    account = insolvent(system, weth=1_000, price=1_400)  # short of 150,000, the backstop has 100,000
    flag(system, account)
    backstop, pool = flags(system, account, "USDC")
    assert backstop == 100_000 * DOLLAR == system.backstop.flagged()
    assert pool == pytest.approx(50_000 * DOLLAR + premium(system, account), rel=1e-6)
    assert pool == system.pool("USDC").flagged()


def test_pools_are_flagged_by_the_values_of_their_debts(system: System) -> None:
    """And by no less than the shortfall, all together."""
    account = only_debts(system, {"USDC": 200_000, "DAI": 300_000, "WETH": 50})
    shortfall = -system.assess(account)[0]
    flag(system, account)
    left = 500_000 + premium(system, account) / DOLLAR
    backstop, usdc, dai, weth = flags(system, account, "USDC", "DAI", "WETH")
    assert backstop == 100_000 * DOLLAR
    assert usdc == pytest.approx(left * 2 / 6 * DOLLAR, rel=1e-4)
    assert dai == pytest.approx(left * 3 / 6 * WAD, rel=1e-4)
    assert weth == pytest.approx(left / 6 / 2_000 * WAD, rel=1e-4)
    paid = (backstop - premium(system, account)) * 10**12
    assert paid + usdc * 10**12 + dai + weth * 2_000 >= shortfall


def test_exits_are_priced_net_from_the_flag_on(system: System) -> None:
    """LIQ-5: lender and staker get less at once, and an entry pays the full price."""
    account = insolvent(system, weth=1_000, price=1_400)
    lender, staker = system.evm.accounts[LENDER], system.evm.accounts[STAKER]
    pool, backstop = system.pool("USDC"), system.backstop
    shares, staked = pool.balanceOf(lender), backstop.balanceOf(staker)
    before, staked_before = pool.previewRedeem(shares), backstop.previewRedeem(staked)
    entry, stake_entry = pool.previewDeposit(DOLLAR), backstop.previewDeposit(DOLLAR)
    flag(system, account)
    lost = 50_000 * DOLLAR + premium(system, account)
    assert before - pool.previewRedeem(shares) == pytest.approx(lost, rel=1e-4)
    assert staked_before == pytest.approx(100_000 * DOLLAR, rel=1e-6)
    assert backstop.previewRedeem(staked) <= 1
    assert (pool.previewDeposit(DOLLAR), backstop.previewDeposit(DOLLAR)) == (entry, stake_entry)


def test_flagging_again_follows_the_shortfall(system: System) -> None:
    account = insolvent(system, weth=1_000, price=1_400)
    flag(system, account)
    system.set_price("WETH", 1_350)
    flag(system, account)
    left = 100_000 * DOLLAR + premium(system, account)
    assert flags(system, account, "USDC")[1] == pytest.approx(left, rel=1e-6)
    system.set_price("WETH", 1_500)
    flag(system, account)
    paid = 50_000 * DOLLAR + premium(system, account)
    assert flags(system, account, "USDC") == [pytest.approx(paid, rel=1e-4), 0]
    assert system.pool("USDC").flagged() == 0


def test_a_pool_that_was_repaid_loses_its_flag(system: System) -> None:
    account = only_debts(system, {"USDC": 200_000, "DAI": 300_000})
    flag(system, account)
    stranger = system.evm.accounts[STRANGER]
    system.fund("DAI", stranger, 400_000)
    system.vault.repay(account, system["DAI"], 2**255, sender=stranger)
    assert flags(system, account, "DAI")[1] > 0
    flag(system, account)
    left = 100_000 * DOLLAR + premium(system, account)
    assert flags(system, account, "USDC", "DAI")[1:] == [pytest.approx(left, rel=1e-6), 0]


def test_what_is_promised_to_one_is_not_promised_to_another(system: System) -> None:
    """The backstop's money is flagged once."""
    first = insolvent(system, weth=1_200)  # short of 60,000
    second = system.account(system.evm.accounts[TRADER], 1)
    system.set_price("WETH", 2_000)
    system.leveraged(system.evm.accounts[TRADER], amount=1_200, borrowed=1_860_000, index=1)
    system.set_price("WETH", 1_500)
    flag(system, first)
    flag(system, second)
    of_first = 60_000 * DOLLAR + premium(system, first)
    assert flags(system, first, "USDC") == [pytest.approx(of_first, rel=1e-4), 0]
    assert flags(system, second, "USDC") == [
        pytest.approx(100_000 * DOLLAR - of_first, rel=1e-4),
        pytest.approx(60_000 * DOLLAR, rel=1e-4),  # what is left is less than the premium
    ]
    assert system.backstop.flagged() == 100_000 * DOLLAR


def test_a_flag_moves_nothing(system: System) -> None:
    """SOLV-3: no balance, no share price of an entry, no debt changes by a flag alone."""
    account = insolvent(system, weth=1_000, price=1_400)
    pool = system.pool("USDC")
    before = (
        pool.totalAssets(),
        pool.totalDebt(),
        system.balance(account, "USDC"),
        system.balance(account, "WETH"),
    )
    flag(system, account)
    after = (
        pool.totalAssets(),
        pool.totalDebt(),
        system.balance(account, "USDC"),
        system.balance(account, "WETH"),
    )
    assert after == before


def test_while_an_operation_is_half_done_nobody_flags(system: System) -> None:
    """An instrument that acts in the middle of a batch cannot have the engine look at it."""
    from tests.helpers.shortfalls import calls, puppet

    account = insolvent(system, weth=1_000, price=1_400)
    instrument, taker = puppet(system), system.evm.accounts[TAKER]
    data = calls([(system.liquidation.address, system.liquidation.flag.encode(account))])
    with system.evm.reverts("Vault_Locked"):
        system.vault.callInstrument(system.account(taker), instrument.address, data, sender=taker)
    assert system.evm.accounts[OWNER] != taker
