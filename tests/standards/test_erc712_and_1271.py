"""EIP-712 and ERC-1271, sentence by sentence: what is signed for Keel, and whose signature counts.

Every expected hash comes from eth_account's encoder, which knows nothing of Keel's contracts.
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from scripts.common.contract import Contract
from tests.helpers.evm import PyrevmBackend
from tests.helpers.option_orders import TYPES as OPTION_TYPES
from tests.helpers.perp_orders import CHAIN_ID
from tests.helpers.perp_orders import TYPES as PERP_TYPES
from tests.helpers.system import OWNER, STRANGER, System
from tests.standards.clauses import shows

SLICE = ("expiry", "level", "slope", "curvature", "centre", "width")
SLICE_KINDS = ("uint32", "int40", "int40", "uint40", "int40", "uint40")
SURFACE_TYPES = {
    "Update": [
        {"name": "underlying", "type": "uint256"},
        {"name": "timestamp", "type": "uint256"},
        {"name": "slices", "type": "Slice[]"},
    ],
    "Slice": [{"name": name, "type": kind} for name, kind in zip(SLICE, SLICE_KINDS, strict=True)],
}
ACCOUNT = b"\x11" * 32
PERP_ORDER = (ACCOUNT, "0x" + "22" * 20, "0x" + "33" * 20, -5, 6, 7, 1, 2**64, 9, 3, 10**17, 11)
OPTION_ORDER = (
    *(ACCOUNT, "0x" + "22" * 20, "0x" + "33" * 20, [(2**200, -3), (4, 5)]),
    *(-6, -7, 2**64, 9, 3, 10**17),
)
UPDATE = (3, 1_700_000_000, [(1_800_000_000, -1, 2, 3, -(2**39), 5), (1_900_000_000, 1, -2, 3, 4, 2**40 - 1)])
YES, NO, REVERT, NOTHING, BURN = range(5)


def named(values: tuple[Any, ...], kind: str, types: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    """A struct's values by the names of its members, arrays of structs too."""
    fields = {}
    for member, value in zip(types[kind], values, strict=True):
        inner = member["type"].removesuffix("[]")
        fields[member["name"]] = (
            [named(one, inner, types) for one in value] if member["type"] != inner else value
        )
    return fields


def expected(
    contract: Contract, name: str, types: dict[str, list[dict[str, str]]], kind: str, values: tuple[Any, ...]
) -> bytes:
    """The hash that is signed, by the standard's rules."""
    domain = {"name": name, "version": "1", "chainId": CHAIN_ID, "verifyingContract": contract.address}
    message = encode_typed_data(domain, types, named(values, kind, types))
    return keccak(b"\x19\x01" + message.header + message.body)


@pytest.fixture
def signed_for(system: System) -> dict[str, Contract]:
    """Every contract that takes typed signatures, by the name of its signing domain."""
    evm, owner = system.evm, system.evm.accounts[OWNER]
    return {
        "Keel Vault": system.vault,
        "Keel Perp Orders": evm.deploy("PerpOrders", system.vault.address),
        "Keel Option Orders": evm.deploy("OptionOrders", system.vault.address),
        "Keel Volatility Surface": evm.deploy("VolatilitySurface", owner, owner),
    }


@shows("712 encoding", "712 type", "712 arrays")
@pytest.mark.parametrize(
    ("name", "types", "kind", "values"),
    [
        ("Keel Perp Orders", PERP_TYPES, "Order", PERP_ORDER),
        ("Keel Option Orders", OPTION_TYPES, "Order", OPTION_ORDER),
        ("Keel Option Orders", OPTION_TYPES, "Order", (*OPTION_ORDER[:3], [], *OPTION_ORDER[4:])),
        ("Keel Volatility Surface", SURFACE_TYPES, "Update", UPDATE),
        ("Keel Volatility Surface", SURFACE_TYPES, "Update", (0, 0, [])),
    ],
    ids=["perp order", "option order", "order without legs", "surface", "surface without slices"],
)
def test_hashes(
    signed_for: dict[str, Contract], name: str, types: Any, kind: str, values: tuple[Any, ...]
) -> None:
    contract = signed_for[name]
    assert bytes(contract.hashOf(values)) == expected(contract, name, types, kind, values)


@shows("712 fields", "712 private fields", "712 unique")
def test_signing_domains(signed_for: dict[str, Contract]) -> None:
    """Name, version, chain and contract, in that order, and no field beside them; so no two are alike."""
    seen = set()
    for name, contract in signed_for.items():
        fields, told, version, chain, verifier, salt, extensions = contract.eip712Domain()
        assert bytes(fields) == b"\x0f"
        assert (told, version, chain, verifier) == (name, "1", CHAIN_ID, contract.address)
        assert (bytes(salt), list(extensions)) == (bytes(32), [])
        seen.add((told, chain, verifier))
    assert len(seen) == len(signed_for)


@pytest.fixture
def wallet(evm: PyrevmBackend) -> Contract:
    return evm.deploy("MockSigningWallet")


def approve(system: System, wallet: Contract, signature: bytes = b"any") -> None:
    """Submits the wallet's approval of an operator of its account."""
    account = system.account(wallet.address)
    times = (system.evm.now + 3_600, system.evm.now + 60)
    system.vault.setOperatorBySig(account, system.evm.accounts[STRANGER], *times, signature)


@shows("1271 asked", "1271 magic value")
def test_a_contract_is_asked(system: System, wallet: Contract) -> None:
    for answer in (NO, REVERT, NOTHING, BURN):
        wallet.set(answer, "0x" + "00" * 20, b"", False)
        with system.evm.reverts("Vault_BadSignature", system.account(wallet.address)):
            approve(system, wallet)
    wallet.set(YES, "0x" + "00" * 20, b"", False)
    approve(system, wallet)
    stranger = system.evm.accounts[STRANGER]
    assert system.vault.operatorExpiry(system.account(wallet.address), stranger) > system.evm.now


@shows("1271 no state")
def test_a_contract_that_is_asked_changes_nothing(system: System, wallet: Contract) -> None:
    """It is asked by a static call: what it tries in between fails."""
    usdc = system.token("USDC")
    usdc.mint(wallet.address, 10)
    wallet.set(YES, usdc.address, usdc.transfer.encode(system.evm.accounts[STRANGER], 10), True)
    approve(system, wallet)
    assert usdc.balanceOf(wallet.address) == 10


@shows("1271 gas")
def test_a_contract_may_think_for_long(system: System, wallet: Contract) -> None:
    """It wastes 63 of 64 parts of what it gets, of a hundred million, and is still heard."""
    waste = system.evm.accounts[29]
    system.evm.set_code(waste, "0xfe")
    wallet.set(YES, waste, b"", True)
    approve(system, wallet)
    assert system.vault.operatorNonce(system.account(wallet.address)) == 1
