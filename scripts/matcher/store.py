"""What the matcher must not forget: orders, matches, settlement transactions; in SQLite or PostgreSQL.

    with Store("sqlite:///matcher.db", Identity(chain_id, genesis, contract)) as store:
        store.write(effects, batches)           # one transaction, on disk when this returns
        state = store.load(reader, now)         # after a restart

Amounts, stages and ends are the last ones of a group: who was acknowledged is there, and nothing is there twice. Filled
amounts are the chain's, absolute: written twice they are the same. The block up to which the chain was read is written
in the transaction that has what it did.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from scripts.common.database import Database, DatabaseError
from scripts.matcher import schema
from scripts.matcher.effects import (
    NO_ORDER,
    Changed,
    Effect,
    FilledLate,
    Final,
    Floor,
    Leg,
    Match,
    Matched,
    Moved,
    Placed,
    Stage,
)
from scripts.matcher.live import LiveOrder, Status
from scripts.matcher.orders import Reader, SignedOrder
from scripts.matcher.saved import Batch, Saved
from scripts.matcher.schema import FINAL, about, batches, fills, floors, orders

PROGRAM = "matcher"
CREATION_LOCK = 0x6D617463  # any number that all matchers agree on
RUNNING_LOCK = CREATION_LOCK + 1
WRITING_LOCK = CREATION_LOCK + 2
HOLD_SECONDS = 1.0
IN_ROWS = 500
ROWS = 100
LAST_EXPIRY = 2**63 - 1
CHANGING = ("filled", "filled_at", "armed", "ended", "reason")


@dataclass(frozen=True)
class Identity:
    """What a database is of: a settlement contract on a chain that began with this block."""

    chain_id: int
    genesis: str
    contract: str

    def rows(self) -> dict[str, str]:
        """As it stands in the database."""
        return {
            "schema": str(schema.VERSION),
            "chain id": str(self.chain_id),
            "genesis": self.genesis.lower(),
            "contract": self.contract.lower(),
        }


class Store:
    """The matcher's database; safe to use from several threads. Raises DatabaseError in one line."""

    def __init__(self, url: str, identity: Identity) -> None:
        self.database = Database(url, PROGRAM)
        self._mark = "?" if self.database.is_sqlite else "%s"
        self._holder: sql.Connection | None = None
        try:
            self._prepare(identity)
            self.database.allow_readers()
        except BaseException:
            self.close()
            raise

    @property
    def shown(self) -> str:
        """The address without a password."""
        return self.database.shown

    def close(self) -> None:
        """Lets another matcher in."""
        if self._holder is not None:
            with suppress(sql.exc.SQLAlchemyError):  # the server lets go of it when the connection has ended
                self._holder.execute(sql.select(sql.func.pg_advisory_unlock(RUNNING_LOCK)))
            self._holder.close()
            self._holder = None
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- writing ---

    def write(self, effects: Sequence[Effect], changed_batches: Sequence[Batch] = ()) -> None:
        """Everything that happened since the last group, in one transaction."""
        placed: dict[bytes, LiveOrder] = {}
        matched: list[tuple[Any, ...]] = []
        changed: dict[bytes, Changed] = {}
        late: dict[bytes, FilledLate] = {}
        final: int | None = None
        moved: dict[int, Moved] = {}
        lowest: dict[bytes, int] = {}
        for effect in effects:
            match effect:
                case Placed(live):
                    placed[live.hash] = live
                case Changed():
                    changed[effect.hash] = effect
                    late.pop(effect.hash, None)
                case FilledLate():
                    late[effect.hash] = effect
                case Matched(made):
                    matched += _fill_rows(made)
                case Moved():
                    moved[effect.id] = effect
                case Floor():
                    lowest[effect.account] = effect.lowest
                case Final(block):
                    final = block
        with self.database.transaction() as connection:
            self._alone(connection)
            self._insert_all(
                connection,
                orders,
                [_order_row(live, changed.pop(hash_, None)) for hash_, live in placed.items()],
            )
            self._insert_all(connection, fills, matched)
            self._many(
                connection,
                self._update(orders, CHANGING, ("hash",)),
                [(*_changing(change), change.hash) for change in changed.values()],
            )
            self._many(
                connection,
                self._update(orders, CHANGING[:2], ("hash",)),
                [(str(fill.filled), fill.filled_at, fill.hash) for fill in late.values()],
            )
            self._many(
                connection,
                self._update(fills, ("stage", "batch", "reason"), ("match",)),
                [(str(move.stage), move.batch, move.reason, move.id) for move in moved.values()],
            )
            self._many(
                connection,
                self._update(fills, ("filled",), ("match", "position")),
                [
                    (str(size), move.id, position)
                    for move in moved.values()
                    for position, size in enumerate(move.filled)
                    if size is not None
                ],
            )
            self._many(connection, self._upsert(floors, "account"), [(a, str(n)) for a, n in lowest.items()])
            self._many(connection, self._upsert(batches, "id"), [_batch_row(b) for b in changed_batches])
            if final is not None:
                self._many(connection, self._upsert(about, "key"), [(FINAL, str(final))])

    # --- reading ---

    def load(self, reader: Reader, now: int) -> Saved:
        """Everything that is not finished, and the ends of orders that expire after `now`."""
        saved = Saved()
        with self.database.transaction() as connection:
            self._alone(connection)
            saved.next_sequence = self._next(connection, orders.c.sequence)
            saved.next_match = self._next(connection, fills.c.match)
            saved.next_batch = self._next(connection, batches.c.id)
            saved.floors = {row.account: int(row.lowest) for row in connection.execute(sql.select(floors))}
            saved.batches = [
                _batch(row)
                for row in connection.execute(
                    sql.select(batches).where(batches.c.final.is_(False)).order_by(batches.c.id)
                )
            ]
            unfinal = [batch.id for batch in saved.batches]
            rows = connection.execute(
                sql.select(fills)
                .where(fills.c.stage.in_((Stage.READY, Stage.SENT)) | fills.c.batch.in_(unfinal))
                .order_by(fills.c.match, fills.c.position)
            ).all()
            known: dict[bytes, LiveOrder] = {}
            for row in connection.execute(sql.select(orders).where(orders.c.ended == "")):
                known[row.hash] = _live(row, reader)
            found_final = connection.execute(sql.select(about.c.value).where(about.c.key == FINAL)).scalar()
            if found_final is not None:
                saved.final = int(found_final)
                lately = (orders.c.filled_at > saved.final) & sql.text("filled_at > 0")
                for row in connection.execute(sql.select(orders).where(orders.c.ended != "", lately)):
                    known[row.hash] = _live(row, reader)
                    saved.late.append(known[row.hash])
            named = {hash_ for row in rows for hash_ in (row.taker, row.maker)} - {NO_ORDER}
            missing = sorted(named - known.keys())
            for start in range(0, len(missing), IN_ROWS):
                some = missing[start : start + IN_ROWS]
                for row in connection.execute(sql.select(orders).where(orders.c.hash.in_(some))):
                    known[row.hash] = _live(row, reader)
            ended = sql.select(orders).where(orders.c.ended != "", orders.c.expiry >= now)
            for row in connection.execute(ended):
                signed = reader.unpack(row.packed, row.signature)
                saved.finished[row.hash] = (Status(row.ended), row.reason, row.expiry, signed)
        by_match: dict[int, Match] = {}
        for row in rows:
            found = by_match.get(row.match)
            if found is None:
                found = Match(
                    row.match, known[row.taker], [], row.at, Stage(row.stage), row.batch, row.reason
                )
                by_match[row.match] = found
            filled = int(row.filled) if found.stage is Stage.SETTLED else None
            maker = None if row.maker == NO_ORDER else known[row.maker]
            found.legs.append(Leg(maker, int(row.size), int(row.price), filled))
        saved.matches = [match for match in by_match.values() if match.stage in (Stage.READY, Stage.SENT)]
        saved.settled = {match.id: match for match in by_match.values() if match.stage is Stage.SETTLED}
        open_hashes = {order.hash for match in saved.matches for order in match.orders}
        saved.orders = [live for live in known.values() if live.end is None or live.hash in open_hashes]
        return saved

    def order(self, hash_: bytes, reader: Reader) -> list[dict[str, object]]:
        """One order as the API shows it, as of its last change; none if it is not here."""
        with self.database.transaction() as connection:
            rows = connection.execute(sql.select(orders).where(orders.c.hash == hash_)).all()
        return [_live(row, reader).shown() for row in rows]

    def orders_of(
        self, account: bytes, limit: int, before: int | None, reader: Reader
    ) -> list[dict[str, object]]:
        """An account's orders, youngest first, with a sequence below `before`."""
        statement = (
            sql.select(orders)
            .where(orders.c.account == account)
            .order_by(orders.c.sequence.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(orders.c.sequence < before)
        with self.database.transaction() as connection:
            return [_live(row, reader).shown() for row in connection.execute(statement)]

    def trades(self, market: bytes, limit: int) -> list[dict[str, object]]:
        """The latest fills of a market, youngest first."""
        statement = (
            sql.select(fills)
            .where(fills.c.market == market)
            .order_by(fills.c.match.desc(), fills.c.position.desc())
            .limit(limit)
        )
        with self.database.transaction() as connection:
            return [
                {
                    "match": row.match,
                    "position": row.position,
                    "taker": "0x" + row.taker.hex(),
                    "maker": "0x" + row.maker.hex(),
                    "sizeWad": row.size,
                    "priceWad": row.price,
                    "at": row.at,
                    "stage": row.stage,
                    "filledWad": row.filled if row.stage == Stage.SETTLED else None,
                    "reason": row.reason,
                }
                for row in connection.execute(statement)
            ]

    # --- internal ---

    def _prepare(self, identity: Identity) -> None:
        if not self.database.is_sqlite:
            self._hold()
        with self.database.transaction() as connection:
            if not self.database.is_sqlite:
                connection.execute(sql.select(sql.func.pg_advisory_xact_lock(CREATION_LOCK)))
            present = set(sql.inspect(connection).get_table_names())
            if about.name not in present:
                if self.database.is_sqlite and present:
                    raise DatabaseError(
                        f"{self.shown} is no matcher's database: it has the table {min(present)}; name another file"
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
                    f"{self.shown} is of {key} {found.get(key, 'unknown')}; expected {expected}: name another database"
                )

    def _hold(self) -> None:
        """Two matchers on one PostgreSQL would settle everything twice: the second one is refused.

        The server may need a moment to notice that the one before was killed.
        """
        self._holder = self.database.engine.connect()
        deadline = time.monotonic() + HOLD_SECONDS
        while not self._holder.execute(sql.select(sql.func.pg_try_advisory_lock(RUNNING_LOCK))).scalar_one():
            self._holder.commit()
            if time.monotonic() > deadline:
                raise DatabaseError(
                    f"{self.shown} is in use by another {PROGRAM}; end it or name another database"
                )
            time.sleep(0.05)
        self._holder.commit()

    def _alone(self, connection: sql.Connection) -> None:
        """Waits for a transaction that a killed matcher had told PostgreSQL to commit, until it is there."""
        if not self.database.is_sqlite:
            connection.execute(sql.select(sql.func.pg_advisory_xact_lock(WRITING_LOCK)))

    @staticmethod
    def _many(connection: sql.Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            connection.exec_driver_sql(statement, rows)

    def _insert_all(self, connection: sql.Connection, table: sql.Table, rows: list[tuple[Any, ...]]) -> None:
        """Many rows in a statement: the thread that writes waits for the event loop before each statement."""
        for start in range(0, len(rows), ROWS):
            some = rows[start : start + ROWS]
            values = tuple(value for row in some for value in row)
            connection.exec_driver_sql(self._insert(table, len(some)), values)

    def _insert(self, table: sql.Table, rows: int = 1) -> str:
        names = ", ".join(_quoted(column.name) for column in table.columns)
        marks = f"({', '.join([self._mark] * len(table.columns))})"
        return f"INSERT INTO {table.name} ({names}) VALUES {', '.join([marks] * rows)}"

    def _upsert(self, table: sql.Table, key: str) -> str:
        sets = ", ".join(
            f"{_quoted(c.name)} = excluded.{_quoted(c.name)}" for c in table.columns if c.name != key
        )
        return f"{self._insert(table)} ON CONFLICT ({_quoted(key)}) DO UPDATE SET {sets}"

    def _update(self, table: sql.Table, columns: Sequence[str], keys: Sequence[str]) -> str:
        sets = ", ".join(f"{_quoted(name)} = {self._mark}" for name in columns)
        where = " AND ".join(f"{_quoted(name)} = {self._mark}" for name in keys)
        return f"UPDATE {table.name} SET {sets} WHERE {where}"

    @staticmethod
    def _next(connection: sql.Connection, column: sql.Column[Any]) -> int:
        return int(connection.execute(sql.select(sql.func.max(column))).scalar() or 0) + 1


def _quoted(name: str) -> str:
    return f'"{name}"'


def _order_row(live: LiveOrder, change: Changed | None) -> tuple[Any, ...]:
    """`change` is the last one of the same group."""
    signed: SignedOrder = live.signed
    last = ("0", 0, not signed.is_stop, "", "") if change is None else _changing(change)
    return (
        *(live.hash, live.sequence, live.account, signed.packed, signed.signature),
        *(min(live.expiry, LAST_EXPIRY), *last),
    )


def _changing(change: Changed) -> tuple[Any, ...]:
    """Values of the columns CHANGING."""
    return (str(change.filled), change.filled_at, change.armed, change.end or "", change.reason)


def _fill_rows(match: Match) -> list[tuple[Any, ...]]:
    taker = match.taker
    return [
        (
            *(match.id, position, taker.market, taker.hash, leg.hash, str(leg.size), str(leg.price)),
            *(match.at, str(Stage.READY), None, "", None),
        )
        for position, leg in enumerate(match.legs)
    ]


def _batch_row(batch: Batch) -> tuple[Any, ...]:
    return (
        *(batch.id, batch.sender, batch.nonce, ",".join(batch.hashes), batch.raw),
        *(",".join(map(str, batch.matches)), batch.block, batch.gas_used, batch.final),
    )


def _batch(row: Any) -> Batch:
    matches = [int(part) for part in row.matches.split(",")]
    return Batch(
        *(row.id, row.sender, row.nonce, row.hashes.split(","), row.raw, matches),
        *(row.block, row.gas_used, row.final),
    )


def _live(row: Any, reader: Reader) -> LiveOrder:
    live = LiveOrder(reader.unpack(row.packed, row.signature), row.sequence)
    if live.hash != row.hash:
        raise DatabaseError(f"order 0x{row.hash.hex()} does not match its fields; the database is corrupt")
    live.filled, live.filled_at, live.armed = int(row.filled), row.filled_at, bool(row.armed)
    live.end, live.reason = (Status(row.ended) if row.ended else None), row.reason
    live.recount()
    return live
