"""What the keeper must not forget: accounts, processed blocks, leases, actions; in SQLite or PostgreSQL.

    with Store("sqlite:///keeper.db", Identity(chain_id, genesis, vault), worker="keeper") as store:
        store.progress()                        # accounts and processed blocks
        store.advance({account: 5}, 7, hash)    # both in one transaction
        if store.lease(account, seconds=60):    # nobody else sends for it until then
            action = store.begin(account=..., seen_block=..., plan=...)
            store.update(action, status="sent", tx_hash=...)

Every transaction is whole or not at all, whenever the process is killed. A SQLite file is one keeper's: a
second one is refused. Keepers on one PostgreSQL share accounts and leases; each has blocks of its own. What
accounts hold is not kept: it is read from the chain again, where it is never old.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sql
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from scripts.common.errors import KeelError
from scripts.keeper import schema
from scripts.keeper.schema import about, accounts, actions, blocks, leases

WAIT_SECONDS = 5
CREATION_LOCK = 0x6B65656C  # any number that all keepers agree on
ENDED = ("done", "failed", "lost", "dropped")
INSERT_ROWS = 1_000


class StoreError(KeelError):
    """The database is locked, corrupt, out of reach or of something else."""


@dataclass(frozen=True)
class Identity:
    """What a database is of: a vault on a chain that began with this block."""

    chain_id: int
    genesis: str
    vault: str

    def rows(self) -> dict[str, str]:
        """As it stands in the database."""
        return {
            "schema": str(schema.VERSION),
            "chain id": str(self.chain_id),
            "genesis": self.genesis.lower(),
            "vault": self.vault.lower(),
        }


@dataclass(frozen=True)
class Progress:
    """All accounts that are known, and the processed blocks (number, hash) ascending."""

    accounts: list[bytes]
    blocks: list[tuple[int, str]]


class Store:
    """An open database; safe to use from several threads.

    `worker` names this keeper among those that share the database. Raises StoreError wherever the database
    cannot do what it should, in one line.
    """

    def __init__(self, url: str, identity: Identity, worker: str = "keeper") -> None:
        self.worker = worker
        self._url = parse_url(url)
        # Its query may hold a password too.
        self.shown = self._url.set(drivername=self._url.get_backend_name(), query={}).render_as_string()
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        # The file itself: two links to it are one database.
        self._lock = _FileLock(Path(self._url.database or "").resolve()) if self._is_sqlite else None
        self._engine = self._connect()
        try:
            self._prepare(identity)
            if self._is_sqlite:
                self._allow_readers()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes all connections and lets another keeper in."""
        self._engine.dispose()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Accounts and blocks

    def progress(self) -> Progress:
        """Where this worker stands; one that is new goes on where the most advanced one of the others stands."""
        with self._transaction() as connection:
            known = connection.execute(sql.select(accounts.c.account)).scalars()
            found = [bytes(account) for account in known]
            mine = self._blocks_of(connection, self.worker)
            if not mine:
                ahead = connection.execute(
                    sql.select(blocks.c.worker).order_by(blocks.c.number.desc()).limit(1)
                ).scalar()
                if ahead is not None:
                    mine = self._blocks_of(connection, ahead)
                    self._insert(connection, blocks, [self._block(*block) for block in mine])
            return Progress(found, mine)

    def advance(
        self, seen: Mapping[bytes, int], number: int, hash_: str, forget: Collection[int] = ()
    ) -> None:
        """Accounts with the block of the event, and that all blocks to `number` are processed, at once.

        `forget` are numbers of processed blocks whose hashes are not needed any more.
        """
        with self._transaction() as connection:
            rows = [{"account": account, "seen_block": block} for account, block in seen.items()]
            for start in range(0, len(rows), INSERT_ROWS):
                self._insert(connection, accounts, rows[start : start + INSERT_ROWS])
            self._insert(connection, blocks, [self._block(number, hash_)])
            if forget:
                connection.execute(
                    sql.delete(blocks).where(blocks.c.worker == self.worker, blocks.c.number.in_(forget))
                )

    def roll_back(self, number: int) -> None:
        """Blocks above `number` count as not processed; accounts stay."""
        with self._transaction() as connection:
            connection.execute(
                sql.delete(blocks).where(blocks.c.worker == self.worker, blocks.c.number > number)
            )

    # Leases

    def lease(self, account: bytes, seconds: float) -> bool:
        """Whether this worker alone may send for the account for so long; again prolongs it."""
        with self._transaction() as connection:
            now = self._now(connection)
            row = {"account": account, "worker": self.worker, "until": now + seconds}
            statement = self._dialect.insert(leases).values(row)
            statement = statement.on_conflict_do_update(
                index_elements=[leases.c.account],
                set_={"worker": self.worker, "until": now + seconds},
                where=(leases.c.until <= now) | (leases.c.worker == self.worker),
            ).returning(leases.c.account)
            return connection.execute(statement).first() is not None

    def release(self, account: bytes) -> None:
        """Ends this worker's lease, if it has one."""
        with self._transaction() as connection:
            connection.execute(
                sql.delete(leases).where(leases.c.account == account, leases.c.worker == self.worker)
            )

    # Actions

    def begin(
        self, *, account: bytes, seen_block: int, plan: str, status: str = "planned", **fields: Any
    ) -> int:
        """Writes an action down before it is done; its id. Fields are columns of `actions`."""
        now = time.time()
        row = {"account": account, "seen_block": seen_block, "plan": plan, "status": status, **fields}
        row |= {"worker": self.worker, "created_at": now, "updated_at": now}
        with self._transaction() as connection:
            return int(
                connection.execute(sql.insert(actions).values(row).returning(actions.c.id)).scalar_one()
            )

    def update(self, action: int, **fields: Any) -> None:
        """Changes columns of an action. Raises StoreError if there is none of that id."""
        with self._transaction() as connection:
            changed = connection.execute(
                sql.update(actions).where(actions.c.id == action).values(**fields, updated_at=time.time())
            )
            if changed.rowcount != 1:
                raise StoreError(f"{self.shown} has no action {action}")

    def open_actions(self) -> list[dict[str, Any]]:
        """This worker's actions that have not ended, oldest first; see ENDED."""
        statement = (
            sql.select(actions)
            .where(actions.c.worker == self.worker, actions.c.status.not_in(ENDED))
            .order_by(actions.c.id)
        )
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def actions(
        self, *, account: bytes | None = None, limit: int = 100, since: float = 0.0
    ) -> list[dict[str, Any]]:
        """The latest actions of all workers, newest first, of one account if given, begun since (unix seconds)."""
        statement = sql.select(actions).order_by(actions.c.id.desc()).limit(limit)
        if account is not None:
            statement = statement.where(actions.c.account == account)
        if since:
            statement = statement.where(actions.c.created_at >= since)
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    # Internal

    def _connect(self) -> sql.Engine:
        if not self._is_sqlite:
            return sql.create_engine(
                self._url,
                pool_pre_ping=True,
                connect_args={
                    "connect_timeout": WAIT_SECONDS,
                    "options": f"-c lock_timeout={WAIT_SECONDS * 1_000}"
                    f" -c statement_timeout={WAIT_SECONDS * 12_000}",
                },
            )
        engine = sql.create_engine(self._url, connect_args={"timeout": WAIT_SECONDS})

        # The driver begins transactions late and lets reads stand outside of them: begin them here.
        @event.listens_for(engine, "connect")
        def on_connect(connection: Any, _: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA synchronous=NORMAL")

        @event.listens_for(engine, "begin")
        def on_begin(connection: sql.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine

    def _prepare(self, identity: Identity) -> None:
        """Creates the tables in an empty database; else checks that it is this keeper's."""
        with self._transaction() as connection:
            if not self._is_sqlite:
                connection.execute(sql.select(sql.func.pg_advisory_xact_lock(CREATION_LOCK)))
            present = set(sql.inspect(connection).get_table_names())
            if about.name not in present:
                if self._is_sqlite and present:
                    raise StoreError(
                        f"{self.shown} is no keeper's database: it has the table {min(present)}; name another file"
                    )
                schema.tables.create_all(connection)
                connection.execute(
                    sql.insert(about),
                    [{"key": key, "value": value} for key, value in identity.rows().items()],
                )
                return
            found = {row.key: row.value for row in connection.execute(sql.select(about))}
        for key, expected in identity.rows().items():
            if found.get(key) != expected:
                raise StoreError(
                    f"{self.shown} is of {key} {found.get(key, 'unknown')}; expected {expected}: name another"
                    " database, or remove this one (accounts are found again from the chain)"
                )

    def _allow_readers(self) -> None:
        """Lets others read while this keeper writes; the file keeps that setting."""
        try:
            with closing(self._engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
        except sqlite3.Error as error:
            raise StoreError(f"{self.shown}: {error}") from None

    @contextmanager
    def _transaction(self) -> Iterator[sql.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(f"{self.shown}: {_reason(error)}") from error

    @property
    def _dialect(self) -> Any:
        return sqlite if self._is_sqlite else postgresql

    def _insert(self, connection: sql.Connection, table: sql.Table, rows: list[dict[str, Any]]) -> None:
        """Inserts rows; those that are there already stay, but for a block's hash."""
        if not rows:
            return
        statement = self._dialect.insert(table)
        if table is blocks:
            statement = statement.on_conflict_do_update(
                index_elements=[blocks.c.worker, blocks.c.number], set_={"hash": statement.excluded.hash}
            )
        else:
            statement = statement.on_conflict_do_nothing()
        connection.execute(statement, rows)

    def _block(self, number: int, hash_: str) -> dict[str, Any]:
        return {"worker": self.worker, "number": number, "hash": hash_}

    def _blocks_of(self, connection: sql.Connection, worker: str) -> list[tuple[int, str]]:
        rows = connection.execute(
            sql.select(blocks.c.number, blocks.c.hash)
            .where(blocks.c.worker == worker)
            .order_by(blocks.c.number)
        )
        return [(row.number, row.hash) for row in rows]

    def _now(self, connection: sql.Connection) -> float:
        """The database's clock, so that keepers on several machines agree."""
        if self._is_sqlite:
            return time.time()
        return float(
            connection.execute(sql.select(sql.func.extract("epoch", sql.func.clock_timestamp()))).scalar_one()
        )


class _FileLock:
    """Holds a file beside the database; the system lets go of it when the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        path = database.with_name(database.name + ".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] | None = path.open("a+")
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise StoreError(
                f"{database} is in use by another keeper{f' (process {holder})' if holder else ''}; end it, name"
                " another file, or let keepers share a PostgreSQL"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Lets go; doing so twice is harmless."""
        if self._file:
            with suppress(OSError):
                self._file.close()
            self._file = None


def parse_url(text: str) -> sql.URL:
    """A database address. Raises StoreError for one of no kind that is known."""
    right = "expected sqlite:///path/to/file or postgresql://user@host/database"
    try:
        url = sql.make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise StoreError(f"the database's address cannot be read; {right}") from None
    if backend in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreError(f'"{backend}" is no database that a keeper can use; {right}')
    if not url.database or url.database == ":memory:":
        raise StoreError(f"a keeper's SQLite database is a file; {right}")
    return url.set(drivername="sqlite+pysqlite")


def _reason(error: SQLAlchemyError) -> str:
    text = str(error.orig if isinstance(error, DBAPIError) and error.orig else error).strip()
    first = text.splitlines()[0] if text else type(error).__name__
    if "database is locked" in text:
        return "the database is locked by another program; end it and try again"
    if "not a database" in text or "malformed" in text:
        return (
            f"the file is corrupt or no database ({first}); remove it or name another one"
            " (accounts are found again from the chain)"
        )
    return first
