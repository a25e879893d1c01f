"""An account in debt that paid itself owed less, and the pool was never paid.

A payment from debt to debt moves principal: it writes the payer's balance, then the receiver's. Both had been
read before. Where payer and receiver are the same account (an instrument that pays itself, the backstop that
takes over and pays itself its fee) the second writing undid the first: debt vanished, and with it the sum of
debts fell below what the vault owes the pool.
"""

from __future__ import annotations

from tests.helpers.system import System
from tests.helpers.vault_bench import VaultBench

DOLLAR = 10**6


def test_an_instrument_pays_itself_nothing(system: System) -> None:
    bench = VaultBench(system)
    puppet = bench.instrument()
    own = bench.account(puppet)
    weth = bench.system.fund("WETH", bench.trader, 10)
    bench.vault.setOperator(own, bench.trader, 2**64, sender=puppet)
    bench.vault.deposit(own, bench["WETH"], weth, sender=bench.trader)
    bench.vault.borrow(own, bench["USDC"], 5_000 * DOLLAR, bench.trader, sender=bench.trader)
    debt = bench.balance(own, "USDC")
    bench.vault.instrumentPay(own, own, 1_000 * DOLLAR, sender=puppet)
    assert bench.balance(own, "USDC") == debt
    bench.check_books()
