"""Events since the domain's creation, every account there is from those of the vault, and how healthy they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.cli.session import Session
from scripts.cli.values import UNBOUNDED
from scripts.common import abi as codec
from scripts.common.contract import Contract
from scripts.common.rpc import RpcError

BLOCKS, FEWEST_BLOCKS = 20_000, 10
ACCOUNTS = 100


@dataclass(frozen=True)
class Health:
    """An account's health (None where nothing is required) and equity in dollars, as WADs."""

    account: bytes
    health: int | None
    equity: int


def accounts_of(session: Session) -> list[bytes]:
    """All accounts that the vault has ever spoken of, in the order of their first event. Raises KeelError."""
    domain = session.domain
    places = _account_topics(domain.vault.abi)
    found: dict[bytes, None] = {}
    for log in _logs(session, domain.vault.address, [list(places)], domain.deployed_at, "finding accounts"):
        for place in places[log["topics"][0]]:
            found[bytes.fromhex(log["topics"][place][2:])] = None
    return list(found)


def events(
    session: Session, contract: Contract, name: str, topics: dict[str, bytes], first: int | None = None
) -> list[dict[str, Any]]:
    """The contract's events of a name, in order, with `block`; since the block `first`, or since the domain is there.

    `topics` are the values of its first indexed parameters. Raises KeelError.
    """
    entry = next(entry for entry in contract.abi if entry["type"] == "event" and entry["name"] == name)
    wanted = ["0x" + codec.topic(entry).hex(), *("0x" + value.hex() for value in topics.values())]
    start = session.domain.deployed_at if first is None else first
    found = []
    for log in _logs(session, contract.address, wanted, start, f"reading events of {contract.label}"):
        words = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        _, values = session.chain.dictionary.event(words, bytes.fromhex(log["data"][2:]))
        found.append({**values, "block": int(log["blockNumber"], 16)})
    return found


def _logs(
    session: Session, address: str, topics: Sequence[Any], first: int, what: str
) -> Iterator[dict[str, Any]]:
    """Logs up to the latest block. A range of blocks that the node finds too long is halved."""
    rpc, last, size = session.chain.rpc, session.chain.block_number, BLOCKS
    with session.out.waiting(what, total=last - first + 1) as progress:
        while first <= last:
            end = min(first + size - 1, last)
            span = {"address": address, "fromBlock": hex(first), "toBlock": hex(end)}
            try:
                logs = rpc("eth_getLogs", {**span, "topics": topics})
            except RpcError:
                if size <= FEWEST_BLOCKS:
                    raise
                size //= 2
                continue
            yield from logs
            progress.advance(progress.task_ids[0], end - first + 1)
            first = end + 1


def healths(session: Session, accounts: Sequence[bytes]) -> list[Health]:
    """Health and equity of accounts, the least healthy first."""
    lens, rows = session.domain.lens, []
    with session.out.waiting("reading health", total=len(accounts)) as progress:
        for start in range(0, len(accounts), ACCOUNTS):
            chunk = accounts[start : start + ACCOUNTS]
            calls = [lens.healthMany.prepare(chunk), *(lens.equity.prepare(account) for account in chunk)]
            values, *equities = session.chain.read_all(calls)
            rows += [
                Health(account, value if value < UNBOUNDED else None, equity)
                for account, value, equity in zip(chunk, values, equities, strict=True)
            ]
            progress.advance(progress.task_ids[0], len(chunk))
    return sorted(rows, key=lambda row: (row.health is None, row.health or 0, row.account))


def _account_topics(abi: Sequence[dict[str, Any]]) -> dict[str, list[int]]:
    """By an event's topic the places among its topics in which accounts stand."""
    places: dict[str, list[int]] = {}
    for entry in abi:
        if entry["type"] == "event":
            indexed = [part for part in entry["inputs"] if part["indexed"]]
            found = [
                place for place, part in enumerate(indexed, 1) if part.get("internalType") == "AccountId"
            ]
            if found:
                places["0x" + codec.topic(entry).hex()] = found
    return places
