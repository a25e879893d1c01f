"""Routes and adapters that cheat: somebody else's adapter, a token that strikes in the middle, change that is
kept.
"""

from __future__ import annotations

from typing import Any

import pytest

from scripts.common.contract import Contract
from scripts.common.uniswap import encode_route
from tests.helpers.exchange import FEE, Exchange
from tests.helpers.system import STRANGER, TRADER, WAD, System
from tests.helpers.worth import gain

HONEST, KEEP_INPUT, UNDER_DELIVER, KEEP_CHANGE = range(4)
SELL = 4 * WAD


@pytest.fixture
def account(market: Exchange) -> bytes:
    """Ten ether, no debt."""
    return market.system.deposit(market.system.evm.accounts[TRADER], "WETH", 10)


def order(system: System, adapter: Any, exact_out: bool = False, **changes: Any) -> tuple[Any, ...]:
    """Sells ether for dollars, with a hundredth to lose."""
    values = {"amount": SELL, "limit": 0, "max_loss": WAD // 100, "route": b"", **changes}
    return (
        adapter.address,
        system["WETH"],
        system["USDC"],
        exact_out,
        values["amount"],
        values["limit"],
        values["max_loss"],
        values["route"],
    )


def test_an_adapter_that_is_not_listed_is_not_called(market: Exchange, account: bytes) -> None:
    """An operator, or a website, has the trader sign a swap through an adapter of its own."""
    system, trader = market.system, market.system.evm.accounts[TRADER]
    evil = system.evm.deploy("MockSwapAdapter")
    with system.evm.reverts("Vault_UnknownAdapter", evil.address):
        system.vault.swap(account, order(system, evil), sender=trader)


@pytest.mark.parametrize("exact_out", [False, True])
@pytest.mark.parametrize("dishonesty", [KEEP_INPUT, UNDER_DELIVER, KEEP_CHANGE])
def test_a_listed_adapter_that_cheats_gains_nothing(
    market: Exchange, account: bytes, dishonesty: int, exact_out: bool
) -> None:
    """It keeps what it was sent, sends less than it says, or keeps the change.

    Nothing that an adapter says is believed: the vault measures what came and what went. SOLV-2
    """
    system, trader, adapter = market.system, market.system.evm.accounts[TRADER], market.system.adapter
    adapter.setPrice(system["WETH"], system["USDC"], 2_000 * 10**6)
    adapter.setDishonesty(system["WETH"], system["USDC"], dishonesty)
    if exact_out:
        wanted = order(system, adapter, True, amount=8_000 * 10**6, limit=5 * WAD)
    else:
        wanted = order(system, adapter, limit=8_000 * 10**6)
    if dishonesty == KEEP_CHANGE and not exact_out:
        system.vault.swap(account, wanted, sender=trader)  # there is no change to keep
        return
    error = "Vault_SwapLoss" if dishonesty == KEEP_CHANGE else "Vault_SwapLimit"
    with gain(system, trader) as gained, system.evm.reverts(error):
        system.vault.swap(account, wanted, sender=trader)
    assert gained.dollars == 0
    assert system.weth.balanceOf(system.vault.address) == 10 * WAD, "SOLV-2"


def evil_route(market: Exchange, token: Contract) -> bytes:
    """Ether to the attacker's token to dollars, through pools that the attacker made."""
    system, attacker = market.system, market.system.evm.accounts[STRANGER]
    token.mint(attacker, 10**9 * WAD)
    for symbol, price in (("WETH", 2_000), ("USDC", 1)):
        paid = system.token(symbol)
        depth = system.mint(symbol, attacker, 10**7 // price)
        pool = market.uniswap.create_pool(paid, token, FEE, price, sender=attacker)
        pool.add_liquidity(depth, 10**7 * WAD, sender=attacker)
    return encode_route([system["WETH"], FEE, token.address, FEE, system["USDC"]])


def test_a_token_in_the_middle_of_the_route_finds_every_door_closed(market: Exchange, account: bytes) -> None:
    """The route goes through the attacker's own token, which takes over in the middle of the trade.

    It can neither touch the account, nor the vault, nor the adapter's money; and what it does to pools of its
    own is bounded by what the trade may lose.
    """
    system, evm = market.system, market.system.evm
    trader, attacker = evm.accounts[TRADER], evm.accounts[STRANGER]
    token = evm.deploy("HostileToken", "Evil", "EVIL", 18)
    route = evil_route(market, token)
    own = system.deposit(attacker, "USDC", 10_000)
    vault, adapter = system.vault, market.adapter
    hooks = [
        (vault.address, vault.withdraw.encode(account, system["WETH"], WAD, attacker)),
        (vault.address, vault.deposit.encode(own, system["USDC"], 1)),
        (vault.address, vault.liquidate.encode(account, own, WAD, 0, 0, 0)),
        (vault.address, vault.execute.encode([])),
        (vault.address, vault.balanceOf.encode(account, system["WETH"])),
        (adapter.address, adapter.swapExactIn.encode(system["WETH"], system["USDC"], 0, 0, route)),
        (adapter.address, adapter.uniswapV3SwapCallback.encode(SELL, 0, bytes.fromhex(system["WETH"][2:]))),
    ]
    token.setHooks(hooks, False)
    with gain(system, trader, prices={"WETH": 2_000}) as gained:
        vault.swap(account, order(system, adapter, route=route), sender=trader)
    errors = [evm.dictionary.error(token.hookResult(n))[0] for n in range(len(hooks))]
    assert not any(token.hookSucceeded(n) for n in range(len(hooks)))
    assert errors[:5] == ["Vault_Locked"] * 5
    assert set(errors[5:]) <= {"UniswapV3Adapter_Reentered", "UniswapV3Adapter_NotThePool"}
    assert -8_000 / 100 <= gained.dollars <= 0
    for symbol in ("WETH", "USDC"):
        assert system.token(symbol).balanceOf(adapter.address) == 0


def test_a_token_that_takes_a_fee_on_the_way_is_bounded(market: Exchange, account: bytes) -> None:
    """The attacker's token in the middle keeps a tenth of what passes, once the trade is on its way."""
    system, evm = market.system, market.system.evm
    token = evm.deploy("HostileToken", "Evil", "EVIL", 18)
    route = evil_route(market, token)
    token.setFee(WAD // 10)
    with evm.reverts(None):
        system.vault.swap(account, order(system, market.adapter, route=route), sender=evm.accounts[TRADER])
    assert system.balance(account, "WETH") == 10 * WAD


def test_a_route_must_begin_and_end_as_the_swap_says(market: Exchange, account: bytes) -> None:
    """A route that ends in another token, so that what was spent is not what is bought."""
    system, trader = market.system, market.system.evm.accounts[TRADER]
    route = encode_route([system["WETH"], FEE, system["DAI"]])
    with system.evm.reverts("SwapAdapter_RouteEnds"):
        system.vault.swap(account, order(system, market.adapter, route=route), sender=trader)


def test_what_lies_in_the_adapter_is_no_part_of_a_trade(market: Exchange, account: bytes) -> None:
    """The attacker leaves tokens in the adapter, so that a trade seems to bring more, or to cost less."""
    system, evm = market.system, market.system.evm
    trader = evm.accounts[TRADER]
    for symbol in ("WETH", "USDC"):
        system.mint(symbol, market.adapter.address, 1_000)
    with evm.isolation():
        system.weth.burn(market.adapter.address, 1_000 * WAD)
        system.token("USDC").burn(market.adapter.address, 1_000 * 10**6)
        clean = market.trade(account, trader, "WETH", "USDC", SELL).value
    assert market.trade(account, trader, "WETH", "USDC", SELL).value == clean
