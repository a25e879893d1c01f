"""An asset that nobody can sell, as a shield: frozen, without a market, or only said to be worth a lot."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.system import NO_LIMIT, TAKER, TRADER, WAD, AssetSpec, System
from tests.helpers.worth import gain

PRICE = 10
FROZEN = AssetSpec("FROZEN", 18, PRICE, borrowable=False)


@pytest.fixture
def frozen(system: System) -> int:
    """Bit of an asset whose transfers will stop for everybody."""
    token = system.evm.deploy("HostileToken", "Frozen", "FROZEN", 18)
    return 1 << system.add(FROZEN, token).id


def freeze(system: System) -> None:
    system.token("FROZEN").setRefusing(True)


def mixed(system: System, ether: float, frozen: float, debt: float) -> bytes:
    """An account of the trader with both as collateral."""
    trader = system.evm.accounts[TRADER]
    account = system.deposit(trader, "WETH", ether)
    system.deposit(trader, "FROZEN", frozen)
    system.borrow(trader, "USDC", debt)
    system.evm.mine()
    return account


def test_a_taker_may_leave_it_behind(system: System, frozen: int) -> None:
    """The debtor has some of it beside his ether, and hopes that nobody wants it.

    LIQ-1: the taker pays for the ether alone, what is left is as healthy as it was at least, and no token
    moves.
    """
    evm, taker = system.evm, system.evm.accounts[TAKER]
    account = mixed(system, 10, 100, 16_000)
    freeze(system)
    system.set_price("WETH", 1_680)
    into = system.deposit(taker, "USDC", 100_000)
    before = system.health(account)
    assert before < 1
    with gain(system, taker, prices={"WETH": 1_680}) as gained:
        tx = system.vault.liquidate(account, into, WAD // 2, frozen, 0, NO_LIMIT, sender=taker)
    assert tx.value[0] > 0
    assert system.balance(into, "FROZEN") == 0
    assert system.balance(account, "FROZEN") == 100 * WAD
    assert system.health(account) >= before, "LIQ-1"
    assert gained.dollars > 0
    evm.mine()


def test_the_account_is_no_worse_for_what_a_taker_leaves(system: System, frozen: int) -> None:
    """A taker wants the ether alone, neither the debt nor the rest, and leaves that to the owner.

    LIQ-1: he pays for what he takes, which repays the debt, and what is left is healthier than before.
    """
    evm, taker = system.evm, system.evm.accounts[TAKER]
    account = mixed(system, 10, 100, 16_000)
    system.set_price("WETH", 1_680)
    into = system.deposit(taker, "USDC", 100_000)
    debt = 1 << system.assets["USDC"].id
    for percent in (1, 10, 40):
        before = system.health(account)
        fraction = percent * WAD // 100
        with evm.isolation():
            tx = system.vault.liquidate(account, into, fraction, debt | frozen, 0, NO_LIMIT, sender=taker)
            assert tx.value[1] > 0
            assert system.health(account) > before, "LIQ-1"


def test_the_backstop_takes_what_an_insolvent_account_leaves(system: System, frozen: int) -> None:
    """All hope is gone and the only asset that counts cannot be moved: a taker leaves it behind.

    LIQ-5: the account is resolved all the same. The backstop pays for it what it is worth after its
    requirement, so that nobody sells it to the backstop at the oracle's price.
    """
    taker = system.evm.accounts[TAKER]
    account = mixed(system, 10, 100, 16_000)
    freeze(system)
    system.set_price("WETH", 1_400)
    into = system.deposit(taker, "USDC", 100_000)
    cash, equity = system.backstop.totalAssets(), system.assess(account)[0]
    assert equity < 0
    with gain(system, taker, prices={"WETH": 1_400}) as gained:
        system.vault.liquidate(account, into, WAD, frozen, 0, NO_LIMIT, sender=taker)
    assert not system.vault.holdings(account)[0], "LIQ-5"
    salvaged = system.balance(system.account(system.backstop.address), "FROZEN")
    assert salvaged == 100 * WAD
    paid = Fraction(cash - system.backstop.totalAssets(), 10**6)
    shortfall = Fraction(-equity, WAD)
    worth_it = 100 * PRICE * (1 - Fraction(FROZEN.down[1] + FROZEN.unwinding, 10**6))
    assert paid == pytest.approx(float(shortfall + gained.dollars + 100 * PRICE), abs=1e-4)
    # The smallest premium on what he took over, the ether and the debt, less what he lost on what he left.
    premium = (14_000 * Fraction(122, 1_000) + 16_000 * Fraction(151, 10_000)) / 10
    assert float(gained.dollars) == pytest.approx(float(premium - (100 * PRICE - worth_it)), rel=1e-3)


def test_selling_junk_to_the_backstop_loses(system: System, frozen: int) -> None:
    """The attacker takes over his own insolvent account and leaves all of its collateral to the backstop,
    which pays.

    LIQ-4: at an honest price the collateral would have brought him more than the backstop paid.
    """
    evm, attacker = system.evm, system.evm.accounts[TRADER]
    account = mixed(system, 10, 100, 16_000)
    system.set_price("WETH", 1_400)
    into = system.deposit(attacker, "USDC", 100_000, index=1)
    ether = 1 << system.assets["WETH"].id
    prices = {"WETH": 1_400}
    with evm.isolation(), gain(system, attacker, prices=prices) as kept:
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=attacker)
    with gain(system, attacker, prices=prices) as left:
        system.vault.liquidate(account, into, WAD, ether | frozen, 0, NO_LIMIT, sender=attacker)
    assert left.dollars < kept.dollars, "LIQ-4"


def test_debt_cannot_be_left_behind_by_whoever_takes_an_insolvent_account(
    system: System, frozen: int
) -> None:
    """A taker wants the collateral and leaves the debt to the lenders."""
    taker = system.evm.accounts[TAKER]
    account = mixed(system, 10, 100, 16_000)
    system.set_price("WETH", 1_400)
    into = system.deposit(taker, "USDC", 100_000)
    with system.evm.reverts("LiquidationEngine_MustTakeAll", account):
        debt = 1 << system.assets["USDC"].id
        system.vault.liquidate(account, into, WAD, debt, 0, NO_LIMIT, sender=taker)
