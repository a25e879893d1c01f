"""Market files into a checked configuration, or one line that says what to change where.

Every `*.yaml` of the folder is read: one of kind domain, the others markets of assets, perpetuals and
options. A new one is a new file.
"""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from scripts.common.errors import KeelError
from scripts.common.units import UnitError
from scripts.markets import relations
from scripts.markets.fields import HERE
from scripts.markets.option import Option, check_option
from scripts.markets.perp import Perp, check_perp
from scripts.markets.schema import Domain, Market

FOLDER = Path(__file__).resolve().parent
M = TypeVar("M", bound=BaseModel)
Instrument = TypeVar("Instrument", Perp, Option)
EXAMPLE = '{value: "...", reason: "..."}'


class MarketError(KeelError):
    """A market file cannot be used as it is."""


@dataclass(frozen=True)
class Markets:
    """A domain, its assets in the order in which they are listed, the settlement asset first, and its perpetual and
    option markets in theirs."""

    domain: Domain
    assets: tuple[Market, ...]
    files: dict[str, Path]
    perps: tuple[Perp, ...] = ()
    options: tuple[Option, ...] = ()

    def __getitem__(self, symbol: str) -> Market:
        return self.by_symbol[symbol]

    @property
    def by_symbol(self) -> dict[str, Market]:
        """Markets by the symbol of their asset."""
        return {market.symbol: market for market in self.assets}

    @property
    def underlyings(self) -> dict[str, Market]:
        """By name of the underlying, in order, the market that says its price and shocks."""
        return {market.underlying: market for market in self.assets if market.price}


def load(folder: Path = FOLDER) -> Markets:
    """The configuration in `folder`. Raises MarketError for the first thing that is wrong."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise MarketError(f"no market files in {folder}; expected one of kind domain and some of kind market")
    domains: dict[Path, dict[str, Any]] = {}
    markets: dict[Path, Market] = {}
    perps: dict[Path, dict[str, Any]] = {}
    options: dict[Path, dict[str, Any]] = {}
    for path in paths:
        content = _read(path)
        kind = content.get("kind")
        if kind == "domain":
            domains[path] = content
        elif kind == "market":
            markets[path] = _market(path, content)
        elif kind == "perp":
            perps[path] = content
        elif kind == "option":
            options[path] = content
        else:
            raise MarketError(f"{path.name}: kind: {kind!r} is neither market, perp, option nor domain")
    if len(domains) != 1:
        found = ", ".join(path.name for path in domains) or "none"
        raise MarketError(f"{folder}: expected one file of kind domain, found {found}")
    domain_path = next(iter(domains))
    domain = _domain(domain_path, domains[domain_path], markets)
    files = {market.symbol: path for path, market in markets.items()} | {domain.name: domain_path}
    _check_names(markets, domain_path, domain)
    ordered = sorted(markets.values(), key=lambda market: (market.symbol != domain.settlement, market.order))
    perp_markets = _instruments(Perp, perps, domain, markets, files)
    option_markets = _instruments(Option, options, domain, markets, files)
    configuration = Markets(domain, tuple(ordered), files, perp_markets, option_markets)
    _check_underlyings(configuration)
    _check_local(configuration)

    def report(name: str, field: str, problem: str) -> None:
        raise MarketError(f"{files[name].name}: {field}: {problem}")

    relations.check_domain(domain, configuration.by_symbol, report)
    for market in ordered:
        relations.check_market(market, domain, configuration.underlyings, report)
    for perp in configuration.perps:
        check_perp(perp, domain, configuration.underlyings, report)
    for option in configuration.options:
        check_option(option, domain, configuration.underlyings, report)
    return configuration


# --- reading ---


class _TextLoader(yaml.BaseLoader):  # type: ignore[misc]
    """Every scalar is text (0x... is no number, no is no boolean), and no key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in mapping:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key} stands twice; keep one", key_node.start_mark
                )
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping


_TextLoader.add_constructor("tag:yaml.org,2002:map", _TextLoader.construct_mapping)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _TextLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise MarketError(f"{path.name}{where}: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MarketError(f"{path.name}: cannot be read as YAML: {error}") from None
    if not isinstance(content, dict):
        raise MarketError(f"{path.name}: is no mapping; expected fields such as `kind: market`")
    return content


def _market(path: Path, content: dict[str, Any]) -> Market:
    symbol, decimals = content.get("symbol"), content.get("decimals")
    # Amounts are in the file's own token. Where these two are wrong they are reported, not the amounts.
    known = str(decimals).isdigit()
    context = {"symbol": str(symbol), "decimals": int(str(decimals)) if known else 18}
    return _validate(Market, path, content, context)


def _domain(path: Path, content: dict[str, Any], markets: dict[Path, Market]) -> Domain:
    return _validate(Domain, path, content, _settlement(str(content.get("settlement")), markets))


def _instruments(
    model: type[Instrument],
    contents: dict[Path, dict[str, Any]],
    domain: Domain,
    markets: dict[Path, Market],
    files: dict[str, Path],
) -> tuple[Instrument, ...]:
    """Markets of one kind in their order; their symbols join `files`."""
    found: dict[Path, Instrument] = {}
    for path, content in contents.items():
        context = _settlement(domain.settlement, markets) | {"underlying": str(content.get("underlying"))}
        found[path] = _validate(model, path, content, context)
    _check_instrument_names(found, files)
    files |= {one.symbol: path for path, one in found.items()}
    return tuple(sorted(found.values(), key=lambda one: one.order))


def _settlement(symbol: str, markets: dict[Path, Market]) -> dict[str, Any]:
    """Context of a file whose amounts are in the settlement asset."""
    decimals = next((market.decimals for market in markets.values() if market.symbol == symbol), 18)
    return {"symbol": symbol, "decimals": decimals}


def _validate(model: type[M], path: Path, content: Any, context: dict[str, Any]) -> M:
    try:
        return model.model_validate(content, context=context)
    except ValidationError as error:
        details = error.errors()
        details.sort(key=lambda detail: detail["loc"][0] not in ("symbol", "decimals"))
        more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
        raise MarketError(f"{path.name}: {_describe(model, details[0])}{more}") from None


def _describe(model: type[BaseModel], detail: Any) -> str:
    parts = [str(part) for part in detail["loc"]]
    if parts[-1] == "value":
        parts.pop()
    # After a union comes the kind that was chosen, which is no field of the file.
    if "rate_model" in parts[:-2]:
        parts.pop(parts.index("rate_model") + 1)
    field = ".".join(parts)
    value, kind = detail["input"], detail["type"]
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, UnitError):
        return f"{field}: {str(cause).removeprefix(f'{HERE}: ')}"
    if kind == "missing":
        return f"{field}: is missing; write {EXAMPLE if parts[-1] != 'reason' else 'why it has this value'}"
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(parts[-1], _known(model, parts[:-1]), 1)
        return f"{field}: is no field{f'; did you mean {close[0]}?' if close else '; take it out'}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"{field}: {value!r} is no section; a parameter is written {EXAMPLE}"
    if kind == "string_too_short" and parts[-1] == "reason":
        return f"{field}: {value!r} is no reason; say in a few words why it has this value"
    message = str(cause) if cause else detail["msg"]
    return f"{field}: {message}" if cause else f"{field}: {value!r}: {message[0].lower()}{message[1:]}"


def _known(model: type[BaseModel], path: list[str]) -> list[str]:
    current: Any = model
    for part in path:
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            return []
        options = [field.annotation, *getattr(field.annotation, "__args__", ())]
        current = next(
            (o for o in options if isinstance(o, type) and issubclass(o, BaseModel)),
            None,
        )
    return list(getattr(current, "model_fields", {}))


# --- files beside each other ---


def _check_names(markets: dict[Path, Market], domain_path: Path, domain: Domain) -> None:
    for field in ("symbol", "order"):
        seen: dict[Any, Path] = {}
        for path, market in markets.items():
            value = getattr(market, field)
            if value in seen:
                raise MarketError(
                    f"{path.name}: {field}: {value} is {seen[value].name}'s already; choose another"
                )
            seen[value] = path
    if any(market.symbol == domain.name for market in markets.values()):
        raise MarketError(f"{domain_path.name}: name: {domain.name} is a market's symbol; choose another")


def _check_instrument_names(found: Mapping[Path, Perp | Option], files: dict[str, Path]) -> None:
    seen: dict[tuple[str, Any], Path] = {("symbol", name): path for name, path in files.items()}
    for path, one in found.items():
        for field in ("symbol", "order"):
            key = field, getattr(one, field)
            if key in seen:
                raise MarketError(
                    f"{path.name}: {field}: {key[1]} is {seen[key].name}'s already; choose another"
                )
            seen[key] = path


def _check_underlyings(configuration: Markets) -> None:
    owners: dict[str, Market] = {}
    for market in configuration.assets:
        name = configuration.files[market.symbol].name
        if bool(market.price) != bool(market.shocks):
            there, missing = ("price", "shocks") if market.price else ("shocks", "price")
            raise MarketError(f"{name}: {missing}: is missing beside {there}; an underlying has both")
        if market.price:
            if market.underlying in owners:
                other = configuration.files[owners[market.underlying].symbol].name
                raise MarketError(
                    f"{name}: price: {market.underlying} has its price in {other}; keep it in one file"
                )
            owners[market.underlying] = market
    for market in configuration.assets:
        if market.underlying not in owners:
            name = configuration.files[market.symbol].name
            raise MarketError(
                f"{name}: underlying: no file gives the price of {market.underlying};"
                f" add price and shocks here, or choose one of {', '.join(owners)}"
            )


def _check_local(configuration: Markets) -> None:
    known = configuration.by_symbol
    for market in configuration.assets:
        name = configuration.files[market.symbol].name
        twap = market.price.second_source if market.price else None
        for field, other in (
            ("local.wraps", market.local.wraps),
            ("local.uniswap.quote", market.local.uniswap and market.local.uniswap.quote),
            ("price.second_source.quote", twap and twap.quote),
        ):
            if other and (other not in known or other == market.symbol):
                raise MarketError(
                    f"{name}: {field}: {other} is no other market; there are {', '.join(known)}"
                )
        if market.local.wraps and not market.rate_source:
            raise MarketError(
                f"{name}: rate_source: is missing; a token that wraps {market.local.wraps} needs one"
            )
        if market.rate_source and not market.local.wraps:
            raise MarketError(f"{name}: local.wraps: is missing; a rate_source needs a token to ask")
