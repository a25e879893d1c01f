"""Profit that an instrument owes and nobody has paid yet: to borrow against it, to withdraw it, to make it
up.
"""

from __future__ import annotations

import pytest

from scripts.common.contract import Contract
from tests.helpers.instruments import accept, offer
from tests.helpers.system import STRANGER, TRADER, WAD, System
from tests.helpers.worth import gain

ETHER, BITCOIN = 1, 2  # underlyings
SIZE = 10 * WAD


def futures(system: System, underlying: int) -> Contract:
    """A listed instrument without funding."""
    instrument = system.evm.deploy("MockLinearInstrument", system.vault.address, [underlying], 0)
    system.vault.listInstrument(instrument.address)
    return instrument


@pytest.fixture
def instrument(system: System) -> Contract:
    return futures(system, ETHER)


def trade(
    system: System, instrument: Contract, maker: str, taker: str, size: int, cost: int, own: int = 0
) -> None:
    """`maker` takes on `size` for `cost`, `taker` the other side; `own` is the index of his account."""
    vault = system.vault
    first, second = system.account(maker), system.account(taker, own)
    vault.callInstrument(first, instrument.address, offer([size], cost), sender=maker)
    vault.callInstrument(second, instrument.address, accept(first), sender=taker)


@pytest.fixture
def winner(system: System, instrument: Contract) -> bytes:
    """5,000 dollars and ten ether long since 2,000; ether is at 3,000 and nobody has paid the 10,000 yet."""
    evm = system.evm
    account = system.deposit(evm.accounts[TRADER], "USDC", 5_000)
    system.deposit(evm.accounts[STRANGER], "USDC", 50_000)
    trade(system, instrument, evm.accounts[TRADER], evm.accounts[STRANGER], SIZE, 20_000 * WAD)
    system.set_price("WETH", 3_000)
    evm.mine()
    return account


def test_it_is_no_borrowing_power(system: System, instrument: Contract, winner: bytes) -> None:
    """The winner borrows against ten thousand dollars that he may never get.

    SOLV-1: it may cover the requirement and the loss of the instrument that owes it, and nothing else.
    """
    evm, trader = system.evm, system.evm.accounts[TRADER]
    equity = system.assess(winner, 0)[0]
    assert equity == 5_000 * WAD, "SOLV-1"
    with gain(system, trader) as gained:
        for symbol, whole in (("WETH", 1.7), ("DAI", 5_000), ("USDC", 10_000)):
            with evm.reverts("Vault_BelowInitialRequirement", winner, None, None):
                system.borrow(trader, symbol, whole)
    assert gained.dollars == 0


def test_it_does_not_leave_before_it_is_paid(system: System, instrument: Contract, winner: bytes) -> None:
    """He withdraws more than he has; he has the instrument pay out while nobody has paid in; then the loser
    pays.

    SOLV-2: what leaves is what arrived.
    """
    evm, vault, trader = system.evm, system.vault, system.evm.accounts[TRADER]
    with evm.reverts("Vault_InsufficientBalance"):
        vault.withdraw(winner, system["USDC"], 5_001 * 10**6, trader, sender=trader)
    assert instrument.settle(winner, sender=trader).value == 0
    loser = system.account(evm.accounts[STRANGER])
    paid = -instrument.settle(loser, sender=trader).value
    assert paid == 10_000 * 10**6
    assert instrument.settle(winner, sender=trader).value == paid
    assert system.balance(winner, "USDC") == 15_000 * 10**6
    system.check_custody([winner, loser, system.account(instrument.address)])


def test_it_covers_no_other_instrument(system: System, instrument: Contract, winner: bytes) -> None:
    """He opens a position elsewhere on it: margin, and loss, of another instrument.

    SOLV-1
    """
    evm, trader = system.evm, system.evm.accounts[TRADER]
    other = futures(system, BITCOIN)
    size = WAD  # 40,000 dollars, which take 7,200
    system.vault.callInstrument(winner, other.address, offer([size], 40_000 * WAD), sender=trader)
    with evm.reverts("Vault_BelowInitialRequirement", winner, None, None):
        second = system.account(evm.accounts[STRANGER])
        system.vault.callInstrument(second, other.address, accept(winner), sender=evm.accounts[STRANGER])
    system.vault.withdraw(winner, system["USDC"], 10**6, trader, sender=trader)


@pytest.mark.parametrize("profit", [100, 1_000, 100_000])
def test_profit_made_up_between_two_accounts_is_worth_nothing(
    system: System, instrument: Contract, profit: int
) -> None:
    """The attacker sells ether to himself at a silly price: one account has a fortune to expect, the other a
    loss.

    SOLV-1: the loss counts at once, so that account must cover it; the profit brings no borrowing power.
    """
    evm, attacker = system.evm, system.evm.accounts[TRADER]
    first = system.deposit(attacker, "USDC", 5_000)
    second = system.deposit(attacker, "USDC", 5_000, index=1)

    def borrowable() -> int:
        """Dollars that both accounts can borrow or withdraw, together."""
        total = 0
        for account in (first, second):
            equity, uncertainty, requirement, *_ = system.assess(account, 0)
            total += max(0, equity - uncertainty - requirement)
        return total

    before = borrowable()
    cost = (20_000 - profit) * WAD
    vault = system.vault
    vault.callInstrument(first, instrument.address, offer([SIZE], cost), sender=attacker)
    if profit > 1_000:
        with evm.reverts("Vault_BelowInitialRequirement", second, None, None):
            vault.callInstrument(second, instrument.address, accept(first), sender=attacker)
    else:
        vault.callInstrument(second, instrument.address, accept(first), sender=attacker)
    assert borrowable() <= before, "SOLV-1"


def test_a_loss_cannot_be_hidden_by_not_settling_it(
    system: System, instrument: Contract, winner: bytes
) -> None:
    """The loser withdraws his margin before he is made to pay.

    SOLV-1: an unsettled loss counts in full.
    """
    evm, loser = system.evm, system.evm.accounts[STRANGER]
    account = system.account(loser)
    assert system.assess(account, 0)[0] == 40_000 * WAD
    with evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        system.vault.withdraw(account, system["USDC"], 35_000 * 10**6, loser, sender=loser)


def test_a_position_is_forced_on_nobody(system: System, instrument: Contract) -> None:
    """The attacker accepts on somebody else's behalf, or has somebody else's offer changed."""
    evm, attacker = system.evm, system.evm.accounts[STRANGER]
    victim = system.deposit(evm.accounts[TRADER], "USDC", 5_000)
    own = system.deposit(attacker, "USDC", 5_000)
    system.vault.callInstrument(own, instrument.address, offer([SIZE], 30_000 * WAD), sender=attacker)
    with evm.reverts("Vault_NotAuthorised", victim, attacker):
        system.vault.callInstrument(victim, instrument.address, accept(own), sender=attacker)
    with evm.reverts("Instrument_NotVault", attacker):
        instrument.execute(victim, attacker, accept(own), sender=attacker)
    for call in (
        system.vault.instrumentPay.encode(victim, own, 1),
        system.vault.setHeld.encode(victim, True),
        system.vault.touch.encode(victim),
    ):
        with evm.reverts("Vault_NotInstrument"):
            system.vault.execute([call], sender=attacker)
