"""`make demo`, or `python -m scripts.demo --help`.

A chain of its own, all markets deployed, traders in debt, a price path, a keeper; then tables, a picture and
a last line. The exit code is 1 where lenders lost in a crash that should hold: any path whose steps are small
enough for liquidation to follow, as those of the named ones are; and where the books of perpetuals or options do not add up.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from scripts.anvil import AnvilProcess
from scripts.common.chain import connect
from scripts.common.errors import KeelError, run_script
from scripts.demo import chart, report
from scripts.demo.actors import TRADERS, Trader
from scripts.demo.borrowers import Borrowers
from scripts.demo.opening import ACCOUNTS, cast_of, deploy_stage, require_playable
from scripts.demo.options import Options
from scripts.demo.perps import Perpetuals
from scripts.demo.play import Play
from scripts.demo.prices import PricePath, read_csv
from scripts.demo.result import DemoResult
from scripts.demo.screen import Screen
from scripts.demo.shapes import DEFAULT, SHAPES, named_path
from scripts.markets import load
from scripts.setup.environment import ROOT

CHAIN_ID = 31337
# When the chain begins: options expire at an hour of the day, and figures are the same in every run.
GENESIS = 1_800_000_000
# About half of ether's maintenance shock: margin that is liquidated a step too late is still worth something.
STEP_THAT_HOLDS = 0.06

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def demo(
    prices: Annotated[
        Path | None,
        typer.Option(envvar="PRICES", help="CSV with the columns timestamp and close, of any resolution."),
    ] = None,
    crash: Annotated[
        str | None, typer.Option(help=f"Named path, instead of a CSV: {', '.join(SHAPES)}.")
    ] = None,
    accounts: Annotated[int, typer.Option(min=1, max=len(TRADERS), help="How many traders take part.")] = len(
        TRADERS
    ),
    seed: Annotated[int, typer.Option(help="Of the noise on a named path.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for demo.png and demo.json.")] = ROOT / "reports",
    keeper: Annotated[bool, typer.Option(help="Without a keeper nobody is liquidated.")] = True,
) -> None:
    """Plays a price path against the protocol on a local chain and says what lenders have left."""

    def main() -> int:
        if prices and crash:
            raise KeelError(f"prices are to come from {prices} and from {crash}; choose one")
        path = read_csv(prices) if prices else named_path(crash or DEFAULT, seed)
        result = run(path, chosen(accounts), keeper_on=keeper, console=Console(highlight=False), out=out)
        if not result.books_add_up:
            return 1
        return 1 if should_hold(path, keeper) and not result.lenders_whole else 0

    # A terminated demonstration ends its chain, as an interrupted one does.
    signal.signal(signal.SIGTERM, _terminate)
    raise typer.Exit(run_script("demo", main))


def run(
    path: PricePath,
    traders: tuple[Trader, ...] = TRADERS,
    *,
    keeper_on: bool = True,
    console: Console | None = None,
    out: Path | None = None,
) -> DemoResult:
    """The whole demonstration on an Anvil of its own, which ends with it. Raises KeelError."""
    screen = Screen(console or Console(quiet=True))
    began = time.monotonic()
    rows = f" from {path.rows} rows" if path.rows != len(path) else ""
    screen.say(
        f"{path.name}: {len(path)} points{rows}, {path.seconds / 3_600:,.1f} hours,"
        f" deepest fall {path.largest_fall:.1%}, largest step {path.largest_step:.2%}"
    )
    markets = load()
    require_playable(path, markets)
    with AnvilProcess("--accounts", str(ACCOUNTS), "--timestamp", str(GENESIS)) as anvil:
        chain = connect(anvil.url, chain_id=CHAIN_ID)
        # Blocks are a second apart, however fast this machine is: figures are the same in every run.
        chain.rpc("anvil_setBlockTimestampInterval", 1)
        stage = deploy_stage(chain, markets, path)
        screen.say(f"all markets deployed at {anvil.url} in {time.monotonic() - began:.1f} s")
        cast = cast_of(chain)
        options = Options(stage, cast.options, path.closes[0], path.seconds, maker_on=keeper_on)
        acts = (
            Borrowers(stage, traders, cast.traders, path.closes[0]),
            Perpetuals(stage, cast.perps, cast.keeper, [options.book]),
            options,
        )
        play = Play(stage, cast, acts, path, keeper_on=keeper_on)
        with screen.playing(len(path)):
            result = play.run(screen.watch)
        chain.close()
    screen.say(f"played in {result.set_up_seconds + result.seconds:.1f} s\n")
    report.show(result, screen.console)
    if out is not None:
        chart.draw(result, out / "demo.png")
        result.write_json(out / "demo.json")
        screen.say(f"\npicture in {out / 'demo.png'}, figures in {out / 'demo.json'}")
    screen.say(result.verdict)
    return result


def chosen(count: int) -> tuple[Trader, ...]:
    """As many traders, from all over the list."""
    return tuple(TRADERS[len(TRADERS) * number // count] for number in range(count))


def should_hold(path: PricePath, keeper_on: bool) -> bool:
    """Whether lenders must be whole at the end: somebody liquidates, and no step is too large to follow."""
    return keeper_on and path.largest_step <= STEP_THAT_HOLDS


def _terminate(*_: Any) -> None:
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    app()
