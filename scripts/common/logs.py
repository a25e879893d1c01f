"""Logs of a contract over any range of blocks, whatever range the node takes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from scripts.common import abi as codec
from scripts.common.contract import Contract
from scripts.common.rpc import RpcError

BLOCKS, FEWEST_BLOCKS = 20_000, 10


def logs_of(
    chain: Any,
    address: str,
    topics: Sequence[Any],
    first: int,
    last: int,
    passed: Callable[[int], None] = lambda blocks: None,
) -> Iterator[dict[str, Any]]:
    """Logs as the node gives them, in order; `passed` hears how many blocks are through.

    A range of blocks that the node finds too long is halved. Raises RpcError, ChainUnreachable.
    """
    size = BLOCKS
    while first <= last:
        end = min(first + size - 1, last)
        span = {"address": address, "fromBlock": hex(first), "toBlock": hex(end)}
        try:
            logs = chain.rpc("eth_getLogs", {**span, "topics": topics})
        except RpcError:
            if size <= FEWEST_BLOCKS:
                raise
            size //= 2
            continue
        yield from logs
        passed(end - first + 1)
        first = end + 1


def events_of(
    chain: Any,
    contract: Contract,
    name: str,
    indexed: Sequence[bytes],
    first: int,
    last: int,
    passed: Callable[[int], None] = lambda blocks: None,
) -> list[dict[str, Any]]:
    """The values of a contract's events of a name, in order, each with its `block`.

    `indexed` are the words of its first indexed parameters.
    """
    entry = next(entry for entry in contract.abi if entry["type"] == "event" and entry["name"] == name)
    topics = ["0x" + word.hex() for word in (codec.topic(entry), *indexed)]
    found = []
    for log in logs_of(chain, contract.address, topics, first, last, passed):
        words = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        _, values = chain.dictionary.event(words, bytes.fromhex(log["data"][2:]))
        found.append({**values, "block": int(log["blockNumber"], 16)})
    return found
