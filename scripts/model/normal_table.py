"""The table of the normal distribution that `NormalTable.sol` carries: `python -m scripts.model.normal_table [--check]`.

The distribution function is cut into segments a quarter wide from -6.5 to 6.5. On each it is a polynomial of degree five
in the place within the segment, `t` in [0, 1):

    N(x) = c0 + c1 t + c2 t^2 + c3 t^3 + c4 t^4 + c5 t^5

Values and slopes agree where two segments meet, to 2^-60 for values: `c2` and `c3` are what makes them so. `c4` and `c5` come
from agreeing with the distribution at two inner places, the ones that make the largest error of such a fit least. Value
and slope of the true distribution are moved by 4e-11, so that the table begins at 0 and ends at 1.

A coefficient is read by shifts alone, so the bits of its lower neighbours in the word hang on it as further digits. They
are the same each time, and each coefficient is chosen with them: what counts is what the contract reads.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import mpmath as mp

from scripts.common.errors import run_script
from scripts.setup.environment import write_atomically

PATH = Path(__file__).resolve().parents[2] / "contracts" / "instruments" / "options" / "NormalTable.sol"
SEGMENTS = 52
PER_UNIT = 4
T_BITS = 44


class Field(NamedTuple):
    """Where a coefficient lies in its word: unit `2**-quantum`, `bits` wide, lowest bit at `position`. It is read in units
    of `2**-scale`."""

    quantum: int
    bits: int
    position: int
    scale: int

    def read(self, word: int) -> int:
        """What the contract takes the coefficient for, with the digits that hang on it."""
        top = (word << (256 - self.bits - self.position)) % 2**256
        if self.scale == 256:
            return top
        signed = top - (top >> 255 << 256)
        return signed >> (256 - self.bits + self.quantum - self.scale)


FIELDS = (
    Field(59, 59, 0, 256),
    Field(59, 57, 59, 212),
    Field(59, 53, 116, 168),
    Field(59, 51, 169, 124),
    Field(33, 21, 220, 80),
    Field(30, 15, 241, 36),
)
"""Of c0 to c5. All but c0 are two's complement."""

_NODE = (1 - mp.sqrt(1 - 4 * mp.mpf("0.2231"))) / 2
"""The inner place (and its mirror image): makes max of u^2 |0.2231 - u|, u = t (1 - t), least."""


def words() -> list[int]:
    """The words of all segments."""
    mp.mp.dps = 80
    low = mp.ncdf(-mp.mpf(SEGMENTS) / PER_UNIT / 2)
    scale = 1 / (1 - 2 * low)

    def value(place: mp.mpf) -> mp.mpf:
        return (mp.ncdf(place / PER_UNIT) - low) * scale

    def slope(place: mp.mpf) -> mp.mpf:
        return mp.npdf(place / PER_UNIT) * scale / PER_UNIT

    unit = mp.mpf(2) ** FIELDS[0].quantum
    starts = [mp.mpf(number) - SEGMENTS // 2 for number in range(SEGMENTS + 1)]
    values = [mp.nint(value(start) * unit) / unit for start in starts]
    values[-1] -= 2 / unit  # The fraction never reaches 1.
    found = []
    for number in range(SEGMENTS):
        start = starts[number]
        rows = [[place**power for power in range(6)] for place in (_NODE, 1 - _NODE)]
        rows += [[mp.mpf(power == order) for power in range(6)] for order in (0, 1)]
        rows += [[mp.mpf(1)] * 6, [mp.mpf(power) for power in range(6)]]
        wanted = [value(start + _NODE), value(start + 1 - _NODE), values[number], slope(start)]
        wanted += [values[number + 1], slope(start + 1)]
        fit = list(mp.lu_solve(mp.matrix(rows), mp.matrix(wanted)))
        found.append(_word(fit, values[number + 1], slope(start + 1)))
    return found


def _word(fit: list[mp.mpf], end_value: mp.mpf, end_slope: mp.mpf) -> int:
    """The word whose coefficients, as they are read, come nearest to the fit and keep value and slope at its end."""
    word = 0
    for _ in range(4):  # Lower digits hang on higher ones: what changes shrinks quickly.
        for power in (5, 4, 1, 0):
            word = _with(word, power, fit[power])
        known = [mp.mpf(field.read(word)) / mp.mpf(2) ** field.scale for field in FIELDS]
        rise = end_value - known[0] - known[1] - known[4] - known[5]
        bend = end_slope - known[1] - 4 * known[4] - 5 * known[5]
        word = _with(word, 3, bend - 2 * rise)
        word = _with(word, 2, rise - mp.mpf(FIELDS[3].read(word)) / mp.mpf(2) ** FIELDS[3].scale)
    return word


def _with(word: int, power: int, wanted: mp.mpf) -> int:
    """The word with the coefficient that is read nearest to what is wanted."""
    field = FIELDS[power]
    bare = word & ~((2**field.bits - 1) << field.position)
    hanging = mp.mpf(field.read(bare)) / mp.mpf(2) ** field.scale
    value = int(mp.nint((wanted - hanging) * mp.mpf(2) ** field.quantum))
    low, high = (0, 2**field.bits) if power == 0 else (-(2 ** (field.bits - 1)), 2 ** (field.bits - 1))
    if not low <= value < high:
        raise ValueError(f"coefficient c{power} = {value} does not fit its {field.bits} bits")
    return bare | (value % 2**field.bits) << field.position


def rewritten(source: str) -> str:
    """The library's source with the table as it should be."""
    lines, done = source.splitlines(keepends=True), 0
    table = words()
    for number, line in enumerate(lines):
        if line.lstrip().startswith('hex"'):
            end = line[line.rindex('"') + 1 :]
            lines[number] = f'        hex"{table[done]:064x}"{end}'
            done += 1
    if done != SEGMENTS:
        raise ValueError(f"{PATH.name} has {done} lines of hex digits, the table {SEGMENTS}")
    return "".join(lines)


def main() -> int:
    """Writes the table into the library, or tells whether it stands there."""
    parser = argparse.ArgumentParser(description="The normal distribution as NormalTable.sol carries it.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where it differs")
    check = parser.parse_args().check
    source = PATH.read_text()
    wanted = rewritten(source)
    if source == wanted:
        print(f"{PATH.name} holds the table")
        return 0
    if check:
        print(f"{PATH.name} holds another table; python -m scripts.model.normal_table writes it")
        return 1
    write_atomically(PATH, wanted)
    print(f"{PATH.name} written")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("normal-table", main))
