"""A unit of debt in an asset at its supply cap let a swap take any amount of it into custody.

At the cap a swap may repay what the account owes of the asset, and beyond that only reduce risk. Whether the
account owed any was asked before the swap, and a debt of one unit was enough for all that came in after it.
Now it is asked whether the account holds any after the swap.
"""

from __future__ import annotations

from tests.helpers.system import System
from tests.helpers.vault_bench import VaultBench

DOLLAR = 10**6


def test_the_cap_binds_what_comes_into_custody(system: System) -> None:
    bench = VaultBench(system)
    account = bench.debtor(owed=1_000)
    bench.vault.borrow(account, bench["WBTC"], 1, bench.trader, sender=bench.trader)
    bench.vault.setCaps(bench["WBTC"], 0, 10**15)
    bench.quote("USDC", "WBTC")
    with bench.evm.reverts("Vault_AboveSupplyCap", account):
        bench.vault.swap(account, bench.order("USDC", "WBTC", 4_000 * DOLLAR), sender=bench.trader)
