"""A database by URL: SQLite (a file of one process) or PostgreSQL, with errors of one line.

    database = Database("sqlite:///orders.db", "a matcher")
    with database.transaction() as connection: ...

`who` is how errors name the program. Every transaction is whole or not at all, whenever the process is killed,
and on disk when it has ended.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sql
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from scripts.common.errors import KeelError

WAIT_SECONDS = 5


class DatabaseError(KeelError):
    """The database is locked, corrupt, out of reach or of something else."""


class Database:
    """An open database; safe to use from several threads."""

    def __init__(self, url: str, who: str) -> None:
        self._url = _parse(url, who)
        # Its query may hold a password too.
        self.shown = self._url.set(drivername=self._url.get_backend_name(), query={}).render_as_string()
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        # The file itself: two links to it are one database.
        self._lock = _FileLock(Path(self._url.database or "").resolve(), who) if self.is_sqlite else None
        self.engine = self._connect()

    def close(self) -> None:
        """Closes all connections and lets another process in."""
        self.engine.dispose()
        if self._lock:
            self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[sql.Connection]:
        """A transaction that is on disk afterwards. Raises DatabaseError."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise DatabaseError(f"{self.shown}: {_reason(error)}") from error

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
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")

        @event.listens_for(engine, "begin")
        def on_begin(connection: sql.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine


class _FileLock:
    """Holds a file beside the database; the system lets go of it when the process ends, however it ends."""

    def __init__(self, database: Path, who: str) -> None:
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
                f"{database} is in use by {who} already{f' (process {holder})' if holder else ''}; end it or name"
                " another file"
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


def _parse(text: str, who: str) -> sql.URL:
    right = "expected sqlite:///path/to/file or postgresql://user@host/database"
    try:
        url = sql.make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise DatabaseError(f"the database's address cannot be read; {right}") from None
    if backend in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise DatabaseError(f'"{backend}" is no database that {who} can use; {right}')
    if not url.database or url.database == ":memory:":
        raise DatabaseError(f"the SQLite database of {who} is a file; {right}")
    return url.set(drivername="sqlite+pysqlite")


def _reason(error: SQLAlchemyError) -> str:
    text = str(error.orig if isinstance(error, DBAPIError) and error.orig else error).strip()
    first = text.splitlines()[0] if text else type(error).__name__
    if "database is locked" in text:
        return "the database is locked by another program; end it and try again"
    if "not a database" in text or "malformed" in text:
        return f"the file is corrupt or no database ({first}); name another one"
    return first
