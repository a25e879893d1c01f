"""All commands, and the way from arguments to an exit code."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence

import typer

from scripts.cli.commands import REGISTER
from scripts.cli.failures import ExitCode
from scripts.cli.frame import fail

NAME = "keel"
HELP = """Keel from the command line: markets, accounts, trades, liquidations, and what runs beside them.

Each command takes --network, --account, --from and --json; `keel COMMAND --help` lists everything.

Who signs: the account of KEEL_PRIVATE_KEY or KEEL_ACCOUNT (a Brownie account), --keystore FILE, or on a local chain
the node's own test accounts (--from 1). Keys are never printed. Hardware wallets sign in the browser: keel console.

Exit codes: 0 done, 1 refused or failed, 2 wrong arguments, 3 chain unreachable, 130 interrupted.
"""
NEGATIVE = re.compile(r"-\d|-\.\d")

app = typer.Typer(
    name=NAME,
    help=HELP,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for register in REGISTER:
    register(app)


def run(arguments: Sequence[str]) -> int:
    """Runs `keel` with these arguments; the exit code. An unexpected exception keeps its traceback."""
    arguments = list(arguments) or ["--help"]
    if "--json" in arguments[:1]:
        # Before the command it means the same.
        arguments = [*arguments[1:], "--json"]
    try:
        return int(app(args=arguments, prog_name=NAME, standalone_mode=False) or 0)
    except typer.Abort:
        return fail("", "--json" in arguments, ExitCode.INTERRUPTED, "interrupted")
    except typer.TyperException as error:
        return _usage(error, arguments)
    except BrokenPipeError:
        # Whoever read our output has gone; nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.REFUSED


def _usage(error: typer.TyperException, arguments: Sequence[str]) -> int:
    """What was typed does not fit the command."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else NAME
    name = " ".join(path.split()[1:])
    text = " ".join(error.format_message().split())
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.format_message())
        return ExitCode.USAGE
    option = getattr(error, "option_name", "")
    if NEGATIVE.match(option):
        text = _negative(arguments)
    elif text.endswith(".") and "?" not in text:
        text = f"{text[:-1]}; see `{path} --help`"
    return fail(name, "--json" in arguments, ExitCode.USAGE, text)


def _negative(arguments: Sequence[str]) -> str:
    number = next(argument for argument in arguments if NEGATIVE.match(argument))
    return f'"{number}" is negative; amounts are above zero, and the command says which way they go'
