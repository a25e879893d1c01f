"""Leveraged positions, and what comes of them when the price moves."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scripts.common.units import WAD

WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
ACCOUNT = bytes.fromhex(WALLET[2:]) + bytes(12)
pytestmark = pytest.mark.anvil


def balance(system, symbol: str) -> int:
    return system.domain.vault.balanceOf(ACCOUNT, system.domain[symbol].token)


def amounts(data) -> dict[str, Decimal]:
    return {entry["asset"]: Decimal(entry["amount"]) for entry in data["positions"]}


@pytest.mark.parametrize(
    "side, asset, leverage, margin",
    [
        ("--long", "WETH", "4", "10000 USDC"),
        ("--long", "WBTC", "2.5x", "5 WETH"),
        ("--long", "WETH", "3", "10 WETH"),
        ("--short", "WETH", "3", "10000 USDC"),
        ("--short", "WBTC", "1.5", "10000 DAI"),
        ("--long", "wstETH", "2", "10000 USDC"),
    ],
)
def test_a_position_has_the_leverage_that_was_asked_for(keel, side, asset, leverage, margin):
    data = keel("open", side, asset, "--leverage", leverage, "--margin", margin, "--yes", "--json").data
    after = data["after"]
    equity = Decimal(after["equity_usd"])
    position = next(entry for entry in after["positions"] if entry["asset"] == asset)
    value = Decimal(position["value_usd"]) * (1 if side == "--long" else -1)
    wanted = Decimal(leverage.removesuffix("x"))
    assert abs(value / equity - wanted) < wanted * Decimal("0.03")
    assert abs(Decimal(data["leverage"]) - value / equity) < Decimal("0.01")
    edge = after["liquidation_prices_usd"]
    name = {"WETH": "ETH", "WBTC": "BTC", "wstETH": "ETH"}[asset]
    price = {"ETH": 2_000, "BTC": 40_000}[name]
    if side == "--long":
        assert Decimal(edge[name]["below"]) < price
    else:
        assert Decimal(edge[name]["above"]) > price
    assert 0 < Decimal(data["price_impact"]) < Decimal("0.01")
    for key in ("health", "equity_usd", "debt_usd"):
        assert abs(Decimal(data["preview"][key]) / Decimal(after[key]) - 1) < Decimal("1e-5"), key


def test_leverage_is_raised_and_a_part_closed(keel):
    keel("open", "--long", "WETH", "--leverage", "2", "--margin", "10000 USDC", "--yes")
    data = keel("open", "--long", "WETH", "--leverage", "4", "--yes", "--json").data
    assert abs(Decimal(data["leverage"]) - 4) < Decimal("0.1")
    held = amounts(data["after"])["WETH"]
    assert "× the equity already" in keel("open", "--long", "WETH", "--leverage", "3", "--yes").line
    data = keel("close", "--part", "50%", "--yes", "--json").data
    assert abs(amounts(data["after"])["WETH"] - held / 2) < Decimal("1e-9")


@pytest.mark.parametrize("side, price", [("--long", 2_200), ("--short", 1_800)])
def test_who_was_right_goes_home_with_a_gain(keel, system, side, price):
    keel("open", side, "WETH", "--leverage", "3", "--margin", "10000 USDC", "--yes")
    assert keel("oracle", "set", "ETH", str(price), "--market", "--yes").code == 0
    result = keel("close", "--withdraw", "--yes", "--json").data
    assert result["after"]["positions"] == []
    gain = system.domain["USDC"].token.balanceOf(WALLET) / 10**6 - 250_000
    assert 2_700 < gain < 3_100


def test_closing_keeps_the_rest_in_the_account(keel, system):
    keel("open", "--short", "WETH", "--leverage", "3", "--margin", "10000 USDC", "--yes")
    text = keel("close", "WETH", "--yes").out
    assert "Close a short of WETH" in text
    assert balance(system, "WETH") == 0 and 9_900 * 10**6 < balance(system, "USDC") < 10_000 * 10**6


def test_a_trade_worse_than_its_bounds_is_refused_whole(keel, system):
    wallet = system.domain["USDC"].token.balanceOf(WALLET)
    block = system.chain.block_number
    command = ["open", "--long", "WETH", "--leverage", "4", "--margin", "100000 USDC", "--yes"]
    result = keel(*command, "--max-loss", "0.01%", "--json")
    assert result.document["error"]["name"] == "Vault_SwapLoss"
    assert "at most 0.01% is allowed" in result.document["error"]["message"]
    assert "initial" not in result.out
    assert system.chain.block_number == block
    assert system.domain["USDC"].token.balanceOf(WALLET) == wallet


def test_too_much_leverage_is_explained(keel):
    result = keel("open", "--long", "WETH", "--leverage", "9", "--margin", "1000 USDC", "--yes")
    assert "at the worst prices, and must be worth $" in result.line
    assert result.line.endswith("add margin or borrow less")


def test_several_positions_are_told_apart(keel):
    keel("open", "--long", "WETH", "--leverage", "1.5", "--margin", "10000 USDC", "--yes")
    keel("open", "--long", "WBTC", "--leverage", "1", "--yes")
    assert "name one of WETH, WBTC" in keel("close", "--yes").line
    assert "has no position in DAI" in keel("close", "DAI", "--yes").line
    assert keel("close", "WBTC", "--yes").code == 0
    assert keel("close", "--withdraw", "--yes").code == 0


@pytest.mark.parametrize(
    "arguments, text",
    [
        (["--leverage", "2"], "name either --long or --short"),
        (["--long", "WETH", "--short", "WBTC", "--leverage", "2"], "name either --long or --short"),
        (["--long", "USDC", "--leverage", "2"], "cannot be paid in USDC"),
        (["--long", "WETH"], "--leverage is missing"),
        (["--long", "WETH", "--leverage", "0"], "is no leverage"),
        (["--long", "WETH", "--leverage", "many"], "is no leverage"),
        (["--long", "WETH", "--leverage", "2", "--slippage", "5"], "is not a share"),
        (["--long", "WETH", "--leverage", "2", "--slippage", "80%"], "out of range"),
    ],
)
def test_what_is_no_order_is_said(keel, arguments, text):
    result = keel("open", *arguments, "--margin", "1000 USDC", "--yes")
    assert result.code == 2 and text in result.line


# --- crashes ---


def test_a_price_set_alone_is_in_dispute(keel):
    text = keel("oracle", "set", "ETH", "1500", "--yes").out
    assert "diverged" in text and "with --market the exchange does" in text
    assert "in dispute between its sources" in keel("oracle", "show", "ETH").out
    assert "no fresh price" in keel("open", "--long", "WETH", "--leverage", "2", "--margin", "1 WETH").line


def test_the_unhealthy_are_listed_and_taken_over(keel, system):
    keel("open", "--long", "WETH", "--leverage", "4.5", "--margin", "10000 USDC", "--yes")
    assert "None of 6 accounts" in keel("liquidatable").out
    victim = "0x" + ACCOUNT.hex()
    system.chain.warp(1)
    assert "is healthy: it is worth" in keel("liquidate", victim, "--from", "2", "--yes").line
    data = keel("oracle", "set", "ETH", "1720", "--market", "--yes", "--json").data
    assert data["state"] == "fresh" and data["price_usd"] == "1720"
    listed = keel("liquidatable", "--json").data["accounts"]
    assert [entry["account"] for entry in listed] == [victim]
    assert Decimal(listed[0]["health"]) < 1 and Decimal("0.05") <= Decimal(listed[0]["premium"]) <= Decimal(
        "0.3"
    )
    # Who has nothing cannot pay.
    assert "add margin or borrow less" in keel("liquidate", WALLET, "--from", "2", "--yes").line
    keel("deposit", "20000 USDC", "--from", "2", "--yes")
    data = keel("liquidate", WALLET, "--from", "2", "--yes", "--json").data
    assert 0 < Decimal(data["taken"]) < 1
    assert Decimal(data["target_health_after"]) > 1 > Decimal(data["target_health"])
    assert Decimal(data["after"]["equity_usd"]) > 20_000
    assert system.domain.lens.health(ACCOUNT) > WAD
    assert keel("liquidatable", "--json").data["accounts"] == []


@pytest.mark.parametrize(
    "side, asset, moved", [("--long", "WETH", ("ETH", "1690")), ("--short", "WBTC", ("BTC", "46000"))]
)
def test_what_is_taken_over_is_sold_without_capital(keel, system, side, asset, moved):
    opened = keel("open", side, asset, "--leverage", "4", "--margin", "10000 USDC", "--yes")
    assert opened.code == 0, opened.err
    keel("oracle", "set", *moved, "--market", "--yes")
    data = keel("liquidate", WALLET, "--sell", "--from", "2", "--yes", "--json").data
    assert data["before"]["positions"] == []
    assert Decimal(data["target_health_after"]) > 1 > Decimal(data["target_health"])
    profit = {entry["asset"]: Decimal(entry["amount"]) for entry in data["after"]["positions"]}
    assert profit["USDC"] > 20
    assert all(abs(amount) < Decimal("0.0001") for symbol, amount in profit.items() if symbol != "USDC")
    assert system.domain["USDC"].token.balanceOf(system.chain.accounts[2]) == 250_000 * 10**6


def test_a_part_is_taken_over(keel):
    keel("open", "--long", "WETH", "--leverage", "4.5", "--margin", "10000 USDC", "--yes")
    keel("oracle", "set", "ETH", "1720", "--market", "--yes")
    keel("deposit", "20000 USDC", "--from", "2", "--yes")
    data = keel("liquidate", WALLET, "--fraction", "10%", "--from", "2", "--yes", "--json").data
    assert Decimal(data["taken"]) == Decimal("0.1")


def test_wallets_keep_what_they_have_when_the_exchange_moves(keel, system):
    before = [system.domain[symbol].token.balanceOf(WALLET) for symbol in system.domain.by_symbol]
    for price in ("ETH", "BTC", "DAI"):
        assert (
            keel("oracle", "set", price, "1.01" if price == "DAI" else "30000", "--market", "--yes").code == 0
        )
    assert before == [system.domain[symbol].token.balanceOf(WALLET) for symbol in system.domain.by_symbol]
    assert {entry["state"] for entry in keel("oracle", "show", "--json").data["prices"]} == {"fresh"}
