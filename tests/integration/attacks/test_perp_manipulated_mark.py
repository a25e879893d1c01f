"""Moving the mark, or funding, by trades: one trade, one block, trades with oneself, a pushed virtual AMM (PERP-2).

The mark is the index and a mean of the virtual AMM's middle over time. A trade takes a sample that begins to count a second
later; trades between accounts take none of anything that they changed.
"""

from __future__ import annotations

import pytest

from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import WAD, System

ATTACKER, FRIEND = 10, 11
DOLLAR_QUOTE = 10**36


@pytest.fixture
def perps(system: System) -> PerpTrading:
    return PerpTrading.deploy(system, liquidity=20_000_000)


@pytest.fixture
def attacker(perps: PerpTrading) -> bytes:
    return perps.funded(perps.evm.accounts[ATTACKER], 20_000_000)


@pytest.fixture
def friend(perps: PerpTrading) -> bytes:
    return perps.funded(perps.evm.accounts[FRIEND], 20_000_000)


def premium(perps: PerpTrading) -> int:
    return int(perps.market.state()[1])


@pytest.mark.parametrize("side", [1, -1])
def test_a_round_trip_in_a_block_moves_nothing(perps: PerpTrading, attacker: bytes, side: int) -> None:
    before = tuple(perps.market.state())[:3]
    perps.trade(attacker, side * 2_000 * WAD)
    assert tuple(perps.market.state())[:3] == before
    perps.market.poke()
    perps.trade(attacker, -side * 2_000 * WAD)
    perps.market.poke()
    assert tuple(perps.market.state())[:3] == before
    perps.system.warp(3_600)
    assert premium(perps) == 0


@pytest.mark.parametrize("side", [1, -1])
def test_one_block_moves_little(perps: PerpTrading, attacker: bytes, side: int) -> None:
    """A fifth of the depth stands for a block of 12 seconds: the sample is held at 5%, and counts 12 / 612 of it."""
    perps.trade(attacker, side * 2_000 * WAD)
    perps.system.warp(12)
    assert abs(premium(perps)) <= 0.05 * WAD * 12 / 612
    assert premium(perps) * side > 0
    perps.trade(attacker, -side * 2_000 * WAD)
    perps.system.warp(3_600)
    assert abs(premium(perps)) < 0.001 * WAD * 0.2


def test_who_pumps_funding_pays_it(perps: PerpTrading, attacker: bytes, friend: bytes) -> None:
    """He is long against the virtual AMM to push the rate up, and a friend short as much against him would earn it: the
    two together pay the AMM what the push costs, whatever they do between themselves."""
    before = perps.system.balance(perps.amm_account, "USDC")
    perps.trade(attacker, 1_000 * WAD)
    perps.match(perps.order(attacker, 500 * WAD, 2_000), [perps.order(friend, -500 * WAD, 2_000)])
    for _ in range(8):
        perps.system.warp(3_600)
        perps.market.poke()
    paid_by_longs = perps.market.state()[4]
    assert paid_by_longs > 0
    perps.match(perps.order(friend, 500 * WAD, 2_000), [perps.order(attacker, -500 * WAD, 2_000)])
    perps.trade(attacker, -1_000 * WAD)
    together = perps.cost(attacker) + perps.cost(friend)
    # Funding of the thousand, and the spread of two trades of two million.
    assert together >= 1_000 * WAD * paid_by_longs + 4_000 * DOLLAR_QUOTE
    for account in (attacker, friend, perps.amm_account, perps.amm_account):
        perps.market.settle(account)
    assert perps.system.balance(perps.amm_account, "USDC") > before


@pytest.mark.parametrize("price", [1_900, 2_100])
def test_wash_trades_move_no_funding(perps: PerpTrading, attacker: bytes, friend: bytes, price: int) -> None:
    """Fills at a price far from the index, a hundred times: neither premium nor rate nor the mark notices."""
    perps.trade(attacker, 10 * WAD)
    perps.system.warp(3_600)
    perps.market.poke()
    before = tuple(perps.market.state())
    for number in range(100):
        size = (100 if number % 2 else -100) * WAD
        perps.match(perps.order(attacker, size, price), [perps.order(friend, -size, price)])
    assert tuple(perps.market.state()) == before, "PERP-2"
    quiet = perps.evm.snapshot()
    perps.system.warp(3_600)
    washed = tuple(perps.market.state())
    perps.evm.revert(quiet)
    perps.system.warp(3_600)
    assert tuple(perps.market.state()) == washed


def test_funding_taken_around_a_block(perps: PerpTrading, attacker: bytes, friend: bytes) -> None:
    """Longs have paid a high rate for a day. The attacker sells for one block to receive it: the spread of the round trip
    is a hundred times what a block of funding is worth."""
    perps.trade(friend, 1_000 * WAD)
    for _ in range(24):
        perps.system.warp(3_600)
        perps.market.poke()
    assert perps.market.state()[3] > 0
    perps.trade(attacker, -100 * WAD)
    perps.system.warp(12)
    perps.trade(attacker, 100 * WAD)
    lost = perps.cost(attacker)
    assert lost > 0.9 * 2 * 200 * DOLLAR_QUOTE, "PERP-2"
