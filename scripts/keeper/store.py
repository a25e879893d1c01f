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

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite

from scripts.common.database import Database, DatabaseError
from scripts.keeper import schema
from scripts.keeper.schema import about, accounts, actions, blocks, leases

CREATION_LOCK = 0x6B65656C  # any number that all keepers agree on
ENDED = ("done", "failed", "lost", "dropped")
INSERT_ROWS = 1_000


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

    `worker` names this keeper among those that share the database. Raises DatabaseError wherever the database
    cannot do what it should, in one line.
    """

    def __init__(self, url: str, identity: Identity, worker: str = "keeper") -> None:
        self.worker = worker
        self.database = Database(
            url,
            "keeper",
            synchronous="NORMAL",
            when_in_use="end it, name another file, or let keepers share a PostgreSQL",
            when_corrupt="remove it or name another one (accounts are found again from the chain)",
        )
        try:
            self._prepare(identity)
            self.database.allow_readers()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes all connections and lets another keeper in."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Accounts and blocks

    def progress(self) -> Progress:
        """Where this worker stands; one that is new goes on where the most advanced one of the others stands."""
        with self.database.transaction() as connection:
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
        with self.database.transaction() as connection:
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
        with self.database.transaction() as connection:
            connection.execute(
                sql.delete(blocks).where(blocks.c.worker == self.worker, blocks.c.number > number)
            )

    # Leases

    def lease(self, account: bytes, seconds: float) -> bool:
        """Whether this worker alone may send for the account for so long; again prolongs it."""
        with self.database.transaction() as connection:
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
        with self.database.transaction() as connection:
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
        with self.database.transaction() as connection:
            return int(
                connection.execute(sql.insert(actions).values(row).returning(actions.c.id)).scalar_one()
            )

    def update(self, action: int, **fields: Any) -> None:
        """Changes columns of an action. Raises DatabaseError if there is none of that id."""
        with self.database.transaction() as connection:
            changed = connection.execute(
                sql.update(actions).where(actions.c.id == action).values(**fields, updated_at=time.time())
            )
            if changed.rowcount != 1:
                raise DatabaseError(f"{self.database.shown} has no action {action}")

    def open_actions(self) -> list[dict[str, Any]]:
        """This worker's actions that have not ended, oldest first; see ENDED."""
        statement = (
            sql.select(actions)
            .where(actions.c.worker == self.worker, actions.c.status.not_in(ENDED))
            .order_by(actions.c.id)
        )
        with self.database.transaction() as connection:
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
        with self.database.transaction() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    # Internal

    def _prepare(self, identity: Identity) -> None:
        """Creates the tables in an empty database; else checks that it is this keeper's."""
        with self.database.transaction() as connection:
            if not self.database.is_sqlite:
                connection.execute(sql.select(sql.func.pg_advisory_xact_lock(CREATION_LOCK)))
            present = set(sql.inspect(connection).get_table_names())
            if about.name not in present:
                if self.database.is_sqlite and present:
                    raise DatabaseError(
                        f"{self.database.shown} is no keeper's database: it has the table {min(present)}; name another file"
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
                raise DatabaseError(
                    f"{self.database.shown} is of {key} {found.get(key, 'unknown')}; expected {expected}: name another"
                    " database, or remove this one (accounts are found again from the chain)"
                )

    @property
    def _dialect(self) -> Any:
        return sqlite if self.database.is_sqlite else postgresql

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
        if self.database.is_sqlite:
            return time.time()
        return float(
            connection.execute(sql.select(sql.func.extract("epoch", sql.func.clock_timestamp()))).scalar_one()
        )
