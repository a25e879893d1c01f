"""What cannot be right, tried on every command: one clear line, the right exit code, and nothing half-done."""

from __future__ import annotations

import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass

import pytest

from scripts.cli.app import run
from scripts.common import anvil
from scripts.setup.environment import ROOT

WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
MISTYPED = "0x70997970c51812dc3A010C7d01b50e0d17dc79C8"
pytestmark = pytest.mark.anvil


@dataclass(frozen=True)
class Command:
    """A command with right arguments; `asset` and `amount` are the places of those that can be wrong.

    `own` is an amount that is more than is there, with what is then said.
    """

    words: tuple[str, ...]
    asset: int | None = None
    amount: int | None = None
    more: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """Without its arguments."""
        groups = ("account", "oracle", "params", "perp", "order", "lp")
        depth = next(place for place, word in enumerate(self.words) if word not in groups)
        return " ".join(self.words[: depth + 1])

    def with_(self, place: int, text: str) -> list[str]:
        """The words with one exchanged."""
        return [*self.words[:place], text, *self.words[place + 1 :]]


SENDING = [
    Command(("deposit", "1", "WETH"), 2, 1, ("101", "holds 100 WETH, and 101 WETH are wanted")),
    Command(("withdraw", "1", "WETH"), 2, 1, ("11", "holds 10 WETH, and 11 WETH are wanted")),
    Command(("borrow", "600", "USDC"), 2, 1, ("60000", "at the worst prices, and must be worth [$]")),
    Command(("repay", "1", "USDC"), 2, 1, ("300000", "holds 250,000 USDC, and 300,000 USDC are wanted")),
    Command(("transfer", "1", "WETH", "--to", "2"), 2, 1, ("11", "holds 10 WETH, and 11 WETH are wanted")),
    Command(
        ("open", "--long", "WETH", "--leverage", "2", "--margin", "1000 USDC"),
        *(2, 4, ("9", "at the worst prices, and must be worth [$]")),
    ),
    Command(("close", "WETH"), 1),
    Command(("lend", "1", "USDC"), 2, 1, ("300000", "holds 250,000 USDC, and 300,000 USDC are wanted")),
    Command(("unlend", "1", "USDC"), 2, 1, ("11", "has lent [0-9.]+ USDC, and 11 USDC are wanted")),
    Command(("stake", "1", "USDC"), 2, 1, ("300000", "holds 250,000 USDC, and 300,000 USDC are wanted")),
    Command(("unstake", "1", "USDC"), 2, 1, ("11", "has staked [0-9.]+ USDC, and 11 USDC are wanted")),
    Command(("liquidate", "2"), None, None),
    Command(("oracle", "set", "ETH", "1900"), 2, 3),
    Command(
        ("perp", "open", "--long", "ETH", "--size", "1"),
        *(3, 5, ("100", "at the worst prices, and must be worth [$]")),
    ),
    Command(("perp", "close", "ETH"), 2),
    Command(("perp", "settle", "ETH"), 2),
    Command(("perp", "order", "place", "buy", "1", "ETH", "--limit", "1900"), 5, 4),
    Command(
        ("perp", "lp", "deposit", "ETH", "1", "USDC"),
        *(3, 4, ("300000", "holds 250,000 USDC, and 300,000 USDC are wanted")),
    ),
    Command(
        ("perp", "lp", "request", "ETH", "1", "USDC"),
        *(5, 4, ("11", "has [0-9.]+ USDC in the AMM of ETH-PERP, and 11 USDC are wanted")),
    ),
]
READING = [
    Command(("status",)),
    Command(("account", "show")),
    Command(("account", "list")),
    Command(("what-if", "--borrow", "1 USDC")),
    Command(("liquidatable",)),
    Command(("oracle", "show", "ETH"), 2),
    Command(("params", "show", "ETH"), 2),
    Command(("params", "diff")),
    Command(("perp", "markets")),
    Command(("perp", "positions")),
    Command(("perp", "book", "ETH"), 2),
    Command(("perp", "funding", "ETH"), 2),
    Command(("perp", "lp", "show", "ETH"), 3),
]
RUNNING = [Command(("keeper", "--once")), Command(("console", "--port", "0"))]
ON_CHAIN = [*SENDING, *READING, *RUNNING]


def named(commands):
    return pytest.mark.parametrize("command", commands, ids=lambda command: command.name)


@pytest.fixture(scope="module", autouse=True)
def prepared(deployed):
    """An account with 10 WETH that owes 1,000 USDC; a long of 0.1 ETH; 10 USDC lent, staked and
    in the AMM; 250,000 USDC in the wallet."""
    snapshot = deployed.chain.rpc("evm_snapshot")
    where = ("--network", deployed.url, "--deployments", str(deployed.folder), "--yes", "--json")
    for words in (
        *(("deposit", "10 WETH"), ("borrow", "1000 USDC"), ("lend", "10 USDC"), ("stake", "10 USDC")),
        *(("perp", "open", "--long", "ETH", "--size", "0.1"), ("perp", "lp", "deposit", "ETH", "10 USDC")),
    ):
        assert run([*words, *where]) == 0
    usdc, weth = deployed.domain["USDC"].token, deployed.domain["WETH"].token
    usdc.transfer(deployed.chain.accounts[0], 970 * 10**6, sender=WALLET)
    weth.mint(WALLET, 10 * 10**18, sender=deployed.chain.accounts[0])
    yield
    assert deployed.chain.rpc("evm_revert", snapshot)


@pytest.fixture
def chain_state(system):
    """A look at what has been sent."""

    def state() -> tuple[object, ...]:
        count = system.chain.rpc("eth_getTransactionCount", WALLET, "pending")
        return system.chain.block_number, count

    return state


def refused(keel, words: list[str], code: int, pattern: str) -> None:
    """One line, and the same in the one JSON document."""
    result = keel(*words)
    assert result.code == code, result.out + result.err
    assert re.search(pattern, result.line), result.line
    assert not result.out
    error = keel(*words, "--json").document["error"]
    assert error["exit_code"] == code and re.search(pattern, error["message"])
    assert "\n" not in error["message"]


def sent(command: Command) -> list[str]:
    return [*command.words, "--yes"] if command in SENDING else list(command.words)


# --- what is typed ---


@named([command for command in [*SENDING, *READING] if command.asset])
def test_an_unknown_asset(keel, chain_state, command):
    before = chain_state()
    words = [*command.with_(command.asset, "WETTH"), *(["--yes"] if command in SENDING else [])]
    refused(keel, words, 2, r'"WETTH".*there are .*WETH.*did you mean "W?ETH"\?|"WETTH".*there are')
    assert chain_state() == before


def test_unknown_assets_in_options(keel, chain_state):
    for words in (
        ["open", "--short", "DOGE", "--leverage", "2"],
        ["open", "--long", "WETH", "--leverage", "2", "--against", "DOGE"],
        ["open", "--long", "WETH", "--leverage", "2", "--margin", "5 DOGE"],
        ["close", "--against", "DOGE"],
        ["what-if", "--deposit", "1 DOGE"],
        ["what-if", "--price", "DOGE=1"],
    ):
        refused(keel, words, 2, '"DOGE".*there are')


@named([command for command in SENDING if command.amount])
@pytest.mark.parametrize(
    "text, pattern",
    [("-1", "negative|no leverage"), ("0", "above zero|no leverage"), ("one", "not a number|no leverage")],
)
def test_an_amount_that_is_none(keel, chain_state, command, text, pattern):
    before = chain_state()
    refused(keel, [*command.with_(command.amount, text), "--yes"], 2, pattern)
    assert chain_state() == before


@pytest.mark.parametrize(
    "amount, pattern",
    [
        (["1,5", "WETH"], "comma"),
        (["1e18", "WETH"], "not a number"),
        (["1.1234567", "USDC"], "more decimals"),
        (["1" + "0" * 60, "WETH"], "more than any token has"),
        (["1"], "no amount of an asset"),
        (["WETH"], "no amount of an asset"),
        (["1 2 WETH"], "no amount of an asset"),
        ([], "Missing argument"),
        (["1", "WETH", "now"], "unexpected extra argument"),
    ],
)
def test_amounts_that_cannot_be_read(keel, amount, pattern):
    refused(keel, ["deposit", *amount], 2, pattern)


@pytest.mark.parametrize(
    "words, pattern",
    [
        (["account", "show", "--index", "9" * 5_000], "no number of an account"),
        (["account", "show", "--account", "9" * 5_000], "not a whole number"),
        (["account", "show", "--timeout", "inf"], "less than or equal"),
        (["open", "--long", "WETH", "--leverage", "9" * 5_000], "no leverage"),
        (["open", "--long", "WETH", "--leverage", "1." + "9" * 5_000], "no leverage"),
        (["what-if", "--price", f"ETH={2**256}"], "no price"),
    ],
    ids=lambda value: value[-2] if isinstance(value, list) else "",
)
def test_numbers_beyond_all_measure(keel, words, pattern):
    refused(keel, words, 2, pattern)


@named([command for command in SENDING if command.more])
def test_more_than_is_there(keel, chain_state, command):
    before = chain_state()
    more, pattern = command.more
    refused(keel, [*command.with_(command.amount, more), "--yes"], 1, pattern)
    assert chain_state() == before


@named([*SENDING, *READING])
@pytest.mark.parametrize(
    "option, value, pattern",
    [
        ("--account", MISTYPED, "--account: .* has a wrong checksum"),
        ("--from", MISTYPED, "--from: .* has a wrong checksum"),
        ("--account", "0x1234", "--account: .* is no address"),
        ("--index", "-1", "--index: .* is no number of an account"),
    ],
)
def test_an_address_that_is_none(keel, chain_state, command, option, value, pattern):
    before = chain_state()
    refused(keel, [*sent(command), option, value], 2, pattern)
    assert chain_state() == before


@pytest.mark.parametrize(
    "words",
    [
        ["withdraw", "1 WETH", "--to", MISTYPED],
        ["borrow", "600 USDC", "--to", MISTYPED],
        ["transfer", "1 WETH", "--to", MISTYPED],
        ["liquidate", MISTYPED],
    ],
)
def test_receivers_with_a_wrong_checksum(keel, chain_state, words):
    before = chain_state()
    refused(keel, [*words, "--yes"], 2, "has a wrong checksum, so a character of it is wrong")
    assert chain_state() == before


def test_addresses_without_capitals_have_no_checksum(keel):
    assert keel("account", "show", "--account", WALLET.lower()).code == 0


@named(ON_CHAIN)
def test_an_option_that_is_none(keel, command):
    refused(keel, [*command.words, "--frobnicate"], 2, "No such option: --frobnicate")


def test_commands_that_are_none(keel):
    refused(keel, ["deposi"], 2, "No such command 'deposi'. Did you mean 'deposit'")
    refused(keel, ["account", "shout"], 2, "No such command 'shout'")


# --- what is there ---


@named(ON_CHAIN)
def test_nobody_listens(keel, command):
    url = f"http://127.0.0.1:{anvil.free_port()}"
    refused(keel, [*sent(command), "--network", url], 3, f"no chain answers at {url}")


@named(ON_CHAIN)
def test_the_wrong_chain(keel, chain_state, command):
    before = chain_state()
    refused(keel, [*sent(command), "--chain-id", "5"], 1, "is chain 31337; expected chain 5")
    assert chain_state() == before


def _corrupt(record: dict) -> str:
    return "{"


def _of_an_ended_chain(record: dict) -> str:
    return json.dumps({**record, "genesis": "0x" + "11" * 32})


def _of_another_chain(record: dict) -> str:
    return json.dumps({**record, "chain_id": 5})


def _unfinished(record: dict) -> str:
    return json.dumps({**record, "complete": False})


def _without_its_contracts(record: dict) -> str:
    return json.dumps({key: value for key, value in record.items() if key != "contracts"})


@named(ON_CHAIN)
@pytest.mark.parametrize(
    "content, pattern",
    [
        (_corrupt, "is not JSON; restore it, or delete it"),
        (_of_an_ended_chain, "is of another chain with the id 31337, one that has ended"),
        (_of_another_chain, "is of chain 5, the node serves chain 31337"),
        (_unfinished, "is of a deployment that has not ended"),
        (_without_its_contracts, "is no deployments file"),
        (None, r"nothing is deployed on chain 31337: there is no .*31337\.json"),
    ],
)
def test_a_deployments_file_that_is_none(keel, system, chain_state, tmp_path, command, content, pattern):
    if content is not None:
        record = json.loads((system.folder / "31337.json").read_text())
        (tmp_path / "31337.json").write_text(content(record))
    before = chain_state()
    refused(keel, [*sent(command), "--deployments", str(tmp_path)], 1, pattern)
    assert chain_state() == before


class Babbler(http.server.BaseHTTPRequestHandler):
    """A web server that is no node."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Welcome</html>")

    def log_message(self, *_: object) -> None:
        """Says nothing on stderr."""


@pytest.mark.parametrize("command", [READING[0], SENDING[0], RUNNING[0]], ids=lambda command: command.name)
def test_a_node_that_hangs_or_babbles(keel, command):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        refused(
            keel, [*sent(command), "--network", url, "--timeout", "0.3"], 3, "did not answer .* within 0.3 s"
        )
    server = http.server.HTTPServer(("127.0.0.1", 0), Babbler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        refused(keel, [*sent(command), "--network", url], 3, 'Welcome</html>", which is no JSON-RPC')
    finally:
        server.shutdown()
        server.server_close()


def test_databases_that_are_none(keel, monkeypatch, tmp_path):
    file = tmp_path / "keeper.db"
    file.write_text("this is no database, however long one looks at it")
    monkeypatch.setenv("KEEL_KEEPER_DATABASE", f"sqlite:///{file}")
    refused(keel, ["keeper", "--once"], 1, "the file is corrupt or no database")
    monkeypatch.setenv("KEEL_KEEPER_DATABASE", "elsewhere")
    refused(keel, ["keeper", "--once"], 1, "the database's address cannot be read")


def test_only_mock_feeds_are_set(keel, system, monkeypatch):
    from scripts.cli.commands import oracle

    monkeypatch.setattr(oracle, "LOCAL_CHAIN_ID", 1)
    refused(keel, ["oracle", "set", "ETH", "1900", "--yes"], 1, "chain 31337 has real feeds")


# --- the way it is started ---


def test_the_launcher_runs_from_any_folder(tmp_path):
    done = subprocess.run(
        [str(ROOT / "keel"), "status", "--network", f"http://127.0.0.1:{anvil.free_port()}", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert done.returncode == 3 and not done.stderr
    assert json.loads(done.stdout)["error"]["kind"] == "unreachable"


def test_what_no_terminal_can_print_is_refused_in_json():
    done = subprocess.run(
        [sys.executable, "-m", "scripts.cli", "account", "show", "--json", "--account", b"\xff\xe9"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 2 and not done.stderr
    assert "no address" in json.loads(done.stdout)["error"]["message"]


def test_the_launcher_through_a_link(tmp_path):
    link = tmp_path / "keel"
    link.symlink_to(ROOT / "keel")
    done = subprocess.run([str(link), "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "Keel from the command line" in done.stdout


def test_a_reader_that_goes_away_is_no_failure_of_ours():
    done = subprocess.run(
        ["bash", "-c", f"'{ROOT / 'keel'}' --help | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
