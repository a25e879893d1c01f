"""Routes and quotes on a deployed domain, held against what Uniswap and the vault then do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.client.domain import account_id, open_domain
from scripts.client.routes import Router, Wanted, swap_call
from scripts.common.contract import Reverted
from scripts.common.errors import KeelError
from scripts.common.units import WAD
from tests.helpers.crash import CrashChain

pytestmark = pytest.mark.anvil

DOLLAR = 10**6


@pytest.fixture(scope="module")
def deployed() -> Iterator[CrashChain]:
    with CrashChain() as world:
        yield world


@pytest.fixture
def world(deployed: CrashChain) -> Iterator[CrashChain]:
    """All that the test does to the chain is undone."""
    snapshot = deployed.chain.rpc("evm_snapshot")
    yield deployed
    assert deployed.chain.rpc("evm_revert", snapshot)


@pytest.fixture
def router(world: CrashChain) -> Router:
    return Router(world.domain)


def test_routes_are_direct_or_over_one_asset_and_longer_only_where_there_is_no_other(router: Router) -> None:
    listed = router.domain
    shown = {
        (sell.symbol, buy.symbol): [str(route) for route in router.routes(sell, buy)]
        for sell in listed.assets
        for buy in listed.assets
        if sell is not buy
    }
    assert shown["WETH", "USDC"] == ["WETH -0.05%-> USDC"]
    assert shown["wstETH", "USDC"] == ["wstETH -0.01%-> WETH -0.05%-> USDC"]
    assert shown["wstETH", "DAI"] == ["wstETH -0.01%-> WETH -0.05%-> USDC -0.01%-> DAI"]
    assert all(shown.values())


def test_quotes_are_what_the_vault_then_trades(world: CrashChain, router: Router) -> None:
    domain, vault = world.domain, world.domain.vault
    account = account_id(world.trader, 77)
    world.deployment.mint("wstETH", world.trader, 5 * WAD)
    domain["wstETH"].token.approve(vault, 5 * WAD, sender=world.trader)
    vault.deposit(account, domain["wstETH"].token, 5 * WAD, sender=world.trader)

    sold = router.best(domain["wstETH"], domain["USDC"], 4 * WAD)
    assert sold.amount_in == 4 * WAD and not sold.exact_out
    too_much = swap_call(domain, account, sold.route, 4 * WAD, limit=sold.amount_out + 1)
    with pytest.raises(Reverted, match="OutputTooSmall"):
        vault.execute.call([too_much], sender=world.trader)
    vault.execute(
        [swap_call(domain, account, sold.route, 4 * WAD, limit=sold.amount_out)], sender=world.trader
    )
    assert vault.balanceOf(account, domain["USDC"].token) == sold.amount_out

    bought = router.best(domain["USDC"], domain["WBTC"], 10**7, exact_out=True)
    assert bought.amount_out == 10**7 and bought.exact_out
    call = swap_call(domain, account, bought.route, 10**7, limit=bought.amount_in, exact_out=True)
    vault.execute([call], sender=world.trader)
    assert vault.balanceOf(account, domain["WBTC"].token) == 10**7
    assert vault.balanceOf(account, domain["USDC"].token) == sold.amount_out - bought.amount_in


def test_of_several_pools_the_best_one_for_the_amount_is_taken(world: CrashChain, router: Router) -> None:
    weth, usdc = world.domain["WETH"], world.domain["USDC"]
    assert [route.fees for route in router.routes(weth, usdc)] == [(500,)]
    uniswap, lender = world.deployment.uniswap, world.chain.account
    # A cheap pool that is good for small amounts only.
    pool = uniswap.create_pool(weth.token, usdc.token, 100, 2_000)
    world.deployment.mint("WETH", lender, 10 * WAD)
    world.deployment.mint("USDC", lender, 20_000 * DOLLAR)
    assert [route.fees for route in router.routes(weth, usdc)] == [(500,)]
    router.refresh()
    assert [route.fees for route in router.routes(weth, usdc)] == [(500,)]  # nothing is in it
    pool.add_liquidity(10 * WAD, 20_000 * DOLLAR, sender=lender)
    router.refresh()
    assert [route.fees for route in router.routes(weth, usdc)] == [(100,), (500,)]
    small, large, buying = router.quotes(
        [
            Wanted(weth, usdc, WAD // 1_000),
            Wanted(weth, usdc, 50 * WAD),
            Wanted(usdc, weth, 50 * WAD, exact_out=True),
        ]
    )
    assert small and small.route.fees == (100,)
    assert large and large.route.fees == (500,)
    assert buying and buying.route.fees == (500,)


def test_what_no_pool_can_carry_has_no_quote(world: CrashChain, router: Router) -> None:
    usdc, wbtc = world.domain["USDC"], world.domain["WBTC"]
    assert router.quotes([Wanted(usdc, wbtc, 10**20, exact_out=True), Wanted(usdc, wbtc, 0)]) == [None, None]
    with pytest.raises(KeelError, match="try less"):
        router.best(usdc, wbtc, 10**20, exact_out=True)
    with pytest.raises(KeelError, match="more than 0"):
        router.best(usdc, wbtc, 0)


def test_a_deployment_without_a_quoter_says_so(world: CrashChain) -> None:
    domain = open_domain(world.chain, world.folder)
    del domain.record.entries["uniswap.quoter"]
    with pytest.raises(KeelError, match=r"names no uniswap\.quoter"):
        Router(domain).best(domain["WETH"], domain["USDC"], WAD)
