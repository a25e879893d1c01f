"""Risk parameters with a real risk engine and vault around them, and mock feeds and tokens beneath.

    stage = Stage(evm)               # USDC (asset 0, underlying 0) and WETH (1, 1), and a domain
    stage.parameters.setShocks(1, shocks(maintenance_down=150_000), 3 * DAY)
    stage.feeds[1].setAnswer(1_900 * 10**8)

`feed`, `shocks`, `grid`, `asset` and `domain` give the tuples that the setters take: defaults, changed by keyword.
"""

from __future__ import annotations

from typing import Any

from scripts.common.contract import Contract
from scripts.common.create_address import created_address
from tests.helpers.backend import Backend

DAY = 86_400
HOUR = 3_600
WAD = 10**18
PPM = 10**6
ZERO = "0x" + "00" * 20
OWNER, GUARDIAN, STRANGER = range(3)
NONE, ISOLATED, CROSS = range(3)

FEED: dict[str, Any] = {
    "aggregator": ZERO,
    "heartbeat": HOUR,
    "half_width": 7_500,
    "volatility": 40_000,
    "secondary": ZERO,
    "tolerance": 20_000,
    "min_price": 50 * WAD,
    "max_price": 100_000 * WAD,
}
SHOCKS = {
    "initial_down": 180_000,
    "initial_up": 180_000,
    "maintenance_down": 120_000,
    "maintenance_up": 120_000,
}
ASSET: dict[str, Any] = {
    "underlying": 1,
    "tier": CROSS,
    "rate_source": ZERO,
    "basis_shock": 20_000,
    "basis_band": 5_000,
    "unwinding": 5_000,
    "depth": 1_000_000,
}
DOMAIN = {
    "target_health": 1_100_000,
    "premium_min": 60_000,
    "premium_start": 100_000,
    "premium_max": 300_000,
    "premium_full_health": 700_000,
    "min_debt": 500,
    "backstop_share": 100_000,
    "swap_loss": 30_000,
    "grace_period": HOUR,
    "netting": 500_000,
}
GRID = {"volatility_shock": 250_000, "tail_multiple": 3_000, "tail_damping": 300}


def feed(**changes: Any) -> tuple[Any, ...]:
    """IRiskParameters.Feed."""
    return _tuple(FEED, changes)


def shocks(**changes: Any) -> tuple[Any, ...]:
    """IRiskParameters.Shocks."""
    return _tuple(SHOCKS, changes)


def asset(**changes: Any) -> tuple[Any, ...]:
    """IRiskParameters.Asset."""
    return _tuple(ASSET, changes)


def domain(**changes: Any) -> tuple[Any, ...]:
    """IRiskParameters.Domain."""
    return _tuple(DOMAIN, changes)


def grid(**changes: Any) -> tuple[Any, ...]:
    """IRiskParameters.Grid."""
    return _tuple(GRID, changes)


def named(parameter: str) -> bytes:
    """The bytes32 by which errors name a parameter."""
    return parameter.encode().ljust(32, b"\0")


class Stage:
    """The contracts; `feeds[underlying]` are mock aggregators, `tokens[asset id]` mock tokens."""

    def __init__(self, evm: Backend, *, sequencer: str = ZERO, with_domain: bool = True) -> None:
        self.evm = evm
        owner, guardian = evm.accounts[OWNER], evm.accounts[GUARDIAN]
        at = [created_address(owner, evm.nonce(owner) + step) for step in range(3)]
        self.parameters = evm.deploy("RiskParameters", owner, guardian, at[2], at[1])
        self.engine = evm.deploy("RiskEngine", self.parameters, sequencer)
        elsewhere = evm.accounts[-1]
        self.vault = evm.deploy("Vault", owner, guardian, self.engine, elsewhere, elsewhere, elsewhere)
        assert [c.address for c in (self.parameters, self.engine, self.vault)] == at
        self.tokens: list[Contract] = []
        self.feeds: list[Contract] = []
        self.list_token("USDC", 6)
        self.list_token("WETH", 18)
        dollars = {"min_price": WAD // 2, "max_price": 3 * WAD // 2, "half_width": 2_500, "tolerance": 0}
        small = dict.fromkeys(("maintenance_down", "maintenance_up"), 10_000)
        small |= dict.fromkeys(("initial_down", "initial_up"), 15_000)
        self.feed_tuples = [
            feed(aggregator=self.new_feed(1).address, heartbeat=DAY, **dollars),
            feed(aggregator=self.new_feed(2_000).address),
        ]
        self.asset_tuples = [
            asset(underlying=0, basis_shock=0, basis_band=0, unwinding=300, depth=0),
            asset(),
        ]
        write = self.parameters
        calls = [
            write.addUnderlying.encode(self.feed_tuples[0], shocks(**small)),
            write.addUnderlying.encode(self.feed_tuples[1], shocks()),
            write.addAsset.encode(0, self.asset_tuples[0]),
            write.addAsset.encode(1, self.asset_tuples[1]),
        ]
        if with_domain:
            write.configure([*calls, write.setDomain.encode(domain(), 0)])

    def list_token(self, symbol: str, decimals: int) -> Contract:
        """A new token, listed at the vault."""
        token = self.evm.deploy("MockERC20", symbol, symbol, decimals)
        self.vault.listAsset(token, ZERO, 10**30, 0)
        self.tokens.append(token)
        return token

    def new_feed(self, dollars: int, decimals: int = 8) -> Contract:
        """A mock aggregator that answers now; for the next underlying."""
        aggregator = self.evm.deploy("MockAggregator", decimals, "mock / USD", dollars * 10**decimals)
        self.feeds.append(aggregator)
        return aggregator

    def feed(self, underlying: int = 1, **changes: Any) -> tuple[Any, ...]:
        """The feed as it was set up, with changes."""
        return _tuple(dict(zip(FEED, self.feed_tuples[underlying], strict=True)), changes)

    def asset(self, asset_id: int = 1, **changes: Any) -> tuple[Any, ...]:
        """The asset as it was set up, with changes."""
        return _tuple(dict(zip(ASSET, self.asset_tuples[asset_id], strict=True)), changes)

    def refresh(self) -> None:
        """Every feed answers again what it answered last."""
        for aggregator in self.feeds:
            aggregator.setAnswer(aggregator.latestRoundData()[1])

    def warp(self, seconds: int) -> None:
        """Time passes and the feeds keep answering."""
        self.evm.warp(seconds)
        self.refresh()


def _tuple(defaults: dict[str, Any], changes: dict[str, Any]) -> tuple[Any, ...]:
    unknown = changes.keys() - defaults.keys()
    assert not unknown, f"no such field: {unknown}"
    return tuple((defaults | changes).values())
