"""`python -m scripts.chain up | down`: a local chain with everything deployed, for wallets to use."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scripts.chain import local, people
from scripts.chain.options import open_options
from scripts.common.chain import connect
from scripts.common.errors import run_script
from scripts.deploy import FOLDER, Deployment, deploy
from scripts.deploy.deployer import LOCAL_CHAIN_ID

WIDTH = 220

app = typer.Typer(add_completion=False, help="The local chain.")


@app.command()
def up(
    port: Annotated[int, typer.Option(min=1, max=65_535)] = local.PORT,
    block_seconds: Annotated[
        int | None, typer.Option(min=1, help="Seconds between blocks; without, each transaction has its own")
    ] = None,
) -> None:
    """Starts Anvil unless it runs, deploys what is missing, and shows the funded accounts."""
    raise typer.Exit(run_script("up", lambda: _up(port, block_seconds)))


@app.command()
def down() -> None:
    """Ends the Anvil that `up` started, and no other."""
    raise typer.Exit(run_script("down", _down))


def bring_up(port: int, block_seconds: int | None) -> tuple[Deployment, local.LocalChain]:
    """The local chain with everything deployed and everybody there; started unless it runs. Raises KeelError."""
    node = local.running()
    fresh = node is None
    if node is None:
        node = local.start(port, block_seconds=block_seconds)
    try:
        chain = connect(node.url, chain_id=LOCAL_CHAIN_ID)
        deployment = deploy(chain, folder=FOLDER)
        people.move_in(deployment)
        people.open_perps(deployment)
        open_options(deployment)
    except BaseException:
        if fresh:
            local.stop()
        raise
    return deployment, node


def _up(port: int, block_seconds: int | None) -> None:
    _show(*bring_up(port, block_seconds))


def _down() -> None:
    ended = local.stop()
    if ended:
        typer.echo(f"ended the local chain at {ended.url} (process {ended.pid})")
    else:
        typer.echo("no local chain runs; there is nothing to end")


def _show(deployment: Deployment, node: local.LocalChain) -> None:
    # Keys and addresses are there to be copied: no line is folded.
    console = Console(width=max(Console().width, WIDTH))
    contracts = Table("contract", "address", box=None, pad_edge=False)
    for name in ("vault", "lens", "helper", "adapter", "risk", "parameters", "liquidation", "backstop"):
        contracts.add_row(name, getattr(deployment, name).address)
    for asset in deployment.assets:
        contracts.add_row(asset.symbol, asset.token.address)
        if asset.pool:
            contracts.add_row(f"{asset.symbol} pool", asset.pool.address)
    for name, perp in deployment.perps.items():
        contracts.add_row(name, perp.market.address)
        contracts.add_row(f"{name} AMM", perp.amm.address)
    if deployment.orders:
        contracts.add_row("orders", deployment.orders.address)
    for name, option in deployment.options.items():
        contracts.add_row(name, option.market.address)
    if deployment.option_orders:
        contracts.add_row("option orders", deployment.option_orders.address)
    console.print(contracts)
    console.print()
    accounts = Table("account", "key", "holds", box=None, pad_edge=False)
    for wallet in people.wallets(deployment):
        accounts.add_row(wallet.address, wallet.key, ", ".join(wallet.balances))
    console.print(accounts)
    console.print()
    console.print(
        f"Anvil runs at {node.url} (chain {LOCAL_CHAIN_ID}, process {node.pid}); `make down` ends it.\n"
        "The keys are those of every local Anvil: never send anything of value to these accounts.",
        highlight=False,
    )


if __name__ == "__main__":
    app()
