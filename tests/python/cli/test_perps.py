"""Perpetual positions from the command line, held against what the chain says."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from scripts.client.domain import account_id
from scripts.client.perps import trade_data
from scripts.common.errors import KeelError
from scripts.common.units import WAD

WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
ACCOUNT = account_id(WALLET)
DAY = 86_400
pytestmark = pytest.mark.anvil


@pytest.fixture
def eth(system):
    """The market on ether."""
    return system.domain.perp("ETH")


@pytest.fixture
def funded(keel):
    """20,000 USDC in the wallet's account."""
    keel("deposit", "20000 USDC", "--yes")
    return keel


def position(perp):
    return perp.market.position(ACCOUNT)


def test_markets_say_what_the_contracts_say(keel, eth):
    row = keel("perp", "markets", "--json").data["markets"][0]
    state, totals = eth.market.state(), eth.market.totals()
    assert row["market"] == "ETH-PERP" and row["address"] == eth.market.address
    assert Decimal(row["index"]) * WAD == state.indexWad
    assert Decimal(row["open_interest"]) * WAD == totals.openInterestWad == 300 * WAD
    # Shock of the underlying and the cost of unwinding.
    assert (row["initial_share"], row["maintenance_share"]) == ("0.186", "0.131")
    assert Decimal(row["rate_per_8_hours"]) > 0 and row["index_state"] == "fresh"
    assert "ETH-PERP" in keel("perp", "markets").out
    status = keel("status", "--json").data
    assert [market["market"] for market in status["perps"]] == ["ETH-PERP", "BTC-PERP"]
    assert "BTC-PERP" in keel("status").out


@pytest.mark.parametrize(("side", "sign"), [("--long", 1), ("--short", -1)])
def test_a_position_is_opened_as_previewed(funded, eth, side, sign):
    quoted = eth.amm.quote(sign * 3 * WAD)
    data = funded("perp", "open", side, "ETH", "--size", "3ETH", "--yes", "--json").data
    held = position(eth)
    assert held.sizeWad == sign * 3 * WAD == Decimal(data["size_after"]) * WAD
    assert Decimal(data["price"]) * WAD == quoted
    assert held.entryWad == quoted
    fee = 3 * WAD * quoted * 5 // 10_000
    assert Decimal(data["fee_usd"]) * WAD == fee // WAD
    assert held.cost == sign * 3 * WAD * quoted + fee
    # The simulation ran a block earlier than the transaction.
    for name in ("equity_usd", "maintenance_requirement_usd"):
        assert abs(Decimal(data["preview"][name]) - Decimal(data["after"][name])) < 1
    assert data["after"]["instruments"] == 1


def test_leverage_counts_what_the_account_is_worth(keel, eth):
    data = keel(
        *("perp", "open", "--short", "BTC", "--leverage", "2.5", "--margin", "10000 USDC", "--yes", "--json")
    ).data
    assert data["steps"] == ["approve USDC", "open"]
    assert abs(Decimal(data["leverage"]) - Decimal("2.5")) < Decimal("0.1")
    again = keel("perp", "open", "--short", "BTC", "--leverage", "2", "--yes")
    assert again.code == 1 and "is that large already" in again.line
    edge = data["after"]["liquidation_prices_usd"]["BTC"]
    assert edge["below"] is None and 45_000 < Decimal(edge["above"]) < 60_000


def test_a_part_is_closed_and_then_all(funded, eth):
    funded("perp", "open", "--long", "ETH", "--size", "4", "--yes")
    funded("perp", "close", "ETH", "--part", "25%", "--yes")
    assert position(eth).sizeWad == 3 * WAD
    data = funded("perp", "close", "--yes", "--json").data
    assert position(eth).sizeWad == 0 and data["size"] == "-3"
    assert "has no perpetual position to close" in funded("perp", "close").line


def test_a_price_beyond_the_slippage_is_refused(funded, system, eth, monkeypatch):
    funded("perp", "open", "--long", "ETH", "--size", "1", "--yes")
    # Somebody trades between the quote and the transaction.
    quote = eth.amm.quote(WAD)
    limit = quote * 10_001 // 10_000
    other = system.chain.accounts[8]
    vault, theirs = system.domain.vault, account_id(other)
    vault.callInstrument(theirs, eth.market, trade_data(eth.amm.address, 500 * WAD), sender=other)
    with pytest.raises(KeelError, match="PerpMarket_PriceLimit"):
        vault.callInstrument(ACCOUNT, eth.market, trade_data(eth.amm.address, WAD, limit), sender=WALLET)
    # The command asks anew.
    assert funded("perp", "open", "--long", "ETH", "--size", "1", "--yes").code == 0


def test_what_if_knows_perpetual_positions(funded):
    funded("perp", "open", "--long", "ETH", "--size", "20", "--yes")
    foreseen = funded("what-if", "--withdraw", "1000 USDC", "--json").data
    funded("withdraw", "1000 USDC", "--yes")
    actual = funded("account", "show", "--json").data
    edges = [Decimal(data["liquidation_prices_usd"]["ETH"]["below"]) for data in (foreseen["then"], actual)]
    assert edges[0] == pytest.approx(edges[1], rel=Decimal("1e-3"))


def test_parameters_that_walk_are_shown(keel, system, eth):
    values = list(eth.market.parameters())
    values[0] = 65 * WAD // 10_000
    eth.market.setParameters(tuple(values), 4 * DAY, sender=system.chain.accounts[0])
    system.chain.warp(2 * DAY)
    shown = {row["name"]: row for row in keel("params", "show", "ETH-PERP", "--json").data["parameters"]}
    assert shown["unwinding"]["target"] == "0.65%" != shown["unwinding"]["value"]
    assert shown["taker_fee"]["value"] == shown["taker_fee"]["target"] == "0.05%"
    assert (shown["depth"]["value"], shown["amm_depth"]["value"]) == ("$500,000,000.00", "250,000 ETH")
    assert shown["premium_time"]["value"] == "15 minutes" and shown["amm_spread"]["value"] == "0.5%"


def test_settlement_pays_the_loss(funded, system, eth):
    funded("perp", "open", "--long", "ETH", "--size", "10", "--yes")
    loss = -position(eth).pnl // 10**30
    before = system.domain.vault.balanceOf(ACCOUNT, system.domain.settlement.token)
    data = funded("perp", "settle", "--yes", "--json").data
    (sent,) = data["transactions"]
    limit = int(system.chain.rpc("eth_getTransactionByHash", sent["hash"])["gas"], 16)
    assert limit > sent["gas_used"] + 1_000_000, "a node's estimate is that of collecting nothing"
    paid = before - system.domain.vault.balanceOf(ACCOUNT, system.domain.settlement.token)
    assert abs(paid - loss) < 10**6
    # Simulated a second before: funding has moved since.
    assert abs(Decimal(data["settled"][0]["paid"]) * 10**6 + paid) < 10**5
    assert abs(position(eth).pnl) < 10**30


def test_positions_show_profit_claims_and_funding_that_came_due(funded, system, eth):
    funded("perp", "open", "--long", "ETH", "--size", "10", "--yes")
    stored = position(eth).cost
    system.chain.warp(DAY)
    held = position(eth)
    (shown,) = funded("perp", "positions", "--json").data["perps"]
    assert Decimal(shown["size"]) == 10 and shown["market"] == "ETH-PERP"
    assert abs(Decimal(shown["funding_due"]) * WAD * WAD - (held.cost - stored)) < WAD
    assert Decimal(shown["funding_due"]) > 0
    assert abs(Decimal(shown["unsettled_profit"]) * WAD * WAD - held.pnl) < WAD
    account = funded("account", "show", "--json").data
    assert account["perps"] == [shown]
    assert "funding due" in funded("account", "show").out
    assert funded("perp", "positions", "--from", "4", "--json").data["perps"] == []


def test_a_profit_becomes_a_claim(funded, system, eth):
    funded("perp", "open", "--long", "ETH", "--size", "10", "--yes")
    funded("oracle", "set", "ETH", "2100", "--market", "--yes")
    profit = position(eth).pnl // 10**30
    assert profit > 0
    # Nobody has paid a loss yet, so the market has nothing to pay from.
    data = funded("perp", "settle", "ETH", "--yes", "--json").data["settled"][0]
    held = position(eth)
    assert held.waiting == pytest.approx(profit, rel=1e-3) and held.allotted == 0
    assert Decimal(data["claims_after"]) * 10**6 == pytest.approx(held.waiting, rel=1e-3)
    assert data["paid"] == "0"
    # The AMM is on the other side of it; the claim counts what came in for it.
    eth.market.settle(account_id(eth.amm.address), sender=system.chain.accounts[0])
    assert position(eth).allotted > 0
    before = system.domain.vault.balanceOf(ACCOUNT, system.domain.settlement.token)
    assert Decimal(funded("perp", "settle", "--yes", "--json").data["settled"][0]["paid"]) > 0
    assert system.domain.vault.balanceOf(ACCOUNT, system.domain.settlement.token) > before


def test_history_of_funding_adds_up(keel, system, eth):
    sender = system.chain.accounts[0]
    for _ in range(3):
        system.chain.warp(3_600)
        eth.market.poke(sender=sender)
    data = keel("perp", "funding", "ETH", "--last", "3", "--json").data
    history = data["history"]
    assert [later["time"] - earlier["time"] for earlier, later in pairwise(history)] == [
        pytest.approx(3_600, abs=2)
    ] * 2
    for entry in history:
        # The index is 2,000: what one unit paid in an hour is an eighth of the rate on it.
        expected = Decimal(entry["rate_per_8_hours"]) * 2_000 / 8
        assert abs(Decimal(entry["paid_per_unit"]) / expected - 1) < Decimal("0.2")
    everything = keel("perp", "funding", "ETH", "--last", "1000", "--json").data["history"]
    total = sum(Decimal(entry["paid_per_unit"]) for entry in everything)
    assert abs(total - Decimal(eth.market.state().fundingWad) / WAD) < Decimal("0.01")
    assert everything[-3:] == history and "longs pay shorts" in keel("perp", "funding", "ETH").out


def test_the_book_shows_what_the_amm_would_do(keel, eth):
    data = keel("perp", "book", "ETH", "--matcher", "http://127.0.0.1:9", "--json").data
    assert data["matcher"] is None
    for side, sign in (("buys", 1), ("sells", -1)):
        steps = data["amm"][side]
        for step in steps:
            size = int(Decimal(step["size"]) * WAD)
            assert Decimal(step["price"]) * WAD == eth.amm.quote(sign * size)
        assert len(steps) == 8
        last = Decimal(steps[-1]["step_price"])
        assert sign * last > sign * Decimal(steps[-1]["price"]) > sign * Decimal(steps[0]["price"])
    assert "no matcher answers" in keel("perp", "book", "ETH", "--matcher", "http://127.0.0.1:9").out


def test_an_lp_comes_and_leaves(keel, system, eth):
    data = keel("perp", "lp", "deposit", "ETH", "1000 USDC", "--yes", "--json").data
    assert 990 < Decimal(data["assets_after"]) < 1_000
    shares = eth.amm.balanceOf(WALLET)
    assert shares and "has not asked to leave" in keel("perp", "lp", "redeem", "ETH").line
    keel("perp", "lp", "request", "ETH", "all", "--yes")
    assert eth.amm.exitOf(WALLET).shares == shares
    assert "the request opens at" in keel("perp", "lp", "redeem", "ETH").line
    shown = keel("perp", "lp", "show", "ETH", "--json").data
    assert shown["request"]["opens_at"] == eth.amm.exitOf(WALLET).opensAt
    keel("perp", "lp", "request", "ETH", "--cancel", "--yes")
    assert eth.amm.exitOf(WALLET).shares == 0
    keel("perp", "lp", "request", "ETH", "--yes")
    # Nobody makes a mock feed answer again; six days are within its heartbeat.
    system.chain.warp(6 * DAY)
    system.domain.feeds[eth.underlying].setAnswer(2_000 * 10**8, sender=system.chain.accounts[0])
    for number in (0, 2, 3):
        feed = system.domain.feeds[number]
        feed.setAnswer(feed.latestRoundData()[1], sender=system.chain.accounts[0])
    system.chain.warp(DAY + 60)
    before = system.domain.settlement.token.balanceOf(WALLET)
    keel("perp", "lp", "redeem", "ETH", "--yes")
    got = system.domain.settlement.token.balanceOf(WALLET) - before
    assert eth.amm.balanceOf(WALLET) == 0 and got > 900 * 10**6


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["open", "--long", "ETH"], 2, "name either --size or --leverage"),
        (["open", "--size", "1"], 2, "name either --long or --short"),
        (["open", "--long", "ETH", "--short", "ETH", "--size", "1"], 2, "name either --long or --short"),
        (["open", "--long", "ETH", "--size", "1BTC"], 2, '--size: "1BTC" is not a number'),
        (["open", "--long", "ETH", "--size", "9" * 40], 2, "more than any market has"),
        (
            ["open", "--long", "ETH", "--size", "1", "--via", "amn"],
            2,
            'neither amm nor matcher; did you mean "amm"',
        ),
        (
            ["open", "--long", "ETH", "--size", "1", "--via", "matcher", "--margin", "1 USDC"],
            2,
            "deposit first",
        ),
        (["open", "--long", "ETH", "--size", "1", "--slippage", "60%"], 2, "--slippage"),
        (["open", "--long", "ETH", "--size", "20000"], 1, "at most 10,000 units"),
        (["open", "--long", "ETH", "--leverage", "3"], 1, "no equity to open a position with"),
        (["close", "ETH"], 1, "has no position in ETH-PERP"),
        (["close", "ETH", "--part", "0%"], 2, "--part"),
        (["settle"], 1, "has nothing in any perpetual market"),
        (["funding", "ETH", "--last", "0"], 2, "--last"),
        (["book", "ETH", "--levels", "51"], 2, "--levels"),
        (["book", "ETH", "--matcher", "nowhere"], 2, '--matcher: "nowhere" is no address'),
        (["order", "place", "hold", "1", "ETH", "--limit", "1"], 2, '"hold" is neither buy nor sell'),
        (["order", "place", "buy", "1", "ETH"], 2, "--limit is missing"),
        (["order", "place", "buy", "1", "ETH", "--limit", "-1"], 2, "negative"),
        (["order", "place", "buy", "1", "ETH", "--stop", "1", "--take-profit", "1"], 2, "place two orders"),
        (["order", "place", "buy", "1", "ETH", "--limit", "1", "--expires", "1 year"], 2, "up to 90 days"),
        (["order", "place", "buy", "1", "ETH", "--limit", "1", "--expires", "soon"], 2, "not a duration"),
        (["order", "place", "buy", "1", "ETH", "--limit", "1", "--tip", "1"], 2, "--tip is for orders with"),
        (
            ["order", "place", "buy", "1", "ETH", "--stop", "2100", "--tip", "1 WETH"],
            2,
            "tips are paid in USDC",
        ),
        (
            ["order", "place", "buy", "1", "ETH", "--limit", "1", "--post-only", "--fill-or-kill"],
            2,
            "name one of",
        ),
        (["order", "list", "--matcher", "http://127.0.0.1:9"], 3, "no matcher answers at http://127.0.0.1:9"),
        (["order", "cancel"], 2, "name orders by their hashes, or --all"),
        (["order", "cancel", "0x12", "--all"], 2, "name orders by their hashes, or --all"),
        (["order", "cancel", "zzz"], 2, "no hash of an order"),
        (["lp", "deposit", "ETH", "1 WETH"], 2, "the AMM holds USDC, not WETH"),
        (["lp", "request", "ETH"], 1, "has no shares of the AMM"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_what_cannot_be_is_one_line(keel, system, words, code, message):
    before = system.chain.block_number
    result = keel("perp", *words)
    assert result.code == code, result.out + result.err
    assert message in result.line
    error = keel("perp", *words, "--json").document["error"]
    assert error["exit_code"] == code and message in error["message"]
    assert system.chain.block_number == before


@pytest.mark.parametrize(("side", "word", "sign"), [("buy", "--long", 1), ("sell", "--short", -1)])
def test_an_orders_preview_tells_where_it_would_be_taken_over(funded, eth, side, word, sign):
    funded("perp", "open", word, "ETH", "--size", "10", "--yes")
    quoted = Decimal(eth.amm.quote(sign * 20 * WAD)) / WAD
    order = ("perp", "order", "place", side, "20", "ETH", "--limit", str(quoted), "--dry-run", "--json")
    data = funded(*order).data
    assert abs(Decimal(data["margin_usd"]) - 20 * quoted * Decimal("0.186")) < Decimal("1e-9")
    told = data["if_filled_now"]
    after = funded("perp", "open", word, "ETH", "--size", "20", "--yes", "--json").data["after"]
    edge = Decimal(after["liquidation_prices_usd"]["ETH"]["below" if sign > 0 else "above"])
    side = "taken_over_below" if sign > 0 else "taken_over_above"
    # A block later funding has moved.
    assert abs(Decimal(told[side]) / edge - 1) < Decimal("1e-5")
    assert Decimal(told["size_after"]) == sign * 30
    (shown,) = funded("perp", "positions", "--json").data["perps"]
    assert abs(Decimal(shown[side]) / edge - 1) < Decimal("1e-5")
    assert all(len(line) <= 80 for line in funded("perp", "positions").out.splitlines())
    # Nothing is needed to close.
    closing = ("perp", "order", "place", "sell" if sign > 0 else "buy", "30", "ETH", "--limit", str(quoted))
    assert funded(*closing, "--dry-run", "--json").data["margin_usd"] == "0"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no JSON that can be read"),
        ("[]", "holds no orders"),
        ('{"account": 1}', "expected 0x and 64 hex digits"),
        ("[5]", "order"),
    ],
)
def test_a_file_that_holds_no_orders_cancels_nothing(funded, system, tmp_path, content, words):
    file = tmp_path / "orders.json"
    file.write_text(content)
    before = system.chain.block_number
    line = funded("perp", "order", "cancel", "--file", str(file), "--yes").line
    assert str(file) in line and words in line
    assert "--below" in funded("perp", "order", "cancel", "--below", "0", "--yes").line
    assert system.chain.block_number == before
