"""A database by URL: SQLite (a file of one process) or PostgreSQL, with errors of one line.

    database = Database("sqlite:///orders.db", "matcher")
    with database.transaction() as connection: ...      # find out whether the file is of this program
    database.allow_readers()

Every transaction is whole or not at all, whenever the process is killed.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal

import sqlalchemy as sql
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from scripts.common.errors import KeelError

WAIT_SECONDS = 5


class DatabaseError(KeelError):
    """The database is locked, corrupt, out of reach or of something else."""


class Database:
    """An open database; safe to use from several threads.

    `program` is what errors call the process that owns it; `when_in_use` and `when_corrupt` say what it can do then.
    With `synchronous` FULL a transaction is on SQLite's disk when it has ended; with NORMAL a power cut may lose the
    last ones, a kill loses none.
    """

    def __init__(
        self,
        url: str,
        program: str,
        *,
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
        when_in_use: str = "end it or name another file",
        when_corrupt: str = "name another one",
    ) -> None:
        self._url = parse_url(url, program)
        self._synchronous, self._when_corrupt = synchronous, when_corrupt
        # Its query may hold a password too.
        self.shown = self._url.set(drivername=self._url.get_backend_name(), query={}).render_as_string()
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        # The file itself: two links to it are one database.
        self._lock: _FileLock | None = None
        if self.is_sqlite:
            self._lock = _FileLock(Path(self._url.database or "").resolve(), program, when_in_use)
        self.engine = self._connect()

    def close(self) -> None:
        """Closes all connections and lets another process in."""
        self.engine.dispose()
        if self._lock:
            self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[sql.Connection]:
        """A transaction. Raises DatabaseError."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise DatabaseError(f"{self.shown}: {self._reason(error)}") from error

    def allow_readers(self) -> None:
        """Lets others read while this process writes. A SQLite file keeps that setting: not for a stranger's file."""
        if not self.is_sqlite:
            return
        try:
            with closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
        except sqlite3.Error as error:
            raise DatabaseError(f"{self.shown}: {error}") from None

    def _connect(self) -> sql.Engine:
        if not self.is_sqlite:
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
            connection.execute(f"PRAGMA synchronous={self._synchronous}")

        @event.listens_for(engine, "begin")
        def on_begin(connection: sql.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine

    def _reason(self, error: SQLAlchemyError) -> str:
        text = str(error.orig if isinstance(error, DBAPIError) and error.orig else error).strip()
        first = text.splitlines()[0] if text else type(error).__name__
        if "database is locked" in text:
            return "the database is locked by another program; end it and try again"
        if "not a database" in text or "malformed" in text:
            return f"the file is corrupt or no database ({first}); {self._when_corrupt}"
        return first


class _FileLock:
    """Holds a file beside the database; the system lets go of it when the process ends, however it ends."""

    def __init__(self, database: Path, program: str, when_in_use: str) -> None:
        path = database.with_name(database.name + ".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] | None = path.open("a+")
        except OSError as error:
            raise DatabaseError(f"cannot write {path}: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise DatabaseError(
                f"{database} is in use by another {program}{f' (process {holder})' if holder else ''}; {when_in_use}"
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


def parse_url(text: str, program: str) -> sql.URL:
    """A program's database address. Raises DatabaseError for one of no kind that is known."""
    right = "expected sqlite:///path/to/file or postgresql://user@host/database"
    try:
        url = sql.make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise DatabaseError(f"the database's address cannot be read; {right}") from None
    if backend in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise DatabaseError(f'"{backend}" is no database that a {program} can use; {right}')
    if not url.database or url.database == ":memory:":
        raise DatabaseError(f"a {program}'s SQLite database is a file; {right}")
    return url.set(drivername="sqlite+pysqlite")
