"""Mutations by rule: what can be broken in a contract, read from its syntax tree.

| rule | change |
|---|---|
| comparison | `<` and `<=`, `>` and `>=`, `==` and `!=` for each other |
| arithmetic | `+` and `-`, `*` and `/`, `<<` and `>>`, `&` and `|` for each other, in assignments too |
| logic | `&&` and `||` for each other; a `!` taken away |
| rounding | a division that rounds up for the one that rounds down; `min` for `max` |
| choice | the two sides of `a ? b : c` for each other |
| guard | `if (...) revert ...` taken out |
| statement | a call for its effect alone, or an assignment, taken out |
| arguments | two neighbouring arguments of one type for each other |

Assembly, constructors and what is `pure` bookkeeping of types stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

Node = dict[str, Any]

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&"}
LOGIC = {"&&": "||", "||": "&&"}
_PAIRS = {
    "fullMulDiv": "fullMulDivUp",
    "mulDiv": "mulDivUp",
    "mulWad": "mulWadUp",
    "divWad": "divWadUp",
    "min": "max",
}
ROUNDING = _PAIRS | {new: old for old, new in _PAIRS.items()}


@dataclass(frozen=True)
class Mutant:
    """One change: `length` characters of `file` from `start` become `new`."""

    file: str
    line: int
    rule: str
    start: int
    old: str
    new: str

    @property
    def name(self) -> str:
        """As it is listed: place, rule and change, on one line."""
        old, new = (" ".join(text.split()) for text in (self.old, self.new))
        return f"{self.file}:{self.line} {self.rule}: {old} -> {new or 'nothing'}"

    def apply(self, text: str) -> str:
        """The file's text with the change."""
        assert text[self.start : self.start + len(self.old)] == self.old
        return text[: self.start] + self.new + text[self.start + len(self.old) :]


class Source:
    """A source file and its syntax tree, whose places count bytes."""

    def __init__(self, root: Path, file: str, tree: Node) -> None:
        self.file = file
        self.text = (root / file).read_text()
        self._bytes = self.text.encode()
        self._tree = tree
        self._names = {node["name"] for node in self._walk(tree) if node["nodeType"] == "FunctionDefinition"}

    def mutants(self) -> Iterator[Mutant]:
        """All changes that the rules allow, in the order of the text."""
        found = {(one.start, one.old, one.new): one for one in self._all()}
        yield from sorted(found.values(), key=lambda one: (one.start, one.rule, one.new))

    def _all(self) -> Iterator[Mutant]:
        for node in self._walk(self._tree):
            match node["nodeType"]:
                case "BinaryOperation":
                    yield from self._binary(node)
                case "Assignment":
                    yield from self._assignment(node)
                case "UnaryOperation" if node["operator"] == "!":
                    start, end = self._span(node["subExpression"])
                    yield self._mutant(
                        "logic", self._span(node)[0], self._span(node)[1], self._cut(start, end)
                    )
                case "Conditional":
                    yes, no = self._span(node["trueExpression"]), self._span(node["falseExpression"])
                    between = self._cut(yes[1], no[0])
                    yield self._mutant("choice", yes[0], no[1], self._cut(*no) + between + self._cut(*yes))
                case "IfStatement" if _only_reverts(node["trueBody"]) and not node.get("falseBody"):
                    yield self._mutant("guard", *self._span(node), "{}", semicolon=True)
                case "ExpressionStatement" if node["expression"]["nodeType"] in (
                    "FunctionCall",
                    "Assignment",
                ):
                    # The place of a statement ends before its semicolon.
                    yield self._mutant("statement", *self._span(node), "{}", semicolon=True)
                case "FunctionCall" if node.get("kind") == "functionCall":
                    yield from self._call(node)

    def _binary(self, node: Node) -> Iterator[Mutant]:
        left, right = self._span(node["leftExpression"])[1], self._span(node["rightExpression"])[0]
        old = node["operator"]
        for rule, table in (("comparison", COMPARISONS), ("arithmetic", ARITHMETIC), ("logic", LOGIC)):
            if old in table:
                yield self._replaced(rule, left, right, old, table[old])

    def _assignment(self, node: Node) -> Iterator[Mutant]:
        old = node["operator"].removesuffix("=")
        if old in ARITHMETIC:
            left, right = self._span(node["leftHandSide"])[1], self._span(node["rightHandSide"])[0]
            yield self._replaced("arithmetic", left, right, old + "=", ARITHMETIC[old] + "=")

    def _call(self, node: Node) -> Iterator[Mutant]:
        function = node["expression"]
        name = function.get("memberName") or function.get("name") or ""
        other = ROUNDING.get(name) or self._counterpart(name)
        if other:
            start, end = self._span(function)
            place = start + self._cut(start, end).rindex(name)
            yield self._mutant("rounding", place, place + len(name), other)
        arguments = node["arguments"]
        for one, two in pairwise(arguments):
            kinds = {each["typeDescriptions"].get("typeString", "") for each in (one, two)}
            texts = [self._cut(*self._span(each)) for each in (one, two)]
            if len(kinds) == 1 and texts[0] != texts[1]:
                start, end = self._span(one)[0], self._span(two)[1]
                between = self._cut(self._span(one)[1], self._span(two)[0])
                yield self._mutant("arguments", start, end, texts[1] + between + texts[0])

    def _counterpart(self, name: str) -> str:
        """The function of this file that rounds the other way, by its name."""
        for one, two in (("Down", "Up"), ("Up", "Down")):
            if one in name and name.replace(one, two) in self._names:
                return name.replace(one, two)
        return ""

    def _replaced(self, rule: str, left: int, right: int, old: str, new: str) -> Mutant:
        """The operator that stands between two places."""
        start = left + self._cut(left, right).index(old)
        return self._mutant(rule, start, start + len(old), new)

    def _mutant(self, rule: str, start: int, end: int, new: str, semicolon: bool = False) -> Mutant:
        old = self._cut(start, end)
        place = len(self._bytes[:start].decode())
        if semicolon and self.text[place + len(old) : place + len(old) + 1] == ";":
            old += ";"
        return Mutant(self.file, self.text.count("\n", 0, place) + 1, rule, place, old, new)

    def _cut(self, start: int, end: int) -> str:
        return self._bytes[start:end].decode()

    @staticmethod
    def _span(node: Node) -> tuple[int, int]:
        start, length, _ = node["src"].split(":")
        return int(start), int(start) + int(length)

    def _walk(self, node: Any) -> Iterator[Node]:
        if isinstance(node, list):
            for one in node:
                yield from self._walk(one)
        elif isinstance(node, dict):
            kind = node.get("nodeType")
            if kind == "InlineAssembly" or (
                kind == "FunctionDefinition" and node.get("kind") == "constructor"
            ):
                return
            if kind:
                yield node
            for key, value in node.items():
                if key not in ("typeDescriptions", "typeName", "documentation"):
                    yield from self._walk(value)


def _only_reverts(body: Node) -> bool:
    statements = body.get("statements", []) if body["nodeType"] == "Block" else [body]
    return len(statements) == 1 and statements[0]["nodeType"] == "RevertStatement"


def sources(root: Path, out: Path, under: tuple[str, ...]) -> list[Source]:
    """Every file of these folders that was compiled, in order. `out` is forge's folder of artifacts."""
    trees: dict[str, Node] = {}
    for path in sorted(out.rglob("*.json")):
        tree = json.loads(path.read_text()).get("ast")
        if tree and tree["absolutePath"].startswith(under) and (root / tree["absolutePath"]).exists():
            trees[tree["absolutePath"]] = tree
    return [Source(root, file, tree) for file, tree in sorted(trees.items())]
