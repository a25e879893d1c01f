"""Tables of the matcher's database. Amounts are text: neither database has 256 bits."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, MetaData, String, Table, Text, text

VERSION = 2

tables = MetaData()

# What the database is of: schema version, chain, genesis block, settlement contract; and the block up to which all that
# the chain did is in the other tables and stays (`FINAL`).
FINAL = "final block"
about = Table(
    "matcher_about",
    tables,
    Column("key", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

# Every order that was acknowledged. `packed` are its fields as EIP-712 encodes them, `expiry` as far as 63 bits hold
# it, `ended` a status or ""; `filled` is what the chain said last, after the block `filled_at` (0: never).
orders = Table(
    "matcher_orders",
    tables,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("sequence", BigInteger, nullable=False, unique=True),
    Column("account", LargeBinary(32), nullable=False),
    Column("packed", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("expiry", BigInteger, nullable=False),
    Column("filled", Text, nullable=False),
    Column("filled_at", BigInteger, nullable=False),
    Column("armed", Boolean, nullable=False),
    Column("ended", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Index("matcher_orders_by_account", "account", "sequence"),
    Index("matcher_orders_by_expiry", "expiry"),
    Index("matcher_orders_by_end", "ended"),
    Index(
        "matcher_orders_by_fill",
        "filled_at",
        sqlite_where=text("filled_at > 0"),
        postgresql_where=text("filled_at > 0"),
    ),
)

# Matches, a row for each maker; the virtual AMM's has zeros for an order. `filled` is what was settled, null before.
fills = Table(
    "matcher_fills",
    tables,
    Column("match", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("market", LargeBinary(20), nullable=False),
    Column("taker", LargeBinary(32), nullable=False),
    Column("maker", LargeBinary(32), nullable=False),
    Column("size", Text, nullable=False),
    Column("price", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("batch", BigInteger),
    Column("reason", Text, nullable=False),
    Column("filled", Text),
    Index("matcher_fills_by_stage", "stage"),
    Index("matcher_fills_by_batch", "batch"),
)

# Settlement transactions, written down before they are sent: `hashes` of all versions with this nonce, the last
# one's bytes in `raw`. `block` is where it was mined, null before; `final` that it stays there.
batches = Table(
    "matcher_batches",
    tables,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("sender", String(42), nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("hashes", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("matches", Text, nullable=False),
    Column("block", BigInteger),
    Column("gas_used", BigInteger),
    Column("final", Boolean, nullable=False),
    Index("matcher_batches_by_final", "final"),
)

# Accounts whose owners called off all orders below a nonce, here.
floors = Table(
    "matcher_floors",
    tables,
    Column("account", LargeBinary(32), primary_key=True),
    Column("lowest", Text, nullable=False),
)
