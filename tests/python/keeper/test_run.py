"""A keeper as it is run: what it does to accounts, what it shows, and what it makes of failures."""

from __future__ import annotations

import io
import json
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scripts.client.domain import account_id, open_domain
from scripts.common.chain import connect
from scripts.common.errors import KeelError
from scripts.common.rpc import ChainTimeout
from scripts.common.units import WAD
from scripts.keeper.config import load_config
from scripts.keeper.run import run_keeper
from scripts.keeper.watch import DomainChanged, Watch
from tests.helpers.crash import CrashChain
from tests.helpers.proxy import Hanging, Proxy, Webhook

pytestmark = pytest.mark.anvil

DOLLAR = 10**6
PATIENCE = 15.0


@pytest.fixture(scope="module")
def deployed() -> Iterator[CrashChain]:
    with CrashChain() as world:
        yield world


@pytest.fixture
def world(deployed: CrashChain) -> Iterator[CrashChain]:
    """All that the test does to the chain is undone."""
    snapshot = deployed.chain.rpc("evm_snapshot")
    before = deployed.state
    yield deployed
    deployed.state = before
    assert deployed.chain.rpc("evm_revert", snapshot)


class Run:
    """Keepers of one test: the same key and database, settings as asked."""

    def __init__(self, world: CrashChain, folder: Path) -> None:
        self.world, self.folder = world, folder
        self.signer = world.key(0)
        self.stream = io.StringIO()

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines() if line.startswith("{")]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.log if line["event"] == name]

    def settings(self, **options: Any) -> Any:
        defaults: dict[str, Any] = {
            "rpc": (self.world.url,),
            "deployments": self.world.folder,
            "database": f"sqlite:///{self.folder}/keeper.db",
            "log": "json",
            "upkeep_budget": "0",
            "poll_seconds": 0.02,
            "timeout_seconds": 5.0,
        }
        return load_config(environment={}, **defaults | options)

    def once(self, **options: Any) -> int:
        config = self.settings(once=True, **options)
        return run_keeper(config, signer=self.signer, stream=self.stream)

    @contextmanager
    def running(self, **options: Any) -> Iterator[None]:
        """A keeper that goes on until the end of the block."""
        stop, codes = threading.Event(), []
        config = self.settings(**options)

        def run() -> None:
            codes.append(run_keeper(config, signer=self.signer, stream=self.stream, stop=stop))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(PATIENCE)
        assert codes == [0]

    def actions(self) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.folder / "keeper.db")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM keel_actions ORDER BY id")]

    def dollars(self) -> int:
        return int(self.world.domain["USDC"].token.balanceOf(self.signer.address))


@pytest.fixture
def run(world: CrashChain, tmp_path: Path) -> Run:
    return Run(world, tmp_path)


def eventually(condition: Callable[[], Any]) -> Any:
    """What `condition` answers as soon as that is true. Fails when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    pytest.fail("it did not happen")


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


# --- what it does ---


def test_a_long_is_taken_over_without_capital(world: CrashChain, run: Run) -> None:
    accounts = world.open(2)
    world.crash(Decimal("0.87"))
    assert run.once() == 0
    assert world.unhealthy(accounts) == []
    assert [row["status"] for row in run.actions()] == ["done", "done"]
    assert run.dollars() == sum(int(row["profit"]) for row in run.actions()) > 0
    assert world.domain.vault.holdings(account_id(run.signer.address))[0] == []


def test_a_short_is_bought_back_and_a_share_token_sold_over_two_pools(world: CrashChain, run: Run) -> None:
    short = world.open_with("USDC", 26_000 * DOLLAR, "WETH", 10 * WAD)
    staked = world.open_with("wstETH", 10 * WAD, "DAI", 16_800 * WAD)
    world.crash(Decimal("1.15"))
    assert world.unhealthy([short, staked]) == [short]
    assert run.once() == 0
    assert world.unhealthy([short]) == []
    first = run.dollars()
    assert first > 0
    world.crash(Decimal("0.70"))
    assert world.unhealthy([staked]) == [staked]
    assert run.once() == 0
    assert world.unhealthy([staked]) == [] and run.dollars() > first
    assert {row["status"] for row in run.actions()} == {"done"}


def test_inventory_takes_over_into_its_own_account(world: CrashChain, run: Run) -> None:
    accounts = world.open(1)
    mine = account_id(run.signer.address, 3)
    world.deployment.mint("USDC", world.trader, 50_000 * DOLLAR)
    own = open_domain(connect(world.url, account=run.signer), world.folder)
    usdc = own["USDC"].token
    world.domain["USDC"].token.transfer(run.signer.address, 50_000 * DOLLAR, sender=world.trader)
    usdc.approve(own.vault, 2**256 - 1)
    own.vault.deposit(mine, usdc, 50_000 * DOLLAR)
    world.crash(Decimal("0.87"))
    assert run.once(mode="inventory", account_index=3) == 0
    assert world.unhealthy(accounts) == []
    holdings, _, _ = world.domain.vault.holdings(mine)
    assert [holding >> 248 for holding in holdings] == [0, 1]  # dollars, and ether it has taken over
    (action,) = run.actions()
    assert action["status"] == "done" and int(action["profit"]) > 0


def test_an_insolvent_account_that_nobody_can_sell_is_flagged(world: CrashChain, run: Run) -> None:
    (account,) = world.open(1)
    world.crash(Decimal("0.70"))
    assert run.once(min_profit="1000000 USDC") == 0
    assert world.domain.liquidation.isFlagged(account)
    assert run.once(min_profit="1000000 USDC") == 0  # told already, by the same prices
    assert run.once() == 0  # and taken over as soon as that pays
    assert world.unhealthy([account]) == []
    assert json.loads(run.actions()[0]["plan"])["kind"] == "flag"


def test_a_flag_is_taken_off_when_the_account_has_recovered(world: CrashChain, run: Run) -> None:
    (account,) = world.open(1)
    world.crash(Decimal("0.70"))
    assert run.once(min_profit="1000000 USDC") == 0
    assert world.domain.liquidation.isFlagged(account)
    world.crash(Decimal("1.4"))
    assert run.once() == 0
    assert not world.domain.liquidation.isFlagged(account)


def test_nothing_but_debt_is_flagged_or_taken_for_the_backstops_premium(world: CrashChain, run: Run) -> None:
    account = world.open_with("wstETH", 10 * WAD, "DAI", 10_000 * WAD)
    world.take_away(account, "wstETH")
    dai = world.domain["DAI"].token
    assert world.domain.vault.balanceOf(account, dai) == -10_000 * WAD
    # While the backstop has funds a debt in another asset cannot be written off.
    assert run.once(min_profit="1000000 USDC") == 0
    assert world.domain.liquidation.isFlagged(account)
    assert run.once() == 0
    assert world.domain.vault.balanceOf(account, dai) == 0 and run.dollars() > 0
    assert not world.domain.liquidation.isFlagged(account)


def test_below_the_minimum_nothing_is_sent(world: CrashChain, run: Run) -> None:
    accounts = world.open(1)
    world.crash(Decimal("0.87"))
    assert run.once(min_profit="100000 USDC") == 0
    assert world.unhealthy(accounts) == accounts and run.actions() == []
    assert any(line["why"] == "profit" for line in run.events("refused"))


def test_a_dry_run_sends_nothing(world: CrashChain, run: Run) -> None:
    accounts = world.open(2)
    world.crash(Decimal("0.87"))
    block = world.chain.block_number
    assert run.once(dry_run=True) == 0
    assert world.chain.block_number == block
    assert run.actions() == [] and world.unhealthy(accounts) == accounts
    assert len(run.events("dry run")) == 2


def test_a_dispute_of_sources_is_recorded_until_it_is_over(world: CrashChain, run: Run) -> None:
    ether = world.domain.underlyings["ETH"]
    record = lambda: world.domain.risk.priceRecord(ether)  # noqa: E731
    world.chain.warp(400)  # Uniswap's average begins
    world.crash(Decimal("0.85"), agree=False)
    assert run.once() == 0
    seen = record().divergedSeenAt
    assert record().divergedSince and seen
    with run.running(poke_seconds=60):
        world.chain.warp(90)
        eventually(lambda: record().divergedSeenAt > seen)
        world.chain.warp(300)
        world.feed(Decimal(1_700))
        eventually(lambda: record().agreedSince)
        world.chain.warp(70)
        eventually(lambda: not record().divergedSince)


def test_observations_grow_to_what_is_asked(world: CrashChain, run: Run) -> None:
    pool = world.deployment.markets[0].contract
    before = pool.slot0()[4]
    assert run.once(observations=before + 2) == 0
    assert pool.slot0()[4] == before + 2


# --- what it shows ---


def test_metrics_and_health_are_served_on_loopback(world: CrashChain, run: Run) -> None:
    accounts = world.open(2)
    with run.running(metrics_port=0):
        url = eventually(lambda: run.events("metrics"))[0]["url"]
        assert url.startswith("http://127.0.0.1:")
        eventually(lambda: get(url.replace("metrics", "health"))[0] == 200)
        world.crash(Decimal("0.87"))
        eventually(lambda: not world.unhealthy(accounts))
        eventually(lambda: 'actions_total{kind="take over",status="done"} 2.0' in get(url)[1])
        text = get(url)[1]
        assert "keel_keeper_accounts 4.0" in text  # with the keeper's and the backstop's
        assert "keel_keeper_tick_to_send_seconds_count 1.0" in text
        assert get(url.replace("metrics", "keys"))[0] == 404


def test_health_is_lost_with_the_chain_and_comes_back(world: CrashChain, run: Run) -> None:
    proxy = Proxy(world.url)
    accounts = world.open(1)
    with closing(proxy), run.running(rpc=(proxy.url,), metrics_port=0, timeout_seconds=1.0):
        url = eventually(lambda: run.events("metrics"))[0]["url"].replace("metrics", "health")
        for mode in ("empty", "cut", "gone", "error"):
            eventually(lambda: get(url)[0] == 200)
            proxy.mode = mode
            eventually(lambda: get(url)[0] == 503)
            assert json.loads(get(url)[1])["reasons"]
            proxy.mode = ""
        world.crash(Decimal("0.87"))
        eventually(lambda: not world.unhealthy(accounts))
    assert run.events("alarm")


def test_webhooks_are_told_and_their_failure_stops_nothing(world: CrashChain, run: Run) -> None:
    good, bad = Webhook(), Webhook(status=500)
    accounts = world.open(1)
    world.crash(Decimal("0.87"))
    with closing(good), closing(bad):
        hooks = tuple(f"json://127.0.0.1:{hook.port}/" for hook in (bad, good))
        assert run.once(webhooks=hooks) == 0
        assert world.unhealthy(accounts) == []
        eventually(lambda: good.received)
        assert "take over" in good.received[0]["title"] and "profit" in good.received[0]["message"]


def test_the_key_is_never_shown(world: CrashChain, run: Run) -> None:
    world.open(1)
    world.crash(Decimal("0.87"))
    run.once(log_level="debug")
    assert bytes(run.signer.key).hex() not in run.stream.getvalue()


# --- failures ---


def test_a_node_that_hangs_ends_in_a_timeout(run: Run) -> None:
    with closing(Hanging()) as hanging:
        began = time.monotonic()
        with pytest.raises(ChainTimeout, match=r"within 0\.5 s"):
            run.once(rpc=(hanging.url,), timeout_seconds=0.5)
        assert time.monotonic() - began < 5


def test_beside_a_node_that_hangs_the_next_one_is_asked(world: CrashChain, run: Run) -> None:
    accounts = world.open(1)
    world.crash(Decimal("0.87"))
    with closing(Hanging()) as hanging:
        assert run.once(rpc=(hanging.url, world.url), timeout_seconds=0.5) == 0
        assert world.unhealthy(accounts) == []
        assert any(hanging.url in line["text"] for line in run.events("alarm"))


def test_a_second_keeper_on_one_file_is_refused(world: CrashChain, run: Run) -> None:
    with run.running():
        eventually(lambda: run.events("keeper"))
        with pytest.raises(KeelError, match="in use by another keeper"):
            run.once()


def test_nothing_is_sent_while_the_database_is_locked(
    world: CrashChain, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.common.database.WAIT_SECONDS", 0.5)
    accounts = world.open(1)
    with run.running():
        eventually(lambda: run.events("keeper") and (run.folder / "keeper.db").exists())
        with closing(sqlite3.connect(run.folder / "keeper.db", timeout=10)) as other:
            other.execute("BEGIN IMMEDIATE")
            world.crash(Decimal("0.87"))
            eventually(lambda: any(line["kind"] == "database" for line in run.events("alarm")))
            assert world.unhealthy(accounts) == accounts
            other.rollback()
        eventually(lambda: not world.unhealthy(accounts))


def test_without_ether_it_tries_once_a_block_until_it_has_some(world: CrashChain, run: Run) -> None:
    accounts, rpc = world.open(3), world.chain.rpc
    ether = rpc("eth_getBalance", run.signer.address, "latest")
    rpc("anvil_setBalance", run.signer.address, "0x0")
    with run.running():
        world.crash(Decimal("0.87"))
        eventually(lambda: any("cannot pay" in line["text"] for line in run.events("alarm")))
        before, first = world.chain.block_number, len(run.actions())
        time.sleep(0.3)
        assert len(run.actions()) <= first + 1 and world.chain.block_number == before
        rpc("anvil_setBalance", run.signer.address, ether)
        rpc("evm_mine")
        eventually(lambda: not world.unhealthy(accounts))


def test_without_collateral_it_does_not_insist_on_keeping_what_it_takes(world: CrashChain, run: Run) -> None:
    accounts = world.open(1)
    world.crash(Decimal("0.87"))
    # Unwinding later for nothing would earn most, if there were an account that carries it.
    assert run.once(mode="both", unwinding="0%") == 0
    assert not world.unhealthy(accounts)
    assert run.events("sent")[0]["mode"] == "capital-free"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"min_profit": "5 WETH"}, "min_profit"),
        ({"min_profit": "-5 USDC"}, "below zero"),
        ({"tolerance": "50%"}, "tolerance"),
        ({"mode": "greedy"}, "mode"),
        ({"rpc": ""}, "rpc"),
        ({"stale": 5}, "stale"),
        ({"database": "mysql://somewhere"}, "database"),
        ({"webhooks": ("nonsense",)}, "webhook"),
        ({"deployments": Path("/nowhere")}, "nothing is deployed"),
        ({"chain_id": 5}, "chain 5"),
    ],
)
def test_bad_settings_are_one_line(run: Run, options: dict[str, Any], said: str) -> None:
    with pytest.raises(KeelError, match=said) as failure:
        run.once(**options)
    assert "\n" not in str(failure.value)


def test_each_chain_has_a_file_of_its_own(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.keeper.run.STATE", run.folder)
    assert run.once(database=None) == 0
    genesis = run.world.domain.record.genesis
    assert (run.folder / f"keeper-31337-{genesis[2:10]}.db").exists()


def test_settings_come_from_file_environment_and_options(tmp_path: Path) -> None:
    file = tmp_path / "keeper.toml"
    file.write_text('rpc = ["http://a:1"]\nmin_profit = "5 USDC"\npoke_seconds = 30\nwebhooks = []\n')
    environment = {"KEEL_KEEPER_MIN_PROFIT": "7 USDC", "KEEL_KEEPER_RPC": "http://b:1, http://c:1"}
    config = load_config(file, environment, poke_seconds=40, mode=None)
    assert config.rpc == ("http://b:1", "http://c:1")
    assert (config.min_profit, config.poke_seconds) == ("7 USDC", 40)
    assert config.settings("USDC", 6).min_profit == 7 * DOLLAR
    for name, text in (("a.toml", "rpc = ["), ("a.yaml", "rpc: ["), ("a.ini", ""), ("b.yaml", "- 5")):
        (tmp_path / name).write_text(text)
        with pytest.raises(KeelError, match=name):
            load_config(tmp_path / name, {})
    with pytest.raises(KeelError, match="cannot be read"):
        load_config(tmp_path / "none.toml", {})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", b"\xff\xfe"),
        ("a.toml", b"account_index = " + b"9" * 5_000),
        ("a.yaml", b"1: 2"),
        ("a.yaml", b"[" * 10_000),
        ("a.yaml", b"database: postgresql://me:secret@host: ]"),
    ],
)
def test_files_that_hold_no_settings_are_told_without_their_secrets(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(KeelError, match=name) as caught:
        load_config(tmp_path / name, {})
    assert "secret" not in str(caught.value)


def test_a_domain_that_changes_while_no_node_answers_is_opened_later(world: CrashChain, run: Run) -> None:
    with closing(Proxy(world.url)) as proxy, run.running(rpc=(proxy.url,)):
        eventually(lambda: run.events("keeper"))
        before = len(run.events("keeper"))

        def changed(self: Watch) -> None:
            proxy.mode = "error"
            raise DomainChanged("assets were listed")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Watch, "step", changed)
            eventually(lambda: any("out of order" in line["text"] for line in run.events("alarm")))
        proxy.mode = ""
        eventually(lambda: len(run.events("keeper")) > before)
