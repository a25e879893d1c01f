"""Signed orders from the command line, to a matcher that settles on the same chain."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from scripts.cli.signing import typed_data
from scripts.client.domain import account_id
from scripts.common.anvil import free_port
from scripts.common.units import WAD
from scripts.matcher.orders import CANCEL_TYPE, ORDER_TYPE, Domain, Reader
from scripts.setup.environment import ROOT
from tests.helpers import backend

WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
OTHER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
SECONDS = 30
pytestmark = pytest.mark.anvil


@pytest.fixture
def matcher(system, keel, tmp_path: Path, monkeypatch) -> Iterator[str]:
    """Its address; both wallets have 20,000 USDC in their accounts."""
    for number in ("1", "2"):
        keel("deposit", "20000 USDC", "--from", number, "--yes")
    config = tmp_path / "matcher.yaml"
    config.write_text(f"deployments: {system.folder}\ndatabase: sqlite:///{tmp_path / 'matcher.db'}\n")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    _, key = backend.test_accounts()[9]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "scripts.matcher", "--chain", system.url),
            *("--port", str(port), "--config", str(config)),
        ],
        cwd=ROOT,
        env={**os.environ, "KEEL_PRIVATE_KEY": key},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    monkeypatch.setenv("KEEL_MATCHER", url)
    try:
        await_(lambda: httpx.get(url + "/status").status_code == 200, "the matcher")
        yield url
    finally:
        process.terminate()
        process.wait(SECONDS)


def await_(true, what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            if true():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come")


def test_an_order_rests_and_is_called_off(keel, matcher, system):
    placed = keel(
        *("perp", "order", "place", "buy", "2", "ETH", "--limit", "$1,990", "--post-only", "--yes", "--json")
    ).data
    assert placed["status"] == "open" and placed["order"]["flags"] == "2"
    assert Decimal(placed["margin_usd"]) == 2 * 1_990 * Decimal("0.186")
    keel(
        "perp", "order", "place", "sell", "1", "ETH", "--stop", "1900", "--reduce-only", "--tip", "1", "--yes"
    )
    keel("perp", "order", "place", "sell", "1", "BTC", "--take-profit", "45000", "--limit", "44500", "--yes")
    listed = keel("perp", "order", "list", "--json").data["orders"]
    assert [(order["market"], order["size"], order["trigger"]) for order in listed] == [
        ("BTC-PERP", "-1", "at_or_above"),
        ("ETH-PERP", "-1", "at_or_below"),
        ("ETH-PERP", "2", "none"),
    ]
    # A stop's limit is its trigger and one per cent beyond.
    assert (listed[1]["trigger_price"], listed[1]["limit_price"]) == ("1900", "1881")
    assert listed[1]["flags"] == ["reduce-only"] and listed[1]["status"] == "waiting"
    shown = keel("perp", "order", "list").out
    assert max(len(line) for line in shown.splitlines()) <= 80 and "…" not in shown
    assert "sell 1" in shown and "≤" in shown
    book = keel("perp", "book", "ETH", "--json").data["matcher"]
    assert book == {"bids": [{"price": "1990", "size": "2"}], "asks": []}
    assert keel("perp", "order", "cancel", placed["hash"][:12], "--yes", "--json").data["cancelled"] == [
        placed["hash"]
    ]
    assert "no open order of the account begins with 0xffff" in keel("perp", "order", "cancel", "0xffff").line
    assert len(keel("perp", "order", "cancel", "--all", "--yes", "--json").data["cancelled"]) == 2
    assert keel("perp", "order", "list", "--json").data["orders"] == []
    ended = keel("perp", "order", "list", "--all", "--json").data["orders"]
    assert {order["status"] for order in ended} == {"cancelled"}


def test_a_position_is_opened_and_closed_by_signed_orders(keel, matcher, system):
    perp = system.domain.perp("ETH")
    keel("perp", "order", "place", "sell", "5", "ETH", "--limit", "2010", "--from", "2", "--yes")
    data = keel(
        *("perp", "open", "--long", "ETH", "--size", "3", "--via", "matcher", "--slippage", "1%", "--yes"),
        "--json",
    ).data
    assert data["status"] == "filled" and data["order"]["flags"] == "4"
    held = perp.market.position(account_id(WALLET))
    assert (held.sizeWad, held.entryWad) == (3 * WAD, 2_010 * WAD)
    # What is left in the book is called off on chain, by its signer.
    assert keel("perp", "order", "cancel", "--all", "--on-chain", "--yes", "--from", "2").code == 0

    def is_gone() -> bool:
        return not keel("perp", "order", "list", "--from", "2", "--json").data["orders"]

    await_(is_gone, "the cancellation")
    keel("perp", "order", "place", "buy", "9", "ETH", "--limit", "1999", "--from", "2", "--yes")
    closed = keel("perp", "close", "ETH", "--via", "matcher", "--yes", "--json").data
    assert closed["status"] == "filled" and closed["order"]["flags"] == "5"
    assert perp.market.position(account_id(WALLET)).sizeWad == 0


def test_what_the_matcher_refuses_or_drops_is_one_line(keel, matcher):
    refused = keel("perp", "order", "place", "buy", "2000", "ETH", "--limit", "1990", "--yes")
    assert refused.code == 1 and "the matcher refused: the account's orders" in refused.line
    assert "expected a smaller size" in refused.line
    dropped = keel("perp", "open", "--long", "ETH", "--size", "1", "--via", "matcher", "--yes")
    assert dropped.code == 1 and "the order was dropped, nothing of it is filled" in dropped.line
    looked = keel("perp", "order", "place", "buy", "1", "ETH", "--limit", "1990", "--dry-run", "--json").data
    assert not looked["placed"] and keel("perp", "order", "list", "--json").data["orders"] == []
    assert (
        "add --yes"
        in keel("perp", "order", "place", "buy", "1", "ETH", "--limit", "1990", "--json").document["error"][
            "message"
        ]
    )


def test_a_key_in_the_environment_signs_too(keel, matcher, monkeypatch, system):
    address, key = backend.test_accounts()[2]
    monkeypatch.setenv("KEEL_PRIVATE_KEY", key)
    placed = keel("perp", "order", "place", "buy", "1", "ETH", "--limit", "1990", "--yes", "--json").data
    assert placed["order"]["signer"] == address == OTHER and placed["status"] == "open"
    assert keel("perp", "order", "cancel", "--all", "--yes", "--json").data["cancelled"] == [placed["hash"]]


def test_a_matcher_of_another_domain_is_refused(keel, system, monkeypatch):
    other = {"chainId": 31337, "contract": "0x" + "11" * 20}
    monkeypatch.setattr(httpx, "request", lambda *_, **__: httpx.Response(200, json=other))
    assert "settles at 0x1111" in keel("perp", "order", "list").line
    monkeypatch.setattr(httpx, "request", lambda *_, **__: httpx.Response(200, text="<html>"))
    result = keel("perp", "order", "list")
    assert result.code == 3 and "is no matcher" in result.line


def test_typed_data_hashes_as_the_matcher_and_the_contract_do(system):
    orders, address = system.domain.orders, backend.test_accounts()[1][0]
    fields = {
        "account": "0x" + account_id(address).hex(),
        "market": system.domain.perp("BTC").market.address,
        "signer": address,
        "sizeWad": str(-3 * WAD),
        "limitPriceWad": str(40_000 * WAD),
        "triggerPriceWad": str(41_000 * WAD),
        "trigger": "1",
        "expiry": "1900000000",
        "nonce": "7",
        "flags": "5",
        "maxFeeWad": "1000",
        "tip": "9",
    }
    reader = Reader(Domain(31337, orders.address))
    signed = reader.order({**fields, "signature": "0x00"})
    assert signed.hash == orders.hashOf(signed.struct()[0]) == _digest(orders.address, ORDER_TYPE, fields)
    request = {
        "account": fields["account"],
        "signer": address,
        "orders": ["0x" + signed.hash.hex()],
        "deadline": "1900000000",
    }
    cancelled = reader.cancel({**request, "signature": "0x00"})
    assert cancelled.hash == _digest(orders.address, CANCEL_TYPE, request)


def _digest(contract: str, kind: str, values: dict) -> bytes:
    document = typed_data(31337, contract, kind, values)
    document["message"] = {
        name: int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value
        for name, value in document["message"].items()
    }
    message = encode_typed_data(full_message=document)
    return keccak(b"\x19\x01" + message.header + message.body)
