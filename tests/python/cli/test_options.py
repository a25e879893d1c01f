"""Options from the command line: offers and their taking, greeks, scenarios, the margin model, expiry and settlement."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from eth_account import Account

from scripts.chain.people import account_key
from scripts.client.domain import account_id
from scripts.common.units import WAD

pytestmark = pytest.mark.anvil

WRITER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
BUYER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
WRITERS, BUYERS = account_id(WRITER), account_id(BUYER)
USDC = 10**6
HOUR = 3_600


@pytest.fixture
def eth(system):
    """The market on ether."""
    return system.domain.option("ETH")


@pytest.fixture
def keel2(keel, tmp_path):
    """Runs commands with a board of the test's own; 20,000 USDC in the accounts of the first two wallets."""

    def run(*arguments: str):
        boards = ("write", "bid", "buy", "sell", "offers", "cancel")
        if arguments[0] == "option" and arguments[1] in boards:
            arguments = (*arguments, "--board", str(tmp_path / "board"))
        return keel(*arguments)

    for number in ("1", "2"):
        keel("deposit", "20000 USDC", "--from", number, "--yes")
    return run


def at_the_money(keel, expiry: int = 0) -> tuple[str, str, dict]:
    """Names of call and put, and the call's row of the chain, of the expiry of that number."""
    rows = keel("option", "chain", "ETH", "--json").data["markets"]["ETH-OPTION"]["series"]
    day = sorted({row["expiry"] for row in rows})[expiry]
    call, put = (
        next(row for row in rows if (row["expiry"], row["strike"], row["kind"]) == (day, "2000", kind))
        for kind in ("call", "put")
    )
    return call["name"], put["name"], call


def test_the_chain_says_what_the_contracts_say(keel, eth, system):
    data = keel("option", "chain", "--json").data["markets"]
    assert list(data) == ["ETH-OPTION", "BTC-OPTION"] and len(data["ETH-OPTION"]["series"]) == 40
    rows = {row["series"]: row for row in data["ETH-OPTION"]["series"]}
    for number, value in zip(rows, eth.market.valuesOf(list(rows)), strict=True):
        row, terms = rows[number], eth.market.seriesOf(number)
        # The next block's time has passed at a call, and with it some of the value.
        assert abs(Decimal(row["value"]) * WAD - value) < WAD // 100
        assert (row["expiry"], Decimal(row["strike"]) * WAD) == (terms.expiry, terms.strikeWad)
        assert (row["kind"] == "call") == terms.call and row["volatility_state"] == "fresh"
    _, _, call = at_the_money(keel)
    assert Decimal("0.74") < Decimal(call["volatility"]) < Decimal("0.76")
    assert Decimal("0.45") < Decimal(call["delta"]) < Decimal("0.55")
    shown = keel("option", "chain", "ETH").out
    assert "$2,000.00" in shown and max(map(len, shown.splitlines())) <= 80
    one = keel("option", "chain", "ETH", "--expiry", call["name"].split("-")[1], "--json").data
    assert len(one["markets"]["ETH-OPTION"]["series"]) == 10


def test_from_an_offer_to_expiry(keel2, eth, system, monkeypatch):
    call, put, row = at_the_money(keel2)
    premium = Decimal(row["value"]) * 2 + 4
    legs = ("--leg", f"buy {call}", "--leg", f"buy {put}")

    offer = keel2("option", "write", "3", "--premium", f"{premium:.2f}", *legs, "--yes", "--json").data
    assert offer["placed"] and offer["side"] == "sell" and offer["units"] == "3"
    (listed,) = keel2("option", "offers", "--json").data["offers"]
    assert (listed["hash"], listed["left"], listed["side"]) == (offer["hash"], "3", "sell")

    bought = keel2("option", "buy", "2", *legs, "--from", "2", "--yes", "--json").data
    assert bought["sent"] and Decimal(bought["premium_usd"]) == 2 * Decimal(f"{premium:.2f}")
    assert bought["steps"] == ["buy"] and len(bought["transactions"]) == 1
    series = {eth.market.idOf(row["expiry"], 2_000 * WAD, kind) for kind in (True, False)}
    for account, sign in ((BUYERS, 1), (WRITERS, -1)):
        assert {one.series: one.sizeWad for one in eth.market.positions(account)} == dict.fromkeys(
            series, sign * 2 * WAD
        )
    cost = eth.market.balanceOf(BUYERS).cost
    fee = Decimal(bought["fee_usd"])
    assert abs(Decimal(cost) / 10**36 - 2 * Decimal(f"{premium:.2f}") - fee) < Decimal("0.01") and fee > 0
    # What was previewed is what came, but for a block's time.
    for name in ("equity_usd", "initial_requirement_usd"):
        assert abs(Decimal(bought["preview"][name]) - Decimal(bought["after"][name])) < 1
    (left,) = keel2("option", "offers", "--json").data["offers"]
    assert left["left"] == "1"

    held = keel2("option", "positions", "--from", "2", "--json").data["options"]
    assert {one["series"]: one["size"] for one in held[0]["positions"]} == {call: "2", put: "2"}
    assert call in keel2("account", "show", "--from", "2").out

    writer = keel2("greeks", "--json").data["greeks"]["ETH"]
    buyer = keel2("greeks", "--from", "2", "--json").data["greeks"]["ETH"]
    assert Decimal(writer["gamma"]) < 0 < Decimal(buyer["gamma"])
    for name in ("delta", "gamma", "vega", "theta_per_day"):
        assert Decimal(writer[name]) == pytest.approx(-Decimal(buyer[name]), rel=Decimal("0.001"))
    assert Decimal(writer["theta_per_day"]) > 0 > Decimal(buyer["theta_per_day"])

    before = keel2("scenarios", "--json").data
    assert before["mode"] == "standard" and before["requirement_usd"] != before["standard_requirement_usd"]
    switched = keel2("margin", "portfolio", "--yes", "--json").data
    assert switched["sent"] and switched["mode"] == "portfolio"
    assert system.domain.portfolio_mode.address in system.domain.vault.holdings(WRITERS)[1]
    after = keel2("scenarios", "--json").data
    assert after["mode"] == "portfolio"
    assert Decimal(after["requirement_usd"]) == pytest.approx(
        Decimal(before["requirement_usd"]), rel=Decimal("0.001")
    )
    assert Decimal(after["requirement_usd"]) <= Decimal(after["standard_requirement_usd"])
    state = keel2("account", "show", "--json").data
    assert state["margin"] == "portfolio"
    assert Decimal(state["maintenance_requirement_usd"]) == pytest.approx(
        Decimal(after["requirement_usd"]), rel=Decimal("0.001")
    )

    # Ether at 2,300 for the last hour.
    chain, feed = system.chain, system.domain.feeds[eth.underlying]
    deployer, seconds = chain.accounts[0], row["expiry"] - chain.now
    chain.warp(seconds - HOUR)
    feed.setAnswer(2_300 * 10**8, sender=deployer)
    chain.warp(row["expiry"] + 60 - chain.now)
    assert f"{call} expired" in keel2("option", "positions", "--from", "2").out
    # Signed here, and so with the gas that the node estimates: it does not see that a loss is to be collected.
    monkeypatch.setenv("KEEL_PRIVATE_KEY", account_key(1))
    paid = keel2("option", "settle", "ETH", "--yes", "--json").data
    monkeypatch.delenv("KEEL_PRIVATE_KEY")
    assert paid["sent"] and eth.market.settlementPrice(row["expiry"]) == (2_300 * WAD, True)
    assert eth.market.positions(BUYERS) and not eth.market.positions(WRITERS)
    lost = 2 * (300 - Decimal(f"{premium:.2f}"))
    now = system.domain.vault.holdings(WRITERS)[0][0] & 2**248 - 1
    assert Decimal(20_000 * USDC - now) / USDC == pytest.approx(lost, abs=Decimal(2))
    # What came in is paid out when the winner settles.
    keel2("option", "settle", "ETH", "--all", "--yes")
    assert not eth.market.positions(BUYERS)
    now = system.domain.vault.holdings(BUYERS)[0][0] & 2**248 - 1
    assert Decimal(now - 20_000 * USDC) / USDC == pytest.approx(lost, abs=Decimal(3))

    # Nobody holds the ten series of that day any more.
    assert keel2("option", "series", "remove", "ETH", "--yes", "--json").data["sent"]
    assert len(eth.market.aliveSeries()) == 30
    assert "nothing to remove" in keel2("option", "series", "remove", "ETH", "--yes").line
    assert "there is nothing to settle" in keel2("option", "settle", "ETH", "--from", "3").line

    back = keel2("margin", "standard", "--yes", "--json").data
    assert back["mode"] == "standard"
    assert system.domain.portfolio_mode.address not in system.domain.vault.holdings(WRITERS)[1]


def test_a_bid_is_sold_to_and_a_file_is_an_offer(keel2, eth, tmp_path):
    call, _, row = at_the_money(keel2, 1)
    file = tmp_path / "bid.json"
    keel2("option", "bid", "2", call, "--premium", row["value"], "--out", str(file), "--yes")
    assert keel2("option", "offers", "--json").data["offers"] == []
    assert json.loads(file.read_text())["order"]["units"] == str(2 * WAD)
    sold = keel2("option", "sell", "2", call, "--offer", str(file), "--from", "2", "--yes", "--json").data
    assert Decimal(sold["premium_usd"]) == -2 * Decimal(row["value"])
    assert eth.market.positions(WRITERS)[0].sizeWad == 2 * WAD
    again = keel2("option", "sell", "1", call, "--offer", str(file), "--from", "2", "--yes")
    assert again.code == 1 and "nobody bids for" in again.line


def test_the_best_offers_are_taken_first(keel2, eth):
    call, _, row = at_the_money(keel2, 1)
    value = Decimal(row["value"])
    for more, size in ((8, 1), (2, 1), (5, 1)):
        keel2("option", "write", str(size), call, "--premium", str(value + more), "--yes")
    too_much = keel2("option", "buy", "4", call, "--from", "2", "--yes")
    assert too_much.code == 1 and "only 3 of 4 can be had" in too_much.line
    bounded = keel2("option", "buy", "3", call, "--limit", str(value + 6), "--from", "2", "--yes")
    assert "only 2 of 3 can be had" in bounded.line
    bought = keel2("option", "buy", "1.5", call, "--from", "2", "--yes", "--json").data
    assert abs(Decimal(bought["premium_usd"]) - (value + 2) - (value + 5) / 2) < Decimal("0.000001")
    offers = keel2("option", "offers", "--json").data["offers"]
    assert [offer["left"] for offer in offers] == ["0.5", "1"]


def test_an_offer_can_be_called_off(keel2):
    call, _, row = at_the_money(keel2, 1)
    offer = keel2("option", "write", "1", call, "--premium", row["value"], "--yes", "--json").data
    other = keel2("option", "cancel", offer["hash"][:10], "--from", "2", "--yes")
    assert other.code == 1
    assert keel2("option", "cancel", offer["hash"][:10], "--yes").code == 0
    assert keel2("option", "offers", "--json").data["offers"] == []


def test_a_key_signs_as_the_node_does(keel2, eth, monkeypatch):
    """Anvil's node signs for its accounts; with a key in the environment it is signed here."""
    call, _, row = at_the_money(keel2, 1)
    monkeypatch.setenv("KEEL_PRIVATE_KEY", account_key(5))
    owner = Account.from_key(account_key(5)).address
    assert keel2("deposit", "20000 USDC", "--yes").code == 0
    offer = keel2("option", "write", "1", call, "--premium", row["value"], "--yes", "--json").data
    assert offer["before"]["owner"] == owner
    monkeypatch.delenv("KEEL_PRIVATE_KEY")
    assert keel2("option", "buy", "1", call, "--from", "2", "--yes").code == 0
    assert eth.market.positions(account_id(owner))[0].sizeWad == -WAD


def test_a_series_is_created_inside_the_grid(keel2, eth):
    call, *_ = at_the_money(keel2)
    name = call.replace("2000", "2050")
    data = keel2("option", "series", "create", name, name[:-1] + "P", "--yes", "--json").data
    assert data["sent"] and eth.market.seriesOf(data["numbers"][0]).strikeWad == 2_050 * WAD
    off = keel2("option", "series", "create", call.replace("2000", "2051"), "--yes")
    assert off.code == 1 and "keel option series create: " in off.line


def test_nothing_is_signed_or_sent_that_would_fail(keel2, eth):
    call, _, row = at_the_money(keel2, 1)
    far = keel2("option", "write", "1", call, "--premium", "900", "--yes")
    assert far.code == 1 and "away from what a unit is worth" in far.line
    dry = keel2("option", "write", "1", call, "--premium", row["value"], "--dry-run", "--json").data
    assert not dry["placed"] and keel2("option", "offers", "--json").data["offers"] == []
    keel2("option", "write", "2000", call, "--premium", row["value"], "--yes")
    refused = keel2("option", "buy", "2000", call, "--from", "2", "--yes")
    assert refused.code == 1 and "must be worth" in refused.line
    assert not eth.market.positions(BUYERS)
    # A wallet does not trade with itself.
    own = keel2("option", "buy", "1", call, "--yes")
    assert own.code == 1 and "nobody sells" in own.line
    unsure = keel2("option", "buy", "1", call, "--from", "2")
    assert unsure.code == 1 and "nobody sits at a terminal" in unsure.line


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("option", "write", "1", "ETH-2000-C", "--premium", "9"), 2, "is no series; write one such as"),
        (("option", "write", "1", "DOGE-28NOV26-2000-C", "--premium", "9"), 2, 'no option market "DOGE"'),
        (("option", "write", "1", "ETH-31FEB27-2000-C", "--premium", "9"), 2, "no such day or strike"),
        (("option", "write", "1", "ETH-1JAN40-2000-C", "--premium", "9"), 1, "there is no series"),
        (("option", "write", "1", "--premium", "9"), 2, "name one series"),
        (("option", "buy", "1", "--leg", "hold ETH-1JAN40-2000-C"), 2, "is no leg"),
        (("option", "cancel", "0x"), 1, "0 offers on the board"),
        (("option", "chain", "DOGE"), 2, "no option market"),
        (("scenarios", "--for", "lunch"), 2, "neither maintenance nor initial"),
        (("margin", "standard", "--yes"), 1, "has standard margin already"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(keel2, arguments, code, said):
    result = keel2(*arguments)
    assert result.code == code and said in result.line


def test_a_file_that_is_no_offer(keel2, tmp_path):
    call, _, row = at_the_money(keel2, 1)
    file = tmp_path / "offer.json"
    keel2("option", "bid", "1", call, "--premium", row["value"], "--out", str(file), "--yes")
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"chain_id": 1}))
    other = keel2("option", "sell", "1", call, "--offer", str(file), "--from", "2", "--yes")
    assert "is an offer on chain 1" in other.line
    file.write_text("{}")
    assert "is no offer" in keel2("option", "sell", "1", call, "--offer", str(file), "--from", "2").line
    missing = keel2("option", "sell", "1", call, "--offer", str(file) + "x", "--from", "2")
    assert "cannot be read" in missing.line
    file.write_text(json.dumps(content | {"signature": content["signature"][:-4] + "aa1b"}))
    forged = keel2("option", "sell", "1", call, "--offer", str(file), "--from", "2", "--yes")
    assert forged.code == 1


def test_a_switch_that_is_not_covered_is_refused_before_it_is_sent(keel2, eth, system):
    """An account that portfolio margin carries, and standard margin would not."""
    call, _, row = at_the_money(keel2, 3)
    keel2("margin", "portfolio", "--yes")
    keel2("deposit", "10 WETH", "--yes")
    keel2("option", "write", "40", call, "--premium", row["value"], "--yes")
    keel2("deposit", "200000 USDC", "--from", "2", "--yes")
    assert keel2("option", "buy", "40", call, "--from", "2", "--yes").code == 0
    keel2("withdraw", "20000 USDC", "--yes")
    models = keel2("margin", "show", "--json").data
    assert models["mode"] == "portfolio" and models["portfolio"]["satisfied"]
    assert Decimal(models["portfolio"]["initial_requirement_usd"]) < Decimal(
        models["standard"]["initial_requirement_usd"]
    )
    assert not models["standard"]["satisfied"]
    refused = keel2("margin", "standard", "--yes")
    assert refused.code == 1 and "the account cannot switch: it is worth" in refused.line
    assert system.domain.portfolio_mode.address in system.domain.vault.holdings(WRITERS)[1]


def test_the_grid_adds_up_to_the_requirement(keel2, system):
    """Every line of the table is there, the worst cell is the worst, and the sum is what the engine requires."""
    call, _, row = at_the_money(keel2, 2)
    keel2("deposit", "3 WETH", "--yes")
    keel2("option", "write", "2", call, "--premium", row["value"], "--yes")
    keel2("option", "buy", "2", call, "--from", "2", "--yes")
    for kind in ("initial", "maintenance"):
        data = keel2("scenarios", "--for", kind, "--json").data
        eth = data["underlyings"]["ETH"]
        changes = [Decimal(cell["change_usd"]) for cell in eth["cells"]]
        assert len(changes) == 23 and changes[eth["worst_cell"]] == min(changes) < 0
        assert Decimal(eth["lower_loss_usd"]) == -min(0, *changes[:13])
        assert Decimal(eth["upper_loss_usd"]) == -min(0, *changes[10:])
        rho = Decimal(data["rho"])
        total = (
            rho * Decimal(data["one_direction_usd"])
            + (1 - rho) * Decimal(data["each_at_its_worst_usd"])
            + Decimal(data["never_netted_usd"])
        )
        assert abs(total - Decimal(data["requirement_usd"])) <= Decimal("1e-18")
    table = keel2("scenarios").out
    assert "vol +35.0%" in table and "tail -37.5%, 30% counts" in table
    assert table.count("*") == 4 and "…" not in table and max(map(len, table.splitlines())) <= 80
    # Of somebody else, by the number of a local chain's account, in words and as a question.
    other = keel2("scenarios", "2", "--json").data
    assert other["owner"] == BUYER and other["mode"] == "standard"
    assert keel2("scenarios", BUYER + "#1", "--json").data["underlyings"] == {}


def test_parameters_of_a_market_are_shown_with_their_walks(keel, system, eth):
    listed = {row["name"]: row for row in keel("params", "show", "ETH-OPTION", "--json").data["parameters"]}
    assert (listed["naked_short"]["value"], listed["depth"]["value"]) == ("4%", "$200,000,000.00")
    parameters = list(eth.market.parameters())
    parameters[3] = WAD // 10
    eth.market.setParameters(tuple(parameters), 10 * 86_400, sender=system.chain.accounts[0])
    listed = {row["name"]: row for row in keel("params", "show", "ETH-OPTION", "--json").data["parameters"]}
    assert (listed["naked_short"]["value"], listed["naked_short"]["target"]) == ("4%", "10%")
