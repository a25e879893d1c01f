"""The matcher's settings, checked by pydantic: from a YAML file, or as arguments."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from scripts.common.errors import KeelError

Positive = Annotated[int, Field(gt=0)]
PositiveSeconds = Annotated[float, Field(gt=0)]


class Limits(BaseModel):
    """How much of what a client may ask for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    orders_per_second_per_account: Positive = 100
    orders_per_second_per_connection: Positive = 2_000
    burst_seconds: PositiveSeconds = 2
    requests_per_second_per_connection: Positive = 500
    open_orders_per_account: Positive = 200
    orders_per_request: Positive = 100
    body_bytes: Positive = 262_144
    connections: Positive = 200
    unsent_messages_per_connection: Positive = 1_000
    open_orders: Positive = 200_000


class Rules(BaseModel):
    """What an order must satisfy beside the contract's own rules. Prices are bounded by multiples of the mark."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shortest_life_seconds: Positive = 2
    longest_life_seconds: Positive = 90 * 86_400
    price_factor: Annotated[int, Field(gt=1)] = 10
    least_size_wad: Positive = 10**12
    margin_age_seconds: PositiveSeconds = 5.0


class Settlement(BaseModel):
    """How fills are brought to the chain.

    The chain is looked at after `poll_seconds`, or at once where something was matched; in between are at least
    `rest_seconds`, which gather matches for one transaction.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    makers_per_match: Annotated[int, Field(gt=0, le=50)] = 20
    matches_per_transaction: Annotated[int, Field(gt=0, le=100)] = 20
    fills_per_transaction: Annotated[int, Field(gt=0, le=200)] = 60
    tries: Positive = 20
    resend_seconds: PositiveSeconds = 60.0
    confirmations: Positive = 12
    poll_seconds: PositiveSeconds = 0.5
    rest_seconds: Annotated[float, Field(ge=0)] = 0.1


class Options(BaseModel):
    """Everything a matcher is started with. `chain` is a node's address, `chain_seconds` how long it has for an answer,
    `database` a URL of SQLAlchemy's kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chain: str = "http://127.0.0.1:8545"
    chain_seconds: PositiveSeconds = 10.0
    deployments: Path | None = None
    database: str = "sqlite:///.keel/matcher.db"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8_550
    log_level: str = "info"
    limits: Limits = Limits()
    rules: Rules = Rules()
    settlement: Settlement = Settlement()

    @field_validator("host")
    @classmethod
    def _is_loopback(cls, host: str) -> str:
        try:
            is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            is_loopback = False
        if not is_loopback:
            raise ValueError(
                f"{host!r} is not of this machine; write 127.0.0.1 (put a proxy in front for others)"
            )
        return host

    @field_validator("log_level")
    @classmethod
    def _is_level(cls, level: str) -> str:
        if level not in ("debug", "info", "warning", "error"):
            raise ValueError(f"{level!r} is no level; write debug, info, warning or error")
        return level


def read_options(file: Path | None, **changes: object) -> Options:
    """Options of a YAML file (none: the defaults) with those of `changes` that are not None. Raises KeelError."""
    found: dict[str, object] = {}
    if file is not None:
        try:
            loaded = yaml.safe_load(file.read_text())
        except OSError as error:
            raise KeelError(f"{file} cannot be read: {error.strerror}") from None
        except yaml.YAMLError as error:
            raise KeelError(f"{file} is no YAML: {error}") from None
        if loaded is not None and not isinstance(loaded, dict):
            raise KeelError(f"{file} holds {type(loaded).__name__}; expected settings by name")
        found = loaded or {}
    found |= {name: value for name, value in changes.items() if value is not None}
    try:
        return Options.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise KeelError(f"matcher's {where} is {first['input']!r}: {first['msg']}") from None
