"""`python -m scripts.cli`, which `./keel` starts."""

from __future__ import annotations

import sys

from scripts.cli.app import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
