"""Option markets in a deployment: what is in place, what a difference is, and how a run that stopped goes on."""

from __future__ import annotations

import pytest

from scripts.deploy import DeployError, deploy
from scripts.deploy.deployer import Deployer
from scripts.deploy.record import Record

WAD = 10**18
DAY = 86_400


@pytest.fixture
def record(evm):
    return Record(None, 31337, "", "main", evm.accounts[0])


@pytest.fixture
def deployment(evm, record):
    return deploy(evm, record=record)


def test_option_markets_are_in_place(evm, deployment):
    vault, orders = deployment.vault, deployment.option_orders
    assert list(deployment.options) == ["ETH-OPTION", "BTC-OPTION"]
    assert deployment.record["option_orders"].address == orders.address
    for number, (symbol, option) in enumerate(deployment.options.items()):
        parts = {"market": option.market, "admin": option.admin, "risk": option.risk}
        for part, contract in parts.items():
            assert deployment.record[f"{symbol}.{part}"].address == contract.address
        assert vault.instrumentAt(3 + number) == option.market.address
        assert option.market.underlying() == number + 1
        assert option.market.surface() == deployment.volatility.surface.address
        assert option.market.orders() == orders.address
        assert option.market.feeAccount() == bytes.fromhex(evm.accounts[0][2:]) + bytes(12)
        assert tuple(option.market.parameters()) == deployment.configuration.options[number].parameters
    assert deployment.greeks_lens.accountGreeks(bytes(32)) == []


def test_a_surface_of_a_local_chain_stays_fresh_as_long_as_its_feeds(deployment):
    for name, market in deployment.configuration.underlyings.items():
        if market.volatility:
            number = deployment.underlyings[name]
            beat = deployment.volatility.surface.parameters(number).heartbeat
            assert beat == market.local.heartbeat == deployment.parameters.feed(number).heartbeat == 7 * DAY


def test_a_second_run_sends_nothing(evm, deployment, record):
    assert deploy(evm, record=record).sent == 0


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (("margin", "haircut"), "25%", "eth-option.yaml: margin.haircut is 20% on chain and 25% in the file"),
        (("margin", "naked_short"), "5%", "eth-option.yaml: margin.naked_short is 4% on chain and 5% in"),
        (("fees", "cap"), "10%", "eth-option.yaml: fees.cap is 12.5% on chain and 10% in the file"),
        (("fees", "account"), "0x" + "11" * 20, "eth-option.yaml: fees.account is "),
    ],
)
def test_a_number_that_differs_is_named(evm, deployment, record, files, path, text, message):
    with pytest.raises(DeployError) as caught:
        deploy(evm, record=record, markets=files.change("eth-option.yaml", *path, to=text).load())
    assert str(caught.value).startswith(message)


def test_what_governance_changes_is_a_difference(evm, deployment, record):
    market = deployment.options["ETH-OPTION"].market
    acts = {
        "ETH-OPTION's orders is 0x0": lambda: market.setOrders("0x" + 40 * "0"),
        "eth-option.yaml: fees.account is": lambda: market.setFeeAccount(bytes(32)),
        "main.yaml: governance.guardian of ETH-OPTION.market": lambda: market.setGuardian(evm.accounts[3]),
    }
    for message, act in acts.items():
        with evm.isolation():
            act()
            with pytest.raises(DeployError) as caught:
                deploy(evm, record=record)
            assert str(caught.value).startswith(message)


def test_ownership_is_offered(evm, files):
    owner = evm.accounts[7]
    deployment = deploy(evm, markets=files.change("main.yaml", "governance", "owner", to=f'"{owner}"').load())
    for option in deployment.options.values():
        assert option.market.pendingOwner() == owner


@pytest.mark.parametrize("steps", range(1, 12))
def test_a_run_that_stopped_goes_on(evm, record, files, monkeypatch, steps):
    """It stops in front of each step of the option markets in turn."""
    before, contents = {}, {}
    for file in files.folder.glob("*-option.yaml"):
        contents[file] = file.read_text()
        file.unlink()
    before = deploy(evm, record=record, markets=files.load())
    for file, text in contents.items():
        file.write_text(text)
    record.complete = False
    taken = 0

    def counted(method):
        def run(self, *args, **kwargs):
            nonlocal taken
            key_or_done = args[1] if method.__name__ == "ensure" else args[0] in self.record
            if not key_or_done:
                taken += 1
                if taken == steps:
                    raise KeyboardInterrupt
            return method(self, *args, **kwargs)

        return run

    with monkeypatch.context() as patched:
        for name in ("create", "ensure"):
            patched.setattr(Deployer, name, counted(getattr(Deployer, name)))
        with pytest.raises(KeyboardInterrupt):
            deploy(evm, record=record)
    again = deploy(evm, record=record)
    assert list(again.options) == ["ETH-OPTION", "BTC-OPTION"]
    assert again.vault.address == before.vault.address
    assert again.vault.instrumentCount() == 1 + 2 + 2
