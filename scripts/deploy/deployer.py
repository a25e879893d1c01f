"""Steps that can be repeated: each looks first whether it is done already.

A run may end at any moment. Before a creation is sent, the record says at which address it will be; the next
run finds it there, waits for it if it is still on its way, or sends it again. All else is asked of the chain.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from scripts.artifacts import Artifact, ArtifactError, artifacts
from scripts.common.contract import Contract, Reverted
from scripts.common.create_address import created_address
from scripts.common.errors import KeelError
from scripts.common.packages import package_artifact
from scripts.deploy.record import Entry, Record, abi_hash, code_hash, readable

LOCAL_CHAIN_ID = 31337
WAIT_SECONDS = 300
POLL_SECONDS = 1.0
# A placeholder for an immutable: PUSH32 of zero.
IMMUTABLE = re.compile(rb"\x7f\x00{32}")


class DeployError(KeelError):
    """The deployment cannot go on."""


Say = Callable[[str], None]


class Deployer:
    """A chain, the record of what is on it, and who sends."""

    def __init__(self, chain: Any, record: Record, sender: str, say: Say, may_send: bool = True) -> None:
        self.chain, self.record, self.sender, self.say = chain, record, sender, say
        self.may_send = may_send
        self.sent = 0
        self._settle()

    # Steps

    def create(self, key: str, name: str, *args: Any, package: str = "") -> Contract:
        """The contract `name`, deployed under `key` now or before. Raises DeployError, Reverted."""
        artifact = _artifact(name, package)
        if key in self.record:
            self._require_same(key, artifact, args)
            return self.at(key, artifact.abi)
        self._require_may_send(f"deployed {key} ({name})")
        self.require_begun_by_sender(key)
        nonce = self.nonce()
        address = created_address(self.sender, nonce)
        entry = Entry(
            contract=name,
            address=address,
            package=package,
            block=self.chain.block_number,
            arguments=_arguments(artifact, args),
            abi_hash=abi_hash(artifact),
            code_hash=code_hash(artifact),
            nonce=nonce,
        )
        self.record.put(key, entry)
        contract: Contract = self.chain.deploy_raw(
            artifact.abi, artifact.creation_code(), *args, sender=self.sender
        )
        contract.label = name
        if contract.address != address:
            raise DeployError(
                f"{key} was deployed at {contract.address}, not at {address}: something else sends from"
                f" {self.sender} at the same time; stop it and run again"
            )
        self.record.created(key, *self._find(entry))
        self.sent += 1
        self.say(f"deployed {key} ({name}) at {address}")
        return contract

    def created_by(self, parent: str, key: str, name: str, *args: Any) -> Contract:
        """The first contract that the constructor of `parent` created. Raises DeployError."""
        artifact = _artifact(name, "")
        if key in self.record:
            self._require_same(key, artifact, args)
            return self.at(key, artifact.abi)
        self._require_may_send(f"noted {key} ({name})")
        creator = self.record[parent]
        entry = Entry(
            contract=name,
            address=created_address(creator.address, 1),
            block=creator.block,
            transaction=creator.transaction,
            arguments=_arguments(artifact, args),
            abi_hash=abi_hash(artifact),
            code_hash=code_hash(artifact),
        )
        self.record.put(key, entry)
        return self.at(key, artifact.abi)

    def use(self, key: str, name: str, address: str, package: str = "") -> Contract:
        """A contract that is there already."""
        if not self.chain.code(address):
            raise DeployError(
                f"{key}: there is no contract at {address}; correct the address in the market's file"
            )
        if key not in self.record:
            self._require_may_send(f"took {key} from the files")
            self.record.put(key, Entry(name, address, package, deployed=False))
        elif self.record[key].address != address:
            raise DeployError(
                f"{key} is {self.record[key].address} in {self.record.path}, and {address} in the"
                " market's file; a listed asset keeps its addresses"
            )
        return self.at(key, _artifact(name, package).abi)

    def ensure(self, what: str, done: bool, send: Callable[[], Any]) -> None:
        """Sends a transaction unless what it is for is there; `what` is said afterwards."""
        if done:
            return
        self._require_may_send(what)
        try:
            send()
        except Reverted as error:
            if error.name != "OwnableUnauthorizedAccount":
                raise
            raise DeployError(
                f'only the owner can do what is next ("{what}"), and {self.sender} is not: {error}'
            ) from None
        self.sent += 1
        self.say(what)

    def at(self, key: str, abi: str | list[dict[str, Any]]) -> Contract:
        """The contract under `key`."""
        entry = self.record[key]
        contract: Contract = self.chain.at(abi, entry.address)
        contract.label = entry.contract
        return contract

    def nonce(self, pending: bool = False) -> int:
        """Number of the sender's next transaction; `pending` counts those that wait to be mined."""
        if hasattr(self.chain, "nonce"):
            return int(self.chain.nonce(self.sender))
        block = "pending" if pending else "latest"
        return int(self.chain.rpc("eth_getTransactionCount", self.sender, block), 16)

    # What the last run left

    def _settle(self) -> None:
        pending = self.record.pending
        if pending is None:
            return
        key, entry = pending
        assert entry.nonce is not None
        self._require_may_send(f"found {key} ({entry.contract})")
        if created_address(self.sender, entry.nonce) != entry.address:
            raise DeployError(
                f"{key} was sent from {self.record.deployer} and this run sends from {self.sender};"
                " run with that account"
            )
        deadline = time.monotonic() + WAIT_SECONDS
        while not (code := self.chain.code(entry.address)):
            if self.nonce(pending=True) <= entry.nonce or self.nonce() > entry.nonce:
                # Never sent, dropped, or failed.
                self.record.drop(key)
                return
            if time.monotonic() > deadline:
                raise DeployError(
                    f"{key} waits to be mined in transaction {entry.nonce} of {self.sender} for more than"
                    f" {WAIT_SECONDS} s; run again when it is through, or replace it"
                )
            time.sleep(POLL_SECONDS)
        if not is_compiled(code, find_artifact(entry)):
            # The account has created something else there.
            self.record.drop(key)
            return
        self.record.created(key, *self._find(entry))
        self.say(f"found {key} ({entry.contract}) at {entry.address}")

    def _find(self, entry: Entry) -> tuple[int, str | None]:
        """Block and hash of the transaction that created an entry."""
        latest = int(self.chain.block_number)
        if not hasattr(self.chain, "rpc"):
            return latest, None
        for number in range((entry.block or 0) + 1, latest + 1):
            block = self.chain.rpc("eth_getBlockByNumber", hex(number), True)
            for transaction in block["transactions"]:
                same = transaction["from"].lower() == self.sender.lower()
                if same and int(transaction["nonce"], 16) == entry.nonce:
                    return number, transaction["hash"]
        return latest, None

    # Checks

    def _require_may_send(self, what: str) -> None:
        if not self.may_send:
            raise DeployError(f'something is still to be done ("{what}"); run `make deploy`')

    def require_begun_by_sender(self, key: str) -> None:
        """Raises DeployError if somebody else began."""
        if self.sender != self.record.deployer:
            raise DeployError(
                f"{key} is still to be deployed, by {self.record.deployer} who began; this run sends from"
                f" {self.sender}"
            )

    def _require_same(self, key: str, artifact: Artifact, args: tuple[Any, ...]) -> None:
        entry, wanted = self.record[key], _arguments(artifact, args)
        for name, value in wanted.items():
            found = entry.arguments.get(name)
            if found != value:
                raise DeployError(
                    f"{key}: {name} was {found} at deployment, and the files say {value};"
                    " it cannot be changed: take the file's change back, or deploy anew"
                )
        if entry.abi_hash != abi_hash(artifact):
            raise DeployError(
                f"{key}: {entry.contract} at {entry.address} was deployed from another version of the"
                " contract (its ABI differs); check that version out, or deploy anew"
            )


def find_artifact(entry: Entry) -> Artifact:
    """What an entry's contract compiles to now. Raises DeployError."""
    return _artifact(entry.contract, entry.package)


def is_compiled(code: bytes, artifact: Artifact) -> bool:
    """Whether code on chain is the compiled code, immutables aside."""
    compiled = bytes.fromhex(artifact.runtime)
    if len(code) != len(compiled):
        return False
    masked = bytearray(code)
    for match in IMMUTABLE.finditer(compiled):
        masked[match.start() + 1 : match.end()] = bytes(32)
    return bytes(masked) == compiled


def _artifact(name: str, package: str) -> Artifact:
    if package:
        return package_artifact(package, name)
    try:
        return artifacts().get(name)
    except ArtifactError as error:
        raise DeployError(str(error)) from None


def _arguments(artifact: Artifact, args: tuple[Any, ...]) -> dict[str, Any]:
    inputs: list[dict[str, Any]] = next(
        (entry["inputs"] for entry in artifact.abi if entry["type"] == "constructor"), []
    )
    return {
        item["name"].strip("_") or str(position): readable(value)
        for position, (item, value) in enumerate(zip(inputs, args, strict=True))
    }


def quiet(_: str) -> None:
    """Says nothing."""
