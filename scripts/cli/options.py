"""The options that every command has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from scripts.deploy import FOLDER

LOCAL = "local"
TIMEOUT = 30.0
CHAIN, WHO, HOW = "Chain", "Account", "Output and confirmation"
# Those of commands that send.
SENDING = ("yes", "dry_run")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a command can be told beside its own arguments."""

    network: Annotated[
        str, typer.Option(envvar="NETWORK", help='"local", or the address of a node', rich_help_panel=CHAIN)
    ] = LOCAL
    chain_id: Annotated[
        int | None, typer.Option(min=1, help="Refuse a node of another chain", rich_help_panel=CHAIN)
    ] = None
    deployments: Annotated[
        Path,
        typer.Option(
            envvar="KEEL_DEPLOYMENTS",
            help="Folder of the deployments files",
            show_default="scripts/deployments",
            rich_help_panel=CHAIN,
        ),
    ] = FOLDER
    timeout: Annotated[
        float,
        typer.Option(min=0.1, max=3_600, help="Seconds for each answer of the node", rich_help_panel=CHAIN),
    ] = TIMEOUT
    account: Annotated[
        str | None,
        typer.Option(
            metavar="OWNER",
            help="Margin account: its owner's address, or its id of 32 bytes; without, the sender's",
            rich_help_panel=WHO,
        ),
    ] = None
    index: Annotated[
        str, typer.Option(metavar="NUMBER", help="Which of the owner's accounts", rich_help_panel=WHO)
    ] = "0"
    sender: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ADDRESS",
            help="Who sends; on a local chain also a number, 1 is the first wallet",
            rich_help_panel=WHO,
        ),
    ] = None
    keystore: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Sign with this keystore; its password is asked for, or in KEEL_PASSWORD",
            rich_help_panel=WHO,
        ),
    ] = None
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, errors too", rich_help_panel=HOW)
    ] = False
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking", rich_help_panel=HOW)] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the preview, send nothing", rich_help_panel=HOW)
    ] = False
