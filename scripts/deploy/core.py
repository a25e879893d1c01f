"""The contracts of a domain while it is deployed and verified."""

from __future__ import annotations

from dataclasses import dataclass, field

from scripts.common.contract import Contract
from scripts.deploy.deployer import Deployer


@dataclass(frozen=True)
class PerpContracts:
    """A perpetual market and its virtual AMM."""

    market: Contract
    amm: Contract


@dataclass(frozen=True)
class OptionContracts:
    """An option market, and the two contracts that run on its storage."""

    market: Contract
    admin: Contract
    risk: Contract


@dataclass(frozen=True)
class VolatilityContracts:
    """Signed smiles, the estimate from prices, and what has shocks follow it."""

    surface: Contract
    realised: Contract
    shocks: Contract


@dataclass
class Core:
    """The domain's contracts; assets and underlyings by the numbers they have on chain, perpetual and option markets by
    symbol.

    `orders` settles signed orders and `perp_lens` shows positions, where there are perpetual markets; `volatility` is
    there where an underlying has it, `option_orders` where there are option markets.
    """

    parameters: Contract
    risk: Contract
    vault: Contract
    liquidation: Contract
    backstop: Contract
    portfolio_mode: Contract
    lens: Contract
    option_lens: Contract
    helper: Contract
    adapter: Contract
    asset_ids: dict[str, int] = field(default_factory=dict)
    underlying_ids: dict[str, int] = field(default_factory=dict)
    orders: Contract | None = None
    perp_lens: Contract | None = None
    volatility: VolatilityContracts | None = None
    perps: dict[str, PerpContracts] = field(default_factory=dict)
    option_orders: Contract | None = None
    options: dict[str, OptionContracts] = field(default_factory=dict)


def role(deployer: Deployer, text: str) -> str:
    """Address of an owner or guardian as the domain's file names it."""
    return deployer.record.deployer if text == "deployer" else text
