"""`python -m scripts.deploy`: deploys every market, or goes on where the last run stopped, and verifies."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from scripts.chain import local
from scripts.common.chain import Chain, connect
from scripts.common.errors import KeelError, run_script
from scripts.deploy import FOLDER, Deployment, deploy
from scripts.deploy.deployer import LOCAL_CHAIN_ID
from scripts.markets import load
from scripts.markets.load import FOLDER as MARKETS

app = typer.Typer(add_completion=False)


@app.command()
def main(
    network: Annotated[
        str,
        typer.Option(envvar="NETWORK", help="local, or an RPC address; keys: KEEL_PRIVATE_KEY, KEEL_ACCOUNT"),
    ] = "local",
    resume: Annotated[
        bool, typer.Option("--resume", help="Only go on with a deployment that was begun")
    ] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Send nothing, compare only")] = False,
    markets: Annotated[Path, typer.Option(help="Folder of the market files")] = MARKETS,
    deployments: Annotated[Path, typer.Option(help="Folder of the deployments files")] = FOLDER,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds within which the node has to answer")] = 30,
) -> None:
    """Deploys what the market files describe, once: what is there already is found and verified."""
    code = run_script("deploy", lambda: _run(network, resume, verify, markets, deployments, timeout))
    raise typer.Exit(code)


def _run(network: str, resume: bool, verify: bool, markets: Path, deployments: Path, timeout: float) -> None:
    configuration = load(markets)
    started = time.monotonic()
    chain = _chain(network, timeout)
    if chain.chain_id == LOCAL_CHAIN_ID:
        typer.echo(f"chain {chain.chain_id} at {chain.rpc.shown}: tokens, feeds and Uniswap are mocks")
    else:
        typer.echo(f"chain {chain.chain_id} at {chain.rpc.shown}, sending from {chain.sender(None)}")
    file = deployments / f"{chain.chain_id}.json"
    if resume and not file.exists():
        raise KeelError(f"nothing to resume: there is no {file}; leave --resume out to begin")
    deployment = deploy(chain, markets=configuration, folder=deployments, say=typer.echo, may_send=not verify)
    _report(deployment, file, time.monotonic() - started)


def _chain(network: str, timeout: float) -> Chain:
    if network != "local":
        return connect(network, timeout=timeout)
    node = local.running() or local.start()
    return connect(node.url, timeout=timeout, chain_id=LOCAL_CHAIN_ID)


def _report(deployment: Deployment, file: Path, seconds: float) -> None:
    what = f"{deployment.sent} transactions sent" if deployment.sent else "nothing was left to do"
    typer.echo(f"{what}; {deployment.compared} values read back as in the files; {seconds:.1f} s")
    typer.echo(f"addresses are in {file}")


if __name__ == "__main__":
    app()
