"""Signatures used again, elsewhere, later, or by somebody else; and operators who stay too long."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_checksum_address

from scripts.common.contract import Contract
from tests.helpers.evm import Backend
from tests.helpers.system import STRANGER, TRADER, USDC, WAD, WETH, System

CHAIN_ID = 31337
FIELDS = {
    "account": "bytes32",
    "operator": "address",
    "expiry": "uint256",
    "nonce": "uint256",
    "deadline": "uint256",
}


def sign(
    system: System, signer: str, vault: Contract, message: dict[str, Any], chain_id: int = CHAIN_ID
) -> bytes:
    """The signer's EIP-712 approval of an operator."""
    domain = {"name": "Keel Vault", "version": "1", "chainId": chain_id, "verifyingContract": vault.address}
    types = {"SetOperator": [{"name": name, "type": kind} for name, kind in FIELDS.items()]}
    key = system.evm.keys[system.evm.accounts.index(signer)]
    return bytes(Account.sign_message(encode_typed_data(domain, types, message), key).signature)


@pytest.fixture
def approval(system: System) -> dict[str, Any]:
    """What the trader signs: a stranger may act for an hour."""
    evm = system.evm
    account = system.deposit(evm.accounts[TRADER], "WETH", 10)
    operator = evm.accounts[STRANGER]
    times = {"expiry": evm.now + 3_600, "deadline": evm.now + 60}
    return {"account": account, "operator": operator, "nonce": 0, **times}


def submit(system: System, message: dict[str, Any], signature: bytes, vault: Contract | None = None) -> None:
    vault = vault or system.vault
    values = [message[name] for name in ("account", "operator", "expiry", "deadline")]
    vault.setOperatorBySig(*values, signature, sender=system.evm.accounts[STRANGER])


def test_a_signature_counts_once(system: System, approval: dict[str, Any]) -> None:
    """The owner ends the approval, the operator submits the old signature once more."""
    evm, vault, owner = system.evm, system.vault, system.evm.accounts[TRADER]
    signature = sign(system, owner, vault, approval)
    submit(system, approval, signature)
    vault.withdraw(
        approval["account"], system["WETH"], WAD, evm.accounts[STRANGER], sender=evm.accounts[STRANGER]
    )
    vault.setOperator(approval["account"], approval["operator"], 0, sender=owner)
    with evm.reverts("Vault_BadSignature", approval["account"]):
        submit(system, approval, signature)
    with evm.reverts("Vault_NotAuthorised", approval["account"], approval["operator"]):
        vault.withdraw(approval["account"], system["WETH"], 1, owner, sender=evm.accounts[STRANGER])


def test_a_signature_counts_for_one_vault_on_one_chain(
    system: System, approval: dict[str, Any], evm: Backend
) -> None:
    """A signature for one domain's vault is taken to another's, or to another chain's."""
    other = System.deploy(evm, (USDC, WETH), stake=0)
    owner = evm.accounts[TRADER]
    for signature, vault in (
        (sign(system, owner, system.vault, approval), other.vault),
        (sign(system, owner, system.vault, approval, chain_id=1), system.vault),
        (sign(system, owner, evm.at("Vault", admin_of(system)), approval), system.vault),
    ):
        with evm.reverts("Vault_BadSignature", approval["account"]):
            submit(system, approval, signature, vault)


def admin_of(system: System) -> str:
    """Address of the vault's second contract: the first one that the vault created."""
    payload = b"\x94" + bytes.fromhex(system.vault.address[2:]) + b"\x01"
    return str(to_checksum_address(keccak(bytes([0xC0 + len(payload)]) + payload)[12:]))


@pytest.mark.parametrize(
    "change",
    [{"operator": "0x" + "11" * 20}, {"expiry": 2**40}, {"deadline": 2**40}, {"account": b"\x07" * 32}],
    ids=["operator", "expiry", "deadline", "account"],
)
def test_a_signature_says_what_it_says(
    system: System, approval: dict[str, Any], change: dict[str, Any]
) -> None:
    """Somebody changes one word of what was signed."""
    signature = sign(system, system.evm.accounts[TRADER], system.vault, approval)
    with system.evm.reverts("Vault_BadSignature"):
        submit(system, approval | change, signature)


def test_a_signature_has_a_deadline(system: System, approval: dict[str, Any]) -> None:
    """It is found in a drawer a year later."""
    signature = sign(system, system.evm.accounts[TRADER], system.vault, approval)
    system.evm.warp(61)
    with system.evm.reverts("Vault_SignatureExpired", approval["deadline"]):
        submit(system, approval, signature)


def test_a_strangers_signature_is_none(system: System, approval: dict[str, Any]) -> None:
    """The operator signs for himself; a wallet without code signs with nothing."""
    signature = sign(system, system.evm.accounts[STRANGER], system.vault, approval)
    for bytes_ in (signature, b"", b"\0" * 65, signature[:64]):
        with system.evm.reverts("Vault_BadSignature", approval["account"]):
            submit(system, approval, bytes_)


def test_an_operator_leaves_when_his_time_is_up(system: System, approval: dict[str, Any]) -> None:
    """He still has the account open, and makes himself an operator for ever while he may: he may not."""
    evm, vault, operator = system.evm, system.vault, system.evm.accounts[STRANGER]
    submit(system, approval, sign(system, evm.accounts[TRADER], vault, approval))
    with evm.reverts("Vault_NotAuthorised", approval["account"], operator):
        vault.setOperator(approval["account"], operator, 2**40, sender=operator)
    with evm.reverts("Vault_NotAuthorised", approval["account"], operator):
        vault.execute([vault.setOperator.encode(approval["account"], operator, 2**40)], sender=operator)
    evm.warp(3_600)
    vault.withdraw(approval["account"], system["WETH"], 1, operator, sender=operator)
    evm.warp(1)
    with evm.reverts("Vault_NotAuthorised", approval["account"], operator):
        vault.withdraw(approval["account"], system["WETH"], 1, operator, sender=operator)


def test_the_second_contract_of_the_vault_is_nobodys(system: System) -> None:
    """What the vault calls by delegation is called at its own address: it has no accounts, and no owner of
    use.
    """
    evm = system.evm
    admin = evm.at("VaultAdmin", admin_of(system))
    for who in evm.accounts[:5]:
        with evm.reverts(None):
            admin.setSwapAdapter(who, True, sender=who)
        with evm.reverts(None):
            admin.setPaused(True, sender=who)
    for place in (admin, evm.at("VaultAdmin", system.vault)):
        with evm.isolation():
            try:
                place.initialise(evm.accounts[5], evm.accounts[5], sender=evm.accounts[5])
            except evm.Reverted as refusal:
                assert refusal.name == "VaultAdmin_Initialised"
                continue
            assert place == admin, "the vault is its owner's"
