"""ERC-2612, sentence by sentence: permits of the shares of pools, backstop and virtual AMM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_orders import CHAIN_ID, malleated
from tests.standards.clauses import shows
from tests.standards.vaults import CASES, VaultCase

FIELDS = {
    "owner": "address",
    "spender": "address",
    "value": "uint256",
    "nonce": "uint256",
    "deadline": "uint256",
}
TYPES = {"Permit": [{"name": name, "type": kind} for name, kind in FIELDS.items()]}
NOBODY = "0x" + "00" * 20


@pytest.fixture(scope="module", params=list(CASES))
def deployed(request: pytest.FixtureRequest) -> VaultCase:
    return CASES[request.param](PyrevmBackend())


@pytest.fixture
def case(deployed: VaultCase) -> Iterator[VaultCase]:
    with deployed.evm.isolation():
        yield deployed


def permit(case: VaultCase, **changes: Any) -> dict[str, Any]:
    """What the user signs: the friend may spend 77 shares within a minute."""
    times = {"nonce": case.vault.nonces(case.user), "deadline": case.evm.now + 60}
    return {"owner": case.user, "spender": case.friend, "value": 77, **times, **changes}


def sign(
    case: VaultCase, message: dict[str, Any], signer: str | None = None, chain: int = CHAIN_ID, at: Any = None
) -> bytes:
    """The signature of the user, or another."""
    domain = {
        "name": case.vault.name(),
        "version": "1",
        "chainId": chain,
        "verifyingContract": at or case.vault.address,
    }
    key = case.evm.keys[case.evm.accounts.index(signer or case.user)]
    return bytes(Account.sign_message(encode_typed_data(domain, TYPES, message), key).signature)


def submit(case: VaultCase, message: dict[str, Any], signature: bytes, sender: str | None = None) -> Any:
    values = [message[name] for name in ("owner", "spender", "value", "deadline")]
    r, s, v = signature[:32], signature[32:64], signature[64]
    return case.vault.permit(*values, v, r, s, sender=sender or case.friend)


@shows("2612 allowance", "2612 nonce", "2612 event", "2612 anybody")
def test_a_permit_is_an_approval(case: VaultCase) -> None:
    message = permit(case)
    stranger = case.evm.accounts[29]
    tx = submit(case, message, sign(case, message), stranger)
    assert case.vault.allowance(case.user, case.friend) == 77
    assert case.vault.nonces(case.user) == message["nonce"] + 1
    given = {"owner": case.user, "spender": case.friend, "amount": 77}
    assert tx.events("Approval", case.vault) == [given]


@shows("2612 deadline", "2612 refusal")
def test_until_its_deadline(case: VaultCase) -> None:
    message = permit(case)
    signature = sign(case, message)
    case.evm.warp(60)
    with case.evm.isolation():
        submit(case, message, signature)
    case.evm.warp(1)
    with case.evm.reverts():
        submit(case, message, signature)


@shows("2612 replay", "2612 refusal")
def test_once(case: VaultCase) -> None:
    message = permit(case)
    submit(case, message, sign(case, message))
    for signature in (sign(case, message), malleated(sign(case, message))):
        with case.evm.reverts():
            submit(case, message, signature)
    ahead = permit(case, nonce=case.vault.nonces(case.user) + 1)
    with case.evm.reverts():
        submit(case, ahead, sign(case, ahead))


@shows("2612 owner", "2612 signature", "2612 refusal")
def test_by_its_owner_alone(case: VaultCase) -> None:
    message = permit(case)
    with case.evm.reverts():
        submit(case, message, sign(case, message, case.friend))
    for signature in (b"\0" * 65, b"\1" * 65, sign(case, message)[:64] + b"\0"):
        with case.evm.reverts():
            submit(case, message, signature)
    nobody = permit(case, owner=NOBODY, nonce=0)
    for signature in (b"\0" * 65, sign(case, nobody)):
        with case.evm.reverts():
            submit(case, nobody, signature)
    changed = message | {"value": 78}
    with case.evm.reverts():
        submit(case, changed, sign(case, message))


@shows("2612 separator")
def test_for_one_contract_on_one_chain(case: VaultCase) -> None:
    message = permit(case)
    with case.evm.reverts():
        submit(case, message, sign(case, message, chain=1))
    with case.evm.reverts():
        submit(case, message, sign(case, message, at=case.token.address))
    domain = {
        "name": case.vault.name(),
        "version": "1",
        "chainId": CHAIN_ID,
        "verifyingContract": case.vault.address,
    }
    expected = encode_typed_data(domain, TYPES, message).header
    assert bytes(case.vault.DOMAIN_SEPARATOR()) == bytes(expected)
