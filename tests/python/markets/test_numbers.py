"""What the checkout's own numbers allow a trader, on the deployed contracts."""

from __future__ import annotations

import pytest

from scripts.common.uniswap import encode_route
from scripts.deploy import deploy

WAD = 10**18
MARGIN = 10 * WAD


@pytest.fixture
def trade(evm):
    """Opens a long of so much times its margin, in one batch, from 10 WETH."""
    deployment = deploy(evm)
    weth, usdc, vault = deployment["WETH"], deployment["USDC"], deployment.vault
    lender, trader = evm.accounts[1:3]
    deployment.mint("USDC", lender, 10**13)
    usdc.token.approve(usdc.pool, 10**13, sender=lender)
    usdc.pool.deposit(10**13, lender, sender=lender)
    deployment.mint("WETH", trader, MARGIN)
    weth.token.approve(vault, MARGIN, sender=trader)
    account = bytes.fromhex(trader[2:]) + bytes(12)

    def open_(leverage_percent: int) -> bytes:
        spent = 20_000 * 10**6 * (leverage_percent - 100) // 100
        route = encode_route([usdc.token, 500, weth.token])
        swap = (deployment.adapter, usdc.token, weth.token, False, spent, 0, WAD // 100, route)
        calls = [vault.deposit.encode(account, weth.token, MARGIN), vault.swap.encode(account, swap)]
        vault.execute(calls, sender=trader)
        return account

    return deployment, open_


@pytest.mark.parametrize("leverage_percent", [200, 400, 450])
def test_a_long_of_four_times_opens_at_the_worst_edges(trade, leverage_percent):
    deployment, open_ = trade
    account = open_(leverage_percent)
    bought = deployment.vault.balanceOf(account, deployment["WETH"].token)
    assert bought > MARGIN * leverage_percent // 100 * 995 // 1000
    assert deployment.vault.balanceOf(account, deployment["USDC"].token) < 0


def test_one_of_five_times_does_not(evm, trade):
    _, open_ = trade
    with evm.reverts("Vault_BelowInitialRequirement"):
        open_(500)
