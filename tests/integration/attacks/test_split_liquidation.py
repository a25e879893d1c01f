"""One takeover cut into slices, each at the premium of its moment."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.system import NO_LIMIT, TAKER, TRADER, WAD, System
from tests.helpers.worth import gain

DUST = Fraction(1, 10**4)  # dollars: each slice rounds a few units of both assets


@pytest.mark.parametrize("price", [1_775, 1_740, 1_700, 1_650, 1_610])
@pytest.mark.parametrize("slices", [[50, 50], [1, 99], [99, 1], [10] * 10, [25, 25, 25, 25]])
def test_slices_pay_no_more_than_the_whole(system: System, price: float, slices: list[int]) -> None:
    """The taker takes over in slices what he could have at once: each lifts health, and so lowers the
    premium.

    LIQ-2, at the same prices and for the same fraction of everything.
    """
    evm, taker = system.evm, system.evm.accounts[TAKER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", price)
    into = system.deposit(taker, "USDC", 100_000)

    def take(fractions: list[int]) -> tuple[Fraction, Fraction, int]:
        """What it gains, the ether that moved, and the fraction of the beginning that is left; ends where the
        account is healthy again."""
        left = WAD
        with gain(system, taker, prices={"WETH": price}) as gained:
            for fraction in fractions:
                try:
                    tx = system.vault.liquidate(account, into, fraction, 0, 0, NO_LIMIT, sender=taker)
                except evm.Reverted as refusal:
                    assert refusal.name == "LiquidationEngine_Healthy"
                    break
                left = left * (WAD - tx.value[0]) // WAD
        return gained.dollars, Fraction(system.balance(into, "WETH"), WAD), left

    with evm.isolation():
        whole, _ = system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value
    # Part of the whole, so that no slice is clamped to the target.
    whole, left, parts = whole * 9 // 10, WAD, []
    for percent in slices:
        step = whole * percent // 100
        parts.append(step * WAD // left)
        left -= step
    with evm.isolation():
        split, ether_split, left = take(parts)
    once, ether, _ = take([WAD - left])
    assert abs(ether - ether_split) < Fraction(1, 10**15)
    assert split <= once + DUST, "LIQ-2"


@pytest.mark.parametrize("price", [1_775, 1_700, 1_610])
def test_going_on_to_the_target_in_slices_pays_no_more(system: System, price: float) -> None:
    """The same to the end: slices until the account is healthy again, against one takeover to the target.

    LIQ-2: slices may reach the target with less than one takeover would have moved, never for more.
    """
    evm, taker = system.evm, system.evm.accounts[TAKER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", price)
    into = system.deposit(taker, "USDC", 100_000)
    with evm.isolation(), gain(system, taker, prices={"WETH": price}) as once:
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    with gain(system, taker, prices={"WETH": price}) as split:
        for _ in range(40):
            try:
                system.vault.liquidate(account, into, WAD // 20, 0, 0, NO_LIMIT, sender=taker)
            except evm.Reverted as refusal:
                assert refusal.name == "LiquidationEngine_Healthy"
                break
    assert split.dollars <= once.dollars + DUST, "LIQ-2"


@pytest.mark.parametrize("price", [1_775, 1_700, 1_650])
def test_a_greedy_taker_gets_what_mends_the_account_and_no_more(system: System, price: float) -> None:
    """The taker asks for everything, of an account that lacks a little.

    LIQ-1: the size is clamped to what restores the target health, or a little more as the payment repays debt; the
    owner pays a premium on that alone.
    """
    evm, taker = system.evm, system.evm.accounts[TAKER]
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", price)
    into = system.deposit(taker, "USDC", 100_000)
    taken = system.vault.liquidate(account, into, 2**256 - 1, 0, 0, NO_LIMIT, sender=taker).value[0]
    assert 0 < taken < WAD
    assert 1.149 < system.health(account) < 1.165
    with evm.reverts("LiquidationEngine_Healthy", account, None, None):
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
