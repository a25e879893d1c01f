"""Deposit, withdraw, borrow, repay, transfer, lending and staking: previews, questions, who sends."""

from __future__ import annotations

import io
import json
import sys
from decimal import Decimal

import pytest
from eth_account import Account

from scripts.common.units import WAD

WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
KEY = "0x" + "7" * 64
STRANGER = Account.from_key(KEY).address
pytestmark = pytest.mark.anvil


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def held(system, symbol: str, owner: str = WALLET) -> int:
    return system.domain[symbol].token.balanceOf(owner)


def account(owner: str = WALLET, index: int = 0) -> bytes:
    return bytes.fromhex(owner[2:]) + index.to_bytes(12, "big")


def balance(system, symbol: str, of: bytes) -> int:
    return system.domain.vault.balanceOf(of, system.domain[symbol].token)


def test_deposit_shows_what_will_be_and_then_is(keel, system):
    data = keel("deposit", "2.5", "WETH", "--yes", "--json").data
    assert [entry["step"] for entry in data["transactions"]] == ["approve WETH", "deposit"]
    assert data["before"]["health"] is None and data["before"]["positions"] == []
    assert data["preview"]["positions"] == data["after"]["positions"]
    assert data["after"]["positions"][0]["amount"] == "2.5"
    assert abs(Decimal(data["preview"]["health"]) / Decimal(data["after"]["health"]) - 1) < Decimal("1e-6")
    assert balance(system, "WETH", account()) == 5 * WAD // 2
    assert held(system, "WETH") == 100 * WAD - 5 * WAD // 2
    # Nothing is left allowed.
    assert system.domain["WETH"].token.allowance(WALLET, system.domain.vault) == 0


@pytest.mark.parametrize("words", [["2.5", "weth"], ["2.5 WETH"], ["WETH", "2.5"], ["2.50", "WETH"]])
def test_amounts_are_written_in_any_order(keel, words):
    assert keel("deposit", *words, "--dry-run", "--json").data["amount"] == "2.5"


def test_ether_is_wrapped_on_the_way(keel, system):
    assert keel("deposit", "3 ETH", "--yes").code == 0
    assert balance(system, "WETH", account()) == 3 * WAD and held(system, "WETH") == 100 * WAD


def test_a_dry_run_sends_nothing(keel, system):
    block = system.chain.block_number
    data = keel("deposit", "1 WETH", "--dry-run", "--json").data
    assert data["sent"] is False and data["transactions"] == [] and data["gas"] > 100_000
    assert data["preview"]["positions"][0]["amount"] == "1"
    assert system.chain.block_number == block


def test_without_a_terminal_nothing_is_sent_unasked(keel, system, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    block = system.chain.block_number
    result = keel("deposit", "1 WETH")
    assert result.code == 1 and "nobody sits at a terminal to confirm; add --yes" in result.line
    assert "--json asks no questions" in keel("deposit", "1 WETH", "--json").document["error"]["message"]
    assert system.chain.block_number == block


@pytest.mark.parametrize("answer, code", [("y\n", 0), ("YES\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_at_a_terminal_it_is_asked_for(keel, system, monkeypatch, answer, code):
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    result = keel("deposit", "1 WETH")
    assert result.code == code
    assert f"Send from {WALLET}? [y/N]" in result.out
    assert balance(system, "WETH", account()) == (WAD if code == 0 else 0)


def test_borrow_repay_and_withdraw_everything(keel, system):
    keel("deposit", "10 WETH", "--yes")
    most = keel("borrow", "all", "USDC", "--dry-run", "--json").data
    assert 13_000 < Decimal(most["amount"]) < 17_000
    data = keel("borrow", "5000 USDC", "--to", "3", "--yes", "--json").data
    receiver = system.chain.accounts[3]
    assert data["to"] == receiver and held(system, "USDC", receiver) == 255_000 * 10**6
    below = data["after"]["liquidation_prices_usd"]["ETH"]["below"]
    assert 400 < Decimal(below) < 700
    system.chain.warp(86_400)
    keel("repay", "1000 USDC", "--yes")
    assert -4_001 * 10**6 < balance(system, "USDC", account()) < -4_000 * 10**6
    assert keel("repay", "all", "USDC", "--yes").code == 0
    assert balance(system, "USDC", account()) == 0
    assert keel("withdraw", "all", "WETH", "--yes").code == 0
    assert held(system, "WETH") == 100 * WAD


def test_repaying_more_than_is_owed_takes_what_is_owed(keel, system):
    keel("deposit", "10 WETH", "--yes")
    keel("borrow", "1000 USDC", "--yes")
    assert keel("repay", "2000 USDC", "--yes", "--json").data["amount"].startswith("1000")
    assert 248_999 * 10**6 < held(system, "USDC") < 250_000 * 10**6


def test_transfer_between_accounts(keel, system):
    keel("deposit", "10 WETH", "--yes")
    assert keel("transfer", "4 WETH", "--to", f"{WALLET}#1", "--yes").code == 0
    assert balance(system, "WETH", account(index=1)) == 4 * WAD
    data = keel(
        "transfer", "all", "WETH", "--index", "1", "--to", "0x" + account().hex(), "--yes", "--json"
    ).data
    assert data["amount"] == "4" and data["after"]["positions"] == []


def test_anybody_repays_an_account(keel, system):
    keel("deposit", "10 WETH", "--yes")
    keel("borrow", "1000 USDC", "--yes")
    assert keel("repay", "600 USDC", "--account", WALLET, "--from", "2", "--yes").code == 0
    assert held(system, "USDC", system.chain.accounts[2]) == (250_000 - 600) * 10**6
    assert balance(system, "USDC", account()) > -401 * 10**6


def test_a_stranger_is_told_that_he_may_not(keel):
    keel("deposit", "10 WETH", "--yes")
    result = keel("withdraw", "1 WETH", "--account", WALLET, "--from", "2", "--yes", "--json")
    error = result.document["error"]
    assert error["name"] == "Vault_NotAuthorised" and error["kind"] == "refused" and error["exit_code"] == 1
    assert "may not act for the account" in error["message"]
    assert error["values"]["account"] == "0x" + account().hex()


# --- keys ---


@pytest.fixture
def funded(system):
    """Ether and 1,000 dollars for somebody whose key the node does not have."""
    system.chain.set_balance(STRANGER, 10**18)
    system.domain["USDC"].token.mint(STRANGER, 1_000 * 10**6, sender=system.chain.accounts[0])


@pytest.fixture
def keystore(tmp_path):
    """His keystore; its password is "right"."""
    file = tmp_path / "key.json"
    file.write_text(json.dumps(Account.encrypt(KEY, "right", kdf="pbkdf2", iterations=2)))
    return file


def test_a_key_in_the_environment_signs_and_is_not_shown(keel, system, funded, monkeypatch):
    monkeypatch.setenv("KEEL_PRIVATE_KEY", KEY)
    result = keel("deposit", "1000 USDC", "--yes")
    assert result.code == 0 and balance(system, "USDC", account(STRANGER)) == 1_000 * 10**6
    assert KEY[2:] not in result.out + result.err and STRANGER in result.out


def test_a_keystore_signs(keel, system, funded, monkeypatch, keystore):
    monkeypatch.setenv("KEEL_PASSWORD", "right")
    data = keel("deposit", "1000 USDC", "--keystore", str(keystore), "--yes", "--json").data
    assert data["after"]["owner"] == STRANGER
    monkeypatch.setenv("KEEL_PASSWORD", "wrong")
    result = keel("withdraw", "1 USDC", "--keystore", str(keystore), "--yes")
    assert "the password does not open the account" in result.line
    assert "--from is" in keel("withdraw", "1 USDC", "--keystore", str(keystore), "--from", "2").line


def test_reading_asks_for_no_password(keel, monkeypatch, keystore):
    assert keel("account", "show", "--keystore", str(keystore), "--json").data["owner"] == STRANGER


def test_who_has_no_key_cannot_send(keel):
    result = keel("deposit", "1 WETH", "--from", STRANGER, "--yes")
    assert f"cannot send from {STRANGER}: neither the node nor the environment has its key" in result.line
    assert keel("account", "show", "--from", STRANGER).code == 0


# --- nodes ---


def test_a_node_that_does_not_simulate_is_said(keel, system, monkeypatch):
    from scripts.common.rpc import Rpc, RpcError

    ask = Rpc.__call__

    def old_node(self, method, *params):
        if method == "eth_simulateV1":
            raise RpcError(method, {"code": -32601, "message": "the method does not exist"})
        return ask(self, method, *params)

    monkeypatch.setattr(Rpc, "__call__", old_node)
    result = keel("deposit", "1 WETH", "--yes")
    assert result.code == 0 and "what will be is not known" in result.out
    assert balance(system, "WETH", account()) == WAD


def test_what_fails_half_way_says_what_was_done(keel, system, monkeypatch):
    """The price of the chain cannot be stopped between two transactions; here a pause comes in between."""
    from scripts.cli import transaction

    transact = transaction._transact
    sent = []

    def paused_after_the_first(session, call):
        if sent:
            system.domain.vault.setPaused(True, sender=system.chain.accounts[0])
        sent.append(call)
        return transact(session, call)

    monkeypatch.setattr(transaction, "_transact", paused_after_the_first)
    result = keel("deposit", "1 WETH", "--yes")
    assert result.code == 1
    assert "deposit failed after approve WETH: the vault is paused" in result.line


# --- lenders and stakers ---


def test_lending_and_taking_back(keel, system):
    keel("lend", "1000 USDC", "--yes")
    data = keel("lend", "500 USDC", "--yes", "--json").data
    assert 999 < Decimal(data["lent_before"]) <= 1_000 and 1_499 < Decimal(data["lent_after"]) <= 1_500
    assert "has lent 1,500 USDC, and 2,000 USDC are wanted" in keel("unlend", "2000 USDC").line
    assert keel("unlend", "100 USDC", "--yes").code == 0
    assert keel("unlend", "all", "USDC", "--yes").code == 0
    assert 249_999_990_000 < held(system, "USDC") <= 250_000_000_000
    assert "has lent no USDC" in keel("unlend", "all", "USDC").line


def test_staking_and_leaving_takes_a_cooldown(keel, system):
    assert keel("stake", "1000", "--yes").code == 0
    assert "opens in" in keel("unstake", "--yes").out
    assert "an exit is requested and opens at" in keel("unstake", "--yes").line
    system.chain.warp(8 * 86_400)
    data = keel("unstake", "--yes", "--json").data
    assert [entry["step"] for entry in data["transactions"]] == ["unstake"]
    assert 249_999 * 10**6 < held(system, "USDC") <= 250_000 * 10**6
    assert "has staked nothing" in keel("unstake").line


def test_a_requested_exit_is_cancelled(keel, system):
    keel("stake", "1000 USDC", "--yes")
    keel("unstake", "400 USDC", "--yes")
    assert system.domain.backstop.exitOf(WALLET).shares > 0
    assert keel("unstake", "--cancel", "--yes").code == 0
    assert system.domain.backstop.exitOf(WALLET).shares == 0
