"""Collateral that counted for nothing could leave for nothing, and the debt stayed.

An account below its initial requirement may act as long as it reduces risk. That was measured at the
initial requirement alone, where an asset counts for nothing when its price is gone, when its tier was
lowered, or when it is isolated and does not stand alone. Its withdrawal, in a batch, or its transfer changed
neither equity nor requirement: "reduced". So a borrower whose collateral's feed died for a block took all of
it and left the debt to the lenders; and with isolated collateral he needed no feed to die, only a wei of
another asset of his own. Now risk must fall at the maintenance requirement as well, where such collateral
counts.
"""

from __future__ import annotations

import pytest

from tests.helpers.system import System
from tests.helpers.vault_bench import ALL, VaultBench


@pytest.fixture
def bench(system: System) -> VaultBench:
    return VaultBench(system)


def cannot_leave(bench: VaultBench, account: bytes, symbol: str) -> None:
    """SOLV-1"""
    held, other = bench.balance(account, symbol), bench.account(bench.trader, 1)
    refusal = bench.refusal(account, {symbol: -held})
    with bench.evm.reverts("Vault_BelowInitialRequirement", *refusal):
        bench.batch(bench.vault.withdraw.encode(account, bench[symbol], ALL, bench.trader))
    with bench.evm.reverts("Vault_BelowInitialRequirement", *refusal):
        bench.vault.transfer(account, other, bench[symbol], held, sender=bench.trader)


def test_when_its_feed_dies(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.kill("WETH")
    cannot_leave(bench, account, "WETH")


def test_when_its_tier_is_lowered(bench: VaultBench) -> None:
    account = bench.debtor()
    bench.system.parameters.lowerTier(bench.system.assets["WETH"].id, 0, sender=bench.guardian)
    cannot_leave(bench, account, "WETH")


def test_when_it_is_isolated_and_its_owner_adds_a_wei_of_something_else(bench: VaultBench) -> None:
    bench.add("ISO", tier=1)
    account = bench.debtor(collateral="ISO", held=2_000)
    bench.deposit(bench.trader, "WETH", "0.000000000000000001")
    cannot_leave(bench, account, "ISO")
