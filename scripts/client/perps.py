"""What an account hands to a perpetual market through the vault's `callInstrument`, and where parameters walk to."""

from __future__ import annotations

from typing import Any

from scripts.common import abi as codec
from scripts.common.contract import Contract
from scripts.common.logs import events_of

# IPerpMarket.Action
TRADE, SETTLE = 0, 2
UNLIMITED = 2**256 - 1
# Beyond what a settlement that somebody else chose takes when it is simulated: an account that owes nothing then may owe when
# it is mined. `COLLECTING_GAS` is what collecting takes, `SETTLEMENT_GAS` leaves it room.
SETTLEMENT_GAS, COLLECTING_GAS = 1_500_000, 300_000


def trade_data(maker: str, size: int, limit: int | None = None) -> bytes:
    """A trade of a signed size (WAD) with a maker contract, at `limit` (WAD) or better; None is any price."""
    if limit is None:
        limit = UNLIMITED if size > 0 else 0
    kinds = [{"type": kind} for kind in ("uint8", "address", "int256", "uint256")]
    return codec.encode(kinds, (TRADE, maker, size, limit))


def settle_data() -> bytes:
    """A settlement inside a batch: the loss is paid from what the account holds."""
    return codec.encode([{"type": "uint8"}], (SETTLE,))


def parameters_target(chain: Any, market: Contract, first: int) -> Any:
    """Where the market's parameters walk to; None if they do not."""
    return _walking(chain, market, "ParametersSet", "newParameters", first)


def shape_target(chain: Any, amm: Contract, first: int) -> Any:
    """Where the AMM's shape walks to; None if it does not."""
    return _walking(chain, amm, "ShapeSet", "shape", first)


def _walking(chain: Any, contract: Contract, event: str, name: str, first: int) -> Any:
    """By the event that set them out: the contracts answer with where they are on the way."""
    found = events_of(chain, contract, event, (), first, chain.block_number)
    return found[-1][name] if found and found[-1]["rampEnd"] > chain.now else None
