"""What a keeper is told: from a file (TOML or YAML), the environment and options, later ones first.

    rpc = ["http://127.0.0.1:8545"]         # keeper.toml
    min_profit = "5 USDC"

    KEEL_KEEPER_MIN_PROFIT="5 USDC"         # the same by the environment; lists are separated by commas

Every field is in docs/keeper.md. Keys are not among them: they come as for all scripts
(scripts/common/accounts.py).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from scripts.common.errors import KeelError
from scripts.common.units import from_decimal, parse_amount, parse_share
from scripts.deploy.record import FOLDER
from scripts.keeper.decide import Mode, Settings
from scripts.keeper.upkeep import UpkeepSettings

PREFIX = "KEEL_KEEPER_"
GWEI_DECIMALS = 9
# Nobody's money depends on how old the latest block of a local chain is.
STALE_SECONDS = 90.0


class Config(BaseModel):
    """Settings of a keeper; see docs/keeper.md for each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rpc: tuple[str, ...] = ("http://127.0.0.1:8545",)
    chain_id: int | None = None
    deployments: Path = FOLDER
    database: str | None = None
    worker: str = Field(default="keeper", min_length=1, max_length=128)
    account_index: int = Field(default=0, ge=0, lt=2**96)

    mode: Mode = Mode.CAPITAL_FREE
    min_profit: str = "1"
    cleaning_budget: str = "25"
    tolerance: str = "0.5%"
    unwinding: str = "0.5%"
    positions: Literal["close", "keep"] = "close"

    max_gas_gwei: Decimal = Field(default=Decimal(200), gt=0)
    tip_gwei: Decimal | None = Field(default=None, ge=0)
    relay: str | None = None
    private_blocks: int = Field(default=5, ge=1)
    replace_after_blocks: int = Field(default=3, ge=1)
    confirmations: int = Field(default=1, ge=1, le=256)
    lease_seconds: float = Field(default=60, gt=0, le=86_400)

    poll_seconds: float = Field(default=0.25, gt=0, le=60)
    sweep_seconds: float = Field(default=0.25, ge=0, le=60)
    timeout_seconds: float = Field(default=10, gt=0, le=300)
    stale_seconds: float | None = Field(default=None, gt=0)
    poke_seconds: int = Field(default=120, ge=1, le=540)
    record_seconds: int = Field(default=0, ge=0)
    observations: int = Field(default=0, ge=0, le=65_535)
    flag_seconds: int = Field(default=900, ge=1)

    upkeep_budget: str = "5"
    funding_seconds: int = Field(default=3_600, ge=0)
    settle_loss: str = "1000"
    settle_claim: str = "100"
    orders: str | None = None

    webhooks: tuple[str, ...] = ()
    metrics_port: int | None = Field(default=None, ge=0, le=65_535)
    log: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    once: bool = False
    dry_run: bool = False

    @field_validator("rpc", "webhooks", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("rpc")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("names no node; write at least one, like http://127.0.0.1:8545")
        return value

    @field_validator(
        *("min_profit", "cleaning_budget", "upkeep_budget", "settle_loss", "settle_claim"), mode="before"
    )
    @classmethod
    def _text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("tolerance", "unwinding")
    @classmethod
    def _share(cls, value: str) -> str:
        if not 0 <= parse_share(value, "share") <= 10**17:
            raise ValueError(f"{value} is out of range; write a share from 0% to 10%")
        return value

    def settings(self, symbol: str, decimals: int) -> Settings:
        """What decisions need, in units of the settlement asset. Raises KeelError."""

        return Settings(
            mode=self.mode,
            min_profit=_amount(self.min_profit, "min_profit", symbol, decimals),
            most_for_cleaning=_amount(self.cleaning_budget, "cleaning_budget", symbol, decimals),
            tolerance=parse_share(self.tolerance, "tolerance"),
            unwinding=parse_share(self.unwinding, "unwinding"),
            max_gas_price=_wei(self.max_gas_gwei, "max_gas_gwei"),
            keeps_positions=self.positions == "keep",
        )

    def upkeep(self, symbol: str, decimals: int) -> UpkeepSettings:
        """When perpetual markets are kept up, in units of the settlement asset. Raises KeelError."""
        return UpkeepSettings(
            budget=_amount(self.upkeep_budget, "upkeep_budget", symbol, decimals),
            loss=_amount(self.settle_loss, "settle_loss", symbol, decimals),
            claim=_amount(self.settle_claim, "settle_claim", symbol, decimals),
            funding_seconds=self.funding_seconds,
        )

    @property
    def tip(self) -> int | None:
        """The tip in wei, None: as the node suggests."""
        return None if self.tip_gwei is None else _wei(self.tip_gwei, "tip_gwei")


def load_config(
    file: Path | None = None, environment: Mapping[str, str] = os.environ, **options: Any
) -> Config:
    """The settings: defaults, then the file, then the environment, then options that are not None.

    Raises KeelError naming the field.
    """
    values: dict[str, Any] = _read(file) if file else {}
    for name in Config.model_fields:
        if environment.get(PREFIX + name.upper()):
            values[name] = environment[PREFIX + name.upper()]
    values |= {name: value for name, value in options.items() if value is not None}
    try:
        return Config(**values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        known = (
            f"; known are {', '.join(sorted(Config.model_fields))}"
            if first["type"] == "extra_forbidden"
            else ""
        )
        raise KeelError(f"keeper's settings: {field}: {first['msg'].lower()}{known}") from None


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text()
        if file.suffix == ".toml":
            content: Any = tomllib.loads(text)
        elif file.suffix in (".yaml", ".yml"):
            content = yaml.safe_load(text) or {}
        else:
            raise KeelError(f"{file}: a keeper's settings are a .toml or .yaml file")
    except OSError as error:
        raise KeelError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise KeelError(f"{file} cannot be read: {_problem(error)}") from None
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise KeelError(f"{file} has no settings by name; see docs/keeper.md")
    return content


def _problem(error: Exception) -> str:
    """Without the lines around it, which PyYAML quotes: an address there may hold a password."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem} (line {error.problem_mark.line + 1})"
    return str(error)


def _amount(text: str, field: str, symbol: str, decimals: int) -> int:
    named = text if any(part.isalpha() for part in text) else f"{text} {symbol}"
    units = parse_amount(named, symbol, decimals, field)
    if units < 0:
        raise KeelError(f"{field}: {text} is below zero; write an amount from 0 {symbol} up")
    return units


def _wei(gwei: Decimal, field: str) -> int:
    return from_decimal(gwei, GWEI_DECIMALS, field)
