"""Gas of every kind of operation: whole transactions on Anvil, cold storage, a day between steps.

    python -m tests.gas.measure            # prints the figures beside the snapshot, writes reports/gas.json
    python -m tests.gas.measure --accept   # makes them the snapshot, and writes the table of docs/gas.md

Feeds are `MockAggregator`s (the newest round in one slot), a single source each. Approvals are unlimited,
receivers hold the token already, and accounts have been used before: what recurs is measured, not the first
write of a slot, unless the key says `first`. `liquidate_partial`: the taker owes the settlement asset before.
`liquidate_custody`: it pays from its balance. `open_4x` and `close_4x`: one batch with a two-transfer mock
swap.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.gas import page
from tests.gas.options import option_market_figures, option_value_figures
from tests.gas.perpetuals import perpetual_figures
from tests.gas.portfolio import portfolio_figures
from tests.gas.volatility import volatility_figures
from tests.helpers.anvil_backend import AnvilBackend
from tests.helpers.system import DAI, DAY, NO_LIMIT, USDC, WAD, WBTC, WETH, AssetSpec, System

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "reports" / "gas.json"
SNAPSHOT = ROOT / "tests" / "gas" / "snapshot.json"
TOLERANCE = 0.01

EXTRA = tuple(AssetSpec(f"T{number}", 18, 100) for number in range(1, 7))
SPECS = (USDC, WETH, WBTC, DAI, *EXTRA)
COLLATERALS = ("WETH", "WBTC", *(spec.symbol for spec in EXTRA))


def measure(evm: AnvilBackend, figures: dict[str, int] | None = None) -> dict[str, int]:
    """Gas used by operation, put into `figures` one by one, each before another transaction is sent."""
    figures = {} if figures is None else figures
    system = System.deploy(evm, SPECS)
    _lenders(system, figures)
    _traders(system, figures)
    _takeovers(system, figures)
    _leverage(system, figures)
    _views(system, figures)
    perpetual_figures(system, figures)
    option_value_figures(evm, figures)
    volatility_figures(system, figures)
    portfolio_figures(system, figures)
    option_market_figures(system, figures)
    return figures


def _next_day(system: System) -> None:
    system.warp(DAY)


def _lenders(system: System, figures: dict[str, int]) -> None:
    lender = system.evm.accounts[7]
    pool, amount = system.pool("USDC"), system.units("USDC", 1_000)
    system.mint("USDC", lender, 10_000)
    system.token("USDC").approve(pool.address, 2**256 - 1, sender=lender)
    _borrower(system, 8)  # debt, so that interest accrues
    pool.deposit(amount, lender, sender=lender)
    _next_day(system)
    figures["lender_deposit"] = pool.deposit(amount, lender, sender=lender).gas_used
    _next_day(system)
    figures["lender_withdraw"] = pool.withdraw(amount // 2, lender, lender, sender=lender).gas_used


def _borrower(system: System, position: int, collaterals: tuple[str, ...] = ("WETH",)) -> bytes:
    owner = system.evm.accounts[position]
    for symbol in collaterals:
        account = system.deposit(owner, symbol, 20_000 / system.assets[symbol].spec.price)
    system.fund("USDC", owner, 10_000)
    system.borrow(owner, "USDC", 1_000)
    return account


def _traders(system: System, figures: dict[str, int]) -> None:
    vault, weth, usdc = system.vault, system["WETH"], system["USDC"]
    owner = system.evm.accounts[9]
    account = system.account(owner)
    system.fund("WETH", owner, 100)
    figures["collateral_deposit_first"] = vault.deposit(account, weth, 10 * WAD, sender=owner).gas_used
    _next_day(system)
    figures["collateral_deposit"] = vault.deposit(account, weth, 10 * WAD, sender=owner).gas_used
    system.fund("USDC", owner, 10_000)
    system.borrow(owner, "USDC", 1_000)
    _next_day(system)
    figures["collateral_withdraw_with_debt"] = vault.withdraw(
        account, weth, WAD, owner, sender=owner
    ).gas_used
    for number in (1, 2, 4, 8):
        owner = system.evm.accounts[9 + number]
        account = _borrower(system, 9 + number, COLLATERALS[:number])
        _next_day(system)
        amount = system.units("USDC", 500)
        figures[f"borrow_{number}"] = vault.borrow(account, usdc, amount, owner, sender=owner).gas_used
    owner = system.evm.accounts[10]
    account = system.account(owner)
    _next_day(system)
    figures["repay_partial"] = vault.repay(account, usdc, system.units("USDC", 100), sender=owner).gas_used
    _next_day(system)
    figures["repay_full"] = vault.repay(account, usdc, system.units("USDC", 9_000), sender=owner).gas_used


def _takeovers(system: System, figures: dict[str, int]) -> None:
    vault, evm = system.vault, system.evm
    victim = system.leveraged(evm.accounts[20], "WETH", 10, "USDC", 15_800)
    debtor = evm.accounts[21]
    into = system.leveraged(debtor, "WETH", 100, "USDC", 5_000)
    payer = evm.accounts[22]
    paying = system.deposit(payer, "USDC", 50_000)
    vault.deposit(paying, system["WETH"], system.fund("WETH", payer, 10), sender=payer)
    _next_day(system)
    system.set_price("WETH", 1_790)
    liquidate = vault.liquidate
    tx = liquidate(victim, into, WAD // 4, 0, 0, NO_LIMIT, sender=debtor)
    figures["liquidate_partial"] = tx.gas_used
    _next_day(system)
    system.set_price("WETH", 1_750)
    tx = liquidate(victim, paying, WAD // 4, 0, 0, NO_LIMIT, sender=payer)
    figures["liquidate_custody"] = tx.gas_used
    system.set_price("WETH", 2_000)


def _leverage(system: System, figures: dict[str, int]) -> None:
    vault, evm = system.vault, system.evm
    owner = evm.accounts[24]
    account = system.account(owner)
    usdc, weth = system["USDC"], system["WETH"]
    system.fund("WETH", owner, 10)
    system.adapter.setPrice(usdc, weth, 10**18 * 10**18 // (2_000 * 10**6))
    system.adapter.setPrice(weth, usdc, 2_000 * 10**6)
    _next_day(system)

    def swap(exact_out: bool, sell: str, buy: str, amount: int, limit: int) -> bytes:
        order = (system.adapter.address, sell, buy, exact_out, amount, limit, WAD // 100, b"")
        return bytes(vault.swap.encode(account, order))

    deposit = vault.deposit.encode(account, weth, WAD)
    opening = [deposit, swap(False, usdc, weth, 6_000 * 10**6, 0)]
    withdraw = vault.withdraw.encode(account, weth, 2**256 - 1, owner)
    for number in ("_first", ""):
        _next_day(system)
        figures[f"open_4x{number}"] = vault.execute(opening, sender=owner).gas_used
        _next_day(system)
        debt = -system.balance(account, "USDC") + 1_000  # and the interest of the next block
        closing = [swap(False, weth, usdc, 3 * WAD + WAD // 100, debt), withdraw]
        tx = vault.execute(closing, sender=owner)
        if not number:
            figures["close_4x"] = tx.gas_used


def _views(system: System, figures: dict[str, int]) -> None:
    for number in (1, 8):
        account = system.account(system.evm.accounts[9 + number])
        if number == 1:
            system.borrow(system.evm.accounts[10], "USDC", 1_000)
        _next_day(system)
        data = system.lens.health.encode(account)
        tx = system.evm.transact(system.evm.accounts[0], system.lens.address, data, 0, None, bytes)
        figures[f"health_view_{number}"] = tx.gas_used


def compare(figures: dict[str, int], snapshot: dict[str, int]) -> list[str]:
    """Keys whose gas rose above the tolerance, and keys that one of both lacks, as sentences."""
    complaints = [
        f"{key}: {figures[key]:,} gas, {figures[key] / snapshot[key] - 1:.1%} above {snapshot[key]:,}"
        for key in figures.keys() & snapshot.keys()
        if figures[key] > snapshot[key] * (1 + TOLERANCE)
    ]
    complaints += [f"{key}: not in the snapshot" for key in figures.keys() - snapshot.keys()]
    complaints += [f"{key}: in the snapshot, not measured" for key in snapshot.keys() - figures.keys()]
    return sorted(complaints)


def read_snapshot() -> dict[str, int]:
    """The committed figures."""
    return dict(json.loads(SNAPSHOT.read_text()))


def main() -> int:
    """Measures, prints, writes the report; exit code 1 when a figure rose."""
    parser = argparse.ArgumentParser(description="Gas of every kind of operation.")
    parser.add_argument("--accept", action="store_true", help="make the figures the snapshot")
    accept = parser.parse_args().accept
    evm = AnvilBackend()
    try:
        figures = measure(evm)
    finally:
        evm.close()
    REPORT.parent.mkdir(exist_ok=True)
    text = json.dumps(figures, indent=2) + "\n"
    REPORT.write_text(text)
    if accept:
        SNAPSHOT.write_text(text)
        page.write(figures)
    snapshot = read_snapshot() if SNAPSHOT.exists() else {}
    print(f"{'operation':32}{'gas':>12}{'snapshot':>12}{'change':>9}")
    for key, gas in figures.items():
        before = snapshot.get(key)
        change = f"{gas / before - 1:+.2%}" if before else "new"
        print(f"{key:32}{gas:>12,}{before or 0:>12,}{change:>9}")
    complaints = compare(figures, snapshot)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
