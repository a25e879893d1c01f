"""One account with everything in it: three collaterals, two debts, wrapped and unwrapped ether against each
other.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.helpers.system import DAI, NO_LIMIT, TAKER, TRADER, USDC, WAD, WBTC, WETH, WSTETH, YEAR, System

PPM = 10**6


@pytest.fixture
def account(system: System) -> bytes:
    """20 ether, a bitcoin and 10 wrapped ether against 50,000 dollars of two sorts."""
    trader = system.evm.accounts[TRADER]
    account = system.deposit(trader, "WETH", 20)
    system.deposit(trader, "WBTC", 1)
    system.deposit(trader, "wstETH", 10)
    system.borrow(trader, "USDC", 30_000)
    system.borrow(trader, "DAI", 20_000)
    system.evm.mine()
    return account


def share(ppm: int) -> Fraction:
    return Fraction(ppm, PPM)


def test_each_holding_weighs_by_its_own_rule(system: System, account: bytes) -> None:
    """Standard margin: every position on its own worst shock, uncertainty once per underlying."""
    equity, uncertainty, requirement, debt, *_ = (Fraction(word, WAD) for word in system.assess(account))
    assert float(equity) == pytest.approx(20 * 2_000 + 40_000 + 10 * 2_000 - 50_000, rel=1e-6)
    assert float(debt) == pytest.approx(50_000, rel=1e-6)
    values = {WETH: 40_000, WBTC: 40_000, WSTETH: 20_000, USDC: -30_000, DAI: -20_000}
    expected = sum(
        abs(value) * share((spec.down if value > 0 else spec.up)[1] + spec.basis_shock + spec.unwinding)
        for spec, value in values.items()
    )
    assert float(requirement) == pytest.approx(float(expected), rel=1e-6)
    by_underlying = {WETH: 60_000, WBTC: 40_000, USDC: -30_000, DAI: -20_000}
    width = sum(abs(value) * share(spec.half_width) for spec, value in by_underlying.items())
    width += 20_000 * share(WSTETH.basis_band)
    assert float(uncertainty) == pytest.approx(float(width), rel=1e-6)


def test_everything_moves_in_proportion(system: System, account: bytes) -> None:
    """Ether and bitcoin fall together; a taker takes over a fraction of all five holdings at once.

    LIQ-1: the rest is the same portfolio, smaller and healthier.
    """
    evm, taker = system.evm, system.evm.accounts[TAKER]
    system.set_price("WETH", 1_050)
    system.set_price("WBTC", 24_000)
    symbols = ("WETH", "WBTC", "wstETH", "DAI")
    before = {symbol: system.balance(account, symbol) for symbol in symbols}
    health = system.health(account)
    assert health < 1
    into = system.deposit(taker, "USDC", 500_000)
    fraction, payment = system.vault.liquidate(account, into, WAD, 0, 0, NO_LIMIT, sender=taker).value
    assert 0 < fraction < WAD and payment > 0
    for symbol, amount in before.items():
        moved = Fraction(system.balance(into, symbol), amount)
        assert moved == pytest.approx(fraction / WAD, rel=1e-6)
        assert abs(system.balance(account, symbol) + system.balance(into, symbol) - amount) <= 2
    assert 1.14 < system.health(account) < 1.16
    evm.mine()


def test_a_year_later_it_is_closed_to_the_last_unit(system: System, account: bytes) -> None:
    """Interest on two debts; both repaid in full, all withdrawn, nothing left behind. EXIT-1, ROUND-1"""
    vault, trader = system.vault, system.evm.accounts[TRADER]
    system.warp(YEAR)
    for symbol in ("USDC", "DAI"):
        assert system.balance(account, symbol) < -system.units(symbol, 20_000)
        system.fund(symbol, trader, 40_000)
        vault.repay(account, system[symbol], 2**255, sender=trader)
    for symbol in ("WETH", "WBTC", "wstETH"):
        vault.withdraw(account, system[symbol], 2**256 - 1, trader, sender=trader)
    assert not vault.holdings(account)[0]
    assert all(system.pool(symbol).totalPrincipal() == 0 for symbol in ("USDC", "DAI"))


def test_the_lens_says_what_the_vault_does(system: System, account: bytes) -> None:
    """What a wallet is told can be borrowed and withdrawn is what goes through, and a hundredth more does
    not.
    """
    evm, trader, vault, lens = system.evm, system.evm.accounts[TRADER], system.vault, system.lens
    for symbol in ("USDC", "DAI"):
        most = lens.maxBorrowable(account, system[symbol])
        with evm.reverts("Vault_BelowInitialRequirement"):
            vault.borrow(account, system[symbol], most * 101 // 100, trader, sender=trader)
        with evm.isolation():
            vault.borrow(account, system[symbol], most, trader, sender=trader)
    for symbol in ("WETH", "WBTC", "wstETH"):
        most = lens.maxWithdrawable(account, system[symbol])
        if most < system.balance(account, symbol):
            with evm.reverts("Vault_BelowInitialRequirement"):
                vault.withdraw(account, system[symbol], most * 101 // 100, trader, sender=trader)
        with evm.isolation():
            vault.withdraw(account, system[symbol], most, trader, sender=trader)


class TestWrappedAgainstUnwrapped:
    """Wrapped ether held, ether owed: worth the same whatever ether does."""

    @pytest.fixture
    def hedge(self, system: System) -> bytes:
        """100 wrapped ether against 60 ether: 80,000 dollars of equity, and as much of net exposure."""
        trader = system.evm.accounts[TRADER]
        account = system.deposit(trader, "wstETH", 100)
        system.borrow(trader, "WETH", 60)
        system.evm.mine()
        return account

    def test_it_is_as_certain_as_it_is_hedged(self, system: System, hedge: bytes) -> None:
        """The feed's half-width counts once, on what is left of ether after the debt; the basis on what is
        wrapped.
        """
        _, uncertainty, requirement, *_ = (Fraction(word, WAD) for word in system.assess(hedge))
        net, wrapped, owed = 40 * 2_000, 100 * 2_000, 60 * 2_000
        expected = net * share(WETH.half_width) + wrapped * share(WSTETH.basis_band)
        assert float(uncertainty) == pytest.approx(float(expected), rel=1e-6)
        # Nothing nets in the standard requirement.
        expected = wrapped * share(WSTETH.down[1] + WSTETH.basis_shock + WSTETH.unwinding)
        expected += owed * share(WETH.up[1] + WETH.unwinding)
        assert float(requirement) == pytest.approx(float(expected), rel=1e-6)

    @pytest.mark.parametrize("price", [200, 1_000, 4_000, 20_000])
    def test_ethers_price_does_not_move_its_health(self, system: System, hedge: bytes, price: int) -> None:
        """Up or down by ten: equity and requirement move together. LIQ-3"""
        before = system.health(hedge)
        system.set_price("WETH", price)
        assert system.health(hedge) == pytest.approx(before, rel=1e-9)

    def test_a_loss_of_the_wrapper_does(self, system: System, hedge: bytes) -> None:
        """The wrapper loses a quarter of what backs it: the rate falls at once, and the account with it."""
        evm, taker = system.evm, system.evm.accounts[TAKER]
        shares = system.token("wstETH")
        shares.lose(system.weth.balanceOf(shares.address) // 4)
        assert system.health(hedge) < 0.9
        into = system.deposit(taker, "USDC", 500_000)
        tx = system.vault.liquidate(hedge, into, WAD, 0, 0, NO_LIMIT, sender=taker)
        assert tx.value[0] > 0
        evm.mine()

    def test_it_earns_the_wrappers_yield(self, system: System, hedge: bytes) -> None:
        """A twentieth of yield in a year: it counts as far as the cap lets it grow, and is there in full when
        sold.
        """
        shares = system.token("wstETH")
        before = system.assess(hedge)[0]
        held = system.weth.balanceOf(shares.address)
        owner = system.evm.accounts[0]
        system.mint("WETH", owner, held // WAD // 20 + 1)
        system.weth.approve(shares.address, held // 20, sender=owner)
        shares.donate(held // 20, sender=owner)
        assert system.assess(hedge)[0] < before * 1_001 // 1_000
        source = system.evm.at("GrowthCappedRate", system.parameters.asset(system.assets["wstETH"].id)[2])
        for _ in range(8):
            system.warp(YEAR // 8)
            source.poke()
        assert source.rateWad() == pytest.approx(1.05 * WAD, rel=1e-6)
        assert system.assess(hedge)[0] > before
