"""The watch on a real chain: discovers, follows, goes back with the chain, and is never wrong about who is healthy."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.anvil import AnvilProcess
from scripts.chain.people import move_in
from scripts.client.domain import account_id, open_domain
from scripts.common.chain import Chain, connect
from scripts.common.rpc import ChainUnreachable, HalfAnswer
from scripts.common.units import WAD
from scripts.deploy import deploy
from scripts.keeper import discover, scan
from scripts.keeper.nodes import Nodes
from scripts.keeper.store import Identity, Store
from scripts.keeper.types import AlarmKind
from scripts.keeper.watch import DomainChanged, Watch

pytestmark = pytest.mark.anvil
ETHER = 10**18


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """A local chain with a domain, lenders and wallets, and the folder of its record."""
    folder = tmp_path_factory.mktemp("deployments")
    with AnvilProcess() as anvil:
        chain = connect(anvil.url)
        move_in(deploy(chain, folder=folder))
        yield anvil, folder


@pytest.fixture
def world(deployed, tmp_path):
    anvil, folder = deployed
    snapshot = anvil.rpc("evm_snapshot")
    made = World(anvil.url, folder, tmp_path)
    yield made
    made.close()
    anvil.rpc("evm_revert", snapshot)


class World:
    """The chain as a trader uses it, and keepers that watch it."""

    def __init__(self, url: str, folder: Path, tmp_path: Path) -> None:
        self.url, self.folder, self.tmp_path = url, folder, tmp_path
        self.chain = connect(url)
        self.domain = open_domain(self.chain, folder)
        self.trader = self.chain.accounts[1]
        self.weth, self.usdc = self.domain["WETH"].token, self.domain["USDC"].token
        self.weth.approve(self.domain.vault, 2**256 - 1, sender=self.trader)
        self._stores: list[Store] = []

    def close(self) -> None:
        for store in self._stores:
            store.close()

    def account(self, number: int = 0) -> bytes:
        return account_id(self.trader, number)

    def deposit(self, number: int, ether: int = 1) -> bytes:
        account = self.account(number)
        self.domain.vault.deposit(account, self.weth, ether * ETHER, sender=self.trader)
        return account

    def open(self, number: int, dollars: int, ether: int = 1) -> bytes:
        account = self.deposit(number, ether)
        self.domain.vault.borrow(account, self.usdc, dollars * 10**6, self.trader, sender=self.trader)
        return account

    def set_price(self, dollars: int) -> None:
        """Ether's feed; what the exchange says does not count here."""
        self.domain.feeds[self.domain["WETH"].underlying].setAnswer(dollars * 10**8)

    def silence_exchange(self) -> None:
        """The second source of ether does not answer any more."""
        feed = self.domain.parameters.feed(self.domain["WETH"].underlying)
        self.chain.rpc("anvil_setCode", feed.secondary, "0x")

    def watch(self, *urls: str, **options) -> Watch:
        nodes = Nodes(urls or [self.url], **options)
        nodes.head()
        domain = open_domain(Chain(nodes, nodes.chain_id), self.folder)
        store = Store(self.database, Identity(nodes.chain_id, nodes.genesis, domain.vault.address))
        self._stores.append(store)
        return Watch(nodes, domain, store)

    def restart(self, watch: Watch) -> Watch:
        self._stores.pop().close()
        return self.watch()

    @property
    def database(self) -> str:
        return f"sqlite:///{self.tmp_path / 'keeper.db'}"


def known(watch: Watch, world: World) -> set[bytes]:
    """Accounts but the backstop's and the like."""
    return {account for account in watch.discovery.accounts if account[:20] == world.account()[:20]}


# Who is there


def test_every_account_since_the_deployment_is_found(world):
    accounts = {world.deposit(number) for number in range(3)}
    world.domain.vault.transfer(
        world.account(0), world.account(7), world.weth, ETHER // 2, sender=world.trader
    )
    watch = world.watch()
    seen = watch.step()
    assert known(watch, world) == accounts | {world.account(7)}
    assert seen.accounts == seen.looked == len(watch.discovery.accounts)
    assert seen.block.number == world.chain.block_number and not seen.alarms


def test_new_blocks_bring_what_they_touched(world):
    first, watch = world.open(0, 1_000), world.watch()
    watch.step()
    assert watch.step().looked == 0
    world.deposit(1)
    assert watch.step().looked == 1
    assert known(watch, world) == {first, world.account(1)}
    world.domain.vault.borrow(first, world.usdc, 100 * 10**6, world.trader, sender=world.trader)
    assert watch.step().looked == 1


def test_events_are_read_in_ranges_that_the_node_takes(world, monkeypatch):
    accounts = {world.deposit(number) for number in range(3)}
    watch = world.watch()
    watch.discovery.span = 10_000
    nodes = watch.discovery._nodes
    ask_all, refused = nodes.ask_all, []

    def narrow(calls, parse):
        for method, params in calls:
            if method == "eth_getLogs":
                span = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1
                if span > 7:
                    refused.append(span)
                    raise ChainUnreachable("too many blocks")
        return ask_all(calls, parse)

    monkeypatch.setattr(nodes, "ask_all", narrow)
    watch.step()
    assert refused and known(watch, world) == accounts


def test_chunks_are_of_the_size_that_the_node_takes(world, monkeypatch):
    accounts = [world.deposit(number) for number in range(9)]
    watch = world.watch()
    head = watch._nodes.head()
    whole = watch.scanner.scan(accounts, head)
    read, sizes = watch.scanner._read, []

    def limited(chunk, block, gas):
        sizes.append(len(chunk))
        if len(chunk) > 3:
            raise ChainUnreachable("the answer is too large")
        return read(chunk, block, gas)

    monkeypatch.setattr(watch.scanner, "_read", limited)
    watch.scanner.chunk = 9
    assert watch.scanner.scan(accounts, head) == whole
    assert sizes[:3] == [9, 4, 2]
    monkeypatch.setattr(scan, "CHUNK_SECONDS", 0.0)
    watch.scanner.chunk = 2
    watch.scanner.scan(accounts, head)
    assert watch.scanner.chunk == 1


# Who may be taken over


def test_a_price_brings_up_those_that_it_crosses(world):
    world.silence_exchange()
    risky, safe = world.open(0, 1_500), world.open(1, 600)
    world.deposit(2)
    watch = world.watch()
    assert not watch.step().liquidatable
    world.set_price(1_990)
    seen = watch.step()
    assert seen.looked == 0
    assert seen.changed == {world.domain["WETH"].underlying: (2_000 * WAD, 1_990 * WAD)}
    world.set_price(1_600)
    seen = watch.step()
    assert [snapshot.account for snapshot in seen.liquidatable] == [risky]
    assert seen.liquidatable[0].health_wad == world.domain.lens.health(risky) < WAD
    assert [snapshot.account for snapshot in watch.step().liquidatable] == [risky]  # as long as it is so
    world.set_price(500)
    seen = watch.step()
    assert {snapshot.account for snapshot in seen.liquidatable} == {risky, safe}
    assert seen.liquidatable[0].account == risky  # the least healthy one first
    world.set_price(2_000)
    assert not watch.step().liquidatable


@pytest.mark.parametrize("silent", [True, False], ids=["one source", "sources that disagree"])
def test_steps_see_whom_a_look_at_everybody_sees(world, silent):
    """Longs and shorts of several assets through a wild market, time and interest; against the chain itself."""
    if silent:
        world.silence_exchange()
    chance = random.Random(7)
    vault, domain = world.domain.vault, world.domain
    for symbol in ("USDC", "DAI", "WBTC", "wstETH"):
        domain[symbol].token.approve(vault, 2**256 - 1, sender=world.trader)
    for number in range(24):
        account, short = world.account(number), number % 3 == 0
        if short:
            vault.deposit(account, world.usdc, 4_000 * 10**6, sender=world.trader)
            loan = ("WETH", ETHER * chance.randint(50, 170) // 100)
        else:
            world.deposit(number)
            if number % 2:
                vault.deposit(account, domain["wstETH"].token, ETHER // 2, sender=world.trader)
            symbol = chance.choice(["USDC", "DAI"])
            loan = (symbol, chance.randint(600, 1_500) * 10 ** domain[symbol].decimals)
        vault.borrow(account, domain[loan[0]].token, loan[1], world.trader, sender=world.trader)
    watch, met, spared = world.watch(), set(), 0
    ether = 2_000.0
    for tick in range(32):
        ether *= chance.choice([0.9, 0.94, 0.97, 1.01] if tick < 12 else [0.98, 1.03, 1.06, 1.1])
        world.set_price(int(ether))
        domain.feeds[domain["DAI"].underlying].setAnswer(chance.randint(985, 1_015) * 10**5)
        if chance.random() < 0.3:
            world.chain.warp(chance.choice([60, 86_400, 5 * 86_400]))
        seen = watch.step()
        everybody = watch.scanner.scan(sorted(watch.discovery.accounts), seen.block)
        unhealthy = {snapshot.account for snapshot in everybody if snapshot.is_liquidatable}
        assert {snapshot.account for snapshot in seen.liquidatable} == unhealthy
        met |= unhealthy
        spared += seen.accounts - seen.looked
    # While sources disagree few may be taken over.
    assert spared > 100 and (len(met) > 5 or not silent)


def test_a_sweep_reads_everybody_and_agrees(world):
    world.silence_exchange()
    risky = world.open(0, 1_500)
    for number in range(1, 4):
        world.deposit(number)
    watch = world.watch()
    watch.step()
    assert watch.sweep().looked == len(watch.discovery.accounts)
    world.set_price(1_500)
    assert [snapshot.account for snapshot in watch.sweep().liquidatable] == [risky]


def test_a_sweep_in_parts_comes_to_everybody_in_turn(world, monkeypatch):
    monkeypatch.setattr("scripts.keeper.watch.SWEEP_ACCOUNTS", 2)
    for number in range(5):
        world.deposit(number)
    watch = world.watch()
    watch.step()
    read, total = [], len(watch.discovery.accounts)
    look = watch._look
    monkeypatch.setattr(
        watch, "_look", lambda accounts, *rest: read.extend(accounts) or look(accounts, *rest)
    )
    while len(read) < total:
        assert watch.sweep(seconds=1e-9).looked <= 2
    assert set(read) == watch.discovery.accounts


def test_what_a_step_has_no_time_for_is_first_in_the_next(world, monkeypatch):
    for number in range(6):
        world.deposit(number)
    watch = world.watch()
    watch._step_seconds = 0.0
    watch.scanner.chunk = 2
    monkeypatch.setattr(scan, "GROWTH_PERCENT", 100)
    looked = []
    for _ in range(10):
        looked.append(watch.step().looked)
    assert sum(looked) == watch.step().accounts
    assert max(looked) <= 4


def test_new_risk_parameters_are_read_and_everybody_is_read_again(world):
    world.open(0, 1_000)
    watch = world.watch()
    watch.step()
    assert watch.step().looked == 0
    book = world.domain.risk.book()
    governor = world.domain.parameters.owner()
    world.chain.rpc("anvil_impersonateAccount", governor)
    world.chain.set_balance(governor, 10**20)
    number = world.domain["WETH"].underlying
    shocks = world.domain.parameters.shocks(number)
    changed = (shocks.initialDownPpm + 10_000, *tuple(shocks)[1:])
    data = "0x" + world.domain.parameters.setShocks.encode(number, changed, 0).hex()
    request = {"from": governor, "to": world.domain.parameters.address, "data": data, "gas": hex(10**7)}
    world.chain.rpc("eth_sendTransactionSync", {**request, "gasPrice": "0x0"})
    assert world.domain.risk.book() != book
    seen = watch.step()
    assert seen.looked == seen.accounts
    assert watch.index.risk.book == world.domain.risk.book()


def test_assets_that_were_listed_since_the_domain_was_opened_are_told(world, monkeypatch):
    watch = world.watch()
    market = watch.scanner.market(watch._nodes.head())
    monkeypatch.setattr(watch.scanner, "market", lambda block: market)
    watch._domain.assets = watch._domain.assets[:-1]
    with pytest.raises(DomainChanged, match="open the domain again"):
        watch.step()


# Failures are not health


def test_who_cannot_be_judged_is_failed_and_an_alarm(world):
    risky, safe = world.open(0, 1_500), world.deposit(1)
    watch = world.watch()
    watch.step()
    pool = world.domain["USDC"].pool.address
    code = world.chain.rpc("eth_getCode", pool, "latest")
    # Answers `debtIndexNow` with garbage for accounts, but the market cannot be read either: nothing is seen.
    world.chain.rpc("anvil_setCode", pool, "0x60ee60005360206000fd")
    with pytest.raises(Exception, match="eth_call"):
        watch.step()
    result = watch.scanner.scan([risky, safe], watch._nodes.head())
    assert [type(found).__name__ for found in result] == ["Failure", "Snapshot"]
    assert result[0].data[:1] == b"\xee"
    world.chain.rpc("anvil_setCode", pool, code)
    assert watch.step().failed == []


def test_a_failed_judgement_stays_in_sight(world, monkeypatch):
    risky = world.open(0, 1_500)
    watch = world.watch()
    watch.step()
    failure = scan.Failure(risky, 1, b"\x12\x34")
    world.deposit(0)
    with monkeypatch.context() as patch:
        patch.setattr(watch.scanner, "scan", lambda accounts, block: [failure for _ in accounts])
        for _ in range(2):
            seen = watch.step()
            assert list(seen.failed) == [failure]
            assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.JUDGEMENT]
            assert "0x1234" in seen.alarms[0].text
    assert watch.step().looked == 1
    assert watch.step().looked == 0


def test_a_stale_price_is_an_alarm(world):
    world.open(0, 1_000)
    watch = world.watch()
    watch.step()
    heartbeat = world.domain.parameters.feed(world.domain["WETH"].underlying).heartbeat
    world.chain.warp(heartbeat + 1)
    kinds = {alarm.kind for alarm in watch.step().alarms}
    assert kinds == {AlarmKind.PRICES}


@pytest.mark.parametrize("answer", ["0x", "0x" + "00" * 32, "0x" + "ff" * 200, None, 7])
def test_half_a_market_is_none(world, monkeypatch, answer):
    watch = world.watch()
    head = watch._nodes.head()
    parse, wrong = watch.scanner._parse_market, [answer, answer]
    monkeypatch.setattr(
        watch.scanner, "_parse_market", lambda told, block: parse(wrong.pop() if wrong else told, block)
    )
    assert watch.scanner.market(head).block == head  # a moment later it is whole
    wrong.extend([answer] * 10)
    with pytest.raises(HalfAnswer):
        watch.scanner.market(head)


@pytest.mark.parametrize("answer", ["0x", "0x" + "00" * 96, "0x" + "ff" * 200, None])
def test_half_of_the_accounts_is_none(world, monkeypatch, answer):
    account, watch = world.open(0, 1_000), world.watch()
    head = watch._nodes.head()
    records = scan._records
    monkeypatch.setattr(scan, "_records", lambda told, *rest: records(answer, *rest))
    with pytest.raises(HalfAnswer):
        watch.scanner.scan([account], head)
    monkeypatch.setattr(scan, "_records", lambda told, *rest: records(told[:-64], *rest))
    with pytest.raises(HalfAnswer):
        watch.scanner.scan([account], head)


def test_a_market_of_another_moment_is_none(world):
    watch = world.watch()
    head = watch._nodes.head()
    with pytest.raises(HalfAnswer, match="expected"):
        watch.scanner.market(replace(head, timestamp=head.timestamp + 1))


def test_a_node_that_is_gone_is_an_alarm_or_an_error(world):
    world.open(0, 1_000)
    watch = world.watch("http://127.0.0.1:9", world.url, timeout=2, rest=0)
    seen = watch.step()
    assert seen.accounts and AlarmKind.NODE in {alarm.kind for alarm in seen.alarms}
    with pytest.raises(ChainUnreachable):
        Nodes(["http://127.0.0.1:9"], timeout=1).head()


# Restarts and reorganisations


def test_a_restart_goes_on_where_it_was(world, monkeypatch):
    first, watch = world.open(0, 1_000), world.watch()
    watch.step()
    at = watch.discovery.at
    second = world.open(1, 1_000)
    again = world.restart(watch)
    assert again.discovery.at == at and first in again.discovery.accounts
    assert second not in again.discovery.accounts
    seen = again.step()
    assert second in again.discovery.accounts and not seen.alarms
    assert seen.looked == seen.accounts


def test_blocks_that_are_replaced_are_read_again(world):
    first = world.open(0, 1_000)
    watch = world.watch()
    watch.step()
    snapshot = world.chain.rpc("evm_snapshot")
    gone = world.open(1, 1_500)
    world.domain.vault.borrow(first, world.usdc, 500 * 10**6, world.trader, sender=world.trader)
    assert watch.step().looked == 2
    world.chain.rpc("evm_revert", snapshot)
    instead = [world.open(number, 1_200) for number in (2, 3, 4)]
    seen = watch.step()
    assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.REORG]
    assert set(instead) <= watch.discovery.accounts
    # What the lost blocks touched is as it is now: one account is empty again, the other owes less.
    found = {snapshot.account: snapshot for snapshot in watch.scanner.scan([first, gone], seen.block)}
    assert found[gone].holdings == ()
    assert seen.looked == 5
    assert not watch.step().alarms


def test_anvils_own_reorganisation(world):
    world.open(0, 1_000)
    watch = world.watch()
    watch.step()
    for number in (1, 2, 3):
        world.deposit(number)
        watch.step()
    world.chain.rpc("anvil_reorg", 3, [])
    seen = watch.step()
    assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.REORG]
    assert seen.looked >= 3
    assert watch.discovery._blocks[-1] == (seen.block.number, seen.block.hash)


def test_a_shorter_chain_is_followed_back(world):
    watch = world.watch()
    watch.step()
    snapshot = world.chain.rpc("evm_snapshot")
    world.deposit(1)
    watch.step()
    world.chain.rpc("evm_revert", snapshot)
    seen = watch.step()
    assert watch.discovery.at == seen.block.number == world.chain.block_number
    assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.REORG]


def test_a_reorganisation_during_a_stop_reads_everybody_again(world):
    world.open(0, 1_000)
    snapshot = world.chain.rpc("evm_snapshot")
    world.deposit(1)
    watch = world.watch()
    watch.step()
    world.chain.rpc("evm_revert", snapshot)
    instead = world.deposit(2)
    again = world.restart(watch)
    seen = again.step()
    assert instead in again.discovery.accounts
    assert "all accounts are read again" in seen.alarms[0].text


def test_deeper_than_the_window_it_begins_at_the_last_block_that_stands(world, monkeypatch):
    monkeypatch.setattr(discover, "WINDOW", 2)
    watch = world.watch()
    watch.step()
    base = watch.discovery._blocks[0]
    snapshot = world.chain.rpc("evm_snapshot")
    for number in range(4):
        world.deposit(number)
        watch.step()
    assert len(watch.discovery._blocks) == 3  # the window and the first one
    world.chain.rpc("evm_revert", snapshot)
    instead = {world.deposit(number) for number in range(10, 16)}
    seen = watch.step()
    assert watch.discovery._blocks[0] == base
    assert "all accounts are read again" in seen.alarms[0].text
    assert instead <= watch.discovery.accounts
    assert seen.looked == seen.accounts


def test_killed_at_any_moment_it_misses_nobody(world):
    """A process that discovers block by block is killed again and again; what it has then is whole."""
    accounts = {world.deposit(number) for number in range(12)}
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from scripts.client.domain import open_domain\n"
        "from scripts.common.chain import Chain\n"
        "from scripts.keeper import discover\n"
        "from scripts.keeper.nodes import Nodes\n"
        "from scripts.keeper.store import Identity, Store\n"
        f"nodes = Nodes([{world.url!r}])\n"
        "head = nodes.head()\n"
        f"domain = open_domain(Chain(nodes, nodes.chain_id), Path({str(world.folder)!r}))\n"
        f"store = Store({world.database!r}, Identity(nodes.chain_id, nodes.genesis, domain.vault.address))\n"
        "discover.LARGEST_SPAN = 1\n"
        "discovery = discover.Discovery(nodes, domain, store)\n"
        "discovery.span = 1\n"
        "print('begun', flush=True)\n"
        "discovery.catch_up(head)\n"
    )
    for attempt in range(3):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as keeper:
            assert keeper.stdout is not None
            assert keeper.stdout.readline() == b"begun\n"
            time.sleep(0.01 + 0.03 * attempt)
            keeper.kill()
    watch = world.watch()
    resumed = watch.discovery.at
    watch.step()
    assert known(watch, world) == accounts
    assert watch.discovery.at == world.chain.block_number >= resumed
