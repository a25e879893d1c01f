"""Every custom error has a sentence, with the values in human units."""

from __future__ import annotations

import re

import pytest

from scripts.artifacts import artifacts
from scripts.client.domain import Asset
from scripts.client.sentences import FIELD, account_name, render, sentence
from scripts.client.templates import TEMPLATES
from scripts.common import abi as codec
from scripts.common.contract import Reverted
from scripts.setup.environment import ROOT

WAD = 10**18
OWNER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
ACCOUNT = bytes.fromhex(OWNER[2:]) + (3).to_bytes(12, "big")
TOKEN = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
SAMPLES = {"address": TOKEN, "bool": True, "bytes32": b"heartbeat".ljust(32, b"\0")}


class Listed:
    """What the sentences ask of a domain."""

    def __init__(self) -> None:
        asset = Asset("WETH", 1, 18, None, None, 0)  # type: ignore[arg-type]
        self.by_address, self.by_id = {TOKEN: asset}, {1: asset}
        self.settlement = Asset("USDC", 0, 6, _At(), None, 1)  # type: ignore[arg-type]
        self.by_address[_At.address] = self.settlement

    def underlying_name(self, number: int) -> str:
        return "ETH"


class _At:
    address = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


def declared() -> dict[str, list[dict]]:
    """Inputs of every error that a file of interfaces/ declares."""
    names = {
        name
        for file in (ROOT / "interfaces").glob("*.sol")
        for name in re.findall(r"^\s*error (\w+)\(", file.read_text(), re.M)
    }
    inputs = {
        entry["name"]: entry["inputs"]
        for artifact in artifacts()
        for entry in artifact.abi
        if entry["type"] == "error" and entry["name"] in names
    }
    assert set(inputs) == names and len(names) > 100
    return inputs


def reverted(name: str, **values: object) -> Reverted:
    """The revert as a chain reads it from the error's data."""
    inputs = declared()[name]
    dictionary = codec.Dictionary()
    entry = {"type": "error", "name": name, "inputs": inputs}
    dictionary.learn([entry])
    data = codec.selector(entry) + codec.encode(inputs, [values[part["name"]] for part in inputs])
    return Reverted(*dictionary.error(data), data)


def test_every_error_of_the_interfaces_has_a_sentence():
    for name, inputs in declared().items():
        assert name in TEMPLATES, f"{name} has no sentence in scripts/client/templates.py"
        values = {part["name"]: SAMPLES.get(part["type"], 3) for part in inputs}
        used = {found for match in FIELD.findall(TEMPLATES[name]) for found in (match[0], match[2]) if found}
        assert used <= set(values), f"{name} has no {used - set(values)}"
        for domain in (Listed(), None):
            text = render(TEMPLATES[name], values, domain)
            assert not set("{}\n") & set(text), text
            assert not text.endswith("."), text


@pytest.mark.parametrize(
    "name, values, expected",
    [
        (
            "Vault_BelowInitialRequirement",
            {"account": ACCOUNT, "worstEquity": 1_020 * WAD, "requirement": 1_200 * WAD},
            "the account would be worth $1,020.00 at the worst prices, and must be worth $1,200.00;"
            " add margin or borrow less",
        ),
        (
            "Vault_InsufficientBalance",
            {"token": TOKEN, "wanted": 3 * WAD // 2, "balance": WAD // 4},
            "the account holds 0.25 WETH, and 1.5 WETH are wanted; ask for less, or deposit first",
        ),
        (
            "Vault_NoNewRisk",
            {"account": ACCOUNT, "worstStatus": 1, "paused": True},
            "the account may take on no new risk now: a price is in dispute between its sources; the vault is"
            " paused; what lowers its risk is possible, the rest when that has ended",
        ),
        (
            "Vault_NotAuthorised",
            {"account": ACCOUNT, "caller": TOKEN},
            f"{TOKEN} may not act for the account {OWNER} #3; its owner or an operator that the owner has set may",
        ),
        (
            "Vault_SwapLoss",
            {"lossWad": WAD * 31 // 1_000, "maxLossWad": WAD // 100},
            "the trade would lose 3.1% against the oracle's price, and at most 1% is allowed; trade less at a"
            " time, or allow more",
        ),
        (
            "Vault_PaymentAboveLimit",
            {"payment": 1_500_000, "limit": -2_000_000},
            "the takeover costs 1.5 USDC, and the limit is -2 USDC; the price moved: look again, or allow more",
        ),
        (
            "RiskParameters_RampTooShort",
            {"duration": 3_600, "minimum": 86_400},
            "a ramp of 1 hour is too short; what tightens walks for at least 1 day",
        ),
        (
            "LiquidationEngine_SequencerGrace",
            {"until": 1_700_000_000},
            "the chain's sequencer was down: nobody is taken over until 2023-11-14 22:13:20 UTC",
        ),
    ],
)
def test_sentences_have_the_numbers_in_human_units(name, values, expected):
    assert sentence(reverted(name, **values), Listed()) == expected


def test_amounts_of_an_unnamed_token_are_in_the_asset_that_the_caller_names():
    error = reverted("Vault_SwapLimit", amount=5 * WAD, limit=6 * WAD)
    assert "gives 5 WETH, and the least is 6 WETH" in sentence(error, None, Listed().by_id[1])
    assert "gives 5,000,000,000,000,000,000 smallest units" in sentence(error, None)


def test_an_error_without_a_sentence_has_its_name_and_values():
    error = Reverted("MockRateModel_Told", (), b"")
    assert sentence(error, Listed()) == "MockRateModel_Told()"
    assert sentence(Reverted("Error", ("STF",), b""), Listed()) == "a contract refused: STF"
    assert "OutOfGas" in sentence(Reverted("Halt", ("OutOfGas",), b""), None)
    assert "overflow" in sentence(Reverted("Panic", (0x11,), b""), None)


def test_hashes_are_written_in_hex():
    error = reverted("SignedOrders_Cancelled", hash=b"\x11" * 32)
    assert sentence(error, Listed()) == f"the order 0x{'11' * 32} was cancelled; sign a new one"


def test_another_error_of_a_known_name_falls_back_to_its_values():
    """OpenZeppelin has an InsufficientBalance of two numbers; what is not known by name is not guessed."""
    error = Reverted("Vault_NotAuthorised", (1, 2), b"")
    assert sentence(error, Listed()) == "Vault_NotAuthorised(1, 2)"


def test_accounts_are_named_by_owner_and_number():
    assert account_name(ACCOUNT) == f"{OWNER} #3"
    assert account_name(bytes.fromhex(OWNER[2:]) + bytes(12)) == OWNER
