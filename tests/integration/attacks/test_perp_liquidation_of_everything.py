"""An account with a token, a debt, and perpetuals on both sides of two markets is taken over: in part, then all of it."""

from __future__ import annotations

import pytest

from tests.helpers.evm import Backend
from tests.helpers.perp_market import PerpBench
from tests.helpers.system import NO_LIMIT, TAKER, TRADER, WAD, System


@pytest.mark.parametrize("weth, insolvent", [(1_340, False), (1_150, True)])
def test_all_of_it_moves(evm: Backend, weth: int, insolvent: bool) -> None:
    system = System.deploy(evm, stake=0)
    ether, bitcoin = PerpBench.deploy(system), PerpBench.deploy(system, symbol="WBTC")
    owner = evm.accounts[TRADER]
    account = system.deposit(owner, "WETH", 10)
    system.deposit(owner, "USDC", 2_500)
    other = ether.trader(5, 1_000_000)
    ether.fill(account, other, 5 * WAD, 2_000 * WAD)
    bitcoin.fill(other, account, WAD // 10, 40_000 * WAD)
    system.borrow(owner, "USDC", 10_000)
    evm.mine()
    system.set_price("WETH", weth)
    into = system.deposit(evm.accounts[TAKER], "USDC", 1_000_000)
    evm.mine()
    equity, uncertainty, requirement, *_ = system.assess(account)
    assert equity + uncertainty < requirement and (equity + uncertainty < 0) == insolvent

    taker = evm.accounts[TAKER]
    before = system.assess(into)[0]
    sizes = [bench.position(account)["size"] for bench in (ether, bitcoin)]
    taken, _ = system.vault.liquidate(account, into, WAD // 4, 0, 0, NO_LIMIT, sender=taker).value
    left = [bench.position(account)["size"] for bench in (ether, bitcoin)]
    for bench, was, now in zip((ether, bitcoin), sizes, left, strict=True):
        gone = was * taken // WAD if was > 0 else -(-was * taken // WAD)
        assert was - now == gone
        if not insolvent:
            assert bench.position(into)["size"] == gone
    assert system.assess(into)[0] >= before - 10**13, "LIQ-2: nobody pays to take over"
    if insolvent:
        assert taken == WAD and system.vault.holdings(account)[:2] in (((), ()), ([], []))
    else:
        assert 0 < taken < WAD
        equity_after, _, requirement_after, *_ = system.assess(account)
        assert equity_after * requirement >= equity * requirement_after, "LIQ-1"


def test_a_profit_in_one_market_stays_with_who_made_it(evm: Backend) -> None:
    """Losses move with what is taken; the profit becomes the account's claim."""
    system = System.deploy(evm)
    ether, bitcoin = PerpBench.deploy(system), PerpBench.deploy(system, symbol="WBTC")
    account, other = ether.trader(TRADER, 4_000), ether.trader(5, 1_000_000)
    ether.fill(account, other, 5 * WAD, 2_000 * WAD)
    bitcoin.fill(other, account, WAD // 10, 40_000 * WAD)
    evm.mine()
    system.set_price("WETH", 1_450)
    system.set_price("WBTC", 38_000)
    into = system.deposit(evm.accounts[TAKER], "USDC", 1_000_000)
    evm.mine()
    tx = system.vault.liquidate(account, into, WAD // 4, 0, 0, NO_LIMIT, sender=evm.accounts[TAKER])
    assert 0 < tx.value[0] < WAD
    position = bitcoin.position(account)
    assert position["waiting"] == 200 * 10**6
    assert bitcoin.position(into)["waiting"] == bitcoin.position(into)["allotted"] == 0
    assert abs(bitcoin.position(into)["pnl"]) < 10**30
