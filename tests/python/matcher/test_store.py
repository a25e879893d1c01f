"""The database: what was written is what is found after a restart, in SQLite and in PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from scripts.common.database import Database, DatabaseError
from scripts.matcher.effects import Match, Stage
from scripts.matcher.engine import Engine
from scripts.matcher.journal import Journal
from scripts.matcher.live import Status
from scripts.matcher.orders import Reader
from scripts.matcher.saved import Batch
from scripts.matcher.store import Identity, Store
from tests.helpers.perp_matcher import DOMAIN, FOREVER, MARKET, WAD, Trader
from tests.helpers.postgres import Postgres, running

IDENTITY = Identity(31337, "0x" + "ab" * 32, DOMAIN.contract)
READER = Reader(DOMAIN)
NOW = FOREVER - 3_600


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    yield from running()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'matcher.db'}"
    return request.getfixturevalue("postgres").database()


def place(engine: Engine, owner: int, size: float, price: int, **fields: Any) -> bytes:
    """Places a signed order; its hash."""
    engine_order = Trader(owner).order(
        sizeWad=str(int(size * WAD)), limitPriceWad=str(price * WAD), nonce=engine.next_sequence, **fields
    )
    return engine.place(READER.order(engine_order), NOW).hash


def picture(engine: Engine) -> object:
    """All that must be the same after a restart."""
    return (
        sorted(
            (o.sequence, o.hash, o.signed, o.filled, o.pending, o.open, o.armed, o.end, o.reason)
            for o in engine.live.values()
        ),
        [
            (
                m.id,
                m.taker.hash,
                [(leg.maker.hash, leg.size, leg.price, leg.filled) for leg in m.legs],
                m.stage,
                m.batch,
            )
            for m in engine.matches.values()
        ],
        [(o.hash, o.open) for o in engine.books[MARKET].orders()],
        engine.finished,
        engine.floors,
        (engine.next_sequence, engine.next_match),
    )


def again(store: Store) -> Engine:
    """An engine that takes up what the store has."""
    engine = Engine([MARKET])
    engine.restore(store.load(READER, NOW))
    return engine


def test_everything_is_found_again(url: str) -> None:
    engine = Engine([MARKET])
    with Store(url, IDENTITY) as store:
        for owner, size, price in ((1, -3, 12), (2, -3, 12), (3, 2, 12), (4, 2.5, 13), (5, 7, 11)):
            place(engine, owner, size, price)
        stop = place(engine, 6, -1, 10, trigger=2, triggerPriceWad=str(9 * WAD))
        first, second, *_ = engine.matches.values()
        batch = Batch(1, "0x" + "55" * 20, 0, ["0x" + "01" * 32], b"raw", [first.id])
        engine.send([first], 1)
        store.write(engine.drain(), [batch])
        assert picture(again(store)) == picture(engine)

        for order in first.orders:
            engine.fill(order.hash, 2 * WAD, 7, NOW)
        engine.settle(first, [2 * WAD], NOW)
        engine.unwind(second, {second.taker.hash: "no margin"}, NOW)
        engine.cancel_below(Trader(5).account, 100, "by its owner")
        assert engine.trigger(MARKET, 9 * WAD, NOW) == [stop]
        batch.block, batch.gas_used = 7, 21_000
        store.write(engine.drain(), [batch])
        found = store.load(READER, NOW)
        assert picture(again(store)) == picture(engine)
        assert found.batches == [batch] and list(found.settled) == [first.id]
        assert engine.finished[second.taker.hash][:2] == (Status.DROPPED, "no margin")
        assert store.order(second.taker.hash, READER)[0]["status"] == "dropped"
        stages = [trade["stage"] for trade in store.trades(MARKET, 10)]
        assert stages[-2:] == [Stage.UNWOUND, Stage.SETTLED]

        batch.final = True
        store.write([], [batch])
        found = store.load(READER, NOW)
        assert (found.batches, found.settled, found.next_batch) == ([], {}, 2)
        assert not store.load(READER, FOREVER + 1).finished


def test_a_reorganised_match_counts_as_sent_again(url: str) -> None:
    engine = Engine([MARKET])
    with Store(url, IDENTITY) as store:
        maker, taker = place(engine, 1, -1, 12), place(engine, 2, 1, 12)
        (match,) = engine.matches.values()
        engine.send([match], 1)
        for hash_ in (maker, taker):
            engine.fill(hash_, WAD, 5, NOW)
        engine.settle(match, [WAD], NOW)
        store.write(engine.drain(), [Batch(1, "0x" + "55" * 20, 0, ["0x01"], b"", [match.id], 5, 1)])
        restored = again(store)
        settled: Match = store.load(READER, NOW).settled[match.id]
        restored.unsettle(settled, 1)
        for hash_ in (maker, taker):
            restored.fill(hash_, 0, 5, NOW)
        assert [(o.filled, o.pending, o.open, o.end) for o in restored.live.values()] == [
            (0, WAD, 0, None)
        ] * 2
        store.write(restored.drain())
        assert picture(again(store)) == picture(restored)


def test_a_second_matcher_is_refused(url: str) -> None:
    with Store(url, IDENTITY), pytest.raises(DatabaseError, match="in use by another matcher"):
        Store(url, IDENTITY)
    Store(url, IDENTITY).close()


def test_two_links_to_a_file_are_one_database(tmp_path: Path) -> None:
    file, link = tmp_path / "matcher.db", tmp_path / "link.db"
    link.symlink_to(file)
    with (
        Store(f"sqlite:///{file}", IDENTITY),
        pytest.raises(DatabaseError, match="in use by another matcher"),
    ):
        Store(f"sqlite:///{link}", IDENTITY)


def test_a_password_is_not_shown() -> None:
    database = Database("postgresql://me:secret@127.0.0.1/keel?password=hidden", "matcher")
    assert database.shown == "postgresql://me:***@127.0.0.1/keel"
    database.close()


def test_the_database_of_another_chain_is_refused(url: str) -> None:
    Store(url, IDENTITY).close()
    with pytest.raises(DatabaseError, match="is of chain id 31337; expected 1"):
        Store(url, Identity(1, IDENTITY.genesis, IDENTITY.contract))


@pytest.mark.parametrize(
    ("address", "words"),
    [("mysql://somewhere/x", "mysql"), ("sqlite://", "file"), ("nonsense", "cannot be read")],
)
def test_a_database_that_cannot_be_used_is_named(address: str, words: str) -> None:
    with pytest.raises(DatabaseError, match=words):
        Store(address, IDENTITY)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "matcher.db").write_bytes(b"not a database, but long enough to look like one" * 30)
    with pytest.raises(DatabaseError, match="corrupt or no database"):
        Store(f"sqlite:///{tmp_path / 'matcher.db'}", IDENTITY)


def test_another_programs_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="no matcher's database: it has the table recipes"):
        Store(f"sqlite:///{path}", IDENTITY)
    assert path.read_bytes() == before


def test_others_may_read_while_the_matcher_writes(tmp_path: Path) -> None:
    path = tmp_path / "matcher.db"
    with Store(f"sqlite:///{path}", IDENTITY) as store, store.database.transaction():
        with closing(sqlite3.connect(path, timeout=0)) as reader:
            assert reader.execute("SELECT COUNT(*) FROM matcher_orders").fetchone() == (0,)


class FullDisk:
    """A store that cannot write."""

    def write(self, *_: object) -> None:
        raise DatabaseError("sqlite:///matcher.db: database or disk is full")


def test_nothing_is_acknowledged_that_could_not_be_written() -> None:
    told: list[object] = []

    async def run() -> None:
        engine = Engine([MARKET])
        journal = Journal(FullDisk(), told.append)  # type: ignore[arg-type]
        running_ = asyncio.ensure_future(journal.run())
        place(engine, 1, 1, 12)
        journal.append(engine.drain())
        for _ in range(2):  # those who wait, and those who come later
            with pytest.raises(DatabaseError, match="disk is full"):
                await journal.durable()
        with pytest.raises(DatabaseError, match="disk is full"):
            await running_
        with pytest.raises(DatabaseError, match="disk is full"):
            journal.append(told=[(MARKET, 1, 12, 1)])

    asyncio.run(run())
    assert not told
