"""A keeper whose only way to the chain delays, drops, truncates and corrupts: it takes over what it should, once, and loses
nothing but gas; when the network is well again nothing is left undone."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from tests.helpers.crash import CrashChain
from tests.helpers.faulty import FAULTS, FaultyNetwork
from tests.helpers.keepers import KeeperProcess, is_takeover, transactions, wait_until, wait_until_begun

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

# Together as far as a takeover still pays for itself, whenever it comes.
FALLS = ("0.95", "0.97", "0.97", "0.97")
TROUBLED_SECONDS, PATIENCE = 4.0, 20.0
ENOUGH = 5


@pytest.mark.parametrize("seed", [1, 2])
def test_a_keeper_on_a_network_that_fails(seed: int) -> None:
    with CrashChain() as world, FaultyNetwork(world.url, seed) as network:
        accounts = world.open(16)
        signer = world.key(0)
        before = world.chain.balance(signer.address)
        keeper = KeeperProcess(
            world, signer, "keeper", rpc=(network.url,), timeout_seconds=1.0, poll_seconds=0.1
        )
        wait_until_begun([keeper])
        network.trouble = 0.35
        deadline = time.monotonic() + TROUBLED_SECONDS + PATIENCE
        for fall in FALLS:
            world.crash(Decimal(fall))
            time.sleep(TROUBLED_SECONDS / len(FALLS))
        while min(network.counts[fault] for fault in FAULTS) < ENOUGH:
            assert time.monotonic() < deadline, f"the network was well: {network.counts}"
            time.sleep(0.05)
        network.trouble = 0.0
        wait_until(lambda: not world.unhealthy(accounts), 60)
        wait_until(
            lambda: not [one for one in keeper.actions() if one["status"] in ("signed", "sent", "mined")], 60
        )
        assert keeper.end() == 0
        taken = [event["account"] for event in world.takeovers()]
        assert len(taken) >= 5
        receipts = transactions(world, signer.address)
        gas = sum(int(one["gasUsed"], 16) * int(one["effectiveGasPrice"], 16) for one in receipts)
        assert before - world.chain.balance(signer.address) == gas
        rows = keeper.actions()
        assert len({row["nonce"] for row in rows if row["status"] == "done"}) == len(
            [row for row in rows if row["status"] == "done"]
        )
        # Its account is empty, and what it says it earned is what it has.
        assert world.domain.vault.holdings(signer.address + "00" * 12)[0] == []
        earned = sum(int(row["profit"]) for row in rows if row["status"] == "done")
        assert world.domain["USDC"].token.balanceOf(signer.address) == earned
        assert all(int(row["profit"]) > 0 for row in rows if row["status"] == "done" and is_takeover(row))
