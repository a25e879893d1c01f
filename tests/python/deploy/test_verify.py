"""Verification: whatever is not on chain as the files say is named with both values."""

from __future__ import annotations

import pytest

from scripts.deploy import DeployError, deploy
from scripts.deploy.record import Record

WAD = 10**18
DAY = 86_400


@pytest.fixture
def record(evm):
    return Record(None, 31337, "", "main", evm.accounts[0])


@pytest.fixture
def deployment(evm, record):
    return deploy(evm, record=record)


FILES = [
    (
        "weth.yaml",
        ("shocks", "initial_down"),
        "17%",
        "weth.yaml: shocks.initial_down is 18% on chain and 17%",
    ),
    ("weth.yaml", ("price", "half_width"), "0.8%", "weth.yaml: price.half_width is 0.75% on chain and 0.8%"),
    (
        "weth.yaml",
        ("price", "most"),
        "99_000 USD",
        "weth.yaml: price.most is $100,000.00 on chain and $99,000",
    ),
    (
        "weth.yaml",
        ("local", "heartbeat"),
        "6 days",
        "weth.yaml: local.heartbeat is 1 week on chain and 6 days",
    ),
    (
        "weth.yaml",
        ("collateral", "tier"),
        "isolated",
        "weth.yaml: collateral.tier is cross on chain and isol",
    ),
    (
        "weth.yaml",
        ("collateral", "depth"),
        "0 USD",
        "weth.yaml: collateral.depth is $500,000,000 on chain and $0",
    ),
    ("weth.yaml", ("caps", "supply"), "1 WETH", "weth.yaml: caps.supply is 100,000 WETH on chain and 1 WETH"),
    ("weth.yaml", ("caps", "debt"), "1 WETH", "weth.yaml: caps.debt is 30,000 WETH on chain and 1 WETH"),
    (
        "usdc.yaml",
        ("pool", "line"),
        "200_000_001 USDC",
        "usdc.yaml: pool.line is 200,000,000 USDC on chain and",
    ),
    ("usdc.yaml", ("pool", "flash_fee"), "0.1%", "usdc.yaml: pool.flash_fee is 0% on chain and 0.1% in"),
    (
        "main.yaml",
        ("liquidation", "target_health"),
        "1.11x",
        "main.yaml: liquidation.target_health is 110% on",
    ),
    ("main.yaml", ("liquidation", "min_debt"), "501 USD", "main.yaml: liquidation.min_debt is $500 on chain"),
    (
        "main.yaml",
        ("liquidation", "grace_period"),
        "1 day",
        "main.yaml: liquidation.grace_period is 1 hour on",
    ),
    (
        "main.yaml",
        ("backstop", "sale_discount"),
        "1%",
        "main.yaml: backstop.sale_discount is 2% on chain and",
    ),
    ("btc-perp.yaml", ("margin", "haircut"), "25%", "btc-perp.yaml: margin.haircut is 20% on chain and 25%"),
    (
        "btc-perp.yaml",
        ("mark", "premium_time"),
        "1 hour",
        "btc-perp.yaml: mark.premium_time is 15 minutes on",
    ),
    (
        "btc-perp.yaml",
        ("amm", "depth"),
        "4_000 BTC",
        "btc-perp.yaml: amm.depth is 15,000 BTC on chain and 4,000",
    ),
    ("btc-perp.yaml", ("amm", "spread"), "0.4%", "btc-perp.yaml: amm.spread is 0.5% on chain and 0.4% in"),
    ("eth-perp.yaml", ("amm", "name"), "Else", "ETH-PERP.amm: name was Keel ETH-PERP maker at deployment"),
]


@pytest.mark.parametrize(("name", "path", "text", "message"), FILES)
def test_a_changed_file_is_no_changed_chain(evm, deployment, record, files, name, path, text, message):
    markets = files.change(name, *path, to=text).load()
    with pytest.raises(DeployError) as caught:
        deploy(evm, record=record, markets=markets)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def tamperings(d, evm):
    """What somebody with power over the contracts could do behind the files' back."""
    weth, usdc, p = d["WETH"], d["USDC"], d.parameters
    perp = d.perps["ETH-PERP"]
    domain = list(p.domainTarget())
    feed, shocks, asset = (list(view(1)) for view in (p.feedTarget, p.shocksTarget, p.assetTarget))
    model = evm.deploy("KinkRateModel", WAD // 2, 0, WAD // 10, WAD)

    def put(values, position, value):
        return (*values[:position], value, *values[position + 1 :])

    return {
        "weth.yaml: pool.rate_model is": lambda: weth.pool.setRateModel(model),
        "weth.yaml: pool.line is 1 WETH": lambda: weth.pool.setLine(d.vault, WAD),
        "weth.yaml: pool.reserve_share is 1%": lambda: weth.pool.setReserveShare(WAD // 100),
        "weth.yaml: pool.flash_fee is 1%": lambda: weth.pool.setFlashFee(WAD // 100),
        "weth.yaml: pool's reserve recipient": lambda: weth.pool.setReserveRecipient(evm.accounts[9]),
        "usdc.yaml: caps.debt is 1 USDC": lambda: d.vault.setCaps(usdc.token, 5 * 10**14, 10**6),
        "Uniswap adapter allowed is False": lambda: d.vault.setSwapAdapter(d.adapter, False),
        "main.yaml: backstop.cooldown is 1 week 1 day": lambda: d.backstop.setCooldown(8 * DAY, 2 * DAY),
        "main.yaml: backstop.window is 3 days": lambda: d.backstop.setCooldown(7 * DAY, 3 * DAY),
        "main.yaml: backstop.sale_discount is 9%": lambda: d.backstop.setSaleDiscount(9 * WAD // 100),
        "weth.yaml: shocks.initial_up is 50%": lambda: p.setShocks(1, put(shocks, 1, 500_000), 0),
        "weth.yaml: shocks.maintenance_down is 13%": lambda: p.setShocks(1, put(shocks, 2, 130_000), DAY),
        "weth.yaml: price.volatility is 5%": lambda: p.setFeed(1, put(feed, 3, 50_000), 0),
        "weth.yaml: collateral.tier is isolated": lambda: p.lowerTier(1, 1),
        "weth.yaml: collateral.unwinding is 0.4%": lambda: p.setAsset(1, put(asset, 5, 4_000), 0),
        "main.yaml: liquidation.swap_loss is 5%": lambda: p.setDomain(put(domain, 7, 50_000), 0),
        "eth-perp.yaml: fees.account is": lambda: perp.market.setFeeAccount(bytes(32)),
        "eth-perp.yaml: margin.open_interest is $1.00 on chain": lambda: perp.market.setParameters(
            put(list(perp.market.parameters()), 3, WAD), 0
        ),
        "ETH-PERP's sampler is 0x0": lambda: perp.market.setSampler("0x" + 40 * "0"),
        "ETH-PERP's AMM is a maker is False": lambda: perp.market.setMaker(perp.amm, False),
        "ETH-PERP's orders is 0x0": lambda: perp.market.setOrders("0x" + 40 * "0"),
        "eth-perp.yaml: amm.window is 3 days": lambda: perp.amm.setCooldown(7 * DAY, 3 * DAY),
        "main.yaml: governance.guardian of ETH-PERP.amm": lambda: evm.at("Governed", perp.amm).setGuardian(
            evm.accounts[9]
        ),
        "main.yaml: governance.guardian of vault": lambda: evm.at("Governed", d.vault).setGuardian(
            evm.accounts[9]
        ),
    }


@pytest.mark.parametrize("position", range(24))
def test_a_changed_chain_is_noticed(evm, deployment, record, position):
    message, tamper = list(tamperings(deployment, evm).items())[position]
    tamper()
    with pytest.raises(DeployError) as caught:
        deploy(evm, record=record)
    assert str(caught.value).startswith(message)


def test_foreign_code_is_noticed(evm, deployment, record):
    vault = deployment.vault
    code = bytearray(evm.code(vault))
    code[-100] ^= 1
    evm.set_code(vault, bytes(code))
    with pytest.raises(
        DeployError, match=rf"^vault is another code than compiled, at {vault.address} on chain"
    ):
        deploy(evm, record=record)


def test_all_differences_are_counted(evm, deployment, record):
    deployment["WETH"].pool.setFlashFee(WAD // 100)
    deployment["DAI"].pool.setFlashFee(WAD // 100)
    with pytest.raises(DeployError, match=r"\(and 1 more difference\)"):
        deploy(evm, record=record)


def test_a_walk_counts_as_where_it_leads(evm, deployment, record, files):
    shocks = (180_000, 180_000, 130_000, 125_000)
    deployment.parameters.setShocks(1, shocks, 10 * DAY)
    files.change("weth.yaml", "shocks", "maintenance_down", to="13%")
    assert deploy(evm, record=record, markets=files.load()).sent == 0
