"""Reverts in tests: the exception, and the context manager that expects one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.common import abi as codec
from scripts.common import contract

if TYPE_CHECKING:
    from tests.helpers.backend import Backend


class Reverted(contract.Reverted):
    """A call reverted; its text is the error alone, such as `Vault_CapExceeded(5, 7)`."""

    def __str__(self) -> str:
        if not self.name:
            return "revert without data"
        text = f"{self.name}({', '.join(_text(value) for value in self.args)})"
        if self.name == "Panic":
            text += f": {codec.PANICS.get(self.args[0], 'unknown code')}"
        return text


class ExpectRevert:
    """Context manager that wants its body to revert with one error; `error` is what came."""

    def __init__(self, backend: Backend, name: str | None, args: tuple[Any, ...]) -> None:
        self._backend, self._name, self._args = backend, name, args
        self.error: Reverted | None = None

    def __enter__(self) -> ExpectRevert:
        name = self._name
        declared = (
            name is not None and name not in ("", "Error", "Panic", "Halt") and not name.startswith("0x")
        )
        if name and declared and not self._backend.dictionary.knows_error(str(name)):
            raise AssertionError(
                f"no known contract declares the error {name}; is it spelt right, is it built?"
            )
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if error is None:
            raise AssertionError(f"expected {self._expected()}, but the call went through")
        if not isinstance(error, Reverted):
            return False
        if not self._matches(error):
            raise AssertionError(f"expected {self._expected()}, got {error}") from error
        self.error = error
        return True

    def _matches(self, error: Reverted) -> bool:
        if self._name is None:
            return True
        if error.name != self._name:
            return False
        if not self._args:
            return True
        return len(self._args) == len(error.args) and all(
            wanted is None or _same(wanted, got) for wanted, got in zip(self._args, error.args, strict=True)
        )

    def _expected(self) -> str:
        if self._name is None:
            return "a revert"
        if not self._args:
            return self._name or "a revert without data"
        return f"{self._name}({', '.join('any' if value is None else _text(value) for value in self._args)})"


def _same(wanted: Any, got: Any) -> bool:
    wanted = getattr(wanted, "address", wanted)
    if isinstance(got, bytes) and isinstance(wanted, str):
        wanted = bytes.fromhex(wanted.removeprefix("0x"))
    if isinstance(got, str) and isinstance(wanted, str) and got.startswith("0x"):
        return got.lower() == wanted.lower()
    return bool(wanted == got)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return str(getattr(value, "address", value))
