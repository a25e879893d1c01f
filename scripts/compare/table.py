"""The comparison as figures with ratios: for the terminal, for `reports/compare.json` and for docs/compare.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.common.errors import KeelError
from scripts.compare.elsewhere import Elsewhere
from scripts.compare.peer import OPERATIONS, Operation

BEGIN, END = "<!-- written by make compare: begin -->", "<!-- written by make compare: end -->"
KEEL, BORROW = "Keel", "borrow"
# Why Keel is dearer, where it is; from traces of both. Which peers are cheaper is found by the run.
REASONS = {
    "deposit": "the vault writes the sum of all accounts' balances, which its supply caps and its promise SOLV-2 rest on,"
    " and credits what arrived, by the token's balance before and after. Morpho Blue keeps no sum and credits what was"
    " asked for.",
    "take_back": "vault, risk engine and pool are three contracts, each a cold call, and the sum of all balances is"
    " written. An account may hold anything, so its header and its risk parameters are read first; at Morpho Blue and"
    " Comet the code knows what there is.",
    BORROW: "the debt is written twice, for the account in the vault and for the domain in the pool: a pool can lend to"
    " several domains and bounds what each may lose. The judgement is in a third contract and reads prices as bands.",
    "repay": "the debt is written in the vault and in the pool, and the token is asked for its balance before and after.",
    "repay_all": "as in part; and the account's header loses the asset, a word more that is written.",
    "open_4x": "the borrowed token goes from the pool by the vault and the adapter to Uniswap, three transfers where"
    " Morpho Blue sends it at once: vault and adapter trust each other with no more than what they hold. The vault"
    " measures both tokens before and after and bounds the swap's loss against the oracle; the helper of Morpho Blue"
    " bounds nothing.",
    "close_4x": "as for opening.",
    "liquidate": "the account is weighed with all that it holds, the slice is sized to end at the target health, the"
    " backstop gets its share of the premium, and the taker's own account is checked in the end. Morpho Blue holds one"
    " price against one threshold; its account has one collateral.",
}


@dataclass(frozen=True)
class Cell:
    """A peer's gas, and how many times Keel's it is; None where it has no such operation. `compared` cells count."""

    gas: int | None
    ratio: float | None
    compared: bool


@dataclass(frozen=True)
class Row:
    """One operation: Keel's gas and the peers' cells by name."""

    operation: Operation
    gas: int
    cells: dict[str, Cell]


@dataclass(frozen=True)
class Comparison:
    """All rows, in the order of the operations; `measured` peers of this run come before those from elsewhere."""

    rows: list[Row]
    measured: list[str]
    elsewhere: list[str]

    @property
    def peers(self) -> list[str]:
        """Names of all peers, in the table's order."""
        return [*self.measured, *self.elsewhere]

    def dearer(self) -> list[tuple[Row, list[str]]]:
        """Rows in which Keel costs more than peers, with their names."""
        found = [(row, [name for name, cell in row.cells.items() if _is_dearer(cell)]) for row in self.rows]
        return [(row, names) for row, names in found if names]

    def count(self, names: Sequence[str]) -> tuple[int, int]:
        """In how many comparisons with these peers Keel is cheaper, and of how many."""
        cells = [row.cells[name] for row in self.rows for name in names if row.cells[name].compared]
        return sum(not _is_dearer(cell) for cell in cells), len(cells)

    def summary(self) -> str:
        """The one line that a run ends with."""
        cheaper, compared = self.count(self.measured)
        each = ", ".join("{} {} of {}".format(name, *self.count([name])) for name in self.measured)
        beside = "{} of {}".format(*self.count(self.elsewhere))
        return (
            f"Keel is cheaper in {cheaper} of {compared} operations measured here ({each}),"
            f" and in {beside} beside figures measured elsewhere"
        )


def _is_dearer(cell: Cell) -> bool:
    return cell.compared and cell.ratio is not None and cell.ratio < 1


def compare(figures: Mapping[str, Mapping[str, int]], elsewhere: Sequence[Elsewhere]) -> Comparison:
    """Rows from the gas by name and operation, Keel's among them. Raises KeelError if something was not measured."""
    if KEEL not in figures:
        raise KeelError(f"there are figures of {', '.join(figures) or 'nobody'}; Keel's are missing")
    measured = [name for name in figures if name != KEEL]
    columns = {name: (figures[name], frozenset[str]()) for name in measured}
    columns |= {one.name: (one.gas, one.shown_only) for one in elsewhere}
    rows = []
    for operation in OPERATIONS:
        key = operation.key
        if key not in figures[KEEL]:
            raise KeelError(f"Keel's figure of {key} is missing; measured were {', '.join(figures[KEEL])}")
        own = figures[KEEL][key]
        cells = {name: _cell(gas.get(key), own, key not in shown) for name, (gas, shown) in columns.items()}
        rows.append(Row(operation, own, cells))
    return Comparison(rows, measured, [one.name for one in elsewhere])


def _cell(gas: int | None, own: int, compared: bool) -> Cell:
    return Cell(gas, None, False) if gas is None else Cell(gas, round(gas / own, 3), compared)


def as_json(comparison: Comparison, packages: Mapping[str, str]) -> dict[str, Any]:
    """What `reports/compare.json` holds."""
    return {
        "summary": comparison.summary(),
        "built": dict(packages),
        "measured_elsewhere": comparison.elsewhere,
        "operations": {
            row.operation.key: {
                "title": row.operation.title,
                KEEL: row.gas,
                **{name: asdict(cell) for name, cell in row.cells.items() if cell.gas is not None},
            }
            for row in comparison.rows
        },
    }


def as_lines(comparison: Comparison) -> list[list[str]]:
    """Cells as text, the heading first: Keel's gas, and the peers' with their ratio to it."""
    heading = ["gas (peer's as a multiple of Keel's)", KEEL, *comparison.measured]
    heading += [f"{name} *" for name in comparison.elsewhere]
    lines = [heading]
    for row in comparison.rows:
        cells = [_text(row.cells[name]) for name in comparison.peers]
        lines.append([row.operation.title, f"{row.gas:,}", *cells])
    return lines


def _text(cell: Cell) -> str:
    if cell.gas is None:
        return "–"
    return f"{cell.gas:,} ({cell.ratio:.2f})" if cell.compared else f"{cell.gas:,}"


def as_markdown(
    comparison: Comparison, paths: Mapping[str, Mapping[str, str]], packages: Mapping[str, str]
) -> str:
    """The generated part of docs/compare.md."""
    heading, *lines = as_lines(comparison)
    table = [_markdown_line(heading), _markdown_line(["---"] + ["---:"] * (len(heading) - 1))]
    table += [_markdown_line(line) for line in lines]
    return "\n".join(
        [
            *table,
            "",
            "\\* measured elsewhere.",
            "",
            f"{comparison.summary()}.",
            "",
            "## Where Keel is dearer",
            *(_reasons(comparison) or ["Nowhere."]),
            "",
            "## The way that was chosen",
            *(_way(name, packages[name], operations) for name, operations in paths.items()),
        ]
    )


def _reasons(comparison: Comparison) -> list[str]:
    """Rows of one reason together, with the peers that are cheaper in any of them."""
    rows: dict[str, list[str]] = {}
    cheaper: dict[str, dict[str, None]] = {}
    for row, names in comparison.dearer():
        reason = reason_of(row.operation)
        rows.setdefault(reason, []).append(row.operation.title)
        cheaper.setdefault(reason, {}).update(dict.fromkeys(names))
    return [
        f"- **{'; '.join(titles)}** (than {', '.join(cheaper[reason])}): {reason}"
        for reason, titles in rows.items()
    ]


def _way(name: str, package: str, operations: Mapping[str, str]) -> str:
    ways = "; ".join(f"*{title_of(key)}*: {way}" for key, way in operations.items())
    return f"- **{name}** ({package}). {ways}."


def title_of(key: str) -> str:
    """An operation's title by its key; "borrow" stands for all of them. Raises KeelError."""
    titles = {operation.key: operation.title for operation in OPERATIONS} | {BORROW: BORROW}
    if key not in titles:
        raise KeelError(f"there is no operation {key}; known are {', '.join(titles)}")
    return titles[key]


def reason_of(operation: Operation) -> str:
    """Why Keel costs more there. Raises KeelError where nobody has said so yet."""
    key = BORROW if operation.key.startswith(BORROW) else operation.key
    try:
        return REASONS[key]
    except KeyError:
        raise KeelError(
            f"Keel is dearer than a peer in {operation.key} and REASONS in {Path(__file__).name} does not say why;"
            " add the reason there"
        ) from None


def _markdown_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write_between(page: Path, text: str) -> None:
    """Replaces what stands between the two markers of a page. Raises KeelError if they are not there once each."""
    content = page.read_text()
    if content.count(BEGIN) != 1 or content.count(END) != 1 or content.index(END) < content.index(BEGIN):
        raise KeelError(f"{page} must have {BEGIN} and {END} once each, in this order; put them back")
    before, _, rest = content.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
