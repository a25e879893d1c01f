"""Files of kind option: units, ranges that are the contract's own, relations, and what stands beside other files."""

from __future__ import annotations

import pytest

from scripts.deploy import deploy
from scripts.markets import MarketError, load
from tests.helpers.evm import Reverted

WAD = 10**18
DAY = 86_400
ETH = "eth-option.yaml"


def refused(files) -> str:
    with pytest.raises(MarketError) as caught:
        files.load()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_checkout_is_in_order():
    markets = load()
    assert [option.symbol for option in markets.options] == ["ETH-OPTION", "BTC-OPTION"]
    option = markets.options[0]
    assert option.parameters == (
        *(2 * 10**15, 200_000_000 * WAD, 2 * 10**17, 4 * 10**16, 20_000_000 * WAD),
        *(5 * 10**16, 3 * 10**14, 2 * 10**14, 125 * 10**15, 5 * 10**17, 10 * WAD),
    )
    assert option.local.expiries == [DAY, 7 * DAY, 30 * DAY, 90 * DAY]
    assert option.local.strikes == [share * WAD // 10 for share in (8, 9, 10, 11, 12)]


def test_a_domain_needs_no_option_market(files, evm):
    for file in files.folder.glob("*-option.yaml"):
        file.unlink()
    markets = files.load()
    assert markets.options == ()
    deployment = deploy(evm, markets=markets)
    assert deployment.option_orders is None and deployment.options == {}
    assert deployment.vault.instrumentCount() == 1 + len(markets.perps)


# Field, text, what is said of it.
VALUES = [
    (("margin", "unwinding"), "0.2", "'0.2' is not a share"),
    (("margin", "unwinding"), "21%", "write a share from 0% to 20%"),
    (("margin", "depth"), "9_999 USD", 'write whole dollars from "10_000 USD"'),
    (("margin", "naked_short"), "51%", "write a share from 0% to 50%"),
    (("margin", "open_interest"), "0 USD", 'write whole dollars from "1 USD"'),
    (("max_price_move",), "0.05%", "write a share from 0.1% to 50%"),
    (("min_position",), "1_001 USD", 'write whole dollars from "0 USD" to "1_000 USD"'),
    (("fees", "taker"), "1.1%", "write a share from 0% to 1%"),
    (("fees", "cap"), "51%", "write a share from 0% to 50%"),
    (("fees", "account"), "treasury", "string should match pattern"),
    (("local", "volatility"), "75", "'75' is not a share"),
    (("local", "margin"), "5 DAI", "is in DAI, not in USDC"),
    (("local", "straddle"), "1 BTC", "is in BTC, not in ETH"),
]


@pytest.mark.parametrize(("path", "text", "message"), VALUES)
def test_values_have_units_and_ranges(files, path, text, message):
    said = refused(files.change(ETH, *path, to=text))
    assert said.startswith(f"{ETH}: {'.'.join(path)}: ") and message in said


# Field, last text that holds, first that does not, what is said.
RELATIONS = [
    (("margin", "unwinding"), "0.2105%", "0.2106%", "write at most 0.2105"),
    (("margin", "open_interest"), "200_000_000 USD", "200_000_001 USD", "write at most 200,000,000 USD"),
    (("local", "expiries"), "[1 day, 7 days]", "[1 day, 36 hours]", "an expiry is not whole days away"),
    (("local", "strikes"), "[90%, 110%]", "[110%, 90%]", "does not rise"),
    (("local", "margin"), "1 USDC", "0 USDC", "straddle: needs local.margin and local.expiries"),
]


@pytest.mark.parametrize(("path", "right", "wrong", "message"), RELATIONS, ids=lambda value: str(value)[:40])
def test_relations_hold(files, path, right, wrong, message):
    files.change(ETH, *path, to=right).load()
    said = refused(files.change(ETH, *path, to=wrong))
    assert said.startswith(f"{ETH}: ") and message in said


def test_fees_go_somewhere(files):
    said = refused(files.change(ETH, "fees", "account", to="backstop"))
    assert "fees.backstop_share: 50% leaves a rest that no account gets; write 100%" in said
    files.change(ETH, "fees", "backstop_share", to="100%").load()


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (("symbol",), "BTC-OPTION", "symbol: BTC-OPTION is btc-option.yaml's already"),
        (("symbol",), "ETH-PERP", "symbol: ETH-PERP is eth-perp.yaml's already"),
        (("order",), "2", "order: 2 is btc-option.yaml's already"),
        (("margin", "naked_short"), "", "margin.naked_short: is missing"),
        (("max_price_move", "reason"), "why", "is no reason"),
    ],
)
def test_a_file_beside_others(files, path, text, message):
    assert message in refused(files.change(ETH, *path, to=text))


def test_an_underlying_has_smiles(files):
    said = refused(files.change("weth.yaml", "volatility", to=""))
    assert said == f"{ETH}: underlying: no file gives volatility of ETH; there are BTC, or add it"


@pytest.mark.parametrize("underlying", ["DOGE", "USD"])
def test_an_underlying_is_one_that_has_a_price(files, underlying):
    text = (files.folder / ETH).read_text().replace(" ETH\n", f" {underlying}\n")
    (files.folder / ETH).write_text(text)
    assert f"underlying: no file gives volatility of {underlying}; there are ETH, BTC" in refused(files)


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("margin", "unwinding", 10**18),
        ("margin", "depth", 9_999),
        ("margin", "naked_short", 6 * 10**17),
        ("fees", "taker", 2 * 10**16),
        ("fees", "cap", 6 * 10**17),
    ],
)
def test_the_contract_refuses_what_the_loader_does(evm, section, field, value):
    markets = load()
    option = markets.options[0]
    part = getattr(option, section)
    setting = getattr(part, field).model_copy(update={"value": value})
    broken = option.model_copy(update={section: part.model_copy(update={field: setting})})
    with pytest.raises(Reverted, match="Market_OutOfRange"):
        deploy(evm, markets=type(markets)(markets.domain, markets.assets, markets.files, (), (broken,)))
