"""Taking over one's own account: for the premium, for the backstop's money, for the lenders'."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.evm import Backend
from tests.helpers.system import NO_LIMIT, STRANGER, TRADER, USDC, WAD, WETH, System
from tests.helpers.worth import gain

SHARE = 100_000  # of the premium to the backstop, ppm


@pytest.fixture
def system(evm: Backend) -> System:
    """The backstop has a share of the premiums."""
    return System.deploy(evm, (USDC, WETH), domain={"backstopSharePpm": SHARE})


def long(system: System, price: float) -> bytes:
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", price)
    return account


def take_over(system: System, account: bytes, taker: str, fraction: int, price: float) -> Fraction:
    """What the taker gains, with both of his accounts, from taking over into his second one."""
    into = system.deposit(taker, "USDC", 100_000, index=1)
    with gain(system, taker, prices={"WETH": price}) as gained:
        system.vault.liquidate(account, into, fraction, 0, 0, NO_LIMIT, sender=taker)
    return gained.dollars


@pytest.mark.parametrize("fraction", [WAD, WAD // 3, WAD // 1_000])
@pytest.mark.parametrize("price", [1_760, 1_700, 1_620, 1_600])
def test_the_owner_of_a_solvent_account_pays_the_backstops_share(
    system: System, price: float, fraction: int
) -> None:
    """He moves his position from one pocket into the other, and earns the premium from himself.

    LIQ-4: all that leaves his pockets is the backstop's share of the premium.
    """
    account = long(system, price)
    assert 0.15 < system.health(account) < 1
    stranger = system.evm.accounts[STRANGER]
    with system.evm.isolation():
        assert take_over(system, account, stranger, fraction, price) > 0, "there is a premium to earn"
    before = system.backstop.totalAssets()
    gained = take_over(system, account, system.evm.accounts[TRADER], fraction, price)
    fee = Fraction(system.backstop.totalAssets() - before, 10**6)
    assert fee > 0
    assert -fee - Fraction(2, 10**6) <= gained <= -fee, "LIQ-4"


@pytest.mark.parametrize("price", [1_540, 1_500, 1_300])
def test_the_owner_of_an_insolvent_account_earns_what_anybody_would(system: System, price: float) -> None:
    """He has the backstop pay his debts, into his own pocket.

    LIQ-4: from the account he had nothing left to expect, and the takeover pays him the smallest premium, as
    it would pay a stranger; not a cent of the shortfall stays with him.
    """
    evm, account = system.evm, long(system, price)
    equity, _, requirement, *_ = system.assess(account)
    assert equity < 0
    with evm.isolation():
        anybody = take_over(system, account, evm.accounts[STRANGER], WAD, price)
    owner = take_over(system, account, evm.accounts[TRADER], WAD, price)
    # What he was worth counts the debts that he will never pay.
    owner += Fraction(equity, WAD)
    assert abs(owner - anybody) < Fraction(1, 1_000), "LIQ-4"
    assert owner <= Fraction(requirement, 10 * WAD), "LIQ-4: the smallest premium is a tenth"


@pytest.mark.parametrize("price", [1_560, 1_552])
def test_below_the_smallest_premium_he_earns_no_more_than_anybody(system: System, price: float) -> None:
    """Just solvent, but too poor to pay the smallest premium: the backstop tops it up.

    LIQ-4: he is paid what a stranger is paid for the same, and what he is paid beyond his own equity is less
    than the smallest premium.
    """
    evm, account = system.evm, long(system, price)
    equity, _, requirement, *_ = system.assess(account)
    assert 0 < equity < requirement // 10
    with evm.isolation():
        anybody = take_over(system, account, evm.accounts[STRANGER], WAD, price)
    owner = take_over(system, account, evm.accounts[TRADER], WAD, price)
    assert owner + Fraction(equity, WAD) - anybody < Fraction(1, 1_000), "LIQ-4"
    assert owner < Fraction(requirement, 10 * WAD), "LIQ-4"
