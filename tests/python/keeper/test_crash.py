"""Keepers in a crash: three that race, and one that is killed again and again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from scripts.keeper.outbox import MINED, SENT, SIGNED
from scripts.keeper.store import Identity, Store
from tests.helpers.crash import PRICE, TWAP_SECONDS, CrashChain
from tests.helpers.keepers import (
    BLOCK_SECONDS,
    KeeperProcess,
    blocks,
    is_takeover,
    transactions,
    wait_until_begun,
)
from tests.helpers.postgres import Postgres, running
from tests.helpers.proxy import Proxy

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

PATIENCE = 30.0
OPEN = (SIGNED, SENT, MINED)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    yield from running()


def wait_until_decided(keepers: list[KeeperProcess]) -> None:
    """Until every keeper has known for a second and a half what became of all that it sent: on a busy machine a loser's
    transaction may come to its block late, or be looked up late."""
    deadline, quiet_since = time.monotonic() + 60, None
    while quiet_since is None or time.monotonic() < quiet_since + 1.5:
        if any(row["status"] in OPEN for keeper in keepers for row in keeper.actions()):
            quiet_since = None
        else:
            quiet_since = quiet_since or time.monotonic()
        assert time.monotonic() < deadline, [keeper.actions() for keeper in keepers]
        time.sleep(0.05)


def wait_until_healthy(world: CrashChain, accounts: list[bytes]) -> list[bytes]:
    """Accounts that may still be taken over when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        left = world.unhealthy(accounts)
        if not left:
            return []
        time.sleep(0.1)
    return left


@pytest.fixture
def own_node() -> Iterator[Callable[[CrashChain], str]]:
    """Nodes of one chain that do not tell each other what waits for a block."""
    made: list[Proxy] = []

    def make(world: CrashChain) -> str:
        made.append(Proxy(world.url))
        made[-1].mode = "blind"
        return made[-1].url

    yield make
    for proxy in made:
        proxy.close()


def test_three_keepers_race_and_nobody_loses_more_than_the_gas_of_lost_races(
    own_node: Callable[[CrashChain], str],
) -> None:
    with CrashChain() as world:
        accounts = world.open(30)
        signers = [world.key(number) for number in range(3)]
        before = [world.chain.balance(signer.address) for signer in signers]
        price = PRICE * Decimal("0.88")
        world.move_pool(price)
        world.chain.warp(TWAP_SECONDS)
        keepers = [
            KeeperProcess(world, signer, f"keeper-{number}", rpc=(own_node(world),))
            for number, signer in enumerate(signers)
        ]
        wait_until_begun(keepers)
        with blocks(world, 0.5):
            world.feed(price, one_block=False)
            assert world.unhealthy(accounts)
            assert wait_until_healthy(world, accounts) == []
            wait_until_decided(keepers)
            assert [keeper.end() for keeper in keepers] == [0, 0, 0]
        assert len(world.takeovers()) >= 15
        usdc = world.domain["USDC"].token
        lost = 0
        for keeper, signer, wei in zip(keepers, signers, before, strict=True):
            receipts = transactions(world, signer.address)
            gas = sum(int(one["gasUsed"], 16) * int(one["effectiveGasPrice"], 16) for one in receipts)
            assert wei - world.chain.balance(signer.address) == gas
            reverted = [one for one in receipts if one["status"] == "0x0"]
            lost += len(reverted)
            # Its account holds and owes nothing; what it earned is in its wallet, to the unit.
            assert world.domain.vault.holdings(signer.address + "00" * 12)[0] == []
            rows = keeper.actions()
            earned = sum(int(row["profit"]) for row in rows if row["status"] == "done")
            assert usdc.balanceOf(signer.address) == earned
            assert all(int(row["profit"]) > 0 for row in rows if row["status"] == "done" and is_takeover(row))
            # What waited too long is called back by a transaction that does nothing and succeeds.
            lost_rows = [
                row for row in rows if row["status"] == "lost" and "called back" not in row["reason"]
            ]
            assert not [row for row in rows if row["status"] in OPEN]
            assert len(lost_rows) == len(reverted)
            assert not [row for row in rows if row["status"] == "failed"]
            # A lost race costs a fraction of a won one.
            assert all(int(one["gasUsed"], 16) < 150_000 for one in reverted)
        assert lost, "nobody lost a race: there was none"


def test_keepers_that_share_a_postgresql_share_the_work_and_outlive_each_other(postgres: Postgres) -> None:
    with CrashChain() as world:
        accounts = world.open(30)
        url, price = postgres.database(), PRICE * Decimal("0.88")
        world.move_pool(price)
        world.chain.warp(TWAP_SECONDS)
        signers = [world.key(number) for number in range(3)]
        keepers = [
            KeeperProcess(world, signer, f"keeper-{number}", database=url, lease_seconds=3.0)
            for number, signer in enumerate(signers)
        ]
        wait_until_begun(keepers)
        with blocks(world):
            world.feed(price, one_block=False)
            time.sleep(3 * BLOCK_SECONDS)
            keepers[0].kill()
            assert wait_until_healthy(world, accounts) == []
            time.sleep(4 * BLOCK_SECONDS)
            assert [keeper.end() for keeper in keepers[1:]] == [0, 0]
        identity = Identity(31337, world.domain.record.genesis, world.domain.vault.address)
        with Store(url, identity) as store:
            rows = [row for row in store.actions() if is_takeover(row)]
        assert len({row["worker"] for row in rows}) > 1
        # Who has the lease is alone: no race is lost among them.
        assert not [row for row in rows if row["status"] == "lost"]
        assert len(world.takeovers()) == len({bytes(row["account"]) for row in rows})
        for signer in signers:
            receipts = transactions(world, signer.address)
            assert all(one["status"] == "0x1" for one in receipts)


def test_killed_at_twenty_moments_it_misses_nothing_and_sends_nothing_twice() -> None:
    chance = random.Random(4)
    with CrashChain() as world:
        accounts = world.open(40, least="0.74", most="0.785")
        signer = world.key(0)
        usdc = world.domain["USDC"].token
        price, killed, balance = Decimal("0.90"), 0, 0
        world.crash(price)
        for _ in range(20):
            if not world.unhealthy(accounts):
                world.crash(Decimal("0.985"))
            with blocks(world, 0.05):
                keeper = KeeperProcess(world, signer, "keeper")
                time.sleep(chance.uniform(0.05, 0.6))
                keeper.kill()
            killed += 1
            held = usdc.balanceOf(signer.address)
            assert held >= balance
            balance = held
        with blocks(world, 0.05):
            last = KeeperProcess(world, signer, "keeper", once=True)
            assert last.wait(PATIENCE) == 0, last.log.read_text()[-2_000:]
        assert killed == 20
        assert world.unhealthy(accounts) == []

        receipts = {one["transactionHash"]: one for one in transactions(world, signer.address)}
        rows = last.actions()
        assert all(row["status"] in ("done", "dropped", "lost") for row in rows)
        assert all(is_takeover(row) for row in rows)
        done = {row["tx_hash"]: row for row in rows if row["status"] == "done"}
        # Whatever was mined is known, and nothing was sent in vain or at a loss.
        assert set(done) == set(receipts)
        assert all(one["status"] == "0x1" for one in receipts.values())
        assert all(int(row["profit"]) > 0 for row in done.values())
        assert len(world.takeovers()) == len(done)
        assert usdc.balanceOf(signer.address) == sum(int(row["profit"]) for row in done.values())
        assert world.domain.vault.holdings(signer.address + "00" * 12)[0] == []
