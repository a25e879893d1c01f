"""`python -m scripts.mutate`: see the package."""

import sys

import typer

from scripts.common.errors import run_script
from scripts.mutate.generated import generated
from scripts.mutate.listed import listed

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command()(listed)
app.command()(generated)

if __name__ == "__main__":
    sys.exit(run_script("mutate", lambda: app(standalone_mode=False)))
