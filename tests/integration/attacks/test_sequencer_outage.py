"""A rollup's sequencer goes down for hours and comes back to prices of before: who gets hurt by being late.

Nobody can act while it is down, other than by the slow way that takes longer than the outage. What must hold
is that the first to act after it do so at prices of after it, and that debtors have their time first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from scripts.common.contract import Contract
from tests.helpers.evm import PyrevmBackend
from tests.helpers.system import DAY, NO_LIMIT, TAKER, TRADER, USDC, WAD, WETH, System

HOUR, GRACE = 3_600, 3_600
STALE = 2
RAMP = 10 * DAY


@pytest.fixture(scope="module")
def rollup() -> tuple[System, Contract]:
    """On a chain of its own, because its sequencer has been up for a day."""
    chain = PyrevmBackend()
    feed = chain.deploy("MockSequencerFeed")
    chain.warp(DAY)
    return System.deploy(chain, (USDC, WETH), sequencer=feed.address), feed


@pytest.fixture
def system(rollup: tuple[System, Contract]) -> Iterator[System]:
    with rollup[0].evm.isolation():
        yield rollup[0]


@pytest.fixture
def sequencer(rollup: tuple[System, Contract]) -> Contract:
    return rollup[1]


def go_down(system: System, sequencer: Contract, seconds: int) -> None:
    sequencer.setUp(False)
    system.evm.warp(seconds)


def come_back(sequencer: Contract) -> None:
    sequencer.setUp(True)


def take(system: System, account: bytes) -> int:
    taker = system.evm.accounts[TAKER]
    into = system.account(taker)
    if not system.vault.holdings(into)[0]:
        system.deposit(taker, "USDC", 100_000)
    return int(system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value[0])


def test_debtors_have_an_hour_before_takers(system: System, sequencer: Contract) -> None:
    """The price has fallen during the outage; takers wait at the door when the sequencer comes back.

    EXIT-1: nobody is taken over while it is down, nor in the grace period after it. Repaying and adding to
    what is held are not delayed by a second, nor by the missing price.
    """
    evm, vault, trader = system.evm, system.vault, system.evm.accounts[TRADER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 15_500)
    for symbol in ("USDC", "WETH"):
        system.fund(symbol, trader, 1_000)
    go_down(system, sequencer, 5 * HOUR)
    system.set_price("WETH", 1_700)
    with evm.reverts("LiquidationEngine_SequencerGrace", 2**256 - 1):
        take(system, account)
    vault.repay(account, system["USDC"], 10**6, sender=trader)
    vault.deposit(account, system["WETH"], WAD // 100, sender=trader)

    come_back(sequencer)
    until = evm.now + GRACE
    evm.warp(1)
    with evm.reverts("LiquidationEngine_SequencerGrace", until):
        take(system, account)
    vault.repay(account, system["USDC"], 10**6, sender=trader)
    vault.deposit(account, system["WETH"], WAD // 100, sender=trader)
    evm.warp(GRACE - 2)
    with evm.reverts("LiquidationEngine_SequencerGrace", until):
        take(system, account)
    with evm.isolation():
        vault.repay(account, system["USDC"], 900 * 10**6, sender=trader)
        evm.warp(1)
        with evm.reverts("LiquidationEngine_Healthy", account, None, None):
            take(system, account)
    evm.warp(1)
    assert take(system, account) > 0


@pytest.mark.parametrize("when", ["down", "back"])
def test_nobody_borrows_at_a_price_of_before(system: System, sequencer: Contract, when: str) -> None:
    """The first transaction after the outage borrows at the price of before it, which is much too high by
    now.

    SOLV-1: an answer from before the restart is stale, however young it is by the feed's own heartbeat.
    """
    evm, trader = system.evm, system.evm.accounts[TRADER]
    account = system.deposit(trader, "WETH", 10)
    go_down(system, sequencer, 2 * HOUR)
    if when == "back":
        come_back(sequencer)
        evm.warp(10)
    with evm.reverts("Vault_NoNewRisk", account, STALE, False):
        system.borrow(trader, "USDC", 1_000)
    if when == "back":
        system.set_price("WETH", 1_700)
        system.set_price("USDC", 1)
        system.borrow(trader, "USDC", 1_000)


def test_leaving_without_debt_is_never_delayed(system: System, sequencer: Contract) -> None:
    """EXIT-1"""
    trader = system.evm.accounts[TRADER]
    account = system.deposit(trader, "WETH", 10)
    go_down(system, sequencer, 30 * HOUR)
    system.vault.withdraw(account, system["WETH"], 4 * WAD, trader, sender=trader)
    come_back(sequencer)
    system.vault.withdraw(account, system["WETH"], 6 * WAD, trader, sender=trader)
    assert system.weth.balanceOf(trader) == 10 * WAD


def test_short_outages_in_a_row_do_not_add_up_to_a_shield(system: System, sequencer: Contract) -> None:
    """The sequencer goes down for a moment again and again: each restart begins the grace anew, and that is
    known.

    What an attacker would need is the sequencer; a grace that has run is over for the outage that it was for.
    """
    evm = system.evm
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    for _ in range(3):
        go_down(system, sequencer, 60)
        come_back(sequencer)
        evm.warp(GRACE // 2)
    system.set_price("WETH", 1_700)
    with evm.reverts("LiquidationEngine_SequencerGrace"):
        take(system, account)
    evm.warp(GRACE // 2)
    assert take(system, account) > 0


@pytest.mark.parametrize("touch", [False, True], ids=["untouched", "poked"])
def test_ramps_count_healthy_time_only(system: System, sequencer: Contract, touch: bool) -> None:
    """A maintenance shock walks up while the sequencer is down for the rest of its ramp: whoever was fine
    before the outage would be taken over right after it, without having had a moment to act.

    GOV-1: the walk goes on where it stood.
    """
    evm = system.evm
    shocks = (260_000, 260_000, 220_000, 220_000)
    system.parameters.setShocks(1, shocks, RAMP)
    system.evm.warp(DAY)
    if touch:
        system.risk.poke(1)
    before = system.parameters.shocks(1)[2]
    assert before == 120_000 + 100_000 * DAY // RAMP
    if touch:
        go_down(system, sequencer, 20 * DAY)
        assert system.parameters.shocks(1)[2] == before, "GOV-1"
        come_back(sequencer)
        assert system.parameters.shocks(1)[2] == before, "GOV-1"
        evm.warp(DAY)
        assert system.parameters.shocks(1)[2] == before + 100_000 * DAY // RAMP, "GOV-1"
    else:
        go_down(system, sequencer, 20 * DAY)
        come_back(sequencer)
        # Nobody had touched the clock since the walk began: it goes on from there, later and never earlier.
        assert system.parameters.shocks(1)[2] <= before, "GOV-1"


def test_a_lies_timeout_counts_healthy_time_only(evm: PyrevmBackend) -> None:
    """A disagreement seen before the outage is not timed out by it.

    ORA-1: the honest source has its five minutes of a running chain.
    """
    feed = evm.deploy("MockSequencerFeed")
    evm.warp(DAY)
    system = System.deploy(evm, (USDC, replace(WETH, tolerance=20_000)), sequencer=feed.address)
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", 1_000)
    system.risk.poke(1)
    go_down(system, feed, 6 * 60)
    come_back(feed)
    evm.warp(GRACE)
    system.risk.poke(1)  # unseen for an hour, the disagreement begins anew
    evm.warp(60)
    with evm.reverts("LiquidationEngine_Healthy", account, None, None):
        take(system, account)
