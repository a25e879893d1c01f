"""Vault.setOperator and setOperatorBySig: who else may act for an account, until when."""

from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.common.contract import Tx
from tests.helpers.vault_bench import ALL, CHAIN_ID, VaultBench

TYPES = {
    "SetOperator": [
        {"name": "account", "type": "bytes32"},
        {"name": "operator", "type": "address"},
        {"name": "expiry", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}


def domain(bench: VaultBench) -> dict[str, Any]:
    return {
        "name": "Keel Vault",
        "version": "1",
        "chainId": CHAIN_ID,
        "verifyingContract": bench.vault.address,
    }


def message(bench: VaultBench, account: bytes, expiry: int) -> dict[str, Any]:
    return {
        "account": account,
        "operator": bench.operator,
        "expiry": expiry,
        "nonce": bench.vault.operatorNonce(account),
        "deadline": bench.evm.now,
    }


def altered(
    bench: VaultBench, account: bytes, expiry: int, changes: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Message and domain with some fields replaced."""
    what, where = message(bench, account, expiry), domain(bench)
    for name, value in changes.items():
        (where if name in where else what)[name] = value
    return what, where


def sign(bench: VaultBench, account: bytes, expiry: int, key: str | None = None, **changes: Any) -> bytes:
    """65 bytes by the trader or `key`; `changes` replace fields of the domain or of the message."""
    what, where = altered(bench, account, expiry, changes)
    v, r, s = bench.signed(key or bench.key(bench.trader), where, TYPES, what)
    return r + s + bytes([v])


def submit(
    bench: VaultBench, account: bytes, expiry: int, signature: bytes, deadline: int | None = None
) -> Tx:
    """A relayer hands the signature in."""
    deadline = bench.evm.now if deadline is None else deadline
    return bench.vault.setOperatorBySig(
        account, bench.operator, expiry, deadline, signature, sender=bench.stranger
    )


# By transaction


def test_an_approval_holds_until_its_last_second(bench: VaultBench) -> None:
    account, expiry = bench.deposit(bench.trader, "WETH", 1), bench.evm.now + 10
    tx = bench.vault.setOperator(account, bench.operator, expiry, sender=bench.trader)
    assert bench.vault.operatorExpiry(account, bench.operator) == expiry
    assert tx.events("OperatorSet", bench.vault) == [
        {"account": account, "operator": bench.operator, "oldExpiry": 0, "newExpiry": expiry}
    ]
    bench.evm.warp(10)
    bench.vault.withdraw(account, bench["WETH"], 1, bench.operator, sender=bench.operator)
    bench.evm.warp(1)
    with bench.evm.reverts("Vault_NotAuthorised", account, bench.operator):
        bench.vault.withdraw(account, bench["WETH"], 1, bench.operator, sender=bench.operator)


def test_zero_ends_it(bench: VaultBench) -> None:
    account = bench.deposit(bench.trader, "WETH", 1)
    bench.vault.setOperator(account, bench.operator, ALL, sender=bench.trader)
    bench.vault.withdraw(account, bench["WETH"], 1, bench.operator, sender=bench.operator)
    tx = bench.vault.setOperator(account, bench.operator, 0, sender=bench.trader)
    assert tx.events("OperatorSet", bench.vault)[0]["oldExpiry"] == ALL
    with bench.evm.reverts("Vault_NotAuthorised", account, bench.operator):
        bench.vault.withdraw(account, bench["WETH"], 1, bench.operator, sender=bench.operator)


def test_only_the_owner_sets_operators(bench: VaultBench) -> None:
    """An operator appoints no others, and does not extend his own time."""
    account = bench.account(bench.trader)
    bench.vault.setOperator(account, bench.operator, ALL - 1, sender=bench.trader)
    for sender in (bench.operator, bench.stranger, bench.owner, bench.guardian):
        with bench.evm.reverts("Vault_NotAuthorised", account, sender):
            bench.vault.setOperator(account, bench.stranger, ALL, sender=sender)
        with bench.evm.reverts("Vault_NotAuthorised", account, sender):
            bench.batch(bench.vault.setOperator.encode(account, sender, ALL), sender=sender)


def test_in_a_batch_the_owner_does_too(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    bench.batch(bench.vault.setOperator.encode(account, bench.operator, 7))
    assert bench.vault.operatorExpiry(account, bench.operator) == 7


def test_an_approval_is_for_one_account_and_one_operator(bench: VaultBench) -> None:
    account, other = bench.deposit(bench.trader, "WETH", 1), bench.deposit(bench.trader, "WETH", 1, index=1)
    bench.vault.setOperator(account, bench.operator, ALL, sender=bench.trader)
    with bench.evm.reverts("Vault_NotAuthorised", other, bench.operator):
        bench.vault.withdraw(other, bench["WETH"], 1, bench.operator, sender=bench.operator)
    with bench.evm.reverts("Vault_NotAuthorised", account, bench.stranger):
        bench.vault.withdraw(account, bench["WETH"], 1, bench.stranger, sender=bench.stranger)


# By signature


def test_a_signature_is_as_good_as_a_transaction(bench: VaultBench) -> None:
    account = bench.account(bench.trader, 3)
    tx = submit(bench, account, 12345, sign(bench, account, 12345))
    assert bench.vault.operatorExpiry(account, bench.operator) == 12345
    assert bench.vault.operatorNonce(account) == 1
    assert tx.events("OperatorSet", bench.vault) == [
        {"account": account, "operator": bench.operator, "oldExpiry": 0, "newExpiry": 12345}
    ]


def test_a_signature_works_once(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    signature = sign(bench, account, 12345)
    submit(bench, account, 12345, signature)
    bench.vault.setOperator(account, bench.operator, 0, sender=bench.trader)
    with bench.evm.reverts("Vault_BadSignature", account):
        submit(bench, account, 12345, signature)
    submit(bench, account, 12345, sign(bench, account, 12345))
    assert bench.vault.operatorNonce(account) == 2


def test_signatures_are_taken_in_order(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    second = sign(bench, account, 2, nonce=1)
    with bench.evm.reverts("Vault_BadSignature", account):
        submit(bench, account, 2, second)
    submit(bench, account, 1, sign(bench, account, 1))
    submit(bench, account, 2, second)
    assert bench.vault.operatorExpiry(account, bench.operator) == 2


def test_nonces_are_counted_by_account(bench: VaultBench) -> None:
    account, other = bench.account(bench.trader), bench.account(bench.trader, 1)
    submit(bench, account, 1, sign(bench, account, 1))
    assert bench.vault.operatorNonce(other) == 0
    submit(bench, other, 1, sign(bench, other, 1))


def test_until_its_deadline(bench: VaultBench) -> None:
    account, deadline = bench.account(bench.trader), bench.evm.now + 5
    signature = sign(bench, account, 1, deadline=deadline)
    bench.evm.warp(5)
    with bench.evm.isolation():
        submit(bench, account, 1, signature, deadline)
    bench.evm.warp(1)
    with bench.evm.reverts("Vault_SignatureExpired", deadline):
        submit(bench, account, 1, signature, deadline)
    with bench.evm.reverts("Vault_BadSignature", account):
        submit(bench, account, 1, signature, deadline + 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"chainId": 1},
        {"version": "2"},
        {"name": "Keel"},
        {"verifyingContract": "0x" + "11" * 20},
        {"operator": "0x" + "22" * 20},
        {"expiry": 11},
        {"account": b"\x33" * 32},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_it_must_say_exactly_this(bench: VaultBench, changes: dict[str, Any]) -> None:
    """Another chain, vault, operator, account or expiry is another message."""
    account = bench.account(bench.trader)
    what, where = altered(bench, account, 10, changes)
    v, r, s = bench.signed(bench.key(bench.trader), where, TYPES, what)
    with bench.evm.reverts("Vault_BadSignature", account):
        submit(bench, account, 10, r + s + bytes([v]))
    submit(bench, account, 10, sign(bench, account, 10))


def test_only_the_owners(bench: VaultBench) -> None:
    account = bench.account(bench.trader)
    bench.vault.setOperator(account, bench.operator, ALL, sender=bench.trader)
    for other in (bench.operator, bench.stranger):
        with bench.evm.reverts("Vault_BadSignature", account):
            submit(bench, account, 10, sign(bench, account, 10, key=bench.key(other)))


def test_a_signature_on_the_chain_that_it_names(bench: VaultBench) -> None:
    """After a fork of the chain the vault's domain moves with the chain id."""
    domain_ = bench.evm.at(EIP5267, bench.vault.address).eip712Domain()
    assert tuple(domain_[1:5]) == ("Keel Vault", "1", CHAIN_ID, bench.vault.address)


EIP5267: list[dict[str, Any]] = [
    {
        "type": "function",
        "name": "eip712Domain",
        "stateMutability": "view",
        "inputs": [],
        "outputs": [
            {"name": name, "type": kind}
            for name, kind in (
                ("fields", "bytes1"),
                ("name", "string"),
                ("version", "string"),
                ("chainId", "uint256"),
                ("verifyingContract", "address"),
                ("salt", "bytes32"),
                ("extensions", "uint256[]"),
            )
        ],
    }
]


@settings(max_examples=25)
@given(signature=st.binary(max_size=130))
def test_rubbish_is_nobodys_signature(bench: VaultBench, signature: bytes) -> None:
    """Nor is it that of the account of the zero address, which nobody owns."""
    for account in (bench.account(bench.trader), b"\0" * 32):
        with bench.evm.reverts("Vault_BadSignature", account):
            submit(bench, account, 10, signature)


def test_the_other_s_of_a_signature_cannot_be_played_again(bench: VaultBench) -> None:
    """Malleability is no second signature: the nonce is spent."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    account = bench.account(bench.trader)
    signature = sign(bench, account, 10)
    mirrored = order - int.from_bytes(signature[32:64], "big")
    other = signature[:32] + mirrored.to_bytes(32, "big") + bytes([55 - signature[64]])
    submit(bench, account, 10, signature)
    for again in (signature, other):
        with bench.evm.reverts("Vault_BadSignature", account):
            submit(bench, account, 10, again)


def test_a_contract_signs_by_erc_1271(bench: VaultBench) -> None:
    wallet = bench.wallet()
    account = bench.account(wallet)
    typed = encode_typed_data(domain(bench), TYPES, message(bench, account, 10))
    digest = keccak(b"\x19" + typed.version + typed.header + typed.body)
    with bench.evm.reverts("Vault_BadSignature", account):
        submit(bench, account, 10, b"any")
    wallet.setSigned(digest, True)
    submit(bench, account, 10, b"any")
    assert bench.vault.operatorExpiry(account, bench.operator) == 10
    with bench.evm.reverts("Vault_BadSignature", account):
        submit(bench, account, 10, b"any")
