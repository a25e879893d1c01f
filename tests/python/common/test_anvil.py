"""scripts/common/anvil.py: a node that outlives its starter, ended by its process id and nobody else's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from scripts.anvil import AnvilProcess
from scripts.common import anvil
from scripts.common.chain import connect
from scripts.common.errors import KeelError

pytestmark = pytest.mark.anvil


@pytest.fixture(autouse=True)
def no_account_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEEL_PRIVATE_KEY", "KEEL_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)


def test_outlives_its_starter_and_ends_by_its_id(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from scripts.common.anvil import start;"
        f"node = start(log=Path({str(tmp_path / 'log')!r}), timestamp=1_700_000_000, accounts=3, ether=7);"
        "print(node.pid, node.port)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    pid, port = map(int, output.split())
    try:
        chain = connect(f"http://127.0.0.1:{port}", chain_id=31337)
        assert chain.balance(chain.accounts[2]) == 7 * 10**18
        assert len(chain.accounts) == 3
        assert chain.now == 1_700_000_000
        assert anvil.is_running(pid)
    finally:
        assert anvil.stop(pid)
    assert not anvil.is_running(pid)
    assert not anvil.stop(pid)
    assert (tmp_path / "log").stat().st_size > 0


def test_blocks_come_at_intervals(tmp_path: Path) -> None:
    node = anvil.start(log=tmp_path / "log", block_seconds=1)
    try:
        chain = connect(node.url)
        tx = chain.deploy_tx("MockERC20", "USD Coin", "USDC", 6)[1]
        assert chain.block_number == tx.block_number
        assert tx.block_number >= 1
    finally:
        anvil.stop(node.pid)
    assert not anvil.is_running(node.pid)


def test_with_a_base_fee_and_small_blocks_a_script_sends_all_the_same(tmp_path: Path) -> None:
    node = anvil.start(log=tmp_path / "log", options=["--gas-limit", "30000000", "--base-fee", "1000000000"])
    try:
        chain = connect(node.url)
        token = chain.deploy("MockERC20", "USD Coin", "USDC", 6)
        txs = chain.send_all([token.mint.prepare(to, 1) for to in chain.accounts * 3], one_block=True)
        assert len({tx.block_number for tx in txs}) == 1
        assert chain.read_all([token.balanceOf.prepare(to) for to in chain.accounts]) == [3] * 10
        assert chain.balance(chain.account) < 10_000 * 10**18
    finally:
        anvil.stop(node.pid)


def test_states_of_old_blocks_answer_and_go_with_the_node(tmp_path: Path) -> None:
    node = anvil.start(log=tmp_path / "log", options=["--max-persisted-states", "2000", "--base-fee", "0"])
    chain = connect(node.url)
    to = chain.accounts[1]
    chain.rpc("anvil_setBalance", to, "0x7")
    chain.rpc("anvil_mine", "0x1")
    old = chain.block_number
    chain.rpc("anvil_mine", "0x1")
    chain.rpc("anvil_setBalance", to, "0x8")
    chain.rpc("anvil_mine", hex(1_500))
    assert chain.rpc("eth_getBalance", to, hex(old)) == "0x7"
    (folder,) = tmp_path.glob("anvil-states-*")
    assert any(path.is_file() for path in folder.rglob("*")), "old states are on disk here"
    chain.close()
    os.kill(node.pid, signal.SIGKILL)
    os.waitpid(node.pid, 0)
    left = set(folder.rglob("*"))
    assert left
    again = anvil.start(log=tmp_path / "log", port=node.port)
    try:
        assert not left & set(folder.rglob("*"))
    finally:
        anvil.stop(again.pid)
    assert not folder.exists()


def test_a_process_of_ones_own_leaves_nothing() -> None:
    with AnvilProcess() as node:
        words = psutil.Process(node.pid).cmdline()
        folder = Path(words[words.index("--cache-path") + 1])
        node.rpc("anvil_mine", hex(1_500))
        assert any(path.is_file() for path in folder.rglob("*"))
        os.kill(node.pid, signal.SIGKILL)
    assert not folder.exists()


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(KeelError, match=f"port {port} of this machine is taken"):
            anvil.start(log=tmp_path / "log", port=port)


def test_a_start_that_fails_tells_why(tmp_path: Path) -> None:
    with pytest.raises(KeelError, match=r"did not start on port \d+: .*; all it said is in .*log"):
        anvil.start(log=tmp_path / "log", options=["--no-such-option"])


def test_other_processes_are_left_alone() -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert not anvil.stop(bystander.pid)
        assert bystander.poll() is None
    finally:
        bystander.send_signal(signal.SIGKILL)
        bystander.wait()
