"""Collects what the chain should answer, asks in few round trips, and keeps the differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from scripts.common.contract import Call

Show = Callable[[Any], str]


@dataclass(frozen=True)
class Difference:
    """Something on chain that is not what the files say."""

    parameter: str
    chain: str
    file: str

    def __str__(self) -> str:
        return f"{self.parameter} is {self.chain} on chain and {self.file} in the file"


@dataclass(frozen=True)
class _Check:
    call: Call
    parts: list[tuple[str, Any, Any, Show]]


class Verifier:
    """Collects what to read, reads it in few round trips, and compares."""

    def __init__(self, chain: Any) -> None:
        self.chain = chain
        self._checks: list[_Check] = []
        self._found: list[Difference] = []
        self.compared = 0

    def compare(self, parameter: str, value: Any, wanted: Any, show: Show = str) -> None:
        """A value that has been read."""
        self.compared += 1
        if value != wanted:
            self._found.append(Difference(parameter, show(value), show(wanted)))

    def expect(self, parameter: str, call: Call, value: Any, show: Show = str) -> None:
        """The call's answer as a whole."""
        self._checks.append(_Check(call, [(parameter, None, value, show)]))

    def expect_fields(self, call: Call, fields: Iterable[tuple[str, Any, Any, Show]]) -> None:
        """Fields of the call's answer: parameter, position or name, value, how to show it."""
        self._checks.append(_Check(call, list(fields)))

    def differences(self) -> list[Difference]:
        """Reads and compares everything."""
        calls = [check.call for check in self._checks]
        if hasattr(self.chain, "read_all"):
            answers = self.chain.read_all(calls)
        else:
            answers = [
                call.decode(self.chain.simulate(call.sender, call.to, call.data, 0, None)) for call in calls
            ]
        for check, answer in zip(self._checks, answers, strict=True):
            for parameter, where, wanted, show in check.parts:
                value = answer if where is None else answer[where] if isinstance(where, int) else None
                if isinstance(where, str):
                    value = getattr(answer, where)
                self.compare(parameter, value, getattr(wanted, "address", wanted), show)
        return self._found
