"""Contracts as Python objects, on whichever backend: functions, transactions, reverts.

A backend is a chain (scripts/common/chain.py) or a test's EVM; this module knows it by the protocol `Backend`
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from scripts.common import abi as codec
from scripts.common.errors import KeelError

RawLog = tuple[str, list[bytes], bytes]


@dataclass(frozen=True)
class Call:
    """A call that is ready to be sent or read, alone or together with others."""

    label: str
    sender: str
    to: str
    data: bytes
    value: int
    decode: Callable[[bytes], Any]


class Backend(Protocol):
    """What a contract needs of a chain."""

    @property
    def dictionary(self) -> codec.Dictionary:
        """Errors and events of all known contracts."""

    def sender(self, sender: Any) -> str:
        """The address that a call comes from; None stands for the default."""

    def transact(
        self,
        sender: str,
        to: str | None,
        data: bytes,
        value: int,
        gas: int | None,
        decode: Callable[[bytes], Any],
    ) -> Tx:
        """Executes a transaction; for `to` None its value is the new contract's address. Raises Reverted."""

    def simulate(self, sender: str, to: str, data: bytes, value: int, gas: int | None) -> bytes:
        """The return data of a call that changes nothing. Raises Reverted."""

    def code(self, address: Any) -> bytes:
        """The runtime code at an address."""


class Deployer(Backend, Protocol):
    """A backend on which contracts can be deployed and found."""

    def deploy_raw(
        self, abi: list[dict[str, Any]], bytecode: str | bytes, *args: Any, sender: Any = None, value: int = 0
    ) -> Contract:
        """Deploys creation code with the constructor's arguments."""

    def at(self, name: str | list[dict[str, Any]], address: Any) -> Contract:
        """The contract at `address`, with the ABI of the compiled contract `name` or with an ABI."""


class Reverted(KeelError):
    """A call reverted.

    `name` and `args` are the custom error's; "Error" and "Panic" are Solidity's own, "Halt" with a reason is
    one of the EVM's (out of gas, invalid opcode), "" is a revert without data. `data` is the raw revert data,
    `where` the function that was called, if known.
    """

    def __init__(self, name: str, args: tuple[Any, ...], data: bytes) -> None:
        super().__init__(name)
        self.labels = getattr(args, "_fields", ())
        self.args = tuple(args)
        self.name, self.data = name, data
        self.where = ""

    def __str__(self) -> str:
        return f"{self.where} reverted: {self._reason()}" if self.where else self._reason()

    def _reason(self) -> str:
        if not self.name:
            return "no reason given"
        if self.name == "Panic":
            return f"Panic({self.args[0]:#x}): {codec.PANICS.get(self.args[0], 'unknown code')}"
        values = [_text(value) for value in self.args]
        if self.labels:
            values = [
                f"{label} {value}".strip("_ ") for label, value in zip(self.labels, values, strict=True)
            ]
        return f"{self.name}({', '.join(values)})"


class Tx:
    """A transaction that succeeded."""

    def __init__(
        self,
        backend: Backend,
        gas_used: int,
        raw_logs: list[RawLog],
        value: Callable[[], Any],
        hash: str | None = None,
        block_number: int | None = None,
    ) -> None:
        self.gas_used = gas_used
        self.raw_logs = raw_logs
        self.hash = hash
        self.block_number = block_number
        self._backend = backend
        self._fetch: Callable[[], Any] | None = value
        self._value: Any = None
        self._logs: list[tuple[str, dict[str, Any]]] | None = None

    @property
    def value(self) -> Any:
        """The decoded return value."""
        if self._fetch is not None:
            self._value, self._fetch = self._fetch(), None
        return self._value

    @property
    def logs(self) -> list[tuple[str, dict[str, Any]]]:
        """(event, arguments) of every log in order; an event of no known ABI has its topic as name."""
        if self._logs is None:
            dictionary = self._backend.dictionary
            self._logs = [dictionary.event(topics, data) for _, topics, data in self.raw_logs]
        return self._logs

    def events(self, name: str, emitter: Any = None) -> list[dict[str, Any]]:
        """The arguments of each event called `name`, of one emitter (a contract or address) if given."""
        address = getattr(emitter, "address", emitter)
        return [
            arguments
            for (event, arguments), (source, _, _) in zip(self.logs, self.raw_logs, strict=True)
            if event == name and (address is None or source.lower() == address.lower())
        ]


class Function:
    """One function of a contract. A call executes a transaction, or only reads if it is view or pure."""

    def __init__(self, contract: Contract, entry: dict[str, Any]) -> None:
        self._contract = contract
        self._entry = entry
        self._selector = codec.selector(entry)
        self._reads = entry["stateMutability"] in ("view", "pure")

    def __call__(self, *args: Any, sender: Any = None, value: int = 0, gas: int | None = None) -> Any:
        if self._reads:
            return self.call(*args, sender=sender, value=value, gas=gas)
        backend = self._contract._backend
        try:
            return backend.transact(
                backend.sender(sender), self._contract.address, self.encode(*args), value, gas, self._decode
            )
        except Reverted as error:
            raise self._located(error) from None

    def call(self, *args: Any, sender: Any = None, value: int = 0, gas: int | None = None) -> Any:
        """The return value, without changing anything."""
        backend = self._contract._backend
        try:
            data = backend.simulate(
                backend.sender(sender), self._contract.address, self.encode(*args), value, gas
            )
        except Reverted as error:
            raise self._located(error) from None
        return self._decode(data)

    def prepare(self, *args: Any, sender: Any = None, value: int = 0) -> Call:
        """The call, to be sent or read later."""
        contract = self._contract
        return Call(
            f"{contract.label}.{self._entry['name']}",
            contract._backend.sender(sender),
            contract.address,
            self.encode(*args),
            value,
            self._decode,
        )

    def encode(self, *args: Any) -> bytes:
        """The calldata."""
        try:
            return self._selector + codec.encode(self._entry["inputs"], args)
        except TypeError as error:
            raise TypeError(f"{self._contract.label}.{codec.signature(self._entry)}: {error}") from None

    def _located(self, error: Reverted) -> Reverted:
        error.where = error.where or f"{self._contract.label}.{self._entry['name']}"
        return error

    def _decode(self, data: bytes) -> Any:
        outputs = self._entry["outputs"]
        if outputs and not data and not self._contract._backend.code(self._contract.address):
            raise KeelError(f"no contract at {self._contract.address}; expected {self._contract.label}")
        return codec.decode_result(outputs, data)


class Overloaded:
    """Several functions of one name: the number of arguments decides, or `contract.fn("name(types)")`."""

    def __init__(self, name: str, functions: list[Function]) -> None:
        self._name, self._functions = name, functions

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._choose(args)(*args, **options)

    def call(self, *args: Any, **options: Any) -> Any:
        """As Function.call."""
        return self._choose(args).call(*args, **options)

    def prepare(self, *args: Any, **options: Any) -> Call:
        """As Function.prepare."""
        return self._choose(args).prepare(*args, **options)

    def encode(self, *args: Any) -> bytes:
        """As Function.encode."""
        return self._choose(args).encode(*args)

    def _choose(self, args: Sequence[Any]) -> Function:
        fitting = [function for function in self._functions if len(function._entry["inputs"]) == len(args)]
        if len(fitting) == 1:
            return fitting[0]
        names = ", ".join(codec.signature(function._entry) for function in self._functions)
        raise TypeError(f'{self._name} with {len(args)} arguments is not one of {names}; use fn("...")')


class Contract:
    """A contract at an address: its functions are attributes."""

    def __init__(self, backend: Backend, label: str, address: str, abi: list[dict[str, Any]]) -> None:
        self.address = codec.checksum(address)
        self.abi = abi
        self.label = label
        self._backend = backend
        by_name: dict[str, list[Function]] = {}
        for entry in abi:
            if entry["type"] == "function":
                by_name.setdefault(entry["name"], []).append(Function(self, entry))
        self._functions: dict[str, Any] = {
            name: same[0] if len(same) == 1 else Overloaded(f"{label}.{name}", same)
            for name, same in by_name.items()
        }
        self._by_signature = {
            codec.signature(function._entry): function for same in by_name.values() for function in same
        }

    def __getattr__(self, name: str) -> Any:
        functions = self.__dict__.get("_functions", {})
        if name in functions:
            return functions[name]
        raise AttributeError(
            f'{self.__dict__.get("label")} has no function "{name}"; it has {sorted(functions)}'
        )

    def fn(self, signature: str) -> Function:
        """The function of exactly this signature, such as `deposit(uint256,address)`."""
        try:
            return self._by_signature[signature.replace(" ", "")]
        except KeyError:
            raise AttributeError(
                f'{self.label} has no function "{signature}"; it has {sorted(self._by_signature)}'
            ) from None

    def __eq__(self, other: object) -> bool:
        address = getattr(other, "address", other)
        return isinstance(address, str) and address.lower() == self.address.lower()

    def __hash__(self) -> int:
        return hash(self.address)

    def __repr__(self) -> str:
        return f"<{self.label} {self.address}>"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return str(getattr(value, "address", value))
