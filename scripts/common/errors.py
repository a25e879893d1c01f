"""Errors that a user sees as one line, and the way a script ends with one."""

from __future__ import annotations

import sys
from collections.abc import Callable


class KeelError(Exception):
    """Something the user can understand and act on.

    The message is one line: what was wrong, with which value, and what would be right. `exit_code` is what
    the process ends with when nobody handles it.
    """

    exit_code = 1

    def __init__(self, message: str, *, exit_code: int | None = None) -> None:
        super().__init__(" ".join(message.split()))
        if exit_code is not None:
            self.exit_code = exit_code


def run_script(name: str, main: Callable[[], int | None]) -> int:
    """Runs `main` and returns the exit code; a KeelError becomes one line on stderr, Ctrl-C code 130.

    Any other exception is a defect of the script and keeps its traceback.
    """
    try:
        return main() or 0
    except KeelError as error:
        print(f"keel {name}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"keel {name}: interrupted", file=sys.stderr)
        return 130
