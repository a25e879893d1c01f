"""A venue without a chain, for benchmarks and tests: a file is the chain, and everybody has the same room.

It keeps the contract's rules that matter for settlement: one transaction a nonce, no order beyond its size, a
match that fails leaves the others of its transaction alone. Each transaction is a block, mined when it is sent.
The file outlives the matcher, so what was mined before a `kill -9` is still mined after it. Others settle and cancel
here too (`mine`), and blocks can lose their place (`reorganise`).
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.common.rpc import ChainUnreachable
from scripts.common.units import WAD
from scripts.matcher.amm import Amm
from scripts.matcher.effects import NO_ORDER, Match
from scripts.matcher.orders import Domain, SignedOrder, keccak
from scripts.matcher.venue import (
    CancelledBelow,
    Failed,
    Filled,
    Head,
    Key,
    Log,
    Market,
    Receipt,
    Refusal,
    Standing,
)
from scripts.model.perp_amm import Curve

DOMAIN = Domain(31337, "0x" + "11" * 20)
PRICE = 2_000 * WAD
SENDER = "0x" + "55" * 20
EVERYTHING = 10**9 * WAD
MARGIN_SHARE = WAD // 10
NOTHING = "nothing is left to fill"
BEYOND = "the AMM's price is beyond the limit"
AMM, CURVE = bytes.fromhex("44" * 20), Curve(10_000 * WAD, WAD // 1_000, WAD // 100)
# Under this name the file has what the AMM has sold.
SOLD = "sold by the AMM"


class PaperVenue:
    """See Venue. `refused` are accounts (hex) whose matches fail, `room` what each account may still take on.

    With `amm` its markets have one virtual AMM together.
    """

    def __init__(
        self,
        file: Path,
        markets: Sequence[bytes] = (bytes.fromhex("22" * 20),),
        room: int = EVERYTHING,
        refused: Sequence[str] = (),
        price: int = PRICE,
        amm: bool = False,
    ) -> None:
        self.domain, self.genesis, self.sender = DOMAIN, "0x" + "00" * 32, SENDER
        self._file, self._markets, self._room, self._refused, self._price = (
            file,
            markets,
            room,
            refused,
            price,
        )
        self._has_amm = amm
        self._db = sqlite3.connect(file, isolation_level=None, timeout=10, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS mined"
            " (block INTEGER PRIMARY KEY, hash TEXT, nonce INTEGER UNIQUE, tx TEXT, logs TEXT)"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS filled (hash TEXT PRIMARY KEY, amount TEXT)")

    def another(self) -> PaperVenue:
        """See Venue."""
        return PaperVenue(self._file, self._markets, self._room, self._refused, self._price, self._has_amm)

    def markets(self) -> list[Market]:
        """See Venue."""
        amm = self._amm() if self._has_amm else None
        return [
            Market(f"M{number}", address, self._price, self._price, True, WAD // 2_000, 0, MARGIN_SHARE, amm)
            for number, address in enumerate(self._markets)
        ]

    def head(self) -> Head:
        """See Venue."""
        row = self._db.execute("SELECT block, hash FROM mined ORDER BY block DESC LIMIT 1").fetchone()
        number, hash_ = row or (0, self.genesis)
        return Head(number, hash_, int(time.time()))

    def block_hash(self, number: int) -> str | None:
        """See Venue."""
        if number == 0:
            return self.genesis
        row = self._db.execute("SELECT hash FROM mined WHERE block = ?", (number,)).fetchone()
        return str(row[0]) if row else None

    def standings(self, keys: Sequence[Key]) -> dict[Key, Standing]:
        """See Venue."""
        now = time.monotonic()
        return {key: Standing(self._room, {}, 0, False, 0, now) for key in keys}

    def accepts(self, questions: Sequence[tuple[bytes, bytes, bytes]]) -> list[bool]:
        """See Venue."""
        return [False for _ in questions]

    def filled(self, orders: Sequence[SignedOrder]) -> list[tuple[int, bool]]:
        """See Venue."""
        return [(self._amount(order.hash.hex()), False) for order in orders]

    def logs(self, first: int, last: int) -> list[Log]:
        """See Venue."""
        rows = self._db.execute(
            "SELECT logs FROM mined WHERE block BETWEEN ? AND ? ORDER BY block", (first, last)
        )
        return [log for (text,) in rows for log in _decoded(text)]

    def simulate(self, matches: Sequence[Match]) -> list[bool]:
        """See Venue."""
        return [self.refusal(match) is None for match in matches]

    def refusal(self, match: Match) -> Refusal | None:
        """See Venue."""
        for order in match.orders:
            if order.account.hex() in self._refused:
                return Refusal("its account has no margin", accounts=(order.account,))
        if match.rest and not self._quotes(match.taker.side * match.rest.size, match.taker.price):
            return Refusal(BEYOND, amm=True)
        done = [order.size <= self._amount(order.hash.hex()) for order in match.orders]
        is_over = done[0] or (all(done[1:]) and match.rest is None)
        return Refusal(NOTHING, nothing=True) if is_over else None

    def nonce(self, sender: str) -> int:
        """See Venue."""
        return int(self._db.execute("SELECT COUNT(nonce) FROM mined").fetchone()[0])

    def sign(self, matches: Sequence[Match], nonce: int, raise_percent: int) -> tuple[str, bytes]:
        """See Venue."""
        body = {
            "nonce": nonce,
            "matches": [
                {
                    "taker": [
                        match.taker.hash.hex(),
                        match.taker.size * match.taker.side,
                        match.taker.account.hex(),
                        match.taker.price,
                    ],
                    "legs": [
                        [
                            leg.maker.hash.hex(),
                            leg.maker.size * leg.maker.side,
                            leg.maker.account.hex(),
                            leg.size,
                        ]
                        for leg in match.legs
                        if leg.maker
                    ],
                    "rest": match.rest.size if match.rest else 0,
                }
                for match in matches
            ],
        }
        raw = json.dumps(body).encode()
        return "0x" + keccak(raw).hex(), raw

    def send(self, raw: bytes) -> None:
        """See Venue."""
        body = json.loads(raw)
        tx = "0x" + keccak(raw).hex()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            nonce = self.nonce(self.sender)
            known = self._db.execute("SELECT 1 FROM mined WHERE tx = ?", (tx,)).fetchone()
            if body["nonce"] == nonce and not known:
                logs = [entry for n, match in enumerate(body["matches"]) for entry in self._mine(n, match)]
                self._block(logs, nonce, tx)
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        if body["nonce"] > nonce:
            raise ChainUnreachable(f"nonce {body['nonce']} is ahead of {nonce}")

    def receipt(self, hashes: Sequence[str]) -> Receipt | None:
        """See Venue."""
        for tx in hashes:
            row = self._db.execute("SELECT block, tx, logs FROM mined WHERE tx = ?", (tx,)).fetchone()
            if row:
                return Receipt(tx, row[0], True, 0, _decoded(row[2]))
        return None

    def mine(self, logs: Sequence[list[Any]] = (), blocks: int = 1) -> None:
        """Blocks of others, the first with ["filled", maker, taker, size], ["rest", taker, signed size] by the AMM, and
        ["cancelled", account, lowest nonce]."""
        self._db.execute("BEGIN IMMEDIATE")
        for kind, *values in logs:
            self._apply(kind, values, 1)
        for number in range(blocks):
            self._block(() if number else logs, None, "")
        self._db.execute("COMMIT")

    def reorganise(self, depth: int) -> None:
        """The last blocks give way to empty ones; transactions that were in them can be mined again."""
        first = self.head().number - depth + 1
        for (text,) in self._db.execute("SELECT logs FROM mined WHERE block >= ?", (first,)).fetchall():
            for kind, *values in json.loads(text):
                self._apply(kind, values, -1)
        self._db.execute("DELETE FROM mined WHERE block >= ?", (first,))
        self.mine(blocks=depth)

    def _block(self, logs: Sequence[list[Any]], nonce: int | None, tx: str) -> None:
        self._db.execute(
            "INSERT INTO mined(block, hash, nonce, tx, logs) VALUES (?, ?, ?, ?, ?)",
            (self.head().number + 1, "0x" + secrets.token_hex(32), nonce, tx, json.dumps(logs)),
        )

    def _apply(self, kind: str, values: Sequence[Any], sign: int) -> None:
        """What an entry of a block has filled, or with a sign of -1 has not."""
        if kind == "filled":
            maker, taker, size = values
            self._fill(maker, sign * size)
            self._fill(taker, sign * size)
        elif kind == "rest":
            taker, size = values
            self._fill(SOLD, sign * size)
            self._fill(taker, sign * abs(size))

    def _fill(self, hash_: str, size: int) -> None:
        amount = str(self._amount(hash_) + size)
        self._db.execute("INSERT OR REPLACE INTO filled VALUES (?, ?)", (hash_, amount))

    def _amm(self) -> Amm:
        return Amm(AMM, CURVE, self._price, self._amount(SOLD), CURVE.depth // 2)

    def _quotes(self, size: int, limit: int) -> bool:
        """Whether the AMM trades a signed size within a limit."""
        amm, side = self._amm(), (1 if size > 0 else -1)
        return abs(amm.sold + size) <= amm.most and side * (limit - amm.price(size)) >= 0

    def _amount(self, hash_: str) -> int:
        row = self._db.execute("SELECT amount FROM filled WHERE hash = ?", (hash_,)).fetchone()
        return int(row[0]) if row else 0

    def _mine(self, position: int, match: dict[str, Any]) -> list[list[Any]]:
        taker, taker_size, taker_account, limit = match["taker"]
        logs: list[list[Any]] = []
        accounts = [taker_account, *(leg[2] for leg in match["legs"])]
        if any(account in self._refused for account in accounts):
            return [["failed", position, "its account has no margin"]]
        room = abs(taker_size) - self._amount(taker)
        side = 1 if taker_size > 0 else -1
        if match["rest"] and not self._quotes(side * match["rest"], limit):
            return [["failed", position, BEYOND]]
        for maker, maker_size, _, wanted in match["legs"]:
            left = abs(maker_size) - self._amount(maker)
            size = min(wanted, left, room)
            if size <= 0:
                continue
            room -= size
            logs.append(["filled", maker, taker, size])
            self._apply("filled", logs[-1][1:], 1)
        rest = side * min(match["rest"], max(room, 0))
        if rest:
            logs.append(["rest", taker, rest])
            self._apply("rest", logs[-1][1:], 1)
        return logs or [["failed", position, NOTHING]]


def _decoded(text: str) -> list[Log]:
    logs: list[Log] = []
    for kind, *rest in json.loads(text):
        if kind == "filled":
            maker, taker, size = rest
            logs.append(Filled(bytes.fromhex(maker), bytes.fromhex(taker), size))
        elif kind == "rest":
            taker, size = rest
            logs.append(Filled(NO_ORDER, bytes.fromhex(taker), abs(size)))
        elif kind == "cancelled":
            logs.append(CancelledBelow(bytes.fromhex(rest[0]), rest[1]))
        else:
            logs.append(Failed(rest[0], Refusal(rest[1], nothing=rest[1] == NOTHING, amm=rest[1] == BEYOND)))
    return logs
