"""A PostgreSQL of the tests' own: on a free port of this machine, in a temporary folder, ended with the tests.

    @pytest.fixture(scope="session")
    def postgres() -> Iterator[Postgres]:
        yield from running()

    url = postgres.database()       # an empty database

The server refuses to run as root: then it runs as the user `postgres` or `nobody`.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from scripts.common.anvil import free_port

START_SECONDS = 30
STOP_SECONDS = 10
USER = "keel"
INSTALL_HINT = "install Debian's package postgresql"


class Postgres:
    """A running server; `process` is its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port
        self._numbers = itertools.count()

    def url(self, database: str) -> str:
        """Address of one of its databases."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """Creates an empty database; its address."""
        name = f"keel_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return self.url(name)


def running() -> Iterator[Postgres]:
    """Starts a server and ends it; skips the test where none is installed."""
    programs = _programs()
    if programs is None:
        pytest.skip(f"there is no PostgreSQL on this machine: {INSTALL_HINT}")
    become = _become_other()
    folder = Path(tempfile.mkdtemp(prefix="keel-postgres-"))
    try:
        if become:
            user = _other_user()
            os.chown(folder, user.pw_uid, user.pw_gid)
        data, log = folder / "data", folder / "log"
        options = ["--no-sync", "--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C"]
        subprocess.run(
            [programs / "initdb", *options, f"--pgdata={data}"],
            check=True,
            capture_output=True,
            cwd=folder,
            preexec_fn=become,
        )
        port = free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-F"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                preexec_fn=become,
            )
        try:
            server = Postgres(process, port)
            _wait(server, log)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # "fast": ends open connections
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: Postgres, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(server.url("postgres"), connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')}") from None
            time.sleep(0.05)


def _programs() -> Path | None:
    """The newest version's folder; Debian does not put the server on the path."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return pytest.skip("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def _become_other() -> Callable[[], None] | None:
    """What a child does to run as somebody else than root; None: it need not."""
    if os.getuid() != 0:
        return None
    user = _other_user()

    def become() -> None:
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    return become
