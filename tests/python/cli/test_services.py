"""`keel up`, `down`, `keeper` and `console`: each runs what it says, once and for the right chain."""

from __future__ import annotations

import sys
from decimal import Decimal

import pytest

from scripts.chain import __main__ as chain_command
from scripts.chain import local
from scripts.cli.commands import services
from scripts.common import anvil
from scripts.common.rpc import Rpc
from scripts.console import build as console_build
from scripts.setup import build

WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
KEYS = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"  # the wallet's, known to everybody
pytestmark = pytest.mark.anvil


@pytest.fixture
def nothing_to_build(monkeypatch):
    """Contracts and pages are as they are."""
    monkeypatch.setattr(build, "main", lambda: 0)
    monkeypatch.setattr(console_build, "main", lambda: 0)


def test_up_and_down(keel, monkeypatch, tmp_path, nothing_to_build):
    monkeypatch.setattr(chain_command, "FOLDER", tmp_path)
    monkeypatch.setenv("KEEL_DEPLOYMENTS", str(tmp_path))
    monkeypatch.setenv("NETWORK", "local")
    port = anvil.free_port()
    try:
        data = keel("up", "--port", str(port), "--json").data
        assert data["url"] == f"http://127.0.0.1:{port}" and data["chain_id"] == 31337
        assert data["wallets"][0]["address"] == WALLET
        text = keel("up").out  # runs already
        assert "--from 1  0x7099" in text and KEYS not in text
        # Without --network the commands find it.
        assert keel("status", "--json").data["vault"] == data["vault"]
        assert keel("deposit", "1 WETH", "--yes").code == 0
        assert f"Ended the local chain at http://127.0.0.1:{port}" in keel("down").out
    finally:
        local.stop()
    assert keel("down", "--json").data == {"ended": False, "url": None}
    with pytest.raises(Exception, match="no chain answers"):
        Rpc(f"http://127.0.0.1:{port}")("eth_chainId")


def test_up_on_a_taken_port(keel, system, nothing_to_build):
    port = system.url.rsplit(":", 1)[1]
    assert f"port {port} of this machine is taken" in keel("up", "--port", port).line


def test_contracts_that_do_not_compile(keel, monkeypatch):
    monkeypatch.setattr(build, "main", lambda: 1)
    assert "the contracts do not compile" in keel("up").line


def test_the_keeper_takes_over_whoever_is_due(keel, system, tmp_path, monkeypatch):
    monkeypatch.setenv("KEEL_KEEPER_DATABASE", f"sqlite:///{tmp_path / 'keeper.db'}")
    keel("open", "--long", "WETH", "--leverage", "4.5", "--margin", "10000 USDC", "--yes")
    keel("oracle", "set", "ETH", "1720", "--market", "--yes")
    due = keel("liquidatable", "--json").data["accounts"]
    assert len(due) == 1 and Decimal(due[0]["health"]) < 1
    block = system.chain.block_number
    assert keel("keeper", "--once", "--dry-run").code == 0
    assert system.chain.block_number == block
    assert keel("keeper", "--once").code == 0
    assert keel("liquidatable", "--json").data["accounts"] == []


def test_the_keeper_reads_its_file(keel, tmp_path):
    file = tmp_path / "keeper.toml"
    file.write_text('min_profit = "5 USDC"\nfrequency = 3\n')
    assert "frequency" in keel("keeper", "--once", "--config", str(file)).line
    assert "cannot be read" in keel("keeper", "--once", "--config", str(tmp_path / "other.toml")).line


def test_an_option_goes_before_the_keepers_file(keel, tmp_path, monkeypatch):
    from scripts.keeper import run

    seen = []
    monkeypatch.setattr(run, "run_keeper", lambda config: seen.append(config) or 0)
    file = tmp_path / "keeper.toml"
    file.write_text('rpc = ["http://127.0.0.1:1"]\nonce = true\n')
    keel("keeper", "--config", str(file), "--network", "local")
    keel("keeper", "--config", str(file), "--network", "http://127.0.0.1:2", "--dry-run")
    assert [config.rpc for config in seen] == [("http://127.0.0.1:1",), ("http://127.0.0.1:2",)]
    assert [(config.once, config.dry_run) for config in seen] == [(True, False), (True, True)]


def test_the_console_is_served_for_the_chain(keel, system, monkeypatch, nothing_to_build):
    served = []

    def serve(port, url, folder, *, websocket, matcher):
        served.append((port, url, folder, websocket, matcher))
        print("told by the server", file=sys.stdout)
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "serve", serve)
    result = keel("console", "--port", "0")
    assert result.code == 0 and "The console has ended." in result.out
    assert served == [(0, system.url, system.folder, None, "http://127.0.0.1:8550")]
    result = keel("console", "--json")
    assert result.code == 0 and "told by the server" in result.err and '"ended": true' in result.out


def test_the_console_is_told_which_matcher_pages_may_ask(keel, monkeypatch, nothing_to_build):
    served = []
    monkeypatch.setattr(services, "serve", lambda *_, matcher, **__: served.append(matcher))
    assert keel("console", "--matcher", "http://127.0.0.1:8551").code == 0
    assert keel("console", "--matcher", "").code == 0
    monkeypatch.setenv("KEEL_MATCHER", "http://localhost:8552")
    assert keel("console").code == 0
    assert served == ["http://127.0.0.1:8551", None, "http://localhost:8552"]


@pytest.mark.parametrize(
    "url", ["https://matcher.example:8550", "127.0.0.1:8550", "http://127.0.0.1:8550/orders"]
)
def test_a_matcher_that_pages_may_not_ask_is_refused(keel, url):
    result = keel("console", "--matcher", url)
    assert result.code == 2
    assert f'--matcher: "{url}" is no matcher of this machine; expected one like' in result.line


def test_ctrl_c_ends_any_command_with_130(keel, monkeypatch):
    from scripts.cli.commands import status

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(status, "read_markets", interrupted)
    result = keel("status")
    assert result.code == 130 and result.line == "keel status: interrupted"
    assert keel("status", "--json").document["error"]["kind"] == "interrupted"
