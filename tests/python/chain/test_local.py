"""`make up` and `make down`: a chain to keep, with everything deployed, ended as exactly that process."""

from __future__ import annotations

import json
import os
import re

import psutil
import pytest
from typer.testing import CliRunner

from scripts.anvil import AnvilProcess
from scripts.chain import __main__ as command
from scripts.chain import local
from scripts.common import anvil
from scripts.common.chain import connect
from scripts.common.errors import KeelError
from scripts.deploy import deploy

pytestmark = pytest.mark.anvil


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    """State of its own, and no chain left behind."""
    monkeypatch.setattr(local, "FILE", tmp_path / "chain.json")
    monkeypatch.setattr(local, "LOG", tmp_path / "anvil.log")
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    yield
    local.stop()


def keel(*arguments: str):
    return CliRunner().invoke(command.app, arguments)


def test_up_leaves_a_funded_chain_and_down_ends_it(tmp_path):
    port = str(anvil.free_port())
    result = keel("up", "--port", port)
    assert result.exit_code == 0, result.output
    node = local.running()
    assert node and node.port == int(port)
    assert f"Anvil runs at {node.url} (chain 31337, process {node.pid})" in result.output
    chain = connect(node.url)
    deployment = deploy(chain, folder=tmp_path)
    assert deployment.sent == 0
    for asset in deployment.assets:
        assert asset.pool.totalAssets() == asset.market.local.lenders
    assert deployment.backstop.totalAssets() == 500_000 * 10**6
    rows = re.findall(r"(0x[0-9a-fA-F]{40})\s+(0x[0-9a-f]{64})\s+(.*)", result.output)
    assert len(rows) == 6
    for (address, key, holds), expected in zip(rows, chain.accounts[1:7], strict=True):
        from eth_account import Account

        assert address == expected == Account.from_key(key).address
        assert "10,000 ETH, 250,000 USDC, 100 WETH, 5 WBTC, 50 wstETH, 100,000 DAI" in holds
        assert deployment["WBTC"].token.balanceOf(address) == 5 * 10**8
    for option in deployment.configuration.options:
        market = deployment.options[option.symbol].market
        series = market.aliveSeries()
        assert len(series) == 40
        assert (
            deployment.volatility.surface.statusOf(market.underlying(), market.seriesOf(series[-1])[0]) == 0
        )
        held = [one for one in series if market.sidesOf(one)[0] == market.sidesOf(one)[1] != 0]
        assert {market.sidesOf(one)[0] for one in held} == {option.local.straddle} and len(held) == 2
        assert all(value > 0 for value in market.valuesOf(held))
    process = psutil.Process(node.pid)
    result = keel("down")
    assert result.output == f"ended the local chain at {node.url} (process {node.pid})\n"
    ended = not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert ended and local.running() is None
    assert keel("down").output == "no local chain runs; there is nothing to end\n"


def test_a_second_up_finds_the_first_and_takes_nothing_away(tmp_path):
    port = str(anvil.free_port())
    first = keel("up", "--port", port)
    node = local.running()
    chain = connect(node.url)
    deployment = deploy(chain, folder=tmp_path)
    trader, token = chain.accounts[1], deployment["USDC"].token
    token.transfer(chain.accounts[9], 10**6, sender=trader)
    second = keel("up")
    assert second.exit_code == 0 and local.running() == node
    assert token.balanceOf(trader) == 249_999 * 10**6
    assert first.output.splitlines()[:10] == second.output.splitlines()[:10]


def test_a_trader_of_the_chain_can_borrow(tmp_path):
    keel("up", "--port", str(anvil.free_port()))
    chain = connect(local.running().url)
    deployment = deploy(chain, folder=tmp_path)
    trader, weth, usdc = chain.accounts[1], deployment["WETH"].token, deployment["USDC"].token
    account = bytes.fromhex(trader[2:]) + bytes(12)
    weth.approve(deployment.vault, 10**19, sender=trader)
    deployment.vault.deposit(account, weth, 10**19, sender=trader)
    deployment.vault.borrow(account, usdc, 10_000 * 10**6, trader, sender=trader)
    assert usdc.balanceOf(trader) == 260_000 * 10**6


def test_other_processes_are_left_alone(tmp_path):
    with AnvilProcess() as other:
        # A process id that was given to another Anvil since.
        born = psutil.Process(other.pid).create_time() - 100
        local.FILE.write_text(json.dumps({"pid": other.pid, "port": other.port, "born": born}))
        assert local.running() is None
        assert keel("down").output == "no local chain runs; there is nothing to end\n"
        assert other.rpc("eth_chainId") == "0x7a69"
        # Or to no Anvil at all.
        me = psutil.Process(os.getpid())
        local.FILE.write_text(json.dumps({"pid": me.pid, "port": 1, "born": me.create_time()}))
        assert local.stop() is None


def test_a_taken_port_is_one_line_and_starts_nothing():
    with AnvilProcess() as other:
        result = keel("up", "--port", str(other.port))
        assert result.exit_code == 1
        assert result.stderr.startswith(f"keel up: port {other.port} of this machine is taken")
        assert local.running() is None


def test_what_fails_after_the_start_leaves_no_process(monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise KeelError("no markets today")

    monkeypatch.setattr(command, "deploy", broken)
    result = keel("up", "--port", str(anvil.free_port()))
    assert result.exit_code == 1 and result.stderr == "keel up: no markets today\n"
    assert local.running() is None


def test_a_second_start_is_refused():
    node = local.start(anvil.free_port())
    with pytest.raises(KeelError, match=f"a local chain runs already at {node.url}"):
        local.start(anvil.free_port())
