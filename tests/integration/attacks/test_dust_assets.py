"""Dust of many assets sent to a victim, and one unit of an asset without a price."""

from __future__ import annotations

import pytest

from tests.helpers.evm import AnvilBackend
from tests.helpers.system import NO_LIMIT, STRANGER, TAKER, TRADER, USDC, WAD, WETH, AssetSpec, System

FIFTY = 50
BLOCK_SHARE = 16_777_216  # gas; no transaction may use more (EIP-7825)
NONE, FRESH = 3, 0


def list_dust(system: System, count: int = FIFTY) -> list[str]:
    """As many assets, each with an underlying of its own."""
    symbols = [f"DUST{n}" for n in range(count)]
    for symbol in symbols:
        system.add(AssetSpec(symbol, 18, 1, borrowable=False))
    return symbols


def troubled(system: System, price: float = 1_740) -> bytes:
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    system.set_price("WETH", price)
    return account


def test_nobody_fills_a_strangers_account_with_dust(system: System) -> None:
    """The attacker gives the victim one unit of each of fifty assets, so that it pays for them in every
    transaction.

    Strangers may repay and add to what is held, no more, whichever way they try.
    """
    evm, attacker = system.evm, system.evm.accounts[STRANGER]
    victim = system.leveraged(evm.accounts[TRADER])
    held = system.vault.holdings(victim)[0]
    own = system.account(attacker)
    vault = system.vault
    for symbol in list_dust(system):
        system.fund(symbol, attacker, 1)
        vault.deposit(own, system[symbol], WAD // 2, sender=attacker)
        for call in (
            vault.deposit.encode(victim, system[symbol], 1),
            vault.transfer.encode(own, victim, system[symbol], 1),
        ):
            with evm.reverts("Vault_NotHeld", victim, system[symbol]):
                vault.execute([call], sender=attacker)
        with evm.reverts("Vault_NotHeld", victim, system[symbol]):
            vault.deposit(victim, system[symbol], 1, sender=attacker)
    assert system.vault.holdings(victim)[0] == held
    with evm.reverts("Vault_NotAuthorised", victim, attacker):  # nor takes over dust into it
        vault.liquidate(own, victim, WAD, 0, 0, NO_LIMIT, sender=attacker)


@pytest.mark.anvil
def test_an_owner_full_of_dust_is_taken_over_in_one_transaction(anvil: AnvilBackend) -> None:
    """The debtor fills his own account with fifty assets of his choice, so that no block has room for its
    takeover.

    LIQ-5, measured on a chain: everything cold, fifty feeds asked, fifty balances moved.
    """
    system = System.deploy(anvil, (USDC, WETH))
    evm, trader, taker = anvil, anvil.accounts[TRADER], anvil.accounts[TAKER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 15_500)
    for symbol in list_dust(system):
        system.deposit(trader, symbol, 0.001)
    into = system.deposit(taker, "USDC", 100_000)
    system.set_price("WETH", 1_740)
    evm.mine()
    tx = system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker, gas=BLOCK_SHARE)
    assert len(system.vault.holdings(into)[0]) == FIFTY + 2
    assert tx.gas_used < BLOCK_SHARE // 4


class TestOneUnitWithoutAPrice:
    """An asset whose feed is dead, one unit of it in an account."""

    @pytest.fixture
    def dead(self, system: System) -> str:
        """An asset that can be borrowed as well; its feed dies when `kill` is called."""
        system.add(AssetSpec("DEAD", 18, 10, liquidity=100_000))
        return "DEAD"

    def kill(self, system: System) -> None:
        system.assets["DEAD"].feed.setDead(True)

    def hold_one(self, system: System, account: bytes, trader: str) -> None:
        system.fund("DEAD", trader, 1)
        system.vault.deposit(account, system["DEAD"], 1, sender=trader)

    @pytest.mark.parametrize("how", ["held", "owed"])
    def test_it_shields_nobody(self, system: System, dead: str, how: str) -> None:
        """The debtor holds, or owes, one unit of an asset that has no price any more.

        LIQ-5: it is counted at its last good price, or not at all; the rest of the account decides.
        """
        evm, trader, taker = system.evm, system.evm.accounts[TRADER], system.evm.accounts[TAKER]
        account = system.leveraged(trader, "WETH", 10, "USDC", 15_500)
        if how == "held":
            self.hold_one(system, account, trader)
        else:
            system.borrow(trader, "DEAD", 0.000001)
        evm.mine()
        self.kill(system)
        system.set_price("WETH", 1_740)
        into = system.deposit(taker, "USDC", 100_000)
        tx = system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
        assert tx.value[0] > 0
        assert system.health(account) > 1

    @pytest.mark.parametrize("how", ["held", "owed"])
    def test_it_hides_no_insolvency(self, system: System, dead: str, how: str) -> None:
        """LIQ-5: flagged, taken over, and the flag cleared, with the unit in the account."""
        evm, trader, taker = system.evm, system.evm.accounts[TRADER], system.evm.accounts[TAKER]
        account = system.leveraged(trader, "WETH", 10, "USDC", 15_500)
        if how == "held":
            self.hold_one(system, account, trader)
        else:
            system.borrow(trader, "DEAD", 0.000001)
        evm.mine()
        self.kill(system)
        system.set_price("WETH", 1_400)
        system.liquidation.flag(account)
        into = system.deposit(taker, "USDC", 100_000)
        system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)
        assert not system.liquidation.isFlagged(account), "LIQ-5"
        assert not system.vault.holdings(account)[0]

    def test_it_forces_nothing(self, system: System, dead: str) -> None:
        """LIQ-3: a healthy account with the unit in it stays healthy."""
        trader, taker = system.evm.accounts[TRADER], system.evm.accounts[TAKER]
        account = system.leveraged(trader, "WETH", 10, "USDC", 15_500)
        self.hold_one(system, account, trader)
        system.evm.mine()
        self.kill(system)
        into = system.deposit(taker, "USDC", 100_000)
        with system.evm.reverts("LiquidationEngine_Healthy", account, None, None):
            system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker)

    def test_it_blocks_no_exit(self, system: System, dead: str) -> None:
        """EXIT-1: repaying, adding, reducing, withdrawing go on, the unit itself leaves last or first; and as
        it counts for nothing it does not stop new risk on the rest either.
        """
        trader, vault = system.evm.accounts[TRADER], system.vault
        account = system.leveraged(trader, "WETH", 10, "USDC", 5_000)
        self.hold_one(system, account, trader)
        self.kill(system)
        assert system.assess(account, 0)[5] == FRESH
        system.borrow(trader, "USDC", 100)
        system.fund("USDC", trader, 10_000)
        vault.withdraw(account, system["WETH"], WAD, trader, sender=trader)
        vault.deposit(account, system["DEAD"], 1, sender=trader)
        vault.repay(account, system["USDC"], 10**12, sender=trader)
        vault.withdraw(account, system["WETH"], 2**256 - 1, trader, sender=trader)
        vault.withdraw(account, system["DEAD"], 2**256 - 1, trader, sender=trader)
        assert not vault.holdings(account)[0]

    def test_a_unit_owed_can_always_be_repaid(self, system: System, dead: str) -> None:
        """EXIT-1: no price is needed to repay; until then what has no price forbids new risk."""
        trader, vault = system.evm.accounts[TRADER], system.vault
        account = system.leveraged(trader, "WETH", 10, "USDC", 5_000)
        system.borrow(trader, "DEAD", 0.000001)
        self.kill(system)
        with system.evm.reverts("Vault_NoNewRisk", account, NONE, False):
            system.borrow(trader, "USDC", 100)
        system.fund("DEAD", trader, 1)
        vault.repay(account, system["DEAD"], WAD, sender=trader)
        system.borrow(trader, "USDC", 100)

    def test_nobody_sends_it_to_a_stranger(self, system: System, dead: str) -> None:
        """The attacker has a unit of it and wants his victim to have it."""
        evm, attacker = system.evm, system.evm.accounts[STRANGER]
        victim = system.leveraged(evm.accounts[TRADER])
        own = system.account(attacker)
        self.hold_one(system, own, attacker)
        self.kill(system)
        with evm.reverts("Vault_NotHeld", victim, system["DEAD"]):
            system.vault.transfer(own, victim, system["DEAD"], 1, sender=attacker)
        with evm.reverts("Vault_NotHeld", victim, system["DEAD"]):
            system.vault.deposit(victim, system["DEAD"], 1, sender=attacker)
