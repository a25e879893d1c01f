"""Whoever joined the backstop right before its salvage was sold took most of the proceeds.

Stakers pay for what a lost account leaves; it counted for nothing in their share's price until it was sold. A new
staker with ten times as much money came in at that price, bought the salvage himself at two hundredths below the
oracle's price, and was paid nine tenths of his own payment back: nearly all of the salvage, for a week's cooldown.
The same with reserves that pools had not paid out yet. Now who enters pays for both at the upper price.
"""

from __future__ import annotations

import pytest

from tests.helpers.system import DAY, NO_LIMIT, STAKER, STRANGER, TAKER, TRADER, WAD, YEAR, System
from tests.helpers.worth import gain, worth

STAKE = 1_000_000


def salvage(system: System) -> float:
    """A lost account, all of whose ether a taker leaves to the backstop; the ether's price afterwards."""
    evm = system.evm
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", 1_400)
    into = system.deposit(evm.accounts[TAKER], "USDC", 300_000)
    ether = 1 << system.assets["WETH"].id
    system.vault.liquidate(account, into, WAD, ether, 0, NO_LIMIT, sender=evm.accounts[TAKER])
    assert system.balance(system.account(system.backstop.address), "WETH") == 10 * WAD
    return 1_400


def reserves(system: System) -> float:
    """A year of interest on two loans, of which nobody has collected the reserves' part."""
    for index, symbol in enumerate(("USDC", "WBTC")):
        whole = 3_000_000 if symbol == "USDC" else 60
        system.leveraged(system.evm.accounts[TRADER], "WETH", 2_500, symbol, whole, index)
    system.warp(YEAR)
    return 2_000


@pytest.mark.parametrize("left_over", [salvage, reserves])
def test_they_pay_for_it(system: System, left_over) -> None:
    evm, late = system.evm, system.evm.accounts[STRANGER]
    prices = {"WETH": left_over(system)}
    old = worth(system, evm.accounts[STAKER])
    for symbol, whole in (("USDC", STAKE + 20_000), ("WBTC", 1)):
        system.mint(symbol, late, whole)
    system.token("USDC").approve(system.backstop.address, 2**255, sender=late)
    with gain(system, late, prices=prices) as gained:
        system.backstop.deposit(STAKE * 10**6, late, sender=late)
        for symbol in ("USDC", "WBTC"):
            system.backstop.collect(system.pool(symbol).address, sender=late)
        for symbol in ("WETH", "WBTC"):
            held = system.balance(system.account(system.backstop.address), symbol)
            if held:
                system.backstop.sell(system[symbol], held, 2**255, sender=late)
        shares = system.backstop.balanceOf(late)
        system.backstop.requestExit(shares, sender=late)
        system.warp(7 * DAY)
        system.backstop.redeem(shares, late, late, sender=late)
    # What is left is the discount of two hundredths, on what he bought with his own money.
    assert gained.dollars < 300
    assert worth(system, evm.accounts[STAKER]) > old + 5_000


def test_what_was_there_before_is_in_the_price(system: System) -> None:
    """Half of the old stakers' worth again, for as much money as they have and what is unsold."""
    salvage(system)
    before = system.backstop.totalSupply()
    assets = system.backstop.totalAssets()
    system.stake((assets + 14_000 * 10**6) / 10**6, system.evm.accounts[STRANGER])
    bought = system.backstop.balanceOf(system.evm.accounts[STRANGER])
    assert bought == pytest.approx(before, rel=1e-3)
    assert bought < before


def test_within_a_pools_operation_nobody_enters(system: System) -> None:
    """A pool in the middle of a flash loan does not say what it owes the backstop."""
    attacker = system.evm.deploy("MockFlashBorrower")
    backstop = system.backstop
    attacker.setAttempts(
        [
            (backstop.address, backstop.previewDeposit.encode(10**6)),
            (backstop.address, backstop.maxMint.encode(attacker.address)),
        ]
    )
    system.pool("DAI").flashLoan(attacker.address, system["DAI"], 0, b"")
    assert not attacker.attemptSucceeded(0)
    assert attacker.attemptSucceeded(1) and int.from_bytes(attacker.attemptResult(1), "big") == 0
