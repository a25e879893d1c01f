"""Tables of the keeper's database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

VERSION = 2


class Whole(TypeDecorator[int]):
    """An integer of any size, kept as text: neither database has 256 bits."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else str(int(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """From the database."""
        return None if value is None else int(value)


tables = MetaData()

# What the database is of: schema version, chain, genesis block, vault.
about = Table(
    "keel_about",
    tables,
    Column("key", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

# Every account that was ever seen in an event of the vault or of an instrument. None is taken out again: one whose
# block is no more is an empty account.
accounts = Table(
    "keel_accounts",
    tables,
    Column("account", LargeBinary(32), primary_key=True),
    Column("seen_block", BigInteger, nullable=False),
)

# Blocks whose events are in `accounts`, by worker; the highest one is where it goes on.
blocks = Table(
    "keel_blocks",
    tables,
    Column("worker", String(128), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(66), nullable=False),
)

# Who may send for an account, until when (unix seconds on the database's clock).
leases = Table(
    "keel_leases",
    tables,
    Column("account", LargeBinary(32), primary_key=True),
    Column("worker", String(128), nullable=False),
    Column("until", Float, nullable=False),
)

# What was done about accounts, and how it ended. Amounts in wei or settlement tokens, times in unix seconds.
actions = Table(
    "keel_actions",
    tables,
    Column("id", Integer, primary_key=True),
    Column("worker", String(128), nullable=False),
    Column("account", LargeBinary(32), nullable=False),
    Column("seen_block", BigInteger, nullable=False),
    Column("plan", Text, nullable=False),
    Column("status", String(32), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("sender", String(42)),
    Column("nonce", BigInteger),
    Column("tx_hash", String(66)),
    Column("block", BigInteger),
    Column("profit", Whole),
    Column("gas_used", BigInteger),
    Column("gas_price", Whole),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("keel_actions_by_account", "account"),
    Index("keel_actions_by_status", "status"),
)
