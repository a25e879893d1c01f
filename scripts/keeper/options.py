"""The option markets of a domain as the keeper serves them, and what a takeover brings of an account's options.

Sizes and values are WADs, quote has 36 decimals (docs/options.md); amounts of the settlement asset are in its smallest
units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.client.domain import Domain
from scripts.client.option_orders import SETTLE
from scripts.common import abi as codec
from scripts.common.contract import Call, Contract
from scripts.common.units import WAD
from scripts.keeper.perps import QUOTE_DECIMALS, Closing, left_of_loss


@dataclass(frozen=True)
class Option:
    """A listed market; `id` is its number among the vault's instruments, `underlying` its index's in the risk book.

    `token` is quote in one of the settlement asset's smallest units.
    """

    name: str
    id: int
    market: Contract
    underlying: int
    token: int

    @property
    def address(self) -> str:
        """The market's."""
        return self.market.address

    @property
    def settle_data(self) -> bytes:
        """What the vault hands to the market for a settlement inside a batch."""
        return codec.encode([{"type": "uint8"}], (SETTLE,))

    def standing(self, account: bytes) -> Call:
        """Reads an account's profit and claims."""
        call: Call = self.market.balanceOf.prepare(account)
        return call


@dataclass(frozen=True)
class Kept:
    """What a takeover brings of one market: `loss`, at most zero, and the cost of unwinding it later are counted; profit
    stays with the account that had it.

    `longs` is the value of what is held, `notional` the sizes at the index, of longs and of shorts.
    """

    option: Option
    loss: int
    longs: int
    long_notional: int
    short_notional: int

    def worth(self, unwinding: int) -> int:
        """What it adds to what is earned; below zero. `unwinding` is a share, a WAD: unwinding a long costs no more than
        its value."""
        longs = min(-(-self.long_notional * unwinding // WAD), self.longs)
        return self.loss - longs - (-(-self.short_notional * unwinding // WAD))


def listed_options(domain: Domain) -> dict[str, Option]:
    """The option markets among the vault's instruments by address, as far as the deployments file knows them."""
    token = 10 ** (QUOTE_DECIMALS - domain.settlement.decimals)
    return {
        one.market.address: Option(one.name, one.instrument, one.market, one.underlying, token)
        for one in domain.options.values()
    }


@dataclass(frozen=True)
class Holdings:
    """What one account has in a market: its balance, and of each position size and value of one."""

    balance: Any
    positions: Sequence[tuple[int, int]]
    index: int


def read_holdings(
    domain: Domain, keys: Sequence[tuple[bytes, Option]], block: str
) -> dict[tuple[bytes, str], Holdings]:
    """By account and market. Raises Reverted, KeelError."""
    calls = [
        call
        for account, option in keys
        for call in (
            option.standing(account),
            option.market.positions.prepare(account),
            domain.risk.band.prepare(option.underlying),
        )
    ]
    answers = domain.chain.read_all(calls, block=block)
    rows = [answers[3 * number : 3 * number + 3] for number in range(len(keys))]
    values = domain.chain.read_all(
        [
            option.market.valuesOf.prepare([position.series for position in positions])
            for (_, option), (_, positions, _) in zip(keys, rows, strict=True)
        ],
        block=block,
    )
    return {
        (account, option.address): Holdings(
            balance,
            [(position.sizeWad, value) for position, value in zip(positions, worth, strict=True)],
            band.priceWad,
        )
        for (account, option), (balance, positions, band), worth in zip(keys, rows, values, strict=True)
    }


def kept(option: Option, held: Holdings, fraction: int) -> Kept:
    """What a takeover of `fraction` brings, rounded against the keeper."""
    fraction, token = min(fraction, WAD), option.token
    loss = -(-max(-held.balance.pnl, 0) * fraction // (WAD * token))
    longs = long_notional = short_notional = 0
    for size, value in held.positions:
        part = abs(size) * fraction // WAD
        if size > 0:
            longs += part * value
            long_notional += part * held.index
        else:
            short_notional += part * held.index
    return Kept(option, -loss, longs // token, -(-long_notional // token), -(-short_notional // token))


def loss_alone(option: Option, held: Holdings, absorbed: int, settlement_price: int) -> Closing:
    """What comes over where the market bears a deficit, which closes the positions against their other sides: the part of
    the loss that it does not bear. `absorbed` {USD}, `settlement_price` that of a whole settlement token {USD}."""
    claim = held.balance.waiting + held.balance.allotted
    loss = left_of_loss(held.balance.pnl, claim, absorbed, settlement_price, option.token)
    return Closing(option, b"", 0, loss, loss, 0)


def of_snapshot(options: Mapping[str, Option], addresses: Sequence[str]) -> list[Option]:
    """The option markets among an account's instruments."""
    return [options[address] for address in addresses if address in options]
