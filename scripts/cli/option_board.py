"""The board: signed offers as files in a folder, for who takes them.

An offer binds to chain and contract by its signature. Local chains have one id, so a folder is for one chain's first block.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.cli.session import Session
from scripts.client.option_orders import OptionOrder, SignedOrder
from scripts.common.errors import KeelError
from scripts.setup.environment import STATE, write_atomically

FOLDER = STATE / "offers"
OPEN = 0

Board = Annotated[
    Path, typer.Option("--board", metavar="FOLDER", help="Folder of the offers", show_default=".keel/offers")
]


@dataclass(frozen=True)
class Offer:
    """A signed order that rests; `left` units are still to be had."""

    order: OptionOrder
    signature: bytes
    hash: bytes
    left: int

    @property
    def signed(self) -> SignedOrder:
        """IOptionOrders.SignedOrder."""
        return self.order.fields(), self.signature


def folder_of(session: Session, board: Path) -> Path:
    """Where the chain's offers are."""
    genesis = str(session.chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"])
    return board / f"{session.chain.chain_id}-{genesis[2:10]}"


def write_offer(session: Session, order: OptionOrder, signature: bytes, path: Path) -> None:
    """Writes an offer to a file."""
    values = asdict(order) | {"account": "0x" + order.account.hex()}
    # JSON's numbers have 53 bits elsewhere.
    shown = {name: str(value) if isinstance(value, int) else value for name, value in values.items()}
    shown["legs"] = [[str(series), str(ratio)] for series, ratio in order.legs]
    content = {
        "chain_id": session.chain.chain_id,
        "contract": _orders(session).address,
        "order": shown,
        "signature": "0x" + signature.hex(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(content, indent=2) + "\n")


def read_offers(session: Session, paths: Sequence[Path], every: bool = False) -> list[Offer]:
    """The offers of files, those of which nothing is left only with `every`. Raises KeelError for a file that is none."""
    found = [_read(session, path) for path in paths]
    statuses = session.chain.read_all(
        [_orders(session).statusOf.prepare(order.fields()) for order, _ in found]
    )
    offers = [
        Offer(order, signature, status.hash, status.leftWad)
        for (order, signature), status in zip(found, statuses, strict=True)
    ]
    return [offer for offer in offers if every or offer.left]


def on_board(session: Session, board: Path) -> list[Offer]:
    """Offers of the board that can still be taken."""
    return read_offers(session, sorted(folder_of(session, board).glob("*.json")))


def _read(session: Session, path: Path) -> tuple[OptionOrder, bytes]:
    try:
        content = json.loads(path.read_text())
        contract, chain_id = str(content["contract"]), int(content["chain_id"])
        values: dict[str, Any] = dict(content["order"])
        signature = bytes.fromhex(content["signature"].removeprefix("0x"))
        values["account"] = bytes.fromhex(values["account"].removeprefix("0x"))
        values["legs"] = tuple((int(series), int(ratio)) for series, ratio in values["legs"])
        numbers = [field.name for field in fields(OptionOrder) if field.type == "int"]
        order = OptionOrder(**(values | {name: int(values[name]) for name in numbers}))
    except OSError as error:
        raise KeelError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeelError(f"{path} is no offer ({error}); take it away") from None
    if (chain_id, contract.lower()) != (session.chain.chain_id, _orders(session).address.lower()):
        raise KeelError(
            f"{path} is an offer on chain {chain_id} to {contract}, not to this domain's option markets"
        )
    return order, signature


def _orders(session: Session) -> Any:
    markets = session.domain.options
    if not markets:
        raise KeelError("no option market is listed")
    return next(iter(markets.values())).orders
