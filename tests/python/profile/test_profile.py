"""scripts/profile: what it attributes adds up to the receipt's gas, and is told apart as the EVM charges it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts.common.errors import KeelError
from scripts.profile.__main__ import of_transaction
from scripts.profile.report import Profile, Row, function_table
from scripts.profile.sources import COMPILER
from scripts.profile.trace import (
    CALLDATA,
    CALLS,
    HASHING,
    INTRINSIC,
    LOGS,
    STORAGE_COLD,
    STORAGE_WARM,
    STORAGE_WRITE,
    TRANSIENT,
)
from tests.helpers.anvil_backend import AnvilBackend
from tests.helpers.system import WAD, System

pytestmark = pytest.mark.anvil

CALLER, CALLEE = "0x" + "ca" * 20, "0x" + "ce" * 20
SENT = 50_000


@pytest.fixture(scope="module")
def traded(session_anvil: AnvilBackend) -> System:
    """A domain on Anvil whose first trader owes dollars."""
    system = System.deploy(session_anvil)
    owner = session_anvil.accounts[3]
    system.deposit(owner, "WETH", 10)
    system.borrow(owner, "USDC", 1_000)
    return system


def profiled(evm: AnvilBackend, hash_: str) -> Profile:
    found = of_transaction(evm.rpc, hash_)
    receipt = evm.rpc("eth_getTransactionReceipt", hash_)
    assert found.gas_used == int(receipt["gasUsed"], 16)
    assert sum(row.gas for row in found.rows) == found.gas_used + found.refund
    assert sum(found.kinds.values()) == found.gas_used + found.refund
    return found


def row(found: Profile, contract: str, function: str) -> Row:
    return next(one for one in found.rows if (one.contract, one.function) == (contract, function))


def sent(evm: AnvilBackend, to: str) -> str:
    return evm.transact(evm.accounts[0], to, b"", 0, None, bytes).hash


def test_a_borrow_adds_up_and_is_told_by_contract(traded: System, anvil: AnvilBackend) -> None:
    owner = anvil.accounts[3]
    tx = traded.vault.borrow(traded.account(owner), traded["USDC"], 10**9, owner, sender=owner)
    found = profiled(anvil, tx.hash)
    assert found.refund == 0
    assert {"Vault", "LendingPool", "RiskEngine", "MockERC20", "MockAggregator"} <= {
        contract for contract, _ in found.by_contract()
    }
    # A Chainlink answer each for dollars and ether; the feed's own slot is its own. Brownie's artifacts know no libraries.
    readers = ("ChainlinkFeed.read", COMPILER)
    asked = [one for one in found.rows if one.contract == "RiskEngine" and one.function in readers]
    assert 2 * 2_600 <= sum(one.kinds.get(CALLS, 0) for one in asked) < 2 * 2_700
    assert row(found, "MockAggregator", "MockAggregator.latestRoundData").kinds[STORAGE_COLD] == 2 * 2_100
    assert found.kinds[INTRINSIC] == 21_000
    data = bytes.fromhex(anvil.rpc("eth_getTransactionByHash", tx.hash)["input"][2:])
    assert found.kinds[CALLDATA] >= sum(16 if byte else 4 for byte in data)
    assert found.kinds[TRANSIENT] % 100 == 0 < found.kinds[TRANSIENT]


def test_the_tree_of_calls_has_what_each_used_with_its_own(traded: System, anvil: AnvilBackend) -> None:
    owner = anvil.accounts[3]
    tx = traded.vault.borrow(traded.account(owner), traded["USDC"], 10**9, owner, sender=owner)
    found = profiled(anvil, tx.hash)
    first, *others = found.calls
    assert (first.depth, first.contract, first.function) == (0, "Vault", "borrow")
    charged = sum(one.gas for one in found.rows if one.contract == "(transaction)")
    assert first.gas == found.gas_used - charged
    assert sum(call.gas for call in others if call.depth == 1) < first.gas
    assert (1, "RiskEngine", "assess") in [(call.depth, call.contract, call.function) for call in others]


def test_refunds_are_shown(traded: System, anvil: AnvilBackend) -> None:
    token, owner = traded.token("USDC"), anvil.accounts[3]
    token.approve(owner, 1, sender=owner)
    tx = token.approve(owner, 0, sender=owner)
    found = profiled(anvil, tx.hash)
    assert found.refund == 4_800
    assert found.kinds[STORAGE_WRITE] == 2_100 + 2_900
    assert found.document()["refund"] == 4_800


def test_what_runs_by_delegation_counts_for_its_own_contract(traded: System, anvil: AnvilBackend) -> None:
    tx = traded.vault.setPaused(True)
    found = profiled(anvil, tx.hash)
    assert [(call.contract, call.function) for call in found.calls] == [
        ("Vault", "setPaused"),
        ("VaultAdmin", "setPaused"),
    ]
    assert row(found, "VaultAdmin", "VaultAdmin.setPaused").kinds[LOGS] > 0


def test_gas_that_a_call_burns_is_the_callees(anvil: AnvilBackend) -> None:
    # CALLER calls CALLEE with SENT gas; CALLEE reads a slot twice, then runs into an invalid instruction.
    anvil.set_code(CALLER, f"5f5f5f5f5f73{CALLEE[2:]}62{SENT:06x}f100")
    anvil.set_code(CALLEE, "5f545f54fe")
    found = profiled(anvil, sent(anvil, CALLER))
    assert found.failed == SENT - 2_100 - 100 - 4
    assert [call.gas for call in found.calls if call.depth == 1] == [SENT]
    assert found.kinds[STORAGE_COLD] == 2_100
    assert found.kinds[STORAGE_WARM] == 100
    assert found.kinds[CALLS] == 2_600


def test_memory_that_a_return_touches_first_is_counted(anvil: AnvilBackend) -> None:
    anvil.set_code(CALLER, f"5f5f5f5f73{CALLEE[2:]}62{SENT:06x}fa00")
    anvil.set_code(CALLEE, "6104005ff3")  # 32 words
    found = profiled(anvil, sent(anvil, CALLER))
    assert [call.gas for call in found.calls] == [
        4 * 2 + 3 + 3 + 2_600 + 3 + 2 + 32 * 3 + 2,
        3 + 2 + 32 * 3 + 2,
    ]


def test_precompiles_count_as_hashing(anvil: AnvilBackend) -> None:
    anvil.set_code(CALLER, "5f5f5f5f6002620186a0fa00")  # SHA-256 of nothing
    found = profiled(anvil, sent(anvil, CALLER))
    assert found.kinds[HASHING] == 60 + 100
    assert len(found.calls) == 1


def test_a_deployment_and_a_plain_payment_add_up(anvil: AnvilBackend) -> None:
    token = anvil.deploy("MockERC20", "Token", "TKN", 18)
    assert token.address
    block: dict[str, Any] = anvil.rpc("eth_getBlockByNumber", "latest", True)
    assert profiled(anvil, block["transactions"][-1]["hash"]).gas_used > 500_000
    assert profiled(anvil, sent(anvil, anvil.accounts[1])).kinds[INTRINSIC] == 21_000


def test_the_documents_sums_are_the_tables(traded: System, anvil: AnvilBackend) -> None:
    owner = anvil.accounts[3]
    tx = traded.vault.withdraw(traded.account(owner), traded["WETH"], WAD, owner, sender=owner)
    found = profiled(anvil, tx.hash)
    document = json.loads(json.dumps(found.document()))
    assert sum(contract["gas"] for contract in document["contracts"]) == tx.gas_used + found.refund
    table = function_table(found, 300)
    assert table.columns[1]._cells[-1] == f"{tx.gas_used:,}"


def test_an_unknown_transaction_is_named(anvil: AnvilBackend) -> None:
    with pytest.raises(KeelError, match=f"no transaction 0x{'ab' * 32}"):
        of_transaction(anvil.rpc, "0x" + "ab" * 32)
