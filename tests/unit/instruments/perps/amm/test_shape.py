"""VirtualAmm.setShape and setCooldown: bounds, and the walk from old to new."""

from __future__ import annotations

import pytest

from tests.helpers.perp_trading import SHAPE, PerpTrading
from tests.helpers.system import DAY, WAD

DEPTH, SPREAD, SKEW, MAX_SKEW = SHAPE
STRANGER = 5


def test_it_walks(perps: PerpTrading) -> None:
    target = (DEPTH * 2, 0, SKEW * 3, MAX_SKEW // 2)
    tx = perps.amm.setShape(target, 2 * DAY)
    assert tx.events("ShapeSet", perps.amm)[0]["rampEnd"] == perps.evm.now + 2 * DAY
    # The limit of the skew holds at once: what is above it may only fall.
    assert tuple(perps.amm.shape()) == (DEPTH, SPREAD, SKEW, MAX_SKEW // 2)
    perps.system.warp(DAY)
    assert tuple(perps.amm.shape()) == (DEPTH * 3 // 2, SPREAD // 2, SKEW * 2, MAX_SKEW // 2)
    # A new walk begins where the old one has come.
    perps.amm.setShape(SHAPE, DAY)
    assert tuple(perps.amm.shape())[:3] == (DEPTH * 3 // 2, SPREAD // 2, SKEW * 2)
    perps.system.warp(DAY)
    assert tuple(perps.amm.shape()) == SHAPE


@pytest.mark.parametrize(
    ("name", "position", "value"),
    [
        ("depthWad", 0, 10**9 - 1),
        ("depthWad", 0, 2**96),
        ("spreadPpm", 1, 100_001),
        ("skewSpreadPpm", 2, 100_001),
        ("maxSkewPpm", 3, 500_001),
    ],
)
def test_bounds(perps: PerpTrading, name: str, position: int, value: int) -> None:
    shape = [*SHAPE]
    shape[position] = value
    with perps.evm.reverts("VirtualAmm_OutOfRange", name.encode().ljust(32, b"\0"), value, None, None):
        perps.amm.setShape(tuple(shape), DAY)


@pytest.mark.parametrize("duration", [DAY - 1, 30 * DAY + 1])
def test_the_walk_takes_its_time(perps: PerpTrading, duration: int) -> None:
    with perps.evm.reverts("VirtualAmm_OutOfRange", b"duration".ljust(32, b"\0"), duration, DAY, 30 * DAY):
        perps.amm.setShape(SHAPE, duration)


def test_what_is_sold_stays_within_half_of_the_depth(perps: PerpTrading, trader: bytes) -> None:
    perps.trade(trader, 1_000 * WAD)
    with perps.evm.reverts("VirtualAmm_OutOfRange", None, 2_000 * WAD - 1, 2_000 * WAD, None):
        perps.amm.setShape((2_000 * WAD - 1, SPREAD, SKEW, 500_000), DAY)
    perps.amm.setShape((2_000 * WAD, SPREAD, SKEW, 500_000), DAY)
    # The smaller depth limits at once: nothing more is sold on the way.
    with perps.evm.reverts("VirtualAmm_SkewLimit", None, 1_000 * WAD):
        perps.amm.quote(1)
    perps.system.warp(DAY)
    assert perps.amm.quote(-1_000 * WAD) > 0


def test_only_the_owner(perps: PerpTrading) -> None:
    stranger = perps.evm.accounts[STRANGER]
    for call in (
        lambda: perps.amm.setShape(SHAPE, DAY, sender=stranger),
        lambda: perps.amm.setCooldown(DAY, DAY, sender=stranger),
    ):
        with perps.evm.reverts("OwnableUnauthorizedAccount", stranger):
            call()


@pytest.mark.parametrize(
    ("name", "cooldown", "window"),
    [
        ("cooldown", DAY - 1, DAY),
        ("cooldown", 60 * DAY + 1, DAY),
        ("window", DAY, 3_599),
        ("window", DAY, 15 * DAY),
    ],
)
def test_bounds_of_the_cooldown(perps: PerpTrading, name: str, cooldown: int, window: int) -> None:
    with perps.evm.reverts("ExitShares_OutOfRange", name.encode().ljust(32, b"\0"), None, None, None):
        perps.amm.setCooldown(cooldown, window)
    perps.amm.setCooldown(2 * DAY, DAY)
    assert (perps.amm.cooldown(), perps.amm.window()) == (2 * DAY, DAY)
