"""Files of kind perp: units, ranges that are the contracts' own, relations, and what stands beside other files."""

from __future__ import annotations

import pytest

from scripts.deploy import deploy
from scripts.markets import MarketError, load
from tests.helpers.evm import Reverted

WAD = 10**18
ETH = "eth-perp.yaml"


def refused(files) -> str:
    with pytest.raises(MarketError) as caught:
        files.load()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_checkout_is_in_order():
    markets = load()
    assert [perp.symbol for perp in markets.perps] == ["ETH-PERP", "BTC-PERP"]
    perp = markets.perps[0]
    assert perp.parameters == (
        *(6 * 10**15, 500_000_000 * WAD, 2 * 10**17, 50_000_000 * WAD, 2 * 10**16, 900),
        *(10**14, 5 * 10**14, 75 * 10**14, 10**17, 5 * 10**14, 2 * 10**14, 5 * 10**17),
    )
    assert perp.shape == (250_000 * WAD, 5_000, 100_000, 40_000)
    assert perp.local.liquidity == 5_000_000 * 10**6 and perp.local.long == 300 * WAD


def test_a_domain_needs_no_perpetual_market(files, evm):
    for file in files.folder.glob("*-perp.yaml"):
        file.unlink()
    markets = files.load()
    assert markets.perps == ()
    deployment = deploy(evm, markets=markets)
    assert deployment.orders is None and deployment.perps == {}
    assert list(deployment.options) == ["ETH-OPTION", "BTC-OPTION"]
    assert deployment.vault.instrumentCount() == 3


# Field, text, what is said of it.
VALUES = [
    (("margin", "unwinding"), "0.6", "'0.6' is not a share"),
    (("margin", "unwinding"), "21%", "write a share from 0% to 20%"),
    (("margin", "depth"), "9_999 USD", 'write whole dollars from "10_000 USD"'),
    (("margin", "depth"), "500_000_000", "is not an amount of dollars"),
    (("margin", "open_interest"), "0 USD", 'write whole dollars from "1 USD"'),
    (("mark", "max_premium"), "11%", "write a share from 0% to 10%"),
    (("mark", "premium_time"), "59s", 'write a duration from "1 minute" to "1 day"'),
    (("mark", "max_price_move"), "0.05%", "write a share from 0.1% to 50%"),
    (
        ("funding", "interest"),
        "0.01%",
        "'0.01%' is not a rate for 8 hours; write a rate from \"0% per 8 hours\"",
    ),
    (("funding", "interest"), "5% per year", "is not a rate for 8 hours"),
    (("funding", "max_rate"), "6% per 8 hours", 'to "5% per 8 hours"'),
    (("fees", "taker"), "1.1%", "write a share from 0% to 1%"),
    (("fees", "account"), "treasury", "string should match pattern"),
    (("amm", "depth"), "250_000 BTC", "is in BTC, not in ETH"),
    (("amm", "depth"), "0 ETH", 'write a size such as "1_000 ETH", above zero'),
    (("amm", "spread"), "11%", "write a share from 0% to 10%"),
    (("amm", "max_skew"), "51%", "write a share from 0% to 50%"),
    (("amm", "cooldown"), "23 hours", 'write a duration from "1 day" to "60 days"'),
    (("amm", "window"), "15 days", 'write a duration from "1 hour" to "14 days"'),
    (("local", "liquidity"), "5 DAI", "is in DAI, not in USDC"),
    (("local", "long"), "-1 ETH", "above zero"),
]


@pytest.mark.parametrize(("path", "text", "message"), VALUES)
def test_values_have_units_and_ranges(files, path, text, message):
    said = refused(files.change(ETH, *path, to=text))
    assert said.startswith(f"{ETH}: {'.'.join(path)}: ") and message in said


# Field, last text that holds, first that does not, what is said.
RELATIONS = [
    (("margin", "unwinding"), "0.6578%", "0.6579%", "write at most 0.6578"),
    (("margin", "open_interest"), "500_000_000 USD", "500_000_001 USD", "write at most 500,000,000 USD"),
    (("mark", "max_price_move"), "0.5001%", "0.5%", "the AMM could never trade; write more than 0.5%"),
    (
        ("funding", "max_rate"),
        "0.05% per 8 hours",
        "0.04% per 8 hours",
        "interest_band: 0.05% is above max_rate",
    ),
    (("local", "long"), "10_000 ETH", "10_001 ETH", "write at most 10,000 ETH"),
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
        (("symbol",), "BTC-PERP", "symbol: BTC-PERP is btc-perp.yaml's already"),
        (("symbol",), "WETH", "symbol: WETH is weth.yaml's already"),
        (("order",), "2", "order: 2 is btc-perp.yaml's already"),
        (("kind",), "swap", "kind: 'swap' is neither market, perp, option nor domain"),
        (("margin",), "", "margin: is missing"),
        (("fees", "taker"), "", "fees.taker: is missing"),
    ],
)
def test_a_file_beside_others(files, path, text, message):
    assert message in refused(files.change(ETH, *path, to=text))


@pytest.mark.parametrize(
    ("underlying", "message"),
    [
        ("DOGE", "underlying: no file gives the price of DOGE; choose one of ETH, BTC, DAI"),
        ("USD", "underlying: USD is what the contract settles in; choose one of ETH, BTC, DAI"),
    ],
)
def test_an_underlying_is_one_that_has_a_price(files, underlying, message):
    text = (files.folder / ETH).read_text().replace(" ETH\n", f" {underlying}\n")
    (files.folder / ETH).write_text(text)
    assert message in refused(files)


@pytest.mark.parametrize(
    ("section", "field", "text", "error"),
    [
        ("margin", "unwinding", 10**18, "Market_OutOfRange"),
        ("margin", "depth", 9_999, "Market_OutOfRange"),
        ("mark", "premium_time", 59, "Market_OutOfRange"),
        ("funding", "max_rate", 10**17, "Market_OutOfRange"),
        ("amm", "max_skew", 500_001, "VirtualAmm_OutOfRange"),
        ("amm", "cooldown", 3_600, "ExitShares_OutOfRange"),
    ],
)
def test_the_contracts_refuse_what_the_loader_does(evm, section, field, text, error):
    markets = load()
    perp = markets.perps[0]
    part = getattr(perp, section)
    setting = getattr(part, field).model_copy(update={"value": text})
    broken = perp.model_copy(update={section: part.model_copy(update={field: setting})})
    with pytest.raises(Reverted, match=error):
        deploy(evm, markets=type(markets)(markets.domain, markets.assets, markets.files, (broken,)))
