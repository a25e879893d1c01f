"""Operations of the gas snapshot as transactions to trace: the measurement, stopped behind the one that is wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from scripts.common.errors import KeelError
from scripts.profile.trace import Node
from scripts.setup.environment import ROOT

SNAPSHOT = ROOT / "tests" / "gas" / "snapshot.json"
# `order_match_10` is a transaction of ten fills.
PARTS = (1, 10)


class _Measured(Exception):
    """The wanted figure is there; its transaction is the chain's last one."""


class _Figures(dict[str, int]):
    """Takes figures until the wanted one comes."""

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self._wanted = wanted

    def __setitem__(self, key: str, gas: int) -> None:
        super().__setitem__(key, gas)
        if key == self._wanted:
            raise _Measured


def names() -> list[str]:
    """Operations of the snapshot."""
    return list(json.loads(SNAPSHOT.read_text()))


@contextmanager
def measured(operation: str) -> Iterator[tuple[Node, str]]:
    """A chain on which the operation was just measured, and its transaction; the chain ends with the block.

    Raises KeelError for a figure that is taken inside a call and is no transaction of its own.
    """
    # What is measured lives with the tests, and needs what they need; nothing else here does.
    from tests.gas.measure import measure
    from tests.helpers.anvil_backend import AnvilBackend

    evm = AnvilBackend()
    try:
        figures = _Figures(operation)
        try:
            measure(evm, figures)
        except _Measured:
            pass
        else:
            raise KeelError(f"{operation} was not measured; expected one of {', '.join(figures)}")
        last = evm.rpc("eth_getBlockByNumber", "latest", True)["transactions"]
        gas = int(evm.rpc("eth_getTransactionReceipt", last[-1]["hash"])["gasUsed"], 16) if last else 0
        if figures[operation] not in (gas // part for part in PARTS):
            raise KeelError(f"{operation} is measured inside a call: there is no transaction to profile")
        yield evm.rpc, last[-1]["hash"]
    finally:
        evm.close()
