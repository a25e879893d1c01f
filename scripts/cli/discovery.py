"""Every account there is, from the vault's events since its creation, and how healthy they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.cli.session import Session
from scripts.cli.values import UNBOUNDED
from scripts.common import abi as codec
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
    """All accounts that the vault has ever spoken of, in the order of their first event. Raises KeelError.

    A range of blocks that the node finds too long is halved.
    """
    domain, rpc = session.domain, session.chain.rpc
    places = _account_topics(domain.vault.abi)
    found: dict[bytes, None] = {}
    first, last, size = domain.deployed_at, session.chain.block_number, BLOCKS
    with session.out.waiting("finding accounts", total=last - first + 1) as progress:
        while first <= last:
            end = min(first + size - 1, last)
            span = {"address": domain.vault.address, "fromBlock": hex(first), "toBlock": hex(end)}
            try:
                logs = rpc("eth_getLogs", {**span, "topics": [list(places)]})
            except RpcError:
                if size <= FEWEST_BLOCKS:
                    raise
                size //= 2
                continue
            for log in logs:
                for place in places[log["topics"][0]]:
                    found[bytes.fromhex(log["topics"][place][2:])] = None
            progress.advance(progress.task_ids[0], end - first + 1)
            first = end + 1
    return list(found)


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


def _account_topics(abi: Sequence[dict]) -> dict[str, list[int]]:
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
