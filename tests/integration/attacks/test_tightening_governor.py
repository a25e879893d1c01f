"""A governor, or whoever has stolen his keys, tightens parameters to have healthy accounts taken over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.helpers.system import DAY, DOMAIN, NO_LIMIT, OWNER, TAKER, TRADER, WAD, System

RAMP = 10 * DAY
UNDERLYING = 1


def feed(system: System, **changes: int) -> tuple[Any, ...]:
    old = system.parameters.feed(UNDERLYING)
    names = (
        "aggregator",
        "heartbeat",
        "halfWidth",
        "volatility",
        "secondary",
        "tolerance",
        "minimum",
        "maximum",
    )
    return tuple({**dict(zip(names, tuple(old), strict=True)), **changes}.values())


def asset(system: System, **changes: int) -> tuple[Any, ...]:
    old = system.parameters.asset(system.assets["WETH"].id)
    names = ("underlying", "tier", "rateSource", "basisShock", "basisBand", "unwinding", "depth")
    return tuple({**dict(zip(names, tuple(old), strict=True)), **changes}.values())


def domain(**changes: int) -> tuple[int, ...]:
    return tuple({**DOMAIN, **changes}.values())


# Each as tight as bounds and relations allow.
SETTERS: dict[str, Callable[[System, int], Any]] = {
    "shocks": lambda s, ramp: s.parameters.setShocks(UNDERLYING, (900_000, 900_000, 700_000, 700_000), ramp),
    "half-width": lambda s, ramp: s.parameters.setFeed(UNDERLYING, feed(s, halfWidth=100), ramp),
    "volatility": lambda s, ramp: s.parameters.setFeed(UNDERLYING, feed(s, volatility=0), ramp),
    "basis shock": lambda s, ramp: s.parameters.setAsset(1, asset(s, basisShock=400_000), ramp),
    "unwinding": lambda s, ramp: s.parameters.setAsset(1, asset(s, unwinding=13_000), ramp),
    "depth": lambda s, ramp: s.parameters.setAsset(1, asset(s, depth=10_000), ramp),
    "target": lambda s, ramp: s.parameters.setDomain(domain(targetHealthPpm=1_333_000), ramp),
    "premiums": lambda s, ramp: s.parameters.setDomain(
        domain(premiumMinPpm=480_000, premiumStartPpm=490_000, premiumMaxPpm=500_000), ramp
    ),
    "minimum debt": lambda s, ramp: s.parameters.setDomain(domain(minDebtUsd=100_000), ramp),
}


@pytest.fixture
def account(system: System) -> bytes:
    """Just above its maintenance requirement at the favourable edge."""
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", 1_790)
    return account


def refuse(system: System, account: bytes) -> None:
    taker = system.evm.accounts[TAKER]
    into = system.account(taker)
    if not system.vault.holdings(into)[0]:
        system.deposit(taker, "USDC", 100_000)
    with system.evm.reverts("LiquidationEngine_Healthy", account, None, None):
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)


@pytest.mark.parametrize("setter", SETTERS.values(), ids=SETTERS)
def test_nobody_is_taken_over_by_a_stroke_of_the_pen(
    system: System, account: bytes, setter: Callable[[System, int], Any]
) -> None:
    """The governor tightens and a taker stands by, in the same block.

    GOV-1: nothing that a takeover is judged by has moved; a ramp shorter than a day is refused.
    """
    before = system.assess(account)
    with system.evm.reverts("RiskParameters_RampTooShort"):
        setter(system, DAY - 1)
    setter(system, DAY)
    refuse(system, account)
    assert system.assess(account)[:3] == before[:3], "GOV-1"


def test_a_requirement_rises_no_faster_than_its_ramp(system: System, account: bytes) -> None:
    """The governor raises the maintenance shock, and raises it again and again while it walks.

    GOV-1: day by day it is where a walk from the beginning would be at most; the first end is never brought
    forward.
    """

    def shock() -> int:
        return int(system.parameters.shocks(UNDERLYING)[2])

    start = shock()
    system.parameters.setShocks(UNDERLYING, (400_000, 400_000, 220_000, 220_000), RAMP)
    for day in range(1, 10):
        system.warp(DAY)
        assert shock() <= start + (220_000 - start) * day * DAY // RAMP, "GOV-1"
        system.parameters.setShocks(UNDERLYING, (400_000, 400_000, 220_000, 220_000), DAY)
    assert shock() < 220_000, "GOV-1"


def test_a_debtor_has_the_ramp_to_act(system: System, account: bytes) -> None:
    """GOV-1: he is told by an event, is healthy that day, and can repay for as long as the walk takes him to
    fall.
    """
    trader = system.evm.accounts[TRADER]
    tx = system.parameters.setShocks(UNDERLYING, (300_000, 300_000, 220_000, 220_000), RAMP)
    assert tx.events("ShocksSet")
    system.warp(DAY // 24)
    refuse(system, account)
    system.fund("USDC", trader, 3_000)
    system.vault.repay(account, system["USDC"], 2_500 * 10**6, sender=trader)
    for _ in range(11):
        system.warp(DAY)
        refuse(system, account)


def test_a_new_feed_waits_and_must_agree(system: System, account: bytes) -> None:
    """The governor puts a feed of his own in the place of the honest one.

    GOV-1: it is announced a day ahead, the guardian may cancel it, and it is refused where it says anything
    else.
    """
    evm, owner = system.evm, system.evm.accounts[OWNER]
    fake = evm.deploy("MockAggregator", 8, "ETH / USD", 1_790 * 10**8)
    system.parameters.proposeFeed(UNDERLYING, fake.address, "0x" + "00" * 20, sender=owner)
    with evm.reverts("RiskParameters_TooEarly"):
        system.parameters.applyFeed(UNDERLYING, sender=owner)
    system.warp(DAY)
    fake.setAnswer(1_000 * 10**8)
    with evm.reverts("RiskParameters_SourcesDisagree"):
        system.parameters.applyFeed(UNDERLYING, sender=owner)
    fake.setAnswer(1_795 * 10**8)
    system.parameters.applyFeed(UNDERLYING, sender=owner)
    refuse(system, account)


def test_a_lowered_tier_takes_nobody_over(system: System, account: bytes) -> None:
    """The guardian lowers an asset to custody only, which acts at once: it bears on new risk alone.

    GOV-1, EXIT-1
    """
    evm, trader = system.evm, system.evm.accounts[TRADER]
    system.parameters.lowerTier(system.assets["WETH"].id, 0)
    refuse(system, account)
    system.fund("USDC", trader, 1_000)
    system.vault.repay(account, system["USDC"], 10**9, sender=trader)
    with evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        system.borrow(trader, "USDC", 1)


def test_nobody_else_sets_anything(system: System) -> None:
    """Strangers and the guardian try what is the owner's."""
    evm = system.evm
    for number, setter in enumerate(SETTERS.values()):
        stranger = evm.accounts[5 + number % 2]
        original, system.parameters = system.parameters, _Sender(system.parameters, stranger)
        try:
            with evm.reverts("OwnableUnauthorizedAccount", stranger):
                setter(system, RAMP)
        finally:
            system.parameters = original


class _Sender:
    """A contract all of whose transactions come from one address."""

    def __init__(self, contract: Any, sender: str) -> None:
        self._contract, self._sender = contract, sender

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._contract, name)
        return lambda *args: function(*args, sender=self._sender)
