"""One unit, sent to an account in debt, stayed in the asset's total and belonged to nobody.

A transfer into a debt repays it. One unit repays no whole unit of principal once interest has accrued, so the
receiver's debt stays as it is (ROUND-1) and the unit is the pool's. It was taken from the giver, but neither
sent to the pool nor taken off the total of balances: each such transfer made the vault hold, and its supply
cap count, one unit more than all accounts own.
"""

from __future__ import annotations

import pytest

from tests.helpers.system import DAY, System
from tests.helpers.vault_bench import VaultBench


@pytest.mark.parametrize("symbol", ["USDC", "DAI"])
def test_goes_to_the_pool(system: System, symbol: str) -> None:
    bench = VaultBench(system)
    receiver = bench.debtor(debt=symbol, owed=1_000)
    giver = bench.deposit(bench.stranger, symbol, 1)
    bench.system.warp(DAY)
    cash, owed = bench.cash(symbol), bench.owed(symbol)
    bench.vault.transfer(giver, receiver, bench[symbol], 1, sender=bench.stranger)
    assert bench.cash(symbol) == cash + 1
    assert bench.owed(symbol) == owed
    bench.check_books()
