"""One deployed chain for all tests of the command line; each test's changes are undone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.anvil import AnvilProcess
from scripts.chain import local, people
from scripts.chain.options import open_options
from scripts.cli.app import run
from scripts.client.domain import Domain, open_domain
from scripts.common.chain import Chain, connect
from scripts.deploy import deploy

LARGEST_NUMBER = 2**53 - 1


@dataclass(frozen=True)
class Result:
    """What a command ended with and said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout; its numbers are integers that every program can read."""
        document = json.loads(self.out, parse_float=_refuse)
        assert not self.err
        assert document["ok"] is (self.code == 0)
        _check(document)
        return document

    @property
    def data(self) -> dict[str, Any]:
        """What a command that succeeded answered."""
        assert self.code == 0, self.out + self.err
        return self.document["data"]

    @property
    def line(self) -> str:
        """The one line of a command that failed."""
        assert self.code != 0
        (line,) = self.err.splitlines()
        assert line.startswith("keel")
        return line


@dataclass(frozen=True)
class System:
    """A deployed chain and the folder of its deployments file."""

    chain: Chain
    domain: Domain
    url: str
    folder: Path


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """As `make up` leaves a chain: lenders in the pools, wallets filled."""
    folder = tmp_path_factory.mktemp("deployments")
    with AnvilProcess() as node:
        chain = connect(node.url, chain_id=31337)
        deployment = deploy(chain, folder=folder)
        people.move_in(deployment)
        people.open_perps(deployment)
        open_options(deployment)
        # The exchange's means are as old as their window.
        chain.warp(600)
        yield System(chain, open_domain(chain, folder), node.url, folder)
        chain.close()


@pytest.fixture
def system(deployed: System) -> Iterator[System]:
    """The chain; what the test does to it is undone."""
    snapshot = deployed.chain.rpc("evm_snapshot")
    yield deployed
    assert deployed.chain.rpc("evm_revert", snapshot)


@pytest.fixture
def keel(
    system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Result]:
    """Runs a command on the chain, with nothing in the environment but where that is."""
    for name in ("KEEL_PRIVATE_KEY", "KEEL_ACCOUNT", "KEEL_PASSWORD", "KEEL_KEEPER_RPC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETWORK", system.url)
    monkeypatch.setenv("KEEL_DEPLOYMENTS", str(system.folder))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(local, "FILE", tmp_path / "chain.json")
    monkeypatch.setattr(local, "LOG", tmp_path / "anvil.log")

    def invoke(*arguments: str) -> Result:
        capsys.readouterr()
        code = run(arguments)
        return Result(code, *capsys.readouterr())

    return invoke


def _refuse(text: str) -> None:
    raise AssertionError(f"{text} is a number with a fraction; expected text")


def _check(value: Any) -> None:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _check(item)
    elif isinstance(value, int):
        assert abs(value) <= LARGEST_NUMBER
