"""The deployment from the first transaction to the last comparison."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from scripts.deploy import domain, world
from scripts.deploy import verify as verification
from scripts.deploy.deployer import LOCAL_CHAIN_ID, Deployer, DeployError, Say, quiet
from scripts.deploy.deployment import Deployment, assemble
from scripts.deploy.record import Record
from scripts.deploy.verifier import Difference
from scripts.markets import Markets, load


def deploy(
    chain: Any,
    *,
    markets: Markets | None = None,
    folder: Path | None = None,
    record: Record | None = None,
    prices: Mapping[str, Decimal] | None = None,
    say: Say = quiet,
    may_send: bool = True,
) -> Deployment:
    """Deploys `markets` (the checkout's own), or goes on where the last run stopped, and verifies everything.

    `chain` is a scripts.common.chain.Chain or a test's EVM. The record is kept in `folder`, without one in
    memory; `record` goes on with one from there. On chain 31337 tokens, feeds and Uniswap are mocks; `prices`
    are dollars by name of the underlying and go before those of the files. Without `may_send` what is
    missing is an error. Raises DeployError, RecordError, MarketError, ChainUnreachable, Reverted.
    """
    markets = markets or load()
    chain_id = int(getattr(chain, "chain_id", LOCAL_CHAIN_ID))
    local = chain_id == LOCAL_CHAIN_ID
    sender = chain.sender(None)
    record = record or _record(chain, chain_id, local, folder, markets, sender)
    if not may_send and not record.entries:
        where = record.path or "no record"
        raise DeployError(f"nothing is deployed on chain {chain_id} ({where}); run `make deploy` first")
    deployer = Deployer(chain, record, sender, say, may_send)
    ground = (
        world.made(deployer, markets, prices or {}) if local else world.found(deployer, markets, chain_id)
    )
    core = domain.build(deployer, markets, ground, local)
    compared, differences = verification.verify(deployer, markets, ground, core, local)
    verification.require_same(differences)
    record.finish()
    return assemble(deployer, markets, ground, core, compared)


def compare(chain: Any, folder: Path, *, markets: Markets | None = None) -> tuple[int, list[Difference]]:
    """How many values of the deployment in `folder` were held against `markets`, and those that differ.

    Sends nothing. Raises DeployError where something of the files is not deployed at all, RecordError, MarketError.
    """
    markets = markets or load()
    local = chain.chain_id == LOCAL_CHAIN_ID
    sender = chain.sender(None)
    record = _record(chain, chain.chain_id, local, folder, markets, sender)
    if not record.entries:
        raise DeployError(f"nothing is deployed on chain {chain.chain_id} ({record.path})")
    deployer = Deployer(chain, record, sender, quiet, may_send=False)
    ground = world.made(deployer, markets, {}) if local else world.found(deployer, markets, chain.chain_id)
    core = domain.build(deployer, markets, ground, local)
    return verification.verify(deployer, markets, ground, core, local)


def _record(
    chain: Any, chain_id: int, local: bool, folder: Path | None, markets: Markets, sender: str
) -> Record:
    name = markets.domain.name
    if folder is None:
        return Record(None, chain_id, "", name, sender)
    path = folder / f"{chain_id}.json"
    genesis = str(chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"])
    record = Record.open(path, chain_id)
    if record is not None and record.genesis != genesis:
        if not local:
            raise DeployError(
                f"{path} is of another chain with the id {chain_id}; move it away to deploy anew"
            )
        # A local chain that has ended.
        record = None
    if record is not None and record.domain != name:
        raise DeployError(f"{path} is of the domain {record.domain}, the files describe {name}")
    return record or Record(path, chain_id, genesis, name, sender)
