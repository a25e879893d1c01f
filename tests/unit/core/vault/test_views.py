"""What the vault tells of itself."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.system import WAD, ZERO
from tests.helpers.vault_bench import VaultBench


def test_holdings_are_ascending_signed_and_complete(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "DAI", 5)
    for symbol in ("WBTC", "WETH", "wstETH"):
        bench.deposit(bench.trader, symbol, 1)
    bench.borrow(bench.trader, "USDC", 200)
    words, instruments, raised = bench.vault.holdings(account)
    assert [word >> 248 for word in words] == [0, 1, 2, 3, 4]
    assert bench.held(account) == {
        0: -bench.debt_of("USDC", 200 * 10**6),
        1: WAD,
        2: 10**8,
        3: WAD,
        4: 5 * WAD,
    }
    assert instruments == []
    assert raised == bench.evm.block_number


def test_an_account_that_was_never_used_holds_nothing(bench: VaultBench) -> None:
    assert bench.vault.holdings(b"\x77" * 32) == ([], [], 0)
    assert bench.vault.balanceOf(b"\x77" * 32, bench["USDC"]) == 0


@settings(max_examples=30)
@given(days=st.integers(0, 5_000), borrowed=st.integers(200, 10_000))
def test_a_debt_is_told_with_interest_by_both_views(bench: VaultBench, days: int, borrowed: int) -> None:
    """Principal times index, rounded up, whether or not the pool was touched."""
    with bench.evm.isolation():
        account = bench.deposit(bench.trader, "WETH", 10)
        bench.borrow(bench.trader, "USDC", borrowed)
        principal = bench.owed("USDC")
        bench.system.warp(days * 86_400)
        index = bench.system.pool("USDC").debtIndexNow()
        debt = (principal * index + WAD - 1) // WAD
        assert bench.balance(account, "USDC") == -debt == bench.held(account)[0]


def test_unknown_tokens_are_refused(bench: VaultBench) -> None:
    pool = bench.system.pool("USDC").address
    with bench.evm.reverts("Vault_UnknownAsset", pool):
        bench.vault.balanceOf(bench.account(bench.trader), pool)
    with bench.evm.reverts("Vault_UnknownAsset", pool):
        bench.vault.assetInfo(pool)


def test_assets_by_token_and_by_number(bench: VaultBench) -> None:
    bench.deposit(bench.trader, "WETH", 2)
    for symbol, listing in bench.system.assets.items():
        pool, cap = listing.pool.address, 10**9 * 10**listing.spec.decimals
        assert bench.vault.assetAt(listing.id) == (listing.token.address, pool)
        number, named, total, supply_cap, debt_cap = bench.vault.assetInfo(listing.token)
        assert (number, named, supply_cap) == (listing.id, pool, cap)
        assert cap - cap // 2**79 <= debt_cap <= cap
        assert total == bench.tokens(bench.vault, symbol)
    assert bench.vault.assetAt(127) == (ZERO, ZERO)
    assert bench.vault.instrumentAt(126) == ZERO
    with bench.evm.reverts("Panic", 0x32):
        bench.vault.assetAt(128)
    with bench.evm.reverts("Panic", 0x32):
        bench.vault.instrumentAt(127)


def test_what_it_was_deployed_with(bench: VaultBench) -> None:
    vault, system = bench.vault, bench.system
    assert vault.settlementAsset() == bench["USDC"]
    assert vault.riskEngine() == system.risk.address
    assert vault.liquidationEngine() == system.liquidation.address
    assert vault.backstop() == system.backstop.address
    assert vault.assetCount() == len(system.assets)
    assert vault.instrumentCount() == 1
    assert vault.instrumentAt(0) == system.portfolio_mode.address == system.risk.portfolioMode()
    assert (vault.owner(), vault.guardian(), vault.pendingOwner()) == (bench.owner, bench.guardian, ZERO)
    assert (vault.paused(), vault.locked()) == (False, False)


def test_only_the_liquidation_engine_reads_a_balance_while_locked(bench: VaultBench) -> None:
    """It asks for the backstop's while it plans; a token's callback is another caller."""
    token = bench.add("HOST").token
    account = bench.deposit(bench.trader, "HOST", 1)
    token.setHooks([(bench.vault.address, bench.vault.balanceOf.encode(account, bench["HOST"]))], False)
    bench.vault.withdraw(account, bench["HOST"], 1, bench.trader, sender=bench.trader)
    assert not token.hookSucceeded(0)
    into = bench.deposit(bench.taker, "USDC", 50_000)
    victim = bench.debtor(index=1, owed=15_500)
    bench.system.set_price("WETH", 1_560)
    tx = bench.vault.liquidate(victim, into, WAD, 0, 0, 2**255 - 1, sender=bench.taker)
    assert tx.events("Liquidated")[0]["topUp"] > 0, "the plan knew what the backstop has"
