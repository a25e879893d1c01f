"""One of two price sources lies, up or down: for new risk, for a takeover, for the price of one.

ORA-1. Whichever it is, the band contains the honest price; new risk is judged at its worst edge, liquidation
at its favourable one, and a taker pays at the favourable edge less the primary's own half-width. A source
that lies for longer than the timeout is in test_lying_for_an_hour.py.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.evm import Backend
from tests.helpers.system import NO_LIMIT, TAKER, TRADER, WAD, System
from tests.helpers.worth import gain

HONEST = 2_000
LIES = {
    "down a little": 1_900,
    "down": 1_000,
    "to nothing": 1,
    "up a little": 2_100,
    "up": 4_000,
    "away": 10**7,
}
LIARS = ["primary", "secondary"]
DIVERGED = 1
# A dollar of the price moves the payment, and through health the premium, by the slope of the domain's curve;
# the requirement moves as well, by a tenth of it at most.
SLACK = (1 + Fraction(400 - 150, 1_000 - 600)) * Fraction(11, 10)

pytestmark = pytest.mark.parametrize("liar", LIARS)


def say(system: System, liar: str, lie: float, honest: float = HONEST) -> None:
    """Both sources answer; one of them lies."""
    system.set_price("WETH", lie if liar == "primary" else honest)
    system.set_second_price("WETH", lie if liar == "secondary" else honest)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_nobody_borrows_against_a_lie(two_sources: System, liar: str, lie: float) -> None:
    """Ether is said to be worth more than it is and borrowed against, or worth less and borrowed.

    ORA-1: what an honest price does not cover is refused at the worst edge, and what it covers waits until
    the sources agree.
    """
    system, evm, attacker = two_sources, two_sources.evm, two_sources.evm.accounts[TRADER]
    long = system.deposit(attacker, "WETH", 10)
    short = system.deposit(attacker, "USDC", 20_000, index=1)
    say(system, liar, lie)
    with gain(system, attacker) as gained:
        for account, symbol, covered, greedy in ((long, "USDC", 100, 17_000), (short, "WETH", 0.1, 9)):
            with evm.reverts("Vault_BelowInitialRequirement", account, None, None):
                system.borrow(attacker, symbol, greedy, index=int(account == short))
            with evm.reverts(None) as refusal:
                system.borrow(attacker, symbol, covered, index=int(account == short))
            if refusal.error.name == "Vault_NoNewRisk":
                assert refusal.error.args == (account, DIVERGED, False)
            else:
                assert refusal.error.name == "Vault_BelowInitialRequirement", "ORA-1"
    assert gained.dollars == 0


@pytest.mark.parametrize("side", ["long", "short"])
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_nobody_takes_over_a_healthy_account_by_a_lie(
    two_sources: System, liar: str, lie: float, side: str
) -> None:
    """An account just above its maintenance requirement, and a source that says that it is in ruin.

    ORA-1, LIQ-3: at the favourable edge the honest price is still there.
    """
    system, evm = two_sources, two_sources.evm
    account = troubled(system, side, healthy=True)
    say(system, liar, lie)
    system.risk.poke(system.assets["WETH"].underlying)
    into = system.deposit(evm.accounts[TAKER], "USDC", 100_000)
    with evm.reverts("LiquidationEngine_Healthy", account, None, None):
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=evm.accounts[TAKER])


@pytest.mark.parametrize("side", ["long", "short"])
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_does_not_make_a_takeover_cheaper(
    two_sources: System, liar: str, lie: float, side: str
) -> None:
    """An account that may be taken over, and a source that makes what it holds look worthless.

    ORA-1: the taker gains no more than he would with honest sources, but for a half-width on the ether that
    he takes over and what it moves the premium by; or he has to wait.
    """
    system, evm, taker = two_sources, two_sources.evm, two_sources.evm.accounts[TAKER]
    account = troubled(system, side, healthy=False)
    into = system.deposit(taker, "USDC", 1_000_000)
    price = float(Fraction(int(system.assets["WETH"].feed.latestRoundData()[1]), 10**8))

    def taken() -> Fraction:
        with gain(system, taker, prices={"WETH": price}) as gained:
            system.vault.liquidate(account, into, WAD // 10, 0, 0, NO_LIMIT, sender=taker)
        return gained.dollars

    with evm.isolation():
        honest = taken()
    say(system, liar, lie, price)
    try:
        lied = taken()
    except Backend.Reverted as refusal:
        # Or the taker, judged at the worst edge of the lie, cannot keep the short that he takes over.
        assert refusal.name in ("LiquidationEngine_Healthy", "Vault_BelowInitialRequirement"), "ORA-1"
        return
    half_width = Fraction(system.assets["WETH"].spec.half_width, 10**6) * Fraction(price)
    assert lied <= honest + half_width * SLACK, "ORA-1"


def troubled(system: System, side: str, *, healthy: bool) -> bytes:
    """A long or a short of ether, at an honest price at which it has just enough margin, or a little less."""
    trader = system.evm.accounts[TRADER]
    if side == "long":
        account = system.leveraged(trader, "WETH", 10, "USDC", 15_500)
        price = 1_850 if healthy else 1_770
    else:
        account = system.leveraged(trader, "USDC", 25_000, "WETH", 10)
        price = 2_150 if healthy else 2_240
    say(system, "nobody", price, price)
    if healthy:
        say(system, "nobody", HONEST, HONEST)
    return account


@pytest.mark.parametrize("lie", [0.5, 0.9, 0.97, 1.03, 1.1, 2])
def test_a_lie_about_the_settlement_asset_does_not_make_a_takeover_cheaper(
    two_sources: System, liar: str, lie: float
) -> None:
    """The payment is made in dollars that one source calls worth more, or less, than they are.

    ORA-1: neither does the taker pay fewer of them than honest sources would have him pay, nor is he paid
    more.
    """
    system, evm, taker = two_sources, two_sources.evm, two_sources.evm.accounts[TAKER]
    account = troubled(system, "long", healthy=False)
    into = system.deposit(taker, "USDC", 100_000)

    def taken() -> Fraction:
        with gain(system, taker, prices={"WETH": 1_770}) as gained:
            system.vault.liquidate(account, into, WAD // 10, 0, 0, NO_LIMIT, sender=taker)
        return gained.dollars

    with evm.isolation():
        honest = taken()
    system.set_price("USDC", lie if liar == "primary" else 1)
    system.set_second_price("USDC", lie if liar == "secondary" else 1)
    try:
        lied = taken()
    except Backend.Reverted as refusal:
        assert refusal.name == "LiquidationEngine_Healthy", "ORA-1"
        return
    half_width = Fraction(system.assets["USDC"].spec.half_width, 10**6) * Fraction(15_500, 10)
    assert lied <= honest + half_width * SLACK, "ORA-1"
