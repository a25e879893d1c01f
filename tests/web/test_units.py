"""The console's TypeScript that needs no browser: node's own test runner over tests/web/units."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scripts.console.build import generate
from scripts.setup.environment import NODE_MODULES, ROOT

UNITS = Path(__file__).parent / "units"
SECONDS = 60
# What modules look at when they are loaded, and a runner has not.
BANNER = 'globalThis.window??={location:{hash:""},addEventListener(){}};globalThis.localStorage??={getItem(){return null}};'


@pytest.mark.parametrize("file", sorted(UNITS.glob("*.test.ts")), ids=lambda file: file.name.split(".")[0])
def test_unit(file: Path, tmp_path: Path) -> None:
    """Bundled by esbuild, run by node."""
    generate()
    bundle = tmp_path / f"{file.name.split('.')[0]}.mjs"
    command = [
        *(str(NODE_MODULES / "esbuild" / "bin" / "esbuild"), str(file), "--bundle", "--platform=node"),
        *("--format=esm", "--jsx=automatic", "--jsx-import-source=preact", f"--outfile={bundle}"),
        *("--log-level=warning", f"--alias:@generated={ROOT / 'build' / 'web-src'}", f"--banner:js={BANNER}"),
    ]
    subprocess.run(command, cwd=ROOT, check=True, timeout=SECONDS)
    done = subprocess.run(
        ["node", "--test", str(bundle)], cwd=ROOT, text=True, capture_output=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"# pass (\d+)", done.stdout)
    assert passed is not None and int(passed.group(1)) > 0, done.stdout
