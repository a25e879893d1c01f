"""scripts/common/accounts.py: keys from the environment, Brownie's keystores, and silence about secrets."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from eth_account import Account

from scripts.common.accounts import account_from_environment, keystore_address, open_keystore
from scripts.common.errors import KeelError

KEY = "0x" + "5" * 64
ADDRESS = Account.from_key(KEY).address


@pytest.fixture
def keystores(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / ".brownie" / "accounts"
    folder.mkdir(parents=True)
    keystore = Account.encrypt(KEY, "right", kdf="pbkdf2", iterations=2)
    (folder / "deployer.json").write_text(json.dumps(keystore))
    (folder / "broken.json").write_text("{")
    (folder / "empty.json").write_text("{}")
    return folder


def test_none_is_named(keystores: Path) -> None:
    assert account_from_environment({}, keystores) is None


@pytest.mark.parametrize("key", [KEY, KEY[2:], f" {KEY}\n"])
def test_a_key(key: str, keystores: Path) -> None:
    account = account_from_environment({"KEEL_PRIVATE_KEY": key}, keystores)
    assert account is not None
    assert account.address == ADDRESS


@pytest.mark.parametrize("key", ["0x12SECRET", "SECRET" * 12, "0x" + "0" * 64, "f" * 64])
def test_a_key_that_is_none_is_not_repeated(key: str, keystores: Path) -> None:
    with pytest.raises(KeelError, match="KEEL_PRIVATE_KEY is no private key") as caught:
        account_from_environment({"KEEL_PRIVATE_KEY": key}, keystores)
    assert key not in str(caught.value)


def test_a_keystore_with_its_password(keystores: Path) -> None:
    account = account_from_environment({"KEEL_ACCOUNT": "deployer", "KEEL_PASSWORD": "right"}, keystores)
    assert account is not None
    assert account.address == ADDRESS


def test_a_wrong_password_is_not_repeated(keystores: Path) -> None:
    with pytest.raises(KeelError, match='the password does not open the account "deployer"') as caught:
        account_from_environment({"KEEL_ACCOUNT": "deployer", "KEEL_PASSWORD": "wrong-one"}, keystores)
    assert "wrong-one" not in str(caught.value)


def test_without_a_terminal_nobody_is_asked(keystores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("right\n"))
    with pytest.raises(KeelError, match='the account "deployer" needs a password: set KEEL_PASSWORD'):
        account_from_environment({"KEEL_ACCOUNT": "deployer"}, keystores)


def test_at_a_terminal_the_password_is_asked_for(keystores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "right" if "deployer" in prompt else "")
    account = account_from_environment({"KEEL_ACCOUNT": "deployer"}, keystores)
    assert account is not None
    assert account.address == ADDRESS


def test_accounts_that_are_not_there_are_told_apart(keystores: Path) -> None:
    with pytest.raises(KeelError, match=r'"other", and Brownie has no such account; it has: .*deployer'):
        account_from_environment({"KEEL_ACCOUNT": "other"}, keystores)
    with pytest.raises(KeelError, match="no such account"):
        account_from_environment({"KEEL_ACCOUNT": "../accounts/other"}, keystores)
    with pytest.raises(KeelError, match=r"broken.json is no keystore"):
        account_from_environment({"KEEL_ACCOUNT": "broken", "KEEL_PASSWORD": ""}, keystores)
    with pytest.raises(KeelError, match="empty"):
        account_from_environment({"KEEL_ACCOUNT": "empty", "KEEL_PASSWORD": ""}, keystores)
    with pytest.raises(KeelError, match="both set; expected one"):
        account_from_environment({"KEEL_ACCOUNT": "deployer", "KEEL_PRIVATE_KEY": KEY}, keystores)


def test_a_keystore_tells_its_address_without_a_password(keystores: Path) -> None:
    file = keystores / "deployer.json"
    opened = open_keystore(file, "it", "right")
    assert keystore_address(file) == opened.address == ADDRESS


@pytest.mark.parametrize(
    "content, problem",
    [("{", "not JSON"), ("[1]", "not JSON"), ("{}", "with an address"), (None, "No such file")],
)
def test_what_is_no_keystore_is_told(tmp_path: Path, content: str | None, problem: str) -> None:
    file = tmp_path / "key.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(KeelError, match=problem):
        keystore_address(file)
