"""What a trace comes to: rows by contract and function, sums by kind of work, a table and a JSON document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from scripts.profile.sources import Code
from scripts.profile.trace import (
    CALLDATA,
    CALLS,
    COMPUTE,
    HASHING,
    INTRINSIC,
    KINDS,
    LOGS,
    MEMORY,
    STORAGE_COLD,
    STORAGE_WARM,
    STORAGE_WRITE,
    STORAGE_WRITE_WARM,
    TRANSIENT,
    Trace,
)

TRANSACTION = "(transaction)"
# Columns of the table, each one or more kinds of work.
COLUMNS = {
    "cold reads": (STORAGE_COLD,),
    "writes": (STORAGE_WRITE, STORAGE_WRITE_WARM),
    "warm, transient": (STORAGE_WARM, TRANSIENT),
    "calls": (CALLS,),
    "memory": (MEMORY,),
    "hashing": (HASHING,),
    "logs": (LOGS,),
    "control, arithmetic": (COMPUTE, CALLDATA, INTRINSIC),
}


@dataclass(frozen=True)
class Row:
    """What one function used by itself."""

    contract: str
    function: str
    kinds: dict[str, int]

    @property
    def gas(self) -> int:
        """Sum over all kinds of work."""
        return sum(self.kinds.values())


@dataclass(frozen=True)
class CallRow:
    """A call with its own calls, at a depth of the tree."""

    depth: int
    contract: str
    function: str
    gas: int


@dataclass(frozen=True)
class Profile:
    """A transaction's gas, attributed: the rows add up to `gas_used + refund`."""

    hash: str
    gas_used: int
    refund: int
    failed: int
    rows: list[Row]
    calls: list[CallRow]

    @property
    def kinds(self) -> dict[str, int]:
        """Gas by kind of work."""
        return {kind: sum(row.kinds.get(kind, 0) for row in self.rows) for kind in KINDS}

    def by_contract(self) -> list[tuple[str, list[Row]]]:
        """Contracts with their functions, the dearest first."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            groups[row.contract].append(row)
        for rows in groups.values():
            rows.sort(key=lambda row: -row.gas)
        return sorted(groups.items(), key=lambda item: -sum(row.gas for row in item[1]))

    def document(self) -> dict[str, Any]:
        """As JSON: gas in whole numbers, kinds by the names of KINDS."""
        return {
            "transaction": self.hash,
            "gasUsed": self.gas_used,
            "refund": self.refund,
            "failed": self.failed,
            "kinds": self.kinds,
            "contracts": [
                {
                    "contract": contract,
                    "gas": sum(row.gas for row in rows),
                    "functions": [
                        {"function": row.function, "gas": row.gas, "kinds": row.kinds} for row in rows
                    ],
                }
                for contract, rows in self.by_contract()
            ],
            "calls": [
                {"depth": row.depth, "contract": row.contract, "function": row.function, "gas": row.gas}
                for row in self.calls
            ],
        }


def profile(traced: Trace, code_of: Callable[[str], Code]) -> Profile:
    """Attributes a trace; `code_of` tells what is known of the code at an address."""
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    outside = sums[TRANSACTION, ""]
    outside[CALLDATA] = traced.calldata
    outside[INTRINSIC] = traced.charged - traced.calldata
    if traced.deposit:
        outside[MEMORY] = traced.deposit
    for call in traced.calls:
        # Code that constructs a contract is not the code that stands there afterwards.
        code = Code(f"{call.code[:10]}… (constructor)", {}, {}) if call.creation else code_of(call.code)
        for step in call.steps:
            sums[code.name, code.function(step.pc)][step.kind] += step.gas
    rows = [Row(contract, function, dict(kinds)) for (contract, function), kinds in sums.items()]
    return Profile(
        traced.hash, traced.gas_used, traced.refund, traced.failed, rows, list(_tree(traced, code_of))
    )


def _tree(traced: Trace, code_of: Callable[[str], Code]) -> Iterator[CallRow]:
    depths: list[int] = []
    for call in traced.calls:
        depths.append(depths[call.parent] + 1 if call.parent >= 0 else 0)
        code = code_of(call.code)
        yield CallRow(depths[-1], code.name, code.called(call.selector), call.gas)


def function_table(found: Profile, smallest: int) -> Table:
    """Functions by contract; those below `smallest` gas are added up in one line each contract."""
    table = Table(title=f"{found.gas_used:,} gas: what each function used by itself", title_justify="left")
    table.add_column("contract, function")
    table.add_column("gas", justify="right")
    for name in COLUMNS:
        table.add_column(name, justify="right")
    for contract, rows in found.by_contract():
        table.add_row(*_cells(contract, rows), style="bold")
        for row in rows:
            if row.function and row.gas >= smallest:
                table.add_row(*_cells(f"  {row.function}", [row]))
        small = [row for row in rows if row.function and row.gas < smallest]
        if small:
            table.add_row(*_cells(f"  {len(small)} smaller ones", small))
    if found.refund:
        table.add_row("refunds", f"-{found.refund:,}")
    table.add_section()
    table.add_row(*_cells("all", found.rows, -found.refund), style="bold")
    return table


def call_table(found: Profile) -> Table:
    """The calls as a tree, each with what it called."""
    table = Table(title="calls, each with its own calls", title_justify="left")
    table.add_column("call")
    table.add_column("gas", justify="right")
    for row in found.calls:
        table.add_row(f"{'  ' * row.depth}{row.contract}.{row.function}", f"{row.gas:,}")
    return table


def _cells(name: str, rows: list[Row], more: int = 0) -> list[str]:
    sums = [sum(row.kinds.get(kind, 0) for row in rows for kind in kinds) for kinds in COLUMNS.values()]
    return [
        name,
        f"{sum(row.gas for row in rows) + more:,}",
        *(f"{value:,}" if value else "" for value in sums),
    ]
