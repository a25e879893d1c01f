"""`python -m scripts.keeper [settings.toml] [--once] [--dry-run]`: the keeper by itself; `keel keeper` has more options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.common.errors import run_script
from scripts.keeper.config import load_config
from scripts.keeper.run import run_keeper

app = typer.Typer(add_completion=False)


@app.command()
def main(
    settings: Annotated[Path | None, typer.Argument(help="TOML or YAML file")] = None,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left to do")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide, and send nothing")] = False,
) -> None:
    """Watches every account of a domain, takes over those that may be, and keeps the clocks."""
    raise typer.Exit(
        run_script(
            "keeper",
            lambda: run_keeper(load_config(settings, once=once or None, dry_run=dry_run or None)),
        )
    )


if __name__ == "__main__":
    app()
