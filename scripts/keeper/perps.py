"""The perpetual markets of a domain as the keeper serves them, and what closing a position in one of them gives.

Sizes and prices are WADs, quote has 36 decimals (docs/perpetuals.md); amounts of the settlement asset are in its
smallest units.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from scripts.client.domain import Domain
from scripts.client.perps import settle_data, trade_data
from scripts.common import abi as codec
from scripts.common.contract import Call, Contract, Reverted
from scripts.common.units import WAD

QUOTE_DECIMALS = 36
MOMENTS, MOMENT_SECONDS = 3, 0.02


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

    def standing(self, account: bytes) -> Call:
        """Reads an account's profit and claims."""
        call: Call = self.market.position.prepare(account)
        return call

    @property
    def settle_data(self) -> bytes:
        """What the vault hands to the market for a settlement inside a batch."""
        return settle_data()

    def trade_data(self, size: int) -> bytes:
        """What the vault hands to the market for a trade of this signed size with its AMM, at any price."""
        assert self.amm is not None
        return trade_data(self.amm.address, size)


@dataclass(frozen=True, slots=True)
class MarketState:
    """What judgements of a market's accounts depend on, as floats: they bound, they do not judge.

    `mark` and `funding` in settlement tokens a unit, `unwinding` and `haircut` are shares, `depth` in dollars.
    """

    mark: float
    funding: float
    unwinding: float
    depth: float
    haircut: float

    @property
    def terms(self) -> tuple[float, float, float]:
        """What governance sets; while it walks every block has others."""
        return self.unwinding, self.depth, self.haircut


@dataclass(frozen=True, slots=True)
class Position:
    """An account's size in units, and its cost without funding and its claims in settlement tokens, as floats: what stays
    until an event says otherwise."""

    size: float
    base: float
    claims: float

    def profit(self, state: MarketState) -> float:
        """Below zero: loss; in settlement tokens."""
        return self.size * (state.mark - state.funding) - self.base


class Settled(Protocol):
    """A market that is settled inside a batch."""

    @property
    def market(self) -> Contract:
        """Its contract."""

    @property
    def settle_data(self) -> bytes:
        """What the vault hands to it."""


@dataclass(frozen=True)
class Closing:
    """A position that a takeover brings, and what trading its opposite with the AMM gives.

    `of` is the market. `size` is the trade's, signed, zero where a loss alone comes over; `trade` is what the vault hands to
    the market for it. `gain` is what the account has then from position and trade, `at_mark` what it would have at the
    mark; both may be below zero. `notional` is the size at the mark.
    """

    of: Settled
    trade: bytes
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


def read_states(domain: Domain, perps: Mapping[str, Perp], block: str) -> dict[str, MarketState]:
    """State of each market by address at `block` (hex); of one that reverts there is none. Raises KeelError where the
    chain does not answer."""
    calls = [
        call
        for perp in perps.values()
        for call in (perp.market.state.prepare(), perp.market.parameters.prepare())
    ]
    answers = iter(read_views(domain, calls, block, allow_revert=True))
    found = {}
    for address in perps:
        state, terms = next(answers), next(answers)
        if isinstance(state, Reverted) or isinstance(terms, Reverted):
            continue
        found[address] = MarketState(
            state.markWad / WAD,
            state.fundingWad / WAD,
            terms.unwindingWad / WAD,
            terms.depthWad / WAD,
            terms.haircutWad / WAD,
        )
    return found


def read_positions(
    domain: Domain,
    perps: Mapping[str, Perp],
    keys: Sequence[tuple[bytes, str]],
    states: Mapping[str, MarketState],
    block: str,
) -> dict[tuple[bytes, str], Position]:
    """Positions by account and market at `block` (hex), which `states` are of; of those that revert there are none.
    Raises KeelError where the chain does not answer."""
    calls = [perps[address].market.position.prepare(account) for account, address in keys]
    answers = read_views(domain, calls, block, allow_revert=True)
    unit = 10**domain.settlement.decimals
    found = {}
    for key, answer in zip(keys, answers, strict=True):
        if isinstance(answer, Reverted):
            continue
        size = answer.sizeWad / WAD
        base = answer.cost / 10**QUOTE_DECIMALS - size * states[key[1]].funding
        found[key] = Position(size, base, (answer.waiting + answer.allotted) / unit)
    return found


def read_views(domain: Domain, calls: Sequence[Call], block: str, *, allow_revert: bool = False) -> list[Any]:
    """Views of markets, which do not revert; while it mines Anvil may answer with a block's state and the time before it,
    and a look later does not. Raises Reverted, or with `allow_revert` has it in the value's place."""
    if not calls:
        return []
    for _ in range(MOMENTS):
        answers = domain.chain.read_all(calls, allow_revert=True, block=block)
        if not any(isinstance(answer, Reverted) for answer in answers):
            return answers
        time.sleep(MOMENT_SECONDS)
    return domain.chain.read_all(calls, allow_revert=allow_revert, block=block)


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
        perp,
        perp.trade_data(-size),
        -size,
        gain,
        _tokens(size * mark - cost, perp.token),
        -(-abs(size) * mark // perp.token),
    )


def _tokens(quote: int, token: int) -> int:
    return quote // token


def loss_alone(perp: Perp, books: Books, absorbed: int, settlement_price: int) -> Closing:
    """What comes over of an account whose position goes to the market's receiver: the part of its loss that the market
    does not bear. `absorbed` is that which it does {USD}, `settlement_price` that of a whole settlement token {USD}."""
    claim = books.position.waiting + books.position.allotted
    loss = left_of_loss(books.position.pnl, claim, absorbed, settlement_price, perp.token)
    return Closing(perp, b"", 0, loss, loss, 0)


def left_of_loss(pnl: int, claim: int, absorbed: int, settlement_price: int, token: int) -> int:
    """What comes over of an account's loss, at most zero, when its market bears a deficit and its own claim pays first."""
    decimals = QUOTE_DECIMALS - len(str(token)) + 1
    borne = absorbed * 10**decimals // max(settlement_price, 1)
    left: int = _tokens(pnl, token) + borne + claim
    return min(left, 0)


def of_snapshot(perps: Mapping[str, Perp], addresses: tuple[str, ...]) -> list[Perp]:
    """The markets among an account's instruments."""
    return [perps[address] for address in addresses if address in perps]
