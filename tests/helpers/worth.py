"""What somebody is worth, all told, at honest prices: an attack gains what this grows by.

with gain(system, attacker) as gained:
    ...                                 # the attack
assert gained.dollars <= 0
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scripts.common.units import WAD
from tests.helpers.system import ZERO, System

Prices = Mapping[str, Any]


@dataclass
class Gain:
    """What somebody gained, in dollars; known when the block has ended."""

    dollars: Fraction = Fraction(0)


def worth(
    system: System,
    *owners: Any,
    prices: Prices | None = None,
    accounts: int = 2,
    pools: bool = True,
) -> Fraction:
    """Dollars that the owners have: tokens, balances in their first accounts less debts, shares.

    `prices` by symbol are what things are really worth; where none is given, what the asset was listed at. A
    share token is worth its own rate times its base's price. Shares of pools and backstop count at what they
    could leave with, were there enough cash.
    """
    total = Fraction(0)
    for symbol, asset in system.assets.items():
        unit = honest_price(system, symbol, prices) / 10**asset.spec.decimals
        for owner in owners:
            address = getattr(owner, "address", owner)
            amount = int(asset.token.balanceOf(address))
            for index in range(accounts):
                amount += system.balance(system.account(address, index), symbol)
            if pools and asset.pool.address != ZERO:
                amount += int(asset.pool.convertToAssets(asset.pool.balanceOf(address)))
            if asset.id == 0:
                shares = system.backstop.balanceOf(address)
                amount += int(system.backstop.convertToAssets(shares)) if shares else 0
            total += amount * unit
    return total


def honest_price(system: System, symbol: str, prices: Prices | None = None) -> Fraction:
    """Dollars for one whole token."""
    asset = system.assets[symbol]
    base = asset.spec.share_of or symbol
    price = Fraction(str((prices or {}).get(base, system.assets[base].spec.price)))
    if asset.spec.share_of:
        price *= Fraction(int(asset.token.convertToAssets(WAD)), WAD)
    return price


@contextlib.contextmanager
def gain(system: System, *owners: Any, **options: Any) -> Iterator[Gain]:
    """Measures what the owners gain in the body; options as for `worth`."""
    result = Gain()
    before = worth(system, *owners, **options)
    yield result
    result.dollars = worth(system, *owners, **options) - before
