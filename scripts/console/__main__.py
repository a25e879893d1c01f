"""`python -m scripts.console`: serves the console until interrupted."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.common.errors import run_script
from scripts.console.server import DEFAULT_RPC, PORT, serve
from scripts.console.settings import DEFAULT_MATCHER

app = typer.Typer(add_completion=False)


@app.command()
def main(
    rpc: Annotated[str, typer.Option(help="JSON-RPC that the browser talks to")] = DEFAULT_RPC,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port on this machine; 0 takes a free one")
    ] = PORT,
    websocket: Annotated[
        str | None, typer.Option(help="The same node by ws:// or wss://, for new blocks")
    ] = None,
    matcher: Annotated[
        str, typer.Option(help="Order book of perpetuals, on this machine; empty: none")
    ] = DEFAULT_MATCHER,
) -> None:
    """Serves the console at http://127.0.0.1:PORT until interrupted."""
    raise typer.Exit(
        run_script("console", lambda: serve(port, rpc, websocket=websocket, matcher=matcher or None))
    )


if __name__ == "__main__":
    app()
