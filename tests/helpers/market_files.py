"""Copies of the market files that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

from scripts.markets import Markets, load
from scripts.markets.load import FOLDER


class Files:
    """The files of a folder; `change` edits one and `load` reads all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for file in FOLDER.glob("*.yaml"):
            shutil.copy(file, folder)

    def change(self, name: str, *path: str, to: str) -> Files:
        """Replaces the text behind the key at `path` (its `value` for a parameter); an empty one takes the
        key out with all below it."""
        lines = (self.folder / name).read_text().splitlines()
        start, end = 0, len(lines)
        for depth, key in enumerate(path):
            start, end = self._find(lines, start, end, depth, key)
        head = lines[start]
        if to == "":
            lines[start:end] = []
        elif end - start > 1 and lines[start + 1].lstrip().startswith("value:"):
            lines[start + 1] = f"{' ' * (len(path) * 2)}value: {to}"
        else:
            lines[start:end] = [f"{head.split(':')[0]}: {to}"]
        (self.folder / name).write_text("\n".join(lines) + "\n")
        return self

    def append(self, name: str, text: str) -> Files:
        """Adds lines to a file, or makes it."""
        file = self.folder / name
        file.write_text((file.read_text() if file.exists() else "") + text)
        return self

    def load(self) -> Markets:
        """What stands in the folder."""
        return load(self.folder)

    @staticmethod
    def _find(lines: list[str], start: int, end: int, depth: int, key: str) -> tuple[int, int]:
        indent = "  " * depth
        for number in range(start + (depth > 0), end):
            if lines[number].startswith(f"{indent}{key}:"):
                after = number + 1
                while after < end and (lines[after].startswith(indent + "  ") or not lines[after].strip()):
                    after += 1
                return number, after
        raise AssertionError(f"no {key} in {lines[start:end]}")
