"""Fees of matched orders are the market's, up to what each order agreed to (PERP-3)."""

from __future__ import annotations

import pytest

from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_trading import PARAMETERS, PerpTrading
from tests.helpers.system import WAD

ETHER = WAD
TAKER_FEE, MAKER_FEE = WAD // 2_000, WAD // 5_000  # 0.05%, 0.02%


@pytest.fixture
def fees(perps: PerpTrading, evm: PyrevmBackend) -> None:
    changed = PARAMETERS | {"takerFeeWad": TAKER_FEE, "makerFeeWad": MAKER_FEE}
    perps.market.setParameters(tuple(changed.values()), 0)


@pytest.mark.usefixtures("fees")
def test_taker_and_maker_pay_theirs(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    perps.match(perps.order(taker, 3 * ETHER, 2_000), [perps.order(maker, -3 * ETHER, 2_000)])
    notional = 3 * ETHER * 2_000 * WAD
    assert perps.cost(taker) == notional + notional * TAKER_FEE // WAD
    assert perps.cost(maker) == -notional + notional * MAKER_FEE // WAD


@pytest.mark.usefixtures("fees")
def test_the_cap_of_each_order(perps: PerpTrading, taker: bytes, maker: bytes) -> None:
    buy = perps.order(taker, ETHER, 2_000, max_fee=TAKER_FEE)
    sell = perps.order(maker, -ETHER, 2_000, max_fee=MAKER_FEE)
    stingy = buy.but(max_fee=TAKER_FEE - 1)
    with perps.evm.reverts("SignedOrders_FeeAboveCap", stingy.hash(perps.orders), TAKER_FEE, TAKER_FEE - 1):
        perps.match(stingy, [sell])
    stingy = sell.but(max_fee=MAKER_FEE - 1)
    with perps.evm.reverts("SignedOrders_FeeAboveCap", stingy.hash(perps.orders), MAKER_FEE, MAKER_FEE - 1):
        perps.match(buy, [stingy])
    perps.match(buy, [sell])
    # Each pays for his side, so the other way round the taker's cap must be the taker's.
    with perps.evm.reverts("SignedOrders_FeeAboveCap"):
        perps.match(sell.but(nonce=10**6), [buy.but(nonce=10**6)])
