"""Builds the console to build/web: ABIs from the compiled contracts, then Vite, unless nothing has changed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from scripts.artifacts import ArtifactError, artifacts
from scripts.client.templates import TEMPLATES
from scripts.common.errors import KeelError, run_script
from scripts.console.server import PAGES
from scripts.setup.environment import (
    NODE_MODULES,
    ROOT,
    STATE,
    exclusive,
    hash_files,
    write_atomically,
)

WEB = ROOT / "web"
GENERATED = ROOT / "build" / "web-src"
HEAD = "// Written by scripts/console/build.py; do not edit."
STAMP = STATE / "web.stamp"
# Name in TypeScript, and contract.
CONTRACTS: tuple[tuple[str, str], ...] = (
    ("vaultAbi", "Vault"),
    ("poolAbi", "LendingPool"),
    ("backstopAbi", "Backstop"),
    ("lensAbi", "AccountLens"),
    ("riskAbi", "RiskEngine"),
    ("parametersAbi", "RiskParameters"),
    ("liquidationAbi", "LiquidationEngine"),
    ("helperAbi", "MarginHelper"),
    ("adapterAbi", "UniswapV3Adapter"),
    ("rateModelAbi", "KinkRateModel"),
    ("tokenAbi", "MockERC20"),
    ("aggregatorAbi", "MockAggregator"),
    ("perpAbi", "PerpMarket"),
    ("perpLensAbi", "PerpLens"),
    ("ordersAbi", "PerpOrders"),
    ("ammAbi", "VirtualAmm"),
    ("sharesAbi", "ExitShares"),
    ("optionAbi", "OptionMarket"),
    ("optionLensAbi", "OptionLens"),
    ("greeksLensAbi", "GreeksLens"),
    ("optionOrdersAbi", "OptionOrders"),
)
USED = ("function", "event")


def generate(folder: Path = GENERATED) -> list[Path]:
    """Writes abi.ts (typed ABIs, and all custom errors as one) and templates.ts (a sentence for each error).

    Files that are right are left alone. Raises KeelError before a build of the contracts.
    """
    try:
        abis = {name: artifacts().get(contract).abi for name, contract in CONTRACTS}
    except ArtifactError as error:
        raise KeelError(str(error)) from None
    errors = {
        json.dumps(entry, sort_keys=True): entry
        for abi in abis.values()
        for entry in abi
        if entry["type"] == "error"
    }
    constants = {
        **{name: [entry for entry in abi if entry["type"] in USED] for name, abi in abis.items()},
        "errorsAbi": list(errors.values()),
    }
    lines = [f"export const {name} = {json.dumps(abi)} as const;" for name, abi in constants.items()]
    templates = f"export const TEMPLATES: Readonly<Record<string, string>> = {json.dumps(TEMPLATES)};"
    files = {folder / "abi.ts": lines, folder / "templates.ts": [templates]}
    for file, content in files.items():
        text = "\n".join((HEAD, *content, ""))
        if not file.exists() or file.read_text() != text:
            write_atomically(file, text)
    return list(files)


def main() -> int:
    """Builds if needed. Raises KeelError with what Vite said."""
    with exclusive("web"):
        generated = generate()
        sources = [file for file in WEB.rglob("*") if file.is_file()]
        state = hash_files([*sources, *generated, ROOT / "package.json"])
        if STAMP.exists() and STAMP.read_text().strip() == state and (PAGES / "index.html").is_file():
            return 0
        started = time.monotonic()
        STAMP.unlink(missing_ok=True)
        done = subprocess.run(
            ["node", str(NODE_MODULES / "vite" / "bin" / "vite.js"), "build", "--logLevel", "warn"],
            cwd=WEB,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode != 0:
            print(done.stdout, file=sys.stderr)
            raise KeelError(f"vite could not build the console (exit code {done.returncode}); see above")
        write_atomically(STAMP, f"{state}\n")
        size = sum(file.stat().st_size for file in PAGES.rglob("*") if file.is_file())
        print(f"keel web: console of {size // 1024} kB in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("web", main))
