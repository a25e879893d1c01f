"""Contracts that npm packages ship compiled, as Hardhat artifacts."""

from __future__ import annotations

import json
from functools import cache

from scripts.artifacts import Artifact
from scripts.common.errors import KeelError
from scripts.setup.environment import NODE_MODULES


@cache
def package_artifact(package: str, contract: str) -> Artifact:
    """The contract that `package` ships below `artifacts/`. Raises KeelError.

    The bytecode is the package's own: compiling the sources again would change it, and with it every address
    that is computed from its hash.
    """
    folder = NODE_MODULES / package / "artifacts"
    found = sorted(folder.rglob(f"{contract}.json"))
    if len(found) != 1:
        what = "no such file" if not found else ", ".join(str(file.relative_to(folder)) for file in found)
        raise KeelError(f"{contract}.json below {folder}: {what}; expected one, run `make setup`")
    content = json.loads(found[0].read_text())
    return Artifact(
        name=content["contractName"],
        source=f"{package}/{content['sourceName']}",
        abi=content["abi"],
        bytecode=content["bytecode"].removeprefix("0x"),
        runtime=content["deployedBytecode"].removeprefix("0x"),
    )
