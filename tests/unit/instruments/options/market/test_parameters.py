"""Parameters: bounds, and what raises a requirement walks (GOV-1)."""

from __future__ import annotations

import pytest

from tests.helpers.option_market import PLAIN, OptionBench, deploy_market
from tests.helpers.system import DAY, GUARDIAN, WAD


def stand(options: OptionBench) -> tuple[int, ...]:
    return tuple(options.market.parameters())


@pytest.mark.parametrize(
    "change",
    [
        {"unwinding": WAD // 100},
        {"depth": 10**8 * WAD},
        {"haircut": WAD // 2},
        {"naked_short": WAD // 10},
    ],
)
def test_what_raises_a_requirement_walks(options: OptionBench, change: dict[str, int]) -> None:
    wanted = PLAIN.but(**change).words()
    for ramp in (0, DAY - 1):
        with options.evm.reverts("Market_OutOfRange", None, ramp, DAY, 180 * DAY):
            options.market.setParameters(wanted, ramp)
    options.market.setParameters(wanted, 10 * DAY)
    assert stand(options) == PLAIN.words()
    options.evm.warp(5 * DAY)
    ((name, to),) = change.items()
    place = list(vars(PLAIN)).index(name)
    assert stand(options)[place] == (getattr(PLAIN, name) + to) // 2
    options.evm.warp(5 * DAY)
    assert stand(options) == wanted


def test_what_lowers_a_requirement_holds_at_once(options: OptionBench) -> None:
    wanted = PLAIN.but(unwinding=0, depth=10**10 * WAD, haircut=0, naked_short=0, taker_fee=1).words()
    options.market.setParameters(wanted, 0)
    assert stand(options) == wanted


@pytest.mark.parametrize(
    "change",
    [
        {"unwinding": WAD // 5 + 1},
        {"depth": 10_000 * WAD - 1},
        {"haircut": WAD + 1},
        {"naked_short": WAD // 2 + 1},
        {"max_price_move": WAD // 1_000 - 1},
        {"taker_fee": WAD // 100 + 1},
        {"maker_fee": WAD // 100 + 1},
        {"fee_cap": WAD // 2 + 1},
        {"backstop_share": WAD + 1},
        {"open_interest_cap": 2**112},
        {"min_position": 1_000 * WAD + 1},
    ],
)
def test_bounds(options: OptionBench, change: dict[str, int]) -> None:
    with options.evm.reverts("Market_OutOfRange"):
        options.market.setParameters(PLAIN.but(**change).words(), DAY)


def test_roles(options: OptionBench) -> None:
    stranger = options.evm.accounts[9]
    for act in (
        lambda: options.market.setParameters(PLAIN.words(), 0, sender=stranger),
        lambda: options.market.setOrders(stranger, sender=stranger),
        lambda: options.market.setFeeAccount(bytes(32), sender=stranger),
    ):
        with options.evm.reverts("OwnableUnauthorizedAccount", stranger):
            act()
    with options.evm.reverts("Governed_NotGuardian", stranger):
        options.market.setReduceOnly(True, sender=stranger)
    options.market.setReduceOnly(True, sender=options.evm.accounts[GUARDIAN])
    with options.evm.reverts("OptionMarketAdmin_Initialised"):
        options.market.initialise(stranger, stranger, PLAIN.words())


def test_a_market_is_on_another_underlying_than_its_settlement_asset(options: OptionBench) -> None:
    usdc = options.system.assets["USDC"].underlying
    setup = (usdc, usdc, 6, options.desk.surface.address, options.system.parameters.address)
    with options.evm.reverts("Market_SettlementUnderlying", usdc):
        options.evm.deploy("OptionMarketAdmin", options.system.vault.address, setup)
    assert deploy_market(options.system, options.desk.surface.address).underlying() == 1
