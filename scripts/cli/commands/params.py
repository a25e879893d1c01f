"""`keel params show` and `keel params diff`: what is in force on the chain, and how it differs from the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.cli.failures import UsageError
from scripts.cli.frame import command
from scripts.cli.output import table
from scripts.cli.session import Session
from scripts.cli.values import close_to
from scripts.client.domain import Domain, OptionMarket, Perp
from scripts.client.perps import parameters_target, shape_target
from scripts.common.units import WAD, format_amount, format_duration, format_share, format_usd
from scripts.deploy import compare
from scripts.markets import load
from scripts.markets.load import FOLDER as MARKETS

PPM = 10**6
TIERS = ("none", "isolated", "cross")
DOMAIN = "domain"


@dataclass(frozen=True)
class Parameter:
    """One value in force, and where its ramp leads if that is elsewhere."""

    of: str
    name: str
    value: str
    target: str | None


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="Risk parameters: in force, and against the market files.", no_args_is_help=True)
    app.add_typer(group, name="params")

    @command(group)
    def show(
        session: Session,
        name: Annotated[
            str | None,
            typer.Argument(
                metavar="[NAME]", help='"domain", or a price (ETH), asset (WETH), perpetual or option market'
            ),
        ] = None,
    ) -> dict[str, Any]:
        """Risk parameters that are in force now, and where those on a ramp are going."""
        with session.out.waiting("reading parameters"):
            found = _read(session.domain)
        names = list(dict.fromkeys(parameter.of for parameter in found))
        if name is not None:
            chosen = next((known for known in names if known.lower() == name.lower()), None)
            if chosen is None:
                known = ", ".join(names)
                raise UsageError(f'nothing is called "{name}"; there are {known}{close_to(name, names)}')
            found = [parameter for parameter in found if parameter.of == chosen]
        walks = any(parameter.target for parameter in found)
        made = table("of", "parameter", "in force", *(("goes to",) if walks else ()), left=(0, 1))
        previous = ""
        for parameter in found:
            of = parameter.of if parameter.of != previous else ""
            cells = [of, parameter.name.replace("_", " "), parameter.value]
            made.add_row(*cells, *((parameter.target or "",) if walks else ()))
            previous = parameter.of
        session.out.show(made)
        return {
            "parameters": [
                {
                    "of": parameter.of,
                    "name": parameter.name,
                    "value": parameter.value,
                    "target": parameter.target or parameter.value,
                }
                for parameter in found
            ]
        }

    @command(group)
    def diff(
        session: Session,
        markets: Annotated[
            Path, typer.Option(help="Folder of the market files", show_default=False)
        ] = MARKETS,
    ) -> dict[str, Any]:
        """Holds every parameter, address and code on the chain against the market files."""
        files = load(markets)
        domain = session.domain
        with session.out.waiting("comparing"):
            compared, differences = compare(domain.chain, session.options.deployments, markets=files)
        if differences:
            made = table("parameter", "on chain", "in the file")
            for difference in differences:
                made.add_row(difference.parameter, difference.chain, difference.file)
            session.out.show(made)
        session.out.show(f"{compared} values compared, {len(differences) or 'none'} differ.")
        return {
            "compared": compared,
            "differences": [
                {"parameter": one.parameter, "chain": one.chain, "file": one.file} for one in differences
            ],
        }


def _read(domain: Domain) -> list[Parameter]:
    """Everything that has a ramp, as text."""
    parameters = domain.parameters
    kinds: list[tuple[str, str, tuple[Any, ...]]] = [(DOMAIN, "domain", ())]
    for name, number in domain.underlyings.items():
        kinds += [(name, kind, (number,)) for kind in ("feed", "shocks", "grid")]
    kinds += [(asset.symbol, "asset", (asset.id,)) for asset in domain.assets]
    calls = [
        call
        for _, kind, arguments in kinds
        for call in (
            getattr(parameters, kind).prepare(*arguments),
            getattr(parameters, f"{kind}Target").prepare(*arguments),
        )
    ]
    answers = domain.chain.read_all(calls)
    found: list[Parameter] = []
    for place, (of, _, _) in enumerate(kinds):
        found += _written(domain, of, answers[2 * place], answers[2 * place + 1])
    first = domain.deployed_at
    for perp in domain.perps.values():
        for values, target in (
            (perp.market.parameters(), parameters_target(domain.chain, perp.market, first)),
            (perp.amm.shape(), shape_target(domain.chain, perp.amm, first)),
        ):
            found += _of_market(domain, perp, values, values if target is None else target)
    for option in domain.options.values():
        values = option.market.parameters()
        target = parameters_target(domain.chain, option.market, first)
        found += _of_market(domain, option, values, values if target is None else target)
    # A price and an asset may share a name: one block for both.
    order = list(dict.fromkeys(parameter.of for parameter in found))
    return sorted(found, key=lambda parameter: order.index(parameter.of))


def _written(domain: Domain, of: str, values: Any, targets: Any) -> Iterable[Parameter]:
    for field, value, target in zip(values._fields, values, targets, strict=True):
        show = _SHOWN.get(field, _by_suffix(field))
        text = domain.underlying_name(value) if field == "underlying" else show(value)
        yield Parameter(of, _spoken(field), text, None if value == target else show(target))


def _of_market(domain: Domain, market: Perp | OptionMarket, values: Any, targets: Any) -> Iterable[Parameter]:
    is_amm = "spreadPpm" in values._fields
    for field, value, target in zip(values._fields, values, targets, strict=True):
        show: Callable[[Any], str] = _by_suffix(field)
        if is_amm and field == "depthWad":
            unit = domain.underlying_name(market.underlying)
            show = partial(format_amount, symbol=unit, decimals=18)
        elif field in ("depthWad", "openInterestCapWad", "minPositionWad"):
            show = format_usd
        elif field == "premiumTime":
            show = format_duration
        elif field.endswith("Wad"):
            show = format_share
        name = f"amm_{_spoken(field)}" if is_amm else _spoken(field)
        yield Parameter(market.name, name, show(value), None if value == target else show(target))


def _by_suffix(field: str) -> Callable[[Any], str]:
    if field.endswith("Ppm"):
        return lambda value: format_share(value * WAD // PPM)
    if field.endswith("Milli"):
        return lambda value: format_share(value * WAD // 1_000)
    if field.endswith("Usd"):
        return lambda value: format_usd(value * WAD, 0)
    if field.endswith("Wad"):
        return lambda value: format_usd(value)
    return str


_SHOWN: dict[str, Callable[[Any], str]] = {
    "heartbeat": format_duration,
    "gracePeriod": format_duration,
    "tier": lambda value: TIERS[value],
}


def _spoken(field: str) -> str:
    """`maintenanceDownPpm` as `maintenance_down`."""
    for suffix in ("Ppm", "Milli", "Usd", "Wad"):
        field = field.removesuffix(suffix)
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field)
