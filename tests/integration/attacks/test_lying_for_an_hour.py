"""A second source lies for an hour: what it can delay, and what it cannot.

ORA-1: a takeover by at most the timeout of five minutes, new risk as long as it lies, everything else not at
all. The timeout runs from the first poke that saw the sources disagree; anybody may poke.
"""

from __future__ import annotations

import pytest

from scripts.common.contract import Tx
from tests.helpers.system import NO_LIMIT, STRANGER, TAKER, TRADER, WAD, System

LIE, PRICE = 4_000, 1_770
MINUTE, HOUR = 60, 3_600
TIMEOUT = 5 * MINUTE
DIVERGED = 1


@pytest.fixture
def account(two_sources: System) -> bytes:
    """Below its maintenance requirement at 1,770 dollars; the second source still says 2,000."""
    return two_sources.leveraged(two_sources.evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)


def lie(system: System, price: float = PRICE) -> None:
    system.set_price("WETH", price)
    system.set_second_price("WETH", LIE)


def agree(system: System) -> None:
    system.set_second_price("WETH", PRICE)


def poke(system: System) -> None:
    system.risk.poke(system.assets["WETH"].underlying, sender=system.evm.accounts[STRANGER])


def take(system: System, account: bytes) -> Tx:
    taker = system.evm.accounts[TAKER]
    into = system.account(taker)
    if not system.balance(into, "USDC"):
        system.deposit(taker, "USDC", 100_000)
    return system.vault.liquidate(account, into, WAD // 10, 0, 0, NO_LIMIT, sender=taker)


def refuse(system: System, account: bytes) -> None:
    with system.evm.reverts("LiquidationEngine_Healthy", account, None, None):
        take(system, account)


def test_it_delays_a_takeover_by_five_minutes(two_sources: System, account: bytes) -> None:
    """ORA-1: not a second less, for the lie may be the primary's, and not a second more."""
    system = two_sources
    lie(system)
    refuse(system, account)
    poke(system)
    system.evm.warp(TIMEOUT - 1)
    refuse(system, account)
    system.evm.warp(1)
    assert take(system, account).events("Liquidated")


def test_one_agreeing_block_does_not_restart_the_clock(two_sources: System, account: bytes) -> None:
    """The liar agrees for a moment, has it recorded more than once, and lies on, again and again.

    ORA-1: agreement counts when it was seen for a whole minute and nobody saw anything else in between.
    """
    system = two_sources
    lie(system)
    poke(system)
    since = system.risk.priceRecord(1).divergedSince
    for _ in range(4):
        system.evm.warp(MINUTE)
        agree(system)
        poke(system)
        poke(system)
        system.evm.warp(1)
        poke(system)
        lie(system)
        poke(system)
    assert system.risk.priceRecord(1).divergedSince == since
    system.evm.warp(MINUTE)
    assert take(system, account).events("Liquidated")


def test_agreeing_for_a_minute_is_a_minute_for_takers(two_sources: System, account: bytes) -> None:
    """The only way to restart the clock is to tell the truth for a minute, and then takers act.

    ORA-1
    """
    system = two_sources
    lie(system)
    poke(system)
    system.evm.warp(4 * MINUTE)
    agree(system)
    poke(system)
    assert take(system, account).events("Liquidated")


@pytest.mark.parametrize("pause", [11 * MINUTE, 24 * HOUR])
def test_a_timeout_is_not_armed_in_advance(two_sources: System, account: bytes, pause: int) -> None:
    """The sources disagree for an hour, are seen to, and agree again; nobody pokes. Then the primary lies.

    ORA-1, LIQ-3: a disagreement of long ago has to be seen for five minutes once more before the primary
    alone decides, so that an honest second source always has its five minutes.
    """
    system = two_sources
    lie(system, 2_000)
    for _ in range(12):
        poke(system)
        system.evm.warp(TIMEOUT)
    system.set_second_price("WETH", 2_000)
    system.warp(pause)
    system.set_price("WETH", 1_000)
    refuse(system, account)
    poke(system)
    refuse(system, account)
    system.evm.warp(TIMEOUT - 1)
    poke(system)
    refuse(system, account)


def test_agreement_that_was_seen_disarms_it_at_once(two_sources: System, account: bytes) -> None:
    """As before, but the primary lies within the ten minutes for which a disagreement counts.

    ORA-1: whoever pokes twice while the sources agree, a minute apart, has ended the disagreement.
    """
    system = two_sources
    lie(system, 2_000)
    poke(system)
    system.evm.warp(TIMEOUT + 1)
    poke(system)
    system.set_second_price("WETH", 2_000)
    poke(system)
    system.evm.warp(MINUTE)
    poke(system)
    system.set_price("WETH", 1_000)
    refuse(system, account)


def test_for_an_hour_nothing_new_and_everything_old(two_sources: System, account: bytes) -> None:
    """ORA-1, EXIT-1: no new risk, nor after the timeout; repaying, adding and reducing go on all the time."""
    system, trader = two_sources, two_sources.evm.accounts[TRADER]
    system.deposit(trader, "USDC", 5_000)  # repays
    for symbol in ("USDC", "WETH"):
        system.fund(symbol, trader, 1_000)
    lie(system, 2_000)
    poke(system)
    for _ in range(6):
        system.evm.warp(10 * MINUTE)
        lie(system, 2_000)
        poke(system)
        with system.evm.reverts("Vault_NoNewRisk", account, DIVERGED, False):
            system.borrow(trader, "USDC", 100)
        with system.evm.reverts("Vault_NoNewRisk", account, DIVERGED, False):
            system.vault.withdraw(account, system["WETH"], 1, trader, sender=trader)
        assert system.vault.repay(account, system["USDC"], 10**6, sender=trader).value == 10**6
        system.vault.deposit(account, system["WETH"], WAD // 10, sender=trader)
