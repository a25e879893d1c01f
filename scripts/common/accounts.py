"""The account that a script sends from: a private key from the environment, or a Brownie account.

    KEEL_PRIVATE_KEY=0x...                 a key
    KEEL_ACCOUNT=deployer                  a keystore that Brownie made (`brownie accounts new deployer`)
    KEEL_PASSWORD=...                      its password; asked for if this is missing and somebody sits at a
    terminal

Neither a key nor a password ever appears in a message.
"""

from __future__ import annotations

import getpass
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from scripts.common import abi as codec
from scripts.common.errors import KeelError
from scripts.setup.environment import STATE

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KEYSTORES = STATE / "home" / ".brownie" / "accounts"
NO_ACCOUNT = "no account to send from: set KEEL_PRIVATE_KEY, or KEEL_ACCOUNT to the name of a Brownie account"


# The public mnemonic of every local Anvil.
MNEMONIC = "test test test test test test test test test test test junk"


def account_from_environment(
    environment: Mapping[str, str] = os.environ, keystores: Path = KEYSTORES
) -> LocalAccount | None:
    """The account that the environment names, None if it names none. Raises KeelError."""
    key, name = environment.get("KEEL_PRIVATE_KEY"), environment.get("KEEL_ACCOUNT")
    if key and name:
        raise KeelError("KEEL_PRIVATE_KEY and KEEL_ACCOUNT are both set; expected one of them")
    if key:
        return _from_key(key)
    if name:
        return _from_keystore(name, environment.get("KEEL_PASSWORD"), keystores)
    return None


def _from_key(key: str) -> LocalAccount:
    digits = key.strip().removeprefix("0x")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digits):
        raise KeelError(
            f"KEEL_PRIVATE_KEY is no private key ({len(digits)} characters); expected 64 hex digits"
        )
    if not 0 < int(digits, 16) < CURVE_ORDER:
        raise KeelError("KEEL_PRIVATE_KEY is no private key: outside of the curve's range")
    account: LocalAccount = Account.from_key("0x" + digits)
    return account


def _from_keystore(name: str, password: str | None, keystores: Path) -> LocalAccount:
    file = keystores / f"{Path(name).name}.json"
    if not file.exists():
        known = ", ".join(sorted(other.stem for other in keystores.glob("*.json"))) or "none"
        raise KeelError(
            f'KEEL_ACCOUNT is "{name}", and Brownie has no such account; it has: {known}.'
            f" Make one with HOME={keystores.parents[1]} .venv/bin/brownie accounts new {name}"
        )
    return open_keystore(file, name, password)


def local_account(number: int) -> LocalAccount:
    """One of the accounts of every local Anvil, whose keys everybody knows."""
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{number}")
    return account


def keystore_address(file: Path) -> str:
    """The address that a keystore is of, as it says itself, without a password. Raises KeelError."""
    digits = str(_read_keystore(file).get("address", "")).removeprefix("0x")
    if not re.fullmatch(r"[0-9a-fA-F]{40}", digits):
        raise KeelError(f"{file} is no keystore with an address; expected one as geth and Brownie write them")
    return codec.checksum("0x" + digits)


def open_keystore(file: Path, name: str, password: str | None = None) -> LocalAccount:
    """The account in a keystore file; without a password it is asked for at a terminal. Raises KeelError."""
    keystore = _read_keystore(file)
    if password is None:
        if not sys.stdin.isatty():
            raise KeelError(f'the account "{name}" needs a password: set KEEL_PASSWORD, or run in a terminal')
        password = getpass.getpass(f"Password of {name}: ")
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(keystore, password))
        return account
    except (ValueError, KeyError, TypeError, NotImplementedError):
        raise KeelError(f'the password does not open the account "{name}" ({file})') from None


def _read_keystore(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text()))
    except OSError as error:
        raise KeelError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise KeelError(f"{file} is no keystore: not JSON") from None
