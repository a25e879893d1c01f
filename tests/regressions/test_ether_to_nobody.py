"""Ether and wrapped ether could be withdrawn to addresses from which nobody gets them back.

`withdraw` refuses the zero address and the vault itself. Its twin that unwraps asked for neither: ether sent
to the zero address was burnt. And for wrapped ether the vault was a receiver like another, because unwrapping
passes through it: the tokens stayed in the vault, on nobody's account.
"""

from __future__ import annotations

import pytest

from tests.helpers.system import WAD, ZERO, System
from tests.helpers.vault_bench import VaultBench


@pytest.fixture
def bench(system: System) -> VaultBench:
    return VaultBench(system)


def test_the_zero_address_gets_no_ether(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 1)
    with bench.evm.reverts("Vault_BadReceiver", ZERO):
        bench.vault.withdrawNative(account, WAD, ZERO, sender=bench.trader)


@pytest.mark.parametrize("how", ["withdraw", "borrow"])
def test_the_vault_gets_no_wrapped_ether(bench: VaultBench, how: str) -> None:
    account = bench.deposit(bench.trader, "WETH", 1)
    with bench.evm.reverts("Vault_BadReceiver", bench.vault):
        getattr(bench.vault, how)(account, bench["WETH"], WAD, bench.vault, sender=bench.trader)
