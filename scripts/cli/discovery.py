"""Events since the domain's creation, every account there is from those of the vault, and how healthy they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scripts.cli.session import Session
from scripts.cli.values import UNBOUNDED
from scripts.common import abi as codec
from scripts.common.contract import Contract
from scripts.common.logs import events_of, logs_of

ACCOUNTS = 100


@dataclass(frozen=True)
class Health:
    """An account's health (None where nothing is required) and equity in dollars, as WADs."""

    account: bytes
    health: int | None
    equity: int


def accounts_of(session: Session) -> list[bytes]:
    """All accounts that the vault has ever spoken of, in the order of their first event. Raises KeelError."""
    domain, chain = session.domain, session.chain
    places = _account_topics(domain.vault.abi)
    found: dict[bytes, None] = {}
    first, last = domain.deployed_at, chain.block_number
    with _reading(session, "finding accounts", first, last) as passed:
        for log in logs_of(chain, domain.vault.address, [list(places)], first, last, passed):
            for place in places[log["topics"][0]]:
                found[bytes.fromhex(log["topics"][place][2:])] = None
    return list(found)


def events(session: Session, contract: Contract, name: str, *indexed: bytes) -> list[dict[str, Any]]:
    """The contract's events of a name since the domain is there, in order, each with its `block`.

    `indexed` are the words of its first indexed parameters. Raises KeelError.
    """
    first, last = session.domain.deployed_at, session.chain.block_number
    with _reading(session, f"reading events of {contract.label}", first, last) as passed:
        return events_of(session.chain, contract, name, indexed, first, last, passed)


@contextmanager
def _reading(session: Session, what: str, first: int, last: int) -> Iterator[Callable[[int], None]]:
    with session.out.waiting(what, total=last - first + 1) as progress:
        yield lambda blocks: progress.advance(progress.task_ids[0], blocks)


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
