"""Transactions on their way: nonces, replacement, relay, and what a restart makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from hypothesis import given
from hypothesis import strategies as st

from scripts.anvil import AnvilProcess
from scripts.common.rpc import HalfAnswer, Rpc
from scripts.keeper.fees import Fees, Market
from scripts.keeper.nodes import Nodes
from scripts.keeper.outbox import Ended, Entry, Outbox, next_nonce
from scripts.keeper.store import Identity, Store
from scripts.keeper.types import Block
from scripts.keeper.wire import Found, Receipt, Rejected, Wire

pytestmark = pytest.mark.anvil

GWEI = 10**9
TARGET = "0xdeaDDeADDEaDdeaDdEAddEADDEAdDeadDEADDEaD"
REVERTS = "0x60006000fd"
ACCOUNT = b"\x01" * 32
CHEAP = Fees(2 * GWEI, GWEI)


def settle(entry: Entry, receipt: Receipt) -> tuple[str, str, dict[str, Any]]:
    """As the actor does, without a domain."""
    return ("done", "", {"profit": 5}) if receipt.succeeded else ("failed", "reverted", {"profit": 0})


class Desk:
    """An Anvil that mines when told, and a keeper's outbox on it, which can be opened anew."""

    def __init__(self, anvil: AnvilProcess, folder: Path) -> None:
        self.rpc, self.url, self._folder = anvil.rpc, anvil.url, folder
        self.signer: LocalAccount = Account.from_key(b"\x42" * 32)
        self.rpc("anvil_setBalance", self.signer.address, hex(10**20))
        self.rpc("evm_setAutomine", False)
        self._store: Store | None = None
        self.outbox = self.start()

    def start(self, relay: Rpc | None = None, **options: Any) -> Outbox:
        """Another process with the same database and key."""
        if self._store:
            self._store.close()
        genesis = self.rpc("eth_getBlockByNumber", "0x0", False)["hash"]
        identity = Identity(31337, genesis, TARGET)
        self._store = Store(f"sqlite:///{self._folder}/keeper.db", identity)
        self.wire = Wire(Nodes([self.url]), 31337, self.signer, relay, tip=GWEI)
        self.outbox = Outbox(self._store, self.wire, settle, **options)
        return self.outbox

    def close(self) -> None:
        if self._store:
            self._store.close()

    def send(self, fees: Fees = CHEAP, most: int = 100 * GWEI, outbox: Outbox | None = None) -> str:
        entry = Entry("take over", TARGET, "", 50_000, most)
        return (outbox or self.outbox).send(ACCOUNT, self.head(), entry, fees)[0]

    def head(self) -> Block:
        return Nodes([self.url]).head()

    def mine(self, count: int = 1) -> None:
        for _ in range(count):
            self.rpc("evm_mine")

    def track(self, times: int = 1) -> list[Ended]:
        return [ended for _ in range(times) for ended in self.outbox.track(self.head())]

    def rows(self) -> list[dict[str, Any]]:
        assert self._store
        return self._store.actions()

    def nonce(self) -> int:
        return int(self.rpc("eth_getTransactionCount", self.signer.address, "latest"), 16)

    def waiting(self) -> list[dict[str, Any]]:
        """The key's transactions in the node's pool, by nonce."""
        pool = self.rpc("txpool_content")
        found: dict[str, Any] = {}
        for part in ("pending", "queued"):
            for address, by_nonce in pool[part].items():
                if address.lower() == self.signer.address.lower():
                    found |= by_nonce
        return [found[nonce] for nonce in sorted(found, key=int)]

    def drop_all(self) -> None:
        """The node forgets what waits."""
        self.rpc("anvil_dropAllTransactions")

    def mine_full(self, count: int = 1) -> None:
        """Blocks that have no room for anything."""
        for _ in range(count):
            self.rpc("evm_setBlockGasLimit", hex(1_000))
            self.rpc("evm_mine")
            self.rpc("evm_setBlockGasLimit", hex(30_000_000))

    def foreign(self, nonce: int, fee: int = 2 * GWEI) -> str:
        """A transaction of the same key that this keeper knows nothing of."""
        raw, hash_ = self.wire.sign(nonce, self.signer.address, b"", 21_000, Fees(fee, fee // 2))
        self.rpc("eth_sendRawTransaction", raw)
        return hash_


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with AnvilProcess() as anvil:
        desk = Desk(anvil, tmp_path)
        yield desk
        desk.close()


# --- nonces ---


@given(
    st.integers(0, 50),
    st.integers(0, 5),
    st.sets(st.integers(0, 60)),
    st.sets(st.integers(0, 60)),
)
def test_the_next_nonce_is_the_first_that_nobody_has(
    mined: int, more: int, own: set[int], blocked: set[int]
) -> None:
    nonce = next_nonce(mined, mined + more, own, blocked)
    taken = set(range(mined + more)) | own | blocked
    assert nonce not in taken
    assert all(other in taken for other in range(nonce))


def test_several_are_on_their_way_and_are_mined_together(desk: Desk) -> None:
    assert [desk.send() for _ in range(3)] == ["sent"] * 3
    assert [int(row["nonce"], 16) for row in desk.waiting()] == [0, 1, 2]
    assert desk.track() == []
    desk.mine()
    ended = desk.track()
    assert [one.status for one in ended] == ["done"] * 3
    assert {row["status"] for row in desk.rows()} == {"done"}
    assert all(row["profit"] == 5 and row["gas_used"] and row["block"] for row in desk.rows())


def test_a_gap_is_filled(desk: Desk) -> None:
    desk.send()
    desk.send()
    first, second = desk.waiting()
    desk.rpc("anvil_dropTransaction", first["hash"])
    # The node's count has gone back to 0; the one that was dropped is still ours.
    desk.track()
    assert [row["hash"] for row in desk.waiting()] == [first["hash"], second["hash"]]
    desk.mine()
    assert [one.status for one in desk.track()] == ["done", "done"]


def test_foreign_transactions_of_the_same_key_are_stepped_over(desk: Desk) -> None:
    desk.foreign(0)
    assert desk.send() == "sent"
    assert [int(row["nonce"], 16) for row in desk.waiting()] == [0, 1]
    desk.mine()
    assert [one.status for one in desk.track()] == ["done"]


def test_one_whose_nonce_somebody_else_used_is_dropped(desk: Desk) -> None:
    desk.send()
    desk.drop_all()
    desk.foreign(0)
    desk.mine()
    ended = desk.track(times=3)
    assert [one.status for one in ended] == ["dropped"] and "same key" in ended[0].reason
    assert desk.send() == "sent"
    desk.mine()
    assert [one.status for one in desk.track()] == ["done"] and desk.nonce() == 2


def test_a_nonce_that_the_node_says_is_taken_is_not_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A node that hides what waits: its count says 0 is free.
    desk.foreign(0, fee=50 * GWEI)
    monkeypatch.setattr(desk.wire, "counts", lambda: (0, 0))
    assert desk.send() == "dropped"
    assert desk.send() == "sent"
    assert [int(row["nonce"], 16) for row in desk.waiting()] == [0, 1]
    # The foreign one is gone without being mined: its nonce is needed again, or nothing after it is ever mined.
    desk.drop_all()
    desk.mine(5)
    assert desk.send() == "sent"
    assert [int(row["nonce"], 16) for row in desk.waiting()] == [0]


# --- stuck ---


def test_a_stuck_one_is_replaced_with_higher_fees(desk: Desk) -> None:
    desk.start(replace_after=2)
    desk.send(CHEAP)
    (stuck,) = desk.waiting()
    desk.mine_full()
    desk.track()
    assert [row["hash"] for row in desk.waiting()] == [stuck["hash"]]
    desk.mine_full()
    desk.track()
    (better,) = desk.waiting()
    assert better["hash"] != stuck["hash"] and better["nonce"] == stuck["nonce"]
    for field in ("maxFeePerGas", "maxPriorityFeePerGas"):
        assert int(better[field], 16) > int(stuck[field], 16) * 11 // 10
    desk.mine()
    (ended,) = desk.track()
    assert ended.status == "done" and desk.rows()[0]["tx_hash"] == better["hash"] and desk.nonce() == 1


def test_fees_rise_to_what_it_may_cost_and_no_further(desk: Desk) -> None:
    desk.start(replace_after=1)
    desk.send(CHEAP, most=3 * GWEI)
    for _ in range(4):
        desk.mine_full()
        desk.track()
    assert int(desk.waiting()[0]["maxFeePerGas"], 16) <= 3 * GWEI
    assert any("more than it may" in alarm.text for alarm in desk.outbox.alarms)


def test_a_stuck_one_that_would_revert_by_now_is_called_back(desk: Desk) -> None:
    desk.start(replace_after=1)
    desk.send(CHEAP)
    desk.rpc("anvil_setCode", TARGET, REVERTS)
    desk.mine_full()
    desk.track()
    (instead,) = desk.waiting()
    assert instead["to"].lower() == desk.signer.address.lower() and int(instead["gas"], 16) == 21_000
    desk.mine()
    (ended,) = desk.track()
    assert ended.status == "lost" and desk.rows()[0]["gas_used"] == 21_000


def test_one_that_gas_is_too_dear_for_does_not_hold_up_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.start(replace_after=1, most_to_cancel=200 * GWEI)
    monkeypatch.setattr(desk.wire, "market", lambda _: Market(50 * GWEI, GWEI))
    desk.send(CHEAP, most=3 * GWEI)
    desk.mine_full()
    desk.track()
    assert desk.waiting()[0]["to"].lower() == TARGET.lower()  # alone it waits for cheaper gas
    desk.send(Fees(150 * GWEI, GWEI), most=150 * GWEI)
    desk.track()
    assert desk.waiting()[0]["to"].lower() == desk.signer.address.lower()
    desk.mine()
    ended = desk.track()
    assert [one.status for one in ended] == ["lost", "done"] and "others wait" in ended[0].reason


# --- restarts ---


def test_killed_before_it_was_sent_it_is_sent_by_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(desk.wire, "send", killed)
    with pytest.raises(KeyboardInterrupt):
        desk.send()
    assert desk.waiting() == [] and desk.rows()[0]["status"] == "signed"
    desk.start()
    desk.track()
    assert [row["hash"] for row in desk.waiting()] == [desk.rows()[0]["tx_hash"]]
    desk.mine()
    assert [one.status for one in desk.track()] == ["done"] and desk.nonce() == 1


def test_killed_after_it_was_sent_it_is_not_sent_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    send = desk.wire.send

    def killed(*args: Any) -> None:
        send(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(desk.wire, "send", killed)
    with pytest.raises(KeyboardInterrupt):
        desk.send()
    assert len(desk.waiting()) == 1 and desk.rows()[0]["status"] == "signed"
    desk.mine()
    desk.start()
    (ended,) = desk.track()
    assert ended.status == "done" and desk.nonce() == 1 and len(desk.rows()) == 1


@pytest.mark.parametrize("moment", range(10))
def test_killed_at_any_step_each_action_is_mined_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    # Two actions, each begun, sent and noted, then followed to their end: killed before or after one of these
    # steps, and everything is looked at again by the next process.
    steps = 0

    def dying(step: Any) -> Any:
        def run(*args: Any, **fields: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps * 2 - 1 == moment:
                raise KeyboardInterrupt
            result = step(*args, **fields)
            if steps * 2 == moment:
                raise KeyboardInterrupt
            return result

        return run

    with monkeypatch.context() as patch:
        patch.setattr(Store, "begin", dying(Store.begin))
        patch.setattr(Store, "update", dying(Store.update))
        patch.setattr(desk.wire, "send", dying(desk.wire.send))
        try:
            desk.send()
            desk.send()
            desk.mine()
            desk.track()
        except KeyboardInterrupt:
            assert moment
    desk.start()
    begun = len(desk.rows())
    for _ in range(2 - begun):
        desk.send()
    for _ in range(4):
        desk.track()
        desk.mine()
    assert [row["status"] for row in desk.rows()] == ["done", "done"]
    assert desk.nonce() == 2 and desk.waiting() == []


def test_half_an_answer_about_one_leaves_it_open(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.send()
    desk.mine()

    def half(hashes: list[str]) -> Any:
        return {hash_: HalfAnswer("half") for hash_ in hashes}

    with monkeypatch.context() as patch:
        patch.setattr(desk.wire, "look", half)
        assert desk.track(times=5) == [] and desk.rows()[0]["status"] == "sent"
        assert [alarm.text for alarm in desk.outbox.alarms] == ["half"] * 5
    assert [one.status for one in desk.track()] == ["done"]


def test_what_was_never_sent_and_would_revert_by_now_is_forgotten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(desk.wire, "send", killed)
    with pytest.raises(KeyboardInterrupt):
        desk.send()
    desk.rpc("anvil_setCode", TARGET, REVERTS)
    desk.start()
    (ended,) = desk.track(times=3)
    assert ended.status == "dropped" and desk.waiting() == []
    desk.rpc("anvil_setCode", TARGET, "0x")
    desk.send()
    assert [int(row["nonce"], 16) for row in desk.waiting()] == [0]


def test_a_node_that_lags_does_not_have_a_mined_one_forgotten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Behind one address one node has mined it, which therefore reverts by now; another one knows nothing of it.
    desk.start(confirmations=2)
    desk.send()
    desk.mine()
    desk.track()
    with monkeypatch.context() as patch:
        patch.setattr(desk.wire, "look", lambda hashes: {hash_: Found(None, False) for hash_ in hashes})
        patch.setattr(desk.wire, "counts", lambda: (0, 0))
        patch.setattr(desk.wire, "reverts", lambda *_: "healthy")
        assert desk.track(times=2) == []
    assert desk.track() == []
    desk.mine()
    assert [one.status for one in desk.track()] == ["done"]


def test_what_one_node_sent_before_it_broke_off_is_not_given_up_for_the_next_ones_refusal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = desk.wire.send

    def sent_twice(raw: str, private: bool = False) -> None:
        send(raw, private)
        desk.mine()
        raise Rejected("nonce too low")

    monkeypatch.setattr(desk.wire, "send", sent_twice)
    assert desk.send() == "signed"
    assert [one.status for one in desk.track()] == ["done"] and desk.nonce() == 1


def test_what_another_key_sent_is_looked_up_and_let_go(desk: Desk) -> None:
    desk.send()
    desk.mine()
    desk.send()
    desk.signer = Account.from_key(b"\x43" * 32)
    desk.start()
    assert sorted(one.status for one in desk.track()) == ["done", "dropped"]


def test_a_block_that_is_no_more_takes_its_transactions_back(desk: Desk) -> None:
    desk.start(confirmations=3)
    snapshot = desk.rpc("evm_snapshot")
    desk.send()
    desk.mine()
    assert desk.track() == [] and desk.rows()[0]["status"] == "mined"
    desk.rpc("evm_revert", snapshot)
    desk.track()
    assert desk.rows()[0]["status"] == "sent" and len(desk.waiting()) == 1
    desk.mine(3)
    (ended,) = desk.track()
    assert ended.status == "done"


# --- what nodes and relays say ---


def test_a_key_without_ether_is_an_alarm(desk: Desk) -> None:
    desk.rpc("anvil_setBalance", desk.signer.address, "0x0")
    assert desk.send() == "dropped"
    assert any("cannot pay" in alarm.text for alarm in desk.outbox.alarms)


def test_a_relay_gets_it_first_and_the_public_after_some_blocks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    private: list[str] = []
    desk.start(relay=Rpc(desk.url), private_for=2)
    assert desk.wire.relay

    def take(raw: Any) -> None:
        private.append(bytes(raw).hex())

    monkeypatch.setattr(desk.wire.relay.eth, "send_raw_transaction", take)
    assert desk.send() == "sent"
    assert len(private) == 1 and desk.waiting() == []
    desk.mine()
    desk.track()
    assert desk.waiting() == []
    desk.mine()
    desk.track()
    assert [row["hash"] for row in desk.waiting()] == [desk.rows()[0]["tx_hash"]]
    desk.mine()
    assert [one.status for one in desk.track()] == ["done"]


def test_a_relay_that_is_down_is_gone_around(desk: Desk) -> None:
    desk.start(relay=Rpc("http://127.0.0.1:9", 1))
    assert desk.send() == "sent" and len(desk.waiting()) == 1


@pytest.mark.parametrize(
    ("text", "used", "taken", "poor"),
    [
        ("nonce too low: next nonce 5, tx nonce 4", True, False, False),
        ("replacement transaction underpriced", False, True, False),
        ("insufficient funds for gas * price + value", False, False, True),
        ("transaction type not supported", False, False, False),
        ("transaction underpriced: tip needed 1, tip permitted 0", False, False, False),
    ],
)
def test_reasons_of_nodes_are_told_apart(text: str, used: bool, taken: bool, poor: bool) -> None:
    rejected = Rejected(text)
    assert (rejected.nonce_used, rejected.nonce_taken, rejected.is_poor) == (used, taken, poor)
