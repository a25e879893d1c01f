"""Stop and take-profit orders: where they come from, and which match triggers one.

Orders are read from a folder (JSON files with orders as the matcher takes them) or from the matcher's own database,
which is only read: there they are with all resting orders, also while the matcher is down. Whoever triggers an order
earns its tip; the contract checks everything again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sql
from sqlalchemy.exc import SQLAlchemyError

from scripts.common import abi as codec
from scripts.common.database import parse_url
from scripts.common.errors import KeelError
from scripts.matcher.orders import Flag, Reader, SignedOrder, Trigger
from scripts.matcher.schema import orders as matcher_orders

MOST_MAKERS = 10
MOST_ORDERS = 100_000
NO_CONTRACT = "0x" + "00" * 20


class Source(Protocol):
    """Where signed orders come from."""

    def read(self) -> tuple[list[SignedOrder], list[str]]:
        """All orders that may still be open, and what could not be read. Raises KeelError."""


class Folder:
    """Files *.json in a folder, each with one order, a list of them, or `{"orders": [...]}`."""

    def __init__(self, path: Path, reader: Reader) -> None:
        self._path, self._reader = path, reader
        self._read: dict[Path, tuple[tuple[int, int], list[SignedOrder], str]] = {}

    def read(self) -> tuple[list[SignedOrder], list[str]]:
        """As `Source.read`; files that have not changed are not read again."""
        if not self._path.is_dir():
            raise KeelError(f"{self._path} is no folder of signed orders; make it, or name another one")
        found: dict[Path, tuple[tuple[int, int], list[SignedOrder], str]] = {}
        for path in sorted(self._path.glob("*.json")):
            try:
                status = path.stat()
                version = (status.st_mtime_ns, status.st_size)
                known = self._read.get(path)
                found[path] = known if known and known[0] == version else (version, *self._orders(path))
            except OSError:
                continue  # it was taken away a moment ago
        self._read = found
        orders = [order for _, orders, _ in found.values() for order in orders]
        return orders[:MOST_ORDERS], [problem for _, _, problem in found.values() if problem]

    def _orders(self, path: Path) -> tuple[list[SignedOrder], str]:
        try:
            content = json.loads(path.read_text())
            listed = content.get("orders", [content]) if isinstance(content, dict) else content
            if not isinstance(listed, list):
                raise KeelError("expected an order or a list of orders")
            return [self._reader.order(raw) for raw in listed], ""
        except (ValueError, RecursionError) as error:
            return [], f"{path.name}: not JSON ({error})"
        except KeelError as error:
            return [], f"{path.name}: {error}"


class MatcherTable:
    """The orders in a matcher's database that have not ended there."""

    def __init__(self, url: str, reader: Reader) -> None:
        self._reader = reader
        parsed = parse_url(url, "matcher")
        if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
            raise KeelError(f"there is no matcher's database {parsed.database}; start the matcher first")
        self._engine = sql.create_engine(parsed)

    def read(self) -> tuple[list[SignedOrder], list[str]]:
        """As `Source.read`."""
        table = matcher_orders.c
        statement = (
            sql.select(table.packed, table.signature)
            .where(table.ended == "")
            .order_by(table.sequence)
            .limit(MOST_ORDERS)
        )
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(statement).all()
        except SQLAlchemyError as error:
            raise KeelError(
                f"the matcher's orders cannot be read: {str(error).splitlines()[0]}; name its database"
            ) from None
        return [self._reader.unpack(bytes(row.packed), bytes(row.signature)) for row in rows], []


def open_source(text: str, reader: Reader) -> Source:
    """A database where the text has an address's "://", else a folder."""
    return MatcherTable(text, reader) if "://" in text else Folder(Path(text), reader)


@dataclass(frozen=True)
class Resting:
    """An order and what is left of it {units}."""

    order: SignedOrder
    left: int


def is_awake(order: SignedOrder, index: int) -> bool:
    """Whether the index (WAD) has reached the trigger of a stop order."""
    if order.trigger == Trigger.AT_OR_ABOVE:
        return index >= order.trigger_price
    return order.trigger == Trigger.AT_OR_BELOW and index <= order.trigger_price


def tip_of(order: SignedOrder) -> int:
    """What triggering all of it earns, in the settlement asset's smallest units."""
    return int(order.values[-1])


def makers_for(
    stop: SignedOrder, resting: Iterable[Resting], without: Collection[bytes] = ()
) -> list[Resting]:
    """Who can fill a stop order, best price first, and of one price in the order given, until it is full.

    Orders that wait for a trigger or want all or nothing, orders of the same owner, and those whose hash or account is
    in `without` do not count.
    """

    def fits(one: Resting) -> bool:
        order = one.order
        crosses = stop.price >= order.price if stop.size > 0 else stop.price <= order.price
        return (
            one.left > 0
            and order.market == stop.market
            and not order.is_stop
            and not order.flags & Flag.FILL_OR_KILL
            and (order.size > 0) != (stop.size > 0)
            and order.account[:20] != stop.account[:20]
            and crosses
            and order.hash not in without
            and order.account not in without
        )

    sign = 1 if stop.size > 0 else -1
    chosen: list[Resting] = []
    room = abs(stop.size)
    for one in sorted(filter(fits, resting), key=lambda one: sign * one.order.price):
        if room <= 0 or len(chosen) == MOST_MAKERS:
            break
        chosen.append(one)
        room -= one.left
    return chosen


def match(stop: SignedOrder, makers: Sequence[Resting], tip_to: bytes, amm: str | None) -> tuple[Any, ...]:
    """The match as the contract takes it: what `makers` leave is filled by the virtual AMM, if there is one."""
    return (
        stop.struct(),
        [maker.order.struct() for maker in makers],
        [maker.left for maker in makers],
        tip_to,
        amm or NO_CONTRACT,
        abs(stop.size) if amm else 0,
    )


def address(market: bytes) -> str:
    """An order's market as the rest of the keeper writes addresses."""
    return codec.checksum("0x" + market.hex())
