"""How much to trade: for a leverage that is wanted, or to close what there is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from scripts.cli.failures import UsageError
from scripts.cli.session import Session
from scripts.cli.state import Position, State, read_state
from scripts.cli.values import times
from scripts.client.domain import Asset, Domain
from scripts.common.errors import KeelError
from scripts.common.units import WAD

# Debt grows between the quote and the block.
GROWTH = 10**6
FRESH = 0


@dataclass(frozen=True)
class Order:
    """A trade: `amount` of `sell`, or with `exact_out` of `buy`. `position` is the asset that it is about."""

    sell: Asset
    buy: Asset
    amount: int
    exact_out: bool
    position: Asset

    @property
    def other(self) -> Asset:
        """What the position is traded for."""
        return self.buy if self.sell.id == self.position.id else self.sell


def opening(
    session: Session,
    asset: Asset,
    other: Asset,
    is_long: bool,
    leverage: Fraction,
    deposit: tuple[Asset, int] | None,
) -> Order:
    """The trade after which the position in `asset` is worth `leverage` times the account's equity.

    Equity is the account's now and the deposit's, at the oracle's prices. Raises KeelError where there is none, where
    the position is that large already, or where a price is missing.
    """
    domain = session.domain
    if asset.id == other.id:
        raise UsageError(
            f"a position in {asset.symbol} cannot be paid in {asset.symbol}; name another --against"
        )
    state = read_state(domain, session.account)
    equity, held = state.equity, _signed_value(state, asset, is_long)
    if deposit:
        value = _value(domain, *deposit)
        equity += value
        if is_long and deposit[0].id == asset.id:
            held += value
    if equity <= 0:
        raise KeelError("the account has no equity to open a position with; add --margin, or deposit first")
    trade = int(leverage * equity) - held
    if trade <= 0:
        raise KeelError(
            f"the position is {times(held * WAD // equity)}× the equity already; name a higher leverage, or close"
            " a part with `keel close --part`"
        )
    sell, buy = (other, asset) if is_long else (asset, other)
    amount = trade * 10**sell.decimals // _value(domain, sell, 10**sell.decimals)
    if not amount:
        raise KeelError(f"a trade of less than the smallest unit of {sell.symbol} is none; add margin")
    return Order(sell, buy, amount, False, asset)


def closing(domain: Domain, state: State, asset: Asset | None, other: Asset | None, part: int) -> Order:
    """The trade that closes a part (a WAD) of the position in `asset`; of the only one without.

    A holding is sold for what the account owes, a debt bought back with what it holds, by default. Raises KeelError.
    """
    position = _position(domain, state, asset)
    asset = position.asset
    other = other or _counterpart(domain, state, position)
    if other.id == asset.id:
        raise UsageError(f"{asset.symbol} cannot be traded for itself; name another --against")
    amount = abs(position.amount) * part // WAD
    if not amount:
        raise KeelError(f"that part of {asset.symbol} is less than its smallest unit; name a larger --part")
    if position.amount > 0:
        return Order(asset, other, amount, False, asset)
    if part == WAD:
        amount += amount // GROWTH + 1
    return Order(other, asset, amount, True, asset)


def _position(domain: Domain, state: State, asset: Asset | None) -> Position:
    if asset is not None:
        found = state.position(asset)
        if found is None:
            held = ", ".join(entry.asset.symbol for entry in state.positions) or "nothing"
            raise KeelError(f"the account has no position in {asset.symbol}; it has {held}")
        return found
    settlement = domain.settlement
    others = [entry for entry in state.positions if entry.asset.id != settlement.id]
    if not others:
        raise KeelError("the account has no position to close; `keel account show` tells what it has")
    if len(others) > 1:
        names = ", ".join(entry.asset.symbol for entry in others)
        raise KeelError(f"the account has several positions; name one of {names}")
    return others[0]


def _counterpart(domain: Domain, state: State, position: Position) -> Asset:
    """What a position is closed against: the largest balance of the other sign, else the settlement asset."""
    sign = -1 if position.amount > 0 else 1
    others = [entry for entry in state.positions if entry.amount * sign > 0]
    if others:
        return max(others, key=lambda entry: abs(entry.value)).asset
    return domain.settlement


def _signed_value(state: State, asset: Asset, is_long: bool) -> int:
    """Value of what is held (of what is owed, for a short); negative for the opposite."""
    position = state.position(asset)
    if position is None:
        return 0
    return position.value if is_long else -position.value


def _value(domain: Domain, asset: Asset, amount: int) -> int:
    """Dollars of an amount as a WAD. Raises KeelError without a fresh price."""
    value, _, _, status = domain.risk.valueOf(asset.id, amount)
    if status != FRESH or not value:
        raise KeelError(f"{asset.symbol} has no fresh price now; `keel oracle show` tells why")
    return int(value)
