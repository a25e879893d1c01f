"""What an account hands to a perpetual market through the vault's `callInstrument`."""

from __future__ import annotations

from scripts.common import abi as codec

# IPerpMarket.Action
TRADE, SETTLE = 0, 2
UNLIMITED = 2**256 - 1


def trade_data(maker: str, size: int, limit: int | None = None) -> bytes:
    """A trade of a signed size (WAD) with a maker contract, at `limit` (WAD) or better; None is any price."""
    if limit is None:
        limit = UNLIMITED if size > 0 else 0
    kinds = [{"type": kind} for kind in ("uint8", "address", "int256", "uint256")]
    return codec.encode(kinds, (TRADE, maker, size, limit))


def settle_data() -> bytes:
    """A settlement inside a batch: the loss is paid from what the account holds."""
    return codec.encode([{"type": "uint8"}], (SETTLE,))
