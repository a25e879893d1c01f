"""A payment could not be withdrawn in the batch that made it, unless others' tokens were there.

Payments in settlement tokens within a batch are drawn from the pool at its end, net. Until then a payee's
balance may be more than the vault's total of that asset. Its withdrawal took the total below zero and failed
with an amount out of range, or not, as strangers happened to hold enough of the asset. Now the vault draws
what is open before it sends more than it has.
"""

from __future__ import annotations

from tests.helpers.system import System
from tests.helpers.vault_bench import ALL, VaultBench

DOLLAR = 10**6


def test_leaves_although_nobody_else_holds_any(system: System) -> None:
    bench = VaultBench(system)
    puppet, backstop = bench.instrument(), bench.system.backstop
    bench.vault.withdraw(bench.backstop_account, bench["USDC"], ALL, bench.stranger, sender=backstop)
    account, own = bench.deposit(bench.trader, "WETH", 10), bench.account(puppet)
    payee = bench.account(bench.trader, 1)
    payments = bench.script(
        (bench.vault, bench.vault.instrumentPay.encode(account, own, 1_000 * DOLLAR)),
        (bench.vault, bench.vault.instrumentPay.encode(own, payee, 1_000 * DOLLAR)),
    )
    assert bench.custody("USDC") == 0
    bench.batch(
        bench.vault.callInstrument.encode(account, puppet, payments),
        bench.vault.withdraw.encode(payee, bench["USDC"], ALL, bench.trader),
    )
    assert bench.tokens(bench.trader, "USDC") == 1_000 * DOLLAR
    bench.check_books()
