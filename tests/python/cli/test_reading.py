"""Commands that only read: what they say to people on narrow and wide screens, and to programs."""

from __future__ import annotations

from decimal import Decimal

import pytest

WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
pytestmark = pytest.mark.anvil


def test_status_for_programs(keel, system):
    keel("deposit", "10 WETH", "--yes")
    keel("borrow", "1000 USDC", "--yes")
    data = keel("status", "--json").data
    assert data["chain_id"] == 31337 and data["vault"] == system.domain.vault.address
    assert data["settlement"] == "USDC" and data["paused"] is False
    assert data["backstop"] == {"assets": "500000", "available": "500000", "flagged": "0"}
    markets = {market["asset"]: market for market in data["markets"]}
    assert list(markets) == ["USDC", "WETH", "WBTC", "wstETH", "DAI"]
    weth, pool = markets["WETH"], markets["USDC"]["pool"]
    assert weth["price_usd"] == "2000" and weth["price_state"] == "fresh"
    assert weth["in_custody"] == "10" and weth["supply_cap"] == "100000"
    assert 1_000 <= Decimal(pool["debt"]) == Decimal(pool["owed_by_vault"]) < Decimal("1000.001")
    utilisation = Decimal(pool["debt"]) / Decimal(pool["supplied"])
    assert abs(Decimal(pool["utilisation"]) - utilisation) < Decimal("1e-9")
    assert Decimal("0.01") < Decimal(pool["borrow_rate_per_year"]) < Decimal("0.05")
    share = Decimal(system.domain["USDC"].pool.reserveShareWad()) / 10**18
    lenders = Decimal(pool["borrow_rate_per_year"]) * utilisation * (1 - share)
    assert abs(Decimal(pool["supply_rate_per_year"]) - lenders) < Decimal("1e-12")
    ether = next(entry for entry in data["prices"] if entry["name"] == "ETH")
    assert (ether["low_usd"], ether["high_usd"], ether["state"]) == ("1985", "2015", "fresh")
    assert abs(Decimal(ether["second_source_usd"]) - 2_000) < 1
    assert ether["age_seconds"] >= 600 and ether["heartbeat_seconds"] == 7 * 86_400


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["account", "show"],
        ["account", "list", "--all"],
        ["oracle", "show", "ETH"],
        ["params", "show"],
        ["what-if", "--price", "ETH=1700"],
        ["liquidatable"],
        ["perp", "markets"],
        ["perp", "book", "ETH"],
        ["perp", "funding", "ETH"],
        ["perp", "positions"],
        ["perp", "lp", "show", "ETH"],
        ["open", "--short", "WETH", "--leverage", "2", "--margin", "1000 USDC", "--dry-run"],
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else str(value),
)
def test_tables_fit_the_screen(keel, monkeypatch, command, columns):
    keel("open", "--long", "WETH", "--leverage", "4", "--margin", "10000 USDC", "--from", "2", "--yes")
    keel("perp", "open", "--short", "BTC", "--size", "0.0123456", "--from", "2", "--yes")
    monkeypatch.setenv("COLUMNS", str(columns))
    result = keel(*command, "--account", "2") if command[0] != "open" else keel(*command)
    assert result.code == 0, result.err
    assert max(len(line) for line in result.out.splitlines()) <= columns
    assert "…" not in result.out


def test_an_account_for_people(keel):
    assert "It is empty" in keel("account", "show").out
    keel("open", "--long", "WETH", "--leverage", "4", "--margin", "10000 USDC", "--yes")
    text = keel("account", "show").out
    assert f"Account {WALLET}" in text
    assert "taken over with ETH  below $1,724" in text
    assert "240,000 USDC, 100 WETH" in text


def test_an_account_for_programs_is_what_the_lens_says(keel, system):
    keel("open", "--long", "WETH", "--leverage", "4", "--margin", "10000 USDC", "--yes")
    data = keel("account", "show", "--json").data
    lens, account = system.domain.lens, bytes.fromhex(data["account"][2:])
    assert data["owner"] == WALLET and data["index"] == 0
    health = Decimal(lens.health(account)) / 10**18
    assert abs(Decimal(data["health"]) - health) < Decimal("1e-6")
    assert data["prices"] == "fresh" and data["may_be_taken_over"] is False
    below = Decimal(lens.liquidationPrice(account, system.domain["WETH"].token)[0]) / 10**18
    prices = data["liquidation_prices_usd"]
    assert abs(Decimal(prices["ETH"]["below"]) - below) < Decimal("0.01") and prices["ETH"]["above"] is None
    amounts = {entry["asset"]: Decimal(entry["amount"]) for entry in data["positions"]}
    assert (
        amounts["WETH"]
        == Decimal(system.domain.vault.balanceOf(account, system.domain["WETH"].token)) / 10**18
    )
    assert -30_001 < amounts["USDC"] <= -30_000
    assert data["wallet"]["USDC"] == "240000"


def test_accounts_are_found_by_their_events(keel):
    keel("deposit", "10 WETH", "--yes")
    keel("deposit", "1 WETH", "--index", "7", "--yes")
    keel("deposit", "5 WETH", "--from", "2", "--yes")
    mine = keel("account", "list", "--json").data["accounts"]
    assert {account["index"] for account in mine} == {0, 7}
    assert {account["owner"] for account in mine} == {WALLET}
    everybody = keel("account", "list", "--all", "--json").data["accounts"]
    assert len(everybody) == 8  # the backstop has one, each AMM, and two who trade with those
    healths = [Decimal(account["health"]) for account in everybody]
    assert healths == sorted(healths)


def test_what_if_foresees_what_then_is(keel):
    keel("deposit", "10 WETH", "--yes")
    foreseen = keel("what-if", "--borrow", "9000 USDC", "--deposit", "1 WBTC", "--json").data
    keel("borrow", "9000 USDC", "--yes")
    keel("deposit", "1 WBTC", "--yes")
    actual = keel("account", "show", "--json").data
    for name in ("health", "equity_usd", "worst_equity_usd", "initial_requirement_usd"):
        assert abs(Decimal(foreseen["then"][name]) / Decimal(actual[name]) - 1) < Decimal("1e-6"), name
    assert foreseen["then"]["passes"] is True
    for name in ("ETH", "BTC"):
        wanted = actual["liquidation_prices_usd"].get(name)
        found = foreseen["then"]["liquidation_prices_usd"].get(name)
        assert (wanted is None) == (found is None)
        if wanted and wanted["below"]:
            assert abs(Decimal(found["below"]) / Decimal(wanted["below"]) - 1) < Decimal("1e-4")


def test_what_if_a_price_falls(keel):
    keel("open", "--long", "WETH", "--leverage", "4", "--margin", "10000 USDC", "--yes")
    now = keel("account", "show", "--json").data
    below = Decimal(now["liquidation_prices_usd"]["ETH"]["below"])
    above = keel("what-if", "--price", f"ETH={below + 1:.2f}", "--json").data["then"]
    under = keel("what-if", "--price", f"ETH={below - 1:.2f}", "--json").data["then"]
    assert Decimal(above["health"]) > 1 > Decimal(under["health"])
    assert keel("what-if", "--borrow", "100 WETH", "--json").data["then"]["passes"] is False


def test_parameters_in_force(keel, system):
    listed = {(one["of"], one["name"]): one for one in keel("params", "show", "--json").data["parameters"]}
    assert listed["ETH", "maintenance_down"]["value"] == "12.5%"
    assert listed["domain", "min_debt"]["value"] == "$500"
    assert listed["WETH", "tier"]["value"] == "cross"
    parameters, number = system.domain.parameters, system.domain.underlyings["ETH"]
    shocks = parameters.shocksTarget(number)
    raised = (200_000, 200_000, 150_000, shocks.maintenanceUpPpm)
    parameters.setShocks(number, raised, 30 * 86_400, sender=system.chain.accounts[0])
    listed = {
        (one["of"], one["name"]): one for one in keel("params", "show", "ETH", "--json").data["parameters"]
    }
    assert listed["ETH", "maintenance_down"]["target"] == "15%"
    assert listed["ETH", "maintenance_down"]["value"] != "15%"
    assert "goes to" in keel("params", "show", "ETH").out
    diff = keel("params", "diff", "--json").data
    assert diff["compared"] > 200
    assert {"parameter": "weth.yaml: shocks.maintenance_down", "chain": "15%", "file": "12.5%"} in diff[
        "differences"
    ]


def test_parameters_as_in_the_files(keel):
    assert keel("params", "diff", "--json").data["differences"] == []
    assert "none differ" in keel("params", "diff").out


def test_one_price_in_full(keel):
    text = keel("oracle", "show", "weth").out
    assert "promises an answer  within 1 week" in text and "they agree within   2%" in text
    assert [entry["name"] for entry in keel("oracle", "show", "--json").data["prices"]] == [
        "USD",
        "ETH",
        "BTC",
        "DAI",
    ]


def test_help_names_every_command(keel):
    text = keel("--help").out
    for name in (
        *("status", "account", "deposit", "withdraw", "borrow", "repay", "transfer", "open", "close"),
        *("what-if", "lend", "unlend", "stake", "unstake", "liquidatable", "liquidate", "oracle", "params"),
        *("keeper", "console", "up", "down"),
    ):
        assert f"│ {name} " in text
    assert keel().out == text
    assert "--json" in keel("deposit", "--help").out
