"""Backstop: who may set what, within which bounds; who may flag."""

from __future__ import annotations

import pytest

from scripts.common.units import WAD
from tests.helpers.system import DAY, GUARDIAN, OWNER, STRANGER, System


@pytest.mark.parametrize("who", [GUARDIAN, STRANGER])
def test_only_the_owner_sets(system: System, who: int) -> None:
    sender = system.evm.accounts[who]
    with system.evm.reverts("OwnableUnauthorizedAccount", sender):
        system.backstop.setCooldown(7 * DAY, DAY, sender=sender)
    with system.evm.reverts("OwnableUnauthorizedAccount", sender):
        system.backstop.setSaleDiscount(0, sender=sender)


def test_cooldown_and_window(system: System) -> None:
    tx = system.backstop.setCooldown(10 * DAY, 3 * DAY, sender=system.evm.accounts[OWNER])
    assert (system.backstop.cooldown(), system.backstop.window()) == (10 * DAY, 3 * DAY)
    event = tx.events("CooldownSet", system.backstop)[0]
    assert (event["oldCooldown"], event["newWindow"]) == (7 * DAY, 3 * DAY)


@pytest.mark.parametrize(
    ("cooldown", "window", "name"),
    [
        (DAY - 1, DAY, b"cooldown"),
        (60 * DAY + 1, DAY, b"cooldown"),
        (DAY, 3_599, b"window"),
        (DAY, 14 * DAY + 1, b"window"),
    ],
)
def test_times_are_bounded(system: System, cooldown: int, window: int, name: bytes) -> None:
    with system.evm.reverts("ExitShares_OutOfRange", name.ljust(32, b"\0"), None, None, None):
        system.backstop.setCooldown(cooldown, window, sender=system.evm.accounts[OWNER])


def test_sale_discount(system: System) -> None:
    owner = system.evm.accounts[OWNER]
    system.backstop.setSaleDiscount(WAD // 10, sender=owner)
    assert system.backstop.saleDiscountWad() == WAD // 10
    with system.evm.reverts("Backstop_OutOfRange", None, WAD // 10 + 1, 0, WAD // 10):
        system.backstop.setSaleDiscount(WAD // 10 + 1, sender=owner)


def test_only_the_liquidation_engine_flags(system: System) -> None:
    owner = system.evm.accounts[OWNER]
    with system.evm.reverts("Backstop_NotLiquidationEngine", owner):
        system.backstop.flagShortfall(system.account(owner), 1, sender=owner)


def test_it_is_a_token_of_its_own(system: System) -> None:
    backstop = system.backstop
    assert (backstop.name(), backstop.symbol(), backstop.decimals()) == ("Keel backstop", "kBACK", 12)
    assert backstop.asset() == system["USDC"]
    assert backstop.allowance(STRANGER_ADDRESS, PERMIT2) == 0


STRANGER_ADDRESS = "0x0000000000000000000000000000000000000001"
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
