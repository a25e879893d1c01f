"""The perpetual markets of a domain as the keeper serves them, and what closing a position in one of them gives.

Sizes and prices are WADs, quote has 36 decimals (docs/perpetuals.md); amounts of the settlement asset are in its
smallest units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.client.domain import Domain
from scripts.common import abi as codec
from scripts.common.contract import Call, Contract
from scripts.common.units import WAD

QUOTE_DECIMALS = 36
TRADE, SETTLE = 0, 2
_TRADE = [{"type": "uint8"}, {"type": "address"}, {"type": "int256"}, {"type": "uint256"}]
NO_LIMIT = 2**256 - 1


@dataclass(frozen=True)
class Perp:
    """A listed market; `id` is its number among the vault's instruments, `amm` its virtual AMM if it has one.

    `token` is quote in one of the settlement asset's smallest units.
    """

    name: str
    id: int
    market: Contract
    amm: Contract | None
    underlying: int
    token: int

    @property
    def address(self) -> str:
        """The market's."""
        return self.market.address

    def trade_data(self, size: int) -> bytes:
        """What the vault hands to the market for a trade of this signed size with its AMM, at any price."""
        assert self.amm is not None
        limit = NO_LIMIT if size > 0 else 0
        return codec.encode(_TRADE, (TRADE, self.amm.address, size, limit))

    @staticmethod
    def settle_data() -> bytes:
        """A settlement inside a batch."""
        return codec.encode(_TRADE[:1], (SETTLE,))


@dataclass(frozen=True)
class Closing:
    """A position that a takeover brings, and what trading its opposite with the AMM gives.

    `size` is the trade's, signed. `gain` is what the account has then from position and trade, `at_mark` what it
    would have at the mark; both may be below zero. `notional` is the size at the mark.
    """

    perp: Perp
    size: int
    gain: int
    at_mark: int
    notional: int


@dataclass(frozen=True)
class Books:
    """What a closing is computed from: an account's position, and the market's state, parameters and totals."""

    position: Any
    state: Any
    parameters: Any
    totals: Any


def listed_perps(domain: Domain) -> dict[str, Perp]:
    """The perpetual markets among the vault's instruments by address, as far as the deployments file knows them.

    Raises KeelError where the chain does not answer.
    """
    perps = list(domain.perps.values())
    allowed = domain.chain.read_all([perp.market.makerAllowed.prepare(perp.amm) for perp in perps])
    token = 10 ** (QUOTE_DECIMALS - domain.settlement.decimals)
    return {
        perp.market.address: Perp(
            perp.name, perp.instrument, perp.market, perp.amm if makes else None, perp.underlying, token
        )
        for perp, makes in zip(perps, allowed, strict=True)
    }


def instruments(domain: Domain) -> list[str]:
    """Addresses of the vault's instruments, in order."""
    vault = domain.vault
    answers = domain.chain.read_all([vault.instrumentAt.prepare(n) for n in range(vault.instrumentCount())])
    return [codec.checksum(address) for address in answers]


def books_of(perp: Perp, account: bytes) -> list[Call]:
    """Calls whose answers are `Books`."""
    market = perp.market
    return [
        market.position.prepare(account),
        market.state.prepare(),
        market.parameters.prepare(),
        market.totals.prepare(),
    ]


def moved_size(books: Books, fraction: int, absorbed: int, token: int) -> int:
    """Signed size that a takeover of `fraction` brings; `absorbed` is the deficit that the market bears {USD}.

    Rounded as the market does, to zero. An account whose deficit the market bears gives its position to the
    market's receiver, unless its own claim pays its loss.
    """
    position = books.position
    if absorbed and (position.waiting + position.allotted) * token < -position.pnl:
        return 0
    size: int = abs(position.sizeWad) * min(fraction, WAD) // WAD
    return size if position.sizeWad > 0 else -size


def close(perp: Perp, books: Books, fraction: int, size: int, price: int) -> Closing:
    """What closing the moved `size` at the AMM's `price` gives, rounded against the keeper."""
    mark, whole = books.state.markWad, abs(books.position.sizeWad)
    if fraction >= WAD:
        cost = books.position.cost
    else:
        # A part moves at the mark, its share of the loss with it; profit stays with the account.
        loss = max(-books.position.pnl, 0)
        cost = size * mark + -(-loss * abs(size) // whole)
    fee = -(-abs(size) * price * books.parameters.takerFeeWad // WAD)
    gain = _tokens(size * price - cost - fee, perp.token)
    if gain > 0:
        # Profit is paid at once only from cash for which nobody waits, and while no loss is left to bear.
        totals = books.totals
        gain = 0 if totals.waiting or totals.receiverCost > 0 else min(gain, totals.cash - totals.allotted)
    return Closing(
        perp, -size, gain, _tokens(size * mark - cost, perp.token), -(-abs(size) * mark // perp.token)
    )


def _tokens(quote: int, token: int) -> int:
    return quote // token


def of_snapshot(perps: Mapping[str, Perp], addresses: tuple[str, ...]) -> list[Perp]:
    """The markets among an account's instruments."""
    return [perps[address] for address in addresses if address in perps]
