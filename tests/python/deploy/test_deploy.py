"""deploy(): everything is in place after one run; a second one sends nothing; a new file adds an asset."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scripts.common.uniswap import NOBODY
from scripts.deploy import DeployError, deploy
from scripts.deploy.record import Record
from tests.helpers.evm import Reverted
from tests.python.markets.test_load import LINK

WAD = 10**18
CHAIN_ID = 31337

LINK_WITH_PRICE = (
    LINK.replace("underlying: ETH", "underlying: LINK").replace(
        "tier: {value: isolated", "tier: {value: cross"
    )
    + """\
price:
  heartbeat: {value: 1 hour, reason: made up for this test}
  half_width: {value: 1%, reason: made up for this test}
  volatility: {value: 5%, reason: made up for this test}
  tolerance: {value: 2%, reason: made up for this test}
  least: {value: 1 USD, reason: made up for this test}
  most: {value: 1_000 USD, reason: made up for this test}
shocks:
  initial_down: {value: 30%, reason: made up for this test}
  initial_up: {value: 30%, reason: made up for this test}
  maintenance_down: {value: 20%, reason: made up for this test}
  maintenance_up: {value: 20%, reason: made up for this test}
"""
)


@pytest.fixture
def record(evm):
    return Record(None, CHAIN_ID, "", "main", evm.accounts[0])


@pytest.fixture
def deployment(evm, record):
    return deploy(evm, record=record)


def test_everything_is_in_place(evm, deployment):
    symbols = ["USDC", "WETH", "WBTC", "wstETH", "DAI"]
    assert [asset.symbol for asset in deployment.assets] == symbols
    assert [asset.id for asset in deployment.assets] == [0, 1, 2, 3, 4]
    assert [asset.underlying for asset in deployment.assets] == [0, 1, 2, 1, 3]
    assert deployment.underlyings == {"USD": 0, "ETH": 1, "BTC": 2, "DAI": 3}
    prices = [deployment.risk.band(number).priceWad for number in range(4)]
    assert prices == [WAD, 2_000 * WAD, 40_000 * WAD, WAD]
    for asset in deployment.assets:
        value = deployment.risk.valueOf(asset.id, 10**asset.decimals)[0]
        assert abs(value - asset.market.local.price) <= 10**6
        assert asset.pool.asset() == asset.token.address
        assert asset.pool.domainOf(deployment.vault).line == asset.market.pool.line.value
    assert deployment.vault.swapAdapterAllowed(deployment.adapter)
    assert deployment.record.complete and deployment.compared > 200


def test_perpetual_markets_are_in_place(evm, deployment):
    vault, orders = deployment.vault, deployment.orders
    assert (
        vault.instrumentAt(0)
        == deployment.risk.portfolioMode()
        == deployment.record["portfolio_mode"].address
    )
    assert list(deployment.perps) == ["ETH-PERP", "BTC-PERP"]
    for number, (symbol, perp) in enumerate(deployment.perps.items()):
        entries = {part: deployment.record[f"{symbol}.{part}"] for part in ("market", "admin", "amm")}
        assert [entry.contract for entry in entries.values()] == [
            "PerpMarket",
            "PerpMarketAdmin",
            "VirtualAmm",
        ]
        assert vault.instrumentAt(number + 1) == perp.market.address == entries["market"].address
        assert perp.market.underlying() == number + 1 and perp.market.makerAllowed(perp.amm)
        assert (perp.market.sampler(), perp.market.orders()) == (perp.amm.address, orders.address)
        assert perp.market.feeAccount() == bytes.fromhex(evm.accounts[0][2:]) + bytes(12)
        assert perp.amm.market() == perp.market.address
    state = deployment.perps["BTC-PERP"].market.state()
    assert (state.markWad, state.status) == (40_000 * WAD, 0)
    assert deployment.record["orders"].contract == "PerpOrders"
    assert deployment.perp_lens.accountLens() == deployment.lens.address


def test_governance_of_a_perpetual_market_is_followed_by_its_file(evm, deployment, record, files):
    market, amm = deployment.perps["ETH-PERP"].market, deployment.perps["ETH-PERP"].amm
    fees = list(market.parameters())
    fees[10] = WAD // 1_000
    market.setParameters(tuple(fees), 0)
    amm.setCooldown(8 * 86_400, 86_400)
    with pytest.raises(
        DeployError, match=r"^eth-perp.yaml: fees.taker is 0.1% on chain and 0.05% in the file"
    ):
        deploy(evm, record=record)
    files.change("eth-perp.yaml", "fees", "taker", to="0.1%")
    files.change("eth-perp.yaml", "amm", "cooldown", to="8 days").change(
        "eth-perp.yaml", "amm", "window", to="1 day"
    )
    assert deploy(evm, record=record, markets=files.load()).sent == 0


def test_a_market_is_listed_when_all_is_set(evm, record, files, monkeypatch):
    (files.folder / "btc-perp.yaml").unlink()
    first = deploy(evm, record=record, markets=files.load())
    assert list(first.perps) == ["ETH-PERP"]
    both = deploy(evm, record=record)
    assert list(both.perps) == ["ETH-PERP", "BTC-PERP"] and both.orders.address == first.orders.address
    assert both.sent == 7
    with pytest.raises(DeployError, match=r"lists 0x.* as instrument 4, and no market file has it"):
        deploy(evm, record=record, markets=files.load())


def test_second_sources_answer_once_their_window_has_passed(evm, deployment):
    source = evm.at("UniswapV3TwapSource", deployment.parameters.feed(1).secondary)
    assert source.priceWad() == 0
    evm.warp(301)
    assert abs(source.priceWad() - 2_000 * WAD) < WAD
    assert deployment.risk.band(1).status == 0


def test_a_second_run_sends_nothing(evm, deployment, record):
    before = evm.nonce(evm.accounts[0])
    again = deploy(evm, record=record)
    assert evm.nonce(evm.accounts[0]) == before and again.sent == 0
    assert again.compared == deployment.compared
    assert again.vault.address == deployment.vault.address
    assert {key: entry.address for key, entry in again.record.entries.items()} == {
        key: entry.address for key, entry in deployment.record.entries.items()
    }


def test_a_run_that_may_not_send_says_what_is_missing(evm, record, files):
    with pytest.raises(DeployError, match=r"^nothing is deployed on chain 31337"):
        deploy(evm, record=record, may_send=False)
    deploy(evm, record=record)
    assert deploy(evm, record=record, may_send=False).sent == 0
    entries = dict(record.entries)
    files.append("link.yaml", LINK)
    with pytest.raises(DeployError, match=r'still to be done \("deployed LINK.token \(MockERC20\)"\)'):
        deploy(evm, record=record, markets=files.load(), may_send=False)
    assert record.entries == entries


@pytest.mark.parametrize(
    "text", [LINK, LINK_WITH_PRICE], ids=["on an underlying that is there", "on its own"]
)
def test_a_new_file_adds_an_asset(evm, deployment, record, files, text):
    markets = files.append("link.yaml", text).load()
    longer = deploy(evm, record=record, markets=markets)
    link = longer["LINK"]
    assert link.id == 5 and link.pool is None
    assert longer.vault.address == deployment.vault.address
    assert deployment.vault.assetAt(5) == (link.token.address, NOBODY)
    own = text is LINK_WITH_PRICE
    assert link.underlying == (4 if own else 1)
    assert longer.risk.valueOf(5, WAD)[0] == (15 if own else 2_000) * WAD
    assert deploy(evm, record=record, markets=markets).sent == 0


def test_a_new_asset_keeps_the_numbers_of_the_others(evm, deployment, record, files):
    # Even where its order would have put it first.
    files.append("link.yaml", LINK_WITH_PRICE).change("link.yaml", "order", to="0").change(
        "usdc.yaml", "order", to="5"
    )
    longer = deploy(evm, record=record, markets=files.load())
    assert [asset.symbol for asset in longer.assets] == ["USDC", "WETH", "WBTC", "wstETH", "DAI", "LINK"]
    assert longer.underlyings == {"USD": 0, "ETH": 1, "BTC": 2, "DAI": 3, "LINK": 4}


def test_an_asset_cannot_be_taken_away(evm, deployment, record, files):
    (files.folder / "dai.yaml").unlink()
    with pytest.raises(DeployError, match=r"lists 0x.* as asset 4, and no market file has it"):
        deploy(evm, record=record, markets=files.load())


def test_the_settlement_asset_cannot_change(evm, deployment, record, files):
    files.change("main.yaml", "settlement", to="DAI").change("main.yaml", "local", "stake", to="1 DAI")
    for market in [*files.folder.glob("*-perp.yaml"), *files.folder.glob("*-option.yaml")]:
        market.unlink()
    with pytest.raises(DeployError, match=r"^(backstop: settlementAsset|main.yaml: settlement)"):
        deploy(evm, record=record, markets=files.load())


def test_prices_go_before_those_of_the_files(evm):
    deployment = deploy(evm, prices={"ETH": Decimal("3380.5")})
    assert deployment.risk.band(1).priceWad == 3380 * WAD + WAD // 2
    pool = next(pool for pool in deployment.markets if pool.base == deployment["WETH"].token)
    assert abs(float(pool.price) - 3380.5) < 0.01
    rate = deployment.risk.valueOf(3, WAD)[0] * WAD // deployment.risk.valueOf(1, WAD)[0]
    assert abs(rate - 117 * WAD // 100) <= 2


def test_tokens_can_be_minted_and_ether_unwrapped(evm, deployment):
    trader = evm.accounts[5]
    for asset in deployment.assets:
        deployment.mint(asset.symbol, trader, 3 * 10**asset.decimals)
        assert asset.token.balanceOf(trader) == 3 * 10**asset.decimals
    before = evm.balance(trader)
    deployment.wrapped_native.withdraw(WAD, sender=trader)
    assert evm.balance(trader) - before == WAD


def test_owner_and_guardian_are_the_files(evm, record, files):
    owner, guardian = evm.accounts[7], evm.accounts[8]
    files.change("main.yaml", "governance", "owner", to=owner)
    files.change("main.yaml", "governance", "guardian", to=guardian)
    deployment = deploy(evm, record=record, markets=files.load())
    governed = [deployment.parameters, deployment.backstop, *(asset.pool for asset in deployment.assets)]
    governed.append(evm.at("VaultAdmin", deployment.vault))
    for perp in deployment.perps.values():
        governed += [perp.market, perp.amm]
    for contract in governed:
        assert contract.guardian() == guardian
        assert (contract.owner(), contract.pendingOwner()) == (evm.accounts[0], owner)
        contract.acceptOwnership(sender=owner)
    assert deploy(evm, record=record, markets=files.load()).sent == 0
    files.append("link.yaml", LINK)
    with pytest.raises(
        DeployError, match=r'^only the owner can do what is next \("listed LINK"\), and 0xf39F'
    ):
        deploy(evm, record=record, markets=files.load())


def test_another_sender_does_not_go_on(evm, record, files, monkeypatch):
    deploy(evm, record=record)
    files.append("link.yaml", LINK)
    monkeypatch.setattr(evm, "sender", lambda sender: sender or evm.accounts[3])
    with pytest.raises(DeployError, match=r"^LINK.token is still to be deployed, by 0xf39F.* who began"):
        deploy(evm, record=record, markets=files.load())


def test_what_was_given_at_deployment_cannot_change(evm, deployment, record, files):
    files.change("usdc.yaml", "pool", "rate_model", "initial", to="6% per year")
    with pytest.raises(DeployError) as caught:
        deploy(evm, record=record, markets=files.load())
    assert str(caught.value) == (
        "USDC.rate_model: initialRatePerYearWad was 50000000000000000 at deployment, and the files say"
        " 60000000000000000; it cannot be changed: take the file's change back, or deploy anew"
    )


def test_another_version_of_a_contract_is_noticed(evm, deployment, record):
    from dataclasses import replace

    record.entries["vault"] = replace(record.entries["vault"], abi_hash="0x00")
    with pytest.raises(DeployError, match=r"^vault: Vault at 0x.* was deployed from another version"):
        deploy(evm, record=record)


def test_a_refused_creation_is_no_obstacle_to_the_next_run(evm, record, files):
    files.change("weth.yaml", "pool", "rate_model", "at_zero", to="3% per year")
    with pytest.raises(Reverted):
        deploy(evm, record=record, markets=files.load())
    assert record.pending is not None
    assert deploy(evm, record=record).record.complete


class PublicChain:
    """The same chain under another number, where nothing is mocked."""

    chain_id = 777

    def __init__(self, evm):
        self._evm = evm

    def __getattr__(self, name):
        return getattr(self._evm, name)


@pytest.fixture
def public(evm, files):
    """Mocks that stand for what a public chain has, and files that name them."""
    ground = deploy(evm)
    for asset in ground.assets:
        lines = [f"  777:\n    token: {asset.token.address}\n"]
        if asset.market.price:
            lines.append(f"    aggregator: {asset.feed.address}\n")
        name = files.folder / f"{asset.symbol.lower()}.yaml"
        name.write_text(name.read_text().replace("networks:\n", "networks:\n" + "".join(lines)))
    main = files.folder / "main.yaml"
    network = f"networks:\n  777:\n    uniswap_factory: {ground.uniswap.factory.address}\n"
    main.write_text(main.read_text().replace("networks:\n", network))
    return ground


def test_a_public_chain_keeps_its_tokens_and_feeds(evm, files, public):
    chain = PublicChain(evm)
    record = Record(None, 777, "", "main", evm.accounts[0])
    deployment = deploy(chain, record=record, markets=files.load())
    assert [a.token.address for a in deployment.assets] == [a.token.address for a in public.assets]
    assert deployment.feeds[1].address == public.feeds[1].address
    assert deployment.vault.address != public.vault.address
    assert deployment.uniswap is None
    # The files' heartbeat, not the mocks'.
    assert deployment.parameters.feed(1).heartbeat == 75 * 60
    assert not record["WETH.token"].deployed and record["WETH.pool"].deployed
    assert deploy(chain, record=record, markets=files.load()).sent == 0


@pytest.mark.parametrize(
    ("name", "path", "message"),
    [
        ("weth.yaml", ("networks", "777"), r"weth.yaml: networks.777: is missing; add token and aggregator"),
        (
            "wsteth.yaml",
            ("networks", "777"),
            r"wsteth.yaml: networks.777: is missing; add token of chain 777",
        ),
        ("weth.yaml", ("networks", "777", "aggregator"), r"weth.yaml: networks.777.aggregator: is missing"),
        ("main.yaml", ("networks", "777"), r"main.yaml: networks.777: is missing; add uniswap_factory"),
    ],
)
def test_a_chain_that_the_files_do_not_know(evm, files, public, name, path, message):
    files.change(name, *path, to="")
    with pytest.raises(DeployError, match=f"^{message}"):
        deploy(PublicChain(evm), markets=files.load(), record=Record(None, 777, "", "main", evm.accounts[0]))


def test_an_address_without_a_contract(evm, files, public):
    token = public["WETH"].token.address
    weth = files.folder / "weth.yaml"
    weth.write_text(weth.read_text().replace(token, evm.accounts[20]))
    with pytest.raises(DeployError, match=rf"^WETH.token: there is no contract at {evm.accounts[20]}"):
        deploy(PublicChain(evm), markets=files.load(), record=Record(None, 777, "", "main", evm.accounts[0]))
