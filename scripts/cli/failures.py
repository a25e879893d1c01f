"""How a command fails: what the user did wrong, what was refused, and with which exit code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from scripts.client.domain import Asset, Domain
from scripts.client.sentences import sentence
from scripts.common.contract import Reverted
from scripts.common.errors import KeelError
from scripts.common.rpc import ChainUnreachable


class ExitCode(IntEnum):
    """What the process ends with."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


class UsageError(KeelError):
    """What was typed cannot be right, whatever the chain's state."""

    exit_code = ExitCode.USAGE


def exit_code(error: KeelError) -> ExitCode:
    """The code of an error that ends a command."""
    return ExitCode.UNREACHABLE if isinstance(error, ChainUnreachable) else ExitCode(error.exit_code)


@dataclass
class Subject:
    """What a command is about: the domain, and the assets that amounts of errors are in which do not say so.

    `lent` is for those of lending pools, `traded` for all others.
    """

    domain: Domain | None = None
    lent: Asset | None = None
    traded: Asset | None = None

    def is_about(self, asset: Asset, traded: Asset | None = None) -> None:
        """Amounts of pools are in `asset`, others in `traded`, or in `asset` too."""
        self.lent, self.traded = asset, traded or asset


def message(error: KeelError, subject: Subject) -> str:
    """One line for people."""
    if not isinstance(error, Reverted):
        return str(error)
    asset = subject.lent if error.name.startswith("LendingPool_") else subject.traded
    return sentence(error, subject.domain, asset)


def described(text: str, code: ExitCode, error: KeelError | None = None) -> dict[str, Any]:
    """The error for machines; `name` and `values` are a contract's custom error's."""
    description: dict[str, Any] = {"kind": code.name.lower(), "exit_code": int(code), "message": text}
    if isinstance(error, Reverted):
        labels = error.labels or [str(number) for number in range(len(error.args))]
        description |= {"name": error.name, "values": dict(zip(labels, error.args, strict=True))}
    return description
