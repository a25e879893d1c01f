"""Risk parameters as the index of accounts needs them: at their worst between now and the end of their ramps.

A parameter that walks is between where it is now and where it leads; a bound that holds at the worse of the
two holds all the way. Floats: they bound, they do not judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.client.domain import Domain
from scripts.common.errors import KeelError
from scripts.common.rpc import RpcError
from scripts.keeper.nodes import Nodes
from scripts.keeper.types import Block

PPM = 10**6


@dataclass(frozen=True, slots=True)
class UnderlyingRisk:
    """Maintenance shocks and half-width of an underlying, as shares of its price."""

    shock_down: float
    shock_up: float
    half_width: float


@dataclass(frozen=True, slots=True)
class AssetRisk:
    """What is added for one asset: shock and uncertainty as shares, depth in dollars (0: no concentration).

    `has_rate` and `has_debt` say whether a rate and a debt index move its value. `unit` is one whole token.
    """

    underlying: int
    unit: float
    shock: float
    band: float
    depth: float
    has_rate: bool
    has_debt: bool


@dataclass(frozen=True, slots=True)
class Risk:
    """All of a risk book that liquidation looks at. `settled_at`: from then on, on the engine's clock, it stands still."""

    book: str
    settled_at: int
    underlyings: Sequence[UnderlyingRisk]
    assets: Sequence[AssetRisk]


def read_risk(nodes: Nodes, domain: Domain, block: Block, book: str) -> Risk:
    """The risk parameters at the end of `block`, whose risk book is at `book`."""
    store = domain.parameters
    numbers = range(len(domain.feeds))
    calls = [store.assetCount.prepare()]
    for number in numbers:
        calls += [
            function.prepare(number)
            for function in (
                *(store.shocks, store.shocksTarget, store.feed, store.feedTarget),
                store.underlyingRamp,
            )
        ]
    requests = [
        ("eth_call", [{"to": call.to, "data": "0x" + call.data.hex()}, hex(block.number)]) for call in calls
    ]
    count, *rows = _decoded(nodes, calls, requests)
    underlyings, ends = [], []
    for number in numbers:
        shocks, shocks_to, feed, feed_to, ramp = rows[5 * number : 5 * number + 5]
        underlyings.append(
            UnderlyingRisk(
                max(shocks.maintenanceDownPpm, shocks_to.maintenanceDownPpm) / PPM,
                max(shocks.maintenanceUpPpm, shocks_to.maintenanceUpPpm) / PPM,
                min(feed.halfWidthPpm, feed_to.halfWidthPpm) / PPM,
            )
        )
        ends.append(ramp[1])
    assets = _read_assets(nodes, domain, block, count, ends)
    return Risk(book, max(ends, default=0), underlyings, assets)


def _read_assets(
    nodes: Nodes, domain: Domain, block: Block, count: int, ends: list[int]
) -> Sequence[AssetRisk]:
    store = domain.parameters
    listed = domain.assets[:count]
    calls = [
        function.prepare(asset.id)
        for asset in listed
        for function in (store.asset, store.assetTarget, store.assetRamp)
    ]
    requests = [
        ("eth_call", [{"to": call.to, "data": "0x" + call.data.hex()}, hex(block.number)]) for call in calls
    ]
    rows = _decoded(nodes, calls, requests)
    assets = []
    for position, asset in enumerate(listed):
        now, to, ramp = rows[3 * position : 3 * position + 3]
        depths = [depth for depth in (now.depthUsd, to.depthUsd) if depth]
        assets.append(
            AssetRisk(
                now.underlying,
                10.0**asset.decimals,
                (max(now.basisShockPpm, to.basisShockPpm) + max(now.unwindingPpm, to.unwindingPpm)) / PPM,
                min(now.basisBandPpm, to.basisBandPpm) / PPM,
                float(min(depths, default=0)),
                int(now.rateSource, 16) != 0,
                asset.pool is not None,
            )
        )
        ends.append(ramp[1])
    return assets


def _decoded(nodes: Nodes, calls: Sequence[Any], requests: list[tuple[str, list[Any]]]) -> list[Any]:
    try:
        return nodes.ask_all(
            requests,
            lambda answers: [
                call.decode(bytes.fromhex(answer[2:])) for call, answer in zip(calls, answers, strict=True)
            ],
        )
    except RpcError as error:
        raise KeelError(f"the risk parameters cannot be read: {error}") from None
