"""Answers a halmos query about 256-bit words by reasoning about integers: what halmos calls as its solver.

Solvers of bit vectors split words into bits, and a division of 256 bits is beyond them. Here every word becomes an
integer between 0 and 2**width, with the bounds that follow from how it is made; where those show that nothing runs
over, a sum is a sum and a product a product, and a quotient is defined by `n = q * d + r, 0 <= r < d`. What has no
such reading (bitwise operations on unknown bits, arrays) becomes an unknown integer of the same range: that only
allows more, so "unsat" holds of the original query as well. Beside it runs yices, which works on the bits, finds
counterexamples, and knows packed words best; whoever is first is believed.

    python integers.py query.smt2      # prints unsat, or sat and a model

Runs in the environment of the checkers, not in the project's own; needs z3 and yices-smt2 beside the interpreter.
"""

from __future__ import annotations

import concurrent.futures
import signal
import subprocess
import sys
from pathlib import Path

import z3

# With and without what is said of products: each decides what the other does not.
PLAIN, HINTS = "--plain", "--hints"
VARIANTS = (PLAIN, HINTS)


class Translation:
    """Words as integers. `side` holds what defines them and is asserted beside the query."""

    def __init__(self, query: list[z3.BoolRef], hints: bool) -> None:
        self.side: list[z3.BoolRef] = []
        self._hints = hints
        self._products: list[tuple[z3.ArithRef, z3.ArithRef, z3.ArithRef]] = []
        self._limits: dict[int, int] = {}
        for part in query:
            self._note_limit(part)
        self._words: dict[int, tuple[z3.ArithRef, int, int]] = {}
        self._facts: dict[int, z3.BoolRef] = {}
        self._kept: list[z3.AstRef] = []
        self._names = 0

    # --- words: (integer, least, most) ---

    def word(self, term: z3.BitVecRef) -> tuple[z3.ArithRef, int, int]:
        """The integer of a bit vector and its bounds."""
        known = self._words.get(term.get_id())
        if known is None:
            value, least, most = self._read(term)
            limit = max(least, self._limits.get(term.get_id(), most))
            known = value, least, min(most, limit)
            self._words[term.get_id()] = known
            self._kept.append(term)  # an identifier is reused once its term is gone
        return known

    def _read(self, term: z3.BitVecRef) -> tuple[z3.ArithRef, int, int]:
        if z3.is_bv_value(term):
            value = term.as_long()
            return z3.IntVal(value), value, value
        kind, size = term.decl().kind(), 1 << term.size()
        name = term.decl().name()
        arguments = term.children()
        # halmos keeps products and quotients uninterpreted at first.
        if name.startswith("f_evm_bvmul_"):
            kind = z3.Z3_OP_BMUL
        elif name.startswith("f_evm_bvudiv_"):
            return self._quotient(arguments[0], arguments[1], 0)
        elif name.startswith("f_evm_bvurem_"):
            return self._remainder(arguments[0], arguments[1], z3.IntVal(0))
        if kind == z3.Z3_OP_ITE:
            (a, least_a, most_a), (b, least_b, most_b) = self.word(arguments[1]), self.word(arguments[2])
            return z3.If(self.fact(arguments[0]), a, b), min(least_a, least_b), max(most_a, most_b)
        if kind == z3.Z3_OP_BADD:
            total = self.word(arguments[0])
            for other in arguments[1:]:
                value, least, most = self.word(other)
                total = self._wrapped(total[0] + value, total[1] + least, total[2] + most, size)
            return total
        if kind == z3.Z3_OP_BSUB:
            (a, least_a, most_a), (b, least_b, most_b) = self.word(arguments[0]), self.word(arguments[1])
            return self._wrapped(a - b, least_a - most_b, most_a - least_b, size)
        if kind == z3.Z3_OP_BNEG:
            value, least, most = self.word(arguments[0])
            return self._wrapped(-value, -most, -least, size)
        if kind == z3.Z3_OP_BMUL:
            product = self.word(arguments[0])
            for other in arguments[1:]:
                product = self._wrapped(*self._product(product, self.word(other)), size)
            return product
        if kind in (z3.Z3_OP_BUDIV, z3.Z3_OP_BUDIV_I):
            return self._quotient(arguments[0], arguments[1], size - 1)
        if kind in (z3.Z3_OP_BUREM, z3.Z3_OP_BUREM_I):
            return self._remainder(arguments[0], arguments[1], self.word(arguments[0])[0])
        if kind == z3.Z3_OP_BNOT:
            value, least, most = self.word(arguments[0])
            return size - 1 - value, size - 1 - most, size - 1 - least
        if kind == z3.Z3_OP_CONCAT:
            total = self.word(arguments[0])
            for other in arguments[1:]:
                value, least, most = self.word(other)
                shift = 1 << other.size()
                total = (total[0] * shift + value, total[1] * shift + least, total[2] * shift + most)
            return total
        if kind == z3.Z3_OP_ZERO_EXT:
            return self.word(arguments[0])
        if kind == z3.Z3_OP_SIGN_EXT:
            value, least, most = self.word(arguments[0])
            half, inner = 1 << (arguments[0].size() - 1), 1 << arguments[0].size()
            if most < half:
                return value, least, most
            return z3.If(value >= half, value + (size - inner), value), 0, size - 1
        if kind == z3.Z3_OP_EXTRACT:
            high, low = term.params()
            return self._field(self.word(arguments[0]), low, high + 1)
        if kind == z3.Z3_OP_BSHL and z3.is_bv_value(arguments[1]):
            shift = arguments[1].as_long()
            if shift < term.size():
                value, least, most = self.word(arguments[0])
                return self._wrapped(value * (1 << shift), least << shift, most << shift, size)
        if kind == z3.Z3_OP_BLSHR and z3.is_bv_value(arguments[1]):
            return self._field(self.word(arguments[0]), arguments[1].as_long(), term.size())
        if kind == z3.Z3_OP_BAND and len(arguments) == 2:
            for mask, other in (arguments, arguments[::-1]):
                if z3.is_bv_value(mask) and (bits := mask.as_long()) & (bits + 1) == 0:
                    return self._field(self.word(other), 0, bits.bit_length())
        return self._unknown(size - 1)

    def _note_limit(self, part: z3.BoolRef) -> None:
        """A word that the query itself says is at most a number is bounded by it."""
        if z3.is_and(part):
            for conjunct in part.children():
                self._note_limit(conjunct)
            return
        negated = z3.is_not(part)
        comparison = part.arg(0) if negated else part
        kind = comparison.decl().kind()
        if kind == z3.Z3_OP_EQ and not negated and z3.is_bv(comparison.arg(0)):
            # So a power of two is said to be above a word: its bits from there on are zero.
            bits, zero = comparison.children()
            if z3.is_bv_value(zero) and zero.as_long() == 0 and bits.decl().kind() == z3.Z3_OP_EXTRACT:
                high, low = bits.params()
                if high == bits.arg(0).size() - 1:
                    self._bound(bits.arg(0), (1 << low) - 1)
            return
        if kind not in (z3.Z3_OP_ULEQ, z3.Z3_OP_ULT, z3.Z3_OP_UGEQ, z3.Z3_OP_UGT):
            return
        small, large = comparison.children()
        if kind in (z3.Z3_OP_UGEQ, z3.Z3_OP_UGT):
            small, large = large, small
        strict = kind in (z3.Z3_OP_ULT, z3.Z3_OP_UGT)
        if negated:
            small, large, strict = large, small, not strict
        if z3.is_bv_value(large):
            self._bound(small, large.as_long() - strict)

    def _bound(self, term: z3.BitVecRef, limit: int) -> None:
        self._limits[term.get_id()] = min(limit, self._limits.get(term.get_id(), limit))

    def _product(
        self, a: tuple[z3.ArithRef, int, int], b: tuple[z3.ArithRef, int, int]
    ) -> tuple[z3.ArithRef, int, int]:
        """Of two numbers that are not negative. Says of each product how it lies to the bounds and to the others: what
        holds of any, and what the solver need not find out by itself."""
        value = a[0] * b[0]
        if self._hints and not z3.is_int_value(a[0]) and not z3.is_int_value(b[0]):
            self.side += [
                value <= a[0] * b[2],
                value <= a[2] * b[0],
                value >= a[0] * b[1],
                value >= a[1] * b[0],
            ]
            for other, x, y in self._products:
                for one, rest in ((a[0], b[0]), (b[0], a[0])):
                    for same, left in ((x, y), (y, x)):
                        if one.eq(same):
                            self.side += [
                                z3.Implies(rest == left, value == other),
                                z3.Implies(rest < left, value + same <= other),
                                z3.Implies(rest > left, value >= other + same),
                            ]
            self._products.append((value, a[0], b[0]))
        return value, a[1] * b[1], a[2] * b[2]

    def _unknown(self, most: int) -> tuple[z3.ArithRef, int, int]:
        self._names += 1
        value = z3.Int(f"n{self._names}")
        self.side += [value >= 0, value <= most]
        return value, 0, most

    def _wrapped(self, value: z3.ArithRef, least: int, most: int, size: int) -> tuple[z3.ArithRef, int, int]:
        """`value` modulo `size`, where `least <= value <= most`."""
        if least // size == most // size:
            lap = least // size
            return (value if lap == 0 else value - lap * size), least - lap * size, most - lap * size
        rest, _, _ = self._unknown(size - 1)
        self._names += 1
        laps = z3.Int(f"n{self._names}")
        self.side += [laps >= least // size, laps <= most // size, value == laps * size + rest]
        return rest, 0, size - 1

    def _quotient(
        self, numerator: z3.BitVecRef, divisor: z3.BitVecRef, by_zero: int
    ) -> tuple[z3.ArithRef, int, int]:
        (n, least, most), (d, least_d, most_d) = self.word(numerator), self.word(divisor)
        if most_d == 0:
            return z3.IntVal(by_zero), by_zero, by_zero
        quotient, _, _ = self._unknown(max(most, by_zero) if least_d == 0 else most // least_d)
        rest, _, _ = self._unknown(most_d - 1)
        taken, _, _ = self._product((quotient, 0, max(most, by_zero)), (d, least_d, most_d))
        exact = z3.And(n == taken + rest, rest < d)
        self.side.append(exact if least_d > 0 else z3.If(d == 0, quotient == by_zero, exact))
        if least_d > 0:
            return quotient, least // most_d, most // least_d
        return quotient, 0, max(most, by_zero)

    def _remainder(
        self, numerator: z3.BitVecRef, divisor: z3.BitVecRef, by_zero: z3.ArithRef
    ) -> tuple[z3.ArithRef, int, int]:
        (n, _, most), (d, least_d, most_d) = self.word(numerator), self.word(divisor)
        rest, _, _ = self._unknown(most)
        quotient, _, _ = self._unknown(most)
        exact = z3.And(n == quotient * d + rest, rest < d)
        self.side.append(exact if least_d > 0 else z3.If(d == 0, rest == by_zero, exact))
        return rest, 0, min(most, most_d - 1) if least_d > 0 else most

    def _field(self, word: tuple[z3.ArithRef, int, int], low: int, end: int) -> tuple[z3.ArithRef, int, int]:
        """Bits `low` up to `end` of a word."""
        value, least, most = word
        if low:
            scale = 1 << low
            quotient, _, _ = self._unknown(most // scale)
            rest, _, _ = self._unknown(scale - 1)
            self.side.append(value == quotient * scale + rest)
            value, least, most = quotient, least // scale, most // scale
        return self._wrapped(value, least, most, 1 << (end - low))

    # --- facts ---

    def fact(self, term: z3.BoolRef) -> z3.BoolRef:
        """The formula over integers."""
        known = self._facts.get(term.get_id())
        if known is None:
            known = self._judge(term)
            self._facts[term.get_id()] = known
            self._kept.append(term)
        return known

    def _judge(self, term: z3.BoolRef) -> z3.BoolRef:
        kind, arguments = term.decl().kind(), term.children()
        if kind == z3.Z3_OP_TRUE or kind == z3.Z3_OP_FALSE:
            return term
        if arguments and all(z3.is_bool(part) for part in arguments):
            parts = [self.fact(part) for part in arguments]
            plain = {
                z3.Z3_OP_AND: lambda: z3.And(*parts),
                z3.Z3_OP_OR: lambda: z3.Or(*parts),
                z3.Z3_OP_NOT: lambda: z3.Not(parts[0]),
                z3.Z3_OP_IMPLIES: lambda: z3.Implies(parts[0], parts[1]),
                z3.Z3_OP_XOR: lambda: z3.Xor(parts[0], parts[1]),
                z3.Z3_OP_EQ: lambda: parts[0] == parts[1],
                z3.Z3_OP_ITE: lambda: z3.If(*parts),
            }.get(kind)
            if plain is not None:
                return plain()
        if len(arguments) == 2 and all(z3.is_bv(part) for part in arguments):
            (a, _, most_a), (b, _, most_b) = (self.word(part) for part in arguments)
            unsigned = {
                z3.Z3_OP_EQ: lambda: a == b,
                z3.Z3_OP_DISTINCT: lambda: a != b,
                z3.Z3_OP_ULEQ: lambda: a <= b,
                z3.Z3_OP_ULT: lambda: a < b,
                z3.Z3_OP_UGEQ: lambda: a >= b,
                z3.Z3_OP_UGT: lambda: a > b,
            }.get(kind)
            if unsigned is not None:
                return unsigned()
            size = 1 << arguments[0].size()
            x, y = _signed(a, most_a, size), _signed(b, most_b, size)
            signed = {
                z3.Z3_OP_SLEQ: lambda: x <= y,
                z3.Z3_OP_SLT: lambda: x < y,
                z3.Z3_OP_SGEQ: lambda: x >= y,
                z3.Z3_OP_SGT: lambda: x > y,
            }.get(kind)
            if signed is not None:
                return signed()
        self._names += 1
        return z3.Bool(f"b{self._names}")


class Choices:
    """Choices without branches read as choices: `y ^ (x ^ y) * (a < b)`, which is how libraries write the larger or the
    smaller of two. Each rewriting is an identity of words."""

    def __init__(self) -> None:
        self._known: dict[int, z3.ExprRef] = {}
        self._kept: list[z3.ExprRef] = []

    def read(self, term: z3.ExprRef) -> z3.ExprRef:
        """The same term, choices being choices."""
        known = self._known.get(term.get_id())
        if known is None:
            arguments = [self.read(part) for part in term.children()]
            known = self._rebuilt(term, arguments) if arguments else term
            self._known[term.get_id()] = known
            self._kept += [term, known]
        return known

    def _rebuilt(self, term: z3.ExprRef, arguments: list[z3.ExprRef]) -> z3.ExprRef:
        kind = term.decl().kind()
        if kind == z3.Z3_OP_BMUL or term.decl().name().startswith("f_evm_bvmul_"):
            for one, other in (arguments, arguments[::-1]) if len(arguments) == 2 else ():
                if _is_choice(one) and all(
                    z3.is_bv_value(part) and part.as_long() < 2 for part in one.children()[1:]
                ):
                    condition, yes, no = one.children()
                    zero = z3.BitVecVal(0, other.size())
                    return z3.If(condition, other if yes.as_long() else zero, other if no.as_long() else zero)
        if kind == z3.Z3_OP_EXTRACT:
            high, low = term.params()
            return self._part(arguments[0], high, low)
        if kind == z3.Z3_OP_BXOR:
            return _exclusive_or(arguments)
        return term.decl()(*arguments)

    def _part(self, term: z3.ExprRef, high: int, low: int) -> z3.ExprRef:
        if _is_choice(term):
            condition, yes, no = term.children()
            return z3.If(condition, self._part(yes, high, low), self._part(no, high, low))
        if term.decl().kind() == z3.Z3_OP_CONCAT:
            end = term.size()
            for piece in term.children():
                end -= piece.size()
                if end <= low and high < end + piece.size():
                    return self._part(piece, high - end, low - end)
        if high - low + 1 == term.size():
            return term
        if term.decl().kind() == z3.Z3_OP_BXOR:
            return _exclusive_or([self._part(part, high, low) for part in term.children()])
        return (
            z3.simplify(z3.Extract(high, low, term)) if z3.is_bv_value(term) else z3.Extract(high, low, term)
        )


def _is_choice(term: z3.ExprRef) -> bool:
    return bool(term.decl().kind() == z3.Z3_OP_ITE)


def _exclusive_or(terms: list[z3.ExprRef]) -> z3.ExprRef:
    """Of the terms, where what stands twice falls out; of choices, the choice of both."""
    for place, term in enumerate(terms):
        if _is_choice(term):
            rest = terms[:place] + terms[place + 1 :]
            condition, yes, no = term.children()
            return z3.If(condition, _exclusive_or([yes, *rest]), _exclusive_or([no, *rest]))
    left: list[z3.ExprRef] = []
    for term in terms:
        for part in term.children() if term.decl().kind() == z3.Z3_OP_BXOR else [term]:
            same = next((place for place, other in enumerate(left) if other.eq(part)), None)
            if same is not None:
                del left[same]
            elif not (z3.is_bv_value(part) and part.as_long() == 0):
                left.append(part)
    if not left:
        return z3.BitVecVal(0, terms[0].size())
    total = left[0]
    for part in left[1:]:
        total = total ^ part
    return total


def _signed(value: z3.ArithRef, most: int, size: int) -> z3.ArithRef:
    return value if most < size // 2 else z3.If(value >= size // 2, value - size, value)


def refuted(query: str, hints: bool) -> bool:
    """Whether no integers satisfy the query, and so no words."""
    choices = Choices()
    parts = [choices.read(part) for part in z3.parse_smt2_string(query)]
    translation = Translation(parts, hints)
    solver = z3.Solver()
    facts = [translation.fact(part) for part in parts]
    solver.add(*facts, *translation.side)
    return bool(solver.check() == z3.unsat)


def main() -> int:
    """Prints an answer as an SMT-LIB solver does. halmos ends it when time is over."""
    path = sys.argv[-1]
    if sys.argv[1] in VARIANTS:
        print("unsat" if refuted(Path(path).read_text(), sys.argv[1] == HINTS) else "unknown")
        return 0
    yices = str(Path(sys.executable).with_name("yices-smt2"))
    commands = [[yices, path], *([sys.executable, __file__, variant, path] for variant in VARIANTS)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    answer = ""
    try:
        with concurrent.futures.ThreadPoolExecutor(len(racers)) as pool:
            for done in concurrent.futures.as_completed([pool.submit(racer.communicate) for racer in racers]):
                answer = done.result()[0]
                if answer.startswith(("sat", "unsat")):
                    break
            _end(racers)
    finally:
        _end(racers)
    print(answer or "unknown")
    return 0


def _end(racers: list[subprocess.Popen[str]]) -> None:
    for racer in racers:
        racer.kill()


if __name__ == "__main__":
    sys.exit(main())
