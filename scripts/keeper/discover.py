"""Every account that was ever in an event of the vault or of a listed instrument, and those that each new block
touched.

Events are read in ranges that the node takes. Accounts and the block up to which they are known are written in
one transaction: whenever the process is killed, it goes on where the database says, and an event that is read
twice adds nothing.

Hashes of processed blocks are kept: the latest WINDOW, and of older ones the first of every SPARSE blocks. Where
the chain has another block at the last number, processing goes back to the highest block that is still there, and
what was touched since is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.artifacts import artifacts
from scripts.client.domain import Domain
from scripts.common import abi as codec
from scripts.common.errors import KeelError
from scripts.common.rpc import ChainUnreachable, RpcError
from scripts.keeper.nodes import Nodes, parse_block, parse_hash
from scripts.keeper.perps import instruments
from scripts.keeper.store import Store
from scripts.keeper.types import Alarm, AlarmKind, Block

WINDOW = 256
SPARSE = 4_096
SPAN, LARGEST_SPAN = 2_000, 50_000
EVENTS = (
    *("Deposited", "Withdrawn", "Repaid", "Transferred", "Swapped", "Liquidated", "InstrumentPaid"),
    *("DebtWrittenOff", "ShortfallCovered"),
)
# What lists an instrument: its events count from then on.
LISTED = "InstrumentListed"
# What changes positions or claims of accounts that no event names: all that hold something there are read again.
SWEEPING = ("BucketDeleveraged", "ClaimsReduced")
FUNDED = "FundingAccrued"
ACCOUNT_TYPE = "AccountId"

Checkpoint = tuple[int, str]


@dataclass
class Logs:
    """What the events of a range of blocks say: (block, accounts) of each, instruments in which all accounts may have
    changed, and when (unix seconds) instruments have recorded funding."""

    accounts: list[tuple[int, tuple[bytes, ...]]] = field(default_factory=list)
    swept: set[str] = field(default_factory=set)
    funded: dict[str, int] = field(default_factory=dict)


@dataclass
class Found:
    """What happened up to a block.

    `touched` are the accounts to read again, new ones among them; `everything`: all accounts are, since nobody
    knows any more what was touched. `swept` are instruments whose every account is to be read again. `new` is the
    number of accounts that were not known before.
    """

    touched: set[bytes] = field(default_factory=set)
    swept: set[str] = field(default_factory=set)
    everything: bool = False
    new: int = 0
    alarms: list[Alarm] = field(default_factory=list)


class InstrumentUnknown(KeelError):
    """The vault has listed an instrument since discovery began: open the domain again."""


class _Moved(Exception):
    """The block that processing stands at is not in the chain any more."""


class Discovery:
    """Follows the events of the vault and its instruments from its deployment on.

    `funded` says by instrument when (unix seconds) it last recorded funding, as far as this process has seen it.
    """

    def __init__(self, nodes: Nodes, domain: Domain, store: Store) -> None:
        self._nodes, self._store = nodes, store
        self._vault = domain.vault.address.lower()
        self.instruments = {address.lower(): address for address in instruments(domain)}
        self._first = max(domain.deployed_at - 1, 0)
        self._topics = {codec.topic(entry): places for entry, places in _events(domain.vault.abi)}
        listed = next(entry for entry in domain.vault.abi if entry.get("name") == LISTED)
        self._listed = codec.topic(listed)
        self._of_instruments, self._sweeping, self._funding = _instrument_events(domain)
        self.funded: dict[str, int] = {}
        self._knows_funding = False
        progress = store.progress()
        self.accounts: set[bytes] = set(progress.accounts)
        self._blocks: list[Checkpoint] = progress.blocks
        # By the end of the range in which they were touched; what is older than this process is not here.
        self._touched: dict[int, set[bytes]] = {}
        self._touched_from = self._blocks[-1][0] if self._blocks else self._first
        self.span = SPAN

    @property
    def at(self) -> int:
        """Number of the last block that is processed; one before the deployment if none is."""
        return self._blocks[-1][0] if self._blocks else self._first

    def catch_up(self, head: Block) -> Found:
        """Processes all blocks up to `head`. Raises ChainUnreachable, RpcError, DatabaseError, InstrumentUnknown; what was
        processed before that stays processed."""
        found = Found()
        if not self._blocks:
            self._begin()
        elif not self._knows_funding:
            self._read_funding()
        self._knows_funding = True
        if self.at > head.number or (self.at == head.number and self._blocks[-1][1] != head.hash):
            self._go_back(head, found)
        while self.at < head.number:
            to = min(self.at + self.span, head.number)
            try:
                logs, hash_ = self._read(to, head)
            except _Moved:
                self._go_back(head, found)
                continue
            except (RpcError, ChainUnreachable):
                if to == self.at + 1:
                    raise
                self.span = max((to - self.at) // 2, 1)
                continue
            self._advance(to, hash_, logs, found)
            self.span = min(2 * self.span, LARGEST_SPAN)
        return found

    # Internal

    def _begin(self) -> None:
        hash_ = self._nodes.ask(
            "eth_getBlockByNumber", [hex(self._first), False], lambda answer: parse_block(answer).hash
        )
        self._store.advance({}, self._first, hash_)
        self._blocks = [(self._first, hash_)]

    def _read_funding(self) -> None:
        """When funding was recorded in the last blocks that are processed already."""
        at, first = self.at, max(self.at - self.span, self._first)
        selection = {
            "address": list(self.instruments),
            "fromBlock": hex(first + 1),
            "toBlock": hex(at),
            "topics": [["0x" + topic.hex() for topic in sorted(self._funding)]],
        }
        if not self.instruments:
            return
        calls: list[tuple[str, list[Any]]] = [
            ("eth_getLogs", [selection]),
            ("eth_getBlockByNumber", [hex(at), False]),
        ]
        try:
            self.funded = self._nodes.ask_all(
                calls,
                lambda answers: self._parse(answers[0], first, at, parse_block(answers[1]).timestamp).funded,
            )
        except (RpcError, ChainUnreachable):
            return  # then it counts as old

    def _read(self, to: int, head: Block) -> tuple[Logs, str]:
        """Events after the last block up to `to`, and that one's hash. Raises _Moved."""
        at, hash_ = self._blocks[-1]
        selection = {
            "address": [self._vault, *self.instruments],
            "fromBlock": hex(at + 1),
            "toBlock": hex(to),
            "topics": [["0x" + topic.hex() for topic in self._asked]],
        }

        def parse(answers: list[Any]) -> tuple[bool, Logs, str]:
            here, events, end = answers
            stands = here is not None and parse_block(here).hash == hash_
            last = parse_block(end)
            if to == head.number and last.hash != head.hash:
                raise ValueError(f"block {to} is another one than a moment ago")
            return stands, self._parse(events, at, to, last.timestamp), last.hash

        stands, logs, end = self._nodes.ask_all(
            [
                ("eth_getBlockByNumber", [hex(at), False]),
                ("eth_getLogs", [selection]),
                ("eth_getBlockByNumber", [hex(to), False]),
            ],
            parse,
        )
        if not stands:
            raise _Moved
        return logs, end

    @property
    def _asked(self) -> list[bytes]:
        """Topics of all events that say something; some are the vault's and an instrument's alike."""
        topics = {*self._topics, self._listed, *self._of_instruments, *self._sweeping, *self._funding}
        return sorted(topics)

    def _parse(self, events: Any, after: int, to: int, ended: int) -> Logs:
        """What events say; `ended` is the time of block `to`. Raises ValueError for one that was not asked for,
        InstrumentUnknown."""
        if not isinstance(events, list):
            raise ValueError(f"{events!r} is no list of events")
        logs = Logs()
        for event in events:
            number = int(event["blockNumber"], 16)
            topics = [bytes.fromhex(parse_hash(topic)[2:]) for topic in event["topics"]]
            address = event["address"].lower()
            known = address == self._vault or address in self.instruments
            if not after < number <= to or not known:
                raise ValueError(f"an event of block {number} at {event['address']}")
            if event.get("removed"):
                raise ValueError(f"a removed event of block {number}")
            if address == self._vault:
                if topics[0] == self._listed:
                    self._require_known(topics[1])
                places = self._topics.get(topics[0], ())
            else:
                places = self._of_instruments.get(topics[0], ())
                if topics[0] in self._sweeping:
                    logs.swept.add(self.instruments[address])
                if topics[0] in self._funding:
                    logs.funded[self.instruments[address]] = int(
                        event.get("blockTimestamp") or hex(ended), 16
                    )
            if places:
                logs.accounts.append((number, tuple(topics[place] for place in places)))
        return logs

    def _require_known(self, topic: bytes) -> None:
        """Before the range counts as processed: the new instrument's own events are in it too."""
        address = "0x" + topic[-20:].hex()
        if address not in self.instruments:
            raise InstrumentUnknown(f"the vault has listed the instrument {address}; open the domain again")

    def _advance(self, to: int, hash_: str, logs: Logs, found: Found) -> None:
        touched = {account for _, accounts in logs.accounts for account in accounts}
        seen: dict[bytes, int] = {}
        for number, accounts in logs.accounts:
            for account in accounts:
                if account not in self.accounts:
                    seen.setdefault(account, number)
        blocks = [*self._blocks, (to, hash_)]
        forget = _forgotten(blocks)
        self._store.advance(seen, to, hash_, forget)
        self._blocks = [block for block in blocks if block[0] not in forget] if forget else blocks
        self.accounts.update(seen)
        if touched:
            self._touched[to] = touched
        for number in [number for number in self._touched if number in forget]:
            self._touched_from = max(self._touched_from, number)
            del self._touched[number]
        found.touched |= touched
        found.swept |= logs.swept
        self.funded |= logs.funded
        found.new += len(seen)

    def _go_back(self, head: Block, found: Found) -> None:
        """To the highest processed block that is still in the chain, or to the deployment."""
        before = self.at
        candidates = [block for block in self._blocks if block[0] <= head.number]
        hashes = self._nodes.ask_all(
            [("eth_getBlockByNumber", [hex(number), False]) for number, _ in candidates],
            lambda answers: [answer and parse_block(answer).hash for answer in answers],
        )
        kept = [block for block, hash_ in zip(candidates, hashes, strict=True) if block[1] == hash_]
        to = kept[-1][0] if kept else -1
        self._store.roll_back(to)
        self._blocks = kept
        if not kept:
            self._begin()
        if to < self._touched_from:
            found.everything = True
            self._touched_from = self.at
        for number in [number for number in self._touched if number > to]:
            found.touched |= self._touched.pop(number)
        found.swept |= set(self.instruments.values())
        again = "all accounts are" if found.everything else f"{len(found.touched)} accounts are"
        found.alarms.append(
            Alarm(
                AlarmKind.REORG,
                f"block {before} is not in the chain any more: back to {self.at}, {again} read again",
            )
        )


def _forgotten(blocks: Sequence[Checkpoint]) -> set[int]:
    """Numbers of those that need not be kept: older than the window, and not the first of their stretch."""
    forget: set[int] = set()
    stretch = None
    for number, _ in blocks[:-WINDOW]:
        if number // SPARSE == stretch:
            forget.add(number)
        stretch = number // SPARSE
    return forget


def _events(abi: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], tuple[int, ...]]]:
    """The events of accounts, with the topics in which accounts stand."""
    found = []
    for entry in abi:
        if entry["type"] == "event" and entry["name"] in EVENTS:
            indexed = [component for component in entry["inputs"] if component["indexed"]]
            places = tuple(
                number + 1 for number, component in enumerate(indexed) if component["type"] == "bytes32"
            )
            found.append((entry, places))
    return found


def _instrument_events(domain: Domain) -> tuple[dict[bytes, tuple[int, ...]], set[bytes], set[bytes]]:
    """Of all kinds of instruments: topics of events with the places of accounts, those that may change all accounts,
    and those that record funding.

    An instrument that the deployments file does not know is read by the same events.
    """
    places: dict[bytes, tuple[int, ...]] = {}
    sweeping: set[bytes] = set()
    funding: set[bytes] = set()
    for kind in sorted({"PerpMarket", *_kinds(domain)}):
        for entry in artifacts().get(kind).abi:
            if entry["type"] != "event":
                continue
            indexed = [component for component in entry["inputs"] if component["indexed"]]
            of_accounts = tuple(
                number + 1
                for number, component in enumerate(indexed)
                if component.get("internalType") == ACCOUNT_TYPE
            )
            if of_accounts:
                places[codec.topic(entry)] = of_accounts
            if entry["name"] in SWEEPING:
                sweeping.add(codec.topic(entry))
            if entry["name"] == FUNDED:
                funding.add(codec.topic(entry))
    return places, sweeping, funding


def _kinds(domain: Domain) -> set[str]:
    """Names of the contracts behind the listed instruments, as far as the deployments file knows them."""
    listed = {address.lower() for address in instruments(domain)}
    return {entry.contract for entry in domain.record.entries.values() if entry.address.lower() in listed}
