"""The keeper's database: whole transactions, one keeper a file, several on one PostgreSQL, clear refusals."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.common.database import DatabaseError
from scripts.keeper import store as module
from scripts.keeper.store import Identity, Store
from tests.helpers.postgres import Postgres, running

IDENTITY = Identity(31337, "0x" + "ab" * 32, "0x" + "Cd" * 20)
A, B = b"\x0a" * 32, b"\x0b" * 32


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    yield from running()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'keeper.db'}"
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def store(url):
    with Store(url, IDENTITY) as opened:
        yield opened


# What is kept


def test_accounts_and_blocks_are_there_after_a_restart(url):
    with Store(url, IDENTITY) as store:
        store.advance({A: 5, B: 6}, 7, "0x77")
        store.advance({}, 8, "0x88")
    with Store(url, IDENTITY) as store:
        progress = store.progress()
    assert sorted(progress.accounts) == [A, B]
    assert progress.blocks == [(7, "0x77"), (8, "0x88")]


def test_an_account_that_is_seen_again_is_one_account(store):
    store.advance({A: 5}, 7, "0x77")
    store.advance({A: 8}, 8, "0x88")
    assert store.progress().accounts == [A]


def test_going_back_forgets_blocks_and_keeps_accounts(store):
    store.advance({A: 5}, 7, "0x77")
    store.advance({B: 8}, 8, "0x88")
    store.roll_back(7)
    assert sorted(store.progress().accounts) == [A, B]
    assert store.progress().blocks == [(7, "0x77")]
    store.advance({}, 8, "0x99")
    assert store.progress().blocks == [(7, "0x77"), (8, "0x99")]


def test_hashes_that_are_not_needed_are_dropped(store):
    for number in (1, 2, 3):
        store.advance({}, number, f"0x{number}")
    store.advance({}, 4, "0x4", forget=[1, 3])
    assert store.progress().blocks == [(2, "0x2"), (4, "0x4")]


def test_more_accounts_than_one_statement_takes(store):
    many = {number.to_bytes(32, "big"): number for number in range(2_500)}
    store.advance(many, 9, "0x99")
    assert set(store.progress().accounts) == set(many)


def test_amounts_beyond_64_bits_come_back_exactly(store):
    action = store.begin(account=A, seen_block=5, plan="all of it", gas_price=2**200)
    store.update(action, profit=-(10**30))
    row = store.actions(account=A)[0]
    assert (row["profit"], row["gas_price"]) == (-(10**30), 2**200)


def test_open_actions_are_those_that_have_not_ended(store):
    first = store.begin(account=A, seen_block=5, plan="half")
    second = store.begin(account=B, seen_block=5, plan="all")
    store.update(first, status="sent", tx_hash="0x1", nonce=3)
    store.update(second, status="done")
    assert [(row["id"], row["nonce"]) for row in store.open_actions()] == [(first, 3)]
    assert [row["id"] for row in store.actions()] == [second, first]
    assert [row["id"] for row in store.actions(account=B, limit=1)] == [second]


def test_an_action_that_is_not_there_cannot_be_changed(store):
    with pytest.raises(DatabaseError, match="has no action 77"):
        store.update(77, status="done")


# Leases


def test_a_lease_is_one_workers_until_it_ends(store):
    assert store.lease(A, 60)
    assert store.lease(A, 60)  # prolonged
    store.worker = "second"
    assert not store.lease(A, 60)
    assert store.lease(B, 60)
    store.release(A)  # not his: nothing happens
    assert not store.lease(A, 60)
    store.worker = "keeper"
    store.release(A)
    store.worker = "second"
    assert store.lease(A, 60)


def test_a_lease_that_has_run_out_is_anybodys(store):
    assert store.lease(A, 0.05)
    store.worker = "second"
    time.sleep(0.06)
    assert store.lease(A, 60)


def test_of_keepers_that_race_one_has_the_lease(postgres):
    url, winners = postgres.database(), []
    stores = [Store(url, IDENTITY, worker=f"worker {number}") for number in range(4)]
    start = threading.Barrier(len(stores))

    def race(store: Store) -> None:
        start.wait()
        for number in range(20):
            if store.lease(number.to_bytes(32, "big"), 60):
                winners.append(number)

    threads = [threading.Thread(target=race, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert sorted(winners) == list(range(20))


# Several keepers


def test_keepers_on_one_postgresql_share_accounts_and_have_blocks_of_their_own(postgres):
    url = postgres.database()
    with Store(url, IDENTITY, worker="first") as first:
        first.advance({A: 5}, 7, "0x77")
        with Store(url, IDENTITY, worker="second") as second:
            assert second.progress().blocks == [(7, "0x77")]  # goes on where the first one is
            second.advance({B: 8}, 9, "0x99")
            second.roll_back(7)
            assert first.progress().blocks == [(7, "0x77")]
            assert sorted(first.progress().accounts) == [A, B]


def test_keepers_that_begin_at_once_create_one_schema(postgres):
    url, failures = postgres.database(), []
    start = threading.Barrier(4)

    def begin(number: int) -> None:
        start.wait()
        try:
            Store(url, IDENTITY, worker=f"worker {number}").close()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_second_keeper_on_one_file_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path / 'keeper.db'}"
    (tmp_path / "link.db").symlink_to(tmp_path / "keeper.db")
    with Store(url, IDENTITY), pytest.raises(DatabaseError, match="in use by another keeper"):
        Store(f"sqlite:///{tmp_path / 'link.db'}", IDENTITY)
    with Store(url, IDENTITY), pytest.raises(DatabaseError, match="in use by another keeper"):
        Store(url, IDENTITY)
    Store(url, IDENTITY).close()


def test_a_file_is_free_again_after_its_keeper_was_killed(tmp_path):
    url = f"sqlite:///{tmp_path / 'keeper.db'}"
    program = (
        "import sys, time; from scripts.keeper.store import *\n"
        f"store = Store({url!r}, Identity(31337, {IDENTITY.genesis!r}, {IDENTITY.vault!r}))\n"
        "number = 0\n"
        "print('open', flush=True)\n"
        "while True:\n"
        "    number += 1\n"
        "    store.advance({number.to_bytes(32, 'big'): number}, number, hex(number))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == b"open\n"
        time.sleep(0.2)
        keeper.kill()
    with Store(url, IDENTITY) as store:
        progress = store.progress()
    # Accounts and block of each transaction are both there or both not.
    assert len(progress.accounts) == len(progress.blocks) == progress.blocks[-1][0] > 0


# Refusals


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (Identity(1, IDENTITY.genesis, IDENTITY.vault), "of chain id 31337; expected 1"),
        (Identity(31337, "0x" + "cd" * 32, IDENTITY.vault), "of genesis 0xab"),
        (Identity(31337, IDENTITY.genesis, "0x" + "11" * 20), "of vault 0xcdcd"),
    ],
)
def test_a_database_of_something_else_is_refused(url, other, told):
    Store(url, IDENTITY).close()
    with pytest.raises(DatabaseError, match=told):
        Store(url, other)


def test_a_database_of_another_schema_is_refused(url, monkeypatch):
    Store(url, IDENTITY).close()
    monkeypatch.setattr(module.schema, "VERSION", 3)
    with pytest.raises(DatabaseError, match="of schema 2; expected 3"):
        Store(url, IDENTITY)


def test_another_programs_file_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="no keeper's database: it has the table recipes"):
        Store(f"sqlite:///{path}", IDENTITY)
    assert path.read_bytes() == before


def test_a_corrupt_file_is_told_in_one_line(tmp_path):
    path = tmp_path / "keeper.db"
    path.write_bytes(b"no database at all " * 100)
    with pytest.raises(DatabaseError, match="corrupt or no database") as caught:
        Store(f"sqlite:///{path}", IDENTITY)
    assert "\n" not in str(caught.value)


def test_a_file_that_another_program_has_locked_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.common.database.WAIT_SECONDS", 0.2)
    path = tmp_path / "keeper.db"
    Store(f"sqlite:///{path}", IDENTITY).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseError, match="locked by another program"):
        Store(f"sqlite:///{path}", IDENTITY)
    other.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("keeper.db", "cannot be read; expected sqlite:///"),
        ("mysql://somewhere/db", '"mysql" is no database that a keeper can use'),
        ("sqlite://", "is a file"),
        ("sqlite:///:memory:", "is a file"),
        ("postgresql://keel:secret@127.0.0.1:1/keel", "refused"),
        ("postgresql://keel@127.0.0.1:1/keel?password=secret", "refused"),
    ],
)
def test_an_address_that_leads_nowhere(text, told):
    with pytest.raises(DatabaseError, match=told) as caught:
        Store(text, IDENTITY)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(DatabaseError, match="cannot write"):
        Store(f"sqlite:///{file / 'keeper.db'}", IDENTITY)


def test_the_folder_of_a_file_is_made(tmp_path: Path):
    Store(f"sqlite:///{tmp_path / 'new' / 'keeper.db'}", IDENTITY).close()
    assert (tmp_path / "new" / "keeper.db").exists()
