"""Accounts in ruin, for tests of shortfalls over the whole system."""

from __future__ import annotations

from scripts.common.contract import Contract
from scripts.common.units import WAD
from tests.helpers.system import OWNER, TRADER, System

RICH = (10**12 * WAD, 0, 0)


def insolvent(system: System, weth: int = 100, price: int = 1_500, index: int = 0) -> bytes:
    """A trader who borrowed 1,550 USDC on each WETH before its price fell from 2,000: 50 short at 1,500."""
    account = system.leveraged(system.evm.accounts[TRADER], amount=weth, borrowed=1_550 * weth, index=index)
    system.set_price("WETH", price)
    return account


def puppet(system: System) -> Contract:
    """A listed instrument that does what it is told."""
    instrument = system.evm.deploy("MockInstrument", system.vault.address)
    system.vault.listInstrument(instrument.address, sender=system.evm.accounts[OWNER])
    return instrument


def only_debts(system: System, debts: dict[str, int | float], index: int = 0) -> bytes:
    """An account that owes these whole tokens and holds nothing: what an instrument's loss leaves."""
    evm, trader = system.evm, system.evm.accounts[TRADER]
    account = system.account(trader, index)
    instrument = puppet(system)
    instrument.setPosition(account, RICH, RICH)
    held = [(system.vault.address, system.vault.setHeld.encode(account, True))]
    system.vault.callInstrument(account, instrument.address, calls(held), sender=trader)
    for symbol, whole in debts.items():
        system.borrow(trader, symbol, whole, index)
    evm.mine()
    instrument.run([(system.vault.address, system.vault.setHeld.encode(account, False))])
    return account


def calls(list_: list[tuple[str, bytes]]) -> bytes:
    """What the puppet takes as data: a list of targets and calls."""
    from eth_abi import encode

    return encode(["(address,bytes)[]"], [list_])
