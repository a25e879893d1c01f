"""Signatures of the sender over typed data (EIP-712): orders, and what the matcher is asked to forget."""

from __future__ import annotations

import re
from typing import Any

from eth_account.messages import encode_typed_data

from scripts.cli.session import Session
from scripts.matcher.orders import CANCEL_TYPE, NAME, ORDER_TYPE, VERSION

DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_TYPE = re.compile(r"(\w+)\((.*)\)")


def sign_order(session: Session, order: dict[str, Any]) -> str:
    """The order's signature in hex; `order` has its fields as the matcher's API names them."""
    return _sign(session, ORDER_TYPE, order)


def sign_cancellation(session: Session, request: dict[str, Any]) -> str:
    """The signature of a request to the matcher to forget orders."""
    return _sign(session, CANCEL_TYPE, request)


def typed_data(chain_id: int, contract: str, kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """EIP-712's document for wallets; `kind` is the type as it is hashed, integers are decimal text."""
    name, fields = _fields(kind)
    return {
        "types": {"EIP712Domain": _fields(DOMAIN_TYPE)[1], name: fields},
        "primaryType": name,
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": chain_id,
            "verifyingContract": contract,
        },
        "message": {field["name"]: values[field["name"]] for field in fields},
    }


def sign_document(session: Session, document: dict[str, Any]) -> bytes:
    """The sender's signature over an EIP-712 document whose integers are integers: by the node, or with the key here."""
    signer = session.chain.signer(session.sender)
    if signer is None:
        shown = {**document, "message": _as_text(document["message"])}
        return bytes.fromhex(str(session.chain.rpc("eth_signTypedData_v4", session.sender, shown))[2:])
    return bytes(signer.sign_message(encode_typed_data(full_message=document)).signature)


def _sign(session: Session, kind: str, values: dict[str, Any]) -> str:
    orders = session.domain.orders
    assert orders is not None
    document = typed_data(session.chain.chain_id, orders.address, kind, values)
    message = {
        field["name"]: int(values[field["name"]]) if "int" in field["type"] else values[field["name"]]
        for field in _fields(kind)[1]
    }
    return "0x" + sign_document(session, {**document, "message": message}).hex()


def _as_text(value: Any) -> Any:
    """Integers as decimal text, bytes as hex: JSON's numbers have 53 bits."""
    if isinstance(value, dict):
        return {name: _as_text(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(item) for item in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if isinstance(value, int) else value


def _fields(kind: str) -> tuple[str, list[dict[str, str]]]:
    match = _TYPE.fullmatch(kind)
    assert match
    fields = [part.split(" ") for part in match[2].split(",")]
    return match[1], [{"name": name, "type": type_} for type_, name in fields]
