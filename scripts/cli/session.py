"""One run of a command: the chain it speaks to, the domain there, who sends and which account is meant."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from scripts.chain import local
from scripts.cli.failures import Subject, UsageError
from scripts.cli.options import LOCAL, Options
from scripts.cli.output import Output
from scripts.cli.values import ACCOUNT, account_index, checked_address, number_within
from scripts.client.domain import INDEX_BYTES, Domain, account_id, open_domain
from scripts.client.routes import Router
from scripts.common import abi as codec
from scripts.common.accounts import (
    KEYSTORES,
    NO_ACCOUNT,
    account_from_environment,
    keystore_address,
    open_keystore,
)
from scripts.common.chain import Chain, connect
from scripts.common.errors import KeelError
from scripts.deploy.deployer import LOCAL_CHAIN_ID

# On a local chain the first account deploys and the next ones are wallets with tokens.
FIRST_WALLET = 1


class Session:
    """Opens what a command needs when it needs it. `sends` says whether an account will have to sign."""

    def __init__(self, options: Options, out: Output, sends: bool) -> None:
        self.options, self.out, self.sends = options, out, sends
        self.subject = Subject()

    def check(self) -> None:
        """Raises UsageError for options that cannot be right, whether the command uses them or not."""
        options = self.options
        account_index(options.index)
        for text, field in ((options.account, "--account"), (options.sender, "--from")):
            if text is not None and not text.isdigit() and not ACCOUNT.fullmatch(text):
                checked_address(text, field)

    # Chain

    @property
    def url(self) -> str:
        """Address of the node."""
        if self.options.network != LOCAL:
            return self.options.network
        node = local.running()
        return node.url if node else f"http://127.0.0.1:{local.PORT}"

    @cached_property
    def chain(self) -> Chain:
        """The chain. Raises ChainUnreachable, WrongChain, KeelError."""
        wanted = self.options.chain_id
        if wanted is None and self.options.network == LOCAL:
            wanted = LOCAL_CHAIN_ID
        return connect(self.url, timeout=self.options.timeout, chain_id=wanted, signs=False)

    @cached_property
    def domain(self) -> Domain:
        """The domain that the deployments file names. Raises KeelError."""
        self.subject.domain = open_domain(self.chain, self.options.deployments)
        return self.subject.domain

    @cached_property
    def router(self) -> Router:
        """Ways through Uniswap."""
        return Router(self.domain)

    # Who

    @cached_property
    def sender(self) -> str:
        """The address that sends: --keystore, --from, the environment's account, or on a local chain the
        node's first wallet. If the command sends, its key is here or at the node. Raises KeelError.
        """
        address = self._named_sender()
        if address is None:
            held = self.held
            if self.chain.chain_id != LOCAL_CHAIN_ID or len(held) <= FIRST_WALLET:
                raise KeelError(f"{NO_ACCOUNT}; or name one with --keystore or --from")
            return held[FIRST_WALLET]
        if self.sends and address not in self.chain.accounts:
            raise KeelError(
                f"cannot send from {address}: neither the node nor the environment has its key; name a keystore"
                " with --keystore, or set KEEL_PRIVATE_KEY or KEEL_ACCOUNT"
            )
        return address

    @cached_property
    def account(self) -> bytes:
        """The margin account that is meant: --account and --index, else the sender's. Raises KeelError."""
        text, index = self.options.account, account_index(self.options.index)
        if text is None:
            return account_id(self.sender, index)
        if ACCOUNT.fullmatch(text):
            if index:
                raise UsageError("--index: an account's full id has its number in it; leave --index out")
            return bytes.fromhex(text[2:])
        return account_id(self.address(text, "--account"), index)

    def address(self, text: str, field: str) -> str:
        """An address as typed, or the number of one of the node's accounts on a local chain."""
        if text.startswith("0x") or not text.isdigit():
            return checked_address(text, field)
        held = self.held
        if not held:
            raise UsageError(
                f'{field}: "{text}" is a number, and the node holds no accounts; write an address'
            )
        return held[number_within(text, 0, len(held) - 1, field)]

    def account_of(self, text: str, field: str) -> bytes:
        """An account by its full id, by its owner's address, or as `address#number`."""
        if ACCOUNT.fullmatch(text):
            return bytes.fromhex(text[2:])
        owner, _, index = text.partition("#")
        return account_id(self.address(owner.strip(), field), account_index(index or "0"))

    def close(self) -> None:
        """Closes the connection."""
        if "chain" in self.__dict__:
            self.chain.close()

    # Internal

    @cached_property
    def held(self) -> list[str]:
        """Addresses whose keys the node has, such as a local chain's test accounts."""
        return [codec.checksum(address) for address in self.chain.rpc("eth_accounts")]

    def _named_sender(self) -> str | None:
        """The address that options or environment name; its key is opened only if the command sends."""
        options = self.options
        named = None if options.sender is None else self.address(options.sender, "--from")
        if options.keystore is not None:
            address = keystore_address(options.keystore)
            if named not in (None, address):
                raise UsageError(
                    f"--from is {named}, and {options.keystore} is of {address}; name one of them"
                )
            if self.sends:
                password = os.environ.get("KEEL_PASSWORD")
                self.chain.add_signer(open_keystore(options.keystore, options.keystore.name, password))
            return address
        if named is not None and named in self.held:
            return named
        if self.sends:
            signer = account_from_environment()
            if signer is not None:
                self.chain.add_signer(signer)
            return named or (signer.address if signer else None)
        return named or _address_in_environment()


def _address_in_environment() -> str | None:
    """The address of the environment's account without a password."""
    if os.environ.get("KEEL_ACCOUNT") and not os.environ.get("KEEL_PRIVATE_KEY"):
        return keystore_address(KEYSTORES / f"{Path(os.environ['KEEL_ACCOUNT']).name}.json")
    signer: LocalAccount | None = account_from_environment()
    return signer.address if signer else None


def owner_of(account: bytes) -> str:
    """The owner's address."""
    return codec.checksum("0x" + account[:-INDEX_BYTES].hex())


def index_of(account: bytes) -> int:
    """The account's number among its owner's."""
    return int.from_bytes(account[-INDEX_BYTES:], "big")


def identified(account: bytes) -> dict[str, Any]:
    """The account for JSON."""
    return {"account": account, "owner": owner_of(account), "index": index_of(account)}
