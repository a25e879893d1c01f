"""Accounts as liquidation judges them, many in one call, and the market that judgements depend on.

The contract AccountScan is not deployed: its code stands at an address that nobody has, for the length of
each `eth_call` (a state override, which all common nodes know).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scripts.artifacts import ArtifactError, artifacts
from scripts.client.domain import Domain
from scripts.common import abi as codec
from scripts.common.errors import KeelError
from scripts.common.rpc import ChainUnreachable, HalfAnswer, RpcError
from scripts.keeper.nodes import Nodes
from scripts.keeper.perps import MOMENT_SECONDS, MOMENTS, MarketState, listed_perps, read_states
from scripts.keeper.types import Block, Failure, Snapshot, Status

SCANNER = "0x4b65656c4163636f756e745363616e0000000000"
GAS_EACH = 2_000_000
GAS_ALONE = 10 * GAS_EACH
CHUNK, LARGEST_CHUNK = 250, 2_000
CHUNK_SECONDS = 1.0
GROWTH_PERCENT = 125
# Amounts are valued a billion at a time, or cheap tokens would lose the digits of their price.
VALUED_DECIMALS = 9
WORD = 32
WORDS_OF_VALUES = 5
_BIT_247, _MASK_248 = 1 << 247, (1 << 248) - 1


@dataclass(frozen=True, slots=True)
class Market:
    """What judgements depend on at the end of `block`, by numbers of underlyings and assets.

    `prices` and `half_widths` are WADs, `rates` units of the underlying for one token, `indices` the debt indices of
    pools (1 where there is no pool), `perps` the states of perpetual markets by address. `book` is the address of the
    risk book, `clock` the engine's.
    """

    block: Block
    clock: int
    book: str
    prices: tuple[int, ...]
    half_widths: tuple[int, ...]
    statuses: tuple[Status, ...]
    rates: tuple[float, ...]
    indices: tuple[float, ...]
    perps: Mapping[str, MarketState] = field(default_factory=dict)


class Scanner:
    """Reads accounts in chunks of the size that the node takes."""

    def __init__(self, nodes: Nodes, domain: Domain) -> None:
        self._nodes, self._domain = nodes, domain
        try:
            artifact = artifacts().get("AccountScan")
        except ArtifactError as error:
            raise KeelError(str(error)) from None
        self._code = "0x" + artifact.runtime
        self._accounts, self._market = (
            next(entry for entry in artifact.abi if entry.get("name") == name)
            for name in ("accounts", "market")
        )
        self._amounts = [10 ** (asset.decimals + VALUED_DECIMALS) for asset in domain.assets]
        self.chunk = CHUNK
        self.perps = listed_perps(domain)

    # The market

    def market(self, block: Block) -> Market:
        """The market at the end of `block`. Raises HalfAnswer where nodes go on answering for another moment; while
        it mines the next block Anvil does, and a look later does not."""
        for _ in range(MOMENTS):
            try:
                return self._whole_market(block)
            except HalfAnswer:
                time.sleep(MOMENT_SECONDS)
        return self._whole_market(block)

    # Accounts

    def scan(self, accounts: Sequence[bytes], block: Block) -> list[Snapshot | Failure]:
        """Each account at the end of `block`, in order.

        Where a node refuses or does not answer in time the chunk is halved, down to one account. Raises
        ChainUnreachable, RpcError.
        """
        results: list[Snapshot | Failure] = []
        while len(results) < len(accounts):
            chunk = accounts[len(results) : len(results) + self.chunk]
            began = time.monotonic()
            try:
                read = self._read(chunk, block, GAS_EACH)
            except (RpcError, ChainUnreachable):
                if len(chunk) == 1:
                    raise
                self.chunk = max(len(chunk) // 2, 1)
                continue
            if time.monotonic() - began > CHUNK_SECONDS:
                self.chunk = max(len(read) // 2, 1)
            elif len(read) < len(chunk):
                self.chunk = len(read)
            elif len(chunk) == self.chunk:
                self.chunk = min(self.chunk * GROWTH_PERCENT // 100 + 1, LARGEST_CHUNK)
            results += read
        return [self._again(result, block) for result in results]

    # Internal

    def _whole_market(self, block: Block) -> Market:
        market = self._ask_market(block)
        return replace(market, perps=read_states(self._domain, self.perps, hex(block.number)))

    def _ask_market(self, block: Block) -> Market:
        data = codec.selector(self._market) + codec.encode(
            self._market["inputs"], [*self._contracts, len(self._domain.feeds), self._amounts]
        )
        return self._nodes.ask(*self._call(data, block), lambda answer: self._parse_market(answer, block))

    def _parse_market(self, answer: Any, block: Block) -> Market:
        """Raises ValueError for what is not of this block, or not whole."""
        if answer == "0x":
            raise ValueError("nothing; does the node know state overrides of eth_call?")
        found = codec.decode_result(self._market["outputs"], bytes.fromhex(answer[2:]))
        if found.time != block.timestamp:
            raise ValueError(f"time {found.time}; expected {block.timestamp}")
        if len(found.prices) != len(self._domain.feeds) or len(found.assets) != len(self._amounts):
            raise ValueError(f"{len(found.prices)} prices and {len(found.assets)} assets")
        prices = tuple(price.priceWad for price in found.prices)
        return Market(
            block,
            found.clock,
            found.book,
            prices,
            tuple(price.halfWidthWad for price in found.prices),
            tuple(Status(price.status) for price in found.prices),
            tuple(
                listing.valueWad / (prices[asset.underlying] * 10**VALUED_DECIMALS)
                for asset, listing in zip(self._domain.assets, found.assets, strict=True)
            ),
            tuple((listing.debtIndexWad or 10**18) / 10**18 for listing in found.assets),
        )

    def _again(self, result: Snapshot | Failure, block: Block) -> Snapshot | Failure:
        """A judgement without a reason may have wanted more gas: alone it gets more."""
        if isinstance(result, Snapshot) or result.data:
            return result
        try:
            return self._read([result.account], block, GAS_ALONE)[0]
        except (RpcError, ChainUnreachable):
            return result

    def _read(self, accounts: Sequence[bytes], block: Block, gas: int) -> list[Snapshot | Failure]:
        data = codec.selector(self._accounts) + codec.encode(
            self._accounts["inputs"], [*self._contracts, list(accounts), gas]
        )
        return self._nodes.ask(
            *self._call(data, block), lambda answer: _records(answer, accounts, block.number)
        )

    @property
    def _contracts(self) -> tuple[str, str]:
        return self._domain.vault.address, self._domain.risk.address

    def _call(self, data: bytes, block: Block) -> tuple[str, list[Any]]:
        request = {"to": SCANNER, "data": "0x" + data.hex()}
        return "eth_call", [request, hex(block.number), {SCANNER: {"code": self._code}}]


def _records(answer: str, accounts: Sequence[bytes], block: int) -> list[Snapshot | Failure]:
    """The packed answer of AccountScan; at least one record. Raises ValueError for what is not whole."""
    data = bytes.fromhex(answer[2:])
    if int.from_bytes(data[:WORD]) != WORD or len(data) < 3 * WORD:
        raise ValueError("no packed accounts")
    end = 2 * WORD + int.from_bytes(data[WORD : 2 * WORD])
    done = int.from_bytes(data[2 * WORD : 3 * WORD])
    if len(data) != end or not 1 <= done <= len(accounts):
        raise ValueError(f"{done} of {len(accounts)} accounts in {len(data)} bytes")
    words = [int.from_bytes(data[at : at + WORD]) for at in range(3 * WORD, end, WORD)]
    records: list[Snapshot | Failure] = []
    at = 0
    for account in accounts[:done]:
        head = words[at]
        if head & 0xFF:
            holdings = at + WORDS_OF_VALUES
            instruments = holdings + (head >> 8 & 0xFF)
            after = instruments + (head >> 16 & 0xFF)
            if after > len(words):
                raise ValueError("the last account is not whole")
            equity = words[at + 1]
            records.append(
                Snapshot(
                    account,
                    block,
                    tuple(_holding(word) for word in words[holdings:instruments]),
                    tuple(codec.checksum(f"0x{word:040x}") for word in words[instruments:after]),
                    equity - (1 << 256) if equity >> 255 else equity,
                    words[at + 2],
                    words[at + 3],
                    words[at + 4],
                    Status(head >> 24 & 0xFF),
                    head >> 32 & 0xFFFFFFFF,
                )
            )
        else:
            length = head >> 64 & 0xFFFF
            after = at + 1 + -(-length // WORD)
            start = 3 * WORD + (at + 1) * WORD
            if after > len(words):
                raise ValueError("the last account is not whole")
            records.append(Failure(account, block, data[start : start + length]))
        at = after
    if at != len(words):
        raise ValueError(f"{len(words) - at} words too many")
    return records


def _holding(word: int) -> tuple[int, int]:
    amount = word & _MASK_248
    return word >> 248, amount - (1 << 248) if amount & _BIT_247 else amount
