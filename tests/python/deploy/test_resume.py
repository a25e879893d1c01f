"""A run that is killed at any transaction, before it is sent or after, and the next one that goes on."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import pytest

from scripts.deploy import deploy
from scripts.deploy.record import Record

CHAIN_ID = 31337


class Killed(BaseException):
    """What a signal does: nothing in the script handles it."""


class Mortal:
    """Executes transactions until one, at which the process ends."""

    def __init__(self, evm, last: int, after: bool) -> None:
        self.left, self.after, self._transact = last, after, evm.transact
        self.creations: Counter[bytes] = Counter()

    def __call__(self, sender, to, data, value, gas, decode):
        if self.left == 0 and not self.after:
            raise Killed
        tx = self._transact(sender, to, data, value, gas, decode)
        if to is None:
            self.creations[data] += 1
        if self.left == 0:
            raise Killed
        self.left -= 1
        return tx


@pytest.fixture
def path(tmp_path):
    return tmp_path / f"{CHAIN_ID}.json"


def reopened(path, evm) -> Record:
    """What the next process reads."""
    return Record.open(path, CHAIN_ID) or Record(path, CHAIN_ID, "", "main", evm.accounts[0])


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_each_transaction(evm, path, monkeypatch, after):
    with evm.isolation(), monkeypatch.context() as patched:
        immortal = Mortal(evm, 0, after=True)
        immortal.left = -1
        patched.setattr(evm, "transact", immortal)
        whole = deploy(evm)
        total = -1 - immortal.left
        expected = {key: entry.contract for key, entry in whole.record.entries.items()}
    assert total > 70
    # Every other transaction for each way to die; together with the other parameter all of them.
    for last in range(int(after), total, 2):
        path.unlink(missing_ok=True)
        with evm.isolation(), monkeypatch.context() as patched:
            mortal = Mortal(evm, last, after)
            patched.setattr(evm, "transact", mortal)
            with pytest.raises(Killed):
                deploy(evm, record=reopened(path, evm))
            mortal.left = -1
            deployment = deploy(evm, record=reopened(path, evm))
            assert deployment.compared == whole.compared
            entries = deployment.record.entries
            assert {key: entry.contract for key, entry in entries.items()} == expected, last
            assert len({entry.address for entry in entries.values()}) == len(expected)
            twice = [code for code, count in mortal.creations.items() if count > 1]
            assert not twice, f"killed at {last}: something was deployed twice"
            if last % 10 < 2:
                assert deploy(evm, record=reopened(path, evm)).sent == 0


def test_the_core_begins_anew_when_the_account_sent_something_else_in_between(evm, path, monkeypatch):
    with monkeypatch.context() as patched:
        creations = 0

        def until_the_vault(key, entry, put=Record.put):
            nonlocal creations
            put(record, key, entry)
            if key == "vault":
                raise Killed

        record = reopened(path, evm)
        patched.setattr(record, "put", until_the_vault)
        with pytest.raises(Killed):
            deploy(evm, record=record)
    left = reopened(path, evm)
    assert "risk" in left and left.pending is not None
    began = left["risk"].address
    evm.deploy("MockERC20", "else", "ELSE", 18)
    deployment = deploy(evm, record=left)
    assert deployment.risk.address != began
    assert deployment.vault.riskEngine() == deployment.risk.address
    assert deployment.risk.riskParameters() == deployment.parameters.address


def test_the_record_is_whole_at_any_time(evm, path, monkeypatch):
    seen = []

    def say(_: str) -> None:
        seen.append(json.loads(path.read_text())["contracts"])

    deploy(evm, record=reopened(path, evm), say=say)
    assert all(set(before) <= set(later) for before, later in pairwise(seen))
    assert json.loads(path.read_text())["complete"]
    assert not list(path.parent.glob("*.json.*"))
