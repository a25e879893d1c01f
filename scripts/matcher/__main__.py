"""`python -m scripts.matcher`: runs a matcher on a deployed domain's perpetual markets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.common.errors import run_script
from scripts.matcher.options import read_options
from scripts.matcher.service import run_matcher

app = typer.Typer(add_completion=False)


@app.command()
def main(
    config: Annotated[Path | None, typer.Option(help="YAML file with settings (docs/matcher.md)")] = None,
    chain: Annotated[str | None, typer.Option(help="Address of the chain's node")] = None,
    database: Annotated[
        str | None, typer.Option(help="sqlite:///path/to/file or postgresql://user@host/database")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error")] = None,
) -> None:
    """Takes signed orders, matches them, settles the fills."""
    raise typer.Exit(
        run_script(
            "matcher",
            lambda: run_matcher(
                read_options(config, chain=chain, database=database, port=port, log_level=log_level)
            ),
        )
    )


if __name__ == "__main__":
    app()
