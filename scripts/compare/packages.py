"""The peers' npm packages: fetched once into `.keel/peers`, and compiled with the compilers and settings of their releases.

Packages are unpacked without what they depend on (hardhat, ethers): their sources import none of it. What they do
import, and the compilers, stand in `package.json` beside this file, pinned exactly.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.common.chain import Chain
from scripts.common.contract import Contract
from scripts.common.errors import KeelError
from scripts.setup.environment import NODE_MODULES, ROOT, STATE, exclusive, write_atomically

PINS = Path(__file__).with_name("package.json")
CONTRACTS = Path(__file__).with_name("contracts")
PEERS = STATE / "peers"
STAMP = PEERS / "installed.json"
SHIM = ROOT / "scripts" / "setup" / "solc_shim.js"
NPM_SECONDS = 300
OWN_COMPILER = NODE_MODULES / "solc"


class MissingPeer(KeelError):
    """A peer's package cannot be fetched, compiled or found."""


# --- packages ---


def pins() -> dict[str, str]:
    """By folder below `node_modules`, what npm is asked for, such as "solc@0.8.19"."""
    wanted: dict[str, str] = json.loads(PINS.read_text())["devDependencies"]
    return {
        name: version.removeprefix("npm:") if version.startswith("npm:") else f"{name}@{version}"
        for name, version in wanted.items()
    }


def install(say: Callable[[str], None]) -> None:
    """Fetches what is not there yet and says so. Raises MissingPeer."""
    with exclusive("peers"):
        wanted = pins()
        try:
            there = json.loads(STAMP.read_text())
        except (OSError, ValueError):
            there = {}
        missing = {name: spec for name, spec in wanted.items() if there.get(name) != spec}
        for name, spec in missing.items():
            say(f"fetching {spec}")
            _unpack(name, spec)
            there[name] = spec
            write_atomically(STAMP, json.dumps(there, indent=2) + "\n")


def _unpack(name: str, spec: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise MissingPeer(f"{spec} is not here and there is no npm to fetch it; install Node.js 20 or later")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", spec, "--pack-destination", folder, "--silent", "--ignore-scripts"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=NPM_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise MissingPeer(f"npm did not fetch {spec} within {NPM_SECONDS} s") from None
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode != 0 or len(archives) != 1:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
            raise MissingPeer(f"npm could not fetch {spec}: {reason}; is a package registry reachable?")
        target = PEERS / "node_modules" / name
        shutil.rmtree(target, ignore_errors=True)
        with tarfile.open(archives[0]) as archive:
            archive.extractall(folder, filter="data")
        # Archives of npm have one folder, mostly called package.
        (content,) = (entry for entry in Path(folder).iterdir() if entry.is_dir())
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(content, target)


# --- compilation ---


@dataclass(frozen=True)
class Build:
    """What is compiled together: by source (a path below `.keel/peers`, or of one of our helpers) its contracts.

    `compiler` is an npm package of solc, empty for Keel's own.
    """

    sources: Mapping[str, Sequence[str]]
    compiler: str = ""
    evm: str = "cancun"
    runs: int = 200
    via_ir: bool = False
    remappings: Sequence[str] = ()


class Compiled:
    """Contracts of a build, by name; libraries are linked as they are deployed."""

    def __init__(self, build: Build) -> None:
        self._contracts: dict[str, dict[str, Any]] = {}
        for content in _compile(build).values():
            self._contracts.update(content)
        self._libraries: dict[str, str] = {}

    def deploy(self, chain: Chain, name: str, *args: Any) -> Contract:
        """Deploys a contract, and first the libraries that it is linked with. Raises MissingPeer, Reverted."""
        contract = self[name]
        code = contract["evm"]["bytecode"]["object"]
        for libraries in contract["evm"]["bytecode"]["linkReferences"].values():
            for library, places in libraries.items():
                if library not in self._libraries:
                    self._libraries[library] = self.deploy(chain, library).address
                for place in places:
                    start = 2 * place["start"]
                    code = code[:start] + self._libraries[library][2:].lower() + code[start + 40 :]
        return chain.deploy_raw(contract["abi"], code, *args)

    def at(self, chain: Chain, name: str, address: str) -> Contract:
        """A deployed contract, seen as `name`."""
        return chain.at(self[name]["abi"], address)

    def __getitem__(self, name: str) -> dict[str, Any]:
        try:
            return self._contracts[name]
        except KeyError:
            known = ", ".join(sorted(self._contracts))
            raise MissingPeer(f"{name} has not been compiled; compiled are {known}") from None


def _compile(build: Build) -> dict[str, Any]:
    package = PEERS / "node_modules" / build.compiler if build.compiler else OWN_COMPILER
    if not (package / "soljson.js").is_file():
        raise MissingPeer(f"no compiler at {package}; run `make compare`, which fetches it")
    request = {
        "language": "Solidity",
        "sources": {source: {"content": _read(source)} for source in build.sources},
        "settings": {
            "optimizer": {"enabled": True, "runs": build.runs},
            "viaIR": build.via_ir,
            "evmVersion": build.evm,
            "metadata": {"bytecodeHash": "none"},
            "remappings": list(build.remappings),
            "outputSelection": {
                source: {
                    name: ["abi", "evm.bytecode.object", "evm.bytecode.linkReferences"] for name in names
                }
                for source, names in build.sources.items()
            },
        },
    }
    done = subprocess.run(
        ["node", str(SHIM), "--standard-json"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        cwd=PEERS,
        env={**os.environ, "KEEL_SOLC_PACKAGE": str(package)},
        check=False,
    )
    if done.returncode != 0:
        raise MissingPeer(f"{build.compiler or 'solc'} ended with {done.returncode}: {done.stderr[-300:]}")
    answer = json.loads(done.stdout)
    for problem in answer.get("errors", []):
        if problem["severity"] == "error":
            raise MissingPeer(f"{build.compiler or 'solc'}: {problem['formattedMessage'][:300]}")
    contracts: dict[str, Any] = answer["contracts"]
    return contracts


def _read(source: str) -> str:
    own = CONTRACTS / source
    file = own if own.is_file() else PEERS / source
    try:
        return file.read_text()
    except OSError as error:
        raise MissingPeer(
            f"cannot read {file}: {error.strerror}; run `make compare`, which fetches it"
        ) from None
