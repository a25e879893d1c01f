"""What has been deployed on one chain: `scripts/deployments/<chain-id>.json`, rewritten after each step."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from scripts.artifacts import Artifact
from scripts.common.errors import KeelError
from scripts.setup.environment import ROOT, write_atomically

FOLDER = ROOT / "scripts" / "deployments"


class RecordError(KeelError):
    """A deployments file cannot be used as it is."""


@dataclass(frozen=True)
class Entry:
    """One contract. `block`, `transaction` and `arguments` are those of its creation.

    `package` is the npm package that ships the contract compiled, if it is not one of this project's.
    Of a contract that was there before only name and address are known; `deployed` is false. While `nonce`
    is not None its creation is on the way: it has been or is about to be sent in the sender's transaction of
    that number, after `block`.
    """

    contract: str
    address: str
    package: str = ""
    deployed: bool = True
    block: int | None = None
    transaction: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    abi_hash: str = ""
    code_hash: str = ""
    nonce: int | None = None


class Record:
    """The entries of one chain by key; without a path they are kept in memory alone."""

    def __init__(self, path: Path | None, chain_id: int, genesis: str, domain: str, deployer: str) -> None:
        self.path, self.chain_id, self.genesis = path, chain_id, genesis
        self.domain, self.deployer = domain, deployer
        self.entries: dict[str, Entry] = {}
        self.complete = False

    @classmethod
    def open(cls, path: Path, chain_id: int) -> Record | None:
        """What the file says of a chain; None if there is no file. Raises RecordError."""
        try:
            content = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except ValueError:
            raise RecordError(f"{path} is not JSON; restore it, or delete it to deploy anew") from None
        try:
            record = cls(path, *(content[key] for key in ("chain_id", "genesis", "domain", "deployer")))
            record.entries = {key: Entry(**entry) for key, entry in content["contracts"].items()}
            record.complete = content["complete"]
        except (KeyError, TypeError, AttributeError) as error:
            raise RecordError(
                f"{path} is no deployments file ({error}); restore it, or delete it to deploy anew"
            ) from None
        if record.chain_id != chain_id:
            raise RecordError(f"{path} is of chain {record.chain_id}, the node serves chain {chain_id}")
        return record

    def __contains__(self, key: str) -> bool:
        entry = self.entries.get(key)
        return entry is not None and entry.nonce is None

    def __getitem__(self, key: str) -> Entry:
        try:
            return self.entries[key]
        except KeyError:
            raise RecordError(f"{self.path or 'this deployment'} has no {key}; deploy it first") from None

    @property
    def pending(self) -> tuple[str, Entry] | None:
        """The creation that was on the way when the last run ended."""
        return next(((key, entry) for key, entry in self.entries.items() if entry.nonce is not None), None)

    def put(self, key: str, entry: Entry) -> None:
        """Adds or replaces an entry."""
        self.entries[key] = entry
        self.save()

    def created(self, key: str, block: int | None, transaction: str | None) -> None:
        """Notes that a creation which was on the way is there."""
        self.put(key, replace(self.entries[key], nonce=None, block=block, transaction=transaction))

    def drop(self, *keys: str) -> None:
        """Forgets entries."""
        for key in keys:
            self.entries.pop(key, None)
        self.save()

    def finish(self) -> None:
        """Notes that nothing is left to do."""
        if not self.complete:
            self.complete = True
            self.save()

    def save(self) -> None:
        """Replaces the file in one step."""
        if self.path is None:
            return
        contracts = {
            key: {
                name: value for name, value in asdict(entry).items() if name != "nonce" or value is not None
            }
            for key, entry in self.entries.items()
        }
        content = {
            "chain_id": self.chain_id,
            "genesis": self.genesis,
            "domain": self.domain,
            "deployer": self.deployer,
            "complete": self.complete,
            "contracts": contracts,
        }
        write_atomically(self.path, json.dumps(content, indent=2) + "\n")


def abi_hash(artifact: Artifact) -> str:
    """SHA-256 of the ABI as canonical JSON."""
    return _sha256(json.dumps(artifact.abi, sort_keys=True, separators=(",", ":")).encode())


def code_hash(artifact: Artifact) -> str:
    """SHA-256 of the creation code without arguments."""
    return _sha256(artifact.creation_code())


def readable(value: Any) -> Any:
    """A constructor argument for the file; numbers as text, because elsewhere JSON's have 53 bits."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, list | tuple):
        return [readable(item) for item in value]
    return str(getattr(value, "address", value))


def _sha256(data: bytes) -> str:
    return "0x" + hashlib.sha256(data).hexdigest()
