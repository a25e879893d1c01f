"""Attributes a transaction's gas to contracts, functions and kinds of work.

    python -m scripts.profile borrow_1                  # an operation of the gas snapshot, on a chain of its own
    python -m scripts.profile 0x5c50...                 # a transaction of the local chain
    python -m scripts.profile 0x5c50... --url http://127.0.0.1:9545 --json reports/profile.json
    python -m scripts.profile --list

Prints what each function used by itself and the tree of calls. Anvil and geth can trace what they mined without options.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console

from scripts.common.errors import KeelError, run_script
from scripts.common.rpc import Rpc
from scripts.profile.operations import measured, names
from scripts.profile.report import Profile, call_table, function_table, profile
from scripts.profile.sources import Code, code_of
from scripts.profile.trace import Node, trace
from scripts.setup.environment import write_atomically

URL = "http://127.0.0.1:8545"
SECONDS = 300
SMALLEST = 300
WIDTH = 150


def main() -> int:
    """Profiles, prints, writes."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.profile", description="Where a transaction's gas goes."
    )
    parser.add_argument("what", nargs="?", help="an operation of the gas snapshot, or a transaction's hash")
    parser.add_argument("--list", action="store_true", help="print the operations")
    parser.add_argument("--url", default=URL, help=f"node of the transaction ({URL})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the profile there")
    parser.add_argument("--smallest", type=int, default=SMALLEST, help=f"gas of the least line ({SMALLEST})")
    chosen = parser.parse_args()
    if chosen.list:
        print("\n".join(names()))
        return 0
    if not chosen.what:
        raise KeelError("nothing to profile: name an operation (--list prints them) or a transaction's hash")
    if chosen.what.startswith("0x"):
        found = of_transaction(Rpc(chosen.url, SECONDS), chosen.what)
    elif chosen.what in names():
        with measured(chosen.what) as (node, hash_):
            found = of_transaction(node, hash_)
    else:
        raise KeelError(f"{chosen.what} is no operation; expected one of {', '.join(names())}")
    console = Console(highlight=False)
    console = Console(highlight=False, width=max(console.width, WIDTH))
    console.print(function_table(found, chosen.smallest))
    console.print(call_table(found))
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(chosen.json, json.dumps(found.document(), indent=2) + "\n")
    return 0


def of_transaction(node: Node, hash_: str) -> Profile:
    """The profile of a transaction that `node` has mined."""
    known: dict[str, Code] = {}

    def known_code(address: str) -> Code:
        if address not in known:
            known[address] = code_of(address, bytes.fromhex(node("eth_getCode", address, "latest")[2:]))
        return known[address]

    return profile(trace(node, hash_), known_code)


if __name__ == "__main__":
    sys.exit(run_script("profile", main))
