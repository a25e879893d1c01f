"""`keel up`, `down`, `keeper`, `matcher` and `console`: what runs beside the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer
from eth_account.signers.local import LocalAccount

from scripts.chain import local, people
from scripts.cli.failures import ExitCode, UsageError
from scripts.cli.frame import command
from scripts.cli.options import CHAIN, LOCAL, TIMEOUT, WHO
from scripts.cli.output import facts, table
from scripts.cli.session import Session
from scripts.common.accounts import local_account
from scripts.common.errors import KeelError
from scripts.console.server import PORT, serve
from scripts.console.settings import DEFAULT_MATCHER, matcher_origin
from scripts.deploy import FOLDER
from scripts.deploy.deployer import LOCAL_CHAIN_ID
from scripts.setup.environment import STATE

MATCHER_ACCOUNT = 8


def register(app: typer.Typer) -> None:
    """Adds the commands. What they need is loaded when they run."""

    @command(app, without=(CHAIN, WHO))
    def up(
        session: Session,
        port: Annotated[int, typer.Option(min=1, max=65_535, help="Of this machine")] = local.PORT,
        block_seconds: Annotated[
            int | None, typer.Option(min=1, help="Between blocks; without, each transaction has its own")
        ] = None,
    ) -> dict[str, Any]:
        """Starts a local chain unless one runs: everything deployed, lenders there, wallets filled."""
        from scripts.chain.__main__ import bring_up
        from scripts.setup import build

        out = session.out
        with out.waiting("compiling, if anything has changed"):
            _require(build.main, "the contracts do not compile")
        with out.waiting("starting the chain and deploying"):
            deployment, node = bring_up(port, block_seconds)
        wallets = people.wallets(deployment)
        out.show(
            facts(
                [
                    ("chain", f"{deployment.chain.chain_id} at {node.url}, process {node.pid}"),
                    ("vault", deployment.vault.address),
                ]
            )
        )
        made = table("wallet", "address", "holds", left=(0, 1, 2))
        for number, wallet in enumerate(wallets, 1):
            made.add_row(f"--from {number}", wallet.address, ", ".join(wallet.balances))
        out.show()
        out.show(made)
        out.show()
        out.show("Next: keel status, keel console, keel keeper. `keel down` ends the chain.")
        return {
            "url": node.url,
            "pid": node.pid,
            "chain_id": deployment.chain.chain_id,
            "vault": deployment.vault.address,
            "wallets": [{"address": wallet.address, "holds": list(wallet.balances)} for wallet in wallets],
        }

    @command(app, without=(CHAIN, WHO))
    def down(session: Session) -> dict[str, Any]:
        """Ends the local chain that `keel up` or `make up` started, and no other."""
        ended = local.stop()
        if ended:
            session.out.show(f"Ended the local chain at {ended.url} (process {ended.pid}).")
        else:
            session.out.show("No local chain runs; there is nothing to end.")
        return {"ended": ended is not None, "url": ended.url if ended else None}

    @command(app, without=(WHO,))
    def keeper(
        session: Session,
        config: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Settings in TOML or YAML, see docs/keeper.md")
        ] = None,
        once: Annotated[bool, typer.Option("--once", help="End when nothing is left to do")] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide and simulate, send nothing")] = False,
    ) -> dict[str, Any]:
        """Watches all accounts and takes over the unhealthy ones, until it is told to end (Ctrl-C).

        It signs as KEEL_PRIVATE_KEY or KEEL_ACCOUNT, on a local chain as the node's last account.
        """
        from scripts.keeper.config import load_config
        from scripts.keeper.run import run_keeper

        options = session.options
        # A file or the environment may name nodes of its own; an option goes before both.
        named = config is not None or "KEEL_KEEPER_RPC" in os.environ
        settings = load_config(
            config,
            rpc=None if named and options.network == LOCAL else (session.url,),
            chain_id=options.chain_id,
            deployments=None if options.deployments == FOLDER else options.deployments,
            timeout_seconds=None if options.timeout == TIMEOUT else options.timeout,
            once=once or None,
            dry_run=dry_run or None,
        )
        code = run_keeper(settings)
        if code:
            raise KeelError(f"the keeper ended with exit code {code}", exit_code=ExitCode.REFUSED)
        return {"ended": True}

    @command(app, without=(WHO,))
    def matcher(
        session: Session,
        config: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Settings in YAML, see docs/matcher.md")
        ] = None,
        database: Annotated[
            str | None,
            typer.Option(metavar="URL", help="sqlite:///path/to/file or postgresql://user@host/database"),
        ] = None,
        port: Annotated[
            int | None, typer.Option(min=0, max=65_535, help="Of this machine; 0 takes a free one")
        ] = None,
        log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error")] = None,
    ) -> dict[str, Any]:
        """Takes signed perpetual orders, matches them and settles the fills, until it is told to end (Ctrl-C).

        It settles as KEEL_PRIVATE_KEY or KEEL_ACCOUNT, on a local chain as the node's last account but one.
        """
        from scripts.matcher.chain import open_venue
        from scripts.matcher.options import read_options
        from scripts.matcher.service import run_matcher

        options = session.options
        # A file may name a node of its own; an option goes before it.
        named = config is not None and options.network == LOCAL
        settings = read_options(
            config,
            chain=None if named else session.url,
            deployments=None if options.deployments == FOLDER else options.deployments,
            database=database or (_matcher_file(session) if config is None else None),
            port=port,
            log_level=log_level,
        )
        with redirect_stdout(sys.stderr if session.out.as_json else sys.stdout):
            code = run_matcher(settings, open_venue(settings, _matcher_account(session)))
        if code:
            raise KeelError(f"the matcher ended with exit code {code}", exit_code=ExitCode.REFUSED)
        return {"ended": True}

    @command(app, without=(WHO,))
    def console(
        session: Session,
        port: Annotated[
            int, typer.Option(min=0, max=65_535, help="Of this machine; 0 takes a free one")
        ] = PORT,
        websocket: Annotated[
            str | None, typer.Option(metavar="URL", help="The same node by ws:// or wss://, for new blocks")
        ] = None,
        matcher: Annotated[
            str,
            typer.Option(
                envvar="KEEL_MATCHER",
                metavar="URL",
                help="Order book of perpetuals that pages may ask, on this machine; empty: none",
            ),
        ] = DEFAULT_MATCHER,
    ) -> dict[str, Any]:
        """Serves the web console on this machine until Ctrl-C."""
        from scripts.console import build

        _check_matcher(matcher)
        # What cannot be opened is told here, not in the browser.
        session.domain.chain.close()
        with session.out.waiting("building the pages, if anything has changed"):
            _require(build.main, "the console does not build")
        try:
            with redirect_stdout(sys.stderr if session.out.as_json else sys.stdout):
                serve(
                    port,
                    session.url,
                    session.options.deployments,
                    websocket=websocket,
                    matcher=matcher or None,
                )
        except KeyboardInterrupt:
            session.out.show("The console has ended.")
        return {"ended": True}


def _check_matcher(url: str) -> None:
    """Raises UsageError for an address that pages may not ask; none at all is right."""
    try:
        if url:
            matcher_origin(url)
    except KeelError as error:
        raise UsageError(f'--matcher: {error}, or "" for none') from None


def _matcher_file(session: Session) -> str:
    """The SQLite file of a chain; a local chain that is started anew is another one."""
    chain = session.chain
    genesis = str(chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"])
    return f"sqlite:///{STATE / f'matcher-{chain.chain_id}-{genesis[2:10]}.db'}"


def _matcher_account(session: Session) -> LocalAccount | None:
    """On a local chain an account that the keeper does not use; elsewhere none."""
    is_local = session.chain.rpc.is_local and session.chain.chain_id == LOCAL_CHAIN_ID
    return local_account(MATCHER_ACCOUNT) if is_local else None


def _require(step: Callable[[], int], problem: str) -> None:
    """A step of the set-up; what it says goes to stderr. Raises KeelError if it fails."""
    with redirect_stdout(sys.stderr):
        if step():
            raise KeelError(f"{problem}; see above")
