"""Market files: what is wrong is said in one line with file, field, value and what would be right."""

from __future__ import annotations

import pytest

from scripts.common.units import WAD
from scripts.markets import MarketError, Tier, load

LINK = """\
kind: market
symbol: LINK
name: Chainlink
order: 9
decimals: 18
underlying: ETH
collateral:
  tier: {value: isolated, reason: thin markets on chain}
  basis_shock: {value: 5%, reason: made up for this test}
  basis_band: {value: 1%, reason: made up for this test}
  unwinding: {value: 0.5%, reason: made up for this test}
  depth: {value: "$10,000,000", reason: made up for this test}
caps:
  supply: {value: 1_000_000.5 LINK, reason: made up for this test}
  debt: {value: 0 LINK, reason: nobody can borrow it}
local: {price: 15 USD, wallet: 10 LINK}
"""


def test_the_checkout_is_in_order():
    markets = load()
    assert [market.symbol for market in markets.assets] == ["USDC", "WETH", "WBTC", "wstETH", "DAI"]
    assert list(markets.underlyings) == ["USD", "ETH", "BTC", "DAI"]
    weth, usdc = markets["WETH"], markets["USDC"]
    assert weth.shocks.maintenance_down.value == 125_000
    assert weth.price.least.value == 50 * WAD
    assert weth.price.heartbeat.value == 75 * 60
    assert weth.collateral.tier.value is Tier.CROSS
    assert weth.collateral.depth.value == 500_000_000
    assert usdc.caps.supply.value == 500_000_000 * 10**6
    assert usdc.pool.rate_model.speed.value == 50 * WAD
    assert markets.domain.liquidation.target_health.value == 1_100_000
    assert markets.domain.local.stake == 500_000 * 10**6


def test_adding_an_asset_is_one_file(files):
    markets = files.append("link.yaml", LINK).load()
    link = markets.assets[-1]
    assert link.symbol == "LINK" and link.pool is None
    assert link.caps.supply.value == 1_000_000 * 10**18 + 5 * 10**17
    assert link.collateral.depth.value == 10_000_000


def test_the_settlement_asset_is_the_first_whatever_its_order(files):
    assert files.change("usdc.yaml", "order", to="77").load().assets[0].symbol == "USDC"


UNITS = [
    (("shocks", "initial_down"), "18", "'18' is not a share; write a share such as \"82.5%\""),
    (("shocks", "initial_down"), "101%", "'101%' is out of range; write a share from 0% to 100%"),
    (("shocks", "initial_up"), "18.00001%", "'18.00001%' is finer than 0.0001%"),
    (("price", "heartbeat"), "an hour", "'an hour' is not a duration; write a duration such as"),
    (("price", "heartbeat"), "8 days", "'8 days' is out of range; write a duration from \"1 minute\""),
    (("price", "least"), "50", "'50' is not an amount of dollars; write dollars such as"),
    (("price", "least"), "0 USD", "'0 USD' is out of range; write a price above zero"),
    (("caps", "supply"), "100_000 ETH", "'100_000 ETH' is in ETH, not in WETH"),
    (("caps", "supply"), "0.0000000000000000001 WETH", "has more decimals than the 18"),
    (("collateral", "depth"), "1.5 USD", "'1.5 USD' is not a whole number of dollars"),
    (("collateral", "tier"), "crossed", "'crossed' is no tier; write none, isolated or cross"),
    (("pool", "rate_model", "at_kink"), "2.8%", "'2.8%' is not a yearly rate; write a rate from \"0% per"),
    (("pool", "rate_model", "kink"), "100%", "'100%' is out of range; write a share from 1% to 99%"),
    (("pool", "flash_fee"), "2%", "'2%' is out of range; write a share from 0% to 1%"),
    (("price", "second_source", "min_liquidity"), "much", "'much': input should be a valid integer"),
    (("price", "second_source", "window"), "6 minutes", "'6 minutes' is out of range"),
]


@pytest.mark.parametrize(("path", "text", "message"), UNITS)
def test_values_have_units_and_ranges(files, path, text, message):
    with pytest.raises(MarketError) as caught:
        files.change("weth.yaml", *path, to=text).load()
    assert str(caught.value).startswith(f"weth.yaml: {'.'.join(path)}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


FORMS = [
    (("shocks", "initial_down", "reason"), "", "shocks.initial_down.reason: is missing; write why"),
    (("shocks", "initial_down", "reason"), "why", "shocks.initial_down.reason: 'why' is no reason"),
    (("shocks", "initial_down"), "", 'shocks.initial_down: is missing; write {value: "...", reason: "..."}'),
    (("collateral",), "", "collateral: is missing"),
    (("decimals",), "eighteen", "decimals: 'eighteen': input should be a valid integer"),
    (("symbol",), "W ETH", "symbol: 'W ETH': string should match pattern"),
    (("kind",), "asset", "kind: 'asset' is neither market, perp, option nor domain"),
    (("pool", "rate_model", "kind"), "straight", "pool.rate_model: "),
    (("price", "second_source", "quote"), "USDT", "price.second_source.quote: USDT is no other market"),
    (("local", "uniswap", "quote"), "WETH", "local.uniswap.quote: WETH is no other market"),
    (("shocks",), "", "shocks: is missing beside price; an underlying has both"),
]


@pytest.mark.parametrize(("path", "text", "message"), FORMS)
def test_files_have_a_form(files, path, text, message):
    if path[-1] == "reason":
        name = files.folder / "weth.yaml"
        old = next(
            line for line in name.read_text().splitlines() if line.strip().startswith("reason: a leverage")
        )
        name.write_text(name.read_text().replace(old + "\n", f"    reason: {text}\n" if text else ""))
    else:
        files.change("weth.yaml", *path, to=text)
    with pytest.raises(MarketError) as caught:
        files.load()
    assert str(caught.value).startswith(f"weth.yaml: {message}")


def test_a_bare_value_has_no_reason(files):
    text = (files.folder / "weth.yaml").read_text()
    start = text.index("  unwinding:")
    (files.folder / "weth.yaml").write_text(
        text[:start] + "  unwinding: 0.5%\n" + text[text.index("  depth:") :]
    )
    with pytest.raises(
        MarketError, match=r"^weth.yaml: collateral.unwinding: '0.5%' is no section; a parameter"
    ):
        files.load()


def test_a_misspelt_field_is_recognised(files):
    name = files.folder / "weth.yaml"
    name.write_text(name.read_text().replace("half_width:", "halfwidth:"))
    with pytest.raises(MarketError, match=r"^weth.yaml: price.half_?width: .*\(and 1 more\)$"):
        files.load()
    name.write_text(name.read_text().replace("  depth:", "  half_width: 1\n  depth:"))
    name.write_text(name.read_text().replace("halfwidth:", "half_width:", 1))
    with pytest.raises(MarketError, match=r"^weth.yaml: collateral.half_width: is no field; take it out"):
        files.load()
    name.write_text(name.read_text().replace("  half_width: 1\n", "").replace("unwinding:", "unwindng:"))
    with pytest.raises(MarketError, match=r"unwinding: is missing|did you mean unwinding\?"):
        files.load()


def test_yaml_that_is_none(files):
    files.append("dai.yaml", "shocks: {unclosed: [1\n")
    with pytest.raises(MarketError, match=r"^dai.yaml, line \d+: "):
        files.load()


def test_a_key_stands_once(files):
    files.append("dai.yaml", "underlying: ETH\n")
    with pytest.raises(MarketError, match=r"^dai.yaml, line \d+: underlying stands twice; keep one$"):
        files.load()


def test_a_list_is_no_market(files):
    (files.folder / "dai.yaml").write_text("- kind: market\n")
    with pytest.raises(MarketError, match=r"^dai.yaml: is no mapping"):
        files.load()


def test_addresses_are_checksummed_and_need_no_quotes(files):
    dai = files.folder / "dai.yaml"
    good = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
    dai.write_text(dai.read_text().replace(f'"{good}"', good))
    assert files.load()["DAI"].networks[1].token == good
    dai.write_text(dai.read_text().replace(good, good.lower()))
    with pytest.raises(MarketError, match=rf"^dai.yaml: networks.1.token: '{good.lower()}' is no address"):
        files.load()


def test_one_domain(files, tmp_path):
    files.append("second.yaml", (files.folder / "main.yaml").read_text())
    with pytest.raises(MarketError, match=r"expected one file of kind domain, found main.yaml, second.yaml"):
        files.load()
    for file in ("main.yaml", "second.yaml"):
        (files.folder / file).unlink()
    with pytest.raises(MarketError, match="expected one file of kind domain, found none"):
        files.load()
    with pytest.raises(MarketError, match="no market files in"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize(("field", "value"), [("symbol", "DAI"), ("order", "4")])
def test_symbols_and_orders_are_unique(files, field, value):
    text = (files.folder / "dai.yaml").read_text().replace("symbol: DAI\n", "symbol: TUSD\n")
    text = text.replace("order: 4\n", "order: 9\n").replace("0 DAI", "0 TUSD")
    files.append("tusd.yaml", text)
    files.change("tusd.yaml", field, to=value)
    if field == "symbol":
        tusd = files.folder / "tusd.yaml"
        tusd.write_text(tusd.read_text().replace("0 TUSD", "0 DAI"))
    with pytest.raises(MarketError, match=rf"^tusd.yaml: {field}: {value} is dai.yaml's already"):
        files.load()


def test_an_underlying_has_its_price_in_one_file(files):
    files.change("dai.yaml", "underlying", to="ETH")
    with pytest.raises(MarketError, match=r"^dai.yaml: price: ETH has its price in weth.yaml"):
        files.load()
    files.change("dai.yaml", "underlying", to="EUR").change("dai.yaml", "price", to="").change(
        "dai.yaml", "shocks", to=""
    )
    with pytest.raises(MarketError, match=r"^dai.yaml: underlying: no file gives the price of EUR"):
        files.load()


def test_what_wraps_needs_a_rate(files):
    files.change("wsteth.yaml", "rate_source", to="")
    with pytest.raises(MarketError, match=r"^wsteth.yaml: rate_source: is missing; a token that wraps WETH"):
        files.load()


@pytest.mark.parametrize("field", ["settlement", "wrapped_native"])
def test_the_domain_names_markets(files, field):
    files.change("main.yaml", field, to="USDT")
    with pytest.raises(MarketError, match=rf"^main.yaml: (local.stake|{field}): "):
        files.load()
