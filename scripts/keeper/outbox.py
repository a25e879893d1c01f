"""Transactions from the moment they are signed until they are mined, replaced, or lost.

Each is written down before it is sent: with its nonce, its hash and the signed bytes. So whenever the process is
killed, the next one looks every open one up by hash and nonce and goes on: sends again what nobody has seen and
what would still succeed, forgets what would not. All attempts of an action share its nonce, so that at most one
of them is ever mined.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from scripts.common.rpc import ChainUnreachable, HalfAnswer
from scripts.keeper import fees as pricing
from scripts.keeper.fees import Fees
from scripts.keeper.store import Store
from scripts.keeper.types import Alarm, AlarmKind, Block
from scripts.keeper.wire import Found, Receipt, Rejected, Wire

SIGNED, SENT, MINED = "signed", "sent", "mined"
DONE, FAILED, LOST, DROPPED = "done", "failed", "lost", "dropped"
CANCEL_GAS = 21_000
SURE_LOOKS = 3
# For so many blocks a nonce is stepped over that the node says somebody else's transaction has.
BLOCKED_BLOCKS = 5


@dataclass
class Attempt:
    """One signed transaction. `private`: only the relay has it. `cancels`: it does nothing but use the nonce."""

    hash: str
    raw: str
    max_fee: int
    tip: int
    legacy: bool
    block: int
    private: bool = False
    cancels: bool = False

    @property
    def fees(self) -> Fees:
        """What it pays."""
        return Fees(self.max_fee, self.tip, self.legacy)


@dataclass
class Entry:
    """What an action says of itself in the database: `about` is what was planned, amounts as text.

    `most_fee` is the most it may ever pay for a unit of gas, in wei.
    """

    kind: str
    to: str
    data: str
    gas: int
    most_fee: int
    about: dict[str, Any] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)

    def dump(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> Entry:
        """From JSON."""
        content = json.loads(text)
        content["attempts"] = [Attempt(**attempt) for attempt in content["attempts"]]
        return cls(**content)


class Outcome(NamedTuple):
    """What became of sending: the status, why it is not "sent", and the node's refusal if there is one."""

    status: str
    reason: str = ""
    refusal: Rejected | None = None


@dataclass(frozen=True)
class Ended:
    """An action that has ended: its row as it was, how, and the receipt if one of its transactions was mined."""

    row: dict[str, Any]
    entry: Entry
    status: str
    reason: str = ""
    receipt: Receipt | None = None


def next_nonce(mined: int, waiting: int, own: Collection[int], blocked: Collection[int] = ()) -> int:
    """The nonce of the next transaction: the first one that nobody has.

    `mined` and `waiting` are counts of the node, `own` nonces of open actions, which the node may have dropped or
    never seen, `blocked` those that the node has said are taken.
    """
    nonce = mined
    while nonce < waiting or nonce in own or nonce in blocked:
        nonce += 1
    return nonce


class Outbox:
    """Open transactions of one key, in `store`.

    `replace_after` and `private_for` count blocks, `confirmations` those in which one must be before it counts.
    `most_to_cancel` is what a unit of gas may cost, in wei, to call one back that holds up others.
    `settle` says of a receipt what became of the action: status, reason, and columns of its row.
    """

    def __init__(
        self,
        store: Store,
        wire: Wire,
        settle: Callable[[Entry, Receipt], tuple[str, str, dict[str, Any]]],
        *,
        replace_after: int = 3,
        private_for: int = 5,
        confirmations: int = 1,
        most_to_cancel: int = 0,
    ) -> None:
        self._store, self._wire, self._settle = store, wire, settle
        self._replace_after, self._private_for = replace_after, private_for
        self._confirmations, self._most_to_cancel = confirmations, most_to_cancel
        # By nonce the block at which the node said so.
        self._blocked: dict[int, int] = {}
        self._doubted: Counter[int] = Counter()
        self.alarms: list[Alarm] = []

    def open(self) -> list[dict[str, Any]]:
        """Rows of actions that have not ended."""
        return self._store.open_actions()

    def accounts(self) -> set[bytes]:
        """Accounts for which something is on the way; what waits for confirmations alone is not."""
        return {bytes(row["account"]) for row in self.open() if row["status"] != MINED}

    def send(self, account: bytes, seen: Block, entry: Entry, fees: Fees) -> Outcome:
        """Signs, writes down, sends. Raises DatabaseError before anything is sent."""
        wire = self._wire
        mined, waiting = wire.counts()
        self._blocked = {
            nonce: block
            for nonce, block in self._blocked.items()
            if nonce >= mined and abs(seen.number - block) < BLOCKED_BLOCKS
        }
        nonce = next_nonce(mined, waiting, self._nonces(), self._blocked)
        attempt = self._sign(nonce, entry.to, bytes.fromhex(entry.data), entry.gas, fees, seen.number)
        attempt.private = wire.relay is not None
        entry.attempts.append(attempt)
        action = self._store.begin(
            account=account,
            seen_block=seen.number,
            plan=entry.dump(),
            status=SIGNED,
            sender=wire.address,
            nonce=nonce,
            tx_hash=attempt.hash,
        )
        outcome = self._broadcast(attempt)
        if outcome.refusal and outcome.refusal.nonce_taken:
            self._blocked[nonce] = seen.number
        if outcome.refusal and outcome.refusal.nonce_used:
            # Perhaps by this one: a node that broke off may have sent it on. The next looks tell.
            outcome = outcome._replace(status=SIGNED)
        self._store.update(action, status=outcome.status, reason=outcome.reason)
        return outcome

    def track(self, head: Block) -> Iterator[Ended]:
        """Looks all open transactions up; those that have ended. To be called after every block and at the start."""
        rows = self.open()
        if not rows:
            return
        # The count before the receipts: what it counts has a receipt by then.
        mined, _ = self._wire.counts()
        entries = [Entry.load(row["plan"]) for row in rows]
        looks = self._wire.look([attempt.hash for entry in entries for attempt in entry.attempts])
        for row, entry in zip(rows, entries, strict=True):
            try:
                ended = self._look(row, entry, looks, mined, head)
            except HalfAnswer as error:
                # Nothing is known of this one; the others are not to wait for it.
                self._alarm(str(error))
                continue
            if ended:
                yield ended

    # Internal

    def _nonces(self) -> set[int]:
        return {row["nonce"] for row in self.open() if row["sender"] == self._wire.address}

    def _look(
        self,
        row: dict[str, Any],
        entry: Entry,
        looks: Mapping[str, Found | HalfAnswer],
        mined: int,
        head: Block,
    ) -> Ended | None:
        found = {attempt.hash: looks[attempt.hash] for attempt in entry.attempts}
        for look in found.values():
            if isinstance(look, Found) and look.receipt:
                self._doubted.pop(row["id"], None)
                return self._mined(row, entry, look.receipt, head)
        for look in found.values():
            if isinstance(look, HalfAnswer):
                raise look
        if row["sender"] != self._wire.address:
            return self._end(row, entry, DROPPED, f"the keeper had another key, {row['sender']}; not mined")
        if row["status"] == MINED:
            # Its block is no more.
            self._store.update(row["id"], status=SENT, reason="its block is no more", block=None)
        if row["nonce"] < mined:
            if self._is_sure(row):
                return self._end(row, entry, DROPPED, "another transaction of the same key has its nonce")
            return None
        attempt = entry.attempts[-1]
        latest = found[attempt.hash]
        if not attempt.private and isinstance(latest, Found) and latest.is_known:
            self._doubted.pop(row["id"], None)
            if row["status"] == SIGNED:
                self._store.update(row["id"], status=SENT)
        elif row["status"] == SIGNED or not attempt.private:
            return self._again(row, entry, attempt)
        waited = head.number - attempt.block
        if attempt.private and waited >= self._private_for:
            attempt.private = False
            return self._again(row, entry, attempt)
        if not attempt.private and waited >= self._replace_after:
            self._replace(row, entry, attempt, head)
        return None

    def _mined(self, row: dict[str, Any], entry: Entry, receipt: Receipt, head: Block) -> Ended | None:
        if head.number - receipt.block + 1 < self._confirmations:
            if row["status"] != MINED or row["block"] != receipt.block:
                self._store.update(row["id"], status=MINED, block=receipt.block, tx_hash=receipt.hash)
            return None
        columns = {
            "tx_hash": receipt.hash,
            "block": receipt.block,
            "gas_used": receipt.gas_used,
            "gas_price": receipt.gas_price,
        }
        attempt = next(attempt for attempt in entry.attempts if attempt.hash == receipt.hash)
        if attempt.cancels:
            return self._end(row, entry, LOST, f"called back: {row['reason']}", columns, receipt)
        status, reason, more = self._settle(entry, receipt)
        return self._end(row, entry, status, reason, columns | more, receipt)

    def _again(self, row: dict[str, Any], entry: Entry, attempt: Attempt) -> Ended | None:
        """Sends what the node does not have, if it would still succeed: its limits are inside of it."""
        if not attempt.cancels:
            problem = self._wire.reverts(entry.to, bytes.fromhex(entry.data))
            if problem and self._is_sure(row):
                return self._end(row, entry, DROPPED, f"never mined, and by now it would revert: {problem}")
            if problem:
                return None
        outcome = self._broadcast(attempt)
        if outcome.refusal and not outcome.refusal.nonce_used:
            return self._end(row, entry, DROPPED, outcome.reason)
        self._store.update(row["id"], status=SENT if outcome.refusal else outcome.status, plan=entry.dump())
        return None

    def _is_sure(self, row: dict[str, Any]) -> bool:
        """Whether it was said often enough that a transaction is no more: a node that is a block behind others, or
        the one of several behind an address that answers, does not know what is mined already."""
        self._doubted[row["id"]] += 1
        if self._doubted[row["id"]] < SURE_LOOKS:
            return False
        del self._doubted[row["id"]]
        return True

    def _replace(self, row: dict[str, Any], entry: Entry, stuck: Attempt, head: Block) -> None:
        """The same with higher fees; nothing in its place where it would revert by now, and where it holds up others
        while gas costs more than it may."""
        problem = "" if stuck.cancels else self._wire.reverts(entry.to, bytes.fromhex(entry.data))
        cancels, market = stuck.cancels or bool(problem), self._wire.market(head)
        fees = pricing.bumped(stuck.fees, market, entry.most_fee)
        if fees is None and any(nonce > row["nonce"] for nonce in self._nonces()):
            fees = pricing.bumped(stuck.fees, market, max(self._most_to_cancel, entry.most_fee))
            cancels, problem = True, problem or "gas costs more than it may, and others wait for it"
        if fees is None:
            self._alarm(
                f"transaction {stuck.hash} is not mined since block {stuck.block}, and more than"
                f" {stuck.max_fee} wei per gas would cost more than it may ({entry.most_fee})"
            )
            return
        to, data, gas = (
            (self._wire.address, b"", CANCEL_GAS)
            if cancels
            else (entry.to, bytes.fromhex(entry.data), entry.gas)
        )
        attempt = self._sign(row["nonce"], to, data, gas, fees, head.number)
        attempt.cancels = cancels
        entry.attempts.append(attempt)
        reason = problem or row["reason"]
        self._store.update(row["id"], plan=entry.dump(), tx_hash=attempt.hash, reason=reason)
        outcome = self._broadcast(attempt)
        if outcome.refusal:
            # One of the attempts before is still there, or mined by now: the next look tells.
            self._alarm(f"a replacement of {stuck.hash} was refused: {outcome.reason}")

    def _sign(self, nonce: int, to: str, data: bytes, gas: int, fees: Fees, block: int) -> Attempt:
        raw, hash_ = self._wire.sign(nonce, to, data, gas, fees)
        return Attempt(hash_, raw, fees.max_fee, fees.tip, fees.legacy, block)

    def _broadcast(self, attempt: Attempt) -> Outcome:
        """SENT, SIGNED where nobody knows whether it went out, or DROPPED with the node's refusal."""
        try:
            self._wire.send(attempt.raw, attempt.private)
        except Rejected as error:
            if attempt.private:
                # A relay that refuses is no reason to wait.
                attempt.private = False
                return self._broadcast(attempt)
            if error.is_poor:
                self._alarm(f"{self._wire.address} cannot pay for gas: {error}")
            return Outcome(DROPPED, str(error), error)
        except ChainUnreachable as error:
            if attempt.private:
                attempt.private = False
                return self._broadcast(attempt)
            self._alarm(f"unknown whether transaction {attempt.hash} went out: {error}")
            return Outcome(SIGNED)
        return Outcome(SENT)

    def _end(
        self,
        row: dict[str, Any],
        entry: Entry,
        status: str,
        reason: str,
        columns: dict[str, Any] | None = None,
        receipt: Receipt | None = None,
    ) -> Ended:
        self._store.update(row["id"], status=status, reason=reason, **(columns or {}))
        return Ended({**row, **(columns or {})}, entry, status, reason, receipt)

    def _alarm(self, text: str) -> None:
        self.alarms.append(Alarm(AlarmKind.SENDING, text))
