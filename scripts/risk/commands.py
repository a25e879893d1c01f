"""The commands `fit`, `publish` and `estimate`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.common.errors import KeelError, run_script
from scripts.common.units import WAD, parse_duration, parse_share
from scripts.risk.csvfile import parse_time
from scripts.risk.estimate import Aim, Settings
from scripts.risk.prices import Memory
from scripts.risk.publish import Target, open_surface, publish_quotes
from scripts.risk.report import estimate_all, show, write_all
from scripts.risk.smiles import Request, show_fit
from scripts.risk.surface import Limits, State

HELP = "Smiles fitted to quotes and published; shocks and netting estimated from prices."

app = typer.Typer(name="risk", add_completion=False, no_args_is_help=True, help=HELP)
WIDTH = 150

Quotes = Annotated[
    Path,
    typer.Argument(
        help="CSV file: expiry, strike, kind, and volatility or bid and ask (docs/risk-estimates.md)"
    ),
]
Forward = Annotated[
    float | None, typer.Option(min=0.0, help="Price in dollars, if the file has no column forward")
]
Chain = Annotated[str | None, typer.Option(help="Address of the chain's node")]
Surface = Annotated[str | None, typer.Option(help="Address of the surface, else the deployments file's")]
Underlying = Annotated[int, typer.Option(min=0, help="Number of the underlying on the surface")]
Butterfly = Annotated[bool, typer.Option(help="Hold densities above zero, else only warn")]


@app.command()
def fit(
    quotes: Quotes,
    forward: Forward = None,
    at: Annotated[
        str | None, typer.Option(help="When they were made, if the file has no column timestamp")
    ] = None,
    chain: Chain = None,
    surface: Surface = None,
    underlying: Underlying = 0,
    butterfly: Butterfly = True,
    plot: Annotated[Path | None, typer.Option(help="PNG file to draw")] = None,
    least: Annotated[str, typer.Option(help="Without a chain: least volatility of any strike")] = "10%",
    most: Annotated[str, typer.Option(help="Without a chain: most volatility")] = "300%",
) -> None:
    """Fits a smile to each expiry's quotes; with a chain, tells how many updates lead there."""

    def run() -> None:
        request = Request(quotes, forward, _time(at), butterfly)
        low, high = (parse_share(text, field) for text, field in ((least, "least"), (most, "most")))
        limits = Limits(min_variance=low * low // WAD, max_variance=high * high // WAD)
        opened = open_surface(Target(chain, surface, underlying), signs=False) if chain else None
        state, now = (opened.state(), opened.now) if opened else (State(limits), None)
        show_fit(request, state, now, plot, _console())

    _run("risk fit", run)


@app.command()
def publish(
    quotes: Quotes,
    chain: Annotated[str, typer.Option(help="Address of the chain's node")] = "http://127.0.0.1:8545",
    surface: Surface = None,
    underlying: Underlying = 0,
    forward: Forward = None,
    butterfly: Butterfly = True,
    every: Annotated[str, typer.Option(help="Time between looks at the file")] = "1 minute",
    max_age: Annotated[
        str, typer.Option(help="Quotes older than the newest by more are left out")
    ] = "5 minutes",
    once: Annotated[bool, typer.Option("--once", help="One update, then end")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Sign and ask the contract, send nothing")
    ] = False,
) -> None:
    """Signs smiles fitted to quotes and brings them to the surface. The key is that of KEEL_PRIVATE_KEY or KEEL_ACCOUNT."""

    def run() -> int:
        request = Request(quotes, forward, None, butterfly)
        pause, age = parse_duration(every, "every"), parse_duration(max_age, "max-age")
        if pause < 1:
            raise KeelError(f'every: "{every}" is no time; write 1 second at least')
        return publish_quotes(
            Target(chain, surface, underlying), request, pause, age, once, dry_run, _console()
        )

    _run("risk publish", run)


@app.command()
def estimate(
    prices: Annotated[
        list[str], typer.Argument(help="CSV files with timestamp and close, as ETH=prices.csv")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the proposal and the plots")] = Path("risk-estimates"),
    maintenance_horizon: Annotated[str, typer.Option(help="Time that a takeover takes")] = "1 hour",
    maintenance_probability: Annotated[str, typer.Option(help="Of a breach, in each direction")] = "0.1%",
    initial_horizon: Annotated[str, typer.Option(help="Time that new risk should last")] = "1 day",
    initial_probability: Annotated[str, typer.Option(help="Of a breach, in each direction")] = "1%",
    memory: Annotated[str, typer.Option(help="Of realised volatility")] = "2 days",
    longest: Annotated[str, typer.Option(help="Time after which any return counts")] = "6 hours",
    least_return: Annotated[str, typer.Option(help="Return that counts before")] = "1%",
    max_return: Annotated[str, typer.Option(help="Size to which a return is cut")] = "10%",
    in_sample: Annotated[str, typer.Option(help="Share of the time that estimates are made from")] = "60%",
    closes_only: Annotated[bool, typer.Option("--closes-only", help="Leave highs and lows aside")] = False,
    block: Annotated[str, typer.Option(help="Length of the bootstrap's blocks")] = "7 days",
    draws: Annotated[int, typer.Option(min=100, max=20_000, help="Of the bootstrap")] = 1_000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap")] = 1,
) -> None:
    """Estimates shocks that follow volatility, and netting, from prices; writes a proposal and plots."""

    def run() -> None:
        aims = [
            Aim(name, parse_duration(horizon, f"{name}-horizon"), _probability(chance, f"{name}-probability"))
            for name, horizon, chance in (
                ("maintenance", maintenance_horizon, maintenance_probability),
                ("initial", initial_horizon, initial_probability),
            )
        ]
        remembered = Memory(
            _duration(memory, "memory", 3_600, 90 * 86_400),
            _duration(longest, "longest", 60, 90 * 86_400),
            _share(least_return, "least-return", 0.0001, 0.5),
            _share(max_return, "max-return", 0.0001, 0.5),
        )
        settings = Settings(
            in_sample=_share(in_sample, "in-sample", 0.1, 0.9),
            block=_duration(block, "block", 3_600, 90 * 86_400),
            draws=draws,
            seed=seed,
        )
        result = estimate_all(_sources(prices), aims, remembered, settings, closes_only)
        console = _console()
        show(result, console)
        for file in write_all(result, out):
            console.print(f"wrote {file}")

    _run("risk estimate", run)


def _run(name: str, action: Callable[[], int | None]) -> None:
    raise typer.Exit(run_script(name, action))


def _console() -> Console:
    console = Console(highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def _sources(words: list[str]) -> dict[str, Path]:
    sources: dict[str, Path] = {}
    for word in words:
        name, _, path = word.rpartition("=")
        name = name or Path(path).stem.split("_")[0].upper()
        if not re.fullmatch(r"[A-Za-z0-9.\-]{1,16}", name):
            raise KeelError(f'"{name}" is no name of an underlying; write ETH=prices.csv')
        if name in sources:
            raise KeelError(
                f"{name} stands for {sources[name]} and {path}; write a name before each, as ETH=prices.csv"
            )
        sources[name] = Path(path)
    return sources


def _time(text: str | None) -> int | None:
    try:
        return None if text is None else parse_time(text)
    except ValueError:
        raise KeelError(
            f'at: "{text}" is no time; write seconds since 1970 or a date such as 2021-01-01T08:00:00Z'
        ) from None


def _probability(text: str, field: str) -> float:
    return _share(text, field, 0.00001, 0.2)


def _share(text: str, field: str, least: float, most: float) -> float:
    value = parse_share(text, field) / WAD
    if not least <= value <= most:
        raise KeelError(f"{field}: {text} is out of range; write a share from {least:.3%} to {most:.0%}")
    return value


def _duration(text: str, field: str, least: int, most: int) -> int:
    value = parse_duration(text, field)
    if not least <= value <= most:
        raise KeelError(f"{field}: {text} is out of range; write {least:,} to {most:,} seconds")
    return value
