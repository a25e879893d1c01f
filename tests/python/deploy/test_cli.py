"""`python -m scripts.deploy` on real Anvils: one line for whatever goes wrong, and going on afterwards."""

from __future__ import annotations

import http.server
import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from scripts.anvil import AnvilProcess
from scripts.common.chain import connect
from scripts.deploy import DeployError, RecordError, deploy
from scripts.deploy.__main__ import app
from scripts.deploy.record import Record
from scripts.setup.environment import ROOT
from tests.helpers import backend

WAD, DAY = 10**18, 86_400
pytestmark = pytest.mark.anvil


@pytest.fixture
def node() -> Iterator[AnvilProcess]:
    with AnvilProcess() as process:
        yield process


@pytest.fixture
def run(tmp_path):
    """Runs the command; exit code and what it printed."""

    def run_(url: str, *options: str):
        arguments = ["--network", url, "--deployments", str(tmp_path), *options]
        return CliRunner().invoke(app, arguments)

    return run_


def content(folder) -> dict:
    return json.loads((folder / "31337.json").read_text())


def test_deploys_once_and_verifies_ever_after(node, run, tmp_path):
    first = run(node.url)
    assert first.exit_code == 0, first.output
    assert re.search(r"^\d+ transactions sent; \d{3} values read back as in the files", first.output, re.M)
    before = content(tmp_path)
    for options in ((), ("--verify",), ("--resume",)):
        again = run(node.url, *options)
        assert again.exit_code == 0 and "nothing was left to do; " in again.output
    assert content(tmp_path) == before


def test_the_file_says_what_is_where(node, run, tmp_path):
    run(node.url)
    written = content(tmp_path)
    chain = connect(node.url)
    assert written["chain_id"] == 31337 and written["complete"] and written["domain"] == "main"
    assert written["deployer"] == chain.account
    assert written["genesis"] == node.rpc("eth_getBlockByNumber", "0x0", False)["hash"]
    for entry in written["contracts"].values():
        assert chain.code(entry["address"])
        receipt = node.rpc("eth_getTransactionReceipt", entry["transaction"])
        if entry["contract"] == "PerpMarketAdmin":  # its market's constructor created it
            market = next(
                other
                for other in written["contracts"].values()
                if other["transaction"] == entry["transaction"]
            )
            assert receipt["contractAddress"] == market["address"].lower()
        else:
            assert receipt["contractAddress"] == entry["address"].lower()
        assert int(receipt["blockNumber"], 16) == entry["block"]
        assert re.fullmatch("0x[0-9a-f]{64}", entry["abi_hash"])
        assert re.fullmatch("0x[0-9a-f]{64}", entry["code_hash"])
    vault = written["contracts"]["vault"]
    assert vault["contract"] == "Vault"
    assert vault["arguments"]["riskEngine"] == written["contracts"]["risk"]["address"]
    assert written["contracts"]["WETH.pool"]["arguments"]["reserveShareWad"] == "150000000000000000"


def test_a_walk_of_a_perpetual_market_counts_as_where_it_leads(node, run, tmp_path, files):
    run(node.url)
    chain = connect(node.url)
    perp = deploy(chain, folder=tmp_path).perps["ETH-PERP"]
    parameters, shape = list(perp.market.parameters()), list(perp.amm.shape())
    parameters[2] = WAD // 4
    shape[0] = 300_000 * WAD
    perp.market.setParameters(tuple(parameters), 10 * DAY)
    perp.amm.setShape(tuple(shape), 10 * DAY)
    chain.warp(DAY)
    assert "eth-perp.yaml: margin.haircut is 25% on chain and 20% in the file" in run(node.url).stderr
    files.change("eth-perp.yaml", "margin", "haircut", to="25%")
    files.change("eth-perp.yaml", "amm", "depth", to="300_000 ETH")
    for _ in range(2):
        again = run(node.url, "--markets", str(files.folder))
        assert again.exit_code == 0 and "nothing was left to do" in again.output
        chain.warp(10 * DAY)


def test_a_signing_account_deploys_too(node, run, tmp_path, monkeypatch):
    address, key = backend.test_accounts()[4]
    monkeypatch.setenv("KEEL_PRIVATE_KEY", key)
    result = run(node.url)
    assert result.exit_code == 0, result.output
    assert content(tmp_path)["deployer"] == address
    monkeypatch.delenv("KEEL_PRIVATE_KEY")
    assert "nothing was left to do" in run(node.url).output


def test_nothing_to_resume_or_verify(node, run, tmp_path):
    result = run(node.url, "--resume")
    assert result.exit_code == 1
    assert f"nothing to resume: there is no {tmp_path}/31337.json" in result.output
    result = run(node.url, "--verify")
    assert result.exit_code == 1 and "nothing is deployed on chain 31337" in result.output


def test_a_difference_is_an_error_of_one_line(node, run, files):
    run(node.url, "--markets", str(files.folder))
    files.change("dai.yaml", "shocks", "initial_up", to="5%")
    result = run(node.url, "--markets", str(files.folder))
    assert result.exit_code == 1
    assert result.stderr == (
        "keel deploy: dai.yaml: shocks.initial_up is 4% on chain and 5% in the file;"
        " change the file, or the chain by governance\n"
    )


def test_a_wrong_file_is_told_before_anything_is_asked(run, files):
    files.change("dai.yaml", "shocks", "initial_up", to="5")
    result = run("http://127.0.0.1:1", "--markets", str(files.folder))
    assert result.exit_code == 1
    assert result.stderr.startswith("keel deploy: dai.yaml: shocks.initial_up: '5' is not a share; write")


def test_nobody_answers(run):
    result = run("http://127.0.0.1:1")
    assert result.exit_code == 1
    assert result.stderr.startswith("keel deploy: no chain answers at http://127.0.0.1:1 (")


@contextmanager
def proxy(url: str, requests: int) -> Iterator[str]:
    """Passes so many requests on to a node, and answers none of the later ones."""
    left, ended = [requests], threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            left[0] -= 1
            if left[0] < 0:
                ended.wait()
                return
            request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request) as answer:
                content = answer.read()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("requests", [0, 3, 60, 200])
def test_a_node_that_stops_answering(node, run, requests):
    with proxy(node.url, requests) as url:
        started = time.monotonic()
        result = run(url, "--timeout", "1")
    assert time.monotonic() - started < 30
    assert result.exit_code == 1
    assert re.fullmatch(r"keel deploy: http://127.0.0.1:\d+ did not answer \w+ within 1 s\n", result.stderr)
    result = run(node.url)
    assert result.exit_code == 0, result.output


def test_a_killed_process_is_gone_on_with(node, run, tmp_path):
    command = [sys.executable, "-m", "scripts.deploy", "--network", node.url, "--deployments", str(tmp_path)]
    file = tmp_path / "31337.json"
    for contracts in (3, 12, 25):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        while process.poll() is None and not (
            file.exists() and len(content(tmp_path)["contracts"]) > contracts
        ):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not content(tmp_path)["complete"]
    result = run(node.url, "--resume")
    assert result.exit_code == 0, result.output
    assert content(tmp_path)["complete"]


def test_a_local_chain_that_ended_is_forgotten(run, tmp_path):
    addresses = []
    for _ in range(2):
        with AnvilProcess("--timestamp", str(1_700_000_000 + len(addresses))) as node:
            assert run(node.url).exit_code == 0
            addresses.append(content(tmp_path)["genesis"])
    assert addresses[0] != addresses[1]


class Elsewhere:
    """An Anvil that passes for a public chain."""

    chain_id = 777

    def __init__(self, chain):
        self._chain = chain

    def __getattr__(self, name):
        return getattr(self._chain, name)


def test_records_that_cannot_be_used(node, tmp_path):
    chain = Elsewhere(connect(node.url))
    file = tmp_path / "777.json"
    Record(file, 777, "0xother", "main", chain.account).save()
    with pytest.raises(DeployError, match=r"777.json is of another chain with the id 777"):
        deploy(chain, folder=tmp_path)
    genesis = node.rpc("eth_getBlockByNumber", "0x0", False)["hash"]
    Record(file, 777, genesis, "second", chain.account).save()
    with pytest.raises(DeployError, match=r"is of the domain second, the files describe main"):
        deploy(chain, folder=tmp_path)
    Record(file, 778, genesis, "main", chain.account).save()
    with pytest.raises(RecordError, match=r"is of chain 778, the node serves chain 777"):
        deploy(chain, folder=tmp_path)
    file.write_text("{")
    with pytest.raises(RecordError, match=r"is not JSON; restore it, or delete it"):
        deploy(chain, folder=tmp_path)
    file.write_text('{"chain_id": 777}')
    with pytest.raises(RecordError, match=r"is no deployments file \('genesis'\); restore it"):
        deploy(chain, folder=tmp_path)
