"""`python -m scripts.cli`, which `./keel` starts."""

from __future__ import annotations

import io
import sys

from scripts.cli.app import run

if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a character is no reason to end.
        sys.stdout.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))
