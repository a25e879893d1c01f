"""A domain that loses its credit line and has it refilled, again and again."""

from __future__ import annotations

from tests.helpers.evm import Backend
from tests.helpers.system import NO_LIMIT, OWNER, TAKER, TRADER, USDC, WAD, WETH, System

LINE = 40_000 * 10**6


def lose(system: System, borrowed: int) -> int:
    """Somebody borrows, is ruined, and is taken over at the lenders' expense; what was written off."""
    trader, taker = system.evm.accounts[TRADER], system.evm.accounts[TAKER]
    before = system.pool("USDC").domainOf(system.vault.address).writtenOff
    system.set_price("WETH", 2_000)
    account = system.leveraged(trader, "WETH", borrowed // 1_550, "USDC", borrowed)
    system.set_price("WETH", 1_000)
    into = system.deposit(taker, "USDC", 100_000)
    system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    return int(system.pool("USDC").domainOf(system.vault.address).writtenOff - before)


def test_a_write_off_lowers_the_line_for_good(session_evm: Backend, evm: Backend) -> None:
    """The attacker has a domain lose what it borrowed, and borrow as much again, until the pool is empty.

    SOLV-4: what is written off counts against the line as debt does, also when governance sets the same line
    once more. All losses together are the line at most, and interest.
    """
    system = System.deploy(evm, (USDC, WETH), stake=0)
    pool, owner = system.pool("USDC"), evm.accounts[OWNER]
    pool.setLine(system.vault.address, LINE)
    lost = 0
    for borrowed in (31_000, 24_800, 15_500, 9_300):
        if borrowed * 10**6 > LINE - lost:
            with evm.reverts("LendingPool_LineExceeded", system.vault.address, None, LINE - lost):
                lose(system, borrowed)
            system.set_price("WETH", 2_000)
            continue
        lost += lose(system, borrowed)
        pool.setLine(system.vault.address, LINE, sender=owner)  # "refilled"
        assert pool.domainOf(system.vault.address).writtenOff == lost
    assert lost > LINE // 3
    room = LINE - lost - pool.domainOf(system.vault.address).principal
    account = system.deposit(evm.accounts[TRADER], "WETH", 1_000)
    with evm.reverts("LendingPool_LineExceeded"):
        system.vault.borrow(
            account, system["USDC"], room + 1, evm.accounts[TRADER], sender=evm.accounts[TRADER]
        )
    with evm.reverts("LendingPool_LineExceeded"):
        system.vault.borrow(
            account, system["USDC"], room + 10**6, evm.accounts[TRADER], sender=evm.accounts[TRADER]
        )
    assert lost <= LINE, "SOLV-4"


def test_a_raised_line_gives_the_difference_only(session_evm: Backend, evm: Backend) -> None:
    """SOLV-4: a higher line counts from the beginning, so it gives back nothing of what was lost."""
    system = System.deploy(evm, (USDC, WETH), stake=0)
    pool, trader = system.pool("USDC"), evm.accounts[TRADER]
    pool.setLine(system.vault.address, LINE)
    lost = lose(system, 31_000)
    pool.setLine(system.vault.address, LINE + 10**9)
    account = system.deposit(trader, "WETH", 1_000)
    evm.mine()
    owed = pool.totalDebt()
    left = LINE + 10**9 - lost - owed
    with evm.reverts("LendingPool_LineExceeded"):
        system.vault.borrow(account, system["USDC"], left + 10, trader, sender=trader)
    system.vault.borrow(account, system["USDC"], left - 10, trader, sender=trader)
    assert pool.totalDebt() + lost <= LINE + 10**9, "SOLV-4"
